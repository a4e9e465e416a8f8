//! `helio doctor`: what it says about set-ups that are right, and about broken ones.

use crate::support::chat::{ON_ANY_PORT, chat};
use crate::support::{Finished, Running, finish, helio, python, without};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Every port is picked by the system, so all are free.
const FREE_PORTS: &str = "[chat]\nlisten = ['127.0.0.1:0']\ntls-listen = ['127.0.0.1:0']\nweb-listen = ['127.0.0.1:0']\nweb-tls-listen = []\n\
                          line-listen = ['127.0.0.1:0']\n[echo]\nlisten = ['127.0.0.1:0']\n[log]\nlisten = ['127.0.0.1:0']\n";

/// The user who owns nothing.
const NOBODY: u32 = 65_534;

fn doctor(dir: &Path, settings: &str) -> Command {
    let file = dir.join("helio.toml");
    fs::write(&file, settings).unwrap();
    let mut command = helio();
    command.args(["doctor", "--config"]).arg(file).arg("--data-dir").arg(dir.join("data"));
    command
}

/// A data directory as a server leaves it behind.
fn served(dir: &Path) {
    let mut serving = Running::start(&mut chat(dir, ON_ANY_PORT));
    serving.wait_for("Join:");
    serving.signal("TERM");
    let (status, ..) = serving.wait();
    assert!(status.success());
}

/// The lines about `check`.
fn about<'a>(finished: &'a Finished, check: &str) -> Vec<&'a str> {
    finished.stdout.lines().filter(|line| line.split_whitespace().nth(1) == Some(check)).collect()
}

#[track_caller]
fn fails(finished: &Finished, check: &str, said: &str) {
    assert_eq!(finished.code, 8, "{finished:?}");
    let lines = about(finished, check);
    assert!(lines.iter().any(|line| line.starts_with("fail") && line.contains(said)), "{said:?} in {finished:?}");
}

#[test]
fn before_the_first_start_all_is_well_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let finished = finish(&mut doctor(dir.path(), FREE_PORTS));
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
    assert!(!finished.stdout.contains("fail"), "{finished:?}");
    for check in ["settings", "clock", "data", "disk", "store", "certificate", "ports", "files", "kernel"] {
        assert!(!about(&finished, check).is_empty(), "{check} in {finished:?}");
    }
    assert!(!dir.path().join("data").exists());
}

#[test]
fn a_server_that_runs_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let port = crate::support::chat::address(&mut serving).port();
    let settings = FREE_PORTS.replacen("127.0.0.1:0", &format!("127.0.0.1:{port}"), 1);
    let finished = finish(&mut doctor(dir.path(), &settings));
    assert_eq!(finished.code, 0, "{finished:?}");
    assert!(about(&finished, "store")[0].contains("a server runs with it (pid "), "{finished:?}");
    let ports = about(&finished, "ports");
    let ours = format!("127.0.0.1:{port} is listened on by our server");
    assert!(ports.iter().any(|line| line.starts_with("ok") && line.contains(&ours)), "{finished:?}");
    assert!(about(&finished, "certificate")[0].contains("valid without end"), "{finished:?}");
}

#[test]
fn an_unknown_key_ends_the_examination() {
    let dir = tempfile::tempdir().unwrap();
    let finished = finish(&mut doctor(dir.path(), "[chat]\nlissten = []\n"));
    assert_eq!(finished.code, 8);
    assert!(finished.stdout.starts_with("fail settings") && finished.stdout.contains("lissten"), "{finished:?}");
}

#[test]
fn a_port_of_another_program_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let settings = FREE_PORTS.replacen("127.0.0.1:0", &format!("127.0.0.1:{port}"), 1);
    fails(
        &finish(&mut doctor(dir.path(), &settings)),
        "ports",
        &format!("127.0.0.1:{port} is in use by another program"),
    );
}

#[test]
fn wrong_modes_are_named_with_the_command_that_mends_them() {
    let dir = tempfile::tempdir().unwrap();
    served(dir.path());
    let data = dir.path().join("data");
    let clean = finish(&mut doctor(dir.path(), FREE_PORTS));
    assert!(about(&clean, "data")[0].starts_with("ok"), "{clean:?}");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&data, 0o755);
    mode(&data.join("tls/identity.key"), 0o644);
    let finished = finish(&mut doctor(dir.path(), FREE_PORTS));
    let lines = about(&finished, "data").join("\n");
    assert!(lines.contains(&format!("chmod 700 {}", data.display())), "{finished:?}");
    assert!(lines.contains("identity.key has mode 644") && lines.contains("chmod 600 "), "{finished:?}");
    assert_eq!(finished.code, 0, "{finished:?}");
}

#[test]
fn a_directory_that_cannot_be_written_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut doctor = doctor(dir.path(), FREE_PORTS);
    if rustix::process::geteuid().is_root() {
        // To root every directory is writable.
        doctor.uid(NOBODY);
    }
    fails(&finish(&mut doctor), "data", "cannot be written");
}

#[test]
fn a_damaged_database_is_found_where_the_damage_is_read() {
    let dir = tempfile::tempdir().unwrap();
    served(dir.path());
    let thorough = finish(doctor(dir.path(), FREE_PORTS).arg("--thorough"));
    assert!(about(&thorough, "store")[0].contains("was read to its end"), "{thorough:?}");
    let path = dir.path().join("data/store/store.sqlite3");
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(&[0xff; 100], 0).unwrap();
    let finished = finish(&mut doctor(dir.path(), FREE_PORTS));
    fails(&finished, "store", "is damaged");
    assert!(about(&finished, "store")[0].contains("restore a backup"), "{finished:?}");
}

/// Makes a certificate for `example.org` that ended a day after 2020 began, or ends in some days.
const CERTIFICATE: &str = r#"
import subprocess, sys
dir, arguments = sys.argv[1], sys.argv[2:]
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
    dir + "/key.pem", "-out", dir + "/cert.pem", "-subj", "/CN=example.org", "-addext",
    "subjectAltName=DNS:example.org"] + arguments, check=True, capture_output=True)
"#;

#[test]
fn a_certificate_that_ends_or_does_not_fit_is_found() {
    if without("openssl") || without("python3") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().to_str().unwrap();
    let settings =
        FREE_PORTS.replacen("[chat]\n", &format!("[chat]\ncertificate = '{at}/cert.pem'\nkey = '{at}/key.pem'\n"), 1);
    let make = |arguments: &[&str]| {
        let made = finish(&mut python(CERTIFICATE, &[&[at], arguments].concat()));
        assert_eq!(made.code, 0, "{made:?}");
    };
    make(&["-days", "10"]);
    let soon = finish(&mut doctor(dir.path(), &settings));
    assert!(about(&soon, "certificate")[0].contains("ends in 9 days; renew it"), "{soon:?}");
    assert_eq!(soon.code, 0);
    let expired = dir.path().join("cert.pem");
    make(&["-days", "365"]);
    let key = fs::read(dir.path().join("key.pem")).unwrap();
    make(&["-days", "365"]);
    fs::write(dir.path().join("key.pem"), key).unwrap();
    fails(&finish(&mut doctor(dir.path(), &settings)), "certificate", "key");
    fs::write(expired, "nothing").unwrap();
    fails(&finish(&mut doctor(dir.path(), &settings)), "certificate", "BEGIN CERTIFICATE");
}

#[test]
fn machines_get_an_object_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let finished = finish(doctor(dir.path(), FREE_PORTS).arg("--json"));
    let rows: Vec<serde_json::Value> =
        finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= 9, "{finished:?}");
    assert_eq!(rows[0]["check"], "settings");
    assert!(rows.iter().all(|row| row["level"].is_string() && row["said"].is_string()), "{finished:?}");
}
