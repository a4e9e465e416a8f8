//! What is asked of the past, and what becomes of it when the answer is none.

use super::talk::Talk;
use crate::chat::client::desk::Earlier;
use crate::chat::client::{Event, Wish};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

const CAPS: &str = "batch draft/chathistory draft/event-playback message-tags server-time";

/// Ada, who came into #tea; what she asked last.
fn member() -> (Talk, String) {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    let asked = come_in(&mut talk);
    (talk, asked)
}

fn come_in(talk: &mut Talk) -> String {
    talk.server(&[&format!(":s CAP * LS :{CAPS}"), &format!(":s CAP ada ACK :{CAPS}"), ":s 001 ada :Welcome"]);
    let sent = talk.server(&[":s PONG s :sync", ":ada!a@h JOIN #tea"]);
    sent.join(" | ")
}

fn said(number: usize) -> String {
    format!("time=2026-11-22T10:00:{:02}.000Z;msgid=m{number} :ben!b@h PRIVMSG #tea :{number}", number % 60)
}

/// A page with these messages; what is asked next.
fn page(talk: &mut Talk, numbers: core::ops::Range<usize>) -> String {
    let mut lines = Vec::from([":s BATCH +h chathistory #tea".to_string()]);
    lines.extend(numbers.map(|number| format!("@batch=h;{}", said(number))));
    lines.push(":s BATCH -h".to_string());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    talk.server(&lines).join(" | ")
}

fn live(talk: &mut Talk, number: usize) {
    talk.server(&[&format!("@{}", said(number))]);
}

fn msgids(talk: &Talk) -> String {
    talk.tea().entries().filter_map(|entry| entry.msgid.as_deref()).collect::<Vec<_>>().join(" ")
}

fn told(talk: &mut Talk) -> String {
    let text = |event: Event| if let Event::Message(message) = event { Some(message.text) } else { None };
    talk.told().into_iter().filter_map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_newest_page_comes_first_and_earlier_ones_when_wanted() {
    let (mut talk, asked) = member();
    assert_eq!(asked, "CHATHISTORY LATEST #tea * 50");
    live(&mut talk, 5);
    assert_eq!(told(&mut talk), "", "what comes before it is not known yet");
    page(&mut talk, 3..6);
    assert_eq!((msgids(&talk).as_str(), told(&mut talk).as_str()), ("m3 m4 m5", "3 4 5"));
    assert_eq!((talk.tea().unread, talk.tea().earlier), (0, Earlier::Possible));
    let buffer = talk.tea().id();
    assert_eq!(talk.wish(Wish::Earlier(buffer)), ["CHATHISTORY BEFORE #tea msgid=m3 50"]);
    assert_eq!(talk.tea().earlier, Earlier::Fetching);
    page(&mut talk, 1..3);
    assert_eq!((msgids(&talk).as_str(), told(&mut talk).as_str()), ("m1 m2 m3 m4 m5", ""));
    talk.wish(Wish::Earlier(buffer));
    page(&mut talk, 0..0);
    assert_eq!(talk.tea().earlier, Earlier::Nothing);
    assert_eq!(talk.wish(Wish::Earlier(buffer)), [] as [&str; 0]);
}

/// What was missed is fetched from its end, page by page, up to what was here.
#[test]
fn what_was_missed_is_fetched_until_there_is_no_gap() {
    let (mut talk, _) = member();
    page(&mut talk, 1..3);
    told(&mut talk);
    talk.cut();
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    talk.connect();
    assert_eq!(come_in(&mut talk), "CHATHISTORY LATEST #tea * 50");
    live(&mut talk, 9);
    assert_eq!(page(&mut talk, 6..9), "CHATHISTORY BEFORE #tea msgid=m6 50");
    assert!(talk.tea().is_catching_up);
    assert_eq!(page(&mut talk, 2..6), "");
    assert_eq!(msgids(&talk), "m1 m2 m3 m4 m5 m6 m7 m8 m9");
    assert_eq!((told(&mut talk).as_str(), talk.tea().unread), ("3 4 5 6 7 8 9", 7));
}

/// The message that was referred to may have been taken back; its time is still there.
#[test]
fn a_reference_that_is_gone_is_replaced_by_its_time() {
    let (mut talk, _) = member();
    page(&mut talk, 1..3);
    talk.cut();
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    talk.connect();
    come_in(&mut talk);
    page(&mut talk, 6..8);
    let again = talk.server(&[":s FAIL CHATHISTORY MESSAGE_ERROR BEFORE #tea :Gone"]);
    assert_eq!(again, ["CHATHISTORY BEFORE #tea timestamp=2026-11-22T10:00:06.001Z 50"]);
    // Nothing that was here is there any more: what is seen is what the server has.
    assert_eq!(page(&mut talk, 4..7), "CHATHISTORY BEFORE #tea msgid=m4 50");
    page(&mut talk, 0..0);
    assert_eq!(msgids(&talk), "m4 m5 m6 m7");
}

#[test]
fn without_an_answer_it_goes_on_in_time() {
    let (mut talk, _) = member();
    live(&mut talk, 1);
    talk.pass(limits::CHAT_CLIENT_ANSWER_TIMEOUT);
    assert_eq!((told(&mut talk).as_str(), talk.tea().is_catching_up), ("1", false));
    talk.server(&[":s FAIL CHATHISTORY INVALID_TARGET LATEST #tea :No"]);
    live(&mut talk, 2);
    assert_eq!(told(&mut talk), "2");
}

#[test]
fn conversations_are_caught_up_where_something_was_said() {
    let mut talk = Talk::new("ada", &[]);
    talk.connect();
    talk.server(&[&format!(":s CAP * LS :{CAPS}"), &format!(":s CAP ada ACK :{CAPS}")]);
    let asked = talk.server(&[":s 900 ada ada!a@h ada :in", ":s 001 ada :Welcome"]);
    assert!(asked[0].starts_with("PING :sync"), "{asked:?}");
    assert!(asked[1].starts_with("CHATHISTORY TARGETS timestamp=9999-12-30T00:00:00.000Z timestamp="), "{asked:?}");
    let asked = talk.server(&[
        ":s BATCH +t draft/chathistory-targets",
        "@batch=t :s CHATHISTORY TARGETS #tea timestamp=2026-11-22T10:00:00.000Z",
        "@batch=t :s CHATHISTORY TARGETS ben timestamp=2026-11-22T10:00:00.000Z",
        ":s BATCH -t",
    ]);
    assert_eq!(asked, ["CHATHISTORY LATEST ben * 50"]);
    talk.server(&[
        ":s BATCH +h chathistory ben",
        "@batch=h;msgid=p1;time=2026-11-22T10:00:00.000Z :ben!b@h PRIVMSG ada :psst",
        "@batch=h;msgid=p2;time=2026-11-22T10:00:00.000Z :ada!a@h PRIVMSG ben :yes?",
        ":s BATCH -h",
    ]);
    let ben = talk.client.desk().named("ben").unwrap();
    let seen: Vec<_> = ben.entries().map(|entry| (entry.author.as_str(), entry.is_mine)).collect();
    assert_eq!(seen, [("ben", false), ("ada", true)]);
}
