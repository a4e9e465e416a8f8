//! The model alone: order, bounds, gaps, reactions, what is unread.

use super::*;
use crate::chat::client::event::Kind;
use crate::time::Utc;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

fn at(second: i64) -> Utc {
    Utc::from_micros(second * 1_000_000)
}

/// Something that Ben said, which the server calls `m<number>`.
fn said(desk: &mut Desk, number: i64) -> Entry {
    let what = What::Said(Said { kind: Kind::Message, lines: vec![format!("text {number}")] });
    let msgid = Some(format!("m{number}"));
    Entry { msgid, ..Entry::new(desk.next_entry(), at(number), "ben", what) }
}

fn tea(desk: &mut Desk) -> BufferId {
    desk.open("#tea", BufferKind::Room)
}

fn push(desk: &mut Desk, id: BufferId, number: i64) -> bool {
    let entry = said(desk, number);
    desk.buffer_mut(id).unwrap().push(entry)
}

fn fetch(desk: &mut Desk, id: BufferId, numbers: &[i64]) -> usize {
    let fetched = numbers.iter().map(|number| said(desk, *number)).collect();
    desk.buffer_mut(id).unwrap().insert_earlier(fetched)
}

fn msgids(desk: &Desk, id: BufferId) -> Vec<&str> {
    desk.buffer(id).unwrap().entries().map(|entry| entry.msgid.as_deref().unwrap_or("-")).collect()
}

fn names(desk: &Desk) -> Vec<&str> {
    desk.buffers().iter().map(|buffer| buffer.name.as_str()).collect()
}

#[test]
fn buffers_have_a_stable_order_and_one_is_looked_at() {
    let mut desk = Desk::new("ada");
    let [zoe, tea, ops] = [("zoe", BufferKind::Private), ("#tea", BufferKind::Room), ("#Ops", BufferKind::Room)]
        .map(|(name, kind)| desk.open(name, kind));
    assert_eq!(names(&desk), ["", "#Ops", "#tea", "zoe"]);
    assert_eq!(desk.open("#OPS", BufferKind::Room), ops);
    assert_eq!(desk.current().kind(), BufferKind::Server);
    assert!(desk.show(ops));
    desk.close(ops);
    assert_eq!((desk.current().id(), desk.show(ops)), (tea, false));
    desk.rename(tea, "#zz");
    desk.show(zoe);
    desk.close(zoe);
    assert_eq!((names(&desk), desk.current().name.as_str()), (vec!["", "#zz"], "#zz"));
    desk.close(desk.buffers()[0].id());
    assert_eq!(names(&desk), ["", "#zz"], "the server's stays");
}

#[test]
fn somebody_who_takes_the_name_of_another_conversation_takes_its_place() {
    let mut desk = Desk::new("ada");
    let (ben, zoe) = (desk.open("ben", BufferKind::Private), desk.open("zoe", BufferKind::Private));
    desk.show(zoe);
    desk.rename(ben, "Zoe");
    assert_eq!((names(&desk), desk.current().id()), (vec!["", "Zoe"], ben));
}

/// The bound on conversations: the one without anything for longest closes, but not the one that is looked at.
#[test]
fn of_too_many_conversations_the_idlest_closes() {
    let mut desk = Desk::new("ada");
    for number in 0..limits::CHAT_DESK_PRIVATE {
        desk.open(&format!("n{number}"), BufferKind::Private);
    }
    let first = desk.named("n0").unwrap().id();
    desk.show(first);
    desk.open("n1", BufferKind::Private);
    desk.open("one more", BufferKind::Private);
    assert!(desk.named("n2").is_none() && desk.named("n0").is_some() && desk.named("n1").is_some());
    assert_eq!(desk.buffers().len(), limits::CHAT_DESK_PRIVATE + 1);
}

/// The bound on rooms: those that we are in stay.
#[test]
fn of_too_many_rooms_one_that_we_are_not_in_closes() {
    let mut desk = Desk::new("ada");
    for number in 0..limits::CHAT_DESK_ROOMS {
        let id = desk.open(&format!("#r{number}"), BufferKind::Room);
        desk.buffer_mut(id).unwrap().is_joined = number == 0;
    }
    desk.open("#one-more", BufferKind::Room);
    assert!(desk.named("#r0").is_some() && desk.named("#r1").is_none());
    assert_eq!(desk.buffers().len(), limits::CHAT_DESK_ROOMS + 1);
}

#[test]
fn what_waits_comes_last_and_takes_its_place_when_the_server_has_it() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    push(&mut desk, id, 1);
    let mine = Entry { msgid: None, delivery: Some(Delivery::Sent), is_mine: true, ..said(&mut desk, 2) };
    let mine_id = mine.id;
    desk.buffer_mut(id).unwrap().push_pending(mine);
    push(&mut desk, id, 3);
    assert_eq!(msgids(&desk, id), ["m1", "m3", "-"]);
    let buffer = desk.buffer_mut(id).unwrap();
    buffer.accepted(mine_id, Some("m4".to_string()), at(4));
    assert_eq!((buffer.entry(mine_id).unwrap().delivery.clone(), buffer.has_pending()), (None, false));
    assert_eq!(msgids(&desk, id), ["m1", "m3", "m4"]);
    assert!(!push(&mut desk, id, 4), "it is here already");
}

/// What was missed goes between what was here and what came since, page by page from its end.
#[test]
fn a_gap_is_filled_from_behind_and_nothing_is_there_twice() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    (1..=2).for_each(|number| assert!(push(&mut desk, id, number)));
    desk.buffer_mut(id).unwrap().open_gap();
    push(&mut desk, id, 8);
    assert_eq!(fetch(&mut desk, id, &[6, 7, 8]), 2);
    push(&mut desk, id, 9);
    let buffer = desk.buffer(id).unwrap();
    assert!(buffer.is_before_gap("m2") && !buffer.is_before_gap("m6") && !buffer.is_before_gap("m5"));
    assert_eq!(fetch(&mut desk, id, &[2, 3, 4, 5]), 3);
    assert_eq!(desk.buffer_mut(id).unwrap().close_gap(), 2);
    assert_eq!(fetch(&mut desk, id, &[-1, 0]), 2);
    assert_eq!(msgids(&desk, id), ["m-1", "m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"]);
}

/// What the history has of what came live meanwhile, and of what came live later, is in the order of the history.
#[test]
fn history_and_what_comes_live_are_merged() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    desk.buffer_mut(id).unwrap().open_gap();
    (4..=4).for_each(|number| assert!(push(&mut desk, id, number)));
    assert_eq!(fetch(&mut desk, id, &[3, 4, 5]), 2);
    assert!(!push(&mut desk, id, 5) && push(&mut desk, id, 6));
    assert_eq!(msgids(&desk, id), ["m3", "m4", "m5", "m6"]);
}

/// A gap that was not filled when the next one opens is one with it: what came into it is fetched again.
#[test]
fn gaps_do_not_add_up() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    push(&mut desk, id, 1);
    desk.buffer_mut(id).unwrap().open_gap();
    push(&mut desk, id, 4);
    desk.buffer_mut(id).unwrap().open_gap();
    assert_eq!(msgids(&desk, id), ["m1"]);
    assert_eq!(fetch(&mut desk, id, &[1, 2, 3, 4]), 3);
    assert_eq!(msgids(&desk, id), ["m1", "m2", "m3", "m4"]);
}

#[test]
fn what_the_server_has_no_more_was_taken_back() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    (1..=4).for_each(|number| assert!(push(&mut desk, id, number)));
    let buffer = desk.buffer_mut(id).unwrap();
    buffer.open_gap();
    buffer.redact_missing(&["m2", "m4", "m5"]);
    let gone: Vec<_> = buffer.entries().map(|entry| entry.redacted.is_some()).collect();
    assert_eq!(gone, [false, false, true, false], "of what is earlier nothing is known");
}

#[test]
fn the_oldest_entries_are_forgotten_and_may_be_fetched_again() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    let most = i64::try_from(limits::CHAT_DESK_ENTRIES).unwrap();
    (0..most).for_each(|number| assert!(push(&mut desk, id, number)));
    assert_eq!(desk.buffer(id).unwrap().earlier, Earlier::Nothing);
    push(&mut desk, id, most);
    let buffer = desk.buffer(id).unwrap();
    assert_eq!((buffer.entries().len(), buffer.message("m0"), buffer.earlier), (4_000, None, Earlier::Possible));

    let long = "x".repeat(limits::CHAT_DESK_ENTRY);
    for number in 0..200 {
        let what = What::Said(Said { kind: Kind::Message, lines: vec![long.clone()] });
        let entry = Entry { msgid: Some(format!("long{number}")), ..Entry::new(desk.next_entry(), at(0), "ben", what) };
        desk.buffer_mut(id).unwrap().push(entry);
    }
    assert_eq!(desk.buffer(id).unwrap().entries().len(), limits::CHAT_DESK_TEXT / limits::CHAT_DESK_ENTRY);
}

#[test]
fn the_latest_of_what_somebody_did_about_a_reaction_counts() {
    let mut desk = Desk::new("ada");
    let mut entry = said(&mut desk, 1);
    assert!(entry.react("zoe", "👍", true, at(5)));
    assert!(entry.react("ben", "👍", true, at(2)));
    assert!(entry.react("ZOE", "👍", false, at(7)));
    assert!(!entry.react("zoe", "👍", true, at(6)), "learnt later, done before");
    assert!(!entry.react("zoe", "", true, at(8)));
    let shown: Vec<_> =
        entry.reactions().map(|reaction| (&*reaction.text, reaction.nicks().collect::<Vec<_>>())).collect();
    assert_eq!(shown, [("👍", vec!["ben"])]);
    entry.redact("ben", "");
    assert!(entry.reactions().next().is_none() && entry.said().unwrap().lines.is_empty());
}

#[test]
fn reactions_are_bounded() {
    let mut desk = Desk::new("ada");
    let mut entry = said(&mut desk, 1);
    for number in 0..limits::CHAT_DESK_REACTORS + 5 {
        entry.react(&format!("n{number}"), "👍", true, at(0));
        entry.react("ben", &format!("r{number}"), true, at(0));
    }
    assert_eq!(entry.reactions().count(), limits::CHAT_DESK_REACTIONS);
    assert_eq!(entry.reactions().next().unwrap().nicks().count(), limits::CHAT_DESK_REACTORS);
    assert!(!entry.react("ben", &"x".repeat(limits::CHAT_DESK_REACTION + 1), true, at(0)));
}

#[test]
fn a_marker_tells_what_is_unread_and_only_moves_forward() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    (1..=4).for_each(|number| assert!(push(&mut desk, id, number)));
    let buffer = desk.buffer_mut(id).unwrap();
    let [mine, mention] = ["m3", "m4"].map(|msgid| buffer.message(msgid).unwrap().id);
    buffer.change(mine, |entry| entry.is_mine = true);
    buffer.change(mention, |entry| entry.is_mention = true);
    assert_eq!(buffer.first_unread(), None, "it is not known what was read");
    assert!(buffer.mark_read(at(1)));
    assert_eq!((buffer.unread, buffer.mentions), (2, 1));
    assert_eq!(buffer.first_unread(), buffer.message("m2").map(|entry| entry.id));
    assert!(buffer.mark_read(at(4)) && !buffer.mark_read(at(2)));
    assert_eq!((buffer.unread, buffer.mentions, buffer.first_unread()), (0, 0, None));
    assert_eq!(buffer.last_said(), Some(at(4)));
}

#[test]
fn members_beyond_the_bound_are_counted() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    let buffer = desk.buffer_mut(id).unwrap();
    for number in 0..limits::CHAT_DESK_MEMBERS + 3 {
        buffer.add_member(Member::new(&format!("n{number}")));
    }
    assert_eq!((buffer.members().len(), buffer.member_count()), (limits::CHAT_DESK_MEMBERS, 10_003));
    assert!(buffer.remove_member("N1").is_some() && buffer.member("n1").is_none());
    buffer.clear_members();
    assert_eq!(buffer.member_count(), 0);
}

#[test]
fn statuses_stand_by_rank() {
    let mut member = Member::new("ben");
    assert_eq!((member.status(), member.rank()), (None, 5));
    for (status, is_set) in [('+', true), ('@', true), ('x', true), ('~', true), ('~', false)] {
        member.set_status(status, is_set);
    }
    assert_eq!((member.statuses.as_str(), member.status(), member.rank()), ("@+", Some('@'), 2));
}

#[test]
fn people_who_type_are_bounded_and_known_by_any_case() {
    let mut desk = Desk::new("ada");
    let id = tea(&mut desk);
    let buffer = desk.buffer_mut(id).unwrap();
    let until = Some(Instant::ORIGIN + Duration::from_secs(6));
    for number in 0..limits::CHAT_DESK_TYPING + 3 {
        buffer.set_typing(&format!("n{number}"), until);
    }
    assert_eq!(buffer.typing.len(), limits::CHAT_DESK_TYPING);
    buffer.set_typing("N3", None);
    assert!(buffer.typing.iter().all(|typing| typing.nick != "n3"));
}

proptest! {
    /// Whatever is pushed, fetched and taken away, each message is there once, and can be found.
    #[test]
    fn each_message_is_there_once(steps in proptest::collection::vec((0..6_u8, 0..12_i64), 0..60)) {
        let mut desk = Desk::new("ada");
        let id = tea(&mut desk);
        for (step, number) in steps {
            match step {
                0 => { push(&mut desk, id, number); }
                1 => { fetch(&mut desk, id, &[number, number + 1]); }
                2 => desk.buffer_mut(id).unwrap().open_gap(),
                3 => _ = desk.buffer_mut(id).unwrap().close_gap(),
                4 => desk.buffer_mut(id).unwrap().forget_before_gap(),
                _ => {
                    let found = desk.buffer(id).unwrap().message(&format!("m{number}")).map(|entry| entry.id);
                    if let Some(entry) = found {
                        prop_assert!(desk.buffer_mut(id).unwrap().remove(entry).is_some());
                    }
                }
            }
            let all = msgids(&desk, id);
            let once: alloc::collections::BTreeSet<_> = all.iter().collect();
            prop_assert_eq!(once.len(), all.len());
            prop_assert!(all.iter().all(|msgid| desk.buffer(id).unwrap().message(msgid).is_some()));
        }
    }
}
