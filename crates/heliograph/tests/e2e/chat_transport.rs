//! TRANSPORT in the built program (spec/transport.md): each is told of their own connection, whatever it is made of.

use crate::support::chat::{Client, chat};
use crate::support::{Running, finish, python};

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = ['127.0.0.1:0']
web-listen = ['127.0.0.1:0']
web-tls-listen = []
line-listen = []
";

/// Asks over TLS, and prints the answer.
const OVER_TLS: &str = r"
import socket, ssl, sys
host, port = sys.argv[1].split(':')
context = ssl._create_unverified_context()
s = context.wrap_socket(socket.create_connection((host, int(port)), timeout=30))
s.sendall(b'NICK tess\r\nUSER tess 0 * :Tess\r\nTRANSPORT\r\n')
for line in s.makefile('r', newline='\r\n'):
    if 'TRANSPORT' in line:
        print(line.strip())
        break
";

/// Asks over WebSocket (RFC 6455), after a message of some length, and prints the answer.
const OVER_WEB: &str = r"
import socket, sys
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)), timeout=30)
s.sendall((f'GET /irc HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
           'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n'
           'Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n').encode())
f = s.makefile('rb')
while f.readline() != b'\r\n':
    pass
for line in ['NICK wendy', 'USER wendy 0 * :Wendy', 'JOIN #tea', 'PRIVMSG #tea :' + 400 * 'x', 'TRANSPORT']:
    # A text frame under a mask of nothing.
    size = bytes([0x80 | len(line)]) if len(line) < 126 else b'\xfe' + len(line).to_bytes(2, 'big')
    s.sendall(b'\x81' + size + bytes(4) + line.encode())
while True:
    size = f.read(2)[1]
    line = f.read(int.from_bytes(f.read(2), 'big') if size == 126 else size).decode()
    if 'TRANSPORT' in line:
        print(line)
        break
";

/// The number of this name in an answer.
fn number(answer: &str, name: &str) -> u64 {
    let known = answer.split_once(" TCP ").and_then(|(_, rest)| rest.split_once("Round trip "));
    let (facts, _) = known.unwrap_or_else(|| panic!("no answer: {answer}"));
    let facts = facts.trim_end_matches([':', ' ']);
    let value = facts.split(';').find_map(|fact| fact.strip_prefix(name)?.strip_prefix('='));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {answer}"))
}

#[cfg(target_os = "linux")]
#[test]
fn people_are_told_of_their_own_connection() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), SETTINGS));
    let row = serving.wait_for("  chat");
    let door = |scheme: &str| row.split_whitespace().find_map(|word| word.strip_prefix(scheme)).unwrap().to_owned();
    let mut ada =
        Client::join_with(door("tcp://").parse().unwrap(), "ada", "labeled-response batch standard-replies", "#tea");
    let said = "x".repeat(400);
    ada.say(&format!("PRIVMSG #tea :{said}\r\n@label=now TRANSPORT"));
    let answer = ada.hear("NOTE TRANSPORT TCP ");
    assert!(answer.starts_with("@label=now "), "{answer}");
    assert!(number(&answer, "rtt_us") > 0, "{answer}");
    assert!(number(&answer, "bytes_received") > said.len() as u64, "{answer}");

    let tess = finish(&mut python(OVER_TLS, &[&door("tls://")]));
    assert_eq!(tess.code, 0, "{}", tess.stderr);
    // The handshake alone has more.
    assert!(number(&tess.stdout, "bytes_received") > 200, "{}", tess.stdout);

    let wendy = finish(&mut python(OVER_WEB, &[&door("ws://")]));
    assert_eq!(wendy.code, 0, "{}", wendy.stderr);
    assert!(number(&wendy.stdout, "rtt_us") > 0, "{}", wendy.stdout);
    assert!(number(&wendy.stdout, "bytes_received") > 400, "{}", wendy.stdout);
}
