//! The embedded log against the real cosigns: they sign and log with it, and verify with their
//! check of the log on. What holds here holds for a real Rekor v1 too, whose requests and answers
//! these are; so the demo and the tests may use it in place of one.
//!
//! | signed by                      | kind of entry | verified by                  |
//! |--------------------------------|---------------|------------------------------|
//! | cosign 2, `.sig`               | hashedrekord  | cosign 2, cosign 3           |
//! | cosign 3, `.sig`               | hashedrekord  | cosign 2, cosign 3           |
//! | cosign 3, bundle               | dsse          | cosign 3                     |
//! | cosign 2 and 3, attestation    | dsse          | itself                       |
//! | cosign 2 and 3, detached       | hashedrekord  | itself, by asking the log    |

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::key::PublicKey;
use cosignet::log::{Evidence, LogEntry, Signed};
use cosignet_host::embedded::log::{Action, Endpoint, Fault};
use serde_json::Value;

use crate::image::{Image, SIGNATURE};
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;

const FAILED: i32 = 1;
const NO_MATCH: i32 = 12;

/// The `.sig` tag of either, verified by both; another log's key is refused by both.
#[test]
fn signature_images() {
    for signer in Tool::COSIGNS {
        let (lab, rekor) = start();
        let key = lab.generate(Tool::Cosign2);
        let image = lab.image();
        sign(&lab, &rekor, signer, &key, &image).succeeds();
        let [posted] = <[String; 1]>::try_from(rekor.requests()).expect("one request");
        assert_eq!(posted, "POST /api/v1/log/entries 201");

        for verifier in Tool::COSIGNS {
            let verified = verify(&lab, &rekor, verifier, &key, &image).succeeds();
            let said = verified.stderr + &verified.stdout;
            assert!(said.contains("transparency log"), "{said}");
            assert!(
                said.contains("integratedTime"),
                "the entry is printed: {said}"
            );
        }
        assert_eq!(rekor.requests(), [""; 0], "what is stored is enough");

        let other = Rekor::start(&lab);
        for verifier in Tool::COSIGNS {
            verify(&lab, &other, verifier, &key, &image).exits_with(NO_MATCH);
        }
        verified_by_the_core(&rekor, &key, &image);
    }
}

/// The bundle of cosign 3, in which the inclusion proof and the checkpoint count too.
#[test]
fn bundles() {
    let (lab, rekor) = start();
    let key = lab.generate(Tool::Cosign3);
    for _ in 0..3 {
        let image = lab.image();
        let sign = ["sign", "--yes", "--key", &key.private];
        let log = ["--use-signing-config=false", "--rekor-url", &rekor.url];
        let image = image.reference();
        rekor
            .run(&lab, Tool::Cosign3, &[&sign[..], &log, &[&image]].concat())
            .succeeds();
        assert_eq!(rekor.requests(), ["POST /api/v1/log/entries 201"]);
        let verify = |root: &str| {
            let verify = ["verify", "--key", &key.public, "--trusted-root", root];
            lab.run(Tool::Cosign3, &[&verify[..], &[&image]].concat())
        };
        verify(&rekor.trusted_root).succeeds();
        let other = Rekor::start(&lab);
        verify(&other.trusted_root).exits_with(FAILED);
        assert_eq!(rekor.requests(), [""; 0]);
    }
    assert_eq!(rekor.log.entries().len(), 3);
}

/// Blobs, in the bundle file of cosign 3, which both versions read; and what is in it.
///
/// Not the first entry of a log: cosign 2.5.0 takes its index, 0, for none ("nil value in
/// transaction log entry"), whatever log it is of.
#[test]
fn bundle_files() {
    let (lab, rekor) = start();
    let key = lab.generate(Tool::Cosign2);
    sign(&lab, &rekor, Tool::Cosign2, &key, &lab.image()).succeeds();
    let blob = lab.file("what is signed");
    for signer in Tool::COSIGNS {
        let bundle = lab.path();
        let sign = [
            "sign-blob",
            "--yes",
            "--key",
            &key.private,
            "--bundle",
            &bundle,
        ];
        let log = ["--rekor-url", &rekor.url, "--new-bundle-format"];
        let only3 = match signer {
            Tool::Cosign3 => &["--use-signing-config=false"][..],
            _ => &[],
        };
        rekor
            .run(&lab, signer, &[&sign[..], &log, only3, &[&blob]].concat())
            .succeeds();
        for verifier in Tool::COSIGNS {
            let verify = |root: &str| {
                let verify = ["verify-blob", "--key", &key.public, "--bundle", &bundle];
                let log = ["--new-bundle-format", "--trusted-root", root];
                lab.run(verifier, &[&verify[..], &log, &[&blob]].concat())
            };
            verify(&rekor.trusted_root).succeeds();
            verify(&Rekor::start(&lab).trusted_root).exits_with(FAILED);
        }

        let bundle: Value = json(&std::fs::read_to_string(&bundle).expect("the bundle"));
        let entries = &bundle["verificationMaterial"]["tlogEntries"];
        let entries = LogEntry::all_from_bundle(entries.to_string().as_bytes());
        let [entry] = <[_; 1]>::try_from(entries.expect("entries")).expect("one entry");
        let signed = Signed {
            message: b"what is signed".as_slice().into(),
            dsse_payload: None,
            signature: &decode(&bundle["messageSignature"]["signature"]),
            key: &public_key(&key),
        };
        let verified = entry.verify(&signed, &rekor.trusted()).expect("verified");
        assert_eq!(verified.evidence(), Evidence::Both);
    }
}

#[test]
fn attestations() {
    for tool in Tool::COSIGNS {
        let (lab, rekor) = start();
        let key = lab.generate(Tool::Cosign2);
        let image = lab.image().reference();
        let predicate = lab.file(r#"{"a": 1}"#);
        let attest = ["attest", "--yes", "--key", &key.private, "--type", "custom"];
        let log = ["--predicate", &predicate, "--rekor-url", &rekor.url];
        rekor
            .run(
                &lab,
                tool,
                &[&attest[..], &log, only_legacy(tool), &[&image]].concat(),
            )
            .succeeds();
        let body: Value = json(str::from_utf8(&rekor.log.entries()[0].body).expect("text"));
        assert_eq!(body["kind"], "dsse");

        let verify = [
            "verify-attestation",
            "--key",
            &key.public,
            "--type",
            "custom",
        ];
        let log = ["--rekor-url", &rekor.url, &image];
        let verify = [&verify[..], &log].concat();
        rekor.run(&lab, tool, &verify).succeeds();
        let other = Rekor::start(&lab);
        let refused = other.run(&lab, tool, &verify);
        assert_ne!(refused.code, 0, "{}", refused.stderr);
    }
}

/// Without a stored entry a verifier asks the log for the one that it expects.
#[test]
fn detached_signatures_are_looked_up() {
    for tool in Tool::COSIGNS {
        let (lab, rekor) = start();
        let key = lab.generate(Tool::Cosign2);
        let blob = lab.file("what is signed");
        let signature = lab.path();
        let sign = [
            "sign-blob",
            "--yes",
            "--key",
            &key.private,
            "--rekor-url",
            &rekor.url,
        ];
        let out = ["--output-signature", &signature];
        rekor
            .run(
                &lab,
                tool,
                &[&sign[..], &out, only_legacy(tool), &[&blob]].concat(),
            )
            .succeeds();
        rekor.requests();

        let verify = |rekor: &Rekor, signature: &str| {
            let verify = [
                "verify-blob",
                "--key",
                &key.public,
                "--signature",
                signature,
            ];
            let log = ["--rekor-url", &rekor.url];
            let old = match tool {
                Tool::Cosign3 => &["--new-bundle-format=false"][..],
                _ => &[],
            };
            rekor.run(&lab, tool, &[&verify[..], &log, old, &[&blob]].concat())
        };
        verify(&rekor, &signature).succeeds();
        let asked = rekor.requests();
        let retrieved = "POST /api/v1/log/entries/retrieve 200";
        assert!(
            asked.iter().any(|request| request == retrieved),
            "{asked:?}"
        );

        let empty = Rekor::start(&lab);
        let refused = verify(&empty, &signature);
        assert_ne!(refused.code, 0, "it is not in this log");
    }
}

/// RSA signs the same twice, so the log has the entry already: cosign fetches that one.
#[test]
fn signing_again_finds_the_entry() {
    let (lab, rekor) = start();
    let key = lab.import(Tool::Cosign3, Algorithm::Rsa2048);
    let image = lab.image();
    for signer in Tool::COSIGNS {
        for _ in 0..2 {
            sign(&lab, &rekor, signer, &key, &image).succeeds();
            for verifier in Tool::COSIGNS {
                verify(&lab, &rekor, verifier, &key, &image).succeeds();
            }
        }
    }
    assert_eq!(rekor.log.entries().len(), 1);
    let uuid = &rekor.log.entries()[0].uuid;
    let requests = rekor.requests();
    let count = |request: &str| requests.iter().filter(|found| *found == request).count();
    assert_eq!(count("POST /api/v1/log/entries 409"), 3);
    let found = format!("GET /api/v1/log/entries/{uuid} 200");
    assert_eq!(count(&found), 3, "{requests:?}");
}

/// Keys and hashes go together or not, as with Rekor.
#[test]
fn algorithms() {
    for (algorithm, signer, taken) in [
        (Algorithm::P384, Tool::Cosign2, false),
        (Algorithm::P384, Tool::Cosign3, true),
        (Algorithm::P521, Tool::Cosign2, false),
        (Algorithm::P521, Tool::Cosign3, true),
        (Algorithm::Rsa4096, Tool::Cosign2, true),
        (Algorithm::Rsa4096, Tool::Cosign3, true),
        (Algorithm::Ed25519, Tool::Cosign3, true),
    ] {
        let (lab, rekor) = start();
        let key = lab.import(Tool::Cosign3, algorithm);
        let image = lab.image();
        let signed = sign(&lab, &rekor, signer, &key, &image);
        match taken {
            true => {
                signed.succeeds();
                verified_by_the_core(&rekor, &key, &image);
            }
            false => {
                let refused = signed.exits_with(FAILED);
                let problem = "entry algorithms are not allowed";
                assert!(refused.stderr.contains(problem), "{}", refused.stderr);
                assert_eq!(image.signatures(), None);
            }
        }
    }
}

/// Shows that the check of the log was on in all of this: cosign stores what it is handed, and
/// refuses it when it verifies.
#[test]
fn a_log_that_lies() {
    for (signer, spoil) in [
        (Tool::Cosign2, Action::flip_timestamp()),
        (Tool::Cosign3, Action::flip_timestamp()),
        (
            Tool::Cosign2,
            Action::edit_entries(|entry| entry["integratedTime"] = 1.into()),
        ),
        (
            Tool::Cosign3,
            Action::edit_entries(|entry| entry["logIndex"] = 7.into()),
        ),
    ] {
        let (lab, rekor) = start();
        let key = lab.generate(Tool::Cosign2);
        let image = lab.image();
        let hits = rekor
            .log
            .inject(Fault::new(spoil).endpoint(Endpoint::Entries));
        sign(&lab, &rekor, signer, &key, &image).succeeds();
        assert_eq!(hits.count(), 1);
        for verifier in Tool::COSIGNS {
            verify(&lab, &rekor, verifier, &key, &image).exits_with(NO_MATCH);
        }
    }
}

fn start() -> (Lab, Rekor) {
    let lab = Lab::new();
    let rekor = Rekor::start(&lab);
    (lab, rekor)
}

/// Signs into the `.sig` tag, and logs it.
fn sign(lab: &Lab, rekor: &Rekor, tool: Tool, key: &KeyPair, image: &Image) -> Outcome {
    let sign = ["sign", "--yes", "--key", &key.private];
    let log = ["--rekor-url", &rekor.url];
    let image = image.reference();
    rekor.run(
        lab,
        tool,
        &[&sign[..], &log, only_legacy(tool), &[&image]].concat(),
    )
}

/// Verifies the `.sig` tag with the check of the log on.
fn verify(lab: &Lab, rekor: &Rekor, tool: Tool, key: &KeyPair, image: &Image) -> Outcome {
    let verify = ["verify", "--key", &key.public, "--rekor-url", &rekor.url];
    let image = image.reference();
    rekor.run(lab, tool, &[&verify[..], &[&image]].concat())
}

/// What keeps cosign 3 in the formats and with the services that cosign 2 has.
fn only_legacy(tool: Tool) -> &'static [&'static str] {
    match tool {
        Tool::Cosign3 => &["--use-signing-config=false", "--new-bundle-format=false"],
        _ => &[],
    }
}

/// The annotation that cosign stored, read and verified offline.
fn verified_by_the_core(rekor: &Rekor, key: &KeyPair, image: &Image) {
    let signatures = image.signed();
    let annotations = &json(&signatures.manifest)["layers"][0]["annotations"];
    let bundle = annotations["dev.sigstore.cosign/bundle"].as_str();
    let entry = LogEntry::from_annotation(bundle.expect("a bundle").as_bytes());
    let signed = Signed {
        message: signatures.layers[0].payload.as_bytes().into(),
        dsse_payload: None,
        signature: &decode(&annotations[SIGNATURE]),
        key: &public_key(key),
    };
    let verified = entry.expect("an entry").verify(&signed, &rekor.trusted());
    let verified = verified.expect("verified");
    assert_eq!(verified.evidence(), Evidence::SignedEntryTimestamp);
    assert_eq!(verified.log_id(), rekor.log.log_id());
    let [logged] = rekor.log.entries().try_into().expect("one entry");
    assert_eq!(verified.log_index(), logged.index);
    assert_eq!(
        verified.integrated_time(),
        i64::try_from(logged.integrated_time).ok()
    );
}

fn public_key(key: &KeyPair) -> PublicKey {
    let pem = std::fs::read(&key.public).expect("the public key");
    PublicKey::from_pem(&pem).expect("a public key")
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD
        .decode(value.as_str().expect("text"))
        .expect("base64")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
