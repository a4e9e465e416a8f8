//! Events as lines of a log: for a file, for the journal, or for a program that reads JSON.

use crate::output;
use clap::ValueEnum;
use helio_net::clock::utc_now;
use helio_server::event::{Event, EventKind, Level};
use rustix::fs::fstat;
use serde::{Deserialize, Serialize};
use std::io::{self, Write as _};

/// `log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// Time, level, service and a sentence
    Text,
    /// One JSON object a line
    Json,
}

/// `log-level`: what is less urgent is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogLevel {
    /// Somebody must act
    Error,
    /// It goes on, but not as well as it should
    Warn,
    /// What the server itself does
    Info,
    /// Also every connection
    Debug,
}

impl LogLevel {
    pub(crate) fn level(self) -> Level {
        match self {
            Self::Error => Level::Error,
            Self::Warn => Level::Warn,
            Self::Info => Level::Info,
            Self::Debug => Level::Debug,
        }
    }
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Text,
    Json,
    /// As the journal wants them: the priority in front (`sd-daemon(3)`), and no time, for it has its own.
    Journal,
}

impl Style {
    /// What was asked for; nothing of the kind and no journal: no log.
    pub(crate) fn choose(format: Option<LogFormat>, level: Option<LogLevel>) -> Option<Self> {
        match (format, level) {
            (Some(LogFormat::Json), _) => Some(Self::Json),
            _ if is_journal() => Some(Self::Journal),
            (None, None) => None,
            (Some(LogFormat::Text), _) | (None, Some(_)) => Some(Self::Text),
        }
    }
}

/// Whether stderr goes to the journal: `JOURNAL_STREAM` has its device and inode (`systemd.exec(5)`).
pub(crate) fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    fstat(io::stderr()).is_ok_and(|stderr| stream == format!("{}:{}", stderr.st_dev, stderr.st_ino))
}

/// The number of a level in `syslog(3)`.
pub(crate) fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug => 7,
    }
}

/// One line on stderr.
pub(crate) fn write(event: &Event, style: Style) -> io::Result<()> {
    let text = line(event, style, &utc_now().rfc3339_millis())?;
    let mut err = io::stderr().lock();
    writeln!(err, "{text}").and_then(|()| err.flush())
}

fn line(event: &Event, style: Style, time: &str) -> io::Result<String> {
    let (level, service) = (event.kind.level(), if event.service.is_empty() { "helio" } else { event.service });
    let kind = without_text(&event.kind);
    Ok(match style {
        Style::Text => format!("{time} {:<5} {service:<7} {kind}", level.name()),
        Style::Journal => format!("<{}>{service}: {kind}", priority(level)),
        Style::Json => {
            let message = kind.to_string();
            output::json_text(&Object { time, level: level.name(), service, message: &message, kind: &kind })?
        }
    })
}

/// What people sent is no business of a log.
fn without_text(kind: &EventKind) -> EventKind {
    let mut kind = kind.clone();
    if let EventKind::Received { text, .. } = &mut kind {
        "…".clone_into(text);
    }
    kind
}

#[derive(Serialize)]
struct Object<'a> {
    time: &'a str,
    level: &'static str,
    service: &'a str,
    /// As people read it; events that are a message already have the same.
    #[serde(rename = "text")]
    message: &'a str,
    #[serde(flatten)]
    kind: &'a EventKind,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_level_and_never_what_was_received() {
        let trouble = Event { service: "chat", kind: EventKind::Trouble { message: "slow".to_owned() } };
        let show = |event: &Event, style| line(event, style, "2027-01-01T00:00:00.000Z").unwrap();
        assert_eq!(show(&trouble, Style::Text), "2027-01-01T00:00:00.000Z warn  chat    slow");
        assert_eq!(show(&trouble, Style::Journal), "<4>chat: slow");
        let peer = ([127, 0, 0, 1], 5).into();
        let kind = EventKind::Received { peer, over: "tcp", bytes: 6, text: "secret".to_owned() };
        let received = Event { service: "echo", kind };
        for style in [Style::Text, Style::Journal, Style::Json] {
            assert!(!show(&received, style).contains("secret"));
        }
        let object: serde_json::Value = serde_json::from_str(&show(&trouble, Style::Json)).unwrap();
        assert_eq!((&object["level"], &object["event"]), (&"warn".into(), &"trouble".into()));
    }
}
