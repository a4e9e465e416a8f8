//! Messages whose echo is awaited: each sender has one on the way.

use super::crowd::{Crowd, SILENCE};
use super::door::Door;
use super::line;
use super::meter::{Moment, quantile};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a server must offer for its echo to be known.
const CAPABILITIES: &str = "echo-message labeled-response message-tags batch";

/// All `clients`, in rooms of `members`, send, and send again when their own echo is there. Returns `acknowledged`, what
/// it cost, `acknowledgement_median_ns` and `acknowledgement_p99_ns`.
///
/// # Errors
///
/// The server answers anything but the echo.
pub(super) fn run(
    (clients, members): (usize, usize),
    address: SocketAddr,
    warm_up: Duration,
    time: Duration,
    server: u32,
) -> Result<Value> {
    let mut crowd = Crowd::register(Door::new(address), clients, Some(CAPABILITIES))?;
    crowd.join(members)?;
    crowd.start_counting()?;
    let mut talk = Talk { members, sent: vec![Instant::now(); clients], acknowledged: Vec::new() };
    (0..clients).try_for_each(|client| talk.send(client, &mut crowd))?;
    let start = Instant::now();
    talk.run_until(start + warm_up, &mut crowd)?;
    let before = Moment::now(server)?;
    talk.acknowledged.clear();
    talk.run_until(start + warm_up + time, &mut crowd)?;
    let mut result = Moment::now(server)?.since(&before);
    result.insert("acknowledged".into(), talk.acknowledged.len().into());
    for (key, share) in [("acknowledgement_median_ns", 0.5), ("acknowledgement_p99_ns", 0.99)] {
        let time = quantile(&mut talk.acknowledged, share).context("nothing was acknowledged")?;
        result.insert(key.into(), (time.as_nanos() as u64).into());
    }
    Ok(result.into())
}

struct Talk {
    members: usize,
    /// When each client sent its last message.
    sent: Vec<Instant>,
    /// How long each acknowledgement took.
    acknowledged: Vec<Duration>,
}

impl Talk {
    fn send(&mut self, client: usize, crowd: &mut Crowd) -> Result<()> {
        let message = line::message(&line::room(client / self.members), "");
        self.sent[client] = Instant::now();
        crowd.send(client, format!("@label={client} {message}").as_bytes())
    }

    /// Until that time, or later until the first acknowledgement.
    fn run_until(&mut self, end: Instant, crowd: &mut Crowd) -> Result<()> {
        let mut ready = Vec::new();
        while Instant::now() < end || self.acknowledged.is_empty() {
            crowd.wait(SILENCE, &mut ready)?;
            ensure!(!ready.is_empty(), "the server acknowledges nothing for {} s", SILENCE.as_secs());
            for &client in &ready {
                let mut echoes = 0;
                crowd.read_lines(client, |line| {
                    echoes += usize::from(is_echo(line)?);
                    Ok(())
                })?;
                match echoes {
                    0 => {}
                    1 => {
                        self.acknowledged.push(self.sent[client].elapsed());
                        self.send(client, crowd)?;
                    }
                    _ => bail!("client {client} has {echoes} echoes of one message"),
                }
            }
        }
        Ok(())
    }
}

/// Only what answers a client carries a label: <https://ircv3.net/specs/extensions/labeled-response>.
fn is_echo(line: &[u8]) -> Result<bool> {
    line::check(line)?;
    let tags = line.strip_prefix(b"@").and_then(|line| line.split(|byte| *byte == b' ').next()).unwrap_or_default();
    if !tags.split(|byte| *byte == b';').any(|tag| tag.starts_with(b"label=")) {
        return Ok(false);
    }
    ensure!(line::command(line) == b"PRIVMSG", "the answer to a message is {}", line.escape_ascii());
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::is_echo;

    #[test]
    fn the_echo_is_known_by_its_label() {
        assert!(is_echo(b"@msgid=1;label=7 :c!c@h PRIVMSG #r :text").unwrap());
        assert!(!is_echo(b"@msgid=2 :d!d@h PRIVMSG #r :label=7").unwrap());
        assert!(!is_echo(b":d!d@h PRIVMSG #r :text").unwrap());
        assert!(is_echo(b"@label=7 :s ACK").is_err());
        assert!(is_echo(b"@label=7 :s FAIL PRIVMSG X :the disk is full").is_err());
    }
}
