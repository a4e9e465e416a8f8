//! The way to a server: where it is, which certificate is believed, and as whom one comes in.

mod person;

use super::value::Server;
use crate::exit::{Exit, Failure, Outcome};
use helio_client::chat::{EntryError, Framing, OpenError, enrol, knock};
use helio_client::known::{KnownAccount, KnownError, KnownServer, KnownServers, KnownSpeech};
use helio_client::link::InviteLink;
use helio_core::chat::Password;
use helio_core::chat::client::{EnrolError, Newcomer};
use helio_net::address::{Address, Scheme};
use helio_net::clock::utc_now;
use helio_net::connect::ConnectError;
use helio_net::fingerprint::Fingerprint;
use helio_net::tls::{ClientTls, TlsError, Trust};
use person::Person;

/// What there is to find a way with.
pub(super) struct Guide {
    /// What was kept of earlier visits; `None`: there is no place for it.
    pub(super) known: Option<KnownServers>,
    /// The certificate that is believed, whatever was kept.
    pub(super) pin: Option<Fingerprint>,
    /// The name that was given.
    pub(super) nick: Option<String>,
}

/// The way, once it is found.
pub(super) struct Way {
    pub(super) address: Address,
    pub(super) framing: Framing,
    pub(super) trust: Trust,
    /// The account to log in to.
    pub(super) account: Option<KnownAccount>,
    /// The room that one was invited to.
    pub(super) room: Option<String>,
    /// Whether that was just now.
    pub(super) is_invited: bool,
}

impl Guide {
    /// Finds the way; asks whoever is at the terminal what it does not know.
    pub(super) async fn find(&self, server: &Server) -> Outcome<Way> {
        match server {
            Server::Link(link) => self.by_link(link).await,
            Server::Address { address, has_port } => {
                let wanted = Address { port: if *has_port { address.port } else { 0 }, ..address.clone() };
                match self.known.as_ref().map(|known| known.find(&wanted)).transpose()?.flatten() {
                    Some(known) => self.again(known).await,
                    None => self.first(address).await,
                }
            }
        }
    }

    /// To a server that is known.
    async fn again(&self, mut known: KnownServer) -> Outcome<Way> {
        let address: Address = known.address.parse().map_err(Failure::usage)?;
        let framing = framing(known.speech);
        if let Some(pin) = self.pin.filter(|pin| known.fingerprint != Some(*pin)) {
            // It is kept in place of the former when it has shown to be right.
            knock(&address, &ClientTls::new(Trust::Pinned(pin)), framing).await?;
            known.fingerprint = Some(pin);
            self.keep(known.clone())?;
        }
        let account = known.account.filter(|account| account.is_made);
        Ok(Way { account, room: known.room, is_invited: false, ..Way::to(address, known.speech, known.fingerprint) })
    }

    /// To one that is not.
    async fn first(&self, address: &Address) -> Outcome<Way> {
        let trust = self.pin.map_or(Trust::System, Trust::Pinned);
        let is_tls = address.scheme == Some(Scheme::Tls);
        let framing = Framing::Lines;
        let (account, room) = (None, None);
        let mut way = Way { address: address.clone(), framing, trust, account, room, is_invited: false };
        let Some(person) = Person::at_terminal().filter(|_| is_tls && trust == Trust::System) else { return Ok(way) };
        if let Some(got) = untrusted(knock(address, &ClientTls::new(trust), framing).await)? {
            person.vouches_for(address, got)?;
            way.trust = Trust::Pinned(got);
            self.keep(KnownServer { fingerprint: Some(got), ..KnownServer::at(address, KnownSpeech::Tls) })?;
        }
        Ok(way)
    }

    /// By an invitation: with the account that it made at the first visit.
    async fn by_link(&self, link: &InviteLink) -> Outcome<Way> {
        let Some(store) = &self.known else {
            return Err(Failure::usage(
                "there is no home directory to keep the account in; name a place with --data-dir",
            ));
        };
        let known = store.find(&link.address)?.filter(|known| known.speech == KnownSpeech::Web);
        let fingerprint = self.agreed(link, known.as_ref())?;
        let known = known.unwrap_or_else(|| KnownServer::at(&link.address, KnownSpeech::Web));
        if known.account.as_ref().is_some_and(|account| account.is_made) {
            return self.again(KnownServer { fingerprint, ..known }).await;
        }
        let way = Way::to(link.address.clone(), KnownSpeech::Web, fingerprint);
        // Before anything is asked, kept or sent: is it the right server?
        knock(&way.address, &ClientTls::new(way.trust), way.framing).await?;
        let known = self.register(link, KnownServer { fingerprint, ..known }, &way).await?;
        Ok(Way { account: known.account, room: known.room, is_invited: true, ..way })
    }

    /// The fingerprint to believe, when link, option and what was kept do not contradict each other.
    fn agreed(&self, link: &InviteLink, known: Option<&KnownServer>) -> Outcome<Option<Fingerprint>> {
        let kept = known.and_then(|known| known.fingerprint);
        if let Some((pin, named)) = self.pin.zip(link.fingerprint).filter(|(pin, named)| pin != named) {
            return Err(Failure::usage(format_args!("--fingerprint is {pin}, and that of the link {named}")));
        }
        let told = self.pin.or(link.fingerprint);
        match told.zip(kept) {
            Some((told, kept)) if told != kept && self.pin.is_none() => {
                let at = &link.address;
                Err(Failure::new(
                    Exit::Refused,
                    format_args!(
                        "the link is to a server at {at} with the certificate {told}, but you know one there with {kept}; if \
                         its operator says that the new one is right, add --fingerprint {told}"
                    ),
                ))
            }
            Some(_) | None => Ok(told.or(kept)),
        }
    }

    /// Makes the account, under a name that the server takes.
    async fn register(&self, link: &InviteLink, mut known: KnownServer, way: &Way) -> Outcome<KnownServer> {
        let person = Person::at_terminal();
        let mut name = match (&self.nick, &person) {
            (Some(nick), _) => nick.clone(),
            (None, Some(person)) => person.name()?,
            (None, None) => return Err(Failure::usage("choose a name with --nick; there is no terminal to ask at")),
        };
        loop {
            // One that may have been made, when the connection was lost, opens with its password.
            let earlier = known.account.take().filter(|account| account.name == name);
            let password = earlier.as_ref().map_or_else(person::password, |account| Ok(account.password.clone()))?;
            let account = KnownAccount { name: name.clone(), password: password.clone(), is_made: false };
            known.account = Some(account.clone());
            self.keep(known.clone())?;
            let newcomer = Newcomer { name: name.clone(), token: link.token.clone(), password: Password(password) };
            match enrol(&way.address, &ClientTls::new(way.trust), way.framing, &newcomer).await {
                Ok(enrolled) => {
                    known.account = Some(KnownAccount { name: enrolled.account, is_made: true, ..account });
                    known.room = enrolled.room;
                    self.keep(known.clone())?;
                    return Ok(known);
                }
                Err(EntryError::Refused(EnrolError::Name(_))) if earlier.is_some() => return Ok(known),
                Err(EntryError::Refused(error)) => {
                    known.account = None;
                    self.keep(known.clone())?;
                    let is_name = matches!(error, EnrolError::Name(_));
                    let Some(person) = person.as_ref().filter(|_| is_name) else { return Err(refused(&error)) };
                    name = person.other_name(&super::show::safe(&error.to_string()))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn keep(&self, server: KnownServer) -> Outcome {
        let Some(store) = &self.known else { return Ok(()) };
        Ok(store.keep(KnownServer { at_us: utc_now().micros(), ..server })?)
    }
}

impl Way {
    fn to(address: Address, speech: KnownSpeech, fingerprint: Option<Fingerprint>) -> Self {
        let trust = fingerprint.map_or(Trust::System, Trust::Pinned);
        let address = address.with_scheme(Scheme::Tls);
        Self { address, framing: framing(speech), trust, account: None, room: None, is_invited: false }
    }
}

/// An error of [`helio_client::chat::run`], with what to do about it.
pub(super) struct Failed(pub(super) Failure);

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

impl From<ConnectError> for Failed {
    fn from(error: ConnectError) -> Self {
        let advice = advice(&error);
        let failure = Failure::from(error);
        Self(Failure::new(failure.exit, failure.message + &advice))
    }
}

/// What to do about a certificate that has changed.
fn advice(error: &ConnectError) -> String {
    let ConnectError::Tls { address, source } = error else { return String::new() };
    let TlsError::Changed { got, .. } = source.as_ref() else { return String::new() };
    let at = Address { scheme: None, ..address.clone() };
    format!("; if it did, and says that this is the new one: helio chat {at} --fingerprint {got}")
}

fn framing(speech: KnownSpeech) -> Framing {
    match speech {
        KnownSpeech::Tls => Framing::Lines,
        KnownSpeech::Web => Framing::WebSocket,
    }
}

/// The certificate that a server has shown for which nobody vouches.
fn untrusted(knocked: Result<(), ConnectError>) -> Outcome<Option<Fingerprint>> {
    let Err(error) = knocked else { return Ok(None) };
    if let ConnectError::Tls { source, .. } = &error
        && let TlsError::Untrusted { got, .. } = source.as_ref()
    {
        return Ok(Some(*got));
    }
    Err(error.into())
}

fn refused(error: &EnrolError) -> Failure {
    let advice = match error {
        EnrolError::Name(_) => "; choose another with --nick",
        EnrolError::Invitation(_) => "; ask whoever sent it for a new one",
        EnrolError::Refused(_) => "",
    };
    Failure::new(Exit::Refused, super::show::safe(&format!("{error}{advice}")))
}

impl From<EntryError> for Failure {
    fn from(error: EntryError) -> Self {
        match error {
            EntryError::Open(OpenError::Connect(error)) => Failed::from(error).0,
            EntryError::Open(error @ OpenError::Web { .. }) => {
                Self::new(Exit::Refused, super::show::safe(&error.to_string()))
            }
            EntryError::Refused(error) => refused(&error),
            error @ EntryError::Lost(_) => {
                Self::new(Exit::Network, format_args!("{error}; the same command tries once more"))
            }
            error @ EntryError::Silent => Self::new(Exit::TimedOut, error),
        }
    }
}

impl From<KnownError> for Failure {
    fn from(error: KnownError) -> Self {
        Self::new(Exit::Unavailable, error)
    }
}
