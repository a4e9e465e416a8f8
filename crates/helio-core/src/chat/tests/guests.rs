//! Guests of the line listener (spec/line-listener.md).

use super::world::{Commits, World};
use crate::chat::event::{Actor, Presence, RoomEvent};
use crate::chat::state::Statuses;
use crate::chat::{Face, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use proptest::prelude::*;

const NOTHING: [&str; 0] = [];
const HELLO: &str = "* you are guest1; /help lists what you can type";

#[test]
fn guests_and_users_see_each_other() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let guest = world.guest();
    world.say(guest, "hello");
    assert_eq!(world.hear(ann), [":guest1!guest@127.0.0.1 PRIVMSG #lobby :hello"]);
    assert_eq!(world.hear(guest), NOTHING, "no echo");
    world.say(ann, "PRIVMSG #lobby :\u{2}hi\u{2} \u{1b}[2J");
    world.say(ann, "PRIVMSG #lobby :\u{1}ACTION waves\u{1}");
    world.say(ann, "PRIVMSG #lobby :\u{1}VERSION\u{1}");
    world.say(ann, "NOTICE guest1 :psst");
    world.say(ann, "NICK anna");
    world.say(ann, "PART #lobby");
    assert_eq!(
        world.hear(guest),
        ["ann: hi [2J", "* ann waves", "ann (private): psst", "* ann is now anna", "* anna left"]
    );
}

#[test]
fn a_topic_is_told_without_what_drives_a_terminal() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let guest = world.guest();
    let by = Actor::User(world.chat.state.user_named("ann").expect("ann").id);
    let topic = RoomEvent::Topic {
        room: "#lobby".to_string(),
        actor: by,
        by: "ann".to_string(),
        text: "\u{3}4tea\u{1b}c".to_string(),
        at: world.now.utc,
    };
    world.chat.happen(&topic.into(), None, world.now);
    world.drain();
    assert_eq!(world.hear(guest), ["* topic: teac"]);
    assert_eq!(world.hear(ann).len(), 1);
}

#[test]
fn a_guest_arrives_with_its_first_message_or_after_a_while() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let hasty = world.connect_guest();
    assert_eq!(world.hear(ann), NOTHING);
    world.say(hasty, "here");
    assert_eq!(
        world.hear(ann),
        [":guest1!guest@127.0.0.1 JOIN #lobby", ":guest1!guest@127.0.0.1 PRIVMSG #lobby :here"]
    );
    assert_eq!(world.hear(hasty), [HELLO]);
    let silent = world.connect_guest();
    world.pass(limits::CHAT_GUEST_SETTLING);
    assert_eq!(world.hear(ann), [":guest2!guest@127.0.0.1 JOIN #lobby"]);
    assert_eq!(world.hear(hasty), ["* guest2 joined"]);
    world.cut(silent);
    assert_eq!(world.hear(hasty), ["* guest2 left"]);
    let browser = world.connect_guest();
    world.cut(browser);
    assert_eq!(world.hear(hasty), NOTHING, "who is dropped at once was never there");
}

#[test]
fn what_was_said_before_is_shown_with_its_time() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    world.say(ann, "PRIVMSG #lobby :early");
    world.say(ann, "PRIVMSG #lobby :\u{1}ACTION yawns\u{1}");
    let guest = world.connect_guest();
    world.pass(limits::CHAT_GUEST_SETTLING);
    assert_eq!(world.hear(guest), [HELLO, "[11:08] ann: early", "[11:08] * ann yawns"]);
}

#[test]
fn commands_begin_with_a_slash_and_two_are_a_message() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let guest = world.guest();
    for (line, answer, heard) in [
        ("/nick bea", "* you are bea now", ":guest1!guest@127.0.0.1 NICK bea"),
        ("/nick ann", "* Nickname is already in use", ""),
        ("/nick 1", "* Erroneous nickname", ""),
        ("/me smiles", "", ":bea!guest@127.0.0.1 PRIVMSG #lobby :\u{1}ACTION smiles\u{1}"),
        ("/me", "* No text to send", ""),
        ("//etc/hosts", "", ":bea!guest@127.0.0.1 PRIVMSG #lobby :/etc/hosts"),
        ("/ban ann", "* no such command: /ban; /help lists them, //ban is a message", ""),
        (" \t ", "", ""),
    ] {
        assert_eq!(world.ask(guest, line).concat(), answer, "{line}");
        assert_eq!(world.hear(ann).concat(), heard, "{line}");
    }
    assert_eq!(world.ask(guest, "/help").len(), 5);
    assert_eq!(world.ask(guest, "/quit"), ["* closing: Guest quit"]);
    assert!(world.is_closed(guest));
    assert_eq!(world.hear(ann).len(), 1);
}

#[test]
fn names_are_the_lowest_free_ones() {
    let mut world = World::new();
    let guests = [world.guest(), world.guest(), world.guest()];
    let ann = world.user("GUEST5");
    world.cut(guests[1]);
    world.hear_all();
    let _ = world.guest();
    let _ = world.guest();
    let _ = world.guest();
    let names: Vec<String> = world.chat.state.users.values().map(|user| user.nick.clone()).collect();
    assert_eq!(names, ["guest1", "guest3", "GUEST5", "guest2", "guest4", "guest6"]);
    assert!(!world.is_closed(ann));
}

/// A guest has no commands to look after a room.
#[test]
fn a_guest_is_no_operator_of_an_empty_room() {
    let mut world = World::new();
    let _ = world.guest();
    let room = &world.chat.state.rooms["#lobby"];
    assert!(room.members.values().all(|member| member.statuses == Statuses::NONE));
}

/// Bytes that are no text become text, and what a terminal or a client could take for a command is left out.
#[test]
fn any_bytes_are_a_message_and_long_ones_one_message() {
    let mut world = World::new();
    let ann = world.user_with("ann", "batch draft/multiline");
    world.say(ann, "JOIN #lobby");
    let guest = world.guest();
    world.say_bytes(guest, b"a\xff\x00b\x01VERSION\x01\x1b[0m\tc");
    assert_eq!(world.hear(ann), [":guest1!guest@127.0.0.1 PRIVMSG #lobby :a\u{fffd}bVERSION[0m\tc"]);
    world.say(guest, &"ä".repeat(2_000));
    let batch = world.hear(ann);
    let text: String = batch.iter().filter_map(|line| line.split_once("#lobby :")).map(|(_, text)| text).collect();
    assert_eq!(text, "ä".repeat(2_000));
    let other = world.connect_guest();
    world.pass(limits::CHAT_GUEST_SETTLING);
    assert_eq!(world.hear(other).last(), Some(&format!("[11:08] guest1: {}", "ä".repeat(2_000))));
}

#[test]
fn who_may_not_come_in_is_told_why_and_closed() {
    let mut world = World::new();
    let _ = world.member("ann", "#lobby");
    world.chat.state.rooms.get_mut("#lobby").expect("the room").key = Some("x".into());
    let guest = world.connect_guest();
    world.pass(limits::CHAT_GUEST_SETTLING);
    let told = world.hear(guest);
    assert!(told[1].starts_with("* Cannot join channel"), "{told:?}");
    assert_eq!(told[2], "* closing: the room cannot be entered");
    assert!(world.is_closed(guest));
}

#[test]
fn who_may_not_speak_is_told_and_stays() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let guest = world.guest();
    world.chat.state.rooms.get_mut("#lobby").expect("the room").flags.insert(crate::chat::state::RoomFlag::Moderated);
    assert_eq!(world.ask(guest, "hello"), ["* Cannot send to channel"]);
    assert_eq!(world.hear(ann), NOTHING);
    assert!(!world.is_closed(guest));
}

#[test]
fn a_failing_store_is_told() {
    let mut world = World::new();
    let _ = world.member("ann", "#lobby");
    let guest = world.guest();
    world.commits = Commits::Fail;
    assert_eq!(world.ask(guest, "hello"), ["* your message was seen but could not be kept"]);
    assert_eq!(world.ask(guest, "hello"), ["* Nothing can be stored at present, try again later"]);
}

#[test]
fn with_a_password_there_are_no_guests() {
    let mut settings = Settings::new("heliograph-test");
    settings.password_hash = Some("secret".to_string());
    let mut world = World::with(settings);
    let guest = world.connect_guest();
    assert_eq!(world.ask(guest, "secret"), ["* closing: this server asks for a password: come by IRC"]);
    assert!(world.is_closed(guest));
}

#[test]
fn a_guest_that_is_removed_from_the_room_is_closed() {
    let mut world = World::new();
    let ann = world.member("ann", "#lobby");
    let guest = world.guest();
    let other = world.guest();
    world.hear_all();
    let user = world.chat.state.user_named("guest1").expect("the guest").id;
    let by = Actor::User(world.chat.state.user_named("ann").expect("ann").id);
    let (room, reason) = ("#lobby".to_string(), "\u{1b}[31mout".to_string());
    world.chat.happen(&Presence::Kicked { by, user, room, reason }.into(), None, world.now);
    world.drain();
    let told = world.hear(guest);
    assert_eq!(told.last().map(String::as_str), Some("* closing: you were removed from #lobby: [31mout"));
    assert!(world.is_closed(guest));
    assert_eq!(world.hear(ann).len(), 1, "KICK and no QUIT");
    assert_eq!(world.hear(other), ["* guest1 left"]);
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "PRIVMSG",
        "NOTICE",
        "TAGMSG",
        "JOIN",
        "PART",
        "NICK",
        "BATCH",
        "TOPIC",
        "QUIT",
        "CAP",
        "REQ",
        "AWAY",
        "#lobby",
        "#x",
        "ann",
        "ben",
        "guest1",
        "@#lobby",
        "+1",
        "-1",
        "draft/multiline",
        "/nick",
        "/me",
        ":\u{1}ACTION x\u{1}",
        ":",
        ",",
        "@batch=1",
        "@label=l",
        "@+typing=a;label=m",
        "@batch=1;draft/multiline-concat",
        "\u{3}4",
        "\u{1b}[2J",
        "ä\u{202e}",
        ":message-tags batch draft/multiline echo-message labeled-response server-time standard-replies",
    ];
    let word = prop_oneof![
        6 => prop::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(word, 1..7).prop_map(|words| words.join(&b' '))
}

/// As with QUIT: nobody leaves in the server's words.
#[test]
fn what_a_guest_says_on_leaving_is_marked_as_its_own() {
    let mut world = World::new();
    let ada = world.member("ada", "#lobby");
    let guest = world.guest();
    assert_eq!(world.ask(guest, "/quit Ping timeout: 120 seconds"), ["* closing: Quit: Ping timeout: 120 seconds"]);
    let heard = world.hear(ada);
    assert!(heard.len() == 1 && heard[0].ends_with(" QUIT :Quit: Ping timeout: 120 seconds"), "{heard:?}");
}

proptest! {
    /// [`World`] checks each line that anybody receives.
    #[test]
    fn whatever_is_said_every_line_is_clean(
        lines in prop::collection::vec((0usize..4, line(), 0u8..10), 1..60),
        caps in prop::sample::select(&["", "message-tags batch echo-message labeled-response", "server-time draft/multiline batch"][..]),
    ) {
        let mut world = World::new();
        let mut clients = [world.user_with("ann", caps), world.user("ben"), world.guest(), world.connect()];
        for id in &clients[..2] {
            world.say(*id, "JOIN #lobby");
        }
        for (who, line, disk) in lines {
            world.commits = [Commits::AtOnce, Commits::WhenTold, Commits::Fail][usize::from(disk % 3)];
            if who < 2 && world.is_closed(clients[who]) {
                clients[who] = world.connect();
            }
            world.say_bytes(clients[who], &line);
            if disk == 9 {
                world.commit();
            }
            world.hear_all();
        }
        world.fail();
        world.pass(limits::CHAT_MULTILINE_TIMEOUT);
        world.hear_all();
        prop_assert!(world.connect_from("127.0.0.1:1", Face::Guest, false).is_ok());
    }
}
