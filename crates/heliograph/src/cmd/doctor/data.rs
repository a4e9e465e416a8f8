//! The data directory: whose it is, who may read it, and how much room its disk has.

use super::{Finding, Patient};
use helio_core::limits::{DOCTOR_FREE_BYTES, DOCTOR_FREE_INODES};
use rustix::fs::{Access, access, statvfs};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a mode may not have for others, and for the group.
const OTHERS: u32 = 0o077;

pub(super) fn check(patient: &Patient) -> Vec<Finding> {
    let Some(data) = &patient.settings.data_dir else {
        return vec![Finding::fail("there is no home directory to keep data in", "name a place with --data-dir")];
    };
    match fs::metadata(data) {
        Ok(found) if !found.is_dir() => {
            vec![Finding::fail(format_args!("{} is no directory", data.display()), "name another with --data-dir")]
        }
        Ok(_) => Finding::or_ok(look_into(data), format_args!("{} is ours alone, and can be written", data.display())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => vec![absent(data)],
        Err(error) => vec![Finding::fail(format_args!("cannot look at {}: {error}", data.display()), advice_user())],
    }
}

/// The first start makes the directory; it must be able to.
fn absent(data: &Path) -> Finding {
    match nearest(data) {
        Some(parent) if access(&parent, Access::WRITE_OK).is_ok() => {
            Finding::ok(format_args!("{} is not there yet; the first start makes it", data.display()))
        }
        parent => {
            let parent = parent.unwrap_or_default();
            let said = format!("{} is not there, and {} cannot be written", data.display(), parent.display());
            Finding::fail(said, "make it for the user of the server, with mode 700")
        }
    }
}

/// The nearest directory above `path` that is there.
fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|parent| parent.is_dir()).map(Path::to_owned)
}

/// What is wrong with the directory and its secret files.
fn look_into(data: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if access(data, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        findings.push(Finding::fail(format_args!("{} cannot be written", data.display()), advice_user()));
    }
    let us = rustix::process::geteuid().as_raw();
    for path in secret_paths(data) {
        let Ok(found) = fs::metadata(&path) else { continue };
        if found.uid() != us && us != 0 {
            let said = format!("{} belongs to the user with the number {}, we are {us}", path.display(), found.uid());
            findings.push(Finding::fail(said, advice_user()));
        }
        let mode = found.mode() & 0o777;
        if mode & OTHERS != 0 {
            let right = if found.is_dir() { 0o700 } else { 0o600 };
            let said = format!("{} has mode {mode:o}, others may read what people wrote", path.display());
            // A closed directory above it hides a file well enough.
            let is_hidden = path != data && fs::metadata(data).is_ok_and(|above| above.mode() & OTHERS == 0);
            if !is_hidden {
                findings.push(Finding::warn(said, format_args!("chmod {right:o} {}", path.display())));
            }
        }
    }
    findings
}

/// The directory, and what in it is nobody else's business.
fn secret_paths(data: &Path) -> Vec<PathBuf> {
    let folders = [data.to_owned(), data.join("store"), data.join("tls")];
    let files = folders[1..].iter().flat_map(|folder| {
        let entries = fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path()))
    });
    // A certificate is shown to everybody.
    let files = files.filter(|path| path.extension().is_none_or(|kind| kind != "pem")).collect::<Vec<_>>();
    folders.iter().cloned().chain(files).collect()
}

fn advice_user() -> &'static str {
    "run helio doctor as the user of the server, or give the directory to that user (chown -R)"
}

/// Bytes and inodes that are free for us.
#[derive(Clone, Copy)]
struct Free {
    bytes: u64,
    /// `None`: the file system has as many as fit.
    inodes: Option<u64>,
}

pub(super) fn check_disk(patient: &Patient) -> Vec<Finding> {
    let Some(place) = patient.settings.data_dir.as_deref().and_then(nearest) else { return Vec::new() };
    match statvfs(&place) {
        Ok(disk) => {
            let inodes = Some(disk.f_favail).filter(|_| disk.f_files > 0);
            vec![judge(&place, Free { bytes: disk.f_bavail.saturating_mul(disk.f_frsize), inodes })]
        }
        Err(error) => vec![Finding::warn(
            format_args!("cannot tell how much room is at {}: {error}", place.display()),
            "look with df",
        )],
    }
}

fn judge(place: &Path, Free { bytes, inodes }: Free) -> Finding {
    let advice = "make room there, or move the data directory";
    let said = match inodes {
        Some(inodes) => format!("{} has {} MiB and {inodes} inodes free", place.display(), bytes >> 20),
        None => format!("{} has {} MiB free", place.display(), bytes >> 20),
    };
    let is_below = |share: u64| {
        bytes < DOCTOR_FREE_BYTES / share || inodes.is_some_and(|inodes| inodes < DOCTOR_FREE_INODES / share)
    };
    match (is_below(10), is_below(1)) {
        (true, _) => Finding::fail(said, advice),
        (false, true) => Finding::warn(said, advice),
        (false, false) => Finding::ok(said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn little_room_is_a_warning_and_hardly_any_a_failure() {
        let level = |bytes, inodes| judge(Path::new("/"), Free { bytes, inodes }).level;
        assert_eq!(level(DOCTOR_FREE_BYTES, Some(DOCTOR_FREE_INODES)), Level::Ok);
        assert_eq!(level(DOCTOR_FREE_BYTES, None), Level::Ok);
        assert_eq!(level(DOCTOR_FREE_BYTES - 1, None), Level::Warn);
        assert_eq!(level(DOCTOR_FREE_BYTES, Some(DOCTOR_FREE_INODES - 1)), Level::Warn);
        assert_eq!(level(DOCTOR_FREE_BYTES / 10 - 1, None), Level::Fail);
        assert_eq!(level(DOCTOR_FREE_BYTES, Some(0)), Level::Fail);
    }
}
