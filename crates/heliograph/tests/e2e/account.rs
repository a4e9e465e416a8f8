//! `helio account hash` at a terminal.

use crate::support::{finish, python};

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
