//! LIST.

use super::world::World;
use crate::limits;
use alloc::format;
use core::time::Duration;

fn rooms(world: &mut World, count: usize) {
    for n in 0..count {
        let record = format!(r##"{{"event":"created","id":"r{n}","name":"#room-{n}","at_us":0}}"##);
        world.chat.handle_restored(record.as_bytes(), world.now).expect("a record");
    }
}

#[test]
fn rooms_are_listed_with_members_and_topic_and_secret_ones_are_not() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "TOPIC #tea :green");
    world.say(ada, "JOIN #dark");
    world.say(ada, "MODE #dark +s");
    world.hear_all();
    let ben = world.user("ben");
    assert_eq!(
        world.ask(ben, "LIST"),
        [
            ":helio.local 321 ben Channel :Users  Name",
            ":helio.local 322 ben #tea 1 :green",
            ":helio.local 323 ben :End of /LIST",
        ]
    );
    assert_eq!(world.ask(ada, "LIST #dark,#nowhere")[1], ":helio.local 322 ada #dark 1 :");
}

/// ISUPPORT ELIST=CMNTU; ages are in minutes.
#[test]
fn every_condition_of_elist() {
    let mut world = World::new();
    let ada = world.member("ada", "#old");
    world.say(ada, "TOPIC #old :x");
    for _ in 0..6 {
        world.pass(Duration::from_secs(100));
        world.say(ada, "PONG :");
    }
    world.say(ada, "JOIN #new");
    world.hear_all();
    let _ben = world.member("ben", "#new");
    for (conditions, names) in [
        (">1", "#new"),
        ("<2", "#old"),
        ("C<5", "#new"),
        ("C>5", "#old"),
        ("T>5", "#old"),
        ("T<5", ""),
        ("#n*", "#new"),
        ("!#n*", "#old"),
        ("#n*,>5", ""),
    ] {
        let heard = world.ask(ada, &format!("LIST {conditions}"));
        let listed: alloc::vec::Vec<_> =
            heard[1..heard.len() - 1].iter().map(|l| l.split(' ').nth(3).unwrap()).collect();
        assert_eq!(listed.join(","), names, "{conditions}");
    }
}

/// standard-replies: the context is for programs, and FAIL for those who asked for it.
#[test]
fn a_condition_that_is_none_is_named() {
    let mut world = World::new();
    let (ada, ben) = (world.user("ada"), world.user_with("ben", "standard-replies"));
    for conditions in [">x", "#tea,>x,<y"] {
        let line = format!("LIST {conditions}");
        assert_eq!(world.ask(ada, &line), [":helio.local 400 ada LIST >x :Invalid parameters"]);
        assert_eq!(world.ask(ben, &line), [":helio.local FAIL LIST INVALID_PARAMS >x :Invalid parameters"]);
    }
    let heard = world.ask(ben, "LIST :>many words");
    assert_eq!(heard, [":helio.local FAIL LIST INVALID_PARAMS >many_words :Invalid parameters"], "one word");
    let line = format!("LIST {}#last", "#tea,".repeat(limits::IRC_LIST_FILTERS));
    for id in [ada, ben] {
        let heard = world.ask(id, &line);
        assert!(heard.len() == 1 && heard[0].contains(" 407 ") && heard[0].contains(" #last :"), "{heard:?}");
    }
}

/// ISUPPORT SAFELIST: a list larger than the queue reaches a client that reads, and one that does not is not closed.
#[test]
fn a_list_longer_than_the_queue_comes_in_parts() {
    let mut world = World::new();
    rooms(&mut world, 10_000);
    let ada = world.user("ada");
    let session = ada.0;
    world.chat.handle_line(session, b"LIST", world.now);
    let queued = world.chat.output(session).unwrap().bytes.len();
    assert!(queued > 0 && queued < limits::CHAT_ANSWER_QUEUE + limits::IRC_BODY, "{queued}");
    world.chat.handle_line(session, b"LIST", world.now);
    world.drain();
    world.pass(Duration::from_millis(1));
    let heard = world.hear(ada);
    assert_eq!(heard.iter().filter(|line| line.contains(" 322 ")).count(), 10_000);
    assert_eq!(heard.iter().filter(|line| line.contains(" 263 ada LIST ")).count(), 1, "one at a time");
    assert_eq!(heard.last().unwrap(), ":helio.local 323 ada :End of /LIST");
}

/// Others get their turn while many rooms are looked at in vain.
#[test]
fn a_list_that_finds_nothing_does_not_hold_up_others() {
    let mut world = World::new();
    rooms(&mut world, limits::CHAT_ANSWER_STEP * 3);
    let ada = world.user("ada");
    assert_eq!(world.ask(ada, "LIST #nothing").len(), 1, "it goes on later");
    world.pass(Duration::from_millis(1));
    assert_eq!(world.hear(ada), [":helio.local 323 ada :End of /LIST"]);
}

/// The run-loop contract's drain ends, and the next part is due at once: a client that takes everything as it comes gets
/// one part in each turn.
#[test]
fn a_list_that_is_taken_as_it_comes_leaves_others_their_turns() {
    let mut world = World::new();
    rooms(&mut world, limits::CHAT_ANSWER_STEP * 4);
    let ada = world.user("ada");
    let mut turns = 0;
    let mut heard = world.ask(ada, "LIST");
    while !heard.last().is_some_and(|line| line.contains(" 323 ")) {
        assert!((1..=limits::CHAT_ANSWER_STEP + 1).contains(&heard.len()), "{} lines in one turn", heard.len());
        assert!(world.chat.poll_timeout().is_some_and(|at| at <= world.now.mono), "its next turn is now");
        world.chat.handle_timeout(world.now);
        world.drain();
        heard = world.hear(ada);
        turns += 1;
    }
    assert!(turns >= 3, "{turns}");
}

/// labeled-response: all lines of the answer are in one batch, however late they are.
#[test]
fn a_labelled_list_is_one_batch() {
    let mut world = World::new();
    rooms(&mut world, limits::CHAT_ANSWER_STEP + 1);
    let ada = world.user_with("ada", "batch labeled-response");
    world.say(ada, "@label=x LIST");
    world.pass(Duration::from_millis(1));
    let heard = world.hear(ada);
    let reference =
        heard[0].strip_prefix("@label=x :helio.local BATCH +").unwrap().strip_suffix(" labeled-response").unwrap();
    assert_eq!(heard.last().unwrap(), &format!(":helio.local BATCH -{reference}"));
    let tag = format!("@batch={reference} ");
    assert!(heard[1..heard.len() - 1].iter().all(|line| line.starts_with(&tag)));
    assert_eq!(heard.len(), limits::CHAT_ANSWER_STEP + 1 + 4);
}
