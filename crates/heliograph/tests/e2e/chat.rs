//! The chat service of `helio serve`: plain sockets as clients.

use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use crate::support::{Running, finish, python, run_with_input};
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[test]
fn two_people_talk() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    assert_eq!(serving.wait_for("Join:"), format!("Join: any IRC client at {at}, then /join #lobby"));
    let (mut ann, mut bob) = (Client::join(at, "ann"), Client::join(at, "bob"));
    ann.hear(":bob!bob@127.0.0.1 JOIN #room");
    ann.say("PRIVMSG #room :hello bob");
    assert_eq!(bob.hear("PRIVMSG"), ":ann!ann@127.0.0.1 PRIVMSG #room :hello bob");
    drop(bob);
    ann.hear(":bob!bob@127.0.0.1 QUIT");
}

#[test]
fn sighup_opens_and_closes_listeners_and_nobody_notices() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut ann = Client::join(at, "ann");
    // A port that was free a moment ago, since one that the system picks would not be told here.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = format!(
        "[chat]\nlisten = ['{other}']\ntls-listen = []\nweb-listen = []\nweb-tls-listen = []\nline-listen = []\n"
    );
    std::fs::write(dir.path().join("helio.toml"), settings).unwrap();
    serving.signal("HUP");
    assert_eq!(serving.wait_for_error("settings were read again"), "settings were read again", "there is no log");
    let mut bob = Client::join(other, "bob");
    bob.say("PRIVMSG #room :is the old door closed?");
    ann.hear("is the old door closed?");
    assert!(TcpStream::connect(at).is_err());

    std::fs::write(dir.path().join("helio.toml"), "[chat]\nlisten = ['192.0.2.1:6667']\n").unwrap();
    serving.signal("HUP");
    let refused = serving.wait_for_error("the old settings stay");
    assert!(refused.contains("192.0.2.1:6667 is reachable from other machines and not encrypted"), "{refused}");
    bob.say("PRIVMSG #room :still there");
    ann.hear("still there");
}

#[test]
fn sigterm_tells_everybody_and_takes_less_than_two_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    // One of them never reads, nor closes.
    let mut clients: Vec<_> = (0..20).map(|n| Client::join(at, &format!("user{n}"))).collect();
    let started = Instant::now();
    serving.signal("TERM");
    for client in &mut clients[1..] {
        assert_eq!(client.hear("ERROR"), "ERROR :Closing link: Server is shutting down");
    }
    let (status, lines, stderr) = serving.wait();
    assert!(status.success(), "{lines:#?} {stderr}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn what_was_said_before_a_kill_is_shown_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut ann = Client::connect(at);
    ann.say("CAP REQ :echo-message");
    ann.say("NICK ann\r\nUSER ann 0 * :Ann\r\nCAP END\r\nJOIN #room");
    ann.hear(" 366 ");
    ann.say("PRIVMSG #room :this lasts");
    // The echo says that it is on disk.
    ann.hear("PRIVMSG #room :this lasts");
    serving.signal("KILL");
    drop(serving);

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let mut bob = Client::connect(address(&mut serving));
    bob.say("NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #room");
    bob.hear("this lasts");
}

#[test]
fn browsers_and_tls_on_the_plain_port_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut browser = Client::connect(at);
    browser.say("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nNICK evil\r\nUSER evil 0 * :evil");
    assert_eq!(browser.hear_line(), None);
    drop(browser);
    serving.wait_for("This is HTTP");
    let mut tls = Client::connect(at);
    tls.stream.get_mut().write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    assert_eq!(tls.hear_line(), None);
    drop(tls);
    serving.wait_for("This is TLS");
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let mut ann = Client::join(address(&mut serving), "ann");
    ann.say(&format!("PRIVMSG #room :{}\r\nPING still", "x".repeat(600)));
    ann.hear(" 417 ");
    ann.hear("PONG");
}

#[test]
fn two_servers_cannot_have_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    address(&mut serving);
    let second = finish(&mut chat(dir.path(), ON_ANY_PORT));
    assert_eq!(second.code, 7, "{}", second.stderr);
    assert!(second.stderr.contains(&format!("is in use by pid {}", serving.id())), "{}", second.stderr);
}

/// Port 8080 is the default of many programs.
#[test]
fn a_default_web_address_that_is_taken_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    // When this fails, another program has it already.
    let _taken = std::net::TcpListener::bind("127.0.0.1:8080");
    let others = "[chat]\nlisten = ['127.0.0.1:0']\ntls-listen = []\nline-listen = []\n";
    let mut serving = Running::start(&mut chat(dir.path(), others));
    // The banner and what is told come from two threads, in either order.
    let mut lines = [serving.wait_for("chat  "), serving.wait_for("chat  ")];
    lines.sort_by_key(|line| line.contains("is left out"));
    let [row, told] = lines;
    assert!(told.contains("is left out") && told.contains("127.0.0.1:8080: the port is in use"), "{told}");
    assert!(row.starts_with("  chat"), "{row}");
    assert!(!row.contains("ws://"), "{row}");
    drop(serving);
    let asked_for = finish(&mut chat(dir.path(), &format!("{others}web-listen = ['127.0.0.1:8080']\n")));
    assert_eq!(asked_for.code, 7, "{}", asked_for.stderr);
    assert!(asked_for.stderr.contains("the port is in use"), "{}", asked_for.stderr);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("listen = ['*:6667']", "*:6667 is reachable from other machines and not encrypted"),
        ("listen = ['udp://127.0.0.1:6667']", "chat is not spoken over udp"),
        ("web-tls-listen = ['udp://127.0.0.1:8443']", "WebSocket is not spoken over udp"),
        ("web-tls-listen = ['tcp://*:8443']", "tcp://*:8443 is reachable from other machines and not encrypted"),
        ("public-address = 'https://chat.example.org'", "is not host or host:port"),
        ("require-account = 'inside'", "expected true, false, \"elsewhere\", or a list of networks"),
        ("line-listen = ['tls://127.0.0.1:1']", "the line listener is not spoken over tls"),
        ("origins = ['chat.example.org']", "expected scheme and host as in https://chat.example.org"),
        ("server-name = 'two words'", "is not a server's name"),
        ("password-hash = 'secret'", "not a password's hash"),
        ("certificate = '/c.pem'", "certificate needs key"),
        ("certificate = '/c.pem'\nkey = '/k.pem'", "cannot read /c.pem"),
        ("send-queue = '1k'", "1024 bytes, expected 65536 to"),
        ("ping-interval = '0s'", "is not between 1s and 24h"),
        ("replay-messages = 100000", "expected 0 to 1000"),
        ("motd = 'x'\nmotd-file = '/x'", "has both motd and motd-file"),
        ("lobby = 'lobby'", "is not a room's name"),
        ("[[chat.operator]]\nname = 'ann'", "missing field `password-hash`"),
    ];
    for (settings, expected) in cases {
        let checked = finish(chat(dir.path(), &format!("[chat]\n{settings}\n")).arg("--check"));
        assert_ne!(checked.code, 0, "{settings}");
        assert!(checked.stderr.contains(expected), "{settings}: {}", checked.stderr);
    }
    let public = finish(chat(dir.path(), "[chat]\nlisten = ['*:6667']\nallow-plain = true\n").arg("--check"));
    assert_eq!(public.code, 0, "{}", public.stderr);
}

#[test]
fn a_server_with_a_password_lets_in_who_knows_it() {
    let hash = run_with_input(&["account", "hash"], b"open sesame\n");
    assert_eq!((hash.code, hash.stderr.as_str()), (0, ""));
    assert!(hash.stdout.starts_with("$argon2id$v=19$"), "{}", hash.stdout);
    assert_eq!(run_with_input(&["account", "hash"], b"\n").code, 2);

    let dir = tempfile::tempdir().unwrap();
    let settings = format!("{ON_ANY_PORT}password-hash = '{}'\n", hash.stdout.trim_end());
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    let at = address(&mut serving);
    let mut friend = Client::connect(at);
    friend.say("PASS :open sesame\r\nNICK ann\r\nUSER ann 0 * :Ann");
    friend.hear(" 001 ");
    let mut stranger = Client::connect(at);
    stranger.say("PASS :please\r\nNICK bob\r\nUSER bob 0 * :Bob");
    stranger.hear(" 464 ");
    stranger.hear("ERROR");
}

/// The workshop's client: connect, send without a line end, close. And one that stays to listen.
const NAIVE: &str = r#"
import socket, sys
host, port = sys.argv[1].split(':')
with socket.create_connection((host, int(port))) as s:
    s.sendall(b'sent and gone')
s = socket.create_connection((host, int(port)))
s.settimeout(30)
s.sendall(b'I stay')
received = b''
while b'hello guest' not in received:
    received += s.recv(1024)
print(received.decode())
"#;

/// spec/line-listener.md
#[test]
fn naive_programs_and_irc_users_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let row = serving.wait_for("  chat");
    let door = |scheme: &str| row.split_whitespace().find_map(|word| word.strip_prefix(scheme)).unwrap().to_owned();
    let mut ann = Client::connect(door("tcp://").parse().unwrap());
    ann.say("NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #lobby");
    ann.hear(" 366 ");
    let naive = python(NAIVE, &[&door("lines://")]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    assert!(ann.hear("PRIVMSG").ends_with("PRIVMSG #lobby :sent and gone"));
    assert!(ann.hear("PRIVMSG").ends_with("PRIVMSG #lobby :I stay"));
    ann.say("PRIVMSG #lobby :hello guest");
    let heard = String::from_utf8(naive.wait_with_output().unwrap().stdout).unwrap();
    assert!(heard.contains("ann: hello guest\n"), "{heard}");
    ann.hear("QUIT");
}

/// Says 20 messages, ends its half of the connection as `nc -N` does, and prints which came back.
const HALF_CLOSING: &str = r#"
import socket, sys
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)))
s.settimeout(30)
lines = ['NICK script', 'USER script 0 * :Script', 'CAP REQ :echo-message', 'CAP END', 'JOIN #room']
lines += [f'PRIVMSG #room :number {n}' for n in range(20)]
s.sendall(''.join(line + '\r\n' for line in lines).encode())
s.shutdown(socket.SHUT_WR)
for line in s.makefile('r', newline='\r\n'):
    if ' PRIVMSG ' in line:
        print(line.rsplit(':', 1)[1].strip())
"#;

/// `docs/chat.md`, "What "acknowledged" means".
#[test]
fn a_script_that_half_closes_reads_all_its_acknowledgements() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let mut bob = Client::join(at, "bob");
    let done = finish(&mut python(HALF_CLOSING, &[&at.to_string()]));
    assert_eq!(done.code, 0, "{}", done.stderr);
    let expected: Vec<_> = (0..20).map(|n| format!("number {n}")).collect();
    assert_eq!(done.stdout.lines().collect::<Vec<_>>(), expected);
    bob.hear(":script!script@127.0.0.1 QUIT");
}

/// A WebSocket by hand (RFC 6455): handshake with the headers in `sys.argv[2:]`, then registration, and lines until
/// the one with 001.
const WEBSOCKET: &str = r#"
import base64, hashlib, os, socket, struct, sys
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)))
s.settimeout(30)
stream = s.makefile('rb')
key = base64.b64encode(os.urandom(16)).decode()
request = ['GET / HTTP/1.1', f'Host: {sys.argv[1]}', 'Upgrade: websocket', 'Connection: Upgrade',
           f'Sec-WebSocket-Key: {key}', 'Sec-WebSocket-Version: 13'] + sys.argv[2:]
s.sendall(('\r\n'.join(request) + '\r\n\r\n').encode())
status = stream.readline().decode().split(' ')[1]
headers = {}
while (line := stream.readline().decode().strip()):
    name, value = line.split(': ', 1)
    headers[name.lower()] = value
print(status, headers.get('sec-websocket-protocol', '-'))
if status != '101':
    sys.exit()
accept = base64.b64encode(hashlib.sha1((key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').encode()).digest()).decode()
assert headers['sec-websocket-accept'] == accept
def send(opcode, payload):
    mask = os.urandom(4)
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b'\xfe' + struct.pack('>H', len(payload))
    s.sendall(bytes([0x80 | opcode]) + length + mask + masked)
def receive():
    first, length = stream.read(2)
    if length == 126: length, = struct.unpack('>H', stream.read(2))
    return first & 15, stream.read(length)
send(9, b'alive?')
send(1, b'NICK web')
send(2, 'USER web 0 * :Web Grüße'.encode())
pong = False
while True:
    opcode, payload = receive()
    if opcode == 10:
        assert payload == b'alive?'
        pong = True
        continue
    assert b'\r' not in payload and b'\n' not in payload, payload
    if b' 001 ' in payload:
        print('text' if opcode == 1 else 'binary', 'pong' if pong else 'no pong')
        break
send(1, b'QUIT')
while True:
    opcode, payload = receive()
    if opcode == 8:
        print('closed')
        break
"#;

#[test]
fn web_pages_talk_in_websockets_and_foreign_pages_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ON_ANY_PORT.to_owned() + "origins = ['https://chat.example.org']\n";
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    let row = serving.wait_for("  chat");
    let web = row.split_whitespace().find_map(|word| word.strip_prefix("ws://")).unwrap();
    let talk = |headers: &[&str]| {
        let done = finish(&mut python(WEBSOCKET, &[&[web], headers].concat()));
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    assert_eq!(talk(&[]), "101 -\ntext pong\nclosed\n");
    assert_eq!(talk(&["Sec-WebSocket-Protocol: text.ircv3.net"]), "101 text.ircv3.net\ntext pong\nclosed\n");
    let binary = talk(&["Sec-WebSocket-Protocol: other, binary.ircv3.net", "Origin: https://chat.example.org"]);
    assert_eq!(binary, "101 binary.ircv3.net\nbinary pong\nclosed\n");
    assert_eq!(talk(&[&format!("Origin: http://{web}")]), "101 -\ntext pong\nclosed\n");
    assert_eq!(talk(&["Origin: https://evil.example"]), "403 -\n");
}
