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
fn by_default_everything_is_kept() {
    let mut world = World::new();
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "PRIVMSG #tea :kept");
    pass(&mut world, ada, 5 * HOUR);
    assert_eq!(history(&mut world, ada), ["kept"]);
}

/// The founder of a registered room bounds what is kept of it, and no other room; the server's own bounds stay.
#[test]
fn a_founder_lets_messages_of_a_room_go_sooner() {
    let mut world = kept_for(None, Some(5));
    let ada = drinker(&mut world, "ada");
    world.log_in(ada, "ada");
    assert!(world.ask(ada, "ROOM SET #tea keep-newest 2")[0].contains(" 400 ada ROOM #tea "), "not registered");
    world.say(ada, "ROOM REGISTER #tea");
    let ben = drinker(&mut world, "ben");
    world.say(ada, "MODE #tea +o ben");
    world.hear_all();
    assert!(world.ask(ben, "ROOM SET #tea keep-newest 2")[0].contains(" 482 "), "operators do not decide that");
    world.hear_all();
    for value in ["0", "x", "-1", "99999999999999999999"] {
        let refused = world.ask(ada, &format!("ROOM SET #tea keep-newest {value}"));
        assert!(refused[0].contains(" 400 ada ROOM SET keep-newest "), "{refused:?}");
    }
    assert!(world.ask(ada, "ROOM SET #tea keep-newest 2")[0].ends_with("what is not kept goes within hours"));
    assert!(world.ask(ada, "ROOM SET #tea keep-newest 2")[0].contains("It is like that already"));
    world.ask(ada, "ROOM SET #tea keep-days 9");
    let info = world.ask(ada, "ROOM INFO #tea").concat();
    assert!(info.contains("#tea keep-days 9") && info.contains("#tea keep-newest 2"), "{info}");
    world.ask(ada, "JOIN #milk");
    for n in 0..9 {
        world.ask(ada, &format!("PRIVMSG #tea,#milk :{n}"));
    }
    let settings = world.chat.settings.clone();
    world.restart(settings, 9);
    let ada = drinker(&mut world, "ada");
    world.ask(ada, "JOIN #milk");
    pass(&mut world, ada, limits::CHAT_RETENTION_INTERVAL + HOUR / 60);
    assert_eq!(history(&mut world, ada), ["7", "8"], "what was set lasts over a restart");
    let milk = world.ask(ada, "CHATHISTORY LATEST #milk * 50");
    assert_eq!(milk.iter().filter(|line| line.contains(" PRIVMSG ")).count(), 5);
}
