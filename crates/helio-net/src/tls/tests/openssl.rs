//! `openssl` on the other side.

use super::{PLENTY, accept, connect, echo_once, listening, nobody, server};
use crate::connect::ConnectError;
use crate::test_support::{directory, openssl, own, without_openssl};
use crate::tls::{MinVersion, ServerSettings, ServerTls, TlsError, Trust};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What `openssl s_client` with further `args` makes of the server, and what the server makes of it: the client sends a
/// line, gets it back, and ends.
async fn s_client(tls: &Arc<ServerTls>, args: &[&str]) -> ((bool, String), Result<(), String>) {
    let (listener, at) = listening(tls).await;
    let echo = echo_once(listener);
    let at = at.to_string();
    let args: Vec<String> =
        ["s_client", "-connect", &at, "-servername", "localhost"].iter().chain(args).map(ToString::to_string).collect();
    let client = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        // Q at the start of a line ends it.
        openssl(&args, "hello there\nQ\n")
    });
    let client = client.await.unwrap();
    let served = tokio::time::timeout(PLENTY, echo).await.unwrap().unwrap();
    (client, served.map(drop))
}

fn path(directory: &Path, name: &str) -> String {
    directory.join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn openssl_verifies_the_servers_own_certificate_by_its_file() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let tls = server(place.path(), &ServerSettings::default());
    let file = path(place.path(), "identity.pem");
    for name in [["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"]] {
        let args = [&["-CAfile", &file, "-verify_return_error", "-brief"][..], &name].concat();
        let ((success, text), served) = s_client(&tls, &args).await;
        assert!(success && served.is_ok(), "{served:?}\n{text}");
        assert!(text.contains("Verification: OK") && text.contains("TLSv1.3"), "{text}");
    }
}

#[tokio::test]
async fn tls_1_2_is_refused_unless_it_is_admitted_and_older_ones_always() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let new = server(place.path(), &ServerSettings::default());
    let ((success, text), served) = s_client(&new, &["-tls1_2"]).await;
    assert!(!success && text.contains("alert protocol version"), "{text}");
    assert_eq!(served, Err("no version of TLS that both sides speak".to_owned()));

    let settings = ServerSettings { min_version: MinVersion::Tls12, ..ServerSettings::default() };
    let old = server(place.path(), &settings);
    for (version, shown) in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")] {
        let ((success, text), served) = s_client(&old, &[version, "-brief"]).await;
        assert!(success && text.contains(shown), "{served:?}\n{text}");
    }
    // SECLEVEL=0, since otherwise openssl itself refuses to speak it.
    let ((success, text), served) = s_client(&old, &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"]).await;
    assert!(!success && served.is_err(), "{text}");
}

#[tokio::test]
async fn no_session_is_kept_and_no_ticket_sent() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let settings = ServerSettings { min_version: MinVersion::Tls12, ..ServerSettings::default() };
    let tls = server(place.path(), &settings);
    for version in ["-tls1_2", "-tls1_3"] {
        let session = path(place.path(), "session");
        let ((success, text), _) = s_client(&tls, &[version, "-sess_out", &session]).await;
        assert!(success && !text.contains("TLS session ticket"), "{text}");
    }
}

#[tokio::test]
async fn another_protocol_in_alpn_is_refused_and_none_is_not() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let tls = server(place.path(), &ServerSettings { protocol: Some("irc"), ..ServerSettings::default() });
    for (args, admitted) in [(&[][..], true), (&["-alpn", "irc"], true), (&["-alpn", "h2,http/1.1"], false)] {
        let ((success, text), served) = s_client(&tls, args).await;
        assert_eq!((success, served.is_ok()), (admitted, admitted), "{args:?}: {served:?}\n{text}");
    }
}

#[tokio::test]
async fn a_client_certificate_is_known_by_its_fingerprint_whoever_issued_it() {
    if without_openssl() {
        return;
    }
    let (place, client) = (directory(), directory());
    let theirs = own(client.path()).load_or_make().unwrap().fingerprint();
    let (certificate, key) = (path(client.path(), "identity.pem"), path(client.path(), "identity.key"));
    let showing = ["-cert", &*certificate, "-key", &*key];
    for (asked, args, seen) in [(true, &showing[..], Some(theirs)), (true, &[], None), (false, &showing, None)] {
        for version in [MinVersion::Tls12, MinVersion::Tls13] {
            let settings =
                ServerSettings { min_version: version, ask_client_certificate: asked, ..ServerSettings::default() };
            let (mut listener, at) = listening(&server(place.path(), &settings)).await;
            let at = at.to_string();
            let limit = if version == MinVersion::Tls12 { "-no_tls1_3" } else { "-tls1_3" };
            let args = [&["s_client", "-connect", &at, "-quiet", limit][..], args].concat();
            let mut process =
                Command::new("openssl").args(args).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            let connection = accept(&mut listener).await.unwrap();
            assert_eq!(connection.peer_fingerprint(), seen, "asked {asked}, {version:?}");
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

/// `openssl s_server` that sends back each line reversed.
struct SServer {
    process: Child,
    at: SocketAddr,
}

impl SServer {
    fn start(directory: &Path, args: &[&str]) -> Self {
        let (certificate, key) = (path(directory, "identity.pem"), path(directory, "identity.key"));
        let mut process = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", &certificate, "-key", &key])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let at = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ")?.parse().ok()).unwrap();
        // It stops when nobody reads what it prints.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, at }
    }
}

impl Drop for SServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn our_client_talks_to_openssl_by_its_fingerprint_and_to_no_other() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let identity = own(place.path()).load_or_make().unwrap();
    let server = SServer::start(place.path(), &[]);
    let mut connection = connect(server.at, Trust::Pinned(identity.fingerprint())).await.unwrap().connection;
    connection.write_all(b"hello\n").await.unwrap();
    connection.flush().await.unwrap();
    let mut answer = [0; 6];
    connection.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"olleh\n");
    connection.shutdown().await.unwrap();

    let error = connect(server.at, Trust::Pinned(nobody())).await.unwrap_err();
    let ConnectError::Tls { source, .. } = error else { panic!("{error}") };
    let TlsError::Changed { expected, got } = *source else { panic!("{source}") };
    assert_eq!((expected, got), (nobody(), identity.fingerprint()));
}

#[tokio::test]
async fn our_client_refuses_a_server_that_is_too_old() {
    if without_openssl() {
        return;
    }
    let place = directory();
    own(place.path()).load_or_make().unwrap();
    let server = SServer::start(place.path(), &["-tls1_2"]);
    let error = connect(server.at, Trust::Insecure).await.unwrap_err();
    let told = "TLS handshake failed: no version of TLS that both sides speak";
    assert_eq!(error.to_string(), format!("cannot connect to {}: {told}", server.at));
}
