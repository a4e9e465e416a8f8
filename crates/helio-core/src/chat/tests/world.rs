//! A world of one service, clients that speak to it, a clock that jumps, and a disk that can be told to fail.
//!
//! Every input is followed by the drain that the run-loop contract asks for. Whatever reaches a client is checked: no
//! CR, LF or NUL but at the end of a line.

mod disk;

use crate::chat::event::Presence;
use crate::chat::ids::UserId;
use crate::chat::query::Query;
use crate::chat::search::Search;
use crate::chat::state::UserFlag;
use crate::chat::{
    AUDIT_LOG, AuditRecord, By, Chat, ControlAnswer, ControlRequest, Credential, Effect, Face, MsgId, Operator, Peer,
    RequestId, Secret, SessionId, Settings, Ticket,
};
use crate::fingerprint::Fingerprint;
use crate::irc::frame::LineBuffer;
use crate::limits;
use crate::sasl::{SALT_BYTES, ScramKeys};
use crate::time::{Instant, Now, Utc};
use alloc::boxed::Box;
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
    late_searches: Vec<(Ticket, Box<Search>)>,
    /// Sessions whose connection is to be looked at.
    pub(crate) inspections: Vec<Id>,
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
            late_searches: Vec::new(),
            inspections: Vec::new(),
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
        if let Some(record) = self.logs.get(crate::chat::THROTTLES_LOG).and_then(|log| log.last()) {
            self.chat.handle_throttles(record, self.now).expect("our own record is read");
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
