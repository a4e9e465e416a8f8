//! What tests of encryption share: identities in files, and `openssl` as the outside judge.

use crate::identity::IdentitySource;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A directory that goes with the test.
pub(crate) fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The server's own identity in `directory`.
pub(crate) fn own(directory: &Path) -> IdentitySource {
    IdentitySource::Own { directory: directory.to_owned() }
}

/// Writes a fresh certificate for `localhost`, self-signed, and its key under these names, as an operator's tools would.
pub(crate) fn write_pair(directory: &Path, change: impl Fn(&mut CertificateParams)) -> IdentitySource {
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
    change(&mut parameters);
    let certificate = parameters.self_signed(&key).unwrap();
    files(directory, &certificate.pem(), &key.serialize_pem())
}

/// Writes a certificate that an authority issued; with that authority's own certificate behind it on request.
pub(crate) fn write_issued(directory: &Path, with_issuer: bool) -> IdentitySource {
    let mut parameters = CertificateParams::default();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, "Test authority");
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let chain = if with_issuer { leaf.pem() + &issuer.pem() } else { leaf.pem() };
    files(directory, &chain, &key.serialize_pem())
}

/// Writes `cert.pem` and `key.pem`.
pub(crate) fn files(directory: &Path, certificate: &str, key: &str) -> IdentitySource {
    let paths: [PathBuf; 2] = ["cert.pem", "key.pem"].map(|name| directory.join(name));
    std::fs::write(&paths[0], certificate).unwrap();
    std::fs::write(&paths[1], key).unwrap();
    let [certificate, key] = paths;
    IdentitySource::Files { certificate, key }
}

/// True when `openssl` is missing and may be; the word of the test command decides, as for the end-to-end tests.
pub(crate) fn without_openssl() -> bool {
    let missing = std::env::var("HELIO_TEST_WITHOUT").unwrap_or_default();
    let skip = missing.split(',').any(|name| name == "openssl");
    if skip {
        eprintln!("SKIPPED: this test needs openssl, which this machine lacks");
    }
    skip
}

/// Runs `openssl` with `input` on its stdin: whether it succeeded, and all that it printed. A client without input would
/// stay; it gets what ends it.
pub(crate) fn openssl(args: &[&str], input: &str) -> (bool, String) {
    let mut command = Command::new("openssl");
    let command = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that refuses at once no longer reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}
