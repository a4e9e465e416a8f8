//! Authentication by SASL (RFC 4422): the mechanisms and both ends of an exchange, as values.
//!
//! The messages are bytes; how a protocol frames them is its own matter. For IRC's AUTHENTICATE, [`Pieces`] and
//! [`pieces_of`] are that frame. The client speaks first in every mechanism here, so where the protocol has no
//! initial response, as in IRC, the server begins with an empty challenge.
//!
//! [`ServerExchange`] asks its host where it needs the accounts ([`Step`]), [`ClientExchange`] needs nobody. Neither
//! draws random numbers: nonces and salts are arguments, and **must come from a cryptographic generator**, a new one
//! each time. Whatever holds a secret says nothing of it in `Debug`.

mod base64;
mod client;
mod external;
mod identity;
mod mechanism;
mod password;
mod pieces;
mod plain;
mod scram;
mod server;
#[cfg(test)]
mod tests;

pub use client::{ClientExchange, ClientFailure};
pub use identity::IdentityError;
pub use mechanism::{Mechanism, UnknownMechanism};
pub use password::{Password, PasswordError, prepare_password};
pub use pieces::{PieceError, Pieces, pieces_of};
pub use scram::{KeysError, SALT_BYTES, ScramKeys};
pub use server::{Failure, ServerExchange, Step};

/// Random bytes of a nonce: 24 characters of base64, and more entropy than anyone can guess (RFC 5802 §5.1 `r`).
pub const NONCE_BYTES: usize = 18;
