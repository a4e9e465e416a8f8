//! The messages of the control socket: one JSON object a line each. `spec/control.md` describes them.

use super::RoomInfo;
use crate::chat::audit::AuditRecord;
use crate::chat::credential::Credential;
use crate::chat::state::{AccountInfo, InviteInfo};
use crate::chat::storage::encode;
use crate::fingerprint::Fingerprint;
use crate::irc::standard_reply::ReplyCode;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The driver's number for a request; the answer carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(pub u64);

// spec: begin

/// What is asked. Names of accounts are taken in any case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ControlRequest {
    /// Make an account.
    AccountAdd {
        /// Its name.
        name: String,
        /// What its password is compared with; whoever asks has made it.
        credential: Credential,
    },
    /// Set the password of an account.
    AccountPasswd {
        /// Its name.
        name: String,
        /// What its password is compared with.
        credential: Credential,
    },
    /// Let nobody log in to an account.
    AccountSuspend {
        /// Its name.
        name: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Let people log in to it again.
    AccountRestore {
        /// Its name.
        name: String,
    },
    /// Delete an account.
    AccountDelete {
        /// Its name.
        name: String,
    },
    /// The accounts, by name.
    AccountList {
        /// Those behind this one; all without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Give an account a further nickname.
    NickAdd {
        /// Its name.
        name: String,
        /// The nickname.
        nick: String,
    },
    /// Take a nickname from an account.
    NickDelete {
        /// Its name.
        name: String,
        /// The nickname.
        nick: String,
    },
    /// Let who shows a certificate log in to an account.
    CertAdd {
        /// Its name.
        name: String,
        /// SHA-256 of the certificate.
        certificate: Fingerprint,
    },
    /// Let them no longer.
    CertDelete {
        /// Its name.
        name: String,
        /// SHA-256 of the certificate.
        certificate: Fingerprint,
    },
    /// Make an app password of an account; the answer is `secret`.
    AppAdd {
        /// Its name.
        name: String,
        /// What the app password is called.
        app: String,
    },
    /// Delete an app password of an account.
    AppDelete {
        /// Its name.
        name: String,
        /// What the app password is called.
        app: String,
    },
    /// Make an invitation; the answer is `invited`.
    InviteAdd {
        /// How many accounts can be registered with it.
        uses: u32,
        /// For how many seconds.
        expires_s: u64,
        /// The room that whoever uses it is invited to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        room: Option<String>,
    },
    /// The invitations that can be used, by id.
    InviteList {
        /// Those behind this one; all without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Let nobody use an invitation any more.
    InviteRevoke {
        /// Its id.
        id: String,
    },
    /// What was done by privilege, oldest first.
    Audit {
        /// From this position of the log on; without it, the newest that fit into one answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<u64>,
    },
    /// Leave the file of the store alone, so that it can be copied; the answer is `frozen`. It ends with the connection.
    StoreFreeze,
    /// Ends that; the answer is `thawed`.
    StoreThaw,
    /// The rooms that are on disk, by name.
    RoomList {
        /// Those behind this one; all without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// Where a room's messages are, and how it is set; the answer is `room`.
    RoomExport {
        /// Its name.
        name: String,
    },
    /// Records of a log, oldest first; the answer is `records`.
    LogRead {
        /// Its name.
        log: String,
        /// From this position on.
        from: u64,
    },
    /// Begin with a room that is not there; the answer is `importing`.
    RoomImport {
        /// Its name.
        name: String,
    },
    /// Put messages into the log of a room that is being imported.
    LogAppend {
        /// Its name.
        log: String,
        /// Messages, as conversations are stored.
        records: Vec<Value>,
    },
    /// Make the room that was imported.
    RoomOpen {
        /// Its name.
        name: String,
        /// The log with its messages.
        log: String,
        /// How it is set, as `room` answers it.
        settings: Value,
    },
    /// Forget the log of a room that was not imported after all.
    LogForget {
        /// Its name.
        log: String,
    },
    /// Where the server can be reached; the answer is `listening`.
    Listening,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum ControlAnswer {
    /// It is done, and on disk.
    Done,
    /// It is not.
    Refused(ControlError),
    /// It is done, and this is shown only now.
    Secret {
        /// The app password.
        secret: String,
    },
    /// The same of an invitation.
    Invited {
        /// What it is revoked by.
        id: String,
        /// What whoever is invited gives to REGISTER.
        code: String,
    },
    /// Some accounts.
    Accounts {
        /// By name.
        accounts: Vec<AccountInfo>,
        /// There are no more behind them.
        is_last: bool,
    },
    /// Some invitations.
    Invites {
        /// By id.
        invites: Vec<InviteInfo>,
        /// There are no more behind them.
        is_last: bool,
    },
    /// What was done.
    Audit {
        /// Oldest first.
        records: Vec<AuditRecord>,
        /// The position behind them.
        next: u64,
        /// There are no more yet.
        is_last: bool,
    },
    /// The store is in one file, which is left alone from now on.
    Frozen {
        /// The file.
        path: String,
    },
    /// The file may change again.
    Thawed {
        /// It was left alone all the time.
        is_intact: bool,
    },
    /// Some rooms.
    Rooms {
        /// By name.
        rooms: Vec<RoomInfo>,
        /// There are no more behind them.
        is_last: bool,
    },
    /// A room.
    Room {
        /// As it is written.
        name: String,
        /// The log with its messages.
        log: String,
        /// How it is set: a record `room` without identity and name.
        settings: Value,
    },
    /// Records of a log.
    Records {
        /// Oldest first; those that were erased, and those that are no JSON, are left out.
        records: Vec<Value>,
        /// The position behind them.
        next: u64,
        /// The first position that the log has, and the one behind its last.
        first: u64,
        /// See `first`.
        end: u64,
    },
    /// A room can be imported.
    Importing {
        /// The log that its messages go to.
        log: String,
    },
    /// Where the server can be reached.
    Listening {
        /// What the setting `public-address` says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        public_address: Option<String>,
        /// Where web pages are served over TLS: `host:port`, with the ports that the system chose. A stopped server listens
        /// nowhere.
        web_tls: Vec<String>,
        /// SHA-256 of the certificate; of one that runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
        /// An authority issued the certificate, so that it is another one soon.
        is_ca_issued: bool,
    },
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ControlError {
    /// For programs, as the standard replies of IRC have it.
    pub code: String,
    /// For people.
    pub message: String,
}

// spec: end

impl ControlRequest {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no request that is known here.
    pub fn decode(line: &[u8]) -> Result<Self, ControlError> {
        serde_json::from_slice(line).map_err(|error| ControlError {
            code: ReplyCode::InvalidParams.code().to_string(),
            message: format!("the request is not one that this server knows: {error}"),
        })
    }

    /// As a line, without its end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// What the audit log is told of it: the deed, to whom, and more. `None`: it only asks.
    pub(super) fn told(&self) -> Option<(&'static str, String, String)> {
        let none = String::new;
        Some(match self {
            Self::AccountAdd { name, .. } => ("account-add", name.clone(), none()),
            Self::AccountPasswd { name, .. } => ("account-passwd", name.clone(), none()),
            Self::AccountSuspend { name, reason } => ("account-suspend", name.clone(), reason.clone()),
            Self::AccountRestore { name } => ("account-restore", name.clone(), none()),
            Self::AccountDelete { name } => ("account-delete", name.clone(), none()),
            Self::NickAdd { name, nick } => ("nick-add", name.clone(), nick.clone()),
            Self::NickDelete { name, nick } => ("nick-delete", name.clone(), nick.clone()),
            Self::CertAdd { name, certificate } => ("cert-add", name.clone(), certificate.to_string()),
            Self::CertDelete { name, certificate } => ("cert-delete", name.clone(), certificate.to_string()),
            Self::AppAdd { name, app } => ("app-add", name.clone(), app.clone()),
            Self::AppDelete { name, app } => ("app-delete", name.clone(), app.clone()),
            Self::InviteAdd { uses, expires_s, room } => {
                let to = room.as_ref().map(|room| format!(" to {room}")).unwrap_or_default();
                ("invite-add", none(), format!("{uses} uses within {expires_s} seconds{to}"))
            }
            Self::InviteRevoke { id } => ("invite-revoke", id.clone(), none()),
            Self::AccountList { .. }
            | Self::InviteList { .. }
            | Self::Listening
            | Self::Audit { .. }
            | Self::StoreThaw
            | Self::RoomList { .. }
            | Self::LogRead { .. }
            | Self::RoomImport { .. }
            | Self::LogAppend { .. }
            | Self::LogForget { .. } => return None,
            Self::RoomExport { name } => ("room-export", name.clone(), none()),
            Self::RoomOpen { name, .. } => ("room-import", name.clone(), none()),
            Self::StoreFreeze => ("store-freeze", none(), none()),
        })
    }
}

impl ControlAnswer {
    /// Reads a line.
    ///
    /// # Errors
    /// It is no answer that is known here: the server is of another version.
    pub fn decode(line: &[u8]) -> Result<Self, ControlError> {
        serde_json::from_slice(line).map_err(|error| ControlError {
            code: ReplyCode::InvalidParams.code().to_string(),
            message: format!("the server's answer is not known here, it may be of another version: {error}"),
        })
    }

    /// As a line, without its end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }
}

impl ControlError {
    /// With the text of this code.
    #[must_use]
    pub fn of(code: ReplyCode) -> Self {
        Self { code: code.code().to_string(), message: code.text().to_string() }
    }
}
