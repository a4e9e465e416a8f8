//! What changes accounts. `spec/accounts.md` fixes the stored form.

use crate::chat::credential::{Credential, TokenHash};
use crate::fingerprint::Fingerprint;
use alloc::string::String;
use serde::{Deserialize, Serialize};

// spec: begin

/// A change to an account, as it is asked for, happens and is stored. Times are microseconds since 1970 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum AccountChange {
    /// There is this account now. Without a credential no password opens it.
    #[serde(rename = "account-registered")]
    Registered {
        /// Its name, in the case in which it is shown.
        account: String,
        /// What its password is compared with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<Credential>,
        /// When.
        at_us: i64,
    },
    /// Its password is this now. Connections that are logged in stay.
    #[serde(rename = "account-password")]
    Password {
        /// Its name.
        account: String,
        /// What its password is compared with; none: no password opens it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<Credential>,
        /// When.
        at_us: i64,
    },
    /// Nobody can log in to it, and who is logged in is closed.
    #[serde(rename = "account-suspended")]
    Suspended {
        /// Its name.
        account: String,
        /// Why, for those who run the server and for who is closed.
        reason: String,
        /// When.
        at_us: i64,
    },
    /// One can log in to it again.
    #[serde(rename = "account-restored")]
    Restored {
        /// Its name.
        account: String,
        /// When.
        at_us: i64,
    },
    /// It is no more, and nobody can have its name again. There is no way back.
    #[serde(rename = "account-deleted")]
    Deleted {
        /// Its name.
        account: String,
        /// When.
        at_us: i64,
    },
    /// It owns a further nickname, or no longer does.
    #[serde(rename = "nick-owned")]
    NickOwned {
        /// Its name.
        account: String,
        /// The nickname.
        nick: String,
        /// Whether it is its own from now on.
        is_owned: bool,
        /// When.
        at_us: i64,
    },
    /// Who shows this certificate may log in to it, or no longer may.
    #[serde(rename = "account-certificate")]
    CertificateOwned {
        /// Its name.
        account: String,
        /// The certificate.
        certificate: Fingerprint,
        /// Whether it is its own from now on.
        is_owned: bool,
        /// When.
        at_us: i64,
    },
    /// An app password of this name opens it, or no longer does.
    #[serde(rename = "account-app")]
    App {
        /// Its name.
        account: String,
        /// What the app password is called.
        app: String,
        /// What it is compared with; none: there is no such app password any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hash: Option<TokenHash>,
        /// When.
        at_us: i64,
    },
    /// Its user stays without a client from now on, or leaves with the last one.
    #[serde(rename = "account-always-on")]
    AlwaysOn {
        /// Its name.
        account: String,
        /// Whether it stays.
        is_on: bool,
        /// When.
        at_us: i64,
    },
}

// spec: end

impl AccountChange {
    /// The account that it is about.
    #[must_use]
    pub fn account(&self) -> &str {
        match self {
            Self::Registered { account, .. }
            | Self::Password { account, .. }
            | Self::Suspended { account, .. }
            | Self::Restored { account, .. }
            | Self::Deleted { account, .. }
            | Self::NickOwned { account, .. }
            | Self::CertificateOwned { account, .. }
            | Self::App { account, .. }
            | Self::AlwaysOn { account, .. } => account,
        }
    }
}
