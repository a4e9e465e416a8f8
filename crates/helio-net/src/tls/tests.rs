use super::*;
use crate::address::Address;
use crate::connect::{self, ConnectError, Connected};
use crate::fingerprint::Fingerprint;
use crate::listen::{self, Incoming, Listener};
use crate::test_support::{directory, own, write_pair};
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;

mod openssl;

const PLENTY: Duration = Duration::from_secs(30);

fn server(directory: &Path, settings: &ServerSettings) -> Arc<ServerTls> {
    Arc::new(ServerTls::new(own(directory), settings).unwrap())
}

/// A listener with its address.
async fn listening(tls: &Arc<ServerTls>) -> (Listener, SocketAddr) {
    let listener = listen::tls(&Address::loopback(0), tls).await.unwrap().remove(0);
    let at = listener.local().unwrap();
    (listener, at)
}

/// Accepts one connection and completes its handshake.
async fn accept(listener: &mut Listener) -> Result<Connection, HandshakeError> {
    let Incoming::Connection { connection, .. } = listener.accept().await.unwrap() else { panic!("no connection") };
    connection.establish().await
}

/// Accepts one connection and answers what it sends with the same, until it ends.
fn echo_once(mut listener: Listener) -> JoinHandle<Result<Listener, String>> {
    tokio::spawn(async move {
        let mut connection = accept(&mut listener).await.map_err(|error| error.to_string())?;
        let mut buffer = [0; 1024];
        loop {
            match connection.read(&mut buffer).await.map_err(|error| error.to_string())? {
                0 => break,
                read => connection.write_all(&buffer[..read]).await.map_err(|error| error.to_string())?,
            }
        }
        connection.shutdown().await.map_err(|error| error.to_string())?;
        Ok(listener)
    })
}

async fn connect(at: SocketAddr, trust: Trust) -> Result<Connected, ConnectError> {
    connect::tls(&Address::new(at.ip(), at.port()), &ClientTls::new(trust), PLENTY).await
}

async fn exchange(connection: &mut Connection) {
    connection.write_all(b"hello").await.unwrap();
    connection.flush().await.unwrap();
    let mut answer = [0; 5];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello");
}

/// What a server says of a client that sends `bytes` and then ends its stream, or waits.
async fn handshake_of(bytes: &[u8], ends: bool, settings: &ServerSettings) -> HandshakeError {
    let place = directory();
    judgement(&mut listening(&server(place.path(), settings)).await, bytes, ends).await
}

async fn judgement((listener, at): &mut (Listener, SocketAddr), bytes: &[u8], ends: bool) -> HandshakeError {
    let mut client = TcpStream::connect(*at).await.unwrap();
    let sends = async {
        let _ = client.write_all(bytes).await;
        if ends {
            let _ = client.shutdown().await;
        }
    };
    tokio::join!(sends, accept(listener)).1.unwrap_err()
}

/// A ClientHello as our own client sends it.
async fn client_hello() -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let client = tokio::spawn(async move { connect(at, Trust::Insecure).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut hello = vec![0; 5];
    stream.read_exact(&mut hello).await.unwrap();
    let mut body = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]]))];
    stream.read_exact(&mut body).await.unwrap();
    client.abort();
    [hello, body].concat()
}

#[tokio::test]
async fn a_client_that_pinned_the_fingerprint_talks_and_both_end_cleanly() {
    let place = directory();
    let tls = server(place.path(), &ServerSettings::default());
    let (listener, at) = listening(&tls).await;
    let echo = echo_once(listener);
    let Connected { mut connection, tls: took, .. } =
        connect(at, Trust::Pinned(tls.identity().fingerprint())).await.unwrap();
    assert!(took.is_some() && connection.is_encrypted() && connection.tcp_info().is_some());
    assert_eq!(connection.peer_fingerprint(), Some(tls.identity().fingerprint()));
    exchange(&mut connection).await;
    connection.shutdown().await.unwrap();
    assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 0);
    echo.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_end_without_close_notify_is_an_error_and_not_the_end() {
    let place = directory();
    let (mut listener, at) = listening(&server(place.path(), &ServerSettings::default())).await;
    let (client, served) = tokio::join!(connect(at, Trust::Insecure), accept(&mut listener));
    let mut connection = served.unwrap();
    drop(client.unwrap());
    let error = connection.read(&mut [0; 1]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(error.to_string(), "ended without a TLS close_notify, so something may be missing");
}

#[tokio::test]
async fn a_peer_that_only_writes_and_exits_loses_nothing() {
    // RFC 8446 §4.6.1: session tickets would be unread when it closes, and TCP would answer that with a reset.
    const LENGTH: usize = 1024 * 1024;
    let place = directory();
    let (mut listener, at) = listening(&server(place.path(), &ServerSettings::default())).await;
    for _ in 0..5 {
        let writes = async {
            let mut connection = connect(at, Trust::Insecure).await.unwrap().connection;
            connection.write_all(&vec![7; LENGTH]).await.unwrap();
            connection.shutdown().await.unwrap();
        };
        let reads = async {
            let mut connection = accept(&mut listener).await.unwrap();
            let mut got = Vec::new();
            connection.read_to_end(&mut got).await.unwrap();
            got.len()
        };
        assert_eq!(tokio::join!(writes, reads).1, LENGTH);
    }
}

#[tokio::test]
async fn what_was_written_goes_out_while_the_writer_only_reads() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let place = directory();
    let (mut listener, at) = listening(&server(place.path(), &ServerSettings::default())).await;
    let serves = async {
        let mut connection = accept(&mut listener).await.unwrap();
        connection.write_all(&vec![7; LENGTH]).await.unwrap();
        assert_eq!(connection.read(&mut [0; 1]).await.unwrap(), 1);
    };
    let reads = async {
        let mut connection = connect(at, Trust::Insecure).await.unwrap().connection;
        let mut got = vec![0; LENGTH];
        connection.read_exact(&mut got).await.unwrap();
        connection.write_all(b"!").await.unwrap();
        connection.flush().await.unwrap();
        got
    };
    assert!(tokio::join!(serves, reads).1.iter().all(|&byte| byte == 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn halves_in_two_tasks_do_not_take_each_others_wake_ups() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let place = directory();
    let (mut listener, at) = listening(&server(place.path(), &ServerSettings::default())).await;
    let (client, served) = tokio::join!(connect(at, Trust::Insecure), accept(&mut listener));
    let halves = |connection| {
        let (mut reader, mut writer) = tokio::io::split::<Connection>(connection);
        // Without a flush: the last part is moved along by the half that reads.
        let writes = tokio::spawn(async move { writer.write_all(&vec![7; LENGTH]).await.map(|()| writer) });
        let reads = tokio::spawn(async move {
            let mut got = vec![0; LENGTH];
            reader.read_exact(&mut got).await.unwrap();
            // There is no more, but the other side may still wait for what is left here.
            assert_eq!(reader.read(&mut got).await.unwrap(), 0);
        });
        (writes, reads)
    };
    let ends = [halves(client.unwrap().connection), halves(served.unwrap())];
    let mut readers = Vec::new();
    for (writes, reads) in ends {
        writes.await.unwrap().unwrap().shutdown().await.unwrap();
        readers.push(reads);
    }
    for reads in readers {
        reads.await.unwrap();
    }
}

#[tokio::test]
async fn a_reload_is_for_new_handshakes_and_leaves_open_connections_alone() {
    let place = directory();
    let source = write_pair(place.path(), |_| ());
    let tls = Arc::new(ServerTls::new(source, &ServerSettings::default()).unwrap());
    let (listener, at) = listening(&tls).await;
    let (second_listener, second_at) = listening(&tls).await;
    let echo = echo_once(listener);
    let old = tls.identity().fingerprint();
    let mut before = connect(at, Trust::Pinned(old)).await.unwrap().connection;
    exchange(&mut before).await;

    write_pair(place.path(), |_| ());
    let renewed = tls.load().unwrap();
    let new = renewed.fingerprint();
    tls.show(renewed);
    assert_ne!(old, new);
    exchange(&mut before).await;
    let refused = echo_once(second_listener);
    let error = connect(second_at, Trust::Pinned(old)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot connect to {second_at}: the server's certificate has changed: expected fingerprint {old}, got \
             {new}; if its operator did not announce that, do not connect"
        )
    );
    assert!(refused.await.unwrap().is_err());
    before.shutdown().await.unwrap();
    let echo = echo_once(echo.await.unwrap().unwrap());
    let mut after = connect(at, Trust::Pinned(new)).await.unwrap().connection;
    exchange(&mut after).await;
    after.shutdown().await.unwrap();
    echo.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_reload_that_fails_keeps_the_identity_and_makes_none() {
    let place = directory();
    let tls = server(place.path(), &ServerSettings::default());
    let shown = tls.identity().fingerprint();
    for name in ["identity.pem", "identity.key"] {
        std::fs::remove_file(place.path().join(name)).unwrap();
        assert!(tls.load().is_err());
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    assert_eq!(tls.identity().fingerprint(), shown);
}

#[tokio::test]
async fn an_unknown_server_gives_its_fingerprint_to_ask_about() {
    let place = directory();
    let tls = server(place.path(), &ServerSettings::default());
    let (listener, at) = listening(&tls).await;
    let echo = echo_once(listener);
    let error = connect(at, Trust::AskOnFirstUse).await.unwrap_err();
    let ConnectError::Tls { source, .. } = error else { panic!("{error}") };
    let TlsError::Unknown { got } = *source else { panic!("{source}") };
    assert_eq!(got, tls.identity().fingerprint());
    assert!(echo.await.unwrap().is_err());
}

#[tokio::test]
async fn the_machines_authorities_do_not_vouch_for_a_self_made_certificate() {
    let place = directory();
    let tls = server(place.path(), &ServerSettings::default());
    let shown = tls.identity().fingerprint();
    let (listener, at) = listening(&tls).await;
    let echo = echo_once(listener);
    let error = connect(at, Trust::System).await.unwrap_err();
    let ConnectError::Tls { source, .. } = error else { panic!("{error}") };
    match *source {
        TlsError::Untrusted { got, .. } => assert_eq!(got, shown),
        // A machine without any authority.
        TlsError::Unavailable(_) => {}
        TlsError::Changed { .. } | TlsError::Unknown { .. } | TlsError::Name(_) | TlsError::Handshake(_) => {
            panic!("{source}")
        }
    }
    echo.abort();
}

#[tokio::test]
async fn what_is_no_handshake_is_told_for_what_it_is() {
    let settings = ServerSettings::default();
    for bytes in [&b"NICK ada\r\nUSER ada 0 * :Ada\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[0; 64], &[0xff; 5000]] {
        let error = handshake_of(bytes, false, &settings).await;
        assert!(matches!(error, HandshakeError::NotTls), "{bytes:?}: {error}");
    }
    let hello = client_hello().await;
    for length in [0, 1, 4, 5, 6, hello.len() / 2, hello.len() - 1, hello.len()] {
        let error = handshake_of(&hello[..length], true, &settings).await;
        assert!(matches!(error, HandshakeError::Cut), "{length} bytes of the hello: {error}");
    }
}

#[tokio::test]
async fn no_changed_byte_of_a_hello_does_more_than_fail() {
    let place = directory();
    let mut listening = listening(&server(place.path(), &ServerSettings::default())).await;
    let hello = client_hello().await;
    for position in 0..hello.len() {
        let mut changed = hello.clone();
        changed[position] ^= 0xff;
        // Some changes do not matter to the server; then it is the missing rest that fails.
        judgement(&mut listening, &changed, true).await;
    }
}

#[tokio::test]
async fn a_peer_that_is_silent_or_slow_runs_out_of_time() {
    let settings = ServerSettings { handshake_timeout: Duration::from_millis(20), ..ServerSettings::default() };
    let hello = client_hello().await;
    for length in [0, 1, hello.len() - 1, hello.len()] {
        let error = handshake_of(&hello[..length], false, &settings).await;
        assert_eq!(error.to_string(), "not complete within 20ms");
    }
}

#[tokio::test]
async fn a_handshake_without_end_is_cut_at_its_limit() {
    // RFC 8446 §4 and §5.1: a ClientHello that announces 65,000 bytes, in records of 16,384.
    let mut message = vec![1, 0, 0xfd, 0xe8];
    message.resize(limits::TLS_HANDSHAKE_BYTES + 16_384, 0);
    let records: Vec<u8> = message
        .chunks(16_384)
        .flat_map(|part| [&[22, 3, 1], &(part.len() as u16).to_be_bytes()[..], part].concat())
        .collect();
    let error = handshake_of(&records, false, &ServerSettings::default()).await;
    assert_eq!(error.to_string(), "longer than 32768 bytes");
}

#[tokio::test]
async fn handshakes_wait_their_turn_and_their_waiting_is_bounded() {
    let place = directory();
    let settings = ServerSettings { handshake_timeout: Duration::from_millis(20), ..ServerSettings::default() };
    let tls = server(place.path(), &settings);
    let (mut listener, at) = listening(&tls).await;
    let all = tls.turns.acquire_many(limits::TLS_HANDSHAKES_AT_ONCE as u32).await.unwrap();
    let client = tokio::spawn(async move { connect(at, Trust::Insecure).await.is_ok() });
    assert!(matches!(accept(&mut listener).await, Err(HandshakeError::TimedOut(_))));
    assert!(!client.await.unwrap());
    drop(all);
    let tls = server(place.path(), &ServerSettings::default());
    let (mut listener, at) = listening(&tls).await;
    // Many more than there are turns, and silent ones between them.
    let mut silent = Vec::new();
    let mut clients = Vec::new();
    let mut accepted = Vec::new();
    for _ in 0..4 * limits::TLS_HANDSHAKES_AT_ONCE {
        silent.push(TcpStream::connect(at).await.unwrap());
        clients.push(tokio::spawn(connect(at, Trust::Insecure)));
        for _ in 0..2 {
            let Incoming::Connection { connection, .. } = listener.accept().await.unwrap() else { panic!("short") };
            accepted.push(tokio::spawn(connection.establish()));
        }
    }
    for client in clients {
        client.await.unwrap().unwrap();
    }
    accepted.iter().for_each(JoinHandle::abort);
}

#[test]
fn the_enum_of_connections_stays_small() {
    assert!(size_of::<Connection>() <= 40, "{}", size_of::<Connection>());
}

#[test]
fn no_name_for_a_certificate_is_an_error_before_anything_is_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        ClientTls::new(Trust::Insecure).connect(stream, &"a_b..c:1".parse::<Address>().unwrap().host).await.unwrap_err()
    });
    assert_eq!(error.to_string(), "a_b..c cannot be the name of a TLS server");
}

/// A fingerprint that belongs to nobody.
fn nobody() -> Fingerprint {
    Fingerprint::of(b"nobody")
}

/// Listeners of two protocols show one identity, and a reload of either is one of both.
#[tokio::test]
async fn two_ways_to_speak_share_an_identity_and_keep_their_protocols_apart() {
    let place = directory();
    let source = write_pair(place.path(), |_| ());
    let of = |protocol| ServerSettings { protocol: Some(protocol), ..ServerSettings::default() };
    let irc = Arc::new(ServerTls::new(source, &of("irc")).unwrap());
    let web = Arc::new(irc.beside(&of("http/1.1")).unwrap());
    write_pair(place.path(), |_| ());
    irc.show(irc.load().unwrap());
    assert_eq!(web.identity().fingerprint(), irc.identity().fingerprint());
    let trust = Trust::Pinned(web.identity().fingerprint());
    for (server, is_taken) in [(&web, true), (&irc, false)] {
        let (mut listener, at) = listening(server).await;
        let browser = ClientTls { protocol: Some("http/1.1"), ..ClientTls::new(trust) };
        let address = Address::new(at.ip(), at.port());
        let connects = connect::tls(&address, &browser, PLENTY);
        let (client, served) = tokio::join!(connects, accept(&mut listener));
        assert_eq!((client.is_ok(), served.is_ok()), (is_taken, is_taken));
    }
}
