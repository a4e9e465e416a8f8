//! Sending a plain stream over TCP, and telling apart the three moments at which it is "sent".

use super::control::Control;
use super::control::reset_on_close;
use super::error::{FailedTransfer, TransferError, broken};
use super::pump::{IoChoice, Moved, Pump, PumpError, set_time_slices};
use super::source::Source;
use helio_core::limits;
use helio_core::transfer::Method;
use helio_core::transfer::raw::SourceChange;
use helio_net::bulk::MoveError;
use helio_net::sys;
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct SendOptions {
    /// Which system calls move the bytes.
    pub io: IoChoice,
    /// Compute the BLAKE3; only copying can.
    pub hash: bool,
    /// How long to wait for the peer's acknowledgement and the end of its side after everything is written. 0 does not
    /// wait.
    pub close_timeout: Duration,
    /// A peer that takes nothing for this long is given up.
    pub idle: Duration,
}

/// A stream that was sent to the end of its source. All times are from the start of sending.
#[derive(Clone, Debug)]
pub struct Sent {
    /// How it was moved.
    pub moved: Moved,
    /// The source's length when it was opened.
    pub expected: Option<u64>,
    /// Whether that still held at the end.
    pub change: SourceChange,
    /// The source's name was removed meanwhile.
    pub removed: bool,
    /// The last write returned: everything is in the kernel's buffers of this machine, no more is known.
    pub handed_over: Duration,
    /// The peer's TCP had acknowledged everything: it is in the kernel of the peer. `None` when that was not seen.
    pub acknowledged: Option<Duration>,
    /// The peer ended its side (a FIN came). A program that closes after it has read everything does that, and so does
    /// one that has nothing to say and reads on, or not. `None` when it did not within the time-out.
    pub peer_ended: Option<Duration>,
    /// Bytes that the peer sent; they are dropped.
    pub answer_bytes: u64,
}

/// Sends everything of `source` over `socket`, then ends the stream and waits until the peer's TCP has
/// everything and the peer ended its side, at most [`SendOptions::close_timeout`]. Blocks.
///
/// Until the source's end the connection ends in a reset, however this program ends, so that the receiver does not take
/// what it has for the whole.
///
/// # Errors
/// See [`TransferError`].
pub fn send(
    source: &Source,
    socket: TcpStream,
    options: &SendOptions,
    control: &Control,
) -> Result<Sent, FailedTransfer> {
    control.set_total(source.length());
    set_time_slices(&socket)
        .and_then(|()| reset_on_close(&socket, true))
        .map_err(|error| FailedTransfer::new(TransferError::Broken(error), 0))?;
    let started = Instant::now();
    let candidates: &[Method] = match source.length() {
        Some(_) => &[Method::Copy, Method::Sendfile, Method::Splice],
        None => &[Method::Copy],
    };
    let mut pump = Pump::new(options.io, candidates, options.hash, options.idle, control);
    if let Err(error) = pump.run(source.as_fd(), socket.as_fd(), source.length()) {
        return Err(FailedTransfer::new(explain(error, source), pump.bytes()));
    }
    let handed_over = started.elapsed();
    let moved = pump.finish();
    let failed = |error| FailedTransfer::new(error, moved.bytes);
    // What ended the connection says more than that there is none.
    let why = |error| broken(socket.take_error().ok().flatten().unwrap_or(error));
    if !source.is_at_its_end(control) {
        return Err(failed(TransferError::Stopped));
    }
    reset_on_close(&socket, false).map_err(|error| failed(why(error)))?;
    socket.shutdown(Shutdown::Write).map_err(|error| failed(why(error)))?;
    let close = wait_for_close(&socket, started, options.close_timeout, control).map_err(failed)?;
    Ok(Sent {
        expected: source.length(),
        change: source.change(moved.bytes),
        removed: source.was_removed(),
        handed_over,
        acknowledged: close.acknowledged,
        peer_ended: close.peer_ended,
        answer_bytes: close.answer_bytes,
        moved,
    })
}

#[derive(Default)]
struct Close {
    acknowledged: Option<Duration>,
    peer_ended: Option<Duration>,
    answer_bytes: u64,
}

/// Waits until the peer's TCP has everything and the peer ended its side, in either order, at most `timeout`.
fn wait_for_close(
    socket: &TcpStream,
    started: Instant,
    timeout: Duration,
    control: &Control,
) -> Result<Close, TransferError> {
    let deadline = Instant::now() + timeout;
    let mut close = Close::default();
    let mut pause = limits::ACKNOWLEDGED_POLL_MIN;
    loop {
        // A reset ends the count where it stands, so that it is never taken for an acknowledgement.
        let unacknowledged = sys::unacknowledged_bytes(socket).ok();
        if close.acknowledged.is_none() && unacknowledged == Some(0) {
            close.acknowledged = Some(started.elapsed());
        }
        let nothing_to_wait_for = close.acknowledged.is_some() || unacknowledged.is_none();
        let left = deadline.saturating_duration_since(Instant::now());
        if (close.peer_ended.is_some() && nothing_to_wait_for) || left.is_zero() {
            return Ok(close);
        }
        if control.is_stopped() {
            return Err(TransferError::Stopped);
        }
        let wait = if close.acknowledged.is_some() { limits::TRANSFER_WAIT_SLICE } else { pause };
        pause = (pause * 2).min(limits::ACKNOWLEDGED_POLL_MAX);
        if close.peer_ended.is_some() {
            // Behind the end of its side nothing more can be read, and poll(2) would return at once.
            std::thread::sleep(wait.min(left));
            look_for_reset(socket)?;
        } else if is_readable_within(socket, wait.min(left)).map_err(TransferError::Broken)? {
            close.read_answer(socket, started)?;
        }
    }
}

impl Close {
    fn read_answer(&mut self, mut socket: &TcpStream, started: Instant) -> Result<(), TransferError> {
        match socket.read(&mut [0; 4096]) {
            Ok(0) => self.peer_ended = Some(started.elapsed()),
            Ok(read) => self.answer_bytes += read as u64,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Err(TransferError::Reset { acknowledged: self.acknowledged.is_some() });
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(error) => return Err(TransferError::Broken(error)),
        }
        Ok(())
    }
}

/// tcp(7): reading behind the end of the peer's side returns 0 even after a reset; SO_ERROR tells it.
fn look_for_reset(socket: &TcpStream) -> Result<(), TransferError> {
    match socket.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(broken(error)),
    }
}

fn is_readable_within(socket: &TcpStream, wait: Duration) -> io::Result<bool> {
    let wait = Timespec { tv_sec: wait.as_secs().cast_signed(), tv_nsec: wait.subsec_nanos().into() };
    match rustix::event::poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&wait)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn explain(error: PumpError, source: &Source) -> TransferError {
    match error {
        PumpError::Move(MoveError::Read(error)) => source.failed(error),
        PumpError::Move(MoveError::Write(error)) => broken(error),
        PumpError::Move(error @ MoveError::Unsupported { .. }) => TransferError::Method(error.to_string()),
        PumpError::Stalled(idle) => TransferError::Stalled(idle),
        PumpError::Stopped => TransferError::Stopped,
    }
}
