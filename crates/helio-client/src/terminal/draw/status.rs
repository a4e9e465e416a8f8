//! What one is looking at, above; how the connection is, below.

use super::{Scene, fill};
use crate::terminal::text::{self, put};
use helio_core::chat::client::desk::{Buffer as Place, BufferKind, Delivery, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

impl Scene<'_> {
    /// The name of the buffer and what it is about.
    pub(super) fn title(self, buffer: &mut Buffer, area: Rect) {
        let (current, style) = (self.desk.current(), self.view.theme.bar());
        fill(buffer, area, style);
        let mut row = text::pieces(" ", style);
        text::push(&mut row, self.name(current), style.add_modifier(Modifier::BOLD));
        if current.kind() == BufferKind::Room && !current.is_joined {
            text::push(&mut row, " (not in it)", style);
        }
        if !current.topic.is_empty() {
            text::push(&mut row, &format!("  {}", text::uncoded(&current.topic)), style);
        }
        put(buffer, area.x, area.y, area.width, &text::cut(row, usize::from(area.width)));
    }

    /// Who we are, how the connection is, and what is unread elsewhere when the rooms are folded away.
    pub(super) fn status(self, buffer: &mut Buffer, area: Rect) {
        let is_lost = matches!(self.desk.link, LinkState::Waiting { .. } | LinkState::Ended);
        let style = if is_lost { self.view.theme.alarm() } else { self.view.theme.bar() };
        fill(buffer, area, style);
        let away = if self.desk.is_away { " (away)" } else { "" };
        let mut parts = vec![format!("{}{away}", self.desk.nick), self.link()];
        parts.extend(self.waiting());
        if !is_lost {
            parts.push(if self.desk.is_encrypted { "TLS" } else { "not encrypted" }.to_owned());
        }
        if self.view.areas(self.desk).rooms.is_none() {
            parts.extend(self.elsewhere());
        }
        let row = text::pieces(&format!(" {}", parts.join(" │ ")), style);
        put(buffer, area.x, area.y, area.width, &text::cut(row, usize::from(area.width)));
    }

    fn link(self) -> String {
        match &self.desk.link {
            LinkState::Connecting => "connecting …".to_owned(),
            LinkState::Registering => "signing in …".to_owned(),
            LinkState::Online { lag: Some(lag) } => format!("lag {} ms", lag.as_micros().div_ceil(1000)),
            LinkState::Online { lag: None } => "connected".to_owned(),
            LinkState::Waiting { until, reason } => {
                let seconds = until.since(self.now.mono).as_millis().div_ceil(1000);
                format!("NOT CONNECTED, next try in {seconds} s (Ctrl-R: now) │ {reason}")
            }
            LinkState::Ended => "NOT CONNECTED".to_owned(),
        }
    }

    /// How much of ours the server does not have.
    fn waiting(self) -> Option<String> {
        let waiting = |place: &Place| {
            let pending = place.entries().rev().take_while(|entry| entry.delivery.is_some());
            pending.filter(|entry| matches!(entry.delivery, Some(Delivery::Waiting))).count()
        };
        match self.desk.buffers().iter().filter(|place| place.has_pending()).map(waiting).sum() {
            0 => None,
            1 => Some("1 message waits".to_owned()),
            more => Some(format!("{more} messages wait")),
        }
    }

    fn elsewhere(self) -> Option<String> {
        let others = self.desk.buffers().iter().enumerate().filter(|(_, place)| place.id() != self.desk.current().id());
        let unread = others.filter(|(_, place)| place.unread > 0);
        let told: Vec<String> =
            unread.map(|(at, place)| format!("{} {} {}", at + 1, self.name(place), self.count(place))).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}
