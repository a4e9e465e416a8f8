//! Passwords as they come in: from a terminal, a pipe or a file. Never from the command line, which every user of the
//! machine can read, and never shown.

use crate::exit::{Failure, Outcome};
use helio_core::limits;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The first line of a file, which may be a pipe (`<(pass show chat)`).
pub(crate) fn read_file(path: &Path) -> Outcome<String> {
    let place = path.display();
    let file = File::open(path).map_err(|error| Failure::file(format_args!("read the password in {place}"), &error))?;
    read_line(BufReader::new(file))
        .map_err(|failure| Failure::new(failure.exit, format_args!("{place}: {}", failure.message)))
}

/// The first line, without its end.
pub(crate) fn read_line(input: impl BufRead) -> Outcome<String> {
    let most = limits::IRC_PASSWORD;
    let mut line = Vec::new();
    let read = input.take(most as u64 + 2).read_until(b'\n', &mut line);
    read.map_err(|error| Failure::file("read the password", &error))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(Failure::usage("no password was given")),
        Ok(text) if text.len() <= most && !text.chars().any(char::is_control) => Ok(text.to_owned()),
        Ok(_) => Err(Failure::usage(format_args!("the password has control characters or more than {most} bytes"))),
        Err(_) => Err(Failure::usage("the password is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(input: &[u8]) -> String {
        read_line(input).unwrap_err().message
    }

    #[test]
    fn the_first_line_is_the_password_whatever_ends_it() {
        for input in [&b"open sesame"[..], b"open sesame\n", b"open sesame\r\nsecond line\n"] {
            assert_eq!(read_line(input).unwrap(), "open sesame");
        }
        assert_eq!(wrong(b"\nsecond line\n"), "no password was given");
    }

    #[test]
    fn a_password_fits_into_its_line() {
        let longest = "x".repeat(limits::IRC_PASSWORD);
        for end in ["", "\n", "\r\n"] {
            assert_eq!(read_line(format!("{longest}{end}").as_bytes()).unwrap(), longest);
        }
        let longer = wrong(format!("{longest}x\n").as_bytes());
        assert_eq!(longer, "the password has control characters or more than 504 bytes");
        assert_eq!(wrong(b"a\0b"), longer);
        assert_eq!(wrong(b"\xff"), "the password is not UTF-8");
    }
}
