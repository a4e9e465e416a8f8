//! `helio send`: hand a file to another program.

use crate::args::Global;
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::run;
use crate::signals::Signals;
use crate::transfer::{TransferFlags, refused, sending_failed, watch};
use crate::value::{Size, Span};
use clap::Args;
use helio_client::transfer::{Control, Lines, Record, SendOptions, Source, UdpSendOptions, on_thread, send, udp_send};
use helio_core::limits;
use helio_core::transfer::numbered::{PIECE_MAX, PieceSize};
use helio_net::address::Address;
use helio_net::connect;
use std::path::PathBuf;
use std::sync::Arc;

/// Send a file
///
/// Prints apart when the file was handed to this machine's kernel, when the peer's TCP had acknowledged all of it, and
/// when the peer ended its side. Whether its program read all of it no plain stream can tell.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio send --raw notes.txt 192.0.2.7:65436      to `helio receive --raw`, nc -l or a socket program
  tar c folder | helio send --raw - host:65436    what a pipe brings
  helio send --udp --numbered --rate 10M f h:1    as datagrams, with an account of what was lost

Exit codes: 3 no such file or host, 4 refused, 5 the connection broke, 6 the file became shorter or something was
lost, 124 no answer in time, 130 interrupted.")]
pub(crate) struct SendArgs {
    /// The file, or - for standard input
    file: PathBuf,

    /// Where to send it, as host:port
    #[arg(value_name = "ADDR")]
    address: Address,

    #[command(flatten)]
    transfer: TransferFlags,

    /// Time for connecting, and again for the peer's acknowledgement and the end of its side
    #[arg(long, value_name = "TIME", default_value = "10s")]
    timeout: Span,

    /// Bytes of the file in each datagram [default: 1400]
    #[arg(long, value_name = "BYTES")]
    datagram: Option<Size>,

    /// Send datagrams at this many bytes a second instead of as fast as this machine can
    #[arg(long, value_name = "BYTES")]
    rate: Option<Size>,
}

pub(crate) fn run(args: SendArgs, global: &Global) -> Outcome {
    let is_udp = args.transfer.is_udp(&args.address)?;
    let quiet = global.quiet;
    run::runtime()?.block_on(async { if is_udp { over_udp(args, quiet).await } else { over_tcp(args, quiet).await } })
}

async fn over_tcp(args: SendArgs, quiet: bool) -> Outcome {
    if args.datagram.is_some() || args.rate.is_some() {
        return Err(Failure::usage("--datagram and --rate are for --udp"));
    }
    args.transfer.warn_of_missing_hash(quiet);
    let mut signals = Signals::catch()?;
    let source = open(&mut signals, args.file).await?;
    let connected = signals.or(connect::tcp(&args.address, args.timeout.0)).await??;
    let peer = connected.peer;
    let socket = connected.connection.into_blocking().ok_or_else(Failure::interrupted)?;
    let socket = socket.map_err(|error| Failure::new(Exit::Network, format_args!("cannot use the socket: {error}")))?;
    if !quiet {
        output::message(format_args!("sending {} to tcp://{peer}", source.name()));
    }
    let options = SendOptions {
        io: args.transfer.io(),
        hash: args.transfer.hash(),
        close_timeout: args.timeout.0,
        idle: args.transfer.idle(limits::IDLE_TIMEOUT),
    };
    let control = Arc::new(Control::default());
    let inner = control.clone();
    let sent = watch(&mut signals, control, quiet, move || send(&source, socket, &options, &inner)).await?;
    let sent = sent.map_err(|failed| sending_failed(&failed))?;
    print(&sent, sent.record(), args.transfer.json)?;
    complete_or(sent.is_complete(), Exit::Incomplete)
}

async fn over_udp(args: SendArgs, quiet: bool) -> Outcome {
    let piece = args.datagram.map_or(limits::FILE_DATAGRAM_DEFAULT, |size| usize::try_from(size.0).unwrap_or(0));
    let piece = PieceSize::new(piece).ok_or_else(|| {
        Failure::usage(format_args!("--datagram {piece} does not fit: expected 1 to {PIECE_MAX} bytes"))
    })?;
    if args.rate == Some(Size(0)) {
        return Err(Failure::usage("--rate 0 would send nothing, expected at least 1 byte a second"));
    }
    let mut signals = Signals::catch()?;
    let source = open(&mut signals, args.file).await?;
    let connected = signals.or(connect::udp(&args.address, args.timeout.0)).await??;
    let peer = connected.peer;
    let socket = connected.endpoint.into_blocking();
    let socket = socket.map_err(|error| Failure::new(Exit::Network, format_args!("cannot use the socket: {error}")))?;
    if !quiet {
        output::message(format_args!("sending {} to udp://{peer}", source.name()));
    }
    let options = UdpSendOptions {
        piece,
        rate: args.rate.map(|size| size.0),
        numbered: args.transfer.numbered,
        hash: args.transfer.hash(),
    };
    let control = Arc::new(Control::default());
    let inner = control.clone();
    let sent = watch(&mut signals, control, quiet, move || udp_send(source, &socket, &options, &inner)).await?;
    let sent = sent.map_err(|failed| sending_failed(&failed))?;
    print(&sent, sent.record(), args.transfer.json)?;
    let unknown = sent.numbered.as_ref().is_some_and(|outcome| outcome.report.is_none());
    complete_or(sent.is_complete(), if unknown { Exit::TimedOut } else { Exit::Incomplete })
}

async fn open(signals: &mut Signals, file: PathBuf) -> Outcome<Source> {
    let opened = signals.or(on_thread(move || Source::open(&file))).await?;
    let opened = opened.map_err(|error| Failure::new(Exit::Failure, error))?;
    opened.map_err(|error| refused(&error))
}

fn print(result: &impl Lines, record: Record, json: bool) -> Outcome {
    if json {
        return output::json(&record);
    }
    result.lines().into_iter().try_for_each(output::line)
}

/// Nothing more to say when something is missing: the result has said it.
fn complete_or(complete: bool, exit: Exit) -> Outcome {
    if complete { Ok(()) } else { Err(Failure::new(exit, "")) }
}
