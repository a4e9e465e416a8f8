//! Rooms with something in them.

use super::*;
use helio_core::chat::client::desk::Happening;
use insta::assert_snapshot;

// tidy: long: three screens
#[test]
fn a_room_with_a_talk() {
    let [mut narrow, mut usual, mut wide] = stages(&talk().0);
    assert_snapshot!(narrow.screen(), @r"
    | #tea  green, black, and what goes with it                  |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |──────────────── Saturday, 21 November 2026 ────────────────|
    |14:10        ben │ good night                               |
    |───────────────── Sunday, 22 November 2026 ─────────────────|
    |14:10        ben │ is there any tea left?                   |
    |14:11       mina │ I think there is some in the blue tin,   |
    |                 │ behind the biscuits that nobody likes    |
    |14:12        ada │ found it                                 |
    |                                                            |
    | ada │ lag 12 ms │ TLS                                      |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.screen(), @r"
    | #tea  green, black, and what goes with it                                      |
    |1 helio.local  │                                                                |
    |2 #ops         │                                                                |
    |3 #tea         │                                                                |
    |4 zoe          │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │────────────────── Saturday, 21 November 2026 ──────────────────|
    |               │14:10        ben │ good night                                   |
    |               │─────────────────── Sunday, 22 November 2026 ───────────────────|
    |               │14:10        ben │ is there any tea left?                       |
    |               │14:11       mina │ I think there is some in the blue tin, behind|
    |               │                 │ the biscuits that nobody likes               |
    |               │14:12        ada │ found it                                     |
    |                                                                                |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.screen(), @r"
    | #tea  green, black, and what goes with it                                                                              |
    |1 helio.local      │                                                                                │ 4 people          |
    |2 #ops             │                                                                                │ @ben              |
    |3 #tea             │                                                                                │  ada              |
    |4 zoe              │                                                                                │  mina             |
    |                   │                                                                                │  zoe              |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │────────────────────────── Saturday, 21 November 2026 ──────────────────────────│                   |
    |                   │14:10           ben │ good night                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ is there any tea left?                                    │                   |
    |                   │14:11          mina │ I think there is some in the blue tin, behind the biscuits│                   |
    |                   │                    │ that nobody likes                                         │                   |
    |                   │14:12           ada │ found it                                                  │                   |
    |                                                                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

// tidy: long: three screens
#[test]
fn replies_reactions_and_what_was_taken_back() {
    let (mut desk, id) = talk();
    let mut answer = entry(&mut desk, 3, "zoe", words("ada: well done!\nwill you make some?"));
    (answer.reply_to, answer.is_mention) = (Some("m2".to_owned()), true);
    answer.react("ben", "👍", true, at(4));
    answer.react("mina", "👍", true, at(4));
    answer.react("ada", "🎉", true, at(4));
    let mut gone = entry(&mut desk, 4, "ben", words("oops"));
    gone.redact("ben", "wrong room");
    let mut old = entry(&mut desk, 5, "ben", words("yes, that one"));
    old.reply_to = Some("m-long-ago".to_owned());
    let mut action = entry(&mut desk, 6, "mina", words("puts the kettle on"));
    action.what = What::Said(Said { kind: Kind::Action, lines: vec!["puts the kettle on".to_owned()] });
    let joined = entry(&mut desk, 7, "eve", What::Happened(Happening::Joined));
    let room = desk.buffer_mut(id).unwrap();
    for entry in [answer, gone, old, action, joined] {
        room.push(entry);
    }
    let [mut narrow, mut usual, mut wide] = stages(&desk);
    assert_snapshot!(narrow.screen(), @r"
    | #tea  green, black, and what goes with it                  |
    |──────────────── Saturday, 21 November 2026 ────────────────|
    |14:10        ben │ good night                               |
    |───────────────── Sunday, 22 November 2026 ─────────────────|
    |14:10        ben │ is there any tea left?                   |
    |14:11       mina │ I think there is some in the blue tin,   |
    |                 │ behind the biscuits that nobody likes    |
    |14:12        ada │ found it                                 |
    |14:13        zoe ┃ ╭ ada: found it                          |
    |                 ┃ ada: well done!                          |
    |                 ┃ will you make some?                      |
    |                 ┃ 👍 ben, mina   🎉 ada                    |
    |14:14        ben │ (taken back by ben: wrong room)          |
    |14:15        ben │ ╭ an earlier message                     |
    |                 │ yes, that one                            |
    |14:16          * │ mina puts the kettle on                  |
    |14:17          → │ eve came in                              |
    |                                                            |
    | ada │ lag 12 ms │ TLS                                      |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.screen(), @r"
    | #tea  green, black, and what goes with it                                      |
    |1 helio.local  │                                                                |
    |2 #ops         │                                                                |
    |3 #tea         │                                                                |
    |4 zoe          │                                                                |
    |               │────────────────── Saturday, 21 November 2026 ──────────────────|
    |               │14:10        ben │ good night                                   |
    |               │─────────────────── Sunday, 22 November 2026 ───────────────────|
    |               │14:10        ben │ is there any tea left?                       |
    |               │14:11       mina │ I think there is some in the blue tin, behind|
    |               │                 │ the biscuits that nobody likes               |
    |               │14:12        ada │ found it                                     |
    |               │14:13        zoe ┃ ╭ ada: found it                              |
    |               │                 ┃ ada: well done!                              |
    |               │                 ┃ will you make some?                          |
    |               │                 ┃ 👍 ben, mina   🎉 ada                        |
    |               │14:14        ben │ (taken back by ben: wrong room)              |
    |               │14:15        ben │ ╭ an earlier message                         |
    |               │                 │ yes, that one                                |
    |               │14:16          * │ mina puts the kettle on                      |
    |               │14:17          → │ eve came in                                  |
    |                                                                                |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.screen(), @r"
    | #tea  green, black, and what goes with it                                                                              |
    |1 helio.local      │                                                                                │ 4 people          |
    |2 #ops             │                                                                                │ @ben              |
    |3 #tea             │                                                                                │  ada              |
    |4 zoe              │                                                                                │  mina             |
    |                   │                                                                                │  zoe              |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │────────────────────────── Saturday, 21 November 2026 ──────────────────────────│                   |
    |                   │14:10           ben │ good night                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ is there any tea left?                                    │                   |
    |                   │14:11          mina │ I think there is some in the blue tin, behind the biscuits│                   |
    |                   │                    │ that nobody likes                                         │                   |
    |                   │14:12           ada │ found it                                                  │                   |
    |                   │14:13           zoe ┃ ╭ ada: found it                                           │                   |
    |                   │                    ┃ ada: well done!                                           │                   |
    |                   │                    ┃ will you make some?                                       │                   |
    |                   │                    ┃ 👍 ben, mina   🎉 ada                                     │                   |
    |                   │14:14           ben │ (taken back by ben: wrong room)                           │                   |
    |                   │14:15           ben │ ╭ an earlier message                                      │                   |
    |                   │                    │ yes, that one                                             │                   |
    |                   │14:16             * │ mina puts the kettle on                                   │                   |
    |                   │14:17             → │ eve came in                                               │                   |
    |                                                                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

/// What came while another room was looked at, with the line before it; what is unread elsewhere; who is typing.
// tidy: long: three screens
#[test]
fn what_is_unread() {
    let (mut desk, id) = talk();
    let other = desk.named("#ops").unwrap().id();
    let room = desk.buffer_mut(id).unwrap();
    room.mark_read(at(1));
    room.unread = 1;
    let until = Instant::after_origin(Duration::from_secs(105));
    room.set_typing("ben", Some(until));
    room.set_typing("zoe", Some(until));
    room.set_typing("eve", Some(Instant::after_origin(Duration::from_secs(99))));
    say(&mut desk, id, 3, "ben", "where was it?");
    let ops = desk.buffer_mut(other).unwrap();
    (ops.unread, ops.mentions) = (12, 1);
    let private = desk.named_mut("zoe").unwrap();
    (private.unread, private.mentions) = (3, 3);
    let [mut narrow, mut usual, mut wide] = stages(&desk);
    assert_snapshot!(narrow.screen(), @r"
    | #tea  green, black, and what goes with it                  |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |──────────────── Saturday, 21 November 2026 ────────────────|
    |14:10        ben │ good night                               |
    |───────────────── Sunday, 22 November 2026 ─────────────────|
    |14:10        ben │ is there any tea left?                   |
    |14:11       mina │ I think there is some in the blue tin,   |
    |                 │ behind the biscuits that nobody likes    |
    |14:12        ada │ found it                                 |
    |─────────────────────────── new ────────────────────────────|
    |14:13        ben │ where was it?                            |
    |ben and zoe are typing …                                    |
    | ada │ lag 12 ms │ TLS │ 2 #ops 12!, 4 zoe 3!               |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.screen(), @r"
    | #tea  green, black, and what goes with it                                      |
    |1 helio.local  │                                                                |
    |2 #ops     12! │                                                                |
    |3 #tea       1 │                                                                |
    |4 zoe       3! │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │────────────────── Saturday, 21 November 2026 ──────────────────|
    |               │14:10        ben │ good night                                   |
    |               │─────────────────── Sunday, 22 November 2026 ───────────────────|
    |               │14:10        ben │ is there any tea left?                       |
    |               │14:11       mina │ I think there is some in the blue tin, behind|
    |               │                 │ the biscuits that nobody likes               |
    |               │14:12        ada │ found it                                     |
    |               │───────────────────────────── new ──────────────────────────────|
    |               │14:13        ben │ where was it?                                |
    |ben and zoe are typing …                                                        |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.screen(), @r"
    | #tea  green, black, and what goes with it                                                                              |
    |1 helio.local      │                                                                                │ 4 people          |
    |2 #ops         12! │                                                                                │ @ben              |
    |3 #tea           1 │                                                                                │  ada              |
    |4 zoe           3! │                                                                                │  mina             |
    |                   │                                                                                │  zoe              |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │────────────────────────── Saturday, 21 November 2026 ──────────────────────────│                   |
    |                   │14:10           ben │ good night                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ is there any tea left?                                    │                   |
    |                   │14:11          mina │ I think there is some in the blue tin, behind the biscuits│                   |
    |                   │                    │ that nobody likes                                         │                   |
    |                   │14:12           ada │ found it                                                  │                   |
    |                   │───────────────────────────────────── new ──────────────────────────────────────│                   |
    |                   │14:13           ben │ where was it?                                             │                   |
    |ben and zoe are typing …                                                                                                |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}
