//! Getting in: `helio invite`, the TLS listener for web pages, and `helio chat` by a link (docs/chat.md, "Invitations";
//! spec/known-servers.md).

use crate::support::chat::{Client, addresses_in, chat};
use crate::support::{Finished, Running, finish, helio, python, run_with_input, text};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SETTINGS: &str = "\
[chat]
listen = ['127.0.0.1:0']
tls-listen = ['127.0.0.1:0']
web-listen = []
web-tls-listen = ['127.0.0.1:0']
line-listen = []
registration = 'invited'
";

/// A server, and the data of somebody who goes there.
struct Site {
    dir: TempDir,
    person: TempDir,
    serving: Running,
    irc: SocketAddr,
    tls: SocketAddr,
    web: SocketAddr,
}

impl Site {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut serving = Running::start(&mut chat(dir.path(), SETTINGS));
        let row = serving.wait_for("  chat");
        let of = |scheme| addresses_in(&row, scheme)[0];
        let (irc, tls, web) = (of("tcp"), of("tls"), of("wss"));
        Self { dir, person: tempfile::tempdir().unwrap(), serving, irc, tls, web }
    }

    /// `helio` on the server's data.
    fn helio(&self, args: &[&str]) -> Finished {
        let data = self.dir.path().join("data");
        let (first, rest) = args.split_first().unwrap();
        run_with_input(&[&[*first, "--data-dir", data.to_str().unwrap()], rest].concat(), b"")
    }

    fn invite(&self, args: &[&str]) -> String {
        let made = self.helio(&[&["invite"], args].concat());
        assert_eq!(made.code, 0, "{}", made.stderr);
        made.stdout.trim_end().to_owned()
    }

    /// `helio chat` of the person.
    fn chat(&self, args: &[&str]) -> Command {
        let mut command = helio();
        command.args(["chat", "--plain", "--data-dir"]).arg(self.person.path()).args(args);
        command
    }

    fn kept(&self) -> std::path::PathBuf {
        self.person.path().join("known-servers.json")
    }

    /// Another server's identity comes in the place of this one's.
    fn change_identity(&mut self) {
        let other = Self::start();
        let file = |dir: &Path, name: &str| dir.join("data/tls").join(name);
        for name in ["identity.key", "identity.pem"] {
            std::fs::copy(file(other.dir.path(), name), file(self.dir.path(), name)).unwrap();
        }
        self.serving.signal("HUP");
        self.serving.wait_for_error("settings were read again");
    }
}

/// From the line of whoever runs the server to two people in one room that is closed to others.
#[test]
fn a_link_leads_into_its_room_and_next_time_the_account_is_there() {
    let site = Site::start();
    let mut ann = Client::join_with(site.irc, "ann", "", "#tea");
    ann.say("MODE #tea +i");
    ann.hear("MODE #tea +i");
    let link = site.invite(&["--room", "tea"]);
    assert!(link.starts_with(&format!("https://{}/i/", site.web)), "{link}");
    let mut ada = Running::start(&mut site.chat(&[&link, "--nick", "ada", "--no-input"]));
    ada.wait_for_error("-- you are in #tea");
    ann.hear("ada!ada@127.0.0.1 JOIN #tea");
    ann.say("PRIVMSG #tea :welcome");
    assert!(ada.wait_for("welcome").ends_with("] <ann> welcome"));
    ada.stop();
    ann.hear(" QUIT ");

    let kept = std::fs::metadata(site.kept()).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600, "it has the password");
    // By the host, by its address, and by the link again, which is used up.
    for again in ["127.0.0.1", &site.web.to_string(), &link] {
        let said = finish(site.chat(&[again]).stdin(std::process::Stdio::null()));
        assert_eq!(said.code, 0, "{again}: {}", said.stderr);
        assert!(said.stderr.contains("as ada") && said.stderr.contains("you are in #tea"), "{again}: {}", said.stderr);
    }
    let accounts = site.helio(&["account", "list"]).stdout;
    assert_eq!(accounts, "ada active\n");
}

#[test]
fn what_an_invitation_is_can_be_seen_and_ended() {
    let site = Site::start();
    let made = site.helio(&["invite", "--room", "#tea", "--uses", "2", "--address", "chat.example.org", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let link = made["link"].as_str().unwrap();
    let (host, port) = ("chat.example.org", site.web.port());
    assert!(link.starts_with(&format!("https://{host}:{port}/i/{}#", made["code"].as_str().unwrap())), "{link}");
    assert_eq!(made["command"], format!("helio chat '{link}'"));
    let listed = site.helio(&["invite", "list"]).stdout;
    assert!(listed.contains(" uses=2 ") && listed.ends_with(" by=control room=#tea\n"), "{listed}");
    let store = text(site.dir.path().join("helio.toml"));
    assert!(!store.contains(made["code"].as_str().unwrap()));

    // One that is used up, one that is revoked, one that never was.
    let used = site.invite(&[]);
    let first = finish(&mut site.chat(&[&used, "--nick", "ben"]));
    assert_eq!(first.code, 0, "{}", first.stderr);
    let link_of = |code: &str| format!("https://{}/i/{code}{}", site.web, &used[used.find('#').unwrap()..]);
    let revoked = link_of(made["code"].as_str().unwrap());
    assert_eq!(site.helio(&["invite", "revoke", made["id"].as_str().unwrap()]).code, 0);
    let other = tempfile::tempdir().unwrap();
    for link in [&used, &revoked, &link_of("nothing")] {
        let mut command = helio();
        let refused = finish(command.args(["chat", "--plain", link, "--nick", "cy", "--data-dir"]).arg(other.path()));
        assert_eq!(refused.code, 4, "{}", refused.stderr);
        assert!(refused.stderr.contains("the invitation is not accepted"), "{}", refused.stderr);
        assert!(refused.stderr.contains("ask whoever sent it for a new one"), "{}", refused.stderr);
    }
    let taken = site.invite(&[]);
    let mut command = helio();
    let refused = finish(command.args(["chat", "--plain", &taken, "--nick", "ben", "--data-dir"]).arg(other.path()));
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("choose another with --nick"), "{}", refused.stderr);
}

#[test]
fn without_a_page_over_tls_there_is_a_code_and_why_no_link() {
    let dir = tempfile::tempdir().unwrap();
    let settings = SETTINGS.replace("web-tls-listen = ['127.0.0.1:0']", "web-tls-listen = []");
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    serving.wait_for("  chat");
    let data = dir.path().join("data");
    let made = run_with_input(&["invite", "--data-dir", data.to_str().unwrap()], b"");
    assert_eq!((made.code, made.stdout.trim_end().len()), (0, 24), "{}", made.stderr);
    assert!(made.stderr.contains("there is no link, since no page is served over TLS"), "{}", made.stderr);
    // One that is stopped says what it will listen on.
    serving.stop();
    let file = dir.path().join("helio.toml");
    std::fs::write(&file, format!("{settings}public-address = 'chat.example.org:443'\n")).unwrap();
    let config = file.to_str().unwrap();
    let made = run_with_input(&["invite", "--data-dir", data.to_str().unwrap(), "--config", config], b"");
    assert!(made.stdout.starts_with("https://chat.example.org:443/i/"), "{}{}", made.stdout, made.stderr);
}

/// Before anything is sent, and before anything is kept.
#[test]
fn a_server_with_another_certificate_than_that_of_the_link_is_refused() {
    let site = Site::start();
    let link = site.invite(&[]);
    let (address, fingerprint) = link.split_once('#').unwrap();
    let wrong = format!("{address}#{}", "ab".repeat(32));
    let refused = finish(&mut site.chat(&[&wrong, "--nick", "ada"]));
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("expected fingerprint {}, got {fingerprint}", "ab".repeat(32))));
    assert!(refused.stderr.contains("if its operator did not announce that, do not connect"), "{}", refused.stderr);
    assert!(!site.kept().exists());
    let listed = site.helio(&["invite", "list"]).stdout;
    assert!(listed.contains(" uses=1 "), "the invitation was not used: {listed}");
    let cut = finish(&mut site.chat(&[&link[..link.len() - 2], "--nick", "ada"]));
    assert_eq!(cut.code, 2, "{}", cut.stderr);
    assert!(cut.stderr.contains("the link is damaged"), "{}", cut.stderr);
}

#[test]
fn a_certificate_that_has_changed_is_refused_until_somebody_vouches_for_it() {
    let mut site = Site::start();
    let link = site.invite(&[]);
    let first = finish(&mut site.chat(&[&link, "--nick", "ada"]));
    assert_eq!(first.code, 0, "{}", first.stderr);
    site.change_identity();
    let refused = finish(&mut site.chat(&["127.0.0.1"]));
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    let advice = format!("helio chat {} --fingerprint ", site.web);
    let (_, new) = refused.stderr.split_once(&advice).unwrap_or_else(|| panic!("{}", refused.stderr));
    let new = new.trim_end();
    // A new link is no reason to believe another certificate.
    let link = site.invite(&[]);
    assert!(link.ends_with(new), "{link}");
    let refused = finish(&mut site.chat(&[&link]));
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("add --fingerprint {new}")), "{}", refused.stderr);
    let renewed = finish(&mut site.chat(&["127.0.0.1", "--fingerprint", new]));
    assert_eq!(renewed.code, 0, "{}", renewed.stderr);
    let again = finish(&mut site.chat(&["127.0.0.1"]));
    assert!(again.code == 0 && again.stderr.contains("as ada"), "{}", again.stderr);
}

/// Runs a command on a terminal, and types a line where it stops to ask.
const AT_TERMINAL: &str = r"
import os, pty, sys
typed, argv = sys.argv[1].encode() + b'\n', sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
seen, asked = b'', False
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    seen += part
    if not asked and (b'[y/N] ' in seen or b'Your name' in seen):
        asked = True
        os.write(fd, typed)
    if b'you are in' in seen:
        os.write(fd, b'/quit\n')
print(seen.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[test]
fn an_unknown_certificate_is_shown_and_asked_about_at_a_terminal_alone() {
    let site = Site::start();
    let tls = format!("tls://{}", site.tls);
    let alone = finish(&mut site.chat(&[&tls]));
    assert_eq!(alone.code, 4, "{}", alone.stderr);
    assert!(alone.stderr.contains("nobody vouches for the server"), "{}", alone.stderr);
    let at_terminal = |typed: &str| {
        let data = site.person.path().to_str().unwrap();
        let chat = [env!("CARGO_BIN_EXE_helio"), "chat", "--plain", "--data-dir", data, "--nick", "ada", &tls];
        finish(python(AT_TERMINAL, &[&[typed], &chat[..]].concat()).env("HELIO_CONFIG", "/dev/null"))
    };
    let no = at_terminal("n");
    assert!(no.code == 4 && no.stdout.contains("not connected"), "{}{}", no.stdout, no.stderr);
    assert!(!site.kept().exists());
    let yes = at_terminal("yes");
    assert!(yes.code == 0 && yes.stdout.contains("you are in #lobby"), "{}{}", yes.stdout, yes.stderr);
    let again = finish(&mut site.chat(&[&tls, "--nick", "ada"]));
    assert_eq!(again.code, 0, "it is known now: {}", again.stderr);
}

#[test]
fn at_a_terminal_one_is_asked_for_a_name() {
    let site = Site::start();
    let link = site.invite(&["--room", "tea"]);
    let data = site.person.path().to_str().unwrap();
    let chat = [env!("CARGO_BIN_EXE_helio"), "chat", "--plain", "--data-dir", data, &link];
    let joined = finish(python(AT_TERMINAL, &[&["ada"], &chat[..]].concat()).env("HELIO_CONFIG", "/dev/null"));
    assert!(joined.code == 0 && joined.stdout.contains("you are in #tea"), "{}{}", joined.stdout, joined.stderr);
    let without = finish(helio().args(["chat", &link, "--data-dir", "/nonexistent/data"]));
    assert!(without.code == 2 && without.stderr.contains("choose a name with --nick"), "{}", without.stderr);
}

/// What a browser does: HTTP/1.1 by ALPN, a page of the same name and port, IRC over WebSocket.
const BROWSER: &str = r"
import base64, os, socket, ssl, sys
host, port, origin = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=sys.argv[4])
context.set_alpn_protocols(['h2', 'http/1.1'])
raw = socket.create_connection(('127.0.0.1', port))
raw.settimeout(30)
s = context.wrap_socket(raw, server_hostname=host)
key = base64.b64encode(os.urandom(16)).decode()
s.sendall((f'GET /irc HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    f'Origin: {origin}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n'
    'Sec-WebSocket-Protocol: text.ircv3.net\r\n\r\n').encode())
print(s.version(), s.selected_alpn_protocol(), s.recv(4096).split(b' ')[1].decode())
";

#[test]
fn browsers_are_served_over_tls_and_pages_of_others_are_not() {
    let site = Site::start();
    let certificate = site.dir.path().join("data/tls/identity.pem");
    let port = site.web.port().to_string();
    let ask = |origin: &str| {
        let done = finish(&mut python(BROWSER, &["localhost", &port, origin, certificate.to_str().unwrap()]));
        assert_eq!(done.code, 0, "{}", done.stderr);
        done.stdout
    };
    assert_eq!(ask(&format!("https://localhost:{port}")), "TLSv1.3 http/1.1 101\n");
    assert_eq!(ask("https://evil.example"), "TLSv1.3 http/1.1 403\n");
}

#[test]
fn public_is_told_by_check() {
    let dir = tempfile::tempdir().unwrap();
    let checked = finish(chat(dir.path(), "").args(["--public", "--check"]));
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    let row = "  chat  tcp://127.0.0.1:6667 tls://*:6697 ws://127.0.0.1:8080 wss://*:8443 lines://127.0.0.1:65433\n";
    assert!(checked.stdout.contains(row), "{}", checked.stdout);
    let settings = "[serve]\npublic = true\n[chat]\ntls-listen = ['127.0.0.1:7000']\n";
    let checked = finish(chat(dir.path(), settings).arg("--check"));
    assert!(checked.stdout.contains(" tls://127.0.0.1:7000 ") && checked.stdout.contains(" wss://*:8443 "));
}
