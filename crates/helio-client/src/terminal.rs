//! The terminal client: a whole screen for one person's chat, the work of `helio chat` on a terminal.
//!
//! The model of what a person sees is the client's ([`Desk`](helio_core::chat::client::desk::Desk)). Here are what is only
//! the screen's (`view`: what is typed, picked, scrolled to), and the drawing. Both are pure: events of the terminal and
//! the model go in, wishes and a picture come out, so that tests see the screens as text. `run` alone does something.
//!
//! Nothing from the network acts on the terminal: every text goes through `text`, which leaves no control character, and
//! the screen is drawn cell by cell.

mod areas;
mod complete;
mod composer;
mod draw;
mod emoji;
mod guard;
mod help;
mod keys;
mod notice;
mod run;
mod sheet;
mod surface;
mod text;
mod theme;
mod view;

pub use notice::Attention;
pub use run::{ScreenOptions, run};
pub use theme::Colours;

use helio_net::connect::ConnectError;
use std::io;

/// Why a chat on the screen ended before it began, or in the middle.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// The first connection could not be opened, or the server is another one than before.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The terminal cannot be read, or not be drawn on.
    #[error("terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}
