//! Several clients of one account on one nickname, one that stays without a client, and a stranger: who is told what, and who
//! finds what later, judged by sets of who is where and a list of what was said.
//!
//! Between, connections break, the disk fails, and the service starts again from what is on disk.

mod model;

use super::{judged, seeds};
use crate::chat::credential::Credential;
use crate::chat::tests::world::{Commits, Id, World};
use crate::chat::{AccountChange, SETTINGS_LOG, Settings};
use crate::irc::message::Message;
use crate::limits;
use crate::rng::Rng;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use model::{Client, Model, Place, STRANGER};
use std::sync::LazyLock;

/// The last has no account, and one client at a time.
const NAMES: [&str; 3] = ["ada", "ben", "cy"];
const ROOMS: [&str; 2] = ["#a", "#b"];
/// Clients of one account at a time.
const CLIENTS: usize = 4;
const CAPS: &str =
    "batch soju.im/search draft/chathistory draft/message-redaction draft/metadata-2 draft/read-marker echo-message";

/// To make it takes longer than a whole run.
static CREDENTIAL: LazyLock<Credential> = LazyLock::new(|| World::credential("correct horse"));

#[derive(Clone, Debug)]
enum Step {
    /// A client of this name; with echo-message or without.
    Come {
        who: usize,
        has_echo: bool,
    },
    /// One of the clients does something.
    Do {
        client: usize,
        act: Act,
    },
    Cut {
        client: usize,
    },
    /// Others of an account are shown the rooms into which one of them came.
    Soon,
    Disk {
        works: bool,
    },
    Restart {
        is_snapshot: bool,
    },
    /// Everybody looks at everything.
    Look,
}

#[derive(Clone, Debug)]
enum Act {
    Join(&'static str),
    Part(&'static str),
    /// To a room, or to somebody.
    Say {
        verb: &'static str,
        target: Target,
        text: String,
    },
    /// The message that was said so long ago, where it is or elsewhere.
    Redact {
        ago: usize,
        elsewhere: bool,
    },
    Set {
        value: String,
    },
    Mark {
        whom: usize,
        second: usize,
    },
    Nick,
    Quit,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Room(&'static str),
    Person(usize),
}

#[test]
fn every_client_of_an_account_sees_what_the_account_may_see() {
    (0..100).for_each(|seed| judged(seed, script(seed), run));
}

#[test]
#[ignore = "soak"]
fn every_client_of_an_account_sees_what_the_account_may_see_at_length() {
    seeds(2_000).for_each(|seed| judged(seed, script(seed), run));
}

fn script(seed: u64) -> Vec<Step> {
    let mut rng = Rng::from_seed(seed);
    let comers = [0, 0, 1, 1, 2].map(|who| Step::Come { who, has_echo: rng.chance(0.5) });
    comers.into_iter().chain((0..80).map(|number| step(&mut Rng::from_seed(seed ^ (number << 20)), number))).collect()
}

fn step(rng: &mut Rng, number: u64) -> Step {
    let client = rng.below(64) as usize;
    match rng.below(50) {
        0..5 => Step::Come { who: rng.below(3) as usize, has_echo: rng.chance(0.5) },
        5..7 => Step::Cut { client },
        7..12 => Step::Soon,
        12 => Step::Disk { works: false },
        13..15 => Step::Disk { works: true },
        15 => Step::Restart { is_snapshot: rng.chance(0.5) },
        16 => Step::Look,
        _ => Step::Do { client, act: act(rng, number) },
    }
}

fn act(rng: &mut Rng, number: u64) -> Act {
    let room = ROOMS[rng.below(2) as usize];
    match rng.below(30) {
        0..6 => Act::Join(room),
        6 => Act::Part(room),
        7..20 => {
            let person = Target::Person(rng.below(3) as usize);
            let target = if rng.chance(0.5) { Target::Room(room) } else { person };
            let verb = if rng.chance(0.8) { "PRIVMSG" } else { "NOTICE" };
            Act::Say { verb, target, text: format!("said{number}.") }
        }
        20..24 => Act::Redact { ago: rng.below(6) as usize, elsewhere: rng.chance(0.1) },
        24..26 => Act::Set { value: format!("value{number}") },
        26..28 => Act::Mark { whom: rng.below(2) as usize, second: rng.below(60) as usize },
        28 => Act::Nick,
        _ => Act::Quit,
    }
}

/// The service, and what the model says of it.
struct Scene {
    world: World,
    model: Model,
    run: u8,
}

fn run(steps: &[Step]) -> Result<(), String> {
    let mut scene = Scene::new();
    steps.iter().try_for_each(|step| scene.take(step))?;
    scene.look()
}

fn settings() -> Settings {
    Settings { ping_interval: Duration::from_hours(24 * 365), ..Settings::new("heliograph-test") }
}

impl Scene {
    fn new() -> Self {
        let mut world = World::with(settings());
        for account in NAMES.iter().filter(|name| **name != NAMES[STRANGER]).map(ToString::to_string) {
            let registered = AccountChange::Registered { account, credential: Some(CREDENTIAL.clone()), at_us: 0 };
            world.change(registered).expect("a free name");
        }
        let stays = AccountChange::AlwaysOn { account: "ada".into(), is_on: true, at_us: 0 };
        world.change(stays).expect("an account");
        Self { world, model: Model::default(), run: 7 }
    }

    fn take(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Come { who, has_echo } => self.come(*who, *has_echo),
            Step::Do { client, act } if !self.model.clients.is_empty() => {
                self.act(*client % self.model.clients.len(), act);
            }
            Step::Cut { client } if !self.model.clients.is_empty() => {
                let client = client % self.model.clients.len();
                self.world.cut(self.model.clients[client].id);
                self.model.leave(client);
            }
            Step::Do { .. } | Step::Cut { .. } => {}
            Step::Soon => return self.soon(),
            Step::Disk { works: false } => self.world.commits = Commits::Fail,
            Step::Disk { works: true } => return self.mend(),
            Step::Restart { is_snapshot } => return self.restart(*is_snapshot),
            Step::Look => return self.look(),
        }
        self.world.chat.check_bounds();
        self.compare(false)
    }

    fn come(&mut self, who: usize, has_echo: bool) {
        let most = if who == STRANGER { 1 } else { CLIENTS };
        if self.model.clients.iter().filter(|client| client.who == who).count() >= most {
            return;
        }
        let id = self.world.connect();
        let caps = if has_echo { CAPS } else { CAPS.trim_end_matches(" echo-message") };
        self.world.say(id, "CAP LS 302");
        self.world.say(id, &format!("CAP REQ :{caps}"));
        if who != STRANGER {
            self.world.say(id, &format!("PASS :{}:correct horse", NAMES[who]));
        }
        self.world.say(id, &format!("NICK {}", self.model.nick(who)));
        self.world.say(id, &format!("USER {} 0 * :Somebody", NAMES[who]));
        self.world.say(id, "METADATA * SUB url");
        self.world.say(id, "CAP END");
        self.model.come(Client { id, who, has_echo, shown: [].into(), expects: Vec::new() });
    }

    fn act(&mut self, client: usize, act: &Act) {
        let Client { id, who, .. } = self.model.clients[client];
        // A message that the disk does not take is told of, and lost; a store that is known to fail takes none.
        self.model.is_refusing = self.world.chat.storage.can_take().is_err();
        self.model.is_losing = self.world.commits == Commits::Fail;
        let line = match act {
            Act::Join(room) => {
                self.model.join(client, room);
                format!("JOIN {room}")
            }
            Act::Part(room) => {
                self.model.part(client, room);
                format!("PART {room}")
            }
            Act::Say { verb, target, text } => {
                let (place, shown) = match target {
                    Target::Room(room) => (Place::Room(room), room.to_string()),
                    Target::Person(other) => (Place::pair(who, *other), self.model.nick(*other)),
                };
                self.model.say(client, verb, &place, &shown, text);
                format!("{verb} {shown} :{text}")
            }
            Act::Redact { ago, elsewhere } => {
                let Some(number) = self.model.said.len().checked_sub(ago + 1) else { return };
                let (said, nick) = (&self.model.said[number], self.model.nick(said_to(&self.model, number, who)));
                let target = match (&said.place, elsewhere) {
                    (Place::Room(room), false) => room.to_string(),
                    (Place::Pair(..), false) => nick,
                    (_, true) => ROOMS[number % 2].to_string(),
                };
                let msgid = self.msgid(&said.text);
                self.model.redact(client, number, &target, &msgid);
                format!("REDACT {target} {msgid}")
            }
            Act::Set { value } => {
                self.model.set(client, value);
                format!("METADATA * SET url :{value}")
            }
            Act::Mark { whom, second } => {
                let moment = format!("timestamp=2020-01-01T00:00:{second:02}.000Z");
                self.model.mark(client, NAMES[*whom], &moment);
                format!("MARKREAD {} {moment}", NAMES[*whom])
            }
            // Conversations of the stranger are kept by nickname.
            Act::Nick if who == STRANGER => return,
            Act::Nick => {
                let nick = self.model.rename(client);
                format!("NICK {nick}")
            }
            Act::Quit => {
                self.model.leave(client);
                "QUIT".to_string()
            }
        };
        self.world.say(id, &line);
    }

    /// The identity of what was said so, as it is kept; of what is not, one of nothing.
    fn msgid(&self, text: &str) -> String {
        let records = self.world.logs.values().flatten().map(|record| String::from_utf8_lossy(record));
        let record = records.into_iter().find(|record| record.contains(text));
        let msgid = record.as_ref().and_then(|record| record.split("\"msgid\":\"").nth(1)?.split('"').next());
        msgid.unwrap_or("nothing-of-this").to_string()
    }

    fn soon(&mut self) -> Result<(), String> {
        self.compare(false)?;
        self.world.pass(Duration::from_millis(1));
        self.model.show_rooms();
        self.compare(true)
    }

    /// The disk works again, and the service has noticed it.
    fn mend(&mut self) -> Result<(), String> {
        self.soon()?;
        self.world.commits = Commits::AtOnce;
        self.world.pass(limits::CHAT_PROBE_INTERVAL * 2);
        self.compare(false)
    }

    fn restart(&mut self, is_snapshot: bool) -> Result<(), String> {
        self.mend()?;
        self.world.pass(limits::CHAT_STAY_SAVE * 2);
        if is_snapshot {
            let snapshot = self.world.chat.snapshot();
            self.world.logs.insert(SETTINGS_LOG.into(), snapshot);
        }
        self.run += 1;
        self.world.restart(settings(), self.run);
        self.model.restart();
        self.world.chat.check_bounds();
        Ok(())
    }

    /// Everybody reads what they are told. `is_any_order`: rooms are shown in the order in which they were joined.
    fn compare(&mut self, is_any_order: bool) -> Result<(), String> {
        for client in &mut self.model.clients {
            let mut heard: Vec<String> = self.world.hear(client.id).iter().filter_map(|line| told(line)).collect();
            let mut expected = core::mem::take(&mut client.expects);
            if is_any_order {
                heard.sort();
                expected.sort();
            }
            if heard != expected {
                return Err(format!("{:?} of {} heard {heard:?}, not {expected:?}", client.id, NAMES[client.who]));
            }
        }
        Ok(())
    }

    /// Everybody reads all that they may, and searches it; what was redacted is nowhere.
    fn look(&mut self) -> Result<(), String> {
        self.mend()?;
        for index in 0..self.model.clients.len() {
            let Client { id, who, .. } = self.model.clients[index];
            let nicks = [0, 1, STRANGER].map(|other| (Place::pair(who, other), self.model.nick(other)));
            let rooms = ROOMS.map(|room| (Place::Room(room), room.to_string()));
            let mut all = Vec::new();
            for (place, name) in nicks.into_iter().chain(rooms) {
                let expected = self.model.texts(who, &place);
                self.expect_texts(id, &format!("CHATHISTORY LATEST {name} * 100"), &expected)?;
                self.expect_texts(id, &format!("SEARCH in={name};text=said;limit=100"), &expected)?;
                all.extend(expected);
            }
            all.sort_by_key(|text| self.model.said.iter().position(|said| said.text == *text));
            self.expect_texts(id, "SEARCH text=said;limit=100", &all)?;
        }
        let gone = self.model.said.iter().filter(|said| said.is_redacted).map(|said| said.text.as_bytes());
        for text in gone {
            let mut records = self.world.logs.values().flatten();
            if records.any(|record| record.windows(text.len()).any(|part| part == text)) {
                return Err(format!("{} was redacted, and is on disk", String::from_utf8_lossy(text)));
            }
        }
        Ok(())
    }

    fn expect_texts(&mut self, id: Id, question: &str, expected: &[String]) -> Result<(), String> {
        let lines = self.world.ask(id, question);
        let said = lines.iter().filter(|line| line.contains(" PRIVMSG ") || line.contains(" NOTICE "));
        let texts: Vec<&str> = said.filter_map(|line| line.rsplit([':', ' ']).next()).collect();
        if texts == expected { Ok(()) } else { Err(format!("{question} of {id:?} shows {texts:?}, not {expected:?}")) }
    }
}

/// Who is the other one of a conversation, seen from `who`.
fn said_to(model: &Model, number: usize, who: usize) -> usize {
    match model.said[number].place {
        Place::Pair(one, other) if one == who => other,
        Place::Pair(one, _) => one,
        Place::Room(_) => who,
    }
}

/// A line that the model speaks of, as it says it.
fn told(line: &str) -> Option<String> {
    let message = Message::parse(line.as_bytes()).ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let source = message.source.map(text).unwrap_or_default();
    let (nick, verb) = (source.split('!').next().unwrap_or_default(), text(message.command));
    let params: Vec<String> = message.params.iter().map(text).collect();
    let is_told = ["PRIVMSG", "NOTICE", "JOIN", "PART", "NICK", "REDACT", "MARKREAD"].contains(&verb.as_str());
    match verb.as_str() {
        // In batches is what was set before.
        "METADATA" if message.tags.get("batch").is_none() => Some(format!("METADATA {}", params.join(" "))),
        "MARKREAD" => Some(format!("MARKREAD {}", params.join(" "))),
        "QUIT" => Some(format!("{nick} QUIT")),
        _ if is_told && source.contains('!') => Some(format!("{nick} {verb} {}", params.join(" "))),
        _ => None,
    }
}
