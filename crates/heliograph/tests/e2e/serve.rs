//! `helio serve`: settings in layers, banner, reload, end.

use crate::support::{PLENTY, Running, finish, helio, python, run, text};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

/// `helio serve` on free ports with `settings` as its file and its data under `dir`.
fn serve(dir: &Path, settings: &str, args: &[&str]) -> Command {
    let file = dir.join("helio.toml");
    std::fs::write(&file, settings).unwrap();
    let mut command = helio();
    command.env("XDG_DATA_HOME", dir).args(["serve", "--config"]).arg(file);
    command.args(ANY_PORTS).args(args);
    command
}

/// The system picks every port.
const ANY_PORTS: [&str; 14] = [
    "--chat-listen",
    "127.0.0.1:0",
    "--chat-tls-listen",
    "127.0.0.1:0",
    "--web-listen",
    "127.0.0.1:0",
    "--web-tls-listen",
    "127.0.0.1:0",
    "--line-listen",
    "127.0.0.1:0",
    "--echo-listen",
    "127.0.0.1:0",
    "--log-listen",
    "127.0.0.1:0",
];

/// The TCP address that the banner gives for `service`.
fn address(serving: &mut Running, service: &str) -> SocketAddr {
    let row = serving.wait_for(&format!("  {service}"));
    let tcp = row.split_whitespace().find_map(|word| word.strip_prefix("tcp://")).unwrap();
    tcp.parse().unwrap()
}

fn ask(at: SocketAddr, message: &[u8], answer_length: usize) -> String {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(PLENTY)).unwrap();
    stream.write_all(message).unwrap();
    let mut answer = vec![0; answer_length];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn without_settings_echo_and_log_work_and_the_banner_says_how_to_join() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut serve(dir.path(), "", &[]));
    serving.wait_for("is serving, Ctrl-C stops it");
    let (echo, log) = (address(&mut serving, "echo"), address(&mut serving, "log"));
    assert_eq!(serving.wait_for("Try:"), format!("Try: helio say {echo} hello"));
    assert_eq!(ask(echo, b"hi", 7), "ACK: hi");

    let mut stream = TcpStream::connect(log).unwrap();
    let from = stream.local_addr().unwrap();
    stream.write_all(b"one line\n").unwrap();
    drop(stream);
    serving.wait_for(&format!("log   {from} closed by the peer: 9 bytes in"));
    serving.signal("TERM");
    let (status, lines, stderr) = serving.wait();
    assert!(status.success(), "{lines:#?} {stderr}");
    let logged = text(dir.path().join("helio/log/received.log"));
    assert!(logged.ends_with(&format!(" {from} one line\n")), "{logged:?}");
}

#[test]
fn flags_stand_over_environment_over_file_over_defaults() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[serve]\nservices = ['echo']\n[echo]\nprefix = 'file: '\n";
    let mut from_file = Running::start(&mut serve(dir.path(), file, &[]));
    assert_eq!(ask(address(&mut from_file, "echo"), b"hi", 8), "file: hi");
    let mut from_environment = Running::start(serve(dir.path(), file, &[]).env("HELIO_ECHO_PREFIX", "env: "));
    assert_eq!(ask(address(&mut from_environment, "echo"), b"hi", 7), "env: hi");
    let mut echo = helio();
    echo.env("HELIO_ECHO_PREFIX", "env: ").env("HELIO_CONFIG", dir.path().join("helio.toml"));
    let mut from_flag = Running::start(echo.args(["echo", "--listen", "127.0.0.1:0", "--prefix", "flag: "]));
    assert_eq!(ask(from_flag.address("tcp"), b"hi", 8), "flag: hi");
}

#[test]
fn check_tells_what_would_be_started_and_starts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let settings = "[echo]\nlisten = ['127.0.0.1:7001', 'udp://[::1]:7002']\n[log]\nto = '/tmp/x.log'\n";
    let file = dir.path().join("helio.toml");
    std::fs::write(&file, settings).unwrap();
    let checked = finish(helio().args(["serve", "--check", "--config"]).arg(&file));
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
    let shown = checked.stdout.replace(file.to_str().unwrap(), "FILE");
    insta::assert_snapshot!(shown, @r"
    settings in FILE are right
      chat  tcp://127.0.0.1:6667 tls://127.0.0.1:6697 ws://127.0.0.1:8080 wss://127.0.0.1:8443 lines://127.0.0.1:65433
      echo  127.0.0.1:7001 udp://[::1]:7002
      log   127.0.0.1:65434 into /tmp/x.log
    ");
}

#[test]
fn wrong_settings_are_named_with_line_and_accepted_values() {
    let cases = [
        ("[serve]\nservices = ['ecko']\n", "line 2, column 13", "expected one of `chat`, `echo`, `log`"),
        ("[ecko]\n", "line 1, column 2", "expected one of `serve`, `chat`, `chat-client`, `echo`"),
        ("[log]\nfsync = 'often'\n", "line 2, column 9", "expected one of `every`, `interval`, `close`"),
        ("[limits]\nidle-timeout = '5'\n", "line 2, column 16", "expected a number and a unit"),
        ("[limits]\nidle-timeout = 5\n", "line 2, column 16", "expected a length of time with its unit"),
        ("[limits]\nmax-connections = 0\n", "line 2, column 19", "expected a nonzero u32"),
        ("[log]\nrotate-size = '1k'\n", "line 2, column 15", "1024 bytes, expected at least"),
        ("[echo]\nallow = ['10.0.0.0/99']\n", "line 2, column 10", "expected an address and a prefix length"),
    ];
    for (settings, place, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let checked = finish(&mut serve(dir.path(), settings, &["--check"]));
        assert_eq!(checked.code, 2, "{settings}");
        assert!(checked.stderr.contains(place) && checked.stderr.contains(expected), "{}", checked.stderr);
    }
    let missing = run(&["serve", "--check", "--config", "/nonexistent/helio.toml"]);
    assert_eq!(missing.code, 3, "{}", missing.stderr);
}

#[test]
fn check_finds_what_could_not_be_started() {
    let check = |args: &[&str]| run(&[&["serve", "--check"], args].concat());
    let nowhere = check(&["--log-to", "/nonexistent/in.log"]);
    assert_eq!(nowhere.code, 3, "{}", nowhere.stderr);
    let twice = check(&["--echo-listen", "127.0.0.1:7001", "--log-listen", "127.0.0.1:7001", "--log-to", "/tmp/x"]);
    assert_eq!((twice.code, twice.stderr.as_str()), (2, "helio: echo: 127.0.0.1:7001 is given twice\n"));
    let covered = run(&["echo", "--listen", "0.0.0.0:7001", "--listen", "[::]:7001"]);
    let expected = "helio: echo 0.0.0.0:7001 and echo [::]:7001 are the same port; `*:PORT` stands for every address\n";
    assert_eq!((covered.code, covered.stderr.as_str()), (2, expected));
    let variable = finish(helio().args(["serve", "--check"]).env("HELIO_ECHO_UDP_RATE", "abc"));
    let expected =
        "helio: environment variable HELIO_ECHO_UDP_RATE: `abc` is not accepted: invalid digit found in string\n";
    assert_eq!((variable.code, variable.stderr.as_str()), (2, expected));
}

#[test]
fn sighup_takes_over_new_settings_for_new_connections_and_keeps_the_old_when_they_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut serving = Running::start(&mut serve(dir.path(), "[echo]\nprefix = 'one '\n", &[]));
    let echo = address(&mut serving, "echo");
    let mut early = TcpStream::connect(echo).unwrap();
    serving.wait_for("connected");
    let file = dir.path().join("helio.toml");

    std::fs::write(&file, "[echo]\nprefix = 'two '\n").unwrap();
    serving.signal("HUP");
    serving.wait_for_error("settings were read again");
    assert_eq!(ask(echo, b"x", 5), "two x");
    early.write_all(b"x").unwrap();
    let mut answer = [0; 5];
    early.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"one x");

    std::fs::write(&file, "[echo]\nprefix = 3\n").unwrap();
    serving.signal("HUP");
    serving.wait_for_error("the old settings stay");
    assert_eq!(ask(echo, b"x", 5), "two x");

    std::fs::write(&file, "[limits]\nidle-timeout = '1h'\n").unwrap();
    serving.signal("HUP");
    serving.wait_for_error("change with a restart only");
}

#[test]
fn sighup_opens_the_log_again_after_it_was_renamed() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("in.log");
    let mut serving = Running::start(&mut serve(dir.path(), "", &["--log-to", to.to_str().unwrap()]));
    let log = address(&mut serving, "log");
    let say = |serving: &mut Running, line: &[u8]| {
        TcpStream::connect(log).unwrap().write_all(line).unwrap();
        serving.wait_for("closed by the peer");
    };
    say(&mut serving, b"before\n");
    std::fs::rename(&to, dir.path().join("old.log")).unwrap();
    serving.signal("HUP");
    serving.wait_for_error("opened again");
    say(&mut serving, b"after\n");
    assert!(serving.stop().0.success());
    assert!(text(dir.path().join("old.log")).contains(" before\n"));
    assert!(text(&to).contains(" after\n"));
}

#[test]
fn nothing_is_started_when_one_port_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = Running::helio(&["echo", "--listen", "tcp://127.0.0.1:0"]);
    let taken = first.address("tcp").to_string();
    let mut command = helio();
    command.env("XDG_DATA_HOME", dir.path());
    let second = finish(command.args([
        "serve",
        "--services",
        "echo,log",
        "--echo-listen",
        "127.0.0.1:0",
        "--log-listen",
        &taken,
    ]));
    assert_eq!((second.code, second.stdout.as_str()), (7, ""));
    assert!(second.stderr.contains("the port is in use"), "{}", second.stderr);
}

/// Starts `helio echo` in a terminal of its own, closes the terminal, and prints how it ended after SIGTERM, if it did
/// not end before.
const IN_A_TERMINAL: &str = "
import os, pty, signal, sys
child, terminal = pty.fork()
if child == 0:
    if 'nohup' in sys.argv:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.argv[1], [sys.argv[1], 'echo', '--listen', '127.0.0.1:0', '--quiet'])
shown = b''
while shown.count(b'listening') < 2:
    shown += os.read(terminal, 1024)
os.close(terminal)
if 'nohup' in sys.argv:
    import socket
    port = int(shown.split(b'tcp://127.0.0.1:')[1].split()[0])
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(b'still there?')
        print(s.recv(1024).decode())
    os.kill(child, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
";

/// SIGHUP is "read again" for a service, and "the terminal is gone" for what runs in a terminal: both must work.
#[test]
fn closing_the_terminal_ends_what_ran_in_it() {
    let ended = finish(&mut python(IN_A_TERMINAL, &[env!("CARGO_BIN_EXE_helio")]));
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "0\n"), "{}", ended.stderr);
}

/// nohup(1) ignores SIGHUP and starts the program: it asks to outlive its terminal.
#[test]
fn with_nohup_it_outlives_its_terminal() {
    let ended = finish(&mut python(IN_A_TERMINAL, &[env!("CARGO_BIN_EXE_helio"), "nohup"]));
    assert_eq!((ended.code, ended.stdout.as_str()), (0, "ACK: still there?\n0\n"), "{}", ended.stderr);
}
