//! Raw bytes and hostile commands, for every face and stage: nothing panics, all bounds hold, and no line that anybody
//! receives is more than one line.

use super::client::{guest_line, irc_line};
use crate::chat::tests::world::{Commits, World};
use crate::chat::{AccountRegistration, Face, Operator, SessionId, Settings};
use crate::irc::capability::Capability;
use crate::rng::Rng;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Parameters that mean something, and some that should not.
const WORDS: &[&[u8]] = &[
    b"#tea",
    b"#secret",
    b"LATEST",
    b"BETWEEN",
    b"AROUND",
    b"timestamp=2026-11-22T11:08:40.000Z",
    b"msgid=x-y-b",
    b"100",
    b"#",
    b"@#tea",
    b"@+#tea",
    b"#tea,#den,#tea,#secret",
    b"ada",
    b"ben",
    b"*",
    b"#*",
    b"0",
    b"ada,ben",
    b"",
    b":",
    b":two words",
    b": ",
    b"+o",
    b"-ov",
    b"+b",
    b"+bbb",
    b"+beIklimnstCR",
    b"-k",
    b"+k",
    b"+l",
    b"99999999999999999999",
    b"-1",
    b"*!*@*",
    b"~m:~a:x",
    b"~account:",
    b"!!@@",
    b"a!b@c!d@e",
    b"\x01ACTION\x01",
    b"\x01VERSION",
    b"\x01",
    b"+",
    b"-",
    b"L",
    b"C",
    b"S",
    b"302",
    b"LS",
    b"REQ",
    b"END",
    b"LIST",
    b":batch draft/multiline labeled-response message-tags",
    b":-batch echo-message",
    b"sts",
    b"+x",
    b"-x",
    b"draft/multiline",
    b"%tcuihsnfdlaor,123",
    b"o",
    b"<5,>1,C<10,T>2,!*a*",
    b"secret",
    b"helio.local",
    b"\xF0\x9F\x8E\x89",
    b"\xFF\xFE",
    b"a\rb",
    b"a\0b",
    b":a\rb\0c",
    b"operator",
    b"u",
    b"l",
    b"m",
    b"\xE2\x80\xAE",
    b"~#tea",
    b"PLAIN",
    b"SCRAM-SHA-256",
    b"EXTERNAL",
    b"AGFkYQBzZWNyZXQgaG9yc2U=",
    b"bixhPWFkYSxuPWFkYSxyPXg=",
    b"secret:horse",
    b"ada:secret horse",
];

const TAGS: &[&[u8]] = &[
    b"",
    b"@label=a\\nb\\r\\sc\\: ",
    b"@label=x ",
    b"@label= ",
    b"@batch=x ",
    b"@batch=x;draft/multiline-concat ",
    b"@+typing=active ",
    b"@+draft/react=\\n\\r\\s ",
    b"@+a=\\:;+b;+b=2;+=3;c ",
    b"@label=\xFF ",
    b"@+draft/reply=\xE2\x80\xAE;label=y ",
    b"@ ",
    b"@;;; ",
    b"@+x=\r ",
    b"@+x=\0 ",
];

#[test]
fn no_input_panics_or_outgrows_a_bound() {
    (0..60).for_each(|seed| fuzz(seed, 120));
}

#[test]
#[ignore = "soak"]
#[expect(clippy::disallowed_methods, reason = "the seed of a soak comes from outside")]
fn no_input_panics_or_outgrows_a_bound_at_length() {
    let first = std::env::var("HELIO_SOAK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0_u64);
    (0..1_000).for_each(|number| fuzz(first.wrapping_add(number), 400));
}

fn fuzz(seed: u64, steps: usize) {
    let run = std::panic::AssertUnwindSafe(|| attack(seed, steps));
    assert!(std::panic::catch_unwind(run).is_ok(), "seed {seed}, {steps} steps");
}

fn attack(seed: u64, steps: usize) {
    let mut rng = Rng::from_seed(seed);
    let mut settings = Settings::new("heliograph-test");
    settings.password_hash = rng.chance(0.2).then(|| "secret".to_string());
    settings.operators = Vec::from([Operator { name: "operator".into(), password_hash: "secret".into() }]);
    settings.registration = AccountRegistration::Open;
    settings.motd = Vec::from(["ahoy".to_string()]);
    let mut world = World::with(settings);
    let mut open: Vec<(SessionId, bool)> = Vec::new();
    for _ in 0..steps {
        if open.len() < 6 || rng.chance(0.03) {
            open.extend(newcomer(&mut world, &mut rng));
        }
        let index = rng.below(open.len() as u64) as usize;
        let Some((id, is_guest)) = open.get(index).copied() else { continue };
        match rng.below(40) {
            0 => {
                world.chat.handle_end(id, "Connection reset\r\nby\0peer", world.now);
                open.swap_remove(index);
            }
            1 => world.pass(Duration::from_millis(rng.below(70_000))),
            2 => world.commits = [Commits::AtOnce, Commits::WhenTold, Commits::Fail][rng.below(3) as usize],
            3 => world.commit(),
            _ => world.chat.handle_line(id, &line(&mut rng, is_guest), world.now),
        }
        drain(&mut world, &open);
        open.retain(|(id, _)| world.chat.output(*id).is_some());
        world.chat.check_bounds();
    }
}

/// A connection that is nobody yet, a user with everything, one with nothing, or a guest.
fn newcomer(world: &mut World, rng: &mut Rng) -> Option<(SessionId, bool)> {
    let kind = rng.below(5);
    let face = if kind == 0 { Face::Guest } else { Face::Irc };
    let address = if rng.chance(0.7) { "127.0.0.1:1" } else { "10.0.0.9:1" };
    let id = world.connect_from(address, face, rng.chance(0.5)).ok()?.0;
    let caps: Vec<&str> = Capability::ALL.iter().map(|known| known.name()).filter(|name| *name != "sts").collect();
    let nick = ["ada", "ben", "cy", "dee"][rng.below(4) as usize];
    let hello = match kind {
        0 => "hi".to_string(),
        1 => return Some((id, false)),
        2 => format!("PASS secret\nNICK {nick}\nUSER {nick} 0 * :\u{202e}{nick}\nOPER operator secret\nJOIN #tea"),
        _ => format!("CAP REQ :{}\nPASS secret\nNICK {nick}\nUSER {nick} 0 * x\nCAP END\nJOIN #tea", caps.join(" ")),
    };
    hello.lines().for_each(|line| world.chat.handle_line(id, line.as_bytes(), world.now));
    Some((id, kind == 0))
}

/// The drain of [`World`], with every line that was written held against what a line must be.
fn drain(world: &mut World, open: &[(SessionId, bool)]) {
    for (id, is_guest) in open {
        let bytes = world.chat.output(*id).map(|output| output.bytes.to_vec()).unwrap_or_default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let judged = if *is_guest { guest_line(line) } else { irc_line(line) };
            judged.expect("a line");
        }
    }
    world.drain();
    world.hear_all();
}

fn line(rng: &mut Rng, is_guest: bool) -> Vec<u8> {
    if rng.chance(0.1) {
        return noise(rng);
    }
    let mut line = TAGS[rng.below(TAGS.len() as u64) as usize].to_vec();
    if is_guest {
        let commands: [&[u8]; 6] = [b"", b"/nick ", b"/me ", b"//", b"/quit", b"/"];
        line = commands[if rng.chance(0.02) { 4 } else { rng.below(4) as usize }].to_vec();
    } else {
        line.extend_from_slice(verb(rng).as_bytes());
    }
    for _ in 0..rng.below(5) {
        line.push(b' ');
        line.extend_from_slice(WORDS[rng.below(WORDS.len() as u64) as usize]);
    }
    if rng.chance(0.1) {
        let filler = WORDS[rng.below(WORDS.len() as u64) as usize];
        line.extend(filler.iter().copied().cycle().take(if filler.is_empty() { 0 } else { rng.below(600) as usize }));
    }
    if rng.chance(0.2) && !line.is_empty() {
        let at = rng.below(line.len() as u64) as usize;
        line[at] = rng.below(256) as u8;
    }
    // A framer hands out no LF.
    line.retain(|byte| *byte != b'\n');
    line
}

/// Any command, those that end everything seldom.
fn verb(rng: &mut Rng) -> String {
    let verbs = crate::chat::command::verbs();
    let verb = verbs[rng.below(verbs.len() as u64) as usize];
    let is_end = ["QUIT", "KILL"].contains(&verb);
    if is_end && rng.chance(0.9) { "PRIVMSG".to_string() } else { verb.to_string() }
}

fn noise(rng: &mut Rng) -> Vec<u8> {
    let len = rng.below(80);
    (0..len).map(|_| rng.below(256) as u8).filter(|byte| *byte != b'\n').collect()
}
