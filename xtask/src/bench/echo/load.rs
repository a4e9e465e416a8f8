//! Clients that keep several messages on the way each, check every byte that comes back, and count.

use super::MESSAGE;
use crate::process::cpu_time;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Messages that each client keeps on the way.
const OUTSTANDING: usize = 16;

/// Time under load before counting begins, and within which any server must answer.
const WARM_UP: Duration = Duration::from_millis(200);
const ANSWER: Duration = Duration::from_secs(5);

/// Loads the server at `address`, and returns `requests`, `elapsed_ns` and `server_cpu_ns` as JSON.
pub(crate) fn run(address: SocketAddr, clients: usize, time: Duration, server: u32) -> Result<String> {
    let streams = (0..clients).map(|_| connect(address)).collect::<Result<Vec<TcpStream>>>()?;
    let (count, stop, begin) = (AtomicU64::new(0), AtomicBool::new(false), Barrier::new(clients + 1));
    std::thread::scope(|scope| {
        let threads: Vec<_> = streams
            .into_iter()
            .map(|stream| {
                scope.spawn(|| {
                    begin.wait();
                    client(stream, &count, &stop)
                })
            })
            .collect();
        begin.wait();
        std::thread::sleep(WARM_UP);
        let before = (Instant::now(), count.load(Ordering::Relaxed), cpu_time(server));
        std::thread::sleep(time);
        let after = (Instant::now(), count.load(Ordering::Relaxed), cpu_time(server));
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            // A panic of a client is a fault of this program, and ends it.
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        let elapsed_ns = (after.0 - before.0).as_nanos() as u64;
        let server_cpu_ns = (after.2 - before.2).as_nanos() as u64;
        let result = json!({"requests": after.1 - before.1, "elapsed_ns": elapsed_ns, "server_cpu_ns": server_cpu_ns});
        Ok(format!("{result}\n"))
    })
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    Ok(stream)
}

/// For each whole message that comes back, another goes out.
fn client(mut stream: TcpStream, count: &AtomicU64, stop: &AtomicBool) -> Result<()> {
    let sent = messages(OUTSTANDING);
    // A read may begin inside a message: one message more, so that it is compared without wrapping around.
    let expected = messages(OUTSTANDING + 1);
    let mut buffer = vec![0; OUTSTANDING * MESSAGE];
    let mut offset = 0;
    stream.write_all(&sent)?;
    while !stop.load(Ordering::Relaxed) {
        let length = stream.read(&mut buffer).context("the server does not answer")?;
        if length == 0 {
            bail!("the server ended the stream");
        }
        if buffer[..length] != expected[offset..offset + length] {
            bail!("the server sent back something else");
        }
        let whole = (offset + length) / MESSAGE;
        offset = (offset + length) % MESSAGE;
        stream.write_all(&sent[..whole * MESSAGE])?;
        count.fetch_add(whole as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// Messages in which every byte tells its place.
fn messages(number: usize) -> Vec<u8> {
    (0..MESSAGE as u8).collect::<Vec<u8>>().repeat(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    /// A server for one connection that answers each read with what `answer` makes of it.
    fn server(answer: fn(&[u8]) -> Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut buffer = [0; 100];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&answer(&buffer[..length])).unwrap();
            }
        });
        address
    }

    #[test]
    fn an_echo_in_odd_pieces_is_counted() {
        let result = run(server(<[u8]>::to_vec), 1, Duration::from_millis(1), std::process::id()).unwrap();
        let result: serde_json::Value = serde_json::from_str(&result).unwrap();
        assert!(result["elapsed_ns"].as_u64().unwrap() >= 1_000_000, "{result}");
    }

    #[test]
    fn anything_but_an_echo_is_an_error() {
        let with_prefix = server(|bytes| [b"ACK: ", bytes].concat());
        let error = run(with_prefix, 1, Duration::ZERO, std::process::id()).unwrap_err();
        assert_eq!(error.to_string(), "the server sent back something else");
    }
}
