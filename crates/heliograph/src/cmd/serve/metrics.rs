//! Where metrics and health are to be had.

use crate::exit::{Failure, Outcome};
use crate::value::from_text;
use helio_net::address::{Address, Host, Scheme};
use helio_net::listen::{self, BindError, Listener};
use helio_server::event::EventKind;
use helio_server::ops;
use helio_server::service::Context;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Beyond loopback it would tell strangers how busy the server is, and let them keep it busy.
const PORT: u16 = 65437;

/// `metrics-listen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MetricsListen {
    /// Nowhere.
    Off,
    /// On loopback.
    At(Address),
}

impl FromStr for MetricsListen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let address: Address = text.parse().map_err(|error| format!("{error}, or off"))?;
        let is_loopback = match &address.host {
            Host::Any => false,
            Host::Ip(ip) => ip.is_loopback(),
            Host::Name(name) => name == "localhost",
        };
        if !is_loopback {
            return Err(format!(
                "{address} is reachable from other machines; metrics are told on loopback only, as on 127.0.0.1:{PORT}, \
                 or off"
            ));
        }
        match address.scheme {
            None | Some(Scheme::Tcp) => Ok(Self::At(Address { scheme: Some(Scheme::Tcp), ..address })),
            Some(scheme @ (Scheme::Tls | Scheme::Udp)) => Err(format!("{address}: metrics are not told over {scheme}")),
        }
    }
}

from_text!(MetricsListen, "a loopback address with its port, or \"off\"");

impl fmt::Display for MetricsListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => f.write_str(&shown(address)),
        }
    }
}

impl MetricsListen {
    /// The address; `None`: nowhere.
    pub(super) fn address(this: Option<&Self>) -> Option<Address> {
        match this {
            None => Some(Address { scheme: Some(Scheme::Tcp), ..Address::loopback(PORT) }),
            Some(Self::Off) => None,
            Some(Self::At(address)) => Some(address.clone()),
        }
    }
}

/// An address of metrics as a browser or `curl` takes it.
pub(super) fn shown(address: &Address) -> String {
    let text = address.to_string();
    format!("http://{}/metrics", text.strip_prefix("tcp://").unwrap_or(&text))
}

/// Answers at the address of `setting`, also while everything else starts; returns where that is. When nobody has asked for
/// the address, and another program has it, the server does without.
pub(super) async fn start(
    context: &Context,
    setting: Option<&MetricsListen>,
    store: Option<PathBuf>,
) -> Outcome<Vec<Address>> {
    let Some(address) = MetricsListen::address(setting) else { return Ok(Vec::new()) };
    let listeners = match listen::tcp(&address).await {
        Ok(listeners) => listeners,
        Err(error @ BindError::InUse { .. }) if setting.is_none() => {
            let message = format!("a default address is left out: {error}");
            context.events.tell(EventKind::Trouble { message });
            return Ok(Vec::new());
        }
        Err(error) => return Err(Failure::from(error)),
    };
    let bound =
        listeners.iter().filter_map(|listener: &Listener| Some(Address::bound(Scheme::Tcp, listener.local().ok()?)));
    let bound = bound.collect();
    ops::serve(context, listeners, store);
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_told_on_loopback_or_not_at_all() {
        let read = |text: &str| text.parse::<MetricsListen>().map(|listen| listen.to_string());
        assert_eq!(read("127.0.0.1:9100").as_deref(), Ok("http://127.0.0.1:9100/metrics"));
        assert_eq!(read("[::1]:9100").as_deref(), Ok("http://[::1]:9100/metrics"));
        assert_eq!(read("localhost:9100").as_deref(), Ok("http://localhost:9100/metrics"));
        assert_eq!(read("off").as_deref(), Ok("off"));
        for beyond in ["*:9100", "0.0.0.0:9100", "192.0.2.1:9100", "example.org:9100"] {
            assert!(read(beyond).unwrap_err().contains("is reachable from other machines"), "{beyond}");
        }
        assert_eq!(read("tls://127.0.0.1:1").unwrap_err(), "tls://127.0.0.1:1: metrics are not told over tls");
        assert!(read("on").is_err());
    }
}
