//! Which of our addresses a datagram was sent to (`ip(7)` IP_PKTINFO, `ipv6(7)` IPV6_PKTINFO, RFC 3542 §6).

use super::Sender;
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use tokio::net::UdpSocket;

/// Asks the kernel to tell it with each datagram; false when it cannot.
pub(super) fn ask_reached(socket: &UdpSocket) -> bool {
    match socket.local_addr() {
        Ok(SocketAddr::V4(_)) => setsockopt(socket, Ipv4PacketInfo, &true).is_ok(),
        Ok(SocketAddr::V6(_)) => setsockopt(socket, Ipv6RecvPacketInfo, &true).is_ok(),
        Err(_) => false,
    }
}

/// One datagram, without waiting.
pub(super) fn receive_reached(socket: &impl AsRawFd, buffer: &mut [u8]) -> io::Result<(usize, Sender)> {
    let mut space = nix::cmsg_space!(libc::in_pktinfo, libc::in6_pktinfo);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty())?;
    let peer = message.address.as_ref().and_then(socket_address).ok_or(io::ErrorKind::InvalidData)?;
    let reached = message.cmsgs()?.find_map(|part| {
        if let ControlMessageOwned::Ipv4PacketInfo(info) = part {
            Some(IpAddr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()))
        } else if let ControlMessageOwned::Ipv6PacketInfo(info) = part {
            Some(IpAddr::from(info.ipi6_addr.s6_addr))
        } else {
            None
        }
    });
    Ok((message.bytes, Sender { peer, reached }))
}

/// Sends one datagram with `from` as its source; the interface is left to the routing.
pub(super) fn send_from(socket: &impl AsRawFd, payload: &[u8], to: SocketAddr, from: IpAddr) -> io::Result<usize> {
    let parts = [IoSlice::new(payload)];
    let to = SockaddrStorage::from(to);
    let send = |info: ControlMessage<'_>| sendmsg(socket.as_raw_fd(), &parts, &[info], MsgFlags::empty(), Some(&to));
    let sent = match from {
        IpAddr::V4(from) => send(ControlMessage::Ipv4PacketInfo(&v4_info(from))),
        IpAddr::V6(from) => send(ControlMessage::Ipv6PacketInfo(&v6_info(from))),
    };
    Ok(sent?)
}

fn v4_info(from: Ipv4Addr) -> libc::in_pktinfo {
    libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) },
        ipi_addr: libc::in_addr { s_addr: 0 },
    }
}

fn v6_info(from: Ipv6Addr) -> libc::in6_pktinfo {
    libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: from.octets() }, ipi6_ifindex: 0 }
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in().map(|at| SocketAddr::new(at.ip().into(), at.port()));
    v4.or_else(|| Some(std::net::SocketAddrV6::from(*address.as_sockaddr_in6()?).into()))
}
