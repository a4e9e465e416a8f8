//! PRIVMSG, NOTICE and TAGMSG.

use crate::chat::announce;
use crate::chat::event::{Event, Said, SaidKind, SaidLine, Scope};
use crate::chat::ids::Ticket;
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::Statuses;
use crate::chat::turn::Turn;
use crate::irc::capability::Capability;
use crate::irc::numeric::Numeric;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) fn privmsg(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, SaidKind::Privmsg, params)
}

pub(super) fn notice(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, SaidKind::Notice, params).or(Err(Refusal::Silent))
}

pub(super) fn tagmsg(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    run(turn, SaidKind::Tagmsg, params)
}

fn run(turn: &mut Turn<'_>, kind: SaidKind, params: &[&str]) -> Outcome {
    let targets = params.first().copied().unwrap_or_default();
    if targets.is_empty() {
        return Err(Refusal::numeric(Numeric::ErrNoRecipient, &[kind.command()]));
    }
    let text = params.get(1).copied().unwrap_or_default();
    if text.is_empty() && kind != SaidKind::Tagmsg {
        return Err(Refusal::numeric(Numeric::ErrNoTextToSend, &[]));
    }
    for target in targets.split(',').filter(|target| !target.is_empty()) {
        let lines = match kind {
            SaidKind::Tagmsg => Vec::new(),
            SaidKind::Privmsg | SaidKind::Notice => alloc::vec![SaidLine { text: text.to_string(), is_concat: false }],
        };
        if let Err(refusal) = say(turn, kind, target, lines)
            && kind != SaidKind::Notice
        {
            turn.reply.refuse(&refusal);
        }
    }
    Ok(())
}

/// Says something to one target, and promises the author's echo or the end of its labelled answer.
pub(super) fn say(turn: &mut Turn<'_>, kind: SaidKind, target: &str, lines: Vec<SaidLine>) -> Outcome {
    let (scope, target) = address(turn, target)?;
    turn.chat.storage.can_take()?;
    let user = turn.user()?;
    let said = Said {
        from: user.mask(),
        account: user.account.clone(),
        is_bot: user.has(crate::chat::state::UserFlag::Bot),
        msgid: turn.chat.ids.message(),
        at_us: turn.now.utc.micros(),
        kind,
        target,
        lines,
        tags: turn.client_tags.clone(),
    };
    let event = Event::Said(said, scope);
    let ticket = turn.commit(event.clone());
    if let (Event::Said(said, _), Some(ticket)) = (&event, ticket) {
        promise(turn, said, ticket)?;
    }
    Ok(())
}

/// Queues the echo behind the commit; without echo-message, the end of the labelled answer.
fn promise(turn: &mut Turn<'_>, said: &Said, ticket: Ticket) -> Outcome {
    let label = turn.reply.label.clone();
    turn.chat.storage.wait(ticket, turn.session, said.kind.command(), &said.target, label);
    if turn.has(Capability::EchoMessage) {
        for line in announce::said_lines(said) {
            turn.reply.held(ticket, line);
        }
    } else {
        turn.reply.after(ticket);
    }
    Ok(())
}

/// Whom `target` names, whether the author may say something there, and how the target is shown.
fn address(turn: &Turn<'_>, target: &str) -> Outcome<(Scope, alloc::string::String)> {
    if target.starts_with('#') {
        let room = turn.room(target)?;
        policy::can_speak(turn.user()?, room)?;
        return Ok((Scope::Room { room: room.name.clone(), least: Statuses::NONE }, room.name.clone()));
    }
    let user = turn.someone(target)?;
    Ok((Scope::Private { with: user.id }, user.nick.clone()))
}
