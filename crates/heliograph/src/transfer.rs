//! What `helio send` and `helio receive` share: options, progress, the end by Ctrl-C, errors as exit codes.

use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::signals::Signals;
use crate::value::Span;
use clap::{Args, ValueEnum};
use helio_client::transfer::{Control, FailedTransfer, IoChoice, TransferError, on_thread};
use helio_core::limits;
use helio_core::transfer::Method;
use helio_net::address::{Address, Scheme};
use indicatif::{ProgressBar, ProgressStyle};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Options of both ends.
#[derive(Args, Debug)]
pub(crate) struct TransferFlags {
    /// The plain stream without any header, as nc and socket programs speak it; no encryption, no resume
    #[arg(long)]
    raw: bool,

    /// UDP datagrams instead of a TCP stream, as they are: what is lost stays lost
    #[arg(long)]
    udp: bool,

    /// With --udp: give each datagram a number, so that loss, duplicates and order are accounted for at both ends
    #[arg(long)]
    pub(crate) numbered: bool,

    /// Do not compute the BLAKE3 of the content
    #[arg(long)]
    no_hash: bool,

    /// Which system calls move a TCP stream; other ones than copying hide the bytes, so that there is no BLAKE3
    #[arg(long, value_enum, default_value_t, value_name = "METHOD")]
    io: Io,

    /// Give up when nothing moves for this long; for received datagrams: take that as their end
    /// [default: 10m, for received datagrams 2s]
    #[arg(long, value_name = "TIME")]
    idle: Option<Span>,

    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Io {
    /// Copy while hashing; with --no-hash what a short probe on a long file finds cheapest
    #[default]
    Auto,
    /// read and write
    Copy,
    /// sendfile(2); sender only
    Sendfile,
    /// splice(2) through a pipe
    Splice,
}

impl TransferFlags {
    /// Whether datagrams were asked for, and not a plain stream; an error when that is the encrypted one, or the options
    /// contradict each other.
    pub(crate) fn is_udp(&self, address: &Address) -> Outcome<bool> {
        let udp = self.udp || self.numbered || address.scheme == Some(Scheme::Udp);
        if !self.raw && !udp {
            return Err(Failure::usage(
                "the encrypted transfer is not in this version; --raw sends the plain stream, which anyone on the way \
                 can read",
            ));
        }
        let scheme = if udp { Scheme::Udp } else { Scheme::Tcp };
        if !address.admits(scheme) {
            let wanted = if udp { "--udp was asked for" } else { "--raw goes over TCP or UDP" };
            let own = address.scheme.map_or("", Scheme::name).to_uppercase();
            return Err(Failure::usage(format_args!("{address} is a {own} address, and {wanted}")));
        }
        if udp && self.io != Io::Auto {
            return Err(Failure::usage("--io is for TCP streams; datagrams are always copied"));
        }
        Ok(udp)
    }

    pub(crate) fn io(&self) -> IoChoice {
        match self.io {
            Io::Auto => IoChoice::Auto,
            Io::Copy => IoChoice::Fixed(Method::Copy),
            Io::Sendfile => IoChoice::Fixed(Method::Sendfile),
            Io::Splice => IoChoice::Fixed(Method::Splice),
        }
    }

    pub(crate) fn hash(&self) -> bool {
        !self.no_hash
    }

    pub(crate) fn idle(&self, default: Duration) -> Duration {
        self.idle.map_or(default, |span| span.0)
    }

    /// Says that the chosen method leaves nothing to hash, unless that was asked for anyway.
    pub(crate) fn warn_of_missing_hash(&self, quiet: bool) {
        if self.hash() && !quiet && matches!(self.io, Io::Sendfile | Io::Splice) {
            output::message("no BLAKE3: the bytes do not pass through this program (--io copy computes it)");
        }
    }
}

/// Runs a transfer on a thread of its own, shows its progress on a terminal, and ends it cleanly on a signal.
pub(crate) async fn watch<T: Send + 'static>(
    signals: &mut Signals,
    control: Arc<Control>,
    quiet: bool,
    work: impl FnOnce() -> Result<T, FailedTransfer> + Send + 'static,
) -> Outcome<Result<T, FailedTransfer>> {
    let bar = (!quiet && output::is_watched()).then(ProgressBar::no_length);
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    let mut work = std::pin::pin!(on_thread(work));
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = tick.tick() => bar.iter().for_each(|bar| draw(bar, &control)),
            () = signals.received() => break stop(&control, &mut work).await,
        }
    };
    bar.iter().for_each(ProgressBar::finish_and_clear);
    done.map_err(|error| Failure::new(Exit::Failure, format_args!("cannot run the transfer: {error}")))
}

/// Ends a transfer, and leaves it alone when it does not end: the program's end will cut it off.
async fn stop<T>(
    control: &Control,
    work: impl Future<Output = io::Result<Result<T, FailedTransfer>>>,
) -> io::Result<Result<T, FailedTransfer>> {
    control.stop();
    let ended = tokio::time::timeout(limits::TRANSFER_STOP_TIMEOUT, work).await;
    ended.unwrap_or_else(|_| Ok(Err(control.abandoned())))
}

fn draw(bar: &ProgressBar, control: &Control) {
    let template = match control.total() {
        Some(_) => "{wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left",
        None => "{spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if let Some(total) = control.total() {
        bar.set_length(total);
    }
    if bar.position() == 0 && control.bytes() > 0 {
        // The wait for the first byte says nothing about the rate.
        bar.reset();
    }
    bar.set_position(control.bytes());
}

/// A failed sending, with how far it came.
pub(crate) fn sending_failed(failed: &FailedTransfer) -> Failure {
    let cut_off = matches!(failed.error, TransferError::Broken(_) | TransferError::Reset { acknowledged: false });
    let exit = if cut_off { Exit::Network } else { exit_of(&failed.error) };
    let far = match failed.bytes {
        0 => "nothing was sent".into(),
        bytes => format!("{bytes} bytes had been handed to the kernel, what arrived of them is not known"),
    };
    Failure::new(exit, format_args!("{}; {far}", failed.error))
}

/// A failed receiving, with what is left of it.
pub(crate) fn receiving_failed(failed: &FailedTransfer) -> Failure {
    let kept = match &failed.kept {
        Some(path) if matches!(failed.error, TransferError::Hung) => {
            format!("INCOMPLETE: what was written of the {} bytes received is in {}", failed.bytes, path.display())
        }
        Some(path) => format!("INCOMPLETE: the {} bytes received are kept in {}", failed.bytes, path.display()),
        None if failed.bytes == 0 => "nothing was received".into(),
        None => format!("INCOMPLETE after {} bytes", failed.bytes),
    };
    Failure::new(exit_of(&failed.error), format_args!("{}; {kept}", failed.error))
}

/// A failure before anything moved.
pub(crate) fn refused(error: &TransferError) -> Failure {
    Failure::new(exit_of(error), error)
}

fn exit_of(error: &TransferError) -> Exit {
    match error {
        TransferError::Source { source, .. } | TransferError::Target { source, .. }
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Exit::NotFound
        }
        TransferError::Source { .. } | TransferError::Target { .. } | TransferError::Exists { .. } => Exit::Unavailable,
        TransferError::SourceIsDirectory { .. }
        | TransferError::NeedsFile { .. }
        | TransferError::Method(_)
        | TransferError::DatagramTooLarge { .. }
        | TransferError::TooManyDatagrams(_) => Exit::Usage,
        TransferError::Broken(_) | TransferError::Reset { .. } | TransferError::ReceiverStopped(_) => Exit::Incomplete,
        TransferError::Stalled(_) => Exit::TimedOut,
        TransferError::Refused => Exit::Refused,
        TransferError::Stopped | TransferError::Hung => Exit::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transfer_that_does_not_stop_is_left_with_what_is_known_of_it() {
        let left = stop::<()>(&Control::default(), std::future::pending()).await.unwrap().unwrap_err();
        let told = receiving_failed(&FailedTransfer { bytes: 7, kept: Some("/tmp/.a.part-1".into()), ..left });
        let expected = "interrupted while a read or write hangs; \
                        INCOMPLETE: what was written of the 7 bytes received is in /tmp/.a.part-1";
        assert_eq!((told.exit, told.message.as_str()), (Exit::Interrupted, expected));
    }
}
