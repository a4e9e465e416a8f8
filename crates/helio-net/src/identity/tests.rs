use super::*;
use crate::test_support::{directory, files, openssl, own, without_openssl, write_issued, write_pair};
use rcgen::date_time_ymd;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The error, with the directory's name taken out.
fn refused(source: &IdentitySource, directory: &Path) -> String {
    let error = source.load_or_make().unwrap_err().to_string();
    error.replace(&format!("{}/", directory.display()), "")
}

#[test]
fn an_identity_of_its_own_is_made_once_and_stays() {
    let base = directory();
    let place = base.path().join("state/tls");
    let first = own(&place).load_or_make().unwrap();
    assert!(first.is_new() && !first.is_ca_issued());
    assert_eq!(names(&place), ["identity.key", "identity.pem"]);
    let modes = [&place, &place.join("identity.key"), &place.join("identity.pem")].map(|path| mode(path));
    // Less what the umask takes.
    assert_eq!((modes[0], modes[1], modes[2] & 0o600), (0o700, 0o600, 0o600));
    assert_eq!((first.not_after(), first.warnings(crate::clock::utc_now())), (None, Vec::new()));
    let second = own(&place).load_or_make().unwrap();
    assert!(!second.is_new());
    assert_eq!(first.fingerprint(), second.fingerprint());
}

#[test]
fn openssl_sees_the_same_fingerprint_names_and_dates() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let identity = own(place.path()).load_or_make().unwrap();
    let file = place.path().join("identity.pem");
    let file = file.to_str().unwrap();
    let (_, printed) = openssl(&["x509", "-in", file, "-noout", "-fingerprint", "-sha256"], "");
    let printed = printed.trim().split_once('=').unwrap().1;
    assert_eq!(printed.to_lowercase(), identity.fingerprint().with_colons());
    assert_eq!(printed.parse(), Ok(identity.fingerprint()));
    let (_, text) = openssl(&["x509", "-in", file, "-noout", "-text"], "");
    for part in ["DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1", "Dec 31 23:59:59 9999 GMT"] {
        assert!(text.contains(part), "{part} is missing:\n{text}");
    }
    assert!(text.contains("NIST CURVE: P-256") && text.contains("CA:FALSE"), "{text}");
}

#[test]
fn half_an_identity_is_an_error_and_nothing_new_is_made() {
    for (lost, left) in [("identity.key", "identity.pem"), ("identity.pem", "identity.key")] {
        let place = directory();
        own(place.path()).load_or_make().unwrap();
        fs::remove_file(place.path().join(lost)).unwrap();
        assert_eq!(
            refused(&own(place.path()), place.path()),
            format!(
                "{left} is there without {lost}: restore that from a backup, or move the first away to get a new \
                 identity, whose fingerprint clients must accept anew"
            )
        );
        assert_eq!(names(place.path()), [left]);
    }
}

#[test]
fn a_cut_file_is_an_error_and_stays_as_it_is() {
    let place = directory();
    own(place.path()).load_or_make().unwrap();
    let file = place.path().join("identity.pem");
    let half = fs::read(&file).unwrap()[..200].to_vec();
    fs::write(&file, &half).unwrap();
    let error = refused(&own(place.path()), place.path());
    assert_eq!(error, "identity.pem holds no certificate: the file is cut, a line -----END is missing");
    assert_eq!(fs::read(&file).unwrap(), half);
}

#[test]
fn a_link_that_leads_nowhere_counts_as_a_file() {
    let place = directory();
    std::os::unix::fs::symlink("/nonexistent/key", place.path().join("identity.key")).unwrap();
    assert!(matches!(own(place.path()).load_or_make(), Err(IdentityError::Half { .. })));
    assert_eq!(names(place.path()), ["identity.key"]);
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let place = directory();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let error = own(&file.join("tls")).load_or_make().unwrap_err();
    assert!(error.to_string().starts_with("cannot "), "{error}");
    assert!(matches!(error, IdentityError::Write { .. } | IdentityError::Read { .. }));
}

#[test]
fn the_key_of_another_certificate_is_refused() {
    let [a, b] = [directory(), directory()];
    write_pair(a.path(), |_| ());
    write_pair(b.path(), |_| ());
    let files = IdentitySource::Files { certificate: a.path().join("cert.pem"), key: b.path().join("key.pem") };
    assert!(matches!(files.load(), Err(IdentityError::Mismatch { .. })));
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_what_was_expected() {
    let place = directory();
    write_pair(place.path(), |_| ());
    let read = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
    let (certificate, key) = (read("cert.pem"), read("key.pem"));
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let long = "x".repeat(limits::TLS_FILE_BYTES + 1);
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let second_damaged = certificate.clone() + damaged;
    let cases = [
        ("", &*key, "cert.pem holds no certificate: expected PEM with a line -----BEGIN CERTIFICATE-----"),
        (&key, &key, "cert.pem holds no certificate: expected PEM with a line -----BEGIN CERTIFICATE-----"),
        (damaged, &key, "cert.pem holds no certificate: number 1 is damaged: "),
        (&second_damaged, &key, "cert.pem holds no certificate: number 2 is damaged: "),
        (
            &certificate,
            &encrypted,
            "key.pem holds no private key: expected PEM with a line -----BEGIN PRIVATE KEY-----; an encrypted key must \
             be decrypted first",
        ),
        (&certificate, &key[..60], "key.pem holds no private key: the file is cut, a line -----END is missing"),
        (&long, &key, "cert.pem is longer than 1048576 bytes, so it is no certificate and no key"),
    ];
    for (certificate, key, message) in cases {
        let error = refused(&files(place.path(), certificate, key), place.path());
        assert!(error.starts_with(message), "got: {error}\nexpected: {message}");
    }
    fs::remove_file(place.path().join("cert.pem")).unwrap();
    let files = IdentitySource::Files { certificate: place.path().join("cert.pem"), key: place.path().join("key.pem") };
    assert_eq!(refused(&files, place.path()), "cannot read cert.pem: No such file or directory (os error 2)");
}

#[test]
fn keys_of_every_usual_form_are_read() {
    if without_openssl() {
        return;
    }
    let place = directory();
    let path = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (path("key.pem"), path("cert.pem"));
    let kinds: [(&str, &[&str]); 4] = [
        ("BEGIN EC PRIVATE KEY", &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", &key]),
        ("BEGIN RSA PRIVATE KEY", &["genrsa", "-traditional", "-out", &key, "2048"]),
        ("BEGIN PRIVATE KEY", &["genpkey", "-algorithm", "ed25519", "-out", &key]),
        ("BEGIN PRIVATE KEY", &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", &key]),
    ];
    for (form, make) in kinds {
        assert!(openssl(make, "").0);
        assert!(fs::read_to_string(&key).unwrap().contains(form));
        let request = ["req", "-x509", "-key", &key, "-subj", "/CN=localhost", "-days", "2", "-out", &certificate];
        assert!(openssl(&request, "").0);
        let identity = IdentitySource::Files { certificate: path("cert.pem").into(), key: path("key.pem").into() };
        let identity = identity.load().unwrap_or_else(|error| panic!("{make:?}: {error}"));
        assert!(!identity.is_ca_issued());
    }
}

#[test]
fn only_a_certificate_with_its_issuer_behind_it_is_issued() {
    let place = directory();
    assert!(write_issued(place.path(), true).load().unwrap().is_ca_issued());
    assert!(!write_issued(place.path(), false).load().unwrap().is_ca_issued());
    assert!(!write_pair(place.path(), |_| ()).load().unwrap().is_ca_issued());
    // A self-signed certificate twice is no chain.
    let twice = fs::read_to_string(place.path().join("cert.pem")).unwrap().repeat(2);
    let key = fs::read_to_string(place.path().join("key.pem")).unwrap();
    assert!(!files(place.path(), &twice, &key).load().unwrap().is_ca_issued());
}

#[test]
fn dates_and_open_permissions_are_warnings() {
    let place = directory();
    let at = |text: &str| Utc::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let source = write_pair(place.path(), |parameters| {
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(2021, 1, 1);
    });
    let key = place.path().join("key.pem");
    let shown = |now: &str| -> Vec<String> {
        let warnings = source.load().unwrap().warnings(at(now));
        warnings
            .iter()
            .map(|warning| warning.to_string().replace(&format!("{}/", place.path().display()), ""))
            .collect()
    };
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(shown("2020-06-01T00:00:00Z"), [""; 0]);
    let expired = "the certificate in cert.pem expired at 2021-01-01T00:00:00.000000Z; clients may refuse it";
    assert_eq!(shown("2026-11-22T00:00:00Z"), [expired]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(
        shown("1970-01-01T00:00:00Z"),
        [
            "the certificate in cert.pem is valid from 2020-01-01T00:00:00.000000Z on; clients may refuse it. Is the \
             clock right?",
            "key.pem can be read by every user (mode 0644), who could pass for this server: chmod 600"
        ]
    );
}
