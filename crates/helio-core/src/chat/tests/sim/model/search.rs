//! What SEARCH finds, by looking at everything that is on disk in the rooms of who asks.

use super::{Ask, Conn, Expect, Model, Said, words};
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::limits;
use crate::time::Utc;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What somebody asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::chat::tests::sim) struct Search {
    /// Numbers of the rooms in which they were when they asked, or of the one that they named.
    rooms: BTreeSet<usize>,
    /// How many things had been said then.
    said: usize,
    words: Vec<String>,
    author: Option<String>,
    after_ms: Option<i64>,
    before_ms: Option<i64>,
    limit: usize,
}

impl Model {
    pub(super) fn ask_search(&mut self, conn: Conn, attributes: &str) {
        let person = &self.people[&conn];
        if !person.has(Capability::Search) {
            return;
        }
        let own = self.rooms.values().filter(|room| room.members.contains_key(&conn));
        let rooms = own.clone().map(|room| room.number).collect();
        let mut search = Search { rooms, said: self.said.len(), limit: limits::SEARCH_RESULTS, ..Search::default() };
        let millis = |time: &str| Utc::parse_rfc3339(time).map(|time| time.micros().div_euclid(1_000));
        for (key, value) in attributes.split(';').filter_map(|attribute| attribute.split_once('=')) {
            match key {
                "in" => {
                    let Some(room) = own.clone().find(|room| fold(&room.name) == fold(value)) else {
                        return self.answer.push(refused(&["INVALID_PARAMS", "in"]));
                    };
                    search.rooms = [room.number].into();
                }
                "from" => search.author = Some(value.to_string()),
                "after" => search.after_ms = millis(value),
                "before" => search.before_ms = millis(value),
                "text" => search.words = value.split("\\s").map(ToString::to_string).collect(),
                "limit" => search.limit = value.parse().unwrap_or_default(),
                _ => panic!("nobody asks for {key}"),
            }
        }
        if person.reads() >= limits::CHAT_HISTORY_READS {
            return self.answer.push(refused(&["INTERNAL_ERROR"]));
        }
        let place = self.number_place();
        self.answer.push(Expect::Search { place, search });
        self.unasked.push_back(Ask::Search(conn, place));
    }

    /// The disk answered a search for this place; there is this in its logs. `None`: it cannot be read.
    pub(in crate::chat::tests::sim) fn searched(
        &mut self,
        conn: Conn,
        place: usize,
        on_disk: Option<&BTreeMap<String, Vec<usize>>>,
    ) {
        let Some(person) = self.people.get(&conn) else { return };
        let Some(index) = person.place(place) else { return };
        let Expect::Search { search, .. } = person.expects[index].clone() else { return };
        let shown = match on_disk {
            None => VecDeque::from([refused(&["INTERNAL_ERROR"])]),
            Some(on_disk) => {
                let found = self.found(conn, &search, on_disk);
                let shown = found.iter().flat_map(|number| self.past(conn, *number, &self.said[*number])).collect();
                self.in_batch_of(conn, &["soju.im/search"], shown)
            }
        };
        self.put_in_place(conn, index, shown);
    }

    /// The messages that are shown, in the order of their times.
    fn found(&self, conn: Conn, search: &Search, on_disk: &BTreeMap<String, Vec<usize>>) -> Vec<usize> {
        let mut found = Vec::new();
        for (log, numbers) in on_disk {
            let room = search.rooms.iter().find(|room| self.logs.get(room) == Some(log));
            let Some(room) = room else { continue };
            let fitting = numbers.iter().filter(|number| self.said[**number].is_found_by(search));
            found.extend(fitting.map(|number| (self.said[*number].at_us, *room, *number)));
        }
        found.sort_by_key(|(at_us, ..)| *at_us);
        let excess = found.len().saturating_sub(search.limit);
        match search.after_ms {
            Some(_) => found.truncate(search.limit),
            None => _ = found.drain(..excess),
        }
        // What was said since is seen live, and who left sees nothing of it.
        found.retain(|(_, room, number)| *number < search.said && self.is_in(conn, *room));
        found.into_iter().map(|(_, _, number)| number).collect()
    }
}

impl Said {
    fn is_found_by(&self, search: &Search) -> bool {
        let mut text = String::new();
        for (line, is_concat) in &self.lines {
            let sign = if *is_concat { "" } else { "\n" };
            let line = match line.strip_prefix('\u{1}') {
                Some(ctcp) => ctcp.strip_prefix("ACTION ").unwrap_or_default(),
                None => line,
            };
            text += sign;
            text.extend(line.chars().filter(|c| !c.is_control()));
        }
        let at_ms = self.at_us.div_euclid(1_000);
        let is_message = ["PRIVMSG", "NOTICE"].contains(&self.kind) && !self.is_for_status();
        is_message
            && search.words.iter().all(|word| text.contains(word.as_str()))
            && search.author.as_ref().is_none_or(|author| fold(author) == fold(self.nick()))
            && search.after_ms.is_none_or(|after| at_ms >= after)
            && search.before_ms.is_none_or(|before| at_ms <= before)
    }
}

fn refused(code: &[&str]) -> Expect {
    Expect::line(words(["FAIL", "SEARCH"].iter().chain(code)))
}
