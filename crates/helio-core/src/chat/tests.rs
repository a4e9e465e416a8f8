//! Conversations with the service in a virtual world. Each file is one area.

mod basics;
mod world;
