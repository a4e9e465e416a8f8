//! The least that an echo server can do: block, a thread a connection, no limits, no time-outs.

use anyhow::Result;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

/// As large as what `helio echo` reads at once, so that both make the same system calls.
const BUFFER: usize = 64 * 1024;

/// Serves until it is ended from outside.
pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    super::super::print(&format!("listening on tcp://{}\n", listener.local_addr()?))?;
    for stream in listener.incoming() {
        let stream = stream?;
        std::thread::spawn(move || echo(stream));
    }
    Ok(())
}

/// Until the peer ends the stream; what it does wrong is its own affair.
fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; BUFFER];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => stream.write_all(&buffer[..length])?,
        }
    }
}
