//! Is the store well, as far as can be told without or with reading all of it?

use super::{Finding, Patient};
use crate::cmd::serve::ServiceName;
use helio_server::service::chat::{Examined, StoreError, examine_store};

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let Some(data) = patient.settings.data_dir.as_ref().filter(|_| patient.settings.runs(ServiceName::Chat)) else {
        return Vec::new();
    };
    let (store, is_thorough) = (data.join("store"), patient.is_thorough);
    vec![match examine_store(&store, is_thorough) {
        Ok(Examined::Absent) => Finding::ok("there is none yet; the first start makes it"),
        Ok(Examined::Current) if is_thorough => {
            Finding::ok(format_args!("{} was read to its end, and all fits together", store.display()))
        }
        Ok(Examined::Current) => Finding::ok(format_args!("{} can be opened", store.display())),
        Ok(Examined::Older) => Finding::ok(format_args!(
            "{} is of an older helio; the next start brings it up to date, take a copy before",
            store.display()
        )),
        Err(StoreError::Locked { holder, .. }) => {
            let said = format!("a server runs with it ({})", holder.as_deref().unwrap_or("it does not say which"));
            if is_thorough {
                Finding::warn(said, "stop it to have the store read to its end")
            } else {
                Finding::ok(said)
            }
        }
        Err(error @ (StoreError::Corrupt { .. } | StoreError::TooNew { .. } | StoreError::NotAStore { .. })) => {
            // Their texts say what to do.
            let text = error.to_string();
            let (said, advice) = text.rsplit_once("; ").unwrap_or((&text, "restore a backup"));
            Finding::fail(said, advice)
        }
        Err(error) => Finding::fail(error, "look at the disk, and at the permissions of the data directory"),
    }]
}

/// The process that has the store, when there is one.
pub(super) fn holder(patient: &Patient) -> Option<u32> {
    let data = patient.settings.data_dir.as_ref()?;
    match examine_store(&data.join("store"), false) {
        Err(StoreError::Locked { holder, .. }) => holder?.strip_prefix("pid ")?.parse().ok(),
        Ok(_) | Err(_) => None,
    }
}
