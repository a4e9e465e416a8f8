//! `helio backup`: made, checked and restored, with a server that runs on what was restored.

use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use crate::support::{Finished, Running, run};
use std::path::Path;

fn backup(dir: &Path, args: &[&str]) -> Finished {
    let data = dir.join("data");
    run(&[&["backup", "--data-dir", data.to_str().unwrap()], args].concat())
}

/// Moves the data directory away, and puts what was backed up in its place.
fn restore(dir: &Path, from: &Path) {
    std::fs::rename(dir.join("data"), dir.join("lost")).unwrap();
    let restored = backup(dir, &["restore", from.to_str().unwrap()]);
    assert_eq!(restored.code, 0, "{}", restored.stderr);
}

/// What somebody who joins `#room` is shown again.
fn replayed(dir: &Path) -> Vec<String> {
    let mut serving = Running::start(&mut chat(dir, ON_ANY_PORT));
    let mut eve = Client::join(address(&mut serving), "eve");
    eve.say("PING end");
    let heard = eve.hear_until(" PONG ");
    let texts = heard.iter().filter_map(|line| line.split(" PRIVMSG #room :").nth(1));
    texts.map(|text| text.rsplit(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn a_backup_of_a_stopped_server_can_be_checked_and_restored() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("backup");
    let to_text = to.to_str().unwrap();
    let missing = backup(dir.path(), &["create", to_text]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let mut ann = Client::join_with(address(&mut serving), "ann", "echo-message", "#room");
    ann.say("PRIVMSG #room :kept");
    ann.hear(":kept");
    drop(serving.stop());

    let made = backup(dir.path(), &["create", to_text]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stdout.starts_with(&format!("backed up to {to_text}: 3 files, ")), "{}", made.stdout);
    let again = backup(dir.path(), &["create", to_text]);
    assert_eq!((again.code, again.stdout.as_str()), (2, ""));
    let checked = backup(dir.path(), &["check", to_text, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    assert_eq!((checked.code, &told["format"]), (0, &serde_json::json!(1)));
    let there = backup(dir.path(), &["restore", to_text]);
    assert_eq!(there.code, 2, "{}", there.stderr);

    restore(dir.path(), &to);
    assert_eq!(replayed(dir.path()), ["kept"]);
    let identity = |data: &str| std::fs::read(dir.path().join(data).join("tls/identity.pem")).unwrap();
    assert_eq!(identity("data"), identity("lost"), "clients know the server again");

    std::fs::write(to.join("store/store.sqlite3"), "no database").unwrap();
    let damaged = backup(dir.path(), &["check", to_text]);
    assert_eq!(damaged.code, 6);
    assert!(damaged.stderr.contains("store.sqlite3 is damaged: it has 11 bytes"), "{}", damaged.stderr);
}
