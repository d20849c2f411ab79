//! What an application proves by a certificate: an assertion that the certificate's key signs, in the form
//! that Azure's directory documents.

use std::time::SystemTime;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::registry::provider::assertion::{self, Algorithm};

/// The assertion of an application for a directory, by a certificate and its key in PEM.
pub(super) fn assertion(
    pem: &str,
    client: &str,
    audience: &str,
) -> Result<Zeroizing<String>, &'static str> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "expected a certificate in PEM, and its key")?;
    let mut identifier = [0; 16];
    getrandom::fill(&mut identifier).map_err(|_| "no randomness for an assertion")?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_secs());
    let header = json!({ "x5t#S256": URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate)) });
    let claims = json!({
        "aud": audience,
        "iss": client,
        "sub": client,
        "jti": URL_SAFE_NO_PAD.encode(identifier),
        "iat": now,
        "nbf": now,
        "exp": now + LIFE,
    });
    assertion::sign(Algorithm::Ps256, header, &claims, pem)
}

/// Seconds; it is used at once.
const LIFE: u64 = 300;

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
    use rsa::{RsaPrivateKey, pkcs8::DecodePrivateKey as _, pss, signature::Verifier as _};
    use rustls::pki_types::PrivateKeyDer;
    use serde_json::Value;

    use super::*;

    const KEY: &str = include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/public/keys/import/validrsapkcs8.key"
    ));

    /// By another implementation of RSA than the one that signs.
    #[test]
    fn an_assertion_is_signed_by_the_certificates_key() {
        let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
        let pair = KeyPair::from_der_and_sign_algo(&key, &PKCS_RSA_SHA256).unwrap();
        let certificate = CertificateParams::new([]).unwrap().self_signed(&pair);
        let certificate = certificate.unwrap();
        let both = format!("{}{KEY}", certificate.pem());
        let token = assertion(&both, "app", "https://directory.test/token").unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let read = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let (header, claims) = signed.split_once('.').unwrap();
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(certificate.der()));
        assert_eq!(
            read(header),
            json!({ "x5t#S256": thumbprint, "alg": "PS256", "typ": "JWT" })
        );
        let claims = read(claims);
        assert_eq!(
            (&claims["iss"], &claims["sub"]),
            (&json!("app"), &json!("app"))
        );
        assert_eq!(claims["aud"], "https://directory.test/token");
        let key = RsaPrivateKey::from_pkcs8_der(key.secret_der()).unwrap();
        let verifier = pss::VerifyingKey::<Sha256>::new(key.to_public_key());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let signature = pss::Signature::try_from(signature.as_slice()).unwrap();
        verifier.verify(signed.as_bytes(), &signature).unwrap();
        assert!(verifier.verify(b"other", &signature).is_err());
        for half in [KEY.to_owned(), certificate.pem(), "hush".to_owned()] {
            let why = assertion(&half, "app", "a").unwrap_err();
            assert!(why.starts_with("expected a") && !why.contains("hush"));
        }
    }
}
