//! `helio room`: what was said on one server is there on another (spec/export.md), whether either runs or not.

use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use crate::support::{Finished, Running, run, run_with_input};
use std::path::Path;

fn room(dir: &Path, args: &[&str]) -> Finished {
    let data = dir.join("data");
    run(&[&["room", "--data-dir", data.to_str().unwrap()], args].concat())
}

fn import(dir: &Path, name: &str, exported: &str) -> Finished {
    let data = dir.join("data");
    run_with_input(&["room", "--data-dir", data.to_str().unwrap(), "import", name], exported.as_bytes())
}

/// A server whose `#garden` has a topic, a ban, a key, and some of every kind of message.
fn garden(dir: &Path) -> Running {
    let mut serving = Running::start(&mut chat(dir, ON_ANY_PORT));
    let caps = "echo-message batch message-tags labeled-response draft/multiline";
    let mut ann = Client::join_with(address(&mut serving), "ann", caps, "#garden");
    ann.say("TOPIC #garden :Roses\r\nMODE #garden +kb rose *!*@spam.example");
    for n in 0..700 {
        ann.say(&format!("PRIVMSG #garden :message {n}"));
    }
    ann.say("NOTICE #garden :a notice\r\nPRIVMSG #garden :\u{1}ACTION waves\u{1}");
    ann.say("BATCH +1 draft/multiline #garden\r\n@batch=1 PRIVMSG #garden :one\r\n@batch=1 PRIVMSG #garden :two\r\nBATCH -1");
    ann.say("@+draft/react=x TAGMSG #garden");
    ann.hear(" TAGMSG ");
    serving
}

/// What a client that joins is shown, and its topic.
fn shown(dir: &Path, name: &str) -> Vec<String> {
    let mut serving = Running::start(&mut chat(dir, &format!("{ON_ANY_PORT}replay-messages = 1000\n")));
    let mut eve = Client::connect(address(&mut serving));
    eve.say(&format!(
        "CAP REQ :server-time\r\nNICK eve\r\nUSER eve 0 * :Eve\r\nCAP END\r\nJOIN {name} rose\r\nPING end"
    ));
    eve.hear(" 332 ");
    let heard = eve.hear_until(" PONG ");
    heard.into_iter().filter(|line| line.contains(" PRIVMSG ") || line.contains(" NOTICE #")).collect()
}

#[test]
fn a_room_comes_to_another_server_with_all_that_was_said_in_it() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let serving = garden(here.path());
    let exported = room(here.path(), &["export", "#Garden"]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    // The header, what was said, and that topic and modes were set.
    assert_eq!(exported.stdout.lines().count(), 1 + 704 + 2);
    drop(serving.stop());
    let again = room(here.path(), &["export", "#garden"]);
    assert_eq!(again.stdout.lines().skip(1).collect::<Vec<_>>(), exported.stdout.lines().skip(1).collect::<Vec<_>>());

    // Into one that runs, and into one that does not.
    let mut other = Running::start(&mut chat(there.path(), ON_ANY_PORT));
    address(&mut other);
    let imported = import(there.path(), "#meadow", &exported.stdout);
    assert_eq!((imported.code, imported.stdout.as_str()), (0, "#meadow: 706 records\n"), "{}", imported.stderr);
    let taken = import(there.path(), "#Meadow", &exported.stdout);
    assert_eq!(taken.code, 2, "{}", taken.stderr);
    drop(other.stop());
    let stopped = import(there.path(), "#field", &exported.stdout);
    assert_eq!(stopped.code, 0, "{}", stopped.stderr);
    assert!(room(there.path(), &["list"]).stdout.starts_with("#field members=0 founder=nobody since=2"));
    for name in ["#meadow", "#field"] {
        let exported_again = room(there.path(), &["export", name]);
        assert!(exported_again.stdout.lines().skip(1).eq(exported.stdout.lines().skip(1)), "{name}");
    }
    let (before, after) = (shown(here.path(), "#garden"), shown(there.path(), "#meadow"));
    assert_eq!(before.len(), 704);
    // As everywhere, a message is shown as one in the room that it is in now.
    assert_eq!(before.iter().map(|line| line.replace("#garden", "#meadow")).collect::<Vec<_>>(), after);
}

#[test]
fn an_exported_room_is_text_for_people_too() {
    let dir = tempfile::tempdir().unwrap();
    drop(garden(dir.path()).stop());
    let file = dir.path().join("garden.txt");
    let exported = room(dir.path(), &["export", "#garden", "--format", "text", "--output", file.to_str().unwrap()]);
    assert_eq!((exported.code, exported.stdout.as_str()), (0, ""), "{}", exported.stderr);
    let text = std::fs::read_to_string(&file).unwrap();
    let words: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(words.len(), 704);
    assert_eq!(words[..2], ["<ann> message 0", "<ann> message 1"]);
    assert_eq!(words[700..], ["-ann- a notice", "* ann waves", "<ann> one", "<ann> two"]);
    let there = room(dir.path(), &["export", "#garden", "--output", file.to_str().unwrap()]);
    assert_eq!(there.code, 7, "a file that is there stays: {}", there.stderr);
    assert_eq!(room(dir.path(), &["export", "#nowhere"]).code, 2);
}

#[test]
fn what_is_no_exported_room_is_refused_with_its_line_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(garden(dir.path()).stop());
    let exported = room(dir.path(), &["export", "#garden"]).stdout;
    let lines: Vec<_> = exported.lines().collect();
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    let newer = lines[0].replace("\"helio_room\":1", "\"helio_room\":2");
    let unknown_flag = lines[0].replace("\"topic-locked\"", "\"no-such-flag\"");
    assert!(newer != lines[0] && unknown_flag != lines[0]);
    for (text, code, message) in [
        ("", 6, "there is no exported room: no line"),
        ("hello\n", 6, "line 1: expected value"),
        ("{}\n", 6, "line 1: it is not the header of an exported room"),
        (&newer, 7, "line 1: the room has format 2, known is 1; use a later helio"),
        (&format!("{}\n{{\"a\":1}}\n", lines[0]), 2, "lines 2 to 2: record 0 is no message: missing field"),
        (&swapped, 6, "line 3: it is older than the one before it"),
        (&format!("{unknown_flag}\n{}\n", lines[1]), 2, "the settings are not those of a room: unknown variant"),
    ] {
        let refused = import(dir.path(), "#new", text);
        assert_eq!(refused.code, code, "{text:.80}: {}", refused.stderr);
        assert!(refused.stderr.contains(message), "{message}: {}", refused.stderr);
        assert!(!room(dir.path(), &["list"]).stdout.contains("#new"));
    }
}
