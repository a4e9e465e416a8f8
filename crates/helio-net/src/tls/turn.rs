//! Turns: work that computes in bursts, at most so many at a time.

use std::pin::pin;
use std::task::Poll;
use tokio::sync::Semaphore;

/// Completes `work`. A permit is held whenever it computes and never while it waits, so that slow peers cannot take the
/// turns of others; and since permits go round in order of arrival, no more tasks than there are permits are ready to
/// compute at a time, however many have something to do.
pub(super) async fn in_turn<F: Future>(permits: &Semaphore, work: F) -> F::Output {
    let mut work = pin!(work);
    loop {
        let permit = permits.acquire().await;
        let polled = std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx))).await;
        drop(permit);
        match polled {
            Poll::Ready(output) => return output,
            Poll::Pending => woken().await,
        }
    }
}

/// Pending once. What was polled before it in this task has seen to it that the task is woken.
async fn woken() {
    let mut is_first = true;
    std::future::poll_fn(|_| if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_that_waits_holds_no_turn() {
        let permits = Semaphore::new(1);
        let (tell, told) = oneshot::channel();
        let waits = in_turn(&permits, async { told.await.unwrap() });
        let tells = in_turn(&permits, async { tell.send("go").unwrap() });
        assert_eq!(tokio::join!(waits, tells).0, "go");
        assert_eq!(permits.available_permits(), 1);
    }

    #[tokio::test]
    async fn without_a_turn_nothing_is_computed() {
        let permits = Semaphore::new(1);
        let taken = permits.acquire().await.unwrap();
        let computed = Cell::new(0);
        let count = || async { computed.set(computed.get() + 1) };
        let mut all = pin!(async { tokio::join!(in_turn(&permits, count()), in_turn(&permits, count())) });
        let poll_once = std::future::poll_fn(|cx| Poll::Ready(all.as_mut().poll(cx)));
        assert!(poll_once.await.is_pending());
        assert_eq!(computed.get(), 0);
        drop(taken);
        all.await;
        assert_eq!(computed.get(), 2);
    }

    #[tokio::test]
    async fn dropping_it_in_the_middle_gives_the_turn_back() {
        let permits = Semaphore::new(1);
        {
            let mut waits = pin!(in_turn(&permits, std::future::pending::<()>()));
            let poll_once = std::future::poll_fn(|cx| Poll::Ready(waits.as_mut().poll(cx)));
            assert!(poll_once.await.is_pending());
        }
        assert_eq!(permits.available_permits(), 1);
    }
}
