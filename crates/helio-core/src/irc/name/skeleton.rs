//! Names that look alike (UTS 39 §4 "Confusable Detection"), and names that only the service itself may have.

use alloc::string::String;

/// Names of services on other networks: people give them passwords.
const RESERVED: &[&str] = &[
    "alis",
    "anonymous",
    "authserv",
    "botserv",
    "chanserv",
    "global",
    "groupserv",
    "helpserv",
    "histserv",
    "hostserv",
    "infoserv",
    "memoserv",
    "nickserv",
    "operserv",
    "saslserv",
    "server",
    "services",
    "statserv",
];

/// What is left of a name when all that look alike are one. Two names that differ only so may not be used at one time.
///
/// It is the skeleton of UTS 39 with two changes, made so that names which are the same in `CASEMAPPING=ascii` always
/// have the same skeleton, whatever case they are shown in:
/// - the table says that `1`, `|` and capital `I` look like `l`. As capital `I` is the letter `i`, all of `i`, `l`, `1`
///   and `|` are one here: `bill`, `bi11`, `BIll` and `biil` cannot be told apart reliably. The price is that `mail` and
///   `mall` cannot both be there. `0` and `o` are one, too.
/// - the table says that `m` looks like `rn`. Not here: `tom` and `torn` are different names.
///
/// Not for showing. The form may change with the version of Unicode: do not store it.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (index, piece) in name.to_ascii_lowercase().split('m').enumerate() {
        if index > 0 {
            out.push('m');
        }
        let first: String = unicode_security::skeleton(piece).flat_map(char::to_lowercase).collect();
        // Once more: the lower case of a capital may again be in the table.
        out.extend(unicode_security::skeleton(&first).flat_map(char::to_lowercase).map(|c| match c {
            'i' => 'l',
            c => c,
        }));
    }
    out
}

/// Whether only the service itself may have this name, or one that looks like it.
#[must_use]
pub fn is_reserved(nick: &str) -> bool {
    let name = skeleton(nick);
    RESERVED.iter().any(|reserved| skeleton(reserved) == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irc::casemap;
    use proptest::prelude::*;

    #[track_caller]
    fn same(names: &[&str]) {
        for name in names {
            assert_eq!(skeleton(name), skeleton(names[0]), "{name}");
        }
    }

    #[test]
    fn names_that_look_alike_are_one() {
        same(&["bill", "BILL", "bi11", "BIll", "b|ll", "biil"]);
        same(&["bob", "b0b", "BOB", "bОb"]);
        same(&["paypal", "pаypаl", "раура1"]);
        same(&["hello", "HELLO", "ΗELLO"]);
        same(&["chanserv", "chɑnserv", "ChɑnServ"]);
    }

    #[test]
    fn ordinary_names_stay_apart() {
        let names = ["tom", "torn", "ann", "anna", "guest2", "guest3", "guest12", "eve", "mallory", "s5", "5s"];
        for (index, name) in names.iter().enumerate() {
            for other in &names[index + 1..] {
                assert_ne!(skeleton(name), skeleton(other), "{name} {other}");
            }
        }
    }

    #[test]
    fn services_are_not_impersonated() {
        for nick in ["NickServ", "NICKSERV", "NlckServ", "N1ckServ", "ChаnServ", "SERVICES", "global"] {
            assert!(is_reserved(nick), "{nick}");
        }
        for nick in ["nick", "server1", "serv", "glob"] {
            assert!(!is_reserved(nick), "{nick}");
        }
    }

    proptest! {
        #[test]
        fn one_name_has_one_skeleton(name in "[a-zA-Z0-9\\[\\]\\\\`_^{|}-]{0,32}") {
            prop_assert_eq!(skeleton(&name), skeleton(&name.to_ascii_uppercase()));
            prop_assert_eq!(skeleton(&name), skeleton(&casemap::fold(&name)));
        }

        #[test]
        fn any_text_has_a_skeleton(name: String) {
            let _ = skeleton(&name);
            let _ = is_reserved(&name);
        }
    }
}
