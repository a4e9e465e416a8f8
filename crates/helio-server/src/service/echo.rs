//! The echo service on sockets; what it answers is decided in [`helio_core::echo`].

use super::Context;
use crate::driver::NoStore;
use crate::event::EventKind;
use helio_core::echo::{EchoOptions, EchoSession, UdpEcho, UdpEchoOptions, Verdict};
use helio_core::limits;
use helio_core::peer::canonical;
use helio_net::address::Scheme;
use helio_net::listen::Listener;
use helio_net::udp::{Sender, UdpEndpoint};
use tokio::sync::watch;

/// Everything that can be set about an echo service while it runs.
#[derive(Clone, Debug)]
pub struct EchoSettings {
    /// For streams; connections keep the options with which they began.
    pub streams: EchoOptions,
    /// For datagrams.
    pub datagrams: UdpEchoOptions,
}

/// Serves echo on `listeners` and `endpoints` until the program stops. A change of `settings` holds from the next
/// connection and the next datagram on.
pub fn serve(
    context: &Context,
    listeners: Vec<Listener>,
    endpoints: Vec<UdpEndpoint>,
    settings: &watch::Receiver<EchoSettings>,
) {
    for listener in listeners {
        let settings = settings.clone();
        let new_session = move |_| (EchoSession::new(settings.borrow().streams.clone()), NoStore);
        context.serve_streams(listener, new_session);
    }
    for endpoint in endpoints {
        let (context, settings) = (context.clone(), settings.clone());
        context.stop.clone().spawn(async move { serve_datagrams(&context, &endpoint, settings).await });
    }
}

async fn serve_datagrams(context: &Context, endpoint: &UdpEndpoint, mut settings: watch::Receiver<EchoSettings>) {
    // 0, which no datagram comes from, should the system not tell.
    let own_port = endpoint.local().map_or(0, |at| at.port());
    let mut echo = UdpEcho::new(settings.borrow_and_update().datagrams.clone(), own_port);
    let mut buffer = vec![0; limits::DATAGRAM_BUFFER];
    loop {
        let received = tokio::select! {
            biased;
            () = context.stop.begun() => return,
            received = endpoint.receive(&mut buffer) => received,
        };
        if settings.has_changed().unwrap_or(false) {
            echo = UdpEcho::new(settings.borrow_and_update().datagrams.clone(), own_port);
        }
        match received {
            Ok((length, sender)) => answer(context, endpoint, &mut echo, &buffer[..length], sender).await,
            Err(error) => context.wait_out_receive_error(&error).await,
        }
    }
}

async fn answer(context: &Context, endpoint: &UdpEndpoint, echo: &mut UdpEcho, payload: &[u8], sender: Sender) {
    let peer = canonical(sender.peer);
    let verdict = echo.handle_datagram(sender.peer, payload, context.clock.now());
    match &verdict {
        Verdict::Answer(_) | Verdict::Ignore(_) => context.events.tell_received(peer, Scheme::Udp, payload),
        Verdict::Reflect { first: true, .. } => {
            context.events.tell(EventKind::Measured { peer, over: Scheme::Udp.name() });
        }
        Verdict::Reflect { first: false, .. } => {}
    }
    match verdict {
        Verdict::Answer(bytes) | Verdict::Reflect { answer: bytes, .. } => {
            // A datagram that cannot leave is lost, as any datagram may be.
            let _ = endpoint.answer(&bytes, &sender).await;
        }
        Verdict::Ignore(ignored) => context.events.tell(EventKind::Ignored { peer, reason: ignored.reason() }),
    }
}
