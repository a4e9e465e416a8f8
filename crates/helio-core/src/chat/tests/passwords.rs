//! Passwords that take their time to be compared: what comes behind them waits.

use super::world::World;
use crate::chat::Settings;
use crate::limits;
use alloc::format;
use alloc::string::String;

/// A world in which passwords are compared when the test says so.
fn slow(settings: Settings) -> World {
    let mut world = World::with(settings);
    world.are_passwords_late = true;
    world
}

fn closed_to_strangers() -> Settings {
    Settings { password_hash: Some("sesame".into()), ..World::settings() }
}

#[test]
fn what_comes_behind_oper_waits_for_its_answer() {
    let mut world = slow(World::settings());
    let (ada, ben) = (world.user("ada"), world.user("ben"));
    for line in ["OPER boss secret", "PING 1", "WALLOPS :tea", "PING 2"] {
        world.say(ada, line);
    }
    assert_eq!(world.hear(ada), [] as [&str; 0]);
    assert!(world.chat.is_behind(ada.0), "a driver hands in no more");
    assert_eq!(world.ask(ben, "PING x").len(), 1, "nobody else waits");
    world.compare();
    assert_eq!(
        world.hear(ada),
        [
            ":ada!ada@127.0.0.1 MODE ada +o",
            ":ada!ada@127.0.0.1 MODE ada +s",
            ":helio.local 381 ada :You are now an IRC operator",
            ":helio.local PONG helio.local :1",
            ":helio.local PONG helio.local :2",
        ]
    );
    assert!(!world.chat.is_behind(ada.0));
    assert_eq!(world.ask(ada, "PING 3").len(), 1);
}

#[test]
fn a_second_password_in_what_waits_holds_back_the_rest() {
    let mut world = slow(World::settings());
    let ada = world.user("ada");
    world.say(ada, "OPER boss guess");
    world.pass(limits::CHAT_OPER_INTERVAL);
    for line in ["PING 1", "OPER boss secret", "PING 2"] {
        world.say(ada, line);
    }
    world.pass(limits::CHAT_OPER_INTERVAL);
    assert_eq!(world.hear(ada), [] as [&str; 0], "time alone brings nothing on");
    world.compare();
    let heard = world.hear(ada);
    assert_eq!(heard, [":helio.local 464 ada :Password incorrect", ":helio.local PONG helio.local :1"]);
    assert!(world.chat.is_behind(ada.0));
    world.compare();
    let heard = world.hear(ada);
    assert!(heard[2].contains(" 381 ada ") && heard[3].ends_with(" PONG helio.local :2"), "{heard:?}");
}

/// A client may write all of this at once.
#[test]
fn what_comes_behind_the_end_of_registration_waits_for_pass() {
    let mut world = slow(closed_to_strangers());
    let ada = world.connect();
    for line in ["PASS sesame", "NICK ada", "USER ada 0 * :Ada", "JOIN #tea", "PING x"] {
        world.say(ada, line);
    }
    assert_eq!(world.hear(ada), [] as [&str; 0]);
    assert!(world.chat.is_behind(ada.0));
    world.compare();
    let heard = world.hear(ada);
    assert!(heard[0].contains(" 001 ada "), "{heard:?}");
    let joined = heard.iter().position(|line| line == ":ada!ada@127.0.0.1 JOIN #tea");
    assert!(joined.is_some_and(|at| at > 10), "{heard:?}");
    assert_eq!(heard.last().map(String::as_str), Some(":helio.local PONG helio.local :x"));
}

#[test]
fn what_comes_behind_a_wrong_pass_is_dropped() {
    let mut world = slow(closed_to_strangers());
    let ada = world.connect();
    for line in ["PASS open", "NICK ada", "USER ada 0 * :Ada", "PING x"] {
        world.say(ada, line);
    }
    world.compare();
    let heard = world.hear(ada);
    assert_eq!(heard, [":helio.local 464 ada :Password incorrect", "ERROR :Closing link: Wrong password"]);
    assert!(world.is_closed(ada));
}

#[test]
fn a_session_that_ends_meanwhile_leaves_nothing_behind() {
    let mut world = slow(World::settings());
    let (boss, ada) = (world.user("root"), world.user("ada"));
    world.promote(boss);
    world.hear(boss);
    world.say(ada, "OPER boss secret");
    world.say(ada, "JOIN #tea");
    world.cut(ada);
    world.chat.check_bounds();
    world.compare();
    world.chat.check_bounds();
    assert_eq!(world.hear(boss), [] as [&str; 0], "nobody became an operator");
    assert!(world.chat.state.rooms.is_empty());
}

/// A session that is being closed is still there: it may not become an operator any more.
#[test]
fn a_session_that_is_closed_meanwhile_gains_nothing() {
    let mut world = slow(World::settings());
    let (boss, ada) = (world.user("root"), world.user("ada"));
    world.promote(boss);
    world.deaf.push(ada);
    world.say(ada, "OPER boss secret");
    world.say(boss, "KILL ada :no");
    world.hear(boss);
    world.compare();
    world.chat.check_bounds();
    assert_eq!(world.hear(boss), [] as [&str; 0]);
    assert_eq!(world.chat.state.operators, 1);
}

/// What a panic or a log shows of the service has no password in it.
#[test]
fn no_password_is_shown() {
    let mut world = slow(closed_to_strangers());
    let ada = world.connect();
    world.say(ada, "PASS hunter2");
    assert!(!format!("{:?}", world.chat).contains("hunter2"));
    for line in ["NICK ada", "USER ada 0 * :Ada", "OPER boss hunter2"] {
        world.say(ada, line);
    }
    let shown = format!("{:?}", world.chat);
    let bytes = format!("{:?}", b"hunter2");
    assert!(!shown.contains("hunter2") && !shown.contains(bytes.trim_matches(['[', ']'])));
}

/// [`limits::CHAT_WAITING_LINES`]; a driver that heeds [`crate::chat::Chat::is_behind`] never gets there.
#[test]
fn what_waits_for_a_password_has_a_bound() {
    let mut world = slow(World::settings());
    let ada = world.user("ada");
    world.say(ada, "OPER boss secret");
    for _ in 0..limits::CHAT_WAITING_LINES {
        world.say(ada, "PING x");
    }
    world.chat.check_bounds();
    assert!(!world.is_closed(ada));
    assert_eq!(world.ask(ada, "PING x"), ["ERROR :Closing link: Excess Flood"]);
    world.chat.check_bounds();
}
