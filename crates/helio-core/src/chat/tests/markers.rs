//! MARKREAD: how far one has read (IRCv3 read-marker, a draft). Clauses are quoted from the draft.

use super::world::{Commits, Id, World};
use crate::chat::event::Presence;
use crate::chat::{MARKERS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str = "draft/read-marker";
const NEW: &str = "timestamp=2019-06-01T12:00:00.000Z";
const OLD: &str = "timestamp=2019-01-01T00:00:00.000Z";

/// Somebody logged in to `account`, which there is.
fn someone(world: &mut World, nick: &str, account: &str) -> Id {
    let id = world.user_with(nick, CAPS);
    log_in(world, id, account);
    id
}

fn log_in(world: &mut World, id: Id, account: &str) {
    if world.chat.state.accounts.get(account).is_none() {
        world.add_account(account);
    }
    let user = world.user_id(id);
    world.chat.happen(&Presence::LoggedIn { user, account: account.into() }.into(), None, world.now);
    world.drain();
    world.hear_all();
}

fn told(target: &str, marker: &str) -> String {
    format!(":helio.local MARKREAD {target} {marker}")
}

#[test]
fn a_marker_that_was_not_set_is_a_star() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    for target in ["#nosuchtarget", "ben"] {
        assert_eq!(world.ask(ann, &format!("MARKREAD {target}")), [told(target, "*")]);
    }
}

/// "The server MUST reply to a successful MARKREAD client set command using a MARKREAD server command".
#[test]
fn what_is_set_is_answered_and_stays() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.hear_all();
    for target in ["#tea", "ben"] {
        assert_eq!(world.ask(ann, &format!("MARKREAD {target} {OLD}")), [told(target, OLD)]);
        assert_eq!(world.ask(ann, &format!("MARKREAD {target} {NEW}")), [told(target, NEW)]);
        // "If the provided timestamp is older than the server's stored value, the server MUST reply to the client with a
        // MARKREAD command carrying the server's stored value."
        for again in [OLD, NEW] {
            assert_eq!(world.ask(ann, &format!("MARKREAD {target} {again}")), [told(target, NEW)]);
        }
        assert_eq!(world.ask(ann, &format!("MARKREAD {target}")), [told(target, NEW)]);
    }
    assert_eq!(world.logs[MARKERS_LOG].len(), 4, "what changes nothing is not stored");
}

/// "it can clamp it between the last read timestamp and the current time"
#[test]
fn what_will_be_said_is_not_read() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    let now = "timestamp=2026-11-22T11:08:40.000Z";
    assert_eq!(world.ask(ann, "MARKREAD ben timestamp=9999-01-01T00:00:00.000Z"), [told("ben", now)]);
    assert_eq!(
        world.ask(ann, "MARKREAD carl timestamp=0001-01-01T00:00:00.000Z"),
        [told("carl", "timestamp=1970-01-01T00:00:00.000Z")]
    );
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.hear_all();
    let missing = [":helio.local FAIL MARKREAD NEED_MORE_PARAMS :Missing parameters"];
    assert_eq!(world.ask(ann, "MARKREAD"), missing);
    assert_eq!(world.ask(ann, "MARKREAD :"), missing);
    let refused = |context: &str| [format!(":helio.local FAIL MARKREAD INVALID_PARAMS {context} :Invalid parameters")];
    // "The timestamp MUST NOT be a literal `*`."
    for moment in ["*", "2019-06-01T12:00:00.000Z", "timestamp=now", "timestamp="] {
        assert_eq!(world.ask(ann, &format!("MARKREAD #tea {moment}")), refused(&format!("#tea {moment}")));
    }
    for target in ["~ann", "a/b", "#tea,#b"] {
        let answer = world.ask(ann, &format!("MARKREAD {target} {NEW}"));
        assert_eq!(answer, refused(target), "{target}");
    }
}

/// "after the server sends a server JOIN command to the client for a corresponding channel, the server MUST send a MARKREAD
/// command for that channel. The command MUST be sent before the RPL_ENDOFNAMES reply".
#[test]
fn who_joins_is_told() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    let place = |lines: &[String], word: &str| lines.iter().position(|line| line.contains(word)).expect("a line");
    let heard = world.ask(ann, "JOIN #Tea");
    let (join, names) = (place(&heard, " JOIN #Tea"), place(&heard, " 366 "));
    assert!((join..names).contains(&place(&heard, "MARKREAD #Tea *")), "{heard:?}");
    world.say(ann, "PRIVMSG #tea :hello");
    world.say(ann, &format!("MARKREAD #tea {NEW}"));
    world.say(ann, "PART #tea");
    world.hear_all();
    assert!(world.ask(ann, "JOIN #tea").contains(&told("#Tea", NEW)));
    let ben = world.user("ben");
    assert!(!world.ask(ben, "JOIN #tea").concat().contains("MARKREAD"), "without the capability");
}

/// "the server SHOULD send a MARKREAD command for that target to all the clients of the user"; and "MUST NOT leak read
/// markers sent by a user to other users".
#[test]
fn all_connections_of_the_account_are_told_and_nobody_else() {
    let mut world = World::new();
    let (ann, phone) = (someone(&mut world, "ann", "ann"), someone(&mut world, "ann_phone", "ann"));
    let ben = someone(&mut world, "ben", "ben");
    let old = world.user("old");
    log_in(&mut world, old, "ann");
    for id in [ann, phone, ben, old] {
        world.say(id, "JOIN #tea");
    }
    world.hear_all();
    assert_eq!(world.ask(ann, &format!("MARKREAD #tea {NEW}")), [told("#tea", NEW)]);
    assert_eq!(world.hear(phone), [told("#tea", NEW)]);
    assert_eq!([world.hear(ben), world.hear(old)], [[""; 0]; 2]);
    assert_eq!(world.ask(ben, "MARKREAD #tea"), [told("#tea", "*")]);
    // Who has not the capability may use the command all the same.
    let newer = "timestamp=2020-01-01T00:00:00.000Z";
    assert_eq!(world.ask(old, &format!("MARKREAD #tea {newer}")), [told("#tea", newer)]);
    assert_eq!(world.hear(ann), [told("#tea", newer)]);
}

/// The other side of a conversation is who it is for CHATHISTORY: an account, whatever its nickname.
#[test]
fn markers_of_people_follow_their_accounts() {
    let mut world = World::new();
    let (ann, ben) = (someone(&mut world, "ann", "ann"), someone(&mut world, "ben", "ben"));
    world.say(ann, &format!("MARKREAD ben {NEW}"));
    world.say(ben, "NICK benny");
    world.hear_all();
    assert_eq!(world.ask(ann, "MARKREAD benny"), [told("benny", NEW)]);
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", NEW)]);
    world.say(ben, "QUIT");
    world.hear_all();
    assert_eq!(world.ask(ann, "MARKREAD benny"), [told("benny", "*")], "nobody's nickname");
}

/// Who is outside learns nothing of a room, and a later room of the same name is another.
#[test]
fn markers_of_rooms_are_for_who_is_in_them() {
    let mut world = World::new();
    world.chat.settings.keep_empty_rooms = Duration::from_secs(1);
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.say(ann, &format!("MARKREAD #tea {NEW}"));
    world.say(ann, "PART #tea");
    world.hear_all();
    assert_eq!(world.ask(ann, "MARKREAD #tea"), [told("#tea", "*")]);
    let refused = [":helio.local FAIL MARKREAD INVALID_PARAMS #tea :Invalid parameters"];
    assert_eq!(world.ask(ann, &format!("MARKREAD #tea {NEW}")), refused);
    world.pass(Duration::from_secs(2));
    assert!(world.ask(ann, "JOIN #tea").contains(&told("#tea", "*")));
}

#[test]
fn who_is_not_logged_in_has_markers_while_they_are_there() {
    let mut world = World::new();
    let ann = world.user_with("ann", CAPS);
    assert_eq!(world.ask(ann, &format!("MARKREAD ben {NEW}")), [told("ben", NEW)]);
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", NEW)]);
    assert!(!world.logs.contains_key(MARKERS_LOG));
    world.say(ann, "QUIT");
    world.chat.check_bounds();
    let ann = world.user_with("ann", CAPS);
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", "*")]);
    // Logging in changes whose they are.
    world.say(ann, &format!("MARKREAD ben {NEW}"));
    log_in(&mut world, ann, "ann");
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", "*")]);
    world.chat.check_bounds();
}

#[test]
fn markers_survive_a_restart_and_not_their_account() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.say(ann, "PRIVMSG #tea :hello");
    world.say(ann, &format!("MARKREAD #tea {NEW}"));
    world.say(ann, &format!("MARKREAD ben {OLD}"));
    world.logs.get_mut(MARKERS_LOG).expect("a log").push(b"nonsense".to_vec());
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = someone(&mut world, "passer-by", "ann");
    assert!(world.ask(ann, "JOIN #tea").contains(&told("#tea", NEW)));
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", OLD)]);
    world.delete("ann");
    world.chat.check_bounds();
    world.restart(Settings::new("heliograph-test"), 10);
    world.chat.check_bounds();
    assert_eq!(world.chat.state.markers.accounts(), 0);
}

/// What cannot be kept is not promised.
#[test]
fn while_the_store_fails_no_marker_is_set() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, &format!("MARKREAD ben {OLD}"));
    world.hear_all();
    world.commits = Commits::Fail;
    world.say(ann, &format!("MARKREAD ben {NEW}"));
    world.hear_all();
    let refused =
        [":helio.local FAIL MARKREAD INTERNAL_ERROR carl :It could not be done because of an error in the server"];
    assert_eq!(world.ask(ann, &format!("MARKREAD carl {NEW}")), refused);
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", NEW)], "one that is told stays true");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.restart(Settings::new("heliograph-test"), 9);
    let ann = someone(&mut world, "passer-by", "ann");
    assert_eq!(world.ask(ann, "MARKREAD ben"), [told("ben", NEW)], "and is stored when that works again");
}

/// A log that is far longer than needed is replaced while the service runs; a crash before, between and after loses nothing.
#[test]
fn a_long_log_is_replaced_by_a_snapshot() {
    let mut world = World::new();
    let ann = someone(&mut world, "ann", "ann");
    world.say(ann, "JOIN #tea");
    world.say(ann, "PRIVMSG #tea :hello");
    world.say(ann, &format!("MARKREAD #tea {NEW}"));
    let most = limits::CHAT_MARKERS_RATIO + limits::CHAT_MARKERS_SPARE;
    let moment = |number: usize| format!("timestamp=2020-01-01T00:{:02}:{:02}.000Z", number / 60, number % 60);
    for number in 1..most {
        world.say(ann, &format!("MARKREAD ben {}", moment(number)));
        world.hear_all();
    }
    assert_eq!(world.logs[MARKERS_LOG].len(), most);
    world.commits = Commits::WhenTold;
    for number in most..most + 3 {
        world.say(ann, &format!("MARKREAD ben {}", moment(number)));
    }
    let expected = [told("#tea", NEW), told("ben", &moment(most + 2))];
    world.commit();
    assert_eq!(world.logs[MARKERS_LOG].len(), 3, "the snapshot, and what came behind it");
    let log = world.logs[MARKERS_LOG].clone();
    world.commits = Commits::AtOnce;
    for kept in [log.clone(), log[..1].iter().chain(&log).cloned().collect::<Vec<_>>()] {
        world.logs.insert(MARKERS_LOG.into(), kept);
        world.restart(Settings::new("heliograph-test"), 9);
        let ann = someone(&mut world, "passer-by", "ann");
        world.say(ann, "JOIN #tea");
        world.hear_all();
        assert_eq!([world.ask(ann, "MARKREAD #tea"), world.ask(ann, "MARKREAD ben")].concat(), expected);
    }
}

#[test]
fn the_answer_bears_the_label() {
    let mut world = World::new();
    let ann = world.user_with("ann", "draft/read-marker labeled-response batch");
    assert_eq!(world.ask(ann, &format!("@label=x MARKREAD ben {NEW}")), [format!("@label=x {}", told("ben", NEW))]);
    assert_eq!(world.ask(ann, "@label=y MARKREAD ben"), [format!("@label=y {}", told("ben", NEW))]);
}
