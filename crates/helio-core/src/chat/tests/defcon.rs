//! Lockdown, and places from which one needs an account (spec/bans.md "Lockdown").

use super::world::{Id, World};
use crate::chat::{Defcon, Face, Settings};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn level(level: u8) -> Defcon {
    Defcon::try_from(level).unwrap()
}

fn come(world: &mut World, login: Option<&str>) -> Vec<String> {
    let Ok(id) = world.connect_from("192.0.2.7:5000", Face::Irc, true) else { return Vec::new() };
    if let Some(password) = login {
        world.say(id, &format!("PASS {password}"));
    }
    world.say(id, "NICK new");
    world.say(id, "USER new 0 * :x");
    let heard = world.hear(id);
    world.cut(id);
    heard
}

fn has(heard: &[String], part: &str) -> bool {
    heard.iter().any(|line| line.contains(part))
}

/// The table of the page, level by level: what is refused to who.
#[test]
fn each_level_refuses_what_the_table_says() {
    for number in 1..=5 {
        let mut world = World::with(World::settings());
        let (boss, ada) = (world.operator("boss"), world.member("ada", "#tea"));
        let cleo = world.user("cleo");
        world.say(cleo, "REGISTER * * secret-word");
        for id in [boss, cleo] {
            world.say(id, "JOIN #tea");
        }
        world.say(boss, &format!("DEFCON {number}"));
        world.hear_all();
        let refused = |world: &mut World, id: Id, line: &str, code: &str| has(&world.ask(id, line), code);
        assert_eq!(refused(&mut world, ada, "REGISTER * * secret-word", "TEMPORARILY_UNAVAILABLE"), number <= 4);
        // Else the account that it made speaks.
        let ada = if number == 5 { world.member("eve", "#tea") } else { ada };
        assert_eq!(refused(&mut world, ada, "PRIVMSG cleo :hi", " 477 "), number <= 3, "{number}");
        assert!(!refused(&mut world, ada, "PRIVMSG boss :help", " 477 "), "{number}");
        for line in ["PRIVMSG #tea :hi", "TOPIC #tea :mine", "NOTICE @#tea :hi"] {
            let is_notice = line.starts_with("NOTICE");
            assert_eq!(refused(&mut world, ada, line, " 404 "), number <= 2 && !is_notice, "{number} {line}");
        }
        world.hear_all();
        for (id, line) in [(cleo, "PRIVMSG #tea :hi"), (cleo, "PRIVMSG ada :hi"), (boss, "PRIVMSG #tea :hi")] {
            let heard = world.ask(id, line);
            assert!(!has(&heard, " 404 ") && !has(&heard, " 477 "), "{number} {line}: {heard:?}");
        }
        let heard = come(&mut world, None);
        assert_eq!(has(&heard, " 001 "), number >= 3, "{number}: {heard:?}");
        assert_eq!(has(&heard, "FAIL * ACCOUNT_REQUIRED :"), number == 2, "{number}: {heard:?}");
        assert_eq!(has(&come(&mut world, Some("cleo:secret-word")), " 001 "), number >= 2, "{number}");
        let guest = world.connect_from("192.0.2.7:5001", Face::Guest, false);
        world.pass(limits::CHAT_GUEST_SETTLING);
        assert_eq!(guest.is_ok_and(|guest| !world.is_closed(guest)), number >= 3, "{number}");
        assert!(!world.is_closed(ada) && !world.is_closed(boss), "who is in stays in");
    }
}

#[test]
fn operators_set_it_within_what_the_settings_allow() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    assert_eq!(world.ask(boss, "DEFCON"), [":helio.local NOTICE boss :DEFCON LEVEL 5: normal"]);
    assert_eq!(
        world.ask(boss, "DEFCON 4"),
        [
            ":helio.local NOTICE boss :*** boss set DEFCON 4: no new accounts",
            ":helio.local NOTICE boss :DEFCON LEVEL_SET 4: no new accounts",
        ]
    );
    for wrong in ["0", "6", "x", "-1"] {
        let heard = world.ask(boss, &format!("DEFCON {wrong}"));
        assert!(has(&heard, &format!(" 400 boss DEFCON {wrong} :Expected a level")), "{heard:?}");
    }
    world.settings_changed(Settings { defcon: level(3), ..World::settings() });
    world.hear_all();
    let heard = world.ask(boss, "DEFCON 5");
    assert!(
        has(&heard, "DEFCON LEVEL_SET 3: no private messages without an account, no new accounts (by the settings)"),
        "{heard:?}"
    );
}

/// The way back for who runs the server.
#[test]
fn exempt_networks_come_in_at_every_level() {
    let exempt = ["192.0.2.0/24".parse().unwrap()].into();
    let mut world = World::with(Settings { defcon: level(1), ban_exempt: exempt, ..World::settings() });
    assert!(has(&come(&mut world, None), " 001 "));
    assert!(world.connect_from("198.51.100.1:1", Face::Irc, false).is_err());
}

#[test]
fn where_an_account_is_required_nobody_comes_in_without() {
    let nets = ["192.0.2.0/24".parse().unwrap()].into();
    let mut world = World::with(Settings { require_account: nets, ..World::settings() });
    let cleo = world.user("cleo");
    world.say(cleo, "REGISTER * * secret-word");
    let heard = come(&mut world, None);
    let told = "An account is needed here: log in by SASL, or by PASS name:password";
    assert_eq!(
        heard,
        [format!(":helio.local FAIL * ACCOUNT_REQUIRED :{told}"), format!("ERROR :Closing link: {told}")]
    );
    assert!(has(&come(&mut world, Some("cleo:secret-word")), " 001 "));
}
