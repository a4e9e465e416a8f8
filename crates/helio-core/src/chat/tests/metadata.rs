//! METADATA (IRCv3 metadata, a draft): `spec/metadata.md`, and what others make of the draft.

mod lasting;

use super::world::{Id, World};
use crate::chat::{AUDIT_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str = "batch draft/metadata-2";
const SILENCE: [&str; 0] = [];

impl World {
    /// Somebody with the capability, who is subscribed to these keys.
    fn subscriber(&mut self, nick: &str, keys: &str) -> Id {
        let id = self.user_with(nick, CAPS);
        if !keys.is_empty() {
            self.say(id, &format!("METADATA * SUB {keys}"));
        }
        self.hear_all();
        id
    }

    /// The client sends one line and reads what it has, without the names of batches.
    fn tell(&mut self, id: Id, line: &str) -> Vec<String> {
        self.say(id, line);
        self.listen(id)
    }

    fn listen(&mut self, id: Id) -> Vec<String> {
        plain(&self.hear(id))
    }
}

/// Lines without the server's name, and `+` and `-` in place of the names of batches.
fn plain(lines: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut plain = Vec::new();
    for line in lines {
        let (tags, rest) = match line.strip_prefix('@') {
            Some(line) => line.split_once(' ').expect("a line behind its tags"),
            None => ("", line.as_str()),
        };
        let rest = rest.strip_prefix(":helio.local ").unwrap_or(rest);
        let rest = match rest.strip_prefix("BATCH +") {
            Some(begun) => {
                let (name, kind) = begun.split_once(' ').expect("a kind");
                names.push(name.to_string());
                format!("+ {kind}")
            }
            None if rest.starts_with("BATCH -") => {
                assert_eq!(names.pop().as_deref(), rest.strip_prefix("BATCH -"), "batches end in order");
                "-".to_string()
            }
            None => rest.to_string(),
        };
        let batch = tags.split(';').find_map(|tag| tag.strip_prefix("batch="));
        assert!(batch.is_none_or(|batch| names.iter().any(|name| name == batch)), "an open batch: {line}");
        plain.push(if batch.is_some() { format!("| {rest}") } else { rest });
    }
    assert!(names.is_empty(), "all batches end: {lines:?}");
    plain
}

/// irctest `testGetOneUnsetValid`, `testGetTwoUnsetValid`, `testSetGetUser`, `testSetUnsetUser`, `testListNoSet`: "for every key in
/// order".
#[test]
fn what_is_set_can_be_got_listed_and_removed() {
    let mut world = World::new();
    let foo = world.subscriber("foo", "");
    let none = ["+ metadata foo", "| 766 foo foo avatar :Key is not set", "| 766 foo foo url :Key is not set", "-"];
    assert_eq!(world.tell(foo, "METADATA * GET avatar url"), none);
    assert_eq!(world.tell(foo, "METADATA * LIST"), ["+ metadata foo", "-"]);
    for target in ["*", "foo", "FOO"] {
        let value = format!("The {target} \u{1f49c}");
        let told = format!("761 foo foo display-name * :{value}");
        assert_eq!(world.tell(foo, &format!("METADATA {target} SET Display-Name :{value}")), [told.as_str()]);
        let told = format!("| {told}");
        assert_eq!(world.tell(foo, "METADATA foo GET display-name"), ["+ metadata foo", &told, "-"]);
        assert_eq!(world.tell(foo, "metadata * list"), ["+ metadata foo", &told, "-"]);
    }
    let gone = ["766 foo foo display-name :Key is not set"];
    assert_eq!(world.tell(foo, "METADATA * SET display-name"), gone);
    assert_eq!(
        world.tell(foo, "METADATA * SET display-name"),
        ["FAIL METADATA KEY_NOT_SET foo display-name :Key is not set"]
    );
    world.say(foo, "METADATA * SET display-name x");
    world.hear_all();
    assert_eq!(world.tell(foo, "METADATA * SET display-name :"), gone, "an empty value is none");
    world.say(foo, "METADATA * SET b 1");
    world.say(foo, "METADATA * SET a 2");
    world.hear_all();
    let cleared = ["+ metadata foo", "| 766 foo foo a :Key is not set", "| 766 foo foo b :Key is not set", "-"];
    assert_eq!(world.tell(foo, "METADATA * CLEAR"), cleared);
    assert_eq!(world.tell(foo, "METADATA * CLEAR"), ["+ metadata foo", "-"]);
    world.chat.check_bounds();
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let mut world = World::new();
    let foo = world.subscriber("foo", "");
    for (line, answer) in [
        ("METADATA", "461 foo METADATA :Not enough parameters"),
        ("METADATA *", "461 foo METADATA :Not enough parameters"),
        ("METADATA * SET", "461 foo METADATA :Not enough parameters"),
        ("METADATA * GET :", "461 foo METADATA :Not enough parameters"),
        ("METADATA * destr0y", "FAIL METADATA SUBCOMMAND_INVALID destr0y :There is no such subcommand"),
        ("METADATA foobar LIST", "FAIL METADATA INVALID_TARGET foobar :Invalid target"),
        ("METADATA $a:user SET url x", "FAIL METADATA INVALID_TARGET $a:user :Invalid target"),
        ("METADATA #none SYNC", "FAIL METADATA INVALID_TARGET #none :Invalid target"),
        ("METADATA * SET $url$ x", "FAIL METADATA KEY_INVALID $url$ :Key is not valid"),
        ("METADATA ben SUB url", "FAIL METADATA INVALID_TARGET ben :Invalid target"),
        ("METADATA #tea SUBS", "FAIL METADATA INVALID_TARGET #tea :Invalid target"),
    ] {
        assert_eq!(world.tell(foo, line), [answer], "{line}");
    }
    let heard = world.tell(foo, "METADATA * GET $url a");
    assert_eq!(heard[1..3], ["| FAIL METADATA KEY_INVALID $url :Key is not valid", "| 766 foo foo a :Key is not set"]);
    let long = "k".repeat(limits::CHAT_METADATA_KEY + 1);
    assert!(world.tell(foo, &format!("METADATA * SET {long} x"))[0].contains(" KEY_INVALID "));
}

/// irctest `testSetTooManyBytes`, `testSetInvalidUtf8`; and the longest that is taken comes back whole.
#[test]
fn values_are_bounded_and_come_back_whole() {
    let server_name = "s".repeat(63);
    let mut world = World::with(Settings { server_name, ..World::settings() });
    let foo = world.subscriber(&"n".repeat(limits::IRC_NICK), "");
    let room = format!("#{}", "r".repeat(limits::IRC_ROOM_NAME - 1));
    world.say(foo, &format!("JOIN {room}"));
    world.hear_all();
    let (key, value) = ("k".repeat(limits::CHAT_METADATA_KEY), "v".repeat(limits::CHAT_METADATA_VALUE));
    let heard = world.hear_after(foo, &format!("METADATA {room} SET {key} :{value}"));
    assert!(heard[0].ends_with(&format!(" {key} * :{value}")), "{heard:?}");
    let refused = "FAIL METADATA VALUE_INVALID :Value is too long";
    assert!(world.hear_after(foo, &format!("METADATA * SET {key} :{value}v"))[0].ends_with(refused));
    world.chat.handle_line(foo.0, b"METADATA * SET a :\xc3<-", world.now);
    world.drain();
    let heard = world.hear(foo);
    assert!(heard.len() == 1 && heard[0].contains("FAIL METADATA INVALID_UTF8"), "{heard:?}");
}

impl World {
    fn hear_after(&mut self, id: Id, line: &str) -> Vec<String> {
        self.say(id, line);
        self.hear(id)
    }
}

/// irctest `testSetOtherUser`, `testSetGetChannel`, `testSetUnsetChannel`, `testSetGetChannelNotOp`.
#[test]
fn one_sets_oneself_and_operators_set_rooms() {
    let mut world = World::new();
    let (foo, bar) = (world.subscriber("foo", ""), world.subscriber("bar", ""));
    world.say(foo, "JOIN #Tea");
    world.say(bar, "JOIN #tea");
    world.hear_all();
    assert_eq!(
        world.tell(foo, "METADATA bar SET url x"),
        ["FAIL METADATA KEY_NO_PERMISSION bar url :You may not do that"]
    );
    assert_eq!(world.tell(foo, "METADATA bar CLEAR"), ["FAIL METADATA KEY_NO_PERMISSION bar * :You may not do that"]);
    assert_eq!(world.tell(foo, "METADATA #tea SET url x"), ["761 foo #Tea url * :x"]);
    assert_eq!(
        world.tell(bar, "METADATA #tea SET url y"),
        ["FAIL METADATA KEY_NO_PERMISSION #Tea url :You may not do that"]
    );
    assert_eq!(world.tell(bar, "METADATA #tea GET url"), ["+ metadata #Tea", "| 761 bar #Tea url * :x", "-"]);
    world.say(foo, "METADATA * SET url z");
    assert_eq!(world.tell(bar, "METADATA foo GET url"), ["+ metadata foo", "| 761 bar foo url * :z", "-"]);
    assert_eq!(
        world.tell(foo, "METADATA #tea CLEAR"),
        ["761 foo foo url * :z", "+ metadata #Tea", "| 766 foo #Tea url :Key is not set", "-"]
    );
    world.chat.check_bounds();
}

/// Ergo #2382: metadata of a room is not for those whom its doors keep out; and a secret room is not even there.
#[test]
fn who_is_outside_reads_nothing_of_a_room() {
    let mut world = World::with(World::settings());
    let (foo, bar) = (world.subscriber("foo", "url"), world.subscriber("bar", "url"));
    world.say(foo, "JOIN #tea");
    world.say(foo, "METADATA #tea SET url x");
    world.hear_all();
    for line in ["GET url", "LIST", "SYNC"] {
        let refused = ["FAIL METADATA KEY_NO_PERMISSION #tea * :You may not do that"];
        assert_eq!(world.tell(bar, &format!("METADATA #TEA {line}")), refused, "{line}");
    }
    world.say(foo, "MODE #tea +s");
    for line in ["GET url", "LIST", "SYNC", "SET url y", "SET $", "CLEAR"] {
        let there = plain(&world.hear_after(bar, &format!("METADATA #TEA {line}")));
        let not_there = plain(&world.hear_after(bar, &format!("METADATA #NIL {line}")));
        let not_there: Vec<String> = not_there.iter().map(|line| line.replace("#NIL", "#TEA")).collect();
        assert_eq!(there, not_there, "{line}");
    }
    // Who was in it and is not any more.
    world.say(foo, "MODE #tea -s");
    world.say(bar, "JOIN #tea");
    world.say(foo, "KICK #tea bar");
    world.say(foo, "METADATA #tea SET url z");
    assert!(!world.listen(bar).concat().contains(":z"));
    assert!(world.tell(bar, "METADATA #tea LIST").concat().contains("KEY_NO_PERMISSION"));
}

/// By the office one may, and others of it are told; it is written down.
#[test]
fn server_operators_may_set_what_others_tell() {
    let mut world = World::with(World::settings());
    let (root, foo) = (world.operator("root"), world.subscriber("foo", "url"));
    world.say(foo, "JOIN #tea");
    world.say(foo, "MODE #tea +s");
    world.hear_all();
    assert!(world.tell(root, "METADATA foo SET url x").contains(&"761 root foo url * :x".to_string()));
    assert_eq!(world.listen(foo), ["METADATA foo url * :x"]);
    assert!(world.tell(root, "METADATA #tea SET url x").contains(&"761 root #tea url * :x".to_string()));
    assert!(world.tell(root, "METADATA #tea LIST").contains(&"761 root #tea url * :x".to_string()));
    let audit = world.logs[AUDIT_LOG].concat();
    let audit = String::from_utf8_lossy(&audit);
    assert!(audit.contains("changed the metadata url of foo") && audit.contains("changed the metadata url of #tea"));
    let told = world.audit().len();
    world.say(root, "METADATA * SET url own");
    assert_eq!(world.audit().len(), told);
}

/// The draft's "Subscription Examples", with one line for each answer.
#[test]
fn subscriptions_are_the_sessions() {
    let mut world = World::new();
    let foo = world.subscriber("foo", "");
    assert_eq!(world.tell(foo, "METADATA * SUBS"), ["+ metadata-subs", "-"]);
    assert_eq!(world.tell(foo, "METADATA * SUB website avatar Foo"), ["770 foo website avatar foo"]);
    assert_eq!(world.tell(foo, "METADATA foo SUB avatar avatar"), ["770 foo avatar avatar"], "again");
    assert_eq!(
        world.tell(foo, "METADATA * SUB a $url b"),
        ["770 foo a b", "FAIL METADATA KEY_INVALID $url :Key is not valid"]
    );
    assert_eq!(world.tell(foo, "METADATA * SUBS"), ["+ metadata-subs", "| 772 foo a avatar b foo website", "-"]);
    assert_eq!(
        world.tell(foo, "METADATA * UNSUB a none $ foo"),
        ["FAIL METADATA KEY_INVALID $ :Key is not valid", "771 foo a none foo"]
    );
    assert_eq!(world.tell(foo, "METADATA * SUBS"), ["+ metadata-subs", "| 772 foo avatar b website", "-"]);
    world.say(foo, "CAP REQ -draft/metadata-2");
    world.hear_all();
    assert_eq!(world.tell(foo, "METADATA * SUBS"), ["+ metadata-subs", "-"], "given back");
}

/// "the server does not process any further keys"; the first of these is named.
#[test]
fn subscriptions_are_bounded() {
    let mut world = World::new();
    let foo = world.subscriber("foo", "");
    let keys: Vec<String> = (0..limits::CHAT_METADATA_SUBS - 1).map(|n| format!("k{n}")).collect();
    for keys in keys.chunks(12) {
        world.say(foo, &format!("METADATA * SUB {}", keys.join(" ")));
    }
    world.hear_all();
    let full = "FAIL METADATA TOO_MANY_SUBS b :You are subscribed to as many keys as you may be";
    assert_eq!(world.tell(foo, "METADATA * SUB k0 a b k1"), ["770 foo k0 a", full]);
    let listed = world.tell(foo, "METADATA * SUBS");
    assert!(listed.iter().all(|line| line.split(' ').count() <= 2 + limits::IRC_PARAMS), "{listed:?}");
    let count =
        listed.iter().filter(|line| line.contains("772 ")).map(|line| line.split(' ').count() - 3).sum::<usize>();
    assert_eq!(count, limits::CHAT_METADATA_SUBS);
    world.chat.check_bounds();
}

/// irctest `testSubUser`, `testSubChannel`: who sees somebody is told what changes, as far as subscribed; the author is not.
#[test]
fn changes_are_told_to_subscribers_who_see_them() {
    let mut world = World::new();
    let (foo, bar) = (world.subscriber("foo", "display-name"), world.subscriber("bar", "display-name avatar"));
    let (other, far) = (world.subscriber("other", "avatar"), world.subscriber("far", "display-name"));
    let (old, guest) = (world.user("old"), world.guest());
    world.say(old, "METADATA * SUB display-name");
    for id in [foo, bar, other, old] {
        world.say(id, "JOIN #lobby");
    }
    world.hear_all();
    assert_eq!(world.tell(foo, "METADATA * SET display-name :The First"), ["761 foo foo display-name * :The First"]);
    assert_eq!(world.tell(foo, "METADATA * SET display-name"), ["766 foo foo display-name :Key is not set"]);
    assert_eq!(world.listen(bar), ["METADATA foo display-name * :The First", "METADATA foo display-name *"]);
    world.say(foo, "METADATA #lobby SET display-name x");
    for id in [other, far, old, guest] {
        assert_eq!(world.hear(id), SILENCE);
    }
    world.say(foo, "METADATA * SET avatar 1");
    world.say(foo, "METADATA * CLEAR");
    assert_eq!(world.listen(other), ["METADATA foo avatar * :1", "METADATA foo avatar *"]);
    world.say(bar, "METADATA * UNSUB avatar");
    world.hear_all();
    world.say(foo, "METADATA * SET avatar 2");
    assert_eq!(world.listen(bar), SILENCE);
}

#[test]
fn what_is_told_of_a_room_goes_to_its_members() {
    let mut world = World::new();
    let (foo, bar, far) = (world.subscriber("foo", ""), world.subscriber("bar", "url"), world.subscriber("far", "url"));
    world.say(foo, "JOIN #tea");
    world.say(bar, "JOIN #tea");
    world.hear_all();
    world.say(foo, "METADATA #TEA SET url x");
    assert_eq!(world.listen(bar), ["METADATA #tea url * :x"]);
    world.say(foo, "METADATA #tea SET url x");
    assert_eq!(world.listen(bar), SILENCE, "nothing changed");
    assert_eq!(world.listen(far), SILENCE);
}

/// "If notify is negotiated, clients SHOULD receive the current values of keys … when they MONITOR a user, or when one of their
/// monitored users comes online"; and changes of those.
#[test]
fn watchers_are_told_without_a_common_room() {
    let mut world = World::new();
    let (foo, bar) = (world.subscriber("foo", "url"), world.subscriber("bar", ""));
    world.say(bar, "METADATA * SET url x");
    let told = ["730 foo :bar!bar@127.0.0.1", "+ metadata *", "| METADATA bar url * :x", "-"];
    assert_eq!(world.tell(foo, "MONITOR + bar,nobody,baz")[..1], told[..1]);
    world.say(foo, "MONITOR C");
    world.hear_all();
    assert_eq!(world.tell(foo, "MONITOR + bar"), told);
    world.say(bar, "METADATA * SET url y");
    assert_eq!(world.listen(foo), ["METADATA bar url * :y"]);
    world.say(foo, "MONITOR + baz");
    world.hear_all();
    world.say(bar, "NICK baz");
    assert_eq!(world.listen(foo), ["731 foo :bar", "730 foo :baz!bar@127.0.0.1", "METADATA baz url * :y"]);
    world.say(foo, "MONITOR - baz");
    world.say(bar, "METADATA * SET url z");
    assert_eq!(world.listen(foo), SILENCE);
}

/// irctest `testSubUserSetBeforeJoin`, `testSubChannelSetBeforeJoin`; and those who are there are told of who comes.
#[test]
fn who_joins_is_told_what_is_set_and_others_of_them() {
    let mut world = World::new();
    let (foo, bar) = (world.subscriber("foo", "url"), world.subscriber("bar", "url display-name"));
    world.say(foo, "METADATA * SET url x");
    world.say(foo, "METADATA * SET other y");
    world.say(foo, "JOIN #Tea");
    world.say(foo, "METADATA #tea SET display-name :The Tea");
    world.say(bar, "METADATA * SET url bar");
    world.hear_all();
    let heard = world.tell(bar, "JOIN #tea");
    let told = [
        "+ metadata #Tea",
        "| METADATA #Tea display-name * :The Tea",
        "| METADATA foo url * :x",
        "| METADATA bar url * :bar",
        "-",
    ];
    assert_eq!(heard[heard.len() - told.len()..], told, "{heard:?}");
    let heard = world.listen(foo);
    assert_eq!(heard[1..], ["METADATA bar url * :bar"], "{heard:?}");
    // SYNC tells the same; of somebody, them alone.
    assert_eq!(world.tell(bar, "METADATA #tea SYNC"), told);
    assert_eq!(world.tell(bar, "METADATA foo SYNC"), ["+ metadata foo", "| METADATA foo url * :x", "-"]);
    // Who is subscribed to nothing is told nothing, SYNC excepted.
    let none = world.subscriber("none", "");
    assert!(!world.tell(none, "JOIN #tea").concat().contains("metadata"));
    assert_eq!(world.tell(none, "METADATA #tea SYNC"), ["+ metadata #Tea", "-"]);
}

/// "When subscribing to a key, clients SHOULD receive the current value of that key": each once, whatever rooms are shared.
#[test]
fn subscribing_tells_what_is_set() {
    let mut world = World::new();
    let (foo, bar, far) = (world.subscriber("foo", ""), world.subscriber("bar", ""), world.subscriber("far", ""));
    for id in [foo, bar, far] {
        world.say(id, "METADATA * SET url x");
    }
    for room in ["#a", "#b"] {
        world.say(foo, &format!("JOIN {room}"));
        world.say(bar, &format!("JOIN {room}"));
    }
    world.say(foo, "METADATA #b SET url b");
    world.say(bar, "MONITOR + far,foo");
    world.hear_all();
    assert_eq!(
        world.tell(bar, "METADATA * SUB url avatar"),
        [
            "770 bar url avatar",
            "+ metadata *",
            "| METADATA far url * :x",
            "| METADATA foo url * :x",
            "| METADATA bar url * :x",
            "| METADATA #b url * :b",
            "-"
        ]
    );
    assert_eq!(world.tell(bar, "METADATA * SUB url"), ["770 bar url"], "again");
}

/// The answer to a labelled command is one batch, in which that of the metadata is.
#[test]
fn answers_bear_the_label() {
    let mut world = World::new();
    let foo = world.user_with("foo", "batch labeled-response draft/metadata-2");
    let heard = world.ask(foo, "@label=a METADATA * SET url x");
    assert_eq!(heard, ["@label=a :helio.local 761 foo foo url * :x"]);
    let heard = world.ask(foo, "@label=b METADATA * LIST");
    assert!(heard[0].starts_with("@label=b :helio.local BATCH +") && heard.len() == 3, "{heard:?}");
    let heard = world.ask(foo, "@label=c METADATA * SUB url");
    assert!(heard[0].starts_with("@label=c :helio.local BATCH +"), "{heard:?}");
    assert_eq!(heard.iter().filter(|line| line.contains("label=")).count(), 1, "{heard:?}");
    assert_eq!(
        plain(&heard),
        ["+ labeled-response", "| 770 foo url", "| + metadata *", "| METADATA foo url * :x", "| -", "-"]
    );
}

#[test]
fn without_batch_the_lines_come_alone() {
    let mut world = World::new();
    let foo = world.user("foo");
    world.say(foo, "METADATA * SET a 1");
    world.say(foo, "METADATA * SET b 2");
    world.hear_all();
    assert_eq!(world.tell(foo, "METADATA * LIST"), ["761 foo foo a * :1", "761 foo foo b * :2"]);
    world.say(foo, "METADATA * SUB a");
    world.hear_all();
    assert_eq!(world.tell(foo, "METADATA * SYNC"), ["METADATA foo a * :1"]);
    assert_eq!(world.tell(foo, "METADATA * CLEAR"), ["766 foo foo a :Key is not set", "766 foo foo b :Key is not set"]);
}

/// A room whose metadata is far more than a queue takes is told in parts, whole, and the client stays.
#[test]
fn a_large_room_is_told_in_parts() {
    let mut world = World::new();
    world.chat.settings.send_queue = limits::CHAT_SENDQ / 4;
    let count = 200;
    for n in 0..count {
        let id = world.user(&format!("n{n:03}"));
        world.say(id, "JOIN #tea");
        for key in ["a", "b", "c", "d"] {
            world.say(id, &format!("METADATA * SET {key} :{}", "v".repeat(limits::CHAT_METADATA_VALUE)));
        }
        world.pass(Duration::from_secs(1));
        world.hear_all();
    }
    let foo = world.subscriber("foo", "a b c d");
    world.deaf.push(foo);
    world.say(foo, "JOIN #tea");
    world.pass(Duration::from_secs(1));
    world.chat.check_bounds();
    assert!(world.chat.sessions.get(foo.0).is_some_and(|session| session.out.len() < 2 * limits::CHAT_ANSWER_QUEUE));
    world.deaf.clear();
    let mut heard = Vec::new();
    for _ in 0..100 {
        // The driver writes what the client had not taken.
        world.say(foo, "PING x");
        world.pass(Duration::from_millis(100));
        heard.extend(world.hear(foo));
    }
    let told = heard.iter().filter(|line| line.contains(" METADATA n")).count();
    assert_eq!(told, 4 * count);
    assert_eq!(heard.iter().filter(|line| line.contains(" BATCH ")).count(), 2);
    assert!(!world.is_closed(foo));
}
