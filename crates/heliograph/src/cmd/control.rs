//! The way to a chat server for whoever runs it: its control socket while it runs (spec/control.md), its store when it does not.

use crate::args::Global;
use crate::cmd::serve::chat_data;
use crate::exit::{Exit, Failure, Outcome};
use clap::Args;
use helio_core::chat::{ControlAnswer, ControlError, ControlRequest};
use helio_core::irc::standard_reply::ReplyCode;
use helio_core::limits;
use helio_server::service::chat::{ChatError, StoredChat, control_path, open_store};
use rustix::process::getuid;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Where the server is.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// Where the server keeps what lasts [default: $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "DIR", env = "HELIO_DATA_DIR", global = true)]
    data_dir: Option<PathBuf>,
}

/// The chat service of a data directory, whether it runs or not.
pub(crate) enum Server {
    /// It runs.
    Running(BufReader<UnixStream>),
    /// It does not, and cannot while this is there.
    Stopped(Box<StoredChat>),
}

impl Place {
    /// The data directory, and the settings of its chat service.
    pub(crate) fn find(&self, global: &Global) -> Outcome<(PathBuf, helio_core::chat::Settings)> {
        chat_data(self.data_dir.clone(), global)
    }
}

impl Server {
    /// Finds it. `may_make`: without a store one is made.
    pub(crate) fn reach(place: &Place, global: &Global, may_make: bool) -> Outcome<Self> {
        let (data, settings) = place.find(global)?;
        let socket = control_path(&data);
        let unanswered = match connect(&socket) {
            Ok(stream) => return Ok(Self::Running(BufReader::new(stream))),
            Err(error) => error,
        };
        let directory = data.join("store");
        if !may_make && !directory.exists() {
            let missing =
                format_args!("there is no store in {}: no server has run with this --data-dir", directory.display());
            return Err(Failure::new(Exit::NotFound, missing));
        }
        let store = open_store(&directory).map_err(|error| in_use(error, &socket, &unanswered))?;
        Ok(Self::Stopped(Box::new(StoredChat::read(store, settings)?)))
    }

    /// Whether it runs.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// The answer; a refusal is a failure.
    pub(crate) fn ask(&mut self, request: ControlRequest) -> Outcome<ControlAnswer> {
        let answer = match self {
            Self::Running(stream) => ask(stream, &request).map_err(|error| lost(&error))??,
            Self::Stopped(stored) => stored.ask(Some(getuid().as_raw()), request),
        };
        if let ControlAnswer::Refused(error) = &answer { Err(refused(error)) } else { Ok(answer) }
    }

    /// The same for what is only done.
    pub(crate) fn order(&mut self, request: ControlRequest) -> Outcome {
        if self.ask(request)? == ControlAnswer::Done { Ok(()) } else { Err(unexpected()) }
    }
}

/// What only a server of another version may answer.
pub(crate) fn unexpected() -> Failure {
    Failure::new(Exit::Failure, "the server's answer is not one to this request; it may be of another version")
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    // Longer than the server takes to say that it has no answer.
    stream.set_read_timeout(Some(2 * limits::CONTROL_PATIENCE))?;
    stream.set_write_timeout(Some(limits::CONTROL_PATIENCE))?;
    Ok(stream)
}

fn ask(stream: &mut BufReader<UnixStream>, request: &ControlRequest) -> io::Result<Outcome<ControlAnswer>> {
    let mut line = request.encode();
    line.push(b'\n');
    stream.get_mut().write_all(&line)?;
    line.clear();
    let read = stream.take(limits::CONTROL_ANSWER as u64).read_until(b'\n', &mut line)?;
    if read == 0 || !line.ends_with(b"\n") {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(ControlAnswer::decode(&line).map_err(|error| Failure::new(Exit::Failure, error)))
}

fn lost(error: &io::Error) -> Failure {
    let text = format_args!("the server did not answer: {error}; look whether it was done before trying again");
    Failure::new(Exit::Unavailable, text)
}

/// Another process has the store, and does not answer.
fn in_use(error: ChatError, socket: &Path, unanswered: &io::Error) -> Failure {
    let failure = Failure::from(error);
    let message =
        format!("{}; and its control socket {} does not answer: {unanswered}", failure.message, socket.display());
    if failure.exit == Exit::Unavailable { Failure::new(failure.exit, message) } else { failure }
}

fn refused(error: &ControlError) -> Failure {
    let is = |code: ReplyCode| error.code == code.code();
    let exit = if is(ReplyCode::AccountUnknown) {
        Exit::NotFound
    } else if is(ReplyCode::StoreUnavailable) || is(ReplyCode::SettingNotStored) || is(ReplyCode::UnknownError) {
        Exit::Unavailable
    } else {
        Exit::Usage
    };
    Failure::new(exit, error)
}
