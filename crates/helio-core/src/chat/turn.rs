//! One command being carried out: what handlers see of the service, and the one way to change it.

use super::Chat;
use super::announce;
use super::defcon::Defcon;
use super::event::Event;
use super::ids::{SessionId, Ticket, UserId};
use super::policy;
use super::reply::{Outcome, Refusal, Reply};
use super::session::{Session, Stage};
use super::state::{Room, User};
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use crate::time::Now;
use alloc::string::String;

/// A command at work. Handlers ask `policy`, then [`Turn::commit`] events, and fill `reply`.
pub(super) struct Turn<'a> {
    pub(super) chat: &'a mut Chat,
    pub(super) session: SessionId,
    pub(super) now: Now,
    pub(super) reply: Reply,
    /// Client-only tags of the command as they came, escaped and joined by `;`.
    pub(super) client_tags: String,
    /// The `batch` tag of the command: the reference of the batch that it is part of.
    pub(super) batch: Option<String>,
    /// Why the session ends when its answer is sent.
    pub(super) closing: Option<String>,
    /// Whether the command has the tag `draft/multiline-concat`.
    pub(super) is_concat: bool,
}

impl Turn<'_> {
    /// The session. Handlers run only while it exists.
    pub(super) fn session(&self) -> Outcome<&Session> {
        self.chat.sessions.get(self.session).ok_or(Refusal::Silent)
    }

    pub(super) fn session_mut(&mut self) -> Outcome<&mut Session> {
        self.chat.sessions.get_mut(self.session).ok_or(Refusal::Silent)
    }

    pub(super) fn has(&self, capability: Capability) -> bool {
        self.session().is_ok_and(|session| session.caps.contains(capability))
    }

    /// Who sent the command.
    pub(super) fn user(&self) -> Outcome<&User> {
        let user = self.session()?.user().and_then(|id| self.chat.state.user(id));
        user.ok_or_else(|| Refusal::numeric(Numeric::ErrNotRegistered, &[]))
    }

    /// The account that the session is logged in to.
    pub(super) fn account(&self) -> Option<&str> {
        match &self.session().ok()?.stage {
            Stage::Registering(registration) => registration.account.as_deref(),
            Stage::Registered(user) => self.chat.state.user(*user)?.account.as_deref(),
            Stage::Closing { .. } => None,
        }
    }

    /// The level of lockdown in force.
    pub(super) fn defcon(&self) -> Defcon {
        policy::defcon(&self.chat.state, &self.chat.settings)
    }

    pub(super) fn user_id(&self) -> Outcome<UserId> {
        self.user().map(|user| user.id)
    }

    /// The room called `name`, or the numeric that says there is none.
    pub(super) fn room(&self, name: &str) -> Outcome<&Room> {
        self.chat.state.room(name).ok_or_else(|| Refusal::numeric(Numeric::ErrNoSuchChannel, &[name]))
    }

    /// Whoever is called `nick`, or the numeric that says nobody is.
    pub(super) fn someone(&self, nick: &str) -> Outcome<&User> {
        self.chat.state.user_named(nick).ok_or_else(|| Refusal::numeric(Numeric::ErrNoSuchNick, &[nick]))
    }

    /// Makes an event happen: state changes, all whom it concerns are told, and what lasts is stored. The ticket is that of
    /// its append, for those who wait until it is on disk.
    pub(super) fn commit(&mut self, event: impl Into<Event>) -> Option<Ticket> {
        self.commit_event(&event.into())
    }

    /// [`Turn::commit`] for an event that is needed afterwards.
    pub(super) fn commit_event(&mut self, event: &Event) -> Option<Ticket> {
        let origin = announce::Origin { session: self.session, reply: &mut self.reply };
        self.chat.happen(event, Some(origin), self.now)
    }

    /// Ends the session after its answer.
    pub(super) fn close(&mut self, reason: &str) {
        self.closing = Some(reason.into());
    }
}
