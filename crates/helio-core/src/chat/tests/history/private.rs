//! CHATHISTORY of private conversations: whose they are, and that nobody else sees them. `spec/event-log.md`, "Private
//! conversations".

use super::super::world::{Commits, Id, World};
use super::{CAPS, Settings};
use crate::chat::AccountChange;
use crate::chat::event::Presence;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Somebody called `nick` who is logged in to `account`, which there is.
pub(in crate::chat::tests) fn someone(world: &mut World, nick: &str, account: &str) -> Id {
    if world.chat.state.accounts.get(account).is_none() {
        world.add_account(account);
    }
    // An account's nickname is for who is logged in to it.
    let id = world.user_with("passer-by", CAPS);
    let user = world.user_id(id);
    world.chat.happen(&Presence::LoggedIn { user, account: account.into() }.into(), None, world.now);
    world.say(id, &format!("NICK {nick}"));
    world.hear_all();
    id
}

/// Ann and Ben with accounts, who said `1` to `4` to each other, a second apart.
fn talk() -> (World, Id, Id) {
    let mut world = World::new();
    let (ann, ben) = (someone(&mut world, "ann", "ann"), someone(&mut world, "ben", "ben"));
    for (from, line) in [(ann, "ben :1"), (ben, "ann :2"), (ann, "ben :3"), (ben, "ann :4")] {
        world.say(from, &format!("PRIVMSG {line}"));
        world.pass(Duration::from_secs(1));
    }
    world.hear_all();
    (world, ann, ben)
}

/// What a question shows: `from>target:text` of each message, or the code of a FAIL.
pub(super) fn shown(world: &mut World, id: Id, question: &str) -> Vec<String> {
    let lines = world.ask(id, &format!("CHATHISTORY {question}"));
    if let [refused] = lines.as_slice() {
        let refused = refused.strip_prefix(":helio.local FAIL CHATHISTORY ").expect("a FAIL");
        return [refused.split(' ').next().unwrap_or_default().to_string()].into();
    }
    assert!(lines[0].contains(" chathistory "), "{lines:?}");
    let inner = lines[1..lines.len() - 1].iter();
    inner
        .map(|line| {
            let mut words = line.split(' ');
            let (from, target) = (words.nth(1).unwrap_or_default(), words.nth(1).unwrap_or_default());
            let from = from.trim_start_matches(':').split('!').next().unwrap_or_default();
            format!("{from}>{target}:{}", line.rsplit(':').next().unwrap_or_default())
        })
        .collect()
}

/// Names and, shortened, times of the answer to TARGETS.
pub(super) fn targets(world: &mut World, id: Id) -> Vec<String> {
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    let lines = world.ask(id, &format!("CHATHISTORY TARGETS {always} 99"));
    assert!(lines[0].ends_with(" draft/chathistory-targets"), "{lines:?}");
    let targets = lines[1..lines.len() - 1].iter().filter_map(|line| line.split(" CHATHISTORY TARGETS ").nth(1));
    targets.map(|target| target.replace("2026-11-22T11:08:", "")).collect()
}

const ALL: [&str; 4] = ["ann>ben:1", "ben>ann:2", "ann>ben:3", "ben>ann:4"];

#[test]
fn both_sides_see_the_same_by_every_subcommand() {
    let (mut world, ann, ben) = talk();
    assert_eq!(shown(&mut world, ann, "LATEST ben * 9"), ALL);
    assert_eq!(shown(&mut world, ben, "LATEST ANN * 9"), ["ANN>ben:1", "ben>ANN:2", "ANN>ben:3", "ben>ANN:4"]);
    let at = |second: u32| format!("timestamp=2026-11-22T11:08:{second}.000Z");
    assert_eq!(shown(&mut world, ann, &format!("LATEST ben {} 9", at(41))), ALL[2..]);
    assert_eq!(shown(&mut world, ann, &format!("BEFORE ben {} 1", at(42))), ALL[1..2]);
    assert_eq!(shown(&mut world, ann, &format!("AFTER ben {} 1", at(40))), ALL[1..2]);
    assert_eq!(shown(&mut world, ann, &format!("AROUND ben {} 3", at(41))), ALL[..3]);
    assert_eq!(shown(&mut world, ann, &format!("BETWEEN ben {} {} 9", at(40), at(43))), ALL[1..3]);
    let (_, log) = world.logs.iter().find(|(name, _)| *name == "private/~ann/~ben").expect("their log");
    let second: crate::chat::Said = serde_json::from_slice(&log[1]).expect("a record");
    let id = second.msgid;
    assert_eq!(shown(&mut world, ben, &format!("AFTER ann msgid={id} 9")), ["ann>ben:3", "ben>ann:4"]);
}

/// Whoever is not logged in, or to another account, sees nothing, whatever the nickname.
#[test]
fn nobody_else_sees_a_conversation() {
    let (mut world, ann, ben) = talk();
    let carl = someone(&mut world, "carl", "carl");
    assert_eq!(shown(&mut world, carl, "LATEST ann * 9"), [""; 0]);
    let stranger = world.user_with("stranger", CAPS);
    for target in ["ann", "ben", "stranger", "nobody"] {
        assert_eq!(shown(&mut world, stranger, &format!("LATEST {target} * 9")), ["INVALID_TARGET"]);
    }
    assert_eq!(targets(&mut world, stranger), [""; 0]);
    assert_eq!(targets(&mut world, carl), [""; 0]);
    // An office opens no conversations of others.
    world.promote(carl);
    world.hear_all();
    assert_eq!(shown(&mut world, carl, "LATEST ann * 9"), [""; 0]);
    // The nickname of somebody else shows that person's conversation with the one who asks.
    world.say(ann, "QUIT");
    world.say(ben, "QUIT");
    world.hear_all();
    assert_eq!(shown(&mut world, carl, "LATEST ben * 9"), [""; 0]);
}

/// A nickname without an account was anybody's: its conversations are in no log of an account, whoever has it later.
#[test]
fn a_nickname_that_becomes_an_account_brings_no_conversations() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    let dora = world.user_with("dora", CAPS);
    world.say(dora, "PRIVMSG ann :from a stranger");
    world.say(ann, "PRIVMSG dora :hello");
    world.hear_all();
    assert_eq!(shown(&mut world, dora, "LATEST ann * 9"), ["INVALID_TARGET"]);
    let both = ["dora>ann:from a stranger", "ann>dora:hello"];
    assert_eq!(shown(&mut world, ann, "LATEST dora * 9"), both);
    assert_eq!(targets(&mut world, ann), ["dora 40.000Z"]);
    world.say(dora, "QUIT");
    assert_eq!(shown(&mut world, ann, "LATEST dora * 9"), both, "though nobody is there");
    let dora = someone(&mut world, "dora", "dora");
    assert_eq!(shown(&mut world, dora, "LATEST ann * 9"), [""; 0]);
    // By this name she means the account now, and TARGETS names only what can be asked for.
    assert_eq!(shown(&mut world, ann, "LATEST dora * 9"), [""; 0]);
    assert_eq!(targets(&mut world, ann), [""; 0]);
}

/// Names are those of now, so that clients know which side is which; the rest is as it was.
#[test]
fn a_change_of_nickname_changes_no_conversation() {
    let (mut world, ann, ben) = talk();
    world.say(ben, "NICK ben_away");
    world.say(ben, "PRIVMSG ann :5");
    world.say(ann, "NICK annie");
    world.say(ann, "PRIVMSG ben_away :6");
    world.hear_all();
    let now = ["annie>ben:1", "ben>annie:2", "annie>ben:3", "ben>annie:4", "ben>annie:5", "annie>ben:6"];
    assert_eq!(shown(&mut world, ann, "LATEST ben * 9"), now);
    let lines = world.ask(ann, "CHATHISTORY LATEST ben_away * 1");
    assert!(lines[1].contains(" :annie!passer-by@127.0.0.1 PRIVMSG ben_away :6"), "{lines:?}");
    assert_eq!(targets(&mut world, ann), ["ben 44.000Z"]);
}

#[test]
fn a_nickname_that_an_account_owns_means_it_while_nobody_is_there() {
    let (mut world, ann, ben) = talk();
    let (account, nick) = ("ben".into(), "benny".into());
    world.change(AccountChange::NickOwned { account, nick, is_owned: true, at_us: 1 }).expect("a free nickname");
    world.say(ben, "QUIT");
    world.hear_all();
    assert_eq!(shown(&mut world, ann, "LATEST benny * 1"), ["benny>ann:4"]);
    assert_eq!(shown(&mut world, ann, "LATEST ben * 1"), ["ben>ann:4"]);
}

#[test]
fn what_one_says_to_oneself_is_there_once() {
    let mut world = World::new();
    let (ann, phone) = (someone(&mut world, "ann", "ann"), someone(&mut world, "ann_phone", "ann"));
    world.say(ann, "PRIVMSG ann :note");
    world.say(phone, "PRIVMSG ann :from the phone");
    world.hear_all();
    assert_eq!(shown(&mut world, ann, "LATEST ann * 9"), ["ann>ann:note", "ann>ann:from the phone"]);
    assert_eq!(shown(&mut world, phone, "LATEST ann * 1"), ["ann_phone>ann:from the phone"]);
    assert_eq!(targets(&mut world, phone), ["ann 40.000Z"]);
    assert_eq!(world.logs["conversations/~ann"].len(), 1);
}

/// Authorisation is asked again at the answer.
#[test]
fn who_changes_the_account_while_the_disk_reads_sees_nothing() {
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    for question in ["LATEST ben * 9".to_string(), format!("TARGETS {always} 9")] {
        let (mut world, ann, _) = talk();
        world.add_account("other");
        world.chat.correspondence.forget();
        world.are_reads_late = true;
        world.say(ann, &format!("CHATHISTORY {question}"));
        let user = world.user_id(ann);
        world.chat.happen(&Presence::LoggedIn { user, account: "other".into() }.into(), None, world.now);
        world.read();
        world.read();
        let heard = world.hear(ann).concat();
        assert!(!heard.contains("PRIVMSG") && !heard.contains("TARGETS ben"), "{question}: {heard}");
        assert!(!world.chat.is_behind(ann.0));
    }
}

#[test]
fn a_suspended_or_deleted_account_reads_no_more() {
    for is_deleted in [false, true] {
        let (mut world, ann, _) = talk();
        world.are_reads_late = true;
        world.say(ann, "CHATHISTORY LATEST ben * 9");
        if is_deleted {
            world.delete("ann");
        } else {
            world.suspend("ann");
        }
        world.read();
        assert!(!world.hear(ann).concat().contains("PRIVMSG"));
    }
}

#[test]
fn the_other_side_of_a_deleted_account_keeps_the_conversation() {
    let (mut world, _, ben) = talk();
    world.delete("ann");
    world.hear_all();
    assert_eq!(shown(&mut world, ben, "LATEST ann * 9"), ALL);
    assert_eq!(targets(&mut world, ben), ["ann 43.000Z"]);
    assert!(!world.logs.contains_key("conversations/~ann"), "with whom it spoke is forgotten");
    assert!(world.logs.contains_key("conversations/~ben"));
}

#[test]
fn conversations_are_listed_after_a_restart() {
    let (mut world, ann, _) = talk();
    world.say(ann, "JOIN #tea");
    world.say(ann, "PRIVMSG #tea :hello");
    let carl = someone(&mut world, "carl", "carl");
    world.pass(Duration::from_secs(1));
    world.say(carl, "PRIVMSG ann :hello");
    world.hear_all();
    assert_eq!(targets(&mut world, ann), ["ben 43.000Z", "#tea 44.000Z", "carl 45.000Z"]);
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.hear_all();
    assert_eq!(targets(&mut world, ann), ["ben 43.000Z", "#tea 44.000Z", "carl 45.000Z"]);
    assert_eq!(shown(&mut world, ann, "LATEST ben * 9"), ALL);
    world.chat.check_bounds();
}

#[test]
fn a_store_that_fails_is_an_error() {
    let (mut world, ann, _) = talk();
    world.are_reads_failing = true;
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    assert_eq!(shown(&mut world, ann, "LATEST ben * 9"), ["MESSAGE_ERROR"]);
    assert_eq!(shown(&mut world, ann, &format!("TARGETS {always} 9")), ["MESSAGE_ERROR"]);
    assert!(!world.chat.is_behind(ann.0));
}

#[test]
fn what_is_no_nickname_is_no_target() {
    let (mut world, ann, _) = talk();
    for target in ["~ben", "a/b", "be*", "ben,ann", "#", "1ben", "*"] {
        assert_eq!(shown(&mut world, ann, &format!("LATEST {target} * 9")), ["INVALID_TARGET"], "{target}");
    }
}

/// Logs of earlier versions, which are by nickname, stay, and prove nothing.
#[test]
fn conversations_of_earlier_versions_stay_and_are_shown_to_nobody() {
    let (mut world, ann, _) = talk();
    let log = world.logs["private/~ann/~ben"].clone();
    world.logs.insert("private/ann/eve".into(), log);
    assert_eq!(shown(&mut world, ann, "LATEST eve * 9"), [""; 0]);
    assert!(world.logs.contains_key("private/ann/eve"));
}

/// A guest has a nickname that others will have later.
#[test]
fn guests_are_nicknames() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #lobby");
    world.guest();
    world.say(ann, "PRIVMSG guest1 :hello");
    world.hear_all();
    assert_eq!(shown(&mut world, ann, "LATEST guest1 * 9"), ["ann>guest1:hello"]);
    assert_eq!(targets(&mut world, ann), ["guest1 40.300Z"]);
}

/// At the bound the conversations that were noted longest ago are not listed, and what was said in them stays.
#[test]
fn so_many_conversations_are_listed_and_all_can_be_read() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    let log = "conversations/~ann";
    let count = limits::CHAT_CONVERSATIONS;
    world.say(ann, "PRIVMSG ann :the first");
    let eve = world.user("eve");
    for number in 0..count {
        world.say(eve, &format!("NICK eve{number}"));
        world.say(eve, "PRIVMSG ann :hello");
        world.pass(Duration::from_millis(500));
        world.hear_all();
    }
    assert_eq!(world.logs[log].len(), count + 1);
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = someone(&mut world, "ann", "ann");
    let always = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    world.are_reads_late = true;
    world.say(ann, &format!("CHATHISTORY TARGETS {always} 100"));
    world.read();
    assert_eq!(world.late_reads.len(), count, "each is read once");
    world.chat.check_bounds();
    world.read();
    let lines = world.hear(ann);
    assert!(lines[1].contains(" eve0 ") && lines.len() == limits::CHAT_HISTORY + 2, "{lines:?}");
    world.are_reads_late = false;
    assert_eq!(shown(&mut world, ann, "LATEST ann * 9"), ["ann>ann:the first"]);
}

/// A log of conversations is trimmed to what is looked at.
#[test]
fn a_long_log_of_conversations_is_trimmed() {
    let (mut world, ann, _) = talk();
    let log = world.logs.get_mut("conversations/~ann").expect("a log");
    let noted = br#"{"with":"~ben","at_us":1}"#.to_vec();
    log.extend(core::iter::repeat_n(noted, limits::CHAT_CONVERSATION_RECORDS - 2));
    log.push(b"nonsense".to_vec());
    assert_eq!(targets(&mut world, ann), ["ben 43.000Z"]);
    assert_eq!(world.logs["conversations/~ann"].len(), limits::CHAT_CONVERSATION_RECORDS);
    let last = world.logs["conversations/~ann"].last().expect("a record").clone();
    world.logs.get_mut("conversations/~ann").expect("a log").push(last);
    assert_eq!(targets(&mut world, ann), ["ben 43.000Z"]);
    assert_eq!(world.logs["conversations/~ann"].len(), limits::CHAT_CONVERSATION_RECORDS);
}

/// A conversation that goes on is noted once a day, and again after a commit failed.
#[test]
fn a_conversation_is_noted_seldom() {
    let (mut world, ann, _) = talk();
    let noted = |world: &World| world.logs["conversations/~ben"].len();
    assert_eq!(noted(&world), 1);
    world.chat.settings.ping_interval = Duration::from_secs(86_400);
    world.pass(limits::CHAT_CONVERSATION_NOTED - Duration::from_secs(5));
    world.say(ann, "PRIVMSG ben :hello");
    assert_eq!(noted(&world), 1);
    world.pass(Duration::from_secs(5));
    world.say(ann, "PRIVMSG ben :hello");
    assert_eq!(noted(&world), 2);
    world.commits = Commits::Fail;
    world.say(ann, "PRIVMSG ben :hello");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.say(ann, "PRIVMSG ben :hello");
    assert_eq!(noted(&world), 3);
}
