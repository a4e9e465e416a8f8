use super::*;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

/// Not a multiple of any buffer, and different everywhere.
fn sample() -> Vec<u8> {
    (0..1024 * 1024 + 304_321u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

fn file_with(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Steps until the end; the method may change with the number of the step.
fn move_all(from: &impl AsFd, to: &impl AsFd, most: usize, method: impl Fn(usize) -> Method) -> (usize, Vec<u8>) {
    let (mut mover, mut moved, mut seen) = (Mover::new(), 0, Vec::new());
    for step in 0.. {
        match mover.step(method(step), from.as_fd(), to.as_fd(), most, &mut |bytes| seen.extend_from_slice(bytes)) {
            Ok(Step::Moved(bytes)) => moved += bytes,
            Ok(Step::TimedOut) => {}
            Ok(Step::End) => break,
            Err(error) => panic!("{error}"),
        }
    }
    (moved, seen)
}

fn send_through_tcp(method: impl Fn(usize) -> Method) -> (usize, Vec<u8>, Vec<u8>) {
    let (socket, mut peer) = tcp_pair();
    let reader = thread::spawn(move || {
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        received
    });
    let (moved, seen) = move_all(&file_with(&sample()), &socket, usize::MAX, method);
    drop(socket);
    (moved, seen, reader.join().unwrap())
}

#[test]
fn every_method_sends_a_file_byte_for_byte() {
    for method in [Method::Copy, Method::Sendfile, Method::Splice] {
        let (moved, seen, received) = send_through_tcp(|_| method);
        assert_eq!(moved, sample().len(), "{method:?}");
        assert!(received == sample(), "{method:?}");
        assert!(seen == if method == Method::Copy { sample() } else { Vec::new() }, "{method:?}");
    }
}

#[test]
fn methods_can_change_between_any_two_steps() {
    let methods = [Method::Copy, Method::Splice, Method::Sendfile, Method::Splice, Method::Copy];
    let (moved, _, received) = send_through_tcp(|step| methods[step % methods.len()]);
    assert_eq!(moved, sample().len());
    assert!(received == sample());
}

#[test]
fn both_methods_of_a_receiver_fill_a_file_byte_for_byte() {
    for method in [Method::Copy, Method::Splice] {
        let (mut socket, peer) = tcp_pair();
        let writer = thread::spawn(move || socket.write_all(&sample()).unwrap());
        let mut file = tempfile::tempfile().unwrap();
        let (moved, _) = move_all(&peer, &file, 70_000, |_| method);
        writer.join().unwrap();
        let mut stored = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut stored).unwrap();
        assert_eq!(moved, sample().len(), "{method:?}");
        assert!(stored == sample(), "{method:?}");
    }
}

/// A peer that stops reading: each step comes back, and what was read from the file is not lost.
#[test]
fn a_full_socket_times_out_without_losing_a_byte() {
    for method in [Method::Copy, Method::Sendfile, Method::Splice] {
        let (socket, mut peer) = UnixStream::pair().unwrap();
        socket.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
        let file = file_with(&sample());
        let (mut mover, mut moved) = (Mover::new(), 0);
        let mut step = |moved: &mut usize| {
            let step = mover.step(method, file.as_fd(), socket.as_fd(), usize::MAX, &mut |_| {}).unwrap();
            if let Step::Moved(bytes) = step {
                *moved += bytes;
            }
            step
        };
        while step(&mut moved) != Step::TimedOut {}
        assert!(moved < sample().len());
        let reader = thread::spawn(move || {
            let mut received = Vec::new();
            peer.read_to_end(&mut received).unwrap();
            received
        });
        while step(&mut moved) != Step::End {}
        socket.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(reader.join().unwrap() == sample(), "{method:?}");
        assert_eq!(moved, sample().len(), "{method:?}");
    }
}

#[test]
fn the_failing_side_is_told() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let source = file_with(b"x");
    let failed = Mover::new().step(Method::Copy, source.as_fd(), full.as_fd(), 9, &mut |_| {});
    assert!(matches!(&failed, Err(MoveError::Write(e)) if e.kind() == io::ErrorKind::StorageFull), "{failed:?}");
    let directory = File::open("/").unwrap();
    let failed = Mover::new().step(Method::Copy, directory.as_fd(), full.as_fd(), 9, &mut |_| {});
    assert!(matches!(&failed, Err(MoveError::Read(e)) if e.kind() == io::ErrorKind::IsADirectory), "{failed:?}");
}

/// sendfile(2): the source must support mmap-like operations, which a socket does not.
#[test]
fn an_impossible_method_says_so_and_copying_goes_on() {
    let (mut socket, peer) = tcp_pair();
    socket.write_all(b"abc").unwrap();
    drop(socket);
    let file = tempfile::tempfile().unwrap();
    let mut mover = Mover::new();
    let refused = mover.step(Method::Sendfile, peer.as_fd(), file.as_fd(), 9, &mut |_| {});
    let text = refused.unwrap_err().to_string();
    assert!(text.starts_with("sendfile is not possible here: "), "{text}");
    let step = mover.step(Method::Copy, peer.as_fd(), file.as_fd(), 9, &mut |_| {}).unwrap();
    assert_eq!(step, Step::Moved(3));
}
