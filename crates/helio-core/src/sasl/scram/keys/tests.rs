use super::*;
use alloc::format;
use alloc::string::ToString as _;
use insta::assert_snapshot;

const SALT: [u8; SALT_BYTES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const PASSWORD: &str = "pässwörd, with = and spaces";

/// Judged by Python's standard library:
///
/// ```python
/// salted = hashlib.pbkdf2_hmac('sha256', PASSWORD.encode(), bytes(range(16)), 5000)
/// client_key = hmac.digest(salted, b'Client Key', 'sha256')
/// stored_key = hashlib.sha256(client_key).digest()
/// server_key = hmac.digest(salted, b'Server Key', 'sha256')
/// ```
#[test]
fn keys_are_those_that_python_makes() {
    let keys = ScramKeys::derive(PASSWORD, SALT, 5_000).unwrap();
    let text = serde_json::to_string_pretty(&keys).unwrap();
    assert_snapshot!(text, @r#"
    {
      "salt": "AAECAwQFBgcICQoLDA0ODw==",
      "iterations": 5000,
      "stored_key": "kf1Clli7y8gtKGXxCAKryQGFJaO36GZUv7BmhXv03S0=",
      "server_key": "Wn/7OmZPhXfxj5NQrs5geXTn3afAW9h/NsyIc867Doc="
    }
    "#);
    assert_eq!(serde_json::from_str::<ScramKeys>(&text).unwrap(), keys);
}

#[test]
fn the_password_is_compared_as_prepared() {
    let keys = ScramKeys::derive(PASSWORD, SALT, 4_096).unwrap();
    assert!(keys.is_password(PASSWORD));
    // "ä" as two characters, and a space that is not ASCII's.
    assert!(keys.is_password("pa\u{308}sswörd,\u{a0}with = and spaces"));
    for other in ["", "passwörd, with = and spaces", "Pässwörd, with = and spaces", "\t"] {
        assert!(!keys.is_password(other), "{other}");
    }
}

#[test]
fn iterations_have_bounds() {
    for got in [0, limits::SCRAM_ITERATIONS_MIN - 1, limits::SCRAM_ITERATIONS_MAX + 1, u32::MAX] {
        assert_eq!(ScramKeys::derive("sesame", SALT, got), Err(KeysError::Iterations { got }));
    }
    assert!(ScramKeys::derive("sesame", SALT, limits::SCRAM_ITERATIONS_MIN).is_ok());
    assert_eq!(check_iterations(limits::SCRAM_ITERATIONS_MAX), Ok(()));
    assert_eq!(ScramKeys::derive("", SALT, 4_096), Err(KeysError::Password(PasswordError::Empty)));
}

#[test]
fn stored_keys_are_read_strictly() {
    let good = serde_json::to_string(&ScramKeys::decoy(&[7; 32], "ann", 4_096)).unwrap();
    for (from, to, expected) in [
        ("4096", "4095", "4095 iterations, from 4096 to 2000000 are allowed"),
        ("=\"", "\"", "bytes are not base64"),
        ("\"salt\":\"", "\"salt\":\"AAAA", "19 bytes, expected 16"),
        ("server_key", "other", "missing field `server_key`"),
    ] {
        let text = good.replace(from, to);
        let error = serde_json::from_str::<ScramKeys>(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

/// A decoy must differ from the keys of an account in nothing that a client sees: the same salt each time it asks, of
/// the same length, another for each name.
#[test]
fn decoys_last_and_are_nobodys() {
    let secret = [7; 32];
    let decoy = ScramKeys::decoy(&secret, "ann", 4_096);
    assert_eq!(decoy, ScramKeys::decoy(&secret, "ann", 4_096));
    let others = [ScramKeys::decoy(&secret, "bob", 4_096), ScramKeys::decoy(&[8; 32], "ann", 4_096)];
    for other in others {
        assert_ne!(other.salt, decoy.salt);
        assert_ne!(other.stored_key, decoy.stored_key);
        assert_ne!(other.server_key, decoy.server_key);
    }
    assert_ne!(decoy.stored_key, decoy.server_key);
    assert!(!decoy.is_password("ann"));
}

#[test]
fn debug_shows_no_key() {
    let keys = ScramKeys::decoy(&[7; 32], "ann", 4_096);
    assert_eq!(format!("{keys:?}"), "ScramKeys { iterations: 4096, .. }");
    assert_eq!(format!("{:?}", keys.stored_key), "Key(..)");
}
