//! The way of a message, from one client to another and to the disk.

use super::world::{Commits, World};

#[test]
fn two_in_a_room_see_what_the_other_says() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.member("ben", "#tea");
    world.say(ada, "PRIVMSG #tea :is there any left?");
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 PRIVMSG #tea :is there any left?"]);
    assert_eq!(world.hear(ada), [] as [&str; 0]);
}

/// DESIGN: the echo means that the message is on disk; delivery to others does not wait, what follows the echo does.
#[test]
fn an_echo_waits_for_the_disk_and_others_do_not() {
    let mut world = World::new();
    let ada = world.user_with("ada", "echo-message");
    world.say(ada, "JOIN #tea");
    let ben = world.member("ben", "#tea");
    world.commits = Commits::WhenTold;
    world.say(ada, "PRIVMSG #tea :hot");
    world.say(ada, "PING 1");
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 PRIVMSG #tea :hot"]);
    assert_eq!(world.hear(ada), [] as [&str; 0]);
    world.commit();
    assert_eq!(world.hear(ada), [":ada!ada@127.0.0.1 PRIVMSG #tea :hot", ":helio.local PONG helio.local :1"]);
}

#[test]
fn a_failed_commit_is_told_in_place_of_the_echo_and_messages_are_refused_until_a_probe_succeeds() {
    let mut world = World::new();
    let ada = world.user_with("ada", "batch echo-message labeled-response standard-replies");
    world.say(ada, "JOIN #tea");
    world.hear_all();
    world.commits = Commits::Fail;
    let failed = world.ask(ada, "@label=x PRIVMSG #tea :hot");
    assert_eq!(
        failed,
        ["@label=x :helio.local FAIL PRIVMSG MESSAGE_NOT_STORED #tea :Message was delivered but could not be stored"]
    );
    let refused = world.ask(ada, "PRIVMSG #tea :hot");
    assert_eq!(
        refused,
        [":helio.local FAIL PRIVMSG STORE_UNAVAILABLE :Nothing can be stored at present, try again later"]
    );
    world.commits = Commits::AtOnce;
    world.pass(core::time::Duration::from_secs(2));
    assert_eq!(world.ask(ada, "PRIVMSG #tea :hot"), [":ada!ada@127.0.0.1 PRIVMSG #tea :hot"]);
}

#[test]
fn what_was_said_is_shown_to_who_joins_after_a_restart() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "PRIVMSG #tea :kept");
    world.restart(crate::chat::Settings::new("heliograph-test"), 8);
    let ben = world.user("ben");
    let heard = world.ask(ben, "JOIN #tea");
    assert!(heard.iter().any(|line| line.ends_with(":kept")), "{heard:?}");
}
