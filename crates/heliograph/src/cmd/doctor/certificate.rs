//! Can the certificate be used, for how long, and for which name?

use super::{Finding, Patient};
use crate::cmd::serve::ServiceName;
use helio_core::limits::DOCTOR_CERTIFICATE_DAYS;
use helio_core::time::Utc;
use helio_net::clock::utc_now;
use helio_net::identity::{Identity, IdentityError, IdentitySource, Warning};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let Some(data) = patient.settings.data_dir.as_ref().filter(|_| patient.settings.runs(ServiceName::Chat)) else {
        return Vec::new();
    };
    let source = match patient.settings.chat.identity(data) {
        Ok(source) => source,
        Err(failure) => return vec![Finding::fail(failure.message, "see docs/tls.md")],
    };
    match source.load() {
        Ok(identity) => judge(&identity, patient, utc_now()),
        Err(IdentityError::Gone { .. }) if matches!(source, IdentitySource::Own { .. }) => {
            vec![Finding::ok("the server has none yet; the first start makes its own")]
        }
        Err(error) => vec![Finding::fail(error, "give certificate and key that belong together, see docs/tls.md")],
    }
}

fn judge(identity: &Identity, patient: &Patient, now: Utc) -> Vec<Finding> {
    let mut findings: Vec<_> = identity.warnings(now).iter().map(of_warning).collect();
    if let Some(days) = identity.not_after().map(|end| (end.micros() - now.micros()) / DAY_MICROS)
        && (0..DOCTOR_CERTIFICATE_DAYS).contains(&days)
        && findings.is_empty()
    {
        findings.push(Finding::warn(format_args!("the certificate ends in {days} days"), "renew it, then send SIGHUP"));
    }
    let name = patient.settings.chat.server_name();
    // Who pins the server's own certificate does not look at its name.
    if identity.is_ca_issued() && !identity.is_for(&name) {
        let said = format!("the certificate is not for {name}, which the server calls itself");
        findings.push(Finding::warn(said, "set server-name to a name that the certificate has"));
    }
    let end = identity.not_after().map_or("without end".to_owned(), |end| format!("until {}", end.rfc3339()));
    Finding::or_ok(findings, format_args!("valid {end}, SHA-256 {}", identity.fingerprint()))
}

fn of_warning(warning: &Warning) -> Finding {
    match warning {
        Warning::Expired { .. } => Finding::fail(warning, "renew it, then send SIGHUP"),
        Warning::NotYetValid { .. } => Finding::fail(warning, "look at the clock"),
        Warning::KeyReadable { key, .. } => Finding::warn(warning, format_args!("chmod 600 {}", key.display())),
    }
}
