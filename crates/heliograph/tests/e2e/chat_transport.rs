//! TRANSPORT in the built program (spec/transport.md): each is told of their own connection, whatever it is made of.

use crate::support::chat::{Client, chat};
use crate::support::{Running, finish, python};

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = ['127.0.0.1:0']
web-listen = []
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
}
