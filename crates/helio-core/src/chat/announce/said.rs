//! Messages.

use super::{To, line};
use crate::chat::event::{Said, SaidKind, Scope};
use crate::chat::ids::SessionId;
use crate::chat::line::{Face, Line, Tags};
use crate::chat::state::State;
use crate::irc::capability::Capability;
use crate::time::Utc;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Tells all but the author, who gets an echo when the message is on disk.
pub(super) fn announce(state: &State, said: &Said, scope: &Scope, to: &mut To<'_, '_>) {
    let author = to.origin.as_ref().map(|origin| origin.session);
    let not_author = |session: &SessionId| Some(*session) != author;
    let whom: Vec<SessionId> = match scope {
        Scope::Room { room, least } => {
            state.room(room).map(|room| room.sessions(*least).filter(not_author).collect()).unwrap_or_default()
        }
        Scope::Private { with } => state.user(*with).map(|user| user.session).into_iter().filter(not_author).collect(),
    };
    let lines = lines(said);
    to.sessions.deliver(whom, |audience, out| {
        for line in &lines {
            if said.kind != SaidKind::Tagmsg || audience.has(Capability::MessageTags) || audience.face == Face::Guest {
                line.encode(audience, out);
            }
        }
    });
}

/// What was said, one line for each of its lines. The first carries the identity and the client's tags.
pub(in crate::chat) fn lines(said: &Said) -> Vec<Line> {
    let tags = Tags {
        time: Some(Utc::from_micros(said.at_us)),
        msgid: Some(said.msgid.clone()),
        account: said.account.clone(),
        is_bot: said.is_bot,
        client: said.tags.clone(),
        ..Tags::default()
    };
    if said.kind == SaidKind::Tagmsg {
        let irc = line(&said.from, said.kind.command(), &[&said.target], None);
        return alloc::vec![Line { tags, irc, guest: Vec::new() }];
    }
    let nick = said.from.split('!').next().unwrap_or_default();
    let texts = said.lines.iter().map(|line| line.text.as_str());
    let lines = texts.enumerate().map(|(index, text)| {
        let first = Tags { time: tags.time, account: tags.account.clone(), is_bot: tags.is_bot, ..Tags::default() };
        Line {
            tags: if index == 0 { tags.clone() } else { first },
            irc: line(&said.from, said.kind.command(), &[&said.target], Some(text)),
            guest: guest_text(nick, text).into_bytes(),
        }
    });
    lines.collect()
}

/// `nick: text`, and an action as `* nick does`.
fn guest_text(nick: &str, text: &str) -> String {
    match text.strip_prefix("\u{1}ACTION ") {
        Some(action) => format!("* {nick} {}\n", action.trim_end_matches('\u{1}')),
        None => format!("{nick}: {text}\n"),
    }
}
