//! The chat service's settings.

mod listen;
mod value;

pub(crate) use listen::ListenFlags;
pub(super) use listen::{is_loopback, shown};
pub(crate) use value::PublicAddress;

use crate::exit::{Failure, Outcome};
use crate::settings::layered;
use crate::value::{Net, Span};
use helio_core::chat::{AccountRegistration, AlwaysOn, Operator, Settings};
use helio_core::irc::name::NickRules;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::identity::IdentitySource;
use helio_net::tls::{MinVersion, ServerSettings};
use helio_server::service::chat::{ChatSettings, Door, Speech};
use serde::Deserialize;
use std::io::Read as _;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use value::{
    Level, Lobby, OneLine, Origin, PasswordHash, ReplayMessages, RequireAccount, SendQueue, ServerName, Wait, Word,
};

/// The chat service's settings; table `[chat]` of the settings file. `docs/chat.md` explains each.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ChatFlags {
    listen: Option<Vec<Address>>,
    tls_listen: Option<Vec<Address>>,
    web_listen: Option<Vec<Address>>,
    line_listen: Option<Vec<Address>>,
    origins: Option<Vec<Origin>>,
    allow_plain: Option<bool>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    min_tls: Option<MinTls>,
    sts: Option<Span>,
    server_name: Option<ServerName>,
    network: Option<Word>,
    motd: Option<String>,
    motd_file: Option<PathBuf>,
    admin: Option<Admin>,
    nicknames: Option<Nicknames>,
    password_hash: Option<PasswordHash>,
    registration: Option<Registration>,
    operator: Option<Vec<OperatorFlags>>,
    lobby: Option<Lobby>,
    lines_per_second: Option<NonZeroU32>,
    line_burst: Option<NonZeroU32>,
    flood_exempt: Option<Vec<Net>>,
    per_address: Option<NonZeroU32>,
    per_network: Option<NonZeroU32>,
    connections_exempt: Option<Vec<Net>>,
    registration_timeout: Option<Wait>,
    ping_interval: Option<Wait>,
    send_queue: Option<SendQueue>,
    replay_messages: Option<ReplayMessages>,
    replay_age: Option<Span>,
    keep_empty_rooms: Option<Span>,
    keep_messages: Option<Span>,
    keep_newest: Option<NonZeroU64>,
    redact_window: Option<Span>,
    rooms_per_account: Option<u32>,
    audit_records: Option<NonZeroU32>,
    audit_age: Option<Span>,
    several_clients: Option<bool>,
    always_on: Option<AlwaysOnRule>,
    always_on_expiry: Option<Span>,
    connections_per_minute: Option<NonZeroU32>,
    ban_exempt: Option<Vec<Net>>,
    require_account: Option<RequireAccount>,
    defcon: Option<Level>,
    search: Option<bool>,
    web_tls_listen: Option<Vec<Address>>,
    public_address: Option<PublicAddress>,
}

layered!(ChatFlags {
    listen,
    tls_listen,
    web_listen,
    line_listen,
    origins,
    allow_plain,
    certificate,
    key,
    min_tls,
    sts,
    server_name,
    network,
    motd,
    motd_file,
    admin,
    nicknames,
    password_hash,
    registration,
    operator,
    lobby,
    lines_per_second,
    line_burst,
    flood_exempt,
    per_address,
    per_network,
    connections_exempt,
    registration_timeout,
    ping_interval,
    send_queue,
    replay_messages,
    replay_age,
    keep_empty_rooms,
    keep_messages,
    keep_newest,
    redact_window,
    rooms_per_account,
    audit_records,
    audit_age,
    several_clients,
    always_on,
    always_on_expiry,
    connections_per_minute,
    ban_exempt,
    require_account,
    defcon,
    search,
    web_tls_listen,
    public_address,
});

/// Who runs the server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Admin {
    location: OneLine,
    description: OneLine,
    email: OneLine,
}

/// One who may become a server operator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OperatorFlags {
    name: Word,
    password_hash: PasswordHash,
}

/// `min-tls`.
#[derive(Clone, Copy, Debug, Deserialize)]
enum MinTls {
    #[serde(rename = "1.2")]
    Tls12,
    #[serde(rename = "1.3")]
    Tls13,
}

/// `registration`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Registration {
    Open,
    Local,
    Closed,
    Invited,
}

/// `always-on`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum AlwaysOnRule {
    Off,
    OptIn,
    OptOut,
    Mandatory,
}

/// `nicknames`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Nicknames {
    Ascii,
    Unicode,
}

impl ChatFlags {
    /// Everything that can change while the service runs. STS is offered only with `is_ca_issued`.
    pub(super) fn gather(&self, is_ca_issued: bool) -> Outcome<ChatSettings> {
        Ok(ChatSettings {
            chat: self.settings(is_ca_issued)?,
            doors: self.doors()?,
            origins: self.origins.iter().flatten().map(|origin| origin.0.clone()).collect(),
        })
    }

    fn settings(&self, is_ca_issued: bool) -> Outcome<Settings> {
        let mut settings = Settings::new(concat!("heliograph-", env!("CARGO_PKG_VERSION")));
        set(&mut settings.server_name, self.server_name.as_ref().map(|name| name.0.clone()));
        set(&mut settings.network, self.network.as_ref().map(|name| name.0.clone()));
        settings.motd = self.motd()?;
        if let Some(admin) = &self.admin {
            settings.admin.location = admin.location.0.clone();
            settings.admin.description = admin.description.0.clone();
            settings.admin.email = admin.email.0.clone();
        }
        set(&mut settings.nick_rules, self.nicknames.map(Nicknames::rules));
        settings.password_hash = self.password_hash.as_ref().map(|hash| hash.0.clone());
        set(&mut settings.registration, self.registration.map(Registration::rule));
        settings.operators = self.operator.iter().flatten().map(OperatorFlags::operator).collect();
        set(&mut settings.lobby, self.lobby.as_ref().map(|lobby| lobby.0.clone()));
        set(&mut settings.flood.lines_per_second, self.lines_per_second.map(NonZeroU32::get));
        set(&mut settings.flood.burst, self.line_burst.map(NonZeroU32::get));
        set(&mut settings.flood.exempt, self.flood_exempt.as_deref().map(networks));
        set(&mut settings.connections.per_address, self.per_address.map(|n| n.get() as usize));
        set(&mut settings.connections.per_network, self.per_network.map(|n| n.get() as usize));
        set(&mut settings.connections.exempt, self.connections_exempt.as_deref().map(networks));
        set(&mut settings.connections.per_minute, self.connections_per_minute.map(NonZeroU32::get));
        set(&mut settings.ban_exempt, self.ban_exempt.as_deref().map(networks));
        set(&mut settings.require_account, self.require_account.as_ref().map(RequireAccount::networks));
        set(&mut settings.defcon, self.defcon.map(|level| level.0));
        set(&mut settings.registration_timeout, self.registration_timeout.map(|wait| wait.0));
        set(&mut settings.ping_interval, self.ping_interval.map(|wait| wait.0));
        set(&mut settings.send_queue, self.send_queue.map(|size| size.0));
        set(&mut settings.replay.messages, self.replay_messages.map(|messages| messages.0));
        set(&mut settings.replay.age, self.replay_age.map(|span| span.0));
        set(&mut settings.keep_empty_rooms, self.keep_empty_rooms.map(|span| span.0));
        settings.retention.age = self.keep_messages.map(|span| span.0);
        settings.retention.newest = self.keep_newest.map(NonZeroU64::get);
        settings.redact_window = self.redact_window.map(|span| span.0);
        set(&mut settings.rooms_per_account, self.rooms_per_account.map(|rooms| rooms as usize));
        set(&mut settings.audit.records, self.audit_records.map(NonZeroU32::get));
        set(&mut settings.audit.age, self.audit_age.map(|span| span.0));
        set(&mut settings.has_several_clients, self.several_clients);
        set(&mut settings.always_on, self.always_on.map(AlwaysOnRule::rule));
        set(&mut settings.always_on_expiry, self.always_on_expiry.map(|span| span.0));
        set(&mut settings.search, self.search);
        settings.public_address = self.public_address.as_ref().map(|address| address.0.clone());
        settings.sts = self.sts.filter(|_| is_ca_issued).and_then(|span| self.sts_value(span));
        Ok(settings)
    }

    /// Whether STS is asked for.
    pub(super) fn wants_sts(&self) -> bool {
        self.sts.is_some()
    }

    /// The certificate's files, or the server's own identity in the data directory.
    pub(crate) fn identity(&self, data: &Path) -> Outcome<IdentitySource> {
        match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Ok(IdentitySource::Files { certificate: certificate.clone(), key: key.clone() })
            }
            (None, None) => Ok(IdentitySource::Own { directory: data.join("tls") }),
            (Some(_), None) => Err(Failure::usage("[chat] certificate needs key, the file with its private key")),
            (None, Some(_)) => Err(Failure::usage("[chat] key needs certificate, the file with the certificates")),
        }
    }

    /// What the server calls itself.
    pub(crate) fn server_name(&self) -> String {
        self.server_name.as_ref().map_or_else(|| Settings::new("").server_name, |name| name.0.clone())
    }

    pub(super) fn tls(&self) -> ServerSettings {
        let min_version = match self.min_tls {
            Some(MinTls::Tls12) => MinVersion::Tls12,
            Some(MinTls::Tls13) | None => MinVersion::Tls13,
        };
        ServerSettings { min_version, protocol: Some("irc"), ask_client_certificate: true, ..ServerSettings::default() }
    }

    /// Settings that only a restart takes over.
    pub(super) fn is_restart_needed(&self, new: &Self) -> bool {
        let files = |flags: &Self| (flags.certificate.clone(), flags.key.clone());
        files(self) != files(new) || self.tls().min_version != new.tls().min_version
    }

    /// `duration` for those who came over TLS, `port` for those who did not (IRCv3 sts).
    fn sts_value(&self, duration: Span) -> Option<String> {
        let is_irc = |door: &Door| door.speech == Speech::Irc && door.address.scheme == Some(Scheme::Tls);
        let port = self.wanted_doors().into_iter().find(is_irc)?.address.port;
        Some(format!("duration={},port={port}", duration.0.as_secs()))
    }

    fn motd(&self) -> Outcome<Vec<String>> {
        let text = match (&self.motd, &self.motd_file) {
            (Some(_), Some(_)) => return Err(Failure::usage("[chat] has both motd and motd-file, expected one")),
            (Some(text), None) => text.clone(),
            (None, Some(path)) => read_text(path)?,
            (None, None) => return Ok(Vec::new()),
        };
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let (most, longest) = (limits::CHAT_MOTD_LINES, limits::CHAT_MOTD_LINE);
        if lines.len() > most {
            return Err(Failure::usage(format_args!("[chat] motd has {} lines, limit is {most}", lines.len())));
        }
        match lines.iter().position(|line| line.len() > longest) {
            Some(at) => {
                let (number, bytes) = (at + 1, lines[at].len());
                Err(Failure::usage(format_args!("[chat] line {number} of motd is {bytes} bytes, limit is {longest}")))
            }
            None => Ok(lines),
        }
    }
}

impl Nicknames {
    fn rules(self) -> NickRules {
        match self {
            Self::Ascii => NickRules::Ascii,
            Self::Unicode => NickRules::Precis,
        }
    }
}

impl AlwaysOnRule {
    fn rule(self) -> AlwaysOn {
        match self {
            Self::Off => AlwaysOn::Off,
            Self::OptIn => AlwaysOn::OptIn,
            Self::OptOut => AlwaysOn::OptOut,
            Self::Mandatory => AlwaysOn::Mandatory,
        }
    }
}

impl Registration {
    fn rule(self) -> AccountRegistration {
        match self {
            Self::Open => AccountRegistration::Open,
            Self::Local => AccountRegistration::Local,
            Self::Closed => AccountRegistration::Closed,
            Self::Invited => AccountRegistration::Invited,
        }
    }
}

impl OperatorFlags {
    fn operator(&self) -> Operator {
        Operator { name: self.name.0.clone(), password_hash: self.password_hash.0.clone() }
    }
}

fn set<T>(default: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *default = given;
    }
}

fn networks(nets: &[Net]) -> Vec<ipnet::IpNet> {
    nets.iter().map(|net| net.0).collect()
}

fn read_text(path: &Path) -> Outcome<String> {
    let most = limits::CHAT_MOTD_LINES * limits::CHAT_MOTD_LINE;
    let failed = |error| Failure::file(format_args!("read the message of the day in {}", path.display()), &error);
    let mut text = String::new();
    std::fs::File::open(path).map_err(failed)?.take(most as u64 + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() > most {
        return Err(Failure::usage(format_args!("{} is longer than {most} bytes", path.display())));
    }
    Ok(text)
}
