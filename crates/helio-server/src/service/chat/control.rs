//! The control socket: requests of whoever runs the server, on its own machine (spec/control.md).

use super::hub::Input;
use super::keeper::Request;
use super::password::check_password_hash;
use crate::event::EventKind;
use crate::service::Context;
use helio_core::chat::{ControlAnswer, ControlError, ControlRequest};
use helio_core::irc::standard_reply::ReplyCode;
use helio_core::limits;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

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
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = (&mut reader).take(limits::CONTROL_REQUEST as u64);
        let read = tokio::time::timeout(limits::CONTROL_IDLE, bounded.read_until(b'\n', &mut line)).await;
        if !matches!(read, Ok(Ok(1..))) {
            return;
        }
        let is_whole = line.ends_with(b"\n");
        let answer =
            if is_whole || line.len() < limits::CONTROL_REQUEST { ask(desk, uid, &line).await } else { too_long() };
        let mut text = answer.encode();
        text.push(b'\n');
        let written = tokio::time::timeout(limits::CONTROL_PATIENCE, writer.write_all(&text)).await;
        if !is_whole || !matches!(written, Ok(Ok(()))) {
            return;
        }
    }
}

async fn ask(desk: &Desk, uid: Option<u32>, line: &[u8]) -> ControlAnswer {
    let request = match ControlRequest::decode(line).and_then(|request| check(&request).map(|()| request)) {
        Ok(request) => request,
        Err(error) => return ControlAnswer::Refused(error),
    };
    let (answer, answered) = oneshot::channel();
    // An error says that the thread is gone; then nobody answers.
    if let ControlRequest::Audit { from } = request {
        let _ = desk.keeper.send(Request::Audit { from, answer });
    } else {
        let _ = desk.hub.send(Input::Request { uid, request, answer }).await;
    }
    match tokio::time::timeout(limits::CONTROL_PATIENCE, answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => refused("the server is shutting down, and did not carry this out"),
        Err(_) => refused("the store did not answer in time; whether this was carried out is not known"),
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
