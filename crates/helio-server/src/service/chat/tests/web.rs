//! What comes to the web listener and is none of what RFC 6455 has, and what says to come from elsewhere than it does.

use super::*;
use helio_core::rng::Rng;

const REQUEST: &str = "GET /irc HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A world with a listener for the web beside that for IRC, and where it is.
async fn world() -> (World, String) {
    let mut world = World::start(settings(), Box::new(MemoryStore::new())).await.unwrap();
    let web = Door { speech: Speech::Web, address: Address::loopback(0), is_optional: false };
    let doors = vec![irc(), web];
    world.running.change(ChatSettings { chat: settings(), doors, origins: Vec::new() }).await.unwrap();
    let (_, address) = world.running.bound().remove(1);
    (world, address.to_string().replace("tcp://", ""))
}

/// Sends bytes and their end, and waits for the end of the connection.
async fn offer(at: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // Whoever is refused early may find the connection reset.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PLENTY, stream.read_to_end(&mut answer)).await.expect("the connection ends");
    answer
}

/// Somebody called `nick`, in `#room`, by WebSocket.
async fn join_by_web(at: &str, nick: &str, headers: &str) -> TcpStream {
    let mut client = Client { stream: BufReader::new(TcpStream::connect(at).await.unwrap()) };
    client.say(&format!("{REQUEST}{headers}")).await;
    client.hear("HTTP/1.1 101 ").await;
    for line in [&format!("NICK {nick}"), &format!("USER {nick} 0 * :{nick}"), "JOIN #room"] {
        client.stream.write_all(&frame(0x81, line.as_bytes())).await.unwrap();
    }
    client.stream.into_inner()
}

/// RFC 6455 §5.2: a frame of less than 126 bytes, under a mask that changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [&[first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0], payload].concat()
}

/// CVE-2023-50784 was a WebSocket handshake that took the server down.
#[tokio::test(flavor = "multi_thread")]
async fn no_damaged_request_does_more_than_fail() {
    let (world, at) = world().await;
    let mut ann = world.join("ann", "").await;
    for seed in 0..200 {
        let mut rng = Rng::from_seed(seed);
        let mut request = format!("{REQUEST}\r\n").into_bytes();
        for _ in 0..=rng.below(6) {
            let place = rng.below(request.len() as u64) as usize;
            match rng.below(4) {
                0 => request[place] = rng.below(256) as u8,
                1 => request.insert(place, rng.below(256) as u8),
                2 => drop(request.drain(place..(place + 20).min(request.len()))),
                _ => request.extend_from_within(place..),
            }
            request.push(b'\n');
        }
        offer(&at, &request).await;
        ann.say(&format!("PING {seed}.")).await;
        ann.hear(&format!(":{seed}.")).await;
    }
    let _eve = join_by_web(&at, "eve", "").await;
    ann.hear(":eve!").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_damaged_frame_does_more_than_end_its_connection() {
    let (world, at) = world().await;
    let mut ann = world.join("ann", "").await;
    let huge = [0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
    let mut hostile: Vec<Vec<u8>> = vec![
        // RFC 6455 §5.1: a client's frames are masked.
        [&[0x81, 4], b"QUIT".as_slice()].concat(),
        // §5.2: reserved bits, reserved opcodes, lengths that nobody can send.
        frame(0xF1, b"PING a"),
        frame(0x83, b"PING a"),
        frame(0x8F, b"PING a"),
        huge.to_vec(),
        [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0].to_vec(),
        [0x81, 0xFE, 0xFF, 0xFF, 0, 0, 0, 0].to_vec(),
        // §5.4, §5.5: pieces without a beginning, a beginning after a beginning, control frames in pieces or too long.
        frame(0x80, b"PING a"),
        [frame(0x01, b"PING"), frame(0x01, b"PING")].concat(),
        frame(0x09, b"ping"),
        [0x89, 0xFE, 0x01, 0x00, 0, 0, 0, 0].to_vec(),
        // §5.5.1: a close with half a code, with a code that is none, and twice.
        frame(0x88, &[3]),
        frame(0x88, &[0, 0]),
        [frame(0x88, &[3, 232]), frame(0x88, &[3, 232])].concat(),
        // §5.6: text that is none; a line with ends and NUL in it; a frame that is cut.
        frame(0x81, &[0xFF, 0xFE]),
        frame(0x82, b"PRIVMSG #room :a\r\n\0:eve QUIT\r\n"),
        frame(0x81, b"PRIVMSG #room :cut")[..12].to_vec(),
    ];
    for seed in 0..100 {
        let mut rng = Rng::from_seed(seed);
        let length = rng.below(200);
        hostile.push((0..length).map(|_| rng.below(256) as u8).collect());
    }
    for (number, bytes) in hostile.iter().enumerate() {
        let nick = format!("eve{number}");
        let mut eve = join_by_web(&at, &nick, "").await;
        ann.hear(&format!(":{nick}!")).await;
        let _ = eve.write_all(bytes).await;
        let _ = eve.shutdown().await;
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(PLENTY, eve.read_to_end(&mut rest)).await.expect("the connection ends");
        ann.hear(&format!(":{nick}!{nick}@127.0.0.1 QUIT")).await;
    }
}

/// Nobody stands before this server by its own account, so nobody is believed who says for whom a connection is.
#[tokio::test(flavor = "multi_thread")]
async fn where_somebody_comes_from_is_what_the_socket_says() {
    let (world, at) = world().await;
    let mut ann = world.join("ann", "").await;
    let headers = "X-Forwarded-For: 203.0.113.7\r\nX-Real-IP: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n";
    let _eve = join_by_web(&at, "eve", headers).await;
    assert!(ann.hear(":eve!").await.starts_with(":eve!eve@127.0.0.1 JOIN"));
    // The PROXY protocol, in both its forms, is no request.
    for first in ["PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\n", "\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c"] {
        let answer =
            String::from_utf8_lossy(&offer(&at, &[first.as_bytes(), REQUEST.as_bytes(), b"\r\n"].concat()).await)
                .into_owned();
        assert!(!answer.contains("101 Switching"), "{answer}");
    }
    let (_, address) = world.running.bound().remove(0);
    let stream = TcpStream::connect(address.to_string().replace("tcp://", "")).await.unwrap();
    let mut bob = Client { stream: BufReader::new(stream) };
    bob.say("PROXY TCP4 203.0.113.7 192.0.2.1 5000 6667\r\nWEBIRC secret gateway bob.example 203.0.113.7").await;
    bob.say("NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #room").await;
    assert!(bob.hear("PROXY").await.contains(" 421 * PROXY "));
    assert!(bob.hear("WEBIRC").await.contains(" 421 * WEBIRC "));
    assert!(ann.hear(":bob!").await.starts_with(":bob!bob@127.0.0.1 JOIN"));
}
