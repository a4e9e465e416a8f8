//! Only members see what was said, and they are members when the answer comes. Everybody else learns nothing: not even
//! whether there is such a room (Ergo's incidents with history and metadata are the reason).

use super::super::world::Id;
use super::{CAPS, Tea, references, tea, texts};
use crate::chat::Settings;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

const NOWHERE: &str = ":helio.local FAIL CHATHISTORY INVALID_TARGET LATEST #tea :Invalid target";

fn ask(tea: &mut Tea, id: Id) -> Vec<alloc::string::String> {
    tea.world.ask(id, "CHATHISTORY LATEST #tea * 100")
}

#[test]
fn a_stranger_is_told_what_is_told_where_there_is_no_room() {
    let mut tea = tea();
    let carl = tea.world.user_with("carl", CAPS);
    assert_eq!(ask(&mut tea, carl), [NOWHERE]);
    let id = tea.ids[5].clone();
    for question in ["LATEST", "AROUND"] {
        let known = tea.world.ask(carl, &format!("CHATHISTORY {question} #tea {id} 5"));
        let unknown = tea.world.ask(carl, &format!("CHATHISTORY {question} #not {id} 5"));
        assert_eq!(known[0].replace("#tea", "#not"), unknown[0]);
    }
}

#[test]
fn an_office_opens_no_conversation() {
    let mut tea = tea();
    tea.world.chat.settings = super::super::world::World::settings();
    let boss = tea.world.operator("boss");
    assert_eq!(ask(&mut tea, boss), [NOWHERE]);
}

#[test]
fn who_comes_sees_all_and_who_goes_nothing() {
    let mut tea = tea();
    let carl = tea.world.user_with("carl", CAPS);
    tea.world.ask(carl, "JOIN #tea");
    let lines = ask(&mut tea, carl);
    assert_eq!(texts(&lines[1..lines.len() - 1]), "0123456789");
    tea.world.ask(carl, "PART #tea");
    assert_eq!(ask(&mut tea, carl), [NOWHERE]);
}

#[test]
fn the_kicked_and_the_banned_see_nothing() {
    let mut tea = tea();
    tea.world.say(tea.ann, "KICK #tea ben");
    tea.world.hear_all();
    let ben = tea.ben;
    assert_eq!(ask(&mut tea, ben), [NOWHERE]);
    tea.world.say(tea.ann, "MODE #tea +b ben!*@*");
    tea.world.ask(ben, "JOIN #tea");
    assert_eq!(ask(&mut tea, ben), [NOWHERE]);
}

/// Authorisation is asked again at the answer.
#[test]
fn who_is_removed_while_the_disk_reads_sees_nothing() {
    for removal in ["KICK #tea ben", "MODE #tea +b ben!*@*\nKICK #tea ben", "ben:PART #tea", "ben:JOIN 0"] {
        let mut tea = tea();
        tea.world.are_reads_late = true;
        let ben = tea.ben;
        tea.world.say(ben, "CHATHISTORY LATEST #tea * 100");
        for line in removal.lines() {
            match line.strip_prefix("ben:") {
                Some(line) => tea.world.say(ben, line),
                None => tea.world.say(tea.ann, line),
            }
        }
        tea.world.read();
        let lines = tea.world.hear(ben);
        assert_eq!(lines[0], NOWHERE, "{removal}: {lines:?}");
        assert!(lines.iter().all(|line| !line.contains("PRIVMSG")), "{removal}: {lines:?}");
    }
}

#[test]
fn a_connection_that_ends_while_the_disk_reads_hurts_nobody() {
    let mut tea = tea();
    tea.world.are_reads_late = true;
    tea.world.say(tea.ben, "CHATHISTORY LATEST #tea * 100");
    tea.world.cut(tea.ben);
    let carl = tea.world.user_with("carl", CAPS);
    tea.world.say(carl, "JOIN #tea");
    tea.world.read();
    assert!(tea.world.hear(carl).iter().all(|line| !line.contains("PRIVMSG")), "the place of the one before");
    assert!(!tea.world.chat.is_behind(carl.0));
}

/// A later room of the same name has another identity and another log.
#[test]
fn a_later_room_of_the_same_name_shows_nothing_of_the_former() {
    let mut tea = tea();
    tea.world.chat.settings.keep_empty_rooms = Duration::from_secs(1);
    tea.world.are_reads_late = true;
    let (ben, id) = (tea.ben, tea.ids[5].clone());
    tea.world.say(ben, "CHATHISTORY LATEST #tea * 100");
    let kept: Vec<_> = tea.world.logs.iter().map(|(name, log)| (name.clone(), log.clone())).collect();
    tea.world.say(tea.ann, "PART #tea");
    tea.world.say(ben, "PART #tea");
    tea.world.pass(Duration::from_secs(2));
    tea.world.say(ben, "JOIN #tea");
    // Even if its log were still there when the disk reads.
    tea.world.logs.extend(kept);
    tea.world.read();
    let lines = tea.world.hear(ben);
    assert!(lines.contains(&NOWHERE.into()) && lines.iter().all(|line| !line.contains("PRIVMSG")), "{lines:?}");
    tea.world.are_reads_late = false;
    assert_eq!(tea.texts("LATEST #tea * 100"), "");
    assert!(tea.refused(&format!("BEFORE #tea {id} 5")).starts_with("MESSAGE_ERROR"));
}

#[test]
fn all_is_there_after_a_restart_by_the_same_references() {
    let mut tea = tea();
    tea.world.restart(Settings::new("heliograph-test"), 9);
    tea.ann = tea.world.member("ann", "#tea");
    tea.ben = tea.world.user_with("ben", CAPS);
    tea.world.say(tea.ben, "JOIN #tea");
    tea.world.say(tea.ann, "PRIVMSG #tea :a");
    tea.world.hear_all();
    let (id, time, new) = (tea.ids[7].clone(), tea.times[7].clone(), references(&tea.world).0[10].clone());
    assert_eq!(tea.texts("LATEST #tea * 3"), "89a");
    assert_eq!(tea.texts(&format!("AFTER #tea {id} 9")), "89a");
    assert_eq!(tea.texts(&format!("AFTER #tea {time} 9")), "89a");
    assert_eq!(tea.texts(&format!("BEFORE #tea {new} 2")), "89");
}

/// The clock was set back between two runs: the order is that of what was said, and identities lead to their messages.
#[test]
fn a_clock_that_was_set_back_skips_nothing_by_identities() {
    let mut tea = tea();
    tea.world.now.utc = crate::time::Utc::from_micros(tea.world.now.utc.micros() - 550_000);
    tea.world.restart(Settings::new("heliograph-test"), 9);
    tea.ann = tea.world.member("ann", "#tea");
    for text in ["a", "b", "c", "d", "e", "f", "g"] {
        tea.world.say(tea.ann, &format!("PRIVMSG #tea :{text}"));
        tea.world.pass(Duration::from_millis(100));
    }
    tea.ben = tea.world.user_with("ben", CAPS);
    tea.world.say(tea.ben, "JOIN #tea");
    tea.world.hear_all();
    let (ids, times) = references(&tea.world);
    assert!(times[10] < times[9] && times[16] > times[9]);
    let all = "0123456789abcdefg";
    assert_eq!(tea.texts("LATEST #tea * 100"), all);
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(tea.texts(&format!("BEFORE #tea {id} 100")), all[..index]);
        assert_eq!(tea.texts(&format!("AFTER #tea {id} 100")), all[index + 1..]);
    }
}
