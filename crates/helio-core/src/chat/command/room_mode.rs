//! MODE for a room: its settings, its lists and the statuses of its members (modern.ircdocs.horse "Channel Modes").

mod change;

use super::office;
use crate::chat::event::{Actor, Change, RoomEvent};
use crate::chat::ids::Ticket;
use crate::chat::policy::{self, Right};
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{ListKind, Room, RoomFlag, Setting, Statuses};
use crate::chat::turn::Turn;
use crate::irc::mode::{Kind, ModeError, ModeRequest, Modes};
use crate::irc::numeric::Numeric;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// `MODE room [modes [arguments]]`; the target begins like a room.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let name = turn.room(params[0])?.name.clone();
    let Some(modes) = params.get(1) else { return show(turn, &name) };
    let (mut request, mut refusals) = (Request::default(), Vec::new());
    for wanted in Modes::new(modes, params[2..].iter().copied(), kind_of) {
        if let Err(refusal) = request.take(turn, &name, wanted)
            && !refusals.contains(&refusal)
        {
            refusals.push(refusal);
        }
    }
    refusals.iter().for_each(|refusal| turn.reply.refuse(refusal));
    for kind in &request.lists {
        list(turn, &name, *kind)?;
    }
    commit(turn, name, request)
}

/// Which kind of mode a letter is.
pub(in crate::chat) fn kind_of(letter: u8) -> Option<Kind> {
    let letter = char::from(letter);
    let flag = RoomFlag::of_letter(letter).map(|_| Kind::Flag);
    let list = ListKind::of_letter(letter).map(|_| Kind::List);
    let status = Statuses::of_letter(letter).map(|_| Kind::Setting);
    let other = match letter {
        'k' => Some(Kind::Setting),
        'l' | 'W' => Some(Kind::SettingOnSet),
        _ => None,
    };
    flag.or(list).or(status).or(other)
}

/// What one MODE comes to: of several changes of the same thing the last one.
#[derive(Default)]
struct Request {
    changes: Vec<Change>,
    is_by_office: bool,
    /// Lists that are asked for, each once.
    lists: Vec<ListKind>,
}

impl Request {
    fn take(&mut self, turn: &Turn<'_>, name: &str, wanted: Result<ModeRequest<'_>, ModeError>) -> Outcome {
        let (user, room) = (turn.user()?, turn.room(name)?);
        let wanted = match wanted {
            Ok(ModeRequest::Change(wanted)) => wanted,
            Ok(ModeRequest::Query(letter)) => {
                let Some(kind) = ListKind::of_letter(char::from(letter)) else { return Ok(()) };
                policy::can_read_list(user, room, kind)?;
                if !self.lists.contains(&kind) {
                    self.lists.push(kind);
                }
                return Ok(());
            }
            Err(ModeError::UnknownLetter(letter)) => {
                return Err(Refusal::numeric(Numeric::ErrUnknownMode, &[&letter.to_string()]));
            }
            Err(ModeError::MissingArgument { letter, .. }) => {
                let letter = char::from(letter).to_string();
                return Err(Refusal::numeric(Numeric::ErrInvalidModeParam, &[&room.name, &letter, "*"]));
            }
        };
        let change = change::parse(turn, room, &wanted)?;
        let right = policy::can_change(user, room, &change)?;
        self.changes.retain(|earlier| !change::is_same_thing(earlier, &change));
        if change::is_without_effect(room, &change) {
            return Ok(());
        }
        change::has_place(room, &self.changes, &change)?;
        self.is_by_office |= right == Right::Office;
        self.changes.push(change);
        Ok(())
    }
}

/// Changes the room at once, as far as the changes can be kept.
fn commit(turn: &mut Turn<'_>, name: String, request: Request) -> Outcome {
    let Request { mut changes, is_by_office, .. } = request;
    let mut refused = Ok(());
    if changes.iter().any(Change::is_lasting) {
        refused = turn.chat.storage.can_take();
    }
    if refused.is_err() {
        changes.retain(|change| !change.is_lasting());
    }
    if changes.is_empty() {
        return refused;
    }
    let actor = Actor::User(turn.user_id()?);
    let event = RoomEvent::Modes { room: name.clone(), actor, changes, at: turn.now.utc };
    if let Some(ticket) = turn.commit(event) {
        turn.chat.storage.wait(ticket, turn.session, "MODE", &name);
    }
    let right = if is_by_office { Right::Office } else { Right::Own };
    office::tell(turn, right, &format!("changed modes of {name}"));
    refused
}

/// One setting that is asked for by another command. Without a ticket it is so already.
pub(super) fn set(turn: &mut Turn<'_>, name: &str, setting: Setting) -> Outcome<Option<Ticket>> {
    let (user, room) = (turn.user()?, turn.room(name)?);
    let change = Change::Setting { setting };
    let right = policy::can_change(user, room, &change)?;
    if change::is_without_effect(room, &change) {
        return Ok(None);
    }
    turn.chat.storage.can_take()?;
    let (actor, changes) = (Actor::User(user.id), [change].into());
    let ticket = turn.commit(RoomEvent::Modes { room: name.to_string(), actor, changes, at: turn.now.utc });
    office::tell(turn, right, &format!("changed modes of {name}"));
    Ok(ticket)
}

/// RPL_CHANNELMODEIS and RPL_CREATIONTIME. The key is for members.
fn show(turn: &mut Turn<'_>, name: &str) -> Outcome {
    let (user, room) = (turn.user()?, turn.room(name)?);
    policy::can_read_settings(user, room)?;
    let is_member = room.members.contains_key(&user.id);
    let params = settings(room, is_member);
    let seconds = (room.created.micros() / 1_000_000).to_string();
    let params: Vec<&str> = params.iter().map(String::as_str).collect();
    turn.reply.numeric(Numeric::RplChannelModeIs, &[&[name], &params[..]].concat());
    turn.reply.numeric(Numeric::RplCreationTime, &[name, &seconds]);
    Ok(())
}

/// The modes of a room: letters, then their arguments.
fn settings(room: &Room, is_key_shown: bool) -> Vec<String> {
    let mut letters: String = ['+'].into_iter().chain(room.flags.iter().map(|flag| flag.letter())).collect();
    let mut arguments = Vec::new();
    if let Some(key) = &room.key {
        letters.push('k');
        arguments.push(if is_key_shown { key.clone() } else { "*".to_string() });
    }
    if let Some(limit) = room.limit {
        letters.push('l');
        arguments.push(limit.to_string());
    }
    if let Some(seconds) = room.slow {
        letters.push('W');
        arguments.push(seconds.to_string());
    }
    arguments.insert(0, letters);
    arguments
}

/// One list with who set each entry and when, and its end.
fn list(turn: &mut Turn<'_>, name: &str, kind: ListKind) -> Outcome {
    let (entry_numeric, end) = match kind {
        ListKind::Ban => (Numeric::RplBanList, Numeric::RplEndOfBanList),
        ListKind::Exception => (Numeric::RplExceptList, Numeric::RplEndOfExceptList),
        ListKind::Invitation => (Numeric::RplInvexList, Numeric::RplEndOfInvexList),
    };
    let Turn { chat, reply, .. } = turn;
    let entries = chat.state.room(name).into_iter().flat_map(|room| room.list(kind).iter());
    for entry in entries {
        let seconds = (entry.at().micros() / 1_000_000).to_string();
        reply.numeric(entry_numeric, &[name, &entry.mask, &entry.by, &seconds]);
    }
    reply.numeric(end, &[name]);
    Ok(())
}
