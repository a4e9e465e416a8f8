//! Conversations with the service in a virtual world. Each file is one area.

mod accounts;
mod answering;
mod authenticate;
mod away;
mod basics;
mod bounds;
mod capabilities;
mod guests;
mod history;
mod lasting;
mod list;
mod messages;
mod modes;
mod monitor;
mod multiline;
mod operator;
mod passwords;
mod registration;
mod replay;
mod retention;
mod rooms;
mod server;
mod sim;
mod user_mode;
mod who;
mod whois;
pub(in crate::chat) mod world;
