//! AUTHENTICATE (IRCv3 sasl-3.1, sasl-3.2): every mechanism × every state of an account, every numeric, guesses and time.

use super::world::{Id, World};
use crate::chat::{AccountChange, Face, Settings};
use crate::limits;
use crate::sasl::{ClientExchange, Mechanism, Pieces, pieces_of};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const PASSWORD: &str = "correct horse";

fn client(mechanism: Mechanism, name: &str, password: &str) -> ClientExchange {
    match mechanism {
        Mechanism::Plain => ClientExchange::plain(name, None, password),
        Mechanism::ScramSha256 => ClientExchange::scram_sha_256(name, None, password, [3; 18]),
        Mechanism::External => ClientExchange::external(None),
    }
    .expect("names that can be sent")
}

impl World {
    /// A connection that has asked for sasl and is nobody yet.
    fn negotiating(&mut self) -> Id {
        let id = self.connect();
        for line in ["CAP LS 302", "CAP REQ :sasl account-notify", "NICK visitor", "USER visitor 0 * :Visitor"] {
            self.say(id, line);
        }
        let _ = self.hear(id);
        id
    }

    /// Speaks AUTHENTICATE until the server has no more challenges; what else it said.
    pub(super) fn authenticate(&mut self, id: Id, mut client: ClientExchange) -> Vec<String> {
        let mut heard = self.ask(id, &format!("AUTHENTICATE {}", client.mechanism()));
        let mut pieces = Pieces::new();
        loop {
            let (challenges, others): (Vec<_>, Vec<_>) =
                heard.into_iter().partition(|line| line.starts_with(":helio.local AUTHENTICATE "));
            if challenges.is_empty() {
                return others;
            }
            assert_eq!(others, [] as [&str; 0], "between challenges");
            let mut challenge = None;
            for line in challenges {
                let piece = line.rsplit(' ').next().expect("a piece").to_string();
                challenge = pieces.handle_piece(&piece).expect("base64");
            }
            let response = client.handle_challenge(&challenge.expect("whole"));
            let Ok(response) = response else { return self.ask(id, "AUTHENTICATE *") };
            pieces_of(&response).iter().for_each(|piece| self.say(id, &format!("AUTHENTICATE {piece}")));
            heard = self.hear(id);
        }
    }

    fn log_in_as(&mut self, mechanism: Mechanism, name: &str, password: &str) -> Vec<String> {
        let id = self.negotiating();
        self.authenticate(id, client(mechanism, name, password))
    }
}

fn codes(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split(' ').nth(1).unwrap_or_default()).collect()
}

/// sasl-3.1: "If authentication is successful, a 900 and 903 numeric will be sent."
#[test]
fn the_example_of_the_specification() {
    let mut world = World::new();
    world.add_account("jilles");
    let id = world.connect();
    assert!(world.ask(id, "CAP LS 302").concat().split([' ', ':']).any(|item| item == "sasl=SCRAM-SHA-256,PLAIN"));
    world.say(id, "CAP REQ :sasl");
    world.say(id, "NICK jilles");
    world.say(id, "USER jilles 0 * :Jilles");
    let _ = world.hear(id);
    assert_eq!(world.ask(id, "AUTHENTICATE PLAIN"), [":helio.local AUTHENTICATE +"]);
    let [response] = pieces_of(b"jilles\0jilles\0correct horse").try_into().expect("one piece");
    assert_eq!(
        world.ask(id, &format!("AUTHENTICATE {response}")),
        [
            ":helio.local 900 jilles jilles!jilles@127.0.0.1 jilles :You are now logged in as jilles",
            ":helio.local 903 jilles :SASL authentication successful",
        ]
    );
    assert!(world.ask(id, "CAP END")[0].contains(" 001 jilles "), "and may use the nickname");
    assert!(world.ask(id, "WHOIS jilles").iter().any(|line| line.contains(" 330 jilles jilles jilles ")));
}

/// Every way to log in × every state of an account × the right and a wrong password. Suspension is told to who knows the
/// password; whether there is an account to nobody.
#[test]
fn every_state_of_an_account_is_judged_by_every_mechanism() {
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        for (state, right, wrong) in [
            ("registered", ["900", "903"].as_slice(), ["904"]),
            ("suspended", &["902"], ["904"]),
            ("restored", &["900", "903"], ["904"]),
            ("deleted", &["904"], ["904"]),
            ("without-password", &["904"], ["904"]),
            ("with-another-password", &["904"], ["904"]),
            ("unknown", &["904"], ["904"]),
        ] {
            let mut world = World::new();
            world.add_account("somebody-else");
            if state != "unknown" {
                world.add_account("ada");
            }
            let account = || "ada".to_string();
            match state {
                "suspended" => world.suspend("ada"),
                "restored" => {
                    world.suspend("ada");
                    world.change(AccountChange::Restored { account: account(), at_us: 5 }).expect("suspended");
                }
                "deleted" => world.delete("ada"),
                "without-password" => {
                    let change = AccountChange::Password { account: account(), credential: None, at_us: 5 };
                    world.change(change).expect("an account");
                }
                "with-another-password" => {
                    let credential = Some(World::credential("battery staple"));
                    world.change(AccountChange::Password { account: account(), credential, at_us: 5 }).expect("one");
                }
                _ => {}
            }
            assert_eq!(codes(&world.log_in_as(mechanism, "ADA", PASSWORD)), right, "{mechanism}, {state}");
            assert_eq!(codes(&world.log_in_as(mechanism, "ada", "wrong horse")), wrong, "{mechanism}, {state}");
            world.restart(World::settings(), 9);
            assert_eq!(codes(&world.log_in_as(mechanism, "ada", PASSWORD)), right, "{mechanism}, {state}, restarted");
            world.chat.check_bounds();
        }
    }
}

/// A log-in on its way when the account changes.
#[test]
fn what_was_compared_must_still_be_true() {
    for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
        for (change, code) in [("suspend", "902"), ("delete", "904"), ("password", "904")] {
            let mut world = World::new();
            world.add_account("ada");
            let id = world.negotiating();
            let mut client = client(mechanism, "ada", PASSWORD);
            world.are_passwords_late = true;
            world.say(id, &format!("AUTHENTICATE {mechanism}"));
            let first = client.handle_challenge(b"").expect("a response");
            pieces_of(&first).iter().for_each(|piece| world.say(id, &format!("AUTHENTICATE {piece}")));
            match change {
                "suspend" => world.suspend("ada"),
                "delete" => world.delete("ada"),
                _ => {
                    let credential = Some(World::credential("battery staple"));
                    let change = AccountChange::Password { account: "ada".into(), credential, at_us: 5 };
                    world.change(change).expect("an account");
                }
            }
            world.compare();
            let mut heard = world.hear(id);
            if mechanism == Mechanism::ScramSha256 {
                let challenge = heard.last().and_then(|line| line.rsplit(' ').next()).expect("a challenge").to_string();
                let challenge = Pieces::new().handle_piece(&challenge).expect("base64").expect("whole");
                let proof = client.handle_challenge(&challenge).expect("a response");
                pieces_of(&proof).iter().for_each(|piece| world.say(id, &format!("AUTHENTICATE {piece}")));
                assert!(world.hear(id).concat().contains(" AUTHENTICATE "), "the proof is right");
                heard = world.ask(id, "AUTHENTICATE +");
            }
            assert_eq!(codes(&heard).last(), Some(&code), "{mechanism}, {change}: {heard:?}");
        }
    }
}

#[test]
fn a_name_without_an_account_is_compared_like_one_with() {
    let mut world = World::new();
    world.add_account("ada");
    world.are_passwords_late = true;
    for name in ["ada", "nobody"] {
        let id = world.negotiating();
        world.say(id, "AUTHENTICATE PLAIN");
        let response = client(Mechanism::Plain, name, PASSWORD).handle_challenge(b"").expect("a response");
        pieces_of(&response).iter().for_each(|piece| world.say(id, &format!("AUTHENTICATE {piece}")));
    }
    assert_eq!(world.late_passwords.len(), 2);
}

/// The salt of a name is the same each time and after a restart, whether there is such an account or not.
#[test]
fn the_salt_of_a_name_never_changes() {
    let mut world = World::new();
    world.add_account("ada");
    let salt = |world: &mut World, name: &str| {
        let id = world.negotiating();
        world.say(id, "AUTHENTICATE SCRAM-SHA-256");
        let response = client(Mechanism::ScramSha256, name, PASSWORD).handle_challenge(b"").expect("a response");
        pieces_of(&response).iter().for_each(|piece| world.say(id, &format!("AUTHENTICATE {piece}")));
        let heard = world.hear(id);
        let piece = heard.last().and_then(|line| line.rsplit(' ').next()).expect("a challenge").to_string();
        let challenge = Pieces::new().handle_piece(&piece).expect("base64").expect("whole");
        let challenge = String::from_utf8(challenge).expect("text");
        let (nonce, rest) = challenge.split_once(',').expect("parts");
        (nonce.to_string(), rest.to_string())
    };
    for name in ["ada", "nobody", "else"] {
        let (first, again) = (salt(&mut world, name), salt(&mut world, &name.to_uppercase()));
        assert_eq!(first.1, again.1, "{name}");
        assert_ne!(first.0, again.0, "nonces of {name}");
        world.restart(World::settings(), 9);
        assert_eq!(salt(&mut world, name).1, first.1, "{name}, restarted");
    }
    assert_ne!(salt(&mut world, "nobody").1, salt(&mut world, "else").1);
}

/// RFC 4616 §2: the authorization identity is whom to act as.
#[test]
fn nobody_acts_as_somebody_else() {
    let mut world = World::new();
    world.add_account("ada");
    world.add_account("ben");
    for (authzid, expected) in [("ADA", ["900", "903"].as_slice()), ("ben", &["904"]), ("", &["900", "903"])] {
        let id = world.negotiating();
        world.say(id, "AUTHENTICATE PLAIN");
        let response = format!("{authzid}\0ada\0{PASSWORD}");
        let [piece] = pieces_of(response.as_bytes()).try_into().expect("one piece");
        let _ = world.hear(id);
        assert_eq!(codes(&world.ask(id, &format!("AUTHENTICATE {piece}"))), expected, "{authzid}");
    }
}

/// sasl-3.1: 904, 905, 906 and 908.
#[test]
fn faults_are_answered_and_one_can_begin_again() {
    let mut world = World::new();
    world.add_account("ada");
    let id = world.connect();
    let refused = ":helio.local 904 * :SASL authentication failed: CAP REQ sasl comes first";
    assert_eq!(world.ask(id, "AUTHENTICATE PLAIN"), [refused]);
    world.say(id, "CAP REQ :sasl");
    let _ = world.hear(id);
    let failed = ":helio.local 904 * :SASL authentication failed";
    let known = ":helio.local 908 * SCRAM-SHA-256,PLAIN :are available SASL mechanisms";
    for unknown in ["EXTERNAL", "DH-AES", "PLAIN,"] {
        assert_eq!(world.ask(id, &format!("AUTHENTICATE {unknown}")), [known, failed], "{unknown}");
    }
    for (pieces, answer) in [
        (["*"].as_slice(), ":helio.local 906 * :SASL authentication aborted"),
        (&["?"], failed),
        (&["YWRh"], failed),
        (&[&"A".repeat(401)], ":helio.local 905 * :SASL message too long"),
        (&["A".repeat(400).as_str(); 31], ":helio.local 905 * :SASL message too long"),
    ] {
        assert_eq!(world.ask(id, "AUTHENTICATE PLAIN"), [":helio.local AUTHENTICATE +"]);
        let heard: Vec<String> =
            pieces.iter().flat_map(|piece| world.ask(id, &format!("AUTHENTICATE {piece}"))).collect();
        assert_eq!(heard, [answer]);
    }
    assert_eq!(codes(&world.authenticate(id, client(Mechanism::Plain, "ada", PASSWORD))), ["900", "903"]);
}

/// A response longer than one line, and one that ends exactly with it.
#[test]
fn long_responses_come_in_pieces() {
    let mut world = World::new();
    for password in ["p".repeat(800), "p".repeat(300 - "\0ada\0".len())] {
        let account = if password.len() == 800 { "ben" } else { "ada" };
        let credential = Some(World::credential(&password));
        world.change(AccountChange::Registered { account: account.into(), credential, at_us: 0 }).expect("free");
        assert_eq!(codes(&world.log_in_as(Mechanism::Plain, account, &password)), ["900", "903"]);
    }
}

/// sasl-3.1: "If the client completes registration … while … still in progress, the server SHOULD abort it and send a 906".
#[test]
fn completing_the_registration_aborts_an_exchange() {
    let mut world = World::new();
    let id = world.negotiating();
    world.say(id, "AUTHENTICATE PLAIN");
    let _ = world.hear(id);
    let heard = world.ask(id, "CAP END");
    assert_eq!(codes(&heard)[..2], ["906", "001"]);
}

/// Many clients send everything at once.
#[test]
fn a_password_being_compared_is_waited_for() {
    let mut world = World::new();
    world.add_account("ada");
    let id = world.negotiating();
    world.are_passwords_late = true;
    world.say(id, "AUTHENTICATE PLAIN");
    let [piece] = pieces_of(b"\0ada\0correct horse").try_into().expect("one piece");
    world.say(id, &format!("AUTHENTICATE {piece}"));
    let _ = world.hear(id);
    assert_eq!(world.ask(id, "CAP END"), [] as [&str; 0]);
    assert_eq!(world.ask(id, "AUTHENTICATE *"), [] as [&str; 0], "too late to give up");
    world.compare();
    let heard = world.hear(id);
    assert_eq!(codes(&heard)[..3], ["900", "903", "001"]);
    assert_eq!(codes(&heard).last(), Some(&"906"));
}

#[test]
fn an_exchange_ends_when_its_time_is_over() {
    let mut world = World::with(Settings { registration_timeout: Duration::from_secs(600), ..World::settings() });
    let id = world.negotiating();
    world.say(id, "AUTHENTICATE PLAIN");
    let _ = world.hear(id);
    world.pass(limits::CHAT_SASL_TIMEOUT - Duration::from_secs(1));
    assert_eq!(world.hear(id), [] as [&str; 0]);
    world.pass(Duration::from_secs(1));
    assert_eq!(codes(&world.hear(id)), ["906"]);
}

/// sasl-3.2 "SASL Reauthentication"; account-notify, extended-join, and what a nickname then means.
#[test]
fn one_can_log_in_and_to_another_account_at_any_time() {
    let mut world = World::new();
    world.add_account("bill");
    world.add_account("cleo");
    let (ada, ben) = (world.user_with("ada", "sasl"), world.user_with("ben", "account-notify extended-join"));
    world.say(ada, "JOIN #tea");
    world.say(ben, "JOIN #tea");
    world.hear_all();
    assert_eq!(codes(&world.authenticate(ada, client(Mechanism::ScramSha256, "bill", PASSWORD))), ["900", "903"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 ACCOUNT bill"]);
    assert_eq!(world.ask(ada, "NICK bill"), [":ada!ada@127.0.0.1 NICK bill"]);
    assert_eq!(codes(&world.authenticate(ada, client(Mechanism::Plain, "cleo", "wrong horse"))), ["904"]);
    assert!(world.ask(ada, "WHOIS bill").iter().any(|line| line.contains(" 330 bill bill bill ")), "nothing changed");
    world.hear_all();
    let heard = world.authenticate(ada, client(Mechanism::Plain, "cleo", PASSWORD));
    assert_eq!(codes(&heard), ["bill", "NICK", "900", "903"].map(|code| if code == "bill" { "NOTICE" } else { code }));
    assert_eq!(world.hear(ben), [":bill!ada@127.0.0.1 ACCOUNT cleo", ":bill!ada@127.0.0.1 NICK guest1"]);
    world.say(ada, "PART #tea");
    world.hear_all();
    world.say(ada, "JOIN #tea");
    assert_eq!(world.hear(ben), [":guest1!ada@127.0.0.1 JOIN #tea cleo :ada of the tests"]);
}

/// `+R`, `~a:`, `+b ~a:` and account-tag.
#[test]
fn rooms_know_who_is_logged_in() {
    let mut world = World::new();
    let host = world.member("host", "#tea");
    let (ada, ben) = (world.owner("ada"), world.user("ben"));
    let tagged = world.user_with("cleo", "account-tag");
    world.say(tagged, "JOIN #tea");
    world.say(host, "MODE #tea +R");
    world.hear_all();
    assert!(world.ask(ben, "JOIN #tea")[0].contains(" 477 "));
    assert!(world.ask(ada, "JOIN #tea")[0].ends_with(" JOIN #tea"));
    world.hear_all();
    world.say(ada, "PRIVMSG #tea :hot");
    assert_eq!(world.hear(tagged), ["@account=ada :ada!ada@127.0.0.1 PRIVMSG #tea :hot"]);
    world.say(host, "MODE #tea -R+b ~a:ada");
    world.hear_all();
    assert!(world.ask(ada, "PRIVMSG #tea :hot")[0].contains(" 404 "));
}

/// labeled-response: the answer that comes later has the label of the line that asked.
#[test]
fn the_answer_has_the_label_of_its_response() {
    let mut world = World::new();
    world.add_account("bill");
    let ada = world.user_with("ada", "sasl batch labeled-response");
    assert_eq!(world.ask(ada, "@label=1 AUTHENTICATE PLAIN"), ["@label=1 :helio.local AUTHENTICATE +"]);
    let [piece] = pieces_of(b"\0bill\0correct horse").try_into().expect("one piece");
    let heard = world.ask(ada, &format!("@label=2 AUTHENTICATE {piece}"));
    assert!(heard[0].starts_with("@label=2 :helio.local BATCH +"), "{heard:?}");
    assert_eq!(codes(&world.ask(ada, "@label=3 REGISTER * * :correct horse")), [":helio.local"]);
}

/// A password as it is goes only where nobody can read it.
#[test]
fn plain_is_offered_where_nobody_listens() {
    for (address, is_secure, mechanisms) in [
        ("192.0.2.1:1", false, "SCRAM-SHA-256"),
        ("192.0.2.1:1", true, "SCRAM-SHA-256,PLAIN"),
        ("127.0.0.1:1", false, "SCRAM-SHA-256,PLAIN"),
    ] {
        let mut world = World::new();
        world.add_account("ada");
        let id = world.connect_from(address, Face::Irc, is_secure).expect("a connection");
        assert!(
            world.ask(id, "CAP LS 302").concat().split([' ', ':']).any(|item| item == format!("sasl={mechanisms}")),
            "{address}"
        );
        world.say(id, "CAP REQ :sasl");
        let _ = world.hear(id);
        let refused = !mechanisms.contains("PLAIN");
        assert_eq!(codes(&world.ask(id, "AUTHENTICATE PLAIN")) == ["908", "904"], refused, "{address}");
    }
}

#[test]
fn guesses_from_one_place_are_bounded_in_time() {
    let mut world = World::new();
    world.add_account("ada");
    for number in 0..limits::CHAT_LOGIN_BURST {
        let name = format!("nobody{number}x");
        assert_eq!(
            world.log_in_as(Mechanism::Plain, &name, PASSWORD),
            [":helio.local 904 visitor :SASL authentication failed"]
        );
    }
    let refused = ":helio.local 904 visitor :SASL authentication failed: too many wrong passwords, try again later";
    assert_eq!(world.log_in_as(Mechanism::Plain, "ada", PASSWORD), [refused]);
    world.pass(limits::CHAT_LOGIN_INTERVAL);
    for _ in 0..3 {
        assert_eq!(codes(&world.log_in_as(Mechanism::Plain, "ada", PASSWORD)), ["900", "903"], "and costs nothing");
    }
}

/// From wherever it was not used last: its owner is not locked out by others.
#[test]
fn guesses_at_one_account_are_bounded_in_time() {
    let mut world = World::new();
    world.add_account("ada");
    let from = |world: &mut World, address: &str, name: &str, password: &str| {
        let id = world.connect_from(address, Face::Irc, true).expect("a connection");
        world.say(id, "CAP REQ :sasl");
        world.say(id, "NICK x");
        let _ = world.hear(id);
        let heard = world.authenticate(id, client(Mechanism::ScramSha256, name, password));
        world.cut(id);
        heard.concat()
    };
    assert!(from(&mut world, "192.0.2.1:1", "ada", PASSWORD).contains(" 903 "));
    for name in ["ada", "nobody"] {
        for place in 0..limits::CHAT_ACCOUNT_LOGIN_BURST {
            let heard = from(&mut world, &format!("198.51.100.{place}:1"), name, "wrong horse");
            assert!(heard.ends_with(" :SASL authentication failed"), "{name}, {place}: {heard}");
        }
        let heard = from(&mut world, "198.51.100.200:1", name, PASSWORD);
        assert!(heard.contains("too many wrong passwords"), "{name}: {heard}");
    }
    assert!(from(&mut world, "192.0.2.1:1", "ada", PASSWORD).contains(" 903 "), "where it was used last");
    world.pass(limits::CHAT_ACCOUNT_LOGIN_INTERVAL);
    assert!(from(&mut world, "198.51.100.200:1", "ada", PASSWORD).contains(" 903 "));
}

#[test]
fn tries_that_are_remembered_are_bounded() {
    let mut world = World::new();
    for number in 0..limits::CHAT_TRIES_KEPT + 50 {
        let address = core::net::IpAddr::V4((0x0A00_0000 + number as u32).into());
        world.chat.guesses.take(address, &format!("n{number}"), world.now.mono);
    }
    world.chat.check_bounds();
}

/// `PASS account:password`, for clients that know no SASL.
#[test]
fn pass_logs_in_to_an_account() {
    for (state, pass, expected) in [
        ("registered", "ada:correct horse", "001"),
        ("registered", "ada:wrong horse", "464"),
        ("suspended", "ada:correct horse", "464"),
        ("deleted", "ada:correct horse", "464"),
        ("registered", "nobody:correct horse", "464"),
        ("registered", "not a name:x", "001"),
        ("registered", "whatever", "001"),
    ] {
        let mut world = World::new();
        world.add_account("ada");
        match state {
            "suspended" => world.suspend("ada"),
            "deleted" => world.delete("ada"),
            _ => {}
        }
        let id = world.connect();
        world.say(id, &format!("PASS :{pass}"));
        world.say(id, "NICK visitor");
        let heard = world.ask(id, "USER visitor 0 * :Visitor");
        assert!(codes(&heard).contains(&expected), "{state} {pass}: {heard:?}");
        assert_eq!(codes(&heard).contains(&"900"), state == "registered" && pass == "ada:correct horse", "{heard:?}");
        assert_eq!(world.is_closed(id), expected == "464");
    }
}

/// A server's own password is what PASS is for, where it has one.
#[test]
fn pass_is_the_servers_password_where_it_has_one() {
    let mut world = World::with(Settings { password_hash: Some("ada:correct horse".into()), ..World::settings() });
    world.add_account("ada");
    let id = world.connect();
    for line in ["PASS :ada:correct horse", "NICK visitor", "USER visitor 0 * :Visitor"] {
        world.say(id, line);
    }
    let heard = world.hear(id);
    assert!(heard[0].contains(" 001 ") && !codes(&heard).contains(&"900"), "{heard:?}");
}
