//! The memory that bytes pass through when they are copied.

use helio_core::limits;
use std::ops::Range;

/// Where the bytes begin: a multiple of this. A page, which suits every processor; cache lines would be enough.
const ALIGNMENT: usize = 4096;

/// [`limits::BULK_CHUNK`] bytes that begin on a page, and which of them were read and not yet written. Takes memory once
/// something is read into it.
///
/// The kernel copies with the processor's string instructions, and those are slower when the program's side is not
/// aligned. An allocation of this size begins 16 bytes into a page, the worst place: measured on an AMD EPYC, reading a
/// file took 35 % more processor time than at the page's start, and writing it 25 %.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// Where the first page begins in `bytes`.
    start: usize,
    unwritten: Range<usize>,
}

impl Buffer {
    /// Whether all that was read has been written.
    pub(super) fn is_empty(&self) -> bool {
        self.unwritten.is_empty()
    }

    /// Room to read up to `most` bytes into, at most [`limits::BULK_CHUNK`]; what was in it is gone.
    pub(super) fn room(&mut self, most: usize) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = vec![0; limits::BULK_CHUNK + ALIGNMENT];
            // It may also say that it does not know; without alignment all is as right, only slower.
            self.start = self.bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        }
        self.unwritten = 0..0;
        let most = most.min(limits::BULK_CHUNK);
        &mut self.bytes[self.start..self.start + most]
    }

    /// Says that `read` bytes were put into [`Buffer::room`].
    pub(super) fn filled(&mut self, read: usize) {
        self.unwritten = self.start..self.start + read;
    }

    /// The bytes that are still to be written.
    pub(super) fn unwritten(&self) -> &[u8] {
        &self.bytes[self.unwritten.clone()]
    }

    /// Says that the first `written` of them were.
    pub(super) fn wrote(&mut self, written: usize) {
        self.unwritten.start += written;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_begins_on_a_page_and_has_at_most_a_chunk() {
        let mut buffer = Buffer::default();
        for (most, len) in
            [(usize::MAX, limits::BULK_CHUNK), (10, 10), (0, 0), (limits::BULK_CHUNK, limits::BULK_CHUNK)]
        {
            let room = buffer.room(most);
            assert_eq!(room.len(), len);
            assert!(room.as_ptr().addr().is_multiple_of(ALIGNMENT), "{:p}", room.as_ptr());
        }
    }

    #[test]
    fn what_was_read_is_written_once() {
        let mut buffer = Buffer::default();
        assert!(buffer.is_empty());
        buffer.room(8)[..5].copy_from_slice(b"12345");
        buffer.filled(5);
        assert_eq!(buffer.unwritten(), b"12345");
        buffer.wrote(3);
        assert_eq!((buffer.unwritten(), buffer.is_empty()), (&b"45"[..], false));
        buffer.wrote(2);
        assert!(buffer.is_empty());
    }
}
