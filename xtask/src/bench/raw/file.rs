//! The file that is sent, and the comparison with what came.

use anyhow::{Context, Result, bail, ensure};
use std::fs::{File, read_to_string};
use std::io::{Read, Write};
use std::path::Path;

/// Bytes of the file.
pub(super) const LEN: u64 = 1 << 30;

const BLOCK: usize = 1 << 20;

/// Bytes that each begin with their own number, so that a part in the wrong place is noticed.
const NUMBERED: usize = 4096;

/// Two files of [`LEN`] and room for others to work.
const ROOM: u64 = 2 * LEN + LEN / 2;

/// Says so before anything is written when there is not enough space or memory.
pub(super) fn check_room(folder: &Path) -> Result<()> {
    let space = rustix::fs::statvfs(folder).with_context(|| format!("{}", folder.display()))?;
    let free = space.f_bavail * space.f_frsize;
    ensure!(free >= ROOM, "{} has {free} bytes free, {ROOM} are needed", folder.display());
    let Some(memory) = read_to_string("/proc/meminfo").ok().and_then(|text| available(&text)) else {
        return Ok(());
    };
    ensure!(memory >= ROOM, "{memory} bytes of memory are available, {ROOM} are needed");
    Ok(())
}

/// The bytes of `MemAvailable: 23105444 kB`; proc(5).
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Makes the file.
pub(super) fn create(path: &Path) -> Result<()> {
    let mut file = File::create_new(path)?;
    let mut block: Vec<u8> = (0..BLOCK).map(|place| (place * 7 % 251) as u8).collect();
    for first in (0..LEN).step_by(BLOCK) {
        for (place, part) in (first..).step_by(NUMBERED).zip(block.chunks_exact_mut(NUMBERED)) {
            part[..8].copy_from_slice(&place.to_le_bytes());
        }
        file.write_all(&block)?;
    }
    Ok(())
}

/// Whether both hold the same bytes.
pub(super) fn are_equal(one: &Path, other: &Path) -> Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut expected, mut got) = (vec![0; BLOCK], vec![0; BLOCK]);
    loop {
        let len = one.read(&mut expected)?;
        match other.read_exact(&mut got[..len]) {
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => bail!(error),
            Ok(()) if len == 0 => return Ok(other.read(&mut got)? == 0),
            Ok(()) if expected[..len] != got[..len] => return Ok(false),
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::write;

    #[test]
    fn files_are_equal_only_with_the_same_bytes_and_length() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        let mut bytes = vec![7; BLOCK + 10];
        write(&one, &bytes).unwrap();
        for (len, equal) in [(BLOCK + 10, true), (BLOCK + 9, false), (BLOCK + 11, false), (0, false)] {
            write(&other, vec![7; len]).unwrap();
            assert_eq!(are_equal(&one, &other).unwrap(), equal, "{len}");
        }
        bytes[BLOCK] = 8;
        write(&other, &bytes).unwrap();
        assert!(!are_equal(&one, &other).unwrap());
    }

    #[test]
    fn available_memory_is_read() {
        assert_eq!(available("MemTotal:  24 kB\nMemAvailable:   23 kB\n"), Some(23 * 1024));
        assert_eq!(available("MemTotal:  24 kB\n"), None);
    }
}
