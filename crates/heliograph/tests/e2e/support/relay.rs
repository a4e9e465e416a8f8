//! A network in between that loses datagrams by a fixed pattern; TCP on the same port passes unharmed.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Loses every so many datagrams, each way; it keeps the order and doubles nothing.
pub(crate) struct Relay {
    /// Where it listens, over TCP and UDP.
    pub(crate) address: SocketAddr,
    lost_there: Arc<AtomicU64>,
    lost_back: Arc<AtomicU64>,
}

impl Relay {
    /// Relays between one UDP client, any number of TCP clients, and `server`. Of the datagrams to the server the
    /// `there`-th, twice `there`-th and so on are lost, of those from it every `back`-th.
    pub(crate) fn start(server: SocketAddr, there: u64, back: u64) -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = tcp.local_addr().unwrap();
        std::thread::spawn(move || tcp.incoming().flatten().for_each(|client| pipe(client, server)));
        let outside = UdpSocket::bind(address).unwrap();
        let inside = UdpSocket::bind("127.0.0.1:0").unwrap();
        inside.connect(server).unwrap();
        let (lost_there, lost_back) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (counted_there, counted_back) = (lost_there.clone(), lost_back.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 65_536];
            let mut lose = every(there, counted_there);
            let Ok((length, client)) = outside.recv_from(&mut buffer) else { return };
            let _ = outside.connect(client);
            if !lose() {
                let _ = inside.send(&buffer[..length]);
            }
            let (from_inside, to_outside) = (inside.try_clone(), outside.try_clone());
            let (Ok(from_inside), Ok(to_outside)) = (from_inside, to_outside) else { return };
            std::thread::spawn(move || forward(&from_inside, &to_outside, every(back, counted_back)));
            forward(&outside, &inside, lose);
        });
        Self { address, lost_there, lost_back }
    }

    /// Datagrams lost until now: on the way to the server, and from it.
    pub(crate) fn lost(&self) -> (u64, u64) {
        (self.lost_there.load(Ordering::SeqCst), self.lost_back.load(Ordering::SeqCst))
    }
}

/// True on each `period`-th call; those are counted.
fn every(period: u64, lost: Arc<AtomicU64>) -> impl FnMut() -> bool {
    let mut seen = 0;
    move || {
        seen += 1;
        let lose = seen % period == 0;
        lost.fetch_add(u64::from(lose), Ordering::SeqCst);
        lose
    }
}

fn forward(from: &UdpSocket, to: &UdpSocket, mut lose: impl FnMut() -> bool) {
    let mut buffer = [0; 65_536];
    while let Ok(length) = from.recv(&mut buffer) {
        if !lose() {
            let _ = to.send(&buffer[..length]);
        }
    }
}

fn pipe(client: TcpStream, server: SocketAddr) {
    let Ok(server) = TcpStream::connect(server) else { return };
    for (from, to) in [(client.try_clone(), server.try_clone()), (Ok(server), Ok(client))] {
        let (Ok(mut from), Ok(mut to)) = (from, to) else { return };
        let _ = to.set_nodelay(true);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Write);
        });
    }
}
