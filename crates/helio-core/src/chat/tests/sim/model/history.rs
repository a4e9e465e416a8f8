//! What CHATHISTORY shows, by looking at everything that was said in the room and is on disk.

use super::{Ask, Conn, Expect, Model, words};
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::Utc;
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

/// What somebody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat::tests::sim) struct Question {
    subcommand: String,
    target: String,
    /// `*`, `timestamp=…` or `msgid=…`.
    anchors: Vec<String>,
    limit: usize,
    has_tags: bool,
    has_changes: bool,
}

impl Model {
    pub(super) fn ask_history(&mut self, conn: Conn, subcommand: &str, target: &str, anchors: &[&str], limit: &str) {
        let person = &self.people[&conn];
        let refused = |code| Expect::line(words(["FAIL", "CHATHISTORY", code, subcommand, target]));
        let room = self.rooms.get(&fold(target)).filter(|room| room.members.contains_key(&conn));
        let Some(room) = room.map(|room| room.number) else {
            return self.answer.push(refused("INVALID_TARGET"));
        };
        if person.reads() >= limits::CHAT_HISTORY_READS {
            return self.answer.push(refused("MESSAGE_ERROR"));
        }
        let question = Question {
            subcommand: subcommand.to_string(),
            target: target.to_string(),
            anchors: anchors.iter().map(ToString::to_string).collect(),
            limit: limit.parse().unwrap_or_default(),
            has_tags: person.has(Capability::EventPlayback) && person.has(Capability::MessageTags),
            has_changes: person.has(Capability::EventPlayback),
        };
        let place = self.number_place();
        self.answer.push(Expect::History { place, room, question });
        self.unasked.push_back(Ask::Read(conn, place));
    }

    /// What is to be seen in the place of the answer.
    pub(super) fn history(
        &self,
        conn: Conn,
        room: usize,
        question: &Question,
        on_disk: Option<&[usize]>,
    ) -> VecDeque<Expect> {
        let refused = |code| {
            let line = words(["FAIL", "CHATHISTORY", code, &question.subcommand, &question.target]);
            VecDeque::from([Expect::line(line)])
        };
        if !self.is_in(conn, room) {
            return refused("INVALID_TARGET");
        }
        let Some(numbers) = on_disk.and_then(|on_disk| self.chosen(question, on_disk)) else {
            return refused("MESSAGE_ERROR");
        };
        let shown = numbers.iter().flat_map(|number| self.past(conn, *number, &self.said[*number]));
        self.batched(conn, room, shown.collect())
    }

    /// The messages that answer; `None` when one that was named is not there.
    fn chosen(&self, question: &Question, on_disk: &[usize]) -> Option<Vec<usize>> {
        let (all, limit) = (0..on_disk.len(), question.limit);
        let mut places = Vec::new();
        for anchor in question.anchors.iter().filter(|anchor| *anchor != "*") {
            places.push(self.place(anchor, on_disk)?);
        }
        let shown = |range: Range<usize>| -> Vec<usize> {
            let numbers = range.map(|index| on_disk[index]);
            numbers.filter(|number| self.said[*number].is_history(question.has_tags, question.has_changes)).collect()
        };
        let newest = |shown: Vec<usize>, count: usize| shown[shown.len().saturating_sub(count)..].to_vec();
        let oldest = |shown: Vec<usize>, count: usize| shown[..shown.len().min(count)].to_vec();
        Some(match (question.subcommand.as_str(), places.as_slice()) {
            ("LATEST", []) => newest(shown(all), limit),
            ("LATEST", [after]) => newest(shown(after.end..all.end), limit),
            ("BEFORE", [before]) => newest(shown(0..before.start), limit),
            ("AFTER", [after]) => oldest(shown(after.end..all.end), limit),
            ("BETWEEN", [from, to]) if from.start <= to.start => oldest(shown(from.end..to.start), limit),
            ("BETWEEN", [from, to]) => newest(shown(to.end..from.start), limit),
            ("AROUND", [centre]) => {
                let (older, newer) = (shown(0..centre.start), shown(centre.start..all.end));
                // Half on either side, or what there is.
                let after = newer.len().min(limit - older.len().min(limit / 2));
                let before = limit - after;
                [newest(older, before), oldest(newer, after)].concat()
            }
            question => panic!("nobody asks {question:?}"),
        })
    }

    /// Where an anchor is among these.
    fn place(&self, anchor: &str, on_disk: &[usize]) -> Option<Range<usize>> {
        if let Some(msgid) = anchor.strip_prefix("msgid=") {
            let index = on_disk.iter().position(|number| self.said[*number].msgid == msgid)?;
            return Some(index..index + 1);
        }
        let time = anchor.strip_prefix("timestamp=").and_then(Utc::parse_rfc3339).expect("a time");
        let since = |millis: i64| {
            let is_since = |number: &usize| self.said[*number].at_us >= millis * 1_000;
            on_disk.iter().position(is_since).unwrap_or(on_disk.len())
        };
        let millis = time.micros().div_euclid(1_000);
        Some(since(millis)..since(millis + 1))
    }
}
