//! Own messages on their way: waiting, under way, and in doubt after a lost connection.
//!
//! A message is sent once. When the connection is lost before the server answered, it is *in doubt*: the server may have
//! it. It is sent again only when it is known that nobody has it, which takes three things:
//!
//! - What the server repeats of the room after we come back reaches as far as a message that we had seen before ours was
//!   sent, so that ours would be among what follows.
//! - It is not there, nor any other own message that we do not know.
//! - The old connection has ended at the server, so that nothing more can come through it: our nickname was free
//!   again, or we saw it leave.
//!
//! If it is there, it was accepted. In all other cases nobody can know, and it is shown as [`Fate::Unknown`].

use super::event::{Event, Fate, Kind, Typed};
use super::input::same;
use crate::limits;
use crate::time::Utc;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// All own messages whose fate is open, in their order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Typed>,
    under_way: VecDeque<UnderWay>,
    doubts: VecDeque<Doubt>,
    count: u64,
}

/// A message that was sent over the open connection.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) typed: Typed,
    /// As whom we sent it.
    nick: String,
    /// Messages seen until then.
    seen: u64,
    /// Whether the ids of our own messages are told on that connection: without that a repetition proves nothing.
    knows_own: bool,
    /// What the echo said, while the end of the answer is awaited.
    accepted: Option<(Utc, Option<String>)>,
}

#[derive(Debug)]
struct Doubt {
    sent: UnderWay,
    /// What was repeated reaches back to before it was sent.
    is_covered: bool,
    /// There is an own message that we do not know.
    is_murky: bool,
    /// The old connection has ended.
    is_old_gone: bool,
}

/// What the open connection offers, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Means {
    pub(super) has_labels: bool,
    pub(super) knows_own: bool,
    pub(super) seen: u64,
}

impl Outbox {
    /// Takes one message; its number.
    pub(super) fn add(&mut self, target: &str, kind: Kind, text: String, reply_to: Option<String>) -> u64 {
        self.count += 1;
        self.waiting.push_back(Typed { number: self.count, target: target.to_string(), kind, text, reply_to });
        self.count
    }

    /// Whether there is room for another line.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < limits::CHAT_CLIENT_WAITING
    }

    /// Whether nothing more is taken at all: what one line of input becomes always fits beside what may wait.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= 2 * limits::CHAT_CLIENT_WAITING
    }

    /// Messages whose fate is open.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.under_way.len() + self.doubts.len()
    }

    /// Whether there is any in doubt.
    pub(super) fn has_doubts(&self) -> bool {
        !self.doubts.is_empty()
    }

    /// Where the next message goes, if it may be sent now.
    pub(super) fn next_target(&self, means: Means) -> Option<&str> {
        let most = if means.has_labels { limits::CHAT_CLIENT_IN_FLIGHT } else { 1 };
        let is_free = self.doubts.is_empty() && self.under_way.len() < most;
        self.waiting.front().filter(|_| is_free).map(|typed| typed.target.as_str())
    }

    /// The next message is not sent at all.
    pub(super) fn refuse_next(&mut self, reason: String) -> Option<Event> {
        Some(Event::Typed(self.waiting.pop_front()?, Fate::Refused { reason }))
    }

    /// The next message is sent now. What goes over the wire as its text, and the message.
    pub(super) fn send_next(&mut self, nick: &str, means: Means) -> Option<(String, Typed)> {
        let typed = self.waiting.pop_front()?;
        let text = wire_text(&typed);
        let sent =
            UnderWay { typed, nick: nick.to_string(), seen: means.seen, knows_own: means.knows_own, accepted: None };
        self.under_way.push_back(sent);
        self.under_way.back().map(|sent| (text, sent.typed.clone()))
    }

    /// The message with this number, if it is under way.
    pub(super) fn under_way(&mut self, number: u64) -> Option<&mut UnderWay> {
        self.under_way.iter_mut().find(|sent| sent.typed.number == number)
    }

    /// The one message under way where labels are not known.
    pub(super) fn only_one(&mut self) -> Option<&mut UnderWay> {
        self.under_way.front_mut()
    }

    /// The server's answer to a message is complete.
    pub(super) fn answered(&mut self, number: u64, refusal: Option<String>, now: Utc) -> Option<Event> {
        let at = self.under_way.iter().position(|sent| sent.typed.number == number)?;
        let sent = self.under_way.remove(at)?;
        let fate = match (refusal, sent.accepted) {
            (Some(reason), _) => Fate::Refused { reason },
            (None, Some((time, msgid))) => Fate::Accepted { time, msgid },
            (None, None) => Fate::Accepted { time: now, msgid: None },
        };
        Some(Event::Typed(sent.typed, fate))
    }

    /// The connection is lost: what was under way is in doubt, or, where nothing could ever be learnt, unknown.
    pub(super) fn lost(&mut self, is_room: impl Fn(&str) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        for doubt in &mut self.doubts {
            (doubt.is_covered, doubt.is_murky, doubt.is_old_gone) = (false, false, false);
        }
        for sent in core::mem::take(&mut self.under_way) {
            if sent.knows_own && is_room(&sent.typed.target) {
                self.doubts.push_back(Doubt { sent, is_covered: false, is_murky: false, is_old_gone: false });
            } else {
                events.push(Event::Typed(sent.typed, Fate::Unknown));
            }
        }
        events
    }

    /// A message was repeated that we saw as number `seen`.
    pub(super) fn repeated(&mut self, target: &str, seen: u64) {
        for doubt in self.doubts.iter_mut().filter(|doubt| same(&doubt.sent.typed.target, target)) {
            doubt.is_covered |= seen <= doubt.sent.seen;
        }
    }

    /// A message came that we had not seen: is it one of those in doubt?
    pub(super) fn heard(&mut self, from: &str, target: &str, text: &str, time: Utc, msgid: &str) -> Option<Event> {
        let is_ours = |doubt: &Doubt| same(&doubt.sent.nick, from) && same(&doubt.sent.typed.target, target);
        let found = self.doubts.iter().position(|doubt| is_ours(doubt) && wire_text(&doubt.sent.typed) == text);
        match found.and_then(|at| self.doubts.remove(at)) {
            Some(doubt) => {
                let fate = Fate::Accepted { time, msgid: Some(msgid.to_string()) };
                Some(Event::Typed(doubt.sent.typed, fate))
            }
            None => {
                self.doubts.iter_mut().filter(|doubt| is_ours(doubt)).for_each(|doubt| doubt.is_murky = true);
                None
            }
        }
    }

    /// Whoever had this nickname has left the server.
    pub(super) fn gone(&mut self, nick: &str) {
        let theirs = self.doubts.iter_mut().filter(|doubt| same(&doubt.sent.nick, nick));
        theirs.for_each(|doubt| doubt.is_old_gone = true);
    }

    /// Everything was repeated that will be: decides what can be decided. `can_wait` for the end of the old connection.
    pub(super) fn settle(&mut self, can_wait: bool) -> Vec<Event> {
        let mut events = Vec::new();
        let mut again = Vec::new();
        for doubt in core::mem::take(&mut self.doubts) {
            let is_clear = doubt.is_covered && !doubt.is_murky;
            if is_clear && doubt.is_old_gone {
                again.push(doubt.sent.typed);
            } else if is_clear && can_wait {
                self.doubts.push_back(doubt);
            } else {
                events.push(Event::Typed(doubt.sent.typed, Fate::Unknown));
            }
        }
        again.into_iter().rev().for_each(|typed| self.waiting.push_front(typed));
        events
    }

    /// The client ends: the fate of everything that is left.
    pub(super) fn abandon(&mut self) -> Vec<Event> {
        let doubts = core::mem::take(&mut self.doubts).into_iter().map(|doubt| doubt.sent.typed);
        let under_way = core::mem::take(&mut self.under_way).into_iter().map(|sent| sent.typed);
        let sent: Vec<Typed> = doubts.chain(under_way).collect();
        let unknown = sent.into_iter().map(|typed| Event::Typed(typed, Fate::Unknown));
        let waiting = core::mem::take(&mut self.waiting);
        unknown.chain(waiting.into_iter().map(|typed| Event::Typed(typed, Fate::NotSent))).collect()
    }
}

impl UnderWay {
    /// Its echo came.
    pub(super) fn echoed(&mut self, time: Utc, msgid: Option<String>) {
        self.accepted = Some((time, msgid));
    }
}

impl Typed {
    /// The command that sends it.
    pub(super) fn verb(&self) -> &'static str {
        match self.kind {
            Kind::Message | Kind::Action => "PRIVMSG",
            Kind::Notice => "NOTICE",
        }
    }
}

fn wire_text(typed: &Typed) -> String {
    match typed.kind {
        Kind::Message | Kind::Notice => typed.text.clone(),
        Kind::Action => format!("\u{1}ACTION {}\u{1}", typed.text),
    }
}
