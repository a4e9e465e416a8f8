//! Thousands of seeded runs of one service with everything around it, judged by a simple reference model.
//!
//! - `population` writes a script from a seed: clients that come, talk, flood, stall and break, a disk, a clock.
//! - `world` drives the service and the `model` through it; `store` is the disk.
//! - `client` holds every line that a client receives against what the model says that it must see, in order, once.
//! - `mirror` is what a client makes of its rooms from its lines alone.
//!
//! A failing script is made shorter and printed with its seed.

mod client;
mod fuzz;
mod mirror;
mod model;
mod population;
mod run;
mod store;
mod world;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use population::{Step, script};

/// Steps of a script.
const STEPS: usize = 120;

#[test]
fn everybody_sees_what_the_model_says() {
    (0..250).for_each(judge);
}

#[test]
#[ignore = "soak"]
#[expect(clippy::disallowed_methods, reason = "the seed of a soak comes from outside")]
fn everybody_sees_what_the_model_says_at_length() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..2_000).for_each(|number| judge(first.wrapping_add(number)));
}

/// Whoever adds a command lets the clients here send it, or says here why not.
const NOT_SENT: [(&str, &str); 1] =
    [("RENAME", "the model knows a room by its name; conversations about it are in `ownership::rename`")];

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

fn judge(seed: u64) {
    let steps = script(seed, STEPS);
    if let Err(error) = outcome(&steps) {
        let steps = shorter(steps);
        let error = outcome(&steps).err().unwrap_or(error);
        let steps: String = steps.iter().map(|step| format!("{step:?}\n")).collect();
        panic!("seed {seed}: {error}\n{steps}");
    }
}

/// Runs a script; a panic is an error like any other.
fn outcome(steps: &[Step]) -> Result<(), String> {
    let run = std::panic::AssertUnwindSafe(|| run::run(steps));
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.or(panic.downcast_ref::<&str>().map(|text| String::from(*text))).unwrap_or_default())
    })
}

/// Leaves out steps, many at a time and then one by one, as long as it still fails.
fn shorter(mut steps: Vec<Step>) -> Vec<Step> {
    let mut len = steps.len().div_ceil(2);
    while len > 0 {
        let mut start = 0;
        while start < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(start..(start + len).min(steps.len()));
            if outcome(&fewer).is_err() {
                steps = fewer;
            } else {
                start += len;
            }
        }
        len = if len == 1 { 0 } else { len.div_ceil(2) };
    }
    steps
}
