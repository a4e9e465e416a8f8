//! Where pictures go: the real terminal, or one in a test.

use super::guard::Guard;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Size};
use std::io::{self, BufWriter, Stdout, Write as _};

/// Something to draw on.
pub(super) trait Surface {
    /// Its size.
    fn size(&self) -> io::Result<Size>;
    /// Shows a picture, and the cursor where the picture has it.
    fn draw(&mut self, picture: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()>;
    /// Forgets what is shown, so that the next picture is drawn whole.
    fn clear(&mut self) -> io::Result<()>;
    /// Rings, or asks for a desktop notice.
    fn ring(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Stops the program until the shell continues it.
    fn suspend(&mut self) -> io::Result<()>;
}

/// The terminal of this process.
#[derive(Debug)]
pub(super) struct Tty {
    // The last pictures are flushed before the terminal is given back.
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    guard: Guard,
}

/// Bytes that a picture usually has at most, written at once.
const PICTURE: usize = 64 * 1024;

impl Tty {
    /// Takes it.
    ///
    /// # Errors
    /// There is none, or it cannot be changed.
    pub(super) fn open(has_mouse: bool) -> io::Result<Self> {
        let guard = Guard::take(has_mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(PICTURE, io::stdout())))?;
        Ok(Self { terminal, guard })
    }
}

impl Surface for Tty {
    fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    fn draw(&mut self, picture: &mut dyn FnMut(&mut Buffer) -> Option<Position>) -> io::Result<()> {
        self.terminal.draw(|frame| {
            if let Some(at) = picture(frame.buffer_mut()) {
                frame.set_cursor_position(at);
            }
        })?;
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    fn ring(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout();
        out.write_all(bytes)?;
        out.flush()
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.guard.suspend()?;
        self.terminal.clear()
    }
}
