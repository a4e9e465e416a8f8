//! MODE for rooms.

use super::world::{Id, World};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const NONE: [&str; 0] = [];

fn two(world: &mut World) -> (Id, Id) {
    (world.member("ada", "#tea"), world.member("ben", "#tea"))
}

#[test]
fn the_modes_of_a_room_are_shown_with_its_age_and_the_key_to_members_only() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    world.say(ada, "MODE #tea +kls-t key 9");
    world.hear_all();
    assert_eq!(
        world.ask(ada, "MODE #TEA"),
        [":helio.local 324 ada #tea +nskl key 9", ":helio.local 329 ada #tea 1795345720"]
    );
    let ben = world.user("ben");
    assert_eq!(world.ask(ben, "MODE #tea"), [":helio.local 442 ben #tea :You're not on that channel"], "secret");
    world.say(ada, "MODE #tea -s");
    assert_eq!(world.ask(ben, "MODE #tea")[0], ":helio.local 324 ben #tea +nkl * 9");
    assert_eq!(world.ask(ben, "MODE #nowhere"), [":helio.local 403 ben #nowhere :No such channel"]);
}

/// Combined changes are told once; what is so already is not told, and of two changes of one thing the last counts.
#[test]
fn changes_are_told_once_and_only_if_they_change_something() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    let told = ":ada!ada@127.0.0.1 MODE #tea +mov-t ben ben";
    assert_eq!(world.ask(ada, "MODE #tea +nmov-t ben ben"), [told]);
    assert_eq!(world.hear(ben), [told]);
    assert_eq!(world.ask(ada, "MODE #tea +m-t"), NONE);
    assert_eq!(world.ask(ada, "MODE #tea -m+m-m+m"), NONE);
    assert_eq!(world.ask(ada, "MODE #tea +k a"), [":ada!ada@127.0.0.1 MODE #tea +k a"]);
    assert_eq!(world.ask(ada, "MODE #tea +l-k+l 5 x 6"), [":ada!ada@127.0.0.1 MODE #tea -k+l * 6"]);
    assert_eq!(world.ask(ada, "MODE #tea -l"), [":ada!ada@127.0.0.1 MODE #tea -l"]);
    assert_eq!(world.ask(ada, "MODE #tea +bb x X"), [":ada!ada@127.0.0.1 MODE #tea +b X!*@*"]);
    assert_eq!(world.ask(ada, "MODE #tea +b x"), NONE, "case does not count");
}

/// 512 bytes: what does not fit into one line goes into the next.
#[test]
fn long_changes_take_several_lines() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let mask = |n: usize| format!("{n}!*@{}", "x".repeat(50));
    let masks: Vec<String> = (0..8).map(mask).collect();
    // Sent in two parts, for a client's line is bounded too.
    world.say(ada, &format!("MODE #tea +bbbb {}", masks[..4].join(" ")));
    world.say(ada, &format!("MODE #tea +bbbb {}", masks[4..].join(" ")));
    world.hear_all();
    let heard = world.ask(ada, &format!("MODE #tea -bbbbbbbb {}", masks.join(" ")));
    assert!(heard.iter().all(|line| line.len() <= 510 && line.contains(" MODE #tea -b")), "{heard:?}");
    assert_eq!(heard.iter().map(|line| line.matches("!*@").count()).sum::<usize>(), 8);
}

#[test]
fn lists_show_who_set_what_when() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    world.say(ada, "MODE #tea +beI bad good@host ~a:friend");
    world.hear_all();
    let by = "ada!ada@127.0.0.1 1795345720";
    for (letter, entry, end, mask) in
        [("b", "367", "368", "bad!*@*"), ("e", "348", "349", "*!good@host"), ("I", "346", "347", "~a:friend")]
    {
        let heard = world.ask(ada, &format!("MODE #tea {letter}"));
        assert_eq!(heard[0], format!(":helio.local {entry} ada #tea {mask} {by}"));
        assert!(heard[1].starts_with(&format!(":helio.local {end} ada #tea :End of")), "{heard:?}");
    }
    assert_eq!(world.ask(ben, "MODE #tea +bbb").len(), 2, "the ban list is for all, once");
    assert_eq!(world.ask(ben, "MODE #tea eI"), [":helio.local 482 ben #tea :You're not channel operator"]);
}

#[test]
fn what_cannot_be_changed_is_refused_with_the_reason() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    let cleo = world.user("cleo");
    for (who, modes, refusal) in [
        (ben, "+m", "482 ben #tea"),
        (cleo, "+m", "442 cleo #tea"),
        (ada, "+X", "472 ada X"),
        (ada, "+é", "472 ada é"),
        (ada, "+o nobody", "401 ada nobody"),
        (ada, "+o cleo", "441 ada cleo #tea"),
        (ada, "+o", "696 ada #tea o *"),
        (ada, "+q ben", "482 ada #tea"),
        (ada, "+k a,b", "525 ada #tea"),
        (ada, "+l -3", "696 ada #tea l -3"),
        (ada, "+l 0", "696 ada #tea l 0"),
        (ada, "+b ~x:y", "696 ada #tea b ~x:y"),
        (ada, "+I ~m:y", "696 ada #tea I ~m:y"),
    ] {
        let heard = world.ask(who, &format!("MODE #tea {modes}"));
        assert_eq!(heard.len(), 1, "{modes}: {heard:?}");
        assert!(heard[0].starts_with(&format!(":helio.local {refusal} :")), "{modes}: {heard:?}");
    }
    let key = "x".repeat(limits::CHAT_ROOM_KEY + 1);
    assert!(world.ask(ada, &format!("MODE #tea +k {key}"))[0].contains(" 525 "));
    assert_eq!(world.ask(ben, "MODE #tea +mnti-s").len(), 1, "one refusal is enough");
    assert_eq!(
        world.ask(ada, "MODE #tea +Xm"),
        [":helio.local 472 ada X :is unknown mode char to me", ":ada!ada@127.0.0.1 MODE #tea +m"]
    );
}

/// ISUPPORT MAXLIST.
#[test]
fn the_lists_of_a_room_are_bounded_together() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    for n in 0..limits::CHAT_ROOM_LIST_ENTRIES {
        world.say(ada, &format!("MODE #tea +{} m{n}", ["b", "e", "I"][n % 3]));
    }
    world.hear_all();
    assert_eq!(world.ask(ada, "MODE #tea +b more"), [":helio.local 478 ada #tea more!*@* :Channel list is full"]);
    assert_eq!(world.ask(ada, "MODE #tea -b+b m0 more"), [":ada!ada@127.0.0.1 MODE #tea -b+b m0!*@* more!*@*"]);
}

#[test]
fn a_mute_takes_the_voice_and_leaves_the_rest() {
    let mut world = World::new();
    let (ada, ben) = two(&mut world);
    world.say(ada, "MODE #tea +b ~mute:ben");
    world.hear_all();
    assert_eq!(world.ask(ben, "PRIVMSG #tea :hm"), [":helio.local 404 ben #tea :Cannot send to channel"]);
    world.say(ben, "PART #tea");
    assert_eq!(world.ask(ben, "JOIN #tea").len(), 4, "joining is not speaking");
    world.say(ada, "MODE #tea +e ~m:ben");
    assert_eq!(world.ask(ben, "PRIVMSG #tea :hm")[1..], NONE, "an exception from mutes");
    world.say(ada, "MODE #tea +b ben");
    assert_eq!(world.ask(ben, "PRIVMSG #tea :hm").len(), 2, "but not from bans");
    world.say(ada, "MODE #tea +v ben");
    world.hear_all();
    assert_eq!(world.ask(ben, "PRIVMSG #tea :hm"), NONE, "a voice outweighs both");
}

/// account-extban, alone and inside a mute.
#[test]
fn an_account_is_banned_or_muted_whatever_its_nickname() {
    let mut world = World::new();
    let ada = world.member("ada", "#tea");
    let ben = world.user("ben");
    world.log_in(ben, "Benny");
    world.say(ada, "MODE #tea +b ~account:benny");
    assert!(world.ask(ben, "JOIN #tea")[0].contains(" 474 "));
    world.say(ada, "MODE #tea -b+b ~a:benny ~m:~a:benny");
    world.say(ben, "JOIN #tea");
    world.hear_all();
    assert!(world.ask(ben, "PRIVMSG #tea :hm")[0].contains(" 404 "));
    assert_eq!(world.ask(ada, "MODE #tea b")[0].split(' ').nth(4), Some("~m:~a:benny"));
}

/// What an outsider is answered does not depend on who is in the room, nor on who is here at all.
#[test]
fn mode_does_not_tell_outsiders_who_is_in_a_room() {
    let mut world = World::new();
    let (ada, _) = two(&mut world);
    world.say(ada, "MODE #tea +s");
    let cleo = world.user("cleo");
    for change in ["+o ada", "-v ben", "+o cleo", "-o cleo", "+o nobody"] {
        let answer = world.ask(cleo, &format!("MODE #tea {change}"));
        assert_eq!(answer, [":helio.local 442 cleo #tea :You're not on that channel"], "{change}");
    }
}
