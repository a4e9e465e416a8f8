//! The loop that moves a stream: methods and their probe, hash, progress, stop flag, stall.

use super::control::Control;
use helio_core::limits;
use helio_core::transfer::{Method, MethodCost, MethodProbe};
use helio_net::bulk::{MoveError, Mover, Step};
use helio_net::clock::thread_cpu_time;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// Which method the user asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IoChoice {
    /// Copying while hashing, since the bytes pass through us anyway; else what a probe finds cheapest.
    #[default]
    Auto,
    /// This one.
    Fixed(Method),
}

/// The BLAKE3 of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentHash {
    /// The hash.
    pub hash: blake3::Hash,
    /// What computing it cost, within the transfer's own time.
    pub time: Duration,
}

/// How a stream was moved.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Bytes handed to the destination.
    pub bytes: u64,
    /// From the start to the first of them; `None` when there were none.
    pub first_byte: Option<Duration>,
    /// The method that moved the last of them.
    pub method: Method,
    /// What the probe measured; empty when there was none.
    pub probe: Vec<MethodCost>,
    /// `None` when not asked for, or when the method kept the bytes from us.
    pub hash: Option<ContentHash>,
}

/// Why a stream stopped before its end.
#[derive(Debug)]
pub(super) enum PumpError {
    Move(MoveError),
    Stalled(Duration),
    Stopped,
}

/// Moves one stream. What it counted stays with it when it fails.
pub(super) struct Pump<'a> {
    control: &'a Control,
    idle: Duration,
    mover: Mover,
    choice: Choice,
    hasher: Option<Hasher>,
    started: Instant,
    bytes: u64,
    first_byte: Option<Duration>,
}

struct Choice {
    method: Method,
    candidates: &'static [Method],
    probe: Option<MethodProbe>,
    may_probe: bool,
}

#[derive(Default)]
struct Hasher {
    hasher: blake3::Hasher,
    time: Duration,
}

impl<'a> Pump<'a> {
    /// `candidates`, copying first, are what [`IoChoice::Auto`] may pick from. Nothing moving for `idle` is an error.
    pub(super) fn new(
        io: IoChoice,
        candidates: &'static [Method],
        hash: bool,
        idle: Duration,
        control: &'a Control,
    ) -> Self {
        let (method, may_probe) = match io {
            IoChoice::Auto => (Method::Copy, !hash && candidates.len() > 1),
            IoChoice::Fixed(method) => (method, false),
        };
        let hasher = (hash && method == Method::Copy).then(Hasher::default);
        let choice = Choice { method, candidates, probe: None, may_probe };
        let started = Instant::now();
        Self { control, idle, mover: Mover::new(), choice, hasher, started, bytes: 0, first_byte: None }
    }

    /// Moves everything from `from` to `to`. `length` is what is known of the source's length, for the probe only.
    pub(super) fn run(
        &mut self,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        length: Option<u64>,
    ) -> Result<(), PumpError> {
        loop {
            let done = self.bytes;
            if self.choice.may_probe && MethodProbe::is_worth_it(length.unwrap_or(done).max(done)) {
                self.choice.may_probe = false;
                return self.probe_and_run(from, to);
            }
            if !self.segment(self.choice.method, from, to, limits::BULK_PROBE_SEGMENT)? {
                return Ok(());
            }
        }
    }

    /// Bytes moved so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What was counted, once the stream is at its end.
    pub(super) fn finish(self) -> Moved {
        Moved {
            bytes: self.bytes,
            first_byte: self.first_byte,
            method: self.choice.method,
            probe: self.choice.probe.map(|probe| probe.costs().to_vec()).unwrap_or_default(),
            hash: self.hasher.map(|hasher| ContentHash { hash: hasher.hasher.finalize(), time: hasher.time }),
        }
    }

    fn probe_and_run(&mut self, from: BorrowedFd<'_>, to: BorrowedFd<'_>) -> Result<(), PumpError> {
        let mut probe = MethodProbe::new(self.choice.candidates);
        let mut more = true;
        while more && let Some(method) = probe.next_method() {
            let (bytes_before, cpu_before) = (self.bytes, thread_cpu_time());
            match self.segment(method, from, to, limits::BULK_PROBE_SEGMENT) {
                Ok(goes_on) => more = goes_on,
                Err(PumpError::Move(MoveError::Unsupported { .. })) => {
                    probe.handle_unsupported();
                    continue;
                }
                Err(error) => return Err(error),
            }
            probe.handle_segment(self.bytes - bytes_before, thread_cpu_time().saturating_sub(cpu_before));
        }
        self.choice.method = probe.choice().unwrap_or(Method::Copy);
        self.choice.probe = Some(probe);
        while more {
            more = self.segment(self.choice.method, from, to, u64::MAX)?;
        }
        Ok(())
    }

    /// Moves about `most` bytes with one method; false at the end of the source.
    fn segment(
        &mut self,
        method: Method,
        from: BorrowedFd<'_>,
        to: BorrowedFd<'_>,
        most: u64,
    ) -> Result<bool, PumpError> {
        let end = self.bytes.saturating_add(most);
        let mut last_moved = Instant::now();
        while self.bytes < end {
            if self.control.is_stopped() {
                return Err(PumpError::Stopped);
            }
            let hasher = &mut self.hasher;
            let mut on_read = |bytes: &[u8]| {
                if let Some(hasher) = hasher {
                    let before = Instant::now();
                    hasher.hasher.update(bytes);
                    hasher.time += before.elapsed();
                }
            };
            match self.mover.step(method, from, to, limits::BULK_CHUNK, &mut on_read).map_err(PumpError::Move)? {
                Step::Moved(bytes) => {
                    last_moved = Instant::now();
                    self.first_byte.get_or_insert_with(|| self.started.elapsed());
                    self.bytes += bytes as u64;
                    self.control.set_bytes(self.bytes);
                }
                Step::TimedOut if last_moved.elapsed() >= self.idle => return Err(PumpError::Stalled(self.idle)),
                Step::TimedOut => {}
                Step::End => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// Gives a blocking socket the time-outs with which a pump stays able to stop.
pub(super) fn set_time_slices(socket: &std::net::TcpStream) -> io::Result<()> {
    socket.set_read_timeout(Some(limits::TRANSFER_WAIT_SLICE))?;
    socket.set_write_timeout(Some(limits::TRANSFER_WAIT_SLICE))
}
