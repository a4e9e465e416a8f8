//! Answers that may be larger than a queue: to NAMES, WHO and JOIN. LIST has its own tests beside these.

use super::world::{Id, World};
use crate::chat::Settings;
use crate::chat::event::Presence;
use crate::chat::state::Statuses;
use crate::limits;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// So many that their names alone are more than the least queue.
const MANY: usize = 1_200;

/// The least queue that can be set, and a room with many in it.
fn crowd(room: &str) -> World {
    let mut world = World::with(Settings { send_queue: limits::CHAT_SENDQ_MIN, ..World::settings() });
    let first = world.user("first");
    world.say(first, &format!("JOIN {room}"));
    for n in 0..MANY {
        let id = world.user(&format!("a-long-nickname-of-someone-{n}"));
        enter(&mut world, id, room);
    }
    world
}

/// Without telling the others.
fn enter(world: &mut World, id: Id, room: &str) {
    let user = world.user_id(id);
    let event = Presence::Joined { user, room: room.into(), statuses: Statuses::NONE, session: None };
    world.chat.state.apply(&event.into(), world.now);
}

/// Says a line to which the client reads no answer yet.
fn say_unread(world: &mut World, id: Id, line: &str) {
    world.chat.handle_line(id.0, line.as_bytes(), world.now);
    let queued = world.chat.sessions.get(id.0).map_or(0, |session| session.out.len());
    assert!(queued <= limits::CHAT_SENDQ_MIN / 2, "{queued} bytes after {line}");
}

fn hear_rest(world: &mut World, id: Id) -> Vec<String> {
    world.drain();
    world.pass(Duration::from_millis(1));
    world.hear(id)
}

/// Those of the crowd who are named, as often as they are. A line of WHO says a name several times.
fn named(lines: &[String]) -> Vec<&str> {
    lines.iter().flat_map(|line| names_in(line)).collect()
}

fn names_in(line: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        line.split([' ', ':', '!', '@']).filter(|word| word.starts_with("a-long-nickname-of-")).collect();
    if !line.contains(" 353 ") {
        names.dedup();
    }
    names
}

fn assert_each_once(lines: &[String]) {
    let named = named(lines);
    assert_eq!(named.len(), MANY, "nobody is missing");
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), MANY, "nobody comes twice");
}

/// "SendQ exceeded" is for those who do not read, not for those who ask.
#[test]
fn an_answer_larger_than_the_queue_reaches_a_client_that_reads() {
    let mut world = crowd("#tea");
    let eve = world.user_with("eve", "userhost-in-names");
    for (question, end) in [
        ("NAMES #tea", ":helio.local 366 eve #tea :End of /NAMES list"),
        ("WHO #tea", ":helio.local 315 eve #tea :End of WHO list"),
        ("WHO a-long*", ":helio.local 315 eve a-long* :End of WHO list"),
        ("WHO #tea %ncshf", ":helio.local 315 eve #tea :End of WHO list"),
        ("JOIN #tea", ":helio.local 366 eve #tea :End of /NAMES list"),
    ] {
        say_unread(&mut world, eve, question);
        let heard = hear_rest(&mut world, eve);
        assert_each_once(&heard);
        assert_eq!(heard.last().map(String::as_str), Some(end), "{question}");
        world.chat.check_bounds();
    }
    assert!(!world.is_closed(eve));
}

/// A drain ends after a part: the others of a large answer have turns of their own.
#[test]
fn a_client_that_takes_all_as_it_comes_gets_a_part_each_turn() {
    let mut world = crowd("#tea");
    let eve = world.user("eve");
    for question in ["NAMES #tea", "WHO #tea", "WHO *"] {
        let mut parts = [world.ask(eve, question)].to_vec();
        while !parts.last().is_some_and(|part| part.last().is_some_and(|line| line.contains(" :End of "))) {
            assert!(world.chat.poll_timeout().is_some_and(|at| at <= world.now.mono), "its next turn is now");
            world.chat.handle_timeout(world.now);
            world.drain();
            parts.push(world.hear(eve));
        }
        assert!(parts.iter().all(|part| named(part).len() <= limits::CHAT_ANSWER_STEP), "{question}");
        assert_each_once(&parts.concat());
    }
}

#[test]
fn those_who_stay_are_told_once_whoever_comes_and_goes_meanwhile() {
    for (question, code) in [("NAMES #tea", " 353 "), ("WHO #tea", " 352 "), ("WHO *", " 352 ")] {
        let mut world = crowd("#tea");
        let eve = world.user("eve");
        say_unread(&mut world, eve, question);
        let zoe = world.user("zoe");
        world.say(zoe, "JOIN #tea");
        let last =
            world.chat.state.user_named("a-long-nickname-of-someone-1199").expect("a user").sessions.as_slice()[0];
        world.cut(Id(last));
        let first = world.chat.state.user_named("first").expect("a user").sessions.as_slice()[0];
        world.say(Id(first), "NICK second");
        let heard = hear_rest(&mut world, eve);
        let shown: Vec<String> = heard.into_iter().filter(|line| line.contains(code)).collect();
        let named = named(&shown);
        assert_eq!((named.len(), named.iter().collect::<BTreeSet<_>>().len()), (MANY - 1, MANY - 1), "{question}");
        assert!(shown.iter().any(|line| line.contains("zoe")), "who comes is behind all others");
    }
}

/// "Invisible": only those who are in a room with the one who asks, in every part of the answer.
#[test]
fn of_invisible_people_those_who_are_near_are_shown_in_every_part() {
    let mut world = crowd("#tea");
    let eve = world.member("eve", "#cup");
    world.say(eve, "JOIN #pot");
    let mut near = Vec::new();
    for n in 0..MANY {
        let nick = format!("a-long-nickname-of-someone-{n}");
        let id = Id(world.chat.state.user_named(&nick).expect("a user").sessions.as_slice()[0]);
        world.say(id, &format!("MODE {nick} +i"));
        if n % 7 == 0 {
            enter(&mut world, id, if n % 2 == 0 { "#cup" } else { "#pot" });
            near.push(nick);
        }
    }
    world.hear_all();
    say_unread(&mut world, eve, "WHO *");
    let heard = hear_rest(&mut world, eve);
    assert_eq!(named(&heard), near, "in the order in which they came");
    assert!(heard.iter().any(|line| line.contains(" first ")), "who does not hide");
}

/// The room goes on under another identity, or is hidden: what is left of the answer is its end.
#[test]
fn a_room_that_is_hidden_meanwhile_shows_no_more() {
    for (question, end) in [("NAMES #tea", " 366 eve #tea "), ("WHO #tea", " 315 eve #tea ")] {
        let mut world = crowd("#tea");
        let eve = world.user("eve");
        say_unread(&mut world, eve, question);
        let first = Id(world.chat.state.user_named("first").expect("a user").sessions.as_slice()[0]);
        world.say(first, "MODE #tea +s");
        let heard = hear_rest(&mut world, eve);
        assert!((1..MANY).contains(&named(&heard).len()), "{question}");
        assert!(heard.last().is_some_and(|line| line.contains(end)), "{:?}", heard.last());
    }
}

/// labeled-response: one batch for all that a command is answered, in whatever parts; what else is told is not in it.
#[test]
fn a_labelled_answer_in_parts_is_one_batch() {
    let mut world = crowd("#tea");
    let first = Id(world.chat.state.user_named("first").expect("a user").sessions.as_slice()[0]);
    world.say(first, "JOIN #cup");
    world.chat.sessions.ids().into_iter().for_each(|id| enter(&mut world, Id(id), "#cup"));
    let eve = world.user_with("eve", "batch labeled-response");
    say_unread(&mut world, eve, "@label=x JOIN #tea,#cup");
    say_unread(&mut world, eve, "@label=y PING 1");
    let heard = hear_rest(&mut world, eve);
    let begin = heard[0].strip_prefix("@label=x :helio.local BATCH +").and_then(|rest| rest.split(' ').next());
    let reference = begin.expect("a batch").to_string();
    let tag = format!("@batch={reference} ");
    let (inside, outside): (Vec<_>, Vec<_>) = heard.iter().partition(|line| line.starts_with(&tag));
    assert_eq!(inside.iter().filter(|line| line.contains(" 366 ")).count(), 2);
    assert_eq!(named(&inside.into_iter().cloned().collect::<Vec<_>>()).len(), 2 * MANY);
    let pong = "@label=y :helio.local PONG helio.local :1";
    assert_eq!(outside, [heard[0].as_str(), pong, &format!(":helio.local BATCH -{reference}")]);
    assert_eq!(heard.last(), outside.last().copied());
}

/// However full the queue is, the answer to a label begins its batch.
#[test]
fn a_labelled_question_for_which_there_is_no_place_is_one_batch_too() {
    let mut world = crowd("#tea");
    let eve = world.user_with("eve", "batch labeled-response");
    say_unread(&mut world, eve, "@label=x WHO #tea");
    say_unread(&mut world, eve, "@label=y NAMES #nowhere");
    let heard = hear_rest(&mut world, eve);
    let at = heard.iter().position(|line| line.starts_with("@label=y ")).expect("an answer");
    let reference = heard[at].split(['+', ' ']).nth(4).expect("a batch").to_string();
    let [.., names, end] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(*names, format!("@batch={reference} :helio.local 366 eve #nowhere :End of /NAMES list"));
    assert_eq!(*end, format!(":helio.local BATCH -{reference}"));
}

#[test]
fn answers_come_in_the_order_of_their_questions_and_small_ones_at_once() {
    let mut world = crowd("#tea");
    let eve = world.user("eve");
    say_unread(&mut world, eve, "WHO #tea");
    say_unread(&mut world, eve, "NAMES #tea");
    say_unread(&mut world, eve, "WHO first");
    let heard = hear_rest(&mut world, eve);
    let ends = heard.iter().filter(|line| line.contains(" :End of ")).map(|line| line.split(' ').nth(1).unwrap());
    assert_eq!(ends.collect::<Vec<_>>(), ["315", "366", "315"]);
    for _ in 0..200 {
        world.chat.handle_line(eve.0, format!("PING :{}", "x".repeat(100)).as_bytes(), world.now);
    }
    say_unread(&mut world, eve, "WHO first");
    world.drain();
    assert!(world.hear(eve).last().is_some_and(|line| line.contains(" 315 ")), "above the mark of large answers");
}

#[test]
fn too_many_questions_hold_the_client_back_and_then_are_refused() {
    let mut world = crowd("#tea");
    let eve = world.user("eve");
    for asked in 0..limits::CHAT_ANSWERS {
        assert_eq!(world.chat.is_behind(eve.0), asked >= limits::CHAT_ANSWERS / 2, "{asked}");
        say_unread(&mut world, eve, "WHO #tea");
    }
    say_unread(&mut world, eve, "WHO #tea");
    say_unread(&mut world, eve, "NAMES #tea");
    world.chat.check_bounds();
    world.drain();
    let heard = world.hear(eve);
    let refused: Vec<&String> = heard.iter().filter(|line| line.contains(" 263 ")).collect();
    let refusal = |verb| format!(":helio.local 263 eve {verb} :Please wait a while and try again.");
    assert_eq!(refused, [&refusal("WHO"), &refusal("NAMES")]);
    world.say(eve, "QUIT");
    world.chat.check_bounds();
}
