//! Role × command: every command of the server, tried by everybody from one who is nobody yet to a server operator. What
//! each may do to a room and its members is in the finer tables of `policy/tests.rs`; here nothing is missing.

use super::world::{Id, World};
use crate::chat::command::verbs;
use crate::chat::{AccountRegistration, Settings};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Nobody yet; outside of `#tea` (secret, for the invited alone) without and with an account; in it without a status and as
/// its operator; a server operator outside.
const ROLES: [&str; 6] = ["connecting", "outsider", "account", "member", "op", "root"];

/// One line, and what each of [`ROLES`] is told: the first numeric of an error or code of a FAIL, `-` for none.
pub(super) const TABLE: &[(&str, &str)] = &[
    ("ACCOUNT INFO", "451 ACCOUNT_REQUIRED - ACCOUNT_REQUIRED ACCOUNT_REQUIRED ACCOUNT_REQUIRED"),
    ("ACCOUNT LIST", "451 481 481 481 481 -"),
    ("ADMIN", "451 423 423 423 423 423"),
    ("AUTHENTICATE PLAIN", "- - - - - -"),
    ("AWAY :gone", "451 - - - - -"),
    ("BATCH +1 draft/multiline #tea", "451 - - - - -"),
    ("CAP LIST", "- - - - - -"),
    ("CHATHISTORY LATEST #tea * 10", "451 INVALID_TARGET INVALID_TARGET - - INVALID_TARGET"),
    ("CHATHISTORY LATEST target * 10", "451 INVALID_TARGET - INVALID_TARGET INVALID_TARGET INVALID_TARGET"),
    ("CHATHISTORY TARGETS timestamp=2026-01-01T00:00:00.000Z timestamp=2027-01-01T00:00:00.000Z 10", "451 - - - - -"),
    ("DEFCON 4", "451 481 481 481 481 -"),
    ("DLINE 203.0.113.7 :spam", "451 481 481 481 481 -"),
    ("FILTER LIST", "451 481 481 481 481 -"),
    ("HELP", "451 - - - - -"),
    ("HELPOP", "451 - - - - -"),
    ("INFO", "451 - - - - -"),
    ("INVITE target #tea", "451 442 442 482 443 443"),
    ("ISON target", "451 - - - - -"),
    ("ISUPPORT", "451 - - - - -"),
    ("JOIN #tea", "451 473 473 - - -"),
    ("JOIN #other", "451 - - - - -"),
    ("KICK #tea target", "451 442 442 482 - -"),
    ("KILL target :spam", "451 481 481 481 481 -"),
    ("KLINE nobody@example.org :spam", "451 481 481 481 481 -"),
    ("LINKS", "451 - - - - -"),
    ("LIST", "451 - - - - -"),
    ("LUSERS", "451 - - - - -"),
    ("MARKREAD #tea", "451 - - - - -"),
    ("METADATA #tea LIST", "451 INVALID_TARGET INVALID_TARGET - - -"),
    ("METADATA #tea SET url x", "INVALID_TARGET INVALID_TARGET INVALID_TARGET KEY_NO_PERMISSION - -"),
    ("METADATA target LIST", "451 - - - - -"),
    (
        "METADATA target SET url x",
        "INVALID_TARGET KEY_NO_PERMISSION KEY_NO_PERMISSION KEY_NO_PERMISSION KEY_NO_PERMISSION -",
    ),
    ("MODE #tea", "451 442 442 - - -"),
    ("MODE #tea +m", "451 442 442 482 - -"),
    ("MODE target", "451 502 502 502 502 502"),
    ("MODE target +i", "451 502 502 502 502 502"),
    ("MONITOR + target", "451 - - - - -"),
    ("MOTD", "451 422 422 422 422 422"),
    ("NAMES #tea", "451 - - - - -"),
    ("NICK other", "- - - - - -"),
    ("NOTICE #tea :hello", "451 404 404 - - 404"),
    ("NOTICE target :hello", "451 - - - - -"),
    ("OPER boss wrong", "451 464 464 464 464 -"),
    ("PART #tea", "451 442 442 - - 442"),
    ("PASS secret", "- 462 462 462 462 462"),
    ("PING x", "- - - - - -"),
    ("PONG x", "- - - - - -"),
    ("PRIVMSG #tea :hello", "451 404 404 - - 404"),
    ("PRIVMSG @#tea :hello", "451 404 404 - - 404"),
    ("PRIVMSG target :hello", "451 - - - - -"),
    ("QUIT", "ERROR ERROR ERROR ERROR ERROR ERROR"),
    ("REDACT #tea unknown", "451 INVALID_TARGET INVALID_TARGET UNKNOWN_MSGID UNKNOWN_MSGID UNKNOWN_MSGID"),
    ("REGISTER * * :correct horse", "NEED_NICK - ALREADY_AUTHENTICATED - - -"),
    ("REHASH", "451 481 481 481 481 -"),
    ("RENAME #tea #coffee", "451 403 403 482 - -"),
    ("ROOM INFO #tea", "451 403 403 ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED"),
    ("ROOM ACCESS #tea LIST", "451 403 403 ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED"),
    ("ROOM DROP #tea 0", "451 403 403 ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED ROOM_NOT_REGISTERED"),
    ("ROOM FILTER #tea LIST", "451 403 403 482 - -"),
    ("ROOM REGISTER #tea", "451 403 403 ACCOUNT_REQUIRED ACCOUNT_REQUIRED ACCOUNT_REQUIRED"),
    ("ROOM SET #tea read-only on", "451 403 403 482 - -"),
    ("SEARCH in=#tea;text=hello", "451 INVALID_PARAMS INVALID_PARAMS - - INVALID_PARAMS"),
    ("SETNAME :Somebody", "451 - - - - -"),
    ("STATS l", "451 481 481 481 481 -"),
    ("STATS u", "451 - - - - -"),
    ("SUMMON target", "451 445 445 445 445 445"),
    ("TAGMSG #tea", "451 404 404 - - 404"),
    ("TIME", "451 - - - - -"),
    ("TOPIC #tea", "451 442 442 - - -"),
    ("TOPIC #tea :green", "451 442 442 482 - -"),
    ("TRACE", "451 - - - - -"),
    ("TRANSPORT", "451 - - - - -"),
    ("UNDLINE 203.0.113.7", "451 481 481 481 481 400"),
    ("UNKLINE nobody@example.org", "451 481 481 481 481 400"),
    ("USER other 0 * :Other", "- 462 462 462 462 462"),
    ("USERHOST target", "451 - - - - -"),
    ("USERS", "451 446 446 446 446 446"),
    ("VERSION", "451 - - - - -"),
    ("WALLOPS :hello", "451 481 481 481 481 -"),
    ("WHO #tea", "451 - - - - -"),
    ("WHOIS target", "451 - - - - -"),
    ("WHOWAS target", "451 406 406 406 406 406"),
];

pub(super) const CAPS: &str = "batch labeled-response standard-replies message-tags echo-message sasl draft/chathistory \
                    draft/message-redaction draft/metadata-2 draft/read-marker soju.im/search draft/multiline";

#[test]
fn everybody_is_told_what_the_table_says() {
    let mut wrong = Vec::new();
    for (line, expected) in TABLE {
        let told = ROLES.map(|role| tell(role, line)).join(" ");
        if told != *expected {
            wrong.push(format!("{line}: {told}, expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A new command is for nobody until it has its row.
#[test]
fn the_table_has_every_command() {
    let tried: BTreeSet<&str> = TABLE.iter().filter_map(|(line, _)| line.split(' ').next()).collect();
    assert_eq!(tried, verbs().into_iter().collect());
}

/// `spec/line-listener.md`: what a guest says are messages, whatever command it may look like.
#[test]
fn guests_have_none_of_these_commands() {
    let mut world = World::new();
    let ada = world.member("ada", "#lobby");
    let guest = world.guest();
    for (line, _) in TABLE {
        world.say(guest, line);
        assert_eq!(world.hear(ada), [format!(":guest1!guest@127.0.0.1 PRIVMSG #lobby :{line}")]);
    }
}

/// What `role` is told when it says `line`.
fn tell(role: &str, line: &str) -> String {
    let mut world = World::with(Settings { registration: AccountRegistration::Open, ..World::settings() });
    let id = world.somebody(role);
    let heard = world.ask(id, &format!("@label=x {line}"));
    let told = heard.iter().find_map(|line| {
        let line =
            line.strip_prefix("@").and_then(|tagged| tagged.split_once(' ')).map_or(line.as_str(), |(_, rest)| rest);
        match line.split(' ').collect::<Vec<_>>()[..] {
            [_, "FAIL", _, code, ..] => Some(code),
            ["ERROR", ..] => Some("ERROR"),
            [_, numeric, ..] => Some(numeric).filter(|numeric| is_error(numeric)),
            _ => None,
        }
    });
    told.unwrap_or("-").to_string()
}

/// 400 to 599 are errors (RFC 2812 §5.2), and so are some of SASL.
fn is_error(numeric: &str) -> bool {
    numeric.parse().is_ok_and(|code: u16| (400..600).contains(&code) || (904..908).contains(&code))
}

impl World {
    /// Somebody in this role, with everything about it read.
    fn somebody(&mut self, role: &str) -> Id {
        let op = self.user_with("op", CAPS);
        self.say(op, "JOIN #tea");
        self.member("target", "#tea");
        let id = match role {
            "connecting" => self.connect(),
            "op" => op,
            _ => self.user_with("asker", CAPS),
        };
        match role {
            "connecting" => self.say(id, &format!("CAP REQ :{CAPS}")),
            "account" => {
                self.add_account("holder");
                self.log_in(id, "holder");
            }
            "member" => self.say(id, "JOIN #tea"),
            "root" => self.say(id, "OPER boss secret"),
            _ => {}
        }
        self.say(op, "MODE #tea +is");
        self.hear_all();
        id
    }
}
