//! Whoever is at the terminal, and what is asked of them.

use super::super::value::{NickArg, login_nick};
use crate::exit::{Exit, Failure, Outcome};
use crate::output;
use helio_client::random::random_token;
use helio_core::limits;
use helio_net::address::Address;
use helio_net::fingerprint::Fingerprint;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

/// Somebody who reads what is asked, and can answer.
pub(super) struct Person(());

impl Person {
    /// If there is somebody.
    pub(super) fn at_terminal() -> Option<Self> {
        (io::stdin().is_terminal() && output::is_watched()).then_some(Self(()))
    }

    /// How they want to be called.
    pub(super) fn name(&self) -> Outcome<String> {
        let proposed = login_nick();
        self.ask_name(&format!("Your name [{proposed}]: "), Some(proposed))
    }

    /// Another name, after one was refused.
    pub(super) fn other_name(&self, why: &str) -> Outcome<String> {
        self.ask_name(&format!("{why}\nAnother name: "), None)
    }

    /// They compare the fingerprint of a certificate that nobody else vouches for. An error: they do not say yes.
    pub(super) fn vouches_for(&self, address: &Address, got: Fingerprint) -> Outcome {
        let question = format!(
            "Nobody that this machine trusts vouches for {address}. Its certificate has the fingerprint (SHA-256)\n  {got}\n\
             Compare it with what the server's operator says. Is it the same? It is kept then. [y/N] "
        );
        let answer = self.ask(&question)?.to_ascii_lowercase();
        if matches!(answer.as_str(), "y" | "yes") {
            return Ok(());
        }
        let text = format_args!("not connected: the certificate of {address} is not the one that was expected");
        Err(Failure::new(Exit::Refused, text))
    }

    fn ask_name(&self, question: &str, default: Option<String>) -> Outcome<String> {
        let mut question = question.to_owned();
        loop {
            let answer = self.ask(&question)?;
            match (answer.as_str(), &default) {
                ("", Some(default)) => return Ok(default.clone()),
                (name, _) => match name.parse::<NickArg>() {
                    Ok(nick) => return Ok(nick.0),
                    Err(why) => question = format!("{why}\nAnother name: "),
                },
            }
        }
    }

    /// One line. The end of input is an answer too: it is over.
    fn ask(&self, question: &str) -> Outcome<String> {
        output::ask(question);
        let mut line = Vec::new();
        let failed = |error| Failure::file("read the answer", &error);
        let most = limits::CHAT_CLIENT_INPUT_LINE as u64;
        let count = io::stdin().lock().take(most).read_until(b'\n', &mut line).map_err(failed)?;
        if count == 0 {
            return Err(Failure::new(Exit::Refused, "not connected"));
        }
        Ok(String::from_utf8_lossy(&line).trim().to_owned())
    }
}

/// What opens an account that is made here.
pub(super) fn password() -> Outcome<String> {
    random_token::<{ limits::CHAT_OWN_PASSWORD }>().map_err(|error| Failure::new(Exit::Unavailable, error))
}
