//! Completion: what a word may have been meant to be.

use super::emoji;
use helio_core::chat::client::COMMANDS;
use helio_core::chat::client::desk::{Buffer, BufferKind, Desk};
use helio_core::irc::casemap;
use helio_core::limits;

/// What a started word can become, in turns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Completion {
    /// Where the word starts, in bytes.
    pub(super) start: usize,
    pub(super) candidates: Vec<Candidate>,
    /// Which one is in the text.
    at: Option<usize>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What comes into the text.
    pub(super) text: String,
    /// What is offered.
    pub(super) label: String,
}

impl Completion {
    /// What can become of the end of `before`, the text before the cursor. `None`: nothing.
    pub(super) fn of(before: &str, desk: &Desk) -> Option<Self> {
        let start = before
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + before.get(at..).and_then(|space| space.chars().next()).map_or(1, char::len_utf8));
        let word = before.get(start..)?;
        let mut candidates = match word.chars().next() {
            Some('/') if start == 0 => of_commands(word),
            Some('#' | '&') => of_rooms(word, desk),
            Some(':') if word.len() > 1 => of_emoji(word),
            Some(_) | None => of_nicks(word, start == 0, desk),
        };
        candidates.truncate(limits::TERMINAL_CANDIDATES);
        (!candidates.is_empty()).then_some(Self { start, candidates, at: None })
    }

    /// The next candidate, or the one before.
    pub(super) fn turn(&mut self, is_back: bool) -> Option<&Candidate> {
        let count = self.candidates.len();
        let at = match (self.at, is_back) {
            (None, false) => 0,
            (None, true) => count.checked_sub(1)?,
            (Some(at), false) => (at + 1) % count,
            (Some(at), true) => (at + count - 1) % count,
        };
        self.at = Some(at);
        self.candidates.get(at)
    }

    /// Which candidate is in the text.
    pub(super) fn chosen(&self) -> usize {
        self.at.unwrap_or(0)
    }
}

fn candidate(text: String, label: &str) -> Candidate {
    Candidate { text, label: label.to_owned() }
}

fn of_commands(word: &str) -> Vec<Candidate> {
    let start = word.trim_start_matches('/').to_ascii_lowercase();
    let fitting = COMMANDS.iter().map(|command| command.name).filter(|name| name.starts_with(&start));
    fitting.map(|name| candidate(format!("/{name} "), &format!("/{name}"))).collect()
}

fn of_rooms(word: &str, desk: &Desk) -> Vec<Candidate> {
    let rooms = desk.buffers().iter().filter(|buffer| buffer.kind() == BufferKind::Room && begins(&buffer.name, word));
    rooms.map(|room| candidate(format!("{} ", room.name), &room.name)).collect()
}

fn of_emoji(word: &str) -> Vec<Candidate> {
    emoji::beginning(word).map(|(name, emoji)| candidate(format!("{emoji} "), &format!("{emoji} {name}"))).collect()
}

/// Those who spoke last come first, then the others by name. At the start of a line they are spoken to.
fn of_nicks(word: &str, is_first: bool, desk: &Desk) -> Vec<Candidate> {
    let (mark, start) = word.strip_prefix('@').map_or(("", word), |start| ("@", start));
    let mut nicks: Vec<&str> = Vec::new();
    let mut add = |nick| {
        let is_known = nicks.iter().any(|known| casemap::eq(known, nick));
        if !is_known && !desk.is_me(nick) && begins(nick, start) && nicks.len() < limits::TERMINAL_CANDIDATES {
            nicks.push(nick);
        }
    };
    let buffer = desk.current();
    speakers(buffer).for_each(&mut add);
    // With nothing typed, everybody would be too many.
    if !start.is_empty() {
        buffer.members().for_each(|member| add(&member.nick));
        if buffer.kind() == BufferKind::Private {
            add(&buffer.name);
        }
    }
    let behind = if is_first && mark.is_empty() { ": " } else { " " };
    nicks.into_iter().map(|nick| candidate(format!("{mark}{nick}{behind}"), nick)).collect()
}

/// Who is here and said something, the last one first.
fn speakers(buffer: &Buffer) -> impl Iterator<Item = &str> {
    let latest = buffer.entries().rev().take(limits::TERMINAL_CANDIDATES * 4);
    latest.filter(|entry| entry.is_news() && buffer.member(&entry.author).is_some()).map(|entry| entry.author.as_str())
}

fn begins(name: &str, start: &str) -> bool {
    casemap::fold(name).starts_with(&*casemap::fold(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::client::Kind;
    use helio_core::chat::client::desk::{Entry, Member, Said, What};
    use helio_core::time::Utc;

    fn desk() -> Desk {
        let mut desk = Desk::new("ada");
        desk.open("#tea", BufferKind::Room);
        let id = desk.open("#team", BufferKind::Room);
        desk.show(id);
        let what = What::Said(Said { kind: Kind::Message, lines: vec!["hi".to_owned()] });
        let entry = Entry::new(desk.next_entry(), Utc::from_micros(0), "Benno", what);
        let buffer = desk.buffer_mut(id).unwrap();
        for nick in ["ada", "ben", "Benno", "zoe"] {
            buffer.add_member(Member::new(nick));
        }
        buffer.push(entry);
        desk
    }

    fn offered(before: &str) -> Vec<String> {
        let completion = Completion::of(before, &desk());
        completion.map_or(Vec::new(), |found| found.candidates.into_iter().map(|candidate| candidate.text).collect())
    }

    #[test]
    fn nicknames_come_with_those_who_spoke_first() {
        assert_eq!(offered("BE"), ["Benno: ", "ben: "]);
        assert_eq!(offered("hello @z"), ["@zoe "]);
        assert_eq!(offered(""), ["Benno: "]);
        assert_eq!(offered("ad"), [""; 0], "oneself is not offered");
    }

    #[test]
    fn commands_rooms_and_emoji_have_their_marks() {
        assert_eq!(offered("/no"), ["/notice "]);
        assert_eq!(offered("/M").first().map(String::as_str), Some("/me "));
        assert_eq!(offered("see #te"), ["#tea ", "#team "]);
        assert_eq!(offered("nice :rock"), ["🚀 "]);
        assert_eq!(offered("x /m"), [""; 0]);
        assert_eq!(offered("smile :"), [""; 0]);
    }

    #[test]
    fn candidates_come_in_turns_both_ways() {
        let mut found = Completion::of("b", &desk()).unwrap();
        let mut turn = |is_back| found.turn(is_back).map(|candidate| candidate.label.clone());
        assert_eq!([turn(false), turn(false), turn(false)].map(Option::unwrap), ["Benno", "ben", "Benno"]);
        assert_eq!(turn(true).as_deref(), Some("ben"));
    }
}
