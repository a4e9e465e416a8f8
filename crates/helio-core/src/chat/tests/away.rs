//! AWAY and SETNAME (modern.ircdocs.horse "AWAY message"; IRCv3 away-notify, setname, and pre-away, a draft).

use super::world::World;
use crate::limits;
use alloc::format;
use core::time::Duration;

const SILENCE: [&str; 0] = [];

#[test]
fn away_and_back_are_acknowledged() {
    let mut world = World::new();
    let ada = world.user("ada");
    let (gone, back) = (
        ":helio.local 306 ada :You have been marked as being away",
        ":helio.local 305 ada :You are no longer marked as being away",
    );
    assert_eq!(world.ask(ada, "AWAY :tea"), [gone]);
    assert_eq!(world.ask(ada, "AWAY"), [back]);
    assert_eq!(world.ask(ada, "AWAY :"), [back]);
}

#[test]
fn an_away_message_keeps_to_its_bound() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.say(ada, &format!("AWAY :{}", "é".repeat(limits::CHAT_AWAY)));
    let whois = world.ask(ada, "WHOIS ada");
    let cut = format!(":helio.local 301 ada ada :{}", "é".repeat(limits::CHAT_AWAY / 2));
    assert!(whois.contains(&cut), "{whois:?}");
}

/// away-notify: to those with the capability in a common room; also when somebody who is away joins.
#[test]
fn neighbours_are_told_who_asked_for_it() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let (ben, old) = (world.user_with("ben", "away-notify"), world.member("old", "#tea"));
    world.say(ben, "JOIN #tea");
    world.hear_all();
    world.say(ada, "AWAY :tea");
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 AWAY :tea"]);
    assert_eq!(world.hear(old), [] as [&str; 0]);
    world.say(ada, "AWAY :tea");
    assert_eq!(world.hear(ben), [] as [&str; 0], "nothing new");
    world.say(ada, "AWAY");
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 AWAY"]);
}

#[test]
fn a_changed_real_name_is_told_to_those_who_know_the_capability() {
    let mut world = World::new();
    let ada = world.user_with("ada", "setname");
    world.say(ada, "JOIN #tea");
    let (ben, old) = (world.user_with("ben", "setname"), world.member("old", "#tea"));
    world.say(ben, "JOIN #tea");
    world.hear_all();
    assert_eq!(world.ask(ada, "SETNAME :Ada L"), [":ada!ada@127.0.0.1 SETNAME :Ada L"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 SETNAME :Ada L"]);
    assert_eq!(world.hear(old), [] as [&str; 0]);
    assert!(world.ask(ben, "WHOIS ada")[0].ends_with(" * :Ada L"));
}

/// setname: FAIL SETNAME INVALID_REALNAME.
#[test]
fn a_real_name_too_long_is_refused() {
    let mut world = World::new();
    let ada = world.user("ada");
    let refused = ":helio.local FAIL SETNAME INVALID_REALNAME :Real name is not valid";
    assert_eq!(world.ask(ada, &format!("SETNAME :{}", "x".repeat(limits::CHAT_REALNAME + 1))), [refused]);
    assert_eq!(world.ask(ada, "SETNAME :"), [":helio.local 461 ada SETNAME :Not enough parameters"]);
}

/// A user is away when all sessions are. Others see the message that was written last.
#[test]
fn one_is_away_when_all_clients_are() {
    let (mut world, ada, second, _) = World::two_clients("");
    let watcher = world.user_with("watcher", "away-notify");
    world.say(watcher, "JOIN #tea");
    world.hear_all();
    assert_eq!(world.ask(ada, "AWAY :tea"), [":helio.local 306 ada :You have been marked as being away"]);
    assert_eq!(world.hear(watcher), SILENCE, "the other client is not");
    world.pass(Duration::from_secs(1));
    world.say(second, "AWAY :lunch");
    assert_eq!(world.hear(watcher), [":ada!other@127.0.0.1 AWAY :lunch"]);
    world.cut(second);
    assert_eq!(world.hear(watcher), [":ada!other@127.0.0.1 AWAY :tea"]);
    let (third, _) = world.client("ada", "ada", "");
    assert_eq!(world.hear(watcher), [":ada!other@127.0.0.1 AWAY"], "who comes is there");
    world.say(third, "QUIT");
    assert_eq!(world.hear(watcher), [":ada!other@127.0.0.1 AWAY :tea"]);
}

/// pre-away: "If the capability has been negotiated, servers MUST accept the AWAY command before connection
/// registration has completed." A client that came by itself makes nobody present, nor hides what a person wrote.
#[test]
fn a_client_can_be_away_before_it_is_registered() {
    let mut world = World::new();
    world.add_account("ada");
    let id = world.connect();
    assert_eq!(world.ask(id, "AWAY *"), [":helio.local 451 * :You have not registered"]);
    world.say(id, "CAP REQ draft/pre-away");
    world.hear(id);
    assert_eq!(world.ask(id, "AWAY *"), [":helio.local 306 * :You have been marked as being away"]);
    for line in ["PASS :ada:correct horse", "NICK ada", "USER ada 0 * :Ada", "CAP END"] {
        world.say(id, line);
    }
    let ben = world.user("ben");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), [":helio.local 301 ben ada :*"]);
    let (person, _) = world.client("ada", "ada", "");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), SILENCE, "as though the other connection did not exist");
    world.say(person, "AWAY :lunch");
    world.pass(Duration::from_secs(1));
    world.say(id, "AWAY *");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), [":helio.local 301 ben ada :lunch"]);
    world.say(id, "AWAY");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), SILENCE);
}

/// Without the capability `*` is a message like any other.
#[test]
fn an_asterisk_is_a_message_for_old_clients() {
    let (mut world, ada, second, ben) = World::two_clients("");
    world.say(ada, "AWAY :tea");
    world.pass(Duration::from_secs(1));
    world.say(second, "AWAY *");
    assert_eq!(world.ask(ben, "PRIVMSG ada :there?"), [":helio.local 301 ben ada :*"]);
}
