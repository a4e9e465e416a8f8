//! What happened to other servers and is shown here in one sweep over all commands (docs/incidents.md).

use super::matrix::{CAPS, TABLE};
use super::world::{Id, World};
use crate::chat::Settings;
use crate::irc::name::NickRules;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NOTHING: [&str; 0] = [];

/// Somebody outside of `#tea`, which is there and secret, or is not there at all.
fn outside(is_there: bool) -> (World, Id) {
    let mut world = World::with(World::settings());
    let room = if is_there { "#tea" } else { "#elsewhere" };
    let ada = world.user_with("target", CAPS);
    for line in ["JOIN #", "TOPIC # :what nobody knows", "METADATA # SET url :what nobody knows", "MODE # +s"] {
        world.say(ada, &line.replace('#', room));
    }
    world.say(ada, &format!("PRIVMSG {room} :what nobody knows"));
    let id = world.user_with("asker", CAPS);
    world.hear_all();
    (world, id)
}

/// What tells somebody who guesses its name that there is such a room, and no more: coming in, speaking into it, and what RFC
/// 2812 answers by "you're not on that channel".
const TELLING: &[&str] = &[
    "INVITE target #tea",
    "JOIN #tea",
    "KICK #tea target",
    "MODE #tea",
    "MODE #tea +m",
    "PART #tea",
    "PRIVMSG #tea :hello",
    "PRIVMSG @#tea :hello",
    "TAGMSG #tea",
    "TOPIC #tea",
    "TOPIC #tea :green",
];

/// Ergo's CHANGELOG of 2.19.0, #2382 and #2405: metadata of rooms was shown to who was not in them, secret rooms stood in
/// what was told of accounts. Here answers about a secret room are the same as if there were none, but for a few.
#[test]
fn to_an_outsider_a_secret_room_is_told_of_by_few_commands() {
    let mut telling = Vec::new();
    for (line, _) in TABLE {
        let answers = [true, false].map(|is_there| {
            let (mut world, id) = outside(is_there);
            let heard: Vec<String> = world.ask(id, line);
            let is_coming_in = line.starts_with("JOIN ");
            assert!(is_coming_in || !heard.concat().contains("nobody knows"), "{line}: {heard:?}");
            heard
        });
        if answers[0] != answers[1] {
            telling.push(*line);
        }
    }
    assert_eq!(telling, TELLING);
}

/// Ergo's CHANGELOG of 1.1.0 (#519, #562, #564, #570): names that looked like those of others, and of services.
#[test]
fn who_looks_like_somebody_else_is_refused() {
    let mut world = World::with(Settings { nick_rules: NickRules::Precis, ..World::settings() });
    world.add_account("paypal");
    let (_bill, eve) = (world.user("bill"), world.user("eve"));
    // Cyrillic and Latin, digits and letters, the name of an account, names of services.
    for nick in ["bi11", "biII", "bіll", "раураl", "paypa1", "ChɑnServ", "N1ckServ"] {
        let heard = world.ask(eve, &format!("NICK {nick}")).concat();
        assert!(heard.contains(" 433 ") || heard.contains(" 432 "), "{nick}: {heard}");
    }
    for account in ["pаypal", "paypa1", "NlckServ"] {
        let change = crate::chat::AccountChange::Registered { account: account.into(), credential: None, at_us: 0 };
        assert!(world.change(change).is_err(), "{account}");
    }
    assert_eq!(world.ask(eve, "NICK mallory"), [":eve!eve@127.0.0.1 NICK mallory"]);
    assert_eq!(world.hear(eve), NOTHING);
}

/// Ergo 2.0.0 (#581): rooms that look alike. UTS #39 says what does.
#[test]
fn a_room_that_looks_like_another_is_not_made() {
    let mut world = World::new();
    let (ada, ben) = (world.member("ada", "#bill"), world.user("ben"));
    let alike = |name: &str| alloc::format!(":helio.local 476 ben {name} :Channel name looks like that of another");
    assert_eq!(world.ask(ben, "JOIN #bi11"), [alike("#bi11")]);
    // Its own name in any case, and those that only begin like it, are as ever.
    for name in ["#BILL", "#bills"] {
        assert!(world.ask(ben, &alloc::format!("JOIN {name}")).iter().any(|line| line.contains(" 366 ")), "{name}");
    }
    world.say(ada, "JOIN #tea");
    let caps = world.user_with("cy", "draft/channel-rename standard-replies");
    world.say(caps, "JOIN #den");
    let refused = world.ask(caps, "RENAME #den #bil1");
    assert!(refused.iter().any(|line| line.contains("FAIL RENAME CHANNEL_NAME_IN_USE #den #bil1")), "{refused:?}");
    // When the room is no more, its look is free.
    world.say(ada, "PART #bill");
    world.say(ben, "PART #bill");
    assert!(world.ask(ben, "JOIN #bi11").iter().any(|line| line.contains(" 366 ")));
    world.chat.check_bounds();
}
