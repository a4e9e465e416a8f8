//! What the service says about itself as a whole.

use super::world::{Commits, World};
use crate::chat::{Counts, Face, Sizes};
use crate::limits;

#[test]
fn messages_are_counted_when_taken_delivered_and_kept_or_not() {
    let mut world = World::new();
    let ada = world.user_with("ada", "echo-message");
    world.say(ada, "JOIN #tea");
    world.member("ben", "#tea");
    world.say(ada, "PRIVMSG #tea :water");
    world.hear_all();
    let before = world.chat.counts();
    world.commits = Commits::WhenTold;
    world.say(ada, "PRIVMSG #tea :hot");
    world.say(ada, "@+typing=active TAGMSG #tea");
    assert_eq!(
        world.chat.counts(),
        Counts { messages: before.messages + 1, delivered: before.delivered + 1, ..before }
    );
    assert_eq!(world.chat.sizes().uncommitted, 1);
    world.commit();
    assert_eq!(world.chat.counts().acknowledged, before.acknowledged + 1);
    assert_eq!(world.chat.sizes().uncommitted, 0);
    world.say(ada, "PRIVMSG #tea :cold");
    world.fail();
    assert_eq!(world.chat.counts().not_stored, before.not_stored + 1);
    assert!(world.chat.sizes().is_store_failing);
}

#[test]
fn what_there_is_is_as_many_as_there_are() {
    let mut world = World::new();
    assert_eq!(world.chat.sizes(), Sizes::default());
    let ada = world.member("ada", "#tea");
    world.say(ada, "TOPIC #tea :hot");
    world.say(ada, "JOIN #milk");
    world.say(ada, "PART #tea");
    world.connect();
    world.hear_all();
    let Sizes { users, rooms, empty_rooms, registering, .. } = world.chat.sizes();
    assert_eq!((users, rooms, empty_rooms, registering), (1, 2, 1, 1));
}

#[test]
fn whoever_is_refused_or_ended_is_counted() {
    let mut world = World::new();
    let ada = world.connect_from("192.0.2.1:40000", Face::Irc, false).expect("a connection");
    world.say(ada, "NICK ada");
    world.say(ada, "USER ada 0 * :ada");
    while !world.is_closed(ada) {
        world.say(ada, "PING x");
    }
    assert_eq!(world.chat.counts().flooded, 1);
    let address = "192.0.2.1".parse().expect("an address");
    let tries = 0..=limits::CHAT_LOGIN_BURST;
    let refused = tries.filter(|_| !world.chat.guesses.take(address, "eve", world.now.mono)).count();
    assert!(refused > 0);
    assert_eq!(world.chat.counts().logins_refused, refused as u64);
}

/// By address at the door and before a handshake, by what they say they are, by account.
#[test]
fn who_is_kept_out_is_counted_by_why() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    for line in ["DLINE 192.0.2.1 :spam", "KLINE eve@* :spam", "KLINE ~a:bad :spam"] {
        assert!(!world.ask(boss, line).concat().contains(" 400 "), "{line}");
    }
    let connect = |world: &mut World, address: &str| world.connect_from(address, Face::Irc, false);
    assert!(connect(&mut world, "192.0.2.1:1").is_err());
    assert!(world.chat.admits("192.0.2.1".parse().expect("an address"), world.now).is_err());
    assert_eq!(world.chat.counts().banned, 2);
    let eve = connect(&mut world, "192.0.2.2:1").expect("a connection");
    world.say(eve, "NICK eve");
    world.say(eve, "USER eve 0 * :Eve");
    assert!(world.is_closed(eve));
    world.add_account("bad");
    let bad = connect(&mut world, "192.0.2.3:1").expect("a connection");
    world.say(bad, "PASS :bad:correct horse");
    world.say(bad, "NICK ada");
    world.say(bad, "USER ada 0 * :Ada");
    assert!(world.is_closed(bad));
    let Counts { banned, locked_out, .. } = world.chat.counts();
    assert_eq!((banned, locked_out), (4, 0));
    world.say(boss, "DEFCON 1");
    assert!(connect(&mut world, "192.0.2.4:1").is_err());
    assert_eq!(world.chat.counts().locked_out, 1);
}
