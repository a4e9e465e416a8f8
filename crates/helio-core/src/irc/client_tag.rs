//! What the server does with client-only tags: all are relayed (IRCv3 message-tags), some are worth keeping.

/// How long a client-only tag lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// Relayed to who is there, never stored.
    Live,
    /// Stored with a message or reaction that it stands on; alone it is only relayed.
    WithMessage,
    /// Makes even a TAGMSG a durable event.
    Alone,
}

/// The tags of which the server knows more than that it relays them.
const KNOWN: &[(&str, Durability)] = &[
    ("+draft/react", Durability::Alone),
    ("+draft/reply", Durability::WithMessage),
    ("+draft/unreact", Durability::Alone),
    ("+reply", Durability::WithMessage),
    ("+typing", Durability::Live),
];

/// How long a tag lives, by its whole key. `None` for what is not a client-only tag and is not relayed at all; what
/// nobody here knows is relayed to who is there.
#[must_use]
pub fn durability(key: &[u8]) -> Option<Durability> {
    if !key.starts_with(b"+") {
        return None;
    }
    let known = KNOWN.iter().find(|(name, _)| name.as_bytes() == key);
    Some(known.map_or(Durability::Live, |(_, durability)| *durability))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reactions_last_and_typing_does_not() {
        assert_eq!(durability(b"+draft/react"), Some(Durability::Alone));
        assert_eq!(durability(b"+draft/unreact"), Some(Durability::Alone));
        assert_eq!(durability(b"+draft/reply"), Some(Durability::WithMessage));
        assert_eq!(durability(b"+reply"), Some(Durability::WithMessage));
        assert_eq!(durability(b"+typing"), Some(Durability::Live));
        assert_eq!(durability(b"+example.com/new"), Some(Durability::Live));
    }

    /// message-tags "Security considerations": tags without `+` are removed before a message is relayed.
    #[test]
    fn tags_of_servers_are_not_relayed() {
        assert_eq!(durability(b"msgid"), None);
        assert_eq!(durability(b""), None);
    }
}
