//! SEARCH: what is found, and by whom (soju.im/search). Clauses are named after that document.

use super::history::private::someone;
use super::world::{Id, World};
use crate::chat::Ticket;
use crate::chat::event::Presence;
use crate::chat::search::{Findable, Found, NotSearched, Order, Search};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

const CAPS: &str = "batch message-tags server-time standard-replies soju.im/search";
const NOT_FOUND: &str = ":helio.local FAIL SEARCH INVALID_PARAMS in :Invalid parameters";

impl World {
    /// A naive scan, in place of an index: each word is anywhere in the text.
    pub(super) fn answer_search(&mut self, ticket: Ticket, search: &Search) {
        let mut found = Vec::new();
        for (log, record) in self.logs.iter().flat_map(|(log, records)| records.iter().map(move |record| (log, record)))
        {
            let is_asked = search.logs.contains(log) || search.party.is_some() && log.starts_with("private/");
            let Some(findable) = Findable::of(record).filter(|_| is_asked) else { continue };
            let has_words = search.terms.iter().all(|term| findable.text.contains(&term.text));
            let is_by = search.author.as_ref().is_none_or(|author| *author == findable.author);
            if has_words && is_by && search.at_us.contains(&findable.at_us) {
                found.push((findable.at_us, Found { log: log.clone(), record: record.clone() }));
            }
        }
        found.sort_by_key(|(at_us, _)| *at_us);
        let excess = found.len().saturating_sub(search.limit);
        match search.wanted {
            Order::Newest => _ = found.drain(..excess),
            Order::Oldest => found.truncate(search.limit),
        }
        let found: Vec<Found> = found.into_iter().map(|(_, found)| found).collect();
        let answer = if self.are_reads_failing { Err(NotSearched::Fails) } else { Ok(found.as_slice()) };
        self.chat.handle_found(ticket, answer, self.now);
    }
}

/// Ann said some words in #tea, 100 ms apart, and Ben is there to ask.
fn tea() -> (World, Id, Id) {
    let mut world = World::new();
    world.chat.settings.ping_interval = Duration::from_secs(86_400);
    let ann = world.user_with("Ann", "message-tags batch draft/multiline");
    world.say(ann, "JOIN #tea");
    for text in ["green tea", "black tea", "\u{1}ACTION drinks \u{2}coffee\u{2}\u{1}"] {
        world.say(ann, &format!("PRIVMSG #tea :{text}"));
        world.pass(Duration::from_millis(100));
    }
    let ben = world.user_with("ben", CAPS);
    world.say(ben, "JOIN #tea");
    world.hear_all();
    (world, ann, ben)
}

/// The last words of what a search shows.
fn found(world: &mut World, id: Id, attributes: &str) -> Vec<String> {
    let lines = world.ask(id, &format!("SEARCH {attributes}"));
    assert!(lines[0].contains(" BATCH +") && lines[0].ends_with(" soju.im/search"), "{lines:?}");
    assert!(lines[lines.len() - 1].contains(" BATCH -"), "{lines:?}");
    let shown = &lines[1..lines.len() - 1];
    assert!(shown.iter().all(|line| line.starts_with("@batch=") && line.contains("PRIVMSG")), "{shown:?}");
    shown.iter().filter_map(|line| line.trim_end_matches('\u{1}').rsplit([' ', ':']).next().map(Into::into)).collect()
}

/// "The server then replies with a batch"; "SHOULD be ascending time order".
#[test]
fn words_are_found_oldest_first() {
    let (mut world, _, ben) = tea();
    assert_eq!(found(&mut world, ben, "text=tea;in=#tea"), ["tea", "tea"]);
    assert_eq!(found(&mut world, ben, "text=black;in=#TEA;from=ANN").len(), 1);
    assert_eq!(found(&mut world, ben, "text=coffee").len(), 1, "without formatting");
    assert_eq!(found(&mut world, ben, "in=#tea").len(), 3);
    // "SHOULD return an empty batch".
    assert_eq!(found(&mut world, ben, "text=milk;in=#tea"), [""; 0]);
    assert_eq!(found(&mut world, ben, "from=ben"), [""; 0]);
    world.ask(ben, "JOIN #new");
    assert_eq!(found(&mut world, ben, "in=#new"), [""; 0]);
    assert_eq!(found(&mut world, ben, "text=green\\stea").len(), 1);
}

/// "If `after` is specified, messages SHOULD be searched from that time. Otherwise … from the `before` time".
#[test]
fn after_gives_the_oldest_and_before_the_newest() {
    let (mut world, _, ben) = tea();
    let lines = world.ask(ben, "SEARCH in=#tea");
    let times: Vec<String> = lines[1..4]
        .iter()
        .map(|line| line.split("time=").nth(1).unwrap().split([';', ' ']).next().unwrap().into())
        .collect();
    assert_eq!(found(&mut world, ben, "limit=1;in=#tea"), ["\u{2}coffee\u{2}"]);
    let green = world.ask(ben, &format!("SEARCH limit=1;after={}", times[0]));
    assert!(green[1].ends_with(":green tea"), "{green:?}");
    let black = world.ask(ben, &format!("SEARCH limit=1;before={}", times[1]));
    assert!(black[1].ends_with(":black tea"), "{black:?}");
    assert_eq!(found(&mut world, ben, &format!("after={};before={}", times[1], times[1])).len(), 1);
}

/// "If the selectors were invalid, the INVALID_PARAMS error code SHOULD be returned."
#[test]
fn what_cannot_be_understood_is_refused_by_name() {
    let (mut world, _, ben) = tea();
    let long = "x".repeat(limits::SEARCH_TEXT + 1);
    let many = ["a"; limits::SEARCH_TERMS + 1].join("\\s");
    for (attributes, name) in [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("after=yesterday", "after"),
        ("before=", "before"),
        ("text=", "text"),
        ("text=!?", "text"),
        ("text=a*", "text"),
        ("text=\"tea\\sa*\"", "text"),
        (&format!("text={long}"), "text"),
        (&format!("text={many}"), "text"),
        ("in=#not", "in"),
        ("colour=green", "colour"),
    ] {
        let lines = world.ask(ben, &format!("SEARCH {attributes}"));
        assert_eq!(lines, [format!(":helio.local FAIL SEARCH INVALID_PARAMS {name} :Invalid parameters")]);
    }
    assert_eq!(found(&mut world, ben, "limit=99999999999999999999999;text=tea").len(), 2);
    assert!(world.ask(ben, "SEARCH")[0].contains(" 461 "));
}

/// "The `soju.im/search` capability MUST be negotiated."
#[test]
fn without_the_capability_there_is_no_such_command() {
    let (mut world, ann, ben) = tea();
    assert!(world.ask(ann, "SEARCH text=tea")[0].contains(" 421 Ann SEARCH "));
    world.say(ben, "CAP LS 302");
    let settings = crate::chat::Settings { search: false, ..world.chat.settings.clone() };
    world.hear_all();
    world.chat.handle_settings(settings, world.now);
    world.drain();
    let news = world.hear(ben);
    assert!(news.iter().any(|line| line.ends_with("CAP ben DEL :soju.im/search")), "{news:?}");
    assert!(world.ask(ben, "SEARCH text=tea")[0].contains(" 421 "));
    assert!(!world.ask(ben, "CAP LS 302").concat().contains("soju.im/search"));
}

#[test]
fn a_stranger_is_told_what_is_told_where_there_is_no_room() {
    let (mut world, ann, _) = tea();
    let carl = world.user_with("carl", CAPS);
    assert_eq!(world.ask(carl, "SEARCH in=#tea"), [NOT_FOUND]);
    assert_eq!(world.ask(carl, "SEARCH in=#not"), [NOT_FOUND]);
    assert_eq!(world.ask(carl, "SEARCH in=ann"), [NOT_FOUND]);
    assert_eq!(found(&mut world, carl, "text=tea"), [""; 0]);
    world.ask(carl, "JOIN #tea");
    assert_eq!(found(&mut world, carl, "text=tea").len(), 2);
    world.say(ann, "KICK #tea carl");
    world.hear_all();
    assert_eq!(world.ask(carl, "SEARCH in=#tea"), [NOT_FOUND]);
    assert_eq!(found(&mut world, carl, "text=tea"), [""; 0]);
}

/// An office opens no conversations of others.
#[test]
fn an_operator_from_outside_finds_nothing() {
    let (mut world, ..) = tea();
    world.chat.settings = World::settings();
    let boss = world.operator("boss");
    world.ask(boss, "CAP REQ :batch soju.im/search");
    assert_eq!(found(&mut world, boss, "text=tea"), [""; 0]);
}

/// Authorisation is asked again at the answer.
#[test]
fn who_is_removed_while_the_index_is_asked_sees_nothing() {
    for removal in ["KICK #tea ben", "ben:PART #tea", "ben:JOIN 0"] {
        let (mut world, ann, ben) = tea();
        world.are_reads_late = true;
        world.say(ben, "SEARCH in=#tea");
        match removal.strip_prefix("ben:") {
            Some(line) => world.say(ben, line),
            None => world.say(ann, removal),
        }
        world.read();
        let lines = world.hear(ben);
        assert!(lines.iter().all(|line| !line.contains("PRIVMSG")), "{removal}: {lines:?}");
        assert!(lines[0].ends_with(" soju.im/search") && lines[1].contains(" BATCH -"), "{removal}: {lines:?}");
    }
}

#[test]
fn messages_to_a_status_and_tags_alone_are_not_found() {
    let (mut world, ann, ben) = tea();
    world.say(ann, "PRIVMSG @#tea :secret tea");
    world.say(ann, "@+draft/react=tea TAGMSG #tea");
    world.hear_all();
    assert_eq!(found(&mut world, ben, "text=tea"), ["tea", "tea"]);
    assert_eq!(found(&mut world, ben, "text=secret"), [""; 0]);
}

/// A message of several lines is one; its words may be in any of them.
#[test]
fn a_message_of_several_lines_is_found_by_words_of_two() {
    let (mut world, ann, ben) = tea();
    world.say(ann, "BATCH +a draft/multiline #tea");
    world.say(ann, "@batch=a PRIVMSG #tea :milk");
    world.say(ann, "@batch=a PRIVMSG #tea :sugar");
    world.say(ann, "BATCH -a");
    world.hear_all();
    let lines = world.ask(ben, "SEARCH text=milk\\ssugar");
    assert_eq!(lines.iter().filter(|line| line.contains("PRIVMSG")).count(), 2, "{lines:?}");
}

/// "If the search cannot be run due to an internal error, the INTERNAL_ERROR error code SHOULD be returned."
#[test]
fn a_failing_index_is_told() {
    let (mut world, _, ben) = tea();
    world.are_reads_failing = true;
    let refused = ":helio.local FAIL SEARCH INTERNAL_ERROR :It could not be done because of an error in the server";
    assert_eq!(world.ask(ben, "SEARCH text=tea"), [refused]);
    world.are_reads_late = true;
    world.say(ben, "SEARCH text=tea");
    world.chat.handle_store_lost(world.now);
    world.drain();
    assert!(world.hear(ben).contains(&refused.into()));
    assert!(!world.chat.is_behind(ben.0));
}

/// The bound [`limits::CHAT_HISTORY_READS`], which searches share: what comes next waits until there is an answer.
#[test]
fn only_some_searches_of_a_session_are_under_way() {
    let (mut world, _, ben) = tea();
    world.are_reads_late = true;
    for _ in 0..limits::CHAT_HISTORY_READS {
        assert!(!world.chat.is_behind(ben.0));
        world.say(ben, "SEARCH text=tea");
    }
    assert!(world.chat.is_behind(ben.0));
    world.read();
    assert!(!world.chat.is_behind(ben.0));
}

#[test]
fn a_labelled_search_is_answered_by_one_batch_with_the_label() {
    let (mut world, _, _) = tea();
    let dan = world.user_with("dan", "batch labeled-response message-tags soju.im/search");
    world.ask(dan, "JOIN #tea");
    let lines = world.ask(dan, "@label=7 SEARCH text=tea");
    assert!(lines[0].starts_with("@label=7 ") && lines[0].ends_with(" soju.im/search"), "{lines:?}");
    assert_eq!(lines.len(), 4);
    let lines = world.ask(dan, "@label=8 SEARCH text=");
    assert!(lines[0].starts_with("@label=8 ") && lines[0].contains(" FAIL SEARCH INVALID_PARAMS text "), "{lines:?}");
}

/// Ann and Ben, who said some words to each other as accounts, and Eve, who did so with Ben.
fn talk() -> (World, Id, Id, Id) {
    let mut world = World::new();
    let [ann, ben, eve] = ["ann", "ben", "eve"].map(|nick| {
        let id = someone(&mut world, nick, nick);
        world.ask(id, "CAP REQ :soju.im/search");
        id
    });
    for (from, line) in [(ann, "ben :green tea"), (ben, "ann :black tea"), (eve, "ben :iced tea")] {
        world.say(from, &format!("PRIVMSG {line}"));
        world.pass(Duration::from_millis(100));
    }
    world.hear_all();
    (world, ann, ben, eve)
}

/// `from>target:text` of each message that a search shows.
fn shown(world: &mut World, id: Id, attributes: &str) -> Vec<String> {
    let lines = world.ask(id, &format!("SEARCH {attributes}"));
    assert!(lines[0].ends_with(" soju.im/search"), "{lines:?}");
    messages(&lines[1..lines.len() - 1])
}

fn messages(lines: &[String]) -> Vec<String> {
    let words = lines.iter().filter_map(|line| line.split_once(" :")?.1.split_once(" PRIVMSG "));
    words.map(|(from, rest)| format!("{}>{}", from.split('!').next().unwrap(), rest.replace(" :", ":"))).collect()
}

#[test]
fn what_two_said_to_each_other_only_they_find() {
    let (mut world, ann, ben, eve) = talk();
    let both = ["ann>ben:green tea", "ben>ann:black tea"];
    assert_eq!(shown(&mut world, ann, "text=tea"), both);
    assert_eq!(shown(&mut world, ann, "text=tea;in=ben"), both);
    assert_eq!(shown(&mut world, ben, "text=tea;in=ann"), both);
    assert_eq!(shown(&mut world, ben, "text=tea").len(), 3);
    assert_eq!(shown(&mut world, ben, "text=tea;from=eve"), ["eve>ben:iced tea"]);
    assert_eq!(shown(&mut world, eve, "text=tea"), ["eve>ben:iced tea"]);
    assert_eq!(shown(&mut world, eve, "text=tea;in=ann"), [""; 0]);
    // Whom nobody knows is somebody with whom nothing was said.
    assert_eq!(shown(&mut world, eve, "in=nobody"), [""; 0]);
    world.promote(eve);
    world.hear_all();
    assert_eq!(shown(&mut world, eve, "text=tea").len(), 1, "an office opens no conversations of others");
}

/// A nickname proves nothing: who uses it is not who used it then.
#[test]
fn who_is_not_logged_in_finds_nothing_private() {
    let (mut world, ann, ..) = talk();
    let guest = world.user_with("guest", CAPS);
    world.say(guest, "PRIVMSG ann :tea?");
    world.hear_all();
    assert_eq!(shown(&mut world, guest, "text=tea"), [""; 0]);
    assert_eq!(world.ask(guest, "SEARCH in=ann;text=tea"), [NOT_FOUND]);
    // The account was party to it, and reads it.
    assert_eq!(shown(&mut world, ann, "text=tea;in=guest"), ["guest>ann:tea?"]);
    assert_eq!(shown(&mut world, ann, "text=tea").len(), 3);
    // Now the name means an account, with which nothing was said.
    world.cut(guest);
    world.add_account("guest");
    assert_eq!(shown(&mut world, ann, "text=tea").len(), 2);
    assert_eq!(shown(&mut world, ann, "text=tea;in=guest"), [""; 0]);
}

/// Messages are shown as in CHATHISTORY: with the names by which the two are known now.
#[test]
fn private_messages_are_shown_under_the_names_of_now() {
    let (mut world, ann, ben, _) = talk();
    world.say(ben, "NICK benjamin");
    world.say(ann, "NICK anna");
    world.hear_all();
    let of_account = ["anna>ben:green tea", "ben>anna:black tea"];
    assert_eq!(shown(&mut world, ann, "text=tea"), of_account);
    assert_eq!(shown(&mut world, ann, "text=tea;in=benjamin"), ["anna>benjamin:green tea", "benjamin>anna:black tea"]);
    // `from` is who it was then.
    assert_eq!(shown(&mut world, ann, "from=ben"), of_account[1..]);
}

/// Authorisation is asked again at the answer.
#[test]
fn who_is_suspended_or_somebody_else_when_the_answer_comes_sees_nothing_private() {
    for ending in ["suspended", "deleted", "another account"] {
        for attributes in ["text=tea", "text=tea;in=ben"] {
            let (mut world, ann, ..) = talk();
            world.are_reads_late = true;
            world.say(ann, &format!("SEARCH {attributes}"));
            let user = world.user_id(ann);
            match ending {
                "suspended" => world.suspend("ann"),
                "deleted" => world.delete("ann"),
                _ => {
                    world.add_account("cid");
                    world.chat.happen(&Presence::LoggedIn { user, account: "cid".into() }.into(), None, world.now);
                }
            }
            world.read();
            let lines = world.hear(ann);
            assert!(lines.iter().all(|line| !line.contains("PRIVMSG")), "{ending}: {lines:?}");
        }
    }
}

/// Rooms have the name that they have now.
#[test]
fn what_was_said_in_a_room_with_another_name_is_shown_in_the_room() {
    let (mut world, ann, ben) = tea();
    world.say(ann, "RENAME #tea #coffee");
    world.hear_all();
    let lines = world.ask(ben, "SEARCH text=black");
    assert!(lines[1].ends_with(" PRIVMSG #coffee :black tea"), "{lines:?}");
}
