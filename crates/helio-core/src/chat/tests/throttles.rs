//! What was tried too often is not forgiven by a restart (spec/bans.md "Throttles").

use super::world::World;
use crate::chat::{Connections, Face, Settings, THROTTLES_LOG};
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use core::time::Duration;

fn settings() -> Settings {
    let settings = World::settings();
    Settings {
        connections: Connections { exempt: [].into(), per_minute: 6, ..settings.connections.clone() },
        ..settings
    }
}

fn knock(world: &mut World, address: &str) -> Result<(), String> {
    let id = world.connect_from(&format!("{address}:5000"), Face::Irc, false)?;
    world.cut(id);
    Ok(())
}

/// How many connections are taken from an address, and what the first one is told that is not.
fn taken(world: &mut World, address: &str) -> (usize, String) {
    for count in 0..100 {
        if let Err(told) = knock(world, address) {
            return (count, told);
        }
    }
    (100, String::new())
}

/// The answer says which limit, and when to come again; then it is taken.
#[test]
fn connections_of_a_network_are_bounded_in_time() {
    let mut world = World::with(settings());
    let told =
        "ERROR :Closing link: Too many connections from your network, the limit is 6 a minute; try again in 11 s\r\n";
    assert_eq!(taken(&mut world, "192.0.2.7"), (6, told.to_string()));
    assert!(world.chat.admits([192, 0, 2, 7].into(), world.now).is_err());
    assert_eq!(knock(&mut world, "192.0.2.8"), Ok(()));
    assert_eq!(taken(&mut world, "[2001:db8::1]").0, 6);
    assert!(knock(&mut world, "[2001:db8::2]").is_err(), "a /64 is one network");
    world.pass(Duration::from_secs(10));
    assert!(world.chat.admits([192, 0, 2, 7].into(), world.now).is_ok());
    assert_eq!(taken(&mut world, "192.0.2.7").0, 1);
    world.settings_changed(World::settings());
    assert!(knock(&mut world, "192.0.2.7").is_ok());
}

#[test]
fn connections_registrations_and_guesses_survive_a_restart() {
    let mut world = World::with(settings());
    taken(&mut world, "192.0.2.7");
    let now = world.now.mono;
    let guess = |world: &mut World| {
        let (address, now) = ([198, 51, 100, 1].into(), world.now.mono);
        world.chat.guesses.take(address, "Ada", now)
    };
    assert_eq!((0..100).filter(|_| guess(&mut world)).count(), limits::CHAT_ACCOUNT_LOGIN_BURST as usize);
    let place = [203, 0, 113, 1].into();
    assert_eq!((0..100).filter(|_| world.chat.registrations.take(&place, now)).count(), 3);
    assert!(!world.logs.contains_key(THROTTLES_LOG), "not one write for each try");
    world.pass(limits::CHAT_THROTTLES_INTERVAL);
    let record = String::from_utf8(world.logs[THROTTLES_LOG][0].clone()).unwrap();
    assert!(record.contains(r#""names":[["ada","#) && record.contains("192.0.2.7"), "{record}");
    world.restart(settings(), 8);
    let now = world.now.mono;
    assert_eq!(taken(&mut world, "192.0.2.7").0, 1, "what ten seconds gave back");
    assert!(!guess(&mut world) && !world.chat.registrations.take(&place, now));
    world.chat.check_bounds();
    world.pass(limits::CHAT_ACCOUNT_LOGIN_INTERVAL);
    assert!(guess(&mut world));
}

/// While the server is away the buckets fill, as the clock tells it; a clock that went back counts as no time.
#[test]
fn time_away_counts_and_a_clock_that_was_set_back_does_not() {
    for (micros, expected) in [(0, 0), (20_000_000, 2), (-3_600_000_000, 0), (3_600_000_000, 6)] {
        let mut world = World::with(settings());
        taken(&mut world, "192.0.2.7");
        world.chat.handle_stop(world.now);
        world.drain();
        world.now.utc = Utc::from_micros(world.now.utc.micros() + micros);
        world.restart(settings(), 8);
        assert_eq!(taken(&mut world, "192.0.2.7").0, expected, "{micros}");
    }
}

/// Each list has those that tried most, and fits into a record of the store.
#[test]
fn what_is_kept_is_bounded() {
    let mut world = World::with(settings());
    let long = "ä".repeat(limits::IRC_NICK / 2);
    for n in 0..limits::CHAT_THROTTLES_KEPT + 50 {
        let address = format!("2001:db8:{n:x}:ffff::1").parse().unwrap();
        let tries = if n < 50 { 11 } else { 12 };
        for _ in 0..tries {
            world.chat.guesses.take(address, &format!("{long}{n}"), world.now.mono);
        }
    }
    world.chat.handle_stop(world.now);
    world.drain();
    let record = &world.logs[THROTTLES_LOG][0];
    assert!(record.len() < limits::STORE_RECORD_BYTES / 2, "{} bytes", record.len());
    let text = String::from_utf8(record.clone()).unwrap();
    assert_eq!(text.matches("2001:db8").count(), limits::CHAT_THROTTLES_KEPT);
    assert!(text.contains("2001:db8:32:ffff::") && !text.contains("2001:db8:31:ffff::"), "who tried most");
    world.restart(settings(), 8);
    world.chat.check_bounds();
}

#[test]
fn who_connects_now_and_then_writes_nothing() {
    let mut world = World::with(settings());
    for _ in 0..20 {
        assert_eq!(knock(&mut world, "192.0.2.7"), Ok(()));
        world.pass(Duration::from_secs(30));
    }
    world.chat.handle_stop(world.now);
    world.drain();
    assert!(!world.logs.contains_key(THROTTLES_LOG));
}

#[test]
fn a_record_that_cannot_be_read_begins_anew() {
    let mut world = World::with(settings());
    for record in ["", r#"{"at_us":1,"logins":[["x",1]]}"#] {
        assert!(world.chat.handle_throttles(record.as_bytes(), world.now).is_err(), "{record}");
    }
    assert!(world.chat.handle_throttles(br#"{"at_us":-9223372036854775808,"later":1}"#, world.now).is_ok());
}
