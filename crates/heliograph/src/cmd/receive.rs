//! `helio receive`: take a file from another program.

use crate::args::Global;
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::run;
use crate::signals::Signals;
use crate::transfer::{TransferFlags, receiving_failed, refused, watch};
use clap::Args;
use helio_client::transfer::{
    Control, Destination, FailedTransfer, IoChoice, Lines, ReceiveOptions, Record, Target, TransferError,
    UdpReceiveOptions, receive, udp_receive,
};
use helio_core::limits;
use helio_core::transfer::Method;
use helio_core::transfer::raw::received_name;
use helio_net::address::{Address, Scheme};
use helio_net::clock::utc_now;
use helio_net::listen::{self, Incoming, Listener};
use helio_net::udp::BlockingEndpoints;
use rustix::net::sockopt;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Receive a file
///
/// Takes one stream to its end and stores it; the file has its name only once it is whole and on disk. What came of a
/// stream that broke is kept under a hidden name, which is told.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio receive --raw                               into the current directory, from this machine only
  helio receive --raw --listen '*:65436' --to in/   from other machines, into a directory
  helio receive --raw --to - | tar x                to a pipe
  helio receive --udp --numbered --to f             datagrams, with an account of what was lost

Exit codes: 6 incomplete, 7 the port is in use, the place cannot be written or the disk is full, 124 nothing came for
too long, 130 interrupted.")]
pub(crate) struct ReceiveArgs {
    #[command(flatten)]
    transfer: TransferFlags,

    /// Listen here
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:65436")]
    listen: Address,

    /// A file, a directory, or - for standard output
    #[arg(long, value_name = "PATH", default_value = ".")]
    to: PathBuf,

    /// Replace an existing file
    #[arg(long)]
    overwrite: bool,

    /// Receive again and again, one at a time, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(args: ReceiveArgs, global: &Global) -> Outcome {
    let is_udp = args.transfer.is_udp(&args.listen)?;
    let destination = Destination { to: args.to.clone(), overwrite: args.overwrite };
    if args.transfer.io() == IoChoice::Fixed(Method::Sendfile) {
        return Err(Failure::usage("sendfile only sends files; a receiver has --io copy and splice"));
    }
    if args.keep && !destination.is_directory() && !args.overwrite {
        return Err(Failure::usage("--keep needs a directory as --to, or --overwrite: each stream wants its own name"));
    }
    destination.check().map_err(|error| refused(&error))?;
    args.transfer.warn_of_missing_hash(global.quiet);
    let receiver = Receiver { args, destination, quiet: global.quiet };
    run::runtime()?.block_on(async { if is_udp { receiver.over_udp().await } else { receiver.over_tcp().await } })
}

struct Receiver {
    args: ReceiveArgs,
    destination: Destination,
    quiet: bool,
}

impl Receiver {
    async fn over_tcp(self) -> Outcome {
        let mut signals = Signals::catch()?;
        let mut listeners = listen::tcp(&self.args.listen).await?;
        for listener in &listeners {
            self.tell_listening(Scheme::Tcp, listener.local())?;
        }
        loop {
            let accepted = tokio::select! {
                accepted = accept_any(&mut listeners) => accepted,
                () = signals.received() => return if self.args.keep { Ok(()) } else { Err(Failure::interrupted()) },
            };
            let (socket, peer) = accepted
                .map_err(|error| Failure::new(Exit::Unavailable, format_args!("cannot take connections: {error}")))?;
            if !self.args.keep {
                // Whoever comes now is refused at once instead of waiting for nobody.
                listeners.clear();
            }
            self.tell(format_args!("receiving from tcp://{peer}"));
            let result = self.take_stream(&mut signals, socket).await;
            if !self.goes_on(&result) {
                return result;
            }
        }
    }

    async fn take_stream(&self, signals: &mut Signals, socket: TcpStream) -> Outcome {
        let options = ReceiveOptions {
            io: self.args.transfer.io(),
            hash: self.args.transfer.hash(),
            idle: self.args.transfer.idle(limits::IDLE_TIMEOUT),
        };
        let target = self.open().inspect_err(|_| {
            // A plain close would look to the sender as if its stream had been taken.
            let _ = sockopt::set_socket_linger(&socket, Some(Duration::ZERO));
        })?;
        let control = Arc::new(Control::default());
        let inner = control.clone();
        let received = watch(signals, control, self.quiet, move || receive(socket, target, &options, &inner)).await?;
        match received {
            Ok(received) => self.print(&received, received.record()),
            Err(failed) => self.failed(&failed),
        }
    }

    async fn over_udp(self) -> Outcome {
        if self.args.transfer.numbered && self.destination.is_stdout() {
            return Err(refused(&TransferError::NeedsFile { path: self.args.to }));
        }
        let mut signals = Signals::catch()?;
        let endpoints = listen::udp(&self.args.listen).await?;
        for endpoint in &endpoints {
            self.tell_listening(Scheme::Udp, endpoint.local())?;
        }
        let sockets = BlockingEndpoints::new(endpoints);
        let sockets =
            sockets.map_err(|error| Failure::new(Exit::Unavailable, format_args!("cannot use the socket: {error}")))?;
        let sockets = Arc::new(sockets);
        let mut options = UdpReceiveOptions {
            idle: self.args.transfer.idle(limits::FILE_DATAGRAM_IDLE),
            numbered: self.args.transfer.numbered,
            hash: self.args.transfer.hash(),
            drops_before: 0,
        };
        loop {
            let target = self.open()?;
            if options.numbered && !target.is_regular() {
                return Err(refused(&TransferError::NeedsFile { path: self.args.to }));
            }
            let control = Arc::new(Control::default());
            let (inner, shared) = (control.clone(), sockets.clone());
            let work = move || udp_receive(&shared, target, &options, &inner);
            let result = match watch(&mut signals, control, self.quiet, work).await? {
                Ok(received) => {
                    self.print(&received, received.record())?;
                    if received.is_complete() { Ok(()) } else { Err(Failure::new(Exit::Incomplete, "")) }
                }
                Err(failed) if self.args.keep && is_idle_stop(&failed) => return Ok(()),
                Err(failed) => self.failed(&failed),
            };
            if !self.goes_on(&result) {
                return result;
            }
            options.drops_before = sockets.receive_drops().unwrap_or(0);
        }
    }

    fn open(&self) -> Outcome<Target> {
        self.destination.open(&received_name(utc_now())).map_err(|error| refused(&error))
    }

    /// Whether there is a next transfer; says what was wrong with this one before it.
    fn goes_on(&self, result: &Outcome) -> bool {
        let interrupted = result.as_ref().is_err_and(|failure| failure.exit == Exit::Interrupted);
        let goes_on = self.args.keep && !interrupted;
        if goes_on && let Err(failure) = result {
            let _ = failure.report();
        }
        goes_on
    }

    fn failed(&self, failed: &FailedTransfer) -> Outcome {
        // Whoever reads our standard output has had enough: success, as for cat.
        let stopped_reading =
            matches!(&failed.error, TransferError::Target { source, .. } if source.kind() == io::ErrorKind::BrokenPipe);
        if self.destination.is_stdout() && stopped_reading { Ok(()) } else { Err(receiving_failed(failed)) }
    }

    /// The result, on stderr when the content goes to stdout.
    fn print(&self, result: &impl Lines, record: Record) -> Outcome {
        let lines = if self.args.transfer.json {
            let json = output::json_text(&record);
            vec![json.map_err(|error| Failure::new(Exit::Failure, format_args!("cannot write JSON: {error}")))?]
        } else {
            result.lines()
        };
        if self.destination.is_stdout() {
            lines.iter().for_each(output::message);
            return Ok(());
        }
        lines.iter().try_for_each(output::line)
    }

    fn tell_listening(&self, scheme: Scheme, at: io::Result<SocketAddr>) -> Outcome {
        let Ok(at) = at else { return Ok(()) };
        let address = Address::bound(scheme, at);
        let line = if self.args.transfer.json {
            serde_json::json!({ "event": "listening", "address": address.to_string() }).to_string()
        } else {
            format!("listening on {address}")
        };
        if self.destination.is_stdout() {
            output::message(line);
            return Ok(());
        }
        output::line(line)
    }

    fn tell(&self, text: std::fmt::Arguments<'_>) {
        if !self.quiet {
            output::message(text);
        }
    }
}

/// Ctrl-C while nothing had come.
fn is_idle_stop(failed: &FailedTransfer) -> bool {
    matches!(failed.error, TransferError::Stopped) && failed.bytes == 0
}

/// The next connection of any listener.
async fn accept_any(listeners: &mut [Listener]) -> io::Result<(TcpStream, SocketAddr)> {
    loop {
        let mut accepting: Vec<Pin<Box<_>>> =
            listeners.iter_mut().map(|listener| Box::pin(listener.accept())).collect();
        let incoming = std::future::poll_fn(|cx| {
            let ready = accepting.iter_mut().find_map(|accept| match accept.as_mut().poll(cx) {
                Poll::Ready(incoming) => Some(incoming),
                Poll::Pending => None,
            });
            ready.map_or(Poll::Pending, Poll::Ready)
        });
        match incoming.await? {
            Incoming::Connection { connection, peer, .. } => match connection.into_blocking() {
                Some(socket) => return Ok((socket?, peer)),
                None => continue,
            },
            Incoming::Short { error, retry_in } => {
                output::message(format_args!("cannot take a connection: {error}; trying again in {retry_in:?}"));
            }
        }
    }
}
