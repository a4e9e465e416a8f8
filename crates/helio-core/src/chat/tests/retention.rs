//! How long messages are kept (spec/event-log.md, "How long messages are kept").

use super::world::{Id, World};
use crate::chat::Retention;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const HOUR: Duration = Duration::from_hours(1);

fn kept_for(age: Option<Duration>, newest: Option<u64>) -> World {
    let mut settings = World::settings();
    settings.retention = Retention { age, newest };
    World::with(settings)
}

/// What CHATHISTORY shows of `#tea`.
fn history(world: &mut World, id: Id) -> Vec<String> {
    let heard = world.ask(id, "CHATHISTORY LATEST #tea * 50");
    let texts = heard.iter().filter(|line| line.contains(" PRIVMSG "));
    texts.filter_map(|line| Some(line.rsplit_once(" :")?.1.into())).collect()
}

/// Somebody in `#tea` who is never asked whether they are there.
fn drinker(world: &mut World, nick: &str) -> Id {
    let id = world.user_with(nick, "batch server-time message-tags draft/chathistory");
    world.ask(id, "JOIN #tea");
    id
}

fn pass(world: &mut World, id: Id, time: Duration) {
    let mut left = time;
    while left > Duration::ZERO {
        let step = left.min(Duration::from_secs(60));
        world.pass(step);
        world.ask(id, "PING x");
        left -= step;
    }
}

#[test]
fn what_is_older_than_the_setting_goes_within_an_hour_of_it() {
    let mut world = kept_for(Some(2 * HOUR), None);
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "PRIVMSG #tea :first");
    pass(&mut world, ada, HOUR + HOUR / 2);
    world.ask(ada, "PRIVMSG #tea :second");
    assert_eq!(history(&mut world, ada), ["first", "second"]);
    pass(&mut world, ada, HOUR + HOUR / 2);
    assert_eq!(history(&mut world, ada), ["second"]);
    pass(&mut world, ada, 2 * HOUR);
    assert!(history(&mut world, ada).is_empty());
    world.ask(ada, "PRIVMSG #tea :third");
    assert_eq!(history(&mut world, ada), ["third"]);
}

#[test]
fn no_more_than_the_newest_of_each_conversation_are_kept() {
    let mut world = kept_for(None, Some(3));
    let ada = drinker(&mut world, "ada");
    let ben = world.user("ben");
    for n in 0..10 {
        world.ask(ada, &format!("PRIVMSG #tea :{n}"));
        world.ask(ben, &format!("PRIVMSG ada :{n}"));
    }
    pass(&mut world, ada, limits::CHAT_RETENTION_INTERVAL + HOUR / 60);
    assert_eq!(history(&mut world, ada), ["7", "8", "9"]);
    let private = world.logs.iter().find(|(log, _)| log.starts_with("private/"));
    assert_eq!(private.map(|(_, records)| records.len()), Some(3));
}

/// Settings of rooms and accounts are not messages.
#[test]
fn what_restores_rooms_is_never_trimmed() {
    let mut world = kept_for(Some(Duration::from_secs(1)), Some(1));
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "TOPIC #tea :green");
    pass(&mut world, ada, 3 * HOUR);
    let settings = World::settings();
    world.restart(settings, 9);
    let ben = world.user("ben");
    assert!(world.ask(ben, "JOIN #tea").iter().any(|line| line.contains(" 332 ben #tea :green")));
}

/// A clock that jumps ahead, by a wrong time server say, takes nothing that could not be had back when it is set right.
#[test]
fn a_clock_that_jumps_ahead_makes_nothing_older() {
    let mut world = kept_for(Some(2 * HOUR), None);
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "PRIVMSG #tea :kept");
    let year = Duration::from_hours(24 * 365).as_micros() as i64;
    world.now.utc = Utc::from_micros(world.now.utc.micros() + year);
    pass(&mut world, ada, HOUR + HOUR / 2);
    assert_eq!(history(&mut world, ada), ["kept"]);
}

#[test]
fn by_default_everything_is_kept_and_nothing_wakes_for_it() {
    let mut world = World::new();
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "PRIVMSG #tea :kept");
    pass(&mut world, ada, 5 * HOUR);
    assert_eq!(history(&mut world, ada), ["kept"]);
    assert_eq!(world.chat.retention.next(&world.chat.settings), None);
}
