//! `helio serve`: all services in one process.

mod chat;
mod metrics;
mod running;
mod supervisor;

pub(crate) use chat::{ChatFlags, PublicAddress};

use crate::args::Global;
use crate::cmd::echo::EchoFlags;
use crate::cmd::log::LogFlags;
use crate::config;
use crate::exit::{Failure, Outcome};
use crate::log_line::{LogFormat, LogLevel, Style};
use crate::output;
use crate::run::{self, SessionFlags, Show, distinct};
use crate::settings::{Layered, from_environment, layered};
use clap::{Args, ValueEnum};
use helio_net::address::Address;
use metrics::MetricsListen;
use running::Running;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// Run all services in one process
///
/// Without any settings it listens on loopback only and works at once: join the chat with any IRC client at
/// 127.0.0.1:6667. SIGHUP reads the settings again and opens the log's file again; SIGINT and SIGTERM end it, open
/// connections get 5 seconds.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio serve                                  everything, on this machine only
  helio serve --services echo                  the echo service alone
  helio serve --echo-listen '*:65432'          echo reachable from other machines
  helio serve --public                         chat for people on other machines, by invitation
  helio serve --check                          are the settings right, and what would be started?

The settings file has a table for each service, see docs/settings.md:
  [serve]
  services = [\"chat\", \"echo\", \"log\"]
  [chat]
  tls-listen = [\"*:6697\"]
  [echo]
  prefix = \"ACK: \"
  [log]
  to = \"/var/log/helio.log\"
  ack = true
  [limits]
  idle-timeout = \"10m\"")]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    flags: ServeFlags,

    /// Where echo listens [default: 127.0.0.1:65432]
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    echo_listen: Option<Vec<Address>>,

    /// Where the log listens [default: 127.0.0.1:65434]
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    log_listen: Option<Vec<Address>>,

    /// The log's file [default: log/received.log in the data directory, $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "FILE")]
    log_to: Option<PathBuf>,

    #[command(flatten)]
    chat: chat::ListenFlags,

    #[command(flatten)]
    session: SessionFlags,

    /// Check the settings, print what would be started, and stop
    #[arg(long)]
    check: bool,

    /// Print events as JSON lines
    #[arg(long)]
    json: bool,
}

/// The settings of `serve` itself; table `[serve]` of the settings file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ServeFlags {
    /// Run only these services [default: all]
    #[arg(long, value_name = "NAME", value_enum, env = "HELIO_SERVICES", value_delimiter = ',')]
    services: Option<Vec<ServiceName>>,

    /// Where the server keeps what lasts: messages, rooms, its certificate [default: $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "DIR", env = "HELIO_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// Let people from other machines in: chat over TLS and WebSocket over TLS listen on all addresses (ports 6697 and 8443), and
    /// whoever comes by them needs an account, for which one has to be invited (helio invite). The settings of [chat] stand over this
    #[arg(
        long, value_name = "BOOL", env = "HELIO_PUBLIC",
        num_args = 0..=1, default_missing_value = "true", require_equals = true
    )]
    public: Option<bool>,

    /// Where metrics and health are told over HTTP, on loopback, or off [default: 127.0.0.1:65437]
    #[arg(long, value_name = "ADDR", env = "HELIO_METRICS_LISTEN")]
    metrics_listen: Option<MetricsListen>,

    /// Write a log to stderr in place of the banner and of events, in this form [default: text in the journal]
    #[arg(long, value_name = "FORM", value_enum, env = "HELIO_LOG_FORMAT")]
    log_format: Option<LogFormat>,

    /// Write a log to stderr, of what is at least so urgent [default: info]
    #[arg(long, value_name = "LEVEL", value_enum, env = "HELIO_LOG_LEVEL")]
    log_level: Option<LogLevel>,
}

layered!(ServeFlags { services, data_dir, public, metrics_listen, log_format, log_level });

/// The services that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServiceName {
    /// Rooms where people talk, over IRC
    Chat,
    /// Answers what it is sent
    Echo,
    /// Writes what it is sent to a file
    Log,
}

impl ServiceName {
    const ALL: [Self; 3] = [Self::Chat, Self::Echo, Self::Log];

    fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Echo => "echo",
            Self::Log => "log",
        }
    }
}

/// Where the server keeps what lasts, and the settings of its chat service: for commands that work on a server, whether it runs or
/// not. `data_dir` is what the command line says.
pub(crate) fn chat_data(data_dir: Option<PathBuf>, global: &Global) -> Outcome<(PathBuf, helio_core::chat::Settings)> {
    let file = config::load(global)?;
    let none = || Failure::usage("there is no home directory to keep data in; name a place with --data-dir");
    let data = data_dir.or(file.serve.data_dir).or_else(config::data_dir).ok_or_else(none)?;
    Ok((data, file.chat.gather(false)?.chat))
}

/// What `helio serve` would start with no flags but `data_dir`.
pub(crate) fn settings_for(data_dir: Option<PathBuf>, global: &Global) -> Outcome<Settings> {
    let flags = from_environment::<ServeFlags>()?;
    let flags = ServeFlags { data_dir: data_dir.or(flags.data_dir.clone()), ..flags };
    let (chat, session) = (from_environment()?, from_environment()?);
    let args = ServeArgs {
        flags,
        echo_listen: None,
        log_listen: None,
        log_to: None,
        chat,
        session,
        check: false,
        json: false,
    };
    Settings::gather(&args, global)
}

/// Everything that decides what is started, from all layers.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) services: Vec<ServiceName>,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) chat: ChatFlags,
    echo: EchoFlags,
    log: LogFlags,
    pub(crate) session: SessionFlags,
    metrics: Option<MetricsListen>,
    log_format: Option<LogFormat>,
    log_level: Option<LogLevel>,
}

impl Settings {
    fn gather(args: &ServeArgs, global: &Global) -> Outcome<Self> {
        let file = config::load(global)?;
        let echo = EchoFlags::at(args.echo_listen.clone());
        let log = LogFlags::at(args.log_listen.clone(), args.log_to.clone());
        let serve = args.flags.clone().over(file.serve);
        let chat = ChatFlags::from(args.chat.clone()).over(file.chat);
        let wanted = serve.services.unwrap_or_else(|| ServiceName::ALL.to_vec());
        let data_dir = serve.data_dir.or_else(config::data_dir);
        let settings = Self {
            services: ServiceName::ALL.into_iter().filter(|name| wanted.contains(name)).collect(),
            chat: if serve.public == Some(true) { chat.public() } else { chat },
            echo: echo.over(from_environment()?).over(file.echo),
            log: log.over(from_environment()?).over(file.log).over(default_log(data_dir.as_deref())),
            session: args.session.clone().over(file.limits),
            data_dir,
            metrics: serve.metrics_listen,
            log_format: serve.log_format,
            log_level: serve.log_level,
        };
        if settings.services.is_empty() {
            return Err(Failure::usage("no services are left to run; [serve] services names none"));
        }
        if settings.runs(ServiceName::Log) {
            settings.log.settings()?;
        }
        if settings.runs(ServiceName::Chat) {
            settings.chat.gather(false)?;
            settings.chat.identity(settings.data()?)?;
        }
        let mut listen: Vec<_> = settings.services.iter().map(|name| (name.name(), settings.listen(*name))).collect();
        let metrics = MetricsListen::address(settings.metrics.as_ref()).filter(|_| settings.metrics.is_some());
        listen.push(("metrics", metrics.into_iter().collect()));
        distinct(&listen)?;
        Ok(settings)
    }

    /// Where the server keeps what lasts.
    fn data(&self) -> Outcome<&Path> {
        let none = || Failure::usage("there is no home directory to keep data in; name a place with --data-dir");
        self.data_dir.as_deref().ok_or_else(none)
    }

    /// How events are shown. What the command line asks for in so many words stands over a log.
    fn show(&self, args: &ServeArgs, global: &Global) -> Show {
        let level = self.log_level.unwrap_or(LogLevel::Info).level();
        match Style::choose(self.log_format, self.log_level) {
            Some(style) if !args.json => Show::Log(style, level),
            Some(_) | None => Show::of(global.quiet, args.json).named(),
        }
    }

    fn default_log(&self) -> LogFlags {
        default_log(self.data_dir.as_deref())
    }

    /// The directory of the log's file, when somebody named it: the default one is made at the start.
    fn log_directory(&self) -> Option<PathBuf> {
        let default = self.default_log().to;
        let to = self.log.to.as_ref().filter(|to| self.runs(ServiceName::Log) && default.as_ref() != Some(to))?;
        Some(to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
    }

    pub(crate) fn runs(&self, service: ServiceName) -> bool {
        self.services.contains(&service)
    }

    /// Every address that would be listened on.
    pub(crate) fn all_addresses(&self) -> Vec<Address> {
        let metrics = MetricsListen::address(self.metrics.as_ref());
        self.services.iter().flat_map(|name| self.listen(*name)).chain(metrics).collect()
    }

    /// Whether the server goes on without this address when another program has it: nobody has asked for it.
    pub(crate) fn can_do_without(&self, address: &Address) -> bool {
        let is_default = self.metrics.is_none() && MetricsListen::address(None).as_ref() == Some(address);
        is_default || self.chat.can_do_without(address)
    }

    fn listen(&self, service: ServiceName) -> Vec<Address> {
        match service {
            ServiceName::Chat => self.chat.addresses(),
            ServiceName::Echo => self.echo.listen(),
            ServiceName::Log => self.log.listen(),
        }
    }
}

/// The log writes into the data directory unless told otherwise.
fn default_log(data_dir: Option<&Path>) -> LogFlags {
    LogFlags::at(None, data_dir.map(|dir| dir.join("log/received.log")))
}

pub(crate) fn run(args: ServeArgs, global: &Global) -> Outcome {
    let settings = Settings::gather(&args, global)?;
    if args.check {
        return check(&settings, global);
    }
    let show = settings.show(&args, global);
    run::runtime()?.block_on(async {
        let (context, console) = run::context(show, settings.session.timeouts())?;
        let mut running = Running::start(settings, &context, &console, show.has_banner()).await?;
        supervisor::ready(&context);
        let reload = async || {
            supervisor::reloading();
            match Settings::gather(&args, global) {
                Ok(settings) => running.reload(settings).await,
                Err(failure) => running.refuse_reload(&failure).await,
            }
            supervisor::reloaded();
        };
        console.until_stopped(context, reload).await?;
        running.finish()
    })
}

fn check(settings: &Settings, global: &Global) -> Outcome {
    if let Some(directory) = settings.log_directory() {
        std::fs::read_dir(&directory)
            .map_err(|error| Failure::file(format_args!("write the log into {}", directory.display()), &error))?;
    }
    if settings.runs(ServiceName::Chat) {
        running::check_identity(settings)?;
    }
    let file = global.config.clone().or_else(config::default_path).filter(|path| path.exists());
    match file {
        Some(path) => output::line(format_args!("settings in {} are right", path.display()))?,
        None => output::line("no settings file, defaults hold")?,
    }
    for service in &settings.services {
        let listen = match service {
            ServiceName::Chat => settings.chat.shown(),
            ServiceName::Echo | ServiceName::Log => settings.listen(*service).iter().map(ToString::to_string).collect(),
        };
        output::line(Row { service: *service, listen, log: &settings.log })?;
    }
    match MetricsListen::address(settings.metrics.as_ref()) {
        Some(address) => output::line(format_args!("Metrics: {}", metrics::shown(&address))),
        None => Ok(()),
    }
}

/// One service in the banner and in `--check`.
struct Row<'a> {
    service: ServiceName,
    listen: Vec<String>,
    log: &'a LogFlags,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {:<5}", self.service.name())?;
        for address in &self.listen {
            write!(f, " {address}")?;
        }
        match (self.service, &self.log.to) {
            (ServiceName::Log, Some(to)) => write!(f, " into {}", short(to)),
            (ServiceName::Chat | ServiceName::Log | ServiceName::Echo, _) => Ok(()),
        }
    }
}

/// A path below the home directory begins with `~`, as people write it.
fn short(path: &Path) -> String {
    let below_home = etcetera::home_dir().ok().and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned));
    match below_home {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}
