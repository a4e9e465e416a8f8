//! Receiving a file as datagrams, naked or numbered.

use super::control::Control;
use super::error::{FailedTransfer, TransferError};
use super::pump::ContentHash;
use super::target::Target;
use helio_core::limits;
use helio_core::transfer::numbered::{Extent, PIECE_MAX};
use helio_core::transfer::{NumberedReceiver, ReceiverCommand, ReceiverOptions, ReceiverOutcome, Verdict};
use helio_net::clock::Clock;
use helio_net::udp::{BlockingEndpoints, Origin};
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How to receive.
#[derive(Clone, Copy, Debug)]
pub struct UdpReceiveOptions {
    /// Silence that ends the transfer.
    pub idle: Duration,
    /// With the header of `spec/numbered-udp.md`.
    pub numbered: bool,
    /// Compute the BLAKE3 of what was received.
    pub hash: bool,
    /// What the kernel's count of drops stood at after the sockets' last transfer; 0 for new sockets.
    pub drops_before: u32,
}

/// What was received, whole or not.
#[derive(Clone, Debug)]
pub struct UdpReceived {
    /// Who sent it.
    pub peer: Option<SocketAddr>,
    /// Where it is; `None` for standard output.
    pub path: Option<PathBuf>,
    /// The BLAKE3 of the stored file. `None` when not asked for, or when the file has holes.
    pub hash: Option<ContentHash>,
    /// What was counted.
    pub detail: UdpReceivedDetail,
}

/// The account of either form.
#[derive(Clone, Debug)]
pub enum UdpReceivedDetail {
    /// Naked datagrams: only what came is known, never what did not.
    Naked {
        /// Datagrams of the sender.
        datagrams: u64,
        /// Their bytes.
        bytes: u64,
        /// Datagrams of other senders, dropped.
        foreign: u64,
        /// Datagrams for which the socket had no room; `None` when the system does not tell.
        kernel_drops: Option<u64>,
        /// From the first to the last; `None` when there were fewer than two.
        data_time: Option<Duration>,
    },
    /// Numbered datagrams.
    Numbered(ReceiverOutcome),
}

/// Receives one transfer and gives the file its name, with holes where something is lost. Blocks; waits for the first
/// datagram without limit.
///
/// # Errors
/// See [`TransferError`]. What was received is then kept under the partial name that the error tells.
pub fn udp_receive(
    sockets: &BlockingEndpoints,
    mut target: Target,
    options: &UdpReceiveOptions,
    control: &Control,
) -> Result<UdpReceived, FailedTransfer> {
    control.set_partial(target.partial());
    sockets.ask_receive_buffer(limits::FILE_DATAGRAM_BUFFER);
    let drops_before = options.drops_before;
    let clock = Clock::start();
    let mut receiving = Receiving { sockets, target: &target, control, clock, drops_before, bytes: 0, answer_to: None };
    let received = if options.numbered { receiving.numbered(options) } else { receiving.naked(options) };
    let bytes = receiving.bytes;
    let finished = received.and_then(|received| {
        let path = target.commit()?;
        Ok(UdpReceived { path, ..received })
    });
    finished.map_err(|error| FailedTransfer { error, bytes, kept: target.keep_part() })
}

struct Receiving<'a> {
    sockets: &'a BlockingEndpoints,
    target: &'a Target,
    control: &'a Control,
    clock: Clock,
    drops_before: u32,
    bytes: u64,
    /// Where the sender's last datagram came in.
    answer_to: Option<Origin>,
}

/// The naked form's account while it grows.
#[derive(Default)]
struct Naked {
    peer: Option<SocketAddr>,
    datagrams: u64,
    foreign: u64,
    first_at: Option<Instant>,
    last_at: Option<Instant>,
}

impl Receiving<'_> {
    fn naked(&mut self, options: &UdpReceiveOptions) -> Result<UdpReceived, TransferError> {
        let mut buffer = vec![0; limits::DATAGRAM_BUFFER];
        let mut out = io::BufWriter::with_capacity(limits::BULK_CHUNK, self.target.file());
        let mut hasher = options.hash.then(|| (blake3::Hasher::new(), Duration::ZERO));
        let mut count = Naked::default();
        while count.last_at.is_none_or(|last| last.elapsed() < options.idle) {
            let Some((length, origin)) = self.next(&mut buffer)? else { continue };
            let from = origin.sender.peer;
            if *count.peer.get_or_insert(from) != from {
                count.foreign += 1;
                continue;
            }
            let now = Instant::now();
            count.first_at.get_or_insert(now);
            count.last_at = Some(now);
            count.datagrams += 1;
            if let Some((hasher, time)) = &mut hasher {
                hasher.update(&buffer[..length]);
                *time += now.elapsed();
            }
            out.write_all(&buffer[..length]).map_err(|error| self.target.failed(error))?;
            self.bytes += length as u64;
            self.control.set_bytes(self.bytes);
        }
        out.flush().map_err(|error| self.target.failed(error))?;
        let between = count.first_at.zip(count.last_at).filter(|(first, last)| last > first);
        let detail = UdpReceivedDetail::Naked {
            datagrams: count.datagrams,
            bytes: self.bytes,
            foreign: count.foreign,
            kernel_drops: self.kernel_drops(),
            data_time: between.map(|(first, last)| last - first),
        };
        let hash = hasher.map(|(hasher, time)| ContentHash { hash: hasher.finalize(), time });
        Ok(UdpReceived { peer: count.peer, path: None, hash, detail })
    }

    fn numbered(&mut self, options: &UdpReceiveOptions) -> Result<UdpReceived, TransferError> {
        let mut buffer = vec![0; limits::DATAGRAM_BUFFER];
        let mut machine = NumberedReceiver::new(ReceiverOptions { idle: options.idle });
        let mut storing = Ok(());
        let outcome = loop {
            let next = self.next(&mut buffer)?;
            let now = self.clock.now();
            if let Some((length, origin)) = next {
                let from = origin.sender.peer;
                let verdict = machine.handle_datagram(from, &buffer[..length], now);
                self.answer_to = Some(origin).filter(|_| machine.peer() == Some(from)).or(self.answer_to);
                if let Verdict::Store { offset, payload } = verdict {
                    storing = self.target.file().write_all_at(&buffer[payload], offset);
                    if storing.is_err() {
                        machine.handle_storing_failed();
                    }
                }
            }
            machine.handle_timeout(now);
            self.bytes = machine.received().1;
            self.control.set_bytes(self.bytes);
            self.control.set_total(machine.announced_total());
            if let Some(outcome) = self.drain(&mut machine) {
                break outcome;
            }
        };
        storing.and_then(|()| self.set_length(&outcome)).map_err(|error| self.target.failed(error))?;
        let hash = (options.hash && outcome.report.is_complete()).then(|| hash_of(self.target.file()));
        let hash = hash.transpose().map_err(|error| self.target.failed(error))?;
        let (peer, detail) = (machine.peer(), UdpReceivedDetail::Numbered(outcome));
        Ok(UdpReceived { peer, path: None, hash, detail })
    }

    /// The next datagram; `None` when none came for [`limits::DATAGRAM_WAIT_SLICE`].
    fn next(&self, buffer: &mut [u8]) -> Result<Option<(usize, Origin)>, TransferError> {
        if self.control.is_stopped() {
            return Err(TransferError::Stopped);
        }
        match self.sockets.receive(buffer, limits::DATAGRAM_WAIT_SLICE) {
            Ok(received) => Ok(received),
            // An answer of ours reached nobody: says nothing about what is still to come.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(None),
            Err(error) => Err(TransferError::Broken(error)),
        }
    }

    fn drain(&self, machine: &mut NumberedReceiver) -> Option<ReceiverOutcome> {
        while let Some(command) = machine.poll_command() {
            match command {
                ReceiverCommand::CountKernelDrops => machine.handle_kernel_drops(self.kernel_drops(), self.clock.now()),
                ReceiverCommand::Send { to, bytes } => {
                    let origin = self.answer_to.filter(|origin| origin.sender.peer == to);
                    let _ = origin.map(|origin| self.sockets.answer(&bytes, &origin));
                }
                ReceiverCommand::Finished(outcome) => return Some(outcome),
            }
        }
        None
    }

    fn kernel_drops(&self) -> Option<u64> {
        let now = self.sockets.receive_drops()?;
        Some(u64::from(now.wrapping_sub(self.drops_before)))
    }

    /// A hole at the end is a hole too: the file gets the length that the sender's has.
    fn set_length(&self, outcome: &ReceiverOutcome) -> io::Result<()> {
        let report = &outcome.report;
        let total = report.received_bytes.saturating_add(report.lost_bytes);
        let possible = limits::NUMBERED_SEQUENCES * PIECE_MAX as u64;
        match report.extent {
            Extent::Ended | Extent::Announced if total <= possible => self.target.file().set_len(total),
            Extent::Ended | Extent::Announced | Extent::Seen => Ok(()),
        }
    }
}

/// Datagrams come in any order, so that the hash is made from the file afterwards.
fn hash_of(file: &File) -> io::Result<ContentHash> {
    let started = Instant::now();
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; limits::BULK_CHUNK];
    let mut offset = 0;
    loop {
        let read = file.read_at(&mut buffer, offset)?;
        if read == 0 {
            return Ok(ContentHash { hash: hasher.finalize(), time: started.elapsed() });
        }
        hasher.update(&buffer[..read]);
        offset += read as u64;
    }
}
