//! RENAME (IRCv3 channel-rename): the same room under another name.

use super::{founder_of, settings};
use crate::chat::SETTINGS_LOG;
use crate::chat::tests::world::{Commits, World};
use crate::limits;
use alloc::string::String;

#[test]
fn who_knows_rename_sees_it_and_others_leave_and_enter() {
    let mut world = World::with(settings());
    let ann = world.holder("ann", "draft/channel-rename");
    world.ask(ann, "JOIN #boaring");
    let bob = world.member("bob", "#boaring");
    let cat = world.user_with("cat", "extended-join no-implicit-names");
    world.ask(cat, "JOIN #boaring");
    world.say(ann, "TOPIC #boaring :all of it");
    world.hear_all();
    assert_eq!(
        world.ask(ann, "RENAME #boaring #boring :Typo fix"),
        [":ann!ann@127.0.0.1 RENAME #boaring #boring :Typo fix"]
    );
    assert_eq!(
        world.hear(bob),
        [
            ":bob!bob@127.0.0.1 PART #boaring :Typo fix",
            ":bob!bob@127.0.0.1 JOIN #boring",
            ":helio.local 332 bob #boring :all of it",
            ":helio.local 333 bob #boring ann!ann@127.0.0.1 1795345720",
            ":helio.local 353 bob = #boring :@ann bob cat",
            ":helio.local 366 bob #boring :End of /NAMES list",
        ]
    );
    let entered = world.hear(cat);
    assert_eq!(entered[1], ":cat!cat@127.0.0.1 JOIN #boring * :cat of the tests");
    assert!(!entered.concat().contains(" 353 "), "{entered:?}");
    // All state is where it was, under the new name alone.
    assert!(world.ask(bob, "PRIVMSG #boring :here").is_empty() && world.hear(ann).len() == 1);
    assert!(world.ask(bob, "PRIVMSG #boaring :there")[0].contains(" 403 "));
    world.chat.check_bounds();
}

/// "If a client sends a valid RENAME command without having negotiated the capability, the server SHOULD rename the channel, but use
/// the fallback mechanism"; "The server to client command MUST always include the third parameter".
#[test]
fn it_works_without_the_capability_and_without_a_reason() {
    let mut world = World::with(settings());
    let ann = world.member("ann", "#tea");
    let cat = world.user_with("cat", "draft/channel-rename");
    world.ask(cat, "JOIN #tea");
    world.hear_all();
    let heard = world.ask(ann, "RENAME #tea #milk");
    assert_eq!(heard[..2], [":ann!ann@127.0.0.1 PART #tea", ":ann!ann@127.0.0.1 JOIN #milk"]);
    assert_eq!(world.hear(cat), [":ann!ann@127.0.0.1 RENAME #tea #milk :"]);
}

/// "Implementations MUST allow channels to be renamed while only changing the casing"; "This fallback SHOULD NOT be used if the
/// rename only changes the case".
#[test]
fn the_case_alone_can_change() {
    let mut world = World::with(settings());
    let ann = world.member("ann", "#tea");
    let cat = world.user_with("cat", "draft/channel-rename");
    world.ask(cat, "JOIN #tea");
    world.hear_all();
    assert!(world.ask(ann, "RENAME #tea #Tea :pretty").is_empty());
    assert_eq!(world.hear(cat), [":ann!ann@127.0.0.1 RENAME #tea #Tea :pretty"]);
    assert!(world.ask(ann, "MODE #tea")[0].contains(" #Tea "));
    world.chat.check_bounds();
}

#[test]
fn what_cannot_be_is_refused() {
    let mut world = World::with(settings());
    let ann = world.member("ann", "#tea");
    let bob = world.member("bob", "#tea");
    world.member("cat", "#milk");
    for (command, refused) in [
        ("RENAME #tea", "461 ann RENAME :Not enough parameters"),
        ("RENAME #none #other", "403 ann #none :No such channel"),
        ("RENAME #tea #MILK", "FAIL RENAME CHANNEL_NAME_IN_USE #tea #MILK :Channel name is already taken"),
        (
            "RENAME #tea &tea",
            "FAIL RENAME CANNOT_RENAME #tea &tea :Channel cannot be renamed to this, or not so soon again",
        ),
        (
            "RENAME #tea #tea",
            "FAIL RENAME CANNOT_RENAME #tea #tea :Channel cannot be renamed to this, or not so soon again",
        ),
    ] {
        assert_eq!(world.ask(ann, command), [alloc::format!(":helio.local {refused}")], "{command}");
    }
    assert_eq!(world.ask(bob, "RENAME #tea #other")[0], ":helio.local 482 bob #tea :You're not channel operator");
    let dan = world.user("dan");
    assert_eq!(world.ask(dan, "RENAME #tea #other")[0], ":helio.local 442 dan #tea :You're not on that channel");
}

/// spec/rooms.md "Another name": of a registered room the founder, from outside too, or a server operator.
#[test]
fn a_registered_room_is_renamed_by_its_founder() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.add_account("bob");
    world.ask(ann, "ROOM ACCESS #tea SET bob admin");
    let bob = world.holder("bob", "");
    world.ask(bob, "JOIN #tea");
    world.hear_all();
    assert_eq!(world.ask(bob, "RENAME #tea #mine"), [":helio.local 482 bob #tea :You're not channel operator"]);
    world.ask(ann, "PART #tea");
    let renamed = [":helio.local NOTE RENAME RENAMED #tea #milk :Channel has another name now"];
    assert_eq!(world.ask(ann, "RENAME #tea #milk"), renamed);
    let watcher = world.user("watcher");
    world.promote(watcher);
    let boss = world.operator("boss");
    world.hear_all();
    assert!(world.ask(boss, "RENAME #milk #water")[0].ends_with("RENAMED #milk #water: Channel has another name now"));
    assert!(world.hear(watcher).concat().contains("office of server operator: renamed #milk to #water"));
}

#[test]
fn a_room_is_not_renamed_all_the_time() {
    let mut world = World::with(settings());
    let ann = world.member("ann", "#a");
    for name in ["#b", "#c"] {
        assert_eq!(
            world.ask(ann, &alloc::format!("RENAME {} {name}", if name == "#b" { "#a" } else { "#b" })).len(),
            4
        );
    }
    assert!(world.ask(ann, "RENAME #c #d")[0].contains(" CANNOT_RENAME #c #d "));
    world.pass(limits::CHAT_RENAME_INTERVAL);
    world.hear_all();
    assert_eq!(world.ask(ann, "RENAME #c #d").len(), 4);
}

/// History goes on under the new name; invitations, lists and whose it is stay.
#[test]
fn it_is_the_same_room_after_a_restart() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.say(ann, "PRIVMSG #tea :before");
    world.say(ann, "MODE #tea +ib *!*@192.0.2.1");
    let bob = world.user("bob");
    world.say(ann, "INVITE bob #tea");
    world.say(ann, "RENAME #tea #milk");
    world.say(ann, "PRIVMSG #milk :after");
    world.hear_all();
    let joined = world.ask(bob, "JOIN #milk").join("\n");
    assert!(joined.contains("PRIVMSG #milk :") && joined.contains("before") && joined.contains("after"), "{joined}");
    let told = world.ask(ann, "CHATHISTORY LATEST #milk * 10").join("\n");
    assert_eq!(told.matches("PRIVMSG #milk :").count(), 2, "{told}");
    let cat = world.user("cat");
    world.say(cat, "JOIN #tea");
    world.say(cat, "PRIVMSG #tea :a new room");
    world.restart_both_ways();
    assert_eq!(founder_of(&world, "#milk").as_deref(), Some("ann"));
    assert_eq!(founder_of(&world, "#tea"), None);
    let ann = world.holder("ann", "");
    let joined = world.ask(ann, "JOIN #milk").join("\n");
    assert!(joined.contains("before") && !joined.contains("a new room"), "{joined}");
    assert!(world.ask(ann, "MODE #milk b")[0].contains("192.0.2.1"));
}

/// Nothing of a room is lost because the store failed on the way; least of all what was said in it.
#[test]
fn a_rename_that_could_not_be_stored_is_stored_later() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.say(ann, "PRIVMSG #tea :before");
    world.hear_all();
    world.commits = Commits::WhenTold;
    world.say(ann, "TOPIC #tea :old");
    world.say(ann, "RENAME #tea #milk");
    world.say(ann, "TOPIC #milk :new");
    world.say(ann, "RENAME #milk #water");
    world.say(ann, "JOIN #tea");
    world.say(ann, "TOPIC #tea :another");
    world.commits = Commits::Fail;
    world.fail();
    assert!(world.hear(ann).concat().contains("FAIL RENAME SETTING_NOT_STORED #water"));
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.chat.check_bounds();
    world.restart_both_ways();
    let topic = |name: &str| world.chat.state.room(name).and_then(|room| Some(room.topic.as_ref()?.text.clone()));
    assert_eq!([topic("#water"), topic("#milk"), topic("#tea")], [Some("new".into()), None, Some("another".into())]);
    assert_eq!(founder_of(&world, "#water").as_deref(), Some("ann"));
    let ann = world.holder("ann", "");
    assert!(world.ask(ann, "JOIN #water").concat().contains("before"));
}

/// A setting that failed just before the rename succeeded: the room has not ended, though there is none of its old name.
#[test]
fn what_failed_under_the_old_name_is_stored_under_the_new_one() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.say(ann, "PRIVMSG #tea :before");
    world.commits = Commits::WhenTold;
    world.say(ann, "TOPIC #tea :old");
    let topic: alloc::vec::Vec<_> = world.appends.drain(..).collect();
    world.say(ann, "RENAME #tea #milk");
    world.chat.handle_commit_failed(topic[0].0, topic[0].0, world.now);
    world.commit();
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.restart_both_ways();
    let log = world.logs.keys().find(|log| log.starts_with("room/")).cloned();
    assert!(log.is_some() && world.chat.state.room("#milk").is_some() && world.chat.state.room("#tea").is_none());
    let records: String = world.logs[SETTINGS_LOG].iter().map(|record| String::from_utf8_lossy(record)).collect();
    assert!(records.contains(r#""text":"old""#), "{records}");
}
