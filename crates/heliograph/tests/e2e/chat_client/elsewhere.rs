//! Servers that no one here wrote: without any capability that helps, and with some.

use super::{listener, person};
use crate::support::{Running, eventually, run_with_input, without};
use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

#[test]
fn ngircd_has_no_labels_and_a_ping_takes_their_place() {
    if without("ngircd") {
        return;
    }
    let dir = folder();
    let (_server, at) = start(dir.path(), ngircd);
    talk(&at);
}

#[test]
fn inspircd_with_and_without_its_modules_for_labels() {
    if without("inspircd") {
        return;
    }
    let modules = "<module name=\"ircv3_ctctags\"><module name=\"ircv3_labeledresponse\"><module name=\"ircv3_batch\">\
        <module name=\"ircv3_echomessage\"><module name=\"ircv3_servertime\"><module name=\"ircv3_msgid\">\
        <module name=\"cap\">\n";
    for more in ["", modules] {
        let dir = folder();
        let (_server, at) = start(dir.path(), |port, folder| inspircd(port, folder, more));
        talk(&at);
    }
}

/// Two people; one is refused a message; the third has a nickname that is in use.
fn talk(at: &str) {
    let mut ben = listener(at, "ben", &[]);
    let (mut other, _input) = person(at, "ben", &[]);
    other.wait_for_error("as ben_");
    let lines: String = (0..6).map(|n| format!("line {n}\n")).collect();
    let said = run_with_input(&["chat", at, "--plain", "--room", "ops", "--nick", "ada"], lines.as_bytes());
    assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{}", said.stderr);
    for n in 0..6 {
        assert!(ben.wait_for("line").ends_with(&format!("] <ada> line {n}")));
    }
    let refused = run_with_input(&["chat", at, "--plain", "--nick", "cy"], b"one\n/msg nobody two\n");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert_eq!(refused.stderr.matches("helio: not said").count(), 1, "{}", refused.stderr);
}

/// A folder that a server which gives up the rights of root can read too.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// A server on a port that was free just now.
fn start(folder: &Path, command: impl FnOnce(u16, &Path) -> Command) -> (Running, String) {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Running::start(&mut command(at.port(), folder));
    eventually("the server listens", || {
        TcpStream::connect(at).is_ok_and(|mut probe| probe.write_all(b"QUIT\r\n").is_ok())
    });
    (server, at.to_string())
}

fn ngircd(port: u16, folder: &Path) -> Command {
    let file = folder.join("ngircd.conf");
    let settings = format!(
        "[Global]\nName = irc.test.example\nInfo = test\nListen = 127.0.0.1\nPorts = {port}\n\
         [Limits]\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n[Options]\nDNS = no\nIdent = no\nPAM = no\n"
    );
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("ngircd");
    command.args(["--nodaemon", "--config"]).arg(file);
    command
}

fn inspircd(port: u16, folder: &Path, modules: &str) -> Command {
    let file = folder.join("inspircd.conf");
    let settings = format!(
        "<server name=\"irc.test.example\" description=\"test\" network=\"test\">\n\
         <admin name=\"test\" nick=\"test\" email=\"test@test.example\">\n<dns server=\"127.0.0.1\">\n{modules}\
         <bind address=\"127.0.0.1\" port=\"{port}\" type=\"clients\">\n\
         <connect allow=\"*\" localmax=\"100\" globalmax=\"100\" resolvehostnames=\"no\" useident=\"no\" \
         commandrate=\"1000000\" threshold=\"1000\" fakelag=\"no\">\n"
    );
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("inspircd");
    command.args(["--nofork", "--nopid", "--nolog", "--runasroot", "--config"]).arg(file);
    command
}
