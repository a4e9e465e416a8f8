//! The server's own identity: a self-signed certificate, made once.

use super::{Identity, IdentityError, certificate};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

const CERTIFICATE: &str = "identity.pem";
const KEY: &str = "identity.key";

/// Reads it, or makes it when neither file is there.
pub(super) fn load_or_make(directory: &Path) -> Result<Identity, IdentityError> {
    match load(directory) {
        Err(IdentityError::Gone { .. }) => {
            make(directory)?;
            Ok(Identity { is_new: true, ..load(directory)? })
        }
        other => other,
    }
}

pub(super) fn load(directory: &Path) -> Result<Identity, IdentityError> {
    let (certificate, key) = (directory.join(CERTIFICATE), directory.join(KEY));
    match (exists(&certificate)?, exists(&key)?) {
        (true, true) => Identity::read(&certificate, &key),
        (true, false) => Err(IdentityError::Half { found: certificate, missing: key }),
        (false, true) => Err(IdentityError::Half { found: key, missing: certificate }),
        (false, false) => Err(IdentityError::Gone { certificate }),
    }
}

fn exists(path: &Path) -> Result<bool, IdentityError> {
    // A link that leads nowhere is there too, and must not be replaced.
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(IdentityError::Read { path: path.to_owned(), source }),
    }
}

/// The key comes first: a certificate under its name always has its key.
fn make(directory: &Path) -> Result<(), IdentityError> {
    let (certificate, key) = generate(&host_name()).map_err(|error| IdentityError::Make(error.to_string()))?;
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| IdentityError::Write { path, source }
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
    for (name, text, mode) in [(KEY, key, 0o600), (CERTIFICATE, certificate, 0o644)] {
        let path = directory.join(name);
        write_once(&path, &text, mode).map_err(failed(&path))?;
    }
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed(directory))
}

/// A whole file under its name, or none; never in place of another.
fn write_once(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut half_made = path.as_os_str().to_owned();
    half_made.push(format!(".{}.new", std::process::id()));
    let half_made = PathBuf::from(half_made);
    let result = File::options().write(true).create_new(true).mode(mode).open(&half_made).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        rename_to_free(&half_made, path)
    });
    let _ = std::fs::remove_file(&half_made);
    result
}

fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system does not know the flag (renameat2(2)); what follows is nearly as good.
        Err(Errno::INVAL | Errno::NOSYS) if to.symlink_metadata().is_err() => std::fs::rename(from, to),
        other => Ok(other?),
    }
}

/// Certificate and key, both PEM. ECDSA on P-256, which every TLS library knows.
fn generate(host: &str) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if is_dns_name(host) && host != "localhost" {
        names.insert(0, host.to_owned());
    }
    let mut parameters = CertificateParams::new(names)?;
    parameters.distinguished_name.push(DnType::CommonName, "Heliograph");
    // Fixed dates: a clock that is wrong at first start must not stay in the certificate. The end is RFC 5280's word
    // for "none", since those who pin a fingerprint look at no date.
    parameters.not_before = date_time_ymd(2000, 1, 1);
    parameters.not_after = date_time_ymd(9999, 12, 31) + (Duration::from_hours(24) - Duration::from_secs(1));
    parameters.is_ca = IsCa::ExplicitNoCa;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = parameters.self_signed(&key)?;
    debug_assert!(certificate::Fields::of(certificate.der()).is_some_and(|fields| fields.not_after.is_none()));
    Ok((certificate.pem(), key.serialize_pem()))
}

/// The machine's name (`proc(5)`); empty where that cannot be read.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_ascii_lowercase()
}

/// RFC 1123 §2.1: labels of at most 63 letters, digits and hyphens, 253 characters in all.
fn is_dns_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label) && name.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_host_names_come_into_the_certificate() {
        assert!(is_dns_name("box") && is_dns_name("a.example.org") && is_dns_name("3d-printer"));
        let long = format!("{}.org", "a".repeat(64));
        for name in ["", "(none)", "a b", "-a", "a-", "a..b", "127.0.0.1", "müller", &long, &"a.".repeat(127)] {
            assert!(!is_dns_name(name), "{name}");
        }
        let (certificate, _) = generate("(none)").unwrap();
        assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
