//! AUTHENTICATE: logging in by SASL (IRCv3 sasl-3.1, sasl-3.2), before registration or at any time after.

use super::login::{self, Claim};
use super::register;
use crate::chat::Chat;
use crate::chat::effect::Verdict;
use crate::chat::ids::SessionId;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::session::Peer;
use crate::chat::turn::Turn;
use crate::chat::verifying::LogInBy;
use crate::irc::capability::Capability;
use crate::irc::casemap;
use crate::irc::numeric::Numeric;
use crate::limits;
use crate::sasl::{Mechanism, PieceError, Pieces, ServerExchange, Step, pieces_of};
use crate::time::{Instant, Now};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// One exchange of a session.
#[derive(Debug)]
pub(in crate::chat) struct Exchange {
    sasl: ServerExchange,
    pieces: Pieces,
    deadline: Instant,
    /// Whom the client says to be, once it has.
    claim: Option<Claim>,
}

/// The mechanisms that this connection can use, separated by commas; none where nobody can log in. A password as it is only
/// goes where nobody on the way can read it.
pub(super) fn mechanisms(chat_has_secret: bool, peer: &Peer) -> Option<String> {
    let is_private = peer.is_secure || peer.address.ip().to_canonical().is_loopback();
    let is_offered = |mechanism: &&Mechanism| match mechanism {
        Mechanism::Plain => is_private,
        Mechanism::ScramSha256 => chat_has_secret,
        Mechanism::External => peer.certificate.is_some(),
    };
    let names: Vec<&str> = Mechanism::ALL.iter().filter(is_offered).map(|mechanism| mechanism.name()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    if !turn.has(Capability::Sasl) {
        return Err(Refusal::Text(
            Numeric::ErrSaslFail,
            Vec::new(),
            "SASL authentication failed: CAP REQ sasl comes first",
        ));
    }
    if params[0] == "*" {
        turn.session_mut()?.sasl = None;
        turn.reply.numeric(Numeric::ErrSaslAborted, &[]);
        return register::complete(turn);
    }
    match turn.session_mut()?.sasl.take() {
        None => begin(turn, params[0]),
        Some(mut exchange) => match exchange.pieces.handle_piece(params[0]) {
            Ok(Some(response)) => {
                let step = exchange.sasl.handle_response(&response);
                proceed(turn, exchange, step)
            }
            Ok(None) => {
                turn.session_mut()?.sasl = Some(exchange);
                Ok(())
            }
            Err(PieceError::NotBase64) => Err(failed()),
            Err(PieceError::PieceTooLong { .. } | PieceError::TooLong) => {
                Err(Refusal::numeric(Numeric::ErrSaslTooLong, &[]))
            }
        },
    }
}

/// The password of PLAIN was compared.
pub(super) fn verified(
    chat: &mut Chat,
    id: SessionId,
    (claim, label): (Claim, Option<String>),
    verdict: Verdict,
    now: Now,
) {
    super::answer(chat, id, "AUTHENTICATE", now, |turn| {
        turn.reply.label = label;
        let exchange = turn.session_mut().ok().and_then(|session| session.sasl.take());
        let outcome = match exchange {
            Some(mut exchange) if exchange.claim.as_ref() == Some(&claim) => {
                let step = exchange.sasl.handle_password(verdict == Verdict::Right);
                proceed(turn, exchange, step)
            }
            Some(_) | None => Err(failed()),
        };
        for outcome in [outcome, register::complete(turn)] {
            outcome.unwrap_or_else(|refusal| turn.reply.refuse(&refusal));
        }
    });
}

/// A connection becomes somebody while its exchange goes on: that is over (sasl-3.1 "The AUTHENTICATE command").
pub(super) fn abort(turn: &mut Turn<'_>) -> Outcome {
    if turn.session_mut()?.sasl.take().is_some() {
        turn.reply.numeric(Numeric::ErrSaslAborted, &[]);
    }
    Ok(())
}

/// When the exchange of a session is over. While a password is compared, that takes the time that it takes.
pub(in crate::chat) fn deadline(chat: &Chat, id: SessionId) -> Option<Instant> {
    let session = chat.sessions.get(id)?;
    let exchange = session.sasl.as_ref()?;
    (!session.is_verifying).then_some(exchange.deadline)
}

/// Ends an exchange whose time is over.
pub(in crate::chat) fn expire(chat: &mut Chat, id: SessionId, now: Now) {
    if deadline(chat, id).is_some_and(|deadline| deadline <= now.mono) {
        super::answer(chat, id, "AUTHENTICATE", now, |turn| {
            abort(turn).unwrap_or_else(|refusal| turn.reply.refuse(&refusal));
        });
    }
}

fn begin(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let offered = mechanisms(turn.chat.secret.is_some(), &turn.session()?.peer).unwrap_or_default();
    let is_offered = |mechanism: &Mechanism| offered.split(',').any(|name| name == mechanism.name());
    let Some(mechanism) = Mechanism::from_name(name).filter(is_offered) else {
        turn.reply.numeric(Numeric::RplSaslMechs, &[&offered]);
        return Err(failed());
    };
    let deadline = turn.now.mono + limits::CHAT_SASL_TIMEOUT;
    let number = turn.chat.ids.number();
    // Only SCRAM has a nonce, and is not offered without a secret.
    let nonce = turn.chat.secret.as_ref().map(|secret| secret.nonce(number)).unwrap_or_default();
    let sasl = ServerExchange::new(mechanism, nonce);
    turn.session_mut()?.sasl = Some(Box::new(Exchange { sasl, pieces: Pieces::new(), deadline, claim: None }));
    turn.chat.timers.set(turn.session, deadline);
    tell(turn, b"");
    Ok(())
}

/// Does what the exchange asks for next, and keeps it if it goes on.
fn proceed(turn: &mut Turn<'_>, mut exchange: Box<Exchange>, step: Step) -> Outcome {
    match step {
        Step::Challenge(challenge) => tell(turn, &challenge),
        Step::AskKeys { name } => {
            let claim = claim(turn, &name)?;
            let step = exchange.sasl.handle_keys(claim.keys(turn.chat).as_ref());
            exchange.claim = Some(claim);
            return match step {
                Step::Challenge(_) => proceed(turn, exchange, step),
                Step::AskKeys { .. }
                | Step::AskPassword { .. }
                | Step::AskCertificate { .. }
                | Step::Done { .. }
                | Step::Failed(_) => Err(failed()),
            };
        }
        Step::AskPassword { authcid, password, .. } => {
            let claim = claim(turn, &authcid)?;
            if let Some(claim) = claim.by_app(turn.chat, password.as_str()) {
                exchange.claim = Some(claim);
                let step = exchange.sasl.handle_password(true);
                return end(turn, exchange, step);
            }
            exchange.claim = Some(claim.clone());
            let by = LogInBy::Sasl { label: turn.reply.label.clone() };
            if !login::compare(turn, claim, password.as_str(), by) {
                return Err(failed());
            }
            // The answer comes with its label when the password was compared; until then there is nothing to say.
            turn.reply.label = None;
        }
        Step::Done { name, authzid } => return finish(turn, &exchange, &name, authzid.as_deref()),
        Step::AskCertificate { .. } => {
            exchange.claim = Claim::by_certificate(turn);
            let name = exchange.claim.as_ref().map(|claim| claim.name.clone());
            let step = exchange.sasl.handle_certificate(name.as_deref());
            return end(turn, exchange, step);
        }
        Step::Failed(_) => return Err(failed()),
    }
    turn.session_mut()?.sasl = Some(exchange);
    Ok(())
}

/// The last step of an exchange: the client is somebody, or it failed.
fn end(turn: &mut Turn<'_>, exchange: Box<Exchange>, step: Step) -> Outcome {
    match step {
        Step::Done { name, authzid } => finish(turn, &exchange, &name, authzid.as_deref()),
        Step::Challenge(_)
        | Step::AskKeys { .. }
        | Step::AskPassword { .. }
        | Step::AskCertificate { .. }
        | Step::Failed(_) => Err(failed()),
    }
}

/// Whom the client says to be, unless there were too many guesses.
fn claim(turn: &mut Turn<'_>, name: &str) -> Outcome<Claim> {
    if !login::may_try(turn, name) {
        let text = "SASL authentication failed: too many wrong passwords, try again later";
        return Err(Refusal::Text(Numeric::ErrSaslFail, Vec::new(), text));
    }
    Ok(Claim::new(turn.chat, name))
}

/// The client is who it says. It may act as nobody else.
fn finish(turn: &mut Turn<'_>, exchange: &Exchange, name: &str, authzid: Option<&str>) -> Outcome {
    let is_own = authzid.is_none_or(|authzid| casemap::eq(authzid, name));
    let claim = exchange.claim.as_ref().filter(|claim| is_own && claim.name == name).ok_or_else(failed)?;
    login::admit(turn, claim)?;
    turn.reply.numeric(Numeric::RplSaslSuccess, &[]);
    Ok(())
}

fn tell(turn: &mut Turn<'_>, challenge: &[u8]) {
    for piece in pieces_of(challenge) {
        turn.reply.server_line("AUTHENTICATE", &[&piece], None);
    }
}

fn failed() -> Refusal {
    Refusal::numeric(Numeric::ErrSaslFail, &[])
}
