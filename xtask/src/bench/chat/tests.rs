//! The scenarios against a server of a few lines that delivers everything, or not quite.

use super::acknowledged;
use super::crowd::Crowd;
use super::door::Door;
use super::idle;
use super::joins;
use super::line;
use super::room::Room;
use super::saturated;
use super::spread;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Clients 1 and 4 send; 2 and 5 are their neighbours; 0 and 5 are sampled.
const ROOM: Room = Room { clients: 6, senders: 2, silence: Duration::from_secs(1) };

/// The client to which not everything is delivered once.
const VICTIM: &str = "c00005";

/// What the server does with the deliveries of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Sound,
    /// The victim does not get the tenth message.
    Loses,
    /// The victim gets the tenth message twice.
    Doubles,
    /// Messages to rooms are refused.
    Refuses,
}

/// Who is in which room, in the order of joining.
#[derive(Default)]
struct State {
    rooms: BTreeMap<String, Vec<(String, TcpStream)>>,
    messages: usize,
}

struct Ircd {
    state: Mutex<State>,
    habit: Habit,
}

impl Ircd {
    /// A server for as long as the test runs, a thread a connection.
    fn start(habit: Habit) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let ircd = Arc::new(Self { state: Mutex::default(), habit });
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (ircd, stream) = (Arc::clone(&ircd), stream.unwrap());
                std::thread::spawn(move || ircd.serve(&stream));
            }
        });
        address
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn serve(&self, mut stream: &TcpStream) {
        let mut nick = String::new();
        for text in BufReader::new(stream).lines().map_while(Result::ok) {
            let (label, command) = match text.strip_prefix("@label=").and_then(|rest| rest.split_once(' ')) {
                Some((label, command)) => (Some(label), command),
                None => (None, text.as_str()),
            };
            let words: Vec<&str> = command.split(' ').collect();
            match words[0] {
                "NICK" => nick = words[1].to_owned(),
                "USER" => write!(stream, ":s 001 {nick} :welcome\r\n:s 422 {nick} :no motd\r\n").unwrap(),
                "JOIN" => self.join(&nick, words[1], stream),
                "PRIVMSG" => self.relay(&nick, label, words[1], command, stream),
                _ => {}
            }
        }
    }

    fn join(&self, nick: &str, room: &str, mut stream: &TcpStream) {
        let mut state = self.lock();
        let members = state.rooms.entry(room.to_owned()).or_default();
        members.push((nick.to_owned(), stream.try_clone().unwrap()));
        for (_, member) in members {
            write!(member, ":{nick}!u@h JOIN {room}\r\n").unwrap();
        }
        write!(stream, ":s 366 {nick} {room} :end of names\r\n").unwrap();
    }

    fn relay(&self, nick: &str, label: Option<&str>, room: &str, command: &str, mut stream: &TcpStream) {
        if self.habit == Habit::Refuses {
            return write!(stream, ":s 404 {nick} {room} :cannot send\r\n").unwrap();
        }
        let mut state = self.lock();
        state.messages += 1;
        let is_tenth = state.messages == 10;
        let members = &state.rooms[room];
        let line = format!(":{nick}!u@h {command}\r\n");
        for (name, mut member) in members.iter().filter(|(name, _)| name != nick).map(|(name, member)| (name, member)) {
            let times = match self.habit {
                Habit::Loses if is_tenth && name == VICTIM => 0,
                Habit::Doubles if is_tenth && name == VICTIM => 2,
                Habit::Loses | Habit::Doubles | Habit::Sound | Habit::Refuses => 1,
            };
            // The client may be done.
            let _ = member.write_all(line.repeat(times).as_bytes());
        }
        if let Some(label) = label {
            let _ = write!(stream, "@label={label} {line}");
        }
    }
}

fn saturate(habit: Habit) -> anyhow::Result<serde_json::Value> {
    let time = Duration::from_millis(20);
    saturated::run(&ROOM, Ircd::start(habit), time, time, std::process::id())
}

fn pace(habit: Habit) -> anyhow::Result<serde_json::Value> {
    spread::run(&ROOM, Ircd::start(habit), 2, 20, std::process::id())
}

#[test]
fn a_saturated_room_is_counted() {
    let result = saturate(Habit::Sound).unwrap();
    assert!(result["deliveries"].is_u64(), "{result}");
    assert!(result["elapsed_ns"].as_u64().unwrap() > 0, "{result}");
}

#[test]
fn a_paced_room_is_timed_for_every_sampled_client() {
    let result = pace(Habit::Sound).unwrap();
    assert!(result["latency_p99_ns"].as_u64() >= result["latency_median_ns"].as_u64(), "{result}");
}

#[test]
fn a_lost_or_doubled_delivery_is_an_error() {
    for (habit, run) in [
        (Habit::Loses, saturate as fn(Habit) -> anyhow::Result<serde_json::Value>),
        (Habit::Doubles, saturate),
        (Habit::Loses, pace),
        (Habit::Doubles, pace),
    ] {
        let error = run(habit).unwrap_err().to_string();
        assert!(error.starts_with("client 5 received "), "{error}");
    }
}

#[test]
fn a_refusal_is_an_error_that_quotes_it() {
    for error in [saturate(Habit::Refuses).unwrap_err(), pace(Habit::Refuses).unwrap_err()] {
        assert!(error.to_string().contains("404"), "{error}");
    }
}

#[test]
fn joins_are_awaited_until_everyone_has_seen_everyone() {
    let result = joins::run(6, Ircd::start(Habit::Sound), std::process::id()).unwrap();
    assert!(result["elapsed_ns"].as_u64().unwrap() > 0);
    let mut crowd = Crowd::register(Door::new(Ircd::start(Habit::Sound)), 6, None).unwrap();
    assert_eq!(crowd.join(4).unwrap_err().to_string(), "6 clients do not fill rooms of 4");
    crowd.join(3).unwrap();
    // In both rooms: 3 + 2 + 1 joins, and 3 ends of lists; and the two lines of the welcome each.
    assert_eq!(crowd.received_by_all(), 2 * (6 + 3) + 6 * 2);
    crowd.start_counting().unwrap();
    crowd.send(0, line::message(&line::room(0), "").as_bytes()).unwrap();
    crowd.wait_for_quiet().unwrap();
    assert_eq!(crowd.received(), [0, 1, 1, 0, 0, 0]);
}

#[test]
fn own_echoes_are_the_acknowledgements() {
    let time = Duration::from_millis(20);
    let result = acknowledged::run((6, 3), Ircd::start(Habit::Sound), time, time, std::process::id()).unwrap();
    assert!(result["acknowledged"].as_u64().unwrap() > 0, "{result}");
    assert!(acknowledged::run((6, 3), Ircd::start(Habit::Refuses), time, time, std::process::id()).is_err());
}

#[test]
fn idle_clients_are_all_registered_before_memory_is_taken() {
    let result = idle::run(6, false, Ircd::start(Habit::Sound), std::process::id()).unwrap();
    assert!(result["resident_bytes"].is_u64(), "{result}");
}
