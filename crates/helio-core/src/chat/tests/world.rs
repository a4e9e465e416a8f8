//! A world of one service, clients that speak to it, a clock that jumps, and a disk that can be told to fail.
//!
//! Every input is followed by the drain that the run-loop contract asks for. Whatever reaches a client is checked: no
//! CR, LF or NUL but at the end of a line.

use crate::chat::event::Presence;
use crate::chat::ids::UserId;
use crate::chat::query::{Heading, Query, Unanswered, linear};
use crate::chat::state::UserFlag;
use crate::chat::{
    AUDIT_LOG, AuditRecord, By, Chat, ControlAnswer, ControlRequest, Credential, Effect, Erasure, Face, MsgId,
    Operator, PRIVATE_LOGS, Peer, RequestId, Secret, SessionId, Settings, Ticket, Verdict,
};
use crate::fingerprint::Fingerprint;
use crate::irc::frame::LineBuffer;
use crate::limits;
use crate::sasl::{SALT_BYTES, ScramKeys};
use crate::time::{Instant, Now, Utc};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

/// The service and everything around it.
pub(crate) struct World {
    pub(crate) chat: Chat,
    pub(crate) now: Now,
    /// What was committed, by log.
    pub(crate) logs: BTreeMap<String, Vec<Vec<u8>>>,
    /// Appends that are not committed yet.
    pub(crate) appends: Vec<(Ticket, String, Vec<u8>)>,
    /// Who asked that the settings be read again, and was not answered.
    pub(crate) reloads: Vec<SessionId>,
    /// Whether appends are committed as soon as they are asked for.
    pub(crate) commits: Commits,
    /// Whether reads are answered only when [`World::read`] is called.
    pub(crate) are_reads_late: bool,
    /// Reads that are not answered yet: ticket, log, question.
    pub(crate) late_reads: Vec<(Ticket, String, Query)>,
    /// Whether messages are erased only when [`World::erase`] is called.
    pub(crate) are_erasures_late: bool,
    /// Messages that are to be erased: ticket, log, identity.
    pub(crate) erasures: Vec<(Ticket, String, MsgId)>,
    /// Whether nothing can be read.
    pub(crate) are_reads_failing: bool,
    /// Whether passwords are compared or made ready only when [`World::compare`] is called.
    pub(crate) are_passwords_late: bool,
    /// Passwords that are not compared or made ready yet.
    pub(crate) late_passwords: Vec<Effect>,
    /// Whether there is no place to compare passwords.
    pub(crate) is_busy: bool,
    /// Clients that take nothing of what is written to them.
    pub(crate) deaf: Vec<Id>,
    clients: BTreeMap<SessionId, Client>,
}

/// What the disk does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Commits {
    AtOnce,
    /// Only when [`World::commit`] is called.
    WhenTold,
    Fail,
}

/// What a client has received and not looked at, and whether its connection was closed.
#[derive(Default)]
struct Client {
    is_guest: bool,
    bytes: Vec<u8>,
    is_closed: bool,
}

/// A connection of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id(pub(crate) SessionId);

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::new("heliograph-test"))
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let now = Now { mono: Instant::ORIGIN, utc: Utc::from_micros(1_795_345_720_000_000) };
        Self {
            chat: Chat::new(settings, [7; 12], now).with_secret(Secret::new([7; 32])),
            now,
            logs: BTreeMap::new(),
            appends: Vec::new(),
            reloads: Vec::new(),
            commits: Commits::AtOnce,
            are_reads_late: false,
            late_reads: Vec::new(),
            are_erasures_late: false,
            erasures: Vec::new(),
            are_reads_failing: false,
            are_passwords_late: false,
            late_passwords: Vec::new(),
            is_busy: false,
            deaf: Vec::new(),
            clients: BTreeMap::new(),
        }
    }

    /// The same disk under a new run of the service, as after a crash: what was not committed is gone.
    pub(crate) fn restart(&mut self, settings: Settings, run: u8) {
        self.chat = Chat::new(settings, [run; 12], self.now).with_secret(Secret::new([run; 32]));
        self.clients.clear();
        self.appends.clear();
        self.erasures.clear();
        for record in self.logs.get(crate::chat::SETTINGS_LOG).cloned().unwrap_or_default() {
            self.chat.handle_restored(&record, self.now).expect("our own records are read");
        }
        for record in self.logs.get(crate::chat::MARKERS_LOG).cloned().unwrap_or_default() {
            self.chat.handle_restored_marker(&record);
        }
        self.chat.handle_restore_end(self.now);
        self.drain();
    }

    pub(crate) fn connect_from(&mut self, address: &str, face: Face, is_secure: bool) -> Result<Id, String> {
        let peer = Peer { address: address.parse().expect("an address"), face, is_secure, certificate: None };
        let id = self.chat.handle_connect(peer, self.now)?;
        self.clients.insert(id, Client { is_guest: face == Face::Guest, ..Client::default() });
        self.drain();
        Ok(Id(id))
    }

    /// A connection over TLS whose client showed this certificate.
    pub(crate) fn connect_with_certificate(&mut self, certificate: Fingerprint) -> Id {
        let address = "192.0.2.9:40000".parse().expect("an address");
        let peer = Peer { address, face: Face::Irc, is_secure: true, certificate: Some(certificate) };
        let id = self.chat.handle_connect(peer, self.now).expect("a connection");
        self.clients.insert(id, Client::default());
        self.drain();
        Id(id)
    }

    /// Whoever runs the server asks for something; `None`: it is not answered yet.
    pub(crate) fn request(&mut self, request: ControlRequest) -> Option<ControlAnswer> {
        self.chat.handle_request(RequestId(1), Some(1000), request, self.now);
        self.drain();
        self.chat.poll_answer().map(|(_, answer)| answer)
    }

    /// What was written down of what was done by privilege: who, what, to whom.
    pub(crate) fn audit(&self) -> Vec<String> {
        let records = self.logs.get(AUDIT_LOG).cloned().unwrap_or_default();
        let told = records.iter().map(|record| {
            let AuditRecord { by, act, target, is_refused, .. } = AuditRecord::decode(record).expect("our own record");
            let by = match by {
                By::Control { uid } => format!("control {uid:?}"),
                By::Operator { name, mask } => format!("{name} {mask}"),
                By::User { mask, account } => format!("{account:?} {mask}"),
                By::Server => "server".to_string(),
            };
            format!("{by}: {act} {target}{}", if is_refused { " refused" } else { "" })
        });
        told.collect()
    }

    /// A plain IRC connection from loopback that has said nothing.
    pub(crate) fn connect(&mut self) -> Id {
        self.connect_from("127.0.0.1:40000", Face::Irc, false).expect("a connection")
    }

    /// A connection to the line listener that has said nothing.
    pub(crate) fn connect_guest(&mut self) -> Id {
        self.connect_from("127.0.0.1:40001", Face::Guest, false).expect("a connection")
    }

    /// A guest of the line listener, whose arrival is read by all.
    pub(crate) fn guest(&mut self) -> Id {
        let id = self.connect_guest();
        self.pass(crate::limits::CHAT_GUEST_SETTLING);
        self.hear_all();
        id
    }

    /// Somebody called `nick` with these capabilities, whose welcome is read.
    pub(crate) fn user_with(&mut self, nick: &str, caps: &str) -> Id {
        let id = self.connect();
        if !caps.is_empty() {
            self.say(id, "CAP LS 302");
            self.say(id, &format!("CAP REQ :{caps}"));
        }
        self.say(id, &format!("NICK {nick}"));
        self.say(id, &format!("USER {nick} 0 * :{nick} of the tests"));
        self.say(id, "CAP END");
        let welcome = self.hear(id);
        assert!(welcome.iter().any(|line| line.contains(" 001 ")), "{nick} is welcome: {welcome:?}");
        id
    }

    pub(crate) fn user(&mut self, nick: &str) -> Id {
        self.user_with(nick, "")
    }

    /// Somebody who became server operator `boss`, with everything about it read. The settings must know that name, with
    /// the password `secret`.
    pub(crate) fn operator(&mut self, nick: &str) -> Id {
        let id = self.user(nick);
        let heard = self.ask(id, "OPER boss secret");
        assert!(heard.iter().any(|line| line.contains(" 381 ")), "{nick} is an operator: {heard:?}");
        id
    }

    /// The settings of the tests, with an operator `boss` whose password is `secret`.
    pub(crate) fn settings() -> Settings {
        let boss = Operator { name: "boss".into(), password_hash: "secret".into() };
        Settings { operators: alloc::vec![boss], ..Settings::new("heliograph-test") }
    }

    /// Somebody in a room, with everything about the joining read by all.
    pub(crate) fn member(&mut self, nick: &str, room: &str) -> Id {
        let id = self.user(nick);
        self.say(id, &format!("JOIN {room}"));
        self.hear_all();
        id
    }

    /// Makes somebody a server operator who wants notices.
    pub(crate) fn promote(&mut self, id: Id) {
        let user = self.user_id(id);
        self.chat.happen(&Presence::Operator { user, name: Some("root".into()) }.into(), None, self.now);
        let set = alloc::vec![(true, UserFlag::ServerNotices)];
        self.chat.happen(&Presence::Flags { user, set }.into(), None, self.now);
        self.drain();
    }

    /// What a password is compared with in this world, where it is its own "hash" unless it is long.
    pub(crate) fn credential(password: &str) -> Credential {
        let scram = ScramKeys::derive(password, [7; SALT_BYTES], limits::CHAT_SCRAM_ITERATIONS).expect("a password");
        Credential { hash: Self::hash(password), scram }
    }

    fn hash(password: &str) -> String {
        match password.char_indices().nth(limits::CHAT_PASSWORD_HASH / 2) {
            Some((cut, _)) => format!("{} and {} bytes", &password[..cut], password.len() - cut),
            None => password.into(),
        }
    }

    /// Logs somebody in.
    pub(crate) fn log_in(&mut self, id: Id, account: &str) {
        let user = self.user_id(id);
        self.chat.state.apply(&Presence::LoggedIn { user, account: account.into() }.into(), self.now);
    }

    pub(crate) fn user_id(&self, id: Id) -> UserId {
        self.chat.sessions.get(id.0).and_then(|session| session.user()).expect("a user")
    }

    /// The client sends one line.
    pub(crate) fn say(&mut self, id: Id, line: &str) {
        self.say_bytes(id, line.as_bytes());
    }

    pub(crate) fn say_bytes(&mut self, id: Id, line: &[u8]) {
        self.chat.handle_line(id.0, line, self.now);
        self.drain();
    }

    /// The client sends one line and reads everything it has.
    pub(crate) fn ask(&mut self, id: Id, line: &str) -> Vec<String> {
        self.say(id, line);
        self.hear(id)
    }

    /// The driver hands in new settings.
    pub(crate) fn settings_changed(&mut self, settings: Settings) {
        self.chat.handle_settings(settings, self.now);
        self.drain();
    }

    /// The connection breaks.
    pub(crate) fn cut(&mut self, id: Id) {
        self.chat.handle_end(id.0, "Connection reset", self.now);
        self.clients.remove(&id.0);
        self.drain();
    }

    /// The client ends its half of the connection, and reads on.
    pub(crate) fn half_close(&mut self, id: Id) {
        self.chat.handle_peer_end(id.0, "Connection closed", self.now);
        self.drain();
    }

    /// What the client has received since it last looked, without line ends.
    pub(crate) fn hear(&mut self, id: Id) -> Vec<String> {
        let Some(client) = self.clients.get_mut(&id.0) else { return Vec::new() };
        client.read()
    }

    /// Everybody reads and forgets.
    pub(crate) fn hear_all(&mut self) {
        for client in self.clients.values_mut() {
            let _ = client.read();
        }
    }

    pub(crate) fn is_closed(&self, id: Id) -> bool {
        self.clients.get(&id.0).is_none_or(|client| client.is_closed)
    }

    /// Time passes; every timer on the way is served at its moment.
    pub(crate) fn pass(&mut self, duration: Duration) {
        let end = self.now.mono + duration;
        while let Some(at) = self.chat.poll_timeout().filter(|at| *at <= end) {
            self.advance_to(at.max(self.now.mono));
            self.chat.handle_timeout(self.now);
            self.drain();
        }
        self.advance_to(end);
    }

    /// The disk finishes everything that it was asked for.
    pub(crate) fn commit(&mut self) {
        for (ticket, log, bytes) in core::mem::take(&mut self.appends) {
            self.logs.entry(log).or_default().push(bytes);
            self.chat.handle_committed(ticket, self.now);
        }
        self.drain();
    }

    /// The disk refuses everything that it was asked for.
    pub(crate) fn fail(&mut self) {
        let appends = core::mem::take(&mut self.appends);
        if let (Some((first, ..)), Some((last, ..))) = (appends.first(), appends.last()) {
            self.chat.handle_commit_failed(*first, *last, self.now);
        }
        self.drain();
    }

    /// The disk finishes every read that it was asked for, with what is in the logs by now.
    pub(crate) fn read(&mut self) {
        for (ticket, log, query) in core::mem::take(&mut self.late_reads) {
            self.answer_read(ticket, &log, &query);
        }
        self.drain();
    }

    /// The disk erases every message that it was asked to. An erased record is empty here.
    pub(crate) fn erase(&mut self) {
        for (ticket, log, msgid) in core::mem::take(&mut self.erasures) {
            let is_it = |record: &&mut Vec<u8>| Heading::of(record).is_some_and(|heading| heading.is(&msgid));
            let found = self.logs.get_mut(&log).and_then(|log| log.iter_mut().find(is_it));
            let erasure = if found.map(Vec::clear).is_some() { Erasure::Done } else { Erasure::NotThere };
            self.chat.handle_erased(ticket, erasure, self.now);
        }
        self.drain();
    }

    /// The disk answers the message that it was asked to erase first, which stays to be erased.
    pub(crate) fn answer_erasure(&mut self, erasure: Erasure) {
        let ticket = self.erasures.first().expect("a message to erase").0;
        self.chat.handle_erased(ticket, erasure, self.now);
        self.drain();
    }

    /// The passwords that wait are compared.
    pub(crate) fn compare(&mut self) {
        let is_late = core::mem::replace(&mut self.are_passwords_late, false);
        core::mem::take(&mut self.late_passwords).into_iter().for_each(|effect| self.carry_out(effect));
        self.are_passwords_late = is_late;
        self.drain();
    }

    // In this world a password is right when it is its own "hash".
    fn answer_verify(&mut self, ticket: Ticket, password: &str, hash: &str) {
        let verdict = match Self::hash(password) == hash {
            _ if self.is_busy => Verdict::NotCompared,
            true => Verdict::Right,
            false => Verdict::Wrong,
        };
        self.chat.handle_verified(ticket, verdict, self.now);
    }

    fn answer_read(&mut self, ticket: Ticket, log: &str, query: &Query) {
        let records = self.logs.get(log).map(Vec::as_slice).unwrap_or_default();
        let found = match self.are_reads_failing {
            true => Err(Unanswered::StoreFails),
            false => linear::answer(query, records),
        };
        self.chat.handle_read(ticket, found.as_deref().map_err(|error| *error), self.now);
    }

    /// What the run-loop contract asks for after each input.
    pub(crate) fn drain(&mut self) {
        loop {
            let mut is_idle = true;
            while let Some(effect) = self.chat.poll_effect() {
                is_idle = false;
                self.carry_out(effect);
            }
            while let Some(id) = self.chat.poll_session() {
                is_idle = false;
                self.write(id);
            }
            if is_idle {
                return;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        if self.are_passwords_late && matches!(effect, Effect::Verify { .. } | Effect::Derive { .. }) {
            return self.late_passwords.push(effect);
        }
        match effect {
            Effect::Append { ticket, log, bytes } => match self.commits {
                Commits::AtOnce => {
                    self.logs.entry(log).or_default().push(bytes);
                    self.chat.handle_committed(ticket, self.now);
                }
                Commits::WhenTold => self.appends.push((ticket, log, bytes)),
                Commits::Fail => self.chat.handle_commit_failed(ticket, ticket, self.now),
            },
            Effect::Read { ticket, log, query } if self.are_reads_late => self.late_reads.push((ticket, log, query)),
            Effect::Read { ticket, log, query } => self.answer_read(ticket, &log, &query),
            Effect::Erase { ticket, log, msgid } => {
                self.erasures.push((ticket, log, msgid));
                if !self.are_erasures_late {
                    self.erase();
                }
            }
            Effect::Forget { log } => {
                self.logs.remove(&log);
            }
            Effect::Retain { logs, private } => {
                let kept_of = |name: &String| {
                    let named = logs.iter().find(|(log, _)| log == name).map(|(_, kept)| *kept);
                    named.or(name.starts_with(PRIVATE_LOGS).then_some(private))
                };
                for (name, records) in &mut self.logs {
                    kept_of(name).into_iter().for_each(|kept| linear::retain(kept, records));
                }
            }
            Effect::Trim { log, keep } => {
                let log = self.logs.entry(log).or_default();
                log.drain(..log.len().saturating_sub(usize::try_from(keep).expect("a count")));
            }
            Effect::Probe => self.chat.handle_probed(self.commits != Commits::Fail, self.now),
            Effect::Verify { ticket, password, hash } => self.answer_verify(ticket, &password.0, &hash),
            Effect::Derive { ticket, password } => {
                let credential = World::credential(&password.0);
                self.chat.handle_derived(ticket, Some(credential).filter(|_| !self.is_busy), self.now);
            }
            Effect::TrimAudit { .. } => {}
            Effect::Reload { session } => self.reloads.push(session),
        }
    }

    fn write(&mut self, id: SessionId) {
        let is_deaf = self.deaf.contains(&Id(id));
        let Some(output) = self.chat.output(id).filter(|_| !is_deaf) else { return };
        let (bytes, is_last) = (output.bytes.to_vec(), output.is_last);
        self.chat.handle_written(id, bytes.len());
        if let Some(client) = self.clients.get_mut(&id) {
            client.bytes.extend_from_slice(&bytes);
            client.is_closed |= is_last;
        }
        if is_last {
            self.chat.handle_end(id, "closed", self.now);
        }
    }

    fn advance_to(&mut self, at: Instant) {
        let passed = at.since(self.now.mono);
        self.now = Now {
            mono: at,
            utc: Utc::from_micros(self.now.utc.micros() + i64::try_from(passed.as_micros()).expect("a test's time")),
        };
    }
}

impl Client {
    fn read(&mut self) -> Vec<String> {
        let bytes = core::mem::take(&mut self.bytes);
        if self.is_guest { guest_lines(&bytes) } else { lines(&bytes) }
    }
}

/// The same for a guest, in whose terminal nothing may act.
fn guest_lines(bytes: &[u8]) -> Vec<String> {
    let text = core::str::from_utf8(bytes).expect("UTF-8");
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "whole lines: {text:?}");
    let lines: Vec<String> = text.split_terminator('\n').map(ToString::to_string).collect();
    for line in &lines {
        assert!(!line.is_empty() && !line.chars().any(char::is_control), "{line:?}");
    }
    lines
}

/// Splits what a client received, and checks that nothing can pass for a line that is none.
fn lines(bytes: &[u8]) -> Vec<String> {
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "whole lines: {:?}", String::from_utf8_lossy(bytes));
    let mut buffer = LineBuffer::from_server();
    let mut input = bytes;
    let mut lines = Vec::new();
    while let Some(line) = buffer.poll_line(&mut input) {
        let line = line.expect("within the limits").to_vec();
        assert!(!line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "{:?}", String::from_utf8_lossy(&line));
        lines.push(core::str::from_utf8(&line).expect("UTF-8").to_string());
    }
    lines
}
