use super::*;
use helio_net::conn::Connection;
use helio_net::tls::Trust;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::channel;

const PLENTY: Duration = Duration::from_secs(30);
/// Waited for in full by the tests in which nothing comes.
const SHORT: Duration = Duration::from_millis(250);

fn options(at: SocketAddr, until: Until) -> SayOptions {
    SayOptions {
        address: Address::new(at.ip(), at.port()),
        tls: ClientTls::new(Trust::System),
        udp: false,
        until,
        timeout: PLENTY,
    }
}

fn conversation(at: SocketAddr, until: Until) -> Conversation {
    Conversation::new(options(at, until), Clock::start())
}

/// A conversation that gives up soon.
fn impatient(at: SocketAddr, until: Until) -> Conversation {
    Conversation::new(SayOptions { timeout: SHORT, ..options(at, until) }, Clock::start())
}

/// A peer that runs `serve` on its own thread for one connection after the other.
fn peer(mut serve: impl FnMut(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().flatten().for_each(&mut serve));
    at
}

#[tokio::test]
async fn the_connection_is_opened_once_and_again_after_the_peer_closed_it() {
    let at = peer(|mut stream| {
        let mut got = [0; 16];
        let length = stream.read(&mut got).unwrap();
        stream.write_all(&got[..length]).unwrap();
    });
    let mut c = conversation(at, Until::Quiet(Duration::from_secs(20)));
    for message in [b"one", b"two"] {
        let said = c.say(message).await.unwrap();
        assert_eq!((said.answer.as_slice(), said.outcome), (message.as_slice(), Outcome::EndOfStream));
        assert!(said.connect.is_some());
    }
    assert!(c.tcp_facts().is_some());
}

#[tokio::test]
async fn a_kept_connection_costs_no_second_connect_and_late_bytes_are_told() {
    let (go_on, told_to_go_on) = channel();
    let at = peer(move |mut stream| {
        let mut got = [0; 16];
        stream.read_exact(&mut got[..1]).unwrap();
        stream.write_all(b"123").unwrap();
        told_to_go_on.recv().unwrap();
        stream.write_all(b"45").unwrap();
        stream.read_exact(&mut got[..1]).unwrap();
        stream.write_all(b"678").unwrap();
        let _ = stream.read(&mut got);
    });
    let mut c = conversation(at, Until::Bytes(3));
    assert!(c.say(b"a").await.unwrap().connect.is_some());
    go_on.send(()).unwrap();
    wait_for_bytes(&c, 2).await;
    let second = c.say(b"b").await.unwrap();
    assert_eq!((second.connect, second.lookup), (None, None));
    assert_eq!((second.late_bytes, second.answer.as_slice()), (2, b"678".as_slice()));
}

/// Returns once `count` unread bytes are in the kept connection.
async fn wait_for_bytes(conversation: &Conversation, count: usize) {
    let Some(Channel { socket: Socket::Stream(Connection::Tcp(stream)), .. }) = &conversation.channel else {
        panic!("no connection was kept: {conversation:?}");
    };
    while stream.peek(&mut [0; 16]).await.unwrap() < count {}
}

/// Both kernel buffers fill up long before this message is through; whoever only wrote would wait for ever.
#[tokio::test]
async fn a_long_message_is_written_while_its_answer_is_read() {
    let at = peer(|mut stream| {
        let mut got = vec![0; 1 << 16];
        while let Ok(length @ 1..) = stream.read(&mut got) {
            stream.write_all(&got[..length]).unwrap();
        }
    });
    let message = vec![b'x'; 32 << 20];
    let said = conversation(at, Until::Bytes(message.len() as u64)).say(&message).await.unwrap();
    assert_eq!((said.outcome, said.received_bytes), (Outcome::Expected, message.len() as u64));
    assert_eq!((said.sent_bytes, said.message_bytes), (message.len(), message.len()));
    assert_eq!(said.answer.len(), limits::ANSWER_KEPT);
}

/// The peer answers the first bytes and takes no more: nothing was said, nothing is said behind the stump, and the peer
/// learns by a reset that it is one.
#[tokio::test]
async fn a_message_that_is_not_taken_whole_is_no_success_and_is_cut_by_a_reset() {
    let (go_on, told_to_go_on) = channel();
    let (ended, end) = channel();
    let at = peer(move |mut stream| {
        let mut got = vec![0; 4];
        stream.read_exact(&mut got).unwrap();
        stream.write_all(&got).unwrap();
        if got == b"xxxx" {
            told_to_go_on.recv().unwrap();
            ended.send(stream.read_to_end(&mut got).map_err(|error| error.kind())).unwrap();
        }
    });
    let message = vec![b'x'; 64 << 20];
    let mut c = impatient(at, Until::Quiet(Duration::from_millis(1)));
    let said = c.say(&message).await.unwrap();
    assert_eq!(said.outcome, Outcome::SendTimedOut);
    assert!((1..message.len()).contains(&said.sent_bytes), "{}", said.sent_bytes);
    assert_eq!((said.message_bytes, said.times.send_returned), (message.len(), None));
    go_on.send(()).unwrap();
    assert_eq!(end.recv().unwrap(), Err(io::ErrorKind::ConnectionReset));

    c.options.timeout = PLENTY;
    let next = c.say(b"next").await.unwrap();
    assert!(next.connect.is_some());
    assert_eq!((next.answer.as_slice(), next.sent_bytes), (b"next".as_slice(), 4));
}

/// `nc -N` with a file sends its answer and its end of stream at once, and reads on.
#[tokio::test]
async fn a_peer_that_ended_its_half_still_gets_the_whole_message() {
    let (counted, count) = channel();
    let at = peer(move |mut stream| {
        stream.write_all(b"answer").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        counted.send(std::io::copy(&mut stream, &mut std::io::sink()).unwrap()).unwrap();
    });
    let message = vec![b'x'; 32 << 20];
    let said = conversation(at, Until::Quiet(PLENTY)).say(&message).await.unwrap();
    assert_eq!((said.outcome, said.answer.as_slice()), (Outcome::EndOfStream, b"answer".as_slice()));
    assert_eq!(count.recv().unwrap(), message.len() as u64);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_taken_for_the_next_ones_over_tcp() {
    let (go_on, told_to_go_on) = channel();
    let at = peer(move |mut stream| {
        let mut got = [0; 2];
        stream.read_exact(&mut got).unwrap();
        if &got == b"m1" {
            told_to_go_on.recv().unwrap();
        }
        let _ = stream.write_all(&[b"answer to ", got.as_slice()].concat());
        // A second message on the same connection would be answered, too.
        if &got == b"m1" && stream.read_exact(&mut got).is_ok() {
            let _ = stream.write_all(&[b"answer to ", got.as_slice()].concat());
        }
    });
    let mut c = impatient(at, Until::Quiet(SHORT));
    assert_eq!(c.say(b"m1").await.unwrap().outcome, Outcome::NoAnswer);
    go_on.send(()).unwrap();
    c.options.timeout = PLENTY;
    let second = c.say(b"m2").await.unwrap();
    assert_eq!(String::from_utf8_lossy(&second.answer), "answer to m2");
    assert!(second.connect.is_some());
}

/// The peer answers both messages, the first one late: just before it answers the second.
#[tokio::test]
async fn an_answer_that_comes_too_late_is_not_taken_for_the_next_ones_over_udp() {
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = server.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut got = [0; 16];
        let (_, first) = server.recv_from(&mut got).unwrap();
        let (_, second) = server.recv_from(&mut got).unwrap();
        let _ = server.send_to(b"answer to m1", first);
        server.send_to(b"answer to m2", second).unwrap();
    });
    let udp = SayOptions { udp: true, timeout: SHORT, ..options(at, Until::Datagram) };
    let mut c = Conversation::new(udp, Clock::start());
    assert_eq!(c.say(b"m1").await.unwrap().outcome, Outcome::NoAnswer);
    c.options.timeout = PLENTY;
    let second = c.say(b"m2").await.unwrap();
    assert_eq!(String::from_utf8_lossy(&second.answer), "answer to m2");
    assert_eq!(second.late_bytes, 0);
}
