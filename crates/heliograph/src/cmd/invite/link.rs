//! Where an invitation leads: the address and the fingerprint in its link.

use crate::args::Global;
use crate::cmd::control::{Place, Server, unexpected};
use crate::cmd::serve::{PublicAddress, settings_for};
use crate::exit::Outcome;
use helio_client::link::{InviteLink, WEB_PORT};
use helio_core::chat::{ControlAnswer, ControlRequest};
use helio_net::address::{Address, Host};
use helio_net::fingerprint::Fingerprint;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// What is known of the server before a link is made.
pub(super) struct Reach {
    /// None: no page is served over TLS.
    address: Option<Address>,
    fingerprint: Option<Fingerprint>,
    /// What whoever makes the invitation should know.
    pub(super) advice: Option<String>,
}

impl Reach {
    /// Asks the server, or its settings when it does not run. `given` stands over both.
    pub(super) fn find(
        server: &mut Server,
        place: &Place,
        global: &Global,
        given: Option<&PublicAddress>,
    ) -> Outcome<Self> {
        let answer = server.ask(ControlRequest::Listening)?;
        let ControlAnswer::Listening { public_address, web_tls, fingerprint, is_ca_issued } = answer else {
            return Err(unexpected());
        };
        let known = if server.is_running() {
            let listen = web_tls.iter().filter_map(|at| at.parse().ok()).collect();
            Some(Known { public_address, listen, fingerprint: fingerprint.filter(|_| !is_ca_issued) })
        } else {
            Known::of_stopped(place, global, public_address)?
        };
        let Some(known) = known else {
            let advice = "there is no link, since the server has no certificate that can be used: see helio doctor";
            return Ok(Self { address: None, fingerprint: None, advice: Some(advice.to_owned()) });
        };
        let public = given.map(|given| given.0.clone()).or(known.public_address);
        let (address, advice) = choose(public.as_deref(), &known.listen);
        Ok(Self { address, fingerprint: known.fingerprint, advice })
    }

    pub(super) fn link(&self, token: &str) -> Option<InviteLink> {
        let address = self.address.clone()?;
        Some(InviteLink { address, token: token.to_owned(), fingerprint: self.fingerprint })
    }
}

struct Known {
    public_address: Option<String>,
    /// Where pages are served over TLS.
    listen: Vec<Address>,
    /// None for a certificate of an authority, which is another one soon: links must outlive it.
    fingerprint: Option<Fingerprint>,
}

impl Known {
    /// What the settings say of a server that will run.
    fn of_stopped(place: &Place, global: &Global, public_address: Option<String>) -> Outcome<Option<Self>> {
        let (data, _) = place.find(global)?;
        let settings = settings_for(Some(data.clone()), global)?;
        // Before its first start a server has none.
        let Ok(identity) = settings.chat.identity(&data)?.load() else { return Ok(None) };
        let fingerprint = (!identity.is_ca_issued()).then(|| identity.fingerprint());
        Ok(Some(Self { public_address, listen: settings.chat.web_tls(), fingerprint }))
    }
}

/// The address for links, and what to say about it.
fn choose(public: Option<&str>, listen: &[Address]) -> (Option<Address>, Option<String>) {
    let first = listen.iter().find(|at| at.port != 0);
    let port = first.map_or(WEB_PORT, |at| at.port);
    if let Some(public) = public {
        let parsed = public.parse().or_else(|_| format!("{public}:{port}").parse());
        return (parsed.ok(), None);
    }
    let Some(first) = first else {
        let advice = "there is no link, since no page is served over TLS: see web-tls-listen, or name an --address";
        return (None, Some(advice.to_owned()));
    };
    let ip = |host: &Host| if let Host::Ip(ip) = host { Some(*ip) } else { None };
    let is_everywhere = first.host == Host::Any || ip(&first.host).is_some_and(|ip| ip.is_unspecified());
    if is_everywhere {
        let own = own_address().map(|own| Address::new(own, port));
        let shown = own.as_ref().map_or_else(|| "no address".to_owned(), |own| own.host.to_string());
        let advice = format!(
            "the link has {shown}, by which this machine reaches others; if that is not where others \
                              reach it, set public-address of [chat], or name an --address"
        );
        return (own, Some(advice));
    }
    let is_local =
        ip(&first.host).is_some_and(|ip| ip.is_loopback()) || first.host == Host::Name("localhost".to_owned());
    let advice = "the link works on this machine alone; helio serve --public lets people from others in";
    (Some(Address { scheme: None, ..first.clone() }), is_local.then(|| advice.to_owned()))
}

/// The address that this machine has towards others. Nothing is sent: it is what the routing table says of an address for
/// documentation (RFC 5737).
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(public: Option<&str>, listen: &[&str]) -> Option<String> {
        let listen: Vec<Address> = listen.iter().map(|at| at.parse().unwrap()).collect();
        choose(public, &listen).0.map(|address| address.to_string())
    }

    #[test]
    fn what_was_said_stands_over_what_is_listened_on() {
        assert_eq!(chosen(Some("chat.example.org"), &["0.0.0.0:8444"]).as_deref(), Some("chat.example.org:8444"));
        assert_eq!(chosen(Some("chat.example.org:443"), &["0.0.0.0:8444"]).as_deref(), Some("chat.example.org:443"));
        assert_eq!(chosen(Some("2001:db8::1"), &[]).as_deref(), None, "brackets are needed");
        assert_eq!(chosen(Some("[2001:db8::1]"), &[]).as_deref(), Some("[2001:db8::1]:8443"));
        assert_eq!(chosen(None, &["127.0.0.1:0", "10.0.0.1:8443"]).as_deref(), Some("10.0.0.1:8443"));
        assert_eq!(chosen(None, &[]), None);
    }

    #[test]
    fn a_link_for_this_machine_alone_is_told() {
        let advice = |at: &str| choose(None, &[at.parse().unwrap()]).1;
        assert!(advice("127.0.0.1:8443").unwrap().contains("works on this machine alone"));
        assert_eq!(advice("10.0.0.1:8443"), None);
    }
}
