//! Feeds: facts that another service knows, fetched and passed on.

pub mod weather;
