//! Ctrl-C and what service managers send: the end that a user asks for.

use crate::exit::{Exit, Failure, Outcome};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM. While this exists, they do nothing by themselves.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Both wait for [`Signals::received`] from here on. To be called within a runtime.
    pub(crate) fn catch() -> Outcome<Self> {
        Ok(Self { interrupt: catch(SignalKind::interrupt())?, terminate: catch(SignalKind::terminate())? })
    }

    /// Waits for either. What has not been waited for is kept.
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// `work`, unless a signal comes first.
    pub(crate) async fn or<T>(&mut self, work: impl Future<Output = T>) -> Outcome<T> {
        tokio::select! {
            done = work => Ok(done),
            () = self.received() => Err(Failure::interrupted()),
        }
    }
}

/// Lets one kind of signal wait to be received.
pub(crate) fn catch(kind: SignalKind) -> Outcome<Signal> {
    signal(kind).map_err(|error| Failure::new(Exit::Unavailable, format_args!("cannot wait for signals: {error}")))
}
