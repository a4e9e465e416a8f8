//! MONITOR (IRCv3 monitor, extended-monitor).

use super::world::World;
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

#[test]
fn coming_going_and_renaming_are_told() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(world.ask(ada, "MONITOR + ben,BEN,eve"), [":helio.local 731 ada :ben,BEN,eve"]);
    let ben = world.user("Ben");
    assert_eq!(world.hear(ada), [":helio.local 730 ada :Ben!Ben@127.0.0.1"]);
    world.say(ben, "NICK bEN");
    assert_eq!(world.hear(ada), [] as [&str; 0], "the same name");
    world.say(ben, "NICK eve");
    assert_eq!(world.hear(ada), [":helio.local 731 ada :bEN", ":helio.local 730 ada :eve!Ben@127.0.0.1"]);
    world.say(ben, "QUIT");
    assert_eq!(world.hear(ada), [":helio.local 731 ada :eve"]);
    let ben = world.user("ben");
    world.hear(ada);
    world.cut(ben);
    assert_eq!(world.hear(ada), [":helio.local 731 ada :ben"]);
}

#[test]
fn the_list_can_be_shown_asked_shortened_and_cleared() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.user("ben");
    let added = world.ask(ada, "MONITOR + ben,eve");
    assert_eq!(added, [":helio.local 730 ada :ben!ben@127.0.0.1", ":helio.local 731 ada :eve"]);
    assert_eq!(world.ask(ada, "MONITOR S"), added);
    let end = ":helio.local 733 ada :End of MONITOR list";
    assert_eq!(world.ask(ada, "MONITOR L"), [":helio.local 732 ada :ben,eve", end]);
    assert_eq!(world.ask(ada, "MONITOR - EVE"), [] as [&str; 0]);
    assert_eq!(world.ask(ada, "MONITOR L"), [":helio.local 732 ada :ben", end]);
    assert_eq!(world.ask(ada, "MONITOR C"), [] as [&str; 0]);
    assert_eq!(world.ask(ada, "MONITOR L"), [end]);
    world.user("eve");
    assert_eq!(world.hear(ada), [] as [&str; 0], "nobody is watched any more");
}

#[test]
fn what_is_no_command_of_monitor_is_refused() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(world.ask(ada, "MONITOR +"), [":helio.local 461 ada MONITOR :Not enough parameters"]);
    assert_eq!(world.ask(ada, "MONITOR X"), [":helio.local 400 ada MONITOR X :Could not process the command"]);
    assert_eq!(world.ask(ada, "MONITOR + *!*@*,#tea"), [] as [&str; 0], "nobody can be called that");
}

/// monitor: ERR_MONLISTFULL with the limit and what was not added.
#[test]
fn a_full_list_takes_no_more() {
    let mut world = World::new();
    let ada = world.user("ada");
    let names: Vec<String> = (0..limits::CHAT_MONITOR).map(|n| format!("n{n}")).collect();
    for some in names.chunks(32) {
        world.say(ada, &format!("MONITOR + {}", some.join(",")));
    }
    world.hear(ada);
    let full = format!(":helio.local 734 ada {} eve,fay :Monitor list is full", limits::CHAT_MONITOR);
    assert_eq!(world.ask(ada, "MONITOR + n0,eve,fay"), [":helio.local 731 ada :n0".into(), full]);
    let listed = world.ask(ada, "MONITOR L");
    assert!(listed.iter().all(|line| line.len() + 2 <= limits::IRC_BODY));
    let count = listed.iter().filter(|line| line.contains(" 732 ")).map(|line| line.split(',').count()).sum::<usize>();
    assert_eq!(count, limits::CHAT_MONITOR);
}

#[test]
fn a_watcher_that_leaves_is_forgotten() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.say(ada, "MONITOR + ben");
    world.cut(ada);
    assert!(world.chat.state.monitors.is_empty());
}

/// extended-monitor: AWAY and SETNAME without a common room, to those who can understand them; once with one.
#[test]
fn more_is_told_of_the_watched_with_extended_monitor() {
    let mut world = World::new();
    let ada = world.user_with("ada", "extended-monitor away-notify setname");
    let old = world.user_with("old", "away-notify");
    let ben = world.member("ben", "#tea");
    world.say(ada, "MONITOR + ben");
    world.say(old, "MONITOR + ben");
    world.hear_all();
    world.say(ben, "AWAY :tea");
    world.say(ben, "SETNAME :Ben B");
    let told = [":ben!ben@127.0.0.1 AWAY :tea", ":ben!ben@127.0.0.1 SETNAME :Ben B"];
    assert_eq!(world.hear(ada), told);
    assert_eq!(world.hear(old), [] as [&str; 0]);
    world.say(ada, "JOIN #tea");
    world.hear_all();
    world.say(ben, "AWAY");
    assert_eq!(world.hear(ada), [":ben!ben@127.0.0.1 AWAY"]);
}
