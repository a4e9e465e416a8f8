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

/// Whether only the service itself may have this name, or one that looks like it in either case.
#[must_use]
pub fn is_reserved(nick: &str) -> bool {
    let name = skeleton(nick);
    let looks_like = |reserved: &str| skeleton(reserved) == name || skeleton(&reserved.to_ascii_uppercase()) == name;
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(nick) || looks_like(reserved))
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
        for nick in ["NickServ", "NICKSERV", "NlckServ", "N1ckServ", "ChаnServ", "SERVICES", "global"] {
            assert!(is_reserved(nick), "{nick}");
        }
        for nick in ["nick", "server1", "serv", "glob"] {
            assert!(!is_reserved(nick), "{nick}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_skeleton(name: String) {
            let _ = skeleton(&name);
            let _ = is_reserved(&name);
        }
    }
}
