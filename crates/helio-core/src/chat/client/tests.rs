//! Conversations of the client with this service, cut at every byte, and with servers of other dialects.

mod cuts;
mod desk;
mod dialects;
mod history;
mod link;
mod login;
mod meeting;
mod talk;
mod wire;
