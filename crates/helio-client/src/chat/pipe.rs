//! An open connection with what waits to be written to it.

use super::stream::Stream;
use helio_core::irc::frame::LineBuffer;
use helio_core::limits;
use std::io;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

pub(crate) struct Pipe {
    reader: ReadHalf<Stream>,
    writer: WriteHalf<Stream>,
    /// Bytes to be written, from `written` on.
    unsent: Vec<u8>,
    written: usize,
    is_flushed: bool,
    buffer: Vec<u8>,
    /// The start of a line whose end has not come.
    pub(super) lines: LineBuffer,
}

impl Pipe {
    pub(super) fn new(connection: Stream) -> Self {
        let (reader, writer) = tokio::io::split(connection);
        Self {
            reader,
            writer,
            unsent: Vec::new(),
            written: 0,
            is_flushed: true,
            buffer: vec![0; limits::CHAT_CLIENT_READ],
            lines: LineBuffer::from_server(),
        }
    }

    /// Queues bytes. The client bounds what it queues by itself; what it answers is bounded by [`Pipe::next`].
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.is_flushed = false;
    }

    /// Reads some bytes, or writes some (`None`). Nothing is read while too much waits to be written. Dropping the future
    /// loses nothing.
    ///
    /// # Errors
    /// The connection ended or broke.
    pub(super) async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Self { reader, writer, unsent, written, is_flushed, buffer, .. } = self;
        let may_read = unsent.len() - *written < limits::CHAT_CLIENT_UNSENT;
        let waiting = unsent.get(*written..).unwrap_or_default();
        let is_flush = waiting.is_empty();
        let write = async { if is_flush { writer.flush().await.map(|()| 0) } else { writer.write(waiting).await } };
        tokio::select! {
            wrote = write, if !*is_flushed => {
                let count = wrote?;
                if count == 0 && !is_flush {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                *is_flushed = is_flush;
                *written += count;
                if *written == unsent.len() {
                    unsent.clear();
                    *written = 0;
                }
                Ok(None)
            }
            read = reader.read(buffer), if may_read => match read? {
                0 => Err(io::Error::other("the server closed the connection")),
                count => Ok(Some(buffer.get(..count).unwrap_or_default().to_vec())),
            }
        }
    }
}
