//! Who comes and what they do: a script of steps, each independent of the others, so that a failing one can be made shorter
//! by leaving steps out.

use crate::irc::capability::Capability;
use crate::rng::Rng;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Places for clients.
pub(super) const SLOTS: usize = 9;

const NICKS: [&str; 12] = [
    "ada",
    "ben",
    "bill",
    "BILL",
    "blll",
    "cy",
    "Ada",
    "dee",
    "guest2",
    "nickserv",
    "#no",
    "a-nickname-of-the-greatest-length",
];
/// Whose nobody else wants to be.
const OWN_NICKS: [&str; SLOTS] = ["ada", "ben", "cy", "dee", "eve", "fay", "gus", "", ""];
const ROOMS: [&str; 8] = ["#tea", "#tea", "#tea", "#TEA", "#den", "#secret", "#lobby", "#void"];
const MASKS: [&str; 9] =
    ["*!*@*", "ada", "*!*@10.0.0.*", "b*!*@*", "~m:cy", "~m:*!*@127.0.0.1", "~a:ada", "dee!*@*", "~x:y"];
const TEXTS: [&str; 9] = [
    "hello there",
    ":)  spaced ",
    "ünï¢ode — 🎉",
    "\u{2}bold\u{2} \u{3}colour\u{f}",
    "{long}",
    "{longer}",
    "x",
    "#secret? #tea!",
    "nul-like \\0 \\r\\n %s",
];

/// What changes nothing: questions about the server and its people, and what only operators and accounts may do, which
/// nobody here is or has. Some are answered and some refused; either is told to who asked alone.
const ANSWERED: [&str; 36] = [
    "ACCOUNT INFO",
    "ADMIN",
    "AUTHENTICATE *",
    "DEFCON 1",
    "DLINE 127.0.0.1 :no",
    "FILTER LIST",
    "HELP",
    "HELP METADATA",
    "HELPOP",
    "INFO",
    "ISON ada ben",
    "ISUPPORT",
    "KILL ada :no",
    "KLINE *!*@* :no",
    "LINKS",
    "LIST #secret",
    "MOTD",
    "OPER ada tea",
    "PASS tea",
    "PONG tea",
    "REGISTER * * tea",
    "REHASH",
    "ROOM INFO #tea",
    "ROOM REGISTER #tea",
    "STATS u",
    "SUMMON ada",
    "TIME",
    "TRACE",
    "UNDLINE 127.0.0.1",
    "UNKLINE *!*@*",
    "USERHOST ada ben",
    "USERS",
    "VERSION",
    "WALLOPS :hello",
    "WHOIS ada ada",
    "WHOWAS ada",
];

/// A step, and the seed of what chance does in it.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) seed: u64,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Connect {
        slot: usize,
        newcomer: Newcomer,
    },
    Send {
        slot: usize,
        lines: String,
        is_pushy: bool,
    },
    /// The connection breaks after so many bytes of these.
    Cut {
        slot: usize,
        lines: String,
        at: usize,
    },
    /// Nobody reads any more; so many bytes still fit into the kernel. `None`: reads again.
    Stall {
        slot: usize,
        room: Option<usize>,
    },
    Pass {
        millis: u64,
        is_jump: bool,
    },
    /// Somebody sets the clock on the wall.
    SetClock {
        seconds: i64,
    },
    Work {
        requests: usize,
    },
    Disk {
        is_broken: bool,
    },
    PowerOff {
        is_snapshot: bool,
    },
    Replay {
        messages: usize,
    },
    SendQueue {
        bytes: usize,
    },
    KeepRooms {
        hours: u64,
    },
}

impl What {
    /// What IRC clients send in it.
    pub(super) fn lines(self) -> Vec<String> {
        let mut lines = String::new();
        if let Self::Send { slot, lines: sent, .. } | Self::Cut { slot, lines: sent, .. } = &self
            && !is_guest(*slot)
        {
            lines.push_str(sent);
        }
        if let Self::Connect { newcomer, .. } = self
            && !newcomer.is_guest
        {
            lines.push_str(&newcomer.first_words);
        }
        lines.lines().map(ToString::to_string).collect()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Newcomer {
    pub(super) is_guest: bool,
    pub(super) address: &'static str,
    pub(super) first_words: String,
}

/// How people are in a script. Among the wild, rooms are soon closed and clients gone, so that little is said at length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Wild,
    Calm,
}

/// A script from a seed; every second one is calm.
pub(super) fn script(seed: u64, len: usize) -> Vec<Step> {
    let mut rng = Rng::from_seed(seed);
    let mood = if seed.is_multiple_of(2) { Mood::Wild } else { Mood::Calm };
    let mut steps: Vec<Step> = (0..SLOTS)
        .filter(|_| rng.chance(0.7))
        .map(|slot| connect(&mut Rng::from_seed(seed ^ slot as u64), slot, mood))
        .collect();
    if rng.chance(0.3) {
        steps.insert(0, Step { seed, what: What::SendQueue { bytes: 40_000 } });
    }
    steps.extend((0..len).map(|number| step(&mut rng, number, mood)));
    steps
}

fn step(rng: &mut Rng, number: usize, mood: Mood) -> Step {
    let slot = rng.below(SLOTS as u64) as usize;
    let what = match rng.below(100) {
        0..68 if mood == Mood::Calm && rng.chance(0.95) => {
            What::Send { slot, lines: talking(rng, slot, number), is_pushy: rng.chance(0.1) }
        }
        0..8 => return connect(rng, slot, mood),
        8..10 => What::Send { slot, lines: flood(rng, number), is_pushy: rng.chance(0.6) },
        10..68 => What::Send { slot, lines: doing(rng, slot, number), is_pushy: rng.chance(0.3) },
        68..72 => {
            let lines = doing(rng, slot, number);
            What::Cut { slot, at: rng.below(lines.len() as u64 + 1) as usize, lines }
        }
        72..76 => What::Stall { slot, room: rng.chance(0.6).then(|| rng.below(2_000) as usize) },
        76..83 => What::Pass { millis: pick(rng, &[1, 150, 400, 1_100, 20_000, 130_000]), is_jump: rng.chance(0.3) },
        83..84 => What::SetClock { seconds: pick(rng, &[-3_600, -20, 20, 3_600, 86_400]) },
        84..95 => What::Work { requests: rng.below(8) as usize + 1 },
        95..97 => What::Disk { is_broken: rng.chance(0.4) },
        97..98 => What::PowerOff { is_snapshot: rng.chance(0.3) },
        98..99 => What::Replay { messages: pick(rng, &[0, 1, 5, 50]) },
        _ if rng.chance(0.5) => What::SendQueue { bytes: pick(rng, &[40_000, 1_000_000]) },
        _ => What::KeepRooms { hours: pick(rng, &[1, 2_000]) },
    };
    Step { seed: rng.next_u64(), what }
}

/// The last places are those of the line listener.
fn is_guest(slot: usize) -> bool {
    slot >= 7
}

fn connect(rng: &mut Rng, slot: usize, mood: Mood) -> Step {
    let is_guest = is_guest(slot);
    let address = if slot % 3 == 2 { "10.0.0.9:4000" } else { "127.0.0.1:4000" };
    let nick = if mood == Mood::Wild && rng.chance(0.3) { pick(rng, &NICKS) } else { OWN_NICKS[slot] };
    let caps = match slot {
        0 | 1 if mood == Mood::Wild => String::new(),
        0..=3 => Capability::ALL
            .iter()
            .filter(|known| **known != Capability::Sts)
            .fold(String::new(), |list, known| list + known.name() + " "),
        _ => some_capabilities(rng),
    };
    let negotiation = if caps.is_empty() { String::new() } else { format!("CAP LS 302\r\nCAP REQ :{caps}\r\n") };
    let end = if caps.is_empty() { "" } else { "CAP END\r\n" };
    let again = if nick.starts_with('#') { "NICK eve\r\n" } else { "" };
    let rooms = match mood {
        Mood::Wild => pick(rng, &["", "JOIN #tea\r\n", "JOIN #tea,#den\r\n", "JOIN #secret\r\nMODE #secret +s\r\n"]),
        Mood::Calm => pick(rng, &["JOIN #tea\r\nMETADATA * SUB colour url\r\n", "JOIN #tea,#den\r\n"]),
    };
    let irc = format!("{negotiation}NICK {nick}\r\nUSER {nick} 0 * :{nick} of {slot}\r\n{end}{again}{rooms}");
    let first_words = match (is_guest, rng.chance(0.5)) {
        (false, _) => irc,
        (true, true) => "hello\n".to_string(),
        (true, false) => String::new(),
    };
    Step { seed: rng.next_u64(), what: What::Connect { slot, newcomer: Newcomer { is_guest, address, first_words } } }
}

fn some_capabilities(rng: &mut Rng) -> String {
    let known = Capability::ALL.iter().filter(|known| **known != Capability::Sts && rng.chance(0.5));
    known.map(|known| known.name()).collect::<Vec<_>>().join(" ")
}

/// One or more lines, with their ends.
fn doing(rng: &mut Rng, slot: usize, number: usize) -> String {
    if is_guest(slot) {
        return guest_doing(rng, number);
    }
    let nick = if rng.chance(0.5) { pick(rng, &NICKS) } else { pick(rng, &OWN_NICKS[..7]) };
    let (room, other) = (pick(rng, &ROOMS), pick(rng, &ROOMS));
    let label = if rng.chance(0.4) { format!("@label=l{number} ") } else { String::new() };
    let line = match rng.below(51) {
        0..4 => format!("{label}JOIN {room}{}", pick(rng, &["", ",#den", " key", ",#void k,key"])),
        4 => format!("PART {room}{}", pick(rng, &["", " :and gone: @all"])),
        5 => format!("NICK {nick}"),
        6..16 => return said(rng, &label, number),
        16 => return multiline(rng, &label, number),
        17..21 => format!("MODE {} {}", room, modes(rng)),
        21 => format!("TOPIC {room} :!m{number} {}", pick(rng, &["tea", "  two ", "ünï"])),
        22 => pick(rng, &["TOPIC #tea", "TOPIC #secret", "TOPIC #den :", "AWAY", "LIST", "WHO *", "WHO #secret"])
            .to_string(),
        23 => format!("KICK {room} {},{nick}{}", pick(rng, &OWN_NICKS[..7]), pick(rng, &["", " :out: with you"])),
        24 => format!("INVITE {nick} {room}"),
        25 => format!("{label}NAMES {other}"),
        26 => format!("AWAY :gone {number}"),
        27 => format!("SETNAME :somebody {number}"),
        28 => format!("MODE {nick} {}", pick(rng, &["+i", "-i", "+B", "-B", "+w"])),
        29 => format!("{label}PING {number}"),
        30 => format!("WHOIS {nick}"),
        31 => format!("CAP REQ :{}{}", pick(rng, &["", "-"]), pick(rng, Capability::ALL).name()),
        32 => pick(rng, &["JOIN 0", "QUIT", "QUIT :bye: all", "LUSERS", "MODE #secret", "MODE #den b"]).to_string(),
        33..36 => return history(rng, &label, &ROOMS),
        36..38 => return search(rng, &label, &ROOMS),
        38..41 => return redact(rng, &label),
        41..46 => return metadata(rng, &label, number),
        48..50 => format!("{label}{}", pick(rng, &ANSWERED)),
        46 => format!("{label}MARKREAD {}", pick(rng, &[room, nick])),
        47 => format!("{label}MARKREAD {} timestamp={{ago:{}}}", pick(rng, &[room, nick]), rng.below(30_000)),
        _ => pick(rng, &["INVITE", "MODE #tea +b", "MODE #den eI", "MONITOR + ada,ben", "PRIVMSG", "\u{e9} x"])
            .to_string(),
    };
    line + "\r\n"
}

/// What people do who only talk: where they are, and about what was said there.
fn talking(rng: &mut Rng, slot: usize, number: usize) -> String {
    if is_guest(slot) {
        return text(rng, number) + "\n";
    }
    let label = if rng.chance(0.4) { format!("@label=l{number} ") } else { String::new() };
    let room = pick(rng, &["#tea", "#tea", "#den"]);
    match rng.below(26) {
        0..3 => format!("{label}TOPIC {room} :!m{number} tea\r\n"),
        3 => {
            format!("MODE {room} {}\r\n", pick(rng, &["+v ada", "-v ada", "+h ben", "+b nobody!*@*", "-b nobody!*@*"]))
        }
        4 => format!("{label}@+draft/react=tea TAGMSG {room}\r\n").replacen(" @", ";", usize::from(!label.is_empty())),
        5 => multiline(rng, &label, number),
        6..10 => history(rng, &label, &[room]),
        10..12 => search(rng, &label, &[room]),
        12..16 => format!("{label}REDACT {room} {{msgid:{}}}\r\n", rng.below(50)),
        16..19 => metadata(rng, &label, number),
        19 => format!("{label}MARKREAD {room} timestamp={{ago:{}}}\r\n", rng.below(30_000)),
        20 => format!("JOIN {room}\r\n"),
        _ => format!("{label}PRIVMSG {room} :{}\r\n", text(rng, number)),
    }
}

/// Questions about what was said, of few messages each: the bytes of an answer are bounded.
fn history(rng: &mut Rng, label: &str, rooms: &[&'static str]) -> String {
    let mut anchor = || match rng.below(3) {
        0 => format!("timestamp={{ago:{}}}", pick(rng, &[0, 1, 150, 1_500, 20_000, 90_000, 3_600_000])),
        _ => format!("msgid={{msgid:{}}}", rng.below(50)),
    };
    let (first, second) = (anchor(), anchor());
    let (room, limit) = (pick(rng, rooms), pick(rng, &[1, 2, 3, 4]));
    let questions: Vec<String> = (0..pick(rng, &[1, 1, 1, 2, 6]))
        .map(|_| match rng.below(7) {
            0 => format!("LATEST {room} * {limit}"),
            1 => format!("LATEST {room} {first} {limit}"),
            2 => format!("BEFORE {room} {first} {limit}"),
            3 => format!("AFTER {room} {first} {limit}"),
            4 => format!("AROUND {room} {first} {limit}"),
            _ => format!("BETWEEN {room} {first} {second} {limit}"),
        })
        .collect();
    let mut label = label;
    questions.iter().map(|question| format!("{}CHATHISTORY {question}\r\n", core::mem::take(&mut label))).collect()
}

/// Questions about words, likewise of few messages each.
fn search(rng: &mut Rng, label: &str, rooms: &[&'static str]) -> String {
    let words = ["!m", "hello", "x", "hello\\sthere", "bold\\scolour", "abc", "#tea!", "nobody-says-this"];
    let mut attributes = Vec::from([format!("limit={}", pick(rng, &[1, 2, 3, 4]))]);
    if rng.chance(0.7) {
        attributes.push(format!("text={}", pick(rng, &words)));
    }
    if rng.chance(0.4) {
        attributes.push(format!("in={}", pick(rng, rooms)));
    }
    if rng.chance(0.2) {
        attributes.push(format!("from={}", pick(rng, &OWN_NICKS[..7])));
    }
    if rng.chance(0.3) {
        let key = pick(rng, &["before", "after"]);
        attributes.push(format!("{key}={{ago:{}}}", pick(rng, &[0, 1, 150, 20_000, 3_600_000])));
    }
    format!("{label}SEARCH {}\r\n", attributes.join(";"))
}

fn redact(rng: &mut Rng, label: &str) -> String {
    let target = pick(rng, &["#tea", "#tea", "#tea", "#den", "#secret", "@#tea", "ada", "ben", "cy", "!"]);
    let reason = pick(rng, &["", " :", " :not meant so"]);
    format!("{label}REDACT {target} {{msgid:{}}}{reason}\r\n", rng.below(50))
}

/// What is told of oneself and of rooms, by few keys. No value is set twice.
fn metadata(rng: &mut Rng, label: &str, number: usize) -> String {
    let target = pick(rng, &["*", "*", "*", "#tea", "#tea", "#den", "#secret", "#void", "ada", "ben", "guest1"]);
    let key = pick(rng, &["colour", "url", "Pronouns", "b@d"]);
    let line = match rng.below(12) {
        0..5 => format!("METADATA {target} SET {key} :value {number}"),
        5 => format!("METADATA {target} SET {key}"),
        6 => format!("METADATA {target} {}", pick(rng, &["CLEAR", "LIST", "SYNC"])),
        7 => format!("METADATA {target} GET {key} colour"),
        8 => format!("METADATA * UNSUB {key}"),
        9 => pick(rng, &["METADATA * SUBS", "METADATA ada SUB url", "METADATA * FLY"]).to_string(),
        _ => format!("METADATA * SUB {key} url"),
    };
    format!("{label}{line}\r\n")
}

/// Many messages at once, to a room that somebody may have stopped to read.
fn flood(rng: &mut Rng, number: usize) -> String {
    let (room, filler) = (pick(rng, &ROOMS), "z".repeat(rng.below(400) as usize));
    (0..rng.below(120)).map(|index| format!("PRIVMSG {room} :!m{number}x{index} {filler}\r\n")).collect()
}

fn said(rng: &mut Rng, label: &str, number: usize) -> String {
    let verb = pick(rng, &["PRIVMSG", "PRIVMSG", "PRIVMSG", "NOTICE", "TAGMSG"]);
    let target = match rng.below(10) {
        0..6 => pick(rng, &ROOMS).to_string(),
        6 => pick(rng, &["@#tea", "+#tea", "%#den", "@+#secret", "~#tea"]).to_string(),
        7 => format!("{},{}", pick(rng, &ROOMS), pick(rng, &NICKS)),
        _ => pick(rng, &["ada", "ben", "cy", "dee", "eve", "guest1", "guest2"]).to_string(),
    };
    let tags = match rng.below(6) {
        0 => "+typing=active;+draft/reply=x",
        1 => "+draft/react=\\:\\)",
        2 => "+draft/unknown",
        _ => "",
    };
    let tags = match (label.trim_end(), tags) {
        ("", "") => String::new(),
        ("", tags) => format!("@{tags} "),
        (label, "") => format!("{label} "),
        (label, tags) => format!("{label};{tags} "),
    };
    match (verb, rng.chance(0.05)) {
        ("TAGMSG", _) => format!("{tags}TAGMSG {target}\r\n"),
        (_, true) => format!("{tags}{verb} {target} :\u{1}{} !m{number}\u{1}\r\n", pick(rng, &["ACTION", "VERSION"])),
        _ => format!("{tags}{verb} {target} :{}\r\n", text(rng, number)),
    }
}

fn text(rng: &mut Rng, number: usize) -> String {
    let text = pick(rng, &TEXTS).replace("{longer}", &"é".repeat(215)).replace("{long}", &"abc ".repeat(50));
    format!("!m{number} {text}")
}

fn multiline(rng: &mut Rng, label: &str, number: usize) -> String {
    let target = pick(rng, &["#tea", "#den", "ada", "@#tea"]);
    let mut lines = format!("{label}BATCH +b{number} draft/multiline {target}\r\n");
    for index in 0..rng.below(4) {
        let concat = if rng.chance(0.3) { ";draft/multiline-concat" } else { "" };
        let text = if rng.chance(0.2) { String::new() } else { text(rng, number * 10 + index as usize) };
        let target = if rng.chance(0.05) { "#void" } else { target };
        lines += &format!("@batch=b{number}{concat} PRIVMSG {target} :{text}\r\n");
    }
    if rng.chance(0.95) {
        lines += &format!("BATCH -b{number}\r\n");
    }
    lines
}

fn modes(rng: &mut Rng) -> String {
    let (sign, nick, mask) = (pick(rng, &["+", "+", "-"]), pick(rng, &OWN_NICKS[..7]), pick(rng, &MASKS));
    match rng.below(12) {
        0..2 => format!("{sign}{} {nick}", pick(rng, &["q", "a", "o", "h", "v"])),
        2..6 => format!("{sign}{} {mask}", pick(rng, &["b", "b", "b", "e", "I"])),
        6 => format!("{sign}k {}", pick(rng, &["key", "k", "*"])),
        7 => pick(rng, &["+l 2", "+l 5", "-l", "+l x"]).to_string(),
        8 => format!("+v-v+o {nick} {nick} {}", pick(rng, &NICKS)),
        9 => format!("{sign}b+i {mask}"),
        // Never -s alone: #secret is to stay so.
        _ => format!("{sign}{}", pick(rng, &["i", "m", "n", "t", "C", "R", "im"])),
    }
}

fn guest_doing(rng: &mut Rng, number: usize) -> String {
    let line = match rng.below(10) {
        0 => format!("/nick {}", pick(rng, &NICKS)),
        1 => format!("/me waves !m{number}"),
        2 => format!("//!m{number} slashed"),
        3 => pick(rng, &["/quit", "/quit so long", "/help", "/what", "   "]).to_string(),
        4 => format!("!m{number} {}", "word ".repeat(200)),
        _ => text(rng, number),
    };
    line + pick(rng, &["\n", "\r\n"])
}

fn pick<T: Copy>(rng: &mut Rng, items: &[T]) -> T {
    items[rng.below(items.len() as u64) as usize]
}
