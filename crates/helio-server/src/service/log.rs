//! The log service: connections and datagrams into files. What is written is decided in [`helio_core::log`]; the promises
//! are in `spec/log.md`.
//!
//! All writing is done by one thread behind a queue that is bounded in bytes: whatever waits when it comes round goes into
//! one write and, with `--fsync every`, one sync.

mod announce;
mod answers;
mod archive;
mod file;
mod peer_files;
mod sink;
mod udp;
mod writer;

pub use archive::ArchiveOptions;

use super::Context;
use crate::driver::Store;
use crate::event::Detail;
use announce::Announcer;
use archive::Archive;
use file::LogFile;
use helio_core::echo::UdpEchoOptions;
use helio_core::log::{FileName, LogOptions, LogSession, Rotation, TemplateError, WriterOptions};
use helio_net::listen::Listener;
use helio_net::udp::UdpEndpoint;
use sink::{Sink, StreamFile};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak, mpsc};
use thiserror::Error;
use tokio::sync::oneshot;
use writer::Files;

/// Everything that can be set about a log service.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// Where to write.
    pub target: Target,
    /// What to write of a stream, and whether to answer.
    pub session: LogOptions,
    /// When to sync and rotate.
    pub writer: WriterOptions,
    /// What becomes of rotated files.
    pub archive: ArchiveOptions,
    /// How datagrams are answered, if they are.
    pub answers: UdpEchoOptions,
}

/// A directory and the name, with or without placeholders, of files in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub(crate) directory: PathBuf,
    pub(crate) name: FileName,
}

impl Target {
    /// Reads a path such as `/var/log/helio.log` or `uploads/{peer}-{n}.bin`.
    pub fn parse(path: &Path) -> Result<Self, TemplateError> {
        // `file_name` would overlook that `logs/` and `logs/..` name directories.
        let text = path.to_str().ok_or(TemplateError::NotText)?;
        let name = text.rsplit('/').next().unwrap_or_default();
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Ok(Self { directory: directory.unwrap_or(Path::new(".")).to_owned(), name: FileName::parse(name)? })
    }

    /// True when all streams go to one file.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.name.is_shared()
    }
}

/// Why a log cannot start.
#[derive(Debug, Error)]
pub enum LogError {
    /// The file cannot be opened or created.
    #[error("cannot write to {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A pipe or device was to be rotated.
    #[error("{} is not a regular file and cannot be rotated; leave the rotation options away", path.display())]
    NotRegular {
        /// Which.
        path: PathBuf,
    },
    /// A thread cannot be started.
    #[error("cannot start the thread that writes: {0}")]
    Thread(io::Error),
}

/// A log that can be written. [`Log::serve`] it, or its thread ends.
#[derive(Debug)]
pub struct Log {
    context: Context,
    settings: Arc<LogSettings>,
    sink: Arc<Sink>,
    connections: Arc<AtomicU64>,
}

/// A log that runs. Keeping it does not keep the log from ending.
#[derive(Clone, Debug)]
pub struct Running {
    sink: Weak<Sink>,
    unwritten_bytes: Arc<AtomicU64>,
}

impl Running {
    /// Opens the files by their names again: for SIGHUP, after someone renamed them.
    pub fn reopen(&self) {
        if let Some(sink) = self.sink.upgrade() {
            sink.reopen();
        }
    }

    /// Bytes that were received and are not yet as safe as was asked. After the end of the program's work: lost.
    #[must_use]
    pub fn unwritten_bytes(&self) -> u64 {
        self.unwritten_bytes.load(Ordering::Relaxed)
    }
}

impl Log {
    /// Opens the file, or checks the directory if each stream has its own file, and starts the writing thread. The thread
    /// ends when every stream has ended and everything is written; [`crate::stop::Stop`] waits for it.
    ///
    /// What is received is not told as events: it is in the file.
    pub fn open(context: &Context, settings: LogSettings) -> Result<Self, LogError> {
        let context = Context { events: context.events.up_to(Detail::Connections), ..context.clone() };
        outlive_the_file_size_limit();
        let (messages, received) = mpsc::channel();
        let sink = Sink::new(messages);
        let archive = Archive::start(settings.archive, context.events.clone()).map_err(LogError::Thread)?;
        let announcer = Announcer::new(context.events.clone());
        let mut files = Files::new(settings.writer, context.clock, announcer, archive.clone());
        if let Some(file) = open_shared(&settings)? {
            if let Some(archive) = archive {
                archive.look_at(file.path());
            }
            files.add_shared(file);
        }
        let (alive, ended) = oneshot::channel::<()>();
        let work = move || {
            files.run(&received);
            drop(alive);
        };
        std::thread::Builder::new().name("log-writer".to_owned()).spawn(work).map_err(LogError::Thread)?;
        context.stop.spawn(async move {
            // An error says that the thread dropped its end: it has written everything and is gone.
            let _ = ended.await;
        });
        Ok(Self { context, settings: settings.into(), sink: sink.into(), connections: Arc::default() })
    }

    /// Logs what comes from `listeners` and `endpoints` until the program stops.
    pub fn serve(self, listeners: Vec<Listener>, endpoints: Vec<UdpEndpoint>) -> Running {
        let unwritten_bytes = self.sink.unwritten_bytes();
        let running = Running { sink: Arc::downgrade(&self.sink), unwritten_bytes };
        for listener in listeners {
            let (settings, sink, connections) = (self.settings.clone(), self.sink.clone(), self.connections.clone());
            self.context.serve_streams(listener, move |peer| {
                let number = connections.fetch_add(1, Ordering::Relaxed) + 1;
                let file = if settings.target.is_shared() {
                    StreamFile::shared()
                } else {
                    StreamFile::own(settings.target.directory.join(settings.target.name.resolve(peer, Some(number))))
                };
                (LogSession::new(settings.session, peer), StreamStore { sink: sink.clone(), file })
            });
        }
        for endpoint in endpoints {
            let (context, settings) = (self.context.clone(), self.settings.clone());
            let datagrams = udp::Datagrams::new(context, endpoint, self.sink.clone(), settings);
            self.context.stop.spawn(datagrams.serve());
        }
        running
    }
}

/// A write beyond the limit of `ulimit -f` kills the process unless the signal is taken (setrlimit(2), `RLIMIT_FSIZE`);
/// then it fails like any other, and is waited out.
fn outlive_the_file_size_limit() {
    let signal = rustix::process::Signal::XFSZ.as_raw();
    // Without a handler the limit is fatal, as it is for most programs: no reason not to start.
    let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(signal));
}

/// Where one connection's bytes go.
struct StreamStore {
    sink: Arc<Sink>,
    file: StreamFile,
}

impl Store for StreamStore {
    async fn store(&self, bytes: Vec<u8>) -> io::Result<()> {
        self.sink.append(&self.file, bytes).await
    }
}

impl Drop for StreamStore {
    fn drop(&mut self) {
        self.sink.end_stream(&self.file);
    }
}

/// Problems that will not go away by waiting are found before anything listens.
fn open_shared(settings: &LogSettings) -> Result<Option<LogFile>, LogError> {
    let directory = &settings.target.directory;
    if !settings.target.is_shared() {
        let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
        return match std::fs::metadata(directory).and_then(|_| Ok(rustix::fs::access(directory, access)?)) {
            Ok(()) => Ok(None),
            Err(error) => Err(LogError::File { path: directory.clone(), error }),
        };
    }
    let nobody = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
    let path = directory.join(settings.target.name.resolve(nobody, None));
    let mut file = LogFile::new(path.clone());
    file.open().map_err(|error| LogError::File { path: path.clone(), error })?;
    if !file.is_regular() && settings.writer.rotation != Rotation::default() {
        return Err(LogError::NotRegular { path });
    }
    Ok(Some(file))
}
