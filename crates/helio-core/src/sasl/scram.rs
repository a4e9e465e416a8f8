//! SCRAM-SHA-256 without channel binding (RFC 5802, RFC 7677).

pub(super) mod client;
mod keys;
mod message;
pub(super) mod server;

pub use keys::{KeysError, SALT_BYTES, ScramKeys};

use alloc::string::String;
use hmac::{Hmac, KeyInit as _, Mac as _};
use keys::Key;
use sha2::{Digest as _, Sha256};

/// `HMAC(key, text)` of RFC 5802 §2.2.
fn hmac(key: &[u8], text: &[u8]) -> Key {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104 §3)")]
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    Key::from(<[u8; 32]>::from(mac.chain_update(text).finalize().into_bytes()))
}

/// `H(key)` of RFC 5802 §2.2.
fn hash(key: &Key) -> Key {
    Key::from(<[u8; 32]>::from(Sha256::digest(key.as_bytes())))
}

/// `AuthMessage` of RFC 5802 §3: what both ends sign.
fn auth_message(client_first_bare: &str, server_first: &str, client_final_without_proof: &str) -> String {
    [client_first_bare, server_first, client_final_without_proof].join(",")
}
