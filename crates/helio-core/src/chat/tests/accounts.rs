//! REGISTER (IRCv3 account-registration), names that belong to accounts, and what whoever runs the server does to accounts
//! (spec/accounts.md).

use super::world::{Commits, Id, World};
use crate::chat::command::account;
use crate::chat::{AccountChange, AccountError, AccountRegistration, Face, SETTINGS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const PASSWORD: &str = "correct horse";

fn open() -> Settings {
    Settings { registration: AccountRegistration::Open, ..World::settings() }
}

impl World {
    /// Somebody who has just registered the account of their nickname, with everything about it read.
    pub(super) fn owner(&mut self, nick: &str) -> Id {
        let id = self.user(nick);
        let heard = self.ask(id, &format!("REGISTER * * :{PASSWORD}"));
        assert!(heard.iter().any(|line| line.contains("REGISTER SUCCESS")), "{nick} has an account: {heard:?}");
        self.hear_all();
        id
    }

    /// Whoever runs the server makes an account.
    pub(super) fn add_account(&mut self, account: &str) {
        let credential = Some(Self::credential(PASSWORD));
        self.change(AccountChange::Registered { account: account.into(), credential, at_us: 0 }).expect("a free name");
    }

    pub(super) fn change(&mut self, change: AccountChange) -> Result<(), AccountError> {
        let changed = account::change(&mut self.chat, change, self.now).map(|_| ());
        self.drain();
        changed
    }

    pub(super) fn suspend(&mut self, account: &str) {
        let (account, reason) = (account.into(), "on leave".into());
        self.change(AccountChange::Suspended { account, reason, at_us: 1 }).expect("an account");
    }

    pub(super) fn delete(&mut self, account: &str) {
        self.change(AccountChange::Deleted { account: account.into(), at_us: 2 }).expect("an account");
    }

    fn own(&mut self, account: &str, nick: &str) -> Result<(), AccountError> {
        self.change(AccountChange::NickOwned { account: account.into(), nick: nick.into(), is_owned: true, at_us: 3 })
    }
}

fn records(world: &World) -> Vec<String> {
    let log = world.logs.get(SETTINGS_LOG).cloned().unwrap_or_default();
    log.into_iter().map(|record| String::from_utf8(record).expect("UTF-8")).collect()
}

/// "Afterward, the client is assumed to be authenticated to the <account> as if it used SASL."
#[test]
fn who_registers_is_logged_in() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(
        world.ask(ada, "REGISTER * * :correct horse"),
        [
            ":helio.local REGISTER SUCCESS ada :Account registered",
            ":helio.local 900 ada ada!ada@127.0.0.1 ada :You are now logged in as ada",
        ]
    );
    assert!(world.ask(ada, "WHOIS ada").contains(&":helio.local 330 ada ada ada :is logged in as".to_string()));
    let refused = [":helio.local FAIL REGISTER ALREADY_AUTHENTICATED ada :You are already logged in"];
    assert_eq!(world.ask(ada, "REGISTER * * :correct horse"), refused);
}

#[test]
fn the_name_may_be_written_out_and_an_address_is_not_kept() {
    let mut world = World::new();
    let ada = world.user("Ada");
    assert!(world.ask(ada, "REGISTER ada ada@example.org :correct horse")[0].contains(" REGISTER SUCCESS Ada "));
    assert!(!records(&world).concat().contains("example.org"));
}

/// account-registration: "before-connect".
#[test]
fn one_can_register_before_the_connection_is_complete() {
    let mut world = World::new();
    let id = world.connect();
    let listed = world.ask(id, "CAP LS 302").concat();
    assert!(listed.contains(" draft/account-registration=before-connect "), "{listed}");
    assert_eq!(
        world.ask(id, "REGISTER * * :correct horse"),
        [":helio.local FAIL REGISTER NEED_NICK * :Choose a nickname first"]
    );
    world.say(id, "NICK ada");
    let heard = world.ask(id, "REGISTER * * :correct horse");
    assert_eq!(heard[1], ":helio.local 900 ada ada!*@127.0.0.1 ada :You are now logged in as ada");
    world.say(id, "USER ada 0 * :Ada");
    assert!(world.ask(id, "CAP END")[0].contains(" 001 ada "));
    assert!(world.ask(id, "WHOIS ada").iter().any(|line| line.contains(" 330 ada ada ada ")));
}

/// "Servers should ensure that … this functionality cannot be used to bypass … PASS".
#[test]
fn with_a_server_password_one_registers_afterwards() {
    let mut world = World::with(Settings { password_hash: Some("door".into()), ..World::settings() });
    let id = world.connect();
    let listed = world.ask(id, "CAP LS 302").concat();
    assert!(listed.contains(" draft/account-registration "), "{listed}");
    world.say(id, "NICK ada");
    let refused = [":helio.local FAIL REGISTER COMPLETE_CONNECTION_REQUIRED :Complete the connection first"];
    assert_eq!(world.ask(id, "REGISTER * * :correct horse"), refused);
}

/// The setting `registration` × where one comes from.
#[test]
fn only_whom_the_setting_means_can_register() {
    use AccountRegistration::{Closed, Local, Open};
    for (registration, address, is_allowed) in [
        (Open, "127.0.0.1:1", true),
        (Open, "192.0.2.1:1", true),
        (Local, "127.0.0.1:1", true),
        (Local, "[::1]:1", true),
        (Local, "[::ffff:127.0.0.1]:1", true),
        (Local, "192.0.2.1:1", false),
        (Closed, "127.0.0.1:1", false),
        (Closed, "192.0.2.1:1", false),
    ] {
        let mut world = World::with(Settings { registration, ..World::settings() });
        let id = world.connect_from(address, Face::Irc, true).expect("a connection");
        let listed = world.ask(id, "CAP LS 302").concat();
        // From elsewhere `local` takes who is invited.
        let is_offered = registration != Closed;
        assert_eq!(listed.contains("draft/account-registration"), is_offered, "{registration:?} {address}");
        world.say(id, "NICK ada");
        let heard = world.ask(id, "REGISTER * * :correct horse").concat();
        assert_eq!(heard.contains("REGISTER SUCCESS"), is_allowed, "{registration:?} {address}: {heard}");
        assert_eq!(heard.contains("FAIL REGISTER DISALLOWED * :"), !is_allowed, "{registration:?} {address}: {heard}");
    }
}

/// cap-notify: what is offered changes with the setting.
#[test]
fn clients_are_told_when_registration_opens_and_closes() {
    let mut world = World::new();
    let ada = world.user_with("ada", "cap-notify draft/account-registration");
    world.hear_all();
    world.settings_changed(Settings { registration: AccountRegistration::Closed, ..World::settings() });
    assert_eq!(world.hear(ada), [":helio.local CAP ada DEL :draft/account-registration"]);
    assert!(!world.ask(ada, "CAP LIST").concat().contains("draft/account-registration"));
    world.settings_changed(World::settings());
    assert_eq!(world.hear(ada), [":helio.local CAP ada NEW :draft/account-registration=before-connect"]);
}

#[test]
fn what_is_no_account_is_refused() {
    let mut world = World::with(open());
    world.add_account("bill");
    let ada = world.user("ada");
    let long = "x".repeat(limits::CHAT_PASSWORD_MAX + 1);
    for (command, refusal) in [
        ("REGISTER bob * :correct horse", "ACCOUNT_NAME_MUST_BE_NICK bob :Account name must be your nickname"),
        ("REGISTER * * :short", "WEAK_PASSWORD ada :Password is too short"),
        (
            &format!("REGISTER * * :{long}"),
            "UNACCEPTABLE_PASSWORD ada :Password is too long or has characters that are not allowed",
        ),
        (
            "REGISTER * * :correct\u{7}horse",
            "UNACCEPTABLE_PASSWORD ada :Password is too long or has characters that are not allowed",
        ),
    ] {
        assert_eq!(world.ask(ada, command), [format!(":helio.local FAIL REGISTER {refusal}")], "{command}");
    }
    assert_eq!(world.ask(ada, "REGISTER * *"), [":helio.local 461 ada REGISTER :Not enough parameters"]);
    let id = world.connect();
    for nick in ["bill", "BILL", "bi11"] {
        // Before the end of the registration any free name will do.
        world.say(id, &format!("NICK {nick}"));
        let taken = format!("{nick} :Account name is taken, or looks like one that is");
        let refused = format!(":helio.local FAIL REGISTER ACCOUNT_EXISTS {taken}");
        assert_eq!(world.ask(id, "REGISTER * * :correct horse"), [refused], "{nick}");
    }
}

#[test]
fn two_who_want_the_same_name_do_not_both_get_it() {
    let mut world = World::new();
    let (one, other) = (world.connect(), world.connect());
    world.say(one, "NICK ada");
    world.say(other, "NICK ada");
    world.are_passwords_late = true;
    world.say(one, "REGISTER * * :correct horse");
    world.say(other, "REGISTER * * :battery staple");
    world.compare();
    assert!(world.hear(one)[0].contains(" REGISTER SUCCESS ada "));
    assert!(world.hear(other)[0].contains(" FAIL REGISTER ACCOUNT_EXISTS ada "));
}

#[test]
fn a_second_registration_waits_for_the_first() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.are_passwords_late = true;
    world.say(ada, "REGISTER * * :correct horse");
    assert_eq!(world.ask(ada, "REGISTER * * :correct horse"), [] as [&str; 0]);
    world.compare();
    let heard = world.hear(ada);
    assert!(
        heard[0].contains(" REGISTER SUCCESS ada ") && heard[2].contains(" ALREADY_AUTHENTICATED ada "),
        "{heard:?}"
    );
}

#[test]
fn when_no_password_can_be_made_ready_nothing_is_registered() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.is_busy = true;
    assert!(world.ask(ada, "REGISTER * * :correct horse")[0].contains(" FAIL REGISTER TEMPORARILY_UNAVAILABLE ada "));
    assert_eq!(records(&world), [] as [&str; 0]);
}

#[test]
fn registrations_from_one_place_are_bounded_in_time() {
    let mut world = World::with(open());
    let register = |world: &mut World, nick: &str, address: &str| {
        let id = world.connect_from(address, Face::Irc, true).expect("a connection");
        world.say(id, &format!("NICK {nick}"));
        world.ask(id, "REGISTER * * :correct horse").concat().contains("REGISTER SUCCESS")
    };
    for nick in ["a", "b", "c"] {
        assert!(register(&mut world, nick, "[2001:db8::1]:1"), "{nick}");
    }
    assert!(!register(&mut world, "d", "[2001:db8::2]:1"), "of the same /64");
    assert!(register(&mut world, "d", "[2001:db8:1::2]:1"));
    world.pass(limits::CHAT_REGISTER_INTERVAL - Duration::from_secs(1));
    assert!(!register(&mut world, "e", "[2001:db8::1]:1"));
    world.pass(Duration::from_secs(1));
    assert!(register(&mut world, "e", "[2001:db8::1]:1"));
    assert!(!register(&mut world, "f", "[2001:db8::1]:1"));
}

/// DESIGN: what is acknowledged is on disk.
#[test]
fn success_is_told_when_the_account_is_on_disk() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.commits = Commits::WhenTold;
    assert_eq!(world.ask(ada, "REGISTER * * :correct horse"), [] as [&str; 0]);
    world.commit();
    assert!(world.hear(ada)[0].contains(" REGISTER SUCCESS ada "));
}

#[test]
fn an_account_whose_commit_failed_is_stored_when_that_works_again() {
    let mut world = World::new();
    let ada = world.user_with("ada", "standard-replies");
    world.commits = Commits::WhenTold;
    world.say(ada, "REGISTER * * :correct horse");
    world.fail();
    let heard = world.hear(ada);
    assert!(heard[0].starts_with(":helio.local FAIL REGISTER SETTING_NOT_STORED ada :"), "{heard:?}");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    let stored = records(&world);
    assert!(stored[0].starts_with(r#"{"event":"decoy-secret","secret":""#), "{stored:?}");
    assert!(stored[1].starts_with(r#"{"event":"account","name":"ada","registered_us":"#), "{stored:?}");
    world.restart(World::settings(), 9);
    assert!(world.chat.state.accounts.get("ADA").is_some());
}

#[test]
fn a_restart_restores_accounts_as_they_were() {
    let mut world = World::new();
    world.owner("ada");
    world.add_account("ben");
    world.own("ben", "benny").expect("a free nickname");
    world.suspend("ben");
    world.add_account("cleo");
    world.delete("cleo");
    let before: Vec<_> = world.chat.state.accounts.iter().cloned().collect();
    let decoys = world.chat.state.accounts.decoys.clone();
    let snapshot = world.chat.snapshot();
    world.restart(World::settings(), 9);
    let same = |world: &World| {
        assert!(before.iter().eq(world.chat.state.accounts.iter()));
        assert!(decoys.is_some() && world.chat.state.accounts.decoys == decoys);
        world.chat.check_bounds();
    };
    same(&world);
    assert_eq!(world.chat.snapshot(), snapshot);
    world.logs.insert(SETTINGS_LOG.into(), snapshot);
    world.restart(World::settings(), 10);
    same(&world);
}

/// What a disk, a log or a crash report may show.
#[test]
fn passwords_are_never_kept_nor_shown() {
    let mut world = World::new();
    world.are_passwords_late = true;
    let ada = world.user("ada");
    world.say(ada, "REGISTER * * :hunter2hunter2");
    assert!(!format!("{:?}", world.chat).contains("hunter2"), "while it is made ready");
    // In this world the hash is the password, so what is kept of it is looked for, too.
    world.compare();
    assert!(!format!("{:?}", world.chat).contains("hunter2"), "when it is kept");
    let credential = World::credential("hunter2hunter2");
    assert!(!serde_json::to_string(&credential.scram).expect("text").contains("hunter2"));
    assert!(!format!("{credential:?}").contains("hunter2"));
}

#[test]
fn a_nickname_of_an_account_is_for_who_is_logged_in_to_it() {
    let mut world = World::new();
    world.add_account("bill");
    world.own("bill", "william").expect("a free nickname");
    let ada = world.user("ada");
    for nick in ["bill", "BILL", "bi11", "William"] {
        let text = "Nickname belongs to an account: log in to it first";
        assert_eq!(world.ask(ada, &format!("NICK {nick}")), [format!(":helio.local 433 ada {nick} :{text}")]);
    }
    let id = world.connect();
    assert_eq!(world.ask(id, "NICK bill"), [] as [&str; 0], "log-in may follow");
    assert!(world.ask(id, "USER bill 0 * :Bill")[0].contains(" 433 bill bill :Nickname belongs"), "but did not");
    assert!(world.ask(id, "NICK other")[0].contains(" 001 other "));
}

#[test]
fn who_uses_a_nickname_that_becomes_owned_is_renamed() {
    let mut world = World::new();
    let (ada, ben) = (world.user("ada"), world.member("ben", "#tea"));
    world.say(ada, "JOIN #tea");
    world.hear_all();
    world.add_account("ada");
    let renamed = ":ada!ada@127.0.0.1 NICK guest1";
    assert_eq!(
        world.hear(ada),
        [":helio.local NOTICE ada :ada belongs to an account that you are not logged in to", renamed]
    );
    assert_eq!(world.hear(ben), [renamed]);
    world.add_account("helper");
    world.own("helper", "ben").expect("no account has it");
    assert!(world.hear(ben).iter().any(|line| line == ":ben!ben@127.0.0.1 NICK guest2"));
}

#[test]
fn guests_get_no_name_that_belongs_to_an_account() {
    let mut world = World::new();
    world.add_account("guest1");
    let guest = world.guest();
    assert!(world.ask(guest, "/nick guest1").concat().contains("belongs to an account"));
    let user = world.user_id(guest);
    assert_eq!(world.chat.state.user(user).expect("a guest").nick, "guest2");
}

#[test]
fn an_account_that_is_suspended_or_deleted_loses_its_connections() {
    for is_deleted in [false, true] {
        let mut world = World::new();
        let (ada, ben) = (world.owner("ada"), world.user("ben"));
        let half = world.connect();
        world.say(half, "CAP LS 302");
        world.chat.sessions.get_mut(half.0).and_then(|session| session.registration()).expect("new").account =
            Some("ada".into());
        if is_deleted {
            world.delete("ada");
        } else {
            world.suspend("ada");
        }
        let text = "Your account was suspended or deleted";
        assert_eq!(world.hear(ada), [format!("ERROR :Closing link: {text}")]);
        assert!(world.is_closed(ada) && !world.is_closed(ben));
        for line in ["NICK other", "USER other 0 * :Other", "CAP END"] {
            world.say(half, line);
        }
        assert!(world.is_closed(half) && world.hear(half).last().is_some_and(|line| line.ends_with(text)));
    }
}

/// Else a newcomer would be taken for who had it.
#[test]
fn the_name_of_a_deleted_account_stays_taken() {
    let mut world = World::new();
    world.add_account("ada");
    world.own("ada", "lovelace").expect("a free nickname");
    world.delete("ada");
    let ben = world.user("ben");
    assert!(world.ask(ben, "NICK ada")[0].contains(" 433 ben ada "));
    assert_eq!(world.ask(ben, "NICK lovelace"), [":ben!ben@127.0.0.1 NICK lovelace"], "a further nickname is free");
    let again = AccountChange::Registered { account: "Ada".into(), credential: None, at_us: 9 };
    assert_eq!(world.change(again), Err(AccountError::Taken("Ada".into())));
    let restored = AccountChange::Restored { account: "ada".into(), at_us: 9 };
    assert_eq!(world.change(restored), Err(AccountError::Unknown("ada".into())));
}

#[test]
fn changes_that_cannot_be_are_refused_with_a_reason() {
    let mut world = World::new();
    world.add_account("ada");
    let owned = |nick: &str, is_owned| {
        let (account, nick) = ("ada".into(), nick.into());
        AccountChange::NickOwned { account, nick, is_owned, at_us: 0 }
    };
    let registered = |name: &str| AccountChange::Registered { account: name.into(), credential: None, at_us: 0 };
    let suspended = |reason: String| AccountChange::Suspended { account: "ada".into(), reason, at_us: 0 };
    for (change, reason) in [
        (registered("1a"), "1a cannot be a name: name has a character that is not allowed there: 1"),
        (registered("NickServ"), "NickServ cannot be a name: people would take it for a service"),
        (registered("ada"), "the name ada is taken: an account has it, had it, or owns one that looks like it"),
        (AccountChange::Password { account: "x".into(), credential: None, at_us: 0 }, "there is no account x"),
        (AccountChange::Restored { account: "ada".into(), at_us: 0 }, "account ada is like that already"),
        (owned("ada", true), "account ada is like that already"),
        (owned("ada", false), "account ada is like that already"),
        (suspended("x".repeat(257)), "the reason is 257 bytes, limit is 256"),
    ] {
        assert_eq!(world.change(change).expect_err("refused").to_string(), reason);
    }
    for number in 0..limits::CHAT_ACCOUNT_NICKS {
        world.own("ada", &format!("ada{}", "x".repeat(number + 1))).expect("room for it");
    }
    let reason = "there are 8 nicknames of this account already, which is the limit";
    assert_eq!(world.own("ada", "more").expect_err("refused").to_string(), reason);
    world.commits = Commits::Fail;
    world.suspend("ada");
    assert_eq!(world.change(registered("ben")), Err(AccountError::StoreUnavailable));
}
