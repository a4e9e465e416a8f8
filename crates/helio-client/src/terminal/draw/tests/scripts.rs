//! Text of all scripts, and hostile text.

use super::*;
use insta::assert_snapshot;
use proptest::prelude::*;

// tidy: long: three screens
#[test]
fn scripts_and_emoji_keep_their_columns() {
    let (mut desk, id) = tea();
    let texts = [
        ("ben", "日本語のお茶はどこですか？緑茶が好きです。"),
        ("世界", "한국어 กำลัง हिन्दी العربية עברית"),
        ("zoe", "e\u{301} ok 👍🏽 ✅ 👩\u{200d}👧 🇩🇪 ❤\u{fe0f}"),
        ("eve", "\u{2}bold\u{2} \u{3}4red\u{f} \u{1b}[2Jcleared? \u{202e}turned"),
    ];
    for (minute, (author, text)) in (0..).zip(texts) {
        say(&mut desk, id, minute, author, text);
    }
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
    |                                                            |
    |                                                            |
    |                                                            |
    |───────────────── Sunday, 22 November 2026 ─────────────────|
    |14:10        ben │ 日本語のお茶はどこですか？緑茶が好きです |
    |                 │ 。                                       |
    |14:11       世界 │ 한국어 กำลัง हिन्दी العربية עברית          |
    |14:12        zoe │ é ok 👍🏽 ✅ 👩👧 🇩🇪 ❤️                    |
    |14:13        eve │ bold red ␛[2Jcleared? turned             |
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
    |               │                                                                |
    |               │                                                                |
    |               │─────────────────── Sunday, 22 November 2026 ───────────────────|
    |               │14:10        ben │ 日本語のお茶はどこですか？緑茶が好きです。   |
    |               │14:11       世界 │ 한국어 กำลัง हिन्दी العربية עברית              |
    |               │14:12        zoe │ é ok 👍🏽 ✅ 👩👧 🇩🇪 ❤️                        |
    |               │14:13        eve │ bold red ␛[2Jcleared? turned                 |
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
    |                   │                                                                                │                   |
    |                   │                                                                                │                   |
    |                   │─────────────────────────── Sunday, 22 November 2026 ───────────────────────────│                   |
    |                   │14:10           ben │ 日本語のお茶はどこですか？緑茶が好きです。                │                   |
    |                   │14:11          世界 │ 한국어 กำลัง हिन्दी العربية עברית                           │                   |
    |                   │14:12           zoe │ é ok 👍🏽 ✅ 👩👧 🇩🇪 ❤️                                     │                   |
    |                   │14:13           eve │ bold red ␛[2Jcleared? turned                              │                   |
    |                                                                                                                        |
    | ada │ lag 12 ms │ TLS                                                                                                  |
    |>                                                                                                                       |
    cursor 2,39
    ");
}

fn hostile() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        any::<String>(),
        "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}]{1,4}",
        "[👩👧👍🏽🇩🇪\u{200d}\u{fe0f}世界]{1,12}",
    ];
    proptest::collection::vec(parts, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Everything that a server can make us show, on screens of any size: [`Stage::screen`] asserts that no cell holds a
    /// control character and that no character reaches over the edge.
    #[test]
    fn nothing_from_the_network_acts_on_the_terminal(
        texts in proptest::collection::vec(hostile(), 12), width in 1u16..130, height in 1u16..45,
    ) {
        let (mut desk, id) = tea();
        let mut texts = texts.into_iter();
        let mut next = || texts.next().unwrap_or_default();
        desk.nick = next();
        desk.network = next();
        let room = desk.open(&next(), BufferKind::Room);
        let mut said = entry(&mut desk, 0, &next(), words(&next()));
        said.reply_to = Some("m0".to_owned());
        said.react("ben", "👍\u{1b}[m", true, at(0));
        desk.buffer_mut(id).unwrap().push(said);
        let until = Instant::after_origin(Duration::from_secs(200));
        let shown = desk.buffer_mut(id).unwrap();
        (shown.topic, shown.not_joined) = (next(), Some(next()));
        shown.add_member(Member::new(&next()));
        shown.set_typing(&next(), Some(until));
        desk.link = LinkState::Waiting { until, reason: next() };
        let mut stage = Stage::new(width, height, desk);
        let first = stage.screen();
        prop_assert_eq!(first.lines().count(), usize::from(height) + 1);
        stage.types(&next());
        stage.screen();
        stage.ctrl(KeyCode::Up).screen();
        stage.desk.show(room);
        stage.screen();
    }
}
