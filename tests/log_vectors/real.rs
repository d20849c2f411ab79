//! Every real entry verifies, and is about its signature alone.

use cosignet::{
    key::PublicKey,
    log::{Evidence, LogEntry, LogError, Signed},
};
use serde_json::Value;

use super::data::{
    Bundle, COSIGN, Case, Content, ECDSA_TILES, PUBLIC_GOOD, REKOR, body, bytes, case_of, files,
    json, key, read, text, v1_entry,
};

#[test]
fn bundles_of_rekor_v1_verify() {
    let mut names = files("rekor/v1/blob");
    names.retain(|name| name.ends_with(".sigstore.json"));
    names.extend(files("rekor/v1/oci/cosign3"));
    names.push("rekor/big/cosign3-v1.sigstore.json".into());
    assert_eq!(names.len(), 11);
    for name in names {
        let bundle = Bundle::read(&name);
        let verified = bundle.case().verify(&REKOR).unwrap();
        assert_eq!(verified.evidence(), Evidence::Both, "{name}");
        assert_eq!(
            verified.log_index(),
            number(&bundle.entry()["logIndex"]),
            "{name}"
        );
        let time = number(&bundle.entry()["integratedTime"]);
        assert_eq!(verified.integrated_time(), Some(time as i64), "{name}");
        assert_eq!(verified.log_id().to_string(), REKOR_V1, "{name}");
        assert_eq!(verified.witnesses(), 0, "{name}");
    }
}

#[test]
fn bundles_of_rekor_v2_verify() {
    let mut names = files("rekor/v2/blob");
    names.extend(files("rekor/v2/oci/cosign3"));
    names.push("rekor/big/cosign3-v2.sigstore.json".into());
    assert_eq!(names.len(), 8);
    for name in names {
        let bundle = Bundle::read(&name);
        let verified = bundle.case().verify(&REKOR).unwrap();
        assert_eq!(verified.evidence(), Evidence::InclusionProof, "{name}");
        assert_eq!(verified.integrated_time(), None, "{name}");
        assert_eq!(
            verified.log_index(),
            number(&bundle.entry()["logIndex"]),
            "{name}"
        );
    }
    for number in 1..=3 {
        let name = format!("rekor/v2-ecdsa-log/cosign3-{number}.sigstore.json");
        let verified = Bundle::read(&name).case().verify(&ECDSA_TILES).unwrap();
        assert_eq!(verified.evidence(), Evidence::InclusionProof, "{name}");
    }
}

#[test]
fn bundles_of_another_private_log_verify() {
    for name in [
        "cosign/blob/v2-tlog-new.sigstore.json",
        "cosign/blob/v3-tlog-new.sigstore.json",
        "cosign/bundle-sig/v3.1.1-rekor/bundle.sigstore.json",
    ] {
        let verified = Bundle::read(name).case().verify(&COSIGN).unwrap();
        assert_eq!(verified.evidence(), Evidence::Both, "{name}");
    }
}

/// What cosign 2 and 3 store beside detached signatures.
#[test]
fn detached_bundles_verify() {
    for (name, artifact, logs) in [
        (
            "rekor/v1/blob/cosign2-legacy-p256.json",
            "rekor/blob.txt",
            &REKOR,
        ),
        (
            "rekor/v1/blob/cosign2-legacy-rsa2048.json",
            "rekor/blob.txt",
            &REKOR,
        ),
        (
            "rekor/v1/blob/cosign3-legacy-p256.json",
            "rekor/blob.txt",
            &REKOR,
        ),
        (
            "cosign/blob/v2-tlog-old.bundle",
            "cosign/blob/artifact.txt",
            &COSIGN,
        ),
    ] {
        let bundle = json(name);
        let annotation = bundle["rekorBundle"].to_string();
        let case = Case {
            name: name.into(),
            entry: LogEntry::from_annotation(annotation.as_bytes()).unwrap(),
            content: Content::new(&read(artifact), None, &bytes(&bundle["base64Signature"])),
        };
        let verified = case.verify(logs).unwrap();
        assert_eq!(
            verified.evidence(),
            Evidence::SignedEntryTimestamp,
            "{name}"
        );
        let payload = &bundle["rekorBundle"]["Payload"];
        assert_eq!(verified.log_index(), number(&payload["logIndex"]), "{name}");
        let time = number(&payload["integratedTime"]) as i64;
        assert_eq!(verified.integrated_time(), Some(time), "{name}");
    }
}

#[test]
fn annotations_of_signature_images_verify() {
    for (manifest, payload, logs) in ANNOTATED {
        let annotations = &json(manifest)["layers"][0]["annotations"];
        let annotation = text(&annotations["dev.sigstore.cosign/bundle"]);
        let payload = read(payload);
        let content = match text(&annotations["dev.cosignproject.cosign/signature"]) {
            // An attestation has its signature in its envelope.
            "" => Content::envelope(&serde_json::from_slice(&payload).unwrap()),
            signature => Content::new(&payload, None, &bytes(&signature.into())),
        };
        let case = Case {
            name: manifest.into(),
            entry: LogEntry::from_annotation(annotation.as_bytes()).unwrap(),
            content,
        };
        let verified = case.verify(logs()).unwrap();
        assert_eq!(
            verified.evidence(),
            Evidence::SignedEntryTimestamp,
            "{manifest}"
        );
        assert_eq!(
            case.entry.to_annotation().as_deref(),
            Some(annotation),
            "{manifest}"
        );
    }
}

/// Forty entries as the server gives them today, against the checkpoint of today, and the answers
/// that cosign got. Of some the artifact is not kept: that it is asked for shows that the evidence
/// was verified, which comes first.
#[test]
fn answers_of_rekor_v1_verify() {
    let mut names = files("rekor/v1/entries");
    names.retain(|name| !name.contains("request"));
    names.extend(
        files("cosign/rekor")
            .into_iter()
            .filter(|name| name.contains("response")),
    );
    let (mut about_known, mut about_unknown) = (0, 0);
    for name in &names {
        let logs = if name.starts_with("rekor") {
            &REKOR
        } else {
            &COSIGN
        };
        let entry = LogEntry::from_rekor_v1(&read(name)).unwrap();
        let content = match content_of(&entry) {
            Ok(content) => content,
            Err(Unlogged::Kind) => {
                let error = entry.verify(&any().signed(), logs).unwrap_err();
                assert!(
                    matches!(error, LogError::UnsupportedKind { .. }),
                    "{name}: {error}"
                );
                continue;
            }
            Err(Unlogged::Artifact) => {
                let error = entry.verify(&any().signed(), logs).unwrap_err();
                assert!(
                    matches!(error, LogError::OtherArtifact { .. }),
                    "{name}: {error}"
                );
                about_unknown += 1;
                continue;
            }
        };
        let verified = entry.verify(&content.signed(), logs);
        let verified = verified.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(verified.evidence(), Evidence::Both, "{name}");
        let answer = json(name);
        assert_eq!(
            verified.log_index(),
            number(&v1_entry(&answer)["logIndex"]),
            "{name}"
        );
        about_known += 1;
    }
    // Two more are of kinds that hold no signature, or that cosign does not write.
    assert_eq!((names.len(), about_known, about_unknown), (50, 27, 21));
}

#[test]
fn an_answer_of_rekor_v2_verifies() {
    let answer = read("rekor/v2/entries/response-201.json");
    let entry = LogEntry::from_rekor_v2(&answer).unwrap();
    let content = Content::new(&read("rekor/blob2.txt"), None, &signature_in(&body(&entry)));
    let verified = entry.verify(&content.signed(), &REKOR).unwrap();
    assert_eq!(
        (verified.log_index(), verified.integrated_time()),
        (5, None)
    );
    assert_eq!(verified.evidence(), Evidence::InclusionProof);
}

/// Signatures over public images, logged in the public good: the timestamp of each verifies. Of
/// two the payload is not published.
#[test]
fn entries_of_the_public_good_verify() {
    let vectors = json("public/realworld/vectors.json");
    let vectors = vectors.as_array().unwrap();
    for vector in vectors {
        let name = text(&vector["name"]);
        let annotation = text(&vector["rekor_bundle_annotation"]);
        let entry = LogEntry::from_annotation(annotation.as_bytes()).unwrap();
        let key = PublicKey::from_pem(text(&vector["public_key_pem"]).as_bytes()).unwrap();
        let signature = bytes(&vector["signature_b64"]);
        let payload = vector["payload_b64"]
            .as_str()
            .map(|_| bytes(&vector["payload_b64"]));
        let signed = Signed {
            message: payload.as_deref().unwrap_or_default().into(),
            dsse_payload: None,
            signature: &signature,
            key: &key,
        };
        match (entry.verify(&signed, &PUBLIC_GOOD), payload) {
            (Ok(verified), Some(_)) => {
                assert_eq!(verified.log_index(), number(&vector["logIndex"]), "{name}");
                let time = number(&vector["integratedTime"]) as i64;
                assert_eq!(verified.integrated_time(), Some(time), "{name}");
            }
            (Err(LogError::OtherArtifact { .. }), None) => {}
            (other, _) => panic!("{name}: {other:?}"),
        }
        assert_eq!(entry.to_annotation().as_deref(), Some(annotation), "{name}");
    }
    assert_eq!(vectors.len(), 8);
}

/// The log has several shards: the entry counts over all of them, its proof within one.
#[test]
fn an_entry_of_a_later_shard_verifies() {
    let answer = read("public/realworld/rekor_v1_entry_18624203.json");
    let entry = LogEntry::from_rekor_v1(&answer).unwrap();
    let vectors = json("public/realworld/vectors.json");
    let vector = &vectors[2];
    let key = PublicKey::from_pem(text(&vector["public_key_pem"]).as_bytes()).unwrap();
    let (payload, signature) = (
        bytes(&vector["payload_b64"]),
        bytes(&vector["signature_b64"]),
    );
    let signed = Signed {
        message: (&payload).into(),
        dsse_payload: None,
        signature: &signature,
        key: &key,
    };
    let verified = entry.verify(&signed, &PUBLIC_GOOD).unwrap();
    assert_eq!(verified.evidence(), Evidence::Both);
    assert_eq!(
        (verified.log_index(), entry.log_index()),
        (18_624_203, 18_624_203)
    );

    // Without the timestamp only the place in the shard is proved.
    let mut answer: Value = serde_json::from_slice(&answer).unwrap();
    let uuid = answer.as_object().unwrap().keys().next().unwrap().clone();
    let verification = answer[&uuid]["verification"].as_object_mut().unwrap();
    verification.remove("signedEntryTimestamp").unwrap();
    let entry = LogEntry::from_rekor_v1(answer.to_string().as_bytes()).unwrap();
    let verified = entry.verify(&signed, &PUBLIC_GOOD).unwrap();
    assert_eq!(verified.evidence(), Evidence::InclusionProof);
    assert_eq!(
        (verified.log_index(), verified.integrated_time()),
        (14_460_772, None)
    );
}

/// An entry is about one signature: any other, of the same key or over the same bytes, is refused.
#[test]
fn every_entry_is_refused_for_every_other_signature() {
    let cases: Vec<Case> = [
        "rekor/v1/blob/cosign2-p256.sigstore.json",
        "rekor/v1/blob/cosign3-p256.sigstore.json",
        "rekor/v1/blob/cosign3-rsa2048.sigstore.json",
        "rekor/v1/blob/cosign3-p384.sigstore.json",
        "rekor/v1/blob/cosign2-attest.sigstore.json",
        "rekor/v1/blob/cosign3-attest.sigstore.json",
        "rekor/v2/blob/cosign3-p256.sigstore.json",
        "rekor/v2/blob/cosign3-p384.sigstore.json",
        "rekor/v2/blob/cosign3-rsa2048.sigstore.json",
        "rekor/v2/blob/cosign3-attest.sigstore.json",
    ]
    .iter()
    .map(|name| Bundle::read(name).case())
    .collect();
    let mut refused = 0;
    for entry in &cases {
        for other in &cases {
            let same = entry.content.signature == other.content.signature;
            match entry.entry.verify(&other.content.signed(), &REKOR) {
                Ok(_) => assert!(same, "{} for {}", entry.name, other.name),
                Err(error) => {
                    assert!(!same, "{} for {}: {error}", entry.name, other.name);
                    let expected = ["OtherArtifact", "OtherSignature"];
                    assert!(expected.contains(&case_of(&error).as_str()), "{error}");
                    refused += 1;
                }
            }
        }
    }
    // cosign 3 made its RSA signature and one attestation once for both logs: RSA does not vary.
    assert!(refused >= 80, "{refused}");
}

/// Which of an entry's artifacts is not at hand.
enum Unlogged {
    Artifact,
    Kind,
}

/// The signature that an entry is about, with its artifact out of the test data.
fn content_of(entry: &LogEntry) -> Result<Content, Unlogged> {
    let body = body(entry);
    let dsse = |envelope: &str| Content::envelope(&json(envelope)["dsseEnvelope"]);
    match (text(&body["kind"]), text(&body["apiVersion"])) {
        ("hashedrekord", "0.0.1") => {
            let signature = signature_in(&body);
            let artifacts = [
                "rekor/blob.txt",
                "rekor/blob2.txt",
                "rekor/v1/oci/cosign2-legacy/sha256-1944b6dad1127679.blob.json",
                "cosign/blob/artifact.txt",
                "cosign/legacy-sig/v2.5.0-rekor-bundle/payload-0.json",
                "cosign/legacy-sig/v3.1.1-rekor-bundle/payload-0.json",
            ];
            let mut contents = artifacts.iter().filter_map(|artifact| {
                let artifact = read(artifact);
                let made = |key: &&PublicKey| key.verify(&artifact, &signature).is_ok();
                let key = KEYS_OF_ENTRIES
                    .iter()
                    .map(|name| self::key(name))
                    .find(|key| made(&key));
                key.map(|_| Content::new(&artifact, None, &signature))
            });
            contents.next().ok_or(Unlogged::Artifact)
        }
        ("dsse", "0.0.1") | ("intoto", "0.0.2") => {
            let content = &body["spec"]["content"];
            let signature = match content.is_null() {
                true => bytes(&body["spec"]["signatures"][0]["signature"]),
                false => bytes(
                    &String::from_utf8(bytes(&content["envelope"]["signatures"][0]["sig"]))
                        .unwrap()
                        .into(),
                ),
            };
            let envelopes = [
                dsse("rekor/v1/blob/cosign2-attest.sigstore.json"),
                dsse("rekor/v1/blob/cosign3-attest.sigstore.json"),
                dsse("rekor/v1/blob/cosign3-attest-rsa2048.sigstore.json"),
                dsse("rekor/v1/oci/cosign3/sha256-44baea0a7ba36997.blob.json"),
                dsse("rekor/v1/oci/cosign3/sha256-9da4eef083ef44a2.blob.json"),
                dsse("cosign/bundle-sig/v3.1.1-rekor/bundle.sigstore.json"),
                Content::envelope(&json(
                    "rekor/v1/oci/cosign2-legacy/sha256-ef32e22ec67b9fb9.blob.json",
                )),
                Content::envelope(&json("cosign/attestation/v2.5.0-att-tag-rekor/dsse.json")),
            ];
            let about = |content: &Content| content.signature == signature;
            envelopes.into_iter().find(about).ok_or(Unlogged::Artifact)
        }
        _ => Err(Unlogged::Kind),
    }
}

/// A signature that no entry is about.
fn any() -> Content {
    let mut content = Bundle::read("rekor/v1/blob/cosign3-p256.sigstore.json").content;
    content.bytes.push(b'!');
    content
}

fn signature_in(body: &Value) -> Vec<u8> {
    match &body["spec"]["hashedRekordV002"] {
        Value::Null => bytes(&body["spec"]["signature"]["content"]),
        record => bytes(&record["signature"]["content"]),
    }
}

/// A number, or digits in quotes; absent is zero.
fn number(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::String(digits) => digits.parse().unwrap(),
        number => number.as_u64().unwrap(),
    }
}

const REKOR_V1: &str = "807a36a0e2a08f47465bd0a465f86b3c1b1f714ab65509b2a24bb81e58d4ed42";

const KEYS_OF_ENTRIES: [&str; 6] = [
    "rekor/keys/p256.pub",
    "rekor/keys/p384.pub",
    "rekor/keys/rsa2048.pub",
    "rekor/keys/ed25519.pub",
    "cosign/keys/cosign-v2.5.0.pub",
    "cosign/keys/cosign-v3.1.1.pub",
];

type Logs = fn() -> &'static cosignet::log::TrustedLogs;

const ANNOTATED: [(&str, &str, Logs); 4] = [
    (
        "rekor/v1/oci/cosign2-legacy/manifest.sha256-dbf4c66640d2548cd46b98e635249307b813d166dab78735a9611e92007bc288.sig.json",
        "rekor/v1/oci/cosign2-legacy/sha256-1944b6dad1127679.blob.json",
        || &REKOR,
    ),
    (
        "rekor/v1/oci/cosign2-legacy/manifest.sha256-dbf4c66640d2548cd46b98e635249307b813d166dab78735a9611e92007bc288.att.json",
        "rekor/v1/oci/cosign2-legacy/sha256-ef32e22ec67b9fb9.blob.json",
        || &REKOR,
    ),
    (
        "cosign/legacy-sig/v2.5.0-rekor-bundle/manifest.json",
        "cosign/legacy-sig/v2.5.0-rekor-bundle/payload-0.json",
        || &COSIGN,
    ),
    (
        "cosign/legacy-sig/v3.1.1-rekor-bundle/manifest.json",
        "cosign/legacy-sig/v3.1.1-rekor-bundle/payload-0.json",
        || &COSIGN,
    ),
];
