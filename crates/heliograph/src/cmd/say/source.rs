//! Where messages come from: the command line, a pipe, or a person at a prompt.

use crate::exit::{Exit, Failure, Outcome};
use helio_core::limits;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, BufRead, IsTerminal as _, Read as _};
use tokio::sync::mpsc;

/// The messages still to be said.
pub(super) enum Source {
    /// The same message, this many times more.
    Repeated { message: Vec<u8>, left: u64 },
    /// Lines that a thread reads.
    Lines { lines: mpsc::Receiver<Outcome<Vec<u8>>>, asked: Option<std::sync::mpsc::SyncSender<()>> },
}

impl Source {
    pub(super) fn repeated(message: Vec<u8>, count: u64) -> Self {
        Self::Repeated { message, left: count }
    }

    /// Lines of stdin: with a prompt and history on a terminal, plainly otherwise.
    pub(super) fn lines() -> Self {
        if !io::stdin().is_terminal() {
            return Self::piped(io::BufReader::new(io::stdin()));
        }
        let (sender, lines) = mpsc::channel(limits::SAID_AHEAD);
        let (asked, asks) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || read_prompt(&sender, &asks));
        Self::Lines { lines, asked: Some(asked) }
    }

    fn piped(input: impl BufRead + Send + 'static) -> Self {
        let (sender, lines) = mpsc::channel(limits::SAID_AHEAD);
        std::thread::spawn(move || read_pipe(input, &sender));
        Self::Lines { lines, asked: None }
    }

    pub(super) fn is_typed(&self) -> bool {
        matches!(self, Self::Lines { asked: Some(_), .. })
    }

    /// The next message; `None` when there are no more.
    pub(super) async fn next(&mut self) -> Option<Outcome<Vec<u8>>> {
        match self {
            Self::Repeated { left: 0, .. } => None,
            Self::Repeated { message, left } => {
                *left -= 1;
                Some(Ok(message.clone()))
            }
            Self::Lines { lines, asked } => {
                // A prompt is shown only when the answer before it is.
                if let Some(asked) = asked {
                    let _ = asked.try_send(());
                }
                lines.recv().await
            }
        }
    }
}

fn read_pipe(input: impl BufRead, lines: &mpsc::Sender<Outcome<Vec<u8>>>) {
    let mut pieces = Pieces { input, held: Vec::new(), in_line: false };
    while let Some(piece) = pieces.next().transpose() {
        let message = piece.map_err(|error| Failure::file("read stdin", &error));
        if lines.blocking_send(message).is_err() {
            return;
        }
    }
}

/// Lines without their ends (`\n` or `\r\n`), those beyond [`limits::SAID_LINE`] in pieces.
struct Pieces<R> {
    input: R,
    /// A `\r` behind a full piece: the beginning of a line end, or of the next piece.
    held: Vec<u8>,
    /// The last piece was full, so what comes next belongs to the same line.
    in_line: bool,
}

impl<R: BufRead> Pieces<R> {
    /// The next one; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut piece = std::mem::take(&mut self.held);
            let room = limits::SAID_LINE - piece.len();
            (&mut self.input).take(room as u64).read_until(b'\n', &mut piece)?;
            if piece.is_empty() {
                return Ok(None);
            }
            let is_full = piece.len() == limits::SAID_LINE && !piece.ends_with(b"\n");
            let was_in_line = std::mem::replace(&mut self.in_line, is_full);
            if is_full {
                self.held.extend(piece.pop_if(|last| *last == b'\r'));
                return Ok(Some(piece));
            }
            let piece = without_newline(piece);
            if !(was_in_line && piece.is_empty()) {
                return Ok(Some(piece));
            }
        }
    }
}

fn read_prompt(lines: &mpsc::Sender<Outcome<Vec<u8>>>, asks: &std::sync::mpsc::Receiver<()>) {
    let mut editor = match DefaultEditor::new() {
        Ok(editor) => editor,
        Err(error) => {
            let _ = lines.blocking_send(Err(Failure::new(Exit::Unavailable, error)));
            return;
        }
    };
    while asks.recv().is_ok() {
        let message = match editor.readline("> ") {
            Ok(line) => {
                let _ = editor.add_history_entry(&line);
                Ok(line.into_bytes())
            }
            Err(ReadlineError::Eof) => return,
            Err(ReadlineError::Interrupted) => Err(Failure::interrupted()),
            Err(error) => Err(Failure::new(Exit::Unavailable, error)),
        };
        if lines.blocking_send(message).is_err() {
            return;
        }
    }
}

fn without_newline(mut line: Vec<u8>) -> Vec<u8> {
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn pieces(input: &[u8]) -> Vec<Vec<u8>> {
        let mut pieces = Pieces { input, held: Vec::new(), in_line: false };
        std::iter::from_fn(|| pieces.next().unwrap()).collect()
    }

    #[test]
    fn lines_lose_their_ends_and_empty_ones_stay() {
        assert_eq!(pieces(b"a\n\nb\r\n\r\nc"), [b"a".as_slice(), b"", b"b", b"", b"c"]);
        assert_eq!(pieces(b"a\r"), [b"a\r"]);
        assert!(pieces(b"").is_empty());
    }

    /// At the bound the line end is the line's own, wherever the cut falls.
    #[test]
    fn a_line_at_the_bound_is_one_message_and_a_longer_one_is_cut() {
        let x = |count: usize| vec![b'x'; count];
        let bound = limits::SAID_LINE;
        for end in ["", "\n", "\r\n"] {
            for length in [bound - 2, bound - 1, bound] {
                let input = [&x(length), end.as_bytes(), b"next"].concat();
                let expected = match (end, length == bound) {
                    ("", true) => vec![x(bound), b"next".to_vec()],
                    ("", false) => continue,
                    _ => vec![x(length), b"next".to_vec()],
                };
                assert!(pieces(&input) == expected, "{length} bytes, end {end:?}");
            }
            let longer = [&x(bound + 1), end.as_bytes()].concat();
            assert!(pieces(&longer) == [x(bound), x(1)], "one byte more, end {end:?}");
        }
        let empty_lines = [&x(bound), b"\n\n\nb".as_slice()].concat();
        assert!(pieces(&empty_lines) == [x(bound), vec![], vec![], b"b".to_vec()], "empty lines after a full one");
        let no_line_end = [&x(bound - 1), b"\ry\n".as_slice()].concat();
        assert!(pieces(&no_line_end) == [x(bound - 1), b"\ry".to_vec()], "a \\r that ends nothing");
        let last = [&x(bound - 1), b"\r".as_slice()].concat();
        assert!(pieces(&last) == [x(bound - 1), b"\r".to_vec()], "a \\r at the end of the input");
    }

    /// A pipe that counts the lines read from it.
    struct Counted {
        lines: VecDeque<&'static [u8]>,
        read: Arc<AtomicUsize>,
    }

    impl io::Read for Counted {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            unreachable!("lines are read through the buffer")
        }
    }

    impl BufRead for Counted {
        fn fill_buf(&mut self) -> io::Result<&[u8]> {
            Ok(self.lines.front().copied().unwrap_or_default())
        }

        fn consume(&mut self, bytes: usize) {
            if bytes > 0 {
                self.lines.pop_front();
                self.read.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// The one line more is in the hand of the thread that waits for room.
    #[tokio::test]
    async fn only_so_many_lines_are_read_ahead_and_none_is_lost() {
        let read = Arc::<AtomicUsize>::default();
        let input = Counted { lines: [b"x\n".as_slice(); 3 * limits::SAID_AHEAD].into(), read: read.clone() };
        let mut source = Source::piped(input);
        let Source::Lines { lines, .. } = &source else { panic!("a pipe has lines") };
        while lines.len() < limits::SAID_AHEAD {
            tokio::task::yield_now().await;
        }
        assert_eq!(lines.max_capacity(), limits::SAID_AHEAD);
        for taken in 0..3 * limits::SAID_AHEAD {
            assert!(read.load(Ordering::SeqCst) <= taken + limits::SAID_AHEAD + 1);
            assert_eq!(source.next().await.unwrap().unwrap(), b"x");
        }
        assert!(source.next().await.is_none());
    }
}
