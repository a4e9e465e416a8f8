//! What is told of own messages when the connection is cut at every byte of either direction.

use super::wire::{Cut, WHOLE, Wire};
use crate::chat::client::{Event, Fate};
use crate::chat::tests::world::World;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// A room where Ben has said something, into which the client comes, says three lines, and goes.
fn conversation(cut: Cut) -> Wire {
    let mut world = World::new();
    let ben = world.member("ben", "#tea");
    world.say(ben, "PRIVMSG #tea :is there any left?");
    world.hear_all();
    let mut wire = Wire::new(world, cut);
    // The first connection must come about; what is cut is what follows.
    let whole = core::mem::replace(&mut wire.cut, WHOLE);
    wire.pump();
    (wire.cut, wire.passed) = (whole, (0, 0));
    for line in ["one", "two", "/me three"] {
        wire.client.handle_input(line, wire.world.now);
    }
    wire.client.handle_input_end(wire.world.now);
    wire.run();
    wire
}

/// What is told of each message is true: accepted ones are on disk once and in order, refused and unsent ones are not,
/// and nothing is there twice.
fn check(wire: &Wire, cut: Cut) -> [usize; 2] {
    let (fates, stored) = (wire.fates(), wire.stored("ada"));
    assert_eq!(fates.len(), 3, "{cut:?}: each has one fate: {:?}", wire.events);
    let mut counts = [0, 0];
    for (typed, fate) in &fates {
        let times = stored.iter().filter(|text| text.contains(&typed.text)).count();
        match fate {
            Fate::Accepted { .. } => {
                assert_eq!(times, 1, "{cut:?}: {typed:?} was accepted: {stored:?}");
                counts[0] += 1;
            }
            Fate::Unknown => {
                assert!(times <= 1, "{cut:?}: {typed:?} is there twice: {stored:?}");
                counts[1] += 1;
            }
            Fate::Refused { .. } | Fate::NotSent => panic!("{cut:?}: {typed:?} {fate:?}"),
        }
    }
    let order: Vec<_> =
        ["one", "two", "three"].into_iter().filter(|text| stored.iter().any(|s| s.contains(text))).collect();
    let found: Vec<_> = stored.iter().map(|text| order.iter().position(|word| text.contains(word))).collect();
    assert!(found.is_sorted(), "{cut:?}: {stored:?}");
    counts
}

/// Cuts at every byte, in a world where the service notices at once and in one where it does later.
#[test]
fn whatever_byte_is_the_last_nothing_is_said_twice_and_what_is_told_is_true() {
    let whole = conversation(WHOLE);
    assert_eq!(check(&whole, WHOLE), [3, 0]);
    let (to_server, to_client) = whole.passed;
    assert!(to_server > 50 && to_client > 100, "{:?}", whole.passed);
    // Where the service finds out later, every third byte will do.
    for (noticed_after, step) in [(Duration::ZERO, 1), (Duration::from_secs(10), 3)] {
        for at in (0..to_server).step_by(step) {
            let cut = Cut { to_server: at, noticed_after, ..WHOLE };
            assert_eq!(check(&conversation(cut), cut), [3, 0], "{cut:?}: the repeated messages tell everything");
        }
        for at in (0..to_client).step_by(step) {
            let cut = Cut { to_client: at, noticed_after, ..WHOLE };
            assert_eq!(check(&conversation(cut), cut), [3, 0], "{cut:?}: the repeated messages tell everything");
        }
    }
}

/// Where nothing is repeated nobody can know; then nothing is sent again.
#[test]
fn without_repetition_what_was_under_way_is_unknown_and_there_at_most_once() {
    let without = |cut| {
        let mut wire = Wire::new(World::new(), cut);
        for line in ["one", "two", "/me three"] {
            wire.client.handle_input(line, wire.world.now);
        }
        wire.client.handle_input_end(wire.world.now);
        wire.run();
        wire
    };
    let whole = without(WHOLE);
    let welcome = whole.passed;
    let mut unknown = 0;
    for at in (0..welcome.1).step_by(7) {
        let wire = without(Cut { to_client: at, ..WHOLE });
        let is_first_lost = wire.fates().iter().any(|(_, fate)| *fate == Fate::NotSent);
        if !is_first_lost {
            unknown += check(&wire, Cut { to_client: at, ..WHOLE })[1];
        }
    }
    assert!(unknown > 0, "some cuts fall between a message and its echo");
}

/// What others say while we are away is shown once, and in their order.
#[test]
fn what_others_say_is_shown_once() {
    let mut world = World::new();
    let ben = world.member("ben", "#tea");
    world.say(ben, "PRIVMSG #tea :line 0");
    let mut wire = Wire::new(world, WHOLE);
    for said in 1..6 {
        wire.pump();
        wire.break_up();
        wire.client.handle_end("cut", wire.world.now);
        wire.world.say(ben, &format!("PRIVMSG #tea :line {said}"));
        wire.world.pass(crate::limits::CHAT_CLIENT_RETRY_MAX);
        wire.client.handle_timeout(wire.world.now);
    }
    let shown: Vec<String> = wire
        .events
        .iter()
        .filter_map(|event| if let Event::Message(message) = event { Some(message.text.clone()) } else { None })
        .collect();
    assert_eq!(shown, (0..5).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert_eq!(wire.client.nick().to_string(), "ada");
}
