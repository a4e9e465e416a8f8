//! Why a transfer failed, and what is left of it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;
use thiserror::Error;

/// What went wrong. Each message says whose fault it is and, where there is one, the next step.
#[derive(Debug, Error)]
pub enum TransferError {
    /// The source cannot be opened or read.
    #[error("cannot read {name}: {source}")]
    Source {
        /// The file.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The source is a directory.
    #[error(
        "{name} is a directory, and a raw transfer is one stream; send it as one: tar c {name} | helio send --raw - ADDR"
    )]
    SourceIsDirectory {
        /// The directory.
        name: String,
    },
    /// The target cannot be created or written.
    #[error("cannot write {}: {source}", .path.display())]
    Target {
        /// Where to.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Something of the target's name is there.
    #[error("{} exists; --overwrite replaces it, --to names another place", .path.display())]
    Exists {
        /// What exists.
        path: PathBuf,
    },
    /// Numbered datagrams need a place that can be written at any offset.
    #[error("numbered datagrams leave holes where something is lost, so they need a file; {} is none", .path.display())]
    NeedsFile {
        /// The target.
        path: PathBuf,
    },
    /// The connection failed.
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    /// The peer ended the connection with a reset.
    #[error("the peer reset the connection{}", if *.acknowledged { " after its TCP had acknowledged everything; \
        its program did not read it to the end" } else { "" })]
    Reset {
        /// Whether everything had been acknowledged before.
        acknowledged: bool,
    },
    /// Nothing moved for too long.
    #[error("nothing moved for {0:?}: the peer is stuck or gone")]
    Stalled(Duration),
    /// The chosen method does not work here.
    #[error("{0}; --io copy works everywhere")]
    Method(String),
    /// Nothing listens at the address (ICMP port unreachable came back).
    #[error("refused: the machine answers, and nothing listens on that UDP port")]
    Refused,
    /// The path does not carry datagrams of this size.
    #[error("a datagram of {bytes} bytes is too large for the way to the receiver; --datagram makes them smaller")]
    DatagramTooLarge {
        /// Its size, header included.
        bytes: usize,
    },
    /// The file has more pieces than a numbered transfer holds.
    #[error(transparent)]
    TooManyDatagrams(#[from] helio_core::transfer::TooManyDatagrams),
    /// The receiver of numbered datagrams gave up.
    #[error("the receiver stopped: {0}")]
    ReceiverStopped(&'static str),
    /// It was asked to stop.
    #[error("interrupted")]
    Stopped,
    /// It was asked to stop and hangs in a read or write; see [`super::Control::abandoned`].
    #[error("interrupted while a read or write hangs")]
    Hung,
}

/// A transfer that did not come to its end.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct FailedTransfer {
    /// Why.
    #[source]
    pub error: TransferError,
    /// Bytes that had been moved.
    pub bytes: u64,
    /// Where the received part is kept.
    pub kept: Option<PathBuf>,
}

impl FailedTransfer {
    pub(super) fn new(error: TransferError, bytes: u64) -> Self {
        Self { error, bytes, kept: None }
    }
}

/// What the system says of a broken connection, sorted.
pub(super) fn broken(error: io::Error) -> TransferError {
    if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) {
        return TransferError::Reset { acknowledged: false };
    }
    TransferError::Broken(error)
}
