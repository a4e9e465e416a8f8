//! What is no message: STATUSMSG, reactions, and what is never stored.

use super::{Commits, references, tea, tea_with, texts};
use crate::limits;
use alloc::format;

/// A STATUSMSG was not for everybody (Ergo 2.1.0 showed them to all); nobody is shown one, nor does it use up the limit.
#[test]
fn what_was_for_a_status_is_never_shown() {
    let mut tea = tea();
    (0..5).for_each(|_| tea.world.say(tea.ann, "PRIVMSG @#tea :secret"));
    let ids = references(&tea.world).0;
    assert_eq!(tea.texts("LATEST #tea * 2"), "89");
    assert_eq!(tea.texts(&format!("BEFORE #tea {} 2", ids[14])), "89", "its identity is a place all the same");
    assert_eq!(tea.texts(&format!("AROUND #tea {} 2", ids[12])), "89");
    tea.ben = tea.ann;
    let lines = tea.world.ask(tea.ann, "CHATHISTORY LATEST #tea * 2");
    assert_eq!(texts(&lines[1..3]), "89", "not even its author");
}

/// "If the client has not negotiated the draft/event-playback capability, the server MUST NOT send any lines other than
/// PRIVMSG and NOTICE in the reply batch."
#[test]
fn reactions_are_for_those_with_event_playback() {
    let reacting = |caps: &str| {
        let mut tea = tea_with(caps);
        (0..5).for_each(|_| tea.world.say(tea.ann, "@+draft/react=x TAGMSG #tea"));
        tea.world.say(tea.ann, "NOTICE #tea :n");
        tea.world.hear_all();
        tea
    };
    let plain = "batch message-tags server-time draft/chathistory";
    assert_eq!(reacting(plain).texts("LATEST #tea * 3"), "89n");
    let mut tea = reacting(&format!("{plain} draft/event-playback"));
    let lines = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 3");
    assert_eq!(lines.iter().filter(|line| line.contains("+draft/react=x") && line.contains(" TAGMSG #tea")).count(), 2);
    // TAGMSG is only for those with message-tags, whatever else they have.
    let mut tea = reacting("batch server-time draft/chathistory draft/event-playback");
    assert_eq!(tea.texts("LATEST #tea * 3"), "89n");
}

/// Who comes, goes, is called differently or is given a status is not in the room's log.
#[test]
fn presence_is_not_history() {
    let mut tea = tea_with("batch message-tags draft/chathistory draft/event-playback");
    let carl = tea.world.member("carl", "#tea");
    for line in ["MODE #tea +v ben", "@+typing=active TAGMSG #tea", "KICK #tea carl"] {
        tea.world.say(tea.ann, line);
    }
    tea.world.say(carl, "JOIN #tea");
    tea.world.say(carl, "NICK dan");
    tea.world.say(carl, "QUIT");
    tea.world.hear_all();
    assert_eq!(tea.texts("LATEST #tea * 2"), "89");
}

#[test]
fn a_message_of_several_lines_is_one_in_a_batch_of_its_own() {
    let mut tea = tea_with("batch message-tags draft/multiline draft/chathistory");
    for line in ["BATCH +1 draft/multiline #tea", "@batch=1 PRIVMSG #tea :x", "@batch=1 PRIVMSG #tea :y", "BATCH -1"] {
        tea.world.say(tea.ann, line);
    }
    tea.world.hear_all();
    let lines = tea.world.ask(tea.ben, "CHATHISTORY LATEST #tea * 1");
    assert_eq!(lines.len(), 6, "{lines:?}");
    let outer = lines[0].split("BATCH +").nth(1).and_then(|rest| rest.split(' ').next()).expect("a batch");
    assert!(lines[1].starts_with(&format!("@batch={outer};")) && lines[1].contains(" draft/multiline #tea"));
}

#[test]
fn what_was_not_kept_is_not_shown() {
    let mut tea = tea();
    tea.world.commits = Commits::Fail;
    tea.world.say(tea.ann, "PRIVMSG #tea :lost");
    tea.world.hear_all();
    assert_eq!(tea.texts("LATEST #tea * 1"), "9");
    tea.world.pass(limits::CHAT_PROBE_INTERVAL);
    tea.world.hear_all();
}

#[test]
fn a_record_that_cannot_be_read_is_left_out() {
    let mut tea = tea();
    for (_, log) in tea.world.logs.iter_mut().filter(|(name, _)| name.starts_with("room/")) {
        log.insert(9, b"{\"msgid\":".to_vec());
        log.insert(9, br##"{"msgid":"x","at_us":1,"kind":"privmsg","from":"a","target":"#tea","lines":[1]}"##.to_vec());
        log.push(alloc::vec::Vec::new());
    }
    assert_eq!(tea.texts("LATEST #tea * 3"), "89");
    assert_eq!(tea.texts("LATEST #tea * 4"), "789");
}
