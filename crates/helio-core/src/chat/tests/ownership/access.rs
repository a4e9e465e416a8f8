//! ROOM ACCESS: what accounts are in a room, and who may say so.

use super::settings;
use crate::chat::tests::world::{Id, World};
use crate::limits;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

const OPERATOR_ONLY: &str = "482";

/// Makes an account that is this in `#tea`.
fn with_access(world: &mut World, founder: Id, account: &str, access: &str) -> Id {
    let id = world.holder(account, "");
    let told = world.ask(founder, &format!("ROOM ACCESS #tea SET {account} {access}"));
    assert!(told.concat().contains("ACCESS_SET"), "{told:?}");
    world.hear_all();
    id
}

#[test]
fn access_gives_its_statuses_on_coming_in() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    for (account, access, statuses) in
        [("bob", "admin", "&@"), ("cat", "op", "@"), ("dan", "halfop", "%"), ("eve", "voice", "+")]
    {
        let id = with_access(&mut world, ann, account, access);
        let heard = world.ask(id, "JOIN #tea");
        assert!(heard[1].starts_with(":helio.local MODE #tea +"), "{heard:?}");
        assert_eq!(world.modes_in(account, "#tea"), statuses);
    }
    world.restart_both_ways();
    let eve = world.holder("eve", "");
    world.ask(eve, "JOIN #tea");
    assert_eq!(world.modes_in("eve", "#tea"), "+");
}

#[test]
fn access_holds_at_once_for_who_is_there() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = world.holder("bob", "");
    world.ask(bob, "JOIN #tea");
    world.hear_all();
    assert_eq!(
        world.ask(ann, "ROOM ACCESS #tea SET bob admin"),
        [":helio.local MODE #tea +ao bob bob", ":helio.local NOTE ROOM ACCESS_SET #tea bob admin :Access is set",]
    );
    assert_eq!(world.hear(bob), [":helio.local MODE #tea +ao bob bob"]);
    world.ask(ann, "ROOM ACCESS #tea SET bob voice");
    assert_eq!(world.hear(bob), [":helio.local MODE #tea -ao+v bob bob bob"]);
    world.ask(ann, "ROOM ACCESS #tea SET bob none");
    assert_eq!(world.hear(bob), [":helio.local MODE #tea -v bob"]);
    let unchanged = [":helio.local FAIL ROOM UNCHANGED #tea bob :It is like that already"];
    assert_eq!(world.ask(ann, "ROOM ACCESS #tea SET bob none"), unchanged);
}

#[test]
fn who_logs_in_inside_gets_their_status() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.ask(ann, "ROOM ACCESS #tea SET ann voice");
    world.add_account("bob");
    world.ask(ann, "ROOM ACCESS #tea SET bob op");
    world.hear_all();
    let stranger = world.user("stranger");
    world.ask(stranger, "JOIN #tea");
    world.ask(stranger, "CAP REQ :sasl");
    world.ask(stranger, "AUTHENTICATE PLAIN");
    // "\0bob\0correct horse" as base64.
    let heard = world.ask(stranger, "AUTHENTICATE AGJvYgBjb3JyZWN0IGhvcnNl");
    assert!(heard.contains(&":helio.local MODE #tea +o stranger".into()), "{heard:?}");
    // From another account they get what that one is.
    world.ask(stranger, "AUTHENTICATE PLAIN");
    let heard = world.ask(stranger, "AUTHENTICATE AGFubgBjb3JyZWN0IGhvcnNl");
    assert!(heard.contains(&":helio.local MODE #tea +q stranger".into()), "{heard:?}");
}

/// Who × whom × what: a founder everything below, an admin everything below admin, others nothing but their own.
#[test]
fn access_is_given_by_who_stands_higher() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let people = [
        ("admin", with_access(&mut world, ann, "bob", "admin")),
        ("op", with_access(&mut world, ann, "cat", "op")),
        ("voice", with_access(&mut world, ann, "eve", "voice")),
        ("none", world.holder("fay", "")),
    ];
    world.add_account("other-admin");
    world.add_account("newcomer");
    world.ask(ann, "ROOM ACCESS #tea SET other-admin admin");
    for (access, id) in people {
        for command in ["newcomer admin", "other-admin op", "other-admin none"] {
            let told = world.ask(id, &format!("ROOM ACCESS #tea SET {command}")).concat();
            assert!(told.contains(OPERATOR_ONLY), "{access}: {command}: {told}");
        }
        for command in ["newcomer founder", "ann op", "ann none"] {
            let told = world.ask(id, &format!("ROOM ACCESS #tea SET {command}")).concat();
            assert!(told.contains("USE_TRANSFER"), "{access}: {command}: {told}");
        }
        for command in ["newcomer op", "newcomer none"] {
            let told = world.ask(id, &format!("ROOM ACCESS #tea SET {command}")).concat();
            assert_eq!(told.contains("ACCESS_SET"), access == "admin", "{access}: {command}: {told}");
        }
    }
    // One's own access one may lay down, and not raise.
    let [_, (_, cat), ..] = people;
    assert!(world.ask(cat, "ROOM ACCESS #tea SET cat admin").concat().contains(OPERATOR_ONLY));
    assert!(world.ask(cat, "ROOM ACCESS #tea SET cat voice").concat().contains("ACCESS_SET"));
    assert!(world.ask(cat, "ROOM ACCESS #tea SET cat none").concat().contains("ACCESS_SET"));
    assert!(world.ask(ann, "ROOM ACCESS #tea SET cat fly").concat().contains("INVALID_PARAMS"));
    let unknown = world.ask(ann, "ROOM ACCESS #tea SET nobody op").concat();
    assert!(unknown.contains("NO_SUCH_ACCOUNT"), "{unknown}");
}

#[test]
fn the_list_has_its_bound() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    for number in 0..limits::CHAT_ROOM_ACCESS_ENTRIES {
        world.add_account(&format!("a{number}x"));
        world.say(ann, &format!("ROOM ACCESS #tea SET a{number}x voice"));
    }
    world.add_account("late");
    world.hear_all();
    let full = [":helio.local FAIL ROOM LIST_FULL #tea late :List is full"];
    assert_eq!(world.ask(ann, "ROOM ACCESS #tea SET late voice"), full);
    assert!(world.ask(ann, "ROOM ACCESS #tea SET a5x admin").concat().contains("ACCESS_SET"));
    assert_eq!(world.ask(ann, "ROOM ACCESS #tea LIST").len(), limits::CHAT_ROOM_ACCESS_ENTRIES + 2);
    world.chat.check_bounds();
}

#[test]
fn the_list_is_read_by_those_who_are_in_it() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = with_access(&mut world, ann, "bob", "op");
    let list = [
        ":helio.local NOTE ROOM ACCESS #tea ann founder :since 2026-11-22T11:08:40.000Z",
        ":helio.local NOTE ROOM ACCESS #tea bob op :since 2026-11-22T11:08:40.000Z, by ann",
        ":helio.local NOTE ROOM END_OF_ACCESS #tea :End of the access list",
    ];
    assert_eq!(world.ask(bob, "ROOM ACCESS #tea LIST"), list);
    let fay = world.holder("fay", "");
    let refused = [":helio.local 482 fay #tea :You're not channel operator"];
    assert_eq!(world.ask(fay, "ROOM ACCESS #tea LIST"), refused);
    assert_eq!(world.ask(fay, "ROOM INFO #tea")[0], ":helio.local NOTE ROOM INFO #tea founder ann :Whose it is");
}

/// facts "information leaks": metadata of channels readable by non-members, secret channels in account information.
#[test]
fn outsiders_learn_nothing_of_a_secret_room() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    let bob = with_access(&mut world, ann, "bob", "op");
    world.ask(ann, "MODE #tea +s");
    world.hear_all();
    let fay = world.holder("fay", "");
    for command in [
        "INFO #tea",
        "ACCESS #tea LIST",
        "ACCESS #tea SET fay op",
        "DROP #tea",
        "ACCEPT #tea",
        "SET #tea slow 5",
        "TRANSFER #tea fay",
        "REGISTER #tea",
    ] {
        let hidden = world.ask(fay, &format!("ROOM {command}"));
        assert_eq!(hidden, [":helio.local 403 fay #tea :No such channel"], "{command}");
    }
    for command in ["WHOIS ann", "WHOIS bob", "LIST", "NAMES #tea", "WHO ann", "WHO #tea"] {
        let told: Vec<String> = world.ask(fay, command);
        let is_told = |line: &&String| line.contains("#tea") && !line.contains(" 366 ") && !line.contains(" 315 ");
        assert_eq!(told.iter().find(is_told), None, "{command}");
    }
    // Those who have access can use it from outside.
    assert_eq!(world.ask(bob, "ROOM INFO #tea").len(), 4);
}

#[test]
fn server_operators_act_by_their_office() {
    let mut world = World::with(settings());
    let ann = world.founder("ann", "#tea");
    world.add_account("bob");
    let watcher = world.user("watcher");
    world.promote(watcher);
    let boss = world.operator("boss");
    world.hear_all();
    let told = world.ask(boss, "ROOM ACCESS #tea SET bob founder").join("\n");
    assert!(told.contains("NOTICE boss :ROOM ACCESS_SET #tea bob founder: Access is set"), "{told}");
    assert_eq!(world.modes_in("ann", "#tea"), "&@");
    assert!(world.hear(watcher).concat().contains("boss used the office of server operator: made bob founder of #tea"));
    world.ask(boss, "ROOM ACCESS #tea LIST");
    assert!(world.hear(watcher).concat().contains("read the access list of #tea"));
    world.ask(boss, "ROOM DROP #tea 000000");
    assert!(world.hear(watcher).concat().contains("dropped the registration of #tea"));
    assert!(world.chat.state.room("#tea").expect("still there").ownership.is_none());
    world.hear(ann);
}
