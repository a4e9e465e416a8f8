//! What the server can do, beside its capabilities (RPL_ISUPPORT).

use super::Client;
use super::desk::STATUSES;
use crate::irc::capability::Capability;
use crate::limits;
use alloc::string::{String, ToString as _};

/// What the server said of itself, with the defaults of a server that says nothing.
#[derive(Clone, Debug)]
pub(super) struct Server {
    /// NETWORK.
    pub(super) network: Option<String>,
    /// PREFIX: the letters of the statuses, and their marks, in one order.
    letters: String,
    pub(super) statuses: String,
    /// CHANMODES: lists; those that always have an argument; those that have one when they are set.
    modes: [String; 3],
    /// WHOX.
    pub(super) has_whox: bool,
    /// CHATHISTORY: messages that one question may ask for.
    pub(super) history_page: usize,
    /// BOT: the mode of programs, which WHO shows.
    pub(super) bot_mode: Option<char>,
    /// draft/multiline: bytes and lines of one message.
    pub(super) multiline: (usize, usize),
}

impl Default for Server {
    fn default() -> Self {
        Self {
            network: None,
            letters: "qaohv".to_string(),
            statuses: STATUSES.to_string(),
            modes: ["beIq", "k", "l"].map(str::to_string),
            has_whox: false,
            history_page: limits::CHAT_CLIENT_HISTORY,
            bot_mode: None,
            multiline: (limits::CHAT_MULTILINE_BYTES, limits::CHAT_MULTILINE_LINES),
        }
    }
}

impl Server {
    /// Takes the tokens of one RPL_ISUPPORT. What cannot be understood changes nothing.
    pub(super) fn learn(&mut self, tokens: Option<&[String]>) {
        for token in tokens.unwrap_or_default() {
            let (key, value) = token.split_once('=').unwrap_or((token, ""));
            match key {
                "NETWORK" => self.network = Some(value.replace("\\x20", " ")),
                "PREFIX" => {
                    if let Some((letters, marks)) = value.trim_start_matches('(').split_once(')') {
                        (self.letters, self.statuses) = (letters.to_string(), marks.to_string());
                    }
                }
                "CHANMODES" => {
                    let mut kinds = value.split(',').map(str::to_string);
                    self.modes = [(); 3].map(|()| kinds.next().unwrap_or_default());
                }
                "WHOX" => self.has_whox = true,
                // 0 means that the server has no bound of its own.
                "CHATHISTORY" => {
                    let bound = value.parse().ok().filter(|bound| *bound > 0);
                    self.history_page = bound.unwrap_or(limits::CHAT_CLIENT_HISTORY);
                }
                "BOT" => self.bot_mode = value.chars().next(),
                _ => {}
            }
        }
    }

    /// Takes the value of draft/multiline.
    pub(super) fn learn_multiline(&mut self, value: &str) {
        for part in value.split(',') {
            match part.split_once('=').and_then(|(key, number)| Some((key, number.parse::<usize>().ok()?))) {
                Some(("max-bytes", bytes)) => self.multiline.0 = bytes.min(limits::CHAT_MULTILINE_BYTES),
                Some(("max-lines", lines)) => self.multiline.1 = lines.min(limits::CHAT_MULTILINE_LINES),
                Some(_) | None => {}
            }
        }
    }

    /// The mark of a status by its letter.
    pub(super) fn status_of(&self, letter: char) -> Option<char> {
        let at = self.letters.chars().position(|other| other == letter)?;
        self.statuses.chars().nth(at)
    }

    pub(super) fn is_list(&self, letter: char) -> bool {
        self.modes[0].contains(letter)
    }

    /// Whether a mode comes with an argument.
    pub(super) fn has_argument(&self, letter: char, is_set: bool) -> bool {
        let [lists, always, set] = &self.modes;
        lists.contains(letter) || always.contains(letter) || is_set && set.contains(letter)
    }
}

/// Whether the past can be asked for.
pub(super) fn has_history(client: &Client) -> bool {
    [Capability::Chathistory, Capability::Batch, Capability::MessageTags, Capability::ServerTime]
        .iter()
        .all(|capability| client.caps.contains(*capability))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_have_arguments_as_the_server_says() {
        let mut server = Server::default();
        let tokens = ["PREFIX=(ov)@+", "CHANMODES=b,k,l,imnt", "WHOX", "CHATHISTORY=20", "NETWORK=My\\x20Net", "BOT=B"];
        server.learn(Some(&tokens.map(str::to_string)));
        assert_eq!((server.status_of('o'), server.status_of('v'), server.status_of('q')), (Some('@'), Some('+'), None));
        assert!(server.has_argument('l', true) && !server.has_argument('l', false) && server.has_argument('k', false));
        assert!(server.is_list('b') && !server.has_argument('n', true));
        assert_eq!((server.has_whox, server.history_page, server.bot_mode), (true, 20, Some('B')));
        assert_eq!(server.network.as_deref(), Some("My Net"));
        server.learn(Some(&["PREFIX", "CHATHISTORY=0", "CHANMODES="].map(str::to_string)));
        assert_eq!((server.status_of('o'), server.history_page), (Some('@'), limits::CHAT_CLIENT_HISTORY));
        server.learn_multiline("max-bytes=100,max-lines=5,x");
        assert_eq!(server.multiline, (100, 5));
    }
}
