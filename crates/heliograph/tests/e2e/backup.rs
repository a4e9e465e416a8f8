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

/// While people talk: what was acknowledged before is in it, in order and without a gap, and nobody waits.
#[test]
fn a_backup_of_a_running_server_has_all_that_was_acknowledged_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), &format!("{ON_ANY_PORT}replay-messages = 1000\n")));
    let at = address(&mut serving);
    let mut ann = Client::join_with(at, "ann", "echo-message", "#room");
    let say = |client: &mut Client, n: usize| {
        client.say(&format!("PRIVMSG #room :{n}"));
        client.hear(&format!("PRIVMSG #room :{n}"));
    };
    (0..20).for_each(|n| say(&mut ann, n));
    let talk = std::thread::spawn(move || {
        (20..300).for_each(|n| say(&mut ann, n));
        ann
    });
    let to = dir.path().join("backup");
    let made = backup(dir.path(), &["create", to.to_str().unwrap()]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let mut ann = talk.join().unwrap();
    say(&mut ann, 300);
    drop(serving.stop());
    restore(dir.path(), &to);
    std::fs::write(dir.path().join("helio.toml"), format!("{ON_ANY_PORT}replay-messages = 1000\n")).unwrap();
    let kept = replayed(dir.path());
    assert!(kept.len() >= 20 && kept.len() < 301, "{}", kept.len());
    assert_eq!(kept, (0..kept.len()).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// spec/control.md: the store is frozen for one connection at a time, and no longer than that is there.
#[test]
fn who_copies_the_store_and_vanishes_leaves_it_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    address(&mut serving);
    let ask = r"
import json, socket, sys
def ask(on, request):
    on.sendall(json.dumps({'request': request}).encode() + b'\n')
    return json.loads(on.makefile().readline())
def connect():
    on = socket.socket(socket.AF_UNIX)
    on.connect(sys.argv[1])
    return on
first, second = connect(), connect()
print(ask(first, 'store-freeze')['answer'], ask(second, 'store-freeze')['message'])
print(ask(second, 'store-thaw')['message'])
first.close()
while (answer := ask(second, 'store-freeze'))['answer'] == 'refused':
    pass
print(answer['answer'], ask(second, 'store-thaw'))
";
    let socket = dir.path().join("data/control.sock");
    let told = crate::support::finish(&mut crate::support::python(ask, &[socket.to_str().unwrap()]));
    assert_eq!(told.code, 0, "{}", told.stderr);
    let lines: Vec<_> = told.stdout.lines().collect();
    assert_eq!(lines[0], "frozen the store is being copied already");
    assert_eq!(lines[1], "this connection has not frozen the store");
    assert_eq!(lines[2], "frozen {'answer': 'thawed', 'is_intact': True}");
}
