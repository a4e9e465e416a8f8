//! Sending a file as datagrams, naked or numbered.

use super::control::Control;
use super::error::{FailedTransfer, TransferError};
use super::pump::ContentHash;
use super::source::Source;
use crate::random::random_u64;
use helio_core::limits;
use helio_core::rate::Pacer;
use helio_core::transfer::numbered::{Common, DATA_HEADER, PieceSize, TransferId};
use helio_core::transfer::raw::SourceChange;
use helio_core::transfer::{NumberedSender, SenderCommand, SenderOutcome};
use helio_net::clock::Clock;
use rustix::io::Errno;
use rustix::net::RecvFlags;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// How to send.
#[derive(Clone, Copy, Debug)]
pub struct UdpSendOptions {
    /// Bytes of the file in each datagram but the last.
    pub piece: PieceSize,
    /// Payload bytes a second; `None` as fast as this machine can, which is faster than most receivers.
    pub rate: Option<u64>,
    /// With the header of `spec/numbered-udp.md`.
    pub numbered: bool,
    /// Compute the BLAKE3 of what is sent.
    pub hash: bool,
}

/// A file that was sent to its end. Nothing of this says that it arrived, but the report.
#[derive(Clone, Debug)]
pub struct UdpSent {
    /// Datagrams that the kernel took.
    pub datagrams: u64,
    /// Bytes of the file in them.
    pub bytes: u64,
    /// The source's length when it was opened.
    pub expected: Option<u64>,
    /// Whether that still held at the end.
    pub change: SourceChange,
    /// From the start until the kernel took the last datagram of the file.
    pub handed_over: Duration,
    /// The BLAKE3, when asked for.
    pub hash: Option<ContentHash>,
    /// How the numbered form ended; `None` for naked datagrams, of which nobody reports.
    pub numbered: Option<SenderOutcome>,
}

/// Sends everything of `source` over the connected `socket`. Blocks.
///
/// # Errors
/// See [`TransferError`]; `Refused` when nothing listens there.
pub fn udp_send(
    source: Source,
    socket: &UdpSocket,
    options: &UdpSendOptions,
    control: &Control,
) -> Result<UdpSent, FailedTransfer> {
    control.set_total(source.length());
    let clock = Clock::start();
    let numbered = options.numbered.then(|| {
        let common = Common { transfer: TransferId(random_u64()?), piece: options.piece };
        Ok(NumberedSender::new(common, source.length()))
    });
    let numbered = numbered.transpose().map_err(|error| FailedTransfer::new(TransferError::Broken(error), 0))?;
    let mut sending = Sending {
        source,
        socket,
        control,
        clock,
        pacer: options.rate.map(|rate| Pacer::new(rate, clock.now())),
        hasher: options.hash.then(|| (blake3::Hasher::new(), Duration::ZERO)),
        numbered,
        outcome: None,
        datagrams: 0,
        bytes: 0,
    };
    sending.run(options.piece.bytes()).map_err(|error| FailedTransfer::new(error, sending.bytes))
}

struct Sending<'a> {
    source: Source,
    socket: &'a UdpSocket,
    control: &'a Control,
    clock: Clock,
    pacer: Option<Pacer>,
    hasher: Option<(blake3::Hasher, Duration)>,
    numbered: Option<NumberedSender>,
    outcome: Option<SenderOutcome>,
    datagrams: u64,
    bytes: u64,
}

impl Sending<'_> {
    fn run(&mut self, piece: usize) -> Result<UdpSent, TransferError> {
        let mut sent = self.send_all(piece);
        let handed_over = Duration::from_nanos(self.clock.now().nanos());
        if sent.is_ok() && !self.source.is_at_its_end(self.control) {
            sent = Err(TransferError::Stopped);
        }
        let hash = self.hasher.take().map(|(hasher, time)| ContentHash { hash: hasher.finalize(), time });
        if let Some(machine) = &mut self.numbered {
            let content = hash.filter(|_| sent.is_ok()).map(|hash| *hash.hash.as_bytes());
            machine.handle_end_of_source(sent.is_err(), content, self.clock.now());
        }
        if let Err(error) = sent {
            // One word to the receiver that this is not the whole; nobody waits for its answer.
            let _ = self.drain();
            return Err(error);
        }
        self.wait_for_report()?;
        // What the last datagrams have provoked by now, such as word that nobody listens; on one machine it is there.
        if let (None, Ok(Some(error))) = (&self.outcome, self.socket.take_error()) {
            return Err(explain(error, 0));
        }
        Ok(UdpSent {
            datagrams: self.datagrams,
            bytes: self.bytes,
            expected: self.source.length(),
            change: self.source.change(self.bytes),
            handed_over,
            hash,
            numbered: self.outcome.take(),
        })
    }

    fn send_all(&mut self, piece: usize) -> Result<(), TransferError> {
        let header = if self.numbered.is_some() { DATA_HEADER } else { 0 };
        let mut datagram = vec![0; header + piece];
        loop {
            let filled = self.source.read_full(&mut datagram[header..])?;
            if filled == 0 {
                return Ok(());
            }
            let payload = &datagram[header..header + filled];
            if let Some((hasher, time)) = &mut self.hasher {
                let before = Instant::now();
                hasher.update(payload);
                *time += before.elapsed();
            }
            self.wait_for_turn()?;
            if let Some(machine) = &mut self.numbered {
                datagram[..header].copy_from_slice(&machine.next_header(filled)?);
            }
            self.send_one(&datagram[..header + filled])?;
            self.datagrams += 1;
            self.bytes += filled as u64;
            self.control.set_bytes(self.bytes);
            if let Some(pacer) = &mut self.pacer {
                pacer.handle_sent(filled, self.clock.now());
            }
            if self.datagrams.is_multiple_of(limits::REPORT_LOOK_DATAGRAMS) {
                self.look_for_report()?;
            }
            if filled < piece {
                return Ok(());
            }
        }
    }

    fn wait_for_turn(&self) -> Result<(), TransferError> {
        loop {
            if self.control.is_stopped() {
                return Err(TransferError::Stopped);
            }
            let wait = self.pacer.map_or(Duration::ZERO, |pacer| pacer.ready_at() - self.clock.now());
            if wait < limits::DATAGRAM_PACE_MIN {
                return Ok(());
            }
            std::thread::sleep(wait.min(limits::TRANSFER_WAIT_SLICE));
        }
    }

    fn send_one(&self, datagram: &[u8]) -> Result<(), TransferError> {
        loop {
            match self.socket.send(datagram) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // send(2): the queue of the network card is full; it empties by itself.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => {
                    std::thread::sleep(limits::DATAGRAM_QUEUE_FULL_WAIT);
                    if self.control.is_stopped() {
                        return Err(TransferError::Stopped);
                    }
                }
                Err(error) => return Err(explain(error, datagram.len())),
            }
        }
    }

    /// Takes in what has come back without waiting for it.
    fn look_for_report(&mut self) -> Result<(), TransferError> {
        let Some(machine) = &mut self.numbered else { return Ok(()) };
        let mut buffer = [0; 2048];
        while let Ok((length, _)) = rustix::net::recv(self.socket, &mut buffer, RecvFlags::DONTWAIT) {
            machine.handle_datagram(&buffer[..length]);
        }
        self.drain()?;
        match self.outcome.take().and_then(|outcome| outcome.report) {
            Some(report) if report.storing_failed => Err(TransferError::ReceiverStopped("it could not store the file")),
            Some(_) => Err(TransferError::ReceiverStopped("it heard nothing for its idle time")),
            None => Ok(()),
        }
    }

    fn wait_for_report(&mut self) -> Result<(), TransferError> {
        let mut buffer = [0; 2048];
        loop {
            self.drain()?;
            let Some(machine) = &mut self.numbered else { return Ok(()) };
            let Some(deadline) = machine.poll_timeout() else { return Ok(()) };
            if self.control.is_stopped() {
                return Err(TransferError::Stopped);
            }
            let wait = (deadline - self.clock.now()).clamp(Duration::from_micros(1), limits::TRANSFER_WAIT_SLICE);
            self.socket.set_read_timeout(Some(wait)).map_err(TransferError::Broken)?;
            match self.socket.recv(&mut buffer) {
                Ok(length) => machine.handle_datagram(&buffer[..length]),
                Err(error) if is_time_out(&error) => {}
                Err(error) => return Err(explain(error, 0)),
            }
            machine.handle_timeout(self.clock.now());
        }
    }

    fn drain(&mut self) -> Result<(), TransferError> {
        let mut sent = Ok(());
        while let Some(command) = self.numbered.as_mut().and_then(NumberedSender::poll_command) {
            match command {
                SenderCommand::Send(bytes) => sent = self.send_one(&bytes),
                SenderCommand::Finished(outcome) => self.outcome = Some(outcome),
            }
        }
        // With the report in hand nothing that is still to be said matters.
        if self.outcome.as_ref().is_some_and(|outcome| outcome.report.is_some()) { Ok(()) } else { sent }
    }
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

fn explain(error: io::Error, bytes: usize) -> TransferError {
    if error.kind() == io::ErrorKind::ConnectionRefused {
        return TransferError::Refused;
    }
    if Errno::from_io_error(&error) == Some(Errno::MSGSIZE) {
        return TransferError::DatagramTooLarge { bytes };
    }
    TransferError::Broken(error)
}
