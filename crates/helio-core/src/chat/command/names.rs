//! NAMES: who is in a room.

use super::answering::{self, Question, View};
use crate::chat::ids::{RoomId, UserId};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::state::{RoomFlag, User};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Bound;

/// A NAMES of one room that is being answered.
#[derive(Debug)]
pub(in crate::chat) struct Naming {
    /// As it was asked for.
    pub(super) room: String,
    /// The room that had this name then, if there was one.
    id: Option<RoomId>,
    /// The member who was looked at last.
    after: Option<UserId>,
}

/// `NAMES [rooms]`. Without rooms there is nothing to list, as modern.ircdocs.horse allows: whoever wants all rooms uses LIST.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let rooms = params.first().copied().unwrap_or_default();
    let mut names = rooms.split(',').filter(|name| !name.is_empty()).peekable();
    if names.peek().is_none() {
        turn.reply.numeric(Numeric::RplEndOfNames, &["*"]);
    }
    for (index, name) in names.enumerate() {
        if index == limits::CHAT_NAMES_TARGETS {
            return Err(Refusal::numeric(Numeric::ErrTooManyTargets, &[name]));
        }
        show(turn, name)?;
    }
    Ok(())
}

/// Answers with the members whom the user may see, and the end. A room that is hidden looks as if there were none.
pub(super) fn show(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let id = turn.chat.state.room(name).map(|room| room.id.clone());
    answering::begin(turn, Question::Names(Naming { room: name.into(), id, after: None }))
}

impl Naming {
    /// Shows members until the reply has so many bytes. `true`: these were all.
    pub(super) fn step(&mut self, view: &View<'_>, reply: &mut Reply, until: usize) -> bool {
        let room = view.chat.state.room(&self.room).filter(|room| self.id.as_ref() == Some(&room.id));
        let Some(room) = room.filter(|room| policy::can_see_room(view.viewer, room)) else {
            reply.numeric(Numeric::RplEndOfNames, &[&self.room]);
            return true;
        };
        let params = [if room.has(RoomFlag::Secret) { "@" } else { "=" }, &room.name];
        let mut texts = Texts { budget: reply.room(&params), done: Vec::new(), text: String::new(), len: 0 };
        let (is_multi, has_host) =
            (view.caps.contains(Capability::MultiPrefix), view.caps.contains(Capability::UserhostInNames));
        let place = until.saturating_sub(reply.len());
        let from = self.after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut members = room.members.range((from, Bound::Unbounded)).peekable();
        for _ in 0..limits::CHAT_ANSWER_STEP {
            let Some((id, member)) = members.next_if(|_| texts.len < place) else { break };
            self.after = Some(*id);
            let user = view.chat.state.user(*id);
            if let Some(user) = user.filter(|user| policy::can_see_membership(view.viewer, user, room)) {
                texts.push(member.statuses.prefixes(is_multi), user, has_host);
            }
        }
        for text in texts.finish() {
            reply.numeric_text(Numeric::RplNamReply, &params, &text);
        }
        let is_over = members.peek().is_none();
        if is_over {
            reply.numeric(Numeric::RplEndOfNames, &[&room.name]);
        }
        is_over
    }
}

/// Names gathered into texts of at most `budget` bytes, without an allocation for each.
struct Texts {
    budget: usize,
    done: Vec<String>,
    text: String,
    /// Bytes of all of them.
    len: usize,
}

impl Texts {
    fn push(&mut self, prefixes: impl Iterator<Item = char>, user: &User, has_host: bool) {
        let start = self.text.len();
        if start > 0 {
            self.text.push(' ');
        }
        self.text.extend(prefixes);
        let parts = [&*user.nick, "!", &user.username, "@", &user.host];
        self.text.extend(parts.into_iter().take(if has_host { 5 } else { 1 }));
        self.len += self.text.len() - start;
        if self.text.len() > self.budget && start > 0 {
            let mut next = String::with_capacity(self.budget);
            next.push_str(&self.text[start + 1..]);
            self.text.truncate(start);
            self.done.push(core::mem::replace(&mut self.text, next));
        }
    }

    fn finish(mut self) -> Vec<String> {
        if !self.text.is_empty() {
            self.done.push(self.text);
        }
        self.done
    }
}
