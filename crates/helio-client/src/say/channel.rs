//! What messages and answers go through: a stream or datagrams, used in one way.

use helio_core::limits;
use helio_net::conn::Connection;
use helio_net::udp::UdpEndpoint;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

/// An open way to a peer.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) socket: Socket,
    pub(super) peer: SocketAddr,
}

#[derive(Debug)]
pub(super) enum Socket {
    Stream(Connection),
    Datagrams(UdpEndpoint),
}

/// The half that is read.
pub(super) enum Reader<'a> {
    Stream(ReadHalf<&'a mut Connection>),
    Datagrams(&'a UdpEndpoint),
}

/// The half that is written.
pub(super) enum Writer<'a> {
    Stream(WriteHalf<&'a mut Connection>),
    Datagrams(&'a UdpEndpoint),
}

impl Socket {
    /// Both halves, for use at the same time.
    pub(super) fn split(&mut self) -> (Reader<'_>, Writer<'_>) {
        match self {
            Self::Stream(stream) => {
                let (reader, writer) = tokio::io::split(stream);
                (Reader::Stream(reader), Writer::Stream(writer))
            }
            Self::Datagrams(endpoint) => (Reader::Datagrams(endpoint), Writer::Datagrams(endpoint)),
        }
    }
}

impl Reader<'_> {
    /// Some bytes of the stream, or one datagram, which may be empty; `None` at the end of the stream. Dropping the
    /// future loses nothing.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            Self::Stream(stream) => Ok(Some(stream.read(buffer).await?).filter(|&length| length > 0)),
            Self::Datagrams(endpoint) => Ok(Some(endpoint.receive(buffer).await?.0)),
        }
    }
}

impl Writer<'_> {
    /// Hands over the beginning of `bytes`, or all of them as one datagram; how many. Dropping the future loses nothing.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(stream) => stream.write(bytes).await,
            Self::Datagrams(endpoint) => endpoint.send(bytes).await,
        }
    }
}

impl Channel {
    /// Takes what is still there from an earlier exchange out, and counts its bytes. A channel that has ended is not
    /// given back.
    pub(super) async fn without_late_bytes(mut self, buffer: &mut [u8]) -> (Option<Self>, u64) {
        // Lets the runtime look at the socket before it is asked.
        tokio::task::yield_now().await;
        let mut late_bytes = 0;
        // Bounded: a peer that never stops talking must not keep the next message from being said.
        for _ in 0..limits::SAID_AHEAD {
            let (mut reader, _) = self.socket.split();
            let got = tokio::select! {
                biased;
                got = reader.read(buffer) => got,
                () = std::future::ready(()) => break,
            };
            match got {
                Ok(Some(length)) => late_bytes += length as u64,
                Ok(None) | Err(_) => return (None, late_bytes),
            }
        }
        (Some(self), late_bytes)
    }
}
