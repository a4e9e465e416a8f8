//! In-memory pipes, for tests of everything above the socket.

use crate::conn::Connection;

/// Two connected ends, each buffering up to `capacity` bytes towards the other; a full buffer makes the writer wait,
/// as a full socket does.
#[must_use]
pub fn pair(capacity: usize) -> (Connection, Connection) {
    let (a, b) = tokio::io::duplex(capacity);
    (Connection::Memory(a), Connection::Memory(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn bytes_and_the_end_of_stream_arrive() {
        let (mut a, mut b) = pair(4);
        let writer = async {
            a.write_all(b"more than four").await.unwrap();
            a.shutdown().await.unwrap();
        };
        let mut got = Vec::new();
        let (_, read) = tokio::join!(writer, b.read_to_end(&mut got));
        read.unwrap();
        assert_eq!(got, b"more than four");
    }
}
