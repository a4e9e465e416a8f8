//! CHATHISTORY: what is shown of the past, and to whom (IRCv3 chathistory, a draft). Clauses are named after the draft.

use super::world::{Commits, Id, World};
use crate::chat::Settings;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str = "batch message-tags server-time draft/chathistory";

/// Ann said `0` to `9` in #tea, 100 ms apart, and Ben is there to ask.
struct Tea {
    world: World,
    ann: Id,
    ben: Id,
    /// `msgid=…` and `timestamp=…` of each message.
    ids: Vec<String>,
    times: Vec<String>,
}

fn tea() -> Tea {
    tea_with(CAPS)
}

fn tea_with(caps: &str) -> Tea {
    let mut world = World::new();
    world.chat.settings.ping_interval = Duration::from_secs(86_400);
    let ann = world.user_with("ann", "message-tags batch draft/multiline");
    world.say(ann, "JOIN #tea");
    for number in 0..10 {
        world.say(ann, &format!("PRIVMSG #tea :{number}"));
        world.pass(Duration::from_millis(100));
    }
    let ben = world.user_with("ben", caps);
    world.say(ben, "JOIN #tea");
    world.hear_all();
    let (ids, times) = references(&world);
    Tea { world, ann, ben, ids, times }
}

/// The two ways to refer to what is in the log of the one room.
fn references(world: &World) -> (Vec<String>, Vec<String>) {
    let (_, log) = world.logs.iter().find(|(name, _)| name.starts_with("room/")).expect("a room");
    let records = log.iter().map(|record| serde_json::from_slice(record).expect("a record"));
    let said = records.map(|said: crate::chat::Said| {
        (format!("msgid={}", said.msgid), format!("timestamp={}", Utc::from_micros(said.at_us).rfc3339_millis()))
    });
    said.unzip()
}

impl Tea {
    /// The texts that Ben's question shows, without what is around them.
    fn texts(&mut self, question: &str) -> String {
        let lines = self.world.ask(self.ben, &format!("CHATHISTORY {question}"));
        assert!(lines[0].contains(" BATCH +") && lines[0].ends_with(" chathistory #tea"), "{lines:?}");
        let reference = lines[0].split("BATCH +").nth(1).and_then(|rest| rest.split(' ').next()).expect("a batch");
        assert_eq!(lines.last(), Some(&format!(":helio.local BATCH -{reference}")));
        let inner = &lines[1..lines.len() - 1];
        assert!(inner.iter().all(|line| line.starts_with(&format!("@batch={reference};"))), "{lines:?}");
        texts(inner)
    }

    fn refused(&mut self, question: &str) -> String {
        let lines = self.world.ask(self.ben, &format!("CHATHISTORY {question}"));
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].strip_prefix(":helio.local FAIL CHATHISTORY ").expect("a FAIL").to_string()
    }
}

fn texts(lines: &[String]) -> String {
    lines.iter().filter_map(|line| line.rsplit(':').next()).collect::<Vec<_>>().join("")
}

#[test]
fn latest_is_the_newest() {
    let mut tea = tea();
    let (id, time) = (tea.ids[4].clone(), tea.times[4].clone());
    assert_eq!(tea.texts("LATEST #tea * 100"), "0123456789");
    assert_eq!(tea.texts("latest #TEA * 5"), "56789");
    assert_eq!(tea.texts("LATEST #tea * 1"), "9");
    // "restricted to those sent after and excluding that timestamp or msgid"
    assert_eq!(tea.texts(&format!("LATEST #tea {id} 100")), "56789");
    assert_eq!(tea.texts(&format!("LATEST #tea {time} 100")), "56789");
    assert_eq!(tea.texts(&format!("LATEST #tea {id} 2")), "89");
}

#[test]
fn before_and_after_leave_their_anchor_out_and_are_next_to_it() {
    let mut tea = tea();
    for anchors in [tea.ids.clone(), tea.times.clone()] {
        let [first, third, sixth, last] = [&anchors[0], &anchors[3], &anchors[6], &anchors[9]];
        assert_eq!(tea.texts(&format!("BEFORE #tea {sixth} 100")), "012345");
        assert_eq!(tea.texts(&format!("BEFORE #tea {sixth} 2")), "45");
        assert_eq!(tea.texts(&format!("BEFORE #tea {first} 2")), "");
        assert_eq!(tea.texts(&format!("AFTER #tea {third} 100")), "456789");
        assert_eq!(tea.texts(&format!("AFTER #tea {third} 3")), "456");
        assert_eq!(tea.texts(&format!("AFTER #tea {last} 3")), "");
    }
    assert_eq!(tea.texts("BEFORE #tea timestamp=1970-01-01T00:00:00.000Z 9"), "");
    assert_eq!(tea.texts("AFTER #tea timestamp=1970-01-01T00:00:00.000Z 3"), "012");
    assert_eq!(tea.texts("BEFORE #tea timestamp=9999-12-30T00:00:00.000Z 3"), "789");
    assert_eq!(tea.texts("AFTER #tea timestamp=9999-12-30T00:00:00.000Z 3"), "");
}

/// "counted starting from and excluding the first message selector, while finishing on and excluding the second"
#[test]
fn between_counts_from_the_first_anchor_whichever_is_older() {
    let mut tea = tea();
    for anchors in [tea.ids.clone(), tea.times.clone()] {
        let (first, last) = (&anchors[0], &anchors[9]);
        assert_eq!(tea.texts(&format!("BETWEEN #tea {first} {last} 100")), "12345678");
        assert_eq!(tea.texts(&format!("BETWEEN #tea {last} {first} 100")), "12345678");
        assert_eq!(tea.texts(&format!("BETWEEN #tea {first} {last} 3")), "123");
        assert_eq!(tea.texts(&format!("BETWEEN #tea {last} {first} 3")), "678");
        assert_eq!(tea.texts(&format!("BETWEEN #tea {first} {} 3", anchors[1])), "");
        assert_eq!(tea.texts(&format!("BETWEEN #tea {first} {first} 3")), "");
    }
    let (id, time) = (tea.ids[2].clone(), tea.times[5].clone());
    assert_eq!(tea.texts(&format!("BETWEEN #tea {id} {time} 9")), "34");
}

#[test]
fn around_has_its_anchor_in_the_middle_or_near_it() {
    let mut tea = tea();
    for anchors in [tea.ids.clone(), tea.times.clone()] {
        for (index, limit, shown) in [
            (7, 1, "7"),
            (7, 2, "67"),
            (7, 3, "678"),
            (4, 5, "23456"),
            (0, 4, "0123"),
            (9, 4, "6789"),
            (5, 100, "0123456789"),
        ] {
            assert_eq!(tea.texts(&format!("AROUND #tea {} {limit}", anchors[index])), shown, "{index} {limit}");
        }
    }
}

/// A time with milliseconds means all that was said in that millisecond: what is left out is left out on both sides.
#[test]
fn a_moment_is_a_millisecond() {
    let mut tea = tea();
    (0..3).for_each(|number| tea.world.say(tea.ann, &format!("PRIVMSG #tea :{}", ["a", "b", "c"][number])));
    tea.world.pass(Duration::from_millis(1));
    tea.world.say(tea.ann, "PRIVMSG #tea :d");
    let (ids, times) = references(&tea.world);
    tea.world.hear_all();
    assert!(times[10] == times[12] && times[12] != times[13]);
    assert_eq!(tea.texts(&format!("BEFORE #tea {} 2", times[11])), "89");
    assert_eq!(tea.texts(&format!("AFTER #tea {} 2", times[11])), "d");
    assert_eq!(tea.texts(&format!("BEFORE #tea {} 2", ids[11])), "9a");
    assert_eq!(tea.texts(&format!("AFTER #tea {} 2", ids[11])), "cd");
}

/// "The msgid tag … MUST be the msgid tag as originally sent", and the time is that of the message.
#[test]
fn a_message_is_shown_as_it_was_sent() {
    let mut tea = tea();
    let (id, time) = (tea.ids[9].replace("msgid", ";msgid"), tea.times[9].replace("timestamp", ";time"));
    let lines = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 1");
    assert!(lines[1].contains(&id) && lines[1].contains(&time), "{lines:?}");
    assert!(lines[1].ends_with(" :ann!ann@127.0.0.1 PRIVMSG #tea :9"));
    // "limited functionality is available to clients without support for these CAPs"
    let carl = tea.world.member("carl", "#tea");
    tea.world.hear_all();
    let lines = tea.world.ask(carl, "CHATHISTORY LATEST #tea * 1");
    assert_eq!(lines, [":ann!ann@127.0.0.1 PRIVMSG #tea :9"], "just now, so without its time");
}

/// "if a client requests this capability, the server SHOULD NOT play back any history that would otherwise be sent".
#[test]
fn who_has_it_is_shown_nothing_on_joining() {
    let mut tea = tea();
    let carl = tea.world.user_with("carl", "draft/chathistory");
    assert!(!tea.world.ask(carl, "JOIN #tea").iter().any(|line| line.contains("ann!")));
    let dora = tea.world.user("dora");
    assert!(tea.world.ask(dora, "JOIN #tea").iter().any(|line| line.contains("ann!")));
}

/// labeled-response: the label is on the batch itself, or on the FAIL.
#[test]
fn a_labelled_question_has_one_labelled_answer() {
    let mut tea = tea_with("batch labeled-response message-tags draft/chathistory");
    let lines = tea.world.ask(tea.ben, "@label=x CHATHISTORY LATEST #tea * 1");
    assert!(
        lines[0].starts_with("@label=x :helio.local BATCH +") && lines[0].ends_with(" chathistory #tea"),
        "{lines:?}"
    );
    assert_eq!(lines.iter().filter(|line| line.contains("label=")).count(), 1);
    let lines = tea.world.ask(tea.ben, "@label=y CHATHISTORY LATEST #tea msgid=none 1");
    assert_eq!(
        lines,
        ["@label=y :helio.local FAIL CHATHISTORY MESSAGE_ERROR LATEST #tea :Messages could not be retrieved"]
    );
    let lines = tea.world.ask(tea.ben, "@label=z CHATHISTORY LATEST #no * 1");
    assert_eq!(lines, ["@label=z :helio.local FAIL CHATHISTORY INVALID_TARGET LATEST #no :Invalid target"]);
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    let lines = tea.world.ask(tea.ben, &format!("@label=t CHATHISTORY TARGETS {always} 9"));
    assert!(lines[0].starts_with("@label=t :helio.local BATCH +"), "{lines:?}");
    assert_eq!((lines.len(), lines.iter().filter(|line| line.contains("label=")).count()), (3, 1), "{lines:?}");
}

/// The answer has its place: what is said meanwhile comes behind it, and is not in it.
#[test]
fn it_keeps_its_place_in_the_stream() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    tea.world.say(tea.ben, "CHATHISTORY LATEST #tea * 1");
    tea.world.say(tea.ann, "PRIVMSG #tea :live");
    tea.world.say(tea.ben, "PING x");
    assert_eq!(tea.world.hear(tea.ben), [] as [&str; 0]);
    tea.world.read();
    let lines = tea.world.hear(tea.ben);
    let verbs: Vec<&str> = ["BATCH +", "BATCH -", ":live", "PONG"].into();
    let order = verbs.iter().map(|verb| lines.iter().position(|line| line.contains(verb)));
    assert!(order.clone().all(|place| place.is_some()) && order.is_sorted(), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.contains(":live")).count(), 1);
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let mut tea = tea();
    for (question, refusal) in [
        ("", "INVALID_PARAMS *"),
        ("EARLIEST #tea * 5", "INVALID_PARAMS EARLIEST"),
        ("LATEST", "INVALID_PARAMS LATEST"),
        ("LATEST #tea *", "INVALID_PARAMS LATEST"),
        ("LATEST #tea * 5 6", "INVALID_PARAMS LATEST"),
        ("LATEST #tea * 0", "INVALID_PARAMS LATEST 0"),
        ("LATEST #tea * -5", "INVALID_PARAMS LATEST -5"),
        ("LATEST #tea * many", "INVALID_PARAMS LATEST many"),
        ("BEFORE #tea * 5", "INVALID_PARAMS BEFORE *"),
        ("BEFORE #tea timestamp=yesterday 5", "INVALID_PARAMS BEFORE timestamp=yesterday"),
        ("BEFORE #tea msgid= 5", "INVALID_PARAMS BEFORE msgid="),
        ("BEFORE #tea id=5 5", "INVALID_MSGREFTYPE BEFORE #tea"),
        ("BETWEEN #tea msgid=x 5", "INVALID_PARAMS BETWEEN"),
        ("TARGETS msgid=x timestamp=2100-01-01T00:00:00.000Z 5", "INVALID_PARAMS TARGETS msgid=x"),
        ("TARGETS timestamp=2100-01-01T00:00:00.000Z 5", "INVALID_PARAMS TARGETS"),
        ("LATEST #nowhere * 5", "INVALID_TARGET LATEST #nowhere"),
        ("LATEST ann * 5", "INVALID_TARGET LATEST ann"),
        ("LATEST * * 5", "INVALID_TARGET LATEST *"),
        ("LATEST @#tea * 5", "INVALID_TARGET LATEST @#tea"),
        ("BEFORE #tea msgid=nobody-said-this 5", "MESSAGE_ERROR BEFORE #tea"),
        ("BETWEEN #tea msgid=x timestamp=2100-01-01T00:00:00.000Z 5", "MESSAGE_ERROR BETWEEN #tea"),
    ] {
        let refused = tea.refused(question);
        assert_eq!(refused.split(" :").next(), Some(refusal), "{question}");
    }
    tea.world.are_reads_failing = true;
    assert!(tea.refused("LATEST #tea * 5").starts_with("MESSAGE_ERROR LATEST #tea :"));
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    assert_eq!(tea.world.ask(tea.ben, &format!("CHATHISTORY TARGETS {always} 5")).len(), 3, "known without reading");
}

#[test]
fn an_answer_is_bounded_in_number_and_bytes() {
    let mut tea = tea_with("batch message-tags server-time draft/multiline draft/chathistory");
    tea.world.chat.settings.flood.exempt = Settings::new("x").flood.exempt;
    (0..120).for_each(|number| tea.world.say(tea.ann, &format!("PRIVMSG #tea :({number})")));
    tea.world.hear_all();
    let texts = tea.texts("LATEST #tea * 99999999999999999999999");
    assert!(texts.starts_with("(20)") && texts.ends_with("(119)"), "{texts}");
    for _ in 0..10 {
        tea.world.say(tea.ann, "BATCH +1 draft/multiline #tea");
        for _ in 0..limits::CHAT_MULTILINE_LINES {
            tea.world.say(tea.ann, "@batch=1 PRIVMSG #tea :x");
        }
        tea.world.say(tea.ann, "BATCH -1");
    }
    tea.world.hear_all();
    let bytes = |lines: &[String]| lines.iter().map(|line| line.len() + 2).sum::<usize>();
    let answer = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 100");
    let messages = answer.iter().filter(|line| line.contains(" draft/multiline ")).count();
    assert!((2..10).contains(&messages) && bytes(&answer) <= limits::CHAT_REPLAY_BYTES, "{messages}");
    // Those next to the anchor are shown.
    let id = references(&tea.world).0[129].clone();
    let answer = tea.world.ask(tea.ben, &format!("CHATHISTORY AFTER #tea {id} 100"));
    assert!(answer[1].contains(&references(&tea.world).0[130]), "{:?}", answer[1]);
    // One comes though it is larger than what a small queue allows.
    tea.world.chat.settings.send_queue = 64;
    let answer = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 100");
    assert_eq!(answer.iter().filter(|line| line.contains(" draft/multiline ")).count(), 1);
}

/// A client that asks and asks is held back; what is handed in all the same is refused.
#[test]
fn few_questions_wait_at_a_time() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    for number in 0..limits::CHAT_HISTORY_READS {
        assert!(!tea.world.chat.is_behind(tea.ben.0), "{number}");
        tea.world.say(tea.ben, "CHATHISTORY LATEST #tea * 1");
    }
    assert!(tea.world.chat.is_behind(tea.ben.0));
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    tea.world.say(tea.ben, "CHATHISTORY LATEST #tea * 1");
    tea.world.say(tea.ben, &format!("CHATHISTORY TARGETS {always} 9"));
    tea.world.chat.check_bounds();
    tea.world.read();
    assert!(!tea.world.chat.is_behind(tea.ben.0));
    let lines = tea.world.hear(tea.ben);
    assert_eq!(lines.iter().filter(|line| line.contains("BATCH +")).count(), limits::CHAT_HISTORY_READS);
    let failed: Vec<_> = lines.iter().filter(|line| line.contains("FAIL CHATHISTORY MESSAGE_ERROR")).collect();
    assert_eq!(failed.len(), 2, "{lines:?}");
}

/// Who does not read the answers cannot ask on.
#[test]
fn who_does_not_read_is_held_back() {
    let mut tea = tea();
    tea.world.deaf.push(tea.ben);
    let mut asked = 0;
    while !tea.world.chat.is_behind(tea.ben.0) {
        tea.world.say(tea.ben, "CHATHISTORY LATEST #tea * 100");
        asked += 1;
    }
    assert!((50..2_000).contains(&asked) && !tea.world.is_closed(tea.ben), "{asked}");
    tea.world.deaf.clear();
    tea.world.say(tea.ben, "PING x");
    assert!(!tea.world.chat.is_behind(tea.ben.0));
}

#[test]
fn each_question_costs_as_any_line_does() {
    let mut settings = Settings::new("heliograph-test");
    settings.flood.exempt = Vec::new();
    settings.flood.burst = 8;
    let mut world = World::with(settings);
    let ann = world.member("ann", "#tea");
    (0..20).for_each(|_| world.say(ann, "CHATHISTORY LATEST #no * 1"));
    assert!(world.hear(ann).len() < 8 && world.chat.is_behind(ann.0));
}

mod access;
mod changes;
mod events;
pub(super) mod private;
mod seeded;
mod targets;
