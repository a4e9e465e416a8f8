//! Servers that know more, less, or other things than ours.

use super::talk::Talk;
use crate::chat::client::{End, Event, Fate, Kind, Message};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// capability-negotiation: LS may come in several lines, with values; only what is there is asked for.
#[test]
fn what_the_server_has_and_the_client_uses_is_asked_for() {
    let mut talk = Talk::new("ada", &["#tea", "#ops"]);
    let first = talk.connect();
    assert_eq!(first, ["CAP LS 302", "NICK ada", "USER ada 0 * :ada"]);
    assert_eq!(talk.server(&[":s CAP * LS * :sasl=PLAIN,EXTERNAL message-tags draft/chathistory=50"]), [] as [&str; 0]);
    let asked = talk.server(&[":s CAP * LS :batch labeled-response sts=port=6697"]);
    assert_eq!(asked, ["CAP REQ :batch draft/chathistory labeled-response message-tags"]);
    assert_eq!(talk.server(&[":s CAP ada ACK :batch draft/chathistory labeled-response message-tags"]), ["CAP END"]);
    let joins = talk.server(&[":s 001 ada :Welcome to the network, ada!ada@host"]);
    assert_eq!(joins, ["JOIN #ops,#tea", "PING :sync"]);
}

#[test]
fn a_server_without_any_capability_will_do() {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    assert_eq!(talk.server(&[":s 421 * CAP :Unknown command"]), [] as [&str; 0]);
    assert_eq!(talk.server(&["PING :cookie"]), ["PONG :cookie"]);
    assert_eq!(talk.server(&[":s 001 ada :Welcome"]), ["JOIN #tea", "PING :sync"]);

    let mut refused = Talk::new("ada", &["#tea"]);
    refused.connect();
    refused.server(&[":s CAP * LS :batch"]);
    assert_eq!(refused.server(&[":s CAP * NAK :batch"]), ["CAP END"]);
}

/// Without labels, a PING behind the message tells that it was taken, and an error before the PONG that it was not.
#[test]
fn without_labels_one_message_at_a_time_is_followed_by_a_ping() {
    let mut talk = plain_member();
    assert_eq!(talk.type_line("one"), ["PRIVMSG #tea :one", "PING :said-1"]);
    assert_eq!(talk.type_line("/me waves"), [] as [&str; 0]);
    assert_eq!(talk.fates(), [] as [&str; 0]);
    assert_eq!(talk.server(&[":s PONG s :said-1"]), ["PRIVMSG #tea :\u{1}ACTION waves\u{1}", "PING :said-2"]);
    assert_eq!(talk.fates(), ["1 accepted"]);
    talk.server(&[":s 404 ada #tea :Cannot send to channel", ":s PONG s :said-2"]);
    assert_eq!(talk.fates(), ["2 refused: Cannot send to channel"]);
    assert_eq!(talk.type_line("/msg nobody hi"), ["PRIVMSG nobody :hi", "PING :said-3"]);
    talk.server(&[":s 401 ada nobody :No such nick/channel", ":s PONG s :said-3"]);
    assert_eq!(talk.fates(), ["3 refused: No such nick/channel"]);
}

/// echo-message without labels: the echo is not shown as somebody's message.
#[test]
fn an_echo_without_a_label_belongs_to_the_message_under_way() {
    let mut talk = member("echo-message message-tags");
    talk.type_line("one");
    talk.server(&["@msgid=m1;time=2026-11-22T10:00:00.000Z :ada!a@h PRIVMSG #tea :one", ":s PONG s :said-1"]);
    let told = talk.told();
    let [Event::Typed(_, Fate::Accepted { msgid, time })] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((msgid.as_deref(), time.rfc3339_millis().as_str()), (Some("m1"), "2026-11-22T10:00:00.000Z"));
}

/// labeled-response: an answer is one line, ACK, or a batch.
#[test]
fn labelled_answers_of_every_form_are_understood() {
    let mut talk = member("batch labeled-response message-tags echo-message");
    for text in ["echoed", "acked", "away", "refused", "failed"] {
        talk.type_line(text);
    }
    talk.server(&[
        "@label=1;msgid=m1 :ada!a@h PRIVMSG #tea :echoed",
        "@label=2 :s ACK",
        "@label=3 :s BATCH +b labeled-response",
        "@batch=b :s 301 ada ben :gone fishing",
        "@batch=b;msgid=m3 :ada!a@h PRIVMSG ben :away",
        ":s BATCH -b",
        "@label=4 :s 404 ada #tea :Cannot send to channel",
        "@label=5 :s FAIL PRIVMSG MESSAGE_NOT_STORED #tea :Message could not be stored",
    ]);
    let fates = [
        "1 accepted",
        "2 accepted",
        "3 accepted",
        "4 refused: Cannot send to channel",
        "5 refused: Message could not be stored",
    ];
    assert_eq!(talk.fates(), fates);
}

#[test]
fn at_most_so_many_messages_are_under_way() {
    let mut talk = member("batch labeled-response message-tags");
    let sent: Vec<String> = (0..20).flat_map(|n| talk.type_line(&format!("line {n}"))).collect();
    assert_eq!(sent.len(), limits::CHAT_CLIENT_IN_FLIGHT);
    assert_eq!(talk.server(&["@label=1 :s ACK"]), ["@label=17 PRIVMSG #tea :line 16"]);
}

#[test]
fn input_waits_when_too_much_of_it_waits_already() {
    let mut talk = Talk::new("ada", &["#tea"]);
    for n in 0..limits::CHAT_CLIENT_WAITING {
        assert!(talk.client.takes_input(), "{n}");
        talk.type_line("x");
    }
    assert!(!talk.client.takes_input());
}

#[test]
fn what_others_do_is_told() {
    let mut talk = plain_member();
    talk.server(&[
        ":s 332 ada #tea :milk first",
        ":s 353 ada = #tea :@ben +ada",
        ":s 353 ada = #tea :~@eve!e@h",
        ":s 366 ada #tea :End of NAMES",
        ":zoe!z@h JOIN #tea",
        ":zoe!z@h NICK :zoë",
        ":ben!b@h TOPIC #tea :tea first",
        ":ben!b@h PRIVMSG #tea :\u{1}ACTION stirs\u{1}",
        ":ben!b@h NOTICE #tea :careful",
        ":ben!b@h PRIVMSG ada :\u{1}VERSION\u{1}",
        ":ben!b@h KICK #tea zoë :enough",
        ":eve!e@h PART #tea :bye",
        ":ben!b@h QUIT :gone",
        ":s NOTICE ada :restart at noon",
        ":s 482 ada #tea :You're not an operator",
        "no message \u{0}",
    ]);
    let told: Vec<_> = talk.told().iter().map(|event| format!("{event:?}")).collect();
    insta::assert_snapshot!(told.join("\n"), @r##"
    Topic { room: "#tea", topic: "milk first", by: None }
    Members { room: "#tea", nicks: ["ada", "ben", "eve"], count: 3 }
    Joined { room: "#tea", nick: "zoe", is_own: false }
    Renamed { from: "zoe", to: "zoë", is_own: false }
    Topic { room: "#tea", topic: "tea first", by: Some("ben") }
    Message(Message { time: Utc { micros: 1795345720000000 }, target: "#tea", from: "ben", kind: Action, text: "stirs", msgid: None, is_own: false })
    Message(Message { time: Utc { micros: 1795345720000000 }, target: "#tea", from: "ben", kind: Notice, text: "careful", msgid: None, is_own: false })
    Told { text: "ben sent CTCP VERSION" }
    Left { room: "#tea", nick: "zoë", by: Some("ben"), reason: "enough", is_own: false }
    Left { room: "#tea", nick: "eve", by: None, reason: "bye", is_own: false }
    Quit { nick: "ben", reason: "gone" }
    Told { text: "restart at noon" }
    Told { text: "#tea You're not an operator" }
    "##);
}

#[test]
fn a_nickname_in_use_is_changed_a_bounded_number_of_times() {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    let mut tried = Vec::new();
    for _ in 0..limits::CHAT_CLIENT_NICK_TRIES {
        tried.extend(talk.server(&[":s 433 * ada :Nickname is already in use"]));
    }
    assert_eq!(tried[..3], ["NICK ada_", "NICK ada2", "NICK ada3"]);
    assert_eq!(talk.server(&[":s 433 * ada :Nickname is already in use"]), [] as [&str; 0]);
    let end = End::NickRefused { nick: "ada9".to_string(), reason: "Nickname is already in use".to_string() };
    assert_eq!(talk.told(), [Event::Ended(end)]);
}

#[test]
fn a_refusal_at_the_door_ends_it() {
    let ends = |lines: &[&str]| {
        let mut talk = Talk::new("ada", &["#tea"]);
        talk.connect();
        talk.server(lines);
        talk.cut();
        talk.told().into_iter().find_map(|event| if let Event::Ended(end) = event { Some(end) } else { None })
    };
    let reason = |reason: &str| Some(End::Rejected { reason: reason.to_string() });
    assert_eq!(ends(&[":s 465 ada :You are banned", "ERROR :Closing link"]), reason("You are banned"));
    let password = End::PasswordRefused { was_given: false, reason: "Password incorrect".to_string() };
    assert_eq!(ends(&[":s 464 * :Password incorrect", "ERROR :Closing link"]), Some(password));
    assert_eq!(ends(&["ERROR :Too many connections"]), reason("Too many connections"));
    assert_eq!(ends(&[]), Some(End::Lost { reason: "reset".to_string() }));
    let erroneous = End::NickRefused { nick: "ada".to_string(), reason: "Erroneous nickname".to_string() };
    assert_eq!(ends(&[":s 432 * ada :Erroneous nickname"]), Some(erroneous));
}

#[test]
fn a_room_that_cannot_be_joined_is_told_and_without_any_room_it_ends() {
    let mut talk = Talk::new("ada", &["#tea", "#ops"]);
    talk.connect();
    talk.type_line("hello");
    talk.server(&[":s 001 ada :Welcome", ":ada!a@h JOIN #ops", ":s 474 ada #tea :Cannot join channel (+b)"]);
    assert_eq!(talk.fates(), ["1 refused: you are not in #tea"]);
    assert_eq!(talk.type_line("to the other"), ["PRIVMSG #ops :to the other", "PING :said-2"]);

    let mut only = Talk::new("ada", &["#tea"]);
    only.connect();
    only.server(&[":s 001 ada :Welcome", ":s 473 ada #tea :Cannot join channel (+i)"]);
    let reason = "Cannot join channel (+i)".to_string();
    assert_eq!(only.told().last(), Some(&Event::Ended(End::NoRoom { room: "#tea".to_string(), reason })));
}

/// A replay for clients without history support repeats whole messages; only the first line of one has an id.
#[test]
fn what_is_repeated_is_shown_once() {
    let mut talk = member("message-tags server-time batch");
    let lines = [
        "@msgid=m1;time=2026-11-22T10:00:00.000Z :ben!b@h PRIVMSG #tea :first",
        "@time=2026-11-22T10:00:00.000Z :ben!b@h PRIVMSG #tea :second line of it",
        "@msgid=m2;time=2026-11-22T10:00:01.000Z :ben!b@h PRIVMSG #tea :third",
    ];
    for expected in [3, 0] {
        talk.server(&lines);
        assert_eq!(talk.told().len(), expected);
    }
}

#[test]
fn a_message_to_oneself_alone_is_shown_with_what_it_is() {
    let mut talk = plain_member();
    talk.server(&[":ben!b@h PRIVMSG ada :psst"]);
    let told = talk.told();
    let [Event::Mentioned { .. }, Event::Message(Message { target, from, kind: Kind::Message, text, .. })] =
        told.as_slice()
    else {
        panic!("{told:?}")
    };
    assert_eq!((target.as_str(), from.as_str(), text.as_str()), ("ada", "ben", "psst"));
}

/// Somebody in #tea whose events until then are read.
fn member(caps: &str) -> Talk {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    if !caps.is_empty() {
        talk.server(&[&format!(":s CAP * LS :{caps}"), &format!(":s CAP ada ACK :{caps}")]);
    }
    talk.server(&[":s 001 ada :Welcome", ":ada!a@h JOIN #tea", ":s PONG s :sync"]);
    talk.told();
    talk
}

fn plain_member() -> Talk {
    member("")
}
