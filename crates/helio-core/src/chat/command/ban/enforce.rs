//! Whom a ban means that is here already, and what it does to them.

use crate::chat::Chat;
use crate::chat::Face;
use crate::chat::ban::{Ban, Somebody, Target};
use crate::chat::command::{answer, guest};
use crate::chat::ids::{SessionId, UserId};
use crate::chat::policy::KeptOut;
use crate::chat::reply::{Refusal, Reply};
use crate::chat::session::{Session, Stage};
use crate::chat::state::User;
use crate::chat::turn::Turn;
use crate::irc::host;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Whom a new ban means of those who are here.
pub(super) struct Meant {
    users: Vec<UserId>,
    /// Connections that are nobody yet.
    newcomers: Vec<SessionId>,
}

impl Meant {
    pub(super) fn by(ban: &Ban, chat: &Chat) -> Self {
        let users = chat.state.users.values().filter(|user| is_meant(chat, user, &ban.target));
        let newcomers = chat.sessions.ids().into_iter().filter(|id| is_newcomer_meant(chat, *id, &ban.target));
        Self { users: users.map(|user| user.id).collect(), newcomers: newcomers.collect() }
    }

    /// How many connections they have.
    pub(super) fn connections(&self, chat: &Chat) -> usize {
        let users = self.users.iter().filter_map(|user| chat.state.user(*user));
        self.newcomers.len() + users.map(|user| user.sessions.len()).sum::<usize>()
    }

    /// Ends them: users with all of their sessions, and those who stay without one.
    pub(super) fn end(self, turn: &mut Turn<'_>, ban: &Ban) {
        let kept_out = KeptOut::Banned(ban.told());
        for id in self.newcomers {
            answer(turn.chat, id, "*", turn.now, |turn| refuse(turn, &kept_out));
        }
        for user in self.users {
            end_user(turn, user, &kept_out);
        }
    }
}

/// Whether `target` means this user: as others see them, or by any of their sessions. Who has a session in a network that is
/// exempt is meant by their account alone.
pub(super) fn is_meant(chat: &Chat, user: &User, target: &Target) -> bool {
    let account = user.account.as_deref();
    if matches!(target, Target::Account(_)) {
        return target.means(&Somebody { address: None, user_host: None, account });
    }
    let is_seen = |address: Option<IpAddr>, host: &str| {
        target.means(&Somebody { address, user_host: Some((&user.username, host)), account })
    };
    if user.sessions.is_empty() {
        let address = address_of(chat, user);
        return !address.is_some_and(|address| chat.settings.is_ban_exempt(address)) && is_seen(address, &user.host);
    }
    let addresses = || user.sessions.iter().filter_map(|id| chat.sessions.get(id)).map(address);
    let is_from = |address| is_seen(Some(address), &user.host) || is_seen(Some(address), &host::of_address(address));
    !addresses().any(|address| chat.settings.is_ban_exempt(address)) && addresses().any(is_from)
}

/// From where the newest session of `user` comes, or came; `None`: none came since the service runs.
pub(super) fn address_of(chat: &Chat, user: &User) -> Option<IpAddr> {
    let newest = user.sessions.as_slice().last().and_then(|id| chat.sessions.get(*id));
    newest.map(address).or_else(|| user.address.map(|address| address.to_canonical()))
}

/// What `ask` says of a connection that is nobody yet, as far as it has said who it is.
pub(super) fn newcomer<T>(session: &Session, ask: impl FnOnce(&Somebody<'_>) -> T) -> T {
    let address = address(session);
    let (username, account) = match &session.stage {
        Stage::Registering(registration) if session.peer.face == Face::Irc => {
            (registration.username.as_deref(), registration.account.as_deref())
        }
        Stage::Registering(_) => (Some(guest::USERNAME), None),
        Stage::Registered(_) | Stage::Closing { .. } => (None, None),
    };
    let host = host::of_address(address);
    let user_host = username.map(|username| (username, host.as_str()));
    ask(&Somebody { address: Some(address), user_host, account })
}

/// Tells this session why it is not let in, and closes it.
pub(super) fn refuse(turn: &mut Turn<'_>, kept_out: &KeptOut) {
    tell(&mut turn.reply, kept_out);
    turn.close(kept_out.told());
}

fn tell(reply: &mut Reply, kept_out: &KeptOut) {
    match kept_out {
        // Guests are told once, by the closing.
        _ if reply.is_guest => {}
        KeptOut::Banned(why) => reply.numeric_text(Numeric::ErrYoureBannedCreep, &[], why),
        KeptOut::AccountRequired => {
            reply.set_command("*");
            reply.refuse(&Refusal::fail_text(ReplyCode::AccountRequired, &[], kept_out.told()));
        }
        KeptOut::Closed => {}
    }
}

fn is_newcomer_meant(chat: &Chat, id: SessionId, target: &Target) -> bool {
    let session = chat.sessions.get(id).filter(|session| matches!(session.stage, Stage::Registering(_)));
    let Some(session) = session else { return false };
    let is_exempt = chat.settings.is_ban_exempt(address(session)) && !matches!(target, Target::Account(_));
    !is_exempt && newcomer(session, |somebody| target.means(somebody))
}

/// The session that asked is closed after its answer.
fn end_user(turn: &mut Turn<'_>, user: UserId, kept_out: &KeptOut) {
    let sessions = turn.chat.state.user(user).map(|user| user.sessions.clone()).unwrap_or_default();
    for id in sessions.iter() {
        if id == turn.session {
            refuse(turn, kept_out);
        } else {
            answer(turn.chat, id, "*", turn.now, |turn| tell(&mut turn.reply, kept_out));
        }
    }
    turn.chat.end_user(user, kept_out.told(), Some(turn.session), turn.now);
}

fn address(session: &Session) -> IpAddr {
    session.peer.address.ip().to_canonical()
}
