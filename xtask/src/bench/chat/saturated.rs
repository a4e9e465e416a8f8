//! As many messages in one room as the server can deliver, in a closed loop.

use super::crowd::Crowd;
use super::door::Door;
use super::line;
use super::meter::Moment;
use super::room::{Role, Room};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Messages that each sender keeps on the way.
const IN_FLIGHT: usize = 4;

/// One sender, and what is known of its messages.
struct Sender {
    client: usize,
    message: Vec<u8>,
    /// How the lines begin that its neighbour receives from it.
    source: Vec<u8>,
}

/// Each sender sends again when its neighbour, the client after it, has one more of its messages. Returns `deliveries`
/// and what they cost.
///
/// # Errors
///
/// A message is lost, or something is delivered that nobody sent.
pub(super) fn run(room: &Room, address: SocketAddr, warm_up: Duration, time: Duration, server: u32) -> Result<Value> {
    let mut crowd = Crowd::register(Door::new(address), room.clients, None)?;
    crowd.join(room.clients)?;
    crowd.start_counting()?;
    let mut talk = Talk::start(room, &mut crowd)?;
    let start = Instant::now();
    talk.run_until(start + warm_up, &mut crowd)?;
    let (before, received_before) = (Moment::now(server)?, crowd.received_by_all());
    talk.run_until(start + warm_up + time, &mut crowd)?;
    let (after, received) = (Moment::now(server)?, crowd.received_by_all());
    room.check_all_received(&mut crowd, &talk.sent)?;
    let mut result = after.since(&before);
    result.insert("deliveries".into(), (received - received_before).into());
    Ok(result.into())
}

struct Talk {
    room: Room,
    senders: Vec<Sender>,
    /// The witnesses are the neighbours.
    roles: Vec<Role>,
    /// For each client, the place in `senders` of the one that it is, or whose neighbour it is.
    place_of: Vec<usize>,
    /// Messages that each sender has sent.
    sent: Vec<u64>,
}

impl Talk {
    fn start(room: &Room, crowd: &mut Crowd) -> Result<Self> {
        let sender = |client| {
            let message = line::message(&line::room(0), "").into_bytes();
            Sender { client, message, source: format!(":{}!", line::nick(client)).into_bytes() }
        };
        let senders: Vec<_> = room.senders().map(sender).collect();
        let mut place_of = vec![0; room.clients];
        for (place, sender) in senders.iter().enumerate() {
            place_of[sender.client..=sender.client + 1].fill(place);
        }
        let roles = room.roles(|client| client > 0 && senders[place_of[client]].client + 1 == client);
        let mut talk = Self { room: *room, sent: vec![0; senders.len()], senders, roles, place_of };
        for place in 0..talk.senders.len() {
            talk.send(place, IN_FLIGHT, crowd)?;
        }
        Ok(talk)
    }

    fn run_until(&mut self, end: Instant, crowd: &mut Crowd) -> Result<()> {
        let mut ready = Vec::new();
        while Instant::now() < end {
            crowd.wait(self.room.silence, &mut ready)?;
            ensure!(!ready.is_empty(), "the server delivers nothing for {} s", self.room.silence.as_secs());
            for &client in &ready {
                match self.roles[client] {
                    Role::Audience => crowd.count(client)?,
                    Role::Sender => crowd.read_lines(client, line::check)?,
                    Role::Witness => self.hear(client, crowd)?,
                }
            }
        }
        Ok(())
    }

    /// What a neighbour has makes room for as much.
    fn hear(&mut self, client: usize, crowd: &mut Crowd) -> Result<()> {
        let place = self.place_of[client];
        let (source, mut seen) = (&self.senders[place].source, 0);
        crowd.read_lines(client, |line| {
            seen += usize::from(line.starts_with(source));
            line::check(line)
        })?;
        self.send(place, seen, crowd)
    }

    fn send(&mut self, place: usize, number: usize, crowd: &mut Crowd) -> Result<()> {
        self.sent[place] += number as u64;
        let Sender { client, message, .. } = &self.senders[place];
        if number == 0 { Ok(()) } else { crowd.send(*client, &message.repeat(number)) }
    }
}
