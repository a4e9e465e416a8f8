//! What of a command is too much: targets, masks, texts, lengths of time.

use crate::chat::tests::world::World;
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `a1,a2,…`, so many.
fn names(count: usize) -> String {
    (1..=count).map(|number| format!("a{number}")).collect::<Vec<_>>().join(",")
}

fn count(heard: &[String], numeric: &str) -> usize {
    heard.iter().filter(|line| line.split(' ').nth(1) == Some(numeric)).count()
}

/// [`limits::CHAT_KICK_TARGETS`], [`limits::CHAT_NAMES_TARGETS`]: 407 (RFC 2812 §5.2) for the first that is too many.
#[test]
fn kick_and_names_take_so_many_targets() {
    let mut world = World::new();
    let ann = world.member("ann", "#tea");
    let heard = world.ask(ann, &format!("KICK #tea {}", names(limits::CHAT_KICK_TARGETS + 1)));
    assert_eq!((count(&heard, "401"), count(&heard, "407")), (limits::CHAT_KICK_TARGETS, 1), "{heard:?}");
    let rooms = names(limits::CHAT_NAMES_TARGETS + 2).replace('a', "#");
    let heard = world.ask(ann, &format!("NAMES {rooms}"));
    assert_eq!((count(&heard, "366"), count(&heard, "407")), (limits::CHAT_NAMES_TARGETS, 1), "{heard:?}");
}

/// [`limits::CHAT_USERHOST_TARGETS`] (RFC 2812 §4.8): the others are not looked at.
#[test]
fn userhost_answers_so_many() {
    let mut world = World::new();
    let ann = world.user("ann");
    let nicks = ["ann"; limits::CHAT_USERHOST_TARGETS + 3].join(" ");
    let heard = world.ask(ann, &format!("USERHOST {nicks}"));
    assert_eq!(heard.concat().matches("ann=").count(), limits::CHAT_USERHOST_TARGETS);
}

/// [`limits::CHAT_WHO_MASK`]: a longer one fits nobody.
#[test]
fn a_mask_of_who_has_a_length() {
    let mut world = World::new();
    let ann = world.user("ann");
    for (length, found) in [(limits::CHAT_WHO_MASK, 1), (limits::CHAT_WHO_MASK + 1, 0)] {
        let mask = "*".repeat(length - 3) + "ann";
        assert_eq!(count(&world.ask(ann, &format!("WHO {mask}")), "352"), found, "{length}");
    }
}

/// [`limits::CHAT_SLOW_SECONDS`].
#[test]
fn slow_mode_has_a_longest_pause() {
    let mut world = World::new();
    let ann = world.member("ann", "#tea");
    let most = limits::CHAT_SLOW_SECONDS;
    assert_eq!(world.ask(ann, &format!("MODE #tea +W {most}")), [format!(":ann!ann@127.0.0.1 MODE #tea +W {most}")]);
    assert!(!world.ask(ann, &format!("MODE #tea +W {}", most + 1)).concat().contains(" MODE #tea "));
    assert!(world.ask(ann, "MODE #tea")[0].ends_with(&format!("W {most}")));
}

/// [`limits::CHAT_BAN_TIME`]: refused; [`limits::CHAT_BAN_REASON`]: cut where a character ends.
#[test]
fn a_ban_has_a_longest_time_and_reason() {
    let mut world = World::with(World::settings());
    let boss = world.operator("boss");
    let minutes = limits::CHAT_BAN_TIME.as_secs() / 60;
    let heard = world.ask(boss, &format!("DLINE {} 203.0.113.1 :x", minutes + 1)).concat();
    assert!(heard.contains(" 400 boss DLINE "), "{heard}");
    assert_eq!(world.chat.state.bans.iter().count(), 0);
    let reason = "é".repeat(limits::CHAT_BAN_REASON);
    world.say(boss, &format!("DLINE {minutes} 203.0.113.1 :{reason}"));
    let kept: Vec<_> = world.chat.state.bans.iter().map(|ban| ban.reason.clone()).collect();
    assert_eq!(kept, ["é".repeat(limits::CHAT_BAN_REASON / 2)]);
}
