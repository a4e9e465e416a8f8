//! What the machine allows: open files, and settings of the kernel that matter to a server with many connections.

use super::{Finding, Level, Patient};
use helio_core::limits::{DOCTOR_SPARE_FILES, LISTEN_BACKLOG};
use rustix::process::{Resource, getrlimit};
use std::fs;

pub(super) fn check_files(patient: &Patient) -> Vec<Finding> {
    // The program raises the soft limit to the hard one when it starts.
    let allowed = getrlimit(Resource::Nofile).maximum;
    let services = patient.settings.services.len() as u64;
    let wanted = patient.settings.session.max_connections() as u64 * services + DOCTOR_SPARE_FILES;
    vec![judge_files(allowed, wanted)]
}

fn judge_files(allowed: Option<u64>, wanted: u64) -> Finding {
    match allowed {
        None => Finding::ok("as many files as wanted may be open"),
        Some(allowed) if allowed >= wanted => {
            Finding::ok(format_args!("{allowed} files may be open, {wanted} are wanted at most"))
        }
        Some(allowed) => Finding::warn(
            format_args!("{allowed} files may be open, and max-connections of all services asks for {wanted}"),
            format_args!("raise it (LimitNOFILE={wanted} in the unit, ulimit -Hn), or lower max-connections"),
        ),
    }
}

/// A setting of the kernel (`sysctl(8)`).
struct Setting {
    name: &'static str,
    /// Below this it matters.
    least: i64,
    /// What happens then.
    why: &'static str,
}

const SETTINGS: [Setting; 2] = [
    Setting {
        name: "net.core.somaxconn",
        least: LISTEN_BACKLOG as i64,
        why: "when many connect at once, as after a restart, some wait for a second and more",
    },
    Setting { name: "net.ipv4.tcp_syncookies", least: 1, why: "a flood of half-open connections locks people out" },
];

pub(super) fn check_kernel(_: &Patient) -> Vec<Finding> {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok();
    let findings = SETTINGS.iter().filter_map(|setting| judge_setting(setting, &read(setting.name)?));
    Finding::or_ok(findings.filter(|finding| finding.level > Level::Ok).collect(), "its settings are as a server needs")
}

fn judge_setting(setting: &Setting, value: &str) -> Option<Finding> {
    let value: i64 = value.trim().parse().ok()?;
    (value < setting.least).then(|| {
        let Setting { name, least, why } = setting;
        Finding::warn(format_args!("{name} is {value}: {why}"), format_args!("sysctl -w {name}={least}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_files_than_connections_are_a_warning() {
        assert_eq!(judge_files(None, 1).level, Level::Ok);
        assert_eq!(judge_files(Some(100), 100).level, Level::Ok);
        assert_eq!(judge_files(Some(99), 100).level, Level::Warn);
    }

    #[test]
    fn a_setting_below_what_is_needed_says_what_to_type() {
        let found = judge_setting(&SETTINGS[1], "0\n").unwrap();
        assert_eq!(found.advice.as_deref(), Some("sysctl -w net.ipv4.tcp_syncookies=1"));
        assert!(judge_setting(&SETTINGS[1], "1\n").is_none());
        assert!(judge_setting(&SETTINGS[1], "much").is_none());
    }
}
