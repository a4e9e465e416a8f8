//! What an operator decides about the chat service.

use super::defcon::Defcon;
use crate::irc::name::{NickRules, RoomName};
use crate::limits;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;
use ipnet::IpNet;

/// All settings of the service. The driver may hand in new ones at any time; what a connection was promised before
/// (its nickname, its rooms) stays.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's name in every line it says; a host name by custom. Default `helio.local`.
    pub server_name: String,
    /// The network's name (ISUPPORT NETWORK). Default `Heliograph`.
    pub network: String,
    /// The program's name and version (VERSION, 002, 004).
    pub version: String,
    /// Lines of the message of the day; empty: there is none.
    pub motd: Vec<String>,
    /// Who runs the server (ADMIN): where, what, whom to ask.
    pub admin: Admin,
    /// Which characters nicknames may have. Default ASCII.
    pub nick_rules: NickRules,
    /// The password that a connection must give (PASS), as a PHC string. Default none.
    pub password_hash: Option<String>,
    /// Who may register an account over IRC. Default [`AccountRegistration::Local`].
    pub registration: AccountRegistration,
    /// Who may become a server operator.
    pub operators: Vec<Operator>,
    /// Where guests of the line listener are. Default `#lobby`.
    pub lobby: RoomName,
    /// How much a connection may say.
    pub flood: Flood,
    /// How many connections from one place.
    pub connections: Connections,
    /// Time to become somebody. Longer ones let idle connections hold places.
    pub registration_timeout: Duration,
    /// Silence after which a client is asked whether it is there; as long again without an answer ends it.
    pub ping_interval: Duration,
    /// Bytes that may wait for one client; beyond it is told "SendQ exceeded" and closed.
    pub send_queue: usize,
    /// What is shown again to somebody who joins a room.
    pub replay: Replay,
    /// How long a room with something in it is kept while nobody is there.
    pub keep_empty_rooms: Duration,
    /// How long messages are kept. Default for ever.
    pub retention: Retention,
    /// Rooms that one account may be founder of; 0: nobody registers any. Those that there are stay when it is lowered.
    pub rooms_per_account: usize,
    /// What STS advertises (`port=6697` and so on); `None` unless the certificate was issued by a CA.
    pub sts: Option<String>,
    /// For how long somebody may redact what they said. Default `None`: always.
    pub redact_window: Option<Duration>,
    /// What is kept of the log of what was done by privilege.
    pub audit: AuditKept,
    /// Whether several clients that are logged in to one account can be one user. Default yes.
    pub has_several_clients: bool,
    /// Whose users stay without a client. Default [`AlwaysOn::OptIn`].
    pub always_on: AlwaysOn,
    /// How long they stay so.
    pub always_on_expiry: Duration,
    /// Networks that no ban and no lockdown keeps out: the way back for who runs the server. Default none.
    pub ban_exempt: Vec<IpNet>,
    /// From where one needs an account to come in. Default nowhere.
    pub require_account: Vec<IpNet>,
    /// The highest level of lockdown that operators can choose. Default 5: no lockdown.
    pub defcon: Defcon,
    /// Whether messages can be searched for (SEARCH). Default yes; the driver keeps an index for it.
    pub search: bool,
    /// Where people outside reach the web page over TLS, `host` or `host:port`: for links. Default: not known.
    pub public_address: Option<String>,
}

/// How much of the audit log is kept; what is beyond either is trimmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditKept {
    /// Records at most. Default [`limits::CHAT_AUDIT_RECORDS`].
    pub records: u32,
    /// Not older than this. Default [`limits::CHAT_AUDIT_AGE`].
    pub age: Duration,
}

/// Who runs the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admin {
    /// Where it stands.
    pub location: String,
    /// What it is.
    pub description: String,
    /// Whom to ask.
    pub email: String,
}

/// Who may register an account over IRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRegistration {
    /// Everybody who can connect.
    Open,
    /// Who connects from the same machine. Behind a proxy on it, that is everybody.
    Local,
    /// Nobody: accounts are made by who runs the server.
    Closed,
    /// Who has the code of an invitation.
    Invited,
}

/// Whose users stay in their rooms while no client of theirs is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlwaysOn {
    /// Nobody's.
    Off,
    /// Those of accounts that ask for it.
    OptIn,
    /// Those of all accounts but such as do not want it.
    OptOut,
    /// Those of all accounts.
    Mandatory,
}

impl AlwaysOn {
    /// Whether the user of an account stays that has made this choice, or none.
    #[must_use]
    pub fn holds(self, choice: Option<bool>) -> bool {
        match self {
            Self::Off => false,
            Self::OptIn => choice == Some(true),
            Self::OptOut => choice != Some(false),
            Self::Mandatory => true,
        }
    }
}

/// One who may become a server operator by OPER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name given to OPER.
    pub name: String,
    /// The password, as a PHC string.
    pub password_hash: String,
}

/// Flood control: a token bucket for each connection. Lines beyond it wait, and with them what the client sends; from a
/// driver that hands in more all the same, too many end the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flood {
    /// Lines a second in the long run.
    pub lines_per_second: u32,
    /// Lines at once.
    pub burst: u32,
    /// Who may say as much as they like. Default loopback.
    pub exempt: Vec<IpNet>,
}

/// Bounds on connections from one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// From one address.
    pub per_address: usize,
    /// From one network: IPv4 /24, IPv6 /64.
    pub per_network: usize,
    /// Who is not counted. Default loopback.
    pub exempt: Vec<IpNet>,
    /// New ones in a minute from one IPv4 address or IPv6 /64. Default [`limits::CHAT_CONNECTIONS_PER_MINUTE`].
    pub per_minute: u32,
}

impl Connections {
    /// Whether connections of this address are not counted.
    pub(super) fn is_exempt(&self, address: IpAddr) -> bool {
        self.exempt.iter().any(|net| net.contains(&address))
    }
}

/// What is shown again on joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Messages at most; 0 switches it off.
    pub messages: usize,
    /// Not older than this.
    pub age: Duration,
}

/// How long messages of rooms and private ones are kept: what is beyond either bound is gone for good within
/// [`limits::CHAT_RETENTION_INTERVAL`] and the time that the store needs when it has nothing else to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Not older than this. A short one loses what people may want to read back.
    pub age: Option<Duration>,
    /// Not more than so many of each conversation, whatever their age.
    pub newest: Option<u64>,
}

impl Retention {
    /// Whether anything ever goes.
    #[must_use]
    pub fn is_bounded(self) -> bool {
        self.age.is_some() || self.newest.is_some()
    }
}

impl Settings {
    /// Settings that work without a file.
    ///
    /// # Panics
    /// Never: the room's name is right.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a constant that a test parses")]
    pub fn new(version: &str) -> Self {
        let loopback: Vec<IpNet> = ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect();
        Self {
            server_name: "helio.local".to_string(),
            network: "Heliograph".to_string(),
            version: version.to_string(),
            motd: Vec::new(),
            admin: Admin::default(),
            nick_rules: NickRules::Ascii,
            password_hash: None,
            registration: AccountRegistration::Local,
            operators: Vec::new(),
            lobby: RoomName::parse("#lobby").expect("a right name"),
            flood: Flood {
                lines_per_second: limits::CHAT_LINES_PER_SECOND,
                burst: limits::CHAT_LINE_BURST,
                exempt: loopback.clone(),
            },
            connections: Connections {
                per_address: limits::CHAT_CONNECTIONS_PER_ADDRESS,
                per_network: limits::CHAT_CONNECTIONS_PER_NETWORK,
                exempt: loopback,
                per_minute: limits::CHAT_CONNECTIONS_PER_MINUTE,
            },
            registration_timeout: limits::CHAT_REGISTRATION_TIMEOUT,
            ping_interval: limits::CHAT_PING_INTERVAL,
            send_queue: limits::CHAT_SENDQ,
            replay: Replay { messages: limits::CHAT_REPLAY_MESSAGES, age: limits::CHAT_REPLAY_AGE },
            keep_empty_rooms: limits::CHAT_EMPTY_ROOM_KEPT,
            retention: Retention::default(),
            rooms_per_account: limits::CHAT_ROOMS_PER_ACCOUNT,
            sts: None,
            redact_window: None,
            audit: AuditKept { records: limits::CHAT_AUDIT_RECORDS, age: limits::CHAT_AUDIT_AGE },
            has_several_clients: true,
            always_on: AlwaysOn::OptIn,
            always_on_expiry: limits::CHAT_ALWAYS_ON_EXPIRY,
            ban_exempt: Vec::new(),
            require_account: Vec::new(),
            defcon: Defcon::NORMAL,
            search: true,
            public_address: None,
        }
    }

    /// Whether no ban of an address keeps this one out.
    pub(super) fn is_ban_exempt(&self, address: IpAddr) -> bool {
        self.ban_exempt.iter().any(|net| net.contains(&address))
    }
}
