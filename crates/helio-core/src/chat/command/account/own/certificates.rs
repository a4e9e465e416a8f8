//! ACCOUNT CERT: certificates by which one logs in (SASL EXTERNAL).

use super::{carry_out, done, own, own_to_change, unknown};
use crate::chat::AccountChange;
use crate::chat::reply::{Outcome, Refusal};
use crate::chat::turn::Turn;
use crate::fingerprint::Fingerprint;
use crate::irc::standard_reply::ReplyCode;
use alloc::string::ToString;

pub(super) fn run(turn: &mut Turn<'_>, params: &[&str]) -> Outcome {
    match params[0].to_ascii_uppercase().as_str() {
        "ADD" => set(turn, params.get(1).copied(), true),
        "DEL" => set(turn, params.get(1).copied(), false),
        "LIST" => list(turn),
        word => Err(unknown("CERT", word)),
    }
}

/// Without a fingerprint it is the certificate of this connection.
fn set(turn: &mut Turn<'_>, text: Option<&str>, is_owned: bool) -> Outcome {
    let account = own_to_change(turn)?;
    let certificate = match text.filter(|text| !text.is_empty()) {
        Some(text) => text
            .parse::<Fingerprint>()
            .map_err(|error| Refusal::fail_text(ReplyCode::InvalidParams, &["CERT"], &error.to_string()))?,
        None => turn.session()?.peer.certificate.ok_or_else(|| {
            let text = "This connection has shown no certificate; give the fingerprint of one";
            Refusal::fail_text(ReplyCode::NeedMoreParams, &["CERT"], text)
        })?,
    };
    let (shown, at_us) = (certificate.to_string(), turn.now.utc.micros());
    let ticket = carry_out(turn, AccountChange::CertificateOwned { account, certificate, is_owned, at_us }, &shown)?;
    match is_owned {
        true => done(turn, ticket, "CERT_ADDED", &[&shown], "Who shows this certificate is logged in by SASL EXTERNAL"),
        false => done(turn, ticket, "CERT_DELETED", &[&shown], "This certificate logs nobody in any more"),
    }
    Ok(())
}

fn list(turn: &mut Turn<'_>) -> Outcome {
    let name = own(turn)?;
    let known = turn.chat.state.accounts.get(&name).map(|account| account.certificates.clone());
    for certificate in known.unwrap_or_default() {
        let shown = certificate.to_string();
        turn.reply.note("CERT", &[&shown], &shown);
    }
    turn.reply.note("END", &["CERT"], "End of your certificates");
    Ok(())
}
