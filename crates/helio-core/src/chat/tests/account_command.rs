//! ACCOUNT: what people do with their own account.

use super::world::{Commits, Id, World};
use crate::chat::AccountChange;
use crate::fingerprint::Fingerprint;
use crate::limits;
use crate::sasl::ClientExchange;
use alloc::format;
use alloc::string::{String, ToString};

const NOTES: &str = "standard-replies labeled-response batch sasl";

impl World {
    /// Somebody with an account who hears notes.
    fn noted(&mut self, nick: &str) -> Id {
        let id = self.user_with(nick, NOTES);
        self.say(id, "REGISTER * * :correct horse");
        self.hear_all();
        id
    }

    /// The app password that the account gets.
    fn app(&mut self, id: Id, name: &str) -> String {
        let heard = self.ask(id, &format!("ACCOUNT APP ADD {name}"));
        heard[0].split(' ').nth(5).expect("a secret").to_string()
    }
}

#[test]
fn alone_it_lists_its_subcommands_and_who_is_nobody_is_told() {
    let mut world = World::new();
    let ada = world.user_with("ada", NOTES);
    let heard = world.ask(ada, "ACCOUNT");
    assert!(
        heard[0].starts_with(":helio.local NOTE ACCOUNT HELP APP :ACCOUNT APP ADD|DEL name, APP LIST: "),
        "{heard:?}"
    );
    assert_eq!(heard.last().map(String::as_str), Some(":helio.local NOTE ACCOUNT END HELP :End of help"));
    let refused = [":helio.local FAIL ACCOUNT ACCOUNT_REQUIRED :Log in to an account first"];
    for line in ["INFO", "NICK LIST", "NICK ADD", "CERT LIST", "APP ADD x", "PASSWD a correct-horse"] {
        assert_eq!(world.ask(ada, &format!("ACCOUNT {line}")), refused, "{line}");
    }
    assert_eq!(world.ask(ada, "ACCOUNT WHAT"), [":helio.local FAIL ACCOUNT INVALID_PARAMS WHAT :Invalid parameters"]);
    let missing = ":helio.local FAIL ACCOUNT NEED_MORE_PARAMS PASSWD :Expected ACCOUNT PASSWD old new";
    assert_eq!(world.ask(ada, "ACCOUNT PASSWD"), [missing]);
}

/// The numeric is the one of any nickname that nobody has.
#[test]
fn who_looks_for_nickserv_is_told_of_it() {
    let mut world = World::new();
    let ada = world.user("ada");
    let text = "No such nick: there are no services here, ACCOUNT does what they do (HELP ACCOUNT)";
    let told = format!(":helio.local 401 ada NickServ :{text}");
    assert_eq!(world.ask(ada, "PRIVMSG NickServ :IDENTIFY secret"), [told]);
    assert_eq!(world.ask(ada, "NOTICE NickServ :IDENTIFY secret"), [] as [&str; 0]);
}

/// standard-replies: who takes none is told the same in words they know.
#[test]
fn clients_without_standard_replies_get_notices() {
    let mut world = World::new();
    let ada = world.owner("ada");
    let told = [
        ":helio.local NOTICE ada :ACCOUNT NICK ada: ada is yours",
        ":helio.local NOTICE ada :ACCOUNT END NICK: End of your nicknames",
    ];
    assert_eq!(world.ask(ada, "ACCOUNT NICK LIST"), told);
    assert_eq!(world.ask(ada, "ACCOUNT WHAT"), [":helio.local 400 ada ACCOUNT WHAT :Invalid parameters"]);
}

#[test]
fn nicknames_are_owned_and_given_back() {
    let mut world = World::new();
    let ada = world.noted("ada");
    let added = ":helio.local NOTE ACCOUNT NICK_ADDED lovelace :lovelace belongs to your account ada now";
    assert_eq!(world.ask(ada, "ACCOUNT NICK ADD lovelace"), [added]);
    let eve = world.user("eve");
    assert!(world.ask(eve, "NICK lovelace")[0].contains(" 433 "));
    let taken = [":helio.local FAIL ACCOUNT TAKEN eve :It belongs to somebody already"];
    assert_eq!(world.ask(ada, "ACCOUNT NICK ADD eve"), taken, "nobody loses a nickname in use");
    assert!(world.ask(ada, "ACCOUNT NICK DEL lovelace")[0].contains(" NICK_DELETED lovelace "));
    assert!(world.ask(eve, "NICK lovelace")[0].contains(" NICK lovelace"));
    for n in 0..limits::CHAT_ACCOUNT_NICKS {
        assert!(world.ask(ada, &format!("ACCOUNT NICK ADD other{n}"))[0].contains(" NICK_ADDED "));
    }
    assert!(world.ask(ada, "ACCOUNT NICK ADD more")[0].contains(" FAIL ACCOUNT LIMIT_REACHED more :"));
}

#[test]
fn a_certificate_belongs_to_one_account() {
    let mut world = World::new();
    let certificate = Fingerprint::of(b"mine");
    let (ada, bob) = (world.noted("ada"), world.noted("bob"));
    let none = " NEED_MORE_PARAMS CERT :This connection has shown no certificate";
    assert!(world.ask(ada, "ACCOUNT CERT ADD")[0].contains(none));
    let bad = world.ask(ada, "ACCOUNT CERT ADD xyz").remove(0);
    assert!(bad.contains(" FAIL ACCOUNT INVALID_PARAMS CERT :`xyz` is not a fingerprint"), "{bad}");
    assert!(world.ask(ada, &format!("ACCOUNT CERT ADD {}", certificate.with_colons()))[0].contains(" CERT_ADDED "));
    assert!(world.ask(ada, &format!("ACCOUNT CERT ADD {certificate}"))[0].contains(" FAIL ACCOUNT UNCHANGED "));
    assert!(world.ask(ada, "ACCOUNT CERT LIST")[0].contains(&format!(" NOTE ACCOUNT CERT {certificate} ")));
    assert!(world.ask(bob, &format!("ACCOUNT CERT ADD {certificate}"))[0].contains(" FAIL ACCOUNT TAKEN "));
    assert!(world.ask(ada, &format!("ACCOUNT CERT DEL {certificate}"))[0].contains(" CERT_DELETED "));
    assert!(world.ask(bob, &format!("ACCOUNT CERT ADD {certificate}"))[0].contains(" CERT_ADDED "));
    for n in 1..limits::CHAT_ACCOUNT_CERTIFICATES {
        let another = Fingerprint::of(&n.to_be_bytes());
        assert!(world.ask(bob, &format!("ACCOUNT CERT ADD {another}"))[0].contains(" CERT_ADDED "));
    }
    let full = world.ask(bob, &format!("ACCOUNT CERT ADD {}", Fingerprint::of(b"more")));
    assert!(full[0].contains(" FAIL ACCOUNT LIMIT_REACHED "), "{full:?}");
}

#[test]
fn an_app_password_opens_the_account_and_changes_nothing_of_it() {
    let mut world = World::new();
    let ada = world.noted("ada");
    let secret = world.app(ada, "phone");
    assert_eq!(secret.len(), 32);
    assert!(!world.logs.values().flatten().any(|record| record.windows(32).any(|part| part == secret.as_bytes())));
    let again = world.ask(ada, "ACCOUNT APP ADD phone");
    assert!(again[0].contains(" FAIL ACCOUNT TAKEN phone :there is an app password"), "{again:?}");
    let phone = world.user_with("phone", NOTES);
    let log_in = |world: &mut World| {
        world.authenticate(phone, ClientExchange::plain("ada", None, &secret).expect("names")).concat()
    };
    assert!(log_in(&mut world).contains(" 903 "));
    for line in ["PASSWD correct-horse new-password", "APP ADD more", "APP DEL phone", "CERT ADD x", "NICK ADD"] {
        let heard = world.ask(phone, &format!("ACCOUNT {line}"));
        assert!(heard[0].contains(" FAIL ACCOUNT APP_PASSWORD ada :"), "{line}: {heard:?}");
    }
    assert!(world.ask(phone, "ACCOUNT APP LIST")[0].contains(" NOTE ACCOUNT APP phone "));
    assert!(world.ask(ada, "ACCOUNT APP DEL phone")[0].contains(" APP_DELETED phone "));
    assert!(log_in(&mut world).contains(" 904 "));
    for n in 0..limits::CHAT_ACCOUNT_APPS {
        world.app(ada, &format!("app{n}"));
    }
    assert!(world.ask(ada, "ACCOUNT APP ADD more")[0].contains(" FAIL ACCOUNT LIMIT_REACHED more :"));
    let long = "x".repeat(limits::CHAT_APP_NAME + 1);
    assert!(world.ask(ada, &format!("ACCOUNT APP ADD {long}"))[0].contains(" FAIL ACCOUNT INVALID_PARAMS "));
}

#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let mut world = World::new();
    let ada = world.noted("ada");
    let refused = world.ask(ada, "@label=x ACCOUNT PASSWD wrong :battery staple");
    assert_eq!(refused, ["@label=x :helio.local FAIL ACCOUNT INVALID_PARAMS PASSWD ada :The old password is wrong"]);
    assert!(world.ask(ada, "ACCOUNT PASSWD wrong short")[0].contains(" FAIL ACCOUNT WEAK_PASSWORD ada :"));
    let credential = Some(World::credential("battery"));
    world.change(AccountChange::Password { account: "ada".into(), credential, at_us: 1 }).expect("an account");
    let changed = world.ask(ada, "@label=y ACCOUNT PASSWD battery :correct horse");
    assert_eq!(changed, ["@label=y :helio.local NOTE ACCOUNT PASSWORD_CHANGED ada :Your password was changed"]);
    world.is_busy = true;
    assert!(world.ask(ada, "ACCOUNT PASSWD battery :correct horse")[0].contains(" TEMPORARILY_UNAVAILABLE ada "));
}

#[test]
fn a_change_is_told_when_it_is_on_disk() {
    let mut world = World::new();
    let ada = world.noted("ada");
    world.commits = Commits::WhenTold;
    assert_eq!(world.ask(ada, "ACCOUNT NICK ADD one"), [] as [&str; 0]);
    world.commit();
    assert!(world.hear(ada)[0].contains(" NICK_ADDED one "));
    assert_eq!(world.ask(ada, "ACCOUNT NICK ADD two"), [] as [&str; 0]);
    world.fail();
    assert!(world.hear(ada)[0].contains(" FAIL ACCOUNT SETTING_NOT_STORED two "));
    assert!(world.ask(ada, "ACCOUNT NICK ADD three")[0].contains(" FAIL ACCOUNT STORE_UNAVAILABLE three "));
}

#[test]
fn one_sees_ones_own_account_and_operators_see_all() {
    let mut world = World::with(World::settings());
    let ada = world.noted("ada");
    world.say(ada, "ACCOUNT NICK ADD lovelace");
    world.app(ada, "phone");
    let heard = world.ask(ada, "ACCOUNT INFO");
    assert!(heard[0].contains(" NOTE ACCOUNT INFO ada 2026-") && heard[0].contains(":ada active, registered "));
    let rest = [
        ":helio.local NOTE ACCOUNT INFO ada :nickname lovelace",
        ":helio.local NOTE ACCOUNT INFO ada :app password phone",
        ":helio.local NOTE ACCOUNT END INFO ada :End of account",
    ];
    assert_eq!(heard[1..], rest);
    let eve = world.noted("eve");
    for line in ["ACCOUNT INFO ada", "ACCOUNT INFO nobody", "ACCOUNT LIST", "ACCOUNT INVITE"] {
        assert!(world.ask(eve, line)[0].contains(" 481 "), "{line}");
    }
    let root = world.operator("root");
    assert!(world.ask(root, "ACCOUNT INFO ada")[0].contains(": ada active, registered "));
    let rows = ["ACCOUNT ada: ada active", "ACCOUNT eve: eve active", "END LIST: End of accounts"];
    let rows = rows.map(|row| format!(":helio.local NOTICE root :ACCOUNT {row}"));
    assert_eq!(world.ask(root, "ACCOUNT LIST"), rows);
    assert_eq!(world.ask(root, "ACCOUNT LIST eve"), rows[2..]);
    assert!(world.ask(root, "ACCOUNT INFO nobody")[0].contains(" 400 root ACCOUNT nobody :There is no such account"));
}
