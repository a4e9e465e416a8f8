//! The chat service over TLS, with Python's `ssl` as the client.

use crate::support::chat::{Client, chat};
use crate::support::{Running, eventually, finish, python, run_with_input, text};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

/// TLS beside plain IRC, both where the system likes, with `more` settings.
fn settings(more: &str) -> String {
    let listen = "[chat]\nlisten = ['127.0.0.1:0']\ntls-listen = ['127.0.0.1:0']\nweb-listen = []\nweb-tls-listen = []\nline-listen = []\n";
    format!("{listen}{more}")
}

/// The addresses of plain and of encrypted IRC.
fn addresses(serving: &mut Running) -> (String, String) {
    let row = serving.wait_for("  chat");
    let door = |scheme: &str| row.split_whitespace().find_map(|word| word.strip_prefix(scheme)).unwrap().to_owned();
    (door("tcp://"), door("tls://"))
}

/// A client that trusts the certificate in `sys.argv[2]`, joins and prints what is said until it is told to go. A third
/// argument is the newest version that it speaks.
const CLIENT: &str = r#"
import socket, ssl, sys
host, port = sys.argv[1].split(':')
context = ssl.create_default_context(cafile=sys.argv[2])
if len(sys.argv) > 3:
    context.maximum_version = ssl.TLSVersion[sys.argv[3]]
raw = socket.create_connection((host, int(port)))
raw.settimeout(30)
try:
    s = context.wrap_socket(raw, server_hostname='localhost')
except ssl.SSLError as error:
    print('refused', error.reason)
    sys.exit()
print(s.version())
s.sendall(b'NICK tess\r\nUSER tess 0 * :Tess\r\nJOIN #room\r\n')
for line in s.makefile('r', newline='\r\n'):
    if ' PRIVMSG ' in line:
        s.sendall(b'PRIVMSG #room :heard ' + line.rsplit(' ', 1)[1].encode())
        if line.endswith(' go\r\n'):
            break
"#;

/// Prints the names of the certificate that is shown.
const SHOWN: &str = r#"
import hashlib, ssl, sys
host, port = sys.argv[1].split(':')
pem = ssl.get_server_certificate((host, int(port)))
print(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest())
"#;

fn shown(at: &str) -> String {
    let done = finish(&mut python(SHOWN, &[at]));
    assert_eq!(done.code, 0, "{}", done.stderr);
    done.stdout
}

/// Asks what CAP LS 302 offers.
const OFFERED: &str = r#"
import socket, sys
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)))
s.settimeout(30)
s.sendall(b'CAP LS 302\r\n')
for line in s.makefile('r', newline='\r\n'):
    if ' LS ' in line:
        print(line.strip())
        if ' LS * ' not in line: break
"#;

fn offered(at: &str) -> String {
    finish(&mut python(OFFERED, &[at])).stdout
}

fn own_certificate(dir: &Path) -> String {
    dir.join("data/tls/identity.pem").to_str().unwrap().to_owned()
}

#[test]
fn python_talks_over_tls_and_an_old_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), &settings("")));
    let (plain, tls) = addresses(&mut serving);
    let certificate = own_certificate(dir.path());
    let mut ann = Client::join(plain.parse().unwrap(), "ann");
    let tess = python(CLIENT, &[&tls, &certificate]).stdout(Stdio::piped()).spawn().unwrap();
    ann.hear(":tess!tess@127.0.0.1 JOIN #room");
    ann.say("PRIVMSG #room :please go");
    assert_eq!(ann.hear("PRIVMSG"), ":tess!tess@127.0.0.1 PRIVMSG #room :heard go");
    assert_eq!(String::from_utf8(tess.wait_with_output().unwrap().stdout).unwrap(), "TLSv1.3\n");
    // The default of `min-tls` is 1.3.
    let old = finish(&mut python(CLIENT, &[&tls, &certificate, "TLSv1_2"]));
    assert_eq!(old.stdout, "refused TLSV1_ALERT_PROTOCOL_VERSION\n", "{}", old.stderr);
}

#[test]
fn sighup_shows_a_new_certificate_and_drops_nobody() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut serving = Running::start(&mut chat(dir.path(), &settings("")));
    let (plain, tls) = addresses(&mut serving);
    let mut ann = Client::join(plain.parse().unwrap(), "ann");
    let tess = python(CLIENT, &[&tls, &own_certificate(dir.path())]).stdout(Stdio::piped()).spawn().unwrap();
    ann.hear(":tess!tess@127.0.0.1 JOIN #room");
    let before = shown(&tls);
    // Another server's identity comes in the place of this one's.
    addresses(&mut Running::start(&mut chat(other.path(), &settings(""))));
    for name in ["identity.key", "identity.pem"] {
        std::fs::copy(other.path().join("data/tls").join(name), dir.path().join("data/tls").join(name)).unwrap();
    }
    serving.signal("HUP");
    serving.wait_for_error("settings were read again");
    assert_ne!(shown(&tls), before);
    ann.say("PRIVMSG #room :please go");
    assert_eq!(ann.hear("PRIVMSG"), ":tess!tess@127.0.0.1 PRIVMSG #room :heard go");
    assert!(tess.wait_with_output().unwrap().status.success());
}

/// `docs/chat.md`, "Floods and limits".
#[test]
fn connections_in_their_handshake_count() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), &settings("per-address = 2\nconnections-exempt = []\n")));
    let (_, tls) = addresses(&mut serving);
    let mut silent: Vec<_> = (0..2).map(|_| TcpStream::connect(&tls).unwrap()).collect();
    let refused = finish(&mut python(SHOWN, &[&tls]));
    assert_ne!(refused.code, 0, "{}", refused.stdout);
    let told = serving.wait_for("Too many connections from your address, the limit is 2");
    assert!(told.contains("dropped in the handshake"), "{told}");
    silent.pop();
    eventually("there is a place again", || finish(&mut python(SHOWN, &[&tls])).code == 0);
}

/// `docs/tls.md`, "Renewal".
#[test]
fn a_reload_changes_the_certificate_and_the_settings_or_neither() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut serving = Running::start(&mut chat(dir.path(), &settings("network = 'Old'\n")));
    let (plain, tls) = addresses(&mut serving);
    let before = shown(&tls);
    addresses(&mut Running::start(&mut chat(other.path(), &settings(""))));
    let identity = |name: &str| dir.path().join("data/tls").join(name);
    let file = dir.path().join("helio.toml");

    // Another server's identity in the place of this one's, and an address that cannot be had.
    let (old_key, old_certificate) = (identity("old.key"), identity("old.pem"));
    std::fs::rename(identity("identity.key"), &old_key).unwrap();
    std::fs::rename(identity("identity.pem"), &old_certificate).unwrap();
    for name in ["identity.key", "identity.pem"] {
        std::fs::copy(other.path().join("data/tls").join(name), identity(name)).unwrap();
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("['127.0.0.1:0', '{}']", taken.local_addr().unwrap());
    std::fs::write(&file, settings("").replacen("['127.0.0.1:0']", &listen, 1)).unwrap();
    serving.signal("HUP");
    assert!(serving.wait_for_error("the old settings stay").contains("the port is in use"));
    assert_eq!(shown(&tls), before);

    // Good settings, and a certificate without its key.
    std::fs::rename(&old_key, identity("identity.key")).unwrap();
    std::fs::write(&file, settings("network = 'New'\n")).unwrap();
    serving.signal("HUP");
    assert!(serving.wait_for_error("the old settings stay").contains("is not the key of"));
    assert_eq!(shown(&tls), before);
    let welcome = |nick: &str| {
        let mut client = Client::connect(plain.parse().unwrap());
        client.say(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
        client.hear(" 001 ")
    };
    assert!(welcome("ann").contains("Old"));

    std::fs::rename(&old_certificate, identity("identity.pem")).unwrap();
    serving.signal("HUP");
    serving.wait_for_error("settings were read again");
    assert!(welcome("bob").contains("New"));
}

/// IRCv3 sts: who is told to insist on TLS must be able to trust the certificate for as long.
#[test]
fn sts_is_offered_with_an_issued_certificate_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut own = Running::start(&mut chat(dir.path(), &settings("sts = '30d'\n")));
    own.wait_for_error("sts is not offered");
    let (plain, _) = addresses(&mut own);
    assert!(!offered(&plain).contains("sts="));
    drop(own);

    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let openssl = |args: &[&str]| {
        let done = finish(Command::new("openssl").args(args));
        assert_eq!(done.code, 0, "{}", done.stderr);
    };
    let (ca, ca_key, leaf, key) = (file("ca.pem"), file("ca.key"), file("leaf.pem"), file("leaf.key"));
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
    openssl(&[&new[..], &["-subj", "/CN=An authority", "-keyout", &ca_key, "-out", &ca]].concat());
    let issue = ["-subj", "/CN=localhost", "-CA", &ca, "-CAkey", &ca_key, "-keyout", &key, "-out", &leaf];
    openssl(&[&new[..], &issue].concat());
    std::fs::write(file("chain.pem"), text(&leaf) + &text(&ca)).unwrap();
    let issued = format!("sts = '30d'\ncertificate = '{}'\nkey = '{key}'\n", file("chain.pem"));
    let mut issued = Running::start(&mut chat(dir.path(), &settings(&issued)));
    let (plain, _) = addresses(&mut issued);
    // The duration is for those who came over TLS.
    let offered = offered(&plain);
    assert!(offered.contains(" sts=port=") || offered.contains(":sts=port="), "{offered}");
}

/// REHASH reads the file again as SIGHUP does, and says what came of it.
#[test]
fn an_operator_opens_a_listener_by_rehash_and_is_told_of_a_wrong_file() {
    let dir = tempfile::tempdir().unwrap();
    let hash = run_with_input(&["account", "hash"], b"secret\n").stdout;
    let boss = format!("[[chat.operator]]\nname = 'boss'\npassword-hash = '{}'\n", hash.trim_end());
    let mut serving = Running::start(&mut chat(dir.path(), &settings(&boss)));
    let (plain, _) = addresses(&mut serving);
    let mut ann = Client::join(plain.parse().unwrap(), "ann");
    ann.say("OPER boss secret");
    ann.hear(" 381 ");
    // A port that was free a moment ago, since one that the system picks would not be told here.
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listen = format!("['127.0.0.1:0', '{other}']");
    let file = dir.path().join("helio.toml");
    std::fs::write(&file, settings(&boss).replacen("['127.0.0.1:0']", &listen, 1)).unwrap();
    ann.say("REHASH");
    ann.hear(" 382 ");
    serving.wait_for_error("settings were read again");
    let mut bob = Client::join(other, "bob");
    bob.say("PRIVMSG #room :through the new door");
    ann.hear("through the new door");
    std::fs::write(&file, "[chat]\nlisten = 3\n").unwrap();
    ann.say("REHASH");
    ann.hear("line 2");
    assert!(TcpStream::connect(other).is_ok(), "the old settings stay");
}
