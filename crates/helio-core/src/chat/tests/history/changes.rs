//! Changes of the topic and the modes of a room among its messages (spec/event-log.md, "Changes of a room").

use super::super::world::{Commits, Id, World};
use super::{CAPS, Settings, Tea, references, tea_with};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const PLAIN: &str = "batch message-tags server-time draft/chathistory";
const PLAYBACK: &str = "batch message-tags server-time draft/chathistory draft/event-playback";

/// The inner lines of the answer without tags and source: `MODE +m`.
fn shown(world: &mut World, id: Id, question: &str) -> Vec<String> {
    let lines = world.ask(id, &format!("CHATHISTORY {question}"));
    assert!(lines[0].contains(" BATCH +") && lines.last().is_some_and(|line| line.contains(" BATCH -")), "{lines:?}");
    let batch = lines[0].split("BATCH +").nth(1).and_then(|rest| rest.split(' ').next()).expect("a batch");
    let inner = &lines[1..lines.len() - 1];
    let is_in_it = |line: &String| line.starts_with(&format!("@batch={batch}"));
    assert!(inner.iter().all(is_in_it), "{lines:?}");
    inner.iter().filter_map(|line| bare(line)).collect()
}

fn bare(line: &str) -> Option<String> {
    let (head, rest) = line.split_once(" #tea ")?;
    Some(format!("{} {rest}", head.rsplit(' ').next()?))
}

fn msgid(line: &str) -> Option<&str> {
    line.split([' ', ';', '@']).find_map(|tag| tag.strip_prefix("msgid="))
}

impl Tea {
    fn shown(&mut self, question: &str) -> Vec<String> {
        shown(&mut self.world, self.ben, question)
    }

    fn do_all(&mut self, lines: &[&str]) {
        for line in lines {
            self.world.say(self.ann, line);
            self.world.pass(Duration::from_millis(100));
        }
        self.world.hear_all();
    }
}

/// Ten messages, and then changes with two messages among them.
fn changed(caps: &str) -> Tea {
    let mut tea = tea_with(caps);
    tea.do_all(&[
        "TOPIC #tea :leaves",
        "PRIVMSG #tea :a",
        "MODE #tea +mb x",
        "TOPIC #tea :",
        "PRIVMSG #tea :b",
        "MODE #tea -m",
    ]);
    (tea.ids, tea.times) = references(&tea.world);
    tea
}

/// "If the client has not negotiated the draft/event-playback capability, the server MUST NOT send any lines other than
/// PRIVMSG and NOTICE in the reply batch."
#[test]
fn changes_are_for_those_with_event_playback() {
    let all = ["TOPIC :leaves", "PRIVMSG :a", "MODE +mb x!*@*", "TOPIC :", "PRIVMSG :b", "MODE -m"];
    assert_eq!(changed(PLAYBACK).shown("LATEST #tea * 6"), all);
    assert_eq!(changed(PLAIN).shown("LATEST #tea * 3"), ["PRIVMSG :9", "PRIVMSG :a", "PRIVMSG :b"]);
    // Unlike TAGMSG they are no matter of tags.
    let mut tea = changed("batch server-time draft/chathistory draft/event-playback");
    tea.do_all(&["@+draft/react=x TAGMSG #tea"]);
    assert_eq!(tea.shown("LATEST #tea * 6"), all);
    // Nor has who knows no time another text.
    let mut tea = changed("batch draft/chathistory draft/event-playback draft/multiline");
    tea.world.pass(Duration::from_secs(3_600));
    assert_eq!(tea.shown("LATEST #tea * 2")[1], "MODE -m");
}

#[test]
fn who_did_it_and_when_is_told_with_the_identity_of_that_time() {
    let mut tea = tea_with(PLAYBACK);
    for line in ["TOPIC #tea :leaves", "MODE #tea +m", "MODE #tea +o ben"] {
        let own = tea.world.ask(tea.ann, line);
        let live = tea.world.hear(tea.ben);
        let (own, live) = (own.last().expect("a line"), live.last().expect("a line"));
        if line.contains("+o") {
            assert_eq!((msgid(own), msgid(live)), (None, None), "presence has no identity");
            continue;
        }
        assert!(msgid(live).is_some() && msgid(own) == msgid(live), "{own} {live}");
        let later = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 1");
        let without_batch = later[1].replacen(&later[1][1..later[1].find(';').expect("tags") + 1], "", 1);
        assert_eq!(without_batch, *live);
        assert!(live.contains(" :ann!ann@127.0.0.1 "), "{live}");
    }
    assert!(tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 1")[1].contains("MODE #tea +m"));
}

/// channel-rename: "Servers MUST NOT send RENAME to clients" that do not know it.
#[test]
fn a_rename_is_shown_to_who_knows_of_it() {
    for (caps, is_shown) in [(PLAYBACK, false), (PLAIN, false), (&format!("{PLAYBACK} draft/channel-rename"), true)] {
        let mut tea = tea_with(caps);
        tea.world.say(tea.ann, "RENAME #tea #coffee :stronger");
        tea.world.say(tea.ann, "PRIVMSG #coffee :mm");
        let live = tea.world.hear(tea.ben);
        assert_eq!(live.iter().any(|line| line.contains(" RENAME ")), is_shown, "{live:?}");
        let shown = tea.world.ask(tea.ben, "CHATHISTORY LATEST #coffee * 3").join("\n");
        assert!(shown.contains("PRIVMSG #coffee :9\n") && shown.contains("PRIVMSG #coffee :mm\n"), "{shown}");
        let renamed = ":ann!ann@127.0.0.1 RENAME #tea #coffee :stronger\n";
        assert_eq!(shown.contains(renamed), is_shown, "{shown}");
        if is_shown {
            let id =
                live.iter().find(|line| line.contains(" RENAME ")).and_then(|line| msgid(line)).expect("an identity");
            assert!(shown.contains(id), "{shown}");
        }
        // Nothing was kept of it, so there is no past that has it.
        tea.world.say(tea.ann, "JOIN #new");
        tea.world.say(tea.ann, "RENAME #new #newer");
        assert!(!tea.world.logs.values().flatten().any(|record| record.windows(6).any(|part| part == b"#newer")));
    }
}

/// Secrecy: the key, the lists that not every member may read, and statuses.
#[test]
fn what_not_everybody_may_know_is_not_there() {
    let mut tea = tea_with(PLAYBACK);
    tea.do_all(&["MODE #tea +e friend", "MODE #tea +I guest", "MODE #tea +v ben", "MODE #tea -eI friend guest"]);
    assert_eq!(tea.shown("LATEST #tea * 1"), ["PRIVMSG :9"]);
    tea.do_all(&[
        "MODE #tea +kel swordfish friend 9",
        "MODE #tea -k x",
        "MODE #tea +vbI ben foe guest",
        "MODE #tea -l",
    ]);
    assert_eq!(tea.shown("LATEST #tea * 4"), ["MODE +kl * 9", "MODE -k *", "MODE +b foe!*@*", "MODE -l"]);
    let (_, log) = tea.world.logs.iter().find(|(name, _)| name.starts_with("room/")).expect("a room");
    let log: String = log.iter().map(|record| String::from_utf8_lossy(record)).collect();
    for secret in ["swordfish", "friend", "guest"] {
        assert!(!log.contains(secret), "{secret} is kept where members read");
    }
    tea.do_all(&["PART #tea"]);
    tea.world.say(tea.ben, "PART #tea");
    tea.world.hear_all();
    let refused = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 4");
    assert!(refused[0].contains("INVALID_TARGET"), "{refused:?}");
}

/// Nothing is lost or told twice, wherever a page ends, with and without the capability.
#[test]
fn paging_by_identity_goes_over_changes() {
    for (caps, expected) in [(PLAYBACK, 16), (PLAIN, 12)] {
        for page in 1..6 {
            let mut tea = changed(caps);
            let (mut seen, mut anchor) = (Vec::new(), "*".to_string());
            loop {
                let verb = if anchor == "*" { "LATEST" } else { "BEFORE" };
                let lines = tea.world.ask(tea.ben, &format!("CHATHISTORY {verb} #tea {anchor} {page}"));
                let inner = &lines[1..lines.len() - 1];
                let Some(first) = inner.first() else { break };
                anchor = format!("msgid={}", msgid(first).expect("an identity"));
                seen.splice(0..0, inner.iter().filter_map(|line| bare(line)));
            }
            assert_eq!(seen.len(), expected, "{page}: {seen:?}");
            assert_eq!(seen, tea.shown("LATEST #tea * 100"), "{page}");
        }
    }
}

#[test]
fn every_subcommand_shows_both_and_takes_both_as_anchors() {
    let mut tea = changed(PLAYBACK);
    // 10 TOPIC, 11 a, 12 MODE, 13 TOPIC, 14 b, 15 MODE.
    for anchors in [tea.ids.clone(), tea.times.clone()] {
        let [ten, twelve, fifteen] = [&anchors[10], &anchors[12], &anchors[15]];
        assert_eq!(tea.shown(&format!("AFTER #tea {ten} 2")), ["PRIVMSG :a", "MODE +mb x!*@*"]);
        assert_eq!(tea.shown(&format!("BEFORE #tea {twelve} 2")), ["TOPIC :leaves", "PRIVMSG :a"]);
        assert_eq!(tea.shown(&format!("AROUND #tea {twelve} 3")), ["PRIVMSG :a", "MODE +mb x!*@*", "TOPIC :"]);
        assert_eq!(tea.shown(&format!("BETWEEN #tea {fifteen} {ten} 3")), ["MODE +mb x!*@*", "TOPIC :", "PRIVMSG :b"]);
    }
    // For others they are places that nothing is at.
    let mut tea = changed(PLAIN);
    for anchors in [tea.ids.clone(), tea.times.clone()] {
        let [ten, twelve, fifteen] = [&anchors[10], &anchors[12], &anchors[15]];
        assert_eq!(tea.shown(&format!("AFTER #tea {ten} 2")), ["PRIVMSG :a", "PRIVMSG :b"]);
        assert_eq!(tea.shown(&format!("BEFORE #tea {twelve} 2")), ["PRIVMSG :9", "PRIVMSG :a"]);
        assert_eq!(tea.shown(&format!("AROUND #tea {twelve} 3")), ["PRIVMSG :9", "PRIVMSG :a", "PRIVMSG :b"]);
        assert_eq!(tea.shown(&format!("BETWEEN #tea {fifteen} {ten} 3")), ["PRIVMSG :a", "PRIVMSG :b"]);
    }
}

/// Many changes of one MODE are as many lines as they need, all in the batch, and the identity is on the first.
#[test]
fn changes_that_do_not_fit_into_a_line_go_on_in_the_next() {
    let mut tea = tea_with("batch message-tags draft/multiline draft/chathistory draft/event-playback");
    let masks = ["a", "b", "c"].map(|letter| format!("{}!{}@*", letter.repeat(60), letter.repeat(60)));
    tea.world.say(tea.ann, &format!("MODE #tea +bbb {}", masks.join(" ")));
    tea.world.say(tea.ann, &format!("RENAME #tea #{}", "t".repeat(60)));
    tea.world.hear_all();
    let room = format!("#{}", "t".repeat(60));
    let lines = tea.world.ask(tea.ben, &format!("CHATHISTORY LATEST {room} * 1"));
    let inner = &lines[1..lines.len() - 1];
    assert!(!inner.is_empty() && inner.iter().all(|line| line.starts_with("@batch=")), "{lines:?}");
    assert!(masks.iter().all(|mask| inner.iter().any(|line| line.contains(mask))), "under its present name {lines:?}");
    assert_eq!(inner.iter().filter(|line| msgid(line).is_some()).count(), 1);
}

#[test]
fn a_restart_keeps_them_as_they_were_told() {
    let mut tea = changed(PLAYBACK);
    let before = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 100");
    tea.world.restart(Settings::new("heliograph-test"), 9);
    let ben = tea.world.user_with("ben", PLAYBACK);
    tea.world.say(ben, "JOIN #tea");
    tea.world.hear_all();
    let after = tea.world.ask(ben, "CHATHISTORY LATEST #tea * 100");
    let inner = |lines: &[String]| -> Vec<String> {
        lines[1..lines.len() - 1].iter().filter_map(|line| Some(line.split_once(';')?.1.to_string())).collect()
    };
    assert_eq!(inner(&after), inner(&before));
    assert_eq!(inner(&after).len(), 16);
}

/// A change that is not on disk is not in history; when the setting is stored again, the change is not.
#[test]
fn a_failed_commit_leaves_the_change_out() {
    let mut tea = tea_with(PLAYBACK);
    tea.world.commits = Commits::Fail;
    let told = tea.world.ask(tea.ann, "TOPIC #tea :lost");
    assert!(
        told.iter().any(|line| line.contains("TOPIC #tea :Setting was changed but could not be stored yet")),
        "{told:?}"
    );
    assert_eq!(told.len(), 2, "once, and with the change itself: {told:?}");
    tea.world.hear_all();
    assert_eq!(tea.shown("LATEST #tea * 1"), ["PRIVMSG :9"]);
    tea.world.commits = Commits::AtOnce;
    tea.world.pass(limits::CHAT_PROBE_INTERVAL);
    assert_eq!(tea.shown("LATEST #tea * 1"), ["PRIVMSG :9"]);
    assert!(tea.world.ask(tea.ben, "TOPIC #tea")[0].ends_with(":lost"));
    // The next one is there again.
    tea.do_all(&["MODE #tea +m"]);
    assert_eq!(tea.shown("LATEST #tea * 2"), ["PRIVMSG :9", "MODE +m"]);
}

/// The setting reached the disk and what history shows of it did not: nobody is told, since nothing of the room is lost.
#[test]
fn a_setting_without_its_change_is_no_failure() {
    let mut tea = tea_with(PLAYBACK);
    tea.world.commits = Commits::WhenTold;
    tea.world.say(tea.ann, "MODE #tea +m");
    tea.world.hear_all();
    let change = tea.world.appends.pop().expect("the change");
    assert!(change.1.starts_with("room/"), "after the setting");
    tea.world.commit();
    tea.world.appends.push(change);
    tea.world.fail();
    let heard = tea.world.hear(tea.ann);
    assert!(!heard.iter().any(|line| line.contains("stored")), "{heard:?}");
    assert_eq!(tea.shown("LATEST #tea * 1"), ["PRIVMSG :9"]);
}

/// A room is kept before the first change of it is.
#[test]
fn the_first_thing_of_a_room_may_be_a_change() {
    let mut world = World::new();
    let ann = world.user_with("ann", PLAYBACK);
    world.say(ann, "JOIN #tea");
    world.hear_all();
    world.commits = Commits::WhenTold;
    world.say(ann, "MODE #tea +m");
    let logs: Vec<&str> = world.appends.iter().map(|(_, log, _)| log.split('/').next().unwrap_or_default()).collect();
    assert_eq!(logs, ["settings", "settings", "room"]);
    assert!(logs.len() <= limits::CHAT_APPENDS_AT_ONCE);
    world.commit();
    world.hear_all();
    assert_eq!(shown(&mut world, ann, "LATEST #tea * 9"), ["MODE +m"]);
}

/// A replay shows what was said; TARGETS tells when something was.
#[test]
fn neither_replays_nor_targets_know_of_changes() {
    let mut tea = changed(PLAYBACK);
    let carl = tea.world.user_with("carl", "batch message-tags server-time");
    let replay = tea.world.ask(carl, "JOIN #tea");
    assert!(!replay.iter().any(|line| line.contains("TOPIC") || line.contains(" MODE ")), "{replay:?}");
    assert!(replay.iter().any(|line| line.ends_with(":b")), "{replay:?}");
    tea.world.hear_all();
    let range = "timestamp=1970-01-01T00:00:00.000Z timestamp=9999-12-30T00:00:00.000Z 9";
    let newest = tea.times[14].trim_start_matches("timestamp=").to_string();
    for _ in 0..2 {
        let targets = tea.world.ask(tea.ben, &format!("CHATHISTORY TARGETS {range}"));
        assert!(targets[1].ends_with(&format!("CHATHISTORY TARGETS #tea {newest}")), "{targets:?}");
        tea.world.restart(Settings::new("heliograph-test"), 9);
        tea.ben = tea.world.user_with("ben", PLAYBACK);
        tea.world.ask(tea.ben, "JOIN #tea");
    }
}

/// Nobody said it, so nobody takes it back.
#[test]
fn a_change_cannot_be_redacted() {
    let mut tea = changed(CAPS);
    let oper = tea.world.user_with("oper", "message-tags draft/message-redaction");
    tea.world.say(oper, "JOIN #tea");
    tea.world.say(tea.ann, "MODE #tea +o oper");
    tea.world.hear_all();
    for index in [10, 12] {
        let id = tea.ids[index].trim_start_matches("msgid=").to_string();
        let told = tea.world.ask(oper, &format!("REDACT #tea {id}"));
        assert!(
            told.last().is_some_and(|line| line.contains(&format!("FAIL REDACT UNKNOWN_MSGID #tea {id}"))),
            "{told:?}"
        );
    }
}

/// They count among the records of a conversation.
#[test]
fn changes_are_trimmed_like_messages() {
    let mut tea = changed(PLAYBACK);
    tea.world.chat.settings.retention.newest = Some(3);
    tea.world.pass(limits::CHAT_RETENTION_INTERVAL);
    tea.world.hear_all();
    assert_eq!(tea.shown("LATEST #tea * 100"), ["TOPIC :", "PRIVMSG :b", "MODE -m"]);
}

/// What is on disk may be anything.
#[test]
fn a_change_that_cannot_be_read_is_left_out() {
    let mut tea = tea_with(PLAYBACK);
    let (_, log) = tea.world.logs.iter_mut().find(|(name, _)| name.starts_with("room/")).expect("a room");
    let record = |kind: &str, lines: &str| {
        let text = format!(
            r##"{{"msgid":"x","at_us":1795345729000000,"kind":"{kind}","from":"a!a@a","target":"#tea","lines":[{lines}]}}"##
        );
        text.into_bytes()
    };
    log.push(record(
        "mode",
        r#"{"text":""},{"text":"+"},{"text":"m"},{"text":"+ö"},{"text":"+m"},{"text":"-b  \r\nx y"}"#,
    ));
    log.push(record("mode", ""));
    log.push(record("topic", ""));
    log.push(record("kick", r#"{"text":"x"}"#));
    let lines = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 9");
    assert!(lines.iter().all(|line| !line.contains(['\r', '\n']) && !line.contains("KICK")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("MODE #tea +m")), "{lines:?}");
}
