//! A server under measurement: started as a process of its own, and ended with the value that stands for it.

use crate::process;
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// How long a server may take to listen, and how often that is tried.
const START: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// A server that listens.
pub(crate) struct Contender {
    child: Child,
    address: SocketAddr,
}

impl Contender {
    /// Starts a server that names the address it listens on, on standard output or standard error, at the end of a line.
    pub(crate) fn announcing(command: &mut Command) -> Result<Self> {
        let mut child = spawn(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }),
            child.stderr.take().map(|pipe| -> Box<dyn Read + Send> { Box::new(pipe) }),
        ];
        let (sender, addresses) = channel();
        for pipe in outputs.into_iter().flatten() {
            let sender = sender.clone();
            // Reads on to the end, so that the server never waits for us to take its words.
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if let Some(address) = announced(&line) {
                        sender.send(address).ok();
                    }
                }
            });
        }
        drop(sender);
        match addresses.recv_timeout(START) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                process::end(&mut child);
                bail!("{command:?} did not say where it listens: {error}")
            }
        }
    }

    /// Starts a server that must be given its port: `command` makes it from a port that was free a moment ago.
    pub(crate) fn on_free_port(command: impl FnOnce(u16) -> Result<Command>) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = command(address.port())?;
        let mut contender = Self { child: spawn(command.stdout(Stdio::null()).stderr(Stdio::null()))?, address };
        let deadline = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = contender.child.try_wait()? {
                bail!("{command:?} ended with {status}");
            }
            if Instant::now() >= deadline {
                bail!("{command:?} does not listen on {address}");
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(contender)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process; its children belong to it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        process::end(&mut self.child);
    }
}

/// A TCP port of 127.0.0.1 that was free a moment ago.
pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {command:?}"))
}

/// The address at the end of a line that speaks of listening: ours says `listening on tcp://127.0.0.1:7000`, socat
/// `… N listening on AF=2 127.0.0.1:7000`.
fn announced(line: &str) -> Option<SocketAddr> {
    let (_, place) = line.split_once("listening on ")?;
    place.rsplit([' ', '/']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_of_ours_and_of_socat_are_understood() {
        let address = Some("127.0.0.1:7000".parse().unwrap());
        assert_eq!(announced("listening on tcp://127.0.0.1:7000"), address);
        assert_eq!(announced("2026/11/22 11:46:49 socat[8180] N listening on AF=2 127.0.0.1:7000"), address);
        assert_eq!(announced("accepting connection from 127.0.0.1:7000"), None);
    }

    #[test]
    fn a_server_that_ends_is_an_error_not_a_wait() {
        let error = Contender::announcing(Command::new("sh").args(["-c", "echo sorry"])).err().unwrap();
        assert!(error.to_string().contains("did not say where it listens"), "{error}");
    }
}
