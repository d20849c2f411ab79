//! The key module against what others made: cosign 2.5.0 and 3.1.1, sigstore-rs, RFC 6979,
//! RFC 7914, NaCl, Wycheproof. `tests/data` says where each file comes from.

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::key::{
    Algorithm, KeyError, KeyPair, PrivateKey, PublicKey, Random, SignError, SignatureError,
    generate, import,
};
use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use xsalsa20poly1305::{AeadInPlace as _, KeyInit as _, XSalsa20Poly1305};

// Key files.

#[test]
fn opens_every_key_file_of_cosign() {
    for (file, password, public) in [
        ("cosign-v2.5.0.key", "hunter2", "cosign-v2.5.0.pub"),
        ("cosign-v3.1.1.key", "hunter2", "cosign-v3.1.1.pub"),
        ("empty-password.key", "", "empty-password.pub"),
        ("utf8-password.key", "hé €", "utf8-password.pub"),
        (
            "legacy-pemtype-COSIGN.N32768.key",
            "hunter2",
            "cosign-v2.5.0.pub",
        ),
        (
            "legacy-pemtype-COSIGN.N65536.key",
            "hunter2",
            "cosign-v2.5.0.pub",
        ),
        ("owasp.N131072.key", "hunter2", "cosign-v2.5.0.pub"),
    ] {
        let key = open(&format!("cosign/keys/{file}"), password).unwrap();
        assert_eq!(key.algorithm(), Algorithm::EcdsaP256);
        let public = read(&format!("cosign/keys/{public}"));
        assert_eq!(key.public_key().to_pem().as_bytes(), public, "{file}");
    }
}

#[test]
fn opens_every_imported_key_file() {
    for (name, algorithm) in IMPORTED {
        let key = open(&format!("cosign/keys/imported/{name}.key"), "hunter2").unwrap();
        assert_eq!(key.algorithm(), algorithm, "{name}");
        let public = read(&format!("cosign/keys/imported/{name}.pub"));
        assert_eq!(key.public_key().to_pem().as_bytes(), public, "{name}");
        assert_eq!(
            *key.public_key(),
            PublicKey::from_pem(&public).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn opens_what_others_made() {
    for case in json("public/keys/encrypted.json").as_array().unwrap() {
        let name = text(&case["file"]);
        let file = read(&format!("public/keys/{name}"));
        let opened = PrivateKey::open(&file, text(&case["password"]).as_bytes());
        let wrong = refusal(PrivateKey::open(&file, b"not the password"));
        assert_eq!(wrong, KeyError::WrongPassword, "{name}");
        let accepted = case["cosign"]["3.1.1"]["right"]["rc"] == 0;
        match opened {
            Ok(key) => {
                assert!(accepted, "{name}: cosign refuses it");
                assert_eq!(
                    key.public_key().to_pem(),
                    text(&case["public_key_pem"]),
                    "{name}"
                );
            }
            Err(error) => {
                assert!(
                    matches!(error, KeyError::Malformed { .. }),
                    "{name}: {error}"
                );
                assert!(!accepted, "{name}: {error}");
            }
        }
    }
}

/// The vectors of go-securesystemslib hold text where cosign has a key: the right password shows
/// in what is found wrong.
#[test]
fn decrypts_as_go_securesystemslib() {
    for case in json("public/keys/go-securesystemslib-encrypted.json")
        .as_array()
        .unwrap()
    {
        let file = key_file(text(&case["json"]).as_bytes());
        let right = refusal(PrivateKey::open(&file, text(&case["password"]).as_bytes()));
        assert!(
            matches!(right, KeyError::Malformed { part: "PKCS#8", .. }),
            "{right}"
        );
        let wrong = refusal(PrivateKey::open(&file, b"wrong"));
        assert_eq!(wrong, KeyError::WrongPassword);
    }
}

#[test]
fn refuses_every_bad_key_file() {
    for (file, expected) in [
        (
            "bad-N16384.key",
            "unsupported scrypt parameters: found N=16384, r=8, p=1",
        ),
        ("bad-N32768wrong.key", "wrong password"),
        ("bad-b64.key", "malformed key file PEM block"),
        ("bad-cipher.key", r#"unsupported cipher: found "aes""#),
        ("bad-ctflip.key", "wrong password"),
        ("bad-json.key", "malformed key file JSON"),
        (
            "bad-kdf.key",
            r#"unsupported key derivation function: found "argon2""#,
        ),
        (
            "bad-nonce.key",
            "malformed key file nonce: expected 24 bytes, found 4",
        ),
        ("bad-notpem.key", "malformed key file: expected PEM"),
        (
            "bad-pemtype.key",
            r#"unsupported key file PEM type: found "ENCRYPTED FOO KEY""#,
        ),
        (
            "bad-truncated.key",
            "malformed key file: the PEM block has no END",
        ),
    ] {
        let error = refusal(open(&format!("cosign/keys/bad/{file}"), "hunter2")).to_string();
        assert!(error.starts_with(expected), "{file}: {error}");
    }
    for plain in ["cosign-v2.5.0.pub", "cosign-v2.5.0.decrypted-pkcs8.pem"] {
        let error = refusal(open(&format!("cosign/keys/{plain}"), "hunter2"));
        assert!(
            matches!(error, KeyError::Unsupported { .. }),
            "{plain}: {error}"
        );
    }
}

#[test]
fn refuses_a_wrong_password() {
    for wrong in ["", "hunter", "hunter2\n", "Hunter2", "hunter2\0\u{1}"] {
        let error = refusal(open("cosign/keys/legacy-pemtype-COSIGN.N32768.key", wrong));
        assert_eq!(error, KeyError::WrongPassword, "{wrong:?}");
    }
    // HMAC pads a short key with NUL bytes: to scrypt this is the same password.
    assert!(open("cosign/keys/legacy-pemtype-COSIGN.N32768.key", "hunter2\0").is_ok());
}

/// 2^30 would need a terabyte: these must fail on their numbers, at once.
#[test]
fn refuses_scrypt_parameters_before_working() {
    for (params, part) in [
        (r#"{"N":1073741824,"r":8,"p":1}"#, "scrypt parameters"),
        (r#"{"N":65537,"r":8,"p":1}"#, "scrypt parameters"),
        (r#"{"N":0,"r":8,"p":1}"#, "scrypt parameters"),
        (r#"{"N":65536,"r":4294967295,"p":1}"#, "scrypt parameters"),
        (r#"{"N":65536,"r":8,"p":2}"#, "scrypt parameters"),
        (r#"{"N":262144,"r":8,"p":1}"#, "scrypt parameters"),
        (r#"{"r":8,"p":1}"#, "scrypt parameters"),
        (r#"{"N":65536,"N":65536,"r":8,"p":1}"#, "key file JSON"),
        (r#"{"N":-1,"r":8,"p":1}"#, "key file JSON"),
        (r#"{"N":1e300,"r":8,"p":1}"#, "key file JSON"),
        (r#"{"N":"65536","r":8,"p":1}"#, "key file JSON"),
    ] {
        let file = key_file(envelope(params, 32, 24, 154).as_bytes());
        let error = refusal(PrivateKey::open(&file, b""));
        let (KeyError::Unsupported { part: found, .. } | KeyError::Malformed { part: found, .. }) =
            error
        else {
            panic!("{params}: {error}");
        };
        assert_eq!(found, part, "{params}");
    }
}

#[test]
fn refuses_sizes_out_of_bounds() {
    let usual = r#"{"N":32768,"r":8,"p":1}"#;
    for (salt, nonce, ciphertext, part) in [
        (7, 24, 154, "key file salt"),
        (65, 24, 154, "key file salt"),
        (32, 23, 154, "key file nonce"),
        (32, 25, 154, "key file nonce"),
        (32, 24, 16, "key file ciphertext"),
        (32, 24, 0, "key file ciphertext"),
    ] {
        let file = key_file(envelope(usual, salt, nonce, ciphertext).as_bytes());
        let error = refusal(PrivateKey::open(&file, b""));
        assert!(
            matches!(error, KeyError::Malformed { part: found, .. } if found == part),
            "{error}"
        );
    }
    for (salt, ciphertext) in [(8, 17), (64, 30_000)] {
        let file = key_file(envelope(usual, salt, 24, ciphertext).as_bytes());
        assert_eq!(
            refusal(PrivateKey::open(&file, b"")),
            KeyError::WrongPassword
        );
    }
    let large = vec![b'\n'; 64 * 1024 + 1];
    let too_large = |error| matches!(error, KeyError::TooLarge { size: 65_537, .. });
    assert!(too_large(refusal(PrivateKey::open(&large, b""))));
    assert!(too_large(refusal(import(&large, b"", &mut Counter(0)))));
    assert!(too_large(refusal(PublicKey::from_pem(&large))));
    assert!(too_large(refusal(PublicKey::from_spki_der(&large))));
}

/// Go ignores members it does not know, and takes any line width and text around the block.
#[test]
fn opens_what_go_opens_too() {
    let file = read_text("cosign/keys/legacy-pemtype-COSIGN.N32768.key");
    let json = String::from_utf8(pem_contents(&file)).unwrap();
    let extended = json.replacen('{', r#"{"comment":[1,{"a":null}],"#, 1);
    for same in [
        file.replace('\n', "\r\n"),
        file.trim_end().to_owned(),
        format!("kept in a vault\n\n{file}\n{file}trailing"),
        format!(
            "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\n{}\n\
             -----END ENCRYPTED COSIGN PRIVATE KEY-----",
            STANDARD.encode(&json)
        ),
        String::from_utf8(key_file(extended.as_bytes())).unwrap(),
    ] {
        let key = PrivateKey::open(same.as_bytes(), b"hunter2").unwrap();
        let public = read_text("cosign/keys/cosign-v2.5.0.pub");
        assert_eq!(key.public_key().to_pem(), public);
    }
    let twice = json.replacen('{', r#"{"ciphertext":"","#, 1);
    let error = refusal(PrivateKey::open(&key_file(twice.as_bytes()), b"hunter2"));
    assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
    let trailing = format!("{json}{{}}");
    let error = refusal(PrivateKey::open(&key_file(trailing.as_bytes()), b"hunter2"));
    assert!(matches!(error, KeyError::Malformed { .. }), "{error}");
}

// Making and importing.

/// With the scalar, salt and nonce of cosign's file, the bytes are those of cosign's file.
#[test]
fn generates_the_bytes_that_cosign_generates() {
    for name in ["cosign-v2.5.0", "cosign-v3.1.1"] {
        let expected = read_text(&format!("cosign/keys/{name}.key"));
        let pkcs8 = decrypt(&expected, b"hunter2").unwrap();
        assert_eq!(pkcs8.len(), 138);
        let [salt, nonce] = salt_and_nonce(&expected);
        let mut random = Script([pkcs8[36..68].to_vec(), salt, nonce].into());
        let pair = generate(b"hunter2", &mut random).unwrap();
        assert_eq!(pair.private_key_file, expected, "{name}");
        assert_eq!(
            pair.public_key,
            read_text(&format!("cosign/keys/{name}.pub"))
        );
    }
}

#[test]
fn imports_to_the_bytes_that_cosign_imports_to() {
    for (name, _) in IMPORTED {
        let expected = read_text(&format!("cosign/keys/imported/{name}.key"));
        let pem = read(&format!("cosign/keys/raw/{name}.pem"));
        let mut random = Script(salt_and_nonce(&expected).into());
        let pair = import(&pem, b"hunter2", &mut random).unwrap();
        assert_eq!(pair.private_key_file, expected, "{name}");
        let public = read_text(&format!("cosign/keys/imported/{name}.pub"));
        assert_eq!(pair.public_key, public, "{name}");
    }
}

#[test]
fn generated_keys_differ_and_open() {
    let mut random = Counter(1);
    let first = generate("hé €".as_bytes(), &mut random).unwrap();
    let second = generate(b"", &mut random).unwrap();
    assert_ne!(first.public_key, second.public_key);
    for (pair, password) in [(&first, "hé €"), (&second, "")] {
        assert_eq!(pair.private_key_file.len(), 653);
        let key = PrivateKey::open(pair.private_key_file.as_bytes(), password.as_bytes()).unwrap();
        assert_eq!(key.public_key().to_pem(), pair.public_key);
        let wrong = PrivateKey::open(pair.private_key_file.as_bytes(), b"wrong");
        assert_eq!(refusal(wrong), KeyError::WrongPassword);
    }
    let shown = format!("{first:?}");
    assert!(
        shown.contains("PUBLIC KEY") && !shown.contains("ENCRYPTED"),
        "{shown}"
    );
}

#[test]
fn imports_and_refuses_as_cosign() {
    for case in json("public/keys/import.json").as_array().unwrap() {
        let name = text(&case["file"]);
        let imported = import(
            &read(&format!("public/keys/{name}")),
            b"pw",
            &mut Counter(2),
        );
        let expected = text(&case["expect_import_key_pair"]);
        match imported {
            Ok(KeyPair {
                private_key_file,
                public_key,
            }) => {
                assert_eq!(expected, "ok", "{name}");
                let key = PrivateKey::open(private_key_file.as_bytes(), b"pw").unwrap();
                assert_eq!(key.public_key().to_pem(), public_key);
            }
            Err(error) => {
                assert_ne!(expected, "ok", "{name}: {error}");
                assert!(
                    matches!(error, KeyError::Unsupported { .. }),
                    "{name}: {error}"
                );
            }
        }
    }
    for (name, expected) in [
        ("k256-pkcs8", "unsupported elliptic curve: found secp256k1"),
        ("p224-pkcs8", "unsupported elliptic curve: found NIST P-224"),
        ("rsa1024-pkcs8", "unsupported RSA modulus: found 1024 bits"),
        (
            "p256-encpkcs8",
            r#"unsupported private key PEM type: found "ENCRYPTED PRIVATE KEY""#,
        ),
    ] {
        let pem = read(&format!("cosign/keys/raw/{name}.pem"));
        let error = refusal(import(&pem, b"hunter2", &mut Counter(3))).to_string();
        assert!(error.starts_with(expected), "{name}: {error}");
    }
}

#[test]
fn refuses_a_key_with_the_public_key_of_another() {
    let pem = read_text("cosign/keys/raw/p256-pkcs8.pem");
    let mut der = pem_contents(&pem);
    let other = PublicKey::from_pem(&read("cosign/keys/cosign-v2.5.0.pub")).unwrap();
    der[73..].copy_from_slice(&other.spki_der()[26..]);
    let error = refusal(import(
        &pem_block("PRIVATE KEY", &der),
        b"",
        &mut Counter(4),
    ));
    assert!(
        error.to_string().contains("not that of the private key"),
        "{error}"
    );

    let mut der = pem_contents(&read_text("cosign/keys/raw/ed25519-pkcs8.pem"));
    der[1] += 35;
    der[4] = 1;
    der.extend([0x81, 33, 0]);
    der.extend([7; 32]);
    let error = refusal(import(
        &pem_block("PRIVATE KEY", &der),
        b"",
        &mut Counter(4),
    ));
    assert!(
        error.to_string().contains("not that of the private key"),
        "{error}"
    );
}

#[test]
fn refuses_rsa_numbers_that_do_not_belong_together() {
    let der = pem_contents(&read_text("cosign/keys/raw/rsa2048-pkcs1.pem"));
    for (place, part) in [
        (20, "RSA private key"),  // modulus
        (300, "RSA private key"), // private exponent
        (600, "RSA private key"), // a prime
    ] {
        let mut altered = der.clone();
        altered[place] ^= 2;
        let pem = pem_block("RSA PRIVATE KEY", &altered);
        let error = refusal(import(&pem, b"", &mut Counter(5)));
        assert!(
            matches!(error, KeyError::Malformed { part: found, .. } if found == part),
            "{place}: {error}"
        );
    }
}

#[test]
fn a_broken_random_source_is_noticed() {
    struct Constant(u8);
    impl Random for Constant {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }
    let key = open("cosign/keys/imported/rsa2048-pkcs8.key", "hunter2").unwrap();
    for byte in [0x00, 0xff] {
        assert_eq!(
            refusal(generate(b"", &mut Constant(byte))),
            KeyError::Random
        );
        let signed = key.sign(b"message", &mut Constant(byte));
        assert_eq!(signed, Err(SignError::Fault(Algorithm::Rsa2048)));
    }
}

// Public keys.

#[test]
fn reads_and_writes_public_keys() {
    let pkcs1 = "-----BEGIN RSA PUBLIC KEY-----";
    for (name, _) in IMPORTED {
        let pem = read_text(&format!("cosign/keys/imported/{name}.pub"));
        let key = PublicKey::from_pem(pem.replace('\n', "\r\n").as_bytes()).unwrap();
        assert_eq!(key.to_pem(), pem);
        assert_eq!(key.spki_der(), pem_contents(&pem));
        assert_eq!(key.fingerprint(), *Sha256::digest(key.spki_der()));
        assert_eq!(PublicKey::from_spki_der(key.spki_der()).unwrap(), key);
        let mut trailing = key.spki_der().to_vec();
        trailing.push(0);
        refusal(PublicKey::from_spki_der(&trailing));
        if name.starts_with("rsa") {
            let bare = pem_block("RSA PUBLIC KEY", &key.spki_der()[24..]);
            assert!(bare.starts_with(pkcs1.as_bytes()));
            assert_eq!(PublicKey::from_pem(&bare).unwrap(), key);
        }
    }
    let key = PublicKey::from_pem(&read("cosign/keys/cosign-v2.5.0.pub")).unwrap();
    let shown = format!("{key:?}");
    assert!(
        shown.starts_with("PublicKey(ecdsa-p256, sha256:"),
        "{shown}"
    );
    assert_eq!(shown.len(), "PublicKey(ecdsa-p256, sha256:)".len() + 64);
}

#[test]
fn refuses_other_public_keys() {
    let spki = pem_contents(&read_text("cosign/keys/cosign-v2.5.0.pub"));
    let mut compressed = spki[..59].to_vec();
    (compressed[1], compressed[24], compressed[26]) = (57, 34, 2 + (spki[90] & 1));
    let mut off_curve = spki.clone();
    off_curve[90] ^= 1;
    let infinity = [&[0x30, 25], &spki[2..23], &[3, 2, 0, 0]].concat();
    for (der, what) in [
        (compressed, "compressed"),
        (off_curve, "curve"),
        (infinity, "infinity"),
    ] {
        let error = refusal(PublicKey::from_spki_der(&der));
        assert!(
            matches!(error, KeyError::Malformed { .. }),
            "{what}: {error}"
        );
    }
    for curve in ["p384-pkcs8", "p521-pkcs8"] {
        let mut off_curve = pem_contents(&read_text(&format!("cosign/keys/imported/{curve}.pub")));
        *off_curve.last_mut().unwrap() ^= 1;
        let error = refusal(PublicKey::from_spki_der(&off_curve)).to_string();
        assert!(error.contains("point on its curve"), "{curve}: {error}");
    }
    for private in ["cosign-v2.5.0.key", "cosign-v2.5.0.decrypted-pkcs8.pem"] {
        let error = refusal(PublicKey::from_pem(&read(&format!(
            "cosign/keys/{private}"
        ))));
        assert!(
            matches!(error, KeyError::Unsupported { .. }),
            "{private}: {error}"
        );
    }
}

#[test]
fn refuses_rsa_public_keys_of_other_sizes_and_exponents() {
    for (bits, exponent, expected) in [
        (2048, &[1, 0, 1][..], None),
        (2048, &[3], None),
        (2048, &[0x7f, 0xff, 0xff, 0xff], None),
        (1024, &[1, 0, 1], Some("RSA modulus")),
        (2047, &[1, 0, 1], Some("RSA modulus")),
        (2056, &[1, 0, 1], Some("RSA modulus")),
        (8192, &[1, 0, 1], Some("RSA modulus")),
        (2048, &[1], Some("RSA public exponent")),
        (2048, &[2], Some("RSA public exponent")),
        (2048, &[1, 0, 0], Some("RSA public exponent")),
        (2048, &[0x00, 0x80, 0, 0, 1], Some("RSA public exponent")),
        (
            2048,
            &[1, 0, 0, 0, 0, 0, 0, 0, 1],
            Some("RSA public exponent"),
        ),
    ] {
        let mut modulus = vec![0xff_u8; usize::div_ceil(bits, 8)];
        modulus[0] >>= modulus.len() * 8 - bits;
        if modulus[0] >= 0x80 {
            modulus.insert(0, 0);
        }
        let der = der(0x30, &[der(2, &modulus), der(2, exponent)].concat());
        let key = PublicKey::from_pem(&pem_block("RSA PUBLIC KEY", &der));
        let part = match key {
            Ok(_) => None,
            Err(KeyError::Unsupported { part, .. }) => Some(part),
            Err(other) => panic!("{bits} {exponent:?}: {other}"),
        };
        assert_eq!(part, expected, "{bits} {exponent:?}");
    }
}

// Signatures.

#[test]
fn verifies_every_signature_of_cosign() {
    let artifact = read("cosign/blob/artifact.txt");
    for (name, algorithm) in IMPORTED {
        let key = PublicKey::from_pem(&read(&format!("cosign/keys/imported/{name}.pub"))).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        let legacy = |version| {
            let folder = format!("cosign/legacy-sig/keytype-{name}-{version}");
            (
                format!("{folder}/payload-0.json"),
                format!("{folder}/signature-0.b64"),
            )
        };
        for version in ["v2", "v3"] {
            let path = format!("cosign/keytypes/{name}-{version}.sig");
            if data(&path).exists() {
                key.verify(&artifact, &base64(&path))
                    .unwrap_or_else(|e| panic!("{path}: {e}"));
            }
        }
        for (payload, signature) in [legacy("v2.5.0"), legacy("v3.1.1")] {
            if data(&payload).exists() {
                let (payload, signature) = (read(&payload), base64(&signature));
                key.verify(&payload, &signature)
                    .unwrap_or_else(|e| panic!("{name}: {e}"));
                let other = key.verify(b"another", &signature);
                assert_eq!(other, Err(SignatureError::DoesNotVerify { algorithm }));
            }
        }
    }
    // Seven key types by two versions, as blobs and as images.
    assert_eq!(count("cosign/keytypes", ".sig"), 14);
    assert_eq!(count("cosign/legacy-sig", "v2.5.0"), 7);
    assert_eq!(count("cosign/legacy-sig", "v3.1.1"), 7);
}

#[test]
fn takes_the_encodings_that_cosign_takes() {
    let key = PublicKey::from_pem(&read("cosign/keys/cosign-v2.5.0.pub")).unwrap();
    let artifact = read("cosign/blob/artifact.txt");
    for good in [
        "v2.sig",
        "v3.sig",
        "form-newline.sig",
        "form-otherS.sig",
        "form-p1363.sig",
    ] {
        key.verify(&artifact, &base64(&format!("cosign/blob/{good}")))
            .unwrap();
    }
    key.verify(&artifact, &read("cosign/blob/form-rawder.sig"))
        .unwrap();
    for bad in ["form-nonminimal.sig", "form-trailing.sig"] {
        refusal(key.verify(&artifact, &base64(&format!("cosign/blob/{bad}"))));
    }
}

/// Every key type signs, deterministically, as the two cosigns that are deterministic did.
#[test]
fn signs_with_every_key_type() {
    let artifact = read("cosign/blob/artifact.txt");
    for key in &*KEYS {
        let name = key.algorithm();
        let signature = key.sign(&artifact, &mut Counter(6)).unwrap();
        assert_eq!(
            signature,
            key.sign(&artifact, &mut Counter(7)).unwrap(),
            "{name}"
        );
        key.public_key().verify(&artifact, &signature).unwrap();
        let reference = match key.algorithm() {
            Algorithm::Ed25519 => "ed25519-pkcs8",
            Algorithm::Rsa2048 => "rsa2048-pkcs1",
            Algorithm::Rsa3072 => "rsa3072-pkcs8",
            Algorithm::Rsa4096 => "rsa4096-pkcs8",
            _ => continue,
        };
        assert_eq!(
            signature,
            base64(&format!("cosign/keytypes/{reference}-v2.sig")),
            "{name}"
        );
    }
}

#[test]
fn signs_as_rfc_6979() {
    let mut cases: Vec<_> = json("public/rfc6979/p256_sha256.json")
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let hex = |member: &str| text(&case[member]).to_owned();
            (
                P256_OID,
                hex("private_x"),
                hex("message"),
                hex("r"),
                hex("s"),
            )
        })
        .collect();
    cases.extend(
        RFC6979.map(|(oid, [x, m, r, s])| {
            (oid, x.to_owned(), m.to_owned(), r.to_owned(), s.to_owned())
        }),
    );
    for (oid, scalar, message, r, s) in cases {
        let scalar = der(4, &unhex(&scalar));
        let curve = der(0xa0, &der(6, oid));
        let sec1 = der(0x30, &[&[2, 1, 1][..], &scalar, &curve].concat());
        let pem = pem_block("EC PRIVATE KEY", &sec1);
        let pair = import(&pem, b"", &mut Counter(8)).unwrap();
        let key = PrivateKey::open(pair.private_key_file.as_bytes(), b"").unwrap();
        let signature = key.sign(message.as_bytes(), &mut Counter(9)).unwrap();
        let expected = der(0x30, &[integer(&unhex(&r)), integer(&unhex(&s))].concat());
        assert_eq!(signature, expected, "{message}");
    }
}

#[test]
fn refuses_malformed_signatures() {
    for key in &*KEYS {
        let algorithm = key.algorithm();
        let key = key.public_key();
        for bytes in [
            &[][..],
            &[0],
            &[0; 63],
            &[0xff; 133],
            b"MEUCIQDYsKzR0YnmLnSrwfpA4vPtPvG3AS4",
        ] {
            let expected = SignatureError::Malformed {
                algorithm,
                size: bytes.len(),
            };
            assert_eq!(key.verify(b"message", bytes), Err(expected), "{algorithm}");
        }
    }
}

/// The identity as key and as R: in Go, a signature of every message.
#[test]
fn refuses_ed25519_keys_of_small_order() {
    let mut point = [0; 32];
    point[0] = 1;
    let spki = [
        &[0x30, 42, 0x30, 5, 6, 3, 43, 101, 112, 3, 33, 0][..],
        &point,
    ]
    .concat();
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&point);
    let key = PublicKey::from_spki_der(&spki).unwrap();
    let expected = SignatureError::DoesNotVerify {
        algorithm: Algorithm::Ed25519,
    };
    assert_eq!(key.verify(b"anything", &signature), Err(expected));
}

// The primitives, by the vectors of their authors.

#[test]
fn scrypt_of_the_rfc_and_of_go() {
    let mut run = 0;
    for case in json("public/kdfbox/scrypt.json")["good"]
        .as_array()
        .unwrap()
    {
        if case["heavy_1GiB"] == true {
            continue;
        }
        let number = |member: &str| case[member].as_u64().unwrap() as u32;
        let params = scrypt::Params::new(number("N").ilog2() as u8, number("r"), number("p"));
        let expected = unhex(text(&case["out_hex"]));
        let mut out = vec![0; expected.len()];
        let password = unhex(text(&case["password_hex"]));
        let salt = unhex(text(&case["salt_hex"]));
        scrypt::scrypt(&password, &salt, &params.unwrap(), &mut out).unwrap();
        assert_eq!(out, expected);
        run += 1;
    }
    assert_eq!(run, 7);
}

#[test]
fn secretbox_of_nacl_and_of_go() {
    for case in json("public/kdfbox/secretbox.json")["vectors"]
        .as_array()
        .unwrap()
    {
        let bytes = |member: &str| unhex(text(&case[member]));
        let opened = unbox(&bytes("key"), &bytes("nonce"), &bytes("box"));
        assert_eq!(opened.is_some(), case["ok"] == true, "{}", case["name"]);
        if let Some(message) = opened {
            assert_eq!(message, bytes("msg"));
        }
    }
}

#[test]
fn wycheproof_files() {
    for (file, tests) in [
        ("ecdsa_secp256r1_sha256_test", 484),
        ("ed25519_test", 151),
        ("rsa_signature_2048_sha256_test", 259),
    ] {
        let mut run = 0;
        for group in json(&format!("public/wycheproof/{file}.json"))["testGroups"]
            .as_array()
            .unwrap()
        {
            let key = PublicKey::from_spki_der(&unhex(text(&group["publicKeyDer"]))).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let verified = key.verify(&unhex(text(&test["msg"])), &unhex(text(&test["sig"])));
                let expected = test["result"] == "valid";
                assert_eq!(verified.is_ok(), expected, "{file} {}", test["tcId"]);
                run += 1;
            }
        }
        assert_eq!(run, tests, "{file}");
    }
}

#[test]
fn wycheproof_ecdsa() {
    use wycheproof::{
        TestResult,
        ecdsa::{TestFlag, TestName, TestSet},
    };
    for (name, other_sizes) in [
        (TestName::EcdsaSecp256r1Sha256, 0),
        (TestName::EcdsaSecp256r1Sha256P1363, 12),
        (TestName::EcdsaSecp384r1Sha256, 0),
        (TestName::EcdsaSecp384r1Sha384, 0),
        (TestName::EcdsaSecp384r1Sha384P1363, 10),
        (TestName::EcdsaSecp521r1Sha512, 0),
        (TestName::EcdsaSecp521r1Sha512P1363, 10),
    ] {
        let set = TestSet::load(name).unwrap();
        let mut differences = 0;
        for group in set.test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let verified = key.verify(&test.msg, &test.sig).is_ok();
                // Halves of another size than the field's, with the same numbers in them: cosign
                // takes these, so they count.
                if verified && test.flags.contains(&TestFlag::SignatureSize) {
                    differences += 1;
                    continue;
                }
                let expected = test.result == TestResult::Valid;
                assert_eq!(
                    verified, expected,
                    "{name:?} {} {}",
                    test.tc_id, test.comment
                );
            }
        }
        assert_eq!(differences, other_sizes, "{name:?}");
    }
}

#[test]
fn wycheproof_rsa() {
    use wycheproof::{
        TestResult,
        rsa_pkcs1_verify::{TestName, TestSet},
    };
    for name in [
        TestName::Rsa2048Sha256,
        TestName::Rsa3072Sha256,
        TestName::Rsa4096Sha256,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_spki_der(&group.der).unwrap();
            for test in group.tests {
                let verified = key.verify(&test.msg, &test.sig).is_ok();
                let expected = test.result == TestResult::Valid;
                assert_eq!(
                    verified, expected,
                    "{name:?} {} {}",
                    test.tc_id, test.comment
                );
            }
        }
    }
    let large = TestSet::load(TestName::Rsa8192Sha256).unwrap();
    let error = refusal(PublicKey::from_spki_der(&large.test_groups[0].der));
    assert!(matches!(error, KeyError::Unsupported { .. }), "{error}");
}

#[test]
fn wycheproof_ed25519() {
    use wycheproof::{
        TestResult,
        eddsa::{TestName, TestSet},
    };
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = PublicKey::from_spki_der(&group.der).unwrap();
        for test in group.tests {
            let verified = key.verify(&test.msg, &test.sig).is_ok();
            let expected = test.result == TestResult::Valid;
            assert_eq!(verified, expected, "{} {}", test.tc_id, test.comment);
        }
    }
}

// Properties.

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn what_is_signed_verifies_and_nothing_else(
        which in 0..KEYS.len(),
        message in proptest::collection::vec(any::<u8>(), 1..200),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
        seed in any::<u64>(),
    ) {
        let key = &KEYS[which];
        let signature = key.sign(&message, &mut Counter(seed)).unwrap();
        prop_assert_eq!(key.public_key().verify(&message, &signature), Ok(()));

        let mut altered = signature.clone();
        *place.get_mut(&mut altered) ^= 1 << bit;
        prop_assert!(key.public_key().verify(&message, &altered).is_err());
        let mut altered = message.clone();
        *place.get_mut(&mut altered) ^= 1 << bit;
        prop_assert!(key.public_key().verify(&altered, &signature).is_err());
        let cut = &signature[..place.index(signature.len())];
        prop_assert!(key.public_key().verify(&message, cut).is_err());
        let other = &KEYS[(which + 1) % KEYS.len()];
        prop_assert!(other.public_key().verify(&message, &signature).is_err());
    }

    #[test]
    fn no_byte_of_a_key_file_can_change(
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let file = read("cosign/keys/legacy-pemtype-COSIGN.N32768.key");
        let mut altered = file.clone();
        *place.get_mut(&mut altered) = byte;
        // What still opens opens to the same key: white space for an end of line, or the label.
        if let Ok(key) = PrivateKey::open(&altered, b"hunter2") {
            let public = read_text("cosign/keys/cosign-v2.5.0.pub");
            prop_assert_eq!(key.public_key().to_pem(), public);
        }
    }

    #[test]
    fn altered_private_keys_do_not_panic(
        which in 0..IMPORTED.len(),
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let pem = read_text(&format!("cosign/keys/raw/{}.pem", IMPORTED[which].0));
        let label = pem.lines().next().unwrap().trim_matches('-').trim_start_matches("BEGIN ");
        let mut der = pem_contents(&pem);
        *place.get_mut(&mut der) = byte;
        let _ = import(&pem_block(label, &der), b"", &mut Counter(10));
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(PrivateKey::open(&bytes, b"").is_err());
        prop_assert!(PrivateKey::open(&key_file(&bytes), b"").is_err());
        prop_assert!(import(&bytes, b"", &mut Counter(0)).is_err());
        prop_assert!(PublicKey::from_pem(&bytes).is_err());
        prop_assert!(PublicKey::from_spki_der(&bytes).is_err());
        for label in ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY"] {
            prop_assert!(import(&pem_block(label, &bytes), b"", &mut Counter(0)).is_err());
        }
        for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
            prop_assert!(PublicKey::from_pem(&pem_block(label, &bytes)).is_err());
        }
        for (name, _) in IMPORTED {
            let key = &PUBLIC_KEYS.iter().find(|(other, _)| *other == name).unwrap().1;
            prop_assert!(key.verify(&bytes, &bytes).is_err());
        }
    }

    #[test]
    fn altered_public_keys_are_another_key_or_none(
        which in 0..IMPORTED.len(),
        place in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let key = &PUBLIC_KEYS[which].1;
        let mut der = key.spki_der().to_vec();
        *place.get_mut(&mut der) = byte;
        if let Ok(other) = PublicKey::from_spki_der(&der) {
            prop_assert_eq!(other.spki_der(), &*der);
            prop_assert_eq!(&other == key, der == key.spki_der());
        }
    }
}

// Helpers.

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const IMPORTED: [(&str, Algorithm); 10] = [
    ("ed25519-pkcs8", Algorithm::Ed25519),
    ("p256-pkcs8", Algorithm::EcdsaP256),
    ("p256-sec1", Algorithm::EcdsaP256),
    ("p384-pkcs8", Algorithm::EcdsaP384),
    ("p384-sec1", Algorithm::EcdsaP384),
    ("p521-pkcs8", Algorithm::EcdsaP521),
    ("rsa2048-pkcs1", Algorithm::Rsa2048),
    ("rsa2048-pkcs8", Algorithm::Rsa2048),
    ("rsa3072-pkcs8", Algorithm::Rsa3072),
    ("rsa4096-pkcs8", Algorithm::Rsa4096),
];

static PUBLIC_KEYS: LazyLock<Vec<(&str, PublicKey)>> = LazyLock::new(|| {
    IMPORTED
        .map(|(name, _)| {
            let pem = read(&format!("cosign/keys/imported/{name}.pub"));
            (name, PublicKey::from_pem(&pem).unwrap())
        })
        .into()
});

/// One key of each algorithm.
static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
    [
        "ed25519-pkcs8",
        "p256-pkcs8",
        "p384-pkcs8",
        "p521-pkcs8",
        "rsa2048-pkcs1",
        "rsa3072-pkcs8",
        "rsa4096-pkcs8",
    ]
    .map(|name| open(&format!("cosign/keys/imported/{name}.key"), "hunter2").unwrap())
    .into()
});

const P256_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384_OID: &[u8] = &[0x2b, 0x81, 4, 0, 0x22];
const P521_OID: &[u8] = &[0x2b, 0x81, 4, 0, 0x23];

/// RFC 6979 A.2.6 and A.2.7 with SHA-256: curve, then x, message, r and s.
const RFC6979: [(&[u8], [&str; 4]); 2] = [
    (
        P384_OID,
        [
            "6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896\
            D5724E4C70A825F872C9EA60D2EDF5",
            "sample",
            "21B13D1E013C7FA1392D03C5F99AF8B30C570C6F98D4EA8E354B63A21D3DAA33BD\
            E1E888E63355D92FA2B3C36D8FB2CD",
            "F3AA443FB107745BF4BD77CB3891674632068A10CA67E3D45DB2266FA7D1FEEBEF\
            DC63ECCD1AC42EC0CB8668A4FA0AB0",
        ],
    ),
    (
        P521_OID,
        [
            "00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CA\
            A896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538",
            "sample",
            "01511BB4D675114FE266FC4372B87682BAECC01D3CC62CF2303C92B3526012659D\
            16876E25C7C1E57648F23B73564D67F61C6F14D527D54972810421E7D87589E1A7",
            "004A171143A83163D6DF460AAF61522695F207A58B95C0644D87E52AA1A347916E\
            4F7A72930B1BC06DBE22CE3F58264AFD23704CBB63B29B931F7DE6C9D949A7ECFC",
        ],
    ),
];

/// SHA-256 of a counter: random enough for a test, and the same every time.
struct Counter(u64);

impl Random for Counter {
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            self.0 = self.0.wrapping_add(1);
            chunk.copy_from_slice(&Sha256::digest(self.0.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// Says what it was told to say, in pieces that must be of the size asked for.
struct Script(VecDeque<Vec<u8>>);

impl Random for Script {
    fn fill(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.0.pop_front().expect("asked for more than was written"));
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        assert!(
            std::thread::panicking() || self.0.is_empty(),
            "not all was asked for"
        );
    }
}

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(path)
}

fn read(path: &str) -> Vec<u8> {
    fs::read(data(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read_text(path: &str) -> String {
    String::from_utf8(read(path)).unwrap()
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&read(path)).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn base64(path: &str) -> Vec<u8> {
    STANDARD.decode(read_text(path).replace('\n', "")).unwrap()
}

fn count(folder: &str, part: &str) -> usize {
    let names = fs::read_dir(data(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    names
        .filter(|name| name.to_str().unwrap().ends_with(part))
        .filter(|name| {
            folder != "cosign/legacy-sig" || name.to_str().unwrap().starts_with("keytype")
        })
        .count()
}

fn open(path: &str, password: &str) -> Result<PrivateKey, KeyError> {
    PrivateKey::open(&read(path), password.as_bytes())
}

fn refusal<T, E>(result: Result<T, E>) -> E {
    result.err().expect("accepted, but must be refused")
}

fn unhex(hex: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    hex.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

fn pem_block(label: &str, contents: &[u8]) -> Vec<u8> {
    let base64 = STANDARD.encode(contents);
    format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n").into_bytes()
}

fn pem_contents(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).unwrap()
}

fn key_file(json: &[u8]) -> Vec<u8> {
    pem_block("ENCRYPTED SIGSTORE PRIVATE KEY", json)
}

fn envelope(params: &str, salt: usize, nonce: usize, ciphertext: usize) -> String {
    let zeros = |size| STANDARD.encode(vec![0; size]);
    format!(
        r#"{{"kdf":{{"name":"scrypt","params":{params},"salt":"{}"}},
            "cipher":{{"name":"nacl/secretbox","nonce":"{}"}},"ciphertext":"{}"}}"#,
        zeros(salt),
        zeros(nonce),
        zeros(ciphertext)
    )
}

fn salt_and_nonce(file: &str) -> [Vec<u8>; 2] {
    let json: Value = serde_json::from_slice(&pem_contents(file)).unwrap();
    [&json["kdf"]["salt"], &json["cipher"]["nonce"]]
        .map(|value| STANDARD.decode(text(value)).unwrap())
}

/// A decryption of its own, to look inside key files.
fn decrypt(file: &str, password: &[u8]) -> Option<Vec<u8>> {
    let json: Value = serde_json::from_slice(&pem_contents(file)).unwrap();
    let [salt, nonce] = salt_and_nonce(file);
    let log_n = json["kdf"]["params"]["N"].as_u64().unwrap().ilog2() as u8;
    let mut key = [0; 32];
    let params = scrypt::Params::new(log_n, 8, 1).unwrap();
    scrypt::scrypt(password, &salt, &params, &mut key).unwrap();
    unbox(
        &key,
        &nonce,
        &STANDARD.decode(text(&json["ciphertext"])).unwrap(),
    )
}

fn unbox(key: &[u8], nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (tag, stream) = sealed.split_at_checked(16)?;
    let mut message = stream.to_vec();
    XSalsa20Poly1305::new(key.into())
        .decrypt_in_place_detached(nonce.into(), &[], &mut message, tag.into())
        .ok()?;
    Some(message)
}

fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let size = contents.len();
    let header = match size {
        0..0x80 => vec![tag, size as u8],
        0x80..0x100 => vec![tag, 0x81, size as u8],
        _ => vec![tag, 0x82, (size >> 8) as u8, size as u8],
    };
    [&header, contents].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    let digits = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    let sign: &[u8] = if digits[0] >= 0x80 { &[0] } else { &[] };
    der(2, &[sign, digits].concat())
}
