//! Numbers that a stranger cannot guess.

use std::io;

/// Eight bytes of the system's random source (getrandom(2), else `/dev/urandom`), for the ids that tell our datagrams
/// from forged ones.
///
/// # Errors
/// What the system says; on Linux, when the call is forbidden (seccomp).
pub fn random_u64() -> io::Result<u64> {
    let mut bytes = [0; 8];
    fill(&mut bytes)?;
    Ok(u64::from_ne_bytes(bytes))
}

/// `N` bytes of the same, at most 256, as hexadecimal digits: a password that nobody has to remember.
///
/// # Errors
/// See [`random_u64`].
pub fn random_token<const N: usize>() -> io::Result<String> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect())
}

#[cfg(target_os = "linux")]
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    use rustix::rand::{GetRandomFlags, getrandom};
    // Up to 256 bytes come at once.
    while rustix::io::retry_on_intr(|| getrandom(&mut *bytes, GetRandomFlags::empty()))? < bytes.len() {}
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn fill(bytes: &mut [u8]) -> io::Result<()> {
    use io::Read as _;
    std::fs::File::open("/dev/urandom")?.read_exact(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Equal ones among 1,000 come once in 10^13 runs.
    #[test]
    fn no_two_are_the_same() {
        let drawn: BTreeSet<u64> = (0..1_000).map(|_| random_u64().unwrap()).collect();
        assert_eq!(drawn.len(), 1_000);
    }

    #[test]
    fn a_token_has_two_digits_for_each_byte() {
        let (one, two) = (random_token::<20>().unwrap(), random_token::<20>().unwrap());
        assert!(one.len() == 40 && one != two && one.chars().all(|digit| digit.is_ascii_hexdigit()), "{one} {two}");
    }
}
