//! `helio echo`: answer what TCP and UDP programs send.

use crate::args::Global;
use crate::config;
use crate::exit::Outcome;
use crate::run::{self, Bound, SessionFlags, Show, distinct};
use crate::settings::{Layered, layered};
use crate::value::Net;
use clap::Args;
use helio_core::echo::{DEFAULT_PREFIX, EchoOptions, UdpEchoOptions};
use helio_core::limits;
use helio_net::address::Address;
use helio_server::service::echo::{self, EchoSettings};
use serde::Deserialize;
use tokio::sync::watch;

/// Answer what TCP and UDP programs send
///
/// Each read is answered by `ACK: ` and the same bytes. A client that measures (`helio compare`) gets its bytes back
/// without anything added. Runs until Ctrl-C.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio echo                                  the workshop's server, for many clients at once
  helio echo --listen '*:65432'               reachable from other machines
  helio echo --listen tcp://[::1]:7000        TCP only, IPv6 only
  helio echo --prefix '' --quiet              a pure echo (RFC 862)")]
pub(crate) struct EchoArgs {
    #[command(flatten)]
    flags: EchoFlags,

    #[command(flatten)]
    session: SessionFlags,

    /// Print events as JSON lines
    #[arg(long)]
    json: bool,
}

/// The echo service's settings; table `[echo]` of the settings file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct EchoFlags {
    /// Listen here, on TCP and UDP unless tcp:// or udp:// is put before it; may be repeated [default: 127.0.0.1:65432]
    #[arg(long, value_name = "ADDR", env = "HELIO_ECHO_LISTEN", value_delimiter = ',')]
    pub(crate) listen: Option<Vec<Address>>,

    /// Put TEXT before the echoed bytes; empty for a pure echo [default: "ACK: "]
    #[arg(long, value_name = "TEXT", env = "HELIO_ECHO_PREFIX")]
    prefix: Option<String>,

    /// Close each TCP connection after its first answer, as the workshop's one-shot server does
    #[arg(
        long, value_name = "BOOL", env = "HELIO_ECHO_CLOSE_AFTER_REPLY",
        num_args = 0..=1, default_missing_value = "true", require_equals = true
    )]
    close_after_reply: Option<bool>,

    /// Networks whose UDP datagrams get the prefix; elsewhere an answer is never longer than its request
    #[arg(long, value_name = "NET", env = "HELIO_ECHO_ALLOW", value_delimiter = ',')]
    allow: Option<Vec<Net>>,

    /// UDP answers a second for one source outside loopback [default: 100]
    #[arg(long, value_name = "N", env = "HELIO_ECHO_UDP_RATE")]
    udp_rate: Option<u32>,
}

layered!(EchoFlags { listen, prefix, close_after_reply, allow, udp_rate });

impl EchoFlags {
    /// Only where to listen, for a command that runs several services.
    pub(crate) fn at(listen: Option<Vec<Address>>) -> Self {
        Self { listen, ..Self::default() }
    }

    pub(crate) fn listen(&self) -> Vec<Address> {
        self.listen.clone().unwrap_or_else(|| vec![Address::loopback(65432)])
    }

    pub(crate) fn settings(&self) -> EchoSettings {
        let prefix = self.prefix.as_ref().map_or(DEFAULT_PREFIX, |text| text.as_bytes());
        EchoSettings {
            streams: EchoOptions { prefix: prefix.into(), close_after_reply: self.close_after_reply.unwrap_or(false) },
            datagrams: UdpEchoOptions {
                prefix: prefix.to_vec(),
                allowed: self.allow.iter().flatten().map(|net| net.0).collect(),
                answers_per_second: self.udp_rate.unwrap_or(limits::UDP_ANSWERS_PER_SECOND),
            },
        }
    }
}

pub(crate) fn run(args: EchoArgs, global: &Global) -> Outcome {
    let file = config::load(global)?;
    let session = args.session.over(file.limits);
    let flags = args.flags.over(file.echo);
    distinct(&[("echo", flags.listen())])?;
    run::runtime()?.block_on(async {
        let bound = Bound::bind(&flags.listen(), &session.permits()).await?;
        let (context, console) = run::context(Show::of(global.quiet, args.json), session.timeouts())?;
        let context = context.of("echo");
        console.listening(&context, bound.addresses())?;
        let (_keep, settings) = watch::channel(flags.settings());
        echo::serve(&context, bound.listeners, bound.endpoints, &settings);
        console.until_stopped(context, async || ()).await
    })
}
