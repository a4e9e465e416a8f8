//! How a room keeps order by itself: slow mode, read-only, filters (spec/rooms.md).

use super::settings;
use crate::chat::SETTINGS_LOG;
use crate::chat::tests::world::{Commits, World};
use crate::limits;
use alloc::format;
use alloc::string::String;
use core::time::Duration;

#[test]
fn in_slow_mode_one_waits_between_messages() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.user_with("bob", "message-tags");
    world.ask(bob, "JOIN #tea");
    world.hear_all();
    assert_eq!(
        world.ask(ann, "ROOM SET #tea slow 30"),
        [":ann!ann@127.0.0.1 MODE #tea +W 30", ":helio.local NOTE ROOM SET #tea slow 30 :Room is set"]
    );
    world.hear(bob);
    assert!(world.ask(ann, "MODE #tea")[0].ends_with(" #tea +ntW 30"));
    assert!(world.ask(bob, "PRIVMSG #tea :one").is_empty());
    world.pass(Duration::from_millis(9_500));
    let slow = ":helio.local 404 bob #tea :Cannot send to channel, slow mode (+W): wait";
    assert_eq!(world.ask(bob, "PRIVMSG #tea :two"), [format!("{slow} 21 s")]);
    // Typing does not count; a reaction does.
    assert!(world.ask(bob, "@+typing=active TAGMSG #tea").is_empty());
    assert_eq!(world.ask(bob, "@+draft/react=x TAGMSG #tea"), [format!("{slow} 21 s")]);
    // Another connection, or coming back, is the same person.
    world.ask(bob, "PART #tea");
    world.ask(bob, "JOIN #tea");
    assert_eq!(world.ask(bob, "PRIVMSG #tea :two"), [format!("{slow} 21 s")]);
    for (command, is_free) in [("MODE #tea +v bob", true), ("MODE #tea -v bob", false), ("MODE #tea -W", true)] {
        world.say(ann, command);
        world.hear(bob);
        assert_eq!(world.ask(bob, "PRIVMSG #tea :two").is_empty(), is_free, "{command}");
        world.hear(ann);
    }
    world.ask(ann, "MODE #tea +W 5");
    world.ask(bob, "PRIVMSG #tea :three");
    world.pass(Duration::from_secs(5));
    world.hear_all();
    assert!(world.ask(bob, "PRIVMSG #tea :four").is_empty());
    world.restart_both_ways();
    assert_eq!(world.chat.state.room("#tea").and_then(|room| room.slow), Some(5));
}

#[test]
fn a_read_only_room_is_for_those_who_may_lift_it() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.member("bob", "#tea");
    world.ask(ann, "MODE #tea +v-t bob");
    world.ask(ann, "ROOM SET #tea read-only on");
    world.hear_all();
    let refused = [":helio.local 404 bob #tea :Cannot send to channel, it is read-only (+A)"];
    assert_eq!(world.ask(bob, "PRIVMSG #tea :hello"), refused);
    assert_eq!(world.ask(bob, "TOPIC #tea :mine")[0], ":helio.local 482 bob #tea :You're not channel operator");
    assert!(world.ask(ann, "PRIVMSG #tea :news").is_empty());
    world.restart_both_ways();
    let cat = world.member("cat", "#tea");
    assert!(world.ask(cat, "PRIVMSG #tea :hello")[0].contains("read-only"));
    let ann = world.holder("ann", "");
    world.ask(ann, "JOIN #tea");
    assert!(world.ask(ann, "ROOM SET #tea invite-only on")[0].contains("MODE #tea +i"));
    world.hear(cat);
    assert_eq!(world.ask(cat, "ROOM SET #tea slow off")[0], ":helio.local 482 cat #tea :You're not channel operator");
}

#[test]
fn a_filter_refuses_mutes_or_reports() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.user_with("bob", "batch draft/multiline message-tags");
    world.ask(bob, "JOIN #tea");
    world.hear_all();
    assert_eq!(
        world.ask(ann, "ROOM FILTER #tea ADD refuse :buy now"),
        [":helio.local NOTE ROOM FILTER_ADDED #tea refuse :buy now"]
    );
    world.ask(ann, "ROOM FILTER #tea ADD mute 5 *casino*");
    world.ask(ann, "ROOM FILTER #tea ADD report mushroom");
    let refused = ":helio.local 404 bob #tea :Cannot send, a filter refuses it";
    for said in ["PRIVMSG #tea :Buy  NOW!", "@+draft/react=buy\\snow TAGMSG #tea"] {
        assert_eq!(world.ask(bob, said), [refused], "{said}");
    }
    // A split into lines is no way round.
    world.say(bob, "BATCH +1 draft/multiline #tea");
    world.say(bob, "@batch=1 PRIVMSG #tea :bu");
    world.say(bob, "@batch=1;draft/multiline-concat PRIVMSG #tea :y now");
    assert_eq!(world.ask(bob, "BATCH -1"), [refused]);
    assert!(world.ask(bob, "PRIVMSG #tea :buy nowhere").is_empty());
    world.hear(ann);
    assert!(world.ask(bob, "PRIVMSG #tea :a mushroom").is_empty());
    assert_eq!(
        world.hear(ann),
        [
            ":helio.local NOTICE %#tea :Filter \"mushroom\": bob!bob@127.0.0.1 said it in #tea",
            ":bob!bob@127.0.0.1 PRIVMSG #tea :a mushroom",
        ]
    );
    assert_eq!(
        world.ask(bob, "PRIVMSG #tea :my casino"),
        [":helio.local 404 bob #tea :Cannot send to channel, a filter has muted you for 5 min"]
    );
    assert_eq!(
        world.hear(ann),
        [":helio.local NOTICE %#tea :Filter \"*casino*\": bob!bob@127.0.0.1 is muted in #tea for 5 min"]
    );
    world.pass(Duration::from_secs(60));
    let muted = ":helio.local 404 bob #tea :Cannot send to channel, a filter has muted you: wait 240 s";
    world.hear_all();
    assert_eq!(world.ask(bob, "PRIVMSG #tea :sorry"), [muted]);
    assert_eq!(world.ask(bob, "@+typing=active TAGMSG #tea"), [muted]);
    world.pass(Duration::from_secs(240));
    world.hear_all();
    assert!(world.ask(bob, "PRIVMSG #tea :sorry").is_empty());
    // Those who look after the room are not filtered.
    assert!(world.ask(ann, "PRIVMSG #tea :what casino?").is_empty());
}

/// spec/rooms.md "Filters": topics and last words are said, too.
#[test]
fn topics_and_last_words_are_filtered() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.member("bob", "#tea");
    world.ask(ann, "MODE #tea -t");
    world.ask(ann, "ROOM FILTER #tea ADD refuse spam");
    world.hear_all();
    assert!(world.ask(bob, "TOPIC #tea :my spam")[0].contains(" 404 "));
    assert!(world.ask(bob, "TOPIC #tea :my ham")[0].contains(" TOPIC "));
    world.hear(ann);
    world.say(bob, "PART #tea :spam!");
    assert_eq!(world.hear(ann), [":bob!bob@127.0.0.1 PART #tea"]);
    world.say(bob, "JOIN #tea");
    world.hear_all();
    let refused = [":helio.local 404 bob #tea :Cannot send, a filter refuses it"];
    assert_eq!(world.ask(bob, "AWAY :at spam"), refused);
    assert!(world.ask(ann, "WHOIS bob").iter().all(|line| !line.contains(" 301 ")));
    assert!(world.ask(bob, "AWAY :at lunch")[0].contains(" 306 "));
    world.hear(ann);
    world.say(bob, "QUIT :spam!");
    assert_eq!(world.hear(ann), [":bob!bob@127.0.0.1 QUIT :Client quit"]);
    let cy = world.member("cy", "#tea");
    world.say(cy, "QUIT :ham!");
    assert_eq!(world.hear(ann).last().map(String::as_str), Some(":cy!cy@127.0.0.1 QUIT :Quit: ham!"));
}

#[test]
fn filters_are_kept_listed_and_taken_away() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.holder("bob", "");
    world.ask(bob, "JOIN #tea");
    world.ask(ann, "ROOM FILTER #tea ADD mute 5 :a  b");
    world.ask(ann, "ROOM FILTER #tea ADD refuse SPAM");
    world.hear_all();
    for command in ["LIST", "ADD refuse x", "DEL spam"] {
        let refused = [":helio.local 482 bob #tea :You're not channel operator"];
        assert_eq!(world.ask(bob, &format!("ROOM FILTER #tea {command}")), refused, "{command}");
    }
    world.restart_both_ways();
    let ann = world.holder("ann", "");
    world.ask(ann, "JOIN #tea");
    let list = [
        ":helio.local NOTE ROOM FILTER #tea mute 5 ann 2026-11-22T11:08:40.000Z :a  b",
        ":helio.local NOTE ROOM FILTER #tea refuse * ann 2026-11-22T11:08:40.000Z SPAM",
        ":helio.local NOTE ROOM END_OF_FILTERS #tea :End of the filters",
    ];
    let told = world.ask(ann, "ROOM FILTER #tea LIST");
    assert_eq!(told[0], list[0]);
    assert_eq!(told[2], list[2]);
    assert_eq!(
        world.ask(ann, "ROOM FILTER #tea DEL spam")[0].replace(" :spam", " spam"),
        ":helio.local NOTE ROOM FILTER_REMOVED #tea spam"
    );
    let unchanged = [":helio.local FAIL ROOM UNCHANGED #tea :It is like that already"];
    assert_eq!(world.ask(ann, "ROOM FILTER #tea DEL spam"), unchanged);
    for bad in [
        "ADD refuse",
        "ADD fly x",
        "ADD mute x",
        "ADD mute 0 x",
        "ADD mute 43201 x",
        "ADD refuse 5 x",
        "ADD refuse **",
        "FLY",
    ] {
        assert!(world.ask(ann, &format!("ROOM FILTER #tea {bad}")).concat().contains(" INVALID_PARAMS "), "{bad}");
    }
    for number in 1..limits::CHAT_ROOM_FILTERS {
        assert!(world.ask(ann, &format!("ROOM FILTER #tea ADD refuse w{number}")).concat().contains("FILTER_ADDED"));
    }
    let full = [":helio.local FAIL ROOM LIST_FULL #tea :List is full"];
    assert_eq!(world.ask(ann, "ROOM FILTER #tea ADD refuse late"), full);
    assert!(world.ask(ann, "ROOM FILTER #tea ADD report w1").concat().contains("FILTER_ADDED"));
    world.chat.check_bounds();
}

#[test]
fn filters_of_the_server_are_for_everybody_and_everywhere() {
    let mut world = World::with(settings());
    let boss = world.operator("boss");
    let ann = world.founder("ann", "#tea");
    let bob = world.user("bob");
    assert!(world.ask(bob, "FILTER LIST")[0].contains(" 481 "));
    world.say(boss, "FILTER ADD refuse spam");
    assert!(world.hear(boss).concat().contains("FILTER FILTER_ADDED refuse"));
    // A founder is one of all, and private messages are filtered as well.
    assert!(world.ask(ann, "PRIVMSG #tea :spam")[0].ends_with("404 ann #tea :Cannot send, a filter refuses it"));
    assert!(world.ask(bob, "PRIVMSG ann :spam")[0].ends_with("404 bob * :Cannot send, a filter refuses it"));
    assert!(world.ask(boss, "PRIVMSG ann :spam").is_empty());
    world.say(boss, "FILTER ADD mute 5 casino");
    assert!(world.ask(bob, "PRIVMSG ann :casino")[0].ends_with("a filter refuses it"));
    let early = world.connect();
    world.say(early, "CAP REQ draft/pre-away");
    world.hear(early);
    assert!(world.ask(early, "AWAY :spam")[0].ends_with(" 404 * * :Cannot send, a filter refuses it"));
    assert!(world.ask(early, "AWAY :ham")[0].contains(" 306 "));
    world.restart_both_ways();
    let bob = world.user("bob");
    assert!(world.ask(bob, "PRIVMSG bob :spam")[0].contains(" 404 "));
    let boss = world.operator("boss");
    world.commits = Commits::WhenTold;
    world.say(boss, "FILTER DEL spam");
    world.commits = Commits::Fail;
    world.fail();
    let failed = world.hear(boss).concat();
    assert!(failed.contains(" 400 boss FILTER * :Setting was changed but could not be stored yet"), "{failed}");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    world.restart_both_ways();
    let bob = world.user("bob");
    assert!(!world.ask(bob, "PRIVMSG bob :spam").concat().contains(" 404 "));
    world.chat.check_bounds();
}

/// [`limits::CHAT_SERVER_FILTERS`]; one that is there can still be changed.
#[test]
fn filters_of_the_server_have_their_bound() {
    let mut world = World::with(settings());
    let boss = world.operator("boss");
    for number in 0..limits::CHAT_SERVER_FILTERS {
        assert!(world.ask(boss, &format!("FILTER ADD refuse word{number}")).concat().contains("FILTER_ADDED"));
    }
    let full = world.ask(boss, "FILTER ADD refuse more").concat();
    assert!(full.contains(" 400 boss FILTER * :"), "{full}");
    assert!(world.ask(boss, "FILTER ADD report word7").concat().contains("FILTER_ADDED report"));
    world.say(boss, "FILTER DEL word7");
    world.hear(boss);
    assert!(world.ask(boss, "FILTER ADD refuse more").concat().contains("FILTER_ADDED"));
    assert_eq!(world.chat.state.filters.len(), limits::CHAT_SERVER_FILTERS);
    for minutes in ["0", &format!("{}", limits::CHAT_FILTER_MINUTES + 1)] {
        let heard = world.ask(boss, &format!("FILTER ADD mute {minutes} word")).concat();
        assert!(heard.contains(" 400 boss FILTER "), "{heard}");
    }
}

/// A record that is too large would never be stored: the largest room must fit.
#[test]
fn the_largest_room_fits_into_a_record() {
    let mut world = World::with(settings());
    world.founder("ann", "#tea");
    let room = world.chat.state.rooms.get_mut("#tea").expect("a room");
    let awkward = |len: usize, number: usize| -> String {
        let number = format!("{number}");
        format!("{number}{}", "\\".repeat(len - number.len()))
    };
    let mut settings = room.settings();
    settings.topic = Some(crate::chat::state::room::TopicSetting {
        text: "\u{2}".repeat(limits::CHAT_TOPIC),
        by: awkward(114, 0),
        at_us: i64::MIN,
    });
    settings.key = Some(awkward(limits::CHAT_ROOM_KEY, 0));
    settings.bans = (0..limits::CHAT_ROOM_LIST_ENTRIES)
        .map(|number| crate::chat::state::ListEntry {
            mask: awkward(limits::IRC_MASK, number),
            by: awkward(32, 0) + &"x".repeat(82),
            at_us: i64::MIN,
        })
        .collect();
    let ownership = settings.ownership.as_mut().expect("registered");
    ownership.access = (0..limits::CHAT_ROOM_ACCESS_ENTRIES)
        .map(|number| crate::chat::state::AccessEntry {
            account: awkward(limits::IRC_NICK, number),
            access: crate::chat::state::Access::Halfop,
            by: awkward(limits::IRC_NICK, 0),
            at_us: i64::MIN,
        })
        .collect();
    settings.filters = (0..limits::CHAT_ROOM_FILTERS)
        .map(|number| crate::chat::state::Filter {
            pattern: awkward(limits::CHAT_FILTER_PATTERN, number),
            action: crate::chat::state::FilterAction::Refuse,
            minutes: Some(u32::MAX),
            by: awkward(limits::IRC_NICK, 0),
            at_us: i64::MIN,
        })
        .collect();
    let bytes = crate::chat::storage::encode(&settings).len();
    assert!(bytes + 100 < limits::CHAT_RECORD_BYTES, "{bytes} bytes");
    assert!(world.logs.contains_key(SETTINGS_LOG));
}
