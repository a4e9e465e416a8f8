//! Ending the program: tell everyone, give them a deadline, wait.

use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shared by everything that runs: who is running, and whether it is time to stop. Copies are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    begun: CancellationToken,
    tasks: TaskTracker,
    /// Why the program ends, when that is a fault of its own.
    failure: Arc<OnceLock<String>>,
}

impl Stop {
    /// Starts a task that [`Stop::finish`] waits for.
    pub fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tasks.spawn(task);
    }

    /// Makes [`Stop::finish`] wait for `work`, which somebody else runs.
    pub fn track<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        self.tasks.track_future(work)
    }

    /// Tells everyone to stop: listeners close, sessions send their end of stream and take in what is still coming.
    pub fn begin(&self) {
        self.begun.cancel();
        self.tasks.close();
    }

    /// The same because something broke that only a new start mends. The program then ends with an error, so that whoever
    /// supervises it starts it again. The first `reason` is kept.
    pub fn fail(&self, reason: impl Into<String>) {
        let _ = self.failure.set(reason.into());
        self.begin();
    }

    /// The reason of [`Stop::fail`].
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Whether [`Stop::begin`] was called.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Completes when [`Stop::begin`] was called.
    pub async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// How many tasks are still running.
    #[must_use]
    pub fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Waits until every task has ended, at most `deadline`; true when all did. Call after [`Stop::begin`].
    pub async fn finish(&self, deadline: Duration) -> bool {
        tokio::time::timeout(deadline, self.tasks.wait()).await.is_ok()
    }
}
