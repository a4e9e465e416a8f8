//! Who a client is, and where it wants to be.

use crate::chat::Password;
use crate::irc::name::RoomName;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::time::Duration;

/// What a client is told at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The nickname that it asks for. When it is in use, [`limits::CHAT_CLIENT_NICK_TRIES`](crate::limits) others made of
    /// it are tried.
    pub nick: String,
    /// The username (USER); servers put it between nickname and host.
    pub user: String,
    /// The real name, which WHOIS shows.
    pub realname: String,
    /// The server's password (PASS), at most [`limits::IRC_PASSWORD`](crate::limits::IRC_PASSWORD) bytes. Default none.
    pub password: Option<Password>,
    /// The rooms to be in, at most [`limits::CHAT_CLIENT_ROOMS`](crate::limits::CHAT_CLIENT_ROOMS). What is typed goes to
    /// the first one.
    pub rooms: Vec<RoomName>,
    /// What others see when it leaves.
    pub quit_message: String,
    /// How it logs in to an account (SASL). Default not at all.
    pub login: Option<Login>,
    /// The code of an invitation with which the nickname and the password of `login` become an account, before anything
    /// else. It is used once; then the account is logged in to. Default none.
    pub invitation: Option<String>,
    /// Whether the connection is encrypted. Only then a password is sent in the clear, where nothing better is there.
    /// Default no.
    pub is_encrypted: bool,
    /// Whether it stays when no room is left that could be joined. Default no: a program that can do nothing ends.
    pub stays_without_rooms: bool,
    /// Time between two PINGs that only measure how long they take. Default none; then it is measured now and then.
    pub lag_interval: Option<Duration>,
}

/// How to log in.
#[derive(Clone, Debug)]
pub enum Login {
    /// With an account's name and password: SCRAM-SHA-256, or PLAIN where the connection is encrypted.
    Password {
        /// The account.
        account: String,
        /// Its password.
        password: Password,
        /// Random bytes, from which the nonces are made. They must be new for each [`Client`](super::Client).
        nonces: Nonces,
    },
    /// With the certificate that the connection has shown: EXTERNAL.
    Certificate,
}

/// Random bytes that nobody else knows. `Debug` does not show them.
#[derive(Clone)]
pub struct Nonces(pub [u8; 32]);

impl core::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Nonces(..)")
    }
}

impl Settings {
    /// Somebody called `nick` in these rooms.
    #[must_use]
    pub fn new(nick: &str, rooms: Vec<RoomName>) -> Self {
        let name = nick.to_string();
        Self {
            user: crate::irc::name::sanitize_user(nick),
            realname: name.clone(),
            nick: name,
            password: None,
            rooms,
            quit_message: String::new(),
            login: None,
            invitation: None,
            is_encrypted: false,
            stays_without_rooms: false,
            lag_interval: None,
        }
    }
}
