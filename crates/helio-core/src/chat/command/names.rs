//! NAMES: who is in a room.

use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{RoomFlag, User};
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::string::String;
use alloc::vec::Vec;

/// `NAMES [rooms]`. Without rooms there is nothing to list, as modern.ircdocs.horse allows: whoever wants all rooms uses LIST.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let Some(rooms) = params.first().filter(|rooms| !rooms.is_empty()) else {
        turn.reply.numeric(Numeric::RplEndOfNames, &["*"]);
        return Ok(());
    };
    for (index, name) in rooms.split(',').filter(|name| !name.is_empty()).enumerate() {
        if index == limits::CHAT_NAMES_TARGETS {
            return Err(Refusal::numeric(Numeric::ErrTooManyTargets, &[name]));
        }
        show(turn, name)?;
    }
    Ok(())
}

/// Answers with the members whom the user may see, and the end. A room that is hidden looks as if there were none.
pub(super) fn show(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let viewer = turn.user()?;
    let room = turn.chat.state.room(name).filter(|room| policy::can_see_room(viewer, room));
    let shown = room.map_or(name, |room| &room.name);
    let symbol = if room.is_some_and(|room| room.has(RoomFlag::Secret)) { "@" } else { "=" };
    let params = [symbol, shown];
    let mut texts = Texts { budget: turn.reply.room(&params), done: Vec::new(), text: String::new() };
    let (is_multi, has_host) = (turn.has(Capability::MultiPrefix), turn.has(Capability::UserhostInNames));
    for (id, member) in room.into_iter().flat_map(|room| &room.members) {
        let Some(user) = turn.chat.state.user(*id) else { continue };
        if room.is_some_and(|room| policy::can_see_membership(viewer, user, room)) {
            texts.push(member.statuses.prefixes(is_multi), user, has_host);
        }
    }
    let (symbol, shown) = (String::from(symbol), String::from(shown));
    for text in texts.finish() {
        turn.reply.numeric_text(Numeric::RplNamReply, &[&symbol, &shown], &text);
    }
    turn.reply.numeric(Numeric::RplEndOfNames, &[&shown]);
    Ok(())
}

/// Names gathered into texts of at most `budget` bytes, without an allocation for each.
struct Texts {
    budget: usize,
    done: Vec<String>,
    text: String,
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
