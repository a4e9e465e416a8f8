//! Role × action, as one table: who may do what. A role that a row does not name may not.

use super::*;
use crate::chat::event::{Change, Presence};
use crate::chat::ids::{RoomId, SessionId, UserId};
use crate::chat::state::{Access, ListEntry, MaskList, Member, Setting, State};
use crate::time::{Instant, Now, Utc};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Somebody towards the room: not in it (`outsider`, `banned`, `muted-outsider`, `listed` on `+I`, `invited`, with an
/// `account`), in it without a status (`member`, `muted`, `banned-member`), with one, or `root`: a server operator from outside.
const ROLES: [&str; 15] = [
    "outsider",
    "banned",
    "muted-outsider",
    "listed",
    "invited",
    "account",
    "muted",
    "banned-member",
    "member",
    "voice",
    "halfop",
    "operator",
    "admin",
    "owner",
    "root",
];

const ABOVE_HALFOP: &str = "halfop operator admin owner root*";
const ABOVE_OPERATOR: &str = "operator admin owner root*";
const ABOVE_ADMIN: &str = "admin owner root*";
const OWNER: &str = "owner root*";
const MEMBERS: &str = "muted banned-member member voice halfop operator admin owner";

/// Action, the room's modes, and who may. `root*`: as a server operator, which others are told.
const TABLE: &[(&str, &str, &str)] = &[
    ("join", "", "outsider muted-outsider listed invited account root"),
    ("join", "i", "listed invited root*"),
    ("join", "k", "invited root*"),
    ("join-with-key", "k", "outsider muted-outsider listed invited account root"),
    ("join-with-wrong-key", "k", "invited root*"),
    ("join", "l", "invited root*"),
    ("join", "R", "invited account root*"),
    ("join", "ik", "invited root*"),
    ("join", "s", "outsider muted-outsider listed invited account root"),
    ("speak", "n", "member voice halfop operator admin owner"),
    ("speak", "", "outsider listed invited account member voice halfop operator admin owner root"),
    ("speak", "m", "voice halfop operator admin owner"),
    ("speak", "A", "halfop operator admin owner"),
    (
        "see-room",
        "",
        "outsider banned muted-outsider listed invited account muted banned-member member voice halfop operator admin owner root",
    ),
    ("see-room", "s", "muted banned-member member voice halfop operator admin owner root"),
    ("see-visible-member", "s", "muted banned-member member voice halfop operator admin owner root"),
    ("see-invisible-member", "", "muted banned-member member voice halfop operator admin owner root"),
    (
        "read-settings",
        "",
        "outsider banned muted-outsider listed invited account muted banned-member member voice halfop operator admin owner root",
    ),
    ("read-settings", "s", "muted banned-member member voice halfop operator admin owner root"),
    ("read-bans", "s", "muted banned-member member voice halfop operator admin owner root"),
    ("read-exceptions", "", "halfop operator admin owner root"),
    ("read-invitations", "", "halfop operator admin owner root"),
    ("search", "", MEMBERS),
    ("set-topic", "t", ABOVE_HALFOP),
    ("set-topic", "A", ABOVE_HALFOP),
    ("rename", "", ABOVE_OPERATOR),
    ("filter", "", ABOVE_HALFOP),
    ("read-metadata", "", "muted banned-member member voice halfop operator admin owner root"),
    ("set-metadata", "", ABOVE_OPERATOR),
    ("set-metadata-of-others", "", "root*"),
    (
        "set-own-metadata",
        "",
        "outsider banned muted-outsider listed invited account muted banned-member member voice halfop operator admin owner root",
    ),
    ("set-topic", "n", "member voice halfop operator admin owner root*"),
    ("set-topic", "m", "voice halfop operator admin owner root*"),
    ("invite", "", "muted banned-member member voice halfop operator admin owner root*"),
    ("invite", "i", ABOVE_HALFOP),
    ("open-doors", "", "halfop operator admin owner root"),
    ("mode-A", "", ABOVE_HALFOP),
    ("mode-C", "", ABOVE_HALFOP),
    ("mode-R", "", ABOVE_HALFOP),
    ("mode-W", "", ABOVE_HALFOP),
    ("mode-i", "", ABOVE_HALFOP),
    ("mode-m", "", ABOVE_HALFOP),
    ("mode-n", "", ABOVE_HALFOP),
    ("mode-s", "", ABOVE_HALFOP),
    ("mode-t", "", ABOVE_HALFOP),
    ("mode-k", "", ABOVE_HALFOP),
    ("mode-l", "", ABOVE_HALFOP),
    ("mode-b", "", ABOVE_HALFOP),
    ("mode-e", "", ABOVE_HALFOP),
    ("mode-I", "", ABOVE_HALFOP),
    ("give-v", "", ABOVE_HALFOP),
    ("give-h", "", ABOVE_OPERATOR),
    ("give-o", "", ABOVE_OPERATOR),
    ("give-a", "", OWNER),
    ("give-q", "", OWNER),
    ("take-v-from-voice", "", ABOVE_HALFOP),
    ("take-v-from-halfop", "", ABOVE_HALFOP),
    ("take-v-from-operator", "", ABOVE_OPERATOR),
    ("take-h-from-halfop", "", ABOVE_OPERATOR),
    ("take-o-from-operator", "", ABOVE_OPERATOR),
    ("take-o-from-admin", "", ABOVE_ADMIN),
    ("take-o-from-owner", "", OWNER),
    ("take-a-from-admin", "", OWNER),
    ("take-q-from-owner", "", OWNER),
    ("lay-down-o", "", "muted banned-member member voice halfop operator admin owner root*"),
    ("ask-to-redact", "", "muted banned-member member voice halfop operator admin owner root"),
    ("redact-own", "", "muted banned-member member voice halfop operator admin owner root*"),
    ("redact-own-late", "", ABOVE_HALFOP),
    ("redact-own-for-operators", "", "muted banned-member member voice halfop operator admin owner root*"),
    ("redact-others", "", ABOVE_HALFOP),
    ("redact-others-late", "", ABOVE_HALFOP),
    ("redact-others-for-operators", "", ABOVE_OPERATOR),
    ("operate", "", "root"),
    ("kick-member", "", ABOVE_HALFOP),
    ("kick-voice", "", ABOVE_HALFOP),
    ("kick-halfop", "", ABOVE_HALFOP),
    ("kick-operator", "", ABOVE_OPERATOR),
    ("kick-admin", "", ABOVE_ADMIN),
    ("kick-owner", "", OWNER),
];

#[test]
fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for (action, modes, allowed) in TABLE {
        let scene = Scene::new(modes);
        for role in ROLES.into_iter().filter(|role| !action.starts_with("join") || !scene.is_inside(role)) {
            let expected = allowed.split(' ').find(|entry| entry.trim_end_matches('*') == role);
            let expected = expected.map(|entry| if entry.ends_with('*') { Right::Office } else { Right::Own });
            let answer = scene.ask(role, action);
            if answer != expected {
                wrong.push(format!("{role}: {action} +{modes}: {answer:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every letter that MODE knows is in the table.
#[test]
fn the_table_has_every_mode() {
    let has = |action: String| TABLE.iter().any(|(known, ..)| *known == action);
    assert!(RoomFlag::TABLE.iter().all(|(_, letter)| has(format!("mode-{letter}"))));
    assert!(ListKind::TABLE.iter().all(|(_, letter)| has(format!("mode-{letter}"))));
    assert!(Statuses::TABLE.iter().all(|(_, letter, _)| has(format!("give-{letter}"))));
}

/// What an account may do to the registered room in which it is the first word, from outside: `none` is in no list, `root` a
/// server operator. Who and access, the action, and who may.
const OWNERSHIP: &[(&str, &str)] = &[
    ("join-through-every-door", "admin founder root*"),
    ("know-a-secret-room", "voice halfop op admin founder root"),
    ("read-access", "voice halfop op admin founder root*"),
    ("give-voice-to-nobody", "admin founder root*"),
    ("give-op-to-nobody", "admin founder root*"),
    ("give-admin-to-nobody", "founder root*"),
    ("give-founder-to-nobody", "root*"),
    ("give-voice-to-other-op", "admin founder root*"),
    ("give-voice-to-other-admin", "founder root*"),
    ("give-voice-to-the-founder", ""),
    ("take-own", "voice halfop op admin"),
    ("transfer", "founder"),
    ("accept", ""),
    ("drop", "founder root*"),
    ("set-keep", "founder root*"),
    ("register", ""),
    ("rename", "founder root*"),
];

#[test]
fn everybody_may_do_to_a_registered_room_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for (action, allowed) in OWNERSHIP {
        for who in ["none", "voice", "halfop", "op", "admin", "founder", "root"] {
            let expected = allowed.split(' ').find(|allowed| allowed.trim_end_matches('*') == who);
            let expected = expected.map(|allowed| if allowed.ends_with('*') { Right::Office } else { Right::Own });
            let answer = ask_of_registered(who, action);
            if answer != expected {
                wrong.push(format!("{who}: {action}: {answer:?}, expected {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn ask_of_registered(who: &str, action: &str) -> Option<Right> {
    let scene = Scene::new("iks");
    let (mut state, now) = (scene.state, Utc::default());
    with(&mut state, "outsider", |user| {
        user.account = Some(who.into());
        user.operator = (who == "root").then(|| "root".into());
    });
    let room = state.rooms.get_mut("#tea").expect("the room");
    let mut ownership = crate::chat::state::Ownership::new("founder".into(), now);
    for (account, access) in [
        ("voice", Access::Voice),
        ("halfop", Access::Halfop),
        ("op", Access::Op),
        ("admin", Access::Admin),
        ("other-op", Access::Op),
        ("other-admin", Access::Admin),
    ] {
        ownership.set(account, Some(access), "", now);
    }
    room.ownership = Some(ownership);
    let (user, room) = (state.user_named("outsider").expect("a user"), state.room("#tea").expect("the room"));
    let own = |outcome: Outcome<&str>| outcome.map(|_| Right::Own);
    let answer = match action {
        "join-through-every-door" => can_join(user, room, None),
        "know-a-secret-room" => can_know_room(user, room).then_some(Right::Own).ok_or(Refusal::Silent),
        "read-access" => can_read_access(user, room),
        "take-own" => can_set_access(user, room, who, None).and_then(|right| match right {
            // Of somebody who is in no list there is nothing to take.
            Right::Own if room.access(Some(who)).is_some() => Ok(right),
            Right::Own | Right::Office => Err(Refusal::Silent),
        }),
        "transfer" => can_transfer(user, room).map(|()| Right::Own),
        "accept" => own(can_accept(user, room)),
        "register" => own(can_register_room(user, room)),
        "drop" => can_drop(user, room),
        "set-keep" => can_set_keep(user, room),
        "rename" => can_rename(user, room),
        _ => {
            let (access, whom) = action.trim_start_matches("give-").split_once("-to-").expect("an action");
            let whom = whom.trim_start_matches("the-");
            can_set_access(user, room, whom, Access::of_word(access))
        }
    };
    answer.ok()
}

/// Account of who comes, account of who is there, how many clients that one has, the setting; and whether the one becomes
/// one more of the other's.
#[test]
fn only_the_same_account_becomes_the_same_user() {
    const MOST: usize = limits::CHAT_SESSIONS_PER_USER;
    for (account, holder, clients, is_on, is_allowed) in [
        (Some("ada"), Some("ada"), 1, true, true),
        (Some("ADA"), Some("ada"), 0, true, true),
        (Some("ada"), Some("ada"), MOST - 1, true, true),
        (Some("ada"), Some("ada"), MOST, true, false),
        (Some("ada"), Some("ada"), 1, false, false),
        (Some("ada"), Some("ada"), 0, false, true),
        (Some("cleo"), Some("ada"), 1, true, false),
        (Some("cleo"), Some("ada"), 0, false, false),
        (Some("ada"), None, 1, true, false),
        (None, Some("ada"), 1, true, false),
        (None, None, 1, true, false),
    ] {
        let settings = Settings { has_several_clients: is_on, ..Settings::new("") };
        let mut state = State::default();
        arrive(&mut state, "somebody", Now { mono: Instant::ORIGIN, utc: Utc::default() });
        with(&mut state, "somebody", |user| {
            user.account = holder.map(String::from);
            user.sessions = (0..clients).map(|index| SessionId { index: index as u32, generation: 0 }).collect();
        });
        let user = state.user_named("somebody").expect("somebody");
        let answer = can_attach(&settings, account, user);
        assert_eq!(answer.is_ok(), is_allowed, "{account:?} to {holder:?} with {clients}, {is_on}: {answer:?}");
    }
}

/// A room and one user in each role, and a second one with each status to do something to.
struct Scene {
    state: State,
}

impl Scene {
    fn new(modes: &str) -> Self {
        let now = Now { mono: Instant::ORIGIN, utc: Utc::default() };
        let mut room = Room::new(RoomId("r".into()), "#tea".into(), now.utc, now.utc);
        room.flags = modes.chars().filter_map(RoomFlag::of_letter).collect();
        room.key = modes.contains('k').then(|| "key".to_string());
        room.limit = modes.contains('l').then_some(1);
        room.bans = list(&["banned*", "~m:muted*"]);
        room.invitations = list(&["listed"]);
        let mut state = State::default();
        let others =
            ["other-member", "other-voice", "other-halfop", "other-operator", "other-admin", "other-owner", "hidden"];
        for nick in ROLES.into_iter().chain(others) {
            arrive(&mut state, nick, now);
            if Self::is_role_inside(nick) {
                let user = state.user_named(nick).expect("arrived");
                room.members.insert(user.id, Member { sessions: user.sessions.clone(), statuses: statuses(nick) });
            }
        }
        with(&mut state, "invited", |user| _ = user.invited.insert("#tea".into(), RoomId("r".into())));
        with(&mut state, "account", |user| user.account = Some("account".into()));
        with(&mut state, "root", |user| user.operator = Some("root".into()));
        with(&mut state, "hidden", |user| _ = user.flags.insert(UserFlag::Invisible));
        state.rooms.insert("#tea".into(), room);
        Self { state }
    }

    fn is_role_inside(nick: &str) -> bool {
        MEMBERS.split(' ').any(|member| member == nick) || nick.starts_with("other-") || nick == "hidden"
    }

    fn is_inside(&self, role: &str) -> bool {
        Self::is_role_inside(role)
    }

    fn ask(&self, role: &str, action: &str) -> Option<Right> {
        let user = self.state.user_named(role).expect("a role");
        let room = self.state.room("#tea").expect("the room");
        let other = |nick: &str| self.state.user_named(nick).expect("another");
        let plain = |outcome: Outcome| outcome.map(|()| Right::Own);
        let yes = |is_allowed: bool| if is_allowed { Ok(Right::Own) } else { Err(Refusal::Silent) };
        let answer = match action {
            "join" => can_join(user, room, None),
            "join-with-key" => can_join(user, room, Some("key")),
            "join-with-wrong-key" => can_join(user, room, Some("kay")),
            "speak" => plain(can_speak(user, room)),
            "see-room" => yes(can_see_room(user, room)),
            "see-visible-member" => yes(can_see_membership(user, other("other-member"), room)),
            "see-invisible-member" => yes(can_see_membership(user, other("hidden"), room)),
            "read-settings" => plain(can_read_settings(user, room)),
            "read-bans" => plain(can_read_list(user, room, ListKind::Ban)),
            "read-exceptions" => plain(can_read_list(user, room, ListKind::Exception)),
            "read-invitations" => plain(can_read_list(user, room, ListKind::Invitation)),
            "search" => yes(can_read_history(user.id, room)),
            "set-topic" => can_set_topic(user, room),
            "filter" => can_filter(user, room),
            "rename" => can_rename(user, room),
            "read-metadata" => plain(can_read_metadata(user, room)),
            "set-metadata" => can_set_metadata(user, room, "key"),
            "set-metadata-of-others" => can_set_metadata_of(user, other("other-member"), "key"),
            "set-own-metadata" => can_set_metadata_of(user, user, "key"),
            "invite" => can_invite(user, room),
            // KILL, REHASH, WALLOPS; ACCOUNT INVITE, LIST and INFO of others.
            "operate" => plain(can_operate(user)),
            "open-doors" => yes(can_open_doors(user, room)),
            "ask-to-redact" => yes(can_ask_to_redact(user, room)),
            redaction if redaction.starts_with("redact-") => {
                let window = Some(Duration::from_secs(60));
                can_redact(user, room, redactable(redaction), window).map_err(|_| Refusal::Silent)
            }
            "lay-down-o" => can_change(user, room, &status(false, 'o', user.id)),
            _ => match action.split('-').collect::<Vec<_>>()[..] {
                ["mode", letter] => can_change(user, room, &setting(letter)),
                ["give", letter] => can_change(user, room, &status(true, first(letter), other("other-member").id)),
                ["take", letter, "from", who] => {
                    can_change(user, room, &status(false, first(letter), other(&format!("other-{who}")).id))
                }
                ["kick", who] => can_kick(user, room, other(&format!("other-{who}"))),
                _ => panic!("{action} is no action"),
            },
        };
        answer.ok()
    }
}

/// A message as the name of an action describes it.
fn redactable(action: &str) -> Redactable {
    let age = Duration::from_secs(if action.ends_with("-late") { 61 } else { 60 });
    let least = if action.ends_with("-for-operators") { Statuses::OPERATOR } else { Statuses::NONE };
    Redactable { is_own: action.starts_with("redact-own"), age, least }
}

/// Why not, for those who may not: nobody learns of a message that they could not see.
#[test]
fn who_may_not_redact_is_told_no_more_than_they_may_know() {
    let scene = Scene::new("");
    let room = scene.state.room("#tea").expect("the room");
    let window = Duration::from_secs(60);
    let told = |role: &str, action| {
        let user = scene.state.user_named(role).expect("a role");
        can_redact(user, room, redactable(action), Some(window)).expect_err("not allowed")
    };
    assert_eq!(told("outsider", "redact-own"), CannotRedact::Target);
    assert_eq!(told("member", "redact-others"), CannotRedact::Forbidden);
    assert_eq!(told("member", "redact-own-late"), CannotRedact::TooLate(window));
    assert_eq!(told("halfop", "redact-others-for-operators"), CannotRedact::Unknown);
}

/// Of two, only the author: the other one's nickname does not prove that it was they.
#[test]
fn only_the_author_redacts_what_two_said() {
    let window = Some(Duration::from_secs(60));
    let ask = |action| can_redact_privately(redactable(action), window);
    assert_eq!(ask("redact-own"), Ok(Right::Own));
    assert_eq!(ask("redact-own-late"), Err(CannotRedact::TooLate(Duration::from_secs(60))));
    assert_eq!(ask("redact-others"), Err(CannotRedact::Unknown));
    assert_eq!(can_redact_privately(redactable("redact-own-late"), None), Ok(Right::Own));
}

fn list(masks: &[&str]) -> MaskList {
    let entry = |mask: &&str| ListEntry { mask: mask.to_string(), by: String::new(), at_us: 0 };
    masks.iter().map(entry).collect::<Vec<_>>().iter().collect()
}

fn arrive(state: &mut State, nick: &str, now: Now) {
    let user = UserId(state.last_user + 1);
    let session = SessionId { index: user.0 as u32, generation: 0 };
    let [nick, username, host, realname] = [nick, "u", "h", ""].map(String::from);
    let origin = crate::chat::apply::Origin { address: None, is_guest: false, left: None };
    state.arrive(
        &Presence::Arrived { user, session: Some(session), nick, username, host, realname, account: None },
        origin,
        now,
    );
}

fn with(state: &mut State, nick: &str, change: impl FnOnce(&mut User)) {
    let id = state.user_named(nick).expect("a user").id;
    change(state.users.get_mut(&id).expect("a user"));
}

/// An owner is an operator too, as in life.
fn statuses(nick: &str) -> Statuses {
    let mut statuses = Statuses::NONE;
    let letters = match nick.trim_start_matches("other-") {
        "voice" => "v",
        "halfop" => "hv",
        "operator" => "o",
        "admin" => "ao",
        "owner" => "qo",
        _ => "",
    };
    letters.chars().filter_map(Statuses::of_letter).for_each(|status| statuses.set(status, true));
    statuses
}

fn first(letter: &str) -> char {
    letter.chars().next().expect("a letter")
}

fn status(is_added: bool, letter: char, user: UserId) -> Change {
    Change::Status { is_added, status: Statuses::of_letter(letter).expect("a status"), user }
}

fn setting(letter: &str) -> Change {
    let letter = first(letter);
    if let Some(kind) = ListKind::of_letter(letter) {
        let entry = ListEntry { mask: "x!*@*".into(), by: String::new(), at_us: 0 };
        return Change::List { is_added: true, kind, entry };
    }
    let setting = match letter {
        'k' => Setting::Key { key: None },
        'l' => Setting::Limit { limit: None },
        'W' => Setting::Slow { seconds: None },
        _ => Setting::Flag { flag: RoomFlag::of_letter(letter).expect("a mode"), is_set: true },
    };
    Change::Setting { setting }
}

/// Account × state: as whom one reads private conversations. Being a server operator opens none.
#[test]
fn private_conversations_are_for_accounts_that_can_be_used() {
    use crate::chat::conversation::Party;
    use crate::chat::event::AccountChange;
    let mut scene = Scene::new("");
    for account in ["active", "suspended", "deleted"].map(String::from) {
        scene.state.accounts.apply(&AccountChange::Registered { account, credential: None, at_us: 1 });
    }
    let reason = String::new();
    scene.state.accounts.apply(&AccountChange::Suspended { account: "suspended".into(), reason, at_us: 2 });
    scene.state.accounts.apply(&AccountChange::Deleted { account: "deleted".into(), at_us: 2 });
    let table = [
        (None, None),
        (Some("active"), Some("active")),
        (Some("ACTIVE"), Some("active")),
        (Some("suspended"), None),
        (Some("deleted"), None),
        (Some("unknown"), None),
    ];
    let ids: Vec<UserId> = scene.state.users.keys().copied().collect();
    for (account, reader) in table {
        for id in &ids {
            let user = scene.state.users.get_mut(id).expect("a user");
            user.account = account.map(String::from);
            let user = &scene.state.users[id];
            assert_eq!(private_reader(&scene.state, user), reader.map(Party::account), "{account:?} {}", user.nick);
        }
    }
}
