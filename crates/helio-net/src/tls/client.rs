//! The client's side of TLS.

use super::stream::{Metered, TlsStream};
use super::verify::{Admitted, Judge};
use super::{HandshakeError, MinVersion};
use crate::address::Host;
use crate::conn::Connection;
use crate::fingerprint::Fingerprint;
use crate::identity::provider;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use std::io;
use std::sync::{Arc, OnceLock};
use thiserror::Error;
use tokio::net::TcpStream;

/// Which server is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// One whose certificate the machine's authorities vouch for, for the name in the address.
    System,
    /// One that shows the certificate with this fingerprint, whatever names and dates are in it.
    Pinned(Fingerprint),
    /// None yet: connecting fails with [`TlsError::Unknown`], which has the fingerprint to ask about and then to pin.
    AskOnFirstUse,
    /// Any, also one that somebody on the way put in between. For tests and measurements.
    Insecure,
}

/// How a client speaks TLS.
#[derive(Clone, Copy, Debug)]
pub struct ClientTls {
    /// Which server is believed.
    pub trust: Trust,
    /// Default [`MinVersion::Tls13`].
    pub min_version: MinVersion,
    /// The protocol's name in ALPN (RFC 7301), such as `irc`; default: none.
    pub protocol: Option<&'static str>,
}

/// Why a client has no TLS connection, once the server had answered over TCP.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The server is another one, or it has a new identity; or somebody is in between.
    #[error(
        "the server's certificate has changed: expected fingerprint {expected}, got {got}; if its operator did not \
         announce that, do not connect"
    )]
    Changed {
        /// The fingerprint that was pinned.
        expected: Fingerprint,
        /// The one that the server shows.
        got: Fingerprint,
    },
    /// The machine's authorities do not vouch for the server, as for any that made its certificate itself.
    #[error(
        "nobody vouches for the server: {reason}; its certificate has the fingerprint {got}: compare it with what its \
         operator says, and pin it"
    )]
    Untrusted {
        /// The one that the server shows.
        got: Fingerprint,
        /// What the authorities' rules found wrong.
        reason: String,
    },
    /// There is nothing yet to know the server by.
    #[error(
        "the server is not known yet; its certificate has the fingerprint {got}: compare it with what its operator \
         says, and pin it"
    )]
    Unknown {
        /// The one that the server shows.
        got: Fingerprint,
    },
    /// The address holds no name that a certificate could be for.
    #[error("{0} cannot be the name of a TLS server")]
    Name(String),
    /// The machine's authorities cannot be read, or the settings make no sense to the library.
    #[error("TLS is not available here: {0}")]
    Unavailable(rustls::Error),
    /// The handshake failed for another reason.
    #[error("TLS handshake failed: {0}")]
    Handshake(#[from] HandshakeError),
}

impl ClientTls {
    /// TLS 1.3 with a server that is believed by `trust`.
    #[must_use]
    pub fn new(trust: Trust) -> Self {
        Self { trust, min_version: MinVersion::default(), protocol: None }
    }

    /// The handshake with the server at `host`. It has no time limit of its own.
    pub(crate) async fn connect(&self, stream: TcpStream, host: &Host) -> Result<Connection, TlsError> {
        let name = server_name(host)?;
        let seen = Arc::new(OnceLock::new());
        let connector = tokio_rustls::TlsConnector::from(self.config(&seen)?);
        match connector.connect(name, Metered::new(stream)).await {
            Ok(stream) => Ok(Connection::Tls(Box::new(TlsStream::client(stream)))),
            Err(error) => Err(self.failed(error, seen.get().copied())),
        }
    }

    fn config(&self, seen: &Arc<OnceLock<Fingerprint>>) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(provider());
        let admitted = match self.trust {
            Trust::System => {
                let verifier = rustls_platform_verifier::Verifier::new(provider.clone());
                Admitted::VouchedFor(Arc::new(verifier.map_err(TlsError::Unavailable)?))
            }
            Trust::Pinned(expected) => Admitted::Only(expected),
            Trust::AskOnFirstUse => Admitted::None,
            Trust::Insecure => Admitted::Any,
        };
        let judge = Judge::new(admitted, seen.clone(), &provider);
        let mut config = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(self.min_version.versions())
            .map_err(TlsError::Unavailable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(judge))
            .with_no_client_auth();
        config.alpn_protocols = self.protocol.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }

    fn failed(&self, error: io::Error, seen: Option<Fingerprint>) -> TlsError {
        let failed = HandshakeError::of(error);
        match (self.trust, seen) {
            (Trust::Pinned(expected), Some(got)) if got != expected => TlsError::Changed { expected, got },
            (Trust::AskOnFirstUse, Some(got)) => TlsError::Unknown { got },
            (Trust::System, Some(got)) if failed.is_about_trust() => {
                TlsError::Untrusted { got, reason: failed.to_string() }
            }
            (Trust::System | Trust::Pinned(_) | Trust::AskOnFirstUse | Trust::Insecure, _) => failed.into(),
        }
    }
}

/// What the server is asked for (SNI), and what its certificate must be for.
fn server_name(host: &Host) -> Result<ServerName<'static>, TlsError> {
    match host {
        Host::Ip(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Name(name) => {
            // A zone (RFC 4007) means something on this machine alone.
            let name = name.split_once('%').map_or(name.as_str(), |(address, _)| address);
            ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name(name.to_owned()))
        }
        Host::Any => Err(TlsError::Name("*".to_owned())),
    }
}
