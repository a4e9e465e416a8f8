//! Whoever reads events is told when a thread hangs, and when it goes on.

use crate::event::EventKind;
use crate::service::Context;
use helio_core::limits;

/// Looks every [`limits::WATCHDOG_TICK`], until the program ends.
pub fn watch(context: &Context) {
    let context = context.clone();
    tokio::spawn(async move {
        let mut was_late = false;
        loop {
            tokio::time::sleep(limits::WATCHDOG_TICK).await;
            let late = context.ops.health.late_threads(context.clock.now());
            change(was_late, &late).into_iter().for_each(|kind| context.events.tell(kind));
            was_late = !late.is_empty();
        }
    });
}

/// What is to be told; it is told once.
fn change(was_late: bool, late: &[String]) -> Option<EventKind> {
    match (was_late, late) {
        (false, [_, ..]) => {
            let message = format!("{}; messages may have to wait, look at the disk", late.join("; "));
            Some(EventKind::Failure { message })
        }
        (true, []) => Some(EventKind::Recovered { message: "all threads come round again".to_owned() }),
        (true, [_, ..]) | (false, []) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_hangs_is_told_once_and_that_it_goes_on_too() {
        let late = ["the thread of the store has not come round for 31 s".to_owned()];
        let told = change(false, &late).map(|kind| kind.to_string());
        assert_eq!(told, Some(format!("{}; messages may have to wait, look at the disk", late[0])));
        assert_eq!(change(true, &late), None);
        assert_eq!(change(true, &[]).map(|kind| kind.to_string()).as_deref(), Some("all threads come round again"));
        assert_eq!(change(false, &[]), None);
    }
}
