//! What who joins is shown of what was said before.

use super::{Conn, Expect, Model, Person, Said, words};
use crate::irc::capability::Capability;
use crate::limits;
use crate::time::Utc;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Model {
    /// The disk answered a read for the place of a replay or of history: these messages are there, oldest first. `None`: it
    /// cannot be read.
    pub(in crate::chat::tests::sim) fn answered(&mut self, conn: Conn, place: usize, on_disk: Option<&[usize]>) {
        let Some(person) = self.people.get(&conn) else { return };
        let Some(index) = person.place(place) else { return };
        let shown = match person.expects[index].clone() {
            Expect::Line { .. } | Expect::IfKept { .. } | Expect::Search { .. } => return,
            Expect::History { room, question, .. } => self.history(conn, room, &question, on_disk),
            Expect::Replay { room, before, count, has_tags, .. } => {
                let is_asked_again = person
                    .expects
                    .range(index + 1..)
                    .any(|later| matches!(later, Expect::Replay { room: known, .. } if *known == room));
                let on_disk = on_disk.unwrap_or_default();
                let is_shown = self.is_in(conn, room) && !is_asked_again;
                if is_shown { self.replay(conn, room, before, (count, has_tags), on_disk) } else { VecDeque::new() }
            }
        };
        self.put_in_place(conn, index, shown);
    }

    /// What is seen in the place of an answer.
    pub(super) fn put_in_place(&mut self, conn: Conn, index: usize, shown: VecDeque<Expect>) {
        let expects = &mut self.person(conn).expects;
        let tail = expects.split_off(index + 1);
        expects.pop_back();
        expects.extend(shown);
        expects.extend(tail);
    }

    pub(super) fn number_place(&mut self) -> usize {
        self.next_place += 1;
        self.next_place
    }

    pub(super) fn is_in(&self, conn: Conn, room: usize) -> bool {
        self.rooms.values().any(|known| known.number == room && known.members.contains_key(&conn))
    }

    fn replay(
        &self,
        conn: Conn,
        room: usize,
        before: usize,
        (count, has_tags): (usize, bool),
        on_disk: &[usize],
    ) -> VecDeque<Expect> {
        let oldest = self.now.utc.micros() - self.settings.replay.age.as_micros() as i64;
        let wanted = on_disk.iter().rev().copied().filter(|number| self.said[*number].is_history(has_tags, false));
        let mut pieces: VecDeque<Vec<Expect>> = VecDeque::new();
        for number in wanted.take(count).filter(|number| *number < before) {
            let said = &self.said[number];
            if said.at_us < oldest {
                continue;
            }
            let piece = self.past(conn, number, said);
            if pieces.len() == self.settings.replay.messages {
                break;
            }
            if !piece.is_empty() {
                pieces.push_front(piece);
            }
        }
        let shown: VecDeque<Expect> = pieces.into_iter().flatten().collect();
        if shown.is_empty() { shown } else { self.batched(conn, room, shown) }
    }

    /// These in the batch of a room's history, for those who know batches.
    pub(super) fn batched(&self, conn: Conn, room: usize, shown: VecDeque<Expect>) -> VecDeque<Expect> {
        let name = self.rooms.values().find(|known| known.number == room).map(|room| room.name.clone());
        self.in_batch_of(conn, &["chathistory", &name.unwrap_or_default()], shown)
    }

    /// The same in a batch of some kind.
    pub(super) fn in_batch_of(&self, conn: Conn, kind: &[&str], mut shown: VecDeque<Expect>) -> VecDeque<Expect> {
        let person = &self.people[&conn];
        if person.has(Capability::Batch) && !person.is_guest {
            let begin = words(["server", "BATCH", "+"].iter().chain(kind).chain(&[""]));
            shown.push_front(Expect::line(begin));
            shown.push_back(Expect::line(words(["server", "BATCH", "-"])));
        }
        shown
    }

    /// A message of the past: without what only concerned who was there, and with its time where nothing else tells it.
    pub(super) fn past(&self, conn: Conn, number: usize, said: &Said) -> Vec<Expect> {
        let person = &self.people[&conn];
        let mut said = said.clone();
        said.tags = said.lasting_tags();
        let time = Utc::from_micros(said.at_us).rfc3339();
        if person.is_guest {
            let lines =
                said.guest_lines().into_iter().map(|line| Vec::from([format!("[{}] {}", &time[11..16], line[0])]));
            return lines.map(|words| Expect::Line { words, said: Some(number), is_echo: false }).collect();
        }
        let age = self.now.utc.micros() - said.at_us;
        let is_new = (0..limits::CHAT_REPLAY_JUST_NOW.as_micros() as i64).contains(&age);
        if !person.has(Capability::ServerTime) && !is_new && said.kind != "TAGMSG" && !said.is_change() {
            let stamp = time[..19].replace('T', " ");
            for (text, _) in said.lines.iter_mut().filter(|(text, is_concat)| !text.is_empty() && !is_concat) {
                *text = match text.strip_prefix("\u{1}ACTION ") {
                    Some(action) => format!("\u{1}ACTION [{stamp}] {action}"),
                    None => format!("[{stamp}] {text}"),
                };
            }
            said.split();
        }
        said.shown_to(person, number, false)
    }
}

impl Person {
    /// Where the place of this number is.
    pub(super) fn place(&self, number: usize) -> Option<usize> {
        self.expects.iter().position(|expect| match expect {
            Expect::Replay { place, .. } | Expect::History { place, .. } | Expect::Search { place, .. } => {
                *place == number
            }
            Expect::Line { .. } | Expect::IfKept { .. } => false,
        })
    }

    /// Questions about the past that wait for the disk.
    pub(super) fn reads(&self) -> usize {
        let is_read = |expect: &&Expect| matches!(expect, Expect::History { .. } | Expect::Search { .. });
        self.expects.iter().filter(is_read).count()
    }
}

impl Said {
    /// Whether history shows it to one who is, or is not, shown what has only tags, and changes of rooms.
    pub(super) fn is_history(&self, has_tags: bool, has_changes: bool) -> bool {
        !self.is_for_status() && (has_tags || self.kind != "TAGMSG") && (has_changes || !self.is_change())
    }

    /// Its tags without those that only concern who is there.
    pub(in crate::chat::tests::sim) fn lasting_tags(&self) -> String {
        let lasts = |tag: &&str| ["+draft/react=", "+draft/reply="].iter().any(|known| tag.starts_with(known));
        self.tags.split(';').filter(lasts).collect::<Vec<_>>().join(";")
    }
}
