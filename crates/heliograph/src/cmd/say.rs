//! `helio say`: send messages, show their answers and how long everything took.

mod show;
mod source;

use crate::args::Global;
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use crate::signals::Signals;
use crate::value::Span;
use clap::Args;
use helio_client::say::{Conversation, Said, SayError, SayOptions};
use helio_core::answer::Until;
use helio_core::limits;
use helio_net::address::{Address, Scheme};
use helio_net::clock::Clock;
use helio_net::fingerprint::Fingerprint;
use helio_net::tls::{ClientTls, Trust};
use show::Show;
use source::Source;
use std::time::Duration;

/// Send a message and time its answer
///
/// One message from the command line, or each line typed or piped, without its newline; over TCP without --newline an
/// empty line is no message and is skipped. The answer goes to stdout,
/// its times to stderr. An answer is complete when the peer closes, after --expect bytes, or after a short silence,
/// which is not counted in its time; over UDP it is one datagram.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio say 127.0.0.1:65432 'Hello, TCP!'          what the workshop's client does, timed
  helio say --udp 127.0.0.1:65432 'Hello, UDP!'
  helio say 127.0.0.1:65432 --count 100 ping       a summary at the end
  helio say 127.0.0.1:65432                        type lines, Ctrl-D ends

Exit codes: 0 answered, 3 name not found, 4 refused, 5 connection broken, 6 answer incomplete,
124 message not taken or no answer in time, 130 Ctrl-C")]
pub(crate) struct SayArgs {
    /// Whom to ask: host:port, tcp://host:port, tls://host:port or udp://host:port
    #[arg(value_name = "ADDR")]
    address: Address,

    /// The message; several words are joined by spaces
    #[arg(value_name = "MESSAGE")]
    message: Vec<String>,

    /// The fingerprint (SHA-256) of the server's certificate; for tls:// addresses, any other is refused [default: the
    /// machine's authorities must vouch for the server]
    #[arg(long, value_name = "HEX")]
    fingerprint: Option<Fingerprint>,

    /// Send datagrams
    #[arg(long)]
    udp: bool,

    /// Put a newline behind each message, for services that read lines
    #[arg(short, long)]
    newline: bool,

    /// The answer is complete after N bytes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    expect: Option<u64>,

    /// The answer is complete after this silence [default: 50ms]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["expect", "udp"])]
    quiet_time: Option<Span>,

    /// Send the message N times
    #[arg(long, value_name = "N", default_value_t = 1, requires = "message", value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,

    /// Wait between two messages [default: none]
    #[arg(long, value_name = "TIME")]
    interval: Option<Span>,

    /// Give up when the message is not sent and no answer begun after this long [default: 5s]
    #[arg(long, value_name = "TIME", env = "HELIO_SAY_TIMEOUT")]
    timeout: Option<Span>,

    /// Show answers as hex dumps
    #[arg(long)]
    hex: bool,

    /// Print one JSON object for each exchange and one for the summary
    #[arg(long, conflicts_with = "hex")]
    json: bool,
}

pub(crate) fn run(args: SayArgs, global: &Global) -> Outcome {
    let show = Show::new(args.hex, args.json, global.quiet);
    crate::run::small_runtime()?.block_on(async {
        let mut signals = Signals::catch()?;
        let mut talk = Talk::new(args, show)?;
        let end = signals.or(talk.go()).await.flatten();
        talk.conversation.close().await;
        talk.show.summary(talk.conversation.tcp_facts())?;
        end
    })
}

/// The messages, the conversation and how it is shown.
struct Talk {
    source: Source,
    conversation: Conversation,
    show: Show,
    newline: bool,
    interval: Duration,
    /// Over UDP a lost answer is no reason to stop.
    goes_on: bool,
    empty_lines: EmptyLines,
}

/// What becomes of an empty line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EmptyLines {
    /// It is a message: an empty datagram, or a newline.
    Sent,
    /// On a stream it is nothing, and nobody answers nothing. That is told with the first one.
    Skipped { told: bool },
}

impl Talk {
    fn new(args: SayArgs, show: Show) -> Outcome<Self> {
        let udp = args.udp || args.address.scheme == Some(Scheme::Udp);
        if args.udp && !args.address.admits(Scheme::Udp) {
            return Err(Failure::usage(format_args!("--udp does not fit the address {}", args.address)));
        }
        if args.fingerprint.is_some() && (args.udp || args.address.scheme != Some(Scheme::Tls)) {
            return Err(Failure::usage(format_args!(
                "--fingerprint is for tls:// addresses, not for {}",
                args.address
            )));
        }
        let tls = ClientTls::new(args.fingerprint.map_or(Trust::System, Trust::Pinned));
        let until = match (args.expect, udp) {
            (Some(bytes), _) => Until::Bytes(bytes),
            (None, true) => Until::Datagram,
            (None, false) => Until::Quiet(args.quiet_time.map_or(limits::ANSWER_QUIET, |span| span.0)),
        };
        let timeout = args.timeout.map_or(limits::ANSWER_TIMEOUT, |span| span.0);
        let source = if args.message.is_empty() {
            Source::lines()
        } else {
            Source::repeated(args.message.join(" ").into_bytes(), args.count)
        };
        let options = SayOptions { address: args.address, tls, udp, until, timeout };
        let is_something = udp || args.newline || !args.message.is_empty();
        Ok(Self {
            source,
            conversation: Conversation::new(options, Clock::start()),
            show,
            newline: args.newline,
            interval: args.interval.map_or(Duration::ZERO, |span| span.0),
            goes_on: udp,
            empty_lines: if is_something { EmptyLines::Sent } else { EmptyLines::Skipped { told: false } },
        })
    }

    async fn go(&mut self) -> Outcome {
        let mut unanswered = None;
        let mut first = true;
        while let Some(message) = self.source.next().await {
            let message = message?;
            if message.is_empty() && self.skips_empty_line() {
                continue;
            }
            if !std::mem::take(&mut first) && !self.interval.is_zero() {
                tokio::time::sleep(self.interval).await;
            }
            if let Err(failure) = self.exchange(message).await {
                let fatal = failure.exit != Exit::TimedOut && !self.goes_on;
                if fatal && !self.source.is_typed() {
                    return Err(failure);
                }
                output::message(format_args!("helio: {}", failure.message));
                unanswered = Some(Failure::new(failure.exit, ""));
            }
        }
        unanswered.map_or(Ok(()), Err)
    }

    fn skips_empty_line(&mut self) -> bool {
        match &mut self.empty_lines {
            EmptyLines::Sent => false,
            EmptyLines::Skipped { told } => {
                if !std::mem::replace(told, true) {
                    output::message("helio: empty lines are skipped; --newline would send their newlines");
                }
                true
            }
        }
    }

    async fn exchange(&mut self, mut message: Vec<u8>) -> Outcome {
        if self.newline {
            message.push(b'\n');
        }
        let said = match self.conversation.say(&message).await {
            Ok(said) => said,
            Err(error) => {
                self.show.failed();
                return Err(error.into());
            }
        };
        self.show.said(&said)?;
        check(&said)
    }
}

/// An exchange without a whole answer is a failure with its own exit code.
fn check(said: &Said) -> Outcome {
    use helio_core::answer::Outcome as Ended;
    match said.outcome {
        Ended::Expected | Ended::Datagram | Ended::Quiet | Ended::EndOfStream => Ok(()),
        Ended::NoAnswer => Err(Failure::new(Exit::TimedOut, format_args!("no answer from {}", said.peer))),
        Ended::SendTimedOut => {
            let (peer, sent, all) = (said.peer, said.sent_bytes, said.message_bytes);
            let told = format_args!("only {sent} of {all} bytes to {peer} were taken within the time");
            Err(Failure::new(Exit::TimedOut, told))
        }
        Ended::ClosedWithoutAnswer => {
            Err(Failure::new(Exit::Incomplete, format_args!("{} closed without an answer", said.peer)))
        }
        Ended::Incomplete { expected, got } => {
            Err(Failure::new(Exit::Incomplete, format_args!("answer is {got} bytes, expected {expected}")))
        }
    }
}

impl From<SayError> for Failure {
    fn from(error: SayError) -> Self {
        match error {
            SayError::Connect(error) => error.into(),
            SayError::Refused { .. } => Self::new(Exit::Refused, error),
            SayError::TooLong { .. } => Self::usage(error),
            SayError::Broken { .. } => Self::new(Exit::Network, error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::answer::{Outcome as Ended, Times};

    #[test]
    fn a_message_that_was_not_sent_whole_is_a_failure_whatever_was_answered() {
        let failure = check(&Said {
            peer: ([127, 0, 0, 1], 65432).into(),
            message_bytes: 99,
            sent_bytes: 11,
            lookup: None,
            connect: None,
            tls: None,
            outcome: Ended::SendTimedOut,
            times: Times::default(),
            answer: b"ACK".to_vec(),
            received_bytes: 3,
            late_bytes: 0,
        })
        .unwrap_err();
        assert_eq!(failure.exit, Exit::TimedOut);
        assert_eq!(failure.message, "only 11 of 99 bytes to 127.0.0.1:65432 were taken within the time");
    }
}
