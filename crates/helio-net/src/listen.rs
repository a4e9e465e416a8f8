//! Listening: bound sockets, and accepting with permits and back-off.

use crate::address::{Address, Host, Scheme};
use crate::conn::Connection;
use crate::resolve::{any_ipv4, resolve};
use crate::tls::{HandshakeError, ServerTls};
use crate::udp::UdpEndpoint;
use helio_core::limits;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
pub enum BindError {
    /// The name has no address.
    #[error("cannot find the address of `{address}`: {source}")]
    Lookup {
        /// The address given.
        address: Address,
        /// The resolver's answer.
        source: io::Error,
    },
    /// The service behind the listener does not speak the address's transport.
    #[error("cannot listen on {address}: this service has no {scheme} listener")]
    WrongScheme {
        /// The address given.
        address: Address,
        /// The transport that it names.
        scheme: Scheme,
    },
    /// Another program has the port.
    #[error("cannot listen on {address}: the port is in use; stop the other program or choose another port")]
    InUse {
        /// The address given.
        address: Address,
    },
    /// Ports below 1024 need a privilege.
    #[error("cannot listen on {address}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE")]
    NotPermitted {
        /// The address given.
        address: Address,
    },
    /// Anything else, most often an address that this machine does not have.
    #[error("cannot listen on {address}: {source}")]
    Failed {
        /// The address given.
        address: Address,
        /// The system's answer.
        source: io::Error,
    },
}

/// Binds TCP listeners for `address`: one for an IP, one for each address of a name, one dual-stack for `*`.
///
/// # Errors
/// See [`BindError`]; either all addresses are bound or none.
pub async fn tcp(address: &Address) -> Result<Vec<Listener>, BindError> {
    let bound = bind_all(address, Scheme::Tcp, Type::STREAM).await?;
    bound.into_iter().map(|socket| Listener::new(socket).map_err(|e| failed(address, Scheme::Tcp, e))).collect()
}

/// Binds TCP listeners for `address`, in the same way as [`tcp`], whose connections are encrypted as `tls` says.
///
/// # Errors
/// See [`BindError`].
pub async fn tls(address: &Address, tls: &Arc<ServerTls>) -> Result<Vec<Listener>, BindError> {
    let bound = bind_all(address, Scheme::Tls, Type::STREAM).await?;
    let listener = |socket| Ok(Listener { tls: Some(tls.clone()), ..Listener::new(socket)? });
    bound.into_iter().map(|socket| listener(socket).map_err(|e| failed(address, Scheme::Tls, e))).collect()
}

/// Binds UDP sockets for `address`, in the same way as [`tcp`].
///
/// # Errors
/// See [`BindError`].
pub async fn udp(address: &Address) -> Result<Vec<UdpEndpoint>, BindError> {
    let bound = bind_all(address, Scheme::Udp, Type::DGRAM).await?;
    bound
        .into_iter()
        .map(|socket| {
            let socket = UdpSocket::from_std(socket.into()).map_err(|e| failed(address, Scheme::Udp, e))?;
            Ok(UdpEndpoint::new(socket))
        })
        .collect()
}

/// A TCP listener that accepts no more connections than it has permits for.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    permits: Arc<Semaphore>,
    tls: Option<Arc<ServerTls>>,
    backoff: Backoff,
    /// Accepted, and waiting for a permit.
    waiting: Option<(TcpStream, SocketAddr)>,
    keepalive: Option<TcpKeepalive>,
}

/// What came of one [`Listener::accept`].
#[derive(Debug)]
pub enum Incoming {
    /// A connection; its permit is given back when the value is dropped.
    Connection {
        /// To be established, in the connection's own task.
        connection: Accepted,
        /// Who connected.
        peer: SocketAddr,
        /// Keep it as long as the connection.
        permit: OwnedSemaphorePermit,
    },
    /// The system is out of descriptors or memory. The next `accept` waits `retry_in` first; connections wait in the
    /// kernel's queue meanwhile. Told at most once in [`limits::SHORTAGE_TOLD_EVERY`].
    Short {
        /// What the system said.
        error: io::Error,
        /// The first wait.
        retry_in: Duration,
    },
}

/// An accepted connection, `TCP_NODELAY` on, that may still have to agree on its encryption.
#[derive(Debug)]
pub struct Accepted {
    stream: TcpStream,
    tls: Option<Arc<ServerTls>>,
}

impl Accepted {
    /// The socket of a plain connection for blocking use; `None` for TLS.
    pub fn into_blocking(self) -> Option<io::Result<std::net::TcpStream>> {
        if self.tls.is_some() { None } else { Connection::Tcp(self.stream).into_blocking() }
    }

    /// Whether an encryption is still to be agreed on.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// The connection as it is to be used: at once for plain TCP, after the handshake for TLS. Not for the loop that
    /// accepts, since the peer decides how long it takes, up to the time limit of [`ServerTls`].
    ///
    /// # Errors
    /// See [`HandshakeError`]; it concerns this peer alone.
    pub async fn establish(self) -> Result<Connection, HandshakeError> {
        match self.tls {
            None => Ok(Connection::Tcp(self.stream)),
            Some(tls) => tls.accept(self.stream).await,
        }
    }
}

impl Listener {
    fn new(socket: Socket) -> io::Result<Self> {
        socket.listen(limits::LISTEN_BACKLOG)?;
        let permits = Arc::new(Semaphore::new(limits::CONNECTIONS_PER_SERVICE));
        let socket = TcpListener::from_std(socket.into())?;
        Ok(Self { socket, permits, tls: None, backoff: Backoff::default(), waiting: None, keepalive: None })
    }

    /// Shares `permits` with other listeners of one service, in place of its own
    /// [`limits::CONNECTIONS_PER_SERVICE`].
    #[must_use]
    pub fn with_permits(self, permits: Arc<Semaphore>) -> Self {
        Self { permits, ..self }
    }

    /// Lets the kernel ask peers that were silent for `idle`, in whole seconds, whether they are still there (tcp(7),
    /// `SO_KEEPALIVE`). One that does not answer is given up after the same time again. Off by default; a short time
    /// wakes phones.
    #[must_use]
    pub fn with_keepalive(self, idle: Duration) -> Self {
        let keepalive = TcpKeepalive::new().with_time(idle).with_interval(idle / limits::KEEPALIVE_PROBES);
        Self { keepalive: Some(keepalive.with_retries(limits::KEEPALIVE_PROBES)), ..self }
    }

    /// The transport of its connections.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        if self.tls.is_some() { Scheme::Tls } else { Scheme::Tcp }
    }

    /// Our own address, with the port that the system chose.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection, once there is a permit for it. Safe to drop and call again.
    ///
    /// One connection beyond the permits is accepted, and waits here: a listener that took a permit before anyone
    /// connected would keep it from other listeners of the same service.
    ///
    /// # Errors
    /// Only what no waiting mends: the listening socket itself is broken.
    pub async fn accept(&mut self) -> io::Result<Incoming> {
        let accepted = match self.waiting.take() {
            Some(accepted) => accepted,
            None => match self.accept_one().await? {
                Ok(accepted) => accepted,
                Err((error, retry_in)) => return Ok(Incoming::Short { error, retry_in }),
            },
        };
        let (stream, peer) = self.waiting.insert(accepted);
        let peer = *peer;
        let _ = stream.set_nodelay(true);
        if let Some(keepalive) = &self.keepalive {
            let _ = SockRef::from(&*stream).set_tcp_keepalive(keepalive);
        }
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| io::Error::other("no more permits"))?;
        match self.waiting.take() {
            Some((stream, _)) => {
                let connection = Accepted { stream, tls: self.tls.clone() };
                Ok(Incoming::Connection { connection, peer, permit })
            }
            None => Err(io::Error::other("the accepted connection is gone")),
        }
    }

    /// The next connection, or the first failure of a shortage with the wait before the next try.
    async fn accept_one(&mut self) -> io::Result<Result<(TcpStream, SocketAddr), (io::Error, Duration)>> {
        loop {
            self.backoff.wait().await;
            match self.socket.accept().await {
                Ok(accepted) => {
                    self.backoff.succeed();
                    return Ok(Ok(accepted));
                }
                Err(error) if is_shortage(&error) => {
                    if let Some(retry_in) = self.backoff.fail(Instant::now()) {
                        return Ok(Err((error, retry_in)));
                    }
                }
                Err(error) if is_about_one_peer(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Waits between tries: doubling from [`limits::ACCEPT_BACKOFF_MIN`] to [`limits::ACCEPT_BACKOFF_MAX`].
#[derive(Debug, Default)]
struct Backoff {
    wait: Option<Duration>,
    told: Option<Instant>,
}

impl Backoff {
    async fn wait(&self) {
        if let Some(wait) = self.wait {
            tokio::time::sleep(wait).await;
        }
    }

    /// Takes note of a failure at `now`; the wait is returned when it is to be told, which is at most once in
    /// [`limits::SHORTAGE_TOLD_EVERY`]: near the edge, each connection that ends begins and ends a shortage.
    fn fail(&mut self, now: Instant) -> Option<Duration> {
        let next = self.wait.map_or(limits::ACCEPT_BACKOFF_MIN, |wait| (wait * 2).min(limits::ACCEPT_BACKOFF_MAX));
        self.wait = Some(next);
        if self.told.is_some_and(|told| now < told + limits::SHORTAGE_TOLD_EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(next)
    }

    fn succeed(&mut self) {
        self.wait = None;
    }
}

/// `accept(2)`: EMFILE, ENFILE, ENOBUFS, ENOMEM.
fn is_shortage(error: &io::Error) -> bool {
    [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM].map(Some).contains(&error.raw_os_error())
}

/// `accept(2)`: errors already pending on the new socket, which say nothing about the listener.
fn is_about_one_peer(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionAborted
            | Kind::ConnectionReset
            | Kind::Interrupted
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::PermissionDenied
            | Kind::TimedOut
    ) || error.raw_os_error() == Some(libc::EPROTO)
}

async fn bind_all(address: &Address, scheme: Scheme, kind: Type) -> Result<Vec<Socket>, BindError> {
    let addresses = resolve(address).await.map_err(|source| BindError::Lookup { address: address.clone(), source })?;
    let mut bound: Vec<Socket> = Vec::new();
    for mut at in addresses {
        // The addresses of one name share the port that the system chose for the first.
        if let (0, Some(first)) = (at.port(), bound.first()) {
            at.set_port(local_port(first));
        }
        let mut result = bind(at, kind);
        if address.host == Host::Any && result.as_ref().is_err_and(has_no_ipv6) {
            result = bind(any_ipv4(at.port()), kind);
        }
        bound.push(result.map_err(|source| failed(address, scheme, source))?);
    }
    Ok(bound)
}

fn bind(at: SocketAddr, kind: Type) -> io::Result<Socket> {
    let protocol = if kind == Type::STREAM { Protocol::TCP } else { Protocol::UDP };
    let socket = Socket::new(Domain::for_address(at), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if kind == Type::STREAM {
        // A restart must not wait for old connections in TIME-WAIT.
        socket.set_reuse_address(true)?;
    }
    if at.is_ipv6() {
        socket.set_only_v6(!at.ip().is_unspecified())?;
    }
    socket.bind(&at.into())?;
    Ok(socket)
}

fn local_port(socket: &Socket) -> u16 {
    socket.local_addr().ok().and_then(|at| at.as_socket()).map_or(0, |at| at.port())
}

fn has_no_ipv6(error: &io::Error) -> bool {
    [libc::EAFNOSUPPORT, libc::EADDRNOTAVAIL].map(Some).contains(&error.raw_os_error())
}

fn failed(address: &Address, scheme: Scheme, source: io::Error) -> BindError {
    let address = address.with_scheme(scheme);
    if source.kind() == io::ErrorKind::AddrInUse {
        BindError::InUse { address }
    } else if source.kind() == io::ErrorKind::PermissionDenied {
        BindError::NotPermitted { address }
    } else {
        BindError::Failed { address, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn listener() -> (Listener, SocketAddr) {
        let listener = tcp(&Address::loopback(0)).await.unwrap().remove(0);
        let at = listener.local().unwrap();
        (listener, at)
    }

    #[tokio::test]
    async fn any_is_dual_stack() {
        let any: Address = "*:0".parse().unwrap();
        let mut listener = tcp(&any).await.unwrap().remove(0);
        let port = listener.local().unwrap().port();
        for host in ["127.0.0.1", "::1"] {
            let _client = TcpStream::connect((host, port)).await.unwrap();
            let Incoming::Connection { peer, .. } = listener.accept().await.unwrap() else { panic!("no connection") };
            assert_eq!(peer.ip().to_canonical().to_string(), host);
        }
    }

    #[tokio::test]
    async fn connections_are_probed_when_that_is_asked_for() {
        for idle in [None, Some(Duration::from_mins(2))] {
            let (mut listener, at) = listener().await;
            if let Some(idle) = idle {
                listener = listener.with_keepalive(idle);
            }
            let _client = TcpStream::connect(at).await.unwrap();
            let Incoming::Connection { connection, .. } = listener.accept().await.unwrap() else { panic!("none") };
            let socket = SockRef::from(&connection.stream);
            assert_eq!(socket.keepalive().unwrap().then(|| socket.tcp_keepalive_time().unwrap()), idle);
        }
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let (_held, at) = listener().await;
        let error = tcp(&Address::loopback(at.port())).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("cannot listen on tcp://{at}: the port is in use; stop the other program or choose another port")
        );
    }

    #[tokio::test]
    async fn without_a_permit_a_connection_waits() {
        let (listener, at) = listener().await;
        let mut listener = listener.with_permits(Arc::new(Semaphore::new(1)));
        let _clients = (TcpStream::connect(at).await.unwrap(), TcpStream::connect(at).await.unwrap());
        let first = listener.accept().await.unwrap();
        let mut second = std::pin::pin!(listener.accept());
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(second.as_mut().poll(cx))).await.is_pending());
        drop(first);
        assert!(matches!(second.await.unwrap(), Incoming::Connection { .. }));
    }

    #[tokio::test]
    async fn a_listener_that_nobody_connects_to_holds_no_permit() {
        let permits = Arc::new(Semaphore::new(1));
        let (idle, _) = listener().await;
        let (busy, at) = listener().await;
        let (mut idle, mut busy) = (idle.with_permits(permits.clone()), busy.with_permits(permits));
        let mut nobody = std::pin::pin!(idle.accept());
        assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(nobody.as_mut().poll(cx))).await.is_pending());
        let _client = TcpStream::connect(at).await.unwrap();
        assert!(matches!(busy.accept().await.unwrap(), Incoming::Connection { .. }));
    }

    #[test]
    fn back_off_doubles_up_to_its_bound_and_is_told_once_in_a_while() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        assert_eq!(backoff.fail(now), Some(limits::ACCEPT_BACKOFF_MIN));
        for _ in 0..20 {
            assert_eq!(backoff.fail(now), None);
        }
        assert_eq!(backoff.wait, Some(limits::ACCEPT_BACKOFF_MAX));
        backoff.succeed();
        assert_eq!(backoff.fail(now), None);
        assert_eq!(backoff.wait, Some(limits::ACCEPT_BACKOFF_MIN));
        backoff.succeed();
        assert_eq!(backoff.fail(now + limits::SHORTAGE_TOLD_EVERY), Some(limits::ACCEPT_BACKOFF_MIN));
    }

    #[test]
    fn only_shortages_are_waited_out() {
        let errors = |numbers: [i32; 3]| numbers.map(io::Error::from_raw_os_error);
        assert!(errors([libc::EMFILE, libc::ENFILE, libc::ENOMEM]).iter().all(is_shortage));
        assert!(errors([libc::ECONNABORTED, libc::EPERM, libc::EPROTO]).iter().all(is_about_one_peer));
        assert!(
            !errors([libc::EBADF, libc::EINVAL, libc::ENOTSOCK]).iter().any(|e| is_shortage(e) || is_about_one_peer(e))
        );
    }
}
