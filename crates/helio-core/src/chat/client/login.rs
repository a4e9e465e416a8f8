//! Becoming somebody with an account: log-in (IRCv3 sasl-3.2) and registration by an invitation (account-registration, a
//! draft), before the capability negotiation ends.

use super::event::{End, Event};
use super::incoming::Line;
use super::link::Link;
use super::register;
use super::settings::Login;
use super::{Client, desk::Happening};
use crate::irc::capability::Capability;
use crate::sasl::{ClientExchange, Mechanism, NONCE_BYTES, Pieces, pieces_of};
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// How far it is.
#[derive(Debug, Default)]
pub(super) struct LoggingIn {
    exchange: Option<ClientExchange>,
    pieces: Pieces,
    /// Mechanisms to try when this one is refused.
    others: Vec<Mechanism>,
    /// What the server offers, by name; empty: it did not say.
    pub(super) offered: String,
    /// Whether the account can be registered before the negotiation ends.
    pub(super) registers_early: bool,
    /// Whether REGISTER was sent, on this connection.
    is_registering: bool,
    /// Exchanges begun, so that each has a nonce of its own.
    exchanges: u64,
}

impl LoggingIn {
    /// A new connection.
    pub(super) fn begin(&mut self) {
        let exchanges = self.exchanges;
        *self = Self { exchanges, ..Self::default() };
    }
}

/// The capabilities are acknowledged. `false`: there is nothing to wait for before CAP END.
pub(super) fn start(client: &mut Client) -> bool {
    if !matches!(client.link, Link::Registering { .. }) {
        return false;
    }
    if client.logging_in.exchange.is_some() || client.logging_in.is_registering {
        return true;
    }
    if let Some((code, password)) = client.settings.invitation.clone().zip(password(client)) {
        return register_by(client, &code, &password);
    }
    let Some(login) = client.settings.login.clone() else { return false };
    if !client.caps.contains(Capability::Sasl) {
        end(client, "the server knows no log-in");
        return true;
    }
    client.logging_in.others = mechanisms(client, &login);
    if !next(client) {
        end(client, "the server offers no way to log in that can be used on this connection");
    }
    true
}

/// AUTHENTICATE from the server.
pub(super) fn challenge(client: &mut Client, piece: &str) {
    let state = &mut client.logging_in;
    let Some(exchange) = &mut state.exchange else { return };
    let challenge = match state.pieces.handle_piece(piece) {
        Ok(Some(challenge)) => challenge,
        Ok(None) => return,
        Err(error) => return give_up(client, &error.to_string()),
    };
    match exchange.handle_challenge(&challenge) {
        Ok(response) => {
            for piece in pieces_of(&response) {
                client.send(|line| line.command("AUTHENTICATE").param(&piece));
            }
        }
        Err(error) => give_up(client, &error.to_string()),
    }
}

/// RPL_SASLSUCCESS.
pub(super) fn succeeded(client: &mut Client) {
    let Some(mut exchange) = client.logging_in.exchange.take() else { return };
    match exchange.handle_success() {
        Ok(()) => register::end_negotiation(client),
        // Without its proof it may be anybody.
        Err(error) => end(client, &error.to_string()),
    }
}

/// The server does not take the log-in.
pub(super) fn refused(client: &mut Client, reason: &str) {
    client.logging_in.exchange = None;
    if !next(client) {
        end(client, reason);
    }
}

/// REGISTER SUCCESS account.
pub(super) fn registered(client: &mut Client, line: &Line) {
    if line.param(0) == "SUCCESS" && core::mem::take(&mut client.logging_in.is_registering) {
        client.settings.invitation = None;
        client.desk.account = Some(line.param(1).to_string());
        client.registration.came_by_invitation = true;
        client.tell(Event::Registered { account: line.param(1).to_string() });
        register::end_negotiation(client);
    }
}

/// FAIL REGISTER.
pub(super) fn register_failed(client: &mut Client, code: &str, reason: &str) {
    if core::mem::take(&mut client.logging_in.is_registering) {
        client.finish(End::NotRegistered { code: code.to_string(), reason: reason.to_string() });
    } else {
        let text = reason.to_string();
        client.tell(Event::Told { text: text.clone() });
        client.happened(Happening::Failed { text });
    }
}

fn password(client: &Client) -> Option<String> {
    match &client.settings.login {
        Some(Login::Password { password, .. }) => Some(password.0.clone()),
        Some(Login::Certificate) | None => None,
    }
}

fn register_by(client: &mut Client, code: &str, password: &str) -> bool {
    if !client.caps.contains(Capability::AccountRegistration) || !client.logging_in.registers_early {
        let reason = "the server does not let anybody register before they are connected".to_string();
        client.finish(End::NotRegistered { code: String::new(), reason });
        return true;
    }
    client.logging_in.is_registering = true;
    client.send(|line| line.command("REGISTER").param("*").param(code).trailing(password));
    true
}

/// Those that both have, best first. A password in the clear is only for encrypted connections.
fn mechanisms(client: &Client, login: &Login) -> Vec<Mechanism> {
    let offered = &client.logging_in.offered;
    let is_offered = |mechanism: &Mechanism| {
        offered.is_empty() || offered.split(',').any(|name| Mechanism::from_name(name) == Some(*mechanism))
    };
    let ours: &[Mechanism] = match login {
        Login::Certificate => &[Mechanism::External],
        Login::Password { .. } if client.settings.is_encrypted => &[Mechanism::ScramSha256, Mechanism::Plain],
        Login::Password { .. } => &[Mechanism::ScramSha256],
    };
    ours.iter().copied().filter(is_offered).rev().collect()
}

/// Tries the next mechanism. `false`: there is none.
fn next(client: &mut Client) -> bool {
    let (Some(login), Some(mechanism)) = (client.settings.login.clone(), client.logging_in.others.pop()) else {
        return false;
    };
    client.logging_in.exchanges += 1;
    let count = client.logging_in.exchanges;
    let exchange = match &login {
        Login::Certificate => ClientExchange::external(None),
        Login::Password { account, password, nonces } => match mechanism {
            Mechanism::Plain => ClientExchange::plain(account, None, &password.0),
            Mechanism::ScramSha256 | Mechanism::External => {
                ClientExchange::scram_sha_256(account, None, &password.0, nonce(&nonces.0, count))
            }
        },
    };
    match exchange {
        Ok(exchange) => {
            client.logging_in.pieces = Pieces::new();
            client.logging_in.exchange = Some(exchange);
            client.send(|line| line.command("AUTHENTICATE").param(mechanism.name()));
        }
        Err(error) => end(client, &error.to_string()),
    }
    true
}

/// Nobody who does not know the secret can tell what comes next, and none comes twice.
fn nonce(secret: &[u8; 32], count: u64) -> [u8; NONCE_BYTES] {
    let hash = Sha256::new().chain_update(secret).chain_update(count.to_be_bytes()).finalize();
    core::array::from_fn(|at| hash.get(at).copied().unwrap_or_default())
}

fn give_up(client: &mut Client, reason: &str) {
    client.logging_in.exchange = None;
    client.send(|line| line.command("AUTHENTICATE").param("*"));
    end(client, reason);
}

fn end(client: &mut Client, reason: &str) {
    let account = match &client.settings.login {
        Some(Login::Password { account, .. }) => account.clone(),
        Some(Login::Certificate) | None => String::new(),
    };
    client.finish(End::LoginRefused { account, reason: reason.to_string() });
}
