//! Conversations with a session over an in-memory pipe, under the runtime's virtual clock.

use super::*;
use helio_core::echo::{EchoOptions, EchoSession};
use helio_core::time::Now;
use helio_net::memory;
use std::sync::Mutex;
use tokio::io::AsyncReadExt;

fn echo(close_after_reply: bool) -> EchoSession {
    EchoSession::new(EchoOptions { prefix: b"ACK: ".as_slice().into(), close_after_reply })
}

/// Keeps what it is given, refusing when told to.
#[derive(Default)]
struct Kept(Mutex<Vec<Vec<u8>>>, bool);

impl Store for Kept {
    async fn store(&self, bytes: Vec<u8>) -> io::Result<()> {
        if self.1 {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.0.lock().unwrap().push(bytes);
        Ok(())
    }
}

/// Stores each read and then acknowledges it.
struct Storing(std::collections::VecDeque<Action>);

impl Session for Storing {
    fn handle_bytes(&mut self, bytes: &[u8], _: Now) {
        self.0.extend([Action::Store(bytes.into()), Action::Send(b"ok".into())]);
    }
    fn handle_end(&mut self, _: Now) {
        self.0.push_back(Action::Store(b"<end>".into()));
    }
    fn poll_action(&mut self) -> Option<Action> {
        self.0.pop_front()
    }
}

async fn run<S: Session>(connection: Connection, session: S, store: &impl Store, stop: &Stop) -> Ended {
    drive(connection, session, store, Timeouts::default(), Clock::start(), stop, |_| ()).await
}

#[tokio::test]
async fn a_session_answers_until_the_peer_ends_and_counts_both_ways() {
    let (mut peer, ours) = memory::pair(1024);
    let stop = Stop::default();
    let talk = async {
        let mut answer = [0; 7];
        peer.write_all(b"hi").await.unwrap();
        peer.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"ACK: hi");
        peer.shutdown().await.unwrap();
        assert_eq!(peer.read(&mut answer).await.unwrap(), 0);
    };
    let (ended, ()) = tokio::join!(run(ours, echo(false), &NoStore, &stop), talk);
    assert_eq!((ended.reason, ended.received_bytes, ended.sent_bytes), (EndReason::ByPeer, 2, 7));
}

#[tokio::test]
async fn after_our_close_what_the_peer_still_sends_does_not_harm_the_answer() {
    let (mut peer, ours) = memory::pair(16);
    let stop = Stop::default();
    let talk = async {
        peer.write_all(b"one").await.unwrap();
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"ACK: one");
        peer.write_all(&[b'x'; 1000]).await.unwrap();
        peer.shutdown().await.unwrap();
    };
    let (ended, ()) = tokio::join!(run(ours, echo(true), &NoStore, &stop), talk);
    assert_eq!((ended.reason, ended.received_bytes), (EndReason::ByUs, 1003));
}

#[tokio::test]
async fn what_is_acknowledged_was_stored_before() {
    let (mut peer, ours) = memory::pair(1024);
    let (stop, kept) = (Stop::default(), Kept::default());
    let talk = async {
        let mut answer = [0; 2];
        peer.write_all(b"a").await.unwrap();
        peer.read_exact(&mut answer).await.unwrap();
        assert_eq!(*kept.0.lock().unwrap(), [b"a"]);
        drop(peer);
    };
    let (ended, ()) = tokio::join!(run(ours, Storing([].into()), &kept, &stop), talk);
    assert_eq!(ended.reason, EndReason::ByPeer);
    assert_eq!(*kept.0.lock().unwrap(), [b"a".to_vec(), b"<end>".to_vec()]);
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_acknowledged() {
    let (mut peer, ours) = memory::pair(1024);
    let (stop, refusing) = (Stop::default(), Kept(Mutex::default(), true));
    let talk = async {
        peer.write_all(b"a").await.unwrap();
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"");
    };
    let run = async {
        let (session, timeouts) = (Storing([].into()), Timeouts::default());
        drive(ours, session, &refusing, timeouts, Clock::start(), &stop, |_| ()).await
    };
    let (ended, ()) = tokio::join!(run, talk);
    assert!(matches!(ended.reason, EndReason::NotStored(_)), "{ended:?}");
}

#[tokio::test]
async fn at_the_end_of_the_program_what_was_sent_is_still_stored() {
    let (mut peer, ours) = memory::pair(1024);
    let (stop, kept) = (Stop::default(), Kept::default());
    let talk = async {
        stop.begin();
        assert_eq!(peer.read(&mut [0; 8]).await.unwrap(), 0);
        peer.write_all(b"late").await.unwrap();
        drop(peer);
    };
    let (ended, ()) = tokio::join!(run(ours, Storing([].into()), &kept, &stop), talk);
    assert_eq!(ended.reason, EndReason::Stopped);
    assert_eq!(*kept.0.lock().unwrap(), [b"late".to_vec(), b"<end>".to_vec()]);
}

/// A stream that breaks, or falls silent, still had a last unfinished line.
#[tokio::test]
async fn however_a_stream_ends_the_sessions_last_words_are_stored() {
    let (peer, ours) = memory::pair(1024);
    let (stop, kept) = (Stop::default(), Kept::default());
    let timeouts = Timeouts { idle: Duration::from_millis(5), ..Timeouts::default() };
    let ended = drive(ours, Storing([].into()), &kept, timeouts, Clock::start(), &stop, |_| ()).await;
    drop(peer);
    assert_eq!(ended.reason, EndReason::Idle);
    assert_eq!(*kept.0.lock().unwrap(), [b"<end>".to_vec()]);
}

/// A client that sends everything and closes without reading its answers: the answers fail, and what stood in our receive
/// buffer was acknowledged by TCP and must be stored all the same.
#[tokio::test]
async fn what_was_sent_before_an_answer_failed_is_still_stored() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::sockopt::set_socket_recv_buffer_size(&listener, 1 << 20).unwrap();
    let at = listener.local_addr().unwrap();
    let sent = limits::READ_CHUNK * 4;
    let mut client = std::net::TcpStream::connect(at).unwrap();
    let (ours, _) = listener.accept().unwrap();
    client.write_all(&vec![b'x'; sent]).unwrap();
    drop(client);
    // The session begins when the whole stream is in our kernel's buffer. What the sender's kernel still holds when it
    // gets our answer is lost with its socket, and nobody can store it.
    let (mut waiting, started) = (vec![0; sent], std::time::Instant::now());
    while ours.peek(&mut waiting).unwrap() < sent {
        assert!(started.elapsed() < Duration::from_secs(20), "the kernel does not take it all");
        std::thread::yield_now();
    }
    ours.set_nonblocking(true).unwrap();
    let ours = Connection::Tcp(tokio::net::TcpStream::from_std(ours).unwrap());
    let kept = Kept::default();
    let ended = run(ours, Storing([].into()), &kept, &Stop::default()).await;
    assert!(matches!(ended.reason, EndReason::Broken(_) | EndReason::ByPeer), "{ended:?}");
    let stored: usize = kept.0.lock().unwrap().iter().filter(|bytes| !bytes.starts_with(b"<")).map(Vec::len).sum();
    assert_eq!(stored, sent, "{ended:?}");
}

/// The runtime's clock jumps; ours reads the machine's, so the limits here are real but tiny.
#[tokio::test]
async fn silence_and_unread_answers_end_a_session() {
    let brief = Duration::from_millis(5);
    let stop = Stop::default();
    let silent = {
        let (_peer, ours) = memory::pair(1024);
        let timeouts = Timeouts { idle: brief, ..Timeouts::default() };
        drive(ours, echo(false), &NoStore, timeouts, Clock::start(), &stop, |_| ()).await
    };
    assert_eq!(silent.reason, EndReason::Idle);

    let (mut peer, ours) = memory::pair(4);
    let timeouts = Timeouts { write: brief, ..Timeouts::default() };
    let slow = drive(ours, echo(false), &NoStore, timeouts, Clock::start(), &stop, |_| ());
    let (ended, written) = tokio::join!(slow, peer.write_all(b"abcd"));
    written.unwrap();
    assert_eq!((ended.reason, ended.sent_bytes), (EndReason::SlowReader, 4));
}
