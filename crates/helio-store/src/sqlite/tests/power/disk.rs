//! A disk that keeps of unsynced writes whatever it likes.

use super::trace::Event;
use helio_core::rng::Rng;
use std::collections::BTreeMap;
use std::path::Path;

/// What is written at once or not at all.
const SECTOR_BYTES: u64 = 512;

/// Files with what is synced and what is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    files: BTreeMap<String, File>,
    /// Names that were made and removed since the directory was synced, in their order.
    names: Vec<Event>,
    /// The names that are synced.
    synced_names: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<Event>,
}

impl Disk {
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { file } => {
                // Opening a file that is there makes nothing.
                if !self.files.contains_key(file) {
                    self.files.insert(file.clone(), File::default());
                    self.names.push(event.clone());
                }
            }
            Event::Write { file, .. } | Event::Truncate { file, .. } => {
                self.files.entry(file.clone()).or_default().pending.push(event.clone());
            }
            Event::Sync { file } => {
                let file = self.files.entry(file.clone()).or_default();
                file.pending.drain(..).for_each(|change| write(&mut file.synced, &change));
            }
            // fsync(2): the kernel may have dropped the pages and calls them clean, so no later sync writes them.
            Event::SyncFailed { file } => self.files.entry(file.clone()).or_default().pending.clear(),
            Event::Unlink { .. } => self.names.push(event.clone()),
            Event::SyncDirectory => {
                let names = std::mem::take(&mut self.names);
                names.iter().for_each(|change| rename(&mut self.synced_names, change));
            }
            Event::Told(_) => {}
        }
    }

    /// What is found after a power cut, as files in `folder`. Names are kept in their order up to some point; of the
    /// contents any sector may be there or not.
    pub(super) fn leave(&self, folder: &Path, rng: &mut Rng) {
        let mut names = self.synced_names.clone();
        let kept = rng.below(self.names.len() as u64 + 1) as usize;
        self.names[..kept].iter().for_each(|change| rename(&mut names, change));
        let share = [0.0, 0.5, 0.9, 1.0][rng.below(4) as usize];
        for name in names {
            let file = &self.files[&name];
            let mut content = file.synced.clone();
            for change in &file.pending {
                for part in sectors(change) {
                    if rng.chance(share) {
                        write(&mut content, &part);
                    }
                }
            }
            std::fs::write(folder.join(name), content).unwrap();
        }
    }
}

fn rename(names: &mut Vec<String>, change: &Event) {
    match change {
        Event::Create { file } => names.push(file.clone()),
        Event::Unlink { file } => names.retain(|name| name != file),
        Event::Write { .. }
        | Event::Truncate { .. }
        | Event::Sync { .. }
        | Event::SyncFailed { .. }
        | Event::SyncDirectory
        | Event::Told(_) => {}
    }
}

fn write(content: &mut Vec<u8>, change: &Event) {
    match change {
        Event::Write { at, bytes, .. } => {
            let (start, end) = (*at as usize, *at as usize + bytes.len());
            content.resize(content.len().max(end), 0);
            content[start..end].copy_from_slice(bytes);
        }
        Event::Truncate { len, .. } => content.resize(*len as usize, 0),
        Event::Create { .. }
        | Event::Unlink { .. }
        | Event::Sync { .. }
        | Event::SyncFailed { .. }
        | Event::SyncDirectory
        | Event::Told(_) => {}
    }
}

/// A change in the pieces that a disk can keep apart.
fn sectors(change: &Event) -> Vec<Event> {
    let Event::Write { file, at, bytes } = change else { return vec![change.clone()] };
    let (mut parts, mut rest, mut at) = (Vec::new(), &bytes[..], *at);
    while !rest.is_empty() {
        let room = SECTOR_BYTES - at % SECTOR_BYTES;
        let (part, after) = rest.split_at(rest.len().min(room as usize));
        parts.push(Event::Write { file: file.clone(), at, bytes: part.to_vec() });
        at += part.len() as u64;
        rest = after;
    }
    parts
}
