//! `helio account`, `helio invite` and `helio audit` on a server that runs and on one that does not, the control socket itself
//! (spec/control.md), and logging in by what they made.

use crate::support::chat::{Client, ON_ANY_PORT, address, addresses, chat};
use crate::support::{Finished, Running, finish, python, run_with_input, text, without};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// Runs `helio` on the data directory of `dir`.
fn helio(dir: &Path, args: &[&str], input: &[u8]) -> Finished {
    let data = dir.join("data");
    let (first, rest) = args.split_first().unwrap();
    run_with_input(&[&[*first, "--data-dir", data.to_str().unwrap()], rest].concat(), input)
}

/// What each step is answered with: its exit code, and what is printed.
fn script(dir: &Path) -> Vec<(i32, String, String)> {
    let certificate = "ab".repeat(32);
    let steps: [(&[&str], &[u8]); 17] = [
        (&["account", "add", "ann"], b"correct horse\n"),
        (&["account", "add", "Ann"], b"correct horse\n"),
        (&["account", "add", "weak"], b"short\n"),
        (&["account", "add", "bob"], b"correct horse\n"),
        (&["account", "add", "eve"], b"correct horse\n"),
        (&["account", "passwd", "bob"], b"battery staple\n"),
        (&["account", "suspend", "bob", "on leave"], b""),
        (&["account", "delete", "eve"], b""),
        (&["account", "restore", "eve"], b""),
        (&["account", "nick", "add", "ann", "annie"], b""),
        (&["account", "nick", "add", "bob", "annie"], b""),
        (&["account", "cert", "add", "ann", &certificate], b""),
        (&["account", "cert", "add", "bob", &certificate], b""),
        (&["account", "app", "delete", "ann", "phone"], b""),
        (&["invite", "revoke", "nothing"], b""),
        (&["invite", "--uses", "0"], b""),
        (&["account", "list"], b""),
    ];
    let run = |(args, input): (&[&str], &[u8])| {
        let done = helio(dir, args, input);
        (done.code, done.stdout, done.stderr)
    };
    steps.into_iter().map(run).collect()
}

/// The deeds, without times and who.
fn deeds(dir: &Path) -> Vec<String> {
    let printed = helio(dir, &["audit"], b"").stdout;
    printed.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap().to_owned()).collect()
}

/// "The same request has the same outcome, whether the server runs or not."
#[test]
fn a_running_server_and_a_stopped_one_answer_alike() {
    let (stopped, running) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(helio(stopped.path(), &["account", "list"], b"").code, 3, "no server has run");
    let expected = script(stopped.path());
    let codes: Vec<i32> = expected.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, [0, 2, 2, 0, 0, 0, 0, 0, 3, 0, 2, 0, 2, 2, 2, 2, 0], "{expected:#?}");
    let (_, list, _) = expected.last().unwrap();
    assert_eq!(list, "ann active\nbob suspended: on leave\neve deleted\n");

    let mut serving = Running::start(&mut chat(running.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    assert_eq!(script(running.path()), expected);
    assert_eq!(deeds(running.path()), deeds(stopped.path()));
    let mut ann = Client::connect(at);
    ann.say("PASS :ann:correct horse\r\nNICK annie\r\nUSER ann 0 * :Ann");
    ann.hear(" 900 annie annie!ann@127.0.0.1 ann ");
    ann.hear(" 001 annie ");
    assert_eq!(helio(running.path(), &["account", "suspend", "ann"], b"").code, 0);
    ann.hear("ERROR :Closing link: Your account was suspended");

    // Acknowledged is on disk, whatever happens to the server.
    let acknowledged = helio(running.path(), &["account", "list", "--json"], b"").stdout;
    serving.signal("KILL");
    let _ = serving.wait();
    assert!(running.path().join("data/control.sock").exists(), "nobody was there to remove it");
    assert_eq!(helio(running.path(), &["account", "list", "--json"], b"").stdout, acknowledged);
    let mut again = Running::start(&mut chat(running.path(), ON_ANY_PORT));
    again.wait_for("  chat");
    assert_eq!(helio(running.path(), &["account", "restore", "ann"], b"").code, 0, "a stale socket was replaced");
    again.stop();
    assert!(!running.path().join("data/control.sock").exists(), "removed on a clean stop");
}

#[test]
fn nothing_is_changed_behind_the_back_of_a_server_that_does_not_answer() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    serving.wait_for("  chat");
    std::fs::remove_file(dir.path().join("data/control.sock")).unwrap();
    let refused = helio(dir.path(), &["account", "add", "ann"], b"correct horse\n");
    assert_eq!(refused.code, 7, "{}", refused.stderr);
    assert!(refused.stderr.contains("control.sock does not answer"), "{}", refused.stderr);
    let socket = UnixListener::bind(dir.path().join("data/control.sock")).unwrap();
    drop(socket);
    assert_eq!(helio(dir.path(), &["account", "list"], b"").code, 7, "somebody's socket without anybody behind it");
}

/// Speaks to the socket: what is no request, one that is too long, several in a row, and more connections than there may be.
const BY_HAND: &str = r"
import json, socket, sys
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(sys.argv[1])
    return s, s.makefile('rb')
def ask(s, f, line):
    s.sendall(line + b'\n')
    return json.loads(f.readline())
s, f = connect()
print(ask(s, f, b'tea')['code'])
print(ask(s, f, b'{\xff}')['code'])
print(ask(s, f, b'{\x22request\x22:\x22account-restore\x22,\x22name\x22:\x22nobody\x22}')['code'])
bad = {'request': 'account-add', 'name': 'ann', 'credential': {'hash': 'x', 'scram': {'salt': 'AAAA', 'iterations': 4096, 'stored_key': 'A' * 43 + '=', 'server_key': 'A' * 43 + '='}}}
print(ask(s, f, json.dumps(bad).encode())['answer'])
print(ask(s, f, b'{\x22request\x22:\x22account-list\x22}'))
held = [connect() for _ in range(7)]
print([ask(*one, b'{\x22request\x22:\x22invite-list\x22}')['answer'] for one in held].count('invites'))
late = connect()
late[0].sendall(b'{\x22request\x22:\x22account-list\x22}\n')
late[0].settimeout(0.2)
try:
    late[1].readline()
    print('answered')
except TimeoutError:
    print('waits')
s.sendall(b'x' * (1 << 20))
print(json.loads(f.readline())['code'], f.readline())
s.close()
late[0].settimeout(30)
late = late[0], late[0].makefile('rb')
print(json.loads(late[1].readline())['answer'])
";

#[test]
fn the_socket_is_for_its_owner_and_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    serving.wait_for("  chat");
    let path = dir.path().join("data/control.sock");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&dir.path().join("data"))), (0o600, 0o700));
    let done = finish(&mut python(BY_HAND, &[path.to_str().unwrap()]));
    let lines: Vec<&str> = done.stdout.lines().collect();
    let expected = [
        "INVALID_PARAMS",
        "INVALID_PARAMS",
        "ACCOUNT_UNKNOWN",
        "refused",
        "{'answer': 'accounts', 'accounts': [], 'is_last': True}",
        "7",
        "waits",
        "INVALID_PARAMS b''",
        "accounts",
    ];
    assert_eq!(lines, expected, "{}", done.stderr);
}

/// An invitation, an app password and the audit log, of a server that runs.
#[test]
fn people_are_invited_and_programs_get_their_own_passwords() {
    let dir = tempfile::tempdir().unwrap();
    let settings = format!("{ON_ANY_PORT}registration = 'invited'\n");
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    let at = address(&mut serving);
    let invited = helio(dir.path(), &["invite", "--uses", "1", "--expires", "1d"], b"");
    let code = invited.stdout.trim();
    assert!(invited.stderr.contains(&format!("REGISTER * {code} PASSWORD")), "{}", invited.stderr);
    assert!(helio(dir.path(), &["invite", "list"], b"").stdout.contains(" uses=1 until=20"));
    let mut ann = Client::connect(at);
    ann.say("NICK ann\r\nUSER ann 0 * :Ann");
    ann.hear(" 001 ann ");
    ann.say("REGISTER * * :correct horse");
    ann.hear("FAIL REGISTER INVITATION_REQUIRED");
    ann.say(&format!("REGISTER * {code} :correct horse"));
    ann.hear("REGISTER SUCCESS ann");
    assert_eq!(helio(dir.path(), &["invite", "list"], b"").stdout, "");
    let secret = helio(dir.path(), &["account", "app", "add", "ann", "phone"], b"").stdout;
    let mut phone = Client::connect(at);
    phone.say(&format!("PASS :ann:{}\r\nNICK phone\r\nUSER ann 0 * :Ann", secret.trim()));
    phone.hear(" 900 phone ");
    phone.hear(" 001 phone ");
    let told = helio(dir.path(), &["audit", "--json"], b"").stdout;
    assert!(told.contains(r#""act":"invite-used","target":"ann""#), "{told}");
    assert!(!told.contains(code) && !told.contains(secret.trim()), "{told}");
    serving.stop();
    let store = dir.path().join("data/store");
    for file in std::fs::read_dir(store).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let holds = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!holds(code) && !holds(secret.trim()), "what was shown once is kept nowhere");
    }
    let follow = helio(dir.path(), &["audit", "--follow"], b"");
    assert_eq!((follow.code, follow.stdout.as_str()), (2, ""), "{}", follow.stderr);
}

/// Logs in by a certificate of its own.
const BY_CERTIFICATE: &str = r"
import socket, ssl, sys
host, port, certificate, key, offered = sys.argv[1:6]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
if certificate:
    context.load_cert_chain(certificate, key)
s = context.wrap_socket(socket.create_connection((host, int(port)), 30))
f = s.makefile('r', newline='\n')
def say(*lines):
    s.sendall(''.join(line + '\r\n' for line in lines).encode())
def hear(text):
    while line := f.readline():
        if text in line:
            return line.strip()
    sys.exit('closed before ' + text)
say('CAP LS 302', 'NICK ann', 'USER ann 0 * :Ann')
hear('sasl=' + offered + ' ')
say('CAP REQ sasl', 'AUTHENTICATE EXTERNAL')
hear('AUTHENTICATE +' if certificate else ' 904 ')
if certificate:
    say('AUTHENTICATE +')
    hear(' 900 ')
    hear(' 903 ')
    say('CAP END')
    hear(' 001 ann ')
    say('WHOIS ann')
    print(hear(' 276 ann ann ').split()[-1])
";

#[test]
fn a_certificate_of_ones_own_logs_in() {
    if without("openssl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let settings = ON_ANY_PORT.replace("tls-listen = []", "tls-listen = ['127.0.0.1:0']");
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    let at = addresses(&mut serving, "tls")[0];
    let (certificate, key) = (dir.path().join("ann.pem"), dir.path().join("ann.key"));
    let made = finish(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=ann",
            ])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate),
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    let asked = ["x509", "-noout", "-fingerprint", "-sha256", "-in", certificate.to_str().unwrap()];
    let printed = finish(Command::new("openssl").args(asked)).stdout;
    let fingerprint = printed.trim().rsplit('=').next().unwrap();
    assert_eq!(helio(dir.path(), &["account", "add", "ann"], b"correct horse\n").code, 0);
    assert_eq!(helio(dir.path(), &["account", "cert", "add", "ann", fingerprint], b"").code, 0);
    let (host, port) = (at.ip().to_string(), at.port().to_string());
    let speak = |certificate: &str, key: &str, offered: &str| {
        let done = finish(&mut python(BY_CERTIFICATE, &[&host, &port, certificate, key, offered]));
        assert_eq!((done.code, done.stderr.as_str()), (0, ""));
        done.stdout
    };
    let known = speak(certificate.to_str().unwrap(), key.to_str().unwrap(), "EXTERNAL,SCRAM-SHA-256,PLAIN");
    assert_eq!(known.trim(), fingerprint.replace(':', "").to_lowercase());
    assert_eq!(speak("", "", "SCRAM-SHA-256,PLAIN"), "", "who has none is not asked twice");
    assert!(text(&certificate).starts_with("-----BEGIN CERTIFICATE-----"));
}
