//! As much of IRC as a client of a bench needs (<https://modern.ircdocs.horse/>).

use anyhow::{Result, bail};

/// Bytes of the text of one message.
pub(super) const TEXT: usize = 100;

/// Cuts a stream into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come.
    unfinished: Vec<u8>,
}

impl Lines {
    /// Hands out each line that is complete now, without its end.
    pub(super) fn cut(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            if self.unfinished.is_empty() {
                each(rest[..end].trim_ascii_end())?;
            } else {
                self.unfinished.extend_from_slice(&rest[..end]);
                each(self.unfinished.trim_ascii_end())?;
                self.unfinished.clear();
            }
            rest = &rest[end + 1..];
        }
        self.unfinished.extend_from_slice(rest);
        Ok(())
    }
}

/// The nickname of a client.
pub(super) fn nick(client: usize) -> String {
    format!("c{client:05}")
}

/// The name of a room.
pub(super) fn room(number: usize) -> String {
    format!("#room{number}")
}

/// What a client says first.
pub(super) fn registration(client: usize, capabilities: Option<&str>) -> String {
    let nick = nick(client);
    let request = capabilities.map_or_else(String::new, |names| format!("CAP REQ :{names}\r\nCAP END\r\n"));
    format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n{request}")
}

/// A message to a room, with `mark` at the beginning of its text.
pub(super) fn message(room: &str, mark: &str) -> String {
    format!("PRIVMSG {room} :{mark:-<TEXT$}\r\n")
}

/// The command or numeric of a line, behind its tags and its source.
pub(super) fn command(line: &[u8]) -> &[u8] {
    let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    words.find(|word| !matches!(word[0], b'@' | b':')).unwrap_or_default()
}

/// The text of a message: what follows the first ` :`.
pub(super) fn text(line: &[u8]) -> &[u8] {
    let colon = line.windows(2).position(|two| two == b" :");
    colon.map_or(&[], |colon| &line[colon + 2..])
}

/// Whether registration is complete with this line: the end of the message of the day, or that there is none.
pub(super) fn is_welcome(line: &[u8]) -> Result<bool> {
    check(line)?;
    Ok(matches!(command(line), b"376" | b"422"))
}

/// Refuses what says that something was refused: `ERROR`, `FAIL`, a rejected capability, and error numerics but 422, no
/// message of the day.
pub(super) fn check(line: &[u8]) -> Result<()> {
    let command = command(line);
    let is_numeric = command.len() == 3 && command.iter().all(u8::is_ascii_digit);
    let is_error = is_numeric && matches!(command[0], b'4' | b'5') && command != b"422";
    let is_refusal = command == b"CAP" && line.windows(5).any(|five| five == b" NAK ");
    if is_error || is_refusal || matches!(command, b"ERROR" | b"FAIL") {
        bail!("the server said: {}", line.escape_ascii());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_the_stream_is_cut() {
        let stream = b":a JOIN #r\r\n\r\nPING x\n:b PART #r\r\nunfin";
        for at in 0..stream.len() {
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for piece in [&stream[..at], &stream[at..]] {
                lines
                    .cut(piece, |line| {
                        seen.push(String::from_utf8_lossy(line).into_owned());
                        Ok(())
                    })
                    .unwrap();
            }
            assert_eq!(seen, [":a JOIN #r", "", "PING x", ":b PART #r"], "cut at {at}");
        }
    }

    #[test]
    fn the_command_is_found_behind_tags_and_source() {
        for (line, word) in [
            (&b"PING :x"[..], &b"PING"[..]),
            (b":a!b@c PRIVMSG #r :x", b"PRIVMSG"),
            (b"@label=1;msgid=x :a!b@c PRIVMSG #r :x", b"PRIVMSG"),
            (b":server 376 c0 :end", b"376"),
            (b"", b""),
            (b":a", b""),
        ] {
            assert_eq!(command(line), word);
        }
    }

    #[test]
    fn a_message_has_a_text_of_a_hundred_bytes_that_begins_with_its_mark() {
        let line = message("#r", "42 ");
        assert_eq!(text(line.trim_end().as_bytes()).len(), TEXT);
        assert!(text(line.as_bytes()).starts_with(b"42 -"));
    }

    #[test]
    fn refusals_are_errors_and_a_missing_message_of_the_day_is_none() {
        assert!(is_welcome(b":s 422 c :no message of the day").unwrap());
        assert!(!is_welcome(b":s 001 c :400 welcomes").unwrap());
        for line in [&b":s 451 c :register first"[..], b"ERROR :too many", b"FAIL PRIVMSG X :disk", b":s CAP c NAK :x"]
        {
            assert!(check(line).unwrap_err().to_string().starts_with("the server said: "));
        }
    }
}
