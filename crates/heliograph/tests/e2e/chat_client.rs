//! `helio chat` on the chat service of `helio serve`, and on servers that no one here wrote.

mod elsewhere;

use crate::support::chat::{ON_ANY_PORT, address, chat};
use crate::support::{Running, finish, helio, run, run_with_input};
use serde_json::Value;
use std::io::{PipeWriter, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

/// `helio chat` as `nick` in `#ops`, whose stdin is ours to write.
fn person(server: &str, nick: &str, more: &[&str]) -> (Running, PipeWriter) {
    let (input, typed) = std::io::pipe().unwrap();
    let mut command = helio();
    command.args(["chat", server, "--plain", "--room", "ops", "--nick", nick]).args(more).env("TZ", "UTC").stdin(input);
    (Running::start(&mut command), typed)
}

/// Somebody who only listens, and is in the room.
fn listener(server: &str, nick: &str, more: &[&str]) -> Running {
    let (mut listener, _) = person(server, nick, &[&["--no-input"], more].concat());
    listener.wait_for_error("-- you are in #ops");
    listener
}

#[test]
fn two_people_talk() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let (mut ada, mut ada_types) = person(&at, "ada", &[]);
    ada.wait_for_error("-- you are in #ops");
    let (mut ben, mut ben_types) = person(&at, "ben", &[]);
    ada.wait_for_error("-- ben joined #ops");
    writeln!(ada_types, "hello, ben").unwrap();
    assert!(ben.wait_for("hello, ben").ends_with("] <ada> hello, ben"));
    writeln!(ben_types, "/me waves\n//etc is a path\n/msg ada psst\n/nick benny").unwrap();
    assert!(ada.wait_for("waves").ends_with("] * ben waves"));
    assert!(ada.wait_for("/etc").ends_with("] <ben> /etc is a path"));
    assert!(ada.wait_for("psst").ends_with("] private <ben> psst"));
    ada.wait_for_error("-- ben is now benny");
    drop(ben_types);
    ada.wait_for_error("-- benny left");
    let (status, lines, stderr) = ben.wait();
    assert!(status.success(), "{stderr}");
    assert_eq!(lines.len(), 1, "own messages are not printed: {lines:#?}");
    let (status, _, stderr) = ada.stop();
    assert_eq!(status.code(), Some(130), "{stderr}");
}

/// What scripts rely on: 0 means that the server has every line, in order.
#[test]
fn piped_lines_are_all_there_when_it_ends_with_success() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let mut ben = listener(&at, "ben", &[]);
    let lines: String = (0..200).map(|n| format!("line {n}\n")).collect();
    let said = run_with_input(&["chat", &at, "--plain", "--room", "#ops", "--nick", "ada"], lines.as_bytes());
    assert_eq!((said.code, said.stdout.as_str()), (0, ""), "{}", said.stderr);
    serving.signal("KILL");
    for n in 0..200 {
        assert!(ben.wait_for("line ").ends_with(&format!("] <ada> line {n}")));
    }
    drop(ben);
    drop(serving);
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let mut late = listener(&address(&mut serving).to_string(), "cy", &[]);
    assert!(late.wait_for("line 199").ends_with("] <ada> line 199"), "what was acknowledged is on disk");
}

#[test]
fn json_tells_the_fate_of_each_line() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let said =
        run_with_input(&["chat", &at, "--json", "--room", "ops", "--nick", "ada"], b"hi\n/msg nobody hi\n/what\n");
    assert_eq!(said.code, 4, "{}", said.stderr);
    let objects: Vec<Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| objects.iter().filter(|object| object["type"] == kind).collect::<Vec<_>>();
    let sent = of("sent");
    assert_eq!(
        (&sent[0]["fate"], &sent[0]["text"], &sent[0]["target"]),
        (&"accepted".into(), &"hi".into(), &"#ops".into())
    );
    assert!(sent[0]["msgid"].is_string() && sent[0]["time"].is_string());
    assert_eq!((&sent[1]["fate"], &sent[1]["target"]), (&"refused".into(), &"nobody".into()));
    assert_eq!(of("wrong").len(), 1);
    assert_eq!(of("connected")[0]["nick"], "ada");
}

/// The server is killed and comes back on the same port: nobody has to do anything, and no line is lost or doubled.
#[test]
fn both_come_back_after_the_server_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let (mut ada, mut ada_types) = person(&at, "ada", &[]);
    ada.wait_for_error("-- you are in #ops");
    let mut ben = listener(&at, "ben", &[]);
    writeln!(ada_types, "before").unwrap();
    ben.wait_for("<ada> before");
    // Others see a line before it is on disk. Commits keep their order: with a later one known, this one is safe.
    let later = run_with_input(&["chat", &at, "--plain", "--room", "ops", "--nick", "cy"], b"later\n");
    assert_eq!(later.code, 0, "{}", later.stderr);
    serving.signal("KILL");
    drop(serving);
    ada.wait_for_error("-- connection lost");
    ben.wait_for_error("-- connection lost");
    writeln!(ada_types, "meanwhile").unwrap();
    let settings =
        format!("[chat]\nlisten = ['{at}']\ntls-listen = []\nweb-listen = []\nweb-tls-listen = []\nline-listen = []\n");
    let _serving = Running::start(&mut chat(dir.path(), &settings));
    ben.wait_for_error("-- you are in #ops");
    ben.wait_for("<ada> meanwhile");
    drop(ada_types);
    let (status, _, stderr) = ada.wait();
    assert!(status.success(), "{stderr}");
    let (_, lines, _) = ben.stop();
    assert_eq!(lines.iter().filter(|line| line.contains("before")).count(), 1, "{lines:#?}");
}

#[test]
fn tls_with_a_fingerprint_is_spoken_and_another_one_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        "[chat]\nlisten = []\ntls-listen = ['127.0.0.1:0']\nweb-listen = []\nweb-tls-listen = []\nline-listen = []\n";
    let mut serving = Running::start(&mut chat(dir.path(), settings));
    let row = serving.wait_for("  chat");
    let at = row.split_whitespace().find(|word| word.starts_with("tls://")).unwrap().to_owned();
    let pin = serving.wait_for("SHA-256").rsplit(' ').next().unwrap().to_owned();
    let said = run_with_input(&["chat", &at, "--plain", "--fingerprint", &pin], b"hello\n");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let unknown = run_with_input(&["chat", &at, "--plain"], b"hello\n");
    assert_ne!(unknown.code, 0);
    assert!(unknown.stderr.contains(&pin), "it tells the fingerprint to compare: {}", unknown.stderr);
    let changed = run_with_input(&["chat", &at, "--plain", "--fingerprint", &"0".repeat(64)], b"hello\n");
    assert_eq!(changed.code, 4, "{}", changed.stderr);
}

#[test]
fn who_cannot_talk_is_told_why() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let refused = run_with_input(&["chat", &closed, "--plain"], b"hello\n");
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("nothing listens on that port"), "{}", refused.stderr);
    for (args, message) in [
        (&["chat", "udp://127.0.0.1:1"][..], "is no chat server"),
        (&["chat", "--fingerprint", &"0".repeat(64)], "--fingerprint is for tls:// addresses"),
        (&["chat", "--room", "a b"], "name has a character that is not allowed there"),
        (&["chat", "--nick", "1st"], "name has a character that is not allowed there"),
    ] {
        let wrong = run(args);
        assert_eq!(wrong.code, 2, "{}", wrong.stderr);
        assert!(wrong.stderr.contains(message), "{}", wrong.stderr);
    }
}

/// The password of the server: in a file, of which the settings or the environment may tell. Its refusal is the end.
#[test]
fn a_server_with_a_password_takes_it_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let hash = run_with_input(&["account", "hash"], b"open sesame\n").stdout;
    let settings = format!("{ON_ANY_PORT}password-hash = '{}'\n", hash.trim_end());
    let mut serving = Running::start(&mut chat(dir.path(), &settings));
    let at = address(&mut serving).to_string();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    };
    let right = file("right", "open sesame\nwhat follows is a remark\n");
    let say = |args: &[&str]| run_with_input(&[&["chat", &at, "--plain"], args].concat(), b"hello\n");
    for args in [
        &["--password-file", &right][..],
        &["--config", &file("client.toml", &format!("[chat-client]\npassword-file = '{right}'\n"))],
    ] {
        let said = say(args);
        assert_eq!(said.code, 0, "{args:?}: {}", said.stderr);
    }
    let mut command = helio();
    command.args(["chat", &at, "--plain"]).env("HELIO_CHAT_PASSWORD_FILE", &right);
    assert_eq!(finish(&mut command).code, 0);

    let missing = dir.path().join("missing").into_os_string().into_string().unwrap();
    for (args, code, told) in [
        (
            &["--password-file", &file("wrong", "please\n")][..],
            4,
            "helio: the server refuses the password: Password incorrect\n",
        ),
        (&[], 4, "helio: the server wants a password: Password incorrect; give it with --password-file\n"),
        (&["--password-file", &missing], 3, "No such file"),
        (&["--password-file", &file("empty", "")], 2, "empty: no password was given\n"),
    ] {
        let said = say(args);
        assert_eq!(said.code, code, "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains(told), "{args:?}: {}", said.stderr);
        assert!(!said.stderr.contains("please"), "{}", said.stderr);
    }
}

#[test]
fn settings_come_from_the_file_and_the_environment_and_a_closed_reader_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving).to_string();
    let file = dir.path().join("client.toml");
    std::fs::write(&file, format!("[chat-client]\naddress = '{at}'\nnick = 'zoe'\nroom = ['ops', 'tea']\n")).unwrap();
    let mut command = helio();
    command.args(["chat", "--no-input", "--config"]).arg(&file).env("HELIO_NICK", "yan").env("TZ", "UTC");
    let mut listening = Running::start(&mut command);
    listening.wait_for_error("as yan");
    listening.wait_for_error("-- you are in #tea");
    run_with_input(&["chat", &at, "--nick", "ada", "--room", "tea"], b"which room?\n");
    assert!(listening.wait_for("which").ends_with("] #tea <ada> which room?"));

    let script = format!("{} chat {at} -q --no-input --room tea --nick cy | head -n 1", env!("CARGO_BIN_EXE_helio"));
    let mut command = std::process::Command::new("bash");
    command.args(["-o", "pipefail", "-c", &script]);
    // It finds out that nobody reads when it has something more to say.
    let is_over = AtomicBool::new(false);
    let piped = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                run_with_input(&["chat", &at, "-q", "--nick", "eve", "--room", "tea"], b"again\n");
            }
        });
        let piped = finish(&mut command);
        is_over.store(true, Ordering::SeqCst);
        piped
    });
    assert_eq!((piped.code, piped.stdout.lines().count()), (0, 1), "{}", piped.stderr);
}
