//! `helio chat`: talk with others on an IRC server, ours or another.

mod screen;
mod show;
mod source;
mod value;
mod way;

use crate::args::Global;
use crate::config;
use crate::exit::{Exit, Failure, Outcome};
use crate::password;
use crate::run;
use crate::settings::{Layered as _, layered};
use crate::signals::Signals;
use crate::value::{RoomArg, Span};
use clap::Args;
use helio_client::chat::{ChatOptions, Ended, Framing};
use helio_client::known::KnownServers;
use helio_client::random::random_u64;
use helio_core::chat::Password;
use helio_core::chat::client::{End, Settings};
use helio_core::irc::name::RoomName;
use helio_core::limits;
use helio_net::address::{Host, Scheme};
use helio_net::clock::Clock;
use helio_net::tls::ClientTls;
use serde::Deserialize;
use show::Show;
use std::path::PathBuf;
use value::{NickArg, NotifyArg, Pin, Server};
use way::{Failed, Guide};

/// Talk with others
///
/// On a terminal it is a whole screen: rooms, people, messages, and /help or F1 for its keys. Otherwise, or with --plain,
/// lines that are typed or piped are said in the room; what others say goes to stdout, everything else to stderr. A lost
/// connection is opened again by itself; lines typed meanwhile wait. At the end of input it waits until the server has
/// acknowledged every line, and leaves. What helio serve acknowledges is on its disk. It speaks IRC, so other servers
/// will do.
///
/// Commands of lines: /me TEXT, /msg NICK TEXT, /notice WHO TEXT, /nick NEW, /join #ROOM [KEY], /part [#ROOM] [REASON],
/// /quit [REASON], /help. A line that starts with a slash is said with // in front.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  helio chat                                          talk on this machine's server, in #lobby
  helio chat tls://chat.example.org --room ops --room tea
  helio chat 'https://chat.example.org:8443/i/vkq3wz…#3fa9…'     by an invitation
  helio chat chat.example.org                         and again, with the account that it made
  echo 'backup done' | helio chat --room ops          exit 0: the server has it
  helio chat --no-input --json --room ops             what is said, for a program

Exit codes: 0 all lines acknowledged, 2 a line is no command, 3 name or file not found, 4 refused
(connection, password, nickname, room, a line), 5 connection failed or it is not known whether a
line arrived, 124 not acknowledged in time, 130 Ctrl-C")]
pub(crate) struct ChatArgs {
    #[command(flatten)]
    flags: ChatClientFlags,

    /// Lines in, lines out, on a terminal too
    #[arg(long)]
    plain: bool,

    /// Read no input; listen until Ctrl-C
    #[arg(long)]
    no_input: bool,

    /// Print one JSON object for each event, own messages with their fate included
    #[arg(long)]
    json: bool,

    /// Where certificates and accounts of servers are kept, for oneself alone [default: $XDG_DATA_HOME/helio]
    #[arg(long, value_name = "DIR", env = "HELIO_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

/// What stays the same from call to call; table `[chat-client]` of the settings file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ChatClientFlags {
    /// The server: host, host:port, tcp://host:port or tls://host:port; ports are 6667, with TLS 6697. Or the link of an
    /// invitation, and later the host in it [default: 127.0.0.1]
    #[arg(value_name = "ADDR", env = "HELIO_CHAT_ADDRESS")]
    address: Option<Server>,

    /// A room to be in, # may be left out; several times for several, lines go to the first [default: lobby]
    #[arg(short, long, value_name = "ROOM", env = "HELIO_ROOM", value_delimiter = ',')]
    room: Option<Vec<RoomArg>>,

    /// The nickname; when it is in use, similar ones are tried [default: the user's login name]
    #[arg(short, long, value_name = "NICK", env = "HELIO_NICK")]
    nick: Option<NickArg>,

    /// The fingerprint (SHA-256) of the server's certificate; for tls:// addresses and servers that are known, any other is
    /// refused [default: the one that is known, or the machine's authorities must vouch for the server, or it is asked for]
    #[arg(long, value_name = "HEX", env = "HELIO_CHAT_FINGERPRINT")]
    fingerprint: Option<Pin>,

    /// A file whose first line is the server's password, where it has one; over tcp:// everybody on the way reads it
    /// [default: none is given]
    #[arg(long, value_name = "FILE", env = "HELIO_CHAT_PASSWORD_FILE")]
    password_file: Option<PathBuf>,

    /// Time after the end of input in which every line must be acknowledged [default: 1m]
    #[arg(long, value_name = "TIME", env = "HELIO_CHAT_TIMEOUT")]
    timeout: Option<Span>,

    /// On the screen, let the mouse scroll and choose; selecting text then needs Shift in most terminals [default: false]
    #[arg(long, env = "HELIO_CHAT_MOUSE", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    mouse: Option<bool>,

    /// On the screen, what a mention does: none, bell, or a desktop notice by osc9 or osc777, which tells those who see
    /// the desktop who wrote what [default: bell]
    #[arg(long, value_name = "HOW", env = "HELIO_CHAT_NOTIFY")]
    notify: Option<NotifyArg>,
}

layered!(ChatClientFlags { address, room, nick, fingerprint, password_file, timeout, mouse, notify });

pub(crate) fn run(args: ChatArgs, global: &Global) -> Outcome {
    let flags = args.flags.over(config::load(global)?.chat_client);
    let known = args.data_dir.or_else(config::data_dir).map(|data| KnownServers::new(&data));
    if screen::is_wanted(args.plain || args.json || args.no_input) {
        return screen::run(flags, known);
    }
    let seed = random_u64().map_err(|error| Failure::new(Exit::Unavailable, error))?;
    let runtime = run::small_runtime()?;
    let options = runtime.block_on(flags.options(known))?;
    let mut show = Show::new(args.json, global.quiet, options.settings.rooms.len() > 1);
    let ended = runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let (lines, _open) = if args.no_input { source::none() } else { source::stdin() };
        let tell = |event| show.event(&event).map_err(Failed);
        let ended = helio_client::chat::run(options, seed, Clock::start(), lines, signals.received(), tell).await;
        ended.map_err(|Failed(failure)| failure)
    })?;
    outcome(ended, show.worst())
}

impl ChatClientFlags {
    async fn options(self, known: Option<KnownServers>) -> Outcome<ChatOptions> {
        let server = self.address.unwrap_or_default();
        let pin = self.fingerprint.map(|pin| pin.0);
        let nick = self.nick.map(|nick| nick.0);
        if let Server::Address { address, .. } = &server
            && (address.scheme == Some(Scheme::Udp) || address.host == Host::Any)
        {
            return Err(Failure::usage(format_args!("{address} is no chat server, expected host, tcp:// or tls://")));
        }
        let mut rooms: Vec<RoomName> = self.room.into_iter().flatten().map(|room| room.0).collect();
        let password = self.password_file.as_deref().map(password::read_file).transpose()?;
        let way = Guide { known, pin, nick: nick.clone() }.find(&server).await?;
        if pin.is_some() && way.address.scheme != Some(Scheme::Tls) {
            return Err(Failure::usage(format_args!("--fingerprint is for tls:// addresses, not for {}", way.address)));
        }
        let invited = way.room.as_deref().and_then(|room| RoomName::parse(room).ok());
        match invited {
            Some(room) if rooms.is_empty() => rooms.push(room),
            Some(room) if way.is_invited && !rooms.contains(&room) => rooms.insert(0, room),
            Some(_) | None => {}
        }
        if rooms.is_empty() {
            rooms.extend(RoomName::parse("#lobby"));
        }
        if rooms.len() > limits::CHAT_CLIENT_ROOMS {
            let (got, limit) = (rooms.len(), limits::CHAT_CLIENT_ROOMS);
            return Err(Failure::usage(format_args!("--room: {got} rooms, limit is {limit}")));
        }
        let account = way.account.as_ref();
        let nick = nick.or_else(|| account.map(|account| account.name.clone())).unwrap_or_else(value::login_nick);
        // Servers of ours take it as a log-in (spec/accounts.md, "Logging in").
        let log_in = account.map(|account| format!("{}:{}", account.name, account.password));
        let password = password.or(log_in).map(Password);
        let is_encrypted = way.framing == Framing::WebSocket || way.address.scheme == Some(Scheme::Tls);
        Ok(ChatOptions {
            address: way.address,
            tls: ClientTls::new(way.trust),
            settings: Settings { password, is_encrypted, ..Settings::new(&nick, rooms) },
            timeout: self.timeout.map_or(limits::CHAT_CLIENT_TIMEOUT, |span| span.0),
            framing: way.framing,
        })
    }
}

/// What the command returns: how it ended, or the worst that happened to a line.
fn outcome(ended: Ended, worst: Option<Exit>) -> Outcome {
    match ended.end {
        End::Quit if ended.stopped => Err(Failure::interrupted()),
        End::Quit if ended.timed_out => Err(Failure::new(Exit::TimedOut, "not every line was acknowledged in time")),
        End::Quit => worst.map_or(Ok(()), |exit| Err(Failure::new(exit, ""))),
        End::NickRefused { nick, reason } => {
            let told =
                format_args!("the server refuses the nickname {nick}: {}; choose one with --nick", show::safe(&reason));
            Err(Failure::new(Exit::Refused, told))
        }
        End::PasswordRefused { was_given: true, reason } => {
            Err(Failure::new(Exit::Refused, format_args!("the server refuses the password: {}", show::safe(&reason))))
        }
        End::PasswordRefused { was_given: false, reason } => {
            let told =
                format_args!("the server wants a password: {}; give it with --password-file", show::safe(&reason));
            Err(Failure::new(Exit::Refused, told))
        }
        End::LoginRefused { account, reason } => {
            let account = if account.is_empty() { "the certificate" } else { &account };
            let told = format_args!("the server does not log in {}: {}", show::safe(account), show::safe(&reason));
            Err(Failure::new(Exit::Refused, told))
        }
        End::NotRegistered { reason, .. } => {
            Err(Failure::new(Exit::Refused, format_args!("no account was made: {}", show::safe(&reason))))
        }
        End::Rejected { reason } => {
            Err(Failure::new(Exit::Refused, format_args!("the server refuses the connection: {}", show::safe(&reason))))
        }
        End::NoRoom { room, reason } => {
            let told = format_args!("cannot join {}: {}", show::safe(&room), show::safe(&reason));
            Err(Failure::new(Exit::Refused, told))
        }
        End::Lost { reason } => {
            Err(Failure::new(Exit::Network, format_args!("connection lost: {}", show::safe(&reason))))
        }
        End::NoWelcome => Err(Failure::new(Exit::TimedOut, "the server does not answer; is it an IRC server?")),
    }
}
