//! Rooms that are empty, restarts, and a disk that fails.

use super::world::{Commits, Id, World};
use crate::chat::{SETTINGS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

fn records(world: &World) -> Vec<String> {
    let log = world.logs.get(SETTINGS_LOG).cloned().unwrap_or_default();
    log.into_iter().map(|record| String::from_utf8(record).expect("UTF-8")).collect()
}

fn restart(world: &mut World) {
    world.restart(Settings::new("heliograph-test"), 9);
}

/// Whoever leaves comes back: the sessions of one person after another.
fn leave(world: &mut World, id: Id) {
    world.cut(id);
    world.hear_all();
}

#[test]
fn a_room_in_which_nothing_was_said_or_set_ends_with_its_last_member() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "MODE #tea +v ada");
    world.say(ada, "PART #tea");
    assert!(world.chat.state.rooms.is_empty());
    assert_eq!(records(&world), [] as [&str; 0], "and the disk never heard of it");
}

#[test]
fn a_room_in_which_something_was_said_or_set_is_kept_while_empty() {
    for (line, kept) in [("PRIVMSG #tea :hot", 1), ("TOPIC #tea :hot", 2), ("MODE #tea +m", 2), ("MODE #tea +b x", 2)] {
        let mut world = World::new();
        let ada = world.member("ada", "#tea");
        world.say(ada, line);
        leave(&mut world, ada);
        assert!(world.chat.state.room("#tea").is_some(), "{line}");
        assert_eq!(records(&world).len(), kept, "{line}");
    }
}

/// Topic, modes, lists and conversation survive emptiness and restart.
#[test]
fn a_restart_restores_rooms_as_they_were() {
    let mut world = World::new();
    let ada = world.member("ada", "#Tea");
    world.say(ada, "TOPIC #tea :green");
    world.say(ada, "MODE #tea +sbk-t bad key");
    world.say(ada, "PRIVMSG #tea :kept");
    world.pass(Duration::from_millis(1));
    restart(&mut world);
    let ben = world.user("ben");
    assert!(world.ask(ben, "JOIN #tea")[0].contains(" 475 "), "an empty room keeps its key");
    let heard = world.ask(ben, "JOIN #tea key");
    assert_eq!(heard[0], ":ben!ben@127.0.0.1 JOIN #Tea");
    assert_eq!(heard[1], ":helio.local 332 ben #Tea :green");
    assert_eq!(heard[3], ":helio.local 353 ben @ #Tea :@ben", "who comes into an empty room is its operator");
    assert!(heard.iter().any(|line| line.ends_with(":kept")), "{heard:?}");
    assert_eq!(world.ask(ben, "MODE #tea")[0], ":helio.local 324 ben #Tea +nsk key");
    assert_eq!(world.ask(ben, "MODE #tea b").len(), 2);
}

/// Otherwise whoever waits until a closed room is empty would own it.
#[test]
fn an_empty_room_stays_closed_to_whom_it_was_closed() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "MODE #tea +iIb ~a:friend banned");
    restart(&mut world);
    let (ben, friend, banned, root) = (world.user("ben"), world.user("cleo"), world.user("banned"), world.user("root"));
    world.log_in(friend, "friend");
    world.promote(root);
    assert!(world.ask(ben, "JOIN #tea")[0].contains(" 473 "));
    assert!(world.ask(banned, "JOIN #tea")[0].contains(" 474 "));
    assert!(world.ask(friend, "JOIN #tea").iter().any(|line| line.ends_with(":@cleo")));
    world.say(friend, "PART #tea");
    assert!(world.ask(root, "JOIN #tea").iter().any(|line| line.ends_with(":@root")));
}

#[test]
fn a_room_that_was_empty_for_long_ends_and_its_conversation_is_forgotten() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "PRIVMSG #tea :hot");
    assert_eq!(world.logs.len(), 2);
    leave(&mut world, ada);
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT - Duration::from_secs(1));
    assert!(world.chat.state.room("#tea").is_some());
    world.pass(Duration::from_secs(2));
    assert!(world.chat.state.room("#tea").is_none());
    assert_eq!(world.logs.len(), 1, "only the log of settings is left");
    restart(&mut world);
    assert!(world.chat.state.rooms.is_empty());
}

#[test]
fn coming_back_begins_the_time_anew() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "PRIVMSG #tea :hot");
    leave(&mut world, ada);
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT / 2);
    let ben = world.member("ben", "#tea");
    leave(&mut world, ben);
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT / 2 + Duration::from_secs(1));
    assert!(world.chat.state.room("#tea").is_some());
}

#[test]
fn at_the_bound_a_new_room_takes_the_place_of_the_one_that_was_empty_for_longest() {
    let mut world = World::new();
    for n in 0..limits::CHAT_ROOMS {
        let record = format!(r##"{{"event":"created","id":"r{n}","name":"#{n:05}","at_us":0}}"##);
        world.chat.handle_restored(record.as_bytes(), world.now).expect("a record");
        if n == 0 {
            world.now.utc = crate::time::Utc::from_micros(world.now.utc.micros() + 1);
        }
    }
    let ada = world.user("ada");
    let full = ":helio.local 437 ada #new :Nick/channel is temporarily unavailable";
    let safe = i64::try_from(limits::CHAT_EMPTY_ROOM_SAFE.as_micros()).expect("a time");
    world.now.utc = crate::time::Utc::from_micros(world.now.utc.micros() - 2 + safe);
    assert_eq!(world.ask(ada, "JOIN #new"), [full], "nobody's room ends because others make many");
    world.now.utc = crate::time::Utc::from_micros(world.now.utc.micros() + 1);
    world.say(ada, "JOIN #new");
    world.hear_all();
    assert_eq!(world.chat.state.rooms.len(), limits::CHAT_ROOMS);
    assert!(world.chat.state.room("#00000").is_none() && world.chat.state.room("#new").is_some());
    // With no empty room to end, or none whose end could be stored, there is no place.
    world.commits = Commits::Fail;
    world.say(ada, "PRIVMSG #new :x");
    world.hear_all();
    assert_eq!(world.ask(ada, "JOIN #newer"), [":helio.local 437 ada #newer :Nick/channel is temporarily unavailable"]);
}

/// The change stays visible, its author is told, nothing more is taken; when the disk works again it is stored.
#[test]
fn settings_that_could_not_be_stored_are_stored_when_the_disk_works_again() {
    let mut world = World::new();
    let ada = world.user_with("ada", "standard-replies");
    world.say(ada, "JOIN #tea");
    let ben = world.member("ben", "#tea");
    world.say(ada, "MODE #tea +b first");
    world.commits = Commits::WhenTold;
    world.say(ada, "TOPIC #tea :green");
    world.say(ada, "MODE #tea -b first");
    world.hear_all();
    world.fail();
    let fail = |command| {
        format!(":helio.local FAIL {command} SETTING_NOT_STORED #tea :Setting was changed but could not be stored yet")
    };
    assert_eq!(world.hear(ada), [fail("TOPIC"), fail("MODE")]);
    assert_eq!(world.ask(ben, "TOPIC #tea")[0], ":helio.local 332 ben #tea :green");
    world.commits = Commits::Fail;
    for line in ["TOPIC #tea :black", "MODE #tea +m", "PRIVMSG #tea :x"] {
        let heard = world.ask(ada, line);
        assert!(heard.len() == 1 && heard[0].contains(" STORE_UNAVAILABLE "), "{line}: {heard:?}");
    }
    assert_eq!(world.ask(ada, "MODE #tea +mv ben").len(), 2, "a status is not stored, so it may be given");
    world.hear_all();
    assert_eq!(world.ask(ben, "JOIN #new").len(), 3, "a room without settings needs no disk");
    world.pass(Duration::from_secs(5));
    world.commits = Commits::AtOnce;
    world.pass(Duration::from_secs(2));
    restart(&mut world);
    let cleo = world.user("cleo");
    assert_eq!(world.ask(cleo, "JOIN #tea")[1], ":helio.local 332 cleo #tea :green");
    assert_eq!(world.ask(cleo, "MODE #tea b"), [":helio.local 368 cleo #tea :End of channel ban list"]);
}

/// The end of a room is a setting too: what ended does not come back.
#[test]
fn an_end_that_could_not_be_stored_is_stored_later() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "PRIVMSG #tea :hot");
    leave(&mut world, ada);
    world.commits = Commits::Fail;
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT + Duration::from_secs(1));
    world.commits = Commits::AtOnce;
    world.pass(Duration::from_secs(2));
    restart(&mut world);
    assert!(world.chat.state.rooms.is_empty());
}

/// What was said in a room whose first record failed is found again: the room is stored before.
#[test]
fn the_first_message_of_a_room_may_fail() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.commits = Commits::Fail;
    world.say(ada, "PRIVMSG #tea :lost");
    world.commits = Commits::AtOnce;
    world.pass(Duration::from_secs(2));
    world.say(ada, "PRIVMSG #tea :kept");
    restart(&mut world);
    let ben = world.user("ben");
    assert!(world.ask(ben, "JOIN #tea").iter().any(|line| line.ends_with(":kept")));
}

#[test]
fn a_snapshot_has_one_record_for_each_room_and_restores_the_same() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    for line in ["TOPIC #tea :a", "TOPIC #tea :b", "MODE #tea +bk x key", "JOIN #milk", "TOPIC #milk :c", "JOIN #plain"]
    {
        world.say(ada, line);
    }
    assert_eq!(records(&world).len(), 6);
    let snapshot = world.chat.snapshot();
    assert_eq!(snapshot.len(), 2);
    restart(&mut world);
    let rooms = core::mem::take(&mut world.chat.state.rooms);
    world.logs.insert(SETTINGS_LOG.into(), snapshot);
    restart(&mut world);
    assert_eq!(world.chat.state.rooms, rooms);
}
