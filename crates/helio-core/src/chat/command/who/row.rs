//! One line of WHO's answer.

use crate::chat::policy;
use crate::chat::reply::Reply;
use crate::chat::state::{Room, Statuses, User, UserFlag};
use crate::irc::host;
use crate::irc::numeric::Numeric;
use crate::irc::whox::{WhoxField, WhoxQuery};
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Somebody, as `viewer` sees them.
pub(super) struct Row<'a> {
    pub(super) viewer: &'a User,
    pub(super) user: &'a User,
    /// The room that was asked for.
    pub(super) room: Option<&'a Room>,
    pub(super) server: &'a str,
    /// Whether all prefixes are shown, or the highest (multi-prefix).
    pub(super) all_prefixes: bool,
    pub(super) now: Now,
}

impl Row<'_> {
    /// RPL_WHOREPLY.
    pub(super) fn plain(&self, reply: &mut Reply) {
        let user = self.user;
        let flags = self.flags();
        let params = [self.room_name(), &user.username, &user.host, self.server, &user.nick, &flags];
        reply.numeric_text(Numeric::RplWhoReply, &params, &format!("0 {}", user.realname));
    }

    /// RPL_WHOSPCRPL with the fields that were asked for.
    pub(super) fn special(&self, reply: &mut Reply, query: &WhoxQuery<'_>) {
        let mut fields: Vec<String> = query.fields().map(|field| self.field(field, query.token)).collect();
        let has_realname = query.fields().any(|field| field == WhoxField::RealName);
        let realname = fields.pop_if(|_| has_realname);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        match realname {
            Some(realname) => reply.numeric_text(Numeric::RplWhoSpcRpl, &fields, &realname),
            None => reply.numeric(Numeric::RplWhoSpcRpl, &fields),
        }
    }

    fn field(&self, field: WhoxField, token: &str) -> String {
        let user = self.user;
        match field {
            WhoxField::Token => token.to_string(),
            WhoxField::Room => self.room_name().to_string(),
            WhoxField::User => user.username.clone(),
            WhoxField::Address => self.address(),
            WhoxField::Host => user.host.clone(),
            WhoxField::Server => self.server.to_string(),
            WhoxField::Nick => user.nick.clone(),
            WhoxField::Flags => self.flags(),
            WhoxField::Hops => "0".to_string(),
            WhoxField::Idle => self.now.mono.since(user.spoke).as_secs().to_string(),
            WhoxField::Account => user.account.clone().unwrap_or_else(|| "0".to_string()),
            WhoxField::OperatorLevel => "n/a".to_string(),
            WhoxField::RealName => user.realname.clone(),
        }
    }

    /// The address itself, or what stands for "not for you" since ircu.
    fn address(&self) -> String {
        let known = self.user.address.filter(|_| policy::can_see_connection(self.viewer, self.user));
        known.map_or_else(|| "255.255.255.255".to_string(), |address| host::of_address(address.to_canonical()))
    }

    fn room_name(&self) -> &str {
        self.room.map_or("*", |room| &room.name)
    }

    /// Here or gone, operator, statuses in the room, bot.
    fn flags(&self) -> String {
        let statuses = self.room.and_then(|room| room.statuses(self.user.id)).unwrap_or(Statuses::NONE);
        let mut flags = String::from(if self.user.away.is_some() { "G" } else { "H" });
        flags.extend(self.user.is_operator().then_some('*'));
        flags.extend(statuses.prefixes(self.all_prefixes));
        flags.extend(self.user.has(UserFlag::Bot).then(|| UserFlag::Bot.letter()));
        flags
    }
}
