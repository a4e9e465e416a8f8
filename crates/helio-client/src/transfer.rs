//! Raw files between two programs: the plain stream over TCP, and datagrams over UDP, naked or numbered.
//!
//! The functions here block. Call them through [`on_thread`], so that no reader of a slow disk or pipe holds up the
//! runtime, and watch or stop them through a [`Control`].

mod control;
mod error;
mod pump;
mod receive;
mod report;
mod send;
mod source;
mod target;
mod udp_receive;
mod udp_send;

pub use control::{Control, on_thread};
pub use error::{FailedTransfer, TransferError};
pub use pump::{ContentHash, IoChoice, Moved};
pub use receive::{ReceiveOptions, Received, receive};
pub use report::{Lines, Record};
pub use send::{SendOptions, Sent, send};
pub use source::Source;
pub use target::{Destination, Target};
pub use udp_receive::{UdpReceiveOptions, UdpReceived, UdpReceivedDetail, udp_receive};
pub use udp_send::{UdpSendOptions, UdpSent, udp_send};
