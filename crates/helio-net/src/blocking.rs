//! Blocking sockets for measuring: nothing but the call that is timed lies between the two readings of the clock.

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// Opens a TCP connection to `peer`, `TCP_NODELAY` on, and tells how long `connect` took; `None` when it took longer
/// than `timeout`, or was interrupted by a signal. Each blocking call on the connection gives up after `timeout`, too.
///
/// The send timeout bounds `connect` on Linux (socket(7)); elsewhere the system's own limit does.
///
/// # Errors
/// What the system says: refused, unreachable, no free port.
pub fn tcp(peer: SocketAddr, timeout: Duration) -> io::Result<Option<(TcpStream, Duration)>> {
    let socket = Socket::new(Domain::for_address(peer), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    socket.set_write_timeout(Some(timeout))?;
    socket.set_read_timeout(Some(timeout))?;
    let peer = peer.into();
    let started = Instant::now();
    let connected = socket.connect(&peer);
    let elapsed = started.elapsed();
    match connected {
        Ok(()) => Ok(Some((socket.into(), elapsed))),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::INPROGRESS | Errno::AGAIN | Errno::INTR) => Ok(None),
            _ => Err(error),
        },
    }
}

/// A UDP socket connected to `peer`; each receive gives up after `timeout`.
///
/// # Errors
/// What the system says: no route, no free port.
pub fn udp(peer: SocketAddr, timeout: Duration) -> io::Result<UdpSocket> {
    let any: SocketAddr =
        if peer.is_ipv6() { (Ipv6Addr::UNSPECIFIED, 0).into() } else { (Ipv4Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(peer)?;
    socket.set_read_timeout(Some(timeout))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Duration = Duration::from_secs(30);

    #[test]
    fn a_listener_is_connected_to_and_its_absence_is_an_error() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = listener.local_addr().unwrap();
        let (stream, _) = tcp(peer, PLENTY).unwrap().unwrap();
        assert_eq!((stream.peer_addr().unwrap(), stream.nodelay().unwrap()), (peer, true));
        drop(listener);
        assert_eq!(tcp(peer, PLENTY).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    /// A listener whose accept queue is full drops SYNs, as a firewall does.
    #[test]
    #[cfg(target_os = "linux")]
    fn silence_is_no_connection_after_the_timeout() {
        let full = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        full.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        full.listen(0).unwrap();
        let peer = full.local_addr().unwrap().as_socket().unwrap();
        let _queued = tcp(peer, PLENTY).unwrap().unwrap();
        assert!(tcp(peer, Duration::from_millis(20)).unwrap().is_none());
    }

    #[test]
    fn datagrams_of_others_do_not_reach_a_connected_socket() {
        let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let socket = udp(peer.local_addr().unwrap(), PLENTY).unwrap();
        let here = socket.local_addr().unwrap();
        stranger.send_to(b"stranger", here).unwrap();
        peer.send_to(b"peer", here).unwrap();
        let mut buffer = [0; 16];
        let length = socket.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"peer");
    }
}
