//! The services while they run: started together, changed by SIGHUP, ended together.

mod chat;

use super::{Row, ServiceName, Settings, metrics};
use crate::exit::{Failure, Outcome};
use crate::output;
use crate::run::{Bound, Console};
use helio_net::address::{Address, Host};
use helio_net::clock::utc_now;
use helio_server::event::{EventKind, Events};
use helio_server::ops::{self, Metric};
use helio_server::service::Context;
use helio_server::service::echo::{self, EchoSettings};
use helio_server::service::log::{self, Log};
use std::os::unix::fs::DirBuilderExt as _;
use tokio::sync::watch;

pub(super) use chat::check_identity;

/// What was started, and how to reach it.
pub(super) struct Running {
    settings: Settings,
    chat: Option<chat::Running>,
    echo: Option<watch::Sender<EchoSettings>>,
    log: Option<log::Running>,
    events: Events,
}

impl Running {
    /// Binds and opens everything first, so that nothing is served when something cannot be; then starts, and says so.
    pub(super) async fn start(
        settings: Settings,
        context: &Context,
        console: &Console,
        has_banner: bool,
    ) -> Outcome<Self> {
        let metrics = start_ops(&settings, context).await?;
        let mut ready = Vec::new();
        let preparing = settings.runs(ServiceName::Chat).then(|| chat::Preparing::begin(&settings)).transpose()?;
        for service in settings.services.iter().filter(|service| **service != ServiceName::Chat) {
            let bound = Bound::bind(&settings.listen(*service), &settings.session.permits()).await?;
            ready.push((*service, bound));
        }
        let mut log = None;
        if settings.runs(ServiceName::Log) {
            make_log_directory(&settings)?;
            log = Some(Log::open(&context.of(ServiceName::Log.name()), settings.log.settings()?)?);
        }
        let mut rows = Vec::new();
        let mut chat = None;
        if let Some(preparing) = preparing {
            let context = context.of(ServiceName::Chat.name());
            let started = chat::Running::start(&settings, &context, preparing).await?;
            if !has_banner {
                console.listening(&context, started.bound())?;
            }
            rows.push((ServiceName::Chat, started.bound().collect()));
            chat = Some(started);
        }
        if !has_banner {
            console.listening(&context.of("metrics"), metrics.iter().map(metrics::shown))?;
        }
        let mut running = Self { settings, chat, echo: None, log: None, events: context.events.clone() };
        for (service, bound) in ready {
            let context = context.of(service.name());
            if !has_banner {
                console.listening(&context, bound.addresses())?;
            }
            rows.push((service, bound.addresses()));
            match service {
                ServiceName::Chat => {}
                ServiceName::Echo => {
                    let (sender, settings) = watch::channel(running.settings.echo.settings());
                    echo::serve(&context, bound.listeners, bound.endpoints, &settings);
                    running.echo = Some(sender);
                }
                ServiceName::Log => running.log = log.take().map(|log| log.serve(bound.listeners, bound.endpoints)),
            }
        }
        context.ops.health.serving();
        if has_banner {
            running.banner(rows, &metrics)?;
        }
        Ok(running)
    }

    fn banner(&self, rows: Vec<(ServiceName, Vec<String>)>, metrics: &[Address]) -> Outcome {
        output::line(format_args!("helio {} is serving, Ctrl-C stops it", env!("CARGO_PKG_VERSION")))?;
        let echo = rows.iter().find(|(service, _)| *service == ServiceName::Echo).map(|(_, listen)| listen.clone());
        for (service, listen) in rows {
            output::line(Row { service, listen, log: &self.settings.log })?;
        }
        for address in metrics {
            output::line(format_args!("Metrics: {}", metrics::shown(address)))?;
        }
        if let Some(address) = echo.as_deref().and_then(<[String]>::first) {
            output::line(format_args!("Try: helio say {} hello", reachable(address)))?;
        }
        self.chat.as_ref().map_or(Ok(()), chat::Running::invite)
    }

    /// Takes over what can change while running, and says what cannot.
    pub(super) async fn reload(&mut self, new: Settings) {
        if let Some(chat) = &mut self.chat
            && let Err(failure) = chat.reload(&new).await
        {
            return self.refuse_reload(&failure).await;
        }
        if let Some(echo) = &self.echo {
            echo.send_replace(new.echo.settings());
        }
        if let Some(log) = &self.log {
            log.reopen();
        }
        let opened = if self.log.is_some() { ", the log's file was opened again" } else { "" };
        self.note(format!("settings were read again{opened}"));
        if needs_restart(&self.settings, &new) {
            self.note(
                "services, the data directory, limits, logs, addresses other than chat's, and the places of certificates \
                 change with a restart only"
                    .to_owned(),
            );
        }
        self.settings.chat = new.chat;
        self.settings.echo = new.echo;
    }

    fn note(&self, message: String) {
        self.events.tell(EventKind::Notice { message });
    }

    /// Says why nothing changes.
    pub(super) async fn refuse_reload(&self, why: &Failure) {
        self.events.tell(EventKind::Warning { message: format!("the old settings stay: {}", why.message) });
        if let Some(chat) = &self.chat {
            chat.refuse_reload(&why.message).await;
        }
    }

    /// After everything has ended: was anything lost?
    pub(super) fn finish(&self) -> Outcome {
        match &self.log {
            Some(log) => crate::cmd::log::check_written(log),
            None => Ok(()),
        }
    }
}

/// Metrics, health, and whoever looks whether threads hang: before anything else, so that a slow start can be seen.
async fn start_ops(settings: &Settings, context: &Context) -> Outcome<Vec<Address>> {
    let store = settings.runs(ServiceName::Chat).then(|| settings.data_dir.as_ref().map(|data| data.join("store")));
    context.ops.metrics.set(Metric::ProcessStart, (utc_now().micros() / 1_000_000) as u64);
    ops::watch(context);
    metrics::start(&context.of("metrics"), settings.metrics.as_ref(), store.flatten()).await
}

/// The default directory is ours to make, for us alone: the data directory is made on the way. One that somebody named must
/// exist, or a slip of the pen would make one.
fn make_log_directory(settings: &Settings) -> Outcome {
    let Some(path) = settings.default_log().to.filter(|path| settings.log.to.as_ref() == Some(path)) else {
        return Ok(());
    };
    let Some(directory) = path.parent() else { return Ok(()) };
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| Failure::file(format_args!("make the directory {}", directory.display()), &error))
}

fn needs_restart(old: &Settings, new: &Settings) -> bool {
    old.services != new.services
        || old.data_dir != new.data_dir
        || old.chat.is_restart_needed(&new.chat)
        || old.echo.listen() != new.echo.listen()
        || old.log != new.log
        || old.session != new.session
        || old.metrics != new.metrics
        || (old.log_format, old.log_level) != (new.log_format, new.log_level)
}

/// An address that a client on this machine can use.
fn reachable(bound: &str) -> String {
    match bound.parse::<Address>() {
        Ok(Address { host: Host::Ip(ip), port, .. }) if ip.is_unspecified() => format!("localhost:{port}"),
        Ok(Address { host: Host::Ip(ip), port, .. }) => std::net::SocketAddr::new(ip, port).to_string(),
        Ok(_) | Err(_) => bound.to_owned(),
    }
}
