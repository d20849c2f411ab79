//! Assertions: JSON Web Tokens that a client signs with a key of its own to prove who it is (RFC 7523).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use serde_json::Value;
use zeroize::Zeroizing;

/// How an assertion is signed: RSA with SHA-256, by two paddings.
#[derive(Clone, Copy)]
pub(super) enum Algorithm {
    /// PKCS #1 v1.5.
    #[cfg(feature = "gcr")]
    Rs256,
    /// PSS.
    #[cfg(feature = "acr")]
    Ps256,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "gcr")]
            Self::Rs256 => "RS256",
            #[cfg(feature = "acr")]
            Self::Ps256 => "PS256",
        }
    }

    fn scheme(self) -> SignatureScheme {
        match self {
            #[cfg(feature = "gcr")]
            Self::Rs256 => SignatureScheme::RSA_PKCS1_SHA256,
            #[cfg(feature = "acr")]
            Self::Ps256 => SignatureScheme::RSA_PSS_SHA256,
        }
    }
}

/// These claims, signed with a private key in PEM by the library that TLS signs with. Of the header
/// `alg` and `typ` are added. The error says what is wrong with the key, and nothing of it.
pub(super) fn sign(
    algorithm: Algorithm,
    mut header: Value,
    claims: &Value,
    pem: &str,
) -> Result<Zeroizing<String>, &'static str> {
    const NO_RSA: &str = "expected an RSA key";
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    let key = Zeroizing::new(key.map_err(|_| "expected a private key in PEM")?);
    let key = any_supported_type(&key).map_err(|_| NO_RSA)?;
    let signer = key.choose_scheme(&[algorithm.scheme()]).ok_or(NO_RSA)?;
    header["alg"] = algorithm.name().into();
    header["typ"] = "JWT".into();
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let mut token = Zeroizing::new(String::with_capacity(4096));
    *token += &encode(header.to_string().as_bytes());
    *token += ".";
    *token += &encode(claims.to_string().as_bytes());
    let signature = signer.sign(token.as_bytes());
    let signature = signature.map_err(|_| "it does not sign")?;
    *token += ".";
    *token += &encode(&signature);
    Ok(token)
}
