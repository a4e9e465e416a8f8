//! Emoji by name: those that people use most, under the names that Slack, GitHub and Discord share.

/// Names in order, without their colons.
const EMOJI: &[(&str, &str)] = &[
    ("+1", "👍"),
    ("-1", "👎"),
    ("100", "💯"),
    ("alarm_clock", "⏰"),
    ("angry", "😠"),
    ("apple", "🍎"),
    ("balloon", "🎈"),
    ("beer", "🍺"),
    ("beers", "🍻"),
    ("bell", "🔔"),
    ("birthday", "🎂"),
    ("blush", "😊"),
    ("boom", "💥"),
    ("broken_heart", "💔"),
    ("bug", "🐛"),
    ("bulb", "💡"),
    ("cake", "🍰"),
    ("calendar", "📅"),
    ("cat", "🐱"),
    ("chart", "📈"),
    ("clap", "👏"),
    ("coffee", "☕"),
    ("computer", "💻"),
    ("confetti_ball", "🎊"),
    ("confused", "😕"),
    ("construction", "🚧"),
    ("cookie", "🍪"),
    ("cool", "🆒"),
    ("cry", "😢"),
    ("crossed_fingers", "🤞"),
    ("dancer", "💃"),
    ("dart", "🎯"),
    ("dizzy", "💫"),
    ("dog", "🐶"),
    ("duck", "🦆"),
    ("exclamation", "❗"),
    ("eyes", "👀"),
    ("facepalm", "🤦"),
    ("fire", "🔥"),
    ("flushed", "😳"),
    ("fox", "🦊"),
    ("gift", "🎁"),
    ("ghost", "👻"),
    ("grin", "😁"),
    ("grinning", "😀"),
    ("hammer", "🔨"),
    ("heart", "💖"),
    ("heart_eyes", "😍"),
    ("hourglass", "⌛"),
    ("house", "🏠"),
    ("hug", "🤗"),
    ("hushed", "😯"),
    ("innocent", "😇"),
    ("joy", "😂"),
    ("key", "🔑"),
    ("kiss", "😘"),
    ("laughing", "😆"),
    ("link", "🔗"),
    ("lock", "🔒"),
    ("mag", "🔍"),
    ("mega", "📣"),
    ("melting", "🫠"),
    ("memo", "📝"),
    ("metal", "🤘"),
    ("money", "💰"),
    ("moon", "🌙"),
    ("muscle", "💪"),
    ("musical_note", "🎵"),
    ("neutral_face", "😐"),
    ("no_entry", "⛔"),
    ("ok", "🆗"),
    ("ok_hand", "👌"),
    ("open_mouth", "😮"),
    ("owl", "🦉"),
    ("package", "📦"),
    ("party", "🥳"),
    ("pensive", "😔"),
    ("penguin", "🐧"),
    ("phone", "📞"),
    ("pizza", "🍕"),
    ("point_down", "👇"),
    ("point_left", "👈"),
    ("point_right", "👉"),
    ("point_up", "👆"),
    ("poop", "💩"),
    ("pray", "🙏"),
    ("pushpin", "📌"),
    ("question", "❓"),
    ("rage", "😡"),
    ("rainbow", "🌈"),
    ("raised_hands", "🙌"),
    ("raising_hand", "🙋"),
    ("robot", "🤖"),
    ("rocket", "🚀"),
    ("rofl", "🤣"),
    ("rose", "🌹"),
    ("salute", "🫡"),
    ("scream", "😱"),
    ("see_no_evil", "🙈"),
    ("seedling", "🌱"),
    ("shrug", "🤷"),
    ("skull", "💀"),
    ("sleeping", "😴"),
    ("slight_smile", "🙂"),
    ("smile", "😄"),
    ("smirk", "😏"),
    ("sob", "😭"),
    ("sparkles", "✨"),
    ("star", "⭐"),
    ("sun", "🌞"),
    ("sunglasses", "😎"),
    ("sweat_smile", "😅"),
    ("tada", "🎉"),
    ("tea", "🍵"),
    ("thinking", "🤔"),
    ("thumbsdown", "👎"),
    ("thumbsup", "👍"),
    ("tongue", "😛"),
    ("trophy", "🏆"),
    ("turtle", "🐢"),
    ("umbrella", "☔"),
    ("unamused", "😒"),
    ("unlock", "🔓"),
    ("upside_down", "🙃"),
    ("wave", "👋"),
    ("weary", "😩"),
    ("white_check_mark", "✅"),
    ("wine", "🍷"),
    ("wink", "😉"),
    ("wrench", "🔧"),
    ("x", "❌"),
    ("yum", "😋"),
    ("zap", "⚡"),
    ("zipper_mouth", "🤐"),
    ("zzz", "💤"),
];

/// Those that are offered first when somebody reacts to a message.
pub(super) const QUICK: [&str; 9] = ["👍", "💖", "😂", "🎉", "😮", "😢", "👀", "✅", "❌"];

/// The emoji of a name, with or without its colons.
pub(super) fn of_name(name: &str) -> Option<&'static str> {
    let name = name.trim_matches(':');
    EMOJI.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, emoji)| *emoji)
}

/// Names that begin so, with or without the first colon, with their emoji.
pub(super) fn beginning(start: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let start = start.trim_matches(':').to_ascii_lowercase();
    EMOJI.iter().copied().filter(move |(name, _)| name.starts_with(&start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::text::pieces;
    use ratatui::style::Style;

    #[test]
    fn every_emoji_is_one_wide_character_under_one_name() {
        for (name, emoji) in EMOJI {
            let row = pieces(emoji, Style::new());
            assert!(row.len() == 1 && row[0].width == 2, "{name}");
            assert_eq!(EMOJI.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
        }
        assert!(QUICK.iter().all(|quick| EMOJI.iter().any(|(_, emoji)| emoji == quick)));
    }

    #[test]
    fn names_are_found_with_and_without_colons() {
        assert_eq!((of_name(":tada:"), of_name("TEA"), of_name("nothing")), (Some("🎉"), Some("🍵"), None));
        assert_eq!(beginning("thumbs").map(|(name, _)| name).collect::<Vec<_>>(), ["thumbsdown", "thumbsup"]);
    }
}
