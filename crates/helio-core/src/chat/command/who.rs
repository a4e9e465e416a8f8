//! WHO and WHOX: who is in a room, or fits a mask (modern.ircdocs.horse "WHO message").

mod near;
mod row;

use super::answering::{self, Question, View};
use crate::chat::ids::{RoomId, UserId};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Reply};
use crate::chat::state::{Room, State, User};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::mask::glob;
use crate::irc::numeric::Numeric;
use crate::irc::whox::WhoxQuery;
use crate::limits;
use alloc::boxed::Box;
use alloc::string::String;
use core::ops::Bound;
use near::Near;
use row::Row;

/// A WHO that is being answered.
#[derive(Debug)]
pub(in crate::chat) struct Search {
    /// As it was asked for, with its options.
    mask: String,
    options: String,
    target: Target,
    /// Who was looked at last.
    after: Option<UserId>,
    shown: usize,
}

/// Whom a mask means.
#[derive(Debug)]
enum Target {
    /// Members of a room.
    Room(RoomId),
    /// Somebody by name. Whoever knows the nickname can ask WHOIS as well.
    User(UserId),
    /// All whom it fits.
    Fitting,
    Nobody,
}

/// `WHO [mask] [options]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let mask = params.first().copied().filter(|mask| !mask.is_empty()).unwrap_or("*");
    let options = params.get(1).copied().unwrap_or_default();
    let target = Target::of(mask, &turn.chat.state);
    let search = Search { mask: mask.into(), options: options.into(), target, after: None, shown: 0 };
    answering::begin(turn, Question::Who(search))
}

impl Target {
    fn of(mask: &str, state: &State) -> Self {
        if mask.starts_with('#') {
            return state.room(mask).map_or(Self::Nobody, |room| Self::Room(room.id.clone()));
        }
        match state.user_named(mask) {
            Some(user) => Self::User(user.id),
            None if mask.len() > limits::CHAT_WHO_MASK => Self::Nobody,
            None => Self::Fitting,
        }
    }
}

impl Search {
    /// Shows people until the reply has so many bytes. `true`: these were all.
    pub(super) fn step(&mut self, view: &View<'_>, reply: &mut Reply, until: usize) -> bool {
        let whox = WhoxQuery::parse(&self.options);
        let wants_operators = whox.map_or(self.options.as_str(), |query| query.flags).contains('o');
        let (room, server) = (self.room(view), &view.chat.settings.server_name);
        let all_prefixes = view.caps.contains(Capability::MultiPrefix);
        let mut near = Near::new(&view.chat.state, view.viewer.id);
        let mut people = self.people(&view.chat.state, room).peekable();
        for _ in 0..limits::CHAT_ANSWER_STEP {
            let Some(user) = people.next_if(|_| reply.len() < until) else { break };
            self.after = Some(user.id);
            if (wants_operators && !user.is_operator()) || !self.is_found(view, user, room, &mut near) {
                continue;
            }
            if self.shown == limits::CHAT_WHO_REPLIES {
                reply.numeric(Numeric::ErrTooManyMatches, &["WHO"]);
                return self.end(reply);
            }
            self.shown += 1;
            let row = Row { viewer: view.viewer, user, room, server, all_prefixes, now: view.now };
            match &whox {
                Some(query) => row.special(reply, query),
                None => row.plain(reply),
            }
        }
        people.peek().is_none() && self.end(reply)
    }

    fn end(&self, reply: &mut Reply) -> bool {
        reply.numeric(Numeric::RplEndOfWho, &[&self.mask]);
        true
    }

    /// The room that was asked for, while it is there and may be seen.
    fn room<'a>(&self, view: &View<'a>) -> Option<&'a Room> {
        let Target::Room(id) = &self.target else { return None };
        let room = view.chat.state.room(&self.mask).filter(|room| room.id == *id);
        room.filter(|room| policy::can_see_room(view.viewer, room))
    }

    /// Those who are still to be looked at.
    fn people<'a>(&self, state: &'a State, room: Option<&'a Room>) -> Box<dyn Iterator<Item = &'a User> + 'a> {
        let range = (self.after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        match self.target {
            Target::Room(_) => {
                let members = room.into_iter().flat_map(move |room| room.members.range(range));
                Box::new(members.filter_map(|(id, _)| state.user(*id)))
            }
            Target::User(id) => Box::new(state.user(id).filter(|_| self.after.is_none()).into_iter()),
            Target::Fitting => Box::new(state.users.range(range).map(|(_, user)| user)),
            Target::Nobody => Box::new(core::iter::empty()),
        }
    }

    /// Whether `user` is meant and may be seen.
    fn is_found(&self, view: &View<'_>, user: &User, room: Option<&Room>, near: &mut Near<'_>) -> bool {
        let viewer = view.viewer;
        match self.target {
            Target::Room(_) => room.is_some_and(|room| policy::can_see_membership(viewer, user, room)),
            Target::User(_) => true,
            Target::Fitting => {
                is_meant(&self.mask, user, &view.chat.settings.server_name)
                    && policy::can_see_user(viewer, user, || near.has(user.id))
            }
            Target::Nobody => false,
        }
    }
}

/// A mask may be of anything that a WHO shows. RFC 2812 §3.6.1: `0` is everybody.
fn is_meant(mask: &str, user: &User, server: &str) -> bool {
    if mask.contains(['!', '@']) {
        return glob(mask, &user.mask());
    }
    let mask = if mask == "0" { "*" } else { mask };
    [&user.nick, &user.username, &user.host, &user.realname].into_iter().any(|text| glob(mask, text))
        || glob(mask, server)
}
