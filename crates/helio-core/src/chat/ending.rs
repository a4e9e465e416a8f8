//! How sessions end, and with the last one their user.

use super::event::{Event, Presence};
use super::ids::{SessionId, UserId};
use super::line::{Line, compose};
use super::{Chat, command, guest_text, policy};
use crate::time::Now;

impl Chat {
    /// A guest is in one room; removed from it, it has no place here.
    pub(super) fn end_kicked_guest(&mut self, event: &Event, now: Now) {
        let Event::Presence(Presence::Kicked { user, room, reason, .. }) = event else { return };
        if self.state.user(*user).is_some_and(|user| user.is_guest) {
            self.end_user(*user, &alloc::format!("you were removed from {room}: {reason}"), None, now);
        }
    }

    /// Ends a session: it is told why, and closes when its queue is empty. Others see its user leave if it was the last.
    pub(super) fn end(&mut self, id: SessionId, reason: &str, now: Now) {
        let Some(session) = self.sessions.get(id).filter(|session| !session.is_closing()) else { return };
        if let Some(user) = session.user() {
            self.leave(user, id, reason, now);
        }
        self.close(id, reason);
    }

    /// Ends a user: others see it leave, and all of its sessions end, but for the one whose command asked for it, which ends
    /// after its answer.
    pub(super) fn end_user(&mut self, id: UserId, reason: &str, asked: Option<SessionId>, now: Now) {
        let Some(user) = self.state.user(id) else { return };
        let sessions = user.sessions.clone();
        command::always_on::forget(self, id, now);
        self.happen(&Presence::Quit { user: id, reason: reason.into() }.into(), None, now);
        for session in sessions.iter().filter(|session| Some(*session) != asked) {
            self.close(session, reason);
        }
    }

    /// A session of `user` ends. With the last one the user leaves.
    pub(super) fn leave(&mut self, user: UserId, session: SessionId, reason: &str, now: Now) {
        let Some(someone) = self.state.user(user) else { return };
        let is_last = someone.sessions.len() <= 1;
        if !is_last || policy::stays(&self.settings, &self.state, someone) {
            self.happen(&Presence::Detached { user, session }.into(), None, now);
            if is_last {
                command::always_on::left_alone(self, user, now);
            }
            command::away::agree(self, user, now);
        } else {
            self.happen(&Presence::Quit { user, reason: reason.into() }.into(), None, now);
        }
    }

    /// The last line of a session, which closes when its queue is empty.
    pub(super) fn close(&mut self, id: SessionId, reason: &str) {
        self.sessions.send(id, &closing_line(reason));
        self.sessions.close(id, reason);
    }
}

/// The last line of a connection.
pub(super) fn closing_line(reason: &str) -> Line {
    let text = alloc::format!("Closing link: {reason}");
    let mut line = Line::irc(compose(None, "ERROR", &[], Some(&text)));
    line.guest = guest_text::notice(&alloc::format!("closing: {reason}")).into_bytes();
    line
}
