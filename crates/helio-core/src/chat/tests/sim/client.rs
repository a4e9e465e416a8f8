//! The other end of a connection: what it receives is taken apart, held against the bounds of lines, and against what the
//! model says that it must see.

use super::mirror::Mirror;
use super::model::{Conn, Expect, Model, Stage, words};
use crate::irc::capability::Capability;
use crate::irc::message::Message;
use crate::limits;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

#[derive(Default)]
pub(super) struct Client {
    /// Bytes without their line end yet.
    partial: Vec<u8>,
    /// Names of an answer whose end has not come.
    names: Vec<String>,
    /// References of open batches, and whether they are only put aside.
    batches: BTreeMap<String, bool>,
    /// What each batch was, by its reference.
    kinds: BTreeMap<String, String>,
    /// Identities of messages, and which message it was.
    msgids: BTreeMap<String, usize>,
    answered: BTreeSet<String>,
    pub(super) mirror: Mirror,
}

impl Client {
    pub(super) fn receive(&mut self, conn: Conn, bytes: &[u8], model: &mut Model) -> Result<(), String> {
        for byte in bytes {
            self.partial.push(*byte);
            if *byte == b'\n' {
                let line = core::mem::take(&mut self.partial);
                let is_guest = model.people.get(&conn).is_some_and(|person| person.is_guest);
                let text = if is_guest { guest_line(&line)? } else { irc_line(&line)? };
                let seen = if is_guest { self.guest(conn, text, model) } else { self.irc(conn, text, model) };
                seen.map_err(|error| format!("{} received {text:?}: {error}", name(conn, model)))?;
            }
        }
        Ok(())
    }

    /// The text with the places filled in that stand for what only the client knows: `{msgid:N}` for one of the identities that
    /// it has seen.
    pub(super) fn fill_in(&self, mut text: String) -> String {
        while let Some(start) = text.find("{msgid:") {
            let end = start + text[start..].find('}').map_or(0, |len| len + 1);
            let number: usize = text[start..end].trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
            let some = self.msgids.iter().max_by_key(|(_, said)| (**said).wrapping_mul(number | 1) % 97);
            let msgid = some.map_or("nobody-said-this", |(msgid, _)| msgid.as_str()).to_string();
            text.replace_range(start..end, &msgid);
        }
        text
    }

    /// Whether nothing of a line is missing.
    pub(super) fn is_between_lines(&self) -> bool {
        self.partial.is_empty()
    }

    fn guest(&mut self, conn: Conn, text: &str, model: &mut Model) -> Result<(), String> {
        let is_presence = text.ends_with(" joined") || text.ends_with(" left") || text.contains(" is now ");
        let is_for_itself = text.starts_with("* ") && !is_presence && !text.contains("!m");
        if text.starts_with("* closing: ") {
            return nothing_left(conn, model);
        }
        if is_for_itself { Ok(()) } else { expected(conn, words([text]), model).map(|_| ()) }
    }

    fn irc(&mut self, conn: Conn, text: &str, model: &mut Model) -> Result<(), String> {
        let message = Message::parse(text.as_bytes()).map_err(|error| format!("{error}"))?;
        let utf8 = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let tag = |key: &str| message.tags.get(key).map(|value| String::from_utf8_lossy(&value).into_owned());
        if let Some(label) = tag("label") {
            self.answer(conn, label, message.command == b"ACK", model)?;
        }
        let source = message.source.map(utf8).unwrap_or_default();
        let params: Vec<String> = message.params.iter().map(utf8).collect();
        let client = message.tags.client_only().map(|(key, value)| match value {
            [] => utf8(key),
            value => format!("{}={}", utf8(key), utf8(value)),
        });
        let client = client.collect::<Vec<_>>().join(";");
        let concat = tag("draft/multiline-concat").map(|_| "draft/multiline-concat".to_string());
        let command = utf8(message.command);
        let kind = self.kind(&command, &params, tag("batch"));
        let what = if command == "FAIL" { ["FAIL", &params[0], &params[1]].join(" ") } else { command.clone() };
        count(&what, kind.as_deref(), model);
        if let ("METADATA", [of, key, _, value @ ..]) = (command.as_str(), params.as_slice()) {
            return self.value(conn, (of, key, value.first()), tag("batch").is_some(), model);
        }
        let Some(seen) = self.words(&source, &command, &params, concat.unwrap_or(client)) else {
            return self.untold(conn, &command, &params, model);
        };
        let all_prefixes = model.people.get(&conn).is_some_and(|person| person.has(Capability::MultiPrefix));
        // What was once is told there.
        if kind.is_none_or(|kind| kind != "chathistory") {
            self.mirror.take(&seen.iter().map(String::as_str).collect::<Vec<_>>(), all_prefixes);
        }
        if command == "001" {
            return Ok(());
        }
        let said = expected(conn, seen, model)?;
        if command == "REDACT" {
            return Ok(());
        }
        match (tag("msgid"), said) {
            (Some(msgid), Some(said)) if *self.msgids.entry(msgid.clone()).or_insert(said) != said => {
                Err(format!("the identity {msgid} is that of another message"))
            }
            (Some(msgid), None) => Err(format!("{msgid} on what nobody said")),
            (Some(_), Some(_)) | (None, _) => Ok(()),
        }
    }

    /// What the batch is that a line is in; one that begins a batch is remembered.
    fn kind(&mut self, command: &str, params: &[String], batch: Option<String>) -> Option<String> {
        if let ("BATCH", [reference, kind, ..]) = (command, params)
            && let Some(reference) = reference.strip_prefix('+')
        {
            self.kinds.insert(reference.to_string(), kind.clone());
        }
        batch.and_then(|reference| self.kinds.get(&reference).cloned())
    }

    /// The line as the model spells it; `None`: it does not speak of it.
    fn words(&mut self, source: &str, command: &str, params: &[String], tags: String) -> Option<Vec<String>> {
        let head = words([source, command]);
        match (command, params) {
            ("001", [nick, ..]) => Some(words(["001", nick])),
            // That the disk fails is told in one of two ways, by what the client can read.
            ("FAIL", [command, code, ..])
                if command == "REDACT" && ["STORE_UNAVAILABLE", "MESSAGE_NOT_ERASED"].contains(&code.as_str()) =>
            {
                None
            }
            ("FAIL", [command, code, context @ .., _])
                if ["CHATHISTORY", "REDACT", "SEARCH"].contains(&command.as_str()) =>
            {
                Some([words(["FAIL", command, code]), context.to_vec()].concat())
            }
            ("761", [_, of, key, _, value]) => Some(words(["761", of, key, value])),
            ("766", [_, of, key, ..]) => Some(words(["766", of, key])),
            ("771", [_, keys @ ..]) => {
                self.mirror.forget_keys(|key| keys.iter().any(|known| known == key));
                None
            }
            ("CAP", [_, ack, list]) if ack == "ACK" && list.contains("-draft/metadata-2") => {
                self.mirror.forget_keys(|_| true);
                None
            }
            ("MARKREAD", [target, moment]) => Some(words(["MARKREAD", target, moment])),
            ("332", [_, room, topic]) => Some(words(["332", room, topic])),
            ("353", [_, _, room, names]) => {
                self.mirror.names(room, names);
                self.names.extend(names.split(' ').map(ToString::to_string));
                None
            }
            ("366", [_, room, ..]) => {
                self.names.sort();
                Some([words(["366", room]), core::mem::take(&mut self.names)].concat())
            }
            ("BATCH", [reference, kind @ ..]) => self.batch(source, reference, kind, tags),
            ("PRIVMSG" | "NOTICE" | "TAGMSG", _) if source.contains('!') => {
                Some([head, params.to_vec(), Vec::from([tags])].concat())
            }
            ("MODE", [room, modes, args @ ..]) => {
                Some([head, Vec::from([room.clone()]), letters(modes, args)].concat())
            }
            ("JOIN" | "PART" | "KICK" | "REDACT" | "QUIT" | "NICK" | "TOPIC" | "INVITE" | "AWAY" | "SETNAME", _) => {
                Some([head, params.to_vec()].concat())
            }
            _ => None,
        }
    }

    /// Batches by which answers are labelled, and those of what the server can do, are only put aside.
    fn batch(&mut self, source: &str, reference: &str, kind: &[String], tags: String) -> Option<Vec<String>> {
        let (sign, reference) = reference.split_at(1);
        let source = if source.contains('!') { source } else { "server" };
        if sign == "-" {
            let is_aside = self.batches.remove(reference).unwrap_or(false);
            return (!is_aside).then(|| words([source, "BATCH", "-"]));
        }
        let is_aside = kind.first().is_some_and(|kind| {
            ["labeled-response", "draft/isupport", "metadata", "metadata-subs"].contains(&kind.as_str())
        });
        self.batches.insert(reference.to_string(), is_aside);
        let begin = [words([source, "BATCH", "+"]), kind.to_vec(), Vec::from([tags])].concat();
        (!is_aside).then_some(begin)
    }

    /// What somebody or a room tells: all of it in a batch, or a change.
    fn value(
        &mut self,
        conn: Conn,
        (of, key, value): (&str, &str, Option<&String>),
        is_batched: bool,
        model: &mut Model,
    ) -> Result<(), String> {
        self.mirror.value(of, key, value);
        model.may_be_told(conn, of, key)?;
        let seen = words(["METADATA", of, key, "*"].into_iter().chain(value.map(String::as_str)));
        let person = &model.people[&conn];
        let is_next = matches!(person.expects.front(), Some(Expect::Line { words, .. }) if *words == seen);
        // Without batches nothing tells the one from the other; what is made of all of it is compared later.
        if is_batched || (person.telling.lacked_batch && !is_next) {
            return Ok(());
        }
        expected(conn, seen, model).map(|_| ())
    }

    /// Lines that the model does not foresee may not tell of the room that is secret to this connection.
    fn untold(&self, conn: Conn, command: &str, params: &[String], model: &mut Model) -> Result<(), String> {
        if command == "ERROR" {
            return nothing_left(conn, model);
        }
        let tells_of_rooms = ["319", "322", "324", "329", "333", "346", "348", "352", "353", "354", "367"];
        let is_secret = |text: &String| text.to_ascii_lowercase().contains("#secret");
        let knows = model.people.get(&conn).is_none_or(|person| person.knows_secret);
        if tells_of_rooms.contains(&command) && params.iter().any(is_secret) && !knows {
            return Err("it was never in that room".into());
        }
        Ok(())
    }

    /// Each label is answered once; by ACK only when all that it answers for is on disk.
    fn answer(&mut self, conn: Conn, label: String, is_ack: bool, model: &Model) -> Result<(), String> {
        let Some(person) = model.people.get(&conn) else { return Ok(()) };
        let kept = person.labels.get(&label).cloned().unwrap_or_default();
        if is_ack && kept.iter().any(|said| !model.said[*said].was_kept()) {
            return Err("acknowledged, but not on disk".into());
        }
        if self.answered.insert(label) { Ok(()) } else { Err("answered before".into()) }
    }

    /// Everything that had to come has come.
    pub(super) fn check_answers(&self, conn: Conn, model: &Model) -> Result<(), String> {
        let Some(person) = model.people.get(&conn).filter(|person| person.stage == Stage::Here) else { return Ok(()) };
        if !person.late_names.is_empty() {
            return Err(format!("{} never saw the names of {:?}", name(conn, model), person.late_names));
        }
        match person.labels.keys().find(|label| !self.answered.contains(*label)) {
            Some(label) => Err(format!("{} got no answer to {label}", name(conn, model))),
            None => Ok(()),
        }
    }
}

fn name(conn: Conn, model: &Model) -> String {
    model.people.get(&conn).map_or_else(|| format!("{conn}"), |person| format!("{conn} ({})", person.name()))
}

/// Takes the next of what the connection must see; it must be this.
fn expected(conn: Conn, seen: Vec<String>, model: &mut Model) -> Result<Option<usize>, String> {
    let Some(person) = model.people.get_mut(&conn) else { return Ok(None) };
    let is_next = matches!(person.expects.front(), Some(Expect::Line { words, .. }) if *words == seen);
    if !is_next && person.takes_late(&seen) {
        return Ok(None);
    }
    let is_lost = |expect: &mut Expect| matches!(expect, Expect::IfKept { words } if *words != seen);
    while model.has_lost && person.expects.pop_front_if(is_lost).is_some() {}
    let Some(expect) = person.expects.pop_front() else { return Err("it was to see nothing".into()) };
    let (words, said, is_echo) = match expect {
        Expect::Line { words, said, is_echo } => (words, said, is_echo),
        Expect::IfKept { words } => (words, None, false),
        Expect::Replay { .. } | Expect::History { .. } | Expect::Search { .. } => {
            return Err("it was to see what was said before first".into());
        }
    };
    if words != seen {
        return Err(format!("it was to see {words:?}, not {seen:?}"));
    }
    match said.filter(|_| is_echo).map(|said| &model.said[said]) {
        Some(echoed) if !echoed.was_kept() => Err(format!("an echo of what is {:?}", echoed.fate)),
        Some(_) | None => Ok(said),
    }
}

/// At the end all has come, unless the queue was dropped.
fn nothing_left(conn: Conn, model: &mut Model) -> Result<(), String> {
    let Some(person) = model.people.get(&conn) else { return Ok(()) };
    let is_sure = |expect: &&Expect| !(model.has_lost && matches!(expect, Expect::IfKept { .. }));
    match (person.stage, person.expects.iter().find(is_sure)) {
        (Stage::Closing { is_lossy: false }, Some(missing)) => Err(format!("it never saw {missing:?}")),
        (Stage::Closing { .. }, _) => Ok(()),
        (Stage::Registering | Stage::Here, _) => Err("it is not to end".into()),
    }
}

/// `+ov a b` as `+o a`, `+v b`.
fn letters(modes: &str, args: &[String]) -> Vec<String> {
    let (mut sign, mut args) = ('+', args.iter());
    let mut out = Vec::new();
    for letter in modes.chars() {
        match letter {
            '+' | '-' => sign = letter,
            _ if "beIkqaohv".contains(letter) || (letter == 'l' && sign == '+') => {
                out.push(format!("{sign}{letter} {}", args.next().map_or("", String::as_str)));
            }
            _ => out.push(format!("{sign}{letter}")),
        }
    }
    out
}

/// A line without its end, held against everything that a line must be.
pub(super) fn irc_line(line: &[u8]) -> Result<&str, String> {
    let shown = String::from_utf8_lossy(line);
    let Some(content) = line.strip_suffix(b"\r\n") else { return Err(format!("{shown:?} has no line end")) };
    if content.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return Err(format!("{shown:?} has a line end or NUL inside"));
    }
    let tags = if line.starts_with(b"@") { line.iter().position(|byte| *byte == b' ').unwrap_or(0) + 1 } else { 0 };
    if tags > limits::IRC_TAGS_FROM_SERVER || line.len() - tags > limits::IRC_BODY {
        return Err(format!("{shown:?} is too long"));
    }
    core::str::from_utf8(content).map_err(|_| format!("{shown:?} is no UTF-8"))
}

pub(super) fn guest_line(line: &[u8]) -> Result<&str, String> {
    let text = core::str::from_utf8(line).map_err(|_| format!("{line:?} is no UTF-8"))?;
    let content = text.strip_suffix('\n').unwrap_or(text);
    let is_plain = !content.is_empty() && !content.chars().any(char::is_control);
    if is_plain { Ok(content) } else { Err(format!("{text:?} is no line for a guest")) }
}

/// Counts what was heard, so that scripts which come to nothing of something are noticed.
fn count(command: &str, kind: Option<&str>, model: &mut Model) {
    let heard = kind.map_or_else(|| command.to_string(), |kind| format!("{command} in {kind}"));
    *model.heard.entry(heard).or_default() += 1;
}
