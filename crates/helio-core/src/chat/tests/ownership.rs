//! Registered rooms: whose they are, who has access, and what stays after a restart (spec/rooms.md).

mod access;
mod order;
mod rename;

use super::world::{Commits, Id, World};
use crate::chat::{AccountRegistration, SETTINGS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::String;

pub(super) fn settings() -> Settings {
    Settings { registration: AccountRegistration::Open, ..World::settings() }
}

impl World {
    /// Somebody with an account of their name, with everything about it read.
    pub(super) fn holder(&mut self, nick: &str, caps: &str) -> Id {
        if self.chat.state.accounts.get(nick).is_none() {
            self.add_account(nick);
        }
        let id = self.connect();
        self.say(id, &format!("CAP REQ :{caps} standard-replies"));
        self.say(id, &format!("PASS :{nick}:correct horse"));
        self.say(id, &format!("NICK {nick}"));
        self.say(id, &format!("USER {nick} 0 * :{nick}"));
        let welcome = self.ask(id, "CAP END").join("\n");
        assert!(welcome.contains(" 001 ") && welcome.contains(" 900 "), "{nick} is logged in: {welcome}");
        self.hear_all();
        id
    }

    /// The founder of a registered room, who is in it.
    pub(super) fn founder(&mut self, nick: &str, room: &str) -> Id {
        let id = self.holder(nick, "");
        self.say(id, &format!("JOIN {room}"));
        let heard = self.ask(id, &format!("ROOM REGISTER {room}")).join("\n");
        assert!(heard.contains("NOTE ROOM REGISTERED"), "{nick} is founder: {heard}");
        self.hear_all();
        id
    }

    /// Starts again from the records, and from a snapshot of what they gave: both must be the same.
    pub(super) fn restart_both_ways(&mut self) {
        self.restart(settings(), 9);
        let snapshot = self.chat.snapshot();
        self.logs.insert(SETTINGS_LOG.into(), snapshot.clone());
        self.restart(settings(), 10);
        assert_eq!(self.chat.snapshot(), snapshot, "a snapshot gives what it was made of");
    }

    pub(super) fn modes_in(&self, nick: &str, room: &str) -> String {
        let user = self.chat.state.user_named(nick).expect("a user");
        let statuses = self.chat.state.room(room).and_then(|room| room.statuses(user.id)).expect("a member");
        statuses.prefixes(true).collect()
    }
}

fn founder_of(world: &World, room: &str) -> Option<String> {
    let ownership = world.chat.state.room(room)?.ownership.as_ref()?;
    Some(ownership.founder.clone())
}

#[test]
fn an_operator_who_is_logged_in_registers_a_room() {
    let mut world = World::with(settings());
    let ann = world.holder("ann", "");
    let heard = world.ask(ann, "ROOM REGISTER #tea");
    assert_eq!(heard, [":helio.local 403 ann #tea :No such channel"]);
    world.ask(ann, "JOIN #tea");
    assert_eq!(
        world.ask(ann, "ROOM REGISTER #TEA"),
        [":helio.local MODE #tea +q ann", ":helio.local NOTE ROOM REGISTERED #tea ann :Room is registered, and yours",]
    );
    assert_eq!(world.modes_in("ann", "#tea"), "~@");
    assert_eq!(
        world.ask(ann, "ROOM REGISTER #tea"),
        [":helio.local FAIL ROOM ROOM_REGISTERED #tea :Room is registered already"]
    );
}

/// One step less each time.
#[test]
fn who_may_not_register_is_told_why() {
    let mut world = World::with(settings());
    let ann = world.member("ann", "#tea");
    let refused = [":helio.local 400 ann ROOM #tea :Log in to an account first"];
    assert_eq!(world.ask(ann, "ROOM REGISTER #tea"), refused);
    let bob = world.holder("bob", "");
    assert_eq!(world.ask(bob, "ROOM REGISTER #tea"), [":helio.local 442 bob #tea :You're not on that channel"]);
    world.ask(bob, "JOIN #tea");
    assert_eq!(world.ask(bob, "ROOM REGISTER #tea"), [":helio.local 482 bob #tea :You're not channel operator"]);
    world.ask(ann, "MODE #tea +s");
    world.ask(bob, "PART #tea");
    assert_eq!(world.ask(bob, "ROOM REGISTER #tea"), [":helio.local 403 bob #tea :No such channel"]);
}

#[test]
fn an_account_has_so_many_rooms_and_no_more() {
    let mut world = World::with(Settings { rooms_per_account: 1, ..settings() });
    let ann = world.founder("ann", "#tea");
    world.ask(ann, "JOIN #milk");
    assert_eq!(
        world.ask(ann, "ROOM REGISTER #milk"),
        [":helio.local FAIL ROOM TOO_MANY_ROOMS #milk :No further room can be registered"]
    );
    world.ask(ann, "PART #milk");
    let bob = world.founder("bob", "#milk");
    world.ask(bob, "ROOM TRANSFER #milk ann");
    world.hear_all();
    let refused = [":helio.local FAIL ROOM TOO_MANY_ROOMS #milk :No further room can be registered"];
    assert_eq!(world.ask(ann, "ROOM ACCEPT #milk"), refused);
}

/// Others end after `keep-empty-rooms`, or at once when nothing was said or set.
#[test]
fn a_registered_room_never_ends_by_being_empty() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.member("bob", "#milk");
    world.ask(bob, "MODE #milk +s");
    world.say(ann, "QUIT");
    world.say(bob, "QUIT");
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT * 3);
    assert!(world.chat.state.room("#tea").is_some() && world.chat.state.room("#milk").is_none());
    world.restart_both_ways();
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT * 3);
    assert!(world.chat.state.room("#tea").is_some());
    // Dropped, it is a room as any other.
    let ann = world.holder("ann", "");
    world.ask(ann, "ROOM DROP #tea 000000");
    world.pass(limits::CHAT_EMPTY_ROOM_KEPT * 2);
    assert!(world.chat.state.room("#tea").is_none());
    world.chat.check_bounds();
}

#[test]
fn the_first_in_an_empty_registered_room_is_nobody_by_that() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.say(ann, "QUIT");
    world.restart_both_ways();
    let bob = world.user("bob");
    assert!(
        world.ask(bob, "JOIN #tea").iter().any(|line| line.ends_with(" 353 bob = #tea bob") || line.ends_with(":bob"))
    );
    assert_eq!(world.modes_in("bob", "#tea"), "");
    let ann = world.holder("ann", "");
    world.ask(ann, "JOIN #tea");
    assert_eq!(world.hear(bob)[1], ":helio.local MODE #tea +qo ann ann");
}

#[test]
fn the_founder_comes_in_by_every_door() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.holder("bob", "");
    world.ask(ann, "ROOM ACCESS #tea SET bob op");
    world.ask(ann, "MODE #tea +ilkb 1 secret *!*@*");
    world.ask(ann, "PART #tea");
    assert!(world.ask(bob, "JOIN #tea")[0].contains(" 474 bob "));
    assert!(world.ask(ann, "JOIN #tea")[0].contains(" JOIN #tea"));
    world.ask(ann, "ROOM ACCESS #tea SET bob admin");
    assert!(world.ask(bob, "JOIN #tea")[0].contains(" JOIN #tea"));
}

#[test]
fn a_registration_is_dropped_by_the_code_alone() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.holder("bob", "");
    assert_eq!(world.ask(bob, "ROOM DROP #tea"), [":helio.local 482 bob #tea :You're not channel operator"]);
    let told = world.ask(ann, "ROOM DROP #tea");
    assert_eq!(
        told,
        [
            ":helio.local FAIL ROOM CONFIRMATION_REQUIRED #tea 000000 :To confirm, send the same again with this code at its end"
        ]
    );
    assert!(founder_of(&world, "#tea").is_some());
    assert_eq!(
        world.ask(ann, "ROOM DROP #tea 000000"),
        [":helio.local NOTE ROOM DROPPED #tea :Room is registered no more"]
    );
    assert_eq!(
        world.ask(ann, "ROOM DROP #tea 000000"),
        [":helio.local FAIL ROOM ROOM_NOT_REGISTERED #tea :Room is not registered"]
    );
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea"), None);
}

#[test]
fn a_room_changes_hands_when_both_want_it() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.holder("bob", "");
    world.ask(ann, "MODE #tea +s");
    assert_eq!(world.ask(bob, "ROOM ACCEPT #tea"), [":helio.local 403 bob #tea :No such channel"]);
    assert_eq!(
        world.ask(ann, "ROOM TRANSFER #tea nobody"),
        [":helio.local FAIL ROOM NO_SUCH_ACCOUNT #tea nobody :There is no such account"]
    );
    assert_eq!(
        world.ask(ann, "ROOM TRANSFER #tea BOB"),
        [":helio.local NOTE ROOM OFFERED #tea bob :Room is theirs when they accept it by ROOM ACCEPT"]
    );
    assert_eq!(
        world.hear(bob),
        [":helio.local NOTICE bob :Room #tea is offered to you: ROOM ACCEPT #tea makes you its founder"]
    );
    // Taken back, it is not to be had.
    world.ask(ann, "ROOM TRANSFER #tea ann");
    assert_eq!(world.ask(bob, "ROOM ACCEPT #tea"), [":helio.local 403 bob #tea :No such channel"]);
    world.ask(ann, "ROOM TRANSFER #tea bob");
    world.hear(bob);
    assert_eq!(world.ask(bob, "ROOM ACCEPT #tea"), [":helio.local NOTE ROOM ACCEPTED #tea bob :Room is yours"]);
    // Who gave it away looks after it still, below the new founder.
    assert_eq!(world.modes_in("ann", "#tea"), "&@");
    assert_eq!(world.hear(ann), [":helio.local MODE #tea -q+a ann ann"]);
    assert_eq!(world.ask(ann, "ROOM TRANSFER #tea ann")[0], ":helio.local 482 ann #tea :You're not channel operator");
    let again = world.ask(bob, "ROOM ACCEPT #tea");
    assert_eq!(again, [":helio.local FAIL ROOM NOT_OFFERED #tea :Room is not offered to you"]);
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("bob"));
}

/// spec/rooms.md "When the founder's account is deleted".
#[test]
fn the_admin_for_longest_inherits_a_room() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    for (account, access) in [("eve", "op"), ("bob", "admin"), ("cat", "admin"), ("eve", "admin")] {
        if world.chat.state.accounts.get(account).is_none() {
            world.add_account(account);
        }
        world.ask(ann, &format!("ROOM ACCESS #tea SET {account} {access}"));
    }
    let bob = world.holder("bob", "");
    world.ask(bob, "JOIN #tea");
    world.hear_all();
    world.delete("ann");
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("bob"));
    assert_eq!(world.hear(bob).last().map(String::as_str), Some(":helio.local MODE #tea -a+q bob bob"));
    world.delete("cat");
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("bob"));
    world.delete("bob");
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("eve"));
    world.delete("eve");
    assert_eq!(founder_of(&world, "#tea"), None);
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea"), None);
    world.chat.check_bounds();
}

/// spec/event-log.md "Order and acknowledgement".
#[test]
fn what_could_not_be_stored_is_told_and_stored_later() {
    let mut world = World::with(settings());
    world.add_account("bob");
    let ann = world.holder("ann", "");
    world.ask(ann, "JOIN #tea");
    world.commits = Commits::WhenTold;
    assert_eq!(world.ask(ann, "ROOM REGISTER #tea"), [":helio.local MODE #tea +q ann"]);
    world.commits = Commits::Fail;
    world.fail();
    let failed = ":helio.local FAIL ROOM SETTING_NOT_STORED #tea :Setting was changed but could not be stored yet";
    assert_eq!(world.hear(ann), [failed]);
    let commands = [
        "ROOM DROP #tea 000000",
        "ROOM ACCESS #tea SET bob op",
        "ROOM SET #tea read-only on",
        "ROOM FILTER #tea ADD refuse spam",
        "RENAME #tea #milk",
    ];
    for command in commands {
        let heard = world.ask(ann, command);
        assert!(heard.concat().contains(" STORE_UNAVAILABLE "), "{command}: {heard:?}");
    }
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("ann"));
    world.chat.check_bounds();
}

#[test]
fn a_suspended_founder_stays_founder() {
    let mut world = World::with(settings());
    world.founder("ann", "#tea");
    world.suspend("ann");
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#tea").as_deref(), Some("ann"));
}

#[test]
fn what_cannot_be_understood_is_told() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    for (command, refused) in [
        ("ROOM FLY #tea", "FAIL ROOM INVALID_PARAMS FLY :Invalid parameters"),
        ("ROOM REGISTER", "FAIL ROOM NEED_MORE_PARAMS REGISTER :Missing parameters"),
        ("ROOM ACCESS #tea", "FAIL ROOM NEED_MORE_PARAMS ACCESS :Missing parameters"),
        ("ROOM ACCESS #tea FLY", "FAIL ROOM INVALID_PARAMS ACCESS FLY :Invalid parameters"),
        ("ROOM ACCESS #tea SET ann", "FAIL ROOM NEED_MORE_PARAMS ACCESS SET :Missing parameters"),
        ("ROOM SET #tea slow soon", "FAIL ROOM INVALID_PARAMS SET slow soon :Invalid parameters"),
        ("ROOM SET #tea slow 0", "FAIL ROOM INVALID_PARAMS SET slow 0 :Invalid parameters"),
        ("ROOM SET #tea slow 21601", "FAIL ROOM INVALID_PARAMS SET slow 21601 :Invalid parameters"),
        ("ROOM SET #tea fast on", "FAIL ROOM INVALID_PARAMS SET fast on :Invalid parameters"),
    ] {
        assert_eq!(world.ask(ann, command), [format!(":helio.local {refused}")], "{command}");
    }
    let help = world.ask(ann, "ROOM");
    assert!(help[0].starts_with(":helio.local NOTE ROOM HELP ACCEPT :"), "{help:?}");
    assert_eq!(help.last().map(String::as_str), Some(":helio.local NOTE ROOM END_OF_HELP :End of help"));
}

/// Without standard-replies the same is a NOTICE.
#[test]
fn old_clients_are_told_by_notice() {
    let mut world = World::with(settings());
    let ann = world.owner("ann");
    world.ask(ann, "JOIN #tea");
    assert_eq!(
        world.ask(ann, "ROOM REGISTER #tea").last().map(String::as_str),
        Some(":helio.local NOTICE ann :ROOM REGISTERED #tea ann: Room is registered, and yours")
    );
    let info = world.ask(ann, "ROOM INFO #tea");
    assert_eq!(info[0], ":helio.local NOTICE ann :ROOM INFO #tea founder ann: Whose it is");
}
