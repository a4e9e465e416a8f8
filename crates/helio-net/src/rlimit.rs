//! How many descriptors this process may have open.

use helio_core::limits;
use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft `RLIMIT_NOFILE` to [`limits::OPEN_FILES`], or as far as the hard limit allows; returns the limit
/// that holds now (`None`: unlimited). Never lowers it, never fails: a low limit only means earlier back-off.
pub fn raise_open_files() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    let wanted = limits::OPEN_FILES.min(limit.maximum.unwrap_or(u64::MAX));
    if wanted <= current {
        return Some(current);
    }
    limit.current = Some(wanted);
    match setrlimit(Resource::Nofile, limit) {
        Ok(()) => Some(wanted),
        Err(_) => Some(current),
    }
}
