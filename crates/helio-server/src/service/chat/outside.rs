//! What the hub asks of others: the thread that keeps, threads that compare passwords, and whoever reads settings.

use super::hub::Input;
use super::keeper::Request;
use super::password::{credential, is_right};
use super::search::Desk;
use helio_core::chat::{Effect, Password, SessionId, Verdict};
use helio_core::limits;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, mpsc};

/// The ways out of the hub. None of them makes it wait.
pub(super) struct Outside {
    /// Unbounded itself: what is asked for is bounded by [`limits::CHAT_UNCOMMITTED`], and by one read for each joining.
    /// `None` since it is gone.
    keeper: Option<std::sync::mpsc::Sender<Request>>,
    /// For answers of threads that compare passwords.
    hub: mpsc::Sender<Input>,
    runtime: Handle,
    verifiers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    reread: Arc<Notify>,
    search: Desk,
    /// The operator who asked last that settings be read again, until there is an answer.
    asker: Option<SessionId>,
}

impl Outside {
    /// Work that blocks is done on `runtime`; `reread` is told that settings are to be read again.
    pub(super) fn new(
        keeper: std::sync::mpsc::Sender<Request>,
        hub: mpsc::Sender<Input>,
        runtime: Handle,
        reread: Arc<Notify>,
        search: Desk,
    ) -> Self {
        Self {
            keeper: Some(keeper),
            hub,
            runtime,
            verifiers: Arc::new(Semaphore::new(limits::CHAT_VERIFIERS)),
            waiting: Arc::new(Semaphore::new(limits::CHAT_VERIFY_WAITING)),
            reread,
            search,
            asker: None,
        }
    }

    /// Starts `effect`. The answer comes at once to a password that there is no room to compare, and from a store that is gone.
    pub(super) fn start(&mut self, effect: Effect) -> Option<Input> {
        let request = match effect {
            Effect::Append { ticket, log, bytes } => Request::Append { ticket, log, bytes },
            Effect::Read { ticket, log, query } => Request::Read { ticket, log, query },
            Effect::Erase { ticket, log, msgid } => Request::Erase { ticket, log, msgid },
            Effect::Forget { log } => Request::Forget { log },
            Effect::Retain { logs, private } => Request::Retain { logs, private },
            Effect::Trim { log, keep } => Request::Trim { log, keep },
            Effect::Replace { log, bytes } => Request::Replace { log, bytes },
            Effect::Probe => Request::Probe,
            Effect::TrimAudit { records, before_us } => Request::TrimAudit { records, before_us },
            Effect::Verify { ticket, password, hash } => {
                let work = move || Input::Verified { ticket, verdict: verdict(&password, &hash) };
                return self.work(work, Input::Verified { ticket, verdict: Verdict::NotCompared });
            }
            Effect::Derive { ticket, password } => {
                let work = move || Input::Derived { ticket, credential: credential(&password.0).ok() };
                return self.work(work, Input::Derived { ticket, credential: None });
            }
            Effect::Search { ticket, search } => return self.search.search(ticket, search),
            // The hub has the connections, and does not pass it on.
            Effect::Inspect { .. } => return None,
            Effect::Reload { session } => {
                self.asker = Some(session);
                self.reread.notify_one();
                return None;
            }
        };
        let Some(keeper) = &self.keeper else { return request.failed() };
        // An error says that the thread is gone, which only a panic of it brings about. Behind what it answered comes
        // Input::StoreLost, and answers all that it did not.
        let _ = keeper.send(request);
        None
    }

    /// Passwords that are compared or made now, or wait for it.
    pub(super) fn passwords_waiting(&self) -> usize {
        limits::CHAT_VERIFY_WAITING - self.waiting.available_permits()
    }

    /// The thread that keeps is gone: what it would be asked for fails from now on.
    pub(super) fn lose_keeper(&mut self) {
        self.keeper = None;
    }

    /// Whether messages are to be searched for from now on.
    pub(super) fn switch_search(&self, is_on: bool) {
        self.search.switch(is_on);
    }

    /// Who is to be told what became of the settings.
    pub(super) fn take_asker(&mut self) -> Option<SessionId> {
        self.asker.take()
    }

    /// Works on a password on a thread where waiting hurts nobody. `refusal` is the answer when there is no room, or the work
    /// panicked.
    fn work(&self, work: impl FnOnce() -> Input + Send + 'static, refusal: Input) -> Option<Input> {
        let Ok(place) = self.waiting.clone().try_acquire_owned() else { return Some(refusal) };
        let (verifiers, hub) = (self.verifiers.clone(), self.hub.clone());
        self.runtime.spawn(async move {
            let turn = verifiers.acquire_owned().await;
            let answer = tokio::task::spawn_blocking(work).await.unwrap_or(refusal);
            drop((turn, place));
            let _ = hub.send(answer).await;
        });
        None
    }
}

fn verdict(password: &Password, hash: &str) -> Verdict {
    if is_right(&password.0, hash) { Verdict::Right } else { Verdict::Wrong }
}
