//! Names that look alike (UTS 39 §4 "Confusable Detection"), and names that only the service itself may have.

use alloc::collections::BTreeSet;
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
/// It is the skeleton of UTS 39, of the name as it is shown: `1`, `|` and capital `I` look like `l`, small `i` does not, so
/// that `bi11` and `bill` are one and `mail` and `mall` are two. `BILL` and `bill` have different ones; that they are the
/// same name is for `CASEMAPPING` to say. One change: the table says that `m` looks like `rn`. Not here: `tom` and `torn`
/// are different names.
///
/// Not for showing. The form may change with the version of Unicode: do not store it.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (index, piece) in name.split(['m', 'M']).enumerate() {
        if index > 0 {
            out.push('m');
        }
        let first: String = unicode_security::skeleton(piece).flat_map(char::to_lowercase).collect();
        // Once more: the lower case of a capital may again be in the table.
        out.extend(unicode_security::skeleton(&first).flat_map(char::to_lowercase));
    }
    out
}

/// The names that only the service itself may have. To make it is slow, to ask it is not: a service has one.
#[derive(Clone, Debug)]
pub struct ReservedNames {
    /// What they look like in either case.
    skeletons: BTreeSet<String>,
}

impl Default for ReservedNames {
    fn default() -> Self {
        let cases = |name: &&str| [skeleton(name), skeleton(&name.to_ascii_uppercase())];
        Self { skeletons: RESERVED.iter().flat_map(cases).collect() }
    }
}

impl ReservedNames {
    /// Whether this is one of them, or looks like one in either case.
    #[must_use]
    pub fn has(&self, nick: &str) -> bool {
        RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(nick)) || self.skeletons.contains(&skeleton(nick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn same(names: &[&str]) {
        for name in names {
            assert_eq!(skeleton(name), skeleton(names[0]), "{name}");
        }
    }

    #[test]
    fn names_that_look_alike_are_one() {
        same(&["bill", "bi11", "bi1l", "bi||", "biII"]);
        same(&["bob", "b0b", "BOB", "bОb"]);
        same(&["paypal", "pаypаl", "раура1"]);
        same(&["HELLO", "ΗELLO"]);
        same(&["chanserv", "chɑnserv", "ChɑnServ"]);
    }

    #[test]
    fn ordinary_names_stay_apart() {
        let names = [
            "tom", "torn", "ann", "anna", "guest2", "guest3", "guest12", "eve", "mallory", "s5", "5s", "mail", "mall",
            "ian", "lan",
        ];
        for (index, name) in names.iter().enumerate() {
            for other in &names[index + 1..] {
                assert_ne!(skeleton(name), skeleton(other), "{name} {other}");
            }
        }
    }

    #[test]
    fn services_are_not_impersonated() {
        let reserved = ReservedNames::default();
        for nick in ["NickServ", "NICKSERV", "NlckServ", "N1ckServ", "ChаnServ", "SERVICES", "global"] {
            assert!(reserved.has(nick), "{nick}");
        }
        for nick in ["nick", "server1", "serv", "glob"] {
            assert!(!reserved.has(nick), "{nick}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_skeleton(name: String) {
            let _ = skeleton(&name);
            let _ = ReservedNames::default().has(&name);
        }
    }
}
