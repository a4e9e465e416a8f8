//! Clients that no one here wrote: WeeChat, irssi, `openssl s_client`, `nc`, and Python's `irc` and `websocket`. Each joins, talks
//! with somebody in both ways, sees what was said before a `kill -9`, changes its name and leaves.

mod irssi;
mod pipes;
mod weechat;

use crate::support::chat::{Client, addresses_in, chat};
use crate::support::{PLENTY, Running, eventually, finish, without};
use irssi::Irssi;
use pipes::Piped;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use weechat::Weechat;

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = ['127.0.0.1:0']
web-listen = ['127.0.0.1:0']
web-tls-listen = []
line-listen = ['127.0.0.1:0']
lobby = '#room'
motd = 'Mind the gap.'
";

/// Somebody who uses such a program, in `#room`.
trait Person {
    /// Types a message.
    fn say(&mut self, text: &str);

    /// Types a command, without its slash.
    fn command(&mut self, line: &str);

    /// All that they see of the room.
    fn seen(&mut self) -> String;

    /// Waits until they see the room.
    fn arrive(&mut self) {}

    /// Waits until they see `text`; the line with it.
    fn sees(&mut self, text: &str) -> String {
        let started = Instant::now();
        loop {
            let seen = self.seen();
            if let Some(line) = seen.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(started.elapsed() < PLENTY, "no line with {text:?} in:\n{seen}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A running server, its data and its doors.
struct Site {
    dir: TempDir,
    serving: Running,
    irc: SocketAddr,
    tls: SocketAddr,
    web: SocketAddr,
    lines: SocketAddr,
    fingerprint: String,
}

impl Site {
    fn start(dir: TempDir) -> Self {
        let mut serving = Running::start(&mut chat(dir.path(), SETTINGS));
        let row = serving.wait_for("  chat");
        let of = |scheme| addresses_in(&row, scheme);
        let (irc, tls, web) = (of("tcp")[0], of("tls")[0], of("ws")[0]);
        let lines = of("lines")[0];
        let fingerprint = serving.wait_for("TLS certificate:").rsplit(' ').next().unwrap().to_owned();
        Self { dir, serving, irc, tls, web, lines, fingerprint }
    }

    /// One in whose `#room` something was said before it was killed and started again: its topic is set, and `ann` is there.
    fn with_past() -> (Self, Client, String) {
        let site = Self::start(tempfile::tempdir().unwrap());
        let mut ann = Client::join_with(site.irc, "ann", "echo-message server-time", "#room");
        ann.say("TOPIC #room :what it is about\r\nPRIVMSG #room :said before\r\nPRIVMSG #room :\u{1}ACTION waves\u{1}");
        ann.hear("ACTION waves");
        let Self { dir, serving, .. } = site;
        drop(serving);
        let site = Self::start(dir);
        let mut ann = Client::join_with(site.irc, "ann", "echo-message server-time", "#room");
        ann.hear("ACTION waves");
        ann.say("PING all");
        ann.hear("PONG");
        let mut other = Client::join_with(site.irc, "other", "server-time", "#room");
        // @time=2026-11-22T15:47:03.681Z :ann!ann@127.0.0.1 …
        let when = other.hear("said before")[17..25].to_owned();
        other.say("QUIT");
        ann.hear("other!other@127.0.0.1 QUIT");
        (site, ann, when)
    }
}

/// What all of them do, once they are in the room.
fn talk(person: &mut dyn Person, ann: &mut Client, nick: &str) {
    person.sees("waves");
    let joined = ann.hear(" JOIN #room");
    assert!(joined.contains(&format!(":{nick}!")), "{joined}");
    person.say("hello ann, how are you?");
    let heard = ann.hear("hello ann");
    assert!(
        heard.contains(&format!(":{nick}!")) && heard.ends_with("PRIVMSG #room :hello ann, how are you?"),
        "{heard}"
    );
    ann.say(&format!("PRIVMSG #room :fine, {nick}; grüße 😀"));
    person.sees(&format!("fine, {nick}; grüße 😀"));
    person.command(&format!("nick {nick}two"));
    assert!(ann.hear(" NICK ").ends_with(&format!(" NICK {nick}two")));
    ann.say("NICK anna");
    person.sees("anna");
    person.say("and again");
    assert!(ann.hear("and again").contains(&format!(":{nick}two!")));
    assert_eq!(person.seen().matches("said before").count(), 1, "{}", person.seen());
    // Programs show their user's own lines themselves; no echo comes on top of that.
    assert!(person.seen().matches("how are you?").count() <= 1, "{}", person.seen());
}

fn leave(person: &mut dyn Person, ann: &mut Client, command: &str, expected: &str) {
    person.command(command);
    ann.hear(expected);
}

#[test]
fn weechat_is_at_home() {
    let (site, mut ann, when) = Site::with_past();
    let Some(mut wee) = Weechat::start(site.irc, "wee") else { return };
    let line = wee.sees("said before");
    assert!(line.ends_with(&format!(" {when}\t@ann\tsaid before")), "{line:?}, said at {when}");
    wee.sees("Topic for #room is \"what it is about\"");
    wee.sees("Channel #room: 2 nicks (1 op, 0 halfops, 0 voices, 1 normal)");
    wee.sees("Channel created on ");
    talk(&mut wee, &mut ann, "wee");
    eventually("WeeChat shows the message of the day", || wee.server().contains("Mind the gap."));
    leave(&mut wee, &mut ann, "part see you", " PART #room :see you");
}

#[test]
fn irssi_is_at_home() {
    let (site, mut ann, when) = Site::with_past();
    let Some(mut iris) = Irssi::start(site.irc, "iris") else { return };
    iris.arrive();
    let line = iris.sees("said before");
    assert!(line.starts_with(&when), "{line:?}, said at {when}");
    iris.sees("Topic for #room: what it is about");
    iris.sees("#room: Total of 2 nicks [1 ops, 0 halfops, 0 voices, 1 normal]");
    iris.sees("Channel #room created");
    talk(&mut iris, &mut ann, "iris");
    leave(&mut iris, &mut ann, "part #room see you", " PART #room :see you");
    iris.show(1);
    iris.sees("Mind the gap.");
}

#[test]
fn the_irc_module_of_python_is_at_home() {
    let (site, mut ann, _) = Site::with_past();
    let Some(mut pia) = Piped::python_irc(site.irc, "pia") else { return };
    pia.sees("topic: what it is about");
    pia.sees("names: @ann pia");
    pia.sees("<ann> said before");
    talk(&mut pia, &mut ann, "pia");
    pia.sees("ann is now anna");
    leave(&mut pia, &mut ann, "part #room", " PART #room");
}

#[test]
fn openssl_s_client_is_at_home_and_sees_the_fingerprint_that_is_told() {
    let (site, mut ann, _) = Site::with_past();
    let identity = site.dir.path().join("data/tls/identity.pem");
    let Some(mut olga) = Piped::openssl(site.tls, &identity, "olga") else { return };
    irc_lines(&mut olga, &mut ann, "olga");
    let asked = ["x509", "-noout", "-fingerprint", "-sha256", "-in", identity.to_str().unwrap()];
    let fingerprint = finish(Command::new("openssl").args(asked)).stdout.replace(':', "").to_lowercase();
    assert!(fingerprint.trim().ends_with(&site.fingerprint), "{fingerprint} is not {}", site.fingerprint);
    leave(&mut olga, &mut ann, "QUIT :see you", " QUIT :Quit: see you");
}

#[test]
fn a_websocket_is_at_home() {
    let (site, mut ann, _) = Site::with_past();
    let Some(mut webster) = Piped::websocket(site.web, "webster") else { return };
    irc_lines(&mut webster, &mut ann, "webster");
    leave(&mut webster, &mut ann, "QUIT", " QUIT :");
}

/// What those see who read the lines of IRC themselves.
fn irc_lines(person: &mut Piped, ann: &mut Client, nick: &str) {
    person.sees(&format!("372 {nick} :- Mind the gap."));
    person.sees(&format!("332 {nick} #room :what it is about"));
    person.sees(&format!("353 {nick} = #room :@ann {nick}"));
    person.sees("said before");
    talk(person, ann, nick);
    person.sees(":ann!ann@127.0.0.1 NICK anna");
}

#[test]
fn nc_is_a_guest() {
    let (site, mut ann, when) = Site::with_past();
    let Some(mut guest) = Piped::nc(site.lines) else { return };
    guest.sees("* you are guest1");
    let line = guest.sees("said before");
    assert_eq!(line, format!("[{}] ann: said before", &when[..5]));
    guest.sees("* ann waves");
    talk(&mut guest, &mut ann, "guest1");
    guest.sees("* ann is now anna");
    leave(&mut guest, &mut ann, "quit see you", " QUIT :");
}

/// All in one room: everybody sees everybody's line exactly once.
#[test]
fn everybody_sees_everybodys_line_once() {
    let programs =
        ["weechat-headless", "weechat-fifo", "irssi", "tmux", "openssl", "nc", "python3-irc", "python3-websocket"];
    if programs.into_iter().any(without) {
        return;
    }
    let site = Site::start(tempfile::tempdir().unwrap());
    let identity = site.dir.path().join("data/tls/identity.pem");
    let mut ann = Client::join_with(site.irc, "ann", "", "#room");
    let mut people: Vec<(&str, Box<dyn Person>)> = vec![
        ("wee", Box::new(Weechat::start(site.irc, "wee").unwrap())),
        ("iris", Box::new(Irssi::start(site.irc, "iris").unwrap())),
        ("pia", Box::new(Piped::python_irc(site.irc, "pia").unwrap())),
        ("olga", Box::new(Piped::openssl(site.tls, &identity, "olga").unwrap())),
        ("webster", Box::new(Piped::websocket(site.web, "webster").unwrap())),
        ("guest1", Box::new(Piped::nc(site.lines).unwrap())),
    ];
    let mut missing: Vec<&str> = people.iter().map(|(nick, _)| *nick).collect();
    while !missing.is_empty() {
        let joined = ann.hear(" JOIN #room");
        missing.retain(|nick| !joined.contains(&format!(":{nick}!")));
    }
    for (_, person) in &mut people {
        person.arrive();
    }
    let lines: Vec<String> = people.iter().map(|(nick, _)| format!("a line of {nick}'s own")).collect();
    for ((nick, person), line) in people.iter_mut().zip(&lines) {
        person.say(line);
        assert!(ann.hear(line).starts_with(&format!(":{nick}!")));
    }
    // Whoever sees the last line has seen all lines that were before it.
    ann.say("PRIVMSG #room :that was all");
    for ((nick, person), own) in people.iter_mut().zip(&lines) {
        person.sees("that was all");
        let seen = person.seen();
        for line in lines.iter().filter(|line| *line != own) {
            assert_eq!(seen.matches(line.as_str()).count(), 1, "{line} in what {nick} sees:\n{seen}");
        }
    }
}
