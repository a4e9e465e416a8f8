//! Conversations with the service in a virtual world. Each file is one area.

mod basics;
mod guests;
mod messages;
mod multiline;
mod replay;
mod world;
