//! How `helio chat` shows what happens: messages on stdout, the rest on stderr, or everything as JSON.

mod record;
pub(super) mod zone;

use crate::exit::{Exit, Outcome};
use crate::output;
use helio_core::chat::client::{Event, Fate, Kind, Message, plain_text};
use helio_core::printable::push_text;
use helio_core::time::{Utc, human};
use helio_net::clock::utc_now;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use record::Record;

/// The way of showing, and the worst that was shown.
pub(super) struct Show {
    json: bool,
    quiet: bool,
    /// Whether messages name their room: there was more than one.
    names_rooms: bool,
    rooms: usize,
    zone: TimeZone,
    worst: Option<Exit>,
}

impl Show {
    pub(super) fn new(json: bool, quiet: bool, names_rooms: bool) -> Self {
        Self { json, quiet, names_rooms, rooms: 0, zone: zone::local(), worst: None }
    }

    /// The exit code for the worst that happened to a line; `None`: the server has them all.
    pub(super) fn worst(&self) -> Option<Exit> {
        self.worst
    }

    pub(super) fn event(&mut self, event: &Event) -> Outcome {
        self.note(event);
        if self.json {
            return Record::of(event).map_or(Ok(()), |record| output::json(&record));
        }
        if let Event::Message(message) = event {
            return output::line(self.message(message, utc_now()));
        }
        if let Some(failure) = failure(event) {
            output::message(format_args!("helio: {failure}"));
        } else if let Some(status) = status(event).filter(|_| !self.quiet) {
            output::message(format_args!("-- {status}"));
        }
        Ok(())
    }

    /// Remembers what the exit code and later messages depend on.
    fn note(&mut self, event: &Event) {
        match event {
            Event::Joined { is_own: true, .. } => self.rooms += 1,
            Event::Left { is_own: true, .. } => self.rooms = self.rooms.saturating_sub(1),
            Event::Disconnected { .. } => self.rooms = 0,
            Event::Typed(_, Fate::Refused { .. }) => self.failed(Exit::Refused),
            Event::Typed(_, Fate::Unknown | Fate::NotSent) => self.failed(Exit::Network),
            Event::Wrong { .. } => self.failed(Exit::Usage),
            Event::Typed(_, Fate::Accepted { .. })
            | Event::Connected { .. }
            | Event::Message(_)
            | Event::Joined { .. }
            | Event::Members { .. }
            | Event::Left { .. }
            | Event::Quit { .. }
            | Event::Renamed { .. }
            | Event::Topic { .. }
            | Event::NotJoined { .. }
            | Event::Told { .. }
            | Event::Mentioned { .. }
            | Event::Registered { .. }
            | Event::Ended(_) => {}
        }
        self.names_rooms |= self.rooms > 1;
    }

    /// Not knowing is worse than a refusal, and that is worse than a wrong command.
    fn failed(&mut self, exit: Exit) {
        let rank = |exit| [Exit::Usage, Exit::Refused, Exit::Network].iter().position(|known| *known == exit);
        if self.worst.is_none_or(|worst| rank(exit) > rank(worst)) {
            self.worst = Some(exit);
        }
    }

    /// `[14:10:26] <nick> text`, with the room in between when there are several.
    fn message(&self, message: &Message, now: Utc) -> String {
        let (from, text) = (safe(&message.from), safe(&plain_text(&message.text)));
        let is_room = message.target.starts_with(['#', '&', '@', '+', '%', '~']);
        let place = match (is_room, message.is_own) {
            (true, _) if self.names_rooms => safe(&message.target) + " ",
            (true, _) => String::new(),
            (false, true) => format!("to {} ", safe(&message.target)),
            (false, false) => "private ".to_owned(),
        };
        let said = match message.kind {
            Kind::Message => format!("<{from}> {text}"),
            Kind::Action => format!("* {from} {text}"),
            Kind::Notice => format!("-{from}- {text}"),
        };
        format!("[{}] {place}{said}", self.time(message.time, now))
    }

    /// The local time, with the day if that is not today.
    fn time(&self, at: Utc, now: Utc) -> String {
        let zoned = |utc: Utc| Timestamp::from_microsecond(utc.micros()).ok().map(|at| at.to_zoned(self.zone.clone()));
        let (Some(at), Some(now)) = (zoned(at), zoned(now)) else { return at.rfc3339_millis() };
        let form = if at.date() == now.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        at.strftime(form).to_string()
    }
}

/// Text from outside, in which nothing acts on a terminal.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_text(&mut out, text.as_bytes());
    out
}

/// What went wrong with a line; it is shown whatever else is not.
fn failure(event: &Event) -> Option<String> {
    if let Event::Typed(typed, fate) = event {
        let why = match fate {
            Fate::Accepted { .. } => return None,
            Fate::Refused { reason } => format!("not said, {}", safe(reason)),
            Fate::Unknown => "not known whether it arrived, the connection was lost".to_owned(),
            Fate::NotSent => "not sent".to_owned(),
        };
        return Some(format!("{why}: {}: {}", safe(&typed.target), safe(&typed.text)));
    }
    if let Event::NotJoined { room, reason } = event {
        return Some(format!("cannot join {}: {}", safe(room), safe(reason)));
    }
    if let Event::Wrong { text } = event { Some(safe(text)) } else { None }
}

/// A sentence about anything else.
fn status(event: &Event) -> Option<String> {
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({})", safe(reason)) };
    let text = match event {
        Event::Connected { nick, server } => format!("connected to {} as {}", safe(server), safe(nick)),
        Event::Disconnected { reason, retry_in, waiting } => {
            let lines = match waiting {
                0 => String::new(),
                1 => "; 1 line waits".to_owned(),
                more => format!("; {more} lines wait"),
            };
            format!("connection lost ({}), next try in {}{lines}", safe(reason), human(*retry_in))
        }
        Event::Joined { room, is_own: true, .. } => format!("you are in {}", safe(room)),
        Event::Joined { room, nick, .. } => format!("{} joined {}", safe(nick), safe(room)),
        Event::Members { room, nicks, count } => {
            let names = safe(&nicks.join(" "));
            let more = if *count > nicks.len() { format!(" and {} more", count - nicks.len()) } else { String::new() };
            format!("in {}: {names}{more}", safe(room))
        }
        Event::Left { room, nick, by: Some(by), reason, .. } => {
            format!("{} was put out of {} by {}{}", safe(nick), safe(room), safe(by), because(reason))
        }
        Event::Left { room, nick, reason, .. } => format!("{} left {}{}", safe(nick), safe(room), because(reason)),
        Event::Quit { nick, reason } => format!("{} left{}", safe(nick), because(reason)),
        Event::Renamed { to, is_own: true, .. } => format!("you are now {}", safe(to)),
        Event::Renamed { from, to, .. } => format!("{} is now {}", safe(from), safe(to)),
        Event::Topic { room, topic, .. } if topic.is_empty() => format!("{} has no topic any more", safe(room)),
        Event::Topic { room, topic, .. } => format!("topic of {}: {}", safe(room), safe(&plain_text(topic))),
        Event::Told { text } => safe(&plain_text(text)),
        Event::Registered { account } => format!("you have the account {}", safe(account)),
        Event::Message(_)
        | Event::Typed(..)
        | Event::Wrong { .. }
        | Event::NotJoined { .. }
        | Event::Mentioned { .. }
        | Event::Ended(_) => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::client::Typed;

    fn message(text: &str) -> Message {
        Message {
            time: Utc::from_micros(1_795_345_720_000_000),
            target: "#tea".to_owned(),
            from: "ada".to_owned(),
            kind: Kind::Message,
            text: text.to_owned(),
            msgid: None,
            is_own: false,
        }
    }

    #[test]
    fn messages_have_one_form_that_can_be_searched() {
        let mut show = Show { zone: TimeZone::UTC, ..Show::new(false, false, false) };
        let today = Utc::from_micros(1_795_345_720_000_000);
        let tomorrow = Utc::from_micros(today.micros() + 86_400_000_000);
        let hello = message("hello");
        assert_eq!(show.message(&hello, today), "[11:08:40] <ada> hello");
        assert_eq!(show.message(&hello, tomorrow), "[2026-11-22 11:08:40] <ada> hello");
        let action = Message { kind: Kind::Action, ..message("waves") };
        assert_eq!(show.message(&action, today), "[11:08:40] * ada waves");
        let private = Message { target: "ben".to_owned(), kind: Kind::Notice, ..message("psst") };
        assert_eq!(show.message(&private, today), "[11:08:40] private -ada- psst");
        show.names_rooms = true;
        assert_eq!(show.message(&hello, today), "[11:08:40] #tea <ada> hello");
    }

    #[test]
    fn nothing_from_outside_acts_on_a_terminal() {
        let show = Show { zone: TimeZone::UTC, ..Show::new(false, false, false) };
        let today = Utc::from_micros(1_795_345_720_000_000);
        let shown = show.message(&message("\u{2}bold\u{2} \u{1b}[2J\u{7} C:\\x"), today);
        assert_eq!(shown, r"[11:08:40] <ada> bold \u{1b}[2J\u{7} C:\x");
        let status = status(&Event::Quit { nick: "e\u{9b}ve".to_owned(), reason: "\r\n".to_owned() }).unwrap();
        assert_eq!(status, r"e\u{9b}ve left (\r\n)");
    }

    #[test]
    fn the_worst_fate_decides_the_exit_code() {
        let typed =
            Typed { number: 1, target: "#tea".to_owned(), kind: Kind::Message, text: "x".to_owned(), reply_to: None };
        let mut show = Show::new(false, true, false);
        let accepted = Fate::Accepted { time: Utc::from_micros(0), msgid: None };
        show.note(&Event::Typed(typed.clone(), accepted));
        assert_eq!(show.worst(), None);
        show.note(&Event::Wrong { text: String::new() });
        assert_eq!(show.worst(), Some(Exit::Usage));
        show.note(&Event::Typed(typed.clone(), Fate::Unknown));
        show.note(&Event::Typed(typed, Fate::Refused { reason: String::new() }));
        assert_eq!(show.worst(), Some(Exit::Network));
    }
}
