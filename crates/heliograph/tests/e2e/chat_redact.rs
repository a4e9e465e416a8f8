//! REDACT: when it is acknowledged, the message is in no file of the program (`spec/event-log.md`, "Redaction").

use crate::support::Running;
use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use std::path::Path;

const CAPABILITIES: &str = "echo-message labeled-response message-tags batch draft/multiline draft/message-redaction \
                            draft/chathistory draft/event-playback soju.im/search";
/// Most of the word: an index leaves out what a word has in common with the one before.
const NEEDLE: &[u8] = b"eedle";

/// Lines of one message.
const LINES: usize = 60;

/// Whether any file under `directory` has the needle.
fn holds_needle(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds_needle(&path);
        }
        // The control socket has no bytes.
        let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        bytes.windows(NEEDLE.len()).any(|window| window == NEEDLE)
    })
}

/// Says something, waits until it is kept, and returns its identity.
fn say(client: &mut Client, lines: &str) -> String {
    client.say(lines);
    let echo = client.hear("msgid=");
    echo.split([';', ' ', '@']).find_map(|tag| tag.strip_prefix("msgid=")).unwrap().to_owned()
}

/// How many lines a search for it shows.
fn found(client: &mut Client) -> usize {
    client.say("SEARCH text=needle\r\nPING end");
    let lines = client.hear_until(" PONG ");
    // What is shown on joining comes before.
    let answer = lines.iter().skip_while(|line| !line.contains(" soju.im/search"));
    answer.filter(|line| line.contains(" PRIVMSG ")).count()
}

/// A message of many lines.
fn long() -> String {
    let lines: String =
        (0..LINES).map(|n| format!("@batch=1 PRIVMSG #room :{n} needle {}\r\n", "y".repeat(100))).collect();
    format!("BATCH +1 draft/multiline #room\r\n{lines}BATCH -1")
}

#[test]
fn what_was_redacted_is_in_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut ann = Client::join_with(at, "ann", CAPABILITIES, "#room");
    let _ben = Client::join_with(at, "ben", "", "#elsewhere");
    let mut redacted = Vec::new();
    for round in 0..3 {
        say(&mut ann, &format!("PRIVMSG #room :before {round}"));
        for said in ["PRIVMSG #room :a needle", "NOTICE ben :needle", "@+draft/react=needle TAGMSG #room", &long()] {
            let target = if said.contains(" ben ") { "ben" } else { "#room" };
            redacted.push((target, say(&mut ann, said)));
        }
        say(&mut ann, &format!("PRIVMSG #room :{round} {}", "hay ".repeat(80)));
    }
    // A reaction is not found, and the other one is not in the room.
    assert_eq!(found(&mut ann), 3 + 3 * LINES);
    assert!(holds_needle(dir.path()));
    let index = std::fs::read(dir.path().join("data/search.sqlite3-wal")).unwrap();
    assert!(index.windows(NEEDLE.len()).any(|window| window == NEEDLE), "the index has the word");
    for (target, msgid) in &redacted {
        ann.say(&format!("@label=r REDACT {target} {msgid} :slip"));
        let answer = ann.hear("label=r");
        assert!(answer.contains(&format!(" REDACT {target} {msgid} :slip")), "{answer}");
    }
    assert!(!holds_needle(dir.path()), "while it runs");
    assert_eq!(found(&mut ann), 0);

    // SIGKILL, and its end awaited.
    drop(serving);
    assert!(!holds_needle(dir.path()), "after a kill");

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let mut ann = Client::join_with(address(&mut serving), "ann", CAPABILITIES, "#room");
    assert_eq!(found(&mut ann), 0);
    ann.say("CHATHISTORY LATEST #room * 100\r\nPING end");
    let shown = ann.hear_until(" PONG ");
    assert!(shown.iter().all(|line| !line.contains("needle")), "{shown:?}");
    assert_eq!(shown.iter().filter(|line| line.contains(" PRIVMSG #room ")).count(), 6);
    drop(serving);
    assert!(!holds_needle(dir.path()), "after another start");
}
