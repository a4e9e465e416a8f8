//! TLS (RFC 8446) on a byte stream: the server's side, and what both sides share.
//!
//! The TLS library is known in this module, its parts, and [`crate::identity`] alone.
//!
//! No session tickets are sent and no sessions kept. Chat connections last, so resumption would save little; and a peer
//! that only writes and then exits with tickets unread resets the connection, which destroys the end of what it sent.

mod client;
mod stream;
mod turn;
mod verify;

pub use client::{ClientTls, TlsError, Trust};
pub use stream::TlsStream;

use crate::conn::Connection;
use crate::identity::{Identity, IdentityError, IdentitySource, provider};
use helio_core::limits;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{AlertDescription, InvalidMessage, PeerIncompatible, ServerConfig, SupportedProtocolVersion};
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use stream::Metered;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use turn::in_turn;

/// The oldest TLS that is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MinVersion {
    /// For old clients. What is agreed is still only forward-secret key exchange and authenticated encryption.
    Tls12,
    /// The default.
    #[default]
    Tls13,
}

impl MinVersion {
    fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Self::Tls12 => rustls::ALL_VERSIONS,
            Self::Tls13 => TLS13_ONLY,
        }
    }
}

static TLS13_ONLY: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

/// How a server speaks TLS.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Default [`MinVersion::Tls13`].
    pub min_version: MinVersion,
    /// The protocol's name in ALPN (RFC 7301), such as `irc`. A client that names others alone, such as a browser that
    /// was lured here, is refused; one that names none is not. Default: none, and all are taken.
    pub protocol: Option<&'static str>,
    /// Whether clients are asked for a certificate. Any well-formed one is taken, whoever issued it: it says no more than
    /// [`TlsStream::peer_fingerprint`]. Off by default, since some clients then ask their user for one.
    pub ask_client_certificate: bool,
    /// Time for a handshake; default [`limits::TLS_HANDSHAKE_TIMEOUT`].
    pub handshake_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            min_version: MinVersion::default(),
            protocol: None,
            ask_client_certificate: false,
            handshake_timeout: limits::TLS_HANDSHAKE_TIMEOUT,
        }
    }
}

/// The server's side of TLS: one for all listeners that show the same certificate.
#[derive(Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    source: IdentitySource,
    handshake_timeout: Duration,
    turns: Arc<Semaphore>,
}

/// Why a handshake came to nothing. The fault is the peer's, or the network's.
#[derive(Debug, Error)]
pub enum HandshakeError {
    /// It did not complete in time.
    #[error("not complete within {0:?}")]
    TimedOut(Duration),
    /// The peer sent more than any handshake needs.
    #[error("longer than {limit} bytes", limit = limits::TLS_HANDSHAKE_BYTES)]
    TooLong,
    /// The first bytes are no TLS record: a plain client on the encrypted port.
    #[error("the peer does not speak TLS")]
    NotTls,
    /// There is no version that both sides admit; one of them is old.
    #[error("no version of TLS that both sides speak")]
    TooOld,
    /// The peer ended the connection before the handshake was complete.
    #[error("the peer left in the middle")]
    Cut,
    /// Anything else against the protocol, or an alert from the peer: it may not trust the certificate.
    #[error(transparent)]
    Protocol(rustls::Error),
    /// The connection broke.
    #[error(transparent)]
    Broken(io::Error),
}

impl ServerTls {
    /// Loads the identity (making the server's own at first use) and gets ready for handshakes.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn new(source: IdentitySource, settings: &ServerSettings) -> Result<Self, IdentityError> {
        let identity = source.load_or_make()?;
        let current = Arc::new(Current(RwLock::new(Arc::new(identity))));
        Ok(Self {
            config: Arc::new(config(settings, current.clone())?),
            current,
            source,
            handshake_timeout: settings.handshake_timeout,
            turns: Arc::new(Semaphore::new(limits::TLS_HANDSHAKES_AT_ONCE)),
        })
    }

    /// Another way to speak with the same identity, now and after each [`ServerTls::show`] of either: for listeners of another
    /// protocol. Handshakes of both compute in the same turns.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn beside(&self, settings: &ServerSettings) -> Result<Self, IdentityError> {
        Ok(Self {
            config: Arc::new(config(settings, self.current.clone())?),
            current: self.current.clone(),
            source: self.source.clone(),
            handshake_timeout: settings.handshake_timeout,
            turns: self.turns.clone(),
        })
    }

    /// The identity that new handshakes show.
    #[must_use]
    pub fn identity(&self) -> Arc<Identity> {
        self.current.get()
    }

    /// Whether the certificate now shown was issued by an authority; see [`Identity::is_ca_issued`].
    #[must_use]
    pub fn is_ca_issued(&self) -> bool {
        self.identity().is_ca_issued()
    }

    /// Reads the identity again. It is not shown before [`ServerTls::show`], so that whatever else must change with it can be
    /// tried first.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub fn load(&self) -> Result<Arc<Identity>, IdentityError> {
        Ok(Arc::new(self.source.load()?))
    }

    /// Shows `identity` in handshakes from now on; open connections stay as they are.
    pub fn show(&self, identity: Arc<Identity>) {
        self.current.set(identity);
    }

    /// The handshake with a client. Safe to drop at any time: the connection is then closed.
    ///
    /// # Errors
    /// See [`HandshakeError`]; where the protocol has an alert for it, the client was told.
    pub async fn accept(&self, stream: TcpStream) -> Result<Connection, HandshakeError> {
        let acceptor = tokio_rustls::TlsAcceptor::from(self.config.clone());
        // Boxed: the tasks of connections are as large as their largest moment, and this one is soon over.
        let handshake = Box::pin(in_turn(&self.turns, acceptor.accept(Metered::new(stream))));
        match tokio::time::timeout(self.handshake_timeout, handshake).await {
            Ok(Ok(stream)) => Ok(Connection::Tls(Box::new(TlsStream::server(stream)))),
            Ok(Err(error)) => Err(HandshakeError::of(error)),
            Err(_) => Err(HandshakeError::TimedOut(self.handshake_timeout)),
        }
    }
}

/// The library's form of `settings`.
fn config(settings: &ServerSettings, current: Arc<Current>) -> Result<ServerConfig, IdentityError> {
    let provider = Arc::new(provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(settings.min_version.versions())
        .map_err(|error| IdentityError::Make(error.to_string()))?;
    let builder = if settings.ask_client_certificate {
        builder.with_client_cert_verifier(Arc::new(verify::AnyClient::new(&provider)))
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_cert_resolver(current);
    config.alpn_protocols = settings.protocol.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

impl HandshakeError {
    /// Whether it was the peer's certificate that was not taken.
    fn is_about_trust(&self) -> bool {
        matches!(self, Self::Protocol(rustls::Error::InvalidCertificate(_)))
    }

    fn of(error: io::Error) -> Self {
        if stream::is_too_long(&error) {
            return Self::TooLong;
        }
        match error.downcast::<rustls::Error>() {
            Ok(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) => Self::NotTls,
            Ok(rustls::Error::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::Tls13RequiredForQuic
                | PeerIncompatible::SupportedVersionsExtensionRequired,
            )) => Self::TooOld,
            Ok(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)) => Self::TooOld,
            Ok(error) => Self::Protocol(error),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Cut,
            Err(error) => Self::Broken(error),
        }
    }
}

/// The identity that is shown, exchanged by [`ServerTls::show`].
struct Current(RwLock<Arc<Identity>>);

impl Current {
    fn get(&self) -> Arc<Identity> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, identity: Arc<Identity>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().pair().clone())
    }
}

impl std::fmt::Debug for Current {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.get().fmt(f)
    }
}

#[cfg(test)]
mod tests;
