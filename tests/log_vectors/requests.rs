//! What is sent to a log, against what cosign sent.

use cosignet::{
    key::PublicKey,
    log::{HashAlgorithm, LogError, Signed, rekor_v1, rekor_v2},
};
use serde_json::Value;

use super::data::{Content, bytes, json, key, read, read_text, text};

#[test]
fn hashedrekord_of_rekor_v1_is_that_of_cosign() {
    for (number, artifact) in [
        (
            "001",
            "cosign/legacy-sig/v2.5.0-rekor-bundle/payload-0.json",
        ),
        (
            "004",
            "cosign/legacy-sig/v3.1.1-rekor-bundle/payload-0.json",
        ),
        (
            "005",
            "cosign/legacy-sig/v3.1.1-rekor-bundle/payload-0.json",
        ),
        ("006", "cosign/blob/artifact.txt"),
        ("007", "cosign/blob/artifact.txt"),
        ("008", "cosign/blob/artifact.txt"),
    ] {
        let posted = read_text(&format!("cosign/rekor/{number}-api_v1_log_entries.json"));
        let document: Value = serde_json::from_str(&posted).unwrap();
        let signature = &document["spec"]["signature"];
        let key = PublicKey::from_pem(&bytes(&signature["publicKey"]["content"])).unwrap();
        let signature = bytes(&signature["content"]);
        let artifact = read(artifact);
        let signed = Signed {
            message: (&artifact).into(),
            dsse_payload: None,
            signature: &signature,
            key: &key,
        };
        let ours = rekor_v1::hashedrekord_request(&signed, HashAlgorithm::Sha256).unwrap();
        assert_eq!(ours, posted, "{number}");
    }
}

#[test]
fn dsse_of_rekor_v1_is_that_of_cosign() {
    for number in ["003", "009"] {
        let posted = read_text(&format!("cosign/rekor/{number}-api_v1_log_entries.json"));
        let document: Value = serde_json::from_str(&posted).unwrap();
        let proposed = &document["spec"]["proposedContent"];
        let key = PublicKey::from_pem(&bytes(&proposed["verifiers"][0])).unwrap();
        let ours = rekor_v1::dsse_request(text(&proposed["envelope"]), &key).unwrap();
        assert_eq!(ours, posted, "{number}");
    }
    let key = key("rekor/keys/p256.pub");
    let escaped = rekor_v1::dsse_request("\"<&>\u{2028}", &key).unwrap();
    assert!(
        escaped.contains(r#""envelope":"\"\u003c\u0026\u003e\u2028","#),
        "{escaped}"
    );
    let large = rekor_v1::dsse_request(&" ".repeat(256 * 1024 + 1), &key).unwrap_err();
    assert!(matches!(large, LogError::TooLarge { .. }), "{large}");
}

#[test]
fn other_hashes_are_named() {
    let content = content();
    for (hash, name, digits) in [
        (HashAlgorithm::Sha256, "sha256", 64),
        (HashAlgorithm::Sha384, "sha384", 96),
        (HashAlgorithm::Sha512, "sha512", 128),
    ] {
        let request = rekor_v1::hashedrekord_request(&content.signed(), hash).unwrap();
        let request: Value = serde_json::from_str(&request).unwrap();
        let hash = &request["spec"]["data"]["hash"];
        assert_eq!(text(&hash["algorithm"]), name);
        assert_eq!(text(&hash["value"]).len(), digits);
    }
}

/// The files were made by another tool, with spaces.
#[test]
fn hashedrekord_is_what_the_servers_took() {
    let parse = |request: &str| -> Value { serde_json::from_str(request).unwrap() };
    let posted = json("rekor/v1/entries/request-hashedrekord.json");
    let signature = bytes(&posted["spec"]["signature"]["content"]);
    let content = Content::new(&read("rekor/blob.txt"), None, &signature);
    let ours = rekor_v1::hashedrekord_request(&content.signed(), HashAlgorithm::Sha256).unwrap();
    assert_eq!(parse(&ours), posted);

    let content = self::content();
    let ours = rekor_v2::hashedrekord_request(&content.signed(), HashAlgorithm::Sha256).unwrap();
    assert_eq!(
        parse(&ours),
        json("rekor/v2/entries/request-hashedrekord.json")
    );
}

#[test]
fn rekor_v2_takes_a_key_with_its_hash_alone() {
    let sha256 = HashAlgorithm::Sha256;
    let (sha384, sha512) = (HashAlgorithm::Sha384, HashAlgorithm::Sha512);
    for (name, takes) in [
        ("rekor/keys/p256.pub", sha256),
        ("rekor/keys/p384.pub", sha384),
        ("cosign/keys/imported/p521-pkcs8.pub", sha512),
        ("rekor/keys/ed25519.pub", sha512),
        ("rekor/keys/rsa2048.pub", sha256),
        ("cosign/keys/imported/rsa3072-pkcs8.pub", sha256),
        ("cosign/keys/imported/rsa4096-pkcs8.pub", sha256),
    ] {
        let signed = Signed {
            message: b"bytes".as_slice().into(),
            dsse_payload: None,
            signature: b"signature",
            key: &key(name),
        };
        for hash in [sha256, sha384, sha512] {
            let request = rekor_v2::hashedrekord_request(&signed, hash);
            match hash == takes {
                true => assert!(request.is_ok(), "{name} {hash:?}"),
                false => {
                    let error = request.unwrap_err();
                    assert!(
                        matches!(error, LogError::KeyDetailsMismatch { .. }),
                        "{error}"
                    );
                }
            }
        }
    }
}

fn content() -> Content {
    let request = json("rekor/v2/entries/request-hashedrekord.json");
    let signature = bytes(&request["hashedRekordRequestV002"]["signature"]["content"]);
    Content::new(&read("rekor/blob2.txt"), None, &signature)
}
