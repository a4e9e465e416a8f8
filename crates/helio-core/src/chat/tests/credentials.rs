//! Every way to prove who one is × every state of an account (spec/accounts.md "Logging in"), in one table.

use super::world::World;
use crate::chat::credential::TokenHash;
use crate::chat::{AccountChange, AccountRegistration, Settings};
use crate::fingerprint::Fingerprint;
use crate::sasl::ClientExchange;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const PASSWORD: &str = "correct horse";
const APP: &str = "abcdefghijklmnopqrstuvwxyz234567";

/// Ways to log in, to register, and to log in again: after registration, to another account than before. There is no account
/// that waits to be confirmed: who registers one is logged in to it.
const WAYS: [&str; 11] = [
    "plain",
    "scram",
    "app",
    "external",
    "pass",
    "pass-app",
    "register",
    "scram-app",
    "invite",
    "again",
    "again-scram",
];

/// What [`WAYS`] give when the account can be used.
const USABLE: [&str; 11] = [
    "900 903",
    "900 903",
    "900 903",
    "900 903",
    "900 001",
    "900 001",
    "ACCOUNT_EXISTS",
    "904",
    "ACCOUNT_EXISTS",
    "900 903",
    "900 903",
];

/// State of the account × the numerics or the code that each of [`WAYS`] gives.
const TABLE: &[(&str, [&str; 11])] = &[
    ("active", USABLE),
    ("suspended", ["902", "902", "902", "902", "464", "464", "ACCOUNT_EXISTS", "904", "ACCOUNT_EXISTS", "902", "902"]),
    ("restored", USABLE),
    ("deleted", ["904", "904", "904", "904", "464", "464", "ACCOUNT_EXISTS", "904", "ACCOUNT_EXISTS", "904", "904"]),
    ("none", ["904", "904", "904", "904", "464", "464", "SUCCESS", "904", "SUCCESS", "904", "904"]),
    // The account has another password, another app password and another certificate.
    ("others", ["904", "904", "904", "904", "464", "464", "ACCOUNT_EXISTS", "904", "ACCOUNT_EXISTS", "904", "904"]),
    // It had them, and they were taken away.
    ("taken", ["904", "904", "904", "904", "464", "464", "ACCOUNT_EXISTS", "904", "ACCOUNT_EXISTS", "904", "904"]),
    // They are those of somebody else's account.
    (
        "strangers",
        ["904", "904", "904", "900 eve", "464", "464", "ACCOUNT_EXISTS", "904", "ACCOUNT_EXISTS", "904", "904"],
    ),
];

fn certificate() -> Fingerprint {
    Fingerprint::of(b"ada's")
}

impl World {
    /// An account with a password, an app password and a certificate.
    fn give(&mut self, account: &str, (password, app, certificate): (&str, &str, Fingerprint)) {
        let (name, at_us, credential) = (account.to_string(), 1, Some(Self::credential(password)));
        for change in [
            AccountChange::Registered { account: name.clone(), credential, at_us },
            AccountChange::App { account: name.clone(), app: "phone".into(), hash: Some(TokenHash::of(app)), at_us },
            AccountChange::CertificateOwned { account: name.clone(), certificate, is_owned: true, at_us },
        ] {
            self.change(change).expect("an account that has none of it");
        }
    }

    fn take_all(&mut self, account: &str) {
        let (account, at_us, certificate) = (account.to_string(), 2, certificate());
        for change in [
            AccountChange::Password { account: account.clone(), credential: None, at_us },
            AccountChange::App { account: account.clone(), app: "phone".into(), hash: None, at_us },
            AccountChange::CertificateOwned { account: account.clone(), certificate, is_owned: false, at_us },
        ] {
            self.change(change).expect("an account that has it");
        }
    }

    fn scene(state: &str) -> Self {
        let mut world = Self::with(Settings { registration: AccountRegistration::Open, ..Self::settings() });
        let own = (PASSWORD, APP, certificate());
        let other = ("other password", "another", Fingerprint::of(b"other"));
        match state {
            "none" => {}
            "others" => world.give("ada", other),
            "strangers" => {
                world.give("ada", other);
                world.give("eve", own);
            }
            _ => world.give("ada", own),
        }
        match state {
            "suspended" => world.suspend("ada"),
            "restored" => {
                world.suspend("ada");
                world.change(AccountChange::Restored { account: "ada".into(), at_us: 5 }).expect("suspended");
            }
            "deleted" => world.delete("ada"),
            "taken" => world.take_all("ada"),
            _ => {}
        }
        world
    }

    /// What one who says to be ada hears, as the table has it.
    fn attempt(&mut self, way: &str) -> String {
        let id = self.connect_with_certificate(certificate());
        if way.starts_with("pass") {
            let password = if way == "pass" { PASSWORD } else { APP };
            self.say(id, &alloc::format!("PASS :ada:{password}"));
            self.say(id, "NICK visitor");
            self.say(id, "USER visitor 0 * :Visitor");
            return numerics(&self.hear(id), &["900", "001", "464"]);
        }
        for line in ["CAP LS 302", "CAP REQ sasl", "NICK ada", "USER ada 0 * :Ada"] {
            self.say(id, line);
        }
        let _ = self.hear(id);
        if way.starts_with("again") {
            self.add_account("cleo");
            let _ = self.authenticate(id, ClientExchange::plain("cleo", None, "correct horse").expect("names"));
            self.say(id, "NICK visitor");
            self.say(id, "CAP END");
            let _ = self.hear(id);
        }
        if ["register", "invite"].contains(&way) {
            let code = match way {
                "invite" => {
                    self.settings_changed(Settings { registration: AccountRegistration::Invited, ..World::settings() });
                    self.invite(1, 60).1
                }
                _ => "*".to_string(),
            };
            let heard = self.ask(id, &alloc::format!("REGISTER * {code} :correct horse")).remove(0);
            let place = if heard.contains(" FAIL ") { 3 } else { 2 };
            return heard.split(' ').nth(place).unwrap_or_default().into();
        }
        let client = match way {
            "plain" | "again" => ClientExchange::plain("ada", None, PASSWORD),
            "app" => ClientExchange::plain("ada", None, APP),
            "scram" | "again-scram" => ClientExchange::scram_sha_256("ada", None, PASSWORD, [3; 18]),
            "scram-app" => ClientExchange::scram_sha_256("ada", None, APP, [3; 18]),
            _ => ClientExchange::external(None),
        };
        let heard = self.authenticate(id, client.expect("names that can be sent"));
        if heard.iter().any(|line| line.contains(" 900 ") && line.contains(" eve :")) {
            return "900 eve".into();
        }
        let told = numerics(&heard, &["900", "902", "903", "904"]);
        if way.starts_with("again") {
            let account = self.chat.state.user(self.user_id(id)).and_then(|user| user.account.as_deref());
            assert_eq!(account, Some(if told.starts_with("900") { "ada" } else { "cleo" }), "{way}: {told}");
        }
        told
    }
}

fn numerics(heard: &[String], of: &[&str]) -> String {
    let codes = heard.iter().filter_map(|line| line.split(' ').nth(1)).filter(|code| of.contains(code));
    codes.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_way_gives_what_the_table_says_in_every_state() {
    let mut wrong = Vec::new();
    for (state, expected) in TABLE {
        for (way, expected) in WAYS.into_iter().zip(expected) {
            let heard = World::scene(state).attempt(way);
            if heard != *expected {
                wrong.push(alloc::format!("{way} to an account that is {state}: {heard}, expected {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// sasl-3.2: the list is what the client can use; EXTERNAL is nothing for who has no certificate.
#[test]
fn external_is_offered_to_who_showed_a_certificate() {
    let mut world = World::new();
    let with = world.connect_with_certificate(certificate());
    assert!(
        world
            .ask(with, "CAP LS 302")
            .concat()
            .split([' ', ':'])
            .any(|item| item == "sasl=EXTERNAL,SCRAM-SHA-256,PLAIN")
    );
    let without = world.connect();
    assert!(world.ask(without, "CAP LS 302").concat().split([' ', ':']).any(|item| item == "sasl=SCRAM-SHA-256,PLAIN"));
    world.say(without, "CAP REQ sasl");
    let _ = world.hear(without);
    let heard = world.ask(without, "AUTHENTICATE EXTERNAL");
    assert_eq!(numerics(&heard, &["908", "904"]), "908 904", "{heard:?}");
}

/// RFC 4422 appendix A.1: whom to act as.
#[test]
fn external_acts_as_nobody_else() {
    for (authzid, expected) in [(None, "900 903"), (Some("ADA"), "900 903"), (Some("eve"), "904")] {
        let mut world = World::scene("active");
        world.add_account("eve");
        let id = world.connect_with_certificate(certificate());
        world.say(id, "CAP REQ sasl");
        world.say(id, "NICK ada");
        let _ = world.hear(id);
        let heard = world.authenticate(id, ClientExchange::external(authzid).expect("a name"));
        assert_eq!(numerics(&heard, &["900", "903", "904"]), expected, "{authzid:?}");
    }
}

/// RPL_WHOISCERTFP "SHOULD only be sent" to who may see it: oneself and operators.
#[test]
fn a_certificate_is_shown_to_oneself_and_to_operators() {
    let mut world = World::with(World::settings());
    let id = world.connect_with_certificate(certificate());
    world.say(id, "NICK ada");
    world.say(id, "USER ada 0 * :Ada");
    let told = alloc::format!(" 276 ada ada :has client certificate fingerprint {}", certificate());
    assert!(world.ask(id, "WHOIS ada").concat().contains(&told));
    let other = world.user("eve");
    assert!(!world.ask(other, "WHOIS ada").concat().contains(" 276 "));
    let root = world.operator("root");
    assert!(world.ask(root, "WHOIS ada").concat().contains(" 276 root ada :has client"));
}

/// [`limits::CHAT_ACCOUNT_LOGIN_BURST`](crate::limits): an app password that is wrong counts like any password.
#[test]
fn wrong_app_passwords_are_bounded() {
    let mut world = World::scene("active");
    for _ in 0..crate::limits::CHAT_ACCOUNT_LOGIN_BURST {
        let id = world.connect();
        world.say(id, "CAP REQ sasl");
        let _ = world.hear(id);
        let wrong = ClientExchange::plain("ada", None, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz").expect("names");
        let _ = world.authenticate(id, wrong);
        world.cut(id);
    }
    assert_eq!(world.attempt("app"), "904", "the right one too, for a while");
    assert_eq!(world.attempt("external"), "900 903", "a certificate is not guessed");
}
