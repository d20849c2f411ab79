//! Whatever is altered is refused, and by the check that it is for. The untouched entry passes
//! each time first.

use cosignet::log::{LogEntry, LogError};
use serde_json::{Value, json};

use super::data::{
    Bundle, COSIGN, Content, REKOR, base64, bytes, case_of, files, from_bundle, json as read_json,
    key, read, text,
};

/// What the real cosign refuses too: 19 bundles.
#[test]
fn every_bundle_that_cosign_refuses_is_refused() {
    let untouched = [
        ("v1", "rekor/v1/blob/cosign3-rsa2048.sigstore.json"),
        ("v2", "rekor/v2/blob/cosign3-rsa2048.sigstore.json"),
    ];
    for (_, name) in untouched {
        Bundle::read(name).case().verify(&REKOR).unwrap();
    }
    let expected = [
        ("v1-checkpoint-sig", "CheckpointSignature"),
        ("v1-entry-of-another", "OtherSignature"),
        ("v1-integrated-time", "BadSignedEntryTimestamp"),
        ("v1-log-id", "UnknownLog"),
        ("v1-log-index", "BadSignedEntryTimestamp"),
        ("v1-no-entry", "MissingEntry"),
        ("v1-no-proof", "MissingProof"),
        ("v1-proof-hash", "BadInclusionProof"),
        ("v1-proof-log-index", "ProofIndex"),
        ("v1-proof-root", "RootMismatch"),
        ("v1-proof-tree-size", "TreeSizeMismatch"),
        ("v1-set-sig", "BadSignedEntryTimestamp"),
        ("v2-checkpoint-sig", "CheckpointSignature"),
        ("v2-entry-of-another", "OtherSignature"),
        ("v2-log-id", "UnknownLog"),
        ("v2-log-index", "LogIndexMismatch"),
        ("v2-no-entry", "MissingEntry"),
        ("v2-no-proof", "MissingProof"),
        ("v2-proof-hash", "BadInclusionProof"),
    ];
    assert_eq!(files("rekor/negative").len(), expected.len());
    for (name, expected) in expected {
        let bundle = Bundle::read(&format!("rekor/negative/{name}.json"));
        let entries = LogEntry::all_from_bundle(bundle.entries.to_string().as_bytes());
        let verified = entries.and_then(|entries| {
            assert_eq!(entries.len(), 1);
            entries[0].verify(&bundle.content.signed(), &REKOR)
        });
        assert_eq!(case_of(&verified.unwrap_err()), expected, "{name}");
    }
}

/// What sigstore-go accepts. An entry without a timestamp is as good as its proof, so it counts
/// and has no time. An entry that contradicts its own checkpoint is refused.
#[test]
fn odd_bundles_that_cosign_accepts_are_decided() {
    let verify = |name: &str| {
        Bundle::read(&format!("rekor/accepted/{name}.json"))
            .case()
            .verify(&REKOR)
    };
    let verified = verify("v1-no-set").unwrap();
    assert_eq!(
        (verified.log_index(), verified.integrated_time()),
        (3, None)
    );
    for (name, expected) in [
        ("v2-proof-log-index", "ProofIndex"),
        ("v2-proof-root", "RootMismatch"),
        ("v2-proof-tree-size", "TreeSizeMismatch"),
    ] {
        assert_eq!(case_of(&verify(name).unwrap_err()), expected, "{name}");
    }
    assert_eq!(files("rekor/accepted").len(), 4);
}

#[test]
fn altered_entries_of_rekor_v1_are_refused() {
    let other = Bundle::read("rekor/v1/blob/cosign3-rsa2048.sigstore.json");
    let other = other.entry().clone();
    let mut mutations = proof_mutations();
    mutations.extend::<Vec<Mutation>>(vec![
        ("bit of the timestamp", "BadSignedEntryTimestamp", |e, _| {
            flip(&mut e[PROMISE][SET])
        }),
        ("time + 1", "BadSignedEntryTimestamp", |e, _| {
            e["integratedTime"] = "1795356811".into()
        }),
        ("no time", "MalformedEntry", |e, _| {
            e["integratedTime"] = Value::Null
        }),
        ("index + 1", "BadSignedEntryTimestamp", |e, _| {
            e["logIndex"] = "3".into()
        }),
        ("no index", "BadSignedEntryTimestamp", |e, _| {
            e["logIndex"] = Value::Null
        }),
        ("timestamp of another", "BadSignedEntryTimestamp", |e, o| {
            e[PROMISE] = o[PROMISE].clone()
        }),
        ("body of another", "BadSignedEntryTimestamp", |e, o| {
            e[BODY] = o[BODY].clone()
        }),
        (
            "body of another, no timestamp",
            "BadInclusionProof",
            |e, o| {
                e[BODY] = o[BODY].clone();
                e[PROMISE] = Value::Null;
            },
        ),
        ("other trusted log", "BadSignedEntryTimestamp", |e, _| {
            e["logId"]["keyId"] = "XB9QVznTMvMZXogOlqm1wzzsA5M4b44GGyRGwgfwo9E=".into();
        }),
        ("place in the shard", "BadInclusionProof", |e, _| {
            e[PROOF]["logIndex"] = "1".into()
        }),
        ("name of the log", "CheckpointUnsigned", |e, _| {
            edit(
                &mut e[PROOF][CHECKPOINT],
                "rekor.local.test",
                "rekor.local.tesT",
            );
        }),
        ("number of the tree", "CheckpointSignature", |e, _| {
            edit(
                &mut e[PROOF][CHECKPOINT],
                "375632915539729557\n",
                "375632915539729558\n",
            );
        }),
        ("no number of the tree", "UnknownOrigin", |e, _| {
            edit(&mut e[PROOF][CHECKPOINT], " - 375632915539729557\n", "\n");
        }),
        ("entry of another", "OtherSignature", |e, o| *e = o.clone()),
    ]);
    refuse(
        "rekor/v1/blob/cosign3-p256.sigstore.json",
        &other,
        &mutations,
    );
}

#[test]
fn altered_entries_of_rekor_v2_are_refused() {
    let other = Bundle::read("rekor/v2/blob/cosign3-rsa2048.sigstore.json");
    let other = other.entry().clone();
    let mut mutations = proof_mutations();
    mutations.extend::<Vec<Mutation>>(vec![
        ("index + 1", "LogIndexMismatch", |e, _| {
            e["logIndex"] = "3".into()
        }),
        ("no index", "LogIndexMismatch", |e, _| {
            e["logIndex"] = Value::Null
        }),
        ("index in the proof", "BadInclusionProof", |e, _| {
            e[PROOF]["logIndex"] = "1".into()
        }),
        ("body of another", "BadInclusionProof", |e, o| {
            e[BODY] = o[BODY].clone()
        }),
        ("other trusted log", "UnknownOrigin", |e, _| {
            e["logId"]["keyId"] = "gHo2oOKgj0dGW9CkZfhrPBsfcUq2VQmyoku4HljU7UI=".into();
        }),
        ("origin", "UnknownOrigin", |e, _| {
            edit(
                &mut e[PROOF][CHECKPOINT],
                "rekor-tiles.local.test\n",
                "other.local.test\n",
            );
        }),
        ("origin of a Rekor v1", "CheckpointSignature", |e, _| {
            edit(&mut e[PROOF][CHECKPOINT], ".test\n", ".test - 1\n");
        }),
        ("name of the signature", "CheckpointUnsigned", |e, _| {
            edit(&mut e[PROOF][CHECKPOINT], "— rekor-tiles", "— other-tiles");
        }),
        (
            "timestamp of a Rekor v1",
            "BadSignedEntryTimestamp",
            |e, _| {
                let v1 = Bundle::read("rekor/v1/blob/cosign3-rsa2048.sigstore.json");
                e[PROMISE] = v1.entry()[PROMISE].clone();
                e["integratedTime"] = v1.entry()["integratedTime"].clone();
            },
        ),
        ("a time of its own", "passes without it", |e, _| {
            e["integratedTime"] = "1795356811".into()
        }),
        ("entry of another", "OtherSignature", |e, o| *e = o.clone()),
    ]);
    refuse(
        "rekor/v2/blob/cosign3-p384.sigstore.json",
        &other,
        &mutations,
    );
}

/// What holds for every entry with a proof; of both logs, the one at index 2 of 3.
fn proof_mutations() -> Vec<Mutation> {
    vec![
        ("log id", "UnknownLog", |e, _| {
            flip(&mut e["logId"]["keyId"])
        }),
        ("short log id", "MalformedEntry", |e, _| {
            e["logId"]["keyId"] = base64([0; 31])
        }),
        ("index beyond the tree", "ProofIndex", |e, _| {
            e[PROOF]["logIndex"] = "3".into()
        }),
        ("hash of the proof", "BadInclusionProof", |e, _| {
            flip(&mut e[PROOF]["hashes"][0])
        }),
        ("no hash", "BadInclusionProof", |e, _| {
            e[PROOF]["hashes"] = json!([])
        }),
        ("one hash more", "BadInclusionProof", |e, _| {
            let hash = e[PROOF]["hashes"][0].clone();
            e[PROOF]["hashes"].as_array_mut().unwrap().push(hash);
        }),
        ("short hash", "MalformedEntry", |e, _| {
            e[PROOF]["hashes"][0] = base64([0; 31])
        }),
        ("64 hashes", "MalformedEntry", |e, _| {
            e[PROOF]["hashes"] = json!(vec![base64([0; 32]); 64])
        }),
        ("root", "RootMismatch", |e, _| {
            flip(&mut e[PROOF]["rootHash"])
        }),
        ("no root", "MalformedEntry", |e, _| {
            e[PROOF]["rootHash"] = Value::Null
        }),
        ("tree size", "TreeSizeMismatch", |e, _| {
            e[PROOF]["treeSize"] = "4".into()
        }),
        ("no tree size", "TreeSizeMismatch", |e, _| {
            e[PROOF]["treeSize"] = Value::Null
        }),
        ("checkpoint of another size", "TreeSizeMismatch", |e, o| {
            e[PROOF][CHECKPOINT] = o[PROOF][CHECKPOINT].clone();
        }),
        (
            "checkpoint of another size, adopted",
            "BadInclusionProof",
            |e, o| {
                for field in [CHECKPOINT, "rootHash", "treeSize"] {
                    e[PROOF][field] = o[PROOF][field].clone();
                }
                e[PROOF]["logIndex"] = "0".into();
            },
        ),
        (
            "signature of the checkpoint",
            "CheckpointSignature",
            |e, _| {
                with_signature(&mut e[PROOF][CHECKPOINT], |bytes| {
                    *bytes.last_mut().unwrap() ^= 1
                });
            },
        ),
        ("key hint", "CheckpointUnsigned", |e, _| {
            with_signature(&mut e[PROOF][CHECKPOINT], |bytes| bytes[3] ^= 1);
        }),
        ("size in the checkpoint", "CheckpointSignature", |e, _| {
            edit(&mut e[PROOF][CHECKPOINT], "\n3\n", "\n4\n");
            e[PROOF]["treeSize"] = "4".into();
        }),
        ("root in the checkpoint", "CheckpointSignature", |e, _| {
            let root = e[PROOF]["rootHash"].clone();
            flip(&mut e[PROOF]["rootHash"]);
            let altered = e[PROOF]["rootHash"].clone();
            edit(&mut e[PROOF][CHECKPOINT], text(&root), text(&altered));
        }),
        (
            "a line more in the checkpoint",
            "CheckpointSignature",
            |e, _| {
                edit(&mut e[PROOF][CHECKPOINT], "\n\n", "\nmore\n\n");
            },
        ),
        ("checkpoint that is none", "CheckpointMalformed", |e, _| {
            e[PROOF][CHECKPOINT]["envelope"] = "checkpoint".into();
        }),
        ("empty checkpoint", "MissingProof", |e, _| {
            e[PROOF][CHECKPOINT] = json!({})
        }),
        ("no checkpoint", "MissingProof", |e, _| {
            e[PROOF][CHECKPOINT] = Value::Null
        }),
        ("no proof", "MissingProof", |e, _| e[PROOF] = Value::Null),
        ("kind", "KindMismatch", |e, _| {
            e["kindVersion"]["kind"] = "dsse".into()
        }),
        ("version", "KindMismatch", |e, _| {
            e["kindVersion"]["version"] = "0.0.3".into()
        }),
        ("no kind", "MalformedEntry", |e, _| {
            e["kindVersion"] = Value::Null
        }),
        ("no body", "MalformedEntry", |e, _| e[BODY] = Value::Null),
        ("another member", "MalformedEntry", |e, _| {
            e["log_index"] = 7.into()
        }),
        ("another member of the proof", "MalformedEntry", |e, _| {
            e[PROOF]["x"] = 7.into()
        }),
        ("empty", "MalformedEntry", |e, _| *e = json!({})),
        ("no object", "MalformedEntry", |e, _| *e = json!([])),
    ]
}

type Mutation = (&'static str, &'static str, fn(&mut Value, &Value));

fn refuse(name: &str, other: &Value, mutations: &[Mutation]) {
    let bundle = Bundle::read(name);
    bundle.verify_with(bundle.entry(), &REKOR).unwrap();
    for (what, expected, mutate) in mutations {
        let mut entry = bundle.entry().clone();
        mutate(&mut entry, other);
        assert_ne!(entry, *bundle.entry(), "{what}: nothing was altered");
        match bundle.verify_with(&entry, &REKOR) {
            Err(error) => assert_eq!(case_of(&error), *expected, "{what}: {error}"),
            Ok(verified) => {
                assert_eq!(*expected, "passes without it", "{what}");
                assert_eq!(verified.integrated_time(), None, "{what}");
            }
        }
    }
}

/// The annotation has the timestamp and nothing else.
#[test]
fn altered_annotations_are_refused() {
    let manifest = read_json("cosign/legacy-sig/v2.5.0-rekor-bundle/manifest.json");
    let annotations = &manifest["layers"][0]["annotations"];
    let annotation: Value =
        serde_json::from_str(text(&annotations["dev.sigstore.cosign/bundle"])).unwrap();
    let payload = read("cosign/legacy-sig/v2.5.0-rekor-bundle/payload-0.json");
    let signature = bytes(&annotations["dev.cosignproject.cosign/signature"]);
    let content = Content::new(&payload, None, &signature);
    let verify = |annotation: &str| {
        LogEntry::from_annotation(annotation.as_bytes())?.verify(&content.signed(), &COSIGN)
    };
    verify(&annotation.to_string()).unwrap();

    let other = read_json("cosign/legacy-sig/v3.1.1-rekor-bundle/manifest.json");
    let other = text(&other["layers"][0]["annotations"]["dev.sigstore.cosign/bundle"]);
    let other: Value = serde_json::from_str(other).unwrap();
    let mutations: Vec<Mutation> = vec![
        ("bit of the timestamp", "BadSignedEntryTimestamp", |b, _| {
            flip(&mut b["SignedEntryTimestamp"])
        }),
        ("timestamp of another", "BadSignedEntryTimestamp", |b, o| {
            b["SignedEntryTimestamp"] = o["SignedEntryTimestamp"].clone();
        }),
        ("no timestamp", "MissingEvidence", |b, _| {
            b["SignedEntryTimestamp"] = Value::Null
        }),
        ("empty timestamp", "BadSignedEntryTimestamp", |b, _| {
            b["SignedEntryTimestamp"] = "".into()
        }),
        ("time + 1", "BadSignedEntryTimestamp", |b, _| {
            increase(&mut b["Payload"]["integratedTime"])
        }),
        ("time 0", "MalformedEntry", |b, _| {
            b["Payload"]["integratedTime"] = 0.into()
        }),
        ("negative time", "MalformedEntry", |b, _| {
            b["Payload"]["integratedTime"] = (-1).into()
        }),
        ("fraction", "MalformedEntry", |b, _| {
            b["Payload"]["integratedTime"] = 1.5.into()
        }),
        ("beyond a double", "MalformedEntry", |b, _| {
            b["Payload"]["logIndex"] = 9_007_199_254_740_992_u64.into();
        }),
        ("index + 1", "BadSignedEntryTimestamp", |b, _| {
            increase(&mut b["Payload"]["logIndex"])
        }),
        ("no index", "MalformedEntry", |b, _| {
            b["Payload"]["logIndex"] = Value::Null
        }),
        ("log id", "UnknownLog", |b, _| {
            edit_text(&mut b["Payload"]["logID"], "d739", "d738")
        }),
        ("log id in capitals", "MalformedEntry", |b, _| {
            edit_text(&mut b["Payload"]["logID"], "d739", "D739")
        }),
        ("body of another", "BadSignedEntryTimestamp", |b, o| {
            b["Payload"]["body"] = o["Payload"]["body"].clone();
        }),
        ("body as an object", "MalformedEntry", |b, _| {
            b["Payload"]["body"] = json!({})
        }),
        ("foreign bundle", "OtherArtifact", |b, o| *b = o.clone()),
        ("empty bundle", "MalformedEntry", |b, _| *b = json!({})),
        ("empty payload", "MalformedEntry", |b, _| {
            b["Payload"] = json!({})
        }),
        ("another member", "MalformedEntry", |b, _| {
            b["payload"] = json!({})
        }),
        ("another member of the payload", "MalformedEntry", |b, _| {
            b["Payload"]["logid"] = "".into()
        }),
    ];
    for (what, expected, mutate) in mutations {
        let mut altered = annotation.clone();
        mutate(&mut altered, &other);
        assert_ne!(altered, annotation, "{what}: nothing was altered");
        let error = verify(&altered.to_string()).unwrap_err();
        assert_eq!(case_of(&error), expected, "{what}: {error}");
    }
    for (what, altered) in [
        ("empty", String::new()),
        (
            "twice",
            annotation.to_string().replacen('{', r#"{"Payload":{},"#, 1),
        ),
        ("text after it", annotation.to_string() + "x"),
        ("larger than any", " ".repeat(256 * 1024 + 1)),
    ] {
        assert!(verify(&altered).is_err(), "{what}");
    }
}

/// Broken images that cosign made: annotations that are no bundles.
#[test]
fn broken_annotations_are_refused() {
    for name in ["badbundle", "fakebundle"] {
        let manifest = read_json(&format!("cosign/tampered/{name}/manifest.json"));
        let annotations = &manifest["layers"][0]["annotations"];
        let annotation = text(&annotations["dev.sigstore.cosign/bundle"]);
        let error = LogEntry::from_annotation(annotation.as_bytes()).unwrap_err();
        assert_eq!(case_of(&error), "MalformedEntry", "{name}");
    }
}

/// The answers of Rekor v1, which hold one entry by its uuid.
#[test]
fn altered_answers_are_refused() {
    let answer = read_json("rekor/v1/entries/response-201.json");
    let uuid = answer.as_object().unwrap().keys().next().unwrap().clone();
    let entry = LogEntry::from_rekor_v1(answer.to_string().as_bytes()).unwrap();
    let signature = bytes(&super::data::body(&entry)["spec"]["signature"]["content"]);
    let content = Content::new(&read("rekor/blob.txt"), None, &signature);
    let verify = |answer: &Value| {
        LogEntry::from_rekor_v1(answer.to_string().as_bytes())?.verify(&content.signed(), &REKOR)
    };
    verify(&answer).unwrap();

    let verification = |name: &'static str, value: Value| {
        let mut answer = answer.clone();
        answer[&uuid]["verification"][name] = value;
        answer
    };
    let proof = |name: &'static str, value: Value| {
        let mut answer = answer.clone();
        answer[&uuid]["verification"]["inclusionProof"][name] = value;
        answer
    };
    let member = |name: &'static str, value: Value| {
        let mut answer = answer.clone();
        answer[&uuid][name] = value;
        answer
    };
    let mut two = answer.clone();
    two["00"] = answer[&uuid].clone();
    let attested = member("attestation", json!({"data": "YXR0ZXN0YXRpb24="}));
    assert_eq!(verify(&attested).unwrap().log_index(), 12);
    for (what, altered, expected) in [
        ("two entries", two, "MalformedEntry"),
        ("no entry", json!({}), "MalformedEntry"),
        (
            "an error",
            json!({"code": 500, "message": "no"}),
            "MalformedEntry",
        ),
        ("a list", json!([answer]), "MalformedEntry"),
        (
            "no verification",
            member("verification", Value::Null),
            "MissingEvidence",
        ),
        ("no body", member("body", Value::Null), "MalformedEntry"),
        (
            "time",
            member("integratedTime", 1.into()),
            "BadSignedEntryTimestamp",
        ),
        (
            "index",
            member("logIndex", 11.into()),
            "BadSignedEntryTimestamp",
        ),
        (
            "log id",
            member("logID", "00".repeat(32).into()),
            "UnknownLog",
        ),
        (
            "timestamp",
            verification("signedEntryTimestamp", "AAAA".into()),
            "BadSignedEntryTimestamp",
        ),
        (
            "no checkpoint",
            proof("checkpoint", Value::Null),
            "MissingProof",
        ),
        (
            "root",
            proof("rootHash", "00".repeat(32).into()),
            "RootMismatch",
        ),
        (
            "tree size",
            proof("treeSize", 12.into()),
            "TreeSizeMismatch",
        ),
        (
            "index in the tree",
            proof("logIndex", 11.into()),
            "BadInclusionProof",
        ),
        ("hashes", proof("hashes", json!([])), "BadInclusionProof"),
        (
            "hashes in base64",
            proof("hashes", json!([base64([0; 32])])),
            "MalformedEntry",
        ),
    ] {
        let error = verify(&altered).unwrap_err();
        assert_eq!(case_of(&error), expected, "{what}: {error}");
    }
    for html in ["", "<html>500</html>", "null", "{\"\":{}}", "{\"a\":1"] {
        let error = LogEntry::from_rekor_v1(html.as_bytes()).unwrap_err();
        assert_eq!(case_of(&error), "MalformedEntry", "{html}");
    }
}

/// CVE-2022-23649 and CVE-2026-22703: hash, signature and key of the body, each altered alone.
/// Binding does not wait for evidence: it holds where no log is asked for.
#[test]
fn each_part_of_a_body_is_bound() {
    let v1 = "rekor/v1/blob/cosign3-p256.sigstore.json";
    let v2 = "rekor/v2/blob/cosign3-p256.sigstore.json";
    let dsse = "rekor/v1/blob/cosign3-attest.sigstore.json";
    let other_key = base64(read("rekor/keys/ed25519.pub"));
    let certificate = base64("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let spki = base64(key("rekor/keys/ed25519.pub").spki_der());
    let flipped = "00".repeat(32);
    type Edit<'a> = (&'a str, &'a str, Value, &'a str);
    let edits: Vec<Edit<'_>> = vec![
        (
            v1,
            "/spec/data/hash/value",
            flipped.clone().into(),
            "OtherArtifact",
        ),
        (
            v1,
            "/spec/data/hash/algorithm",
            "sha512".into(),
            "OtherArtifact",
        ),
        (
            v1,
            "/spec/data/hash/algorithm",
            "sha1".into(),
            "MalformedEntry",
        ),
        (
            v1,
            "/spec/data/hash/algorithm",
            "SHA256".into(),
            "MalformedEntry",
        ),
        (
            v1,
            "/spec/signature/content",
            "AAAA".into(),
            "OtherSignature",
        ),
        (
            v1,
            "/spec/signature/publicKey/content",
            other_key.clone(),
            "OtherKey",
        ),
        (
            v1,
            "/spec/signature/publicKey/content",
            certificate,
            "OtherKey",
        ),
        (
            v1,
            "/spec/signature/publicKey/content",
            "".into(),
            "OtherKey",
        ),
        (v1, "/spec/signature/publicKey", json!({}), "MalformedEntry"),
        (v1, "/spec/signature", Value::Null, "MalformedEntry"),
        (v1, "/spec/data", Value::Null, "MalformedEntry"),
        (v1, "/spec", Value::Null, "MalformedEntry"),
        (v1, "/kind", "rekord".into(), "KindMismatch"),
        (v1, "/apiVersion", "0.0.2".into(), "KindMismatch"),
        (
            v2,
            "/spec/hashedRekordV002/data/digest",
            base64([0; 32]),
            "OtherArtifact",
        ),
        (
            v2,
            "/spec/hashedRekordV002/data/algorithm",
            "SHA2_512".into(),
            "OtherArtifact",
        ),
        (
            v2,
            "/spec/hashedRekordV002/data/algorithm",
            "SHA1".into(),
            "MalformedEntry",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/content",
            "AAAA".into(),
            "OtherSignature",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/verifier/publicKey/rawBytes",
            spki,
            "OtherKey",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/verifier/keyDetails",
            "PKIX_ECDSA_P384_SHA_384".into(),
            "KeyDetailsMismatch",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/verifier/keyDetails",
            "PKIX_ED25519".into(),
            "KeyDetailsMismatch",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/verifier/keyDetails",
            Value::Null,
            "MalformedEntry",
        ),
        (
            v2,
            "/spec/hashedRekordV002/signature/verifier/publicKey",
            Value::Null,
            "MalformedEntry",
        ),
        (v2, "/spec/hashedRekordV002", Value::Null, "MalformedEntry"),
        (
            dsse,
            "/spec/payloadHash/value",
            flipped.into(),
            "OtherArtifact",
        ),
        (
            dsse,
            "/spec/signatures/0/signature",
            "AAAA".into(),
            "OtherSignature",
        ),
        (dsse, "/spec/signatures/0/verifier", other_key, "OtherKey"),
        (dsse, "/spec/signatures", json!([]), "MalformedEntry"),
        (dsse, "/spec/signatures", Value::Null, "MalformedEntry"),
        (dsse, "/spec/envelopeHash", Value::Null, "MalformedEntry"),
    ];
    for (name, place, value, expected) in edits {
        let bundle = Bundle::read(name);
        let mut entry = bundle.entry().clone();
        from_bundle(&entry)
            .unwrap()
            .bind(&bundle.content.signed())
            .unwrap();
        let mut body: Value = serde_json::from_slice(&bytes(&entry[BODY])).unwrap();
        *body.pointer_mut(place).unwrap() = value;
        entry[BODY] = base64(body.to_string());
        let error = from_bundle(&entry)
            .unwrap()
            .bind(&bundle.content.signed())
            .unwrap_err();
        assert_eq!(case_of(&error), expected, "{place}: {error}");
        let evidence = bundle.verify_with(&entry, &REKOR).unwrap_err();
        assert!(
            ["BadSignedEntryTimestamp", "BadInclusionProof"].contains(&case_of(&evidence).as_str())
        );
    }
}

#[test]
fn bodies_hold_one_signature_and_no_other_member() {
    for (name, place) in [
        (
            "rekor/v1/blob/cosign3-p256.sigstore.json",
            "/spec/signature",
        ),
        (
            "rekor/v1/blob/cosign3-p256.sigstore.json",
            "/spec/data/hash",
        ),
        ("rekor/v1/blob/cosign3-p256.sigstore.json", ""),
        (
            "rekor/v2/blob/cosign3-p256.sigstore.json",
            "/spec/hashedRekordV002/data",
        ),
        (
            "rekor/v1/blob/cosign3-attest.sigstore.json",
            "/spec/signatures/0",
        ),
    ] {
        let bundle = Bundle::read(name);
        let mut entry = bundle.entry().clone();
        let mut body: Value = serde_json::from_slice(&bytes(&entry[BODY])).unwrap();
        body.pointer_mut(place).unwrap()["Content"] = "x".into();
        entry[BODY] = base64(body.to_string());
        let error = from_bundle(&entry)
            .unwrap()
            .bind(&bundle.content.signed())
            .unwrap_err();
        assert_eq!(case_of(&error), "MalformedEntry", "{place}");
    }
    let bundle = Bundle::read("rekor/v1/blob/cosign3-attest.sigstore.json");
    let mut entry = bundle.entry().clone();
    let mut body: Value = serde_json::from_slice(&bytes(&entry[BODY])).unwrap();
    let signatures = body["spec"]["signatures"].as_array_mut().unwrap();
    signatures.push(signatures[0].clone());
    entry[BODY] = base64(body.to_string());
    let error = from_bundle(&entry)
        .unwrap()
        .bind(&bundle.content.signed())
        .unwrap_err();
    assert!(
        error.to_string().contains("expected exactly one"),
        "{error}"
    );
}

/// CVE-2024-53267: an entry about an envelope is not one about its encoding, and no other payload
/// goes under it.
#[test]
fn an_envelope_is_bound_by_its_payload() {
    let v1 = Bundle::read("rekor/v1/blob/cosign3-attest.sigstore.json");
    let v2 = Bundle::read("rekor/v2/blob/cosign3-attest.sigstore.json");
    for (bundle, needs_payload) in [(&v1, true), (&v2, false)] {
        let entry = from_bundle(bundle.entry()).unwrap();
        let mut content = bundle.content.clone();
        content.dsse_payload = None;
        let bound = entry.bind(&content.signed());
        match needs_payload {
            true => assert_eq!(case_of(&bound.unwrap_err()), "OtherArtifact"),
            false => bound.unwrap(),
        }
        content.dsse_payload = Some(b"{}".to_vec());
        assert_eq!(entry.bind(&content.signed()).is_err(), needs_payload);
        content.bytes.push(b' ');
        content.dsse_payload = bundle.content.dsse_payload.clone();
        assert_eq!(entry.bind(&content.signed()).is_err(), !needs_payload);
    }
}

/// How many entries a bundle may have is looked at before any of them (CVE-2024-45395), and none
/// may be there twice.
#[test]
fn lists_of_entries_are_bounded() {
    let list = |entries: Vec<Value>| {
        LogEntry::all_from_bundle(Value::from(entries).to_string().as_bytes())
    };
    let numbered = |index: usize| {
        let mut entry = Bundle::read("rekor/v2/blob/cosign3-p384.sigstore.json")
            .entry()
            .clone();
        entry["logIndex"] = index.into();
        entry
    };
    assert_eq!(list((0..32).map(numbered).collect()).unwrap().len(), 32);
    for (entries, expected) in [
        (vec![], "MissingEntry"),
        ((0..33).map(numbered).collect(), "TooLarge"),
        (vec![json!(0); 100_000], "TooLarge"),
        (vec![numbered(1), numbered(1)], "DuplicateEntry"),
        (vec![numbered(1), json!({})], "MalformedEntry"),
    ] {
        assert_eq!(case_of(&list(entries).unwrap_err()), expected);
    }
    let large = LogEntry::all_from_bundle(" ".repeat(1024 * 1024 + 1).as_bytes());
    assert_eq!(case_of(&large.unwrap_err()), "TooLarge");
}

/// What an error shows of the input is short and has no control characters.
#[test]
fn errors_do_not_repeat_the_input() {
    let bundle = Bundle::read("rekor/v1/blob/cosign3-p256.sigstore.json");
    let long = "\u{1b}[31m\n".repeat(10_000);
    let mut errors = Vec::<LogError>::new();
    for place in [
        "/kindVersion/kind",
        "/logId/keyId",
        "/logIndex",
        "/inclusionProof/checkpoint/envelope",
    ] {
        let mut entry = bundle.entry().clone();
        *entry.pointer_mut(place).unwrap() = long.clone().into();
        errors.push(bundle.verify_with(&entry, &REKOR).unwrap_err());
    }
    let member = json!({long.clone(): 1}).to_string();
    errors.push(LogEntry::from_annotation(member.as_bytes()).unwrap_err());
    errors.push(LogEntry::from_rekor_v1(member.as_bytes()).unwrap_err());
    let mut entry = bundle.entry().clone();
    entry[long.as_str()] = 1.into();
    errors.push(bundle.verify_with(&entry, &REKOR).unwrap_err());
    for error in errors {
        let words = error.to_string();
        assert!(
            words.len() < 1000 && !words.contains(['\u{1b}', '\n']),
            "{words}"
        );
    }
}

fn flip(value: &mut Value) {
    let mut decoded = bytes(value);
    *decoded.last_mut().unwrap() ^= 1;
    *value = base64(decoded);
}

fn increase(value: &mut Value) {
    *value = (value.as_u64().unwrap() + 1).into();
}

fn edit(checkpoint: &mut Value, from: &str, to: &str) {
    edit_text(&mut checkpoint["envelope"], from, to);
}

fn edit_text(value: &mut Value, from: &str, to: &str) {
    *value = text(value).replacen(from, to, 1).into();
}

/// Alters the bytes of a checkpoint's one signature: key id and signature.
fn with_signature(checkpoint: &mut Value, alter: impl Fn(&mut Vec<u8>)) {
    let note = text(&checkpoint["envelope"]).trim_end().to_owned();
    let (rest, encoded) = note.rsplit_once(' ').unwrap();
    let mut decoded = bytes(&encoded.into());
    alter(&mut decoded);
    checkpoint["envelope"] = format!("{rest} {}\n", text(&base64(decoded))).into();
}

const BODY: &str = "canonicalizedBody";
const PROOF: &str = "inclusionProof";
const PROMISE: &str = "inclusionPromise";
const CHECKPOINT: &str = "checkpoint";
const SET: &str = "signedEntryTimestamp";
