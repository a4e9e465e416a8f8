//! The model: what was promised over all lives, and whether a store holds it.

use super::talker::{Met, Session, topic};
use std::collections::{BTreeMap, BTreeSet};

/// What all lives so far have promised.
#[derive(Default)]
pub(super) struct Judge {
    /// The store after the last kill, by conversation.
    stored: BTreeMap<String, Vec<Met>>,
    /// Every msgid ever seen, of messages that were lost too, with its text.
    msgids: BTreeMap<String, String>,
    /// For each room the least number that its settings may show, and the greatest.
    settings: BTreeMap<String, (u32, u32)>,
    /// Masks that must be banned.
    bans: BTreeSet<(String, String)>,
    pub(super) acknowledged: usize,
    pub(super) lost: usize,
}

impl Judge {
    /// Judges what a life left in the files.
    pub(super) fn after_kill(&mut self, life: u32, sessions: &[Session], stored: &[Met]) {
        self.kept_and_grown(stored);
        let texts = self.once_each();
        for session in sessions {
            self.acknowledged += session.acknowledged.len();
            self.nothing_missing(session, &texts);
            self.in_order(session, life, &texts);
            self.settled(session, life);
        }
    }

    /// Nothing that an earlier life stored is gone or changed; what is new comes after it.
    fn kept_and_grown(&mut self, stored: &[Met]) {
        let mut now: BTreeMap<String, Vec<Met>> = BTreeMap::new();
        for met in stored {
            now.entry(met.place.clone()).or_default().push(met.clone());
        }
        for (place, before) in &self.stored {
            assert!(now.get(place).is_some_and(|now| now.starts_with(before)), "{place} has lost what it had");
        }
        self.stored = now;
    }

    /// Every text with its place and msgid; nothing is there twice, no msgid means two messages.
    fn once_each(&mut self) -> BTreeMap<String, Met> {
        let mut texts = BTreeMap::new();
        for met in self.stored.clone().into_values().flatten() {
            self.is_its_own(&met);
            let text = met.text.clone();
            assert!(texts.insert(text, met.clone()).is_none(), "{met:?} is stored twice");
        }
        texts
    }

    fn is_its_own(&mut self, met: &Met) {
        let msgid = met.msgid.clone().unwrap();
        let other = self.msgids.entry(msgid).or_insert_with(|| met.text.clone());
        assert_eq!(*other, met.text, "a msgid was used again: {met:?}");
    }

    fn nothing_missing(&mut self, session: &Session, texts: &BTreeMap<String, Met>) {
        for (text, msgid) in &session.acknowledged {
            let stored = texts.get(text).unwrap_or_else(|| panic!("{text} was acknowledged and is not stored"));
            assert!(msgid.is_none() || *msgid == stored.msgid, "{stored:?} was told as {msgid:?}");
        }
        // What is stored was sent, to this place; and of what one sends nothing is kept that comes after a lost message.
        let kept: Vec<bool> = session.sent.iter().map(|met| texts.contains_key(&met.text)).collect();
        assert!(kept.is_sorted_by(|before, after| before >= after), "{} sent, kept: {kept:?}", session.nick);
        for met in session.sent.iter().filter(|met| texts.contains_key(&met.text)) {
            assert_eq!(texts[&met.text].place, met.place, "{met:?}");
        }
        self.lost += kept.iter().filter(|is_kept| !**is_kept).count();
    }

    /// Everybody heard each conversation as it is stored, from the first message on, without a gap; then, at most, what was lost.
    fn in_order(&mut self, session: &Session, life: u32, texts: &BTreeMap<String, Met>) {
        let first_lost = session.heard.iter().position(|met| !texts.contains_key(&met.text));
        let (heard, lost) = session.heard.split_at(first_lost.unwrap_or(session.heard.len()));
        for met in lost {
            assert!(!texts.contains_key(&met.text), "{met:?} is stored, {:?} announced before it is not", lost[0]);
        }
        session.heard.iter().for_each(|met| self.is_its_own(met));
        let places: BTreeSet<&String> = session.heard.iter().map(|met| &met.place).collect();
        for place in places {
            let heard: Vec<&Met> = heard.iter().filter(|met| met.place == *place).collect();
            let own = format!("L{life}.{}.", session.nick);
            let now = format!("L{life}.");
            let sees =
                |met: &&Met| met.text.starts_with(&now) && (session.promise.has_echo() || !met.text.starts_with(&own));
            let stored = self.stored.get(place).into_iter().flatten().filter(sees);
            let stored: Vec<&Met> = stored.take(heard.len()).collect();
            assert_eq!(heard, stored, "{} heard {place} in another order than it is stored", session.nick);
        }
    }

    /// A message that is kept keeps the settings changed before it.
    fn settled(&mut self, session: &Session, life: u32) {
        let Some(last) = session.settings.last() else { return };
        let acknowledged: BTreeSet<&String> = session.acknowledged.iter().map(|(text, _)| text).collect();
        let is_safe = |number: &&u32| acknowledged.contains(&session.sent[**number as usize].text);
        let number = |number: &u32| super::talker::limit(life, *number);
        let bounds = self.settings.entry(session.room.clone()).or_default();
        bounds.1 = number(last);
        if let Some(safe) = session.settings.iter().rfind(is_safe) {
            bounds.0 = number(safe);
            self.bans.insert((session.room.clone(), format!("L{life}!*@*")));
        }
    }

    /// What CHATHISTORY shows of a room, to its very beginning, is what is on disk.
    pub(super) fn is_all_there(&self, room: &str, shown: &[Met]) {
        let stored = self.stored.get(room).map(Vec::as_slice).unwrap_or_default();
        assert!(stored == shown, "{room} has {} messages, CHATHISTORY shows {}", stored.len(), shown.len());
    }

    /// Judges what the restarted server shows of a room: the messages, and its settings.
    pub(super) fn after_restart(&mut self, room: &str, shown: &[Met], settings: &Shown) {
        let stored = self.stored.get(room).map(Vec::as_slice).unwrap_or_default();
        assert!(stored.ends_with(shown), "{room} is shown otherwise than it is stored: {shown:#?}");
        // A replay has an end, far beyond this.
        assert!(shown.len() >= stored.len().min(300), "{} of {} messages are shown", shown.len(), stored.len());
        let Some((least, greatest)) = self.settings.get_mut(room) else { return };
        let limit = settings.limit.unwrap_or(0);
        assert!((*least..=*greatest).contains(&limit), "+l {limit} in {room}, safe was {least}, sent {greatest}");
        let topics = (*least..=*greatest).map(|number| topic(0, number));
        let found =
            settings.topic.as_ref().map_or(*least == 0, |found| topics.into_iter().any(|topic| topic == *found));
        assert!(found, "{room} has the topic {:?}; safe was {least}, sent {greatest}", settings.topic);
        let missing: Vec<_> =
            self.bans.iter().filter(|(place, mask)| place == room && !settings.bans.contains(mask)).collect();
        assert!(missing.is_empty(), "{missing:?} are banned no more");
        // What it shows now was kept, and is never taken back.
        *least = limit;
    }
}

/// The settings of a room, as it shows them.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) topic: Option<String>,
    pub(super) limit: Option<u32>,
    pub(super) bans: Vec<String>,
}

/// The model itself: each way of breaking a promise is noticed.
#[cfg(test)]
mod tests {
    use super::super::talker::{Promise, numbered};
    use super::*;

    fn met(number: u32) -> Met {
        let text = numbered(1, "ann", number);
        Met { place: "#room".into(), msgid: Some(format!("id-{number}")), text }
    }

    /// Ann has said three messages, of which two were acknowledged.
    fn session() -> Session {
        let sent: Vec<Met> = (0..3).map(|number| Met { msgid: None, ..met(number) }).collect();
        Session {
            nick: "ann".into(),
            room: "#room".into(),
            promise: Promise::LabelledEcho,
            acknowledged: sent[..2].iter().zip(0..).map(|(sent, n)| (sent.text.clone(), met(n).msgid)).collect(),
            sent,
            heard: vec![met(0), met(1)],
            settings: Vec::new(),
        }
    }

    fn judge(stored: &[Met]) {
        Judge::default().after_kill(1, &[session()], stored);
    }

    #[test]
    fn what_was_promised_and_more_is_right() {
        judge(&[met(0), met(1)]);
        judge(&[met(0), met(1), met(2)]);
    }

    #[test]
    #[should_panic(expected = "was acknowledged and is not stored")]
    fn a_missing_message_is_noticed() {
        judge(&[met(0)]);
    }

    #[test]
    #[should_panic(expected = "is stored twice")]
    fn a_doubled_message_is_noticed() {
        judge(&[met(0), met(1), met(1)]);
    }

    #[test]
    #[should_panic(expected = "in another order")]
    fn another_order_is_noticed() {
        judge(&[met(1), met(0)]);
    }

    #[test]
    #[should_panic(expected = "was told as")]
    fn another_msgid_is_noticed() {
        judge(&[met(0), Met { msgid: Some("other".into()), ..met(1) }]);
    }

    #[test]
    #[should_panic(expected = "a msgid was used again")]
    fn a_msgid_that_is_used_again_is_noticed() {
        judge(&[met(0), met(1), Met { msgid: met(0).msgid, ..met(2) }]);
    }

    #[test]
    #[should_panic(expected = "has lost what it had")]
    fn a_message_lost_in_a_later_life_is_noticed() {
        let mut judge = Judge::default();
        judge.after_kill(1, &[session()], &[met(0), met(1)]);
        judge.after_kill(2, &[], &[met(0)]);
    }
}
