//! What those who come into a room are shown of what was said before.

use super::world::{Commits, Id, World};
use crate::chat::Settings;
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// Ann said something in #tea one hour ago.
fn room() -> (World, Id) {
    let mut world = World::new();
    world.chat.settings.ping_interval = Duration::from_secs(86_400);
    let ann = world.member("ann", "#tea");
    world.say(ann, "PRIVMSG #tea :hot");
    world.say(ann, "PRIVMSG #tea :\u{1}ACTION pours\u{1}");
    world.pass(Duration::from_secs(3_600));
    world.hear_all();
    (world, ann)
}

/// What the JOIN of somebody new with `caps` shows after the end of the names.
fn shown(world: &mut World, nick: &str, caps: &str) -> Vec<String> {
    let id = world.user_with(nick, caps);
    shown_to(world, id)
}

fn shown_to(world: &mut World, id: Id) -> Vec<String> {
    world.ask(id, "JOIN #tea").into_iter().filter(|line| line.contains("ann!") || line.contains("BATCH")).collect()
}

#[test]
fn each_client_is_told_the_time_in_the_way_it_knows() {
    let (mut world, _) = room();
    assert_eq!(
        shown(&mut world, "ben", ""),
        [
            ":ann!ann@127.0.0.1 PRIVMSG #tea :[2026-11-22 11:08:40] hot",
            ":ann!ann@127.0.0.1 PRIVMSG #tea :\u{1}ACTION [2026-11-22 11:08:40] pours\u{1}",
        ]
    );
    let timed = shown(&mut world, "carl", "server-time");
    assert_eq!(timed[0], "@time=2026-11-22T11:08:40.000Z :ann!ann@127.0.0.1 PRIVMSG #tea :hot");
    let batch = shown(&mut world, "dora", "server-time batch message-tags");
    let reference =
        batch[0].strip_prefix(":helio.local BATCH +").and_then(|rest| rest.strip_suffix(" chathistory #tea"));
    let reference = reference.expect("a batch of history").to_string();
    assert!(batch[1].starts_with(&format!("@batch={reference};time=2026-11-22T11:08:40.000Z;msgid=")), "{batch:?}");
    assert_eq!(batch[3], format!(":helio.local BATCH -{reference}"));
}

#[test]
fn what_was_just_said_needs_no_time() {
    let (mut world, ann) = room();
    world.say(ann, "PRIVMSG #tea :now");
    let shown = shown(&mut world, "ben", "");
    assert_eq!(shown.last().map(String::as_str), Some(":ann!ann@127.0.0.1 PRIVMSG #tea :now"));
}

/// labeled-response: the batch of history is in the batch of the answer.
#[test]
fn a_labelled_join_has_it_inside() {
    let (mut world, _) = room();
    let ben = world.user_with("ben", "batch labeled-response");
    let lines = world.ask(ben, "@label=x JOIN #tea");
    let outer = lines[0].split("BATCH +").nth(1).and_then(|rest| rest.split(' ').next()).expect("a batch").to_string();
    let inner = lines.iter().find(|line| line.contains("chathistory")).expect("history");
    assert!(inner.starts_with(&format!("@batch={outer} ")), "{lines:?}");
    assert_eq!(lines.last(), Some(&format!(":helio.local BATCH -{outer}")));
}

/// A STATUSMSG was not for everybody; a reaction is nothing without message-tags.
#[test]
fn only_what_everybody_could_see_is_shown() {
    let mut world = World::new();
    let ann = world.user_with("ann", "message-tags");
    world.say(ann, "JOIN #tea");
    world.say(ann, "PRIVMSG @#tea :secret");
    world.say(ann, "@+draft/react=x TAGMSG #tea");
    assert_eq!(shown(&mut world, "ben", ""), [] as [&str; 0]);
    let tagged = shown(&mut world, "carl", "message-tags");
    assert_eq!(tagged.len(), 1);
    assert!(tagged[0].contains("+draft/react=x"), "{tagged:?}");
}

#[test]
fn it_is_bounded_in_number_age_and_bytes() {
    let mut settings = Settings::new("heliograph-test");
    settings.replay.messages = 3;
    let mut world = World::with(settings);
    let ann = world.user_with("ann", "batch draft/multiline");
    world.say(ann, "JOIN #tea");
    for number in 0..6 {
        world.say(ann, &format!("PRIVMSG #tea :{number}"));
    }
    let texts =
        |lines: Vec<String>| lines.iter().filter_map(|line| line.rsplit(':').next()).collect::<Vec<_>>().join(" ");
    let ben = world.user_with("ben", "server-time");
    assert_eq!(texts(shown_to(&mut world, ben)), "3 4 5");
    world.chat.settings.replay.messages = 100;
    for _ in 0..60 {
        world.say(ann, "BATCH +1 draft/multiline #tea");
        for _ in 0..limits::CHAT_MULTILINE_LINES {
            world.say(ann, "@batch=1 PRIVMSG #tea :twelve bytes");
        }
        world.say(ann, "BATCH -1");
    }
    world.hear_all();
    let carl = world.user("carl");
    let bytes: usize = world.ask(carl, "JOIN #tea").iter().map(|line| line.len() + 2).sum();
    assert!((limits::CHAT_REPLAY_BYTES / 2..limits::CHAT_REPLAY_BYTES + 2_000).contains(&bytes), "{bytes}");
    world.pass(world.chat.settings.replay.age + Duration::from_secs(1));
    let dora = world.user_with("dora", "server-time");
    assert_eq!(texts(shown_to(&mut world, dora)), "");
}

#[test]
fn a_record_that_cannot_be_read_is_left_out() {
    let (mut world, _) = room();
    for (_, log) in world.logs.iter_mut().filter(|(name, _)| name.starts_with("room/")) {
        log.insert(1, b"{\"msgid\":".to_vec());
        log.insert(0, Vec::new());
    }
    assert_eq!(shown(&mut world, "ben", "").len(), 2);
}

/// The records come late: live messages wait behind them, and none is shown twice.
#[test]
fn it_ends_before_what_is_said_meanwhile() {
    let (mut world, ann) = room();
    let ben = world.user_with("ben", "server-time");
    world.are_reads_late = true;
    world.say(ben, "JOIN #tea");
    world.hear_all();
    world.say(ann, "PRIVMSG #tea :live");
    assert_eq!(world.hear(ben), [] as [&str; 0]);
    world.read();
    let texts: Vec<String> =
        world.hear(ben).iter().map(|line| line.rsplit(':').next().unwrap_or_default().into()).collect();
    assert_eq!(texts, ["hot", "\u{1}ACTION pours\u{1}", "live"]);
}

#[test]
fn who_left_meanwhile_is_shown_nothing() {
    let (mut world, _) = room();
    let ben = world.user("ben");
    world.are_reads_late = true;
    world.say(ben, "JOIN #tea");
    world.say(ben, "PART #tea");
    world.read();
    assert!(world.hear(ben).iter().all(|line| !line.contains("hot")));
    world.say(ben, "JOIN #tea");
    world.say(ben, "PART #tea");
    world.say(ben, "JOIN #tea");
    world.read();
    assert_eq!(world.hear(ben).iter().filter(|line| line.contains("hot")).count(), 1, "once, though asked twice");
    world.say(ben, "PART #tea");
    world.say(ben, "JOIN #tea");
    world.cut(ben);
    world.read();
}

/// Of several reads for the same session and room the newest counts; those for others and for other rooms are their own.
#[test]
fn who_came_back_often_is_shown_it_once_and_others_too() {
    let (mut world, ann) = room();
    world.say(ann, "JOIN #cup");
    world.say(ann, "PRIVMSG #cup :hot too");
    let (ben, carl) = (world.user("ben"), world.user("carl"));
    world.are_reads_late = true;
    world.say(carl, "JOIN #tea,#cup");
    for _ in 0..3 {
        world.say(ben, "JOIN #tea,#cup");
        world.say(ben, "PART #tea,#cup");
        world.chat.check_bounds();
    }
    world.say(ben, "JOIN #tea,#cup");
    assert_eq!(world.late_reads.len(), 10);
    world.read();
    world.chat.check_bounds();
    for id in [ben, carl] {
        assert_eq!(world.hear(id).iter().filter(|line| line.contains("hot")).count(), 2, "one in each room");
    }
}

#[test]
fn a_new_room_has_nothing_to_show_and_nothing_is_read() {
    let mut world = World::new();
    world.are_reads_late = true;
    let ann = world.user("ann");
    world.say(ann, "JOIN #tea");
    assert!(world.late_reads.is_empty());
}

#[test]
fn a_message_that_is_not_kept_is_not_shown() {
    let (mut world, ann) = room();
    world.commits = Commits::Fail;
    world.say(ann, "PRIVMSG #tea :lost");
    assert!(shown(&mut world, "ben", "").iter().all(|line| !line.contains("lost")));
}
