//! Private conversations of three accounts and a stranger under random messages, nicknames, failed commits and crashes, judged by
//! a list of what was said to whom.

use super::super::world::{Commits, Id, World};
use super::private::{shown, someone, targets};
use super::{CAPS, Settings};
use crate::chat::PRIVATE_LOGS;
use crate::limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// All but the last have an account of their own.
const NAMES: [&str; 4] = ["ann", "ben", "carl", "stranger"];
const STRANGER: usize = 3;

/// Who is there, and the reference: texts by the two who spoke, the lesser first.
struct Scene {
    world: World,
    people: Vec<Id>,
    nicks: Vec<String>,
    kept: BTreeMap<(usize, usize), Vec<String>>,
    waiting: Vec<((usize, usize), String)>,
    seed: u64,
    runs: u8,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let (kept, waiting) = (BTreeMap::new(), Vec::new());
        let mut scene =
            Self { world: World::new(), people: Vec::new(), nicks: Vec::new(), kept, waiting, seed, runs: 7 };
        scene.world.chat.settings.ping_interval = Duration::from_secs(86_400);
        scene.arrive();
        scene
    }

    fn arrive(&mut self) {
        self.world.commits = Commits::AtOnce;
        self.people = NAMES[..STRANGER].iter().map(|name| someone(&mut self.world, name, name)).collect();
        self.people.push(self.world.user_with(NAMES[STRANGER], CAPS));
        self.nicks = NAMES.iter().map(ToString::to_string).collect();
        self.world.commits = Commits::WhenTold;
    }

    /// A number below `end`.
    fn draw(&mut self, end: usize) -> usize {
        // SplitMix64.
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut drawn = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        drawn = (drawn ^ (drawn >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((drawn ^ (drawn >> 31)) % end as u64) as usize
    }

    fn step(&mut self, number: usize) {
        match self.draw(20) {
            0 => self.crash(),
            1 => self.fail(),
            2 => {
                let who = self.draw(STRANGER);
                let nick = format!("{}{number}", NAMES[who]);
                self.world.say(self.people[who], &format!("NICK {nick}"));
                self.nicks[who] = nick;
            }
            3 | 4 => self.commit(),
            5 => self.world.pass(Duration::from_secs(40_000)),
            _ => {
                let (from, to) = (self.draw(4), self.draw(4));
                self.world.say(self.people[from], &format!("PRIVMSG {} :t{number}", self.nicks[to]));
                self.waiting.push(((from.min(to), from.max(to)), format!("t{number}")));
                self.world.pass(Duration::from_millis(3));
            }
        }
        self.world.chat.check_bounds();
    }

    fn commit(&mut self) {
        self.world.commit();
        for (pair, text) in core::mem::take(&mut self.waiting) {
            self.kept.entry(pair).or_default().push(text);
        }
    }

    fn fail(&mut self) {
        self.world.fail();
        self.waiting.clear();
        self.world.pass(limits::CHAT_PROBE_INTERVAL);
        self.world.commit();
    }

    /// A part of what waits reaches the disk, in order; the rest is gone.
    fn crash(&mut self) {
        let count = self.draw(self.world.appends.len() + 1);
        for (_, log, bytes) in self.world.appends.drain(..count) {
            if log.starts_with(PRIVATE_LOGS) {
                let (pair, text) = self.waiting.remove(0);
                self.kept.entry(pair).or_default().push(text);
            }
            self.world.logs.entry(log).or_default().push(bytes);
        }
        self.runs += 1;
        self.waiting.clear();
        let mut settings = Settings::new("heliograph-test");
        settings.ping_interval = Duration::from_secs(86_400);
        self.world.restart(settings, self.runs);
        self.arrive();
    }

    /// Everybody asks about everybody.
    fn judge(&mut self) {
        self.commit();
        self.world.hear_all();
        for (who, asker) in NAMES.iter().enumerate().take(STRANGER) {
            let mut listed = BTreeSet::new();
            for (other, name) in NAMES.iter().enumerate() {
                let kept = self.kept.get(&(who.min(other), who.max(other))).cloned().unwrap_or_default();
                let newest = &kept[kept.len().saturating_sub(limits::CHAT_HISTORY)..];
                let lines = shown(&mut self.world, self.people[who], &format!("LATEST {name} * 100"));
                let texts: Vec<_> = lines.iter().filter_map(|line| line.rsplit(':').next()).collect();
                assert_eq!(texts, newest, "{asker} and {name}");
                let (own, named) = (format!("{}>{name}:", self.nicks[who]), format!("{name}>{}:", self.nicks[who]));
                assert!(lines.iter().all(|line| line.starts_with(&own) || line.starts_with(&named)), "{lines:?}");
                listed.extend((!kept.is_empty()).then(|| name.to_string()));
            }
            let targets = targets(&mut self.world, self.people[who]);
            let names: BTreeSet<String> =
                targets.iter().filter_map(|line| Some(line.split(' ').next()?.into())).collect();
            assert_eq!(names, listed, "whom {asker} spoke with");
        }
        let refused = shown(&mut self.world, self.people[STRANGER], "LATEST ann * 100");
        assert_eq!(refused, ["INVALID_TARGET"]);
    }
}

fn run(seed: u64, steps: usize) {
    let mut scene = Scene::new(seed);
    for number in 0..steps {
        scene.step(number);
        if number % 25 == 24 {
            scene.judge();
        }
    }
}

#[test]
fn private_history_is_what_was_said_and_kept() {
    for seed in 0..12 {
        let run = std::panic::AssertUnwindSafe(|| run(seed, 200));
        assert!(std::panic::catch_unwind(run).is_ok(), "seed {seed}");
    }
}
