//! Logs of `helio serve`: their form, their levels, and what is never in them.

use crate::support::Running;
use crate::support::chat::{Client, ON_ANY_PORT, chat};
use std::net::SocketAddr;
use std::path::Path;

/// Listens where `helio serve` with a log says so.
fn irc_of(serving: &mut Running) -> SocketAddr {
    let line = serving.wait_for_error("listening on tcp://");
    let rest = line.split("tcp://").nth(1).unwrap();
    rest.split(|c: char| !(c.is_ascii_digit() || ".:".contains(c))).next().unwrap().parse().unwrap()
}

/// Somebody uses every secret that a client can have.
fn talk(at: SocketAddr) {
    let mut ada = Client::connect(at);
    ada.say("PASS :marker-pass");
    ada.say("CAP REQ :echo-message message-tags sasl standard-replies\r\nAUTHENTICATE PLAIN");
    // ada, ada, marker-sasl.
    ada.say("AUTHENTICATE YWRhAGFkYQBtYXJrZXItc2FzbA==");
    ada.say("NICK ada\r\nUSER ada 0 * :marker-realname\r\nCAP END\r\nOPER boss marker-oper");
    ada.say("JOIN #room marker-key\r\nMODE #room +k marker-key\r\nTOPIC #room :marker-topic");
    ada.say("@+draft/reply=marker-tag PRIVMSG #room :marker-message\r\nREGISTER * * marker-register");
    ada.hear("marker-message");
    ada.say("marker-unknown-command marker\r\nPRIVMSG nobody :marker-private\r\nQUIT :marker-quit");
    while ada.hear_line().is_some() {}
}

fn everything_logged(dir: &Path, format: &str) -> (String, Vec<String>) {
    let mut serve = chat(dir, ON_ANY_PORT);
    serve.env("HELIO_LOG_FORMAT", format).env("HELIO_LOG_LEVEL", "debug");
    let mut serving = Running::start(&mut serve);
    talk(irc_of(&mut serving));
    serving.signal("HUP");
    serving.wait_for_error("settings were read again");
    serving.signal("TERM");
    let (status, lines, errors) = serving.wait();
    assert!(status.success(), "{errors}");
    (errors, lines)
}

#[test]
fn no_message_password_key_or_tag_is_logged_at_any_level() {
    for format in ["text", "json"] {
        let dir = tempfile::tempdir().unwrap();
        let (log, out) = everything_logged(dir.path(), format);
        assert!(log.contains("connected") && log.contains("debug"), "{log}");
        assert!(!log.contains("marker"), "{log}");
        assert!(!log.contains("YWRhAGFkYQ"), "{log}");
        assert_eq!(out, [] as [&str; 0], "a log goes to stderr alone");
    }
}

#[test]
fn each_line_says_when_how_urgent_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let (log, _) = everything_logged(dir.path(), "json");
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        assert!(["error", "warn", "info", "debug"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["service"].is_string() && line["event"].is_string() && line["text"].is_string(), "{line}");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(chat(dir.path(), ON_ANY_PORT).env("HELIO_LOG_LEVEL", "info"));
    let at = irc_of(&mut serving);
    talk(at);
    serving.signal("TERM");
    let (_, _, log) = serving.wait();
    assert!(log.contains(&format!("info  chat    listening on tcp://{at}")), "{log}");
    assert!(!log.contains("debug") && !log.contains("connected"), "{log}");
}

/// sd-daemon(3): "<4>" in front of a warning.
#[test]
fn a_journal_gets_priorities_and_no_times() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().unwrap();
    let journal = std::fs::File::create(dir.path().join("journal")).unwrap();
    let found = journal.metadata().unwrap();
    let mut serve = chat(dir.path(), "[chat]\nlissten = []\n");
    serve.env("JOURNAL_STREAM", format!("{}:{}", found.dev(), found.ino())).stderr(journal);
    assert_eq!(serve.status().unwrap().code(), Some(2));
    let text = std::fs::read_to_string(dir.path().join("journal")).unwrap();
    assert!(text.starts_with("<3>helio: settings in "), "{text}");
}
