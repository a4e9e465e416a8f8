//! The loop with a surface and a server that the test plays.

use super::*;
use crate::chat::Framing;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use helio_core::chat::client::{End, Settings};
use helio_core::irc::name::RoomName;
use helio_net::address::Address;
use helio_net::tls::{ClientTls, Trust};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A surface that hands each picture to the test, and what was rung.
struct Board {
    terminal: Terminal<TestBackend>,
    pictures: mpsc::UnboundedSender<String>,
}

impl Surface for Board {
    fn size(&self) -> io::Result<Size> {
        Ok(Size { width: 60, height: 20 })
    }

    fn draw(&mut self, picture: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        let _ = self.terminal.draw(|frame| {
            picture(frame.buffer_mut());
        });
        let _ = self.pictures.send(self.terminal.backend().to_string());
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        let _ = self.terminal.clear();
        Ok(())
    }

    fn ring(&mut self, bytes: &[u8]) -> io::Result<()> {
        let _ = self.pictures.send(format!("rung {bytes:?}"));
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        let _ = self.pictures.send("suspended".to_owned());
        Ok(())
    }
}

/// What the test does and sees while the loop runs.
struct Hand {
    keys: mpsc::UnboundedSender<Event>,
    pictures: mpsc::UnboundedReceiver<String>,
}

impl Hand {
    fn press(&self, code: KeyCode, held: KeyModifiers) {
        self.keys.send(Event::Key(KeyEvent::new(code, held))).unwrap();
    }

    fn types(&self, text: &str) {
        text.chars().for_each(|c| self.press(KeyCode::Char(c), KeyModifiers::NONE));
    }

    /// Waits for a picture with a text in it.
    async fn sees(&mut self, text: &str) {
        while !self.pictures.recv().await.unwrap().contains(text) {}
    }
}

/// Runs the loop on this listener with that hand at it.
async fn run_with<F: Future<Output = ()>>(
    listener: &TcpListener,
    play: impl FnOnce(Hand) -> F,
) -> Result<Ended, ScreenError> {
    let at = listener.local_addr().unwrap();
    let options = ChatOptions {
        address: Address::new(at.ip(), at.port()),
        tls: ClientTls::new(Trust::System),
        settings: Settings::new("ada", vec![RoomName::parse("#tea").unwrap()]),
        timeout: Duration::from_secs(60),
        framing: Framing::Lines,
    };
    let (zone, attention) = (TimeZone::UTC, Attention::Bell);
    let screen = ScreenOptions { colours: Colours::None, zone, has_mouse: false, attention };
    let (keys, mut events) = mpsc::unbounded_channel();
    let (sender, pictures) = mpsc::unbounded_channel();
    let mut board = Board { terminal: Terminal::new(TestBackend::new(60, 20)).unwrap(), pictures: sender };
    let clock = Clock::start();
    let driver = Driver::new(options, 1, clock, |_| Ok(()));
    let session = Session::new(&mut board, screen, driver, clock).unwrap();
    let events = futures_util::stream::poll_fn(move |context| events.poll_recv(context).map(|event| event.map(Ok)));
    let (ended, ()) = tokio::join!(session.talk(events, std::future::pending()), play(Hand { keys, pictures }));
    ended
}

/// The server takes the connection and never says a word.
#[tokio::test]
async fn what_is_typed_is_seen_at_once_whatever_the_server_does() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ended = run_with(&listener, |mut hand| async move {
        hand.types("hello");
        hand.sees("> hello").await;
        hand.press(KeyCode::Char('z'), KeyModifiers::CONTROL);
        hand.sees("suspended").await;
        for _ in 0..3 {
            hand.press(KeyCode::Char('c'), KeyModifiers::CONTROL);
        }
        hand.sees("Ctrl-C again leaves").await;
    })
    .await;
    assert_eq!(ended.unwrap(), Ended { end: End::Quit, timed_out: false, stopped: true });
}

#[tokio::test]
async fn what_is_said_is_shown_and_a_mention_rings_while_one_looks_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ended = run_with(&listener, |mut hand| async {
        let mut server = BufReader::new(listener.accept().await.unwrap().0);
        let mut line = String::new();
        while !line.contains("JOIN #tea") {
            line.clear();
            server.read_line(&mut line).await.unwrap();
            if line.starts_with("USER") {
                server.get_mut().write_all(b":s 001 ada :Welcome\r\n").await.unwrap();
            }
        }
        let talk = b":ada!a@h JOIN #tea\r\n:s PONG s :sync\r\n:ben!b@h PRIVMSG #tea :there is tea\r\n";
        server.get_mut().write_all(talk).await.unwrap();
        hand.sees("there is tea").await;
        hand.keys.send(Event::FocusLost).unwrap();
        server.get_mut().write_all(b":ben!b@h PRIVMSG #tea :for you, ada\r\n").await.unwrap();
        hand.sees("rung [7]").await;
        hand.sees("for you, ada").await;
        drop(hand.keys);
    })
    .await;
    assert!(ended.unwrap().stopped, "a terminal that is gone ends the chat");
}
