//! `helio log`: write what TCP and UDP programs send to a file.

use crate::args::Global;
use crate::config;
use crate::exit::{Exit, Failure, Outcome};
use crate::run::{self, Bound, SessionFlags, Show, distinct};
use crate::settings::{Layered, layered};
use crate::value::{Net, Size, Span, from_text};
use clap::{Args, ValueEnum};
use helio_core::echo::UdpEchoOptions;
use helio_core::limits;
use helio_core::log::{ACK_PREFIX, Fsync, LogMode, LogOptions, Rotation, WriterOptions};
use helio_net::address::Address;
use helio_server::service::log::{self, ArchiveOptions, Log, LogError, LogSettings, Target};
use serde::{Deserialize, Deserializer};
use std::io;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The placeholder `{n}` in help texts: clap would make a line break of it, so a terminal sequence without effect, which
/// is left out where there is no terminal, stands inside.
macro_rules! n {
    () => {
        "{\u{1b}[0mn}"
    };
}

/// Write what TCP and UDP programs send to a file
///
/// Each line becomes one line of the file: time, sender, text. Runs until Ctrl-C; SIGHUP opens the file again. See
/// docs/log.md.
#[derive(Args, Debug)]
#[command(after_help = concat!("Examples:
  helio log --to log.txt                             lines from anyone on this machine
  helio log --to log.txt --ack                       and answer, for clients that wait for one
  helio log --to log.txt --ack --fsync every         what is answered survives a power cut
  helio log --to log.txt --rotate-size 100M --keep 7 --compress
  helio log --to 'in/", n!(), "-{peer}.bin' --exact         each connection's bytes, as they came"))]
pub(crate) struct LogArgs {
    #[command(flatten)]
    flags: LogFlags,

    #[command(flatten)]
    session: SessionFlags,

    /// Print events as JSON lines
    #[arg(long)]
    json: bool,
}

/// The log service's settings; table `[log]` of the settings file.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LogFlags {
    // Its help is no doc comment because of `n!`.
    #[arg(
        long, value_name = "FILE", env = "HELIO_LOG_TO",
        help = concat!("Append to FILE; with --exact its name may contain {peer} and ", n!(), " (the connection's number)")
    )]
    pub(crate) to: Option<PathBuf>,

    /// Listen here, on TCP and UDP unless tcp:// or udp:// is put before it; may be repeated [default: 127.0.0.1:65434]
    #[arg(long, value_name = "ADDR", env = "HELIO_LOG_LISTEN", value_delimiter = ',')]
    pub(crate) listen: Option<Vec<Address>>,

    /// Write bytes as they come instead of lines
    #[arg(
        long, value_name = "BOOL", env = "HELIO_LOG_EXACT",
        num_args = 0..=1, default_missing_value = "true", require_equals = true
    )]
    exact: Option<bool>,

    /// Answer each read with `ACK: ` and its bytes, after they were written; then text without line end is a line
    #[arg(
        long, value_name = "BOOL", env = "HELIO_LOG_ACK",
        num_args = 0..=1, default_missing_value = "true", require_equals = true
    )]
    ack: Option<bool>,

    /// Cut lines that are longer, at a character [default: 8k]
    #[arg(long, value_name = "SIZE", env = "HELIO_LOG_MAX_LINE")]
    max_line: Option<MaxLine>,

    /// When to force what was written onto the disk [default: interval]
    #[arg(long, value_name = "WHEN", env = "HELIO_LOG_FSYNC")]
    fsync: Option<FsyncFlag>,

    /// Start a new file before this one grows larger than SIZE
    #[arg(long, value_name = "SIZE", env = "HELIO_LOG_ROTATE_SIZE", help_heading = "Rotation")]
    rotate_size: Option<RotateSize>,

    /// Start a new file when this one is so old
    #[arg(long, value_name = "TIME", env = "HELIO_LOG_ROTATE_AGE", help_heading = "Rotation")]
    rotate_age: Option<RotateAge>,

    /// Keep this many rotated files and remove older ones [default: all]
    #[arg(long, value_name = "N", env = "HELIO_LOG_KEEP", help_heading = "Rotation")]
    keep: Option<u32>,

    /// Compress rotated files with zstd
    #[arg(
        long, value_name = "BOOL", env = "HELIO_LOG_COMPRESS",
        num_args = 0..=1, default_missing_value = "true", require_equals = true, help_heading = "Rotation"
    )]
    compress: Option<bool>,

    /// Networks whose UDP datagrams get the whole `ACK: `; elsewhere an answer is never longer than its request
    #[arg(long, value_name = "NET", env = "HELIO_LOG_ALLOW", value_delimiter = ',')]
    allow: Option<Vec<Net>>,
}

layered!(LogFlags { to, listen, exact, ack, max_line, fsync, rotate_size, rotate_age, keep, compress, allow });

/// The values of `--fsync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum FsyncFlag {
    /// Before anything counts as written, and before each answer
    Every,
    /// One second after the first byte that is not yet there
    Interval,
    /// When a connection ends
    Close,
}

/// `--max-line`: [`limits::LOG_LINE_MIN`] to [`limits::LOG_LINE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MaxLine(usize);

impl FromStr for MaxLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (least, most) = (limits::LOG_LINE_MIN, limits::LOG_LINE_MAX);
        let Size(bytes) = text.parse()?;
        match usize::try_from(bytes) {
            Ok(bytes) if (least..=most).contains(&bytes) => Ok(Self(bytes)),
            _ => Err(format!("{bytes} bytes, expected {least} to {most}")),
        }
    }
}

from_text!(MaxLine, "a size as text, as in \"8k\"");

/// `--rotate-size`: at least [`limits::LOG_ROTATE_SIZE_MIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RotateSize(u64);

impl FromStr for RotateSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (Size(bytes), least) = (text.parse()?, limits::LOG_ROTATE_SIZE_MIN);
        if bytes < least { Err(format!("{bytes} bytes, expected at least {least}")) } else { Ok(Self(bytes)) }
    }
}

from_text!(RotateSize, "a size as text, as in \"100M\"");

/// `--rotate-age`: at least [`limits::LOG_ROTATE_AGE_MIN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RotateAge(Duration);

impl FromStr for RotateAge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (Span(age), least) = (text.parse()?, limits::LOG_ROTATE_AGE_MIN);
        if age < least { Err(format!("{age:?}, expected at least {least:?}")) } else { Ok(Self(age)) }
    }
}

from_text!(RotateAge, "a length of time with its unit, as in \"24h\"");

impl LogFlags {
    /// Only where to listen and write, for a command that runs several services.
    pub(crate) fn at(listen: Option<Vec<Address>>, to: Option<PathBuf>) -> Self {
        Self { listen, to, ..Self::default() }
    }

    pub(crate) fn listen(&self) -> Vec<Address> {
        self.listen.clone().unwrap_or_else(|| vec![Address::loopback(65434)])
    }

    pub(crate) fn settings(&self) -> Outcome<LogSettings> {
        let path = self.to.as_ref().ok_or_else(|| Failure::usage("where to? give the file with --to FILE"))?;
        let target = Target::parse(path).map_err(|error| Failure::usage(format_args!("--to: {error}")))?;
        let is_exact = self.exact.unwrap_or(false);
        if !is_exact && !target.is_shared() {
            let reason = "placeholders need --exact; in line mode each line names its sender";
            return Err(Failure::usage(format_args!("--to: {reason}")));
        }
        let mode = if is_exact {
            LogMode::Exact
        } else {
            LogMode::Lines { max_line: self.max_line.map_or(limits::LOG_LINE, |line| line.0) }
        };
        let rotation = self.rotation();
        let fsync = match self.fsync {
            Some(FsyncFlag::Every) => Fsync::Every,
            Some(FsyncFlag::Interval) | None => Fsync::Interval,
            Some(FsyncFlag::Close) => Fsync::Close,
        };
        Ok(LogSettings {
            target,
            session: LogOptions { mode, ack: self.ack.unwrap_or(false) },
            writer: WriterOptions { fsync, rotation, writes_lines: !is_exact },
            archive: self.archive(rotation)?,
            answers: UdpEchoOptions {
                prefix: ACK_PREFIX.to_vec(),
                allowed: self.allow.iter().flatten().map(|net| net.0).collect(),
                answers_per_second: limits::UDP_ANSWERS_PER_SECOND,
            },
        })
    }

    fn rotation(&self) -> Rotation {
        Rotation { max_bytes: self.rotate_size.map(|size| size.0), max_age: self.rotate_age.map(|age| age.0) }
    }

    fn archive(&self, rotation: Rotation) -> Outcome<ArchiveOptions> {
        let compress = self.compress.unwrap_or(false);
        if rotation == Rotation::default() && (compress || self.keep.is_some()) {
            return Err(Failure::usage("--keep and --compress need --rotate-size or --rotate-age"));
        }
        Ok(ArchiveOptions { compress, keep: self.keep.map(|n| n as usize) })
    }
}

pub(crate) fn run(args: LogArgs, global: &Global) -> Outcome {
    let file = config::load(global)?;
    let session = args.session.over(file.limits);
    let flags = args.flags.over(file.log);
    let settings = flags.settings()?;
    distinct(&[("log", flags.listen())])?;
    run::runtime()?.block_on(async {
        let bound = Bound::bind(&flags.listen(), &session.permits()).await?;
        let (context, console) = run::context(Show::of(global.quiet, args.json), session.timeouts())?;
        let context = context.of("log");
        let log = Log::open(&context, settings)?;
        console.listening(&context, bound.addresses())?;
        let running = log.serve(bound.listeners, bound.endpoints);
        console.until_stopped(context, async || running.reopen()).await?;
        check_written(&running)
    })
}

/// After everything has ended: was all that came written?
pub(crate) fn check_written(log: &log::Running) -> Outcome {
    match log.unwritten_bytes() {
        0 => Ok(()),
        bytes => {
            let message = format!("up to {bytes} bytes that were received are not known to be written");
            Err(Failure::new(Exit::Unavailable, message))
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        let exit = match &error {
            LogError::File { error, .. } if error.kind() == io::ErrorKind::NotFound => Exit::NotFound,
            LogError::NotRegular { .. } => Exit::Usage,
            LogError::File { .. } | LogError::Thread(_) => Exit::Unavailable,
        };
        Self::new(exit, error)
    }
}
