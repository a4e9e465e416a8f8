//! The grammar of IRC, from bytes to words and back; what the words mean to a server is not here.
//!
//! Sources: the description of today's practice at <https://modern.ircdocs.horse>, RFC 1459 and RFC 2812 where that is
//! silent, and the extensions of <https://ircv3.net>. Every module says which part it implements.
//!
//! What comes in is bytes ([`frame`], [`message`]) until it is known to be UTF-8; what goes out is made by
//! [`line::LineBuilder`] alone, so that no line ever holds CR, LF or NUL but its end.

pub mod capability;
pub mod casemap;
pub mod client_tag;
pub mod extban;
pub mod formatting;
pub mod frame;
pub mod host;
pub mod isupport;
pub mod line;
pub mod list_filter;
pub mod mask;
pub mod message;
pub mod mode;
pub mod name;
pub mod numeric;
pub mod standard_reply;
pub mod tags;
pub mod whox;
