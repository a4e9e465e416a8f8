//! MODE of oneself (modern.ircdocs.horse "User Modes"; IRCv3 bot-mode).

use super::world::World;
use crate::chat::Settings;

#[test]
fn one_sees_and_changes_ones_own_modes() {
    let mut world = World::new();
    let ada = world.user("ada");
    assert_eq!(world.ask(ada, "MODE ada"), [":helio.local 221 ada +"]);
    assert_eq!(world.ask(ada, "MODE ADA +iw-B"), [":ada!ada@127.0.0.1 MODE ada +iw"]);
    assert_eq!(world.ask(ada, "MODE ada +iR-w"), [":ada!ada@127.0.0.1 MODE ada +R-w"]);
    assert_eq!(world.ask(ada, "MODE ada"), [":helio.local 221 ada +Ri"]);
    assert_eq!(world.ask(ada, "MODE ada +i"), [] as [&str; 0], "nothing changed");
}

#[test]
fn others_modes_are_none_of_ones_business() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.user("ben");
    for line in ["MODE ben", "MODE ben +i"] {
        assert_eq!(world.ask(ada, line), [":helio.local 502 ada :Cant change mode for other users"]);
    }
    assert_eq!(world.ask(ada, "MODE eve +i"), [":helio.local 401 ada eve :No such nick/channel"]);
    assert_eq!(world.ask(ada, "MODE"), [":helio.local 461 ada MODE :Not enough parameters"]);
}

/// RFC 2812 §3.1.5: nobody becomes an operator by MODE. What is known in the same line still happens.
#[test]
fn unknown_letters_and_o_are_refused() {
    let mut world = World::new();
    let ada = world.user("ada");
    let unknown = ":helio.local 501 ada :Unknown MODE flag";
    for line in ["MODE ada +o", "MODE ada +O", "MODE ada -O", "MODE ada +Zü"] {
        assert_eq!(world.ask(ada, line), [unknown], "{line}");
    }
    assert_eq!(world.ask(ada, "MODE ada +Zi"), [":ada!ada@127.0.0.1 MODE ada +i", unknown]);
    let refused = ":helio.local 481 ada :Permission Denied- You're not an IRC operator";
    assert_eq!(world.ask(ada, "MODE ada +s"), [refused]);
    assert_eq!(world.ask(ada, "MODE ada -o"), [] as [&str; 0], "one is none");
}

#[test]
fn an_operator_can_stop_being_one() {
    let mut world = World::with(World::settings());
    let ada = world.operator("ada");
    assert_eq!(world.ask(ada, "MODE ada"), [":helio.local 221 ada +os"]);
    assert_eq!(world.ask(ada, "MODE ada -o"), [":ada!ada@127.0.0.1 MODE ada -o", ":ada!ada@127.0.0.1 MODE ada -s"]);
    assert_eq!(world.ask(ada, "MODE ada"), [":helio.local 221 ada +"]);
    assert!(world.ask(ada, "REHASH")[0].contains(" 481 "));
}

/// bot-mode: RPL_WHOISBOT, the flag in WHO, and the tag on messages.
#[test]
fn a_bot_is_marked_as_one() {
    let mut world = World::with(Settings::new("heliograph-test"));
    let bot = world.member("robo", "#tea");
    let ada = world.user_with("ada", "message-tags");
    world.say(ada, "JOIN #tea");
    world.say(bot, "MODE robo +B");
    world.hear_all();
    assert!(world.ask(ada, "WHOIS robo").contains(&":helio.local 335 ada robo :is a bot".into()));
    let who = world.ask(ada, "WHO robo");
    assert_eq!(who[0], ":helio.local 352 ada * robo 127.0.0.1 helio.local robo HB :0 robo of the tests");
    world.say(bot, "PRIVMSG #tea :beep");
    let heard = world.hear(ada);
    assert!(
        heard[0].starts_with('@') && heard[0].split(' ').next().is_some_and(|tags| tags.contains("bot")),
        "{heard:?}"
    );
}
