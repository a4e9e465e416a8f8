//! Where chat listens.

use super::value::RequireAccount;
use super::{ChatFlags, Registration};
use crate::exit::{Failure, Outcome};
use crate::settings::Layered as _;
use clap::Args;
use helio_client::link::WEB_PORT;
use helio_net::address::{Address, Host, Scheme};
use helio_server::service::chat::{Door, Speech};

/// Where chat listens, as flags and variables.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ListenFlags {
    /// Where chat listens for IRC without encryption [default: 127.0.0.1:6667]
    #[arg(long = "chat-listen", value_name = "ADDR", env = "HELIO_CHAT_LISTEN", value_delimiter = ',')]
    listen: Option<Vec<Address>>,

    /// Where chat listens for IRC over TLS [default: 127.0.0.1:6697]
    #[arg(long = "chat-tls-listen", value_name = "ADDR", env = "HELIO_CHAT_TLS_LISTEN", value_delimiter = ',')]
    tls_listen: Option<Vec<Address>>,

    /// Where chat listens for WebSocket, from web pages [default: 127.0.0.1:8080]
    #[arg(long = "web-listen", value_name = "ADDR", env = "HELIO_WEB_LISTEN", value_delimiter = ',')]
    web_listen: Option<Vec<Address>>,

    /// Where chat listens for WebSocket over TLS [default: 127.0.0.1:8443]
    #[arg(long = "web-tls-listen", value_name = "ADDR", env = "HELIO_WEB_TLS_LISTEN", value_delimiter = ',')]
    web_tls_listen: Option<Vec<Address>>,

    /// Where chat listens for plain lines of text [default: 127.0.0.1:65433]
    #[arg(long = "line-listen", value_name = "ADDR", env = "HELIO_LINE_LISTEN", value_delimiter = ',')]
    line_listen: Option<Vec<Address>>,
}

impl From<ListenFlags> for ChatFlags {
    fn from(flags: ListenFlags) -> Self {
        let ListenFlags { listen, tls_listen, web_listen, web_tls_listen, line_listen } = flags;
        Self { listen, tls_listen, web_listen, web_tls_listen, line_listen, ..Self::default() }
    }
}

impl ChatFlags {
    /// As `--public` has it: encrypted listeners on every address, and only people with an account come in by them, who are
    /// invited. What is set stays as it is.
    pub(in crate::cmd::serve) fn public(self) -> Self {
        let everywhere = |port| Some(vec![Address { scheme: None, host: Host::Any, port }]);
        let public = Self {
            tls_listen: everywhere(6697),
            web_tls_listen: everywhere(WEB_PORT),
            registration: Some(Registration::Invited),
            require_account: Some(RequireAccount::elsewhere()),
            ..Self::default()
        };
        self.over(public)
    }

    /// Where to listen, with the scheme of each address.
    pub(in crate::cmd::serve) fn addresses(&self) -> Vec<Address> {
        self.wanted_doors().into_iter().map(|door| door.address).collect()
    }

    /// Where pages are served over TLS, as far as the settings say.
    pub(crate) fn web_tls(&self) -> Vec<Address> {
        let doors = self.wanted_doors().into_iter();
        let is_web_tls = |door: &Door| door.speech == Speech::Web && door.address.scheme == Some(Scheme::Tls);
        doors.filter(is_web_tls).map(|door| door.address).collect()
    }

    /// The same as it is shown.
    pub(in crate::cmd::serve) fn shown(&self) -> Vec<String> {
        self.wanted_doors().iter().map(|door| shown(door.speech, &door.address)).collect()
    }

    /// Whether the service goes on without this address when another program has it.
    pub(in crate::cmd::serve) fn can_do_without(&self, address: &Address) -> bool {
        self.wanted_doors().iter().any(|door| door.is_optional && door.address == *address)
    }

    pub(super) fn wanted_doors(&self) -> Vec<Door> {
        let all = [
            (&self.listen, 6667, Scheme::Tcp, Speech::Irc),
            (&self.tls_listen, 6697, Scheme::Tls, Speech::Irc),
            (&self.web_listen, 8080, Scheme::Tcp, Speech::Web),
            (&self.web_tls_listen, WEB_PORT, Scheme::Tls, Speech::Web),
            (&self.line_listen, 65433, Scheme::Tcp, Speech::Line),
        ];
        let doors = all.into_iter().flat_map(|(given, port, scheme, speech)| {
            // Many programs have 8080 or 8443 by default, and who did not ask for WebSocket can do without.
            let is_optional = given.is_none() && speech == Speech::Web;
            let given = given.clone().unwrap_or_else(|| vec![Address::loopback(port)]);
            given.into_iter().map(move |address| Door {
                speech,
                address: Address { scheme: address.scheme.or(Some(scheme)), ..address },
                is_optional,
            })
        });
        doors.collect()
    }

    /// The doors, after a look at whether they are as safe as they must be.
    pub(super) fn doors(&self) -> Outcome<Vec<Door>> {
        let doors = self.wanted_doors();
        for Door { speech, address, .. } in &doors {
            match address.scheme {
                Some(Scheme::Tls) if *speech != Speech::Line => {}
                Some(scheme @ (Scheme::Udp | Scheme::Tls)) => {
                    let what = match speech {
                        Speech::Irc => "chat",
                        Speech::Web => "WebSocket",
                        Speech::Line => "the line listener",
                    };
                    return Err(Failure::usage(format_args!("[chat] {address}: {what} is not spoken over {scheme}")));
                }
                Some(Scheme::Tcp) | None if is_loopback(&address.host) || self.allow_plain == Some(true) => {}
                Some(Scheme::Tcp) | None => {
                    return Err(Failure::usage(format_args!(
                        "[chat] {address} is reachable from other machines and not encrypted, so passwords and \
                         messages can be read on the way; use tls-listen, or set allow-plain = true"
                    )));
                }
            }
        }
        Ok(doors)
    }
}

/// An address as it is shown: what is not plain IRC has a scheme of its own.
pub(in crate::cmd::serve) fn shown(speech: Speech, address: &Address) -> String {
    let text = address.to_string();
    match (speech, text.strip_prefix("tcp://")) {
        (Speech::Web, Some(rest)) => format!("ws://{rest}"),
        (Speech::Line, Some(rest)) => format!("lines://{rest}"),
        (Speech::Web, None) => text.replacen("tls://", "wss://", 1),
        (Speech::Irc | Speech::Line, _) => text,
    }
}

pub(in crate::cmd::serve) fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Any => false,
        Host::Ip(ip) => ip.is_loopback(),
        Host::Name(name) => name == "localhost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use helio_core::chat::AccountRegistration;
    use std::net::IpAddr;

    fn read(text: &str) -> ChatFlags {
        toml::from_str(text).unwrap()
    }

    /// Whether somebody at `address` must have an account.
    fn is_asked(flags: &ChatFlags, address: &str) -> bool {
        let (settings, address) = (flags.gather(false).unwrap().chat, address.parse::<IpAddr>().unwrap());
        settings.require_account.iter().any(|net| net.contains(&address))
    }

    #[test]
    fn public_opens_what_is_encrypted_to_those_with_an_account() {
        let public = ChatFlags::default().public();
        let shown =
            ["tcp://127.0.0.1:6667", "tls://*:6697", "ws://127.0.0.1:8080", "wss://*:8443", "lines://127.0.0.1:65433"];
        assert_eq!(public.shown(), shown);
        assert_eq!(public.gather(false).unwrap().chat.registration, AccountRegistration::Invited);
        for address in ["192.0.2.1", "10.0.0.1", "126.255.255.255", "128.0.0.0", "2001:db8::1", "::2", "fe80::1"] {
            assert!(is_asked(&public, address), "{address}");
        }
        for address in ["127.0.0.1", "127.255.255.255", "::1"] {
            assert!(!is_asked(&public, address), "{address}");
        }
    }

    #[test]
    fn the_configuration_stands_over_public() {
        let settings = "web-tls-listen = ['10.0.0.1:443']\nregistration = 'open'\nrequire-account = false\n";
        let public = read(settings).public();
        assert!(public.shown().contains(&"wss://10.0.0.1:443".to_owned()), "{:?}", public.shown());
        assert!(public.shown().contains(&"tls://*:6697".to_owned()));
        assert_eq!(public.gather(false).unwrap().chat.registration, AccountRegistration::Open);
        assert!(!is_asked(&public, "192.0.2.1"));
        let elsewhere = read("require-account = 'elsewhere'");
        assert!(is_asked(&elsewhere, "192.0.2.1") && !is_asked(&elsewhere, "127.0.0.1"));
    }
}
