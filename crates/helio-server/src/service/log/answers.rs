//! Answers to datagrams: sent when their datagrams are safe, in the order in which that happens.

use helio_core::limits;
use helio_net::udp::{Sender, UdpEndpoint};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The way out for the answers of one socket, bounded by [`limits::LOG_UDP_ANSWERS`].
///
/// An answer waits with its datagram in the writing thread, so datagrams of one file are answered in their order, and a
/// file that cannot be written holds up nobody else's answers.
#[derive(Debug)]
pub(super) struct Answers(mpsc::Sender<Answer>);

/// What [`send`] sends.
#[derive(Debug)]
pub(super) struct Answer {
    bytes: Vec<u8>,
    to: Sender,
}

/// An answer that has its room, until its datagram is safe. Dropping it drops the answer.
#[derive(Debug)]
pub(super) struct PendingAnswer {
    answer: Answer,
    room: mpsc::OwnedPermit<Answer>,
    _share: Option<OwnedSemaphorePermit>,
}

/// How many answers may yet wait for one peer's own file.
#[derive(Clone, Debug)]
pub(super) struct Share(Arc<Semaphore>);

impl Answers {
    /// The receiver is for [`send`].
    pub(super) fn new() -> (Self, mpsc::Receiver<Answer>) {
        let (sender, receiver) = mpsc::channel(limits::LOG_UDP_ANSWERS);
        (Self(sender), receiver)
    }

    /// Room for an answer, out of `share` if its file has one; `None` at the bound.
    pub(super) fn try_prepare(&self, bytes: Vec<u8>, to: Sender, share: Option<&Share>) -> Option<PendingAnswer> {
        let share = share.map(|share| share.0.clone().try_acquire_owned()).transpose().ok()?;
        let room = self.0.clone().try_reserve_owned().ok()?;
        Some(PendingAnswer { answer: Answer { bytes, to }, room, _share: share })
    }
}

impl PendingAnswer {
    /// Hands the answer over to be sent.
    pub(super) fn release(self) {
        self.room.send(self.answer);
    }
}

impl Default for Share {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(limits::LOG_UDP_FILE_ANSWERS)))
    }
}

/// Sends what is released, until nothing more can be.
pub(super) async fn send(endpoint: Arc<UdpEndpoint>, mut released: mpsc::Receiver<Answer>) {
    while let Some(Answer { bytes, to }) = released.recv().await {
        // A datagram that cannot leave is lost, as any datagram may be.
        let _ = endpoint.answer(&bytes, &to).await;
    }
}
