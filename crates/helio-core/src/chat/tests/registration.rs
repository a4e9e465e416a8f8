//! Becoming somebody (modern.ircdocs.horse "Connection Registration"), names, and leaving.

use super::world::{Id, World};
use crate::chat::{Face, HTTP_METHODS, Settings};
use crate::irc::name::NickRules;
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The commands and numerics of lines that have a source.
fn verbs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(|line| line.split(' ').nth(1).unwrap_or_default()).collect()
}

fn register(world: &mut World, nick: &str) -> (Id, Vec<String>) {
    let id = world.connect();
    world.say(id, &format!("NICK {nick}"));
    let heard = world.ask(id, &format!("USER {nick} 0 * :{nick} of the tests"));
    (id, heard)
}

#[test]
fn the_welcome_comes_in_the_order_that_clients_expect() {
    let mut world = World::new();
    let (_, heard) = register(&mut world, "ada");
    let mut verbs = verbs(&heard);
    // However many lines RPL_ISUPPORT needs.
    verbs.dedup();
    assert_eq!(verbs, ["001", "002", "003", "004", "005", "251", "252", "253", "254", "255", "265", "266", "422"]);
    assert_eq!(heard[0], ":helio.local 001 ada :Welcome to the Heliograph Network, ada!ada@127.0.0.1");
    assert_eq!(heard[3], ":helio.local 004 ada helio.local heliograph-test BRiosw ACIRWabehiklmnoqstv IWabehkloqv");
}

#[test]
fn the_message_of_the_day_ends_the_welcome() {
    let motd = alloc::vec!["Tea at four.".into(), String::new()];
    let mut world = World::with(Settings { motd, ..World::settings() });
    let (_, heard) = register(&mut world, "ada");
    assert_eq!(
        heard[heard.len() - 4..],
        [
            ":helio.local 375 ada :- helio.local Message of the day - ",
            ":helio.local 372 ada :- Tea at four.",
            ":helio.local 372 ada :- ",
            ":helio.local 376 ada :End of /MOTD command.",
        ]
    );
}

#[test]
fn user_may_come_before_nick() {
    let mut world = World::new();
    let id = world.connect();
    assert_eq!(world.ask(id, "USER ada 0 * :Ada"), [] as [&str; 0]);
    assert!(world.ask(id, "NICK ada")[0].contains(" 001 ada "));
}

/// "If a client tries to send any other command before registration": ERR_NOTREGISTERED; unknown ones are unknown.
#[test]
fn little_works_before_registration() {
    let mut world = World::new();
    let id = world.connect();
    assert_eq!(world.ask(id, "JOIN #tea"), [":helio.local 451 * :You have not registered"]);
    assert_eq!(world.ask(id, "NONSENSE"), [":helio.local 421 * NONSENSE :Unknown command"]);
    assert_eq!(world.ask(id, "PING x"), [":helio.local PONG helio.local :x"]);
}

#[test]
fn nobody_registers_twice() {
    let mut world = World::new();
    let id = world.user("ada");
    for line in ["USER a 0 * :b", "PASS x"] {
        assert_eq!(world.ask(id, line), [":helio.local 462 ada :You may not reregister"]);
    }
}

/// irctest `testEmptyRealname`; "The minimum length of <username> is 1".
#[test]
fn user_needs_four_parameters_that_say_something() {
    let mut world = World::new();
    let id = world.connect();
    for line in ["USER ada", "USER ada 0 *", "USER ada 0 * :", "USER"] {
        assert_eq!(world.ask(id, line), [":helio.local 461 * USER :Not enough parameters"], "{line}");
    }
}

#[test]
fn a_nickname_that_is_none_is_refused() {
    let mut world = World::new();
    let id = world.connect();
    assert_eq!(world.ask(id, "NICK"), [":helio.local 431 * :No nickname given"]);
    assert_eq!(world.ask(id, "NICK :"), [":helio.local 431 * :No nickname given"]);
    for nick in ["1ada", "a#b", "ä", "#tea", &"a".repeat(limits::IRC_NICK + 1)] {
        let refused = format!(":helio.local 432 * {nick} :Erroneous nickname");
        assert_eq!(world.ask(id, &format!("NICK {nick}")), [refused]);
    }
    assert_eq!(world.ask(id, "NICK :a b"), [":helio.local 432 * a_b :Erroneous nickname"]);
}

/// People give passwords to names like this, and to those that look like it.
#[test]
fn names_of_services_are_reserved() {
    let mut world = World::new();
    let id = world.user("ada");
    for nick in ["NickServ", "n1ckserv", "ChanServ"] {
        assert_eq!(
            world.ask(id, &format!("NICK {nick}")),
            [format!(":helio.local 432 ada {nick} :Erroneous nickname")]
        );
    }
}

#[test]
fn a_nickname_in_use_or_one_that_looks_like_it_is_refused() {
    let mut world = World::new();
    let _ada = world.user("bill");
    let id = world.connect();
    for nick in ["bill", "BILL", "bi11"] {
        let refused = format!(":helio.local 433 * {nick} :Nickname is already in use");
        assert_eq!(world.ask(id, &format!("NICK {nick}")), [refused]);
    }
}

/// irctest `testEarlyNickCollision`: the first to complete gets the name, the other may choose again.
#[test]
fn of_two_who_register_with_one_name_the_first_gets_it() {
    let mut world = World::new();
    let (ada, ben) = (world.connect(), world.connect());
    world.say(ada, "NICK foo");
    world.say(ben, "NICK foo");
    assert!(world.ask(ada, "USER a 0 * :A")[0].contains(" 001 foo "));
    assert_eq!(world.ask(ben, "USER b 0 * :B"), [":helio.local 433 foo foo :Nickname is already in use"]);
    assert!(world.ask(ben, "NICK bar")[0].contains(" 001 bar "));
}

/// A setting admits names beyond ASCII; they are told by UTF8MAPPING.
#[test]
fn a_setting_admits_names_of_all_scripts() {
    let mut world = World::with(Settings { nick_rules: NickRules::Precis, ..World::settings() });
    let (_, heard) = register(&mut world, "Größe");
    assert!(heard[0].starts_with(":helio.local 001 Größe "), "{heard:?}");
    assert!(heard.iter().any(|line| line.contains(" UTF8MAPPING=rfc8265 ")), "{heard:?}");
}

#[test]
fn a_changed_nickname_is_told_to_all_around_and_to_oneself() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.member("ben", "#tea");
    let far = world.user("far");
    assert_eq!(world.ask(ada, "NICK Ada"), [":ada!ada@127.0.0.1 NICK Ada"]);
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 NICK Ada"]);
    assert_eq!(world.hear(far), [] as [&str; 0]);
    assert_eq!(world.ask(ada, "NICK Ada"), [] as [&str; 0], "nothing changed");
    assert_eq!(world.ask(ada, "NICK ben"), [":helio.local 433 Ada ben :Nickname is already in use"]);
    world.say(ada, "NICK eve");
    assert!(register(&mut world, "ada").1[0].contains(" 001 ada "), "the old name is free");
}

/// modern "PASS message": ERR_PASSWDMISMATCH, and the connection is closed with ERROR.
#[test]
fn a_wrong_password_or_none_ends_the_connection() {
    let mut world = World::with(Settings { password_hash: Some("sesame".into()), ..World::settings() });
    let (id, heard) = register(&mut world, "ada");
    assert_eq!(heard, [":helio.local 464 ada :Password incorrect", "ERROR :Closing link: A password is needed (PASS)"]);
    assert!(world.is_closed(id));

    let id = world.connect();
    world.say(id, "PASS open");
    world.say(id, "NICK ada");
    let heard = world.ask(id, "USER ada 0 * :Ada");
    assert_eq!(heard, [":helio.local 464 ada :Password incorrect", "ERROR :Closing link: Wrong password"]);
    assert!(world.is_closed(id));

    let id = world.connect();
    world.say(id, "PASS sesame");
    world.say(id, "NICK ada");
    assert!(world.ask(id, "USER ada 0 * :Ada")[0].contains(" 001 ada "));
}

#[test]
fn quit_is_acknowledged_and_told() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.member("ben", "#tea");
    assert_eq!(world.ask(ada, "QUIT :off to bed"), ["ERROR :Closing link: Quit: off to bed"]);
    assert!(world.is_closed(ada));
    assert_eq!(world.hear(ben), [":ada!ada@127.0.0.1 QUIT :Quit: off to bed"]);
    let early = world.connect();
    assert_eq!(world.ask(early, "QUIT"), ["ERROR :Closing link: Client quit"]);
    assert!(world.is_closed(early));
}

/// An IPv6 address that begins with a colon would look like a last parameter.
#[test]
fn hosts_never_begin_with_a_colon() {
    let mut world = World::new();
    let id = world.connect_from("[::1]:4000", Face::Irc, false).expect("a connection");
    world.say(id, "NICK ada");
    assert!(world.ask(id, "USER ada 0 * :Ada")[0].ends_with("ada!ada@0::1"));
}

/// A browser that was led here by a page must not be able to speak for its user.
#[test]
fn http_is_shown_the_door() {
    for method in HTTP_METHODS {
        let mut world = World::new();
        let id = world.connect();
        let heard = world.ask(id, &format!("{method} / HTTP/1.1"));
        if *method == "TRACE" {
            assert_eq!(heard, [":helio.local 451 * :You have not registered"]);
        } else {
            assert_eq!(heard, ["ERROR :Closing link: HTTP is not spoken here"], "{method}");
            assert!(world.is_closed(id));
        }
    }
}

#[test]
fn ping_is_answered_with_its_token() {
    let mut world = World::new();
    let id = world.user("ada");
    assert_eq!(world.ask(id, "PING :a b"), [":helio.local PONG helio.local :a b"]);
    assert_eq!(world.ask(id, "PING"), [":helio.local 461 ada PING :Not enough parameters"]);
    assert_eq!(world.ask(id, "PONG whatever"), [] as [&str; 0]);
}

#[test]
fn a_username_keeps_to_its_bound_and_alphabet() {
    let mut world = World::new();
    let id = world.connect();
    world.say(id, "NICK ada");
    let heard = world.ask(id, &format!("USER {}!@x 0 * :{}", "a".repeat(40), "r".repeat(300)));
    assert!(heard[0].ends_with(&format!(" ada!{}@127.0.0.1", "a".repeat(limits::IRC_USER))), "{heard:?}");
    let whois = world.ask(id, "WHOIS ada");
    assert!(whois[0].ends_with(&format!(" * :{}", "r".repeat(limits::CHAT_REALNAME))), "{whois:?}");
}
