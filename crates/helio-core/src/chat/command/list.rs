//! LIST: which rooms there are. The rooms are those at the time when each part is made, each at most once.

use super::answering::{self, Question, View};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal, Reply};
use crate::chat::state::Room;
use crate::chat::turn::Turn;
use crate::irc::list_filter::{ListFilter, ListFilterError, ListedRoom};
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::Utc;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Bound;
use core::time::Duration;

/// A LIST that is being answered.
#[derive(Debug)]
pub(in crate::chat) struct Listing {
    filters: Vec<ListFilter>,
    asked: Utc,
    /// Whether the answer has begun.
    has_begun: bool,
    /// The folded name of the room that was looked at last.
    after: Option<Box<str>>,
}

/// `LIST [conditions]`.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let filters = ListFilter::parse_list(params.first().copied().unwrap_or_default());
    let filters = filters.map_err(|error| refusal(&error))?;
    let listing = Listing { filters, asked: turn.now.utc, has_begun: false, after: None };
    answering::begin(turn, Question::List(listing))
}

impl Listing {
    /// Shows rooms until the reply has so many bytes. `true`: these were all.
    pub(super) fn step(&mut self, view: &View<'_>, reply: &mut Reply, until: usize) -> bool {
        if !self.has_begun {
            self.has_begun = true;
            reply.numeric_text(Numeric::RplListStart, &["Channel"], Numeric::RplListStart.text());
        }
        let from = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut rooms = view.chat.state.rooms.range::<str, _>((from, Bound::Unbounded)).peekable();
        for _ in 0..limits::CHAT_ANSWER_STEP {
            let Some((key, room)) = rooms.next_if(|_| reply.len() < until) else { break };
            self.after = Some(key.clone());
            if policy::can_see_room(view.viewer, room) && self.admits(room) {
                let topic = room.topic.as_ref().map_or("", |topic| topic.text.as_str());
                let params = [&*room.name, &room.members.len().to_string()];
                reply.numeric_text(Numeric::RplList, &params, topic);
            }
        }
        let is_over = rooms.peek().is_none();
        if is_over {
            reply.numeric(Numeric::RplListEnd, &[]);
        }
        is_over
    }

    fn admits(&self, room: &Room) -> bool {
        let age = |at: Utc| {
            Duration::from_micros(u64::try_from(self.asked.micros().saturating_sub(at.micros())).unwrap_or(0))
        };
        let topic_age = room.topic.as_ref().map(|topic| age(topic.at));
        let listed = ListedRoom { name: &room.name, users: room.members.len(), age: age(room.created), topic_age };
        ListFilter::admit(&self.filters, &listed)
    }
}

fn refusal(error: &ListFilterError) -> Refusal {
    match error {
        ListFilterError::TooMany(condition) => Refusal::numeric(Numeric::ErrTooManyTargets, &[condition]),
        ListFilterError::NotANumber(condition) => Refusal::fail(ReplyCode::InvalidParams, &[condition]),
    }
}
