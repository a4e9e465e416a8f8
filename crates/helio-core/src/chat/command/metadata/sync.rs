//! What is set of keys that a session is subscribed to: METADATA SYNC, and whenever there is more that it may see.
//!
//! It may be large, so it is made in parts as other such answers are.

use super::{Found, find};
use crate::chat::command::answering::{self, Question, View};
use crate::chat::ids::UserId;
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Reply, batch_lines};
use crate::chat::state::{MetadataOwner, MetadataValues, Room};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use core::ops::Bound;

/// What is being told.
#[derive(Debug)]
pub(in crate::chat) struct Syncing {
    /// Who comes first.
    people: VecDeque<UserId>,
    /// Then these rooms with all who are in them, by folded name.
    rooms: VecDeque<Box<str>>,
    /// Of the first of these, whether the room itself was told of, and which of its members last.
    is_room_told: bool,
    after: Option<UserId>,
    /// Whether these are all rooms of the one who is told: then people who are in several of them come once.
    is_all: bool,
    /// The keys; `None`: all subscribed ones.
    only: Option<BTreeSet<String>>,
    /// What the batch is about, and its reference where the client knows batches.
    about: String,
    reference: Option<String>,
    /// Whether the batch has begun; one that was not asked for does with the first key.
    is_open: bool,
    is_asked: bool,
}

/// `SYNC`.
pub(super) fn run(turn: &mut Turn<'_>, target: &str, _: &[&str]) -> Outcome {
    let syncing = match find(turn, target)? {
        Found::User(user) => Syncing { people: [user.id].into(), ..Syncing::new(&user.nick) },
        Found::Room(room) => {
            policy::can_read_metadata(turn.user()?, room)?;
            Syncing { rooms: [fold(&room.name)].into(), ..Syncing::new(&room.name) }
        }
    };
    begin(turn, Syncing { is_asked: true, ..syncing })
}

/// A session came into a room.
pub(in crate::chat::command) fn joined(turn: &mut Turn<'_>, room: &str) -> Outcome {
    if !is_listening(turn) {
        return Ok(());
    }
    begin(turn, Syncing { rooms: [fold(room)].into(), ..Syncing::new(room) })
}

/// A session watches these nicknames (MONITOR).
pub(in crate::chat::command) fn watched(turn: &mut Turn<'_>, nicks: &[&str]) -> Outcome {
    let users = nicks.iter().filter_map(|nick| turn.chat.state.user_named(nick));
    let people: VecDeque<UserId> = users.map(|user| user.id).collect();
    if !is_listening(turn) || people.is_empty() {
        return Ok(());
    }
    begin(turn, Syncing { people, ..Syncing::new("*") })
}

/// A session is subscribed to these from now on.
pub(super) fn subscribed(turn: &mut Turn<'_>, keys: BTreeSet<String>) -> Outcome {
    if keys.is_empty() || !is_listening(turn) || turn.session()?.user().is_none() {
        return Ok(());
    }
    let (user, state) = (turn.user()?, &turn.chat.state);
    let watched = state.watching.get(&turn.session).into_iter().flatten();
    let watched = watched.filter_map(|nick| state.nicks.get(nick)).copied();
    let is_near = |id: &UserId| state.rooms_of(user.id).any(|room| room.members.contains_key(id));
    let people: BTreeSet<UserId> = watched.chain([user.id]).filter(|id| !is_near(id)).collect();
    let rooms = user.rooms.iter().cloned().collect();
    let people = people.into_iter().collect();
    begin(turn, Syncing { people, rooms, is_all: true, only: Some(keys), ..Syncing::new("*") })
}

fn is_listening(turn: &Turn<'_>) -> bool {
    turn.has(Capability::Metadata) && turn.session().is_ok_and(|session| !session.subscriptions.is_empty())
}

fn begin(turn: &mut Turn<'_>, mut syncing: Syncing) -> Outcome {
    if turn.session()?.answering.len() >= limits::CHAT_ANSWERS {
        let later = limits::CHAT_METADATA_LATER.as_secs().to_string();
        turn.reply.numeric(Numeric::ErrMetadataSyncLater, &[&syncing.about, &later]);
        return Ok(());
    }
    syncing.reference = turn.has(Capability::Batch).then(|| turn.chat.ids.batch());
    answering::begin(turn, Question::Metadata(Box::new(syncing)))
}

impl Syncing {
    fn new(about: &str) -> Self {
        Self {
            people: VecDeque::new(),
            rooms: VecDeque::new(),
            is_room_told: false,
            after: None,
            is_all: false,
            only: None,
            about: about.to_string(),
            reference: None,
            is_open: false,
            is_asked: false,
        }
    }

    /// Tells until the reply has so many bytes. `true`: that was all.
    pub(in crate::chat::command) fn step(&mut self, view: &View<'_>, reply: &mut Reply, until: usize) -> bool {
        let mut steps = limits::CHAT_ANSWER_STEP;
        while let Some(id) = self.people.front().copied() {
            if !is_place(reply, until, &mut steps) {
                return false;
            }
            self.people.pop_front();
            self.tell_user(view, reply, id);
        }
        while let Some(key) = self.rooms.front().cloned() {
            let room = view.chat.state.rooms.get(&key);
            let room = room.filter(|room| policy::can_read_metadata(view.viewer, room).is_ok());
            if room.is_some_and(|room| !self.step_room(view, reply, (&key, room), until, &mut steps)) {
                return false;
            }
            self.rooms.pop_front();
            (self.is_room_told, self.after) = (false, None);
        }
        if self.is_asked {
            self.open(view, reply);
        }
        self.close(view, reply);
        true
    }

    fn step_room(
        &mut self,
        view: &View<'_>,
        reply: &mut Reply,
        (key, room): (&str, &Room),
        until: usize,
        steps: &mut usize,
    ) -> bool {
        if !self.is_room_told {
            if !is_place(reply, until, steps) {
                return false;
            }
            self.is_room_told = true;
            let values = view.chat.state.metadata.get(&MetadataOwner::Room(room.id.clone()));
            self.tell(view, reply, &room.name, values);
        }
        let from = self.after.map_or(Bound::Unbounded, Bound::Excluded);
        for id in room.members.range((from, Bound::Unbounded)).map(|(id, _)| *id) {
            if !is_place(reply, until, steps) {
                return false;
            }
            self.after = Some(id);
            if !self.was_told(view, key, id) {
                self.tell_user(view, reply, id);
            }
        }
        true
    }

    /// Whether somebody was told of in a room before this one.
    fn was_told(&self, view: &View<'_>, key: &str, id: UserId) -> bool {
        let before = view.viewer.rooms.iter().take_while(|known| ***known < *key).filter(|_| self.is_all);
        let mut rooms = before.filter_map(|known| view.chat.state.rooms.get(known));
        rooms.any(|room| room.members.contains_key(&id))
    }

    fn tell_user(&mut self, view: &View<'_>, reply: &mut Reply, id: UserId) {
        let Some(user) = view.chat.state.user(id) else { return };
        self.tell(view, reply, &user.nick, view.chat.state.metadata_of(user));
    }

    fn tell(&mut self, view: &View<'_>, reply: &mut Reply, name: &str, values: Option<&MetadataValues>) {
        for (key, value) in values.into_iter().flatten() {
            if self.only.as_ref().unwrap_or(view.subscriptions).contains(key) {
                self.open(view, reply);
                let server = Some(view.chat.settings.server_name.as_str());
                let mut line = Line::irc(compose(server, "METADATA", &[name, key, "*"], Some(value)));
                line.tags.batch.clone_from(&self.reference);
                reply.line(line);
            }
        }
    }

    fn open(&mut self, view: &View<'_>, reply: &mut Reply) {
        if let Some(reference) = self.reference.as_ref().filter(|_| !self.is_open) {
            let kind = ["metadata", &self.about];
            reply.line(batch_lines(&view.chat.settings.server_name, reference, &kind).0);
            self.is_open = true;
        }
    }

    fn close(&mut self, view: &View<'_>, reply: &mut Reply) {
        if let Some(reference) = self.reference.as_ref().filter(|_| self.is_open) {
            reply.line(batch_lines(&view.chat.settings.server_name, reference, &[]).1);
        }
    }
}

/// Whether there is place for one more, and time.
fn is_place(reply: &Reply, until: usize, steps: &mut usize) -> bool {
    let is_place = reply.len() < until && *steps > 0;
    *steps = steps.saturating_sub(1);
    is_place
}
