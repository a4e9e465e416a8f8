//! Messages.

use super::changed::recorded_modes;
use super::{To, line};
use crate::chat::event::{Said, SaidKind, Scope};
use crate::chat::guest_text;
use crate::chat::ids::SessionId;
use crate::chat::line::{Audience, Face, Line, Tags};
use crate::chat::reply::batch_lines;
use crate::chat::state::State;
use crate::irc::capability::Capability;
use crate::time::Utc;
use alloc::string::String;
use alloc::vec::Vec;

/// Tells all but the author, who gets an echo when the message is on disk. Who writes to their own name gets both.
pub(super) fn announce(state: &State, said: &Said, scope: &Scope, to: &mut To<'_, '_>, batch: impl FnOnce() -> String) {
    let shown = Shown::new(said, batch);
    let make = |audience: Audience, out: &mut Vec<u8>| match audience.face {
        Face::Guest => out.extend_from_slice(guest_text::said(said).as_bytes()),
        Face::Irc => shown.to(audience).iter().for_each(|line| line.encode(audience, out)),
    };
    let origin = to.origin.as_ref().map(|origin| origin.session);
    let author = origin.and_then(|id| to.sessions.get(id)?.user()).and_then(|id| state.user(id));
    // The author's other sessions see it in any case.
    let own = |is_told: bool| author.filter(|_| !is_told).into_iter().flat_map(|user| user.sessions.iter());
    let is_other = |session: &SessionId| Some(*session) != origin;
    match scope {
        Scope::Room { room, least } => {
            let Some(room) = state.room(room) else { return };
            let statuses = author.and_then(|author| room.statuses(author.id));
            let own = own(statuses.is_some_and(|statuses| statuses.at_least(*least)));
            to.sessions.deliver(room.sessions(*least).chain(own).filter(is_other), make);
        }
        Scope::Private { with } => {
            let own = own(author.is_some_and(|author| author.id == *with)).filter(is_other);
            let theirs = state.user(*with).into_iter().flat_map(|user| user.sessions.iter());
            to.sessions.deliver(theirs.chain(own), make);
        }
    }
}

/// Something said, as each kind of IRC client sees it.
pub(in crate::chat) struct Shown {
    kind: SaidKind,
    /// One line for each of its lines, without blank ones. The first carries the identity and the client's tags.
    plain: Vec<Line>,
    /// The batch for those who take several lines as one message; empty when it is one line.
    batch: Vec<Line>,
}

impl Shown {
    /// `batch` draws the reference of a batch, if one is needed.
    pub(in crate::chat) fn new(said: &Said, batch: impl FnOnce() -> String) -> Self {
        let batch = if said.kind.is_message() && said.lines.len() > 1 { batched(said, &batch()) } else { Vec::new() };
        Self { kind: said.kind, plain: plain(said), batch }
    }

    /// The lines that a client is told; none if it cannot take it.
    pub(in crate::chat) fn to(&self, audience: Audience) -> &[Line] {
        let is_known = match self.kind {
            SaidKind::Tagmsg => audience.has(Capability::MessageTags),
            SaidKind::Rename => audience.has(Capability::ChannelRename),
            SaidKind::Privmsg | SaidKind::Notice | SaidKind::Topic | SaidKind::Mode => true,
        };
        if !is_known {
            return &[];
        }
        if self.is_batch(audience) { &self.batch } else { &self.plain }
    }

    /// Whether these are a batch of their own.
    pub(in crate::chat) fn is_batch(&self, audience: Audience) -> bool {
        audience.caps.has_multiline() && !self.batch.is_empty()
    }
}

fn tags(said: &Said) -> Tags {
    Tags {
        time: Some(Utc::from_micros(said.at_us)),
        msgid: Some(said.msgid.clone()),
        account: said.account.clone(),
        is_bot: said.is_bot,
        client: said.tags.clone(),
        ..Tags::default()
    }
}

fn plain(said: &Said) -> Vec<Line> {
    let told = |text: Option<&str>| line(&said.from, said.kind.command(), &[&said.target], text);
    let lines: Vec<Vec<u8>> = match said.kind {
        SaidKind::Tagmsg => [told(None)].into(),
        SaidKind::Mode => recorded_modes(said),
        SaidKind::Rename => renamed(said).into_iter().collect(),
        // An empty one takes the topic away.
        SaidKind::Topic => said.lines.iter().map(|shown| told(Some(&shown.text))).collect(),
        // multiline "Fallback": no blank lines to those without it.
        SaidKind::Privmsg | SaidKind::Notice => {
            let full = said.lines.iter().filter(|shown| !shown.text.is_empty());
            full.map(|shown| told(Some(&shown.text))).collect()
        }
    };
    let mut first = Some(tags(said));
    let mut next = || first.take().unwrap_or_else(|| Tags { msgid: None, client: String::new(), ..tags(said) });
    lines.into_iter().map(|irc| Line { tags: next(), irc, guest: Vec::new() }).collect()
}

/// None from a record that lacks one of the names.
fn renamed(said: &Said) -> Option<Vec<u8>> {
    let mut texts = said.lines.iter().map(|shown| shown.text.as_str());
    let (old, new) = (texts.next()?, texts.next()?);
    Some(line(&said.from, said.kind.command(), &[old, new], Some(texts.next().unwrap_or_default())))
}

/// multiline: the tags stand on the batch, the lines have only what ties them to it.
fn batched(said: &Said, reference: &str) -> Vec<Line> {
    let (mut begin, end) = batch_lines(&said.from, reference, &["draft/multiline", &said.target]);
    begin.tags = tags(said);
    let mut lines = alloc::vec![begin];
    lines.extend(said.lines.iter().map(|shown| {
        let tags = Tags { batch: Some(reference.into()), is_concat: shown.is_concat, ..Tags::default() };
        let irc = line(&said.from, said.kind.command(), &[&said.target], Some(&shown.text));
        Line { tags, irc, guest: Vec::new() }
    }));
    lines.push(end);
    lines
}
