//! Receiving a plain stream over TCP.

use super::control::Control;
use super::control::reset_on_close;
use super::error::{FailedTransfer, TransferError, broken};
use super::pump::{IoChoice, Moved, Pump, PumpError, set_time_slices};
use super::target::Target;
use helio_core::transfer::Method;
use helio_net::bulk::MoveError;
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How to receive.
#[derive(Clone, Copy, Debug)]
pub struct ReceiveOptions {
    /// Which system calls move the bytes.
    pub io: IoChoice,
    /// Compute the BLAKE3; only copying can.
    pub hash: bool,
    /// A peer that sends nothing for this long is given up.
    pub idle: Duration,
}

/// A stream that was received to its end. Times are from the moment the connection was taken.
#[derive(Clone, Debug)]
pub struct Received {
    /// How it was moved.
    pub moved: Moved,
    /// Where it is; `None` for standard output.
    pub path: Option<PathBuf>,
    /// The end of the stream was read and written.
    pub ended: Duration,
    /// It is on disk and has its name, and only then is the connection closed; `None` when it went to a pipe or device.
    pub stored: Option<Duration>,
}

/// Receives from `socket` until the end of the stream and gives the file its name. Blocks.
///
/// Until then the connection ends in a reset, however this program ends: the sender must not take what is lost here for
/// received.
///
/// # Errors
/// See [`TransferError`]. What was received is then kept under the partial name that the error tells.
pub fn receive(
    socket: TcpStream,
    mut target: Target,
    options: &ReceiveOptions,
    control: &Control,
) -> Result<Received, FailedTransfer> {
    let started = Instant::now();
    control.set_partial(target.partial());
    set_time_slices(&socket)
        .and_then(|()| reset_on_close(&socket, true))
        .map_err(|error| FailedTransfer::new(TransferError::Broken(error), 0))?;
    let candidates: &[Method] = if target.is_regular() { &[Method::Copy, Method::Splice] } else { &[Method::Copy] };
    let mut pump = Pump::new(options.io, candidates, options.hash, options.idle, control);
    if let Err(error) = pump.run(socket.as_fd(), target.as_fd(), None) {
        let error = explain(error, &target);
        return Err(FailedTransfer { error, bytes: pump.bytes(), kept: target.keep_part() });
    }
    let ended = started.elapsed();
    let moved = pump.finish();
    let is_regular = target.is_regular();
    match target.commit() {
        Ok(path) => {
            let _ = reset_on_close(&socket, false);
            Ok(Received { moved, path, ended, stored: is_regular.then(|| started.elapsed()) })
        }
        Err(error) => Err(FailedTransfer { error, bytes: moved.bytes, kept: target.keep_part() }),
    }
}

fn explain(error: PumpError, target: &Target) -> TransferError {
    match error {
        PumpError::Move(MoveError::Read(error)) => broken(error),
        PumpError::Move(MoveError::Write(error)) => target.failed(error),
        PumpError::Move(error @ MoveError::Unsupported { .. }) => TransferError::Method(error.to_string()),
        PumpError::Stalled(idle) => TransferError::Stalled(idle),
        PumpError::Stopped => TransferError::Stopped,
    }
}
