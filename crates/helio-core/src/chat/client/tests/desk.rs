//! What the person sees of what a server says, and what is sent for what they do.

use super::talk::Talk;
use crate::chat::client::desk::{Buffer, Delivery, Entry, Happening, SearchState, What};
use crate::chat::client::{Event, Wish};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use proptest::prelude::*;

const CAPS: &str = "away-notify account-notify batch draft/message-redaction draft/multiline draft/read-marker \
    echo-message extended-join labeled-response message-tags server-time soju.im/search";

/// Ada, in #tea with Ben and Eve.
fn member() -> Talk {
    member_with(CAPS)
}

fn member_with(caps: &str) -> Talk {
    let mut talk = Talk::new("ada", &["#tea"]);
    talk.connect();
    talk.server(&[&format!(":s CAP * LS :{caps}")]);
    talk.server(&[&format!(":s CAP ada ACK :{caps}"), ":s 001 ada :Welcome", ":ada!a@h JOIN #tea ada :Ada"]);
    talk.server(&[":s 353 ada = #tea :ada ~@ben +eve", ":s 366 ada #tea :End", ":s PONG s :sync"]);
    talk.told();
    talk
}

impl Talk {
    pub(super) fn wish(&mut self, wish: Wish) -> Vec<String> {
        self.client.handle_wish(wish, self.now);
        self.sent()
    }

    pub(super) fn tea(&self) -> &Buffer {
        self.client.desk().named("#tea").unwrap()
    }

    fn last(&self) -> &Entry {
        self.tea().entries().next_back().unwrap()
    }
}

/// One line for each entry: who, what.
fn shown(buffer: &Buffer) -> Vec<String> {
    let line = |entry: &Entry| match &entry.what {
        What::Said(said) => format!("{}: {}", entry.author, said.lines.join(" / ")),
        What::Happened(happening) => format!("{} {happening:?}", entry.author),
    };
    buffer.entries().map(line).collect()
}

#[test]
fn what_happens_in_a_room_is_seen() {
    let mut talk = member();
    talk.server(&[
        ":zoe!z@h JOIN #tea zoe :Zoe",
        ":ben!b@h MODE #tea +vo-v zoe eve eve",
        ":zoe!z@h AWAY :lunch",
        ":ben!b@h TOPIC #tea :milk first",
        "@msgid=m1;bot;account=ben :ben!b@h PRIVMSG #tea :Ada: tea?",
        ":zoe!z@h NICK zoé",
        ":ben!b@h KICK #tea eve :enough",
        ":zoé!z@h QUIT :gone",
        ":ben!b@h MODE #tea +mk key",
    ]);
    insta::assert_snapshot!(shown(talk.tea()).join("\n"), @r#"
    ada Joined
    zoe Joined
    ben Mode { change: "+vo-v zoe eve eve" }
    ben Topic { topic: "milk first" }
    ben: Ada: tea?
    zoe Renamed { to: "zoé" }
    ben Kicked { nick: "eve", reason: "enough" }
    zoé Quit { reason: "gone" }
    ben Mode { change: "+mk key" }
    "#);
    let tea = talk.tea();
    let members: Vec<_> = tea.members().map(|member| format!("{}{}", member.statuses, member.nick)).collect();
    assert_eq!(
        (members, tea.modes.as_str(), tea.topic.as_str()),
        (vec!["ada".into(), "~@ben".into()], "+km", "milk first")
    );
    let message = tea.message("m1").unwrap();
    assert_eq!((message.is_bot, message.account.as_deref(), message.is_mention), (true, Some("ben"), true));
    assert_eq!((tea.unread, tea.mentions, talk.client.desk().mentions()), (1, 1, 1));
    assert!(talk.told().iter().any(|event| matches!(event, Event::Mentioned { .. })));
}

/// Where nobody may speak, the failure stands beside the message, and it can be sent again.
#[test]
fn a_message_that_fails_says_so_and_goes_again() {
    let mut talk = member();
    assert_eq!(talk.wish(Wish::Input("hello".into())), ["@label=1 PRIVMSG #tea :hello"]);
    assert_eq!(talk.last().delivery, Some(Delivery::Sent));
    talk.server(&["@label=1 :s 404 ada #tea :Cannot send to channel"]);
    let (buffer, entry) = (talk.tea().id(), talk.last().id);
    assert_eq!(talk.last().delivery, Some(Delivery::Failed { reason: "Cannot send to channel".into() }));
    assert_eq!(talk.wish(Wish::Again { buffer, entry }), ["@label=2 PRIVMSG #tea :hello"]);
    talk.server(&["@label=2;msgid=m2 :ada!a@h PRIVMSG #tea :hello"]);
    assert_eq!((talk.last().delivery.clone(), talk.last().msgid.as_deref()), (None, Some("m2")));
    assert_eq!(shown(talk.tea()), ["ada Joined", "ada: hello"]);
}

#[test]
fn what_is_typed_without_a_connection_waits_and_is_sent_once() {
    let mut talk = member();
    talk.cut();
    assert_eq!(talk.wish(Wish::Input("later".into())), [] as [&str; 0]);
    assert_eq!((talk.last().delivery.clone(), talk.tea().is_joined), (Some(Delivery::Waiting), false));
    assert!(matches!(&talk.tea().entries().rev().nth(1).unwrap().what, What::Happened(Happening::Lost { .. })));
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    talk.connect();
    let mut sent = talk.server(&[&format!(":s CAP * LS :{CAPS}"), &format!(":s CAP ada ACK :{CAPS}")]);
    sent.extend(talk.server(&[":s 001 ada :Welcome", ":ada!a@h JOIN #tea ada :Ada", ":s PONG s :sync"]));
    assert_eq!(sent.iter().filter(|line| line.contains("later")).count(), 1, "{sent:?}");
}

#[test]
fn what_a_server_says_to_who_comes_back_is_not_shown_where_something_was_asked() {
    let mut talk = member();
    talk.wish(Wish::Input("/whois ada".into()));
    talk.server(&[":s 318 ada ada :End of WHOIS"]);
    let before = shown(talk.tea());
    assert!(before.last().is_some_and(|line| line.contains("End of WHOIS")), "{before:?}");
    talk.cut();
    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
    talk.connect();
    talk.server(&[&format!(":s CAP * LS :{CAPS}"), &format!(":s CAP ada ACK :{CAPS}")]);
    talk.server(&[
        ":s 001 ada :Welcome",
        ":s 251 ada :There are 3 users",
        ":ada!a@h JOIN #tea ada :Ada",
        ":s PONG s :sync",
    ]);
    assert!(!shown(talk.tea()).iter().any(|line| line.contains("3 users")), "{:?}", shown(talk.tea()));
}

/// The bound on what waits: what is typed beyond it is kept, says so, and can be sent again.
#[test]
fn what_is_typed_beyond_the_bound_fails_and_stays() {
    let mut talk = member();
    talk.cut();
    for _ in 0..=2 * limits::CHAT_CLIENT_WAITING {
        talk.wish(Wish::Input("again".into()));
    }
    let failed = talk.tea().entries().filter(|entry| matches!(entry.delivery, Some(Delivery::Failed { .. }))).count();
    assert_eq!((failed, talk.client.unsettled()), (1, 2 * limits::CHAT_CLIENT_WAITING));
}

#[test]
fn several_lines_are_one_message_where_the_server_knows_such() {
    let mut talk = member();
    let sent = talk.wish(Wish::Input("one\n\ntwo".into()));
    let expected = [
        "@label=1 BATCH +1 draft/multiline #tea",
        "@batch=1 PRIVMSG #tea :one",
        "@batch=1 PRIVMSG #tea :",
        "@batch=1 PRIVMSG #tea :two",
        "BATCH -1",
    ];
    assert_eq!(sent, expected);
    talk.server(&[
        "@label=1;msgid=m1 :ada!a@h BATCH +x draft/multiline #tea",
        "@batch=x :ada!a@h PRIVMSG #tea :one",
        "@batch=x :ada!a@h PRIVMSG #tea :",
        "@batch=x :ada!a@h PRIVMSG #tea :two",
        ":ada!a@h BATCH -x",
        "@msgid=m2 :ben!b@h BATCH +y draft/multiline #tea",
        "@batch=y :ben!b@h PRIVMSG #tea :a",
        "@batch=y;draft/multiline-concat :ben!b@h PRIVMSG #tea :b",
        "@batch=y :ben!b@h PRIVMSG #tea :c",
        ":ben!b@h BATCH -y",
    ]);
    assert_eq!(shown(talk.tea()), ["ada Joined", "ada: one /  / two", "ben: ab / c"]);
    assert_eq!(talk.fates(), ["1 accepted"]);
    let mut old = member_with("message-tags");
    assert_eq!(old.wish(Wish::Input("one\n\ntwo".into())), ["PRIVMSG #tea :one", "PING :said-1"]);
    assert_eq!(old.server(&[":s PONG s :said-1"]), ["PRIVMSG #tea :two", "PING :said-2"]);
}

#[test]
fn replies_reactions_and_redactions_go_out_and_come_in() {
    let mut talk = member();
    // A reaction may be learnt before the message.
    talk.server(&["@+draft/react=👍;+draft/reply=m1 :eve!e@h TAGMSG #tea", "@msgid=m1 :ben!b@h PRIVMSG #tea :hi"]);
    let (buffer, entry) = (talk.tea().id(), talk.last().id);
    let react = |text: &str| Wish::React { buffer, entry, text: text.into() };
    assert_eq!(talk.wish(react("👍")), ["@+draft/react=👍;+draft/reply=m1 TAGMSG #tea"]);
    talk.server(&["@+draft/react=👍;+draft/reply=m1 :ada!a@h TAGMSG #tea"]);
    let nicks = |talk: &Talk| {
        talk.tea().message("m1").unwrap().reactions().next().unwrap().nicks().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(nicks(&talk), ["eve", "ada"]);
    assert_eq!(talk.wish(react("👍")), ["@+draft/unreact=👍;+draft/reply=m1 TAGMSG #tea"]);
    talk.server(&["@+draft/unreact=👍;+draft/reply=m1 :ada!a@h TAGMSG #tea"]);
    assert_eq!(nicks(&talk), ["eve"]);

    let say = Wish::Say { buffer, text: "/not a command".into(), reply_to: Some(entry) };
    assert_eq!(talk.wish(say), ["@label=1;+draft/reply=m1 PRIVMSG #tea :/not a command"]);
    assert_eq!(talk.last().reply_to.as_deref(), Some("m1"));
    assert_eq!(talk.wish(Wish::Input("/reply so".into())), ["@label=2;+draft/reply=m1 PRIVMSG #tea :so"]);
    let redact = Wish::Redact { buffer, entry, reason: "no longer true".into() };
    assert_eq!(talk.wish(redact), ["REDACT #tea m1 :no longer true"]);
    talk.server(&[":ben!b@h REDACT #tea m1 :oops"]);
    let gone = talk.tea().message("m1").unwrap();
    assert_eq!(gone.redacted.as_ref().map(|gone| (gone.by.as_str(), gone.reason.as_str())), Some(("ben", "oops")));
    assert_eq!((talk.tea().unread, gone.said().unwrap().lines.len()), (0, 0));
}

/// typing: "clients SHOULD NOT send more than one every 3 seconds"; active for 6 s, paused for 30 s.
#[test]
fn typing_is_told_seldom_and_forgotten_in_time() {
    let mut talk = member();
    let buffer = talk.tea().id();
    let typing = |is_typing| Wish::Typing { buffer, is_typing };
    assert_eq!(talk.wish(typing(true)), ["@+typing=active TAGMSG #tea"]);
    assert_eq!(talk.wish(typing(true)), [] as [&str; 0]);
    talk.pass(limits::CHAT_CLIENT_TYPING_INTERVAL);
    assert_eq!(talk.wish(typing(true)), ["@+typing=active TAGMSG #tea"]);
    assert_eq!(talk.wish(typing(false)), ["@+typing=done TAGMSG #tea"]);
    assert_eq!(talk.wish(typing(false)), [] as [&str; 0]);
    talk.server(&["@+typing=active :ben!b@h TAGMSG #tea", "@+typing=paused :eve!e@h TAGMSG #tea"]);
    assert_eq!(talk.tea().typing.len(), 2);
    talk.pass(Duration::from_secs(7));
    assert_eq!(talk.tea().typing.iter().map(|typing| &*typing.nick).collect::<Vec<_>>(), ["eve"]);
    talk.server(&["@msgid=m1 :eve!e@h PRIVMSG #tea :so"]);
    assert!(talk.tea().typing.is_empty());
}

#[test]
fn what_is_read_is_told_and_heard() {
    let mut talk = member();
    talk.server(&[
        ":s MARKREAD #tea timestamp=2026-11-22T10:00:00.000Z",
        "@msgid=m1;time=2026-11-22T11:00:00.000Z :ben!b@h PRIVMSG #tea :one",
        "@msgid=m2;time=2026-11-22T12:00:00.000Z :ben!b@h PRIVMSG #tea :two",
    ]);
    let buffer = talk.tea().id();
    assert_eq!((talk.tea().unread, talk.tea().first_unread()), (2, talk.tea().message("m1").map(|entry| entry.id)));
    talk.server(&[":s MARKREAD #tea timestamp=2026-11-22T11:00:00.000Z"]);
    assert_eq!(talk.tea().unread, 1);
    assert_eq!(talk.wish(Wish::Read(buffer)), ["MARKREAD #tea timestamp=2026-11-22T12:00:00.000Z"]);
    assert_eq!((talk.tea().unread, talk.wish(Wish::Read(buffer)).len()), (0, 0));
}

#[test]
fn what_is_searched_for_is_listed() {
    let mut talk = member();
    assert_eq!(talk.wish(Wish::Input("/search green tea".into())), ["SEARCH :in=#tea;text=green\\stea"]);
    talk.server(&[
        ":s BATCH +x soju.im/search",
        "@batch=x;msgid=m1;time=2026-11-22T11:00:00.000Z :ben!b@h PRIVMSG #tea :green tea",
        ":s BATCH -x",
    ]);
    let search = talk.client.desk().search.as_ref().unwrap();
    assert_eq!((&search.state, search.found.len(), &*search.found[0].place), (&SearchState::Done, 1, "#tea"));
    assert_eq!(talk.tea().entries().len(), 1, "what is found is not among what is said");
    talk.wish(Wish::Search { words: "x".into(), within: None });
    talk.server(&[":s FAIL SEARCH INTERNAL_ERROR :Not now"]);
    let state = talk.client.desk().search.as_ref().unwrap().state.clone();
    assert_eq!(state, SearchState::Failed { reason: "Not now".into() });
    talk.wish(Wish::CloseSearch);
    assert!(talk.client.desk().search.is_none());
}

#[test]
fn conversations_open_by_themselves_and_follow_names() {
    let mut talk = member();
    talk.server(&["@msgid=p1 :zoe!z@h PRIVMSG ada :psst", ":zoe!z@h NICK zoé", ":zoé!z@h AWAY :lunch"]);
    let zoe = talk.client.desk().named("zoé").unwrap();
    assert_eq!((zoe.mentions, zoe.topic.as_str()), (1, "lunch"));
    assert_eq!(talk.client.desk().current().name, "#tea");
    let id = zoe.id();
    talk.wish(Wish::Show(id));
    assert_eq!(talk.wish(Wish::Input("hm".into())), ["@label=1 PRIVMSG zoé :hm"]);
    assert_eq!(talk.wish(Wish::Input("/whois zoé".into())), ["WHOIS zoé"]);
    talk.server(&[":s 311 ada zoé z h * :Zoe"]);
    assert!(shown(talk.client.desk().current()).iter().any(|line| line.contains("zoé z h * Zoe")));
    talk.wish(Wish::Close(id));
    assert!(talk.client.desk().named("zoé").is_none());
}

#[test]
fn commands_are_about_the_room_that_is_looked_at() {
    let mut talk = member();
    let mut sent = |line: &str| talk.wish(Wish::Input(line.to_string())).join(" | ");
    assert_eq!(sent("/topic green tea"), "TOPIC #tea :green tea");
    assert_eq!(sent("/kick eve no tea left"), "KICK #tea eve :no tea left");
    assert_eq!(sent("/invite zoe"), "INVITE zoe #tea");
    assert_eq!(sent("/away lunch"), "AWAY :lunch");
    assert_eq!(sent("/away"), "AWAY");
    assert_eq!(sent("/mode +o eve"), "MODE #tea +o eve");
    assert_eq!(sent("/raw privmsg #tea :as it is"), "privmsg #tea :as it is");
    assert_eq!(sent("/join #ops"), "JOIN #ops");
    assert_eq!(talk.client.desk().current().name, "#ops");
    let help = talk.wish(Wish::Input("/help redact".into()));
    assert_eq!(help, [] as [&str; 0]);
    let told = shown(talk.client.desk().current());
    assert_eq!(told, [" Told { text: \"/redact [REASON] — takes back your last message\" }"]);
}

#[test]
fn lag_is_measured_where_it_is_wanted() {
    let mut settings = crate::chat::client::Settings::new("ada", Vec::new());
    settings.lag_interval = Some(limits::CHAT_CLIENT_LAG_INTERVAL);
    let mut talk = Talk::with(settings);
    talk.connect();
    talk.server(&[":s 001 ada :Welcome", ":s PONG s :sync"]);
    assert_eq!(talk.pass(limits::CHAT_CLIENT_LAG_INTERVAL), ["PING :alive"]);
    talk.now.mono = talk.now.mono + Duration::from_millis(70);
    talk.server(&[":s PONG s :alive"]);
    let lag = Some(Duration::from_millis(70));
    assert_eq!(talk.client.desk().link, crate::chat::client::desk::LinkState::Online { lag });
}

/// What servers and people say, in pieces that mean something.
fn line() -> impl Strategy<Value = String> {
    let tags = prop_oneof![
        Just(String::new()),
        "@(msgid=m[0-9]|batch=[ab]|time=2026-11-22T1[0-9]:00:00.000Z|label=[0-9]|[+]draft/react=x;[+]draft/reply=m[0-9]) ",
        "@msgid=m[0-9];batch=[ab] ",
    ];
    let source = prop_oneof![Just(":s "), Just(":ada!a@h "), Just(":ben!b@h "), Just("")];
    let rest = prop_oneof![
        "(PRIVMSG|NOTICE|TAGMSG|JOIN|PART|TOPIC|MODE|REDACT|MARKREAD|INVITE|KICK) (#tea|ada|ben|#x) [a-z0-9+@ ]{0,8}",
        "(QUIT|NICK|AWAY|ACCOUNT|RENAME|FAIL|CAP|AUTHENTICATE|REGISTER|ERROR|PONG|CHATHISTORY) [a-zA-Z# *+]{0,12}",
        "BATCH [+-][ab] (chathistory|draft/multiline|soju.im/search|draft/chathistory-targets|labeled-response) (#tea|ben)",
        "BATCH -[ab]",
        "(001|005|332|353|366|354|315|433|903|904|404|421) ada [a-zA-Z#=@ ]{0,12}( :[a-z@~ ]{0,12})?",
        "CAP \\* (LS|ACK|NEW|DEL) :(batch|message-tags|draft/chathistory|server-time|echo-message|labeled-response)",
        "\\PC{0,20}",
    ];
    (tags, source, rest).prop_map(|(tags, source, rest)| format!("{tags}{source}{rest}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Nothing that a server says, and nothing that is typed meanwhile, makes it panic, or show a message twice.
    #[test]
    fn no_line_makes_it_panic(lines in proptest::collection::vec((line(), 0..12_u8), 0..150)) {
        let mut talk = member_with(&format!("{CAPS} draft/chathistory draft/event-playback"));
        for (line, act) in lines {
            talk.client.handle_line(line.as_bytes(), talk.now);
            let buffer = talk.client.desk().current().id();
            match act {
                0 => _ = talk.wish(Wish::Input("hello\nyou".into())),
                1 => _ = talk.wish(Wish::Earlier(buffer)),
                2 => _ = talk.wish(Wish::Read(buffer)),
                3 => _ = talk.pass(Duration::from_secs(40)),
                4 => {
                    talk.cut();
                    talk.pass(limits::CHAT_CLIENT_RETRY_MAX);
                    if talk.wants_connection {
                        talk.connect();
                    }
                }
                _ => {}
            }
            talk.sent();
            for buffer in talk.client.desk().buffers() {
                let mut ids: Vec<&str> = buffer.entries().filter_map(|entry| entry.msgid.as_deref()).collect();
                let count = ids.len();
                ids.sort_unstable();
                ids.dedup();
                prop_assert_eq!(ids.len(), count);
            }
        }
    }
}
