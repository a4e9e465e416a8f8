//! Becoming somebody: capabilities, a nickname, the rooms (IRCv3 capability-negotiation, modern.ircdocs.horse
//! "Connection Registration").

use super::capable::Server;
use super::desk::{Happening, LinkState};
use super::event::{End, Event};
use super::input::{alternative, same};
use super::link::{Link, Online};
use super::{Client, asking, incoming, login};
use crate::chat::Password;
use crate::irc::capability::{Capabilities, Capability};
use crate::limits;
use crate::time::Now;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The token of a PING that only asks whether the server is there.
pub(super) const ALIVE: &str = "alive";

/// What is asked for, if the server has it.
const WANTED: Capabilities = Capabilities::of(&[
    Capability::AccountTag,
    Capability::AccountNotify,
    Capability::AccountRegistration,
    Capability::AwayNotify,
    Capability::Batch,
    Capability::CapNotify,
    Capability::ChannelRename,
    Capability::Chathistory,
    Capability::Chghost,
    Capability::EchoMessage,
    Capability::EventPlayback,
    Capability::ExtendedJoin,
    Capability::InviteNotify,
    Capability::LabeledResponse,
    Capability::MessageTags,
    Capability::MessageRedaction,
    Capability::MultiPrefix,
    Capability::Multiline,
    Capability::ReadMarker,
    Capability::Sasl,
    Capability::Search,
    Capability::ServerTime,
    Capability::Setname,
    Capability::StandardReplies,
]);

/// How far the registration is.
#[derive(Debug, Default)]
pub(super) struct Registration {
    /// Nicknames tried beside the wanted one.
    tries: u8,
    /// What the server has of what is wanted.
    offered: Capabilities,
    /// The nickname that the user asked for, on a connection that is open.
    asked: Option<String>,
    /// Capabilities of which it is not known yet whether we have them.
    asked_for: usize,
    /// Whether we registered just now: an invitation into a room that follows is accepted.
    pub(super) came_by_invitation: bool,
    /// Whether the wanted nickname was ours before, so that it is taken back when it becomes free.
    had_wanted: bool,
}

/// Whether the ids of our own messages are told.
pub(super) fn knows_own_messages(caps: Capabilities) -> bool {
    caps.contains(Capability::EchoMessage) && caps.contains(Capability::MessageTags)
}

/// The first lines on a new connection.
pub(super) fn begin(client: &mut Client, now: Now) {
    client.link = Link::Registering { until: now.mono + limits::CHAT_CLIENT_WELCOME_TIMEOUT, error: None };
    client.caps = Capabilities::NONE;
    client.desk.link = LinkState::Registering;
    client.desk.account = None;
    client.server = Server::default();
    client.logging_in.begin();
    (client.registration.tries, client.registration.offered) = (0, Capabilities::NONE);
    // Only under the nickname of messages in doubt can it be learnt that the old connection has ended.
    if !client.outbox.has_doubts() {
        client.nick = client.settings.nick.clone();
    }
    let (nick, settings) = (client.nick.clone(), client.settings.clone());
    if let Some(Password(password)) = &settings.password {
        client.send(|line| line.command("PASS").trailing(password));
    }
    client.send(|line| line.command("CAP").param("LS").param("302"));
    client.send(|line| line.command("NICK").param(&nick));
    client.send(|line| line.command("USER").param(&settings.user).param("0").param("*").trailing(&settings.realname));
}

/// `CAP <nick> <subcommand> [*] :<list>`.
pub(super) fn cap(client: &mut Client, params: &[String]) {
    let (Some(subcommand), Some(list)) = (params.get(1), params.get(2..).and_then(<[String]>::last)) else { return };
    let named = |list: &str| -> Capabilities {
        let names = list.split(' ').map(|name| name.split('=').next().unwrap_or_default());
        names.filter_map(Capability::from_name).collect()
    };
    let wanted = wanted(client);
    match subcommand.to_ascii_uppercase().as_str() {
        "LS" => {
            values(client, list);
            let offered = &mut client.registration.offered;
            *offered = offered.union(named(list).intersection(wanted));
            let is_last = params.get(2).is_none_or(|mark| mark != "*" || params.len() == 3);
            if is_last {
                request(client, client.registration.offered);
            }
        }
        "NEW" => {
            values(client, list);
            request(client, named(list).intersection(wanted));
        }
        "ACK" => {
            client.caps = client.caps.union(named(list).intersection(WANTED));
            answered(client);
        }
        "NAK" => answered(client),
        "DEL" => client.caps = client.caps.difference(named(list)),
        _ => {}
    }
}

/// What the person has a use for.
fn wanted(client: &Client) -> Capabilities {
    let mut wanted = WANTED;
    if client.settings.login.is_none() {
        wanted.remove(Capability::Sasl);
    }
    if client.settings.invitation.is_none() {
        wanted.remove(Capability::AccountRegistration);
    }
    wanted
}

/// What capabilities are worth knowing beside their names.
fn values(client: &mut Client, list: &str) {
    for (name, value) in list.split(' ').filter_map(|item| item.split_once('=')) {
        match Capability::from_name(name) {
            Some(Capability::Sasl) => client.logging_in.offered = value.to_string(),
            Some(Capability::Multiline) => client.server.learn_multiline(value),
            Some(Capability::AccountRegistration) => {
                client.logging_in.registers_early = value.split(',').any(|word| word == "before-connect");
            }
            _ => {}
        }
    }
}

/// Asks for capabilities, in as many lines as needed: a server takes or refuses each line as a whole.
fn request(client: &mut Client, wanted: Capabilities) {
    let names: Vec<&str> = wanted.iter().map(Capability::name).collect();
    let lines = pack(&names);
    client.registration.asked_for = lines.len();
    for names in lines {
        client.send(|line| line.command("CAP").param("REQ").trailing(&names));
    }
    if wanted.is_empty() {
        negotiated(client);
    }
}

fn pack(names: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + name.len() <= limits::CHAT_CLIENT_MESSAGE => {
                line.push(' ');
                line.push_str(name);
            }
            _ => lines.push((*name).to_string()),
        }
    }
    lines
}

fn answered(client: &mut Client) {
    client.registration.asked_for = client.registration.asked_for.saturating_sub(1);
    if client.registration.asked_for == 0 {
        negotiated(client);
    }
}

/// It is known what we have: logs in if that is wanted, and ends the negotiation.
fn negotiated(client: &mut Client) {
    if !login::start(client) {
        end_negotiation(client);
    }
}

/// Nothing is to be said any more before the server knows us.
pub(super) fn end_negotiation(client: &mut Client) {
    if matches!(client.link, Link::Registering { .. }) {
        client.send(|line| line.command("CAP").param("END"));
    }
}

/// The server does not take the nickname. `is_in_use`: another may do.
pub(super) fn nick_refused(client: &mut Client, is_in_use: bool, reason: &str) {
    if !matches!(client.link, Link::Registering { .. }) {
        client.registration.asked = None;
        client.happened(Happening::Failed { text: reason.to_string() });
        return client.tell(Event::Told { text: reason.to_string() });
    }
    let registration = &mut client.registration;
    // An account is not made under another name than the person chose.
    let may_go_on = (is_in_use || registration.tries > 0) && client.settings.invitation.is_none();
    if !may_go_on || registration.tries >= limits::CHAT_CLIENT_NICK_TRIES {
        let nick = client.nick.clone();
        return client.finish(End::NickRefused { nick, reason: reason.to_string() });
    }
    registration.tries += 1;
    client.nick = alternative(&client.settings.nick, registration.tries);
    let nick = client.nick.clone();
    client.send(|line| line.command("NICK").param(&nick));
}

/// The server knows us as `nick`: into the rooms.
pub(super) fn welcome(client: &mut Client, nick: &str, server: &str, now: Now) {
    client.nick = nick.to_string();
    client.retries.was_online = true;
    client.registration.had_wanted |= same(nick, &client.settings.nick);
    let doubt_until = client.outbox.has_doubts().then_some(now.mono + limits::CHAT_CLIENT_DOUBT_TIMEOUT);
    client.link = Link::Online(Online {
        since: now.mono,
        heard: now.mono,
        asked: None,
        pinged: Some(now.mono),
        measures_at: client.settings.lag_interval.map(|interval| now.mono + interval),
        has_joined: false,
        is_synced: false,
        doubt_until,
        error: None,
    });
    client.desk.nick = nick.to_string();
    client.desk.network = server.to_string();
    client.desk.link = LinkState::Online { lag: None };
    client.tell(Event::Connected { nick: nick.to_string(), server: server.to_string() });
    client.came_back(now);
    join_all(client);
    asking::welcomed(client);
    client.send(|line| line.command("PING").trailing(incoming::SYNC));
}

/// Asks for all rooms, in few lines: those with a key come first, since keys are matched by their place.
fn join_all(client: &mut Client) {
    let mut rooms: Vec<(String, Option<String>)> =
        client.rooms.iter().map(|room| (room.name.clone(), room.key.clone())).collect();
    rooms.sort_by_key(|(_, key)| key.is_none());
    // A name and a key are together below a third of a line.
    for group in rooms.chunks(3) {
        let names: Vec<&str> = group.iter().map(|(name, _)| name.as_str()).collect();
        let keys: Vec<&str> = group.iter().filter_map(|(_, key)| key.as_deref()).collect();
        client.send(|line| {
            let line = line.command("JOIN").param(&names.join(","));
            if keys.is_empty() { line } else { line.param(&keys.join(",")) }
        });
    }
}

/// The user wants another nickname.
pub(super) fn rename(client: &mut Client, nick: &str) {
    if client.link.is_online() {
        client.registration.asked = Some(nick.to_string());
        client.send(|line| line.command("NICK").param(nick));
    } else {
        client.settings.nick = nick.to_string();
        client.desk.nick = nick.to_string();
        client.registration.had_wanted = false;
    }
}

/// Our nickname is another one now.
pub(super) fn renamed(client: &mut Client, nick: &str) {
    client.nick = nick.to_string();
    client.desk.nick = nick.to_string();
    if client.registration.asked.take().is_some_and(|asked| same(&asked, nick)) {
        client.settings.nick = nick.to_string();
        client.registration.had_wanted = true;
    }
}

/// Somebody's nickname became free. If it is the one that was ours before a lost connection, it is taken back.
pub(super) fn freed(client: &mut Client, nick: &str) {
    let wanted = client.settings.nick.clone();
    if client.registration.had_wanted && same(nick, &wanted) && !same(&client.nick, &wanted) {
        client.send(|line| line.command("NICK").param(&wanted));
    }
}
