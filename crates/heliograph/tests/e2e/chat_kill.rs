//! `kill -9` at random moments: what was acknowledged is there, once and in order (`spec/event-log.md`, "Order and
//! acknowledgement"). The judge compares with the files, read by Python's `sqlite3`, and with what the server shows.

mod judge;
pub(crate) mod stored;
pub(crate) mod talker;

use crate::support::chat::{Client, address, chat};
use crate::support::{PLENTY, Running, without};
use helio_core::rng::Rng;
use judge::{Judge, Shown};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;
use stored::stored;
use talker::{Line, Met, Session, Talker};

const TALKERS: usize = 30;
const ROOMS: usize = 5;

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = []
web-listen = []
web-tls-listen = []
line-listen = []
replay-messages = 1000
";

#[test]
fn what_was_acknowledged_survives_ten_kills() {
    let total = (0..2).map(|seed| lives(seed, 5)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    eprintln!("10 kills: {} messages acknowledged and kept, {} sent and lost", total.0, total.1);
}

#[test]
#[ignore = "soak"]
fn what_was_acknowledged_survives_hundreds_of_kills() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    let mut rng = Rng::from_seed(first);
    let total = (0..20).map(|_| lives(rng.next_u64(), 10)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    eprintln!("200 kills: {} messages acknowledged and kept, {} sent and lost", total.0, total.1);
}

/// One data directory through `count` kills; how many messages were acknowledged, and how many lost that were not.
fn lives(seed: u64, count: u32) -> (usize, usize) {
    if without("python3") {
        return (0, 0);
    }
    eprintln!("seed {seed}");
    let mut rng = Rng::from_seed(seed);
    let (dir, mut judge) = (tempfile::tempdir().unwrap(), Judge::default());
    for life in 1..=count {
        let sessions = live(dir.path(), life, &mut judge, &mut rng);
        judge.after_kill(life, &sessions, &stored(&dir.path().join("data")));
        while rng.chance(0.5) {
            kill_at_start(dir.path(), &mut rng);
        }
    }
    let mut serving = Running::start(&mut chat(dir.path(), SETTINGS));
    read_back(address(&mut serving), &mut judge);
    (judge.acknowledged, judge.lost)
}

/// One life of the server: what it shows of earlier ones, many clients that talk, and the kill.
fn live(dir: &Path, life: u32, judge: &mut Judge, rng: &mut Rng) -> Vec<Session> {
    let mut serving = Running::start(&mut chat(dir, SETTINGS));
    let at = address(&mut serving);
    if life > 1 {
        read_back(at, judge);
    }
    let talkers: Vec<Talker> = (0..TALKERS)
        .map(|n| {
            let who = [format!("c{n}"), format!("c{}", (n + 1) % TALKERS), format!("#r{}", n % ROOMS)];
            Talker::join(at, life, [&who[0], &who[1], &who[2]], n < ROOMS, rng)
        })
        .collect();
    let (told, hears) = channel();
    let threads: Vec<_> = talkers
        .into_iter()
        .map(|talker| {
            let told = told.clone();
            std::thread::spawn(move || talker.talk(&told))
        })
        .collect();
    for _ in 0..rng.below(600) {
        hears.recv_timeout(PLENTY).unwrap();
    }
    // SIGKILL, and its end awaited.
    drop(serving);
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Kills a server that is about to start, at any moment up to a little after it is ready.
fn kill_at_start(dir: &Path, rng: &mut Rng) {
    let serving = Running::start(&mut chat(dir, SETTINGS));
    std::thread::sleep(Duration::from_micros(rng.below(60_000)));
    drop(serving);
}

/// Comes into every room, and leaves when everything is seen.
fn read_back(at: SocketAddr, judge: &mut Judge) {
    let mut reader = Client::join_with(at, "reader", "batch message-tags server-time", "#elsewhere");
    for room in (0..ROOMS).map(|n| format!("#r{n}")) {
        reader.say(&format!("JOIN {room}\r\nMODE {room}\r\nMODE {room} b\r\nPING end"));
        let lines = reader.hear_until(" PONG ");
        let (shown, mut settings) = (messages(&lines), Shown::default());
        for line in lines.iter().map(|line| Line::parse(line)) {
            match line.verb {
                "332" => settings.topic = Some(line.params[2].into()),
                "324" => settings.limit = line.params.get(3).and_then(|limit| limit.parse().ok()),
                "367" => settings.bans.push(line.params[2].into()),
                _ => {}
            }
        }
        judge.after_restart(&room, &shown, &settings);
        judge.is_all_there(&room, &pages(&mut reader, &room));
    }
    // Its end is seen before the rooms are entered again by those who are to be their operators.
    reader.say("QUIT");
    while reader.hear_line().is_some() {}
}

/// Everything that CHATHISTORY shows of a room, page by page from the newest on.
fn pages(reader: &mut Client, room: &str) -> Vec<Met> {
    let mut all: Vec<Met> = Vec::new();
    let mut question = format!("CHATHISTORY LATEST {room} * 100");
    loop {
        reader.say(&format!("{question}\r\nPING end"));
        let page = messages(&reader.hear_until(" PONG "));
        let Some(oldest) = page.first() else { return all };
        question = format!("CHATHISTORY BEFORE {room} msgid={} 100", oldest.msgid.as_deref().unwrap_or_default());
        all.splice(0..0, page);
    }
}

/// The messages among these lines, each with its first line.
fn messages(lines: &[String]) -> Vec<Met> {
    let lines = lines.iter().map(|line| Line::parse(line));
    let first = lines.filter(|line| matches!(line.verb, "PRIVMSG" | "NOTICE") && !line.params[1].contains('/'));
    let met = first.map(|line| {
        let msgid = line.tag("msgid").map(String::from);
        Met { place: line.params[0].into(), text: line.params[1].into(), msgid }
    });
    met.collect()
}
