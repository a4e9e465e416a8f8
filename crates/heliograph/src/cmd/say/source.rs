//! Where messages come from: the command line, a pipe, or a person at a prompt.

use crate::exit::{Exit, Failure, Outcome};
use helio_core::limits;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
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
        let (sender, lines) = mpsc::channel(limits::SAID_AHEAD);
        if !io::stdin().is_terminal() {
            std::thread::spawn(move || read_pipe(&sender));
            return Self::Lines { lines, asked: None };
        }
        let (asked, asks) = std::sync::mpsc::sync_channel(1);
        std::thread::spawn(move || read_prompt(&sender, &asks));
        Self::Lines { lines, asked: Some(asked) }
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

fn read_pipe(lines: &mpsc::Sender<Outcome<Vec<u8>>>) {
    let mut stdin = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let bounded = (&mut stdin).take(limits::SAID_LINE as u64).read_until(b'\n', &mut line);
        let message = match bounded {
            Ok(0) => return,
            Ok(_) => Ok(without_newline(line)),
            Err(error) => Err(Failure::file("read stdin", &error)),
        };
        if lines.blocking_send(message).is_err() {
            return;
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
            Err(ReadlineError::Interrupted) => Err(Failure::new(Exit::Interrupted, "")),
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
