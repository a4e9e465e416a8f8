//! The control socket: requests of whoever runs the server, on its own machine (spec/control.md).

use super::doors::{Shown, Speech};
use super::hub::Input;
use super::keeper::Request;
use super::password::check_password_hash;
use crate::event::EventKind;
use crate::service::Context;
use helio_core::chat::{ControlAnswer, ControlError, ControlRequest};
use helio_core::irc::standard_reply::ReplyCode;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::tls::ServerTls;
use helio_store::{Direction, Limit, Log, LogHead, LogName, Position, StoreError};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The name of the socket in the data directory.
const NAME: &str = "control.sock";

/// Where the socket of the server with this data directory is.
#[must_use]
pub fn control_path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// Where the socket is, and a directory beside it, of the same file system, that only its owner can enter.
#[derive(Clone, Debug)]
pub struct ControlPlace {
    /// The socket.
    pub path: PathBuf,
    /// The directory in which it is made, before it gets its name: the store's.
    pub private: PathBuf,
}

/// The ways to those who answer.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) hub: mpsc::Sender<Input>,
    pub(super) keeper: std::sync::mpsc::Sender<Request>,
    /// One at a time copies the store.
    pub(super) copying: Arc<Semaphore>,
    /// Where is listened.
    pub(super) doors: Shown,
    pub(super) tls: Option<Arc<ServerTls>>,
}

/// Opens the socket and serves until the program stops. Whoever has the store's lock calls this: a file that is there is of a
/// server that crashed. Without a socket the service goes on, and tells why.
pub(super) fn open(context: &Context, place: &ControlPlace, desk: &Desk) {
    match bind(place) {
        Ok(listener) => {
            let (inner, path, desk) = (context.clone(), place.path.clone(), desk.clone());
            context.stop.spawn(async move {
                serve(&inner, listener, &desk).await;
                // Nobody finds a server that is about to end. One that cannot be removed is replaced at the next start.
                let _ = std::fs::remove_file(path);
            });
        }
        Err(error) => {
            let message = format!("there is no control socket at {}: {error}", place.path.display());
            context.events.tell(EventKind::Trouble { message });
        }
    }
}

/// Looks at what only the shell can judge: that something can be compared with a hash.
///
/// # Errors
/// It cannot.
pub(super) fn check(request: &ControlRequest) -> Result<(), ControlError> {
    let (ControlRequest::AccountAdd { credential, .. } | ControlRequest::AccountPasswd { credential, .. }) = request
    else {
        return Ok(());
    };
    check_password_hash(&credential.hash).map_err(|error| ControlError {
        code: ReplyCode::InvalidParams.code().to_owned(),
        message: format!("the hash of the password cannot be used: {error}"),
    })
}

/// Made under another name and with its mode first: nobody else can connect at any moment, and who connects finds the old
/// socket or the new one.
fn bind(place: &ControlPlace) -> io::Result<UnixListener> {
    let made = place.private.join("sock");
    match std::fs::remove_file(&made) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    std::fs::rename(&made, &place.path)?;
    Ok(listener)
}

async fn serve(context: &Context, listener: UnixListener, desk: &Desk) {
    let places = Arc::new(Semaphore::new(limits::CONTROL_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = context.stop.begun() => return,
            accepted = async {
                // An error says that it was closed, which it never is.
                let place = places.clone().acquire_owned().await.ok();
                (listener.accept().await, place)
            } => accepted,
        };
        match accepted {
            (Ok((stream, _)), place) => {
                let (stop, desk) = (context.stop.clone(), desk.clone());
                context.stop.spawn(async move {
                    tokio::select! {
                        () = stop.begun() => {}
                        () = converse(stream, &desk) => {}
                    }
                    drop(place);
                });
            }
            // Descriptors may be short; whoever is connected goes on.
            (Err(_), _) => tokio::time::sleep(limits::ACCEPT_BACKOFF_MAX).await,
        }
    }
}

/// One request after the other, until either side has enough.
async fn converse(stream: UnixStream, desk: &Desk) {
    let uid = stream.peer_cred().ok().map(|cred| cred.uid());
    let mut caller = Caller { desk, uid, freeze: None };
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(limits::CONTROL_REQUEST as u64);
        let read = tokio::time::timeout(caller.patience(), bounded.read_until(b'\n', &mut line)).await;
        if !matches!(read, Ok(Ok(1..))) {
            return;
        }
        let is_whole = line.ends_with(b"\n");
        let answer =
            if is_whole || line.len() < limits::CONTROL_REQUEST { caller.ask(&line).await } else { too_long() };
        let mut text = answer.encode();
        text.push(b'\n');
        let written = tokio::time::timeout(limits::CONTROL_PATIENCE, writer.write_all(&text)).await;
        if !is_whole || !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

impl Desk {
    /// Adds where web pages are served over TLS, and by what clients know the server.
    fn listening(&self, answer: ControlAnswer) -> ControlAnswer {
        let ControlAnswer::Listening { public_address, .. } = answer else { return answer };
        let doors = self.doors.read().unwrap_or_else(PoisonError::into_inner);
        let is_web_tls = |speech, scheme| speech == Speech::Web && scheme == Some(Scheme::Tls);
        let web_tls = doors.iter().filter(|(speech, at)| is_web_tls(*speech, at.scheme));
        let identity = self.tls.as_ref().map(|tls| tls.identity());
        ControlAnswer::Listening {
            public_address,
            web_tls: web_tls.map(|(_, at)| Address { scheme: None, ..at.clone() }.to_string()).collect(),
            fingerprint: identity.as_ref().map(|identity| identity.fingerprint()),
            is_ca_issued: identity.is_some_and(|identity| identity.is_ca_issued()),
        }
    }
}

/// Whoever asks by one connection.
struct Caller<'a> {
    desk: &'a Desk,
    uid: Option<u32>,
    freeze: Option<Freeze<'a>>,
}

/// The store's file is left alone as long as this is there.
struct Freeze<'a> {
    desk: &'a Desk,
    _turn: OwnedSemaphorePermit,
}

impl Drop for Freeze<'_> {
    fn drop(&mut self) {
        // Who thawed it already does so twice, which means nothing.
        let _ = self.desk.keeper.send(Request::Thaw { answer: oneshot::channel().0 });
    }
}

impl Caller<'_> {
    /// How long the next request is waited for.
    fn patience(&self) -> Duration {
        if self.freeze.is_some() { limits::CONTROL_FREEZE } else { limits::CONTROL_IDLE }
    }

    async fn ask(&mut self, line: &[u8]) -> ControlAnswer {
        let request = match ControlRequest::decode(line).and_then(|request| check(&request).map(|()| request)) {
            Ok(request) => request,
            Err(error) => return ControlAnswer::Refused(error),
        };
        match request {
            ControlRequest::Audit { from } => self.ask_keeper(|answer| Request::Audit { from, answer }).await,
            ControlRequest::LogRead { log, from } => {
                self.ask_keeper(|answer| Request::LogRead { log, from, answer }).await
            }
            ControlRequest::Listening => self.desk.listening(self.ask_hub(request).await),
            ControlRequest::StoreFreeze => self.freeze(request).await,
            ControlRequest::StoreThaw if self.freeze.is_none() => refused("this connection has not frozen the store"),
            ControlRequest::StoreThaw => {
                let answer = self.ask_keeper(|answer| Request::Thaw { answer }).await;
                self.freeze = None;
                answer
            }
            ControlRequest::AccountAdd { .. }
            | ControlRequest::AccountPasswd { .. }
            | ControlRequest::AccountSuspend { .. }
            | ControlRequest::AccountRestore { .. }
            | ControlRequest::AccountDelete { .. }
            | ControlRequest::AccountList { .. }
            | ControlRequest::NickAdd { .. }
            | ControlRequest::NickDelete { .. }
            | ControlRequest::CertAdd { .. }
            | ControlRequest::CertDelete { .. }
            | ControlRequest::AppAdd { .. }
            | ControlRequest::AppDelete { .. }
            | ControlRequest::InviteAdd { .. }
            | ControlRequest::InviteList { .. }
            | ControlRequest::InviteRevoke { .. }
            | ControlRequest::RoomList { .. }
            | ControlRequest::RoomExport { .. }
            | ControlRequest::RoomImport { .. }
            | ControlRequest::LogAppend { .. }
            | ControlRequest::RoomOpen { .. }
            | ControlRequest::LogForget { .. } => self.ask_hub(request).await,
        }
    }

    async fn freeze(&mut self, request: ControlRequest) -> ControlAnswer {
        let Ok(turn) = self.desk.copying.clone().try_acquire_owned() else {
            return refused("the store is being copied already");
        };
        let noted = self.ask_hub(request).await;
        if noted != ControlAnswer::Done {
            return noted;
        }
        self.freeze = Some(Freeze { desk: self.desk, _turn: turn });
        let answer = self.ask_keeper(|answer| Request::Freeze { answer }).await;
        self.freeze.take_if(|_| !matches!(answer, ControlAnswer::Frozen { .. }));
        answer
    }

    async fn ask_hub(&self, request: ControlRequest) -> ControlAnswer {
        let (answer, answered) = oneshot::channel();
        let _ = self.desk.hub.send(Input::Request { uid: self.uid, request, answer }).await;
        wait(answered).await
    }

    async fn ask_keeper(&self, request: impl FnOnce(oneshot::Sender<ControlAnswer>) -> Request) -> ControlAnswer {
        let (answer, answered) = oneshot::channel();
        // An error says that the thread is gone; then nobody answers.
        let _ = self.desk.keeper.send(request(answer));
        wait(answered).await
    }
}

async fn wait(answered: oneshot::Receiver<ControlAnswer>) -> ControlAnswer {
    match tokio::time::timeout(limits::CONTROL_PATIENCE, answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => refused("the server is shutting down, and did not carry this out"),
        Err(_) => refused("the store did not answer in time; whether this was carried out is not known"),
    }
}

/// Records of a log from a position on, as many as go into one answer.
pub(super) fn records(store: &dyn Log, log: &str, from: u64) -> ControlAnswer {
    let read = || -> Result<ControlAnswer, StoreError> {
        let empty = ControlAnswer::Records { records: Vec::new(), next: from, first: from, end: from };
        let Ok(log) = LogName::new(log) else { return Ok(empty) };
        let Some(LogHead { first, next: end, .. }) = store.head(&log)? else { return Ok(empty) };
        let rows = Limit::MOST.and_bytes(limits::CONTROL_ANSWER / 2);
        let read = store.read(&log, Position::new(from)..Position::END, rows, Direction::Forwards)?;
        let next = read.last().map_or(end, |record| record.position.next());
        let records = read.iter().filter_map(|record| serde_json::from_slice(record.bytes.as_deref()?).ok()).collect();
        Ok(ControlAnswer::Records { records, next: next.get(), first: first.get(), end: end.get() })
    };
    read().unwrap_or_else(|error| refused(&error.to_string()))
}

/// The answer to who wants to copy the store.
pub(super) fn frozen(frozen: Result<Option<PathBuf>, StoreError>) -> ControlAnswer {
    match frozen {
        // Whoever asks may stand in another directory.
        Ok(Some(path)) => match path.canonicalize().unwrap_or(path).to_str() {
            Some(path) => ControlAnswer::Frozen { path: path.to_owned() },
            None => refused("the path of the store is not UTF-8"),
        },
        Ok(None) => refused("the store is in no file"),
        Err(error) => refused(&error.to_string()),
    }
}

/// The answer to who has copied it.
pub(super) fn thawed(thawed: Result<bool, StoreError>) -> ControlAnswer {
    match thawed {
        Ok(is_intact) => ControlAnswer::Thawed { is_intact },
        Err(error) => refused(&error.to_string()),
    }
}

fn too_long() -> ControlAnswer {
    let message = format!("the request is longer than {} bytes", limits::CONTROL_REQUEST);
    ControlAnswer::Refused(ControlError { code: ReplyCode::InvalidParams.code().to_owned(), message })
}

fn refused(message: &str) -> ControlAnswer {
    let code = ReplyCode::StoreUnavailable.code().to_owned();
    ControlAnswer::Refused(ControlError { code, message: message.to_owned() })
}
