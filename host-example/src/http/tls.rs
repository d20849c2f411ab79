//! Whom TLS trusts.
//!
//! The operating system's certificate store and verifier, because that is where an enterprise's
//! own authorities are; more authorities by option. Reading the store costs milliseconds, hence
//! only a client that speaks TLS asks for it. The provider is `ring`: a plain C compiler builds
//! it, and no process-wide default is installed.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{
        CertificateDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
};
use rustls_platform_verifier::Verifier;

/// What a client believes of a server's certificate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Authorities beside the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Believe anybody.
    pub insecure: bool,
}

/// Why certificate authorities cannot be had from a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    #[error("CA certificates: {0}")]
    Malformed(#[from] pem::Error),
    #[error("CA certificates: expected PEM with at least one CERTIFICATE block, found none")]
    Empty,
}

impl Trust {
    /// Adds the certificates of a PEM file; one without any is an error.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), CaError> {
        let roots = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
        if roots.is_empty() {
            return Err(CaError::Empty);
        }
        self.extra_roots.extend(roots);
        Ok(())
    }

    /// The configuration of a client that speaks TLS.
    pub fn client_config(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match self.insecure {
            true => Arc::new(AcceptAny(Arc::clone(&provider))),
            false => Arc::new(Verifier::new_with_extra_roots(
                self.extra_roots.iter().cloned(),
                Arc::clone(&provider),
            )?),
        };
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth())
    }
}

/// The configuration of a client that is to speak plain HTTP only: it trusts nobody, and costs
/// nothing.
pub(crate) fn no_tls() -> Result<ClientConfig, rustls::Error> {
    Ok(
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    )
}

/// Accepts every certificate. The handshake must still be signed by it.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
