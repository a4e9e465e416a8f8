use super::super::writer::{Message, Token};
use super::super::{ArchiveOptions, Target};
use super::*;
use crate::driver::Timeouts;
use crate::event::Events;
use crate::stop::Stop;
use helio_core::echo::UdpEchoOptions;
use helio_core::log::{LogOptions, WriterOptions};
use helio_net::clock::Clock;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use tokio::net::UdpSocket;

/// Datagrams whose records nobody writes until the test says so, and a socket whose datagrams they are.
struct Bench {
    datagrams: Datagrams,
    written: Receiver<Message>,
    clients: [(UdpSocket, Sender); 2],
}

impl Bench {
    async fn new(to: &str) -> Self {
        let stop = Stop::default();
        let (events, _) = Events::channel();
        let context = Context {
            clock: Clock::start(),
            events,
            stop,
            timeouts: Timeouts::default(),
            reread: Arc::default(),
            ops: Arc::default(),
        };
        let settings = LogSettings {
            target: Target::parse(Path::new(to)).unwrap(),
            session: LogOptions { mode: LogMode::Exact, ack: true },
            writer: WriterOptions::default(),
            archive: ArchiveOptions::default(),
            answers: UdpEchoOptions { prefix: b"ACK: ".to_vec(), allowed: vec![], answers_per_second: 1 },
        };
        let (messages, written) = mpsc::channel();
        let endpoint = helio_net::listen::udp(&"127.0.0.1:0".parse().unwrap()).await.unwrap().remove(0);
        let clients = [client(&endpoint).await, client(&endpoint).await];
        let datagrams = Datagrams::new(context, endpoint, Arc::new(Sink::new(messages)), settings.into());
        Self { datagrams, written, clients }
    }

    /// A datagram of client `n` arrives.
    fn arrives(&mut self, n: usize, payload: &str) {
        self.datagrams.log(payload.as_bytes(), self.clients[n].1);
    }

    /// What was handed to the writing thread: each record, and whether its completion sends an answer.
    fn records(&self) -> Vec<(String, Token)> {
        let record = |message| match message {
            Message::Append { record, token, .. } => Some((String::from_utf8(record).unwrap(), token)),
            Message::Open { .. } | Message::End { .. } | Message::Reopen => None,
        };
        self.written.try_iter().filter_map(record).collect()
    }

    async fn heard(&self, n: usize) -> String {
        let mut buffer = [0; 100];
        let length = self.clients[n].0.recv(&mut buffer).await.unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }
}

/// A client, and how its datagrams look to `endpoint`.
async fn client(endpoint: &UdpEndpoint) -> (UdpSocket, Sender) {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(endpoint.local().unwrap()).await.unwrap();
    socket.send(b"").await.unwrap();
    let (_, sender) = endpoint.receive(&mut [0]).await.unwrap();
    (socket, sender)
}

fn is_answered(token: &Token) -> bool {
    matches!(token.done, Done::Answer(_))
}

/// Spec, "Answers".
#[tokio::test]
async fn a_file_that_cannot_be_written_holds_up_only_its_own_answers() {
    let mut b = Bench::new("{peer}").await;
    b.arrives(0, "stuck");
    b.arrives(1, "one");
    b.arrives(1, "two");
    let mut records = b.records();
    for (_, token) in records.drain(1..) {
        token.complete();
    }
    assert_eq!([b.heard(1).await, b.heard(1).await], ["ACK: one", "ACK: two"]);
    records.remove(0).1.complete();
    assert_eq!(b.heard(0).await, "ACK: stuck");
}

/// The bound [`limits::LOG_UDP_FILE_ANSWERS`].
#[tokio::test]
async fn one_peers_file_does_not_use_up_the_answers_of_all() {
    let mut b = Bench::new("{peer}").await;
    for _ in 0..limits::LOG_UDP_ANSWERS {
        b.arrives(0, "stuck");
    }
    b.arrives(1, "well");
    let mut records = b.records();
    let answered = records.iter().filter(|(payload, token)| payload == "stuck" && is_answered(token)).count();
    assert_eq!((records.len(), answered), (limits::LOG_UDP_ANSWERS + 1, limits::LOG_UDP_FILE_ANSWERS));
    records.pop().unwrap().1.complete();
    assert_eq!(b.heard(1).await, "ACK: well");
    records.clear();
    b.arrives(0, "again");
    assert!(is_answered(&b.records()[0].1), "what no longer waits has left its share");
}

/// The bound [`limits::LOG_UDP_ANSWERS`].
#[tokio::test]
async fn beyond_the_waiting_answers_datagrams_are_logged_but_not_answered() {
    let mut b = Bench::new("shared").await;
    for _ in 0..limits::LOG_UDP_ANSWERS + 3 {
        b.arrives(0, "x");
    }
    let mut records = b.records();
    assert_eq!(records.len(), limits::LOG_UDP_ANSWERS + 3);
    assert!(records[..limits::LOG_UDP_ANSWERS].iter().all(|(_, token)| is_answered(token)));
    assert!(!records[limits::LOG_UDP_ANSWERS..].iter().any(|(_, token)| is_answered(token)));
    assert_eq!(b.datagrams.losses, Losses::default());
    records.remove(0).1.complete();
    assert_eq!(b.heard(0).await, "ACK: x");
    b.arrives(1, "y");
    let (_, token) = b.records().remove(0);
    assert!(is_answered(&token), "an answer that was sent made room");
}

/// The bound [`limits::LOG_UDP_REST`].
#[tokio::test]
async fn a_flood_does_not_hold_up_the_end() {
    let mut b = Bench::new("shared").await;
    let sender = b.clients[0].1;
    b.datagrams.take_rest(&mut [b'x'], |_| Ok((1, sender)));
    assert_eq!(b.records().len(), limits::LOG_UDP_REST);
}

#[test]
fn losses_are_told_once_each_and_the_kernels_count_may_wrap() {
    let at = |queue, files, kernel| Losses { queue, files, kernel, ..Losses::default() };
    assert_eq!(at(3, 0, 7).since(at(3, 0, 7)), None);
    assert_eq!(
        at(5, 0, 2).since(at(3, 0, u32::MAX)).unwrap(),
        "datagrams lost: 2 for want of room in the queue, 3 dropped by the kernel for want of room in the socket's \
         buffer"
    );
    let files = at(0, 4, 0).since(Losses::default()).unwrap();
    assert!(files.ends_with(", 4 from peers beyond the 4096 that get a file of their own"), "{files}");
    let unopened = Losses { unopened: 5, ..Losses::default() }.since(Losses::default()).unwrap();
    assert!(unopened.ends_with(", 5 while 1024 other files waited to be opened"), "{unopened}");
}
