//! WHO and WHOX (modern.ircdocs.horse "WHO message").

use super::world::World;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The nicknames that a WHO shows.
fn shown(lines: &[String]) -> Vec<&str> {
    lines.iter().filter(|line| line.contains(" 352 ")).filter_map(|line| line.split(' ').nth(7)).collect()
}

#[test]
fn a_room_is_shown_with_what_each_is_in_it() {
    let mut world = World::new();
    let ada = world.member("ada", "#Tea");
    let ben = world.member("ben", "#tea");
    world.say(ben, "AWAY :x");
    assert_eq!(
        world.ask(ada, "WHO #tea"),
        [
            ":helio.local 352 ada #Tea ada 127.0.0.1 helio.local ada H@ :0 ada of the tests",
            ":helio.local 352 ada #Tea ben 127.0.0.1 helio.local ben G :0 ben of the tests",
            ":helio.local 315 ada #tea :End of WHO list",
        ]
    );
    assert_eq!(world.ask(ada, "WHO #nowhere"), [":helio.local 315 ada #nowhere :End of WHO list"]);
}

/// irctest `testWhoNick`, `testWhoStar`, `testWhoNickNotExists`; the mask is repeated as it was sent.
#[test]
fn people_are_found_by_name_and_by_mask() {
    let mut world = World::new();
    let ada = world.user("ada");
    world.user("ben");
    for mask in ["ben", "BEN", "be*", "b?n", "ben!*@*", "*@127.0.0.1", "127.0.0.1", "ben of*", "helio.local"] {
        let heard = world.ask(ada, &format!("WHO :{mask}"));
        assert!(shown(&heard).contains(&"ben"), "{mask}: {heard:?}");
        let end = format!(":helio.local 315 ada {} :End of WHO list", mask.replace(' ', "_"));
        assert_eq!(heard.last(), Some(&end));
    }
    for all in ["WHO *", "WHO 0", "WHO"] {
        assert_eq!(shown(&world.ask(ada, all)), ["ada", "ben"], "{all}");
    }
    assert_eq!(world.ask(ada, "WHO eve"), [":helio.local 315 ada eve :End of WHO list"]);
    let long = "a*".repeat(100);
    assert_eq!(shown(&world.ask(ada, &format!("WHO {long}"))), [] as [&str; 0]);
}

#[test]
fn o_asks_for_operators_only() {
    let mut world = World::with(World::settings());
    let ada = world.operator("ada");
    world.user("ben");
    assert_eq!(
        world.ask(ada, "WHO * o"),
        [
            ":helio.local 352 ada * ada 127.0.0.1 helio.local ada H* :0 ada of the tests",
            ":helio.local 315 ada * :End of WHO list",
        ]
    );
}

/// "Invisible": not found by mask without a common room, but by name, as WHOIS has it.
#[test]
fn invisible_people_are_found_by_those_who_are_near_and_by_operators() {
    let mut world = World::with(World::settings());
    let ada = world.user("ada");
    let ben = world.member("ben", "#tea");
    world.say(ben, "MODE ben +i");
    assert_eq!(shown(&world.ask(ada, "WHO *")), ["ada"]);
    assert_eq!(shown(&world.ask(ada, "WHO #tea")), [] as [&str; 0]);
    assert_eq!(shown(&world.ask(ada, "WHO ben")), ["ben"]);
    let boss = world.operator("boss");
    assert_eq!(shown(&world.ask(boss, "WHO *")), ["ada", "ben", "boss"]);
    world.say(ada, "JOIN #tea");
    world.hear(ada);
    assert_eq!(shown(&world.ask(ada, "WHO b*n")), ["ben"]);
    assert_eq!(shown(&world.ask(ada, "WHO #tea")), ["ada", "ben"]);
}

/// irctest `testWhoxFull`: the fields come in their own order, whatever the order of the question.
#[test]
fn whox_shows_the_fields_that_were_asked_for() {
    let mut world = World::with(World::settings());
    let ada = world.member("ada", "#tea");
    let ben = world.member("ben", "#tea");
    world.pass(core::time::Duration::from_secs(7));
    let all =
        ":helio.local 354 ada 123 #tea ben 255.255.255.255 127.0.0.1 helio.local ben H 0 7 0 n/a :ben of the tests";
    for fields in ["tcuihsnfdlaor", "roaldfnshiuct"] {
        assert!(world.ask(ada, &format!("WHO #tea %{fields},123")).contains(&all.into()));
    }
    assert_eq!(world.ask(ada, "WHO ben %tn,321")[0], ":helio.local 354 ada 321 ben");
    assert_eq!(world.ask(ada, "WHO ben %nt")[0], ":helio.local 354 ada 0 ben");
    assert_eq!(world.ask(ben, "WHO ben %i")[0], ":helio.local 354 ben 127.0.0.1", "one's own address");
    let boss = world.operator("boss");
    assert_eq!(world.ask(boss, "WHO ben %i")[0], ":helio.local 354 boss 127.0.0.1");
    assert_eq!(
        world.ask(boss, "WHO * o%n"),
        [":helio.local 354 boss boss", ":helio.local 315 boss * :End of WHO list"]
    );
}
