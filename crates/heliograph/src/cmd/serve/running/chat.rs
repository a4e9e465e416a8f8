//! The chat service while it runs.

use super::super::Settings;
use super::super::chat::{is_loopback, shown};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use helio_net::address::{Address, Scheme};
use helio_net::clock::utc_now;
use helio_net::identity::{Identity, IdentityError, IdentitySource};
use helio_net::tls::ServerTls;
use helio_server::event::EventKind;
use helio_server::service::Context;
use helio_server::service::chat::{self, ChatError, ControlPlace, Parts, Speech, Store, control_path};
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// What takes a while before the service can start: its identity and its store, each on a thread of its own. The first use
/// of random bits alone takes some 50 ms (aws-lc gathers them from the jitter of the processor), and a new store is synced
/// several times.
pub(super) struct Preparing {
    tls: JoinHandle<Outcome<ServerTls>>,
    store: JoinHandle<Outcome<Store>>,
}

impl Preparing {
    /// Begins; [`Running::start`] waits.
    pub(super) fn begin(settings: &Settings) -> Outcome<Self> {
        let data = settings.data()?;
        let (source, tls) = (settings.chat.identity(data)?, settings.chat.tls());
        let store = data.join("store");
        Ok(Self {
            tls: spawn_blocking(move || Ok(ServerTls::new(source, &tls)?)),
            store: spawn_blocking(move || Ok(chat::open_store(&store)?)),
        })
    }
}

/// The service and what it shows as its certificate.
pub(super) struct Running {
    service: chat::Running,
    tls: Arc<ServerTls>,
    context: Context,
}

impl Running {
    pub(super) async fn start(settings: &Settings, context: &Context, preparing: Preparing) -> Outcome<Self> {
        let broken = |error| Failure::new(Exit::Unavailable, format_args!("cannot start the chat service: {error}"));
        let store = preparing.store.await.map_err(broken)?;
        let tls = Arc::new(preparing.tls.await.map_err(broken)??);
        tell(context, look_at(&tls.identity(), settings));
        let data = settings.data()?;
        let control = ControlPlace { path: control_path(data), private: data.join("store") };
        let permits = settings.session.permits();
        let search = Some(data.join("search.sqlite3"));
        let parts = Parts { store: store?, search, tls: Some(tls.clone()), permits, control: Some(control) };
        let service = chat::start(context, settings.chat.gather(tls.is_ca_issued())?, parts).await?;
        Ok(Self { service, tls, context: context.clone() })
    }

    /// Where it listens.
    pub(super) fn bound(&self) -> impl Iterator<Item = String> {
        self.service.bound().into_iter().map(|(speech, address)| shown(speech, &address))
    }

    /// Says how to join.
    pub(super) fn invite(&self) -> Outcome {
        let plain = |wanted| {
            let bound = self.service.bound().into_iter();
            let mut bound = bound.filter(|(speech, at)| *speech == wanted && at.scheme == Some(Scheme::Tcp));
            bound.next().map(|(_, address)| super::reachable(&address.to_string()))
        };
        if let Some(at) = plain(Speech::Irc) {
            output::line(format_args!("Join: any IRC client at {at}, then /join #lobby"))?;
        }
        if let Some(at) = plain(Speech::Web) {
            output::line(format_args!("Page: http://{at} in any browser"))?;
        }
        if self.service.bound().iter().any(|(_, address)| address.scheme == Some(Scheme::Tls)) {
            output::line(format_args!("TLS certificate: SHA-256 {}", self.tls.identity().fingerprint()))?;
        }
        let is_elsewhere = |at: &Address| at.scheme == Some(Scheme::Tls) && !is_loopback(&at.host);
        if self.service.bound().iter().any(|(speech, at)| *speech == Speech::Web && is_elsewhere(at)) {
            output::line("Invite: helio invite makes a link for somebody on another machine")?;
        }
        Ok(())
    }

    /// Takes over new settings, addresses and the certificate: all of them, or on an error none.
    pub(super) async fn reload(&mut self, new: &Settings) -> Outcome {
        let identity = self.tls.load()?;
        self.service.change(new.chat.gather(identity.is_ca_issued())?).await?;
        tell(&self.context, look_at(&identity, new));
        self.tls.show(identity);
        Ok(())
    }

    /// Operators who asked for new settings are told why there are none.
    pub(super) async fn refuse_reload(&self, reason: &str) {
        self.service.refuse_change(reason).await;
    }
}

/// For `--check`: whether the certificate can be used, if there is one. None is made.
pub(in crate::cmd::serve) fn check_identity(settings: &Settings) -> Outcome {
    let source = settings.chat.identity(settings.data()?)?;
    match source.load() {
        Ok(identity) => look_at(&identity, settings).into_iter().for_each(output::message),
        Err(IdentityError::Gone { .. }) if matches!(source, IdentitySource::Own { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// What is worth knowing about the certificate.
fn look_at(identity: &Identity, settings: &Settings) -> Vec<String> {
    let mut notes: Vec<_> = identity.warnings(utc_now()).iter().map(ToString::to_string).collect();
    if settings.chat.wants_sts() && !identity.is_ca_issued() {
        notes.push("[chat] sts is not offered: the certificate was not issued by an authority".to_owned());
    }
    notes
}

fn tell(context: &Context, troubles: Vec<String>) {
    troubles.into_iter().for_each(|message| context.events.tell(EventKind::Warning { message }));
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::new(Exit::Unavailable, format_args!("certificate of the chat service: {error}"))
    }
}

impl From<ChatError> for Failure {
    fn from(error: ChatError) -> Self {
        match error {
            ChatError::Bind(error) => error.into(),
            ChatError::Identity(error) => error.into(),
            error @ (ChatError::Store(_) | ChatError::Record { .. } | ChatError::Random(_) | ChatError::Thread(_)) => {
                Self::new(Exit::Unavailable, error)
            }
        }
    }
}
