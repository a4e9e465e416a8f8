//! The web listener: IRC over WebSocket (IRCv3 WebSocket), where each message is one line without its end, and the page
//! that speaks it.
//!
//! A page of any site can open a WebSocket to this machine, so the site that it says it comes from (Origin, RFC 6455
//! §10.2) decides: programs, which name none, are admitted, and pages of this server's own and of configured origins.

mod door;

pub(super) use door::WebShared;

use super::connection::Gate;
use super::link::Link;
use super::page;
use super::pipe::Pipe;
use axum::Router;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use door::{WebDoor, WebPeer};
use helio_core::chat::{Face, Peer};
use helio_core::limits;
use helio_net::listen::Listener;
use std::net::IpAddr;
use std::sync::{Arc, RwLock};
use tokio_util::sync::CancellationToken;

/// The subprotocols, the one that we like best first.
const TEXT: &str = "text.ircv3.net";
const BINARY: &str = "binary.ircv3.net";

/// Web sites whose pages may connect, beside this server's own; shared by all listeners.
pub(super) type Origins = Arc<RwLock<Vec<String>>>;

/// Answers requests on `listener` until the door is closed or the program stops.
pub(super) async fn serve(gate: Gate, origins: Origins, listener: Listener, close: CancellationToken) {
    let stop = gate.service.stop.clone();
    let door = WebDoor::new(gate.clone(), listener);
    let app = Router::new().route("/", any(root)).route("/irc", any(answer)).merge(page::routes());
    let app = app.with_state((gate, origins));
    let app = app.into_make_service_with_connect_info::<WebPeer>();
    tokio::select! {
        _ = axum::serve(door, app) => {}
        () = close.cancelled() => {}
        () = stop.begun() => {}
    }
}

/// A request for `/`: the page for browsers, IRC for programs that know no other path.
async fn root(
    state: State<(Gate, Origins)>,
    peer: Result<ConnectInfo<WebPeer>, ExtensionRejection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if headers.contains_key(header::UPGRADE) {
        return answer(state, peer, headers, upgrade).await;
    }
    page::index(&headers)
}

/// A request for IRC.
async fn answer(
    State((gate, origins)): State<(Gate, Origins)>,
    peer: Result<ConnectInfo<WebPeer>, ExtensionRejection>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(ConnectInfo(peer)) = peer else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let Ok(upgrade) = upgrade else {
        let text = "IRC over WebSocket is spoken here: connect with an IRC client for the web.\n";
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], text).into_response();
    };
    let is_admitted = {
        let origins = origins.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        is_admitted(headers.get(header::ORIGIN), headers.get(header::HOST), peer.is_secure, &origins)
    };
    if !is_admitted {
        let text = "Pages of this origin may not connect; the setting origins of [chat] names those that may.\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    let upgrade = upgrade
        .protocols(preferred(&headers))
        .max_message_size(limits::CHAT_WEB_MESSAGE)
        .max_frame_size(limits::CHAT_WEB_MESSAGE)
        .read_buffer_size(limits::CHAT_WEB_BUFFER)
        .write_buffer_size(limits::CHAT_WEB_BUFFER);
    let is_binary = upgrade.selected_protocol().is_some_and(|protocol| protocol == BINARY);
    upgrade.on_upgrade(move |socket| {
        let shared = peer.upgraded();
        let stop = gate.service.stop.clone();
        let place = peer.place();
        let peer = Peer { address: peer.address, face: Face::Irc, is_secure: peer.is_secure, certificate: None };
        let pipe = Pipe::web(socket, is_binary, shared);
        stop.track(async move { gate.talk(peer, place, Link::handed(), pipe).await })
    })
}

/// The first of our subprotocols in the client's order of preference (IRCv3 websocket).
fn preferred(headers: &HeaderMap) -> Option<&'static str> {
    let lists = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|list| list.to_str().ok());
    let names = lists.flat_map(|list| list.split(',')).map(str::trim);
    let mut ours = names.filter_map(|name| [TEXT, BINARY].into_iter().find(|ours| *ours == name));
    ours.next()
}

/// Whether a page of `origin` may connect. A page of our own is one whose origin is the host that was asked for. Without TLS
/// that must be an address or `localhost`: a name that somebody else owns may lead here too (DNS rebinding). Over TLS a
/// browser has seen a certificate for that name, which the other's owner does not have.
fn is_admitted(origin: Option<&HeaderValue>, host: Option<&HeaderValue>, is_secure: bool, origins: &[String]) -> bool {
    let Some(origin) = origin else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let is_same = host.and_then(|host| host.to_str().ok()).is_some_and(|host| host.eq_ignore_ascii_case(authority));
    if is_secure {
        return is_same && scheme.eq_ignore_ascii_case("https");
    }
    let name = authority.rsplit_once(':').filter(|(_, port)| !port.contains(']')).map_or(authority, |(name, _)| name);
    let is_address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    is_same && (is_address || name.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_our_own_pages_are_admitted_and_foreign_pages_are_not() {
        let known = ["https://chat.example.org".to_owned()];
        let asks = |origin: &str, host: &str| {
            let header = |text: &str| HeaderValue::from_str(text).ok().filter(|value| !value.is_empty());
            is_admitted(header(origin).as_ref(), header(host).as_ref(), false, &known)
        };
        assert!(asks("", "127.0.0.1:8080"));
        assert!(asks("http://127.0.0.1:8080", "127.0.0.1:8080") && asks("http://[::1]:8080", "[::1]:8080"));
        assert!(asks("http://localhost:8080", "localhost:8080") && asks("http://localhost", "localhost"));
        assert!(asks("https://chat.example.org", "10.0.0.1:8080"));
        assert!(!asks("http://evil.example", "127.0.0.1:8080") && !asks("null", "127.0.0.1:8080"));
        assert!(!asks("http://127.0.0.1:9999", "127.0.0.1:8080") && !asks("http://127.0.0.1:8080", ""));
        // A name that its owner lets lead to 127.0.0.1 is still the owner's site.
        assert!(!asks("http://evil.example:8080", "evil.example:8080"));
        assert!(!asks("http://127.0.0.1.evil.example", "127.0.0.1.evil.example"));
    }

    #[test]
    fn over_tls_a_name_is_as_good_as_an_address() {
        let asks = |origin: &'static str, host: &'static str| {
            let header = |text| HeaderValue::from_static(text);
            is_admitted(Some(&header(origin)), Some(&header(host)), true, &[])
        };
        assert!(asks("https://chat.example.org:8443", "chat.example.org:8443"));
        assert!(asks("https://[::1]:8443", "[::1]:8443"));
        assert!(!asks("https://evil.example", "chat.example.org:8443") && !asks("null", "null"));
        assert!(!asks("http://chat.example.org:8443", "chat.example.org:8443"));
    }

    /// IRCv3 websocket: "respecting the client's order of preference".
    #[test]
    fn the_client_chooses_the_subprotocol() {
        let chosen = |lists: &[&'static str]| {
            let lists = lists.iter().map(|list| (header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(list)));
            let mut headers = HeaderMap::new();
            lists.for_each(|(name, list)| _ = headers.append(name, list));
            preferred(&headers)
        };
        assert_eq!(chosen(&["binary.ircv3.net, text.ircv3.net"]), Some(BINARY));
        assert_eq!(chosen(&["soup", "text.ircv3.net,binary.ircv3.net"]), Some(TEXT));
        assert_eq!(chosen(&["soup"]), None);
        assert_eq!(chosen(&[]), None);
    }
}
