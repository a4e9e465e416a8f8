//! The connection in all its states.

use super::*;
use helio_core::chat::client::desk::{Delivery, Search, SearchState};
use insta::assert_snapshot;

// tidy: long: three screens
#[test]
fn nothing_yet() {
    let [mut narrow, mut usual, mut wide] = stages(&Desk::new("ada"));
    assert_snapshot!(narrow.screen(), @r"
    | server                                                     |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                        Connecting …                        |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    | ada │ connecting … │ not encrypted                         |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.screen(), @r"
    | server                                                                         |
    |1 server       │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                          Connecting …                          |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |                                                                                |
    | ada │ connecting … │ not encrypted                                             |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.screen(), @r"
    | server                                                                                                                 |
    |1 server           │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                            Connecting …                                            |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                   │                                                                                                    |
    |                                                                                                                        |
    | ada │ connecting … │ not encrypted                                                                                     |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

// tidy: long: three screens
#[test]
fn an_empty_room() {
    let [mut narrow, mut usual, mut wide] = stages(&tea().0);
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
    |     Nothing has been said here yet. F1 shows the keys.     |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
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
    |               │       Nothing has been said here yet. F1 shows the keys.       |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
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
    |                   │               Nothing has been said here yet. F1 shows the keys.               │                   |
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
    |                                                                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

// tidy: long: three screens
#[test]
fn the_connection_is_lost_and_messages_wait() {
    let (mut desk, id) = talk();
    let until = Instant::after_origin(Duration::from_millis(107_200));
    desk.link = LinkState::Waiting { until, reason: "the server closed the connection".to_owned() };
    let fates = [
        ("is anybody there?", Delivery::Unknown),
        ("/etc is a folder", Delivery::Failed { reason: "you are banned from this room".to_owned() }),
        ("hello?", Delivery::Waiting),
    ];
    for (minute, (text, fate)) in (3..).zip(fates) {
        let mut pending = entry(&mut desk, minute, "ada", words(text));
        (pending.msgid, pending.delivery) = (None, Some(fate));
        desk.buffer_mut(id).unwrap().push_pending(pending);
    }
    let [mut narrow, mut usual, mut wide] = stages(&desk);
    assert_snapshot!(narrow.screen(), @r"
    | #tea  green, black, and what goes with it                  |
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
    |14:13        ada │ is anybody there?                        |
    |                 │ ✗ not known whether it arrived           |
    |14:14        ada │ /etc is a folder                         |
    |                 │ ✗ not said: you are banned from this room|
    |14:15        ada │ hello?                                   |
    |                 │ ⋯ waits until it can be sent             |
    |                                                            |
    | ada │ NOT CONNECTED, next try in 8 s (Ctrl-R: now) │ the s…|
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
    |               │────────────────── Saturday, 21 November 2026 ──────────────────|
    |               │14:10        ben │ good night                                   |
    |               │─────────────────── Sunday, 22 November 2026 ───────────────────|
    |               │14:10        ben │ is there any tea left?                       |
    |               │14:11       mina │ I think there is some in the blue tin, behind|
    |               │                 │ the biscuits that nobody likes               |
    |               │14:12        ada │ found it                                     |
    |               │14:13        ada │ is anybody there?                            |
    |               │                 │ ✗ not known whether it arrived               |
    |               │14:14        ada │ /etc is a folder                             |
    |               │                 │ ✗ not said: you are banned from this room    |
    |               │14:15        ada │ hello?                                       |
    |               │                 │ ⋯ waits until it can be sent                 |
    |                                                                                |
    | ada │ NOT CONNECTED, next try in 8 s (Ctrl-R: now) │ the server closed the con…|
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
    |                   │────────────────────────── Saturday, 21 November 2026 ──────────────────────────│                   |
    |                   │14:10           ben │ good night                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ is there any tea left?                                    │                   |
    |                   │14:11          mina │ I think there is some in the blue tin, behind the biscuits│                   |
    |                   │                    │ that nobody likes                                         │                   |
    |                   │14:12           ada │ found it                                                  │                   |
    |                   │14:13           ada │ is anybody there?                                         │                   |
    |                   │                    │ ✗ not known whether it arrived                            │                   |
    |                   │14:14           ada │ /etc is a folder                                          │                   |
    |                   │                    │ ✗ not said: you are banned from this room                 │                   |
    |                   │14:15           ada │ hello?                                                    │                   |
    |                   │                    │ ⋯ waits until it can be sent                              │                   |
    |                                                                                                                        |
    | ada │ NOT CONNECTED, next try in 8 s (Ctrl-R: now) │ the server closed the connection │ 1 message waits                |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

// tidy: long: three screens
#[test]
fn what_was_found() {
    let (mut desk, _) = talk();
    let mut search = Search { words: "tea".to_owned(), within: None, state: SearchState::Done, found: Vec::new() };
    for (minute, text) in [(-4000, "tea or coffee?"), (0, "is there any tea left?")] {
        let entry = entry(&mut desk, minute, "ben", words(text));
        search.found.push(helio_core::chat::client::desk::Found { place: "#tea".to_owned(), entry });
    }
    desk.search = Some(search);
    let [mut narrow, mut usual, mut wide] = stages(&desk);
    assert_snapshot!(narrow.screen(), @r#"
    | #tea  green, black, and what goes with it                  |
    |"tea": 2 messages                                           |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |2026-11-19 19:30 #tea ben: tea or coffee?                   |
    |2026-11-22 14:10 #tea ben: is there any tea left?           |
    |Up and Down choose, Enter goes there, Esc closes            |
    | ada │ lag 12 ms │ TLS                                      |
    |>                                                           |
    cursor 2,19
    "#);
    assert_snapshot!(usual.screen(), @r#"
    | #tea  green, black, and what goes with it                                      |
    |1 helio.local  │"tea": 2 messages                                               |
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
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │                                                                |
    |               │2026-11-19 19:30 #tea ben: tea or coffee?                       |
    |               │2026-11-22 14:10 #tea ben: is there any tea left?               |
    |Up and Down choose, Enter goes there, Esc closes                                |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    "#);
    assert_snapshot!(wide.screen(), @r#"
    | #tea  green, black, and what goes with it                                                                              |
    |1 helio.local      │"tea": 2 messages                                                               │ 4 people          |
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
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │2026-11-19 19:30 #tea ben: tea or coffee?                                       │                   |
    |                   │2026-11-22 14:10 #tea ben: is there any tea left?                               │                   |
    |Up and Down choose, Enter goes there, Esc closes                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    "#);
}
