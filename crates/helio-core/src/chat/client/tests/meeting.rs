//! A room in which people say, answer, react, redact and change things while one of them loses the connection at any byte.
//! In the end that one sees what the server has stored: in its order, nothing twice, nothing missing.

use super::wire::{Cut, WHOLE, Wire};
use crate::chat::client::Wish;
use crate::chat::client::desk::{Buffer, Earlier, LinkState, What};
use crate::chat::tests::world::{Id, World};
use crate::chat::{Said, SaidKind};
use crate::limits;
use crate::rng::Rng;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str = "batch message-tags draft/multiline draft/message-redaction draft/event-playback draft/chathistory";

/// What the disk has of the room: ids and texts, in its order, without reactions.
fn stored(wire: &Wire) -> Vec<(String, String)> {
    let rooms = wire.world.logs.iter().filter(|(log, _)| log.starts_with("room/"));
    let records = rooms.flat_map(|(_, records)| records).filter_map(|record| serde_json::from_slice(record).ok());
    let said = records.filter(|said: &Said| said.kind != SaidKind::Tagmsg).map(|said| {
        let lines: Vec<&str> = said.lines.iter().map(|line| line.text.as_str()).collect();
        let text = match said.kind {
            SaidKind::Privmsg | SaidKind::Notice => lines.join("\n"),
            SaidKind::Topic | SaidKind::Mode | SaidKind::Rename | SaidKind::Tagmsg => String::new(),
        };
        (said.msgid.to_string(), text)
    });
    said.collect()
}

/// What the person sees of it.
fn seen(buffer: &Buffer) -> Vec<(String, String)> {
    let messages = buffer.entries().filter(|entry| entry.redacted.is_none());
    let seen = messages.filter_map(|entry| {
        let text = match &entry.what {
            What::Said(said) if said.kind == crate::chat::client::Kind::Action => {
                format!("\u{1}ACTION {}\u{1}", said.lines.join("\n"))
            }
            What::Said(said) => said.lines.join("\n"),
            What::Happened(_) => String::new(),
        };
        Some((entry.msgid.clone()?, text))
    });
    seen.collect()
}

/// What somebody does in the room.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ada(&'static str),
    Ben(&'static str),
    /// Ben reacts to the last message of Ada.
    React,
    /// Ben takes back his last message.
    Redact,
    Pass(u64),
}

const SCRIPT: &[Step] = &[
    Step::Ada("one"),
    Step::Ben("PRIVMSG #tea :two"),
    Step::Ada("three\n\nof three lines"),
    Step::React,
    Step::Pass(1),
    Step::Ben("PRIVMSG #tea :four"),
    Step::Redact,
    Step::Ben("TOPIC #tea :milk first"),
    Step::Ada("/me five"),
    Step::Ben("PRIVMSG #tea :six"),
    Step::Pass(3),
    Step::Ada("/reply seven"),
    Step::Ben("MODE #tea +m"),
    Step::Ben("MODE #tea -m"),
    Step::Ben("PRIVMSG #tea :eight"),
];

/// The texts that Ada says, which must all arrive.
const OWN: [&str; 4] = ["one", "three\n\nof three lines", "\u{1}ACTION five\u{1}", "seven"];

struct Meeting {
    wire: Wire,
    ben: Id,
    has_reacted: bool,
}

impl Meeting {
    /// Ben has said as much, and Ada has come in.
    fn new(past: usize, cut: Cut) -> Self {
        let mut world = World::new();
        world.chat.settings.ping_interval = Duration::from_secs(86_400);
        let ben = world.user_with("ben", CAPS);
        world.say(ben, "JOIN #tea");
        for number in 0..past {
            world.say(ben, &format!("PRIVMSG #tea :past {number}"));
        }
        world.hear_all();
        let mut wire = Wire::new(world, WHOLE);
        wire.pump();
        (wire.cut, wire.passed) = (cut, (0, 0));
        Self { wire, ben, has_reacted: false }
    }

    fn play(&mut self, script: &[Step]) {
        for step in script {
            match step {
                Step::Ada(line) => {
                    self.wire.client.handle_wish(Wish::Input((*line).to_string()), self.wire.world.now);
                }
                Step::Ben(line) => self.wire.world.say(self.ben, line),
                Step::React => {
                    if let Some(msgid) = self.last("ada") {
                        self.has_reacted = true;
                        let line = format!("@+draft/react=👍;+draft/reply={msgid} TAGMSG #tea");
                        self.wire.world.say(self.ben, &line);
                    }
                }
                Step::Redact => {
                    let msgid = self.last("ben").expect("Ben said something");
                    self.wire.world.say(self.ben, &format!("REDACT #tea {msgid}"));
                }
                Step::Pass(seconds) => self.wire.wait(Duration::from_secs(*seconds)),
            }
            self.wire.pump();
        }
    }

    fn last(&self, nick: &str) -> Option<String> {
        let rooms = self.wire.world.logs.iter().filter(|(log, _)| log.starts_with("room/"));
        let records = rooms.flat_map(|(_, records)| records).filter_map(|record| serde_json::from_slice(record).ok());
        let mut theirs = records.filter(|said: &Said| said.nick() == nick && said.kind == SaidKind::Privmsg);
        theirs.next_back().map(|said| said.msgid.to_string())
    }

    /// Time passes until everything is settled.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            self.wire.pump();
            let desk = self.wire.client.desk();
            let tea = desk.named("#tea").expect("the room");
            let is_online = matches!(desk.link, LinkState::Online { .. });
            if is_online && tea.is_joined && !tea.has_gap() && !tea.has_pending() {
                return;
            }
            self.wire.wait(Duration::from_millis(500));
        }
        panic!("it never settles: {:?}", self.wire.client.desk());
    }

    /// Fetches all that was said before.
    fn scroll_back(&mut self) {
        for _ in 0..100 {
            let tea = self.wire.client.desk().named("#tea").expect("the room");
            match tea.earlier {
                Earlier::Nothing => return,
                Earlier::Possible => {
                    let wish = Wish::Earlier(tea.id());
                    self.wire.client.handle_wish(wish, self.wire.world.now);
                }
                Earlier::Fetching => self.wire.wait(Duration::from_secs(1)),
            }
            self.settle();
        }
        panic!("the past never ends");
    }
}

/// One run, cut there. What the person sees is what is stored, and what they said was said once.
fn run(past: usize, cut: Cut) -> (usize, usize) {
    let mut meeting = Meeting::new(past, cut);
    meeting.play(SCRIPT);
    meeting.settle();
    meeting.scroll_back();
    let (stored, wire) = (stored(&meeting.wire), &meeting.wire);
    let tea = wire.client.desk().named("#tea").expect("the room");
    assert_eq!(seen(tea), stored, "{cut:?}");
    for text in OWN {
        let times = stored.iter().filter(|(_, stored)| stored == text).count();
        assert_eq!(times, 1, "{cut:?}: {text:?} in {stored:?}");
    }
    let reacted = tea.entries().filter(|entry| entry.reactions().any(|reaction| reaction.is_of("ben"))).count();
    assert_eq!(reacted, usize::from(meeting.has_reacted), "{cut:?}: the reaction is seen");
    wire.passed
}

fn run_all(step: usize) {
    let (to_server, to_client) = run(3, WHOLE);
    assert!(to_server > 300 && to_client > 1_000, "{to_server} {to_client}");
    for noticed_after in [Duration::ZERO, Duration::from_secs(5)] {
        for at in (0..to_server).step_by(step) {
            run(3, Cut { to_server: at, noticed_after, ..WHOLE });
        }
        for at in (0..to_client).step_by(step) {
            run(3, Cut { to_client: at, noticed_after, ..WHOLE });
        }
    }
}

#[test]
fn what_is_seen_is_what_is_stored_wherever_the_connection_is_cut() {
    run_all(23);
}

#[test]
#[ignore = "soak"]
fn what_is_seen_is_what_is_stored_whatever_byte_is_the_last() {
    run_all(1);
}

/// More than a page was said before, and more than a page is missed.
#[test]
fn pages_of_the_past_are_put_together() {
    let mut meeting = Meeting::new(2 * limits::CHAT_CLIENT_HISTORY + 10, WHOLE);
    meeting.wire.lose();
    for number in 0..3 * limits::CHAT_CLIENT_HISTORY {
        meeting.wire.world.pass(Duration::from_millis(1));
        meeting.wire.world.say(meeting.ben, &format!("PRIVMSG #tea :missed {number}"));
    }
    meeting.settle();
    let tea = meeting.wire.client.desk().named("#tea").expect("the room");
    assert_eq!(seen(tea).len(), 4 * limits::CHAT_CLIENT_HISTORY);
    assert_eq!(tea.unread, 3 * limits::CHAT_CLIENT_HISTORY);
    meeting.scroll_back();
    let tea = meeting.wire.client.desk().named("#tea").expect("the room");
    assert_eq!(seen(tea), stored(&meeting.wire));
}

/// Several cuts at random, some of them while it is being caught up.
fn random(seed: u64) {
    let mut rng = Rng::from_seed(seed);
    let mut meeting = Meeting::new(60, WHOLE);
    let lines = ["PRIVMSG #tea :a", "PRIVMSG #tea :b", "NOTICE #tea :c", "TOPIC #tea :d"];
    let mut said = Vec::new();
    for number in 0..30 {
        match rng.below(4) {
            0 => {
                let text = format!("mine {number}");
                meeting.wire.client.handle_wish(Wish::Input(text.clone()), meeting.wire.world.now);
                said.push(text);
            }
            1 => meeting.play(&[Step::Pass(rng.below(4))]),
            2 => {
                let cut = usize::try_from(rng.below(4_000)).expect("small");
                meeting.wire.cut = Cut { to_client: cut, ..WHOLE };
            }
            _ => {
                for _ in 0..rng.below(40) {
                    let line = lines[usize::try_from(rng.below(4)).expect("small")];
                    meeting.wire.world.say(meeting.ben, line);
                }
            }
        }
        meeting.wire.pump();
    }
    meeting.wire.cut = WHOLE;
    meeting.settle();
    meeting.scroll_back();
    let stored = stored(&meeting.wire);
    let tea = meeting.wire.client.desk().named("#tea").expect("the room");
    assert_eq!(seen(tea), stored, "seed {seed}");
    for text in said {
        let times = stored.iter().filter(|(_, stored)| *stored == text).count();
        assert_eq!(times, 1, "seed {seed}: {text}");
    }
}

#[test]
fn what_is_seen_is_what_is_stored_after_many_cuts() {
    (0..10).for_each(random);
}

#[test]
#[ignore = "soak"]
#[expect(clippy::disallowed_methods, reason = "only the tests have an environment")]
fn what_is_seen_is_what_is_stored_after_very_many_cuts() {
    let seed = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    (seed..seed + 500).for_each(random);
}
