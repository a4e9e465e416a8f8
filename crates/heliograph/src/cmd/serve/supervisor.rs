//! What a service manager is told, by the protocol of `sd_notify(3)`. Without `NOTIFY_SOCKET` nobody is.

use helio_server::service::Context;
use sd_notify::NotifyState;

/// Everything listens and is open. From now on the manager is told that the program lives, twice in each interval that it
/// asks for, while nothing is stuck; and that it stops, when it does.
pub(super) fn ready(context: &Context) {
    tell(&[NotifyState::Ready, NotifyState::Status("serving")]);
    let stopping = context.clone();
    tokio::spawn(async move {
        stopping.stop.begun().await;
        stopping.ops.health.stopping();
        tell(&[NotifyState::Stopping, NotifyState::Status("telling everybody, and committing")]);
    });
    if let Some(interval) = sd_notify::watchdog_enabled() {
        let context = context.clone();
        tokio::spawn(async move {
            loop {
                if context.ops.health.stuck(context.clock.now()).is_empty() {
                    tell(&[NotifyState::Watchdog]);
                }
                tokio::time::sleep(interval / 2).await;
            }
        });
    }
}

/// Settings are being read again.
pub(super) fn reloading() {
    // systemd wants to know when this began (sd_notify(3), MONOTONIC_USEC); a system without that clock has no systemd.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// They were, or the old ones stay.
pub(super) fn reloaded() {
    tell(&[NotifyState::Ready]);
}

fn tell(state: &[NotifyState<'_>]) {
    // Whoever is to be told is gone, or the program may not reach it: it goes on without.
    let _ = sd_notify::notify(state);
}
