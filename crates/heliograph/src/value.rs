//! Values that people write as text: `50ms`, `64k`, `10.0.0.0/8`.

use helio_core::irc::name::RoomName;
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

/// Reads a value from the settings file as it is read from a flag. What is no text at all is told what was expected.
macro_rules! from_text {
    ($type:ty, $expected:literal) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str($crate::value::Text::<Self>::expecting($expected))
            }
        }
    };
}
pub(crate) use from_text;

/// Reads text by its `FromStr`.
pub(crate) struct Text<T> {
    expected: &'static str,
    value: PhantomData<T>,
}

impl<T> Text<T> {
    pub(crate) fn expecting(expected: &'static str) -> Self {
        Self { expected, value: PhantomData }
    }
}

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// A length of time: `50ms`, `1.5s`, `15m`, `1h 30m`, `2d`. A number alone is refused, its unit would be a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("`{text}` is not a length of time, expected a number and a unit as in 50ms, 1.5s, 15m, 24h");
        let (number, unit) = text.trim().split_at(text.trim().find(|c: char| c.is_alphabetic()).ok_or_else(wrong)?);
        let days: Option<u32> = (unit == "d").then(|| number.trim().parse().ok()).flatten();
        if let Some(days) = days {
            return Ok(Self(Duration::from_hours(24) * days));
        }
        let parsed: SignedDuration = text.parse().map_err(|_| wrong())?;
        Duration::try_from(parsed).map(Self).map_err(|_| wrong())
    }
}

from_text!(Span, "a length of time with its unit, as in \"15m\"");

/// A number of bytes: `16`, `64k`, `1M`, `2G`; each letter is a power of 1024, as in iperf3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is not a size, expected a number of bytes or one with k, M or G as in 64k");
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let shift = match unit.trim_end_matches(['B', 'b']).trim_end_matches('i') {
            "" => 0,
            "k" | "K" => 10,
            "m" | "M" => 20,
            "g" | "G" => 30,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(1 << shift).map(Self).ok_or_else(wrong)
    }
}

from_text!(Size, "a size as text, as in \"64k\"");

/// A network: `10.0.0.0/8`, `fd00::/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Net(pub(crate) IpNet);

impl FromStr for Net {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let one = || text.parse().map(|address: std::net::IpAddr| address.into());
        text.parse()
            .or_else(|_| one())
            .map(Self)
            .map_err(|_| format!("`{text}` is not a network, expected an address and a prefix length as in 10.0.0.0/8"))
    }
}

from_text!(Net, "a network as text, as in \"10.0.0.0/8\"");

/// A room; the `#`, which shells take for a comment, may be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoomArg(pub(crate) RoomName);

impl FromStr for RoomArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = if text.starts_with('#') { text.to_owned() } else { format!("#{text}") };
        RoomName::parse(&name).map(Self).map_err(|error| error.to_string())
    }
}

from_text!(RoomArg, "a room as text, as in \"#lobby\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_may_do_without_their_mark() {
        let room = |text: &str| text.parse::<RoomArg>().map(|room| room.0.to_string());
        assert_eq!(room("ops"), Ok("#ops".into()));
        assert_eq!(room("#ops"), Ok("#ops".into()));
        assert!(room("a b").is_err() && room("").is_err());
    }

    #[test]
    fn lengths_of_time_have_a_unit() {
        let millis = |text: &str| text.parse::<Span>().map(|span| span.0.as_millis());
        assert_eq!(millis("50ms"), Ok(50));
        assert_eq!(millis("1.5s"), Ok(1_500));
        assert_eq!(millis("15m"), Ok(900_000));
        assert_eq!(millis("1h 30m"), Ok(5_400_000));
        assert_eq!(millis("2d"), Ok(172_800_000));
        for wrong in ["", "5", "-1s", "s", "1 parsec"] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_may_be_one_address() {
        let net = |text: &str| text.parse::<Net>().map(|net| net.0.to_string());
        assert_eq!(net("10.0.0.0/8"), Ok("10.0.0.0/8".into()));
        assert_eq!(net("::1"), Ok("::1/128".into()));
        let wrong = "`10.0.0.0/99` is not a network, expected an address and a prefix length as in 10.0.0.0/8";
        assert_eq!(net("10.0.0.0/99"), Err(wrong.into()));
    }

    #[test]
    fn sizes_count_in_powers_of_1024() {
        let bytes = |text: &str| text.parse::<Size>().map(|size| size.0);
        assert_eq!(bytes("16"), Ok(16));
        assert_eq!(bytes("64k"), Ok(65_536));
        assert_eq!(bytes("1MiB"), Ok(1 << 20));
        assert_eq!(bytes("2GB"), Ok(2 << 30));
        for wrong in ["", "k", "1.5k", "-1", "1T", "99999999999G"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}
