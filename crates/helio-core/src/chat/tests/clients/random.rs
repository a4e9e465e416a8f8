//! Anything in any order: every client always knows of exactly the rooms in which its user is.

use super::World;
use crate::chat::tests::world::Id;
use crate::chat::{AccountChange, SETTINGS_LOG};
use crate::irc::casemap::fold;
use crate::limits;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

/// A client, and what it believes after all that it has heard.
struct Watcher {
    id: Id,
    account: &'static str,
    rooms: BTreeSet<String>,
}

#[derive(Clone, Debug)]
enum Step {
    Come(bool),
    Say(usize, &'static str),
    Cut(usize),
    Stay(bool),
    Wait,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let lines = [
        "JOIN #a",
        "JOIN #b,#c",
        "PART #a",
        "PART #b,#c",
        "JOIN 0",
        "PRIVMSG #a :text",
        "NICK ada",
        "NICK adah",
        "KICK #a ada",
        "KICK #a ben",
        "MONITOR + ben,ada",
        "AWAY :tea",
        "AWAY",
        "QUIT",
        "MODE #a +o ben",
        "NAMES #a",
    ];
    prop_oneof![
        3 => any::<bool>().prop_map(Step::Come),
        12 => (any::<usize>(), prop::sample::select(lines.to_vec())).prop_map(|(who, line)| Step::Say(who, line)),
        1 => any::<usize>().prop_map(Step::Cut),
        1 => any::<bool>().prop_map(Step::Stay),
        2 => Just(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

impl Watcher {
    fn hear(&mut self, lines: &[String]) {
        for line in lines {
            let words: Vec<&str> = line.trim_start_matches(':').split(' ').collect();
            let is_own = words[0].ends_with(&format!("!{}@127.0.0.1", self.account));
            match words[..] {
                [_, "JOIN", room, ..] if is_own => assert!(self.rooms.insert(room.to_string()), "twice: {line}"),
                [_, "PART", room, ..] if is_own => assert!(self.rooms.remove(room), "was not there: {line}"),
                [_, "KICK", room, nick, ..] if nick.starts_with(&self.account[..2]) => _ = self.rooms.remove(room),
                [_, "PRIVMSG" | "MODE", room, ..] if room.starts_with('#') && !is_own => {
                    assert!(self.rooms.contains(room), "told of a room that it does not know: {line}");
                }
                _ => {}
            }
        }
    }
}

fn come(world: &mut World, account: &'static str) -> Option<Watcher> {
    let id = world.connect();
    let nick = world.chat.state.users.values().find(|user| user.username == account).map(|user| user.nick.clone());
    for line in [format!("PASS :{account}:correct horse"), format!("NICK {}", nick.unwrap_or(account.into()))] {
        world.say(id, &line);
    }
    world.say(id, &format!("USER {account} 0 * :Somebody"));
    let is_here = world.chat.sessions.get(id.0).is_some_and(|session| session.user().is_some());
    let mut watcher = Watcher { id, account, rooms: BTreeSet::new() };
    watcher.hear(&world.hear(id));
    is_here.then_some(watcher)
}

fn restart(world: &mut World, run: u8) {
    world.pass(limits::CHAT_STAY_SAVE * 2);
    if run.is_multiple_of(2) {
        let snapshot = world.chat.snapshot();
        world.logs.insert(SETTINGS_LOG.into(), snapshot);
    }
    let settings = world.chat.settings.clone();
    world.restart(settings, run);
}

fn compare(world: &mut World, watchers: &mut [Watcher]) {
    world.pass(Duration::from_secs(1));
    world.chat.check_bounds();
    for watcher in watchers {
        watcher.hear(&world.hear(watcher.id));
        let rooms = world.chat.state.rooms_of(world.user_id(watcher.id));
        let rooms: BTreeSet<String> = rooms.map(|room| fold(&room.name).to_string()).collect();
        assert_eq!(watcher.rooms, rooms, "what a client of {} believes", watcher.account);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_client_knows_where_its_user_is(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        world.add_account("ada");
        world.add_account("ben");
        let (mut watchers, mut run) = (Vec::new(), 8u8);
        for step in steps {
            match step {
                Step::Come(is_ada) => watchers.extend(come(&mut world, if is_ada { "ada" } else { "ben" })),
                Step::Say(who, line) if !watchers.is_empty() => {
                    let id = watchers[who % watchers.len()].id;
                    world.say(id, line);
                }
                Step::Cut(who) if !watchers.is_empty() => {
                    let gone = watchers.remove(who % watchers.len());
                    world.cut(gone.id);
                }
                Step::Say(..) | Step::Cut(_) => {}
                Step::Stay(is_on) => {
                    // Refused when it is so already.
                    _ = world.change(AccountChange::AlwaysOn { account: "ada".into(), is_on, at_us: 0 });
                }
                Step::Wait => compare(&mut world, &mut watchers),
                Step::Restart => {
                    watchers.clear();
                    run += 1;
                    restart(&mut world, run);
                }
            }
            watchers.retain(|watcher| !world.is_closed(watcher.id));
            world.chat.check_bounds();
        }
        compare(&mut world, &mut watchers);
    }
}
