//! End-to-end tests: the built `helio` against programs that no one here wrote.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panic and skip loudly")]

mod account;
mod backup;
mod chat;
mod chat_bans;
mod chat_client;
mod chat_clients;
mod chat_disk;
mod chat_export;
mod chat_kill;
mod chat_redact;
mod chat_rooms;
mod chat_screen;
mod chat_search;
mod chat_sessions;
mod chat_tls;
mod chat_transport;
mod compare;
mod control;
mod doctor;
mod echo;
mod getting_in;
mod help;
mod load;
mod log;
mod logs;
mod metrics;
mod raw;
mod say;
mod serve;
mod supervisor;
mod support;
mod udp;
mod upgrade;
mod weather;
