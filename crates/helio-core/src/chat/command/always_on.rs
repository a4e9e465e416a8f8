//! Users who stay while no client of theirs is there: how they come back after a restart, and when they are let go.
//!
//! What is kept of them is one [`Stay`] with their account. A change of it is on its way to the disk within
//! [`limits::CHAT_STAY_SAVE`], all changes of that time as one.

use super::away;
use super::room_end::remaining;
use crate::chat::ban::Somebody;
use crate::chat::event::{AccountEvent, Presence, RoomEvent};
use crate::chat::ids::UserId;
use crate::chat::policy;
use crate::chat::state::{Account, Statuses, Stay, User, UserFlag};
use crate::chat::{Chat, Settings};
use crate::chat::{announce, apply};
use crate::irc::name::skeleton;
use crate::limits;
use crate::time::{Instant, Now, Utc};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// When something of this is due next.
#[derive(Debug, Default)]
pub(in crate::chat) struct Due {
    /// The one without a client for longest is let go.
    end: Option<Instant>,
    /// What changed is stored.
    save: Option<Instant>,
}

impl Due {
    pub(in crate::chat) fn next(&self) -> Option<Instant> {
        [self.end, self.save].into_iter().flatten().min()
    }
}

/// All who stayed come back into their rooms, without a client. For after the last record was restored.
pub(in crate::chat) fn come_back(chat: &mut Chat, now: Now) {
    let accounts = chat.state.accounts.iter().filter(|account| policy::may_stay(&chat.settings, account));
    let stays: Vec<(String, Stay)> =
        accounts.filter_map(|account| Some((account.name.clone(), account.stay.as_deref()?.clone()))).collect();
    for (account, stay) in stays {
        let is_taken = chat.state.skeletons.contains_key(skeleton(&stay.nick).as_str());
        let user_host = Some((stay.username.as_str(), stay.host.as_str()));
        let somebody = Somebody { address: None, user_host, account: Some(&account) };
        let is_let_in = policy::can_enter(&chat.state, &chat.settings, &somebody, now.utc).is_ok();
        if !is_taken && is_let_in && policy::can_be_called(&chat.state, &stay.nick, Some(&account)) {
            arrive(chat, account, stay, now);
        }
    }
    sweep(chat, now);
}

fn arrive(chat: &mut Chat, account: String, stay: Stay, now: Now) {
    let id = UserId(chat.state.last_user + 1);
    let Stay { nick, username, host, realname, rooms, left_us } = stay;
    let arrival = Presence::Arrived { user: id, session: None, nick, username, host, realname, account: Some(account) };
    // Who had a client when the service ended has been without one since it is here again.
    let left = left_us.map_or(now.utc, Utc::from_micros);
    chat.state.arrive(&arrival, apply::Origin { address: None, is_guest: false, left: Some(left) }, now);
    announce::announce(chat, &arrival.into(), None, None, now);
    for room in rooms.into_iter().take(limits::CHAT_ROOMS_PER_USER) {
        enter(chat, id, room, now);
    }
    away::agree(chat, id, now);
}

/// A room that was not worth keeping is made again.
fn enter(chat: &mut Chat, user: UserId, room: String, now: Now) {
    if chat.state.room(&room).is_none() && chat.state.rooms.len() < limits::CHAT_ROOMS {
        let id = chat.ids.room();
        chat.happen(&RoomEvent::Created { id, name: room.clone(), at: now.utc }.into(), None, now);
    }
    let event = Presence::Joined { user, room, statuses: Statuses::NONE, session: None };
    chat.happen(&event.into(), None, now);
}

/// The last client of somebody who stays has gone: nobody is an operator without being there.
pub(in crate::chat) fn left_alone(chat: &mut Chat, id: UserId, now: Now) {
    let Some(user) = chat.state.user(id) else { return };
    if user.has(UserFlag::ServerNotices) {
        let set = alloc::vec![(false, UserFlag::ServerNotices)];
        chat.happen(&Presence::Flags { user: id, set }.into(), None, now);
    }
    if chat.state.user(id).is_some_and(User::is_operator) {
        chat.happen(&Presence::Operator { user: id, name: None }.into(), None, now);
    }
}

/// The user goes, or is logged in to another account: nothing is to bring them back.
pub(in crate::chat) fn forget(chat: &mut Chat, id: UserId, now: Now) {
    let Some(user) = chat.state.user(id) else { return };
    if let Some(account) = kept_of(chat, user).map(|account| account.name.clone()) {
        chat.happen(&AccountEvent::Stay { account, stay: None }.into(), None, now);
    }
}

/// With new settings others may stay.
pub(in crate::chat) fn settings_changed(chat: &mut Chat, old: &Settings) {
    if chat.settings.always_on != old.always_on {
        let known = chat.state.users.values().filter(|user| user.account.is_some()).map(|user| user.id);
        chat.state.stays.changed.extend(known);
    }
}

/// Lets go whose time is over, and stores what changed long enough ago. Costs nothing when there is nothing.
pub(in crate::chat) fn sweep(chat: &mut Chat, now: Now) {
    let is_due = chat.always_on.save.is_some_and(|at| at <= now.mono);
    if is_due {
        save(chat, now);
    } else if chat.always_on.save.is_none() && !chat.state.stays.changed.is_empty() {
        chat.always_on.save = Some(now.mono + limits::CHAT_STAY_SAVE);
    }
    while chat.state.stays.absent() > limits::CHAT_ALWAYS_ON {
        end_longest(chat, "Others were here more recently", now);
    }
    chat.always_on.end = None;
    // That they go must be stored; while that fails they stay.
    while chat.storage.can_take().is_ok()
        && let Some((since, _)) = chat.state.stays.longest()
    {
        if let Some(left) = remaining(since, chat.settings.always_on_expiry, now.utc) {
            // A far end comes early; it is looked at again then.
            chat.always_on.end = Some(now.mono + left.min(Duration::from_hours(24)));
            return;
        }
        end_longest(chat, "Was not here for long", now);
    }
}

/// Stores where those are who stay, as far as it changed; lets go who may not stay any more.
pub(in crate::chat) fn save(chat: &mut Chat, now: Now) {
    chat.always_on.save = None;
    while chat.storage.can_take().is_ok()
        && let Some(id) = chat.state.stays.changed.pop_first()
    {
        let Some(user) = chat.state.user(id) else { continue };
        if !policy::stays(&chat.settings, &chat.state, user) {
            match user.sessions.is_empty() {
                true => chat.end_user(id, "Does not stay any more", None, now),
                false => forget(chat, id, now),
            }
            continue;
        }
        let rooms = chat.state.rooms_of(id).map(|room| room.name.clone()).collect();
        let stay = Some(Box::new(Stay::of(user, rooms)));
        let account = user.account.as_deref().and_then(|name| chat.state.accounts.get(name));
        if let Some(account) = account.filter(|account| account.stay != stay).map(|account| account.name.clone()) {
            chat.happen(&AccountEvent::Stay { account, stay }.into(), None, now);
        }
    }
    if !chat.state.stays.changed.is_empty() {
        chat.always_on.save = Some(now.mono + limits::CHAT_STAY_SAVE);
    }
}

fn end_longest(chat: &mut Chat, reason: &str, now: Now) {
    if let Some((_, id)) = chat.state.stays.longest() {
        chat.end_user(id, reason, None, now);
    }
}

/// The account that keeps where `user` is.
fn kept_of<'a>(chat: &'a Chat, user: &User) -> Option<&'a Account> {
    let account = chat.state.accounts.get(user.account.as_deref()?)?;
    account.stay.as_ref().is_some_and(|stay| stay.is_of(user)).then_some(account)
}
