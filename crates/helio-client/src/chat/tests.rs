//! The driver against a server that the test plays on a socket.

use super::{ChatOptions, Ended, Framing, run};
use helio_core::chat::client::{End, Event, Fate, Settings};
use helio_core::irc::name::RoomName;
use helio_net::address::Address;
use helio_net::clock::Clock;
use helio_net::connect::ConnectError;
use helio_net::tls::{ClientTls, Trust};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

fn options(listener: &TcpListener) -> ChatOptions {
    let at = listener.local_addr().unwrap();
    ChatOptions {
        address: Address::new(at.ip(), at.port()),
        tls: ClientTls::new(Trust::System),
        settings: Settings::new("ada", vec![RoomName::parse("#tea").unwrap()]),
        timeout: Duration::from_secs(60),
        framing: Framing::Lines,
    }
}

/// The lines of one connection, and a way to answer.
struct Server(BufReader<TcpStream>);

impl Server {
    async fn accept(listener: &TcpListener) -> Self {
        Self(BufReader::new(listener.accept().await.unwrap().0))
    }

    async fn hear(&mut self, text: &str) {
        let mut line = String::new();
        while !line.contains(text) {
            line.clear();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0, "no {text}");
        }
    }

    async fn say(&mut self, lines: &str) {
        self.0.get_mut().write_all(lines.as_bytes()).await.unwrap();
    }

    async fn welcome(&mut self) {
        self.hear("USER").await;
        self.say(":s 001 ada :Welcome\r\n").await;
        self.hear("JOIN #tea").await;
        self.say(":ada!a@h JOIN #tea\r\n:s PONG s :sync\r\n").await;
    }
}

/// The second line is typed while there is no connection.
#[tokio::test]
async fn a_lost_connection_is_opened_again_and_the_rest_is_said_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (sender, input) = mpsc::channel(4);
    sender.send("one".to_owned()).await.unwrap();
    let is_lost = Notify::new();
    let server = async {
        let mut first = Server::accept(&listener).await;
        first.welcome().await;
        first.hear("PRIVMSG #tea :one").await;
        first.say(":s PONG s :said-1\r\n").await;
        drop(first);
        is_lost.notified().await;
        sender.send("two".to_owned()).await.unwrap();
        let mut second = Server::accept(&listener).await;
        second.welcome().await;
        second.hear("PRIVMSG #tea :two").await;
        second.say(":s PONG s :said-2\r\n").await;
        drop(sender);
        second.hear("QUIT").await;
    };
    let mut fates = Vec::new();
    let tell = |event: Event| -> Result<(), ConnectError> {
        if let Event::Typed(typed, fate) = event {
            fates.push((typed.text, matches!(fate, Fate::Accepted { .. })));
        } else if matches!(event, Event::Disconnected { .. }) {
            is_lost.notify_one();
        }
        Ok(())
    };
    let (ended, ()) =
        tokio::join!(run(options(&listener), 1, Clock::start(), input, std::future::pending(), tell), server);
    assert_eq!(ended.unwrap(), Ended { end: End::Quit, timed_out: false, stopped: false });
    assert_eq!(fates, [("one".to_owned(), true), ("two".to_owned(), true)]);
}

#[tokio::test]
async fn a_stop_says_good_bye() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_sender, input) = mpsc::channel(1);
    let (stopper, stop) = tokio::sync::oneshot::channel::<()>();
    let server = async {
        let mut server = Server::accept(&listener).await;
        server.welcome().await;
        drop(stopper);
        server.hear("QUIT").await;
    };
    let stop = async { drop(stop.await) };
    let tell = |_| -> Result<(), ConnectError> { Ok(()) };
    let (ended, ()) = tokio::join!(run(options(&listener), 1, Clock::start(), input, stop, tell), server);
    assert_eq!(ended.unwrap(), Ended { end: End::Quit, timed_out: false, stopped: true });
}

#[tokio::test]
async fn a_first_connection_that_is_refused_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = options(&listener);
    drop(listener);
    let (_sender, input) = mpsc::channel(1);
    let tell = |_| -> Result<(), ConnectError> { Ok(()) };
    let ended = run(options, 1, Clock::start(), input, std::future::pending(), tell).await;
    assert!(ended.unwrap_err().is_refused());
}

/// Everything but an answer to the line: the client leaves when its time is over.
#[tokio::test]
async fn what_is_not_acknowledged_in_time_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (sender, input) = mpsc::channel(1);
    sender.send("one".to_owned()).await.unwrap();
    drop(sender);
    let server = async {
        let mut server = Server::accept(&listener).await;
        server.welcome().await;
        server.hear("QUIT").await;
    };
    let mut unknown = 0;
    let tell = |event: Event| -> Result<(), ConnectError> {
        unknown += usize::from(matches!(event, Event::Typed(_, Fate::Unknown)));
        Ok(())
    };
    let options = ChatOptions { timeout: Duration::from_millis(300), ..options(&listener) };
    let (ended, ()) = tokio::join!(run(options, 1, Clock::start(), input, std::future::pending(), tell), server);
    assert_eq!((ended.unwrap().timed_out, unknown), (true, 1));
}
