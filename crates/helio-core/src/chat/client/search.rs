//! SEARCH: messages by their words (soju.im/search).

use super::Client;
use super::desk::{BufferId, Found, Happening, Search, SearchState};
use super::incoming::{self, Line};
use crate::irc::capability::Capability;
use crate::irc::tags::escape_value;
use crate::limits;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// Asks for messages with these words, in one place or everywhere.
pub(super) fn start(client: &mut Client, words: &str, within: Option<BufferId>) {
    let within = within.and_then(|id| client.desk.buffer(id)).map(|buffer| buffer.name.clone());
    let within = within.filter(|name| !name.is_empty());
    if words.trim().is_empty() {
        let text = "/search needs words behind it".to_string();
        return client.happened(Happening::Failed { text });
    }
    let mut search = Search { words: words.to_string(), within, state: SearchState::Asked, found: Vec::new() };
    if client.link.is_online() && client.caps.contains(Capability::Search) {
        let attributes = attributes(&search);
        client.send(|line| line.command("SEARCH").trailing(&attributes));
    } else {
        let reason = if client.link.is_online() { "the server cannot search" } else { "there is no connection" };
        search.state = SearchState::Failed { reason: reason.to_string() };
    }
    client.desk.search = Some(search);
}

/// What was found has come.
pub(super) fn found(client: &mut Client, lines: &[Line]) {
    if !client.desk.search.as_ref().is_some_and(|search| search.state == SearchState::Asked) {
        return;
    }
    let me = client.nick.clone();
    let mut found = Vec::new();
    for line in lines.iter().take(limits::SEARCH_RESULTS) {
        let is_private = line.param(0).eq_ignore_ascii_case(&me);
        let place = if is_private { line.nick.clone() } else { line.param(0).to_string() };
        if let Some(entry) = incoming::found_entry(client, line) {
            found.push(Found { place, entry });
        }
    }
    if let Some(search) = &mut client.desk.search {
        (search.found, search.state) = (found, SearchState::Done);
    }
}

/// FAIL SEARCH.
pub(super) fn failed(client: &mut Client, reason: &str) {
    let asked = client.desk.search.as_mut().filter(|search| search.state == SearchState::Asked);
    if let Some(search) = asked {
        search.state = SearchState::Failed { reason: reason.to_string() };
    }
}

/// The attributes, which are written as tags are.
fn attributes(search: &Search) -> String {
    let mut bytes = Vec::new();
    for (key, value) in [("in", search.within.as_deref()), ("text", Some(search.words.as_str()))] {
        if let Some(value) = value {
            bytes.extend_from_slice(if bytes.is_empty() { b"" } else { b";" });
            bytes.extend_from_slice(key.as_bytes());
            bytes.push(b'=');
            escape_value(value, &mut bytes);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
