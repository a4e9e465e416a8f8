//! Conversations of the client with this service, cut at every byte, and with servers of other dialects.

mod cuts;
mod dialects;
mod link;
mod talk;
