//! Thousands of seeded runs of one service with everything around it, judged by a simple reference model.
//!
//! - `population` writes a script from a seed: clients that come, talk, flood, stall and break, a disk, a clock.
//! - `world` drives the service and the `model` through it; `store` is the disk.
//! - `client` holds every line that a client receives against what the model says that it must see, in order, once.
//! - `mirror` is what a client makes of its rooms from its lines alone.
//! - `several` is about accounts of which several clients are the same user, with a world and a model of its own.
//!
//! A failing script is made shorter and printed with its seed.

mod client;
mod fuzz;
mod mirror;
mod model;
mod population;
mod run;
mod several;
mod store;
mod world;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Debug;
use population::script;

/// Steps of a script.
const STEPS: usize = 120;

#[test]
fn everybody_sees_what_the_model_says() {
    (0..250).for_each(|seed| judged(seed, script(seed, STEPS), run::run));
}

#[test]
#[ignore = "soak"]
fn everybody_sees_what_the_model_says_at_length() {
    seeds(2_000).for_each(|seed| judged(seed, script(seed, STEPS), run::run));
}

/// What the scripts must come to often enough for a fault in it to be met.
const REACHED: [&str; 12] = [
    "PRIVMSG",
    "NOTICE",
    "TAGMSG",
    "TOPIC",
    "MODE",
    "REDACT",
    "MARKREAD",
    "METADATA",
    "PRIVMSG in chathistory",
    "TOPIC in chathistory",
    "PRIVMSG in soju.im/search",
    "PRIVMSG in draft/multiline",
];

#[test]
fn the_scripts_reach_what_they_are_to_judge() {
    let mut heard = BTreeMap::<String, usize>::new();
    for seed in 0..150 {
        for (what, count) in run::heard(&script(seed, STEPS)).expect("judged by other tests") {
            *heard.entry(what).or_default() += count;
        }
    }
    let seldom: Vec<_> = REACHED.iter().filter(|what| heard.get(**what).is_none_or(|count| *count < 5)).collect();
    assert!(seldom.is_empty(), "{seldom:?} in {heard:?}");
}

/// Whoever adds a command lets the clients here send it, or says here why not.
const NOT_SENT: [(&str, &str); 2] = [
    ("RENAME", "the model knows a room by its name; conversations about it are in `ownership::rename`"),
    ("TRANSPORT", "it is about the driver's connection, which is none here; conversations about it are in `transport`"),
];

#[test]
fn clients_send_every_command() {
    let scripts = (0..250).flat_map(|seed| script(seed, STEPS));
    let lines: Vec<String> = scripts.flat_map(|step| step.what.lines()).collect();
    // Behind the tags.
    let sent = lines.iter().filter_map(|line| line.split(' ').find(|word| !word.starts_with('@')));
    let sent: BTreeSet<&str> = sent.collect();
    let excused = NOT_SENT.map(|(verb, _)| verb);
    let verbs = crate::chat::command::verbs();
    let missing: Vec<_> = verbs.iter().filter(|verb| !sent.contains(*verb) && !excused.contains(verb)).collect();
    assert!(missing.is_empty(), "nobody sends {missing:?}");
    let idle: Vec<_> = excused.iter().filter(|verb| sent.contains(*verb) || !verbs.contains(verb)).collect();
    assert!(idle.is_empty(), "{idle:?} need no excuse");
}

/// The seeds of a soak.
#[expect(clippy::disallowed_methods, reason = "the seed of a soak comes from outside")]
fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..count).map(move |number| first.wrapping_add(number))
}

/// Runs a script; one that fails is made shorter and printed.
fn judged<S: Clone + Debug>(seed: u64, steps: Vec<S>, run: fn(&[S]) -> Result<(), String>) {
    if let Err(error) = outcome(&steps, run) {
        let steps = shorter(steps, run);
        let error = outcome(&steps, run).err().unwrap_or(error);
        let steps: String = steps.iter().map(|step| format!("{step:?}\n")).collect();
        panic!("seed {seed}: {error}\n{steps}");
    }
}

/// Runs a script; a panic is an error like any other.
fn outcome<S>(steps: &[S], run: fn(&[S]) -> Result<(), String>) -> Result<(), String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(steps))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(|text| String::from(*text))).unwrap_or_default())
    })
}

/// Leaves out steps, many at a time and then one by one, as long as it still fails.
fn shorter<S: Clone>(mut steps: Vec<S>, run: fn(&[S]) -> Result<(), String>) -> Vec<S> {
    let mut len = steps.len().div_ceil(2);
    while len > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + len).min(steps.len()));
            if outcome(&fewer, run).is_err() {
                steps = fewer;
            } else {
                start += len;
            }
        }
        len = if len == 1 { 0 } else { len.div_ceil(2) };
    }
    steps
}
