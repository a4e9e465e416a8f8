//! A web service whose every byte the test decides, so that broken, slow and cut answers can be played exactly.

use super::PLENTY;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One thing that the stub does with a connection after it has read the request's head.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Write these bytes.
    Send(Vec<u8>),
    /// Wait until the client closes.
    WaitForClient,
    /// Close with a reset instead of an end of stream.
    Reset,
}

/// A listening stub; its thread ends with the test's process. Connections are served one after the other.
pub(crate) struct HttpStub {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl HttpStub {
    /// Answers the n-th request (from 0), whose target is the second argument, with the steps that `answer` returns;
    /// then ends the stream.
    pub(crate) fn start(answer: impl Fn(usize, &str) -> Vec<Step> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that gives up in the middle is part of some tests.
                let _ = serve(stream.unwrap(), &seen, &answer);
            }
        });
        Self { address, requests }
    }

    /// Answers every request with the same steps.
    pub(crate) fn always(steps: Vec<Step>) -> Self {
        Self::start(move |_, _| steps.clone())
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The targets (path and query) that were asked for, in order.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole answer with its length, after which the connection ends.
pub(crate) fn answer(status: &str, body: &str) -> Vec<Step> {
    vec![Step::Send(head(status, body.len()).into_bytes()), Step::Send(body.into())]
}

/// The head of an answer that announces `length` bytes of body.
pub(crate) fn head(status: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
}

fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<String>>,
    answer: &impl Fn(usize, &str) -> Vec<Step>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PLENTY))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let target = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let index = {
        let mut seen = seen.lock().unwrap();
        seen.push(target.clone());
        seen.len() - 1
    };
    for step in answer(index, &target) {
        match step {
            Step::Send(bytes) => stream.write_all(&bytes)?,
            Step::WaitForClient => while stream.read(&mut [0; 1024])? > 0 {},
            Step::Reset => {
                return rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO))
                    .map_err(Into::into);
            }
        }
    }
    stream.shutdown(Shutdown::Write)
}
