//! Who is believed: certificates that are known by their fingerprint and not by their issuer.
//!
//! The peer's signature over the handshake is checked in every case. It shows that the peer has the certificate's key;
//! without it a fingerprint would mean nothing.

use crate::fingerprint::Fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::{Arc, OnceLock};

/// Takes any well-formed certificate from a client, or none.
#[derive(Debug)]
pub(super) struct AnyClient(WebPkiSupportedAlgorithms);

impl AnyClient {
    pub(super) fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        ParsedCertificate::try_from(end_entity).map(|_| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Which certificate a client takes from the server.
#[derive(Clone, Debug)]
pub(super) enum Admitted {
    /// One that this verifier takes.
    VouchedFor(Arc<dyn ServerCertVerifier>),
    /// The one with this fingerprint.
    Only(Fingerprint),
    /// None; what the server shows is noted.
    None,
    /// Every one.
    Any,
}

/// Judges the server's certificate, and notes its fingerprint. One value for one connection.
#[derive(Debug)]
pub(super) struct Judge {
    admitted: Admitted,
    seen: Arc<OnceLock<Fingerprint>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Judge {
    /// With the place where the certificate's fingerprint is noted.
    pub(super) fn new(admitted: Admitted, seen: Arc<OnceLock<Fingerprint>>, provider: &CryptoProvider) -> Self {
        Self { admitted, seen, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = *self.seen.get_or_init(|| Fingerprint::of(end_entity));
        let is_admitted = match &self.admitted {
            Admitted::VouchedFor(by) => return by.verify_server_cert(end_entity, intermediates, name, ocsp, now),
            Admitted::Only(expected) => shown == *expected,
            Admitted::None => false,
            Admitted::Any => true,
        };
        if is_admitted {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
