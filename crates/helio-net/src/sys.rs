//! The system calls that no safe library offers. The only `unsafe` code of Heliograph.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Reads a socket option into `buffer` and returns how many bytes the kernel gave (`getsockopt(2)`).
///
/// Kernels of different age give structures of different length; a longer structure is cut to the buffer.
#[cfg(target_os = "linux")]
fn socket_option(socket: impl AsFd, level: i32, name: i32, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = libc::socklen_t::try_from(buffer.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: `buffer` is writable for `length` bytes, the kernel writes at most that and stores the count in
    // `length`; the descriptor is borrowed, so it stays open during the call.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            buffer.as_mut_ptr().cast::<libc::c_void>(),
            &raw mut length,
        )
    };
    if result == 0 { Ok(length as usize) } else { Err(io::Error::last_os_error()) }
}

/// The bytes of `struct tcp_info` (`tcp(7)`, `TCP_INFO`); [`crate::tcp_info::TcpInfo`] decodes them.
#[cfg(target_os = "linux")]
pub fn tcp_info_bytes(socket: impl AsFd) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 512];
    let length = socket_option(socket, libc::IPPROTO_TCP, libc::TCP_INFO, &mut bytes)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Datagrams that the kernel dropped because this socket's receive buffer was full, since it was opened
/// (`socket(7)`, `SO_MEMINFO`). Wraps at 2^32.
#[cfg(target_os = "linux")]
pub fn receive_drops(socket: impl AsFd) -> io::Result<u32> {
    /// `SK_MEMINFO_DROPS` of linux/sock_diag.h: the ninth 32-bit word.
    const DROPS_WORD: usize = 8;
    let mut bytes = [0; 4 * (DROPS_WORD + 1)];
    let length = socket_option(socket, libc::SOL_SOCKET, libc::SO_MEMINFO, &mut bytes)?;
    match bytes[..length].as_chunks::<4>().0.get(DROPS_WORD) {
        Some(word) => Ok(u32::from_ne_bytes(*word)),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Bytes written to a TCP socket that the peer's TCP has not acknowledged, our end of stream counted as one
/// (`tcp(7)`, `SIOCOUTQ`).
#[cfg(target_os = "linux")]
pub fn unacknowledged_bytes(socket: impl AsFd) -> io::Result<u32> {
    let mut count: libc::c_int = 0;
    // SAFETY: SIOCOUTQ (the value of TIOCOUTQ) stores one c_int through the pointer, which is valid for writes.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    if result == 0 { Ok(u32::try_from(count).unwrap_or(0)) } else { Err(io::Error::last_os_error()) }
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn tcp_info_bytes(_: impl AsFd) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn receive_drops(_: impl AsFd) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
pub fn unacknowledged_bytes(_: impl AsFd) -> io::Result<u32> {
    Err(io::ErrorKind::Unsupported.into())
}
