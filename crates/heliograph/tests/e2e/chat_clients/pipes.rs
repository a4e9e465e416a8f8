//! Programs that read stdin and write stdout: `openssl s_client`, `nc`, and Python with Debian's modules for IRC and WebSocket.

use super::Person;
use crate::support::{Running, without};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

/// What it writes is what its user sees.
pub(super) struct Piped {
    running: Running,
    talks: Talks,
}

/// What its user types.
enum Talks {
    /// The lines of IRC.
    Irc,
    /// Text, and commands that begin with `/`.
    Text,
}

/// Debian's Python sees Debian's modules.
const DEBIAN_PYTHON: &str = "/usr/bin/python3";

/// IRC as the module `irc` understands it.
const PYTHON_IRC: &str = r"
import irc.bot, irc.client, queue, sys, threading
typed = queue.Queue()
def read():
    for line in sys.stdin:
        typed.put(line.rstrip('\n'))
threading.Thread(target=read, daemon=True).start()
def show(*words):
    print(*words, flush=True)
class Bot(irc.bot.SingleServerIRCBot):
    def on_welcome(self, server, event):
        server.join('#room')
    def on_pubmsg(self, server, event):
        show(f'<{event.source.nick}>', event.arguments[0])
    def on_action(self, server, event):
        show('*', irc.client.NickMask(event.source).nick, event.arguments[0])
    def on_join(self, server, event):
        show(event.source.nick, 'joined')
    def on_part(self, server, event):
        show(event.source.nick, 'left')
    def on_nick(self, server, event):
        show(event.source.nick, 'is now', event.target)
    def on_currenttopic(self, server, event):
        show('topic:', event.arguments[1])
    def on_endofnames(self, server, event):
        room = self.channels['#room']
        show('names:', *sorted('@' + nick if room.is_oper(nick) else nick for nick in room.users()))
host, port, nick = sys.argv[1:]
bot = Bot([(host, int(port))], nick, nick)
bot._connect()
# Its older name, and the one since.
reactor = getattr(bot, 'ircobj', None) or bot.reactor
while True:
    reactor.process_once(timeout=0.02)
    while not typed.empty():
        line = typed.get()
        if line.startswith('/'):
            bot.connection.send_raw(line[1:])
        else:
            bot.connection.privmsg('#room', line)
";

/// Lines of IRC in text messages of a WebSocket.
const PYTHON_WEBSOCKET: &str = r"
import sys, threading, websocket
socket = websocket.create_connection(sys.argv[1], subprotocols=['text.ircv3.net'])
assert socket.getsubprotocol() == 'text.ircv3.net'
def read():
    for line in sys.stdin:
        socket.send(line.rstrip('\r\n'))
threading.Thread(target=read, daemon=True).start()
while True:
    message = socket.recv()
    if not message:
        break
    assert isinstance(message, str) and '\n' not in message and '\r' not in message
    print(message, flush=True)
";

impl Piped {
    fn start(command: &mut Command, talks: Talks) -> Self {
        Self { running: Running::start(command.stdin(Stdio::piped())), talks }
    }

    /// One that types the lines of IRC by itself.
    fn irc(command: &mut Command, nick: &str) -> Self {
        let mut piped = Self::start(command, Talks::Irc);
        for line in [&format!("NICK {nick}"), &format!("USER {nick} 0 * :{nick}"), "JOIN #room"] {
            piped.running.type_line(&format!("{line}\r"));
        }
        piped
    }

    /// `openssl s_client`, which trusts the certificate in `identity` alone.
    pub(super) fn openssl(at: SocketAddr, identity: &Path, nick: &str) -> Option<Self> {
        if without("openssl") {
            return None;
        }
        let mut command = Command::new("openssl");
        command
            .args(["s_client", "-quiet", "-verify_return_error", "-connect", &at.to_string(), "-CAfile"])
            .arg(identity);
        Some(Self::irc(&mut command, nick))
    }

    /// `nc` on the line listener, as whatever guest it becomes.
    pub(super) fn nc(at: SocketAddr) -> Option<Self> {
        if without("nc") {
            return None;
        }
        let (ip, port) = (at.ip().to_string(), at.port().to_string());
        Some(Self::start(Command::new("nc").args([ip, port]), Talks::Text))
    }

    pub(super) fn python_irc(at: SocketAddr, nick: &str) -> Option<Self> {
        if without("python3-irc") {
            return None;
        }
        let (ip, port) = (at.ip().to_string(), at.port().to_string());
        let mut command = Command::new(DEBIAN_PYTHON);
        Some(Self::start(command.args(["-c", PYTHON_IRC, &ip, &port, nick]), Talks::Text))
    }

    pub(super) fn websocket(at: SocketAddr, nick: &str) -> Option<Self> {
        if without("python3-websocket") {
            return None;
        }
        let mut command = Command::new(DEBIAN_PYTHON);
        Some(Self::irc(command.args(["-c", PYTHON_WEBSOCKET, &format!("ws://{at}/")]), nick))
    }
}

impl Person for Piped {
    fn say(&mut self, text: &str) {
        match self.talks {
            Talks::Irc => self.running.type_line(&format!("PRIVMSG #room :{text}\r")),
            Talks::Text => self.running.type_line(text),
        }
    }

    fn command(&mut self, line: &str) {
        match self.talks {
            Talks::Irc => self.running.type_line(&format!("{line}\r")),
            Talks::Text => self.running.type_line(&format!("/{line}")),
        }
    }

    fn seen(&mut self) -> String {
        self.running.written()
    }
}
