//! TRANSPORT: what somebody is told of their own connection (spec/transport.md).

use super::world::World;
use crate::chat::transport::Transport;
use alloc::collections::BTreeMap;

fn measured() -> Transport {
    let numbers = [("rtt_us", 1_234), ("rttvar_us", 56), ("segs_out", 63), ("total_retrans", 2), ("rcv_ssthresh", 9)];
    Transport { numbers: BTreeMap::from(numbers), congestion: Some("bbr".into()) }
}

#[test]
fn numbers_come_with_their_units_and_the_label_and_what_is_not_known_is_left_out() {
    let mut world = World::new();
    let ada = world.user_with("ada", "batch labeled-response standard-replies");
    assert_eq!(world.ask(ada, "@label=x TRANSPORT"), [] as [&str; 0], "the driver has not looked yet");
    assert_eq!(world.inspections, [ada]);
    world.inspected(ada, Some(&measured()));
    let told = world.hear(ada);
    let facts = "rtt_us=1234;rttvar_us=56;segs_out=63;total_retrans=2;congestion=bbr";
    let words = "Round trip 1.23 ms, varying by 0.05 ms; 2 of 63 segments sent again";
    assert_eq!(told, [alloc::format!("@label=x :helio.local NOTE TRANSPORT TCP {facts} :{words}")]);
}

#[test]
fn who_knows_no_standard_replies_is_told_by_notice() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.say(ada, "TRANSPORT");
    world.inspected(ada, Some(&measured()));
    let told = world.hear(ada).join("");
    assert!(told.starts_with(":helio.local NOTICE ada :TRANSPORT TCP rtt_us=1234;"), "{told}");
}

#[test]
fn one_at_a_time_and_nothing_known_is_a_refusal() {
    let mut world = World::new();
    let ada = world.user_with("ada", "standard-replies");
    world.say(ada, "TRANSPORT");
    let again = world.ask(ada, "TRANSPORT");
    assert_eq!(again, [":helio.local 263 ada TRANSPORT :Please wait a while and try again."]);
    for nothing in [None, Some(&Transport::default())] {
        world.inspected(ada, nothing);
        let told = world.hear(ada);
        assert_eq!(told, [":helio.local FAIL TRANSPORT NOT_MEASURED :Nothing is known of this connection"]);
        world.say(ada, "TRANSPORT");
    }
}

/// The bound [`crate::limits::CONGESTION_NAME`]; and what the kernel calls it cannot end the line.
#[test]
fn a_name_of_congestion_control_is_short_and_harmless() {
    let mut world = World::new();
    let ada = world.user_with("ada", "standard-replies");
    let cut = alloc::format!("snd_mss=1448;congestion={}", "x".repeat(16));
    for (name, facts) in [("x".repeat(40), cut.as_str()), ("a b\r\n".into(), "snd_mss=1448")] {
        world.say(ada, "TRANSPORT");
        let transport = Transport { numbers: BTreeMap::from([("snd_mss", 1_448)]), congestion: Some(name) };
        world.inspected(ada, Some(&transport));
        assert_eq!(world.hear(ada), [alloc::format!(":helio.local NOTE TRANSPORT TCP {facts} :")]);
    }
}

#[test]
fn an_answer_that_nobody_waits_for_is_nothing() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.inspected(ada, Some(&measured()));
    assert_eq!(world.hear(ada), [] as [&str; 0]);
}
