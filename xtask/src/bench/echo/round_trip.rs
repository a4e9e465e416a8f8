//! One client that waits for each answer, and times it.

use super::MESSAGE;
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Time of exchange before timing begins, as sockperf does it.
const WARM_UP: Duration = Duration::from_millis(400);
const ANSWER: Duration = Duration::from_secs(5);

/// Exchanges messages for `time` in all, and returns `median_ns` and `count` as JSON.
pub(crate) fn run(address: SocketAddr, time: Duration) -> Result<String> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER))?;
    let start = Instant::now();
    while start.elapsed() < WARM_UP.min(time / 2) {
        exchange(&mut stream)?;
    }
    let mut nanos = Vec::new();
    while start.elapsed() < time {
        nanos.push(exchange(&mut stream)?.as_nanos() as u64);
    }
    let middle = nanos.len() / 2;
    if nanos.is_empty() {
        bail!("no round trip within {time:?}");
    }
    let (_, median, _) = nanos.select_nth_unstable(middle);
    let median = *median;
    Ok(format!("{}\n", json!({"median_ns": median, "count": nanos.len()})))
}

fn exchange(stream: &mut TcpStream) -> Result<Duration> {
    let message = [0x55; MESSAGE];
    let mut answer = [0; MESSAGE];
    let start = Instant::now();
    stream.write_all(&message)?;
    stream.read_exact(&mut answer).context("the server does not answer")?;
    let took = start.elapsed();
    if answer != message {
        bail!("the server sent back something else");
    }
    Ok(took)
}
