//! Many clients of one IRC server, served by one thread, so that they cost much less than the server does.
//!
//! What comes is counted by its line ends; only clients whose lines matter to a bench have them cut and looked at.

use super::door::Door;
use super::line::{self, Lines};
use anyhow::{Context, Result, bail, ensure};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::Duration;

/// How long a server may be silent while something is awaited.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// Nothing has come for so long: nothing more will come.
const QUIET: Duration = Duration::from_millis(300);

/// Bytes of one read: more than waits for a client at most times.
const READ: usize = 256 * 1024;

/// Clients whose readiness one wait tells of: not all, so that a paced sender is not kept waiting by the reads.
const EVENTS: usize = 512;

/// Registered clients, known by their place in the order of connecting.
pub(super) struct Crowd {
    epoll: OwnedFd,
    streams: Vec<TcpStream>,
    /// Lines that each has received since the last [`Crowd::start_counting`].
    received: Vec<u64>,
    lines: Vec<Lines>,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
}

impl Crowd {
    /// Connects `number` clients through `door`, and registers all of them at once; `capabilities` are requested where there are any.
    pub(super) fn register(mut door: Door, number: usize, capabilities: Option<&str>) -> Result<Self> {
        let mut crowd = Self {
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            streams: Vec::with_capacity(number),
            received: vec![0; number],
            lines: (0..number).map(|_| Lines::default()).collect(),
            events: Vec::with_capacity(EVENTS),
            buffer: vec![0; READ],
        };
        for client in 0..number {
            let stream = door.connect()?;
            stream.set_nonblocking(true)?;
            let data = epoll::EventData::new_u64(client as u64);
            // By edges: a socket that has been emptied is not looked at again until something comes.
            epoll::add(&crowd.epoll, &stream, data, epoll::EventFlags::IN | epoll::EventFlags::ET)?;
            crowd.streams.push(stream);
            crowd.send(client, line::registration(client, capabilities).as_bytes())?;
        }
        let mut welcome = 0;
        crowd.read_until(|_, line| {
            welcome += usize::from(line::is_welcome(line)?);
            Ok(welcome == number)
        })?;
        crowd.wait_for_quiet()?;
        Ok(crowd)
    }

    /// All join at once, so many a room, and wait until everyone has seen everyone who came after.
    pub(super) fn join(&mut self, members: usize) -> Result<()> {
        let number = self.streams.len();
        let rooms = number / members;
        ensure!(rooms * members == number, "{number} clients do not fill rooms of {members}");
        for client in 0..number {
            self.send(client, format!("JOIN {}\r\n", line::room(client / members)).as_bytes())?;
        }
        let (mut joins, mut names) = (rooms * members * (members + 1) / 2, number);
        self.read_until(|_, line| {
            match line::command(line) {
                b"JOIN" => joins = joins.checked_sub(1).context("more joins were announced than happened")?,
                b"366" => names = names.checked_sub(1).context("more lists of names came than joins")?,
                _ => line::check(line)?,
            }
            Ok(joins == 0 && names == 0)
        })
    }

    /// Takes and forgets what still comes, and counts from then on.
    pub(super) fn start_counting(&mut self) -> Result<()> {
        self.wait_for_quiet()?;
        self.received.fill(0);
        Ok(())
    }

    /// Lines that each client has received since then.
    pub(super) fn received(&self) -> &[u64] {
        &self.received
    }

    /// Lines that all clients have received since then.
    pub(super) fn received_by_all(&self) -> u64 {
        self.received.iter().sum()
    }

    /// Sends at once. What is sent is so little that the kernel takes it from any server that reads.
    pub(super) fn send(&mut self, client: usize, bytes: &[u8]) -> Result<()> {
        match self.streams[client].write(bytes) {
            Ok(length) if length == bytes.len() => Ok(()),
            Ok(length) => bail!("the server took {length} of {} bytes from client {client}", bytes.len()),
            Err(error) => Err(error).with_context(|| format!("the server takes nothing from client {client}")),
        }
    }

    /// Waits until something has come for some clients, which go to `ready`; for none when the time is over.
    pub(super) fn wait(&mut self, time: Duration, ready: &mut Vec<usize>) -> Result<()> {
        ready.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&Timespec::try_from(time)?)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.extend(self.events.drain(..).map(|event| event.data.u64() as usize));
        Ok(())
    }

    /// Takes what has come for a client, and counts its lines.
    pub(super) fn count(&mut self, client: usize) -> Result<()> {
        while self.read(client)? == READ {}
        Ok(())
    }

    /// Like [`Crowd::count`], and hands out each line.
    pub(super) fn read_lines(&mut self, client: usize, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        loop {
            let length = self.read(client)?;
            self.lines[client].cut(&self.buffer[..length], &mut each)?;
            if length < READ {
                return Ok(());
            }
        }
    }

    /// The length of what is then in the buffer; a full buffer means that there may be more (epoll(7)).
    fn read(&mut self, client: usize) -> Result<usize> {
        let length = loop {
            match self.streams[client].read(&mut self.buffer) {
                Ok(0) => bail!("the server ended the connection of client {client}"),
                Ok(length) => break length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break 0,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).with_context(|| format!("the connection of client {client}")),
            }
        };
        self.received[client] += self.buffer[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
        Ok(length)
    }

    /// Hands out all lines of all clients until `enough` says so.
    fn read_until(&mut self, mut enough: impl FnMut(usize, &[u8]) -> Result<bool>) -> Result<()> {
        let (mut ready, mut done) = (Vec::new(), false);
        while !done {
            self.wait(SILENCE, &mut ready)?;
            ensure!(!ready.is_empty(), "the server has been silent for {} s, and more was awaited", SILENCE.as_secs());
            for &client in &ready {
                self.read_lines(client, |line| {
                    done |= enough(client, line)?;
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    /// Takes what comes until nothing has come for a while.
    pub(super) fn wait_for_quiet(&mut self) -> Result<()> {
        let mut ready = Vec::new();
        loop {
            self.wait(QUIET, &mut ready)?;
            if ready.is_empty() {
                return Ok(());
            }
            for &client in &ready {
                self.read_lines(client, line::check)?;
            }
        }
    }
}
