//! Filters: `ROOM FILTER` for one room, `FILTER` for all, and what they do to what is said.

use super::{notice, office};
use crate::chat::event::{RoomEvent, Said};
use crate::chat::ids::Ticket;
use crate::chat::line::{Line, compose};
use crate::chat::policy;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::state::{Filter, FilterAction, FilterChange, Filters, Statuses, folded};
use crate::chat::turn::Turn;
use crate::irc::numeric::Numeric;
use crate::irc::standard_reply::ReplyCode;
use crate::irc::tags::unescape_value;
use crate::limits;
use crate::time::Utc;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// `FILTER LIST|ADD|DEL …`: those of the whole server.
pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    policy::can_operate(turn.user()?)?;
    let Some(asked) = Asked::read(turn, params)? else {
        let filters = turn.chat.state.filters.clone();
        list(turn, &[], &filters);
        return Ok(());
    };
    asked.check(&turn.chat.state.filters, limits::CHAT_SERVER_FILTERS, "*")?;
    turn.chat.storage.can_take()?;
    let mut filters = turn.chat.state.filters.clone();
    filters.change(&asked.0);
    let ticket = turn.commit(RoomEvent::ServerFilters { filters: filters.iter().cloned().collect() });
    let text = format!("{} changed the filters of the server: {}", turn.user()?.nick, asked.shown());
    notice(turn.chat, text, turn.now);
    told(turn, ticket, ("FILTER", None), &asked);
    Ok(())
}

/// `ROOM FILTER room LIST|ADD|DEL …`.
pub(super) fn of_room(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    let room = super::room::find(turn, params[0])?;
    let right = policy::can_filter(turn.user()?, room)?;
    let name = room.name.clone();
    let Some(asked) = Asked::read(turn, &params[1..])? else {
        let filters = turn.room(&name)?.filters.clone();
        list(turn, &[&name], &filters);
        return Ok(());
    };
    asked.check(&turn.room(&name)?.filters, limits::CHAT_ROOM_FILTERS, &name)?;
    turn.chat.storage.can_take()?;
    let ticket = turn.commit(RoomEvent::Filter { room: name.clone(), change: asked.0.clone(), at: turn.now.utc });
    office::tell(turn, right, &format!("changed the filters of {name}: {}", asked.shown()));
    told(turn, ticket, ("ROOM", Some(&name)), &asked);
    Ok(())
}

/// May this be said in the room, or to one other? What filters ask for besides is done.
pub(super) fn screen(turn: &mut Turn<'_>, room: Option<&str>, text: impl FnOnce() -> String) -> Outcome {
    ask(turn, room, true, text)
}

/// May this be said to all who see the user: in each of the rooms, and outside of them?
pub(super) fn screen_everywhere(turn: &mut Turn<'_>, text: &str) -> Outcome {
    if turn.user().is_err() {
        // Nobody yet, and in no room: nobody is told of it.
        let text = folded(text);
        return match turn.chat.state.filters.meaning(&text).any(|filter| filter.action != FilterAction::Report) {
            true => Err(refused(None, "Cannot send, a filter refuses it".into())),
            false => Ok(()),
        };
    }
    ask(turn, None, true, || text.to_string())?;
    let rooms: Vec<String> = turn.chat.state.rooms_of(turn.user_id()?).map(|room| room.name.clone()).collect();
    rooms.iter().try_for_each(|room| ask(turn, Some(room), false, || text.to_string()))
}

/// Asks the filters of the room, and those of the server if `is_by_server`.
fn ask(turn: &mut Turn<'_>, room: Option<&str>, is_by_server: bool, text: impl FnOnce() -> String) -> Outcome {
    let (user, state) = (turn.user()?, &turn.chat.state);
    let room = room.and_then(|name| state.room(name));
    let of_room = room.filter(|room| !room.filters.is_empty() && !policy::is_unfiltered(user, room));
    let of_server = Some(&state.filters).filter(|filters| is_by_server && !filters.is_empty() && !user.is_operator());
    if of_room.is_none() && of_server.is_none() {
        return Ok(());
    }
    let text = folded(&text());
    let found = of_room.map(|room| &room.filters).into_iter().map(|filters| (filters, false));
    let found = found.chain(of_server.map(|filters| (filters, true)));
    let found = found.flat_map(|(filters, is_of_server)| {
        filters.meaning(&text).map(move |filter| (filter.clone(), is_of_server)).collect::<Vec<_>>()
    });
    let found: Vec<(Filter, bool)> = found.collect();
    let name = room.map(|room| room.name.clone());
    found.iter().try_for_each(|(filter, is_of_server)| act(turn, name.as_deref(), filter, *is_of_server))
}

/// The text of a message as filters see it: lines that were one are one again, of a TAGMSG the values of its tags.
pub(super) fn text_of(said: &Said) -> String {
    let mut text = String::new();
    for line in &said.lines {
        if !line.is_concat && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&line.text);
    }
    for tag in said.tags.split(';') {
        let value = tag.split_once('=').map(|(_, value)| unescape_value(value.as_bytes()).into_owned());
        text.push(' ');
        text.push_str(&String::from_utf8_lossy(&value.unwrap_or_default()));
    }
    text
}

/// What a filter asks for.
fn act(turn: &mut Turn<'_>, room: Option<&str>, filter: &Filter, is_of_server: bool) -> Outcome {
    let (user, now) = (turn.user()?, turn.now);
    let (id, mask, place) = (user.id, user.mask(), room.unwrap_or("a private message").to_string());
    let refusal = |text: String| Err(refused(room, text));
    match (filter.action, room) {
        (FilterAction::Report, _) => {
            report(turn, room, is_of_server, &format!("Filter {:?}: {mask} said it in {place}", filter.pattern));
            Ok(())
        }
        (FilterAction::Mute, Some(name)) => {
            let minutes = filter.minutes.unwrap_or(1);
            let until = now.mono + Duration::from_mins(minutes.into());
            turn.commit(RoomEvent::Muted { room: name.into(), user: id, until });
            let text = format!("Filter {:?}: {mask} is muted in {place} for {minutes} min", filter.pattern);
            report(turn, room, is_of_server, &text);
            refusal(format!("Cannot send to channel, a filter has muted you for {minutes} min"))
        }
        (FilterAction::Refuse | FilterAction::Mute, _) => refusal("Cannot send, a filter refuses it".into()),
    }
}

fn refused(room: Option<&str>, text: String) -> Refusal {
    Refusal::Words(Numeric::ErrCannotSendToChan, [room.unwrap_or("*").into()].into(), text)
}

/// Tells those who look after the room, or the server's operators.
fn report(turn: &mut Turn<'_>, room: Option<&str>, is_of_server: bool, text: &str) {
    let room = room.filter(|_| !is_of_server).and_then(|name| turn.chat.state.room(name));
    let Some(room) = room else { return notice(turn.chat, text.into(), turn.now) };
    let target = format!("%{}", room.name);
    let told = compose(Some(&turn.chat.settings.server_name), "NOTICE", &[&target], Some(text));
    let told = Line::irc(told).at(turn.now.utc);
    let whom: Vec<_> = room.sessions(Statuses::HALFOP).collect();
    whom.into_iter().for_each(|session| turn.chat.sessions.send(session, &told));
}

/// What is to be changed.
struct Asked(FilterChange);

impl Asked {
    /// `ADD refuse|report :pattern`, `ADD mute minutes :pattern`, `DEL :pattern`; `None` for `LIST`.
    fn read(turn: &Turn<'_>, params: &[&str]) -> Outcome<Option<Self>> {
        let invalid = || Refusal::fail(ReplyCode::InvalidParams, &[&["FILTER"], params].concat());
        let verb = params.first().map(|verb| verb.to_ascii_uppercase());
        let (action, minutes, pattern) = match (verb.as_deref(), params) {
            (Some("LIST"), _) => return Ok(None),
            (Some("DEL"), [_, pattern]) => return Ok(Some(Self(FilterChange::Remove(pattern.to_string())))),
            (Some("ADD"), [_, action, pattern]) => (FilterAction::of_word(action), None, pattern),
            (Some("ADD"), [_, action, minutes, pattern]) => {
                let minutes =
                    minutes.parse().ok().filter(|minutes| (1..=limits::CHAT_FILTER_MINUTES).contains(minutes));
                (FilterAction::of_word(action), Some(minutes.ok_or_else(invalid)?), pattern)
            }
            _ => return Err(invalid()),
        };
        let action = action.filter(|action| (*action == FilterAction::Mute) == minutes.is_some());
        let by = turn.account().map_or_else(|| turn.user().map(|user| user.nick.clone()), |own| Ok(own.to_string()))?;
        let (pattern, at_us) = (pattern.to_string(), turn.now.utc.micros());
        let filter = Filter { pattern, action: action.ok_or_else(invalid)?, minutes, by, at_us };
        filter.parse().map_err(|_| invalid())?;
        Ok(Some(Self(FilterChange::Add(filter))))
    }

    /// Whether there is place for it, or anything to take away.
    fn check(&self, filters: &Filters, most: usize, of: &str) -> Outcome {
        match &self.0 {
            FilterChange::Add(filter) if filters.get(&filter.pattern).is_none() && filters.len() >= most => {
                Err(Refusal::fail(ReplyCode::ListFull, &[of]))
            }
            FilterChange::Remove(pattern) if filters.get(pattern).is_none() => {
                Err(Refusal::fail(ReplyCode::Unchanged, &[of]))
            }
            FilterChange::Add(_) | FilterChange::Remove(_) => Ok(()),
        }
    }

    fn shown(&self) -> String {
        match &self.0 {
            FilterChange::Add(filter) => format!("added {:?}, {}", filter.pattern, filter.action.word()),
            FilterChange::Remove(pattern) => format!("removed {pattern:?}"),
        }
    }
}

fn told(turn: &mut Turn<'_>, ticket: Option<Ticket>, (command, room): (&'static str, Option<&str>), asked: &Asked) {
    let mut context: Vec<&str> = room.into_iter().collect();
    let told = match &asked.0 {
        FilterChange::Add(filter) => {
            context.push(filter.action.word());
            turn.reply.note_line("FILTER_ADDED", &context, &filter.pattern)
        }
        FilterChange::Remove(pattern) => turn.reply.note_line("FILTER_REMOVED", &context, pattern),
    };
    super::acknowledge(turn, ticket, (command, room.unwrap_or("*")), told);
}

fn list(turn: &mut Turn<'_>, room: &[&str], filters: &Filters) {
    for Filter { pattern, action, minutes, by, at_us } in filters.iter() {
        let since = Utc::from_micros(*at_us).rfc3339_millis();
        let minutes = minutes.map_or_else(|| "*".to_string(), |minutes| minutes.to_string());
        turn.reply.note("FILTER", &[room, &[action.word(), &minutes, by, &since]].concat(), pattern);
    }
    turn.reply.note("END_OF_FILTERS", room, "End of the filters");
}
