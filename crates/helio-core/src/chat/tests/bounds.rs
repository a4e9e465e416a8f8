//! What one connection, or many from one place, may do: flood control, deadlines, limits. All against the clock.

mod values;

use super::world::{Commits, Id, World};
use crate::chat::{Connections, Face, Flood, Settings};
use crate::irc::frame::{LineError, LinePart};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Nobody is exempt, and `burst` lines may be said at once.
fn strict(lines_per_second: u32, burst: u32) -> Settings {
    let settings = World::settings();
    Settings {
        flood: Flood { lines_per_second, burst, exempt: Vec::new() },
        connections: Connections { exempt: Vec::new(), per_minute: 100_000, ..settings.connections.clone() },
        ..settings
    }
}

fn arrive(world: &mut World, address: &str) -> Result<Id, String> {
    world.connect_from(&format!("{address}:4000"), Face::Irc, false)
}

#[test]
fn lines_beyond_the_burst_wait_and_are_carried_out_in_order_at_the_rate() {
    let mut world = World::with(strict(2, 4));
    let ada = world.connect();
    world.say(ada, "NICK ada");
    world.say(ada, "USER ada 0 * :Ada");
    world.hear(ada);
    for n in 0..6 {
        world.say(ada, &format!("PING {n}"));
    }
    let pongs = |heard: Vec<String>| heard.iter().filter_map(|line| line.chars().last()).collect::<String>();
    assert_eq!(pongs(world.hear(ada)), "01");
    assert!(world.chat.is_behind(ada.0));
    world.pass(Duration::from_millis(499));
    assert_eq!(pongs(world.hear(ada)), "");
    world.pass(Duration::from_millis(1));
    assert_eq!(pongs(world.hear(ada)), "2");
    world.say(ada, "PING 6");
    assert_eq!(pongs(world.hear(ada)), "", "a new line waits behind the others");
    world.pass(Duration::from_secs(2));
    assert_eq!(pongs(world.hear(ada)), "3456");
    assert!(!world.chat.is_behind(ada.0));
}

#[test]
fn too_many_waiting_lines_end_the_connection() {
    let mut world = World::with(strict(1, 8));
    let (ada, ben) = (world.connect(), world.connect());
    for (id, nick) in [(ada, "ada"), (ben, "ben")] {
        world.say(id, &format!("NICK {nick}"));
        world.say(id, "USER u 0 * :x");
        world.say(id, "JOIN #tea");
    }
    world.pass(Duration::from_secs(10));
    world.hear_all();
    for _ in 0..8 + limits::CHAT_WAITING_LINES {
        world.say(ada, "PING 1");
    }
    assert!(!world.is_closed(ada));
    world.say(ada, "PING 1");
    assert_eq!(world.hear(ada).last().map(String::as_str), Some("ERROR :Closing link: Excess Flood"));
    assert!(world.is_closed(ada));
    assert_eq!(world.hear(ben), [":ada!u@127.0.0.1 QUIT :Excess Flood"]);
}

/// Lines that are too long are counted as well: they are not a way around.
#[test]
fn bytes_that_are_no_line_cost_a_token_and_are_told_only_within_the_rate() {
    let mut world = World::with(strict(1, 3));
    let ada = world.connect();
    for _ in 0..10 {
        let error = LineError::TooLong { part: LinePart::Body, limit: limits::IRC_BODY, label: None };
        world.chat.handle_bad_line(ada.0, error, world.now);
    }
    world.drain();
    assert_eq!(world.hear(ada), [":helio.local 417 * :Input line was too long"; 3]);
}

#[test]
fn loopback_says_as_much_as_it_likes() {
    let mut world = World::new();
    let ada = world.user("ada");
    for _ in 0..1_000 {
        world.say(ada, "PING 1");
    }
    assert_eq!(world.hear(ada).len(), 1_000);
}

#[test]
fn a_silent_client_is_asked_and_then_given_up() {
    let mut world = World::new();
    let (ada, ben) = (world.member("ada", "#tea"), world.member("ben", "#tea"));
    let interval = limits::CHAT_PING_INTERVAL;
    world.pass(interval - Duration::from_secs(1));
    assert_eq!(world.hear(ada), [] as [&str; 0]);
    world.say(ben, "PONG x");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.hear(ada), ["PING :helio.local"]);
    world.pass(interval - Duration::from_secs(1));
    assert_eq!(world.hear(ben), ["PING :helio.local"]);
    world.say(ben, "PONG helio.local");
    world.pass(Duration::from_secs(1));
    assert_eq!(world.hear(ada), ["ERROR :Closing link: Ping timeout: 120 seconds"]);
    assert!(world.is_closed(ada));
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 QUIT :Ping timeout: 120 seconds"]);
    world.pass(interval * 2);
    assert!(world.is_closed(ben), "one answer is not for ever");
}

#[test]
fn who_does_not_become_somebody_in_time_is_closed() {
    let mut world = World::new();
    let id = world.connect();
    world.say(id, "NICK ada");
    world.pass(limits::CHAT_REGISTRATION_TIMEOUT - Duration::from_nanos(1));
    assert!(!world.is_closed(id));
    world.pass(Duration::from_nanos(1));
    assert_eq!(world.hear(id), ["ERROR :Closing link: Registration timed out"]);
    assert!(world.is_closed(id));
    assert!(world.chat.is_empty());
}

/// New settings hold from now on, and not from the next time that a timer would have been set.
#[test]
fn shorter_deadlines_hold_for_those_who_are_here() {
    let mut world = World::new();
    let second = Duration::from_secs(1);
    let (ada, ben, early) = (world.member("ada", "#tea"), world.member("ben", "#tea"), world.connect());
    world.hear_all();
    world.pass(second * 3);
    world.say(ben, "PONG x");
    let settings = World::settings();
    world.settings_changed(Settings { ping_interval: second * 10, registration_timeout: second * 5, ..settings });
    world.pass(second);
    assert!(!world.is_closed(early));
    world.pass(second);
    assert_eq!(world.hear(early), ["ERROR :Closing link: Registration timed out"]);
    world.pass(second * 5 - Duration::from_nanos(1));
    assert_eq!(world.hear(ada), [] as [&str; 0]);
    world.pass(Duration::from_nanos(1));
    assert_eq!((world.hear(ada), world.hear(ben).len()), (["PING :helio.local".into()].to_vec(), 0));
    world.say(ben, "PONG x");
    world.settings_changed(Settings { ping_interval: second * 4, ..World::settings() });
    world.pass(second * 4);
    assert_eq!(world.hear(ada), ["ERROR :Closing link: Ping timeout: 4 seconds"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 QUIT :Ping timeout: 4 seconds", "PING :helio.local"]);
}

#[test]
fn little_may_be_said_before_registration() {
    let mut world = World::new();
    let id = world.connect();
    for _ in 0..limits::CHAT_REGISTRATION_LINES {
        world.say(id, "PING 1");
    }
    assert_eq!(world.hear(id).len(), limits::CHAT_REGISTRATION_LINES);
    assert_eq!(world.ask(id, "PING 1"), ["ERROR :Closing link: Too many lines before registration"]);
    assert!(world.is_closed(id));
}

#[test]
fn one_address_has_so_many_connections() {
    let mut world = World::with(strict(1, 1));
    let bound = limits::CHAT_CONNECTIONS_PER_ADDRESS;
    let ids: Vec<Id> = (0..bound).map(|_| arrive(&mut world, "192.0.2.1").expect("room")).collect();
    let refused = arrive(&mut world, "192.0.2.1");
    let reason =
        format!("Too many connections from your address, the limit is {bound}; try again when one of them has ended");
    assert_eq!(refused, Err(format!("ERROR :Closing link: {reason}\r\n")));
    let guest = world.connect_from("192.0.2.1:4000", Face::Guest, false);
    assert_eq!(guest, Err(format!("* closing: {reason}\n")), "in a guest's words");
    assert!(arrive(&mut world, "[::ffff:192.0.2.1]").is_err(), "the same address in other clothes");
    arrive(&mut world, "192.0.2.2").expect("another address");
    world.cut(ids[0]);
    arrive(&mut world, "192.0.2.1").expect("one left");
}

#[test]
fn one_network_has_so_many_connections() {
    let mut world = World::with(strict(1, 1));
    let bound = limits::CHAT_CONNECTIONS_PER_NETWORK;
    for n in 0..bound {
        arrive(&mut world, &format!("[2001:db8:0:1::{n:x}]")).expect("room");
        arrive(&mut world, &format!("192.0.2.{}", n % 256)).expect("room");
    }
    let refused = format!(
        "ERROR :Closing link: Too many connections from your network, the limit is {bound}; try again when one of them has ended\r\n"
    );
    assert_eq!(arrive(&mut world, "[2001:db8:0:1:ffff::1]"), Err(refused.clone()));
    assert_eq!(arrive(&mut world, "192.0.2.9"), Err(refused));
    arrive(&mut world, "[2001:db8:0:2::1]").expect("another network");
    arrive(&mut world, "192.0.3.9").expect("another network");
}

#[test]
fn loopback_is_not_counted() {
    let mut world = World::new();
    for _ in 0..limits::CHAT_CONNECTIONS_PER_NETWORK + 1 {
        world.connect();
    }
}

/// Who reads, or was told little, is not closed for those who do not read.
#[test]
fn when_all_queues_together_are_full_those_with_more_than_their_share_are_closed() {
    let mut world = World::new();
    let (ada, ben) = (world.member("ada", "#tea"), world.member("ben", "#tea"));
    world.deaf = ["cleo", "dan"].map(|nick| world.member(nick, "#tea")).to_vec();
    world.chat.sessions.tally.max = 40_000;
    let text = "x".repeat(300);
    let mut rounds = 0;
    let closing = |world: &World| world.deaf.iter().filter(|id| world.chat.closing_reason(id.0).is_some()).count();
    while closing(&world) < 2 {
        world.say(ada, &format!("PRIVMSG #tea :{text}"));
        world.hear_all();
        rounds += 1;
        assert!(rounds < 1_000 && world.chat.sessions.tally.bytes() <= 2 * 40_000);
    }
    assert!(rounds > 40_000 / 2 / 400, "a share is not yet too much while there is place");
    for id in core::mem::take(&mut world.deaf) {
        assert_eq!(world.chat.closing_reason(id.0).as_deref(), Some("SendQ exceeded"));
        world.cut(id);
    }
    assert_eq!(world.ask(ben, "PING still").len(), 1);
    assert_eq!(world.chat.sessions.tally.bytes(), 0, "what was written or dropped is not counted");
}

/// A client that reads everything and writes faster than the disk is held back, not closed.
#[test]
fn who_waits_for_many_echoes_is_held_back_until_they_are_on_disk() {
    let mut world = World::new();
    let ada = world.user_with("ada", "batch labeled-response");
    world.say(ada, "JOIN #tea");
    world.commits = Commits::WhenTold;
    world.hear_all();
    let (mut said, mut answered) = (0, 0);
    while answered < 1_100 {
        while said < 1_100 && !world.chat.is_behind(ada.0) {
            world.say(ada, &format!("@label={said} PRIVMSG #tea :x"));
            said += 1;
        }
        assert!(said - answered <= limits::CHAT_HELD_LINES / 2 && !world.is_closed(ada));
        world.commit();
        assert!(!world.chat.is_behind(ada.0));
        for line in world.hear(ada) {
            assert_eq!(line, format!("@label={answered} :helio.local ACK"));
            answered += 1;
        }
    }
}

/// That somebody was closed is told to others, and is one line too many for one of them.
#[test]
fn who_overflows_because_another_one_did_is_closed_in_the_same_turn() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.deaf = ["ben", "cleo"].map(|nick| world.member(nick, "#tea")).to_vec();
    world.commits = Commits::WhenTold;
    for nick in ["ben", "cleo"] {
        world.say(ada, &format!("PRIVMSG {nick} :{}", "x".repeat(400)));
    }
    let len = |world: &World, id: Id| world.chat.sessions.get(id.0).map_or(0, |session| session.out.len());
    let queued = world.deaf.iter().map(|id| len(&world, *id)).max().expect("two");
    world.chat.sessions.set_queue_max(queued + 20);
    world.say(ada, &format!("PRIVMSG ben :{}", "x".repeat(100)));
    for id in world.deaf.clone() {
        assert_eq!(world.chat.closing_reason(id.0).as_deref(), Some("SendQ exceeded"));
    }
}
