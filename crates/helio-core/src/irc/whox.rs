//! The fields that WHOX asks for: `WHO <mask> [<flags>]%<fields>[,<token>]` (ISUPPORT `WHOX`, as ircu introduced it:
//! <https://ircv3.net/specs/extensions/whox>).

/// What a WHO with a `%` in its second parameter asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WhoxQuery<'a> {
    /// What stands before `%`: `o` for operators only, other letters say what the mask is compared with.
    pub flags: &'a str,
    /// Bits in the order of [`WhoxField::ALL`].
    fields: u16,
    /// Sent back with each line, if `t` is asked for; `0` when none was given.
    pub token: &'a str,
}

/// A field of RPL_WHOSPCRPL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoxField {
    /// `t`: the token.
    Token,
    /// `c`: a room, or `*`.
    Room,
    /// `u`: the username.
    User,
    /// `i`: the address, or `255.255.255.255` where it is not shown.
    Address,
    /// `h`: the host.
    Host,
    /// `s`: the server.
    Server,
    /// `n`: the nickname.
    Nick,
    /// `f`: here or gone, operator, prefixes.
    Flags,
    /// `d`: hops.
    Hops,
    /// `l`: idle seconds, or `0`.
    Idle,
    /// `a`: the account, or `0`.
    Account,
    /// `o`: the level of an operator of the room, or `n/a`.
    OperatorLevel,
    /// `r`: the real name, always the last parameter.
    RealName,
}

impl WhoxField {
    /// All fields, in the order in which they are sent whatever the order of the question, with their letters.
    pub const ALL: [(Self, char); 13] = [
        (Self::Token, 't'),
        (Self::Room, 'c'),
        (Self::User, 'u'),
        (Self::Address, 'i'),
        (Self::Host, 'h'),
        (Self::Server, 's'),
        (Self::Nick, 'n'),
        (Self::Flags, 'f'),
        (Self::Hops, 'd'),
        (Self::Idle, 'l'),
        (Self::Account, 'a'),
        (Self::OperatorLevel, 'o'),
        (Self::RealName, 'r'),
    ];
}

impl<'a> WhoxQuery<'a> {
    /// The question in the second parameter of a WHO; `None` when that is a WHO of the old kind. Unknown letters are
    /// ignored, and so is a token that is not one to three digits.
    #[must_use]
    pub fn parse(param: &'a str) -> Option<Self> {
        let (flags, rest) = param.split_once('%')?;
        let (letters, token) = rest.split_once(',').unwrap_or((rest, ""));
        let asked = WhoxField::ALL.iter().enumerate().filter(|(_, (_, letter))| letters.contains(*letter));
        let fields = asked.fold(0, |fields, (bit, _)| fields | 1 << bit);
        let is_token = (1..=3).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { flags, fields, token: if is_token { token } else { "0" } })
    }

    /// The fields that are asked for, in the order in which they are sent.
    pub fn fields(&self) -> impl Iterator<Item = WhoxField> + use<> {
        let fields = self.fields;
        let all = WhoxField::ALL.into_iter().enumerate();
        all.filter(move |(bit, _)| fields & 1 << bit != 0).map(|(_, (field, _))| field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn fields_are_sent_in_their_own_order() {
        let query = WhoxQuery::parse("o%nta,42").unwrap();
        assert_eq!((query.flags, query.token), ("o", "42"));
        assert_eq!(query.fields().collect::<Vec<_>>(), [WhoxField::Token, WhoxField::Nick, WhoxField::Account]);
        assert_eq!(WhoxQuery::parse("%tcuihsnfdlaor").unwrap().fields().count(), WhoxField::ALL.len());
    }

    #[test]
    fn a_who_of_the_old_kind_is_none() {
        assert_eq!(WhoxQuery::parse("o"), None);
        assert_eq!(WhoxQuery::parse("%").unwrap().fields().count(), 0);
    }

    #[test]
    fn a_token_is_up_to_three_digits() {
        for (param, token) in
            [("%t,1", "1"), ("%t,999", "999"), ("%t,1000", "0"), ("%t,x", "0"), ("%t,", "0"), ("%t", "0")]
        {
            assert_eq!(WhoxQuery::parse(param).unwrap().token, token, "{param}");
        }
    }

    proptest! {
        #[test]
        fn every_order_of_letters_asks_for_the_same(letters in "[tcuihsnfdlaorxé]{0,20}") {
            let reversed: String = letters.chars().rev().collect();
            let fields = |letters: &str| WhoxQuery::parse(&["%", letters].concat()).unwrap().fields().collect::<Vec<_>>();
            prop_assert_eq!(fields(&letters), fields(&reversed));
        }
    }
}
