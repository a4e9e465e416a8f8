//! What comes before a chat: getting to know the server, and making an account with an invitation.

use super::stream::{Framing, OpenError, open};
use helio_core::chat::client::{EnrolError, Enrolled, Enrolment, Newcomer};
use helio_core::irc::frame::LineBuffer;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::connect::{self, ConnectError};
use helio_net::tls::ClientTls;
use std::io;
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Looks whether the server at `address` is believed, and says nothing to it.
///
/// # Errors
/// It is not, or there is no connection; [`ConnectError::Tls`] has the fingerprint of the certificate that it shows.
pub async fn knock(address: &Address, tls: &ClientTls, framing: Framing) -> Result<(), ConnectError> {
    let protocol = if framing == Framing::WebSocket { Some("http/1.1") } else { tls.protocol };
    let tls = ClientTls { protocol, ..*tls };
    let connected = connect::tls(&address.with_scheme(Scheme::Tls), &tls, limits::CONNECT_TIMEOUT).await?;
    let mut connection = connected.connection;
    // It is known by now; whether it says goodbye does not matter.
    let _ = connection.shutdown().await;
    Ok(())
}

/// Why there is no account.
#[derive(Debug, Error)]
pub enum EntryError {
    /// There is no connection.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The connection ended or broke before the server had answered. It may have made the account.
    #[error("the connection was lost before the server answered: {0}")]
    Lost(io::Error),
    /// It did not answer in time.
    #[error("the server does not answer")]
    Silent,
    /// It answered.
    #[error(transparent)]
    Refused(#[from] EnrolError),
}

/// Makes an account with an invitation.
///
/// # Errors
/// See [`EntryError`].
pub async fn enrol(
    address: &Address,
    tls: &ClientTls,
    framing: Framing,
    newcomer: &Newcomer,
) -> Result<Enrolled, EntryError> {
    let mut stream = open(address, tls, framing).await?;
    let (mut enrolment, first) = Enrolment::begin(newcomer);
    let conversation = async {
        stream.write_all(&first).await.map_err(EntryError::Lost)?;
        stream.flush().await.map_err(EntryError::Lost)?;
        let (mut lines, mut buffer) = (LineBuffer::from_server(), vec![0; limits::CHAT_CLIENT_READ]);
        loop {
            let count = stream.read(&mut buffer).await.map_err(EntryError::Lost)?;
            if count == 0 {
                return Err(EntryError::Lost(io::ErrorKind::UnexpectedEof.into()));
            }
            let mut bytes = buffer.get(..count).unwrap_or_default();
            while let Some(line) = lines.poll_line(&mut bytes) {
                let Ok(line) = line else { continue };
                let (out, ended) = enrolment.handle_line(line);
                stream.write_all(&out).await.map_err(EntryError::Lost)?;
                stream.flush().await.map_err(EntryError::Lost)?;
                if let Some(ended) = ended {
                    return Ok(ended?);
                }
            }
        }
    };
    let ended = tokio::time::timeout(limits::CHAT_CLIENT_WELCOME_TIMEOUT, conversation).await;
    let ended = ended.unwrap_or(Err(EntryError::Silent));
    // Who comes back at once should find the name free.
    let leaves = async {
        let mut rest = vec![0; limits::CHAT_CLIENT_READ];
        while ended.is_ok() && stream.read(&mut rest).await.is_ok_and(|count| count > 0) {}
        stream.shutdown().await
    };
    // The server has answered or is given up; whether it says goodbye does not matter.
    let _ = tokio::time::timeout(limits::CHAT_CLIENT_QUIT_TIMEOUT, leaves).await;
    ended
}
