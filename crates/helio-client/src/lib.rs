//! Heliograph's client side: what talks to services, ours and others.

pub mod compare;
