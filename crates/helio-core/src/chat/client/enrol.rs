//! Making an account with an invitation, on a connection of its own: what comes before the first log-in of a client that was
//! given a link (spec/accounts.md, "Links"). As pure as the client: lines in, lines out.

use crate::chat::Password;
use crate::irc::line::LineBuilder;
use crate::irc::message::Message;
use crate::irc::name::sanitize_user;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// The token of the PING whose answer follows all that the server says by itself.
const DONE: &str = "enrolled";

/// Who is to be registered.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The nickname, which becomes the name of the account.
    pub name: String,
    /// Of the invitation.
    pub token: String,
    /// What opens the account from now on.
    pub password: Password,
}

/// The account is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// As the server writes its name.
    pub account: String,
    /// The room that the invitation leads to.
    pub room: Option<String>,
}

/// Why there is no account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolError {
    /// The name is taken, or cannot be one; another may do.
    #[error("the name is refused: {0}")]
    Name(String),
    /// The invitation is used up, expired, revoked, or was never one.
    #[error("the invitation is not accepted: {0}")]
    Invitation(String),
    /// Anything else that the server said.
    #[error("the server refuses: {0}")]
    Refused(String),
}

/// The conversation.
#[derive(Debug)]
pub struct Enrolment {
    account: Option<String>,
    room: Option<String>,
}

impl Enrolment {
    /// With the first bytes to send.
    #[must_use]
    pub fn begin(newcomer: &Newcomer) -> (Self, Vec<u8>) {
        let Newcomer { name, token, password: Password(password) } = newcomer;
        let mut out = Vec::new();
        LineBuilder::new(&mut out).command("CAP").param("LS").param("302").finish();
        // So that a refusal has its code.
        LineBuilder::new(&mut out).command("CAP").param("REQ").trailing("standard-replies").finish();
        LineBuilder::new(&mut out).command("NICK").param(name).finish();
        let user = sanitize_user(name);
        LineBuilder::new(&mut out).command("USER").param(&user).param("0").param("*").trailing(name).finish();
        LineBuilder::new(&mut out).command("REGISTER").param("*").param(token).trailing(password).finish();
        (Self { account: None, room: None }, out)
    }

    /// A line of the server, without its end: what to send now, and how it ended, if it has.
    pub fn handle_line(&mut self, line: &[u8]) -> (Vec<u8>, Option<Result<Enrolled, EnrolError>>) {
        let mut out = Vec::new();
        let Ok(message) = Message::parse(line) else { return (out, None) };
        let params: Vec<String> =
            message.params.iter().map(|param| String::from_utf8_lossy(param).into_owned()).collect();
        let words: Vec<&str> = params.iter().map(String::as_str).collect();
        let command = String::from_utf8_lossy(message.command).to_ascii_uppercase();
        let said = words.last().map(|text| (*text).to_string()).unwrap_or_default();
        let ended = match (command.as_str(), words.as_slice()) {
            ("REGISTER", ["SUCCESS", account, ..]) => {
                self.account = Some((*account).to_string());
                LineBuilder::new(&mut out).command("CAP").param("END").finish();
                LineBuilder::new(&mut out).command("PING").trailing(DONE).finish();
                None
            }
            ("INVITE", [_, room, ..]) => {
                self.room = Some((*room).to_string());
                None
            }
            ("PONG", [.., DONE]) => {
                LineBuilder::new(&mut out).command("QUIT").finish();
                self.account.take().map(|account| Ok(Enrolled { account, room: self.room.take() }))
            }
            ("PING", [.., token]) => {
                LineBuilder::new(&mut out).command("PONG").trailing(token).finish();
                None
            }
            ("FAIL", ["REGISTER", code, ..]) => Some(Err(refusal(code, said))),
            ("432" | "433" | "436", _) => Some(Err(EnrolError::Name(said))),
            ("421" | "464" | "465" | "ERROR", _) => Some(Err(EnrolError::Refused(said))),
            _ => None,
        };
        (out, ended)
    }
}

fn refusal(code: &str, said: String) -> EnrolError {
    match code {
        "ACCOUNT_EXISTS" | "BAD_ACCOUNT_NAME" | "ACCOUNT_NAME_MUST_BE_NICK" => EnrolError::Name(said),
        "INVITATION_REQUIRED" | "DISALLOWED" => EnrolError::Invitation(said),
        _ => EnrolError::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use proptest::prelude::*;

    fn begun() -> Enrolment {
        let password = Password("correct horse".to_string());
        let newcomer = Newcomer { name: "ada".to_string(), token: "abc".to_string(), password };
        let (enrolment, first) = Enrolment::begin(&newcomer);
        let lines = "CAP LS 302\r\nCAP REQ standard-replies\r\nNICK ada\r\nUSER ada 0 * ada\r\n";
        let plain = String::from_utf8(first).expect("text").replace(" :", " ");
        assert_eq!(plain, format!("{lines}REGISTER * abc correct horse\r\n"));
        enrolment
    }

    fn end(enrolment: &mut Enrolment, lines: &[&str]) -> (String, Option<Result<Enrolled, EnrolError>>) {
        let mut sent = vec![];
        for line in lines {
            let (out, ended) = enrolment.handle_line(line.as_bytes());
            sent.extend(out);
            if ended.is_some() {
                return (String::from_utf8(sent).expect("text").replace(" :", " "), ended);
            }
        }
        (String::from_utf8(sent).expect("text").replace(" :", " "), None)
    }

    #[test]
    fn an_account_is_made_and_the_room_is_told_when_the_server_has_said_all() {
        let said = [
            ":s CAP * LS :draft/account-registration",
            ":s CAP * ACK :standard-replies",
            "@time=2026-01-01T00:00:00.000Z :s REGISTER SUCCESS Ada :Account registered",
            ":s 900 Ada Ada!*@* Ada :You are now logged in as Ada",
            ":s 001 Ada :Welcome",
            ":s INVITE Ada #tea",
            ":s PONG s enrolled",
        ];
        let (sent, ended) = end(&mut begun(), &said);
        assert_eq!(sent, "CAP END\r\nPING enrolled\r\nQUIT\r\n");
        let enrolled = Enrolled { account: "Ada".to_string(), room: Some("#tea".to_string()) };
        assert_eq!(ended, Some(Ok(enrolled)));
    }

    #[test]
    fn what_is_refused_is_told_apart() {
        let ended = |line: &str| end(&mut begun(), &[line]).1.expect("an end").expect_err("a refusal");
        let taken = EnrolError::Name("Nickname is already in use".to_string());
        assert_eq!(ended(":s 433 * ada :Nickname is already in use"), taken);
        assert!(matches!(ended(":s FAIL REGISTER ACCOUNT_EXISTS ada :Taken"), EnrolError::Name(_)));
        assert!(matches!(ended(":s FAIL REGISTER INVITATION_REQUIRED * :Needed"), EnrolError::Invitation(_)));
        assert!(matches!(ended(":s FAIL REGISTER TEMPORARILY_UNAVAILABLE * :Later"), EnrolError::Refused(_)));
        assert!(matches!(ended("ERROR :Closing link: banned"), EnrolError::Refused(_)));
        assert!(matches!(ended(":s 421 ada REGISTER :Unknown command"), EnrolError::Refused(_)));
    }

    #[test]
    fn an_answer_to_another_ping_is_none_to_ours() {
        assert_eq!(end(&mut begun(), &["PING :x", ":s PONG s enrolled"]), ("PONG x\r\nQUIT\r\n".to_string(), None));
    }

    proptest! {
        #[test]
        fn no_line_is_too_much(line in proptest::collection::vec(any::<u8>(), 0..600)) {
            begun().handle_line(&line);
        }
    }
}
