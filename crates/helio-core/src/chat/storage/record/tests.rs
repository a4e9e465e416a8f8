use super::*;
use crate::chat::event::Event;
use crate::chat::ids::UserId;
use crate::chat::state::{Access, FilterAction, RoomFlag, State, Statuses};
use crate::time::{Instant, Now};
use alloc::string::ToString;
use proptest::prelude::*;

fn now() -> Now {
    Now { mono: Instant::ORIGIN, utc: Utc::default() }
}

fn text() -> impl Strategy<Value = String> {
    "[a-zé\"\\\\ ]{0,8}"
}

fn room() -> impl Strategy<Value = String> {
    prop::sample::select(alloc::vec!["#a", "#A", "#b", "#c"]).prop_map(String::from)
}

fn change() -> impl Strategy<Value = Change> {
    let flags = RoomFlag::TABLE.map(|(flag, _)| flag).to_vec();
    let kinds = ListKind::TABLE.map(|(kind, _)| kind).to_vec();
    let masks = alloc::vec!["x!*@*", "X!*@*", "~m:y!*@*", "~a:z", "~m:~a:z"];
    prop_oneof![
        (prop::sample::select(flags), any::<bool>())
            .prop_map(|(flag, is_set)| Change::Setting { setting: Setting::Flag { flag, is_set } }),
        prop::option::of(text()).prop_map(|key| Change::Setting { setting: Setting::Key { key } }),
        any::<Option<u32>>().prop_map(|limit| Change::Setting { setting: Setting::Limit { limit } }),
        any::<Option<u32>>().prop_map(|seconds| Change::Setting { setting: Setting::Slow { seconds } }),
        any::<bool>().prop_map(|is_added| Change::Status { is_added, status: Statuses::VOICE, user: UserId(1) }),
        (any::<bool>(), prop::sample::select(kinds), prop::sample::select(masks), text(), any::<i64>()).prop_map(
            |(is_added, kind, mask, by, at_us)| {
                Change::List { is_added, kind, entry: ListEntry { mask: mask.to_string(), by, at_us } }
            }
        ),
    ]
}

fn ownership() -> impl Strategy<Value = OwnershipChange> {
    let account = || prop::sample::select(alloc::vec!["ann", "Ann", "bob", "cat"]).prop_map(String::from);
    let access = prop::sample::select(alloc::vec![None, Some(Access::Voice), Some(Access::Admin)]);
    prop_oneof![
        account().prop_map(|founder| OwnershipChange::Registered { founder }),
        account().prop_map(|founder| OwnershipChange::Founder { founder }),
        (account(), access, text()).prop_map(|(account, access, by)| OwnershipChange::Access { account, access, by }),
        Just(OwnershipChange::Dropped),
    ]
}

fn event() -> impl Strategy<Value = RoomEvent> {
    let at = any::<i64>().prop_map(Utc::from_micros);
    prop_oneof![
        (room(), any::<u8>(), at.clone()).prop_map(|(name, id, at)| RoomEvent::Kept {
            id: RoomId(id.to_string()),
            name,
            at
        }),
        (room(), text(), text(), at.clone()).prop_map(|(room, by, text, at)| RoomEvent::Topic {
            room,
            actor: Actor::Server,
            by,
            text,
            at
        }),
        (room(), prop::sample::select(alloc::vec!["spam", "*ham*"]), any::<bool>(), at.clone()).prop_map(
            |(room, pattern, is_added, at)| {
                let (pattern, by, at_us) = (String::from(pattern), String::from("ann"), at.micros());
                let change = match is_added {
                    true => {
                        FilterChange::Add(Filter { pattern, action: FilterAction::Mute, minutes: Some(5), by, at_us })
                    }
                    false => FilterChange::Remove(pattern),
                };
                RoomEvent::Filter { room, change, at }
            }
        ),
        (room(), any::<Option<u32>>(), any::<Option<u64>>(), at.clone())
            .prop_map(|(room, days, newest, at)| { RoomEvent::Keep { room, keep: Keep { days, newest }, at } }),
        (room(), room(), at.clone()).prop_map(|(room, name, at)| RoomEvent::Renamed {
            room,
            id: RoomId("unknown".into()),
            name,
            actor: Actor::Server,
            reason: String::new(),
            was_kept: true,
            at
        }),
        (room(), ownership(), at.clone()).prop_map(|(room, change, at)| RoomEvent::Ownership { room, change, at }),
        (room(), prop::collection::vec(change(), 1..4), at).prop_map(|(room, changes, at)| RoomEvent::Modes {
            room,
            actor: Actor::Server,
            changes,
            at
        }),
        (room(), any::<u8>()).prop_map(|(room, id)| RoomEvent::Ended {
            room,
            id: RoomId(id.to_string()),
            was_kept: true
        }),
    ]
}

proptest! {
    /// Whatever happened to rooms, what was stored of it restores the same rooms; and so do their snapshots.
    #[test]
    fn records_restore_what_happened(events in prop::collection::vec(event(), 0..60)) {
        let (mut live, mut restored, mut compact) = (State::default(), State::default(), State::default());
        let mut kept = alloc::collections::BTreeMap::new();
        for mut event in events {
            // A room is kept once, and ends under its own identity.
            match &mut event {
                RoomEvent::Kept { id, name, .. } => {
                    let key = crate::irc::casemap::fold(name);
                    *id = kept.entry(key).or_insert_with(|| id.clone()).clone();
                }
                RoomEvent::Ended { room, id, .. } => {
                    if let Some(known) = kept.remove(&crate::irc::casemap::fold(room)) {
                        *id = known;
                    }
                }
                RoomEvent::Renamed { room, id, name, .. } => {
                    let [old, new] = [room, name].map(|name| crate::irc::casemap::fold(name));
                    if let Some(known) = kept.remove(&old) {
                        *id = known;
                        kept.insert(new, id.clone());
                    }
                }
                RoomEvent::Created { .. }
                | RoomEvent::Muted { .. }
                | RoomEvent::Filter { .. }
                | RoomEvent::Keep { .. }
                | RoomEvent::ServerFilters { .. }
                | RoomEvent::Topic { .. }
                | RoomEvent::Modes { .. }
                | RoomEvent::Restored { .. }
                | RoomEvent::Ownership { .. }
                | RoomEvent::Offered { .. } => {}
            }
            if let Some(record) = encode_room(&event) {
                restored.apply(&decode(&record).expect("our own record"), now());
            }
            live.apply(&Event::Room(event), now());
        }
        prop_assert_eq!(&restored.rooms, &live.rooms);
        prop_assert_eq!(&restored.empty_rooms, &live.empty_rooms);
        for room in live.rooms.values() {
            let record = crate::chat::storage::encode_room(room).expect("a record");
            compact.apply(&decode(&record).expect("our own record"), now());
        }
        prop_assert_eq!(&compact.rooms, &live.rooms);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert!(decode(&bytes).is_err());
    }
}

/// The stored form, literally: a change here is a change of the format.
#[test]
fn records_look_as_the_page_says() {
    let shown = |event: RoomEvent| String::from_utf8(encode_room(&event).expect("stored")).expect("UTF-8");
    let at = Utc::from_micros(1);
    let id = RoomId("i".into());
    let entry = ListEntry { mask: "x!*@*".into(), by: "n!u@h".into(), at_us: 1 };
    let changes = [
        Change::Setting { setting: Setting::Flag { flag: RoomFlag::Moderated, is_set: true } },
        Change::Setting { setting: Setting::Key { key: None } },
        Change::Setting { setting: Setting::Limit { limit: Some(5) } },
        Change::List { is_added: true, kind: ListKind::Ban, entry },
    ];
    let changes = changes.to_vec();
    insta::assert_snapshot!(shown(RoomEvent::Kept { id: id.clone(), name: "#a".into(), at }), @r##"{"event":"created","id":"i","name":"#a","at_us":1}"##);
    insta::assert_snapshot!(
        shown(RoomEvent::Topic { room: "#a".into(), actor: Actor::Server, by: "n!u@h".into(), text: "t".into(), at }),
        @r##"{"event":"topic","room":"#a","by":"n!u@h","text":"t","at_us":1}"##
    );
    insta::assert_snapshot!(shown(RoomEvent::Modes { room: "#a".into(), actor: Actor::Server, changes: changes.clone(), at }), @r##"{"event":"modes","room":"#a","changes":[{"set":{"flag":{"flag":"moderated","is_set":true}}},{"set":{"key":{"key":null}}},{"set":{"limit":{"limit":5}}},{"add":["ban",{"mask":"x!*@*","by":"n!u@h","at_us":1}]}],"at_us":1}"##);
    insta::assert_snapshot!(shown(RoomEvent::Ended { room: "#a".into(), id: id.clone(), was_kept: true }), @r##"{"event":"ended","room":"#a","id":"i"}"##);
    let owned = |change| shown(RoomEvent::Ownership { room: "#a".into(), change, at });
    let founder = || String::from("ann");
    insta::assert_snapshot!(owned(OwnershipChange::Registered { founder: founder() }), @r##"{"event":"ownership","room":"#a","change":{"registered":{"founder":"ann"}},"at_us":1}"##);
    insta::assert_snapshot!(owned(OwnershipChange::Founder { founder: founder() }), @r##"{"event":"ownership","room":"#a","change":{"founder":{"founder":"ann"}},"at_us":1}"##);
    let access = |access| OwnershipChange::Access { account: founder(), access, by: "bob".into() };
    insta::assert_snapshot!(owned(access(Some(Access::Halfop))), @r##"{"event":"ownership","room":"#a","change":{"access":{"account":"ann","access":"halfop","by":"bob"}},"at_us":1}"##);
    insta::assert_snapshot!(owned(access(None)), @r##"{"event":"ownership","room":"#a","change":{"access":{"account":"ann","by":"bob"}},"at_us":1}"##);
    insta::assert_snapshot!(owned(OwnershipChange::Dropped), @r##"{"event":"ownership","room":"#a","change":"dropped","at_us":1}"##);
    let (actor, reason) = (Actor::Server, String::new());
    let renamed =
        RoomEvent::Renamed { room: "#a".into(), id: id.clone(), name: "#b".into(), actor, reason, was_kept: true, at };
    insta::assert_snapshot!(shown(renamed), @r##"{"event":"renamed","room":"#a","id":"i","name":"#b","at_us":1}"##);
    let filter =
        Filter { pattern: "x".into(), action: FilterAction::Mute, minutes: Some(5), by: "ann".into(), at_us: 1 };
    let filtered = |change| shown(RoomEvent::Filter { room: "#a".into(), change, at });
    insta::assert_snapshot!(filtered(FilterChange::Add(filter.clone())), @r##"{"event":"filter","room":"#a","change":{"add":{"pattern":"x","action":"mute","minutes":5,"by":"ann","at_us":1}},"at_us":1}"##);
    insta::assert_snapshot!(filtered(FilterChange::Remove("x".into())), @r##"{"event":"filter","room":"#a","change":{"remove":"x"},"at_us":1}"##);
    insta::assert_snapshot!(shown(RoomEvent::ServerFilters { filters: [filter].into() }), @r##"{"event":"server-filters","filters":[{"pattern":"x","action":"mute","minutes":5,"by":"ann","at_us":1}]}"##);
    let mut state = State::default();
    state.apply(&RoomEvent::Kept { id, name: "#a".into(), at }.into(), now());
    state.apply(&RoomEvent::Modes { room: "#a".into(), actor: Actor::Server, changes, at }.into(), now());
    let settings = Box::new(state.room("#a").expect("kept").settings());
    insta::assert_snapshot!(shown(RoomEvent::Restored { settings }), @r##"{"event":"room","id":"i","name":"#a","created_us":1,"flags":["moderated","no-outside","topic-locked"],"limit":5,"bans":[{"mask":"x!*@*","by":"n!u@h","at_us":1}]}"##);
}

#[test]
fn what_is_not_known_is_named() {
    let reason = |record: &str| decode(record.as_bytes()).expect_err("no record").reason;
    assert!(reason(r##"{"event":"painted","room":"#a"}"##).contains("unknown variant `painted`"));
    assert!(reason(r##"{"event":"ended","room":"#a"}"##).contains("missing field `id`"));
    let mask =
        r##"{"event":"modes","room":"#a","at_us":1,"changes":[{"add":["ban",{"mask":"~z:x","by":"","at_us":1}]}]}"##;
    assert!(reason(mask).contains("list entry \"~z:x\""));
    let filter = r##"{"event":"server-filters","filters":[{"pattern":"**","action":"refuse","by":"","at_us":1}]}"##;
    assert!(reason(filter).contains("filter \"**\""));
}
