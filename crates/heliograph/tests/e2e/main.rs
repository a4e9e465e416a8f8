//! End-to-end tests: the built `helio` against programs that no one here wrote.

mod echo;
mod support;
