//! The fingerprint of a certificate: what clients pin.

pub use helio_core::fingerprint::{Fingerprint, ParseFingerprintError};
