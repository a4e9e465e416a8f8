//! A steady number of messages a second in one room, sent when they are due whether or not the server keeps up.
//!
//! What a server sets on its sockets is part of the comparison: helio sets `TCP_NODELAY`, and each message goes out at
//! once. InspIRCd and ngIRCd leave Nagle's algorithm on, so the kernel puts messages together for clients that have not
//! acknowledged the one before. That saves those servers and this program work, at about twice the latency.

use super::crowd::Crowd;
use super::door::Door;
use super::line;
use super::meter::{Moment, quantile};
use super::room::{Role, Room};
use anyhow::{Context, Result};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Between two messages: 200 a second.
const INTERVAL: Duration = Duration::from_millis(5);

/// Every so many clients, and the last, tell when each message reached them.
const SAMPLE_EVERY: usize = 50;

/// Between two looks at what has come. Waiting in the kernel instead, this program would be woken for nearly every
/// delivery, at the expense of itself and of the server, which does the waking. Latencies are that much too long at most.
const NAP: Duration = Duration::from_micros(250);

/// Sends `warm_up` messages and then `measured` ones, each by the next sender. Returns `deliveries`, what they cost, and
/// their `latency_median_ns` and `latency_p99_ns`, from when a message was due until a sampled client read it;
/// `late_p99_ns` is how late the load program itself sent.
///
/// # Errors
///
/// A message is lost, or something is delivered that nobody sent.
pub(super) fn run(room: &Room, address: SocketAddr, warm_up: usize, measured: usize, server: u32) -> Result<Value> {
    let mut crowd = Crowd::register(Door::new(address), room.clients, None)?;
    crowd.join(room.clients)?;
    crowd.start_counting()?;
    let mut talk = Talk::new(room, warm_up);
    talk.run_until_sent(warm_up, &mut crowd)?;
    let (before, received_before) = (Moment::now(server)?, crowd.received_by_all());
    talk.run_until_sent(warm_up + measured, &mut crowd)?;
    let (after, received) = (Moment::now(server)?, crowd.received_by_all());
    talk.finish(&mut crowd)?;
    room.check_all_received(&mut crowd, &talk.sent)?;
    let late = quantile(&mut talk.late, 0.99);
    let mut result = after.since(&before);
    let mut insert = |key: &str, value: Value| result.insert(key.to_owned(), value);
    insert("deliveries", (received - received_before).into());
    for (key, time) in [
        ("latency_median_ns", quantile(&mut talk.latencies, 0.5)),
        ("latency_p99_ns", quantile(&mut talk.latencies, 0.99)),
        ("late_p99_ns", late),
    ] {
        insert(key, (time.context("nothing was measured")?.as_nanos() as u64).into());
    }
    Ok(result.into())
}

struct Talk {
    room: Room,
    senders: Vec<usize>,
    /// The witnesses are those that tell when a message reached them.
    roles: Vec<Role>,
    start: Instant,
    /// Messages that are not measured.
    warm_up: usize,
    /// The number of the next message.
    next: usize,
    sent: Vec<u64>,
    late: Vec<Duration>,
    latencies: Vec<Duration>,
}

impl Talk {
    fn new(room: &Room, warm_up: usize) -> Self {
        let senders: Vec<usize> = room.senders().collect();
        let is_sampled = |client: usize| client.is_multiple_of(SAMPLE_EVERY) || client + 1 == room.clients;
        Self {
            room: *room,
            sent: vec![0; senders.len()],
            senders,
            roles: room.roles(is_sampled),
            start: Instant::now(),
            warm_up,
            next: 0,
            late: Vec::new(),
            latencies: Vec::new(),
        }
    }

    fn due(&self, message: usize) -> Instant {
        self.start + INTERVAL * message as u32
    }

    /// Sends the messages below `end` as they are due, takes what comes meanwhile, and ends when that one is due.
    fn run_until_sent(&mut self, end: usize, crowd: &mut Crowd) -> Result<()> {
        let mut ready = Vec::new();
        loop {
            let mut now = Instant::now();
            while self.due(self.next) <= now {
                if self.next == end {
                    return Ok(());
                }
                self.send(now, crowd)?;
                now = Instant::now();
            }
            crowd.wait(self.due(self.next) - now, &mut ready)?;
            self.take(&ready, crowd)?;
            std::thread::sleep(NAP.min(self.due(self.next).saturating_duration_since(Instant::now())));
        }
    }

    /// Takes what is still to come, as long as something comes.
    fn finish(&mut self, crowd: &mut Crowd) -> Result<()> {
        let (mut ready, awaited) = (Vec::new(), self.next as u64 * (self.room.clients as u64 - 1));
        while crowd.received_by_all() < awaited {
            crowd.wait(self.room.silence, &mut ready)?;
            if ready.is_empty() {
                break;
            }
            self.take(&ready, crowd)?;
        }
        Ok(())
    }

    fn send(&mut self, now: Instant, crowd: &mut Crowd) -> Result<()> {
        let place = self.next % self.senders.len();
        let message = line::message(&line::room(0), &format!("{} ", self.next));
        if self.next >= self.warm_up {
            self.late.push(now - self.due(self.next));
        }
        self.next += 1;
        self.sent[place] += 1;
        crowd.send(self.senders[place], message.as_bytes())
    }

    fn take(&mut self, ready: &[usize], crowd: &mut Crowd) -> Result<()> {
        for &client in ready {
            match self.roles[client] {
                Role::Audience => crowd.count(client)?,
                Role::Sender => crowd.read_lines(client, line::check)?,
                Role::Witness => self.witness(client, crowd)?,
            }
        }
        Ok(())
    }

    fn witness(&mut self, client: usize, crowd: &mut Crowd) -> Result<()> {
        // All that one read takes has come by then.
        let mut now = None;
        crowd.read_lines(client, |line| {
            let number = number(line).with_context(|| format!("not a message: {}", line.escape_ascii()))?;
            if number >= self.warm_up {
                self.latencies.push(*now.get_or_insert_with(Instant::now) - self.due(number));
            }
            Ok(())
        })
    }
}

/// The number with which the text of a message begins.
fn number(line: &[u8]) -> Option<usize> {
    let word = line::text(line).split(|byte| *byte == b' ').next()?;
    str::from_utf8(word).ok()?.parse().ok()
}
