//! Conversations with the service in a virtual world. Each file is one area.

mod away;
mod basics;
mod bounds;
mod capabilities;
mod guests;
mod messages;
mod monitor;
mod multiline;
mod operator;
mod registration;
mod replay;
mod server;
mod user_mode;
mod who;
mod whois;
mod lasting;
mod list;
mod modes;
mod rooms;
mod world;
pub(in crate::chat) mod world;
