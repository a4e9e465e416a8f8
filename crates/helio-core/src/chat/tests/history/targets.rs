//! CHATHISTORY TARGETS: where something was said last between two moments.

use super::super::world::{Commits, Id, World};
use super::{CAPS, Settings};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const ALWAYS: &str = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";

/// Ann said something in #a, #b and #c, one second apart, from 11:08:40 on. #d has a topic and no message.
fn world() -> (World, Id) {
    let mut world = World::new();
    let ann = world.user_with("ann", CAPS);
    world.say(ann, "JOIN #a,#b,#c,#d,#e");
    world.say(ann, "TOPIC #d :quiet");
    for room in ["#a", "#b", "#c"] {
        world.say(ann, &format!("PRIVMSG {room} :hello"));
        world.pass(Duration::from_secs(1));
    }
    world.hear_all();
    (world, ann)
}

/// `room time` of each line of the answer.
fn targets(world: &mut World, id: Id, question: &str) -> Vec<String> {
    let lines = world.ask(id, &format!("CHATHISTORY TARGETS {question}"));
    assert!(lines[0].ends_with(" draft/chathistory-targets"), "{lines:?}");
    let targets = lines[1..lines.len() - 1].iter().filter_map(|line| line.split(" CHATHISTORY TARGETS ").nth(1));
    targets.map(|target| target.replace("2026-11-22T11:08:", "")).collect()
}

#[test]
fn rooms_come_by_the_time_of_their_newest_message() {
    let (mut world, ann) = world();
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#a 40.000Z", "#b 41.000Z", "#c 42.000Z"]);
    world.say(ann, "PRIVMSG #a :again");
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#b 41.000Z", "#c 42.000Z", "#a 43.000Z"]);
    // What some may not see does not count, nor does what is no message.
    world.say(ann, "PRIVMSG @#b :secret");
    world.say(ann, "@+draft/react=x TAGMSG #b");
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#b 41.000Z", "#c 42.000Z", "#a 43.000Z"]);
    // A client without batches gets the lines alone.
    let ben = world.member("ben", "#a");
    let heard = world.ask(ben, &format!("CHATHISTORY TARGETS {ALWAYS} 9"));
    assert_eq!(heard, [":helio.local CHATHISTORY TARGETS #a 2026-11-22T11:08:43.000Z"]);
}

#[test]
fn both_ends_are_left_out_and_the_first_is_counted_from() {
    let (mut world, ann) = world();
    let at = |second: &str| format!("timestamp=2026-11-22T11:08:{second}Z");
    let mut ask = |from: &str, to: &str, limit| targets(&mut world, ann, &format!("{} {} {limit}", at(from), at(to)));
    assert_eq!(ask("40.000", "42.000", 9), ["#b 41.000Z"]);
    assert_eq!(ask("39.999", "42.001", 9), ["#a 40.000Z", "#b 41.000Z", "#c 42.000Z"]);
    assert_eq!(ask("39.999", "42.001", 2), ["#a 40.000Z", "#b 41.000Z"]);
    assert_eq!(ask("42.001", "39.999", 2), ["#b 41.000Z", "#c 42.000Z"]);
    assert_eq!(ask("41.000", "41.000", 2), [""; 0]);
}

#[test]
fn only_rooms_of_the_asker_are_told() {
    let (mut world, ann) = world();
    let ben = world.user_with("ben", CAPS);
    assert_eq!(targets(&mut world, ben, &format!("{ALWAYS} 9")), [""; 0]);
    world.say(ben, "JOIN #b");
    world.hear_all();
    assert_eq!(targets(&mut world, ben, &format!("{ALWAYS} 9")), ["#b 41.000Z"]);
    world.say(ann, "KICK #b ben");
    world.hear_all();
    assert_eq!(targets(&mut world, ben, &format!("{ALWAYS} 9")), [""; 0]);
}

/// After a start nothing is known: each room's newest message is read once, when somebody asks.
#[test]
fn after_a_restart_it_is_read_once() {
    let (mut world, _) = world();
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = world.user_with("ann", CAPS);
    world.say(ann, "JOIN #a,#b,#d,#e");
    world.hear_all();
    world.are_reads_late = true;
    world.say(ann, &format!("CHATHISTORY TARGETS {ALWAYS} 9"));
    assert_eq!(world.late_reads.len(), 3, "the rooms that are kept");
    // What is said meanwhile counts; who was removed meanwhile is not told.
    let ben = world.member("ben", "#b");
    world.promote(ben);
    world.say(ann, "PRIVMSG #a :new");
    world.say(ann, "PART #b");
    world.read();
    let lines = world.hear(ann);
    let told: Vec<_> = lines.iter().filter(|line| line.contains(" CHATHISTORY TARGETS ")).collect();
    assert!(told.len() == 1 && told[0].ends_with(" #a 2026-11-22T11:08:43.000Z"), "{lines:?}");
    world.chat.check_bounds();
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#a 43.000Z"], "nothing is read again");
    assert!(world.late_reads.is_empty());
}

#[test]
fn a_room_that_ended_meanwhile_is_forgotten() {
    let (mut world, _) = world();
    world.restart(Settings::new("heliograph-test"), 9);
    world.chat.settings.keep_empty_rooms = Duration::from_secs(1);
    let ann = world.user_with("ann", CAPS);
    world.say(ann, "JOIN #a");
    world.are_reads_late = true;
    world.say(ann, &format!("CHATHISTORY TARGETS {ALWAYS} 9"));
    world.say(ann, "PART #a");
    world.pass(Duration::from_secs(3));
    world.read();
    world.chat.check_bounds();
    assert!(world.hear(ann).iter().all(|line| !line.contains(" CHATHISTORY TARGETS ")));
}

/// A message that was not kept was not the newest one.
#[test]
fn what_was_lost_does_not_count() {
    let (mut world, ann) = world();
    world.commits = Commits::Fail;
    world.say(ann, "PRIVMSG #a :lost");
    world.hear_all();
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#a 40.000Z", "#b 41.000Z", "#c 42.000Z"]);
    world.say(ann, "PRIVMSG #a :refused");
    world.hear_all();
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9"))[0], "#a 40.000Z");
}

#[test]
fn a_store_that_fails_is_an_error() {
    let (mut world, _) = world();
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = world.user_with("ann", CAPS);
    world.say(ann, "JOIN #a");
    world.hear_all();
    world.are_reads_failing = true;
    let refusal = [":helio.local FAIL CHATHISTORY MESSAGE_ERROR TARGETS :Messages could not be retrieved"];
    assert_eq!(world.ask(ann, &format!("CHATHISTORY TARGETS {ALWAYS} 9")), refusal);
    world.are_reads_failing = false;
    assert_eq!(targets(&mut world, ann, &format!("{ALWAYS} 9")), ["#a 40.000Z"]);
}
