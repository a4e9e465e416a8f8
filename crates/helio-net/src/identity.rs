//! The server's identity: a certificate with its key, made by itself at first start or taken from files.

mod certificate;
mod own;

use crate::fingerprint::Fingerprint;
use certificate::Fields;
use helio_core::limits;
use helio_core::time::Utc;
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Where an identity is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentitySource {
    /// `identity.pem` and `identity.key` in this directory, made at first use. They are never overwritten.
    Own {
        /// The directory; made with mode 0700 when it is missing.
        directory: PathBuf,
    },
    /// Files that somebody else keeps up to date, such as an ACME client.
    Files {
        /// PEM: the server's certificate first, then those of its issuers in order.
        certificate: PathBuf,
        /// PEM: the key of the first certificate, as PKCS#8, SEC 1 or PKCS#1, not encrypted.
        key: PathBuf,
    },
}

/// A certificate chain with the key of its first certificate, checked to belong together.
#[derive(Clone)]
pub struct Identity {
    pair: Arc<CertifiedKey>,
    fingerprint: Fingerprint,
    not_before: Utc,
    not_after: Option<Utc>,
    is_ca_issued: bool,
    is_new: bool,
    certificate: PathBuf,
    key: PathBuf,
    /// Permission bits of the key's file.
    key_mode: u32,
}

/// What is wrong with an identity that works anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Clients that look at dates refuse it.
    Expired {
        /// The certificate's file.
        certificate: PathBuf,
        /// Its last moment.
        since: Utc,
    },
    /// As for one that has expired; most often this machine's clock is wrong.
    NotYetValid {
        /// The certificate's file.
        certificate: PathBuf,
        /// Its first moment.
        from: Utc,
    },
    /// Every user of this machine can read the key, and then pass for this server.
    KeyReadable {
        /// The key's file.
        key: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// Why there is no identity.
#[derive(Debug, Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file of the server's own identity cannot be written.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is longer than [`limits::TLS_FILE_BYTES`].
    #[error("{path} is longer than {limit} bytes, so it is no certificate and no key", path = path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// The file is not the PEM that was expected.
    #[error("{path} holds no {wanted}: {problem}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// `certificate` or `private key`.
        wanted: &'static str,
        /// What is wrong with it, and what is expected.
        problem: String,
    },
    /// Both files are good, but not for each other. While files are being renewed this passes.
    #[error("the key in {key} is not the key of the first certificate in {certificate}",
        key = key.display(), certificate = certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// One file of the server's own identity is there without the other.
    #[error("{found} is there without {missing}: restore that from a backup, or move the first away to get a new \
        identity, whose fingerprint clients must accept anew", found = found.display(), missing = missing.display())]
    Half {
        /// The file that is there.
        found: PathBuf,
        /// The file that is not.
        missing: PathBuf,
    },
    /// The server's own identity is gone since the start. A new one is made at start alone.
    #[error("{certificate} and its key are gone: restore them, or restart to get a new identity, whose fingerprint \
        clients must accept anew", certificate = certificate.display())]
    Gone {
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// The library could not make a key or a certificate.
    #[error("cannot make an identity: {0}")]
    Make(String),
}

impl IdentitySource {
    /// Reads the identity; the server's own is made when there is none yet.
    ///
    /// # Errors
    /// See [`IdentityError`]. Nothing that exists is ever changed.
    pub fn load_or_make(&self) -> Result<Identity, IdentityError> {
        match self {
            Self::Own { directory } => own::load_or_make(directory),
            Self::Files { certificate, key } => Identity::read(certificate, key),
        }
    }

    /// Reads the identity once more, and makes none.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn load(&self) -> Result<Identity, IdentityError> {
        match self {
            Self::Own { directory } => own::load(directory),
            Self::Files { certificate, key } => Identity::read(certificate, key),
        }
    }
}

impl Identity {
    /// What clients pin: of the first certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether the certificate was issued by somebody else, and the file holds that issuer's certificate too, as the
    /// files of public authorities do. Only then may clients be told to insist on TLS (STS).
    ///
    /// This compares names; whether clients trust the issuer is theirs to know. A certificate from an authority of
    /// one's own counts as issued.
    #[must_use]
    pub fn is_ca_issued(&self) -> bool {
        self.is_ca_issued
    }

    /// Whether it was made just now.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The last moment of the certificate; `None` when it says that it has no end, as the server's own does.
    #[must_use]
    pub fn not_after(&self) -> Option<Utc> {
        self.not_after
    }

    /// Whether the certificate is for `name`, a host name or an address (RFC 9525).
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        let Some(leaf) = self.pair.cert.first() else { return false };
        let (Ok(leaf), Ok(name)) = (ParsedCertificate::try_from(leaf), ServerName::try_from(name)) else {
            return false;
        };
        verify_server_name(&leaf, &name).is_ok()
    }

    /// What is worth telling at `now`, at start and at each reload.
    #[must_use]
    pub fn warnings(&self, now: Utc) -> Vec<Warning> {
        let certificate = || self.certificate.clone();
        let mut warnings = Vec::new();
        if let Some(since) = self.not_after.filter(|&end| end < now) {
            warnings.push(Warning::Expired { certificate: certificate(), since });
        }
        if now < self.not_before {
            warnings.push(Warning::NotYetValid { certificate: certificate(), from: self.not_before });
        }
        if self.key_mode & 0o004 != 0 {
            warnings.push(Warning::KeyReadable { key: self.key.clone(), mode: self.key_mode });
        }
        warnings
    }

    /// As the TLS library wants it.
    pub(crate) fn pair(&self) -> &Arc<CertifiedKey> {
        &self.pair
    }

    fn read(certificate: &Path, key: &Path) -> Result<Self, IdentityError> {
        let chain = read_chain(certificate)?;
        let (key_text, key_mode) = read_file(key)?;
        let parsed = PrivateKeyDer::from_pem_slice(&key_text).map_err(|error| no_key(key, &error))?;
        let not_usable = |error: rustls::Error| unreadable(key, "private key", error.to_string());
        let signing = provider().key_provider.load_private_key(parsed).map_err(not_usable)?;
        let leaf = chain.first().map(AsRef::as_ref).unwrap_or_default();
        let odd = || unreadable(certificate, "certificate", "the first one is not as RFC 5280 has it".to_owned());
        let Fields { issuer, subject, not_before, not_after } = Fields::of(leaf).ok_or_else(odd)?;
        let issuer_follows = chain.iter().skip(1).any(|c| Fields::of(c).is_some_and(|next| next.subject == issuer));
        let is_ca_issued = issuer != subject && issuer_follows;
        let fingerprint = Fingerprint::of(leaf);
        let pair = CertifiedKey::new(chain, signing);
        if pair.keys_match().is_err() {
            return Err(IdentityError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() });
        }
        Ok(Self {
            pair: Arc::new(pair),
            fingerprint,
            not_before,
            not_after,
            is_ca_issued,
            is_new: false,
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            key_mode,
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fingerprint, certificate, .. } = self;
        f.debug_struct("Identity").field("fingerprint", fingerprint).field("certificate", certificate).finish()
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { certificate, since } => {
                write!(f, "the certificate in {} expired at {since}; clients may refuse it", certificate.display())
            }
            Self::NotYetValid { certificate, from } => write!(
                f,
                "the certificate in {} is valid from {from} on; clients may refuse it. Is the clock right?",
                certificate.display()
            ),
            Self::KeyReadable { key, mode } => write!(
                f,
                "{} can be read by every user (mode {mode:04o}), who could pass for this server: chmod 600",
                key.display()
            ),
        }
    }
}

/// The one cryptography provider of the process.
pub(crate) fn provider() -> CryptoProvider {
    rustls::crypto::aws_lc_rs::default_provider()
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, IdentityError> {
    let (text, _) = read_file(path)?;
    let bad = |problem: String| unreadable(path, "certificate", problem);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let chain = chain.map_err(|error| bad(pem_problem(&error)))?;
    if chain.is_empty() {
        return Err(bad("expected PEM with a line -----BEGIN CERTIFICATE-----".to_owned()));
    }
    for (index, der) in chain.iter().enumerate() {
        ParsedCertificate::try_from(der).map_err(|error| bad(format!("number {} is damaged: {error}", index + 1)))?;
    }
    Ok(chain)
}

/// The file's content and permission bits.
fn read_file(path: &Path) -> Result<(Vec<u8>, u32), IdentityError> {
    let failed = |source| IdentityError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    let mut text = Vec::new();
    file.take(limits::TLS_FILE_BYTES as u64 + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() > limits::TLS_FILE_BYTES {
        return Err(IdentityError::TooLong { path: path.to_owned(), limit: limits::TLS_FILE_BYTES });
    }
    Ok((text, mode))
}

fn no_key(path: &Path, error: &pem::Error) -> IdentityError {
    let problem = if matches!(error, pem::Error::NoItemsFound) {
        "expected PEM with a line -----BEGIN PRIVATE KEY-----; an encrypted key must be decrypted first".to_owned()
    } else {
        pem_problem(error)
    };
    unreadable(path, "private key", problem)
}

fn pem_problem(error: &pem::Error) -> String {
    if matches!(error, pem::Error::MissingSectionEnd { .. }) {
        return "the file is cut, a line -----END is missing".to_owned();
    }
    error.to_string()
}

fn unreadable(path: &Path, wanted: &'static str, problem: String) -> IdentityError {
    IdentityError::Unreadable { path: path.to_owned(), wanted, problem }
}

#[cfg(test)]
mod tests;
