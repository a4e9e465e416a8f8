//! Who a client is, and where it wants to be.

use crate::chat::Password;
use crate::irc::name::RoomName;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

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
        }
    }
}
