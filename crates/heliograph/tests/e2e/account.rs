//! `helio account`: hashes at a terminal, and accounts in the data directory.

use crate::support::chat::{Client, ON_ANY_PORT, address, chat};
use crate::support::{Running, finish, python, run_with_input};

/// Types at the prompts of `helio account hash` in a terminal of its own; `TERM` is a signal instead. Prints how it ended,
/// whether the terminal shows what is typed from then on, what was printed, and what was to be seen.
const AT_A_TERMINAL: &str = r"
import fcntl, os, pty, signal, subprocess, sys, termios
keyboard, terminal = pty.openpty()
def shows():
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
def own_terminal():
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
seen = b''
program = [sys.argv[1], 'account', 'hash']
child = subprocess.Popen(program, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, preexec_fn=own_terminal)
for prompt, typed in zip([b'Password: ', b'Again: '], sys.argv[2:]):
    while not seen.endswith(prompt):
        seen += os.read(keyboard, 1024)
    assert not shows()
    if typed == 'TERM':
        child.send_signal(signal.SIGTERM)
    else:
        os.write(keyboard, typed.encode())
printed = child.stdout.read()[:10].decode()
code = child.wait()
is_shown = shows()
os.close(terminal)
try:
    # Until the end of the terminal, which is an error (EIO): what was printed last may take a moment to get here.
    while piece := os.read(keyboard, 1024):
        seen += piece
except OSError:
    pass
print(code, 'shown' if is_shown else 'hidden', repr(printed), repr(seen.decode()))
";

fn typed(keys: &[&str]) -> String {
    let ended = finish(&mut python(AT_A_TERMINAL, &[&[env!("CARGO_BIN_EXE_helio")], keys].concat()));
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    ended.stdout
}

#[test]
fn a_password_is_asked_for_twice_and_not_shown() {
    let hash = typed(&["sesame\n", "sesame\n"]);
    assert_eq!(hash, "0 shown '$argon2id$' 'Password: \\r\\nAgain: \\r\\n'\n");
    let differ = typed(&["sesame\n", "open\n"]);
    assert!(differ.starts_with("2 shown ''") && differ.contains("the two passwords differ"), "{differ}");
}

#[test]
fn whatever_ends_it_the_terminal_shows_again_what_is_typed() {
    for keys in [&["\x03"][..], &["ses\x03"], &["sesame\n", "ses\x03"], &["TERM"]] {
        let ended = typed(keys);
        assert!(ended.starts_with("130 shown '' 'Password: \\r\\n"), "{keys:?}: {ended}");
    }
    for key in ["\x1a", "\x1c"] {
        let ended = typed(&[&format!("{key}sesame\n")]);
        assert!(ended.starts_with("2 shown ''") && ended.contains("control characters"), "{ended}");
    }
}

/// Accounts that are made while no server runs are there when one does; while it runs they are its own.
#[test]
fn accounts_are_made_and_changed_in_the_data_directory() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").to_str().unwrap().to_owned();
    let account = |args: &[&str], input: &[u8]| {
        let all = [&["account", "--data-dir", &data], args].concat();
        run_with_input(&all, input)
    };
    let missing = account(&["list"], b"");
    assert_eq!(missing.code, 3, "{}", missing.stderr);
    let weak = account(&["add", "ann"], b"short\n");
    assert_eq!((weak.code, weak.stderr.as_str()), (2, "helio: password has 5 characters, at least 8 are needed\n"));
    for (args, input, code) in [
        (["add", "ann"].as_slice(), b"correct horse\n".as_slice(), 0),
        (&["add", "Ann"], b"correct horse\n", 2),
        (&["add", "bob"], b"correct horse\n", 0),
        (&["add", "eve"], b"correct horse\n", 0),
        (&["passwd", "bob"], b"battery staple\n", 0),
        (&["suspend", "bob", "on leave"], b"", 0),
        (&["delete", "eve"], b"", 0),
        (&["restore", "eve"], b"", 3),
    ] {
        let done = account(args, input);
        assert_eq!((done.code, done.stdout.as_str()), (code, ""), "{args:?}: {}", done.stderr);
    }
    assert_eq!(account(&["list"], b"").stdout, "ann active\nbob suspended: on leave\neve deleted\n");
    let json = account(&["list", "--json"], b"").stdout;
    assert!(json.starts_with(r#"{"name":"ann","registered_us":"#), "{json}");

    let mut serving = Running::start(&mut chat(dir.path(), ON_ANY_PORT));
    let at = address(&mut serving);
    let taken = account(&["restore", "bob"], b"");
    assert_eq!(taken.code, 7, "the server has the store: {}", taken.stderr);
    let mut ann = Client::connect(at);
    ann.say("PASS :ann:correct horse\r\nNICK ann\r\nUSER ann 0 * :Ann");
    ann.hear(" 900 ann ann!ann@127.0.0.1 ann ");
    ann.hear(" 001 ");
    let mut stranger = Client::connect(at);
    stranger.say("NICK bob\r\nUSER bob 0 * :Bob");
    stranger.hear(" 433 ");
    stranger.say("NICK cleo");
    stranger.hear(" 001 cleo ");
    stranger.say("REGISTER * * :correct horse");
    stranger.hear("REGISTER SUCCESS cleo");
}
