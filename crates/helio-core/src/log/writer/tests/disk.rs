//! A disk that fills, writes short, refuses, forgets what it failed to sync, and loses its cache.

use super::super::Opened;
use crate::rng::Rng;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

/// One file: what a reader sees, which bytes of it a sync would still have to save, and what is safe.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub(super) content: Vec<u8>,
    dirty: Vec<bool>,
    durable: Vec<Option<u8>>,
}

/// Shares of operations that fail.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) short_write: f64,
    pub(super) write: f64,
    pub(super) sync: f64,
    pub(super) rotate: f64,
    pub(super) open: f64,
}

/// A directory with one log file. `files` are in the order of their contents; the last one is the open one.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    pub(super) files: Vec<File>,
    /// The log's name leads to the last of `files`.
    pub(super) is_named: bool,
    /// The last of `files` is in the writer's hands.
    pub(super) is_open: bool,
    /// Bytes that fit.
    pub(super) capacity: usize,
    pub(super) faults: Faults,
    pub(super) rng: Rng,
    pub(super) syncs: usize,
    pub(super) largest_write: usize,
    /// For messages.
    pub(super) seed: u64,
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            files: vec![],
            is_named: false,
            is_open: false,
            capacity: usize::MAX,
            faults: Faults::default(),
            rng: Rng::from_seed(seed),
            syncs: 0,
            largest_write: 0,
            seed,
        }
    }

    pub(super) fn open(&mut self) -> Result<Opened, String> {
        if self.rng.chance(self.faults.open) {
            return Err("permission denied".into());
        }
        let is_same = self.is_named && self.is_open;
        self.is_open = true;
        if !self.is_named {
            self.files.push(File::default());
            self.is_named = true;
        }
        let content = &self.files.last().unwrap().content;
        let ends_mid_line = content.last().is_some_and(|&b| b != b'\n');
        Ok(Opened { size: content.len() as u64, age: Duration::ZERO, ends_mid_line, is_same })
    }

    /// Appends; the length taken and the offset.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(usize, u64), String> {
        self.largest_write = self.largest_write.max(bytes.len());
        let used: usize = self.files.iter().map(|f| f.content.len()).sum();
        let room = self.capacity.saturating_sub(used);
        if room == 0 {
            return Err("no space left on device".into());
        }
        if self.rng.chance(self.faults.write) {
            return Err("input/output error".into());
        }
        let mut len = bytes.len().min(room);
        if self.rng.chance(self.faults.short_write) {
            len = 1 + self.rng.below(len as u64) as usize;
        }
        let file = self.files.last_mut().unwrap();
        let at = file.content.len();
        file.put(at, &bytes[..len]);
        Ok((len, at as u64))
    }

    pub(super) fn rewrite(&mut self, at: u64, bytes: &[u8]) -> Result<(), String> {
        if self.rng.chance(self.faults.write) {
            return Err("input/output error".into());
        }
        self.files.last_mut().unwrap().put(at as usize, bytes);
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), String> {
        self.syncs += 1;
        let fails = self.rng.chance(self.faults.sync);
        let file = self.files.last_mut().unwrap();
        for n in 0..file.content.len() {
            // Like ext4 and others: after a failed write-back the page counts as clean, so no later sync saves it.
            if core::mem::take(&mut file.dirty[n]) && !(fails && self.rng.chance(0.5)) {
                file.durable[n] = Some(file.content[n]);
            }
        }
        if fails { Err("input/output error".into()) } else { Ok(()) }
    }

    pub(super) fn rotate(&mut self) -> Result<Opened, String> {
        if self.rng.chance(self.faults.rotate) {
            return Err("permission denied".into());
        }
        self.files.push(File::default());
        Ok(Opened::default())
    }

    /// What a reader of all files sees.
    pub(super) fn content(&self) -> Vec<u8> {
        self.files.iter().flat_map(|f| f.content.clone()).collect()
    }

    /// What is left after a power cut; bytes that were never saved are `None`.
    pub(super) fn durable(&self) -> Vec<Option<u8>> {
        self.files.iter().flat_map(|f| f.durable.clone()).collect()
    }
}

impl File {
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let end = self.content.len().max(at + bytes.len());
        self.content.resize(end, 0);
        self.dirty.resize(end, false);
        self.durable.resize(end, None);
        self.content[at..at + bytes.len()].copy_from_slice(bytes);
        self.dirty[at..at + bytes.len()].fill(true);
    }
}
