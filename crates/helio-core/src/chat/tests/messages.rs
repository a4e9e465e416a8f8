//! PRIVMSG, NOTICE and TAGMSG: who gets them, what the author is told, and when.

use super::world::{Commits, Id, World};
use crate::chat::event::Said;
use crate::chat::state::RoomFlag;
use crate::irc::frame::LineBuffer;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

const NOTHING: [&str; 0] = [];

/// The first append that waits is answered.
fn answer_first(world: &mut World, is_kept: bool) {
    let (ticket, log, bytes) = world.appends.remove(0);
    if is_kept {
        world.logs.entry(log).or_default().push(bytes);
        world.chat.handle_committed(ticket, world.now);
    } else {
        world.chat.handle_commit_failed(ticket, ticket, world.now);
    }
    world.drain();
}

/// What was kept of everything said since [`room`].
fn kept(world: &World) -> Vec<Said> {
    let logs = world.logs.iter().filter(|(name, _)| *name != crate::chat::SETTINGS_LOG);
    let all = logs.flat_map(|(_, records)| records).map(|record| serde_json::from_slice(record).expect("a record"));
    all.filter(|said: &Said| said.lines.first().is_none_or(|line| line.text != "first")).collect()
}

/// Ann, who started #tea, and ben in it, with what they asked for.
fn room(anns: &str, bens: &str) -> (World, Id, Id) {
    let mut world = World::new();
    let ann = world.user_with("ann", anns);
    world.say(ann, "JOIN #tea");
    let ben = world.user_with("ben", bens);
    world.say(ben, "JOIN #tea");
    // The first message keeps the room, too; from then on each is one append.
    world.say(ann, "PRIVMSG #tea :first");
    world.hear_all();
    (world, ann, ben)
}

/// modern.ircdocs.horse "PRIVMSG": targets separated by commas; each is told once however often it is named.
#[test]
fn several_targets_each_once() {
    let (mut world, ann, ben) = room("", "");
    assert_eq!(world.ask(ann, "PRIVMSG ben,#tea,BEN,#TEA :hi"), NOTHING);
    assert_eq!(world.hear(ben), [":ann!ann@127.0.0.1 PRIVMSG ben :hi", ":ann!ann@127.0.0.1 PRIVMSG #tea :hi"]);
}

/// ERR_TOOMANYTARGETS: then nobody gets it.
#[test]
fn too_many_targets_get_nothing() {
    let (mut world, ann, ben) = room("", "");
    assert_eq!(world.ask(ann, "PRIVMSG ben,a,b,c,d :hi"), [":helio.local 407 ann d :Too many targets"]);
    assert_eq!(world.hear(ben), NOTHING);
}

#[test]
fn errors_have_their_numerics_and_notice_has_none() {
    let (mut world, ann, ben) = room("", "");
    world.say(ben, "PART #tea");
    world.hear_all();
    for (line, answer) in [
        ("PRIVMSG", ":helio.local 411 ben :No recipient given (PRIVMSG)"),
        ("PRIVMSG ann", ":helio.local 412 ben :No text to send"),
        ("PRIVMSG ann :", ":helio.local 412 ben :No text to send"),
        ("PRIVMSG nobody :hi", ":helio.local 401 ben nobody :No such nick/channel"),
        ("PRIVMSG #none :hi", ":helio.local 403 ben #none :No such channel"),
        ("PRIVMSG #tea :hi", ":helio.local 404 ben #tea :Cannot send to channel"),
        ("PRIVMSG @#tea :hi", ":helio.local 404 ben #tea :Cannot send to channel"),
        ("TAGMSG ann", ":helio.local 421 ben TAGMSG :Unknown command"),
    ] {
        assert_eq!(world.ask(ben, line), [answer], "{line}");
        if let Some(rest) = line.strip_prefix("PRIVMSG") {
            assert_eq!(world.ask(ben, &format!("NOTICE{rest}")), NOTHING, "RFC 1459 §4.4.2: no error for NOTICE{rest}");
        }
    }
    assert_eq!(world.hear(ann), NOTHING);
}

/// An ACK would say that it is on disk.
#[test]
fn a_labelled_notice_that_is_refused_is_told_so() {
    let (mut world, ann, _) = room("batch labeled-response", "");
    assert_eq!(
        world.ask(ann, "@label=x NOTICE nobody :hi"),
        ["@label=x :helio.local 401 ann nobody :No such nick/channel"]
    );
}

/// ISUPPORT STATUSMSG: of several prefixes the lowest counts.
#[test]
fn statusmsg_reaches_those_with_the_status() {
    let (mut world, ann, ben) = room("", "");
    let carl = world.member("carl", "#tea");
    world.say(carl, "PRIVMSG @#tea :help");
    world.say(carl, "PRIVMSG @+#TEA :help");
    assert_eq!(
        world.hear(ann),
        [":carl!carl@127.0.0.1 PRIVMSG @#tea :help", ":carl!carl@127.0.0.1 PRIVMSG +#tea :help"]
    );
    assert_eq!(world.hear(ben), NOTHING);
}

/// RPL_AWAY answers PRIVMSG, and NOTICE never.
#[test]
fn who_writes_to_somebody_away_is_told() {
    let (mut world, ann, ben) = room("", "");
    world.say(ben, "AWAY :at lunch");
    world.hear_all();
    assert_eq!(world.ask(ann, "PRIVMSG ben :hi"), [":helio.local 301 ann ben :at lunch"]);
    assert_eq!(world.ask(ann, "NOTICE ben :hi"), NOTHING);
    assert_eq!(world.hear(ben).len(), 2);
}

/// User mode R.
#[test]
fn who_wants_accounts_only_gets_no_message_without() {
    let (mut world, ann, ben) = room("", "");
    world.say(ben, "MODE ben +R");
    world.hear_all();
    assert_eq!(
        world.ask(ann, "PRIVMSG ben :hi"),
        [":helio.local 477 ann ben :You need to be identified to a registered account"]
    );
    assert_eq!(world.hear(ben), NOTHING);
}

/// Room mode C.
#[test]
fn a_room_may_refuse_ctcp_but_not_actions() {
    let (mut world, ann, ben) = room("", "");
    world.chat.state.rooms.get_mut("#tea").expect("the room").flags.insert(RoomFlag::NoCtcp);
    let refused = world.ask(ann, "PRIVMSG #tea :\u{1}VERSION\u{1}");
    assert_eq!(refused, [":helio.local 404 ann #tea :Cannot send CTCP to channel (+C)"]);
    assert_eq!(world.ask(ann, "PRIVMSG #tea :\u{1}ACTION waves\u{1}"), NOTHING);
    assert_eq!(world.hear(ben), [":ann!ann@127.0.0.1 PRIVMSG #tea :\u{1}ACTION waves\u{1}"]);
}

/// labeled-response: "the server MUST NOT include the label tag, except for any acknowledgment sent with echo-message".
#[test]
fn a_message_to_oneself_comes_twice_with_echo_and_once_without() {
    let mut world = World::new();
    let ann = world.user_with("ann", "batch echo-message labeled-response");
    let own = world.ask(ann, "@label=x PRIVMSG ann :hm");
    assert_eq!(own, [":ann!ann@127.0.0.1 PRIVMSG ann :hm", "@label=x :ann!ann@127.0.0.1 PRIVMSG ann :hm"]);
    let ben = world.user("ben");
    assert_eq!(world.ask(ben, "PRIVMSG ben :hm"), [":ben!ben@127.0.0.1 PRIVMSG ben :hm"]);
}

/// Without an echo the ACK is the promise: it waits for all that the command said.
#[test]
fn an_ack_waits_for_every_commit_of_its_command() {
    let (mut world, ann, ben) = room("batch labeled-response", "");
    world.commits = Commits::WhenTold;
    world.say(ann, "@label=x PRIVMSG #tea,ben :hi");
    assert_eq!(world.hear(ben).len(), 2, "others do not wait");
    answer_first(&mut world, true);
    assert_eq!(world.hear(ann), NOTHING);
    answer_first(&mut world, true);
    assert_eq!(world.hear(ann), ["@label=x :helio.local ACK"]);
}

/// Batch references differ from run to run of a test only by what was drawn before: they are replaced here.
fn unnamed(lines: Vec<String>) -> Vec<String> {
    let reference =
        lines.first().and_then(|line| line.split(" BATCH +").nth(1)).and_then(|rest| rest.split(' ').next());
    let Some(reference) = reference.map(ToString::to_string) else { return lines };
    let replace = |line: String| {
        let line = line.replace(&format!("batch={reference} "), "batch=B ");
        line.replace(&format!("+{reference}"), "+B").replace(&format!("-{reference}"), "-B")
    };
    lines.into_iter().map(replace).collect()
}

/// labeled-response: "exactly one logical message", whichever of several commits fail.
#[test]
fn failures_of_a_labelled_command_are_one_answer() {
    let (mut world, ann, _) = room("batch labeled-response standard-replies", "");
    let fail = |target: &str| {
        format!(":helio.local FAIL PRIVMSG MESSAGE_NOT_STORED {target} :Message was delivered but could not be stored")
    };
    for (kept, expected) in [
        ([true, true, false], [format!("@label=x {}", fail("ann"))].to_vec()),
        (
            [false, true, true],
            [
                "@label=x :helio.local BATCH +B labeled-response".into(),
                format!("@batch=B {}", fail("#tea")),
                ":helio.local BATCH -B".into(),
            ]
            .to_vec(),
        ),
        (
            [true, false, false],
            [
                "@label=x :helio.local BATCH +B labeled-response".into(),
                format!("@batch=B {}", fail("ben")),
                format!("@batch=B {}", fail("ann")),
                ":helio.local BATCH -B".into(),
            ]
            .to_vec(),
        ),
    ] {
        world.commits = Commits::WhenTold;
        world.say(ann, "@label=x PRIVMSG #tea,ben,ann :hi");
        kept.into_iter().for_each(|kept| answer_first(&mut world, kept));
        let heard = world.hear(ann).into_iter().filter(|line| !line.contains(" PRIVMSG ann :hi")).collect();
        assert_eq!(unnamed(heard), expected);
        world.commits = Commits::AtOnce;
        world.pass(Duration::from_secs(2));
        world.hear_all();
    }
}

#[test]
fn echoes_to_several_targets_are_a_batch_in_which_a_failure_has_its_place() {
    let (mut world, ann, _) = room("batch labeled-response standard-replies echo-message", "");
    world.commits = Commits::WhenTold;
    world.say(ann, "@label=x PRIVMSG #tea,ben,none :hi");
    answer_first(&mut world, false);
    answer_first(&mut world, true);
    assert_eq!(
        unnamed(world.hear(ann)),
        [
            "@label=x :helio.local BATCH +B labeled-response",
            "@batch=B :helio.local FAIL PRIVMSG MESSAGE_NOT_STORED #tea :Message was delivered but could not be stored",
            "@batch=B :ann!ann@127.0.0.1 PRIVMSG ben :hi",
            "@batch=B :helio.local 401 ann none :No such nick/channel",
            ":helio.local BATCH -B",
        ]
    );
}

/// Nothing was promised, yet the author learns that it is lost; without standard-replies as ERR_UNKNOWNERROR.
#[test]
fn who_asked_for_nothing_is_told_of_a_failure_too() {
    let (mut world, ann, ben) = room("", "standard-replies");
    world.commits = Commits::WhenTold;
    world.say(ann, "PRIVMSG #tea :hi");
    world.say(ann, "NOTICE #tea :hi");
    world.say(ben, "NOTICE #tea :ho");
    world.hear_all();
    world.fail();
    let lost = "Message was delivered but could not be stored";
    assert_eq!(world.hear(ann), [format!(":helio.local 400 ann PRIVMSG #tea :{lost}")]);
    assert_eq!(world.hear(ben), [format!(":helio.local FAIL NOTICE MESSAGE_NOT_STORED #tea :{lost}")]);
    let refused = "Nothing can be stored at present, try again later";
    assert_eq!(world.ask(ann, "PRIVMSG #tea :hi"), [format!(":helio.local 400 ann PRIVMSG :{refused}")]);
}

#[test]
fn messages_are_refused_through_failure_after_failure_until_a_probe_succeeds() {
    let (mut world, ann, ben) = room("", "");
    world.commits = Commits::WhenTold;
    world.say(ann, "PRIVMSG #tea :1");
    world.say(ann, "PRIVMSG #tea :2");
    answer_first(&mut world, false);
    answer_first(&mut world, false);
    assert_eq!(world.hear(ben).len(), 2, "others keep what they saw");
    world.commits = Commits::Fail;
    world.pass(Duration::from_secs(5));
    world.hear_all();
    assert_eq!(world.ask(ann, "PRIVMSG #tea :3").len(), 1);
    assert_eq!(world.hear(ben), NOTHING);
    world.commits = Commits::AtOnce;
    world.pass(Duration::from_secs(1));
    assert_eq!(world.ask(ann, "PRIVMSG #tea :4"), NOTHING);
    assert_eq!(kept(&world).iter().map(|said| said.lines[0].text.as_str()).collect::<Vec<_>>(), ["4"]);
}

/// The promise outlives the wish to go: ACK, then the end, and both after the commit.
#[test]
fn quitting_after_a_message_waits_for_its_acknowledgement() {
    for (caps, acknowledged) in [
        ("batch labeled-response", "@label=x :helio.local ACK"),
        ("batch labeled-response echo-message", "@label=x :ann!ann@127.0.0.1 PRIVMSG #tea :bye"),
    ] {
        let (mut world, ann, _) = room(caps, "");
        world.commits = Commits::WhenTold;
        world.say(ann, "@label=x PRIVMSG #tea :bye");
        world.say(ann, "QUIT");
        assert_eq!(world.hear(ann), NOTHING);
        assert!(!world.is_closed(ann));
        world.commit();
        let heard = world.hear(ann);
        assert_eq!(heard[0], acknowledged);
        assert!(heard[1].starts_with("ERROR "), "{heard:?}");
        assert!(world.is_closed(ann));
    }
}

/// The end of the program keeps what was promised, if the disk answers in time.
#[test]
fn the_end_of_the_service_waits_for_promises() {
    let (mut world, ann, ben) = room("batch labeled-response", "");
    world.commits = Commits::WhenTold;
    world.say(ann, "@label=x PRIVMSG #tea :last");
    world.chat.handle_stop(world.now);
    world.drain();
    assert!(world.is_closed(ben) && !world.is_closed(ann));
    world.commit();
    assert_eq!(world.hear(ann)[0], "@label=x :helio.local ACK");
    assert!(world.is_closed(ann));
}

#[test]
fn an_answer_for_a_connection_that_is_gone_reaches_nobody_else() {
    let (mut world, ann, ben) = room("batch labeled-response echo-message", "");
    world.commits = Commits::WhenTold;
    world.say(ann, "@label=x PRIVMSG #tea :1");
    world.say(ann, "PRIVMSG #tea :2");
    world.cut(ann);
    let next = world.connect();
    world.hear_all();
    answer_first(&mut world, true);
    answer_first(&mut world, false);
    assert_eq!(world.hear(next), NOTHING);
    assert_eq!(world.hear(ben), NOTHING);
}

/// typing: never kept, so its echo need not wait. react: kept like a message.
#[test]
fn reactions_are_kept_and_typing_is_not() {
    let (mut world, ann, ben) = room("message-tags echo-message", "message-tags");
    world.commits = Commits::WhenTold;
    let typing = world.ask(ann, "@+typing=active TAGMSG #tea");
    assert!(typing[0].ends_with(";+typing=active :ann!ann@127.0.0.1 TAGMSG #tea"), "{typing:?}");
    assert_eq!(world.hear(ben), typing);
    assert!(world.appends.is_empty());
    world.say(ann, "@+draft/react=👍;+draft/reply=abc;+typing=done TAGMSG #tea");
    assert_eq!(world.hear(ann), NOTHING);
    world.commit();
    assert_eq!(world.hear(ann), world.hear(ben));
    assert_eq!(kept(&world)[0].tags, "+draft/react=👍;+draft/reply=abc");
}

/// message-tags: client-only tags and TAGMSG go to those with the capability; other tags of clients to nobody.
#[test]
fn tags_are_for_those_who_asked_for_them() {
    let (mut world, ann, ben) = room("message-tags", "");
    let carl = world.user_with("carl", "message-tags");
    world.say(carl, "JOIN #tea");
    world.hear_all();
    world.say(ann, "@+a=1;msgid=forged;++no;+draft/reply=x TAGMSG #tea");
    world.say(ann, "@+a=1;time=forged PRIVMSG #tea :hi");
    assert_eq!(world.hear(ben), [":ann!ann@127.0.0.1 PRIVMSG #tea :hi"]);
    let heard = world.hear(carl);
    assert!(heard[0].ends_with(";+a=1;+draft/reply=x :ann!ann@127.0.0.1 TAGMSG #tea"), "{heard:?}");
    assert!(heard[1].ends_with(";+a=1 :ann!ann@127.0.0.1 PRIVMSG #tea :hi"), "{heard:?}");
    assert!(heard.iter().all(|line| line.starts_with("@msgid=") && !line.contains("forged")), "{heard:?}");
    world.say(ben, "@+a=1 PRIVMSG #tea :ho");
    assert!(world.hear(carl).iter().all(|line| !line.contains("+a")), "the capability enables their use");
}

/// What does not fit is cut between two characters, and the text that is kept is the one that was relayed.
#[test]
fn a_text_is_cut_once_for_all() {
    let (mut world, ann, ben) = room("echo-message", "");
    for text in ["ä".repeat(240), format!("x{}", "ä".repeat(240)), format!("\u{1}ACTION {}\u{1}", "y".repeat(480))] {
        world.say(ann, &format!("PRIVMSG #tea :{text}"));
        let heard = world.hear(ben);
        assert_eq!(world.hear(ann), heard);
        let relayed = heard[0].split_once(" :").map(|(_, text)| text.to_string()).expect("a text");
        assert!((508..=510).contains(&heard[0].len()), "{}", heard[0].len());
        assert_eq!(text.ends_with('\u{1}'), relayed.ends_with('\u{1}'));
        assert_eq!(kept(&world).last().expect("a record").lines[0].text, relayed);
    }
}

/// utf8-only: FAIL for what is not UTF-8. labeled-response: the label is in any response to the line.
#[test]
fn a_line_that_is_not_utf_8_is_refused_with_its_label() {
    let (mut world, ann, ben) = room("standard-replies labeled-response batch message-tags", "");
    world.say_bytes(ann, b"@label=u PRIVMSG #tea :\xff");
    let refusal = "FAIL PRIVMSG INVALID_UTF8 :Message is not valid UTF-8 and was rejected";
    assert_eq!(world.hear(ann), [format!("@label=u :helio.local {refusal}")]);
    assert_eq!(world.hear(ben), [] as [&str; 0]);
}

/// The same of ERR_INPUTTOOLONG.
#[test]
fn a_line_that_is_too_long_is_refused_with_its_label() {
    let line = format!("@label=x PRIVMSG #tea :{}\r\n", "y".repeat(limits::IRC_BODY));
    for (caps, refusal) in [
        ("labeled-response batch", "@label=x :helio.local 417 ann :Input line was too long"),
        ("", ":helio.local 417 ann :Input line was too long"),
    ] {
        let (mut world, ann, _) = room(caps, "");
        let error = LineBuffer::from_client().poll_line(&mut line.as_bytes()).unwrap().unwrap_err();
        world.chat.handle_bad_line(ann.0, error, world.now);
        world.drain();
        assert_eq!(world.hear(ann), [refusal], "{caps}");
    }
}

/// Whoever sends and ends its half of the connection reads its acknowledgement (`docs/chat.md`, "What "acknowledged" means").
#[test]
fn one_who_says_the_last_thing_and_half_closes_hears_its_echo_and_others_that_it_left() {
    let mut world = World::new();
    let ann = world.user_with("ann", "echo-message");
    world.say(ann, "JOIN #room");
    let bob = world.member("bob", "#room");
    world.commit();
    world.hear_all();
    world.commits = Commits::WhenTold;
    world.say(ann, "PRIVMSG #room :last words");
    world.half_close(ann);
    let left = world.hear(bob);
    assert!(left.last().is_some_and(|line| line.contains(" QUIT ")), "{left:?}");
    assert_eq!((world.hear(ann), world.is_closed(ann)), (Vec::new(), false));
    world.commit();
    let echo = world.hear(ann);
    assert!(echo.len() == 1 && echo[0].ends_with("PRIVMSG #room :last words"), "{echo:?}");
    assert!(world.is_closed(ann));
}

#[test]
fn one_who_waits_for_nothing_and_half_closes_is_closed_without_a_word() {
    let mut world = World::new();
    let ann = world.user("ann");
    world.half_close(ann);
    assert_eq!((world.hear(ann), world.is_closed(ann)), (Vec::new(), true));
}
