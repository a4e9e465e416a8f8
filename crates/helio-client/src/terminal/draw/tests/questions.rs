//! Pages and questions over the messages.

use super::*;
use insta::assert_snapshot;

// tidy: long: three screens
#[test]
fn help() {
    let [mut narrow, mut usual, mut wide] = stages(&talk().0);
    assert_snapshot!(narrow.types("/help").key(KeyCode::Enter).key(KeyCode::PageDown).screen(), @r"
    | #tea  green, black, and what goes with it                  |
    |  Alt-w                          leave the room, or close   |
    |                                 the conversation           |
    |  F2                             show or hide the rooms     |
    |  F3                             show or hide the people    |
    |                                                            |
    |Typing                                                      |
    |  Enter                          send                       |
    |  Alt-Enter, Shift-Enter, Ctrl-J another line of the same   |
    |                                 message                    |
    |  Tab                            complete a nickname,       |
    |                                 /command, #room or :emoji  |
    |  Up                             a row up; then what was    |
    |                                 typed before               |
    |  Ctrl-Left, Alt-Left, Alt-b     a word left                |
    |  Ctrl-Right, Alt-Right, Alt-f   a word right               |
    |  Home, Ctrl-A                   start of the line          |
    |Up, Down, PageUp, PageDown; any other key closes            |
    | ada │ lag 12 ms │ TLS                                      |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.key(KeyCode::F(1)).screen(), @r"
    | #tea  green, black, and what goes with it                                      |
    |1 helio.local  │Rooms and messages                                              |
    |2 #ops         │  Alt-Up, Ctrl-P                 previous room or conversation  |
    |3 #tea         │  Alt-Down, Ctrl-N               next one                       |
    |4 zoe          │  Alt-a                          next one with something new,   |
    |               │                                 mentions first                 |
    |               │  Alt-1 … Alt-9                  the one with that number       |
    |               │  Alt-u                          to the first unread message    |
    |               │  PageUp                         earlier; what is not here is   |
    |               │                                 fetched                        |
    |               │  PageDown                       later                          |
    |               │  Ctrl-End, Alt-End              to the newest message          |
    |               │  Ctrl-Up, Alt-s                 pick a message, to reply, react|
    |               │                                 or take it back                |
    |               │  Alt-w                          leave the room, or close the   |
    |               │                                 conversation                   |
    |               │  F2                             show or hide the rooms         |
    |               │  F3                             show or hide the people        |
    |               │                                                                |
    |               │Typing                                                          |
    |               │  Enter                          send                           |
    |Up, Down, PageUp, PageDown; any other key closes                                |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.key(KeyCode::F(1)).screen(), @r"
    | #tea  green, black, and what goes with it                                                                              |
    |1 helio.local      │Rooms and messages                                                              │ 4 people          |
    |2 #ops             │  Alt-Up, Ctrl-P                 previous room or conversation                  │ @ben              |
    |3 #tea             │  Alt-Down, Ctrl-N               next one                                       │  ada              |
    |4 zoe              │  Alt-a                          next one with something new, mentions first    │  mina             |
    |                   │  Alt-1 … Alt-9                  the one with that number                       │  zoe              |
    |                   │  Alt-u                          to the first unread message                    │                   |
    |                   │  PageUp                         earlier; what is not here is fetched           │                   |
    |                   │  PageDown                       later                                          │                   |
    |                   │  Ctrl-End, Alt-End              to the newest message                          │                   |
    |                   │  Ctrl-Up, Alt-s                 pick a message, to reply, react or take it back│                   |
    |                   │  Alt-w                          leave the room, or close the conversation      │                   |
    |                   │  F2                             show or hide the rooms                         │                   |
    |                   │  F3                             show or hide the people                        │                   |
    |                   │                                                                                │                   |
    |                   │Typing                                                                          │                   |
    |                   │  Enter                          send                                           │                   |
    |                   │  Alt-Enter, Shift-Enter, Ctrl-J another line of the same message               │                   |
    |                   │  Tab                            complete a nickname, /command, #room or :emoji │                   |
    |                   │  Up                             a row up; then what was typed before           │                   |
    |                   │  Ctrl-Left, Alt-Left, Alt-b     a word left                                    │                   |
    |                   │  Ctrl-Right, Alt-Right, Alt-f   a word right                                   │                   |
    |                   │  Home, Ctrl-A                   start of the line                              │                   |
    |                   │  End, Ctrl-E                    end of the line                                │                   |
    |                   │  Ctrl-W, Alt-Backspace          cut the word before                            │                   |
    |                   │  Alt-d                          cut the word behind                            │                   |
    |                   │  Ctrl-U                         cut to the start of the line                   │                   |
    |                   │  Ctrl-K                         cut to its end                                 │                   |
    |                   │  Ctrl-Y                         put in what was cut                            │                   |
    |                   │                                                                                │                   |
    |                   │The program                                                                     │                   |
    |                   │  F1                             this page                                      │                   |
    |                   │  Esc                            close what is open, give up what was begun     │                   |
    |                   │  Ctrl-R                         connect now instead of waiting longer          │                   |
    |                   │  Ctrl-L                         draw the screen again                          │                   |
    |                   │  Ctrl-Z                         stop for a while; fg comes back                │                   |
    |                   │  Ctrl-C                         give up the line; twice: leave                 │                   |
    |Up, Down, PageUp, PageDown; any other key closes                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

// tidy: long: three screens
#[test]
fn several_pasted_lines_are_asked_about() {
    let pasted = "one\ntwo\r\n\tthree \u{1b}[2J\nfour\nfive\nsix\nseven\n/quit\n";
    let [mut narrow, mut usual, mut wide] = stages(&talk().0);
    assert_snapshot!(narrow.types("before ").paste(pasted).screen(), @r"
    | #tea  green, black, and what goes with it                  |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |                                                            |
    |────────────────────────────────────────────────────────────|
    |one                                                         |
    |two                                                         |
    |    three ␛[2J                                              |
    |four                                                        |
    |five                                                        |
    |six                                                         |
    |… and 2 more                                                |
    |8 lines were pasted: y send, e edit, Esc drop               |
    | ada │ lag 12 ms │ TLS                                      |
    |> before                                                    |
    cursor 9,19
    ");
    assert_snapshot!(usual.paste(pasted).screen(), @r"
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
    |               │────────────────────────────────────────────────────────────────|
    |               │one                                                             |
    |               │two                                                             |
    |               │    three ␛[2J                                                  |
    |               │four                                                            |
    |               │five                                                            |
    |               │six                                                             |
    |               │… and 2 more                                                    |
    |8 lines were pasted: y send, e edit, Esc drop                                   |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.paste(pasted).key(KeyCode::Char('e')).screen(), @r"
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
    |                   │────────────────────────── Saturday, 21 November 2026 ──────────────────────────│                   |
    |                   │14:10           ben │ good night                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ is there any tea left?                                    │                   |
    |                   │14:11          mina │ I think there is some in the blue tin, behind the biscuits│                   |
    |                   │                    │ that nobody likes                                         │                   |
    |                   │14:12           ada │ found it                                                  │                   |
    |                                                                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |> one                                                                                                                   |
    |  two                                                                                                                   |
    |      three [2J                                                                                                         |
    |  four                                                                                                                  |
    |  five                                                                                                                  |
    |  six                                                                                                                   |
    |  seven                                                                                                                 |
    |  /quit                                                                                                                 |
    cursor 7,39
    ");
}

// tidy: long: three screens
#[test]
fn a_picked_message_can_be_answered_reacted_to_and_taken_back() {
    let [mut narrow, mut usual, mut wide] = stages(&talk().0);
    assert_snapshot!(narrow.ctrl(KeyCode::Up).screen(), @r"
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
    |r reply, e react, d take back, Up and Down another, Esc done|
    | ada │ lag 12 ms │ TLS                                      |
    |>                                                           |
    cursor 2,19
    ");
    assert_snapshot!(usual.ctrl(KeyCode::Up).key(KeyCode::Up).key(KeyCode::Char('e')).screen(), @r"
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
    |1 👍  2 💖  3 😂  4 🎉  5 😮  6 😢  7 👀  8 ✅  9 ❌ or a name:                 |
    | ada │ lag 12 ms │ TLS                                                          |
    |>                                                                               |
    cursor 2,23
    ");
    assert_snapshot!(wide.ctrl(KeyCode::Up).key(KeyCode::Up).key(KeyCode::Enter).types("thanks!").screen(), @r"
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
    |reply to mina: I think there is some in the blue tin, behind the biscuits that nobody likes                             |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |> thanks!                                                                                                               |
    cursor 9,39
    ");
}
