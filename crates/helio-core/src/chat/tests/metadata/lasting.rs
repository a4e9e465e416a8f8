//! How long metadata lasts, how much of it there is, and several sessions and accounts.

use super::super::world::{Commits, Id, World};
use super::{CAPS, SILENCE, plain};
use crate::chat::event::MetadataEvent;
use crate::chat::state::{MetadataRecord, MetadataTarget};
use crate::chat::{SETTINGS_LOG, Settings};
use crate::limits;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

fn list(world: &mut World, id: Id, target: &str) -> Vec<String> {
    let heard = world.tell(id, &format!("METADATA {target} LIST"));
    let keys = heard.iter().filter_map(|line| line.strip_prefix("| 761 ")?.split_once(' '));
    keys.map(|(_, told)| told.to_string()).collect()
}

fn restart(world: &mut World) {
    world.restart(Settings::new("heliograph-test"), 9);
    world.chat.check_bounds();
}

/// The same from the snapshot alone.
fn restart_from_snapshot(world: &mut World) {
    let snapshot = world.chat.snapshot();
    world.logs.insert(SETTINGS_LOG.into(), snapshot.clone());
    restart(world);
    assert_eq!(world.chat.snapshot(), snapshot);
}

#[test]
fn of_accounts_and_rooms_it_lasts() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", CAPS);
    let ben = world.user("ben");
    for line in ["SET url x", "SET gone y", "SET gone", "SET display-name :Ada \"A\" \u{1f49c}"] {
        world.say(ada, &format!("METADATA * {line}"));
    }
    world.say(ada, "JOIN #tea");
    world.say(ada, "METADATA #tea SET url room");
    world.say(ada, "RENAME #tea #coffee");
    world.say(ben, "METADATA * SET url ben");
    let expected = ["ada display-name * :Ada \"A\" \u{1f49c}", "ada url * :x"];
    for again in [restart, restart_from_snapshot, restart] {
        again(&mut world);
        let (ada, _) = world.client("ada", "ada", CAPS);
        assert_eq!(list(&mut world, ada, "*"), expected);
        world.say(ada, "JOIN #coffee");
        world.hear_all();
        assert_eq!(list(&mut world, ada, "#coffee"), ["#coffee url * :room"]);
        let ben = world.user_with("ben", CAPS);
        assert_eq!(list(&mut world, ben, "*"), SILENCE, "of no account");
    }
}

#[test]
fn it_ends_with_what_it_is_of() {
    let mut world = World::new();
    world.chat.settings.keep_empty_rooms = Duration::from_secs(1);
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", CAPS);
    let ben = world.user("ben");
    world.say(ada, "METADATA * SET url x");
    world.say(ben, "METADATA * SET url x");
    world.say(ben, "JOIN #tea");
    world.say(ben, "METADATA #tea SET url x");
    world.say(ben, "QUIT");
    world.chat.check_bounds();
    world.pass(Duration::from_secs(2));
    world.delete("ada");
    world.chat.check_bounds();
    assert_eq!(world.chat.state.metadata.bytes(), 0);
    let cleo = world.user_with("cleo", CAPS);
    world.say(cleo, "JOIN #tea");
    world.hear_all();
    assert_eq!(list(&mut world, cleo, "#tea"), SILENCE, "another room of the name");
    restart(&mut world);
    assert_eq!(world.chat.state.metadata.bytes(), 0);
}

/// What names an account or room that is another by now, or none, changes nothing.
#[test]
fn records_are_of_what_was_there_then() {
    let mut world = World::new();
    for record in [
        r##"{"event":"metadata","account":"ada","values":{"a":"1"}}"##,
        r##"{"event":"created","id":"r1","name":"#tea","at_us":0}"##,
        r##"{"event":"metadata-changed","room":{"name":"#tea","id":"r2"},"changes":{"a":"1"}}"##,
        r##"{"event":"metadata-changed","room":{"name":"#TEA","id":"r1"},"changes":{"b":"2","c":null}}"##,
    ] {
        world.chat.handle_restored(record.as_bytes(), world.now).expect("a record");
    }
    world.chat.check_bounds();
    assert_eq!(world.chat.state.metadata.bytes(), 2);
    for record in [
        r#"{"event":"metadata","values":{}}"#,
        r#"{"event":"metadata-changed","user":1,"changes":{}}"#,
        r#"{"event":"metadata","account":"ada","values":{"a":null}}"#,
    ] {
        world.chat.handle_restored(record.as_bytes(), world.now).expect_err(record);
    }
}

#[test]
fn while_the_store_fails_it_is_refused_and_stored_later() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", CAPS);
    world.say(ada, "METADATA * SET old x");
    world.say(ada, "JOIN #tea");
    world.say(ada, "METADATA #tea SET url x");
    world.hear_all();
    world.commits = Commits::WhenTold;
    assert_eq!(world.tell(ada, "METADATA * SET url x"), SILENCE, "the answer waits");
    assert_eq!(world.tell(ada, "METADATA * CLEAR"), SILENCE);
    assert_eq!(world.tell(ada, "METADATA #tea SET url y"), SILENCE);
    world.commits = Commits::Fail;
    world.fail();
    let failed = |target: &str| format!("400 ada METADATA {target} :Setting was changed but could not be stored yet");
    assert_eq!(world.listen(ada), [failed("ada"), failed("ada"), failed("#tea")]);
    let refused = world.tell(ada, "METADATA * SET url z");
    assert!(refused[0].starts_with("400 ada METADATA :Nothing can be stored"), "{refused:?}");
    let ben = world.user_with("ben", CAPS);
    assert_eq!(world.tell(ben, "METADATA * SET url z"), ["761 ben ben url * :z"], "which is never stored");
    world.commits = Commits::AtOnce;
    world.pass(limits::CHAT_PROBE_INTERVAL);
    restart(&mut world);
    let (ada, _) = world.client("ada", "ada", CAPS);
    world.say(ada, "JOIN #tea");
    world.hear_all();
    assert_eq!(list(&mut world, ada, "*"), SILENCE);
    assert_eq!(list(&mut world, ada, "#tea"), ["#tea url * :y"]);
}

#[test]
fn keys_and_bytes_are_bounded() {
    let mut world = World::new();
    let foo = world.subscriber("foo", "");
    for n in 0..limits::CHAT_METADATA_KEYS {
        assert!(world.tell(foo, &format!("METADATA * SET k{n} x"))[0].starts_with("761 "), "{n}");
        world.pass(limits::CHAT_METADATA_INTERVAL);
    }
    let full = ["FAIL METADATA LIMIT_REACHED foo :There are as many as there may be"];
    assert_eq!(world.tell(foo, "METADATA * SET one-more x"), full);
    assert_eq!(
        world.tell(foo, "METADATA * SET k0 other"),
        ["761 foo foo k0 * :other"],
        "in the place of the old value"
    );
    // Others leave so little place.
    world.add_account("rich");
    let value = "v".repeat(limits::CHAT_METADATA_ALL - world.chat.state.metadata.bytes() - "k".len() - 1);
    let target = MetadataTarget::Account("rich".into());
    let record = MetadataRecord { target, values: [("k".to_string(), value)].into() };
    world.chat.state.apply(&MetadataEvent::Restored(record).into(), world.now);
    assert_eq!(world.tell(foo, "METADATA * SET k0 others2"), full);
    assert_eq!(world.tell(foo, "METADATA * SET k0 others"), ["761 foo foo k0 * :others"]);
    assert_eq!(world.tell(foo, "METADATA * SET k0 less"), ["761 foo foo k0 * :less"]);
}

/// "If the FAIL METADATA RATE_LIMITED event contains the RetryAfter parameter, it MUST be a positive integer".
#[test]
fn changes_are_limited_in_their_rate() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", CAPS);
    for n in 0..limits::CHAT_METADATA_BURST {
        assert!(world.tell(ada, &format!("METADATA * SET url {n}"))[0].starts_with("761 "), "{n}");
    }
    let refused = ["FAIL METADATA RATE_LIMITED ada url 3 :Too many changes, try again later"];
    assert_eq!(world.tell(ada, "METADATA * SET url x"), refused);
    assert!(world.tell(ada, "METADATA * CLEAR")[0].starts_with("FAIL METADATA RATE_LIMITED ada * 3 "));
    // A new connection of the account changes nothing.
    world.cut(ada);
    let (ada, _) = world.client("ada", "ada", CAPS);
    assert_eq!(world.tell(ada, "METADATA * SET url x"), refused);
    world.pass(limits::CHAT_METADATA_INTERVAL);
    assert_eq!(world.tell(ada, "METADATA * SET url x"), ["761 ada ada url * :x"]);
    assert_eq!(world.tell(ada, "METADATA * SET url x"), ["761 ada ada url * :x"], "no change");
}

/// "Clients automatically receive metadata updates for themselves (excluding changes they make themselves)": on their other sessions,
/// each of which has its own subscriptions.
#[test]
fn other_sessions_are_told() {
    let (mut world, ada, second, ben) = World::two_clients(CAPS);
    world.say(second, "METADATA * SUB url");
    world.hear_all();
    world.say(ada, "METADATA * SET url x");
    world.say(ada, "METADATA * SET avatar x");
    assert_eq!(world.listen(second), ["METADATA ada url * :x"]);
    world.say(second, "METADATA * SET url y");
    assert_eq!(world.listen(second), ["761 ada ada url * :y"]);
    assert_eq!(plain(&world.hear(ada))[2..], SILENCE);
    assert_eq!(world.hear(ben), SILENCE);
    // A third one is told all that is its own, and of each room what it is subscribed to.
    let id = world.connect();
    for line in
        ["CAP REQ :batch draft/metadata-2", "PASS :ada:correct horse", "METADATA * SUB url", "NICK ada", "USER a 0 * a"]
    {
        world.say(id, line);
    }
    world.hear(id);
    world.say(id, "CAP END");
    world.soon();
    let heard = plain(&world.hear(id));
    let own = ["+ metadata ada", "| METADATA ada avatar * :x", "| METADATA ada url * :y", "-"];
    let place = |line: &str| heard.iter().position(|heard| heard.contains(line)).expect(line);
    assert_eq!(heard[place(own[0])..][..4], own);
    assert!(place(own[0]) < place("422 "), "before the message of the day");
    assert_eq!(heard[heard.len() - 3..], ["+ metadata #tea", "| METADATA ada url * :y", "-"]);
    world.chat.check_bounds();
}

/// irctest `testSetGetValidBeforeConnect`.
#[test]
fn it_can_be_set_before_registration() {
    let mut world = World::new();
    let watcher = world.subscriber("watcher", "url");
    world.say(watcher, "MONITOR + foo");
    world.hear_all();
    let id = world.connect();
    assert!(
        world
            .ask(id, "CAP LS 302")
            .concat()
            .contains("draft/metadata-2=before-connect,max-subs=64,max-keys=16,max-value-bytes=288")
    );
    world.ask(id, "CAP REQ :batch draft/metadata-2");
    assert_eq!(world.tell(id, "METADATA * SET url x"), ["761 * * url * :x"]);
    assert_eq!(world.tell(id, "METADATA * SET gone x"), ["761 * * gone * :x"]);
    assert_eq!(world.tell(id, "METADATA * SET gone"), ["766 * * gone :Key is not set"]);
    assert_eq!(world.tell(id, "METADATA * SET gone"), ["FAIL METADATA KEY_NOT_SET * gone :Key is not set"]);
    assert_eq!(world.tell(id, "METADATA foo SET url x"), ["FAIL METADATA INVALID_TARGET foo :Invalid target"]);
    assert_eq!(world.tell(id, "METADATA * GET url"), ["451 * :You have not registered"]);
    assert_eq!(world.tell(id, "METADATA * SUB url"), ["770 * url"]);
    assert_eq!(world.tell(id, "METADATA * SUBS"), ["+ metadata-subs", "| 772 * url", "-"]);
    for n in 1..limits::CHAT_METADATA_KEYS {
        world.say(id, &format!("METADATA * SET k{n} x"));
    }
    world.hear(id);
    assert_eq!(
        world.tell(id, "METADATA * SET more x"),
        ["FAIL METADATA LIMIT_REACHED * :There are as many as there may be"]
    );
    world.say(id, "NICK foo");
    world.say(id, "USER foo 0 * :foo");
    let heard = world.tell(id, "CAP END");
    assert!(heard.contains(&"| METADATA foo url * :x".to_string()), "{heard:?}");
    assert_eq!(world.listen(watcher), ["730 watcher :foo!foo@127.0.0.1", "METADATA foo url * :x"]);
    assert_eq!(list(&mut world, id, "*").len(), limits::CHAT_METADATA_KEYS);
    world.chat.check_bounds();
}

/// "Upon requesting the capability, clients receive their … metadata in a batch. If none exists, the server MUST send an empty
/// batch".
#[test]
fn asking_for_the_capability_tells_ones_own() {
    let mut world = World::new();
    let foo = world.user_with("foo", "batch");
    let heard = world.tell(foo, "CAP REQ draft/metadata-2");
    assert_eq!(heard[1..], ["+ metadata foo", "-"]);
    world.say(foo, "METADATA * SET url x");
    world.say(foo, "CAP REQ -draft/metadata-2");
    world.hear_all();
    assert_eq!(world.tell(foo, "CAP REQ draft/metadata-2")[1..], ["+ metadata foo", "| METADATA foo url * :x", "-"]);
}

/// The account's own wins; what it has not is taken along; others are told what is other than before.
#[test]
fn who_logs_in_tells_what_the_account_tells() {
    let mut world = World::new();
    world.add_account("ada");
    let (ada, _) = world.client("ada", "ada", CAPS);
    for line in ["SET url account", "SET color red"] {
        world.say(ada, &format!("METADATA * {line}"));
    }
    let foo = world.subscriber("foo", "");
    let ben = world.subscriber("ben", "url color avatar");
    for line in ["METADATA * SET url mine", "METADATA * SET avatar mine", "JOIN #tea"] {
        world.say(foo, line);
    }
    world.say(ben, "JOIN #tea");
    world.hear_all();
    for line in ["CAP REQ sasl", "AUTHENTICATE PLAIN", "AUTHENTICATE AGFkYQBjb3JyZWN0IGhvcnNl"] {
        world.say(foo, line);
    }
    let heard = world.listen(foo);
    assert!(heard.iter().any(|line| line.starts_with("900 ")), "{heard:?}");
    let told = world.listen(ben);
    assert_eq!(told, ["METADATA foo avatar * :mine", "METADATA foo color * :red", "METADATA foo url * :account"]);
    let expected = ["foo avatar * :mine", "foo color * :red", "foo url * :account"];
    assert_eq!(list(&mut world, foo, "*"), expected);
    // It is one account's, whatever the nicknames.
    world.say(ada, "METADATA * SET url new");
    assert_eq!(world.listen(ben), ["METADATA foo url * :new"]);
    world.chat.check_bounds();
}
