//! REDACT: who takes back what, and who is told when (IRCv3 message-redaction, a draft). What becomes of the bytes is shown with
//! a real store, elsewhere.

mod random;

use super::world::{Id, World};
use crate::chat::{Erasure, Said};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str =
    "batch message-tags echo-message labeled-response draft/message-redaction draft/chathistory draft/event-playback";

/// Ann is the operator of #tea, in which Ben said `secret`.
struct Tea {
    world: World,
    ann: Id,
    ben: Id,
    msgid: String,
}

fn tea() -> Tea {
    let mut world = World::with(World::settings());
    world.chat.settings.ping_interval = Duration::from_secs(86_400 * 400);
    let ann = world.user_with("ann", CAPS);
    world.say(ann, "JOIN #tea");
    let ben = world.user_with("ben", CAPS);
    world.say(ben, "JOIN #tea");
    let msgid = say(&mut world, ben, "PRIVMSG #tea :secret");
    world.hear_all();
    Tea { world, ann, ben, msgid }
}

/// Somebody says something; its identity.
fn say(world: &mut World, id: Id, line: &str) -> String {
    world.hear_all();
    let echo = world.ask(id, line);
    let tag = echo[0].split([' ', ';', '@']).find_map(|tag| tag.strip_prefix("msgid="));
    tag.expect("an identity").to_string()
}

impl Tea {
    fn redact(&mut self, who: Id, reason: &str) -> Vec<String> {
        let line = format!("REDACT #tea {} {reason}", self.msgid);
        self.world.ask(who, &line)
    }

    /// Everything that is kept, as text.
    fn kept(&self) -> String {
        self.world.logs.values().flatten().map(|record| String::from_utf8_lossy(record)).collect()
    }

    /// The texts that CHATHISTORY shows to Ann.
    fn history(&mut self) -> String {
        let lines = self.world.ask(self.ann, "CHATHISTORY LATEST #tea * 100");
        let said = lines.iter().filter(|line| line.contains(" PRIVMSG ") || line.contains(" TAGMSG "));
        said.filter_map(|line| line.rsplit(' ').next()).collect()
    }
}

/// A line without its tags.
fn bare(line: &str) -> &str {
    line.split_once(' ').filter(|(tags, _)| tags.starts_with('@')).map_or(line, |(_, rest)| rest)
}

fn bares(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| bare(line)).collect()
}

/// "SHOULD forward this REDACT, with an appropriate prefix, to the target recipients that have negotiated the capability, in the
/// same way as PRIVMSG messages. MUST not forward to recipients that have not."
#[test]
fn the_author_takes_back_a_message_and_those_who_understand_are_told() {
    let mut tea = tea();
    let carl = tea.world.member("carl", "#tea");
    let ben = tea.ben;
    let told = tea.redact(ben, ":not for here");
    let redacted = format!(":ben!ben@127.0.0.1 REDACT #tea {} :not for here", tea.msgid);
    assert_eq!(bares(&told), [redacted.as_str()]);
    let others = tea.world.hear(tea.ann);
    assert_eq!(bares(&others), [redacted.as_str()]);
    assert!(others[0].starts_with("@msgid=") && !others[0].starts_with(&format!("@msgid={}", tea.msgid)), "{others:?}");
    assert!(tea.world.hear(carl).is_empty());
    assert!(!tea.kept().contains("secret"));
    assert_eq!(tea.history(), "");
}

/// "clients SHOULD NOT provide a default reason if users do not provide one"; neither do we.
#[test]
fn a_reason_may_be_absent_or_long() {
    let mut tea = tea();
    let ben = tea.ben;
    let told = tea.redact(ben, "");
    assert_eq!(bares(&told), [format!(":ben!ben@127.0.0.1 REDACT #tea {}", tea.msgid)]);
    tea.msgid = say(&mut tea.world, ben, "PRIVMSG #tea :again");
    let told = tea.redact(ben, &format!(":{}", "é".repeat(200)));
    assert!(told[0].ends_with(&format!(":{}", "é".repeat(limits::CHAT_REDACT_REASON / 2))), "{told:?}");
}

/// labeled-response: the label comes when the message is gone, not before.
#[test]
fn nothing_is_told_before_the_message_is_gone() {
    let mut tea = tea();
    tea.world.are_erasures_late = true;
    tea.world.say(tea.ben, &format!("@label=x REDACT #tea {}", tea.msgid));
    tea.world.say(tea.ben, "@label=y PING z");
    assert_eq!(tea.world.hear(tea.ben), ["@label=y :helio.local PONG helio.local :z"]);
    assert!(tea.world.hear(tea.ann).is_empty());
    tea.world.erase();
    let told = tea.world.hear(tea.ben);
    assert!(told.len() == 1 && told[0].starts_with("@label=x;msgid="), "{told:?}");
    assert_eq!(tea.world.hear(tea.ann).len(), 1);
}

#[test]
fn without_the_capability_there_is_no_such_command() {
    let mut tea = tea();
    let carl = tea.world.member("carl", "#tea");
    assert_eq!(tea.redact(carl, ""), [":helio.local 421 carl REDACT :Unknown command"]);
}

/// `FAIL REDACT REDACT_FORBIDDEN <target> <target-msgid>`, and who may: the incident GHSA-8cmp-fc56-7g44.
#[test]
fn others_messages_are_for_those_who_look_after_the_room() {
    for (mode, is_allowed) in [("", false), ("+v", false), ("+h", true), ("+o", true)] {
        let mut tea = tea();
        let carl = tea.world.user_with("carl", CAPS);
        tea.world.say(carl, "JOIN #tea");
        if !mode.is_empty() {
            tea.world.say(tea.ann, &format!("MODE #tea {mode} carl"));
        }
        tea.world.hear_all();
        let told = tea.redact(carl, "");
        let forbidden = format!(
            ":helio.local FAIL REDACT REDACT_FORBIDDEN #tea {} :You are not authorised to delete this message",
            tea.msgid
        );
        assert_eq!(bares(&told) == [forbidden.as_str()], !is_allowed, "{mode}: {told:?}");
        assert_eq!(tea.kept().contains("secret"), !is_allowed, "{mode}");
        assert_eq!(tea.world.hear(tea.ben).is_empty(), !is_allowed, "{mode}");
    }
}

/// Who is not in the room learns nothing, not even whether there is one.
#[test]
fn from_outside_there_is_nothing_to_redact() {
    let mut tea = tea();
    let carl = tea.world.user_with("carl", CAPS);
    let msgid = tea.msgid.clone();
    for (target, id) in [("#tea", msgid.as_str()), ("#tea", "x"), ("#not", "x"), ("a,b", "x"), ("a/b", "x"), ("#", "x")]
    {
        let told = tea.world.ask(carl, &format!("REDACT {target} {id}"));
        assert_eq!(told, [format!(":helio.local FAIL REDACT INVALID_TARGET {target} :Invalid target")]);
    }
    tea.world.say(tea.ben, "PART #tea");
    tea.world.hear_all();
    let ben = tea.ben;
    assert!(tea.redact(ben, "")[0].contains(" INVALID_TARGET #tea "));
    assert!(tea.kept().contains("secret"));
}

#[test]
fn a_server_operator_may_and_others_hear_of_it() {
    let mut tea = tea();
    let root = tea.world.user_with("root", CAPS);
    tea.world.say(root, "OPER boss secret");
    tea.world.hear_all();
    let told = tea.redact(root, ":spam");
    assert!(told.iter().any(|line| line.contains(" REDACT #tea ")), "{told:?}");
    assert!(
        told.iter().any(|line| line.contains("root used the office of server operator: redacted a message in #tea"))
    );
    assert_eq!(tea.world.hear(tea.ben).len(), 1);
    assert!(!tea.kept().contains("secret"));
}

/// A nickname proves nothing: neither that of the author, taken when they left, nor after a restart.
#[test]
fn a_nickname_does_not_make_an_author() {
    let mut tea = tea();
    tea.world.say(tea.ben, "QUIT");
    let thief = tea.world.user_with("ben", CAPS);
    tea.world.ask(thief, "JOIN #tea");
    assert!(tea.redact(thief, "")[0].contains(" REDACT_FORBIDDEN "));
    tea.world.restart(World::settings(), 9);
    let first = tea.world.user_with("ann", CAPS);
    tea.world.say(first, "JOIN #tea");
    let thief = tea.world.user_with("ben", CAPS);
    tea.world.ask(thief, "JOIN #tea");
    assert!(tea.redact(thief, "")[0].contains(" REDACT_FORBIDDEN "));
    assert!(tea.kept().contains("secret"));
}

#[test]
fn an_author_may_have_another_nickname_or_come_back_with_the_account() {
    let mut tea = tea();
    tea.world.say(tea.ben, "NICK benjamin");
    let ben = tea.ben;
    assert!(tea.redact(ben, "").iter().any(|line| line.contains(" REDACT #tea ")));
    tea.world.log_in(ben, "Ben");
    tea.msgid = say(&mut tea.world, ben, "PRIVMSG #tea :secret");
    tea.world.say(ben, "QUIT");
    let again = tea.world.user_with("other", CAPS);
    tea.world.log_in(again, "ben");
    tea.world.ask(again, "JOIN #tea");
    assert!(tea.redact(again, "")[0].contains(" REDACT #tea "));
    assert!(!tea.kept().contains("secret"));
}

/// Without an account the newest things that somebody said are theirs.
#[test]
fn of_many_messages_without_an_account_the_newest_are_known() {
    let mut tea = tea();
    let ben = tea.ben;
    for number in 0..limits::CHAT_OWN_MESSAGES - 1 {
        tea.world.say(ben, &format!("PRIVMSG #tea :{number}"));
        tea.world.say(ben, "@+typing=active TAGMSG #tea");
    }
    tea.world.hear_all();
    let oldest = tea.msgid.clone();
    tea.msgid = say(&mut tea.world, ben, "PRIVMSG #tea :last");
    assert!(tea.redact(ben, "")[0].contains(" REDACT #tea "));
    tea.msgid = oldest;
    assert!(tea.redact(ben, "")[0].contains(" REDACT_FORBIDDEN "));
    tea.world.chat.check_bounds();
}

/// `FAIL REDACT REDACT_WINDOW_EXPIRED <target> <target-msgid> <window>`
#[test]
fn a_window_holds_for_authors_alone() {
    let mut tea = tea();
    tea.world.chat.settings.redact_window = Some(Duration::from_secs(60));
    tea.world.pass(Duration::from_secs(61));
    let ben = tea.ben;
    let late = format!(
        ":helio.local FAIL REDACT REDACT_WINDOW_EXPIRED #tea {} 60 :You can no longer delete this message",
        tea.msgid
    );
    assert_eq!(tea.redact(ben, ""), [late]);
    let ann = tea.ann;
    assert!(tea.redact(ann, "")[0].contains(" REDACT #tea "));
}

/// `FAIL REDACT UNKNOWN_MSGID <target> <target-msgid>`: no such message, one of elsewhere, one that is gone.
#[test]
fn what_is_not_there_is_unknown() {
    let mut tea = tea();
    let ann = tea.ann;
    tea.world.say(ann, "JOIN #cake");
    let elsewhere = say(&mut tea.world, ann, "PRIVMSG #cake :x");
    let gone = tea.msgid.clone();
    tea.redact(ann, "");
    for msgid in ["x", elsewhere.as_str(), gone.as_str()] {
        let told = tea.world.ask(ann, &format!("REDACT #tea {msgid}"));
        let unknown =
            format!(":helio.local FAIL REDACT UNKNOWN_MSGID #tea {msgid} :This message does not exist or is too old");
        assert_eq!(told, [unknown]);
    }
    assert_eq!(tea.world.ask(ann, "REDACT #tea"), [":helio.local 461 ann REDACT :Not enough parameters"]);
}

/// "which MUST be a PRIVMSG, NOTICE, or TAGMSG". What answers or reacts to a message stays: it is somebody else's.
#[test]
fn reactions_and_long_messages_are_taken_back_alone() {
    let mut tea = tea();
    let (ann, ben) = (tea.ann, tea.ben);
    let of = tea.msgid.clone();
    let reaction = say(&mut tea.world, ann, &format!("@+draft/react=yes;+draft/reply={of} TAGMSG #tea"));
    tea.world.hear_all();
    assert!(tea.redact(ben, "")[0].contains(" REDACT #tea "));
    assert!(tea.kept().contains("+draft/react=yes"));
    tea.msgid = reaction;
    assert!(tea.redact(ben, "")[0].contains(" REDACT_FORBIDDEN "));
    assert!(tea.redact(ann, "")[0].contains(" REDACT #tea "));
    assert!(!tea.kept().contains("+draft/react"));
}

/// A message to a status is known to those with that status, and to its author.
#[test]
fn a_message_to_a_status_is_redacted_among_those_with_it() {
    let mut tea = tea();
    let (ann, ben) = (tea.ann, tea.ben);
    let carl = tea.world.user_with("carl", CAPS);
    tea.world.say(carl, "JOIN #tea");
    tea.world.say(ann, "MODE #tea +h ben");
    tea.msgid = say(&mut tea.world, ann, "PRIVMSG @#tea :for operators");
    assert!(tea.redact(ben, "")[0].contains(" UNKNOWN_MSGID "));
    tea.world.hear_all();
    let told = tea.world.ask(ann, &format!("REDACT @#tea {}", tea.msgid));
    assert_eq!(bares(&told), [format!(":ann!ann@127.0.0.1 REDACT #tea {}", tea.msgid)]);
    assert!(tea.world.hear(ben).is_empty() && tea.world.hear(carl).is_empty());
    assert!(!tea.kept().contains("for operators"));
}

#[test]
fn between_two_only_the_author_redacts() {
    let mut tea = tea();
    let (ann, ben) = (tea.ann, tea.ben);
    let msgid = say(&mut tea.world, ben, "PRIVMSG ann :between us");
    tea.world.hear_all();
    assert!(tea.world.ask(ann, &format!("REDACT ben {msgid}"))[0].contains(" UNKNOWN_MSGID "));
    let told = tea.world.ask(ben, &format!("REDACT ANN {msgid} :sorry"));
    let redacted = format!(":ben!ben@127.0.0.1 REDACT ann {msgid} :sorry");
    assert_eq!(bares(&told), [redacted.as_str()]);
    assert_eq!(bares(&tea.world.hear(ann)), [redacted.as_str()]);
    assert!(!tea.kept().contains("between us"));
    // The other one has left.
    let msgid = say(&mut tea.world, ben, "PRIVMSG ann :between us");
    tea.world.say(ann, "QUIT");
    tea.world.hear_all();
    assert_eq!(tea.world.ask(ben, &format!("REDACT ann {msgid}")).len(), 1);
    assert!(!tea.kept().contains("between us"));
    // To oneself: told once.
    let msgid = say(&mut tea.world, ben, "PRIVMSG ben :note");
    tea.world.hear_all();
    assert_eq!(tea.world.ask(ben, &format!("REDACT ben {msgid}")).len(), 1);
}

/// Two at once: one of them finds nothing any more.
#[test]
fn of_two_at_once_one_is_told_that_it_is_gone() {
    let mut tea = tea();
    tea.world.are_erasures_late = true;
    let line = format!("REDACT #tea {}", tea.msgid);
    tea.world.say(tea.ben, &line);
    tea.world.say(tea.ann, &line);
    tea.world.erase();
    assert_eq!(bares(&tea.world.hear(tea.ben)), [format!(":ben!ben@127.0.0.1 {line}")]);
    let anns = tea.world.hear(tea.ann);
    assert!(anns.len() == 2 && anns[1].contains(" UNKNOWN_MSGID "), "{anns:?}");
}

/// Whether somebody may is asked when the message is found.
#[test]
fn who_loses_the_right_meanwhile_redacts_nothing() {
    for (line, code) in [("MODE #tea -o ann", "REDACT_FORBIDDEN"), ("KICK #tea ann", "INVALID_TARGET")] {
        let mut tea = tea();
        tea.world.say(tea.ann, "MODE #tea +o ben");
        tea.world.are_reads_late = true;
        tea.world.say(tea.ann, &format!("REDACT #tea {}", tea.msgid));
        tea.world.say(tea.ben, line);
        tea.world.hear_all();
        tea.world.read();
        let told = tea.world.hear(tea.ann);
        assert!(told.len() == 1 && told[0].contains(code), "{told:?}");
        assert!(tea.kept().contains("secret"));
    }
}

#[test]
fn who_leaves_meanwhile_hurts_nobody() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    tea.world.say(tea.ben, &format!("REDACT #tea {}", tea.msgid));
    tea.world.cut(tea.ben);
    tea.world.read();
    assert!(tea.kept().contains("secret"));
    // Once it may, it is done, whether or not they stay.
    let mut tea = self::tea();
    tea.world.are_erasures_late = true;
    tea.world.say(tea.ben, &format!("REDACT #tea {}", tea.msgid));
    tea.world.cut(tea.ben);
    tea.world.hear_all();
    tea.world.erase();
    assert!(!tea.kept().contains("secret"));
    assert!(tea.world.hear(tea.ann)[0].contains(" REDACT #tea "));
    tea.world.chat.check_bounds();
}

#[test]
fn a_room_that_ended_meanwhile_has_nothing_to_redact() {
    let mut tea = tea();
    tea.world.chat.settings.keep_empty_rooms = Duration::from_secs(1);
    tea.world.are_reads_late = true;
    tea.world.say(tea.ben, &format!("REDACT #tea {}", tea.msgid));
    let kept = tea.world.logs.clone();
    for id in [tea.ann, tea.ben] {
        tea.world.say(id, "PART #tea");
    }
    tea.world.pass(Duration::from_secs(2));
    tea.world.say(tea.ben, "JOIN #tea");
    tea.world.hear_all();
    // Even if its log were still there when the disk reads.
    tea.world.logs.extend(kept);
    tea.world.read();
    assert!(tea.world.hear(tea.ben)[0].contains(" INVALID_TARGET #tea "));
}

/// A message that is not on disk is not there; and while the store fails nothing is erased.
#[test]
fn while_the_store_fails_nothing_is_redacted() {
    let mut tea = tea();
    let ben = tea.ben;
    tea.world.are_erasures_late = true;
    let line = format!("@label=x REDACT #tea {}", tea.msgid);
    tea.world.say(ben, &line);
    tea.world.answer_erasure(Erasure::NotTried);
    let refused = tea.world.hear(ben);
    assert!(
        refused[0].starts_with("@label=x ") && refused[0].contains("Nothing can be stored at present"),
        "{refused:?}"
    );
    tea.world.erasures.clear();
    tea.world.are_reads_failing = true;
    assert!(tea.world.ask(ben, &line)[0].contains("Nothing can be stored at present"));
    assert!(tea.world.hear(tea.ann).is_empty() && tea.kept().contains("secret"));
    tea.world.chat.handle_store_lost(tea.world.now);
    tea.world.drain();
    tea.world.hear_all();
    assert!(tea.world.ask(ben, &line)[0].contains("Nothing can be stored at present"));
}

/// What could not be erased at once is as soon as the store works, and then everybody is told.
#[test]
fn what_could_not_be_erased_is_told_when_it_is() {
    let mut tea = tea();
    let (ann, ben) = (tea.ann, tea.ben);
    tea.world.are_erasures_late = true;
    tea.world.commits = super::world::Commits::Fail;
    tea.world.say(ben, &format!("@label=x REDACT #tea {}", tea.msgid));
    tea.world.answer_erasure(Erasure::Unfinished);
    let told = tea.world.hear(ben);
    assert!(told[0].starts_with("@label=x ") && told[0].contains("Message could not be erased yet"), "{told:?}");
    assert!(tea.world.ask(ben, "PRIVMSG #tea :x")[0].contains("Nothing can be stored at present"));
    tea.world.answer_erasure(Erasure::Unfinished);
    assert!(tea.world.hear(ben).is_empty() && tea.world.hear(ann).is_empty());
    tea.world.commits = super::world::Commits::AtOnce;
    tea.world.pass(limits::CHAT_PROBE_INTERVAL);
    tea.world.erase();
    for id in [ann, ben] {
        let told = tea.world.hear(id);
        assert!(told.len() == 1 && told[0].contains(" REDACT #tea "), "{told:?}");
    }
}

#[test]
fn redactions_of_a_lost_store_are_answered() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    tea.world.say(tea.ben, "@label=x REDACT #tea x");
    tea.world.are_erasures_late = true;
    tea.world.are_reads_late = false;
    tea.world.say(tea.ben, &format!("@label=y REDACT #tea {}", tea.msgid));
    tea.world.chat.handle_store_lost(tea.world.now);
    tea.world.drain();
    let told = tea.world.hear(tea.ben);
    assert!(told.len() == 2 && told[0].starts_with("@label=x ") && told[1].starts_with("@label=y "), "{told:?}");
    tea.world.chat.check_bounds();
}

/// Who asks for many is not heard until some are answered.
#[test]
fn redactions_that_wait_are_bounded() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    for number in 0..limits::CHAT_REDACTIONS {
        assert!(!tea.world.chat.is_behind(tea.ben.0));
        tea.world.say(tea.ben, &format!("REDACT #tea {number}"));
    }
    assert!(tea.world.chat.is_behind(tea.ben.0));
    assert!(tea.world.ask(tea.ben, "REDACT #tea x")[0].contains("Nothing can be stored at present"));
    tea.world.read();
    assert_eq!(tea.world.hear(tea.ben).len(), limits::CHAT_REDACTIONS);
    assert!(!tea.world.chat.is_behind(tea.ben.0));
}

/// TARGETS knows that the newest message is another one now, and who joins is not shown what is gone.
#[test]
fn what_is_gone_is_nowhere() {
    let mut tea = tea();
    let (ann, ben) = (tea.ann, tea.ben);
    let times = "timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 9";
    assert_eq!(tea.world.ask(ann, &format!("CHATHISTORY TARGETS {times}")).len(), 3);
    tea.redact(ben, "");
    tea.world.hear_all();
    assert_eq!(tea.world.ask(ann, &format!("CHATHISTORY TARGETS {times}")).len(), 2);
    let carl = tea.world.user("carl");
    assert!(tea.world.ask(carl, "JOIN #tea").iter().all(|line| !line.contains("secret")));
    assert!(tea.world.logs.values().flatten().all(|record| serde_json::from_slice::<Said>(record).is_err()));
}
