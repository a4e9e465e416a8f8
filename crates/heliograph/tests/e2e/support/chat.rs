//! The chat service of `helio serve`, and somebody with a plain socket.

use super::{PLENTY, Running, helio};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

/// The system picks every port.
pub(crate) const ON_ANY_PORT: &str = "[chat]\nlisten = ['127.0.0.1:0']\ntls-listen = []\nweb-listen = ['127.0.0.1:0']\nweb-tls-listen = []\nline-listen = ['127.0.0.1:0']\n";

/// `helio serve` with chat alone, `settings` as its file and its data under `dir`.
pub(crate) fn chat(dir: &Path, settings: &str) -> Command {
    let file = dir.join("helio.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = helio();
    serve_chat(&mut command, dir);
    command
}

/// Lets `helio` serve chat alone, with `helio.toml` and its data under `dir`.
pub(crate) fn serve_chat(command: &mut Command, dir: &Path) {
    let file = dir.join("helio.toml");
    command.args(["serve", "--services", "chat", "--data-dir"]).arg(dir.join("data")).arg("--config").arg(file);
}

/// The first address that the banner gives.
pub(crate) fn address(serving: &mut Running) -> SocketAddr {
    addresses(serving, "tcp")[0]
}

/// The addresses with this scheme that the banner gives, in order.
pub(crate) fn addresses(serving: &mut Running, scheme: &str) -> Vec<SocketAddr> {
    let row = serving.wait_for("  chat");
    addresses_in(&row, scheme)
}

/// The addresses with this scheme in a row of the banner, in order.
pub(crate) fn addresses_in(row: &str, scheme: &str) -> Vec<SocketAddr> {
    let words = row.split_whitespace().filter_map(|word| word.split_once("://"));
    words.filter(|(found, _)| *found == scheme).map(|(_, address)| address.parse().unwrap()).collect()
}

/// Somebody with a plain socket.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(at: SocketAddr) -> Self {
        let stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PLENTY)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Somebody called `nick`, in `#room`.
    pub(crate) fn join(at: SocketAddr, nick: &str) -> Self {
        Self::join_with(at, nick, "", "#room")
    }

    /// Somebody called `nick`, in `room`, with these capabilities.
    pub(crate) fn join_with(at: SocketAddr, nick: &str, capabilities: &str, room: &str) -> Self {
        let mut client = Self::connect(at);
        if !capabilities.is_empty() {
            client.say(&format!("CAP REQ :{capabilities}\r\nCAP END"));
        }
        client.say(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN {room}"));
        client.hear(" 366 ");
        client
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// The next line that holds `text`.
    pub(crate) fn hear(&mut self, text: &str) -> String {
        self.hear_until(text).pop().unwrap()
    }

    /// All lines up to the next one that holds `text`.
    pub(crate) fn hear_until(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let Some(line) = self.hear_line() else { panic!("closed without a line with {text:?} after {lines:#?}") };
            lines.push(line);
            if lines.last().is_some_and(|line| line.contains(text)) {
                return lines;
            }
        }
    }

    /// The next line; `None` at the end.
    pub(crate) fn hear_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
            Err(error) => panic!("no line within {PLENTY:?}: {error}"),
        }
    }
}
