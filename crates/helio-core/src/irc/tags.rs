//! Message tags: `@key=value;key …` before a message (IRCv3 message-tags).

use crate::limits;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The tags of one message, as they were on the wire: neither copied nor unescaped before someone asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tags<'a> {
    /// Between `@` and the space.
    data: &'a [u8],
}

impl<'a> Tags<'a> {
    /// Tags from the bytes between the `@` and the space.
    #[must_use]
    pub fn from_data(data: &'a [u8]) -> Self {
        Self { data }
    }

    /// The bytes between the `@` and the space; empty without tags.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.raw().next().is_none()
    }

    /// Keys and unescaped values in their order on the wire, duplicates too. A missing value is an empty one.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], Cow<'a, [u8]>)> + use<'a> {
        self.raw().map(|(key, value)| (key, unescape_value(value)))
    }

    /// Keys and values as they were sent, in their order. A missing value is an empty one.
    pub fn raw(&self) -> impl DoubleEndedIterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.data.split(|&byte| byte == b';').map(split_tag).filter(|(key, _)| !key.is_empty())
    }

    /// The unescaped value of a tag; of several with this key the last counts, as message-tags asks.
    #[must_use]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Cow<'a, [u8]>> {
        let key = key.as_ref();
        self.raw().rev().find(|(k, _)| *k == key).map(|(_, value)| unescape_value(value))
    }

    /// The label to which the answer belongs (labeled-response); one that is empty or beyond [`limits::IRC_LABEL`] is none.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        let label = self.get("label")?;
        let label = String::from_utf8_lossy(&label);
        (!label.is_empty() && label.len() <= limits::IRC_LABEL).then(|| label.into_owned())
    }

    /// The client-only tags (`+…`), with their values as they were sent: they are relayed unchanged.
    pub fn client_only(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.raw().filter(|(key, _)| key.starts_with(b"+"))
    }
}

/// Whether a key has the form `[+][vendor/]name` of message-tags. For our own keys: those of others are opaque.
#[must_use]
pub fn is_valid_key(key: &[u8]) -> bool {
    let key = key.strip_prefix(b"+").unwrap_or(key);
    let slash = key.iter().rposition(|&byte| byte == b'/');
    let (vendor, name) = match slash {
        Some(at) => (key.get(..at), key.get(at + 1..).unwrap_or_default()),
        None => (None, key),
    };
    let is_name = |part: &[u8], more: &[u8]| {
        !part.is_empty() && part.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-' || more.contains(byte))
    };
    is_name(name, b"") && vendor.is_none_or(|vendor| is_name(vendor, b"."))
}

/// Appends a tag's value with everything escaped that cannot stand in one. NUL, which no escape exists for, is left
/// out.
pub fn escape_value(value: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    for &byte in value.as_ref() {
        match byte {
            b';' => out.extend_from_slice(b"\\:"),
            b' ' => out.extend_from_slice(b"\\s"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0 => {}
            _ => out.push(byte),
        }
    }
}

/// A tag's value without its escapes. A backslash before any other character, or at the end, is dropped.
#[must_use]
pub fn unescape_value(raw: &[u8]) -> Cow<'_, [u8]> {
    if !raw.contains(&b'\\') {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.extend(bytes.next().map(|escaped| match escaped {
            b':' => b';',
            b's' => b' ',
            b'r' => b'\r',
            b'n' => b'\n',
            other => other,
        }));
    }
    Cow::Owned(out)
}

/// Composes the tags of an outgoing message, `@` and space included; nothing at all without a tag.
///
/// The server's own tags are added first ([`TagBuilder::push`]), then what a client sent
/// ([`TagBuilder::push_client_only`]), as message-tags asks.
#[derive(Debug)]
pub struct TagBuilder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// Bytes of client-only tags with their separators; they have a bound of their own.
    of_clients: usize,
}

impl<'a> TagBuilder<'a> {
    /// Appends to what `out` holds already.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, of_clients: 0 }
    }

    /// Adds a tag of the server; an empty value is written as a missing one. `false` when it was left out: its key is
    /// not one, or the tags would be larger than [`limits::IRC_TAG_DATA_OF_SERVER`].
    pub fn push(&mut self, key: &str, value: &str) -> bool {
        let before = self.out.len();
        self.separate();
        self.out.extend_from_slice(key.as_bytes());
        if !value.is_empty() {
            self.out.push(b'=');
            escape_value(value, self.out);
        }
        let data = self.out.len() - self.start - 1 - self.of_clients;
        let fits = data <= limits::IRC_TAG_DATA_OF_SERVER && is_valid_key(key.as_bytes());
        if !fits {
            self.out.truncate(before);
        }
        fits
    }

    /// Adds a client-only tag as it was sent; its key need not have the form of today's keys, as message-tags asks.
    /// `false` when it was left out: it is no client-only tag, or the client's tags would be larger than
    /// [`limits::IRC_TAGS_FROM_CLIENT`].
    pub fn push_client_only(&mut self, key: &[u8], raw_value: &[u8]) -> bool {
        let separators = 1 + usize::from(!raw_value.is_empty());
        let of_clients = self.of_clients + key.len() + raw_value.len() + separators;
        let forbidden = |byte: &u8| matches!(byte, b';' | b' ' | b'\r' | b'\n' | 0);
        let is_client_only = key.starts_with(b"+") && !key.contains(&b'=');
        let is_broken = key.iter().chain(raw_value).any(forbidden);
        if of_clients >= limits::IRC_TAGS_FROM_CLIENT || !is_client_only || is_broken {
            return false;
        }
        self.separate();
        self.out.extend_from_slice(key);
        if !raw_value.is_empty() {
            self.out.push(b'=');
            self.out.extend_from_slice(raw_value);
        }
        self.of_clients = of_clients;
        true
    }

    /// Ends the tags; the message follows.
    pub fn finish(self) {
        if self.out.len() > self.start {
            self.out.push(b' ');
        }
    }

    fn separate(&mut self) {
        self.out.push(if self.out.len() == self.start { b'@' } else { b';' });
    }
}

fn split_tag(tag: &[u8]) -> (&[u8], &[u8]) {
    match tag.iter().position(|&byte| byte == b'=') {
        Some(at) => {
            let (key, value) = tag.split_at(at);
            (key, value.get(1..).unwrap_or_default())
        }
        None => (tag, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_have_the_form_of_the_specification() {
        for key in ["a", "msgid", "+typing", "+draft/reply", "example.com/x-1", "+xn--e1afmkfd.org/foo"] {
            assert!(is_valid_key(key.as_bytes()), "{key}");
        }
        for key in ["", "+", "a b", "++a", "a/", "/a", "a/b/c", "ä", "a;b", "a=b", "a\n"] {
            assert!(!is_valid_key(key.as_bytes()), "{key}");
        }
    }

    /// message-tags "Format": only the last of several tags with one key counts; empty ones are none.
    #[test]
    fn the_last_duplicate_counts() {
        let tags = Tags::from_data(b";a=1;b;a=2;;+c=x\\s;=no");
        assert_eq!(tags.get("a").as_deref(), Some(&b"2"[..]));
        assert_eq!(tags.get("b").as_deref(), Some(&b""[..]));
        assert_eq!(tags.get("").as_deref(), None);
        assert_eq!(tags.client_only().collect::<Vec<_>>(), [(&b"+c"[..], &b"x\\s"[..])]);
        assert_eq!(tags.iter().count(), 4);
        assert!(Tags::from_data(b";;").is_empty() && Tags::default().is_empty() && !tags.is_empty());
    }

    #[test]
    fn what_is_no_tag_or_too_much_is_left_out() {
        let mut out = b"before".to_vec();
        let mut tags = TagBuilder::new(&mut out);
        assert!(!tags.push("no key", "x"));
        assert!(!tags.push("long", &"x".repeat(4_090)));
        assert!(tags.push("a", &"x".repeat(4_092)));
        assert!(!tags.push("b", ""));
        for (key, value) in [("+c", "a b"), ("+c", "a;b"), ("+c", "\n"), ("c", "a"), ("+c=", "a"), ("+c d", "")] {
            assert!(!tags.push_client_only(key.as_bytes(), value.as_bytes()), "{key} {value}");
        }
        assert!(!tags.push_client_only(b"+c", &[b'x'; 4_092]));
        assert!(tags.push_client_only(b"+c", &[b'x'; 4_091]));
        assert!(!tags.push_client_only(b"+d", b""));
        tags.finish();
        assert_eq!(out.len(), "before".len() + limits::IRC_TAGS_FROM_SERVER);
    }

    #[test]
    fn without_a_tag_nothing_is_written() {
        let mut out = Vec::new();
        TagBuilder::new(&mut out).finish();
        assert_eq!(out, b"");
    }

    proptest! {
        #[test]
        fn values_survive_the_round_trip(value: Vec<u8>) {
            let mut escaped = Vec::new();
            escape_value(&value, &mut escaped);
            prop_assert!(!escaped.iter().any(|byte| matches!(byte, b';' | b' ' | b'\r' | b'\n' | 0)));
            let kept: Vec<u8> = value.iter().copied().filter(|byte| *byte != 0).collect();
            prop_assert_eq!(unescape_value(&escaped).into_owned(), kept);
        }

        #[test]
        fn built_tags_are_read_back(tags in proptest::collection::vec(("[a-z]{1,3}", "[^\0]{0,5}"), 0..6)) {
            let mut out = Vec::new();
            let mut builder = TagBuilder::new(&mut out);
            for (key, value) in &tags {
                prop_assert!(builder.push(key, value));
            }
            builder.finish();
            let data = out.strip_prefix(b"@").map_or(&b""[..], |rest| rest.strip_suffix(b" ").unwrap());
            let text = |bytes: &[u8]| String::from_utf8(bytes.into()).unwrap();
            let read: Vec<_> = Tags::from_data(data).iter().map(|(k, v)| (text(k), text(&v))).collect();
            prop_assert_eq!(read, tags);
        }
    }
}
