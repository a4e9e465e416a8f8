//! PRIVMSG, NOTICE and TAGMSG (modern.ircdocs.horse "Sending Messages", IRCv3 message-tags, echo-message, labeled-response).
//!
//! # What the author is told
//!
//! - With echo-message: the message itself, when it is on disk. With a label and without an echo: ACK, at that moment. With
//!   neither nothing is promised.
//! - That it could not be kept: in the place of the echo or ACK; without them at once. FAIL for who has standard-replies,
//!   ERR_UNKNOWNERROR for others.
//! - NOTICE is refused in silence, as RFC 1459 §4.4.2 demands, unless it has a label: an ACK would be a false promise. That
//!   a notice cannot be kept is told to those who have echo-message or standard-replies, too.
//!
//! # What is cut
//!
//! A text that does not fit into a line together with the author's mask is cut when it is said, between two characters. So what
//! is relayed, echoed and kept is the same.

use super::filter;
use crate::chat::announce::Shown;
use crate::chat::event::{Event, Said, SaidKind, SaidLine, Scope};
use crate::chat::guest_text;
use crate::chat::ids::Ticket;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Statuses, UserFlag};
use crate::chat::storage;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::casemap::fold;
use crate::irc::line::truncate_utf8;
use crate::irc::numeric::Numeric;
use crate::limits;
use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub(super) fn privmsg(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, SaidKind::Privmsg, params)
}

pub(super) fn notice(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, SaidKind::Notice, params)
}

/// message-tags: the capability "enables" the command.
pub(super) fn tagmsg(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !turn.has(Capability::MessageTags) {
        return Err(Refusal::numeric(Numeric::ErrUnknownCommand, &["TAGMSG"]));
    }
    run(turn, SaidKind::Tagmsg, params)
}

fn run(turn: &mut Turn<'_>, kind: SaidKind, params: &[&str]) -> Outcome {
    match read(kind, params) {
        Ok((targets, text)) => {
            for target in targets {
                let lines = text.iter().map(|text| SaidLine { text: text.to_string(), is_concat: false }).collect();
                if let Err(refusal) = say(turn, kind, target, lines) {
                    refuse(turn, kind, refusal);
                }
            }
        }
        Err(refusal) => refuse(turn, kind, refusal),
    }
    Ok(())
}

/// The targets, each once, and the text.
fn read<'p>(kind: SaidKind, params: &[&'p str]) -> Outcome<(Vec<&'p str>, Option<&'p str>)> {
    let mut known: BTreeSet<Box<str>> = BTreeSet::new();
    let given = params.first().copied().unwrap_or_default().split(',').filter(|target| !target.is_empty());
    let targets: Vec<&str> = given.filter(|target| known.insert(fold(target))).collect();
    if targets.is_empty() {
        // RFC 1459 §6.1: the text names the command.
        let text = match kind {
            SaidKind::Privmsg => "No recipient given (PRIVMSG)",
            SaidKind::Notice => "No recipient given (NOTICE)",
            SaidKind::Tagmsg => "No recipient given (TAGMSG)",
            // Nothing is said by these.
            SaidKind::Topic | SaidKind::Mode | SaidKind::Rename => return Err(Refusal::Silent),
        };
        return Err(Refusal::Text(Numeric::ErrNoRecipient, Vec::new(), text));
    }
    // All or nothing: half of a message to many would be worse.
    if let Some(excess) = targets.get(limits::CHAT_TARGETS) {
        return Err(Refusal::numeric(Numeric::ErrTooManyTargets, &[excess]));
    }
    let text = params.get(1).copied().filter(|text| !text.is_empty());
    if text.is_none() && kind != SaidKind::Tagmsg {
        return Err(Refusal::numeric(Numeric::ErrNoTextToSend, &[]));
    }
    Ok((targets, text.filter(|_| kind != SaidKind::Tagmsg)))
}

/// Answers a refusal, unless it is one of those of NOTICE that nobody is told.
pub(super) fn refuse(turn: &mut Turn<'_>, kind: SaidKind, refusal: Refusal) {
    let is_told = match refusal {
        Refusal::Fail(..) | Refusal::FailText(..) => hears_of_failures(turn, kind),
        Refusal::Numeric(..) | Refusal::Text(..) | Refusal::Words(..) | Refusal::Silent => {
            kind != SaidKind::Notice || is_labelled(turn)
        }
    };
    if is_told {
        turn.reply.refuse(&refusal);
    }
}

fn is_labelled(turn: &Turn<'_>) -> bool {
    turn.reply.label.is_some() && turn.session().is_ok_and(|session| session.caps.has_labels())
}

fn hears_of_failures(turn: &Turn<'_>, kind: SaidKind) -> bool {
    let has_asked = turn.has(Capability::EchoMessage) || turn.has(Capability::StandardReplies);
    kind != SaidKind::Notice || has_asked || is_labelled(turn)
}

/// Says something to one target, and promises the author's echo or the end of its labelled answer.
pub(super) fn say(turn: &mut Turn<'_>, kind: SaidKind, target: &str, lines: Vec<SaidLine>) -> Outcome {
    let (scope, target) = address(turn, target, &lines)?;
    let (msgid, at_us) = turn.chat.ids.message(turn.now.utc);
    let user = turn.user()?;
    let mut said = Said {
        from: user.mask(),
        account: user.account.clone(),
        is_bot: user.has(UserFlag::Bot),
        msgid,
        at_us,
        kind,
        target,
        lines,
        tags: turn.client_tags.clone(),
    };
    if user.is_guest {
        // A guest's program knows nothing of IRC's lines.
        split_long(&mut said);
    }
    fit(&mut said);
    let room = match &scope {
        Scope::Room { room, .. } => Some(room.as_str()),
        Scope::Private { .. } => None,
    };
    if let Some(name) = room {
        let (user, room, now) = (turn.user()?, turn.room(name)?, turn.now.mono);
        // Typing is not yet saying.
        if said.is_durable() { policy::can_speak_now(user, room, now) } else { policy::is_unmuted(user, room, now) }?;
    }
    filter::screen(turn, room, || filter::text_of(&said))?;
    if said.is_durable() {
        storage::can_keep(&said)?;
        turn.chat.storage.can_take()?;
    }
    let with = match scope {
        Scope::Private { with } if kind == SaidKind::Privmsg => Some(with),
        Scope::Private { .. } | Scope::Room { .. } => None,
    };
    let event = Event::Said(said, scope);
    let ticket = turn.commit_event(&event);
    if let Event::Said(said, _) = &event {
        promise(turn, said, ticket);
    }
    if let Some(user) = with.and_then(|with| turn.chat.state.user(with)) {
        super::away::tell(&mut turn.reply, user);
    }
    Ok(())
}

/// Queues the echo behind the commit, if it is kept at all; without echo-message, the end of the labelled answer.
fn promise(turn: &mut Turn<'_>, said: &Said, ticket: Option<Ticket>) {
    let echo = echo(turn, said);
    let Some(ticket) = ticket else {
        return echo.into_iter().for_each(|line| turn.reply.line(line));
    };
    if hears_of_failures(turn, said.kind) {
        turn.chat.storage.wait(ticket, turn.session, said.kind.command(), &said.target);
    }
    if !echo.is_empty() || is_labelled(turn) {
        turn.reply.held(ticket, echo);
    }
}

fn echo(turn: &mut Turn<'_>, said: &Said) -> Vec<crate::chat::line::Line> {
    let Some(audience) = turn.chat.sessions.audience(turn.session) else { return Vec::new() };
    if !audience.has(Capability::EchoMessage) {
        return Vec::new();
    }
    let ids = &mut turn.chat.ids;
    Shown::new(said, || ids.batch()).to(audience).to_vec()
}

/// What is answered to who looks for a service of accounts, as other networks have them.
fn no_service(turn: &Turn<'_>, target: &str) -> Option<Refusal> {
    let text = "No such nick: there are no services here, ACCOUNT does what they do (HELP ACCOUNT)";
    let is_meant = turn.chat.reserved.has(target);
    is_meant.then(|| Refusal::Text(Numeric::ErrNoSuchNick, [target.to_string()].into(), text))
}

/// Whom `target` names, whether the author may say this there, and how the target is shown.
fn address(turn: &Turn<'_>, target: &str, lines: &[SaidLine]) -> Outcome<(Scope, String)> {
    let name = target.trim_start_matches(|prefix| Statuses::of_prefix(prefix).is_some());
    let author = turn.user()?;
    if !name.starts_with('#') {
        let user = turn.someone(target).map_err(|refusal| no_service(turn, target).unwrap_or(refusal))?;
        policy::can_speak_privately(turn.defcon(), author, user)?;
        policy::can_message(author, user)?;
        return Ok((Scope::Private { with: user.id }, user.nick.clone()));
    }
    let room = turn.room(name)?;
    policy::can_speak_in_rooms(turn.defcon(), author, &room.name)?;
    policy::can_speak(author, room)?;
    if lines.iter().any(|line| guest_text::action(&line.text) == Some(None)) {
        policy::can_send_ctcp(room)?;
    }
    // STATUSMSG: of several prefixes the lowest counts, and it is the one that is shown.
    let prefixes = target.chars().take(target.len() - name.len());
    let least = prefixes.filter_map(|prefix| Some((Statuses::of_prefix(prefix)?, prefix))).min();
    Ok(match least {
        Some((least, prefix)) => {
            (Scope::Room { room: room.name.clone(), least }, alloc::format!("{prefix}{}", room.name))
        }
        None => (Scope::Room { room: room.name.clone(), least: Statuses::NONE }, room.name.clone()),
    })
}

/// Makes every line fit into one of IRC's. A single line is cut; of a message of several, where a client may rely on every
/// byte, what does not fit goes into further lines that continue it.
fn fit(said: &mut Said) {
    let budget = budget(said);
    match said.lines.as_mut_slice() {
        [only] if only.text.len() > budget => {
            // CTCP keeps its end.
            let end = if only.text.starts_with('\u{1}') && only.text.ends_with('\u{1}') { "\u{1}" } else { "" };
            let len = truncate_utf8(&only.text, budget.saturating_sub(end.len())).len();
            only.text.truncate(len);
            only.text.push_str(end);
        }
        [..] => split_long(said),
    }
}

/// Bytes of text that fit into one line of this message.
fn budget(said: &Said) -> usize {
    let around = ":".len() + said.from.len() + " ".len() + said.kind.command().len() + " ".len() + said.target.len();
    (limits::IRC_BODY - "\r\n".len()).saturating_sub(around + " :".len())
}

/// Puts what does not fit into a line into further ones that continue it. CTCP is left alone: it cannot be continued.
pub(super) fn split_long(said: &mut Said) {
    let budget = budget(said);
    let is_long = |line: &SaidLine| line.text.len() > budget && guest_text::action(&line.text).is_none();
    if said.lines.iter().any(is_long) {
        let lines = said.lines.drain(..);
        said.lines = lines.flat_map(|line| if is_long(&line) { split(&line, budget) } else { [line].into() }).collect();
    }
}

/// A line as lines of at most `budget` bytes that continue each other.
fn split(line: &SaidLine, budget: usize) -> Vec<SaidLine> {
    let mut lines = Vec::new();
    let mut rest = line.text.as_str();
    loop {
        let piece = truncate_utf8(rest, budget);
        lines.push(SaidLine { text: piece.to_string(), is_concat: line.is_concat || !lines.is_empty() });
        rest = rest.get(piece.len()..).unwrap_or_default();
        if rest.is_empty() || piece.is_empty() {
            return lines;
        }
    }
}
