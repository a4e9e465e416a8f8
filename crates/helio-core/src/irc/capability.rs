//! Capabilities and their negotiation (IRCv3 capability-negotiation).

/// Makes the enum and its table: one row a capability.
macro_rules! capabilities {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $value:ident;)*) => {
        /// A capability that a client can ask for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Capability { $($(#[$doc])* $name,)* }

        impl Capability {
            /// All of them, in the order in which they are listed.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in CAP.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether CAP LS 302 gives it a value.
            #[must_use]
            pub const fn value(self) -> CapabilityValue {
                match self { $(Self::$name => CapabilityValue::$value,)* }
            }
        }
    };
}

/// Whether a capability has a value in CAP LS 302, and what it may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapabilityValue {
    /// None.
    Absent,
    /// Must have one.
    Required,
    /// Has one and is only information: it cannot be asked for.
    Informational,
}

capabilities! {
    /// `account=` on what logged-in users send. account-tag.
    AccountTag = "account-tag", Absent;
    /// ACCOUNT when someone in a common room logs in or out. account-notify.
    AccountNotify = "account-notify", Absent;
    /// REGISTER makes an account. account-registration (a draft).
    AccountRegistration = "draft/account-registration", Required;
    /// AWAY when someone in a common room goes or comes back. away-notify.
    AwayNotify = "away-notify", Absent;
    /// Lines that belong together. batch.
    Batch = "batch", Absent;
    /// CAP NEW and CAP DEL. cap-notify.
    CapNotify = "cap-notify", Absent;
    /// RENAME gives a room another name. channel-rename (a draft).
    ChannelRename = "draft/channel-rename", Absent;
    /// CHATHISTORY is used instead of a replay on joining. chathistory (a draft).
    Chathistory = "draft/chathistory", Absent;
    /// CHGHOST instead of a feigned rejoin. chghost.
    Chghost = "chghost", Absent;
    /// One's own messages come back. echo-message.
    EchoMessage = "echo-message", Absent;
    /// History with what is no message, such as reactions. chathistory (a draft).
    EventPlayback = "draft/event-playback", Absent;
    /// JOIN with account and real name. extended-join.
    ExtendedJoin = "extended-join", Absent;
    /// ISUPPORT before registration, and in a batch. extended-isupport (a draft).
    ExtendedIsupport = "draft/extended-isupport", Absent;
    /// What happens to monitored users outside common rooms. extended-monitor.
    ExtendedMonitor = "extended-monitor", Absent;
    /// INVITE to others in the room. invite-notify.
    InviteNotify = "invite-notify", Absent;
    /// `label=` on what answers a command. labeled-response.
    LabeledResponse = "labeled-response", Absent;
    /// All tags, and TAGMSG. message-tags.
    MessageTags = "message-tags", Absent;
    /// REDACT removes a message. message-redaction (a draft).
    MessageRedaction = "draft/message-redaction", Absent;
    /// METADATA: what people and rooms tell of themselves. metadata (a draft).
    Metadata = "draft/metadata-2", Required;
    /// All prefixes of a member. multi-prefix.
    MultiPrefix = "multi-prefix", Absent;
    /// Messages of several lines. multiline (a draft).
    Multiline = "draft/multiline", Required;
    /// No NAMES after JOIN. no-implicit-names.
    NoImplicitNames = "no-implicit-names", Absent;
    /// The same under the name that it had as a draft, which clients still ask for.
    DraftNoImplicitNames = "draft/no-implicit-names", Absent;
    /// AWAY before registration, and `AWAY *` for clients that come by themselves. pre-away (a draft).
    PreAway = "draft/pre-away", Absent;
    /// MARKREAD tells all connections of somebody how far they have read. read-marker (a draft).
    ReadMarker = "draft/read-marker", Absent;
    /// AUTHENTICATE logs in to an account. sasl.
    Sasl = "sasl", Required;
    /// SEARCH finds messages by their words. soju.im/search.
    Search = "soju.im/search", Absent;
    /// `time=` on everything. server-time.
    ServerTime = "server-time", Absent;
    /// SETNAME changes the real name. setname.
    Setname = "setname", Absent;
    /// FAIL, WARN and NOTE. standard-replies.
    StandardReplies = "standard-replies", Absent;
    /// Where TLS is, and for how long clients should insist on it. sts.
    Sts = "sts", Informational;
    /// `nick!user@host` in NAMES. userhost-in-names.
    UserhostInNames = "userhost-in-names", Absent;
}

impl Capability {
    /// The capability with this name. Names are case-sensitive.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|capability| capability.name() == name)
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// A set of capabilities, small enough to be copied into every session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capabilities(u64);

impl Capabilities {
    /// No capability.
    pub const NONE: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub const fn of(list: &[Capability]) -> Self {
        let mut bits = 0;
        let mut rest = list;
        while let [first, tail @ ..] = rest {
            bits |= first.bit();
            rest = tail;
        }
        Self(bits)
    }

    /// Adds one.
    pub const fn insert(&mut self, capability: Capability) {
        self.0 |= capability.bit();
    }

    /// Takes one away.
    pub const fn remove(&mut self, capability: Capability) {
        self.0 &= !capability.bit();
    }

    /// Whether it is in the set.
    #[must_use]
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & capability.bit() != 0
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Those in the set, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::ALL.iter().copied().filter(move |capability| self.contains(*capability))
    }

    /// Whether tags of any kind may be sent: message-tags, and whatever is built on tags.
    #[must_use]
    pub const fn allows_any_tag(self) -> bool {
        self.contains(Capability::MessageTags)
    }

    /// Whether JOIN is answered without NAMES, under either name of that capability.
    #[must_use]
    pub const fn omits_names(self) -> bool {
        self.contains(Capability::NoImplicitNames) || self.contains(Capability::DraftNoImplicitNames)
    }

    /// Whether commands may be labelled: labeled-response "MUST" have batch too.
    #[must_use]
    pub const fn has_labels(self) -> bool {
        self.contains(Capability::LabeledResponse) && self.contains(Capability::Batch)
    }

    /// Whether messages of several lines are sent and taken as such: multiline "MUST" have batch too.
    #[must_use]
    pub const fn has_multiline(self) -> bool {
        self.contains(Capability::Multiline) && self.contains(Capability::Batch)
    }
}

impl FromIterator<Capability> for Capabilities {
    fn from_iter<I: IntoIterator<Item = Capability>>(list: I) -> Self {
        let mut set = Self::NONE;
        list.into_iter().for_each(|capability| set.insert(capability));
        set
    }
}

/// What a CAP REQ asks for: all of it happens, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapabilityRequest {
    /// To be switched on.
    pub added: Capabilities,
    /// To be switched off (`-name`).
    pub removed: Capabilities,
}

impl CapabilityRequest {
    /// The set after this request.
    #[must_use]
    pub const fn apply(self, now: Capabilities) -> Capabilities {
        now.difference(self.removed).union(self.added)
    }
}

/// Parses the list of a CAP REQ; of several mentions of one name the last counts. `None`, to be answered with CAP NAK,
/// when a name is not in `offered`, or when something is asked for that cannot be: sts, and cap-notify off where version
/// 302 implied it (`is_302`).
#[must_use]
pub fn parse_request(list: &str, offered: Capabilities, is_302: bool) -> Option<CapabilityRequest> {
    let mut request = CapabilityRequest::default();
    for item in list.split(' ').filter(|item| !item.is_empty()) {
        let (name, is_removed) = item.strip_prefix('-').map_or((item, false), |name| (name, true));
        let capability = Capability::from_name(name).filter(|capability| offered.contains(*capability))?;
        let is_fixed = is_removed && is_302 && capability == Capability::CapNotify;
        if capability.value() == CapabilityValue::Informational || is_fixed {
            return None;
        }
        let (to, from) = match is_removed {
            true => (&mut request.removed, &mut request.added),
            false => (&mut request.added, &mut request.removed),
        };
        to.insert(capability);
        from.remove(capability);
    }
    Some(request)
}

/// What a client has without asking, by the version that it gave to CAP LS: cap-notify from 302 on.
#[must_use]
pub const fn implied_by_version(version: u32) -> Capabilities {
    if version >= 302 { Capabilities::of(&[Capability::CapNotify]) } else { Capabilities::NONE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn all() -> Capabilities {
        Capability::ALL.iter().copied().collect()
    }

    #[test]
    fn names_are_unique_and_fit_into_the_set() {
        let names: BTreeSet<_> = Capability::ALL.iter().map(|capability| capability.name()).collect();
        assert_eq!(names.len(), Capability::ALL.len());
        assert!(Capability::ALL.len() <= 64);
        assert!(Capability::ALL.iter().all(|c| Capability::from_name(c.name()) == Some(*c)));
        assert_eq!(all().iter().collect::<Vec<_>>(), Capability::ALL);
    }

    #[test]
    fn a_request_is_all_or_nothing() {
        let batch = Capabilities::of(&[Capability::Batch]);
        let setname = Capabilities::of(&[Capability::Setname]);
        let request = parse_request("batch  -setname ", all(), true).unwrap();
        assert_eq!(request, CapabilityRequest { added: batch, removed: setname });
        assert_eq!(request.apply(setname), batch);
        assert_eq!(parse_request("batch nonsense", all(), true), None);
        assert_eq!(parse_request("batch", setname, true), None);
        assert_eq!(parse_request("Batch", all(), true), None);
        assert_eq!(parse_request("", all(), true), Some(CapabilityRequest::default()));
        for (list, now) in [("-batch batch", batch), ("batch -batch", Capabilities::NONE)] {
            assert_eq!(parse_request(list, all(), true).unwrap().apply(batch), now, "{list}");
        }
    }

    /// sts: it is not to be asked for, and CAP NAK answers who does.
    #[test]
    fn sts_is_only_information() {
        assert_eq!(parse_request("sts", all(), true), None);
    }

    /// capability-negotiation "cap-notify": implied by version 302, and then never off; asking for it changes nothing.
    #[test]
    fn version_302_implies_cap_notify() {
        assert!(implied_by_version(302).contains(Capability::CapNotify));
        assert!(implied_by_version(307).contains(Capability::CapNotify));
        assert!(implied_by_version(301).is_empty());
        assert_eq!(parse_request("-cap-notify", all(), true), None);
        assert!(parse_request("cap-notify", all(), true).is_some());
        assert!(parse_request("-cap-notify", all(), false).is_some());
    }

    #[test]
    fn what_rests_on_batch_needs_batch() {
        let mut set = Capabilities::of(&[Capability::LabeledResponse, Capability::Multiline]);
        assert!(!set.has_labels() && !set.has_multiline());
        set.insert(Capability::Batch);
        assert!(set.has_labels() && set.has_multiline());
        set.remove(Capability::LabeledResponse);
        assert!(!set.has_labels() && !set.is_empty());
    }

    proptest! {
        #[test]
        fn the_set_agrees_with_a_set(changes in proptest::collection::vec((0..Capability::ALL.len(), any::<bool>()), 0..40)) {
            let (mut set, mut model) = (Capabilities::NONE, BTreeSet::new());
            for (index, is_added) in changes {
                let capability = Capability::ALL[index];
                if is_added {
                    set.insert(capability);
                    model.insert(capability);
                } else {
                    set.remove(capability);
                    model.remove(&capability);
                }
                prop_assert!(set.iter().eq(model.iter().copied()));
            }
        }
    }
}
