//! Running services until a signal says stop: what `echo`, `log` and `serve` share.

use crate::exit::{Exit, Failure, Outcome};
use crate::log_line::{self, Style};
use crate::output;
use crate::settings::layered;
use crate::signals::{self, Signals};
use crate::value::Span;
use clap::Args;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::clock::Clock;
use helio_net::listen::{self, BindError, Listener};
use helio_net::udp::UdpEndpoint;
use helio_server::driver::Timeouts;
use helio_server::event::{Detail, Event, EventKind, EventReader, Events, Level};
use helio_server::ops::{Metric, Metrics};
use helio_server::service::Context;
use helio_server::stop::Stop;
use serde::Deserialize;
use std::io;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::signal::unix::{Signal, SignalKind};
use tokio::sync::{Semaphore, oneshot};

/// Limits of any service's sessions; table `[limits]` of the settings file.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SessionFlags {
    /// Drop a connection on which nothing moves for this long [default: 10m]
    #[arg(long, value_name = "TIME", env = "HELIO_IDLE_TIMEOUT", help_heading = "Limits")]
    pub(crate) idle_timeout: Option<Span>,

    /// Drop a peer that leaves its answer unread for this long [default: 30s]
    #[arg(long, value_name = "TIME", env = "HELIO_WRITE_TIMEOUT", help_heading = "Limits")]
    pub(crate) write_timeout: Option<Span>,

    /// Connections of a service at a time; further ones wait [default: 10000]
    #[arg(long, value_name = "N", env = "HELIO_MAX_CONNECTIONS", help_heading = "Limits")]
    pub(crate) max_connections: Option<NonZeroU32>,
}

layered!(SessionFlags { idle_timeout, write_timeout, max_connections });

impl SessionFlags {
    pub(crate) fn timeouts(&self) -> Timeouts {
        let defaults = Timeouts::default();
        Timeouts {
            idle: self.idle_timeout.map_or(defaults.idle, |span| span.0),
            write: self.write_timeout.map_or(defaults.write, |span| span.0),
        }
    }

    pub(crate) fn permits(&self) -> Arc<Semaphore> {
        Arc::new(Semaphore::new(self.max_connections()))
    }

    /// Connections of one service at a time.
    pub(crate) fn max_connections(&self) -> usize {
        self.max_connections.map_or(limits::CONNECTIONS_PER_SERVICE, |n| n.get() as usize)
    }
}

/// Finds addresses that two listeners would fight for, before the system says that "another program" has the port.
pub(crate) fn distinct(services: &[(&str, Vec<Address>)]) -> Outcome {
    let all: Vec<_> =
        services.iter().flat_map(|(name, list)| list.iter().map(move |address| (name, address))).collect();
    for (index, (first, a)) in all.iter().enumerate() {
        for (second, b) in &all[index + 1..] {
            if a.overlaps(b) {
                let both =
                    if a == b { "is given twice" } else { "are the same port; `*:PORT` stands for every address" };
                let pair = if a == b { format!("{first}: {a}") } else { format!("{first} {a} and {second} {b}") };
                return Err(Failure::usage(format_args!("{pair} {both}")));
            }
        }
    }
    Ok(())
}

/// How events are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// Where it listens, and on stderr what is wrong.
    Troubles,
    /// As sentences.
    Text,
    /// As sentences behind the service's name.
    Named,
    /// As JSON lines.
    Json,
    /// As lines of a log on stderr, down to a level.
    Log(Style, Level),
}

impl Show {
    pub(crate) fn of(quiet: bool, json: bool) -> Self {
        match (quiet, json) {
            (_, true) => Self::Json,
            (true, false) => Self::Troubles,
            (false, false) => Self::Text,
        }
    }

    /// The same for several services in one process.
    pub(crate) fn named(self) -> Self {
        if self == Self::Text { Self::Named } else { self }
    }

    /// Whether a person is greeted by a banner; programs and logs are told the same as events.
    pub(crate) fn has_banner(self) -> bool {
        !matches!(self, Self::Json | Self::Log(..))
    }
}

/// The runtime that the program's work runs on.
pub(crate) fn runtime() -> Outcome<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format_args!("cannot start the runtime: {error}")))
}

/// A runtime on the calling thread, for commands that do one thing at a time: no hand-over between threads in a time.
pub(crate) fn small_runtime() -> Outcome<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unavailable, format_args!("cannot start the runtime: {error}")))
}

/// A context whose events are shown as `show` says until every service has ended. From here on signals wait for
/// [`Console::until_stopped`]: whoever reads that something listens may stop it at once.
pub(crate) fn context(show: Show, timeouts: Timeouts) -> Outcome<(Context, Console)> {
    let unavailable = |error| Failure::new(Exit::Unavailable, format_args!("cannot start: {error}"));
    let has_terminal = has_terminal() && !is_hangup_ignored();
    let (signals, hangup) = (Signals::catch()?, signals::catch(SignalKind::hangup())?);
    let (events, reader) = Events::channel();
    let detail = match show {
        Show::Troubles => Detail::Troubles,
        Show::Text | Show::Named | Show::Json => Detail::Everything,
        Show::Log(_, level) => level.detail(),
    };
    let events = events.up_to(detail);
    let context = Context {
        clock: Clock::start(),
        events: events.clone(),
        stop: Stop::default(),
        timeouts,
        reread: Arc::default(),
        ops: Arc::default(),
    };
    let (alive, printed) = oneshot::channel::<()>();
    let (stop, ops) = (context.stop.clone(), context.ops.clone());
    let print = move || {
        print(reader, show, &stop, &ops.metrics);
        drop(alive);
    };
    // A thread of its own: a terminal that is held (Ctrl-S) or a pipe that nobody reads stops it, and it alone.
    std::thread::Builder::new().name("events".to_owned()).spawn(print).map_err(unavailable)?;
    Ok((context, Console { show, signals, hangup, has_terminal, events, printed }))
}

/// The side of the program that faces its user: events go out, signals come in.
pub(crate) struct Console {
    show: Show,
    signals: Signals,
    hangup: Signal,
    /// The closing of the terminal ends the program.
    has_terminal: bool,
    events: Events,
    /// Ends when all events are shown.
    printed: oneshot::Receiver<()>,
}

/// Whether there is a controlling terminal (`tty(4)`).
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// Whether we were started to outlive the terminal, as `nohup(1)` does: SIGHUP (bit 0) in the ignored set of `proc(5)`.
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// The bound sockets of one service.
pub(crate) struct Bound {
    pub(crate) listeners: Vec<Listener>,
    pub(crate) endpoints: Vec<UdpEndpoint>,
}

impl Bound {
    /// Binds every address, for both transports where it names none. The UDP side of a port that the system chose
    /// takes the number of the TCP side.
    pub(crate) async fn bind(addresses: &[Address], permits: &Arc<Semaphore>) -> Result<Self, BindError> {
        let mut bound = Self { listeners: Vec::new(), endpoints: Vec::new() };
        for address in addresses {
            if address.scheme == Some(Scheme::Tls) {
                return Err(BindError::WrongScheme { address: address.clone(), scheme: Scheme::Tls });
            }
            let mut port = address.port;
            if address.admits(Scheme::Tcp) {
                for listener in listen::tcp(address).await? {
                    port = listener.local().map_or(port, |at| at.port());
                    bound.listeners.push(listener.with_permits(permits.clone()));
                }
            }
            if address.admits(Scheme::Udp) {
                bound.endpoints.extend(listen::udp(&Address { port, ..address.clone() }).await?);
            }
        }
        Ok(bound)
    }

    /// `tcp://…` and `udp://…` of every socket.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let tcp = self.listeners.iter().map(|l| (Scheme::Tcp, l.local()));
        let udp = self.endpoints.iter().map(|e| (Scheme::Udp, e.local()));
        tcp.chain(udp).filter_map(|(scheme, at)| Some(Address::bound(scheme, at.ok()?).to_string())).collect()
    }
}

impl Console {
    /// Says where a service listens; shown even when events are not.
    pub(crate) fn listening<A: ToString>(&self, context: &Context, addresses: impl IntoIterator<Item = A>) -> Outcome {
        for address in addresses {
            let kind = EventKind::Listening { address: address.to_string() };
            if self.show == Show::Troubles { output::line(kind)? } else { context.events.tell(kind) }
        }
        Ok(())
    }

    /// Waits for SIGINT, SIGTERM or the end of whoever reads the events, then ends every service: open connections get
    /// [`limits::DRAIN_TIMEOUT`], a second signal ends at once. `reload` is called when a service asks for it and on
    /// each SIGHUP, unless that says that the terminal was closed: then the program ends, as others do.
    pub(crate) async fn until_stopped(mut self, context: Context, mut reload: impl AsyncFnMut()) -> Outcome {
        loop {
            tokio::select! {
                () = self.signals.received() => break,
                () = context.stop.begun() => break,
                _ = self.hangup.recv() => {
                    if self.has_terminal && !has_terminal() {
                        break;
                    }
                    reload().await;
                }
                () = context.reread.notified() => reload().await,
            }
        }
        context.stop.begin();
        tokio::select! {
            // Sessions keep the limit themselves; the rest is for what they still have to store.
            finished = context.stop.finish(limits::DRAIN_TIMEOUT + limits::DRAIN_TIMEOUT / 2) => if !finished {
                output::message("open connections did not end in time and were cut");
            },
            () = self.signals.received() => output::message("stopped at once, open connections were cut"),
        }
        let events = async {
            self.events.end().await;
            let _ = self.printed.await;
        };
        tokio::select! {
            _ = tokio::time::timeout(limits::LAST_EVENTS_TIMEOUT, events) => {}
            () = self.signals.received() => {}
        }
        context.stop.failure().map_or(Ok(()), |why| Err(Failure::new(Exit::Failure, why)))
    }
}

/// Prints events until there are no more. When nobody reads them, the program ends as on a signal: what was accepted is
/// still finished. When they cannot be written, as on a full disk, they are counted until it works again.
fn print(mut reader: EventReader, show: Show, stop: &Stop, metrics: &Metrics) {
    let mut not_shown = 0;
    while let Some(event) = reader.next_blocking() {
        if let EventKind::NotShown { count } = event.kind {
            metrics.add(Metric::EventsNotShown, count);
        }
        let shown = tell_not_shown(&mut not_shown, show).and_then(|()| print_one(&event, show));
        match shown {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => stop.begin(),
            Err(error) => {
                if not_shown == 0 {
                    output::message(format_args!("helio: cannot write events: {error}; going on without"));
                }
                not_shown += if let EventKind::NotShown { count } = event.kind { count } else { 1 };
            }
        }
    }
}

fn tell_not_shown(count: &mut u64, show: Show) -> io::Result<()> {
    if *count > 0 {
        print_one(&Event { service: "", kind: EventKind::NotShown { count: *count } }, show)?;
        *count = 0;
    }
    Ok(())
}

fn print_one(event: &Event, show: Show) -> io::Result<()> {
    match show {
        Show::Log(_, level) if event.kind.level() > level => Ok(()),
        Show::Log(style, _) => match log_line::write(event, style) {
            // The journal was started anew: no reason to end.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(io::Error::other(error)),
            written => written,
        },
        _ if matches!(event.kind, EventKind::Notice { .. } | EventKind::Warning { .. }) => {
            output::message(&event.kind);
            Ok(())
        }
        Show::Troubles => {
            output::message(&event.kind);
            Ok(())
        }
        Show::Text => output::event(&event.kind),
        Show::Named => output::event(format_args!("{:<5} {}", event.service, event.kind)),
        Show::Json => output::event(output::json_text(event)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_broke_ends_the_program_with_an_error() {
        let ended = runtime().unwrap().block_on(async {
            let (context, console) = context(Show::Troubles, Timeouts::default())?;
            context.stop.fail("it broke");
            console.until_stopped(context, async || ()).await
        });
        let failure = ended.unwrap_err();
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Failure, "it broke"));
    }
}
