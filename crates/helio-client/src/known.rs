//! Servers that a person has been to: their certificates, and the accounts there (spec/known-servers.md).

use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::fingerprint::Fingerprint;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The file in the data directory.
const NAME: &str = "known-servers.json";

/// The version of its form.
const VERSION: u32 = 1;

// spec: begin

/// What is kept of one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownServer {
    /// `host:port`.
    pub address: String,
    /// What is spoken there.
    pub speech: KnownSpeech,
    /// Its certificate; `None`: the machine's authorities vouch for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// The account there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<KnownAccount>,
    /// The room that one was invited to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// When it was last changed here, microseconds since 1970 in UTC.
    pub at_us: i64,
}

/// What is spoken behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownSpeech {
    /// IRC over TLS.
    Tls,
    /// IRC in WebSocket over TLS.
    Web,
}

/// An account and what opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAccount {
    /// Its name.
    pub name: String,
    /// Its password, which was made here.
    pub password: String,
    /// Whether the server is known to have made it.
    pub is_made: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u32,
    servers: Vec<KnownServer>,
}

// spec: end

/// Why it cannot be read or kept.
#[derive(Debug, Error)]
pub enum KnownError {
    /// The file or its directory.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} is not what helio chat wrote: {reason}; move it away to begin anew")]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// There is no place for one more.
    #[error("{limit} servers with accounts are known, which is all that are kept", limit = limits::CHAT_KNOWN_SERVERS)]
    Full,
}

/// The file in one data directory. Several programs may use it at a time.
#[derive(Clone, Debug)]
pub struct KnownServers {
    directory: PathBuf,
}

impl KnownServers {
    /// Those in this data directory, which is made when something is kept.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    /// What is known of the server at this address. Port 0 stands for any, a scheme for what is spoken: of several the one that was
    /// changed last.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn find(&self, address: &Address) -> Result<Option<KnownServer>, KnownError> {
        let servers = self.read()?.into_iter();
        Ok(servers.filter(|known| known.is_at(address)).max_by_key(|known| known.at_us))
    }

    /// Keeps this, in place of what is known of the same address.
    ///
    /// # Errors
    /// The file cannot be read or written, or is full of servers with accounts.
    pub fn keep(&self, server: KnownServer) -> Result<(), KnownError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(|source| self.failed(source))?;
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(self.directory.join("known-servers.lock")).map_err(|source| self.failed(source))?;
        // Released when the file is closed.
        lock.lock().map_err(|source| self.failed(source))?;
        let mut servers = self.read()?;
        servers.retain(|known| (known.address.as_str(), known.speech) != (server.address.as_str(), server.speech));
        if servers.len() >= limits::CHAT_KNOWN_SERVERS {
            let without = servers.iter().enumerate().filter(|(_, known)| known.account.is_none());
            let oldest = without.min_by_key(|(_, known)| known.at_us).map(|(at, _)| at).ok_or(KnownError::Full)?;
            servers.remove(oldest);
        }
        servers.push(server);
        self.write(servers).map_err(|source| self.failed(source))
    }

    fn read(&self) -> Result<Vec<KnownServer>, KnownError> {
        let mut bytes = Vec::new();
        let most = limits::CHAT_KNOWN_BYTES as u64;
        let read = File::open(self.path()).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
        match read {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed(error)),
            Ok(_) => {}
        }
        let wrong = |reason| KnownError::Content { path: self.path(), reason };
        if bytes.len() > limits::CHAT_KNOWN_BYTES {
            return Err(wrong(format!("more than {most} bytes")));
        }
        let content: Content = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        if content.version == VERSION {
            Ok(content.servers)
        } else {
            Err(wrong(format!("version {}, expected {VERSION}", content.version)))
        }
    }

    /// Whole or not at all: written beside and renamed.
    fn write(&self, servers: Vec<KnownServer>) -> io::Result<()> {
        let beside = self.directory.join("known-servers.new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&beside)?;
        file.write_all(&serde_json::to_vec_pretty(&Content { version: VERSION, servers })?)?;
        file.sync_all()?;
        std::fs::rename(beside, self.path())
    }

    fn failed(&self, source: io::Error) -> KnownError {
        KnownError::File { path: self.path(), source }
    }
}

impl KnownServer {
    /// Nothing yet but where it is.
    #[must_use]
    pub fn at(address: &Address, speech: KnownSpeech) -> Self {
        let address = Address { scheme: None, ..address.clone() }.to_string();
        Self { address, speech, fingerprint: None, account: None, room: None, at_us: 0 }
    }

    fn is_at(&self, wanted: &Address) -> bool {
        let Ok(own) = self.address.parse::<Address>() else { return false };
        let is_spoken = match wanted.scheme {
            None => true,
            Some(Scheme::Tls) => self.speech == KnownSpeech::Tls,
            Some(Scheme::Tcp | Scheme::Udp) => false,
        };
        is_spoken && own.host == wanted.host && (wanted.port == 0 || own.port == wanted.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn server(address: &str, speech: KnownSpeech, at_us: i64) -> KnownServer {
        KnownServer { at_us, ..KnownServer::at(&address.parse().unwrap(), speech) }
    }

    fn with_account(server: KnownServer) -> KnownServer {
        let account = KnownAccount { name: "ada".to_owned(), password: "secret".to_owned(), is_made: true };
        KnownServer { account: Some(account), ..server }
    }

    #[test]
    fn what_is_kept_is_found_again_and_read_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let known = KnownServers::new(&directory.path().join("data"));
        assert_eq!(known.find(&"h:1".parse().unwrap()).unwrap(), None);
        let (web, tls) = (server("h:8443", KnownSpeech::Web, 1), server("h:6697", KnownSpeech::Tls, 2));
        known.keep(with_account(web.clone())).unwrap();
        known.keep(tls.clone()).unwrap();
        let find = |text: &str| known.find(&text.parse().unwrap()).unwrap();
        assert_eq!(find("h:8443"), Some(with_account(web.clone())));
        assert_eq!(find("h:0"), Some(tls.clone()), "the one that was changed last");
        assert_eq!(find("tls://h:8443"), None);
        assert_eq!((find("tls://h:6697"), find("tcp://h:6697"), find("other:0")), (Some(tls), None, None));
        known.keep(web.clone()).unwrap();
        assert_eq!(find("h:8443"), Some(web), "in place of the former");
        for file in ["known-servers.json", "known-servers.lock"] {
            let mode = std::fs::metadata(directory.path().join("data").join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let directory = tempfile::tempdir().unwrap();
        let known = KnownServers::new(directory.path());
        for text in ["", "[]", r#"{"version":2,"servers":[]}"#, &" ".repeat(limits::CHAT_KNOWN_BYTES + 1)] {
            std::fs::write(known.path(), text).unwrap();
            let error = known.keep(server("h:1", KnownSpeech::Tls, 1)).unwrap_err();
            assert!(matches!(error, KnownError::Content { .. }), "{error}");
            assert_eq!(std::fs::read_to_string(known.path()).unwrap(), text);
        }
    }

    /// [`limits::CHAT_KNOWN_SERVERS`]
    #[test]
    fn accounts_are_never_forgotten_for_others() {
        let directory = tempfile::tempdir().unwrap();
        let known = KnownServers::new(directory.path());
        let most = i64::try_from(limits::CHAT_KNOWN_SERVERS).unwrap();
        let some = |n: i64| server(&format!("h{n}:1"), KnownSpeech::Tls, n);
        let full: Vec<_> = (0..most).map(|n| if n == 5 { some(n) } else { with_account(some(n)) }).collect();
        known.write(full).unwrap();
        known.keep(with_account(some(most))).unwrap();
        assert_eq!(known.find(&"h5:1".parse().unwrap()).unwrap(), None);
        assert!(matches!(known.keep(some(most + 1)), Err(KnownError::Full)));
    }
}
