//! WHOIS, WHOWAS, USERHOST, ISON (modern.ircdocs.horse "User-Based Queries").

use super::world::{Id, World};
use crate::chat::Face;
use crate::chat::event::{Actor, Change, RoomEvent};
use crate::chat::state::{RoomFlag, Setting};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

fn has(lines: &[String], numeric: &str) -> bool {
    lines.iter().any(|line| line.split(' ').nth(1) == Some(numeric))
}

/// Makes a room secret, whoever may do that.
fn make_secret(world: &mut World, room: &str) {
    let setting = Setting::Flag { flag: RoomFlag::Secret, is_set: true };
    let changes = alloc::vec![Change::Setting { setting }];
    let event = RoomEvent::Modes { room: room.into(), actor: Actor::Server, changes, at: world.now.utc };
    world.chat.happen(&event.into(), None, world.now);
    world.drain();
}

fn whois(world: &mut World, id: Id, nick: &str) -> alloc::vec::Vec<String> {
    world.ask(id, &format!("WHOIS {nick}"))
}

#[test]
fn everything_public_is_told() {
    let mut world = World::new();
    let ada = world.user("ada");
    let ben = world.member("ben", "#tea");
    world.pass(Duration::from_secs(90));
    world.say(ben, "AWAY :asleep");
    world.say(ben, "PRIVMSG #tea :zzz");
    world.pass(Duration::from_secs(5));
    world.hear_all();
    assert_eq!(
        whois(&mut world, ada, "BEN"),
        [
            ":helio.local 311 ada ben ben 127.0.0.1 * :ben of the tests",
            ":helio.local 319 ada ben :@#tea",
            ":helio.local 312 ada ben helio.local :Heliograph",
            ":helio.local 301 ada ben :asleep",
            ":helio.local 317 ada ben 5 1795345720 :seconds idle, signon time",
            ":helio.local 318 ada BEN :End of /WHOIS list",
        ]
    );
}

/// metadata "RPL_WHOISKEYVALUE numeric": "optimised for keys that can be easily read by users".
#[test]
fn what_people_tell_of_themselves_is_told_where_it_can_be_read() {
    let mut world = World::new();
    let (ada, ben) = (world.user("ada"), world.user_with("ben", "batch draft/metadata-2"));
    for (key, value) in [("display-name", "Ben Q."), ("avatar", "https://example.org/x.png"), ("status", "at sea")] {
        world.say(ben, &format!("METADATA * SET {key} :{value}"));
    }
    world.hear_all();
    let told = [":helio.local 760 ada ben display-name * :Ben Q.", ":helio.local 760 ada ben status * :at sea"];
    let heard: Vec<_> = whois(&mut world, ada, "ben").into_iter().filter(|line| line.contains(" 760 ")).collect();
    assert_eq!(heard, told);
}

/// RPL_WHOISACTUALLY and RPL_WHOISMODES "SHOULD only be sent to the user themselves and to operators".
#[test]
fn oneself_and_operators_see_the_connection() {
    let mut world = World::with(World::settings());
    let ben = world.user("ben");
    world.say(ben, "MODE ben +w");
    world.hear_all();
    let boss = world.operator("boss");
    for (id, nick) in [(ben, "ben"), (boss, "boss")] {
        let heard = whois(&mut world, id, "ben");
        assert!(heard.contains(&format!(":helio.local 338 {nick} ben 127.0.0.1 :is actually using host")), "{heard:?}");
        assert!(heard.contains(&format!(":helio.local 379 {nick} ben :is using modes +w")), "{heard:?}");
    }
    let heard = whois(&mut world, ben, "boss");
    assert!(!has(&heard, "338") && !has(&heard, "379"), "{heard:?}");
    assert!(heard.contains(&":helio.local 313 ben boss :is an IRC operator".into()), "{heard:?}");
}

#[test]
fn a_secure_connection_is_told() {
    let mut world = World::new();
    let id = world.connect_from("127.0.0.1:4000", Face::Irc, true).expect("a connection");
    world.say(id, "NICK ada");
    world.say(id, "USER ada 0 * :Ada");
    assert!(whois(&mut world, id, "ada").contains(&":helio.local 671 ada ada :is using a secure connection".into()));
}

/// RPL_WHOISCHANNELS: nothing of a secret room for those who are not in it.
#[test]
fn secret_rooms_are_for_those_inside_and_for_operators() {
    let mut world = World::with(World::settings());
    let ada = world.user("ada");
    let ben = world.member("ben", "#plot");
    make_secret(&mut world, "#plot");
    world.hear_all();
    assert!(!has(&whois(&mut world, ada, "ben"), "319"));
    assert!(!world.ask(ada, "WHO #plot").iter().any(|line| line.contains(" 352 ")));
    assert!(has(&whois(&mut world, ben, "ben"), "319"), "one knows where one is");
    let boss = world.operator("boss");
    assert!(has(&whois(&mut world, boss, "ben"), "319"));
    world.say(ada, "JOIN #plot");
    world.hear(ada);
    assert!(has(&whois(&mut world, ada, "ben"), "319"));
}

/// irctest `testInvisibleWhois`: an invisible user's rooms are shown to those in them only.
#[test]
fn rooms_of_the_invisible_are_hidden_from_outside() {
    let mut world = World::new();
    let ada = world.user("ada");
    let ben = world.member("ben", "#tea");
    world.say(ben, "MODE ben +i");
    assert!(!has(&whois(&mut world, ada, "ben"), "319"));
    world.say(ada, "JOIN #tea");
    world.hear(ada);
    assert!(has(&whois(&mut world, ada, "ben"), "319"));
}

#[test]
fn several_can_be_asked_about_and_the_unknown_are_told() {
    let mut world = World::new();
    let ada = world.user("ada");
    let heard = whois(&mut world, ada, "eve,ada");
    assert_eq!(heard[0], ":helio.local 401 ada eve :No such nick/channel");
    assert!(has(&heard, "311"));
    assert_eq!(heard.last().map(String::as_str), Some(":helio.local 318 ada eve,ada :End of /WHOIS list"));
    let many = "ada,".repeat(limits::CHAT_WHOIS_TARGETS + 3);
    let heard = whois(&mut world, ada, &many);
    assert_eq!(heard.iter().filter(|line| line.contains(" 311 ")).count(), limits::CHAT_WHOIS_TARGETS);
    assert_eq!(world.ask(ada, "WHOIS"), [":helio.local 431 ada :No nickname given"]);
}

/// irctest `testWhoisUser`: the server to ask may be named, also by the nickname of somebody on it.
#[test]
fn the_server_to_ask_must_be_this_one() {
    let mut world = World::new();
    let ada = world.user("ada");
    for server in ["helio.local", "*.LOCAL", "ada"] {
        assert!(has(&world.ask(ada, &format!("WHOIS {server} ada")), "311"), "{server}");
    }
    assert_eq!(world.ask(ada, "WHOIS far.example ada"), [":helio.local 402 ada far.example :No such server"]);
}

#[test]
fn a_room_list_longer_than_a_line_goes_on_in_the_next() {
    let mut world = World::new();
    let ada = world.user("ada");
    for n in 0..10 {
        world.say(ada, &format!("JOIN #{n}{}", "x".repeat(60)));
    }
    world.hear(ada);
    let heard = whois(&mut world, ada, "ada");
    let rooms = heard.iter().filter(|line| line.contains(" 319 "));
    assert_eq!(rooms.map(|line| line.matches('#').count()).sum::<usize>(), 10, "{heard:?}");
}

#[test]
fn who_was_here_is_remembered_newest_first() {
    let mut world = World::new();
    let ada = world.user("ada");
    for realname in ["first", "second"] {
        let id = world.connect();
        world.say(id, "NICK ben");
        world.say(id, &format!("USER ben 0 * :{realname}"));
        world.say(id, "QUIT");
    }
    let [first, second] = ["first", "second"].map(|name| format!(":helio.local 314 ada ben ben 127.0.0.1 * :{name}"));
    let left = ":helio.local 312 ada ben helio.local :2026-11-22T11:08:40.000Z".into();
    let end: String = ":helio.local 369 ada ben :End of WHOWAS".into();
    let heard = world.ask(ada, "WHOWAS ben");
    assert_eq!((&heard[0], &heard[2], &heard[4]), (&second, &first, &end), "{heard:?}");
    assert_eq!(world.ask(ada, "WHOWAS ben 1"), [second, left, end]);
    assert_eq!(world.ask(ada, "WHOWAS ben -1").len(), 5, "a count that is not positive asks for all");
    assert_eq!(
        world.ask(ada, "WHOWAS eve"),
        [":helio.local 406 ada eve :There was no such nickname", ":helio.local 369 ada eve :End of WHOWAS"]
    );
    assert_eq!(world.ask(ada, "WHOWAS"), [":helio.local 431 ada :No nickname given"]);
    assert_eq!(world.ask(ada, "WHOWAS ben 1 far.example"), [":helio.local 402 ada far.example :No such server"]);
}

#[test]
fn an_old_nickname_is_remembered_too() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.say(ada, "NICK eve");
    assert!(has(&world.ask(ada, "WHOWAS ada"), "314"));
}

#[test]
fn whowas_forgets_the_oldest() {
    let mut world = World::new();
    let ada = world.user("ada");
    for n in 0..limits::CHAT_WHOWAS + 1 {
        world.say(ada, &format!("NICK a{}", n % 2));
    }
    assert_eq!(world.chat.state.whowas.len(), limits::CHAT_WHOWAS);
    world.hear_all();
    assert!(has(&world.ask(ada, "WHOWAS ada"), "406"), "ada was the first of all");
}

/// RFC 2812 §4.8: `<nick>[*]=<+|-><user>@<host>`, five at most.
#[test]
fn userhost_tells_where_people_are() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let ada = world.user("ada");
    world.say(ada, "AWAY :x");
    world.hear(ada);
    let heard = world.ask(ada, "USERHOST boss eve ADA");
    assert_eq!(heard, [":helio.local 302 ada :boss*=+boss@127.0.0.1 ada=-ada@127.0.0.1"]);
    assert_eq!(world.ask(boss, "USERHOST eve"), [":helio.local 302 boss :"]);
    let many = world.ask(ada, "USERHOST a a a a a ada");
    assert_eq!(many, [":helio.local 302 ada :"], "the sixth is not looked at");
    assert_eq!(world.ask(ada, "USERHOST"), [":helio.local 461 ada USERHOST :Not enough parameters"]);
}

#[test]
fn ison_tells_who_is_here() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.user("Ben");
    assert_eq!(world.ask(ada, "ISON ben eve ada"), [":helio.local 303 ada :Ben ada"]);
    assert_eq!(world.ask(ada, "ISON :ben eve ada"), [":helio.local 303 ada :Ben ada"]);
    assert_eq!(world.ask(ada, "ISON eve"), [":helio.local 303 ada :"]);
}
