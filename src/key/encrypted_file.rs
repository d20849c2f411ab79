//! The encrypted key file of cosign: a PKCS#8 key under scrypt and NaCl secretbox, in JSON, in PEM.
//!
//! ```text
//! -----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
//! base64({"kdf":{"name":"scrypt","params":{"N":65536,"r":8,"p":1},"salt":"…"},
//!         "cipher":{"name":"nacl/secretbox","nonce":"…"},"ciphertext":"…"})
//! -----END ENCRYPTED SIGSTORE PRIVATE KEY-----
//! ```
//!
//! The source is `encrypted.go` of go-securesystemslib, and `pkg/cosign/keys.go` for the PEM types.

use alloc::{string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use xsalsa20poly1305::{AeadInPlace as _, KeyInit as _, XSalsa20Poly1305};
use zeroize::Zeroizing;

use crate::json::Object;

use super::{
    Random,
    error::{KeyError, quoted},
    pem,
};

/// Decrypts a key file to its PKCS#8 DER. All of the file is checked before scrypt runs.
pub(super) fn open(file: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let block = pem::Block::find("key file", file)?;
    if ![LABEL, LEGACY_LABEL].contains(&block.label()) {
        let accepted = "ENCRYPTED SIGSTORE PRIVATE KEY and ENCRYPTED COSIGN PRIVATE KEY \
                        (import other private keys first)";
        let found = quoted(block.label());
        return Err(KeyError::unsupported("key file PEM type", found, accepted));
    }
    let sealed = Sealed::parse(&block.contents("key file PEM block")?)?;
    sealed.decrypt(password)
}

/// Encrypts PKCS#8 DER to a key file, as cosign writes it: N = 65536 and a salt of 32 bytes.
pub(super) fn seal(
    pkcs8: &[u8],
    password: &[u8],
    random: &mut dyn Random,
) -> Result<String, KeyError> {
    let (mut salt, mut nonce) = ([0; 32], [0; 24]);
    random.fill(&mut salt);
    random.fill(&mut nonce);

    let cipher = cipher(password, &salt, LOG_N)?;
    let mut ciphertext = Zeroizing::new(Vec::with_capacity(TAG + pkcs8.len()));
    ciphertext.extend_from_slice(&[0; TAG]);
    ciphertext.extend_from_slice(pkcs8);
    let (tag_place, stream) = ciphertext.split_at_mut(TAG);
    let tag = cipher
        .encrypt_in_place_detached(&nonce.into(), &[], stream)
        .expect("a key is far below the limit of the cipher, 2^70 bytes");
    tag_place.copy_from_slice(&tag);

    let (salt, nonce) = (STANDARD.encode(salt), STANDARD.encode(nonce));
    let ciphertext = STANDARD.encode(&*ciphertext);
    // In the order in which Go writes it.
    let json = alloc::format!(
        r#"{{"kdf":{{"name":"{KDF}","params":{{"N":{N},"r":{R},"p":{P}}},"salt":"{salt}"}},"cipher":{{"name":"{CIPHER}","nonce":"{nonce}"}},"ciphertext":"{ciphertext}"}}"#
    );
    Ok(pem::encode(LABEL, json.as_bytes()))
}

/// A key file whose every part was checked; what is left to fail is the password.
struct Sealed {
    log_n: u8,
    salt: Vec<u8>,
    nonce: [u8; 24],
    /// The Poly1305 tag, then the XSalsa20 stream.
    ciphertext: Zeroizing<Vec<u8>>,
}

impl Sealed {
    fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let file = File::read(json)
            .map_err(|error| KeyError::malformed("key file JSON", quoted(&error)))?;
        if file.kdf != KDF {
            let found = quoted(&file.kdf);
            return Err(KeyError::unsupported("key derivation function", found, KDF));
        }
        if file.cipher != CIPHER {
            let found = quoted(&file.cipher);
            return Err(KeyError::unsupported("cipher", found, CIPHER));
        }
        let log_n = match file.params {
            [32_768, 8, 1] => 15,
            [65_536, 8, 1] => 16,
            [131_072, 8, 1] => 17,
            [n, r, p] => {
                let found = alloc::format!("N={n}, r={r}, p={p}");
                let accepted = "N=32768, 65536 or 131072 with r=8, p=1";
                return Err(KeyError::unsupported("scrypt parameters", found, accepted));
            }
        };

        let salt = decode("key file salt", &file.salt)?;
        if !SALT_SIZES.contains(&salt.len()) {
            let problem = alloc::format!("expected 8 to 64 bytes, found {}", salt.len());
            return Err(KeyError::malformed("key file salt", problem));
        }
        let nonce = decode("key file nonce", &file.nonce)?;
        let nonce = <[u8; 24]>::try_from(nonce.as_slice()).map_err(|_| {
            let problem = alloc::format!("expected 24 bytes, found {}", nonce.len());
            KeyError::malformed("key file nonce", problem)
        })?;
        let ciphertext = Zeroizing::new(decode("key file ciphertext", &file.ciphertext)?);
        if ciphertext.len() <= TAG {
            let problem = alloc::format!("expected more than 16 bytes, found {}", ciphertext.len());
            return Err(KeyError::malformed("key file ciphertext", problem));
        }
        Ok(Self {
            log_n,
            salt,
            nonce,
            ciphertext,
        })
    }

    fn decrypt(mut self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let cipher = cipher(password, &self.salt, self.log_n)?;
        let (tag, stream) = self.ciphertext.split_at_mut(TAG);
        let tag = xsalsa20poly1305::Tag::clone_from_slice(tag);
        cipher
            .decrypt_in_place_detached(&self.nonce.into(), &[], stream, &tag)
            .map_err(|_| KeyError::WrongPassword)?;
        self.ciphertext.drain(..TAG);
        Ok(self.ciphertext)
    }
}

/// The cipher keyed with scrypt of the password.
///
/// Derived key and cipher are wiped. What scrypt works on is not, since the `scrypt` crate does
/// not: the table of 128·N·r bytes and the two blocks beside it go back to the allocator as they
/// are. In a component that memory is the instance's own, and goes with it.
fn cipher(password: &[u8], salt: &[u8], log_n: u8) -> Result<XSalsa20Poly1305, KeyError> {
    let params =
        cosignet_fast::Params::new(log_n, R, P).expect("log N is 15, 16 or 17, r is 8 and p is 1");
    // scrypt allocates without asking, and aborts where there is a limit: ask for it. The black
    // box keeps the compiler from leaving out an allocation that nobody uses.
    let needed = ((128 * R as usize) << log_n) + BESIDE_TABLE;
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(needed);
    drop(core::hint::black_box(room));
    reserved.map_err(|_| KeyError::OutOfMemory { needed })?;

    let mut key = Zeroizing::new([0; 32]);
    cosignet_fast::scrypt(password, salt, &params, &mut *key)
        .expect("32 bytes are a valid output length");
    Ok(XSalsa20Poly1305::new((&*key).into()))
}

fn decode(part: &'static str, base64: &str) -> Result<Vec<u8>, KeyError> {
    STANDARD
        .decode(base64)
        .map_err(|error| KeyError::malformed(part, error))
}

/// What the JSON says. Unknown members are ignored as Go does; a member that comes twice is refused
/// (in Go the last one wins).
struct File {
    kdf: String,
    /// N, r and p. Absent counts as zero, so that another function's parameters do not hide its
    /// name.
    params: [u64; 3],
    salt: String,
    cipher: String,
    nonce: String,
    ciphertext: String,
}

impl File {
    fn read(json: &[u8]) -> Result<Self, String> {
        let mut file = Object::parse(json)?;
        let mut kdf: Object = file.require("kdf")?;
        let mut cipher: Object = file.require("cipher")?;
        let mut params: Object = kdf.take("params")?.unwrap_or_default();
        let mut number = |name| params.take(name).map(Option::unwrap_or_default);
        Ok(Self {
            kdf: kdf.require("name")?,
            params: [number("N")?, number("r")?, number("p")?],
            salt: kdf.require("salt")?,
            cipher: cipher.require("name")?,
            nonce: cipher.require("nonce")?,
            ciphertext: file.require("ciphertext")?,
        })
    }
}

const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
const LEGACY_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";
const KDF: &str = "scrypt";
const CIPHER: &str = "nacl/secretbox";
const LOG_N: u8 = 16;
const N: u64 = 1 << LOG_N;
const R: u32 = 8;
const P: u32 = 1;
const TAG: usize = 16;
/// Bytes, ample for the two blocks of 1 KiB that scrypt has beside its table.
const BESIDE_TABLE: usize = 64 * 1024;
/// Every known writer uses 32. Go takes any size; a salt below 8 bytes is none.
const SALT_SIZES: core::ops::RangeInclusive<usize> = 8..=64;
