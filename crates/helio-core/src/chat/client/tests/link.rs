//! Losses, waits and ends.

use super::talk::Talk;
use crate::chat::Password;
use crate::chat::client::{End, Event, Settings};
use crate::irc::name::RoomName;
use crate::limits;
use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

const WELCOME: [&str; 5] = [
    ":s CAP * LS :batch echo-message labeled-response message-tags",
    ":s CAP ada ACK :batch echo-message labeled-response message-tags",
    ":s 001 ada :Welcome",
    ":ada!a@h JOIN #tea",
    ":s PONG s :sync",
];

fn online() -> Talk {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    talk.server(&WELCOME);
    talk.told();
    talk
}

fn come_back(talk: &mut Talk) {
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    talk.connect();
}

#[test]
fn a_silent_server_is_asked_and_then_given_up() {
    let mut talk = online();
    assert_eq!(talk.pass(limits::CHAT_CLIENT_SILENCE), ["PING :alive"]);
    talk.server(&[":s PONG s :alive"]);
    assert_eq!(talk.pass(limits::CHAT_CLIENT_SILENCE), ["PING :alive"]);
    assert!(talk.told().is_empty());
    talk.pass(limits::CHAT_CLIENT_PING_TIMEOUT);
    assert!(talk.is_closed);
    assert!(matches!(&talk.told()[..], [Event::Disconnected { reason, .. }] if reason == "no answer for 30 s"));
}

/// The waits double up to their bound, each at least half and at most all of it.
#[test]
fn waits_between_tries_grow_and_differ() {
    let mut talk = online();
    let mut longest = limits::CHAT_CLIENT_RETRY_MIN;
    for _ in 0..10 {
        talk.cut();
        let told = talk.told();
        let [Event::Disconnected { retry_in, .. }] = told.as_slice() else { panic!("{told:?}") };
        assert!((longest / 2..=longest).contains(retry_in), "{retry_in:?} of {longest:?}");
        talk.pass(*retry_in);
        assert!(core::mem::take(&mut talk.wants_connection));
        longest = (longest * 2).min(limits::CHAT_CLIENT_RETRY_MAX);
    }
}

#[test]
fn a_connection_that_lasted_starts_the_waits_anew() {
    let mut talk = online();
    for (lasts, least) in [(Duration::ZERO, 0), (Duration::ZERO, 1), (limits::CHAT_CLIENT_STABLE, 0)] {
        talk.pass(lasts);
        talk.cut();
        let told = talk.told();
        let Some(Event::Disconnected { retry_in, .. }) = told.last() else { panic!("{told:?}") };
        assert_eq!(*retry_in > limits::CHAT_CLIENT_RETRY_MIN, least == 1, "{retry_in:?}");
        come_back(&mut talk);
        talk.server(&WELCOME);
        talk.told();
    }
}

#[test]
fn the_first_connection_is_not_tried_again_and_an_unwelcome_one_ends() {
    let mut refused = Talk::new("ada", &["#tea"]);
    refused.type_line("hello");
    refused.cut();
    assert_eq!(refused.fates(), ["1 not sent"]);
    let mut mute = Talk::new("ada", &["#tea"]);
    mute.connect();
    mute.pass(limits::CHAT_CLIENT_WELCOME_TIMEOUT);
    assert_eq!(mute.told(), [Event::Ended(End::NoWelcome)]);
}

/// modern "PASS message": before NICK and USER, on each connection.
#[test]
fn the_password_is_the_first_thing_said_and_its_refusal_the_end() {
    let password = Some(Password("open sesame".to_string()));
    let mut talk = Talk::with(Settings { password, ..Settings::new("ada", vec![RoomName::parse("#tea").unwrap()]) });
    assert_eq!(talk.connect()[0], "PASS :open sesame");
    talk.server(&WELCOME);
    talk.cut();
    talk.told();
    // The server has come back with another one.
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    assert_eq!(talk.connect()[0], "PASS :open sesame");
    talk.server(&[":s 464 ada :Password incorrect", "ERROR :Closing link"]);
    let end = End::PasswordRefused { was_given: true, reason: "Password incorrect".to_string() };
    assert_eq!(talk.told(), [Event::Ended(end)]);
    talk.cut();
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    assert!(!talk.wants_connection);
}

#[test]
fn typed_lines_wait_for_the_connection_and_are_sent_in_order() {
    let mut talk = online();
    talk.cut();
    talk.type_line("one");
    talk.type_line("two");
    come_back(&mut talk);
    let sent: Vec<_> = WELCOME.iter().flat_map(|line| talk.server(&[line])).collect();
    assert_eq!(sent[sent.len() - 2..], ["@label=1 PRIVMSG #tea :one", "@label=2 PRIVMSG #tea :two"]);
}

const OLD: &str = "@msgid=old :ben!b@h PRIVMSG #tea :seen before";
const OURS: &str = "@msgid=ours :ada!a@h PRIVMSG #tea :lost";

/// Somebody whose message was under way when the connection was lost, and who is back in the room.
fn in_doubt() -> Talk {
    let mut talk = online();
    talk.server(&[OLD]);
    assert_eq!(talk.type_line("lost"), ["@label=1 PRIVMSG #tea :lost"]);
    talk.cut();
    come_back(&mut talk);
    talk.server(&WELCOME[..4]);
    talk.told();
    talk
}

#[test]
fn a_message_that_is_repeated_after_a_loss_was_accepted() {
    let mut talk = in_doubt();
    assert_eq!(talk.server(&[OLD, OURS, ":s PONG s :sync"]), [] as [&str; 0]);
    assert_eq!(talk.fates(), ["1 accepted"]);
}

#[test]
fn a_message_that_nobody_has_is_sent_again() {
    let mut talk = in_doubt();
    assert_eq!(talk.server(&[OLD, ":s PONG s :sync"]), ["@label=1 PRIVMSG #tea :lost"]);
    assert_eq!(talk.fates(), [] as [&str; 0]);
}

/// Nothing repeated, or not far enough back, or an own message that may be ours in other words.
#[test]
fn a_message_of_which_nothing_can_be_known_is_not_sent_again() {
    for repeated in
        [&[] as &[&str], &["@msgid=new :ben!b@h PRIVMSG #tea :later"], &[OLD, &OURS.replace("lost", "l0st")]]
    {
        let mut talk = in_doubt();
        talk.server(repeated);
        assert_eq!(talk.server(&[":s PONG s :sync"]), [] as [&str; 0], "{repeated:?}");
        assert_eq!(talk.fates(), ["1 unknown"], "{repeated:?}");
    }
}

/// While the old connection is still there under our nickname, it may yet say what is in doubt.
#[test]
fn while_the_old_connection_lives_the_message_waits() {
    let ghost = || {
        let mut talk = online();
        talk.server(&[OLD]);
        talk.type_line("lost");
        talk.type_line("after it");
        talk.cut();
        come_back(&mut talk);
        talk.server(&[WELCOME[0], &WELCOME[1].replace("ada", "*"), ":s 433 * ada :Nickname is already in use"]);
        let sent = talk.server(&[":s 001 ada_ :Welcome", ":ada_!a@h JOIN #tea", OLD, ":s PONG s :sync"]);
        assert_eq!(sent[sent.len() - 1], "PING :sync");
        talk
    };
    let mut left = ghost();
    let sent = left.server(&[":ada!a@h QUIT :Connection reset"]);
    let again = ["NICK ada", "@label=1 PRIVMSG #tea :lost", "@label=2 PRIVMSG #tea :after it"];
    let mut sorted = sent.clone();
    sorted.sort_by_key(|line| line.starts_with('@'));
    assert_eq!(sorted, again);

    let mut said = ghost();
    assert_eq!(said.server(&[OURS]), [] as [&str; 0]);
    assert_eq!(said.fates(), ["1 accepted"]);

    let mut stays = ghost();
    stays.pass(limits::CHAT_CLIENT_DOUBT_TIMEOUT);
    assert_eq!(stays.fates(), ["1 unknown", "2 unknown"]);
    assert_eq!(stays.type_line("next"), ["@label=3 PRIVMSG #tea :next"]);
}

#[test]
fn what_was_said_in_private_is_unknown_after_a_loss() {
    let mut talk = online();
    talk.type_line("/msg ben psst");
    talk.cut();
    assert_eq!(talk.fates(), ["1 unknown"]);
}

#[test]
fn the_end_of_input_waits_for_every_answer_and_then_leaves() {
    let mut talk = online();
    talk.type_line("last words");
    talk.client.handle_input_end(talk.now);
    assert_eq!(talk.sent(), [] as [&str; 0]);
    assert_eq!(talk.server(&["@label=1;msgid=m :ada!a@h PRIVMSG #tea :last words"]), ["QUIT :"]);
    talk.server(&["ERROR :Closing link"]);
    talk.cut();
    assert_eq!(talk.told().last(), Some(&Event::Ended(End::Quit)));
}

#[test]
fn a_stop_leaves_at_once_and_tells_what_is_open() {
    let mut talk = online();
    talk.type_line("under way");
    talk.client.handle_stop(talk.now);
    assert_eq!(talk.sent(), ["QUIT :"]);
    talk.pass(limits::CHAT_CLIENT_QUIT_TIMEOUT);
    assert_eq!(talk.fates(), ["1 unknown"]);
    assert!(talk.is_closed);
    let nothing = talk.client.poll_timeout();
    assert_eq!((nothing, talk.told()), (None, Vec::new()));
}

#[test]
fn whoever_said_everything_does_not_wait_for_the_server_to_come_back() {
    let mut talk = online();
    talk.cut();
    talk.client.handle_input_end(talk.now);
    assert_eq!(talk.told().last(), Some(&Event::Ended(End::Quit)));
}

#[test]
fn commands_change_nickname_and_rooms() {
    let mut talk = online();
    assert_eq!(talk.type_line("/nick ava"), ["NICK ava"]);
    talk.server(&[":ada!a@h NICK :ava"]);
    assert_eq!(talk.client.nick(), "ava");
    assert_eq!(talk.type_line("/join #ops secret"), ["JOIN #ops secret"]);
    talk.server(&[":ava!a@h JOIN #ops"]);
    assert_eq!(talk.type_line("here"), ["@label=1 PRIVMSG #ops :here"]);
    assert_eq!(talk.type_line("/part good night"), ["PART #ops :good night"]);
    talk.server(&[":ava!a@h PART #ops :good night"]);
    assert_eq!(talk.type_line("there"), ["@label=2 PRIVMSG #tea :there"]);
    talk.cut();
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    assert!(talk.connect().contains(&"NICK ava".to_string()));
    assert_eq!(talk.server(&[":s 001 ava :Welcome"])[0], "JOIN #tea");
}
