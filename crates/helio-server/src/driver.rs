//! The one driver of stream sessions: it reads, lets the session decide, and carries out its actions in order.
//!
//! Memory of a session is bounded by construction: nothing is read while an action is pending, one read is at most
//! [`limits::READ_CHUNK`], and an idle connection holds no buffer at all (reads go through one buffer a thread).

use crate::event::EndReason;
use crate::stop::Stop;
use helio_core::limits;
use helio_core::session::{Action, Session};
use helio_core::time::Instant;
use helio_net::clock::Clock;
use helio_net::conn::Connection;
use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::task::ready;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::timeout_at;

/// Where [`Action::Store`] goes.
pub trait Store: Send + Sync + 'static {
    /// Takes `bytes`, and completes when they are as safe as the service promises.
    ///
    /// # Errors
    /// Only what waiting does not mend; the session is then dropped.
    fn store(&self, bytes: Vec<u8>) -> impl Future<Output = io::Result<()>> + Send;
}

/// For services that store nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoStore;

impl Store for NoStore {
    async fn store(&self, _: Vec<u8>) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// The time limits of a session.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Silence that ends a session; default [`limits::IDLE_TIMEOUT`].
    pub idle: Duration,
    /// How long a peer may leave an answer unread; default [`limits::WRITE_TIMEOUT`].
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { idle: limits::IDLE_TIMEOUT, write: limits::WRITE_TIMEOUT }
    }
}

/// What a session lived through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why it ended.
    pub reason: EndReason,
    /// Bytes read.
    pub received_bytes: u64,
    /// Bytes handed to the kernel.
    pub sent_bytes: u64,
    /// From the first to the last moment.
    pub duration: Duration,
}

/// Runs `session` on `connection` until it ends. `seen` is shown each read's bytes, unless the
/// peer is measuring.
pub async fn drive<S: Session, K: Store>(
    connection: Connection,
    session: S,
    store: &K,
    timeouts: Timeouts,
    clock: Clock,
    stop: &Stop,
    seen: impl FnMut(&[u8]),
) -> Ended {
    let started = clock.now();
    let mut driver = Driver {
        connection,
        session,
        store,
        timeouts,
        clock,
        seen,
        received_bytes: 0,
        sent_bytes: 0,
        active: started,
        is_ended: false,
    };
    let mut reason = driver.run(stop).await;
    if let Err(not_stored) = driver.last_words(&reason).await {
        reason = not_stored;
    }
    if matches!(reason, EndReason::Idle | EndReason::SlowReader | EndReason::NotStored(_)) {
        driver.connection.reset_on_close();
    }
    Ended {
        reason,
        received_bytes: driver.received_bytes,
        sent_bytes: driver.sent_bytes,
        duration: clock.now() - started,
    }
}

struct Driver<'a, S, K, F> {
    connection: Connection,
    session: S,
    store: &'a K,
    timeouts: Timeouts,
    clock: Clock,
    seen: F,
    received_bytes: u64,
    sent_bytes: u64,
    /// When something last moved.
    active: Instant,
    /// The session was told that its stream ended.
    is_ended: bool,
}

/// What the wait for input ended with.
enum Woken {
    Bytes,
    EndOfStream,
    Broken(io::Error),
    Timer,
    Stop,
}

impl<S: Session, K: Store, F: FnMut(&[u8])> Driver<'_, S, K, F> {
    async fn run(&mut self, stop: &Stop) -> EndReason {
        let mut stopping = pin!(stop.begun());
        // One timer for the session's life: it is moved when it fires, not on each read.
        let mut idle = pin!(tokio::time::sleep(self.timeouts.idle));
        loop {
            if let Err(reason) = self.carry_out().await {
                return self.drain(reason).await;
            }
            let woken = tokio::select! {
                biased;
                woken = Self::read(&mut self.connection, &mut self.session, &mut self.seen, &mut self.received_bytes, self.clock) => woken,
                () = &mut stopping => Woken::Stop,
                () = &mut idle => Woken::Timer,
            };
            match woken {
                Woken::Bytes => self.active = self.clock.now(),
                Woken::EndOfStream => return self.finish(EndReason::ByPeer).await,
                Woken::Broken(error) => return self.broken(&error),
                Woken::Stop => return self.drain(EndReason::Stopped).await,
                Woken::Timer => {
                    let due = self.active + self.timeouts.idle;
                    if due <= self.clock.now() {
                        return EndReason::Idle;
                    }
                    idle.as_mut().reset(self.clock.deadline(due));
                }
            }
        }
    }

    /// One read, handed to the session out of the thread's buffer before anything else can use it.
    async fn read(
        connection: &mut Connection,
        session: &mut S,
        seen: &mut F,
        received_bytes: &mut u64,
        clock: Clock,
    ) -> Woken {
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; limits::READ_CHUNK]);
        }
        std::future::poll_fn(|cx| {
            BUFFER.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                if let Err(error) = ready!(Pin::new(&mut *connection).poll_read(cx, &mut buffer)) {
                    return Woken::Broken(error).into();
                }
                let bytes = buffer.filled();
                if bytes.is_empty() {
                    return Woken::EndOfStream.into();
                }
                *received_bytes += bytes.len() as u64;
                session.handle_bytes(bytes, clock.read());
                if !session.is_measured() {
                    seen(bytes);
                }
                Woken::Bytes.into()
            })
        })
        .await
    }

    /// Drains the session. `Err` carries why the session is over.
    async fn carry_out(&mut self) -> Result<(), EndReason> {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::Send(bytes) => self.send(&bytes).await?,
                Action::Store(bytes) => self.store(bytes).await?,
                Action::Close => return Err(EndReason::ByUs),
            }
            self.active = self.clock.now();
        }
        Ok(())
    }

    async fn store(&mut self, bytes: Vec<u8>) -> Result<(), EndReason> {
        self.store.store(bytes).await.map_err(|error| EndReason::NotStored(error.to_string()))
    }

    async fn send(&mut self, mut bytes: &[u8]) -> Result<(), EndReason> {
        while !bytes.is_empty() {
            match tokio::time::timeout(self.timeouts.write, self.connection.write(bytes)).await {
                Ok(Ok(written)) => {
                    self.sent_bytes += written as u64;
                    bytes = &bytes[written..];
                }
                Ok(Err(error)) => return Err(self.broken(&error)),
                Err(_) => return Err(EndReason::SlowReader),
            }
        }
        if !self.connection.is_encrypted() {
            return Ok(());
        }
        // What TLS has taken may still wait in it.
        match tokio::time::timeout(self.timeouts.write, self.connection.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.broken(&error)),
            Err(_) => Err(EndReason::SlowReader),
        }
    }

    /// The peer has ended its stream: the session's last words, then ours.
    async fn finish(&mut self, reason: EndReason) -> EndReason {
        self.is_ended = true;
        self.session.handle_end(self.clock.read());
        match self.carry_out().await {
            Ok(()) | Err(EndReason::ByUs) => {
                let _ = tokio::time::timeout(limits::LINGER_TIMEOUT, self.connection.shutdown()).await;
                reason
            }
            Err(other) => other,
        }
    }

    /// A session that ends while its peer may still be sending. What the peer sends is taken in for a while: it was
    /// acknowledged by our TCP, so a service that stores must have it, and a close with unread bytes would become a
    /// reset that destroys our answer on its way (RFC 9293 §3.10.4).
    async fn drain(&mut self, reason: EndReason) -> EndReason {
        let limit = match reason {
            EndReason::Stopped => limits::DRAIN_TIMEOUT,
            EndReason::ByUs | EndReason::Broken(_) | EndReason::SlowReader => limits::LINGER_TIMEOUT,
            EndReason::ByPeer | EndReason::Idle | EndReason::NotStored(_) | EndReason::ByService(_) => return reason,
        };
        let mut deadline = tokio::time::Instant::now() + limit;
        if matches!(reason, EndReason::ByUs | EndReason::Stopped) {
            let _ = timeout_at(deadline, self.connection.shutdown()).await;
        }
        loop {
            let Driver { connection, session, seen, received_bytes, clock, .. } = self;
            match timeout_at(deadline, Self::read(connection, session, seen, received_bytes, *clock)).await {
                Ok(Woken::Bytes) => {}
                Ok(Woken::EndOfStream | Woken::Broken(_) | Woken::Timer | Woken::Stop) | Err(_) => return reason,
            }
            let storing = tokio::time::Instant::now();
            let stored = if reason == EndReason::Stopped {
                timeout_at(deadline, self.store_rest()).await.unwrap_or_else(|_| Err(not_known_to_be_written()))
            } else {
                self.store_rest().await
            };
            if let Err(not_stored) = stored {
                return not_stored;
            }
            // The peer is not to blame for a slow disk.
            if reason != EndReason::Stopped {
                deadline += storing.elapsed();
            }
        }
    }

    /// However the stream ended, what the session still holds of it is worth storing, such as a last line without its
    /// line end.
    async fn last_words(&mut self, reason: &EndReason) -> Result<(), EndReason> {
        if matches!(reason, EndReason::NotStored(_)) {
            return Ok(());
        }
        if !self.is_ended {
            self.session.handle_end(self.clock.read());
        }
        self.store_rest().await
    }

    /// After our end of stream nothing can be sent, but what the peer sent is still worth storing.
    async fn store_rest(&mut self) -> Result<(), EndReason> {
        while let Some(action) = self.session.poll_action() {
            if let Action::Store(bytes) = action {
                self.store(bytes).await?;
            }
        }
        Ok(())
    }

    fn broken(&self, error: &io::Error) -> EndReason {
        if error.kind() == io::ErrorKind::ConnectionReset {
            EndReason::Broken("reset by the peer".to_owned())
        } else if error.kind() == io::ErrorKind::BrokenPipe {
            EndReason::Broken("the peer no longer reads".to_owned())
        } else {
            EndReason::Broken(error.to_string())
        }
    }
}

/// The record may have been handed over: it can still be written, but nobody waits for it any more.
fn not_known_to_be_written() -> EndReason {
    EndReason::NotStored("not known to be written when the program ended".to_owned())
}

#[cfg(test)]
mod tests;
