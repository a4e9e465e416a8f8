//! What people hear of files that cannot be written: once, however many files it concerns.

use super::writer::FileId;
use crate::event::{EventKind, Events};
use helio_core::log::{FileReport, Operation};
use helio_core::time::human;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Turns the reports of all files into events. A full disk stops a thousand files at once, and is one event.
pub(super) struct Announcer {
    events: Events,
    failing: BTreeMap<Operation, BTreeSet<FileId>>,
}

impl Announcer {
    pub(super) fn new(events: Events) -> Self {
        Self { events, failing: BTreeMap::new() }
    }

    pub(super) fn tell(&mut self, id: FileId, path: &Path, report: &FileReport) {
        match report {
            FileReport::Failing { operation, reason } => {
                let files = self.failing.entry(*operation).or_default();
                let is_news = files.is_empty() || (files.len() == 1 && files.contains(&id));
                files.insert(id);
                if is_news {
                    let message = failing(*operation, path, reason);
                    self.events.tell(EventKind::Trouble { message });
                }
            }
            FileReport::Works { operation, after } => {
                if self.recovered(*operation, id) {
                    let message =
                        format!("{} {} works again after {}", doing(*operation), path.display(), human(*after));
                    self.events.tell(EventKind::Recovered { message });
                }
            }
        }
    }

    /// The file is closed: what failed on it is no longer tried.
    pub(super) fn forget(&mut self, id: FileId) {
        for files in self.failing.values_mut() {
            files.remove(&id);
        }
    }

    /// True when `id` was the last file with this trouble.
    fn recovered(&mut self, operation: Operation, id: FileId) -> bool {
        let Some(files) = self.failing.get_mut(&operation) else { return true };
        files.remove(&id);
        files.is_empty()
    }
}

fn failing(operation: Operation, path: &Path, reason: &str) -> String {
    let path = path.display();
    match operation {
        Operation::Open => format!("cannot open {path}: {reason}; trying again until it works"),
        Operation::Write => format!(
            "cannot write to {path}: {reason}; TCP senders wait, datagrams beyond the queue are lost; \
             make room and it goes on by itself"
        ),
        Operation::Sync => {
            format!("cannot force {path} onto the disk: {reason}; a power cut may lose what came last; trying again")
        }
        Operation::Rotate => format!("cannot rotate {path}: {reason}; writing goes on in the same file; trying again"),
    }
}

fn doing(operation: Operation) -> &'static str {
    match operation {
        Operation::Open => "opening",
        Operation::Write => "writing to",
        Operation::Sync => "syncing",
        Operation::Rotate => "rotating",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_full_disk_under_many_files_is_one_trouble_and_one_recovery() {
        let (events, mut reader) = Events::channel();
        let mut announcer = Announcer::new(events);
        let failing =
            FileReport::Failing { operation: Operation::Write, reason: "No space left on device (os error 28)".into() };
        let works = FileReport::Works { operation: Operation::Write, after: Duration::from_millis(3_200) };
        for n in 1..=3 {
            announcer.tell(FileId(n), Path::new("/log"), &failing);
        }
        announcer.tell(FileId(1), Path::new("/log"), &works);
        announcer.forget(FileId(2));
        announcer.tell(FileId(3), Path::new("/log"), &works);
        drop(announcer);
        let mut told = Vec::new();
        while let Some(event) = reader.next_blocking() {
            told.push(event.kind.to_string());
        }
        assert_eq!(
            told,
            [
                "cannot write to /log: No space left on device (os error 28); TCP senders wait, datagrams beyond the \
                 queue are lost; make room and it goes on by itself",
                "writing to /log works again after 3.20 s",
            ]
        );
    }
}
