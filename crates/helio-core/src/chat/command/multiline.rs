//! draft/multiline: several lines that are one message, one event and one commit.
//!
//! A client sends them as a batch. Its label and client-only tags stand on the line that begins the batch; the answer
//! comes when it ends. After a fault the rest of the batch is swallowed, so that one fault has one answer. One batch is open
//! at a time; its size and its time are bounded.

use super::message;
use crate::chat::Chat;
use crate::chat::event::{SaidKind, SaidLine};
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::limits;
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A batch that a client has begun and not ended.
#[derive(Debug)]
pub(in crate::chat) struct Open {
    reference: String,
    target: String,
    lines: Vec<SaidLine>,
    /// Bytes of the text so far, line feeds between lines included.
    bytes: usize,
    label: Option<String>,
    client_tags: String,
    deadline: Instant,
    /// A fault was told; what still comes of it is swallowed.
    is_refused: bool,
}

/// BATCH: `+reference draft/multiline target` begins a message, `-reference` ends it.
pub(super) fn batch(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !turn.session()?.caps.has_multiline() {
        return Err(Refusal::numeric(Numeric::ErrUnknownCommand, &["BATCH"]));
    }
    let (sign, reference) = params[0].split_at_checked(1).unwrap_or_default();
    match (sign, &params[1..]) {
        ("+", ["draft/multiline", target, ..]) if is_reference(reference) => begin(turn, reference, target),
        ("-", _) => end(turn, reference),
        _ => Err(invalid()),
    }
}

fn begin(turn: &mut Turn<'_>, reference: &str, target: &str) -> Outcome {
    let deadline = turn.now.mono + limits::CHAT_MULTILINE_TIMEOUT;
    if turn.session()?.multiline.as_ref().is_some_and(|open| !open.is_refused) {
        return Err(invalid());
    }
    let open = Open {
        reference: reference.to_string(),
        target: target.to_string(),
        lines: Vec::new(),
        bytes: 0,
        // Answered when the batch ends, and not with an ACK now.
        label: turn.reply.label.take(),
        client_tags: core::mem::take(&mut turn.client_tags),
        deadline,
        is_refused: false,
    };
    turn.session_mut()?.multiline = Some(Box::new(open));
    turn.chat.timers.set(turn.session, deadline);
    Ok(())
}

/// Takes a line that says it is in a batch. `None`: it is not, and is carried out as any other.
pub(super) fn take(turn: &mut Turn<'_>, verb: &str, params: &[&str]) -> Option<Outcome> {
    let reference = turn.batch.take()?;
    let is_concat = turn.is_concat;
    let session = turn.session_mut().ok().filter(|session| session.caps.has_multiline())?;
    let Some(open) = session.multiline.as_mut().filter(|open| open.reference == reference) else {
        // multiline "Errors": the command of the reply is BATCH, whatever line it is about.
        turn.reply.set_command("BATCH");
        return Some(Err(invalid()));
    };
    if open.is_refused {
        return Some(Err(Refusal::Silent));
    }
    let result = open.add(verb, params, is_concat);
    Some(result.or_else(|refusal| refuse(turn, refusal)))
}

impl Open {
    /// Panics when it outgrew its bounds.
    #[cfg(test)]
    pub(in crate::chat) fn check_bounds(&self) {
        assert!(self.is_refused || self.bytes <= limits::CHAT_MULTILINE_BYTES, "{} bytes", self.bytes);
        assert!(self.lines.len() <= limits::CHAT_MULTILINE_LINES, "{} lines", self.lines.len());
        assert!(self.client_tags.len() <= limits::IRC_TAGS_FROM_CLIENT, "{} bytes of tags", self.client_tags.len());
        assert!(self.target.len() <= limits::IRC_BODY && self.reference.len() <= limits::IRC_LABEL, "names");
    }

    fn add(&mut self, verb: &str, params: &[&str], is_concat: bool) -> Outcome {
        let ("PRIVMSG", [target, text, ..]) = (verb, params) else { return Err(invalid()) };
        if !casemap::eq(target, &self.target) {
            return Err(Refusal::fail(ReplyCode::MultilineInvalidTarget, &[&self.target, target]));
        }
        if text.is_empty() && is_concat {
            return Err(invalid());
        }
        let is_joined = self.lines.is_empty() || is_concat;
        self.bytes += text.len() + usize::from(!is_joined);
        if self.bytes > limits::CHAT_MULTILINE_BYTES {
            let limit = limits::CHAT_MULTILINE_BYTES.to_string();
            return Err(Refusal::fail(ReplyCode::MultilineMaxBytes, &[&limit]));
        }
        if self.lines.len() >= limits::CHAT_MULTILINE_LINES {
            let limit = limits::CHAT_MULTILINE_LINES.to_string();
            return Err(Refusal::fail(ReplyCode::MultilineMaxLines, &[&limit]));
        }
        // The first line has none before it to continue.
        self.lines.push(SaidLine { text: text.to_string(), is_concat: is_concat && !self.lines.is_empty() });
        Ok(())
    }
}

fn end(turn: &mut Turn<'_>, reference: &str) -> Outcome {
    let multiline = &mut turn.session_mut()?.multiline;
    let Some(open) = multiline.take_if(|open| open.reference == reference) else { return Err(invalid()) };
    if open.is_refused {
        return Err(Refusal::Silent);
    }
    turn.reply.label = open.label.or(turn.reply.label.take());
    if open.lines.iter().all(|line| line.text.is_empty()) {
        return Err(invalid());
    }
    turn.client_tags = open.client_tags;
    if let Err(refusal) = message::say(turn, SaidKind::Privmsg, &open.target, open.lines) {
        message::refuse(turn, SaidKind::Privmsg, refusal);
    }
    Ok(())
}

/// Forgets the open batch, and tells why under the label that its beginning had.
fn refuse(turn: &mut Turn<'_>, refusal: Refusal) -> Outcome {
    let Some(open) = turn.session_mut()?.multiline.as_mut() else { return Err(refusal) };
    open.is_refused = true;
    open.lines = Vec::new();
    open.client_tags = String::new();
    let label = open.label.take();
    turn.reply.set_command("BATCH");
    turn.reply.label = label;
    Err(refusal)
}

/// When the open batch of a session is to be refused, if it has one.
pub(in crate::chat) fn deadline(chat: &Chat, id: SessionId) -> Option<Instant> {
    let open = chat.sessions.get(id)?.multiline.as_ref()?;
    (!open.is_refused).then_some(open.deadline)
}

/// Refuses an open batch whose time is over.
pub(in crate::chat) fn expire(chat: &mut Chat, id: SessionId, now: Now) {
    if deadline(chat, id).is_some_and(|deadline| deadline <= now.mono) {
        super::answer(chat, id, "BATCH", now, |turn| {
            let refused = refuse(turn, Refusal::fail(ReplyCode::Timeout, &[]));
            if let Err(refusal) = refused {
                turn.reply.refuse(&refusal);
            }
        });
    }
}

fn invalid() -> Refusal {
    Refusal::fail(ReplyCode::MultilineInvalid, &[])
}

/// batch: a reference is of ASCII letters, digits and `-`; ours are bounded like labels.
fn is_reference(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= limits::IRC_LABEL && text.bytes().all(is_allowed)
}
