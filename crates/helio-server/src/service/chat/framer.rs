//! Lines out of what a connection sends, by what it speaks.

use super::batch::Batch;
use helio_core::chat::{Face, Foreign, GuestFramer, GuestInput, HTTP_METHODS};
use helio_core::irc::frame::LineBuffer;
use helio_core::time::Instant;
use helio_net::clock::Clock;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::Sleep;

/// The rules for one connection.
#[derive(Debug)]
pub(super) enum Framer {
    /// IRC.
    Irc {
        lines: LineBuffer,
        /// The first line has not come.
        is_new: bool,
    },
    /// The line listener.
    Guest {
        framer: GuestFramer,
        /// Runs while the framer waits for the rest of a line.
        timer: Option<Pin<Box<Sleep>>>,
    },
}

/// Something else is spoken, and that is the end of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrong(pub(super) &'static str);

const HTTP: Wrong = Wrong("This is HTTP, which is not spoken here");
const TLS: Wrong = Wrong("This is TLS, on a port without it");
const IRC: Wrong = Wrong("This is IRC, which is spoken on another port");

/// The first bytes of a TLS connection: a handshake record (RFC 8446 §5.1).
const TLS_HANDSHAKE: [u8; 2] = [22, 3];

impl Framer {
    pub(super) fn new(face: Face) -> Self {
        match face {
            Face::Irc => Self::Irc { lines: LineBuffer::from_client(), is_new: true },
            Face::Guest => Self::Guest { framer: GuestFramer::default(), timer: None },
        }
    }

    /// Bytes arrived.
    pub(super) fn take(&mut self, mut read: &[u8], now: Instant, batch: &mut Batch) -> Result<(), Wrong> {
        match self {
            Self::Irc { lines, is_new } => {
                if *is_new && lines.is_empty() && read.starts_with(&TLS_HANDSHAKE) {
                    return Err(TLS);
                }
                let has_come = !read.is_empty();
                while let Some(line) = lines.poll_line(&mut read) {
                    if std::mem::take(is_new) && line.as_ref().is_ok_and(|line| is_http(line)) {
                        return Err(HTTP);
                    }
                    batch.push(line);
                }
                if has_come && batch.is_empty() && lines.is_empty() {
                    // Empty lines, or more of a line that was refused: else they would escape flood control.
                    batch.push(Ok(b""));
                }
                Ok(())
            }
            Self::Guest { framer, .. } => {
                framer.handle_bytes(read, now);
                take_guests(framer, batch)
            }
        }
    }

    /// The stream ended: what is left may be a message.
    pub(super) fn end(&mut self, batch: &mut Batch) -> Result<(), Wrong> {
        match self {
            Self::Irc { .. } => Ok(()),
            Self::Guest { framer, .. } => {
                framer.handle_end();
                take_guests(framer, batch)
            }
        }
    }

    /// Ready when time alone made a message.
    pub(super) fn poll_time(
        &mut self,
        clock: Clock,
        batch: &mut Batch,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Wrong>> {
        let Self::Guest { framer, timer } = self else { return Poll::Pending };
        let Some(at) = framer.poll_timeout() else {
            *timer = None;
            return Poll::Pending;
        };
        let deadline = clock.deadline(at);
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        framer.handle_timeout(clock.now().max(at));
        Poll::Ready(take_guests(framer, batch))
    }
}

fn take_guests(framer: &mut GuestFramer, batch: &mut Batch) -> Result<(), Wrong> {
    while let Some(input) = framer.poll_line() {
        match input {
            GuestInput::Line(line) => batch.push(Ok(&line)),
            GuestInput::Empty => batch.push(Ok(b"")),
            GuestInput::Foreign(Foreign::Http) => return Err(HTTP),
            GuestInput::Foreign(Foreign::Tls) => return Err(TLS),
            GuestInput::Foreign(Foreign::Irc) => return Err(IRC),
        }
    }
    Ok(())
}

/// A request line (RFC 9112 §3): a browser was lured into speaking to us with words of somebody else.
fn is_http(line: &[u8]) -> bool {
    HTTP_METHODS.iter().any(|method| line.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.starts_with(b" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_first_line_however_it_is_cut() {
        let request = b"POST /chat HTTP/1.1\r\nNICK evil\r\n";
        for cut in 0..request.len() {
            let (mut framer, mut batch) = (Framer::new(Face::Irc), Batch::default());
            let (first, rest) = request.split_at(cut);
            let wrong = framer
                .take(first, Instant::ORIGIN, &mut batch)
                .and_then(|()| framer.take(rest, Instant::ORIGIN, &mut batch));
            assert_eq!((wrong, batch.is_empty()), (Err(HTTP), true), "cut at {cut}");
        }
    }

    #[test]
    fn every_method_with_a_target_is_http_and_the_word_alone_is_not() {
        for method in HTTP_METHODS {
            let (mut framer, mut batch) = (Framer::new(Face::Irc), Batch::default());
            let request = format!("{method} / HTTP/1.1\r\n");
            assert_eq!(framer.take(request.as_bytes(), Instant::ORIGIN, &mut batch), Err(HTTP), "{method}");
            let mut framer = Framer::new(Face::Irc);
            assert_eq!(framer.take(format!("{method}\r\n").as_bytes(), Instant::ORIGIN, &mut batch), Ok(()));
        }
    }

    #[test]
    fn a_read_of_empty_lines_counts_as_one_line() {
        for face in [Face::Irc, Face::Guest] {
            let (mut framer, mut batch) = (Framer::new(face), Batch::default());
            assert_eq!(framer.take(b"\r\n\n\r\n", Instant::ORIGIN, &mut batch), Ok(()));
            assert_eq!(batch.take(), Some(Ok(&b""[..])), "{face:?}");
            assert!(batch.is_empty(), "{face:?}");
            let mut batch = Batch::default();
            assert_eq!(framer.take(b"\n\none\n\ntwo\n", Instant::ORIGIN, &mut batch), Ok(()));
            assert_eq!(batch.take(), Some(Ok(&b"one"[..])), "{face:?}");
            assert_eq!(batch.take(), Some(Ok(&b"two"[..])), "{face:?}");
            assert!(batch.is_empty(), "{face:?}");
        }
    }

    #[test]
    fn a_verb_in_a_later_line_is_no_browser() {
        let (mut framer, mut batch) = (Framer::new(Face::Irc), Batch::default());
        assert_eq!(framer.take(b"NICK ann\r\nGET out\r\n", Instant::ORIGIN, &mut batch), Ok(()));
        assert_eq!(batch.take(), Some(Ok(&b"NICK ann"[..])));
        assert_eq!(batch.take(), Some(Ok(&b"GET out"[..])));
    }
}
