//! Who is banned stays out over a restart (spec/bans.md), judged by Python's sockets, bound to addresses of their own.

use crate::support::chat::{Client, ON_ANY_PORT, addresses_in, chat};
use crate::support::{Running, finish, python, run_with_input};
use std::net::SocketAddr;
use std::path::Path;

/// Connects from an address, with TLS or without, says who it is and prints what it hears up to the welcome or the end.
const COMER: &str = r#"
import socket, ssl, sys
source, port, scheme, name = sys.argv[1:]
s = socket.create_connection(('127.0.0.1', int(port)), timeout=20, source_address=(source, 0))
try:
    if scheme == 'tls':
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = context.wrap_socket(s)
    if scheme == 'ws':
        # Frames of a server are not masked, so their text can be read as it is.
        key = 'dGhlIHNhbXBsZSBub25jZQ=='
        s.sendall(f'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
                  f'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n'.encode())
    elif scheme != 'lines':
        s.sendall(f'NICK {name}\r\nUSER {name} 0 * :x\r\n'.encode())
    for line in s.makefile('rb'):
        print(line.decode(errors='replace').strip())
        if b' 001 ' in line or b'/help lists' in line:
            break
except OSError as error:
    print('broken', type(error).__name__)
"#;

struct Server {
    running: Running,
    row: String,
}

impl Server {
    fn start(dir: &Path, settings: &str) -> Self {
        let mut running = Running::start(&mut chat(dir, settings));
        let row = running.wait_for("  chat");
        Self { running, row }
    }

    fn at(&self, scheme: &str) -> SocketAddr {
        addresses_in(&self.row, scheme)[0]
    }

    fn come(&self, source: &str, scheme: &str, name: &str) -> String {
        let port = self.at(scheme).port().to_string();
        let done = finish(&mut python(COMER, &[source, &port, scheme, name]));
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    }
}

#[test]
fn bans_keep_out_whom_they_mean_over_a_kill_until_they_are_lifted() {
    let dir = tempfile::tempdir().unwrap();
    let hash = run_with_input(&["account", "hash"], b"secret\n").stdout;
    let boss = format!("[[chat.operator]]\nname = 'boss'\npassword-hash = '{}'\n", hash.trim_end());
    let settings = ON_ANY_PORT.replace("tls-listen = []", "tls-listen = ['127.0.0.1:0']") + &boss;
    let mut server = Server::start(dir.path(), &settings);
    let mut client = Client::join(server.at("tcp"), "boss");
    client.say("OPER boss secret");
    client.hear(" 381 ");
    client.say("DLINE 1h 127.0.0.2/32 :no bots");
    assert!(client.hear("NOTICE boss :DLINE").contains("DLINE BAN_SET 127.0.0.2: Banned, until "));
    client.say("KLINE eve@127.0.0.* :rude");
    client.hear("NOTICE boss :KLINE");
    // Behind it everything before is on disk.
    client.say("CAP REQ :echo-message\r\nPRIVMSG #room :kept");
    client.hear("PRIVMSG #room :kept");

    for is_restarted in [false, true] {
        if is_restarted {
            server.running.signal("KILL");
            server.running.wait();
            server = Server::start(dir.path(), &settings);
        }
        let heard = server.come("127.0.0.2", "tcp", "bot");
        let told = "You are banned from this server: no bots (until ";
        assert!(heard.starts_with(&format!(":helio.local 465 * :{told}")), "{heard}");
        assert!(heard.contains(&format!("\nERROR :Closing link: {told}")), "{heard}");
        assert!(server.come("127.0.0.2", "lines", "bot").starts_with(&format!("* closing: {told}")));
        let heard = server.come("127.0.0.2", "ws", "bot");
        assert!(heard.contains(&format!("465 * :{told}")) && heard.contains("ERROR :Closing link"), "{heard}");
        assert!(server.come("127.0.0.2", "tls", "bot").starts_with("broken "), "before the handshake");
        let heard = server.come("127.0.0.3", "tls", "eve");
        assert!(heard.contains(" 465 eve :You are banned from this server: rude (no end is set)"), "{heard}");
        for (scheme, name) in [("tcp", "ada"), ("tls", "ben"), ("lines", "")] {
            let heard = server.come("127.0.0.3", scheme, name);
            assert!(!heard.contains("banned") && !heard.contains("broken"), "{heard}");
        }
    }
    let mut client = Client::join(server.at("tcp"), "boss");
    client.say("OPER boss secret");
    client.hear(" 381 ");
    client.say("UNDLINE 127.0.0.2");
    client.hear("NOTICE boss :UNDLINE BAN_LIFTED 127.0.0.2: The ban is lifted");
    assert!(server.come("127.0.0.2", "tcp", "bot").contains(" 001 bot "));
}

/// A stop writes what was tried too often, and the answer says when to come again.
#[test]
fn too_many_connections_stay_too_many_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let settings = format!("{ON_ANY_PORT}connections-per-minute = 2\nconnections-exempt = ['127.0.0.1']\n");
    let server = Server::start(dir.path(), &settings);
    for name in ["one", "two"] {
        assert!(server.come("127.0.0.2", "tcp", name).contains(" 001 "));
    }
    let told = "ERROR :Closing link: Too many connections from your network, the limit is 2 a minute; try again in ";
    assert!(server.come("127.0.0.2", "tcp", "three").starts_with(told));
    server.running.signal("TERM");
    server.running.wait();
    let server = Server::start(dir.path(), &settings);
    // One may have become possible meanwhile, two not.
    server.come("127.0.0.2", "tcp", "three");
    assert!(server.come("127.0.0.2", "tcp", "four").starts_with(told));
    assert!(server.come("127.0.0.1", "tcp", "five").contains(" 001 "));
}

#[test]
fn a_private_server_lets_in_accounts_alone() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), &format!("{ON_ANY_PORT}require-account = ['127.0.0.2']\n"));
    let heard = server.come("127.0.0.2", "tcp", "ada");
    assert!(heard.starts_with(":helio.local FAIL * ACCOUNT_REQUIRED :An account is needed here"), "{heard}");
    assert!(server.come("127.0.0.1", "tcp", "ada").contains(" 001 "));
}
