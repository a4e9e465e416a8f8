//! draft/multiline: one message of several lines.

use super::world::{Commits, Id, World};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NOTHING: [&str; 0] = [];

/// Ann can send them; ben can take them, carl cannot.
fn room(more: &str) -> (World, [Id; 3]) {
    let mut world = World::new();
    let ann = world.user_with("ann", &format!("batch draft/multiline {more}"));
    let ben = world.user_with("ben", "batch draft/multiline message-tags");
    let carl = world.user_with("carl", "message-tags");
    for id in [ann, ben, carl] {
        world.say(id, "JOIN #tea");
    }
    // The first message keeps the room, too; from then on each is one append.
    world.say(ann, "PRIVMSG #tea :first");
    world.hear_all();
    (world, [ann, ben, carl])
}

fn say_all(world: &mut World, id: Id, lines: &[&str]) {
    lines.iter().for_each(|line| world.say(id, line));
}

const POEM: [&str; 6] = [
    "BATCH +1 draft/multiline #tea",
    "@batch=1 PRIVMSG #tea :hello",
    "@batch=1 PRIVMSG #tea :",
    "@batch=1 privmsg #TEA :how is ",
    "@batch=1;draft/multiline-concat PRIVMSG #tea :everyone?",
    "BATCH -1",
];

/// multiline "Batch types", "Fallback": one identity, on the batch or on the first line; no blank lines without it.
#[test]
fn it_is_a_batch_for_some_and_lines_for_others_and_one_record() {
    let (mut world, [ann, ben, carl]) = room("");
    let guest = {
        world.chat.settings.lobby = crate::irc::name::RoomName::parse("#tea").expect("a name");
        world.guest()
    };
    world.hear_all();
    let records = |world: &World| -> usize { world.logs.values().map(Vec::len).sum() };
    let before = records(&world);
    say_all(&mut world, ann, &POEM);
    assert_eq!(records(&world), before + 1);
    assert_eq!(world.hear(ann), NOTHING);
    let batch = world.hear(ben);
    let reference = batch[0].split(" BATCH +").nth(1).and_then(|rest| rest.split(' ').next()).expect("a reference");
    assert!(batch[0].starts_with("@msgid="), "{batch:?}");
    assert!(batch[0].ends_with(&format!(" :ann!ann@127.0.0.1 BATCH +{reference} draft/multiline #tea")), "{batch:?}");
    let inner = |tags: &str, text: &str| format!("@batch={reference}{tags} :ann!ann@127.0.0.1 PRIVMSG #tea :{text}");
    let expected = [
        inner("", "hello"),
        inner("", ""),
        inner("", "how is "),
        inner(";draft/multiline-concat", "everyone?"),
        format!(":ann!ann@127.0.0.1 BATCH -{reference}"),
    ];
    assert_eq!(batch[1..], expected);
    let lines = world.hear(carl);
    assert!(lines[0].starts_with("@msgid=") && lines[0].ends_with(" PRIVMSG #tea :hello"), "{lines:?}");
    assert_eq!(lines[1..], [":ann!ann@127.0.0.1 PRIVMSG #tea :how is ", ":ann!ann@127.0.0.1 PRIVMSG #tea :everyone?"]);
    assert_eq!(world.hear(guest), ["ann: hello", "ann: how is everyone?"]);
}

/// multiline "Labeled response": the label only on the line that opens the batch; all of it waits for one commit.
#[test]
fn its_echo_is_one_answer_after_the_commit() {
    let (mut world, [ann, ..]) = room("labeled-response echo-message");
    world.commits = Commits::WhenTold;
    let mut poem = POEM.map(String::from);
    poem[0] = format!("@label=x {}", poem[0]);
    poem.iter().for_each(|line| world.say(ann, line));
    assert_eq!(world.appends.len(), 1);
    assert_eq!(world.hear(ann), NOTHING);
    world.commit();
    let echo = world.hear(ann);
    assert!(echo[0].starts_with("@label=x :ann!ann@127.0.0.1 BATCH +"), "{echo:?}");
    assert_eq!(echo.len(), 6);
    assert!(echo[1..].iter().all(|line| !line.contains("label=")), "{echo:?}");
}

#[test]
fn without_an_echo_it_is_acknowledged_or_its_failure_told() {
    let (mut world, [ann, ..]) = room("labeled-response standard-replies");
    for commits in [Commits::AtOnce, Commits::Fail] {
        world.commits = commits;
        world.say(ann, &format!("@label=x {}", POEM[0]));
        say_all(&mut world, ann, &POEM[1..]);
        let answer = world.hear(ann);
        assert_eq!(answer.len(), 1, "{answer:?}");
        let expected =
            if commits == Commits::AtOnce { "@label=x :helio.local ACK" } else { "@label=x :helio.local FAIL " };
        assert!(answer[0].starts_with(expected), "{answer:?}");
    }
}

/// multiline "Errors": one FAIL each, nothing is delivered, and the next batch works.
#[test]
fn every_fault_is_told_once() {
    let (mut world, [ann, ben, _]) = room("");
    let many: Vec<String> = (0..=limits::CHAT_MULTILINE_LINES).map(|_| "@batch=1 PRIVMSG #tea :x".into()).collect();
    let long = format!("@batch=1 PRIVMSG #tea :{}", "x".repeat(400));
    let large: Vec<String> = (0..=limits::CHAT_MULTILINE_BYTES / 400).map(|_| long.clone()).collect();
    let one = |line: &str| [String::from(line)].to_vec();
    for (lines, code) in [
        (many, "MULTILINE_MAX_LINES 100 :Multiline batch max-lines exceeded"),
        (large, "MULTILINE_MAX_BYTES 8192 :Multiline batch max-bytes exceeded"),
        (one("@batch=1 PRIVMSG #ada :x"), "MULTILINE_INVALID_TARGET #tea #ada :Invalid multiline target"),
        (one("@batch=1;draft/multiline-concat PRIVMSG #tea :"), "MULTILINE_INVALID :Invalid multiline batch"),
        (one("@batch=1 NOTICE #tea :x"), "MULTILINE_INVALID :Invalid multiline batch"),
        (one("@batch=1 PRIVMSG #tea :"), "MULTILINE_INVALID :Invalid multiline batch"),
        (Vec::new(), "MULTILINE_INVALID :Invalid multiline batch"),
    ] {
        world.say(ann, POEM[0]);
        lines.iter().for_each(|line| world.say(ann, line));
        world.say(ann, "@batch=1 PRIVMSG #tea :");
        world.say(ann, "BATCH -1");
        assert_eq!(world.hear(ann), [format!(":helio.local FAIL BATCH {code}")]);
        assert_eq!(world.hear(ben), NOTHING);
    }
    say_all(&mut world, ann, &POEM);
    assert_eq!(world.hear(ben).len(), 6);
}

/// multiline "Errors": "The command is BATCH", also for a line that names a batch which is not open.
#[test]
fn batches_are_neither_nested_nor_of_other_types() {
    let (mut world, [ann, ben, carl]) = room("");
    for line in ["BATCH -1", "BATCH +1 netsplit", "BATCH +1 draft/multiline", "BATCH 1", "@batch=9 PRIVMSG #tea :x"] {
        let refused = [":helio.local FAIL BATCH MULTILINE_INVALID :Invalid multiline batch"];
        assert_eq!(world.ask(ann, line), refused, "{line}");
    }
    world.say(ann, POEM[0]);
    assert_eq!(world.ask(ann, "BATCH +2 draft/multiline #tea").len(), 1);
    say_all(&mut world, ann, &POEM[1..]);
    assert_eq!(world.hear(ben).len(), 6, "the first goes on");
    world.hear_all();
    assert_eq!(world.ask(carl, POEM[0]), [":helio.local 421 carl BATCH :Unknown command"]);
}

#[test]
fn a_batch_that_is_not_ended_in_time_is_refused() {
    let (mut world, [ann, ben, _]) = room("labeled-response");
    world.say(ann, &format!("@label=x {}", POEM[0]));
    world.say(ann, POEM[1]);
    world.pass(limits::CHAT_MULTILINE_TIMEOUT);
    assert_eq!(world.hear(ann), ["@label=x :helio.local FAIL BATCH TIMEOUT :Batch was not ended in time"]);
    assert_eq!(world.ask(ann, "BATCH -1"), NOTHING);
    assert_eq!(world.hear(ben), NOTHING);
}

/// multiline "Message tags": client-only tags stand on the line that begins the batch.
#[test]
fn its_client_tags_are_those_of_its_beginning() {
    let (mut world, [ann, ben, carl]) = room("message-tags");
    world.say(ann, &format!("@+draft/reply=abc {}", POEM[0]));
    say_all(&mut world, ann, &POEM[1..]);
    for lines in [world.hear(ben), world.hear(carl)] {
        let tagged: Vec<bool> = lines.iter().map(|line| line.contains("+draft/reply=abc")).collect();
        assert!(tagged[0] && !tagged[1..].contains(&true), "{lines:?}");
    }
}

/// A client may rely on each of its bytes: what does not fit into a line with the author's mask goes into one more.
#[test]
fn lines_that_are_too_long_are_continued() {
    let (mut world, [ann, ben, _]) = room("");
    let text = "ä".repeat(240);
    let line = format!("@batch=1 PRIVMSG #tea :{text}");
    say_all(&mut world, ann, &[POEM[0], &line, "@batch=1 PRIVMSG #tea :end", "BATCH -1"]);
    let batch = world.hear(ben);
    assert_eq!(batch.len(), 5);
    let texts: Vec<&str> =
        batch[1..3].iter().filter_map(|line| line.split_once("#tea :")).map(|(_, text)| text).collect();
    assert_eq!(texts.concat(), text);
    assert!(batch[2].contains("draft/multiline-concat"), "{batch:?}");
}

/// JSON makes six bytes of a control character: a message within all bounds of the protocol may be too large for the store.
#[test]
fn a_message_whose_record_would_be_too_large_is_refused_alone() {
    let (mut world, [ann, ben, _]) = room("message-tags");
    let line = format!("@batch=1 PRIVMSG #tea :{}", "\u{2}".repeat(400));
    let tags = format!("+draft/reply={}", "\u{2}".repeat(4_000));
    world.say(ann, &format!("@{tags} {}", POEM[0]));
    (0..20).for_each(|_| world.say(ann, &line));
    assert_eq!(world.ask(ann, "BATCH -1"), [":helio.local 417 ann :Input line was too long"]);
    assert_eq!(world.hear(ben), NOTHING);
    say_all(&mut world, ann, &POEM);
    assert_eq!(world.hear(ben).len(), 6);
    let largest = world.logs.values().flatten().map(Vec::len).max();
    assert!(largest.is_some_and(|largest| largest <= limits::CHAT_RECORD_BYTES), "{largest:?}");
}
