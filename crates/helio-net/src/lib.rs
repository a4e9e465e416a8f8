//! Heliograph's pipes: how bytes leave and reach the machine.
//!
//! Addresses, name lookup and connecting ([`address`], [`connect`]), listening ([`listen`]), the connections and
//! datagram sockets themselves ([`conn`], [`udp`], [`memory`]), encryption ([`tls`], [`identity`]), moving many bytes ([`bulk`]) and what the kernel says of them ([`tcp_info`]).
//! No protocol is known here. System calls that need `unsafe` live in [`sys`] alone.

pub mod address;
pub mod blocking;
pub mod bulk;
pub mod clock;
pub mod conn;
pub mod connect;
pub mod fingerprint;
pub mod identity;
pub mod listen;
pub mod memory;
pub mod rlimit;
pub mod sys;
pub mod tcp_info;
pub mod tls;
pub mod udp;

mod resolve;
#[cfg(test)]
mod test_support;
