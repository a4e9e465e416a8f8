//! What a service manager is told (sd_notify(3)), by a socket in its place.

use crate::support::chat::{ON_ANY_PORT, address, chat};
use crate::support::{PLENTY, Running};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;

/// The next message.
fn next(manager: &UnixDatagram) -> String {
    let mut message = [0; 1024];
    let length = manager.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

/// The next message that is not just a sign of life.
fn next_state(manager: &UnixDatagram) -> String {
    loop {
        let message = next(manager);
        if message != "WATCHDOG=1\n" {
            return message;
        }
    }
}

#[test]
fn readiness_comes_when_the_ports_answer_and_signs_of_life_follow_until_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PLENTY)).unwrap();
    let mut serve = chat(dir.path(), ON_ANY_PORT);
    // The shortest interval that still shows several of them soon.
    let mut serving = Running::start(serve.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "100000"));
    assert_eq!(next(&manager), "READY=1\nSTATUS=serving\n");
    // Whoever is started after us may connect at once.
    assert!(TcpStream::connect(address(&mut serving)).is_ok());
    for _ in 0..3 {
        assert_eq!(next(&manager), "WATCHDOG=1\n");
    }
    serving.signal("HUP");
    let reloading = next_state(&manager);
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading:?}");
    assert_eq!(next_state(&manager), "READY=1\n");
    serving.signal("TERM");
    assert!(next_state(&manager).starts_with("STOPPING=1\n"));
    let (status, ..) = serving.wait();
    assert!(status.success());
}

#[test]
fn a_start_that_fails_is_never_told_as_ready() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_nonblocking(true).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = ON_ANY_PORT.replacen("127.0.0.1:0", &taken.local_addr().unwrap().to_string(), 1);
    let output = chat(dir.path(), &settings).env("NOTIFY_SOCKET", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(manager.recv(&mut [0; 1024]).is_err(), "nothing was told");
}
