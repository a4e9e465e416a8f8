//! What was said, for people to read.

use helio_core::chat::{Said, SaidKind};
use helio_core::printable::push_text;
use helio_core::time::Utc;
use serde_json::Value;

/// How CTCP writes what somebody does (modern.ircdocs.horse, "ACTION").
const ACTION: &str = "\u{1}ACTION ";

/// The lines of a record; none when it is not one that people read.
pub(super) fn lines(record: &Value) -> Vec<String> {
    let Ok(said) = serde_json::from_value::<Said>(record.clone()) else { return Vec::new() };
    if !said.kind.is_message() {
        return Vec::new();
    }
    let mut texts: Vec<String> = Vec::new();
    for line in &said.lines {
        match texts.last_mut().filter(|_| line.is_concat) {
            Some(text) => text.push_str(&line.text),
            None => texts.push(line.text.clone()),
        }
    }
    let at = Utc::from_micros(said.at_us).rfc3339_millis();
    texts.iter().map(|text| format!("{at} {}", line(&said, text))).collect()
}

fn line(said: &Said, text: &str) -> String {
    let nick = shown(said.nick());
    match (said.kind, text.strip_prefix(ACTION)) {
        (_, Some(action)) => format!("* {nick} {}", shown(action.trim_end_matches('\u{1}'))),
        (SaidKind::Notice, None) => format!("-{nick}- {}", shown(text)),
        (SaidKind::Privmsg | SaidKind::Tagmsg | SaidKind::Topic | SaidKind::Mode | SaidKind::Rename, None) => {
            format!("<{nick}> {}", shown(text))
        }
    }
}

/// With what a terminal would obey made visible.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    push_text(&mut shown, text.as_bytes());
    shown
}
