//! The embedded log over HTTP, as a client meets it. What it answers is verified by the module
//! that verifies real logs, and what it logs is compared with what a real Rekor logged.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cosignet::{
    key::PublicKey,
    log::{
        Checkpoint, Evidence, HashAlgorithm, LogEntry, LogError, Signed, TrustedLog, TrustedLogs,
        VerifiedEntry, rekor_v1, verify_consistency,
    },
};
use cosignet_host::embedded::log::{
    Action, Clock, EmbeddedLog, Endpoint, Entry, Fault, Options, PrivateKeyPem,
};
use p256::{
    ecdsa::{DerSignature, SigningKey, signature::Signer as _},
    pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding},
};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::Notify,
};

// --- Pages ---

#[tokio::test]
async fn cross_origin_headers_are_an_option() {
    let open = Options {
        cors: true,
        ..Options::default()
    };
    let site = Site::start(open).await;
    let preflight = site.client.request(Method::OPTIONS, site.url(ENTRIES));
    let preflight = preflight.send().await.expect("an answer");
    assert_eq!(preflight.status(), 204);
    assert!(header(&preflight, "access-control-allow-methods").contains("POST"));
    assert!(header(&preflight, "access-control-allow-headers").contains("Content-Type"));
    let refused = site.post(ENTRIES, b"{}").await;
    assert_eq!(header(&refused, "access-control-allow-origin"), "*");
    assert!(header(&refused, "access-control-expose-headers").contains("Location"));

    let closed = Site::start(Options::default()).await;
    let preflight = closed.client.request(Method::OPTIONS, closed.url(ENTRIES));
    let preflight = preflight.send().await.expect("an answer");
    assert_eq!(preflight.status(), 405);
    let refused = closed.post(ENTRIES, b"{}").await;
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
}

// --- What is logged ---

#[tokio::test]
async fn an_entry_is_logged_as_rekor_logs_it() {
    let site = Site::start(at(1_795_356_815)).await;
    let real = entry_in(&data_json("rekor/v1/entries/response-201.json"));
    let request = data("rekor/v1/entries/request-hashedrekord.json");

    let answer = site.post(ENTRIES, &request).await;
    assert_eq!(answer.status(), 201);
    assert_eq!(header(&answer, "content-type"), "application/json");
    let uuid = header(&answer, "etag");
    assert_eq!(header(&answer, "location"), format!("{ENTRIES}/{uuid}"));
    let answer = text(answer).await;
    let entry = entry_in(&parse(&answer));

    assert_eq!(entry["body"], real["body"]);
    assert_eq!(members(&entry), members(&real));
    let (proof, real_proof) = (
        &entry["verification"]["inclusionProof"],
        &real["verification"]["inclusionProof"],
    );
    assert_eq!(members(proof), members(real_proof));
    assert!(answer.ends_with("}\n"));
    let [logged] = <[Entry; 1]>::try_from(site.log.entries()).expect("one entry");
    assert_eq!(uuid, logged.uuid);
    assert_eq!(STANDARD.encode(logged.body), entry["body"]);
    // The same leaf as in the real log, in another tree.
    let real_answer = data_json("rekor/v1/entries/response-201.json");
    let real_uuid = real_answer.as_object().expect("an object").keys().next();
    assert_eq!(uuid[16..], real_uuid.expect("a uuid")[16..]);
    assert_eq!(uuid[..16], format!("{:016x}", site.log.tree_id()));

    let signature = decode(&parse(&request)["spec"]["signature"]["content"]);
    let key = data_key("rekor/keys/p256.pub");
    let verified = verify(
        &answer,
        &data("rekor/blob.txt"),
        &signature,
        &key,
        &site.logs,
    );
    let verified = verified.expect("verified");
    assert_eq!(verified.evidence(), Evidence::Both);
    assert_eq!(verified.integrated_time(), Some(1_795_356_815));
    assert_eq!(verified.log_index(), 0);
    assert_eq!(verified.log_id(), site.log.log_id());

    let other = Site::start(Options::default()).await;
    let error = verify(
        &answer,
        &data("rekor/blob.txt"),
        &signature,
        &key,
        &other.logs,
    );
    assert!(matches!(error, Err(LogError::UnknownLog { .. })));
}

/// Entries of every kind of key that cosign uses. A canonical body proposes itself.
#[tokio::test]
async fn every_real_hashedrekord_is_logged_again() {
    let site = Site::start(Options::default()).await;
    let mut names = Vec::new();
    for number in 0..40 {
        let name = format!("rekor/v1/entries/{number:03}.json");
        let body = decode(&entry_in(&data_json(&name))["body"]);
        if parse(&body)["kind"] == "hashedrekord" {
            let answer = site.post(ENTRIES, &body).await;
            assert_eq!(answer.status(), 201, "{name}");
            names.push(name);
            assert_eq!(site.log.entries().last().expect("an entry").body, body);
        }
    }
    assert_eq!(names.len(), 31);
    let algorithms = site.log.entries().iter().fold([0; 3], |mut seen, entry| {
        let hash = &parse(&entry.body)["spec"]["data"]["hash"];
        let place = ["sha256", "sha384", "sha512"].map(|name| hash["algorithm"] == name);
        seen[place.iter().position(|found| *found).expect("a hash")] += 1;
        seen
    });
    assert_eq!(algorithms, [29, 1, 1], "P-384 and Ed25519ph are among them");
}

/// The envelopes that real cosigns logged, in the bytes that they posted.
#[tokio::test]
async fn every_real_envelope_is_logged_again() {
    let site = Site::start(Options::default()).await;
    for (name, key, order) in [
        ("cosign2-attest", "p256", ["payloadType", "payload"]),
        ("cosign3-attest", "p256", ["payload", "payloadType"]),
        (
            "cosign3-attest-rsa2048",
            "rsa2048",
            ["payload", "payloadType"],
        ),
    ] {
        let bundle = data_json(&format!("rekor/v1/blob/{name}.sigstore.json"));
        let envelope = &bundle["dsseEnvelope"];
        let mut signature = json!({ "sig": envelope["signatures"][0]["sig"] });
        if name.starts_with("cosign2") {
            signature = json!({ "keyid": "", "sig": signature["sig"] });
        }
        let posted = json!({
            order[0]: envelope[order[0]],
            order[1]: envelope[order[1]],
            "signatures": [signature],
        });
        let key = data_key(&format!("rekor/keys/{key}.pub"));
        let request = rekor_v1::dsse_request(&posted.to_string(), &key).expect("a request");
        let answer = site.post(ENTRIES, request.as_bytes()).await;
        assert_eq!(answer.status(), 201, "{name}");
        let answer = text(answer).await;
        let real = &bundle["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"];
        assert_eq!(entry_in(&parse(&answer))["body"], *real, "{name}");

        let payload = decode(&envelope["payload"]);
        let pae = pae(envelope["payloadType"].as_str().expect("text"), &payload);
        let signed = Signed {
            message: (&pae).into(),
            dsse_payload: Some(&payload),
            signature: &decode(&envelope["signatures"][0]["sig"]),
            key: &key,
        };
        let entry = LogEntry::from_rekor_v1(answer.as_bytes()).expect("an entry");
        let verified = entry.verify(&signed, &site.logs).expect(name);
        assert_eq!(verified.evidence(), Evidence::Both);
    }
}

#[tokio::test]
async fn an_envelope_of_many_signers_is_sorted_and_each_must_have_a_key() {
    let site = Site::start(Options::default()).await;
    let signers = [1, 2, 3].map(Signer::new);
    let payload = br#"{"subject":[]}"#;
    let signatures: Vec<String> = signers
        .iter()
        .map(|signer| STANDARD.encode(signer.sign(&pae("text/plain", payload))))
        .collect();
    let envelope = json!({
        "payloadType": "text/plain",
        "payload": STANDARD.encode(payload),
        "signatures": signatures.iter().map(|sig| json!({ "sig": sig })).collect::<Vec<_>>(),
    })
    .to_string();
    let propose = |signers: &[&Signer]| {
        let verifiers: Vec<String> = signers
            .iter()
            .map(|signer| STANDARD.encode(signer.public.to_pem()))
            .collect();
        dsse(&json!({ "envelope": envelope, "verifiers": verifiers }))
    };
    let [one, two, three] = &signers;
    let answer = site.post_json(&propose(&[three, two, one])).await;
    assert_eq!(answer.status(), 201);
    let body = parse(&site.log.entries()[0].body);
    let logged: Vec<String> = body["spec"]["signatures"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|item| item["signature"].as_str().expect("text").to_owned())
        .collect();
    let mut sorted = signatures.clone();
    sorted.sort();
    assert_eq!(logged, sorted);
    for item in body["spec"]["signatures"].as_array().expect("a list") {
        let place = signatures.iter().position(|sig| item["signature"] == **sig);
        let signer = &signers[place.expect("a signature")];
        assert_eq!(decode(&item["verifier"]), signer.public.to_pem().as_bytes());
    }

    let stranger = Signer::new(9);
    for (signers, problem) in [
        (&[one, two][..], "all signatures must have a key"),
        (&[], "all signatures must have a key"),
        (&[&stranger, one, two, three], "a key verifies none"),
    ] {
        let answer = site.post_json(&propose(signers)).await;
        refused(answer, 400, problem).await;
    }
    // Keys beyond those that are needed are not looked at.
    let again = site
        .post_json(&propose(&[one, two, three, &stranger]))
        .await;
    assert_eq!(again.status(), 409);
}

#[tokio::test]
async fn the_same_entry_again_is_a_conflict() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let first = site.post_json(&signer.hashedrekord(b"text")).await;
    let uuid = header(&first, "etag");
    let compact = signer.request(b"text");
    for request in [&compact, &compact.replace(':', " : ")] {
        let again = site.post(ENTRIES, request.as_bytes()).await;
        let location = header(&again, "location");
        assert_eq!(location, format!("{ENTRIES}/{uuid}"));
        let message =
            format!("an equivalent entry already exists in the transparency log with UUID {uuid}");
        refused(again, 409, &message).await;
        let found = text(site.get(&location).await).await;
        signer
            .verify(&found, b"text", &site.logs)
            .expect("verified");
    }
    assert_eq!(site.log.entries().len(), 1);
}

#[tokio::test]
async fn what_rekor_refuses_is_refused() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let good = signer.hashedrekord(b"text");
    let text_hash = good["spec"]["data"]["hash"]["value"]
        .as_str()
        .expect("text");
    let other = Signer::new(2);
    let p384 = {
        use p384::{ecdsa, pkcs8::EncodePublicKey as _};
        let key = ecdsa::SigningKey::from_slice(&[7; 48]).expect("a key");
        let signature: ecdsa::DerSignature =
            ecdsa::signature::hazmat::PrehashSigner::sign_prehash(&key, &Sha256::digest(b"text"))
                .expect("a signature");
        let pem = key.verifying_key().to_public_key_der().expect("DER");
        let pem = PublicKey::from_spki_der(pem.as_bytes())
            .expect("a key")
            .to_pem();
        json!({
            "content": STANDARD.encode(signature.as_bytes()),
            "publicKey": { "content": STANDARD.encode(pem) },
        })
    };
    let twice = signer.public.to_pem().repeat(2);
    for (member, value, problem) in [
        ("/kind", json!("rekord"), "not supported"),
        ("/kind", json!(null), "expected a string"),
        ("/apiVersion", json!("0.0.2"), "not supported"),
        ("/spec", json!({}), "missing field"),
        ("/spec/signature/content", json!("!"), "base64"),
        ("/spec/signature/content", json!(""), "verifying signature"),
        (
            "/spec/signature/content",
            json!("AAAA"),
            "verifying signature",
        ),
        (
            "/spec/signature/content",
            json!(STANDARD.encode(other.sign(b"text"))),
            "verifying signature",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(STANDARD.encode(other.public.to_pem())),
            "verifying signature",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(STANDARD.encode("text")),
            "public key",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(STANDARD.encode(CERTIFICATE)),
            "PEM",
        ),
        (
            "/spec/signature/publicKey/content",
            json!(STANDARD.encode(twice.trim_end().to_owned() + "\nx")),
            "public key",
        ),
        ("/spec/signature", p384, "entry algorithms are not allowed"),
        ("/spec/data", json!({}), "missing field"),
        (
            "/spec/data/hash/value",
            json!(&text_hash[2..]),
            "invalid value for hash",
        ),
        (
            "/spec/data/hash/value",
            json!(text_hash.replace('a', "x")),
            "invalid value for hash",
        ),
        (
            "/spec/data/hash/value",
            json!("0".repeat(64)),
            "verifying signature",
        ),
        (
            "/spec/data/hash/algorithm",
            json!("sha1"),
            "unknown variant",
        ),
        (
            "/spec/data/hash/algorithm",
            json!("sha512"),
            "invalid value for hash",
        ),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(member).expect(member) = value;
        let answer = site.post_json(&bad).await;
        refused(answer, 400, problem).await;
    }
    let mut bad = good.clone();
    bad["spec"]["data"]["hash"] = json!({ "algorithm": "sha384", "value": "0".repeat(96) });
    refused(site.post_json(&bad).await, 400, "verifying signature").await;

    for (body, problem) in [
        (&b""[..], "parsing proposedEntry body"),
        (b"{", "parsing proposedEntry body"),
        (b"[]", "error processing entry"),
        (b"\xff", "parsing proposedEntry body"),
        (&b"[".repeat(10_000), "parsing proposedEntry body"),
    ] {
        refused(site.post(ENTRIES, body).await, 400, problem).await;
    }
    for (content, problem) in [
        (
            json!({ "envelope": "{}", "verifiers": [] }),
            "missing field",
        ),
        (
            json!({ "envelope": "x", "verifiers": [] }),
            "expected value",
        ),
        (
            json!({ "envelope": r#"{"payload":"","payloadType":"t","signatures":[]}"#, "verifiers": [] }),
            "1 or more signatures",
        ),
        (
            json!({ "envelope": r#"{"payload":"!","payloadType":"t","signatures":[{"sig":""}]}"#, "verifiers": [] }),
            "base64",
        ),
        (
            json!({ "envelope": format!(r#"{{"payload":"","payloadType":"t","signatures":[{}]}}"#, vec![r#"{"sig":""}"#; 17].join(",")), "verifiers": [] }),
            "more signatures",
        ),
    ] {
        refused(site.post_json(&dsse(&content)).await, 400, problem).await;
    }
    let mut computed = dsse(&json!({ "envelope": "{}", "verifiers": [] }));
    computed["spec"]["payloadHash"] = json!({});
    refused(site.post_json(&computed).await, 400, "computed by the log").await;
    assert_eq!(site.log.entries(), []);

    // r‖s is a signature too, as it is for Rekor; digits stay as they are.
    let mut upper = good.clone();
    upper["spec"]["data"]["hash"]["value"] = json!(text_hash.to_uppercase());
    let signature: p256::ecdsa::Signature = signer.private.sign(b"text");
    upper["spec"]["signature"]["content"] = json!(STANDARD.encode(signature.to_bytes()));
    assert_eq!(site.post_json(&upper).await.status(), 201);
    let body = parse(&site.log.entries()[0].body);
    assert_eq!(body["spec"], upper["spec"]);
}

// --- What is asked for ---

#[tokio::test]
async fn entries_are_found_by_uuid_and_index() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    for number in 0..3 {
        site.log_text(&signer, &format!("text {number}")).await;
    }
    let entries = site.log.entries();
    for entry in &entries {
        let uuid = &entry.uuid;
        for path in [
            format!("{ENTRIES}/{uuid}"),
            format!("{ENTRIES}/{}", uuid.to_uppercase()),
            format!("{ENTRIES}/{}", &uuid[16..]),
            format!("{ENTRIES}?logIndex={}", entry.index),
        ] {
            let answer = site.get(&path).await;
            assert_eq!(answer.status(), 200, "{path}");
            let answer = text(answer).await;
            let text = format!("text {}", entry.index);
            let verified = signer.verify(&answer, text.as_bytes(), &site.logs);
            assert_eq!(verified.expect(&path).log_index(), entry.index);
            assert!(answer.contains(uuid), "{answer}");
        }
    }
    let leaf = &entries[0].uuid[16..];
    for path in [
        format!("{ENTRIES}/{}", "0".repeat(80)),
        format!("{ENTRIES}/{}", "0".repeat(64)),
        format!("{ENTRIES}/0000000000000001{leaf}"),
        format!("{ENTRIES}?logIndex=3"),
    ] {
        let answer = site.get(&path).await;
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(text(answer).await, "", "Rekor says no more");
    }
    for (path, code, problem) in [
        (
            format!("{ENTRIES}/{}", &leaf[1..]),
            605,
            "entryUUID in path should match",
        ),
        (
            format!("{ENTRIES}/{}x", &leaf[1..]),
            605,
            "entryUUID in path should match",
        ),
        (ENTRIES.to_owned(), 602, "logIndex in query is required"),
        (
            format!("{ENTRIES}?logIndex=x"),
            601,
            "logIndex in query must be of type int64",
        ),
        (
            format!("{ENTRIES}?logIndex=-1"),
            601,
            "logIndex in query must be of type int64",
        ),
    ] {
        let body = refused(site.get(&path).await, code, problem).await;
        assert_eq!(body.as_object().expect("an object").len(), 2);
    }
}

#[tokio::test]
async fn the_tree_grows_and_proves_that_it_only_grew() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let empty = site.json("/api/v1/log").await;
    assert_eq!(empty["treeSize"], 0);
    assert_eq!(empty["rootHash"], hex(&Sha256::digest([])));
    assert_eq!(
        members(&empty),
        members(&data_json("rekor/v1/log-info.json"))
    );
    let mut roots = vec![[0; 32]];
    for size in 1..=20_u64 {
        let answer = site.log_text(&signer, &format!("text {size}")).await;
        let checkpoint = site.check_head().await;
        assert_eq!(checkpoint.0, size);
        roots.push(checkpoint.1);
        let proof = &entry_in(&parse(&answer))["verification"]["inclusionProof"];
        assert_eq!(proof["treeSize"], size);
        assert_eq!(proof["rootHash"], hex(&checkpoint.1));
    }
    for larger in 1..=20 {
        for smaller in 1..=larger {
            let path = format!("/api/v1/log/proof?firstSize={smaller}&lastSize={larger}");
            let answer = site.json(&path).await;
            assert_eq!(answer["rootHash"], hex(&roots[20]), "of the tree as it is");
            let hashes: Vec<[u8; 32]> = answer["hashes"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|hash| unhex(hash.as_str().expect("text")))
                .collect();
            let (from, to) = (&roots[smaller], &roots[larger]);
            verify_consistency(smaller as u64, larger as u64, &hashes, from, to).expect(&path);
        }
    }
    // An entry that was there early is proved in the tree of today.
    let answer = text(site.get(&format!("{ENTRIES}?logIndex=0")).await).await;
    signer
        .verify(&answer, b"text 1", &site.logs)
        .expect("verified");
    assert_eq!(
        entry_in(&parse(&answer))["verification"]["inclusionProof"]["treeSize"],
        20
    );

    let tree = site.log.tree_id();
    let default = site.json("/api/v1/log/proof?lastSize=20").await;
    let same = format!("/api/v1/log/proof?firstSize=1&lastSize=20&treeID={tree}");
    assert_eq!(default, site.json(&same).await);
    for (query, code, problem) in [
        ("", 602, "lastSize in query is required"),
        ("?lastSize=0", 609, "greater than or equal to 1"),
        ("?firstSize=0&lastSize=3", 609, "greater than or equal to 1"),
        ("?firstSize=x&lastSize=3", 601, "must be of type int64"),
        (
            "?firstSize=4&lastSize=3",
            400,
            "firstSize(4) must be less than lastSize(3)",
        ),
        (
            "?lastSize=21",
            400,
            "the tree size requested(21) was greater than what is currently observable(20)",
        ),
        ("?lastSize=3&treeID=1", 400, "there is no tree 1"),
    ] {
        let answer = site.get(&format!("/api/v1/log/proof{query}")).await;
        refused(answer, code, problem).await;
    }
}

#[tokio::test]
async fn the_key_is_given_out() {
    let site = Site::start(Options::default()).await;
    let answer = site.get("/api/v1/log/publicKey").await;
    assert_eq!(header(&answer, "content-type"), "application/x-pem-file");
    assert_eq!(text(answer).await, site.log.public_key_pem());
    refused(
        site.get("/api/v1/log/publicKey?treeID=x").await,
        400,
        "no tree x",
    )
    .await;
}

#[tokio::test]
async fn some_entries_at_once() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    for number in 0..4 {
        site.log_text(&signer, &format!("text {number}")).await;
    }
    let uuid: Vec<String> = site
        .log
        .entries()
        .into_iter()
        .map(|entry| entry.uuid)
        .collect();
    let intoto = json!({ "kind": "intoto", "apiVersion": "0.0.2", "spec": {} });
    let proposal = signer.hashedrekord(b"text 2");
    let stranger = Signer::new(2).hashedrekord(b"text");
    for (query, expected) in [
        (json!({}), &[][..]),
        (
            json!({ "entryUUIDs": null, "logIndexes": null, "entries": [proposal] }),
            &[2],
        ),
        (json!({ "entries": [intoto, stranger] }), &[]),
        (json!({ "entryUUIDs": [uuid[3], uuid[1][16..]] }), &[3, 1]),
        (
            json!({ "entryUUIDs": ["0".repeat(64)], "logIndexes": [4] }),
            &[],
        ),
        (
            json!({ "logIndexes": [0, 3], "entryUUIDs": [uuid[1]], "entries": [proposal] }),
            &[1, 2, 0, 3],
        ),
    ] {
        let answer = site.post(RETRIEVE, query.to_string().as_bytes()).await;
        assert_eq!(answer.status(), 200, "{query}");
        let answers = parse(&text(answer).await);
        let answers = answers.as_array().expect("a list");
        assert_eq!(answers.len(), expected.len(), "{query}");
        for (answer, index) in answers.iter().zip(expected) {
            let text = format!("text {index}");
            let verified = signer.verify(&answer.to_string(), text.as_bytes(), &site.logs);
            assert_eq!(verified.expect("verified").log_index(), *index);
        }
    }
    for (query, status, problem) in [
        (
            json!({ "logIndexes": vec![0; 11] }),
            422,
            "more than max allowed 10 entries in request",
        ),
        (
            json!({ "entryUUIDs": ["x"] }),
            605,
            "entryUUIDs in body should match",
        ),
        (json!({ "entries": [{}] }), 400, "missing field"),
        (json!({ "logIndexes": [-1] }), 400, "parsing entry body"),
        (json!([1]), 400, "parsing entry body"),
    ] {
        let answer = site.post(RETRIEVE, query.to_string().as_bytes()).await;
        refused(answer, status, problem).await;
    }
}

#[tokio::test]
async fn uuids_are_found_by_hash_and_key() {
    let site = Site::start(Options::default()).await;
    let signers = [1, 2].map(Signer::new);
    for signer in &signers {
        for text in ["a", "b"] {
            site.log_text(signer, text).await;
        }
    }
    let subject = hex(&Sha256::digest(b"a"));
    let statement = json!({ "subject": [{ "name": "a", "digest": { "sha256": subject } }] });
    let payload = statement.to_string();
    let kind = "application/vnd.in-toto+json";
    let signature = STANDARD.encode(signers[0].sign(&pae(kind, payload.as_bytes())));
    let envelope = json!({
        "payloadType": kind,
        "payload": STANDARD.encode(&payload),
        "signatures": [{ "sig": signature }],
    })
    .to_string();
    let request = rekor_v1::dsse_request(&envelope, &signers[0].public).expect("a request");
    assert_eq!(site.post(ENTRIES, request.as_bytes()).await.status(), 201);

    let uuids: Vec<String> = site
        .log
        .entries()
        .into_iter()
        .map(|entry| entry.uuid)
        .collect();
    let key = |signer: &Signer| json!({ "format": "x509", "content": STANDARD.encode(signer.public.to_pem()) });
    let envelope_hash = hex(&Sha256::digest(envelope.as_bytes()));
    let payload_hash = hex(&Sha256::digest(payload.as_bytes()));
    for (query, expected) in [
        (json!({}), &[][..]),
        (json!({ "hash": subject }), &[0, 2, 4]),
        (
            json!({ "hash": format!("sha256:{}", subject.to_uppercase()) }),
            &[0, 2, 4],
        ),
        (json!({ "hash": envelope_hash }), &[4]),
        (json!({ "hash": payload_hash }), &[4]),
        (json!({ "hash": "0".repeat(128) }), &[]),
        (json!({ "publicKey": key(&signers[0]) }), &[0, 1, 4]),
        (json!({ "publicKey": key(&signers[1]) }), &[2, 3]),
        (json!({ "publicKey": key(&Signer::new(3)) }), &[]),
        (
            json!({ "hash": subject, "publicKey": key(&signers[1]) }),
            &[0, 2, 3, 4],
        ),
        (
            json!({ "hash": subject, "publicKey": key(&signers[1]), "operator": "or" }),
            &[0, 2, 3, 4],
        ),
        (
            json!({ "hash": subject, "publicKey": key(&signers[1]), "operator": "and" }),
            &[2],
        ),
    ] {
        let answer = site.post(INDEX, query.to_string().as_bytes()).await;
        assert_eq!(answer.status(), 200, "{query}");
        let expected: Vec<&String> = expected.iter().map(|index| &uuids[*index]).collect();
        assert_eq!(parse(&text(answer).await), json!(expected), "{query}");
    }
    for (query, status, problem) in [
        (json!({ "hash": "x" }), 605, "hash in body should match"),
        (
            json!({ "publicKey": { "format": "pgp", "content": "" } }),
            400,
            "not supported by this server",
        ),
        (
            json!({ "publicKey": { "format": "x509", "content": "" } }),
            400,
            "could not be parsed",
        ),
        (json!({ "operator": "xor" }), 400, "parsing query body"),
    ] {
        refused(
            site.post(INDEX, query.to_string().as_bytes()).await,
            status,
            problem,
        )
        .await;
    }
}

#[tokio::test]
async fn other_paths_and_methods() {
    let site = Site::start(Options::default()).await;
    refused(site.get("/").await, 404, "path / was not found").await;
    refused(site.get("/api/v1/log/").await, 404, "was not found").await;
    for (method, path, allowed) in [
        (Method::DELETE, ENTRIES, "GET,POST"),
        (Method::GET, RETRIEVE, "POST"),
        (Method::PUT, INDEX, "POST"),
        (Method::POST, "/api/v1/log", "GET"),
    ] {
        let request = site.client.request(method, site.url(path));
        let answer = request.send().await.expect("an answer");
        refused(answer, 405, &format!("but [{allowed}] are")).await;
    }
    let long = format!("/api/v1/log?{}", "a".repeat(5000));
    refused(site.get(&long).await, 414, "longer than").await;
}

// --- Limits ---

#[tokio::test]
async fn entries_and_bodies_are_limited() {
    let site = Site::start(Options {
        max_entries: 2,
        max_body_size: 2000,
        max_body_time: Duration::from_millis(300),
        ..Options::default()
    })
    .await;
    let signer = Signer::new(1);
    for number in 0..2 {
        site.log_text(&signer, &format!("text {number}")).await;
    }
    let third = site.post_json(&signer.hashedrekord(b"text 2")).await;
    refused(third, 507, "at most 2 entries").await;
    let again = site.post_json(&signer.hashedrekord(b"text 0")).await;
    assert_eq!(again.status(), 409, "what is there is found all the same");
    let large = site.post(ENTRIES, &[b' '; 2001]).await;
    refused(large, 413, "larger than 2000 bytes").await;

    let mut slow = TcpStream::connect(site.log.addr())
        .await
        .expect("a connection");
    let head = format!("POST {ENTRIES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n[");
    slow.write_all(head.as_bytes()).await.expect("sent");
    let mut start = [0; 12];
    slow.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 408");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_have_an_index_each() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let posts = (0..64).map(|number| {
        let text = format!("text {}", number % 32);
        let request = site
            .client
            .post(site.url(ENTRIES))
            .body(signer.request(text.as_bytes()));
        async move { (text, request.send().await.expect("an answer")) }
    });
    let mut taken = 0;
    for (content, answer) in futures_util::future::join_all(posts).await {
        match answer.status() {
            StatusCode::CREATED => {
                let answer = text(answer).await;
                signer
                    .verify(&answer, content.as_bytes(), &site.logs)
                    .expect("verified");
                taken += 1;
            }
            status => assert_eq!(status, StatusCode::CONFLICT),
        }
    }
    assert_eq!(taken, 32);
    let indices: Vec<u64> = site.log.entries().iter().map(|entry| entry.index).collect();
    assert_eq!(indices, Vec::from_iter(0..32));
    assert_eq!(site.log.requests().len(), 64);
}

// --- Keeping ---

#[tokio::test]
async fn a_log_in_a_folder_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("log");
    let kept = || Options {
        folder: Some(place.clone()),
        ..Options::default()
    };
    let signer = Signer::new(1);
    let site = Site::start(kept()).await;
    let mut answers = Vec::new();
    for number in 0..3 {
        answers.push(site.log_text(&signer, &format!("text {number}")).await);
    }
    let (entries, origin, pem) = (
        site.log.entries(),
        site.log.origin(),
        site.log.public_key_pem(),
    );
    let head = site.check_head().await;
    let busy = EmbeddedLog::start(kept())
        .await
        .expect_err("the folder is taken");
    assert_eq!(busy.kind(), io::ErrorKind::WouldBlock, "{busy}");
    site.log.shutdown().await;

    let site = Site::start(kept()).await;
    assert_eq!(site.log.dropped_record(), None);
    assert_eq!(site.log.entries(), entries);
    assert_eq!(
        (site.log.origin(), site.log.public_key_pem()),
        (origin, pem)
    );
    assert_eq!(site.check_head().await, head);
    for (number, answer) in answers.iter().enumerate() {
        let text = format!("text {number}");
        signer
            .verify(answer, text.as_bytes(), &site.logs)
            .expect("of the same log");
    }
    let again = site.post_json(&signer.hashedrekord(b"text 1")).await;
    assert_eq!(again.status(), 409);
    let answer = site.log_text(&signer, "text 3").await;
    assert_eq!(entry_in(&parse(&answer))["logIndex"], 3);
    let query = json!({ "hash": hex(&Sha256::digest(b"text 0")) }).to_string();
    let found = text(site.post(INDEX, query.as_bytes()).await).await;
    assert_eq!(parse(&found), json!([entries[0].uuid]));
    site.log.shutdown().await;

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.join("log.key"))
            .expect("the key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let other = Options {
        key: Some(Signer::new(5).private_pem()),
        ..kept()
    };
    let error = EmbeddedLog::start(other).await.expect_err("another key");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
}

#[tokio::test]
async fn a_record_that_is_cut_off_was_never_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = || Options {
        folder: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let signer = Signer::new(1);
    let site = Site::start(kept()).await;
    site.log_text(&signer, "text 0").await;
    let head = site.check_head().await;
    site.log_text(&signer, "text 1").await;
    site.log.shutdown().await;

    let file = folder.path().join("entries.jsonl");
    let bytes = fs::read(&file).expect("the entries");
    fs::write(&file, &bytes[..bytes.len() - 9]).expect("cut");
    let site = Site::start(kept()).await;
    let dropped = site.log.dropped_record().expect("a word on it");
    assert!(dropped.to_string().contains("written in part"), "{dropped}");
    assert_eq!(site.check_head().await, head);
    let answer = site.log_text(&signer, "text 1").await;
    signer
        .verify(&answer, b"text 1", &site.logs)
        .expect("verified");
    site.log.shutdown().await;
    let site = Site::start(kept()).await;
    assert_eq!(
        (site.log.dropped_record(), site.log.entries().len()),
        (None, 2)
    );
    site.log.shutdown().await;

    let spoiled =
        String::from_utf8(bytes)
            .expect("text")
            .replacen("hashedrekord", "hashedrekorD", 1);
    fs::write(&file, spoiled).expect("spoiled");
    let error = EmbeddedLog::start(kept()).await.expect_err("spoiled");
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[tokio::test]
async fn key_tree_and_name_are_what_they_are_told_to_be() {
    let signer = Signer::new(5);
    let site = Site::start(Options {
        hostname: "rekor.local.test".to_owned(),
        tree_id: Some(375_632_915_539_729_557),
        key: Some(signer.private_pem()),
        ..Options::default()
    })
    .await;
    assert_eq!(site.log.origin(), "rekor.local.test - 375632915539729557");
    assert_eq!(site.log.public_key_pem(), signer.public.to_pem());
    site.log_text(&signer, "text").await;
    assert!(site.log.entries()[0].uuid.starts_with("0536842580b09c95"));
    let debug = format!(
        "{:?} {:?}",
        site.log,
        Options {
            key: Some(signer.private_pem()),
            ..Options::default()
        }
    );
    assert!(!debug.contains("PRIVATE"), "{debug}");

    for bad in [
        Options {
            hostname: "a b".to_owned(),
            ..Options::default()
        },
        Options {
            hostname: String::new(),
            ..Options::default()
        },
        Options {
            tree_id: Some(0),
            ..Options::default()
        },
        Options {
            tree_id: Some(1 << 63),
            ..Options::default()
        },
        Options {
            key: Some(PrivateKeyPem::new(String::new())),
            ..Options::default()
        },
    ] {
        let error = EmbeddedLog::start(bad)
            .await
            .expect_err("no log can have these");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
    }
}

// --- Faults ---

#[tokio::test]
async fn answers_that_a_client_has_to_notice() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    site.log_text(&signer, "first").await;
    let first = site.log.entries()[0].body.clone();

    let hits = site
        .log
        .inject(Fault::new(Action::flip_timestamp()).endpoint(Endpoint::Entries));
    let answer = site.log_text(&signer, "second").await;
    let error = signer
        .verify(&answer, b"second", &site.logs)
        .expect_err("flipped");
    assert!(
        matches!(error, LogError::BadSignedEntryTimestamp { .. }),
        "{error}"
    );
    assert_eq!(hits.count(), 1);
    site.log.clear_faults();

    let hits = site
        .log
        .inject(Fault::new(Action::other_body(first)).method(Method::POST));
    let answer = site.log_text(&signer, "third").await;
    let error = signer
        .verify(&answer, b"third", &site.logs)
        .expect_err("another body");
    assert!(
        matches!(error, LogError::BadSignedEntryTimestamp { .. }),
        "{error}"
    );
    let bound = LogEntry::from_rekor_v1(answer.as_bytes()).expect("an entry");
    let signature = signer.sign(b"third");
    let bound = bound.bind(&signer.signed(b"third", &signature));
    assert!(
        matches!(bound, Err(LogError::OtherArtifact { .. })),
        "{bound:?}"
    );
    let conflict = site.post_json(&signer.hashedrekord(b"third")).await;
    refused(conflict, 409, "equivalent entry").await; // not an entry, so it stays
    assert_eq!(hits.count(), 2);
    site.log.clear_faults();

    let edit = Action::edit_entries(|entry| {
        entry["verification"]["inclusionProof"]["treeSize"] = json!(1);
    });
    site.log.inject(Fault::new(edit));
    let query = json!({ "logIndexes": [1, 2] }).to_string();
    let answers = parse(&text(site.post(RETRIEVE, query.as_bytes()).await).await);
    for answer in answers.as_array().expect("a list") {
        assert_eq!(
            entry_in(answer)["verification"]["inclusionProof"]["treeSize"],
            1
        );
    }
    site.log.clear_faults();
    let answer = text(site.get(&format!("{ENTRIES}?logIndex=1")).await).await;
    signer
        .verify(&answer, b"second", &site.logs)
        .expect("honest again");
}

#[tokio::test]
async fn a_log_that_does_not_answer_as_it_should() {
    let site = Site::start(Options::default()).await;
    let signer = Signer::new(1);
    let once = |action: Action| Fault::new(action).endpoint(Endpoint::Entries).times(1);

    site.log
        .inject(once(Action::status(StatusCode::INTERNAL_SERVER_ERROR)));
    let answer = site.post_json(&signer.hashedrekord(b"a")).await;
    assert_eq!(answer.status(), 500);
    assert_eq!(site.log.entries(), [], "the log never learned of it");

    site.log.inject(once(Action::ReplaceBody("<html>".into())));
    let answer = site.post_json(&signer.hashedrekord(b"a")).await;
    assert_eq!(
        (answer.status().as_u16(), text(answer).await.as_str()),
        (201, "<html>")
    );
    assert_eq!(site.log.entries().len(), 1);

    site.log.inject(once(Action::LoseResponse));
    let lost = site
        .client
        .post(site.url(ENTRIES))
        .body(signer.request(b"b"));
    lost.send().await.expect_err("closed");
    let again = site.post_json(&signer.hashedrekord(b"b")).await;
    assert_eq!(again.status(), 409, "it was logged all the same");

    site.log.inject(once(Action::Endless));
    let mut answer = site.post_json(&signer.hashedrekord(b"c")).await;
    assert_eq!(answer.content_length(), None);
    let mut received = 0;
    while received < 1 << 20 {
        received += answer.chunk().await.expect("a chunk").expect("more").len();
    }
    drop(answer);

    site.log.inject(once(Action::hang()));
    let hanging = site
        .client
        .post(site.url(ENTRIES))
        .body(signer.request(b"d"));
    let error = hanging.timeout(Duration::from_millis(200)).send().await;
    assert!(error.expect_err("no answer").is_timeout());
    assert_eq!(site.log.entries().len(), 3, "a, b and c");
    site.log_text(&signer, "e").await;
}

// --- Life cycle ---

#[tokio::test]
async fn requests_are_recorded() {
    let site = Site::start(Options::default()).await;
    site.get("/api/v1/log").await;
    site.get("/api/v1/log/entries?logIndex=7").await;
    let lines: Vec<String> = site
        .log
        .requests()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/log 200",
            "GET /api/v1/log/entries?logIndex=7 404"
        ]
    );
    assert_eq!(site.log.take_requests().len(), 2);
    assert_eq!(site.log.requests(), []);
}

#[tokio::test]
async fn shutdown_closes_the_port_whatever_hangs() {
    let site = Site::start(Options::default()).await;
    let address = site.log.addr();
    assert!(address.ip().is_loopback());
    let reached = Arc::new(Notify::new());
    let hook = Arc::clone(&reached);
    site.log.inject(Fault::new(Action::hold(move |_| {
        hook.notify_one();
        std::future::pending()
    })));
    let held = tokio::spawn(site.client.get(site.url("/api/v1/log")).send());
    reached.notified().await;
    site.log.shutdown().await;
    held.await.expect("no panic").expect_err("aborted");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
}

#[tokio::test]
async fn dropping_stops_it() {
    let site = Site::start(Options::default()).await;
    let address = site.log.addr();
    let mut open = TcpStream::connect(address).await.expect("a connection");
    open.write_all(b"GET /api/v1/log HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .expect("sent");
    let mut start = [0; 12];
    open.read_exact(&mut start).await.expect("an answer");
    assert_eq!(&start, b"HTTP/1.1 200");
    drop(site);
    open.read_to_end(&mut Vec::new())
        .await
        .expect("closed in order");
    TcpStream::connect(address)
        .await
        .expect_err("nobody listens");
}

// --- Helpers ---

struct Site {
    log: EmbeddedLog,
    client: Client,
    logs: TrustedLogs,
}

impl Site {
    async fn start(options: Options) -> Self {
        let log = EmbeddedLog::start(options).await.expect("a log");
        let client = client_builder().no_proxy().build().expect("a client");
        let trusted = TrustedLog::from_pem(log.public_key_pem().as_bytes()).expect("its key");
        let trusted = trusted.with_origin(&log.origin());
        let logs = TrustedLogs::new(vec![trusted]).expect("a log");
        Self { log, client, logs }
    }

    fn url(&self, path: &str) -> String {
        self.log.url() + path
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.client.get(self.url(path));
        request.send().await.expect("an answer")
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        parse(&text(answer).await)
    }

    async fn post(&self, path: &str, body: &[u8]) -> Response {
        let request = self.client.post(self.url(path)).body(body.to_vec());
        let request = request.header("content-type", "application/json");
        request.send().await.expect("an answer")
    }

    async fn post_json(&self, proposal: &Value) -> Response {
        self.post(ENTRIES, proposal.to_string().as_bytes()).await
    }

    /// Logs a signature over a text, and gives the answer.
    async fn log_text(&self, signer: &Signer, content: &str) -> String {
        let answer = self
            .post(ENTRIES, signer.request(content.as_bytes()).as_bytes())
            .await;
        assert_eq!(answer.status(), 201, "{content}");
        text(answer).await
    }

    /// The size and the root of the tree, which the log signs.
    async fn check_head(&self) -> (u64, [u8; 32]) {
        let info = self.json("/api/v1/log").await;
        let note = info["signedTreeHead"].as_str().expect("text");
        let checkpoint = Checkpoint::parse(note).expect("a checkpoint");
        checkpoint
            .verify(&self.logs.logs()[0])
            .expect("its signature");
        assert_eq!(note, self.log.checkpoint());
        assert_eq!(info["treeSize"], checkpoint.size());
        assert_eq!(info["rootHash"], hex(checkpoint.root()));
        assert_eq!(info["treeID"], self.log.tree_id().to_string());
        assert_eq!(checkpoint.origin(), self.log.origin());
        (checkpoint.size(), *checkpoint.root())
    }
}

/// Somebody with a P-256 key.
struct Signer {
    private: SigningKey,
    public: PublicKey,
}

impl Signer {
    fn new(seed: u8) -> Self {
        let private = SigningKey::from_slice(&[seed; 32]).expect("a key");
        let spki = private.verifying_key().to_public_key_der().expect("DER");
        let public = PublicKey::from_spki_der(spki.as_bytes()).expect("a key");
        Self { private, public }
    }

    fn private_pem(&self) -> PrivateKeyPem {
        PrivateKeyPem::new(self.private.to_pkcs8_pem(LineEnding::LF).expect("PEM"))
    }

    /// DER, by the nonce of RFC 6979: the same for the same bytes.
    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let signature: DerSignature = self.private.sign(bytes);
        signature.as_bytes().to_vec()
    }

    fn signed<'a>(&'a self, bytes: &'a [u8], signature: &'a [u8]) -> Signed<'a> {
        Signed {
            message: bytes.into(),
            dsse_payload: None,
            signature,
            key: &self.public,
        }
    }

    /// What cosign posts.
    fn request(&self, bytes: &[u8]) -> String {
        let signature = self.sign(bytes);
        rekor_v1::hashedrekord_request(&self.signed(bytes, &signature), HashAlgorithm::Sha256)
            .expect("the digest is known")
    }

    fn hashedrekord(&self, bytes: &[u8]) -> Value {
        parse(self.request(bytes))
    }

    fn verify(
        &self,
        answer: &str,
        bytes: &[u8],
        logs: &TrustedLogs,
    ) -> Result<VerifiedEntry, LogError> {
        verify(answer, bytes, &self.sign(bytes), &self.public, logs)
    }
}

fn verify(
    answer: &str,
    bytes: &[u8],
    signature: &[u8],
    key: &PublicKey,
    logs: &TrustedLogs,
) -> Result<VerifiedEntry, LogError> {
    let signed = Signed {
        message: bytes.into(),
        dsse_payload: None,
        signature,
        key,
    };
    LogEntry::from_rekor_v1(answer.as_bytes())?.verify(&signed, logs)
}

fn at(seconds: u64) -> Options {
    Options {
        clock: Clock::fixed(seconds),
        ..Options::default()
    }
}

fn dsse(content: &Value) -> Value {
    json!({ "apiVersion": "0.0.1", "kind": "dsse", "spec": { "proposedContent": content } })
}

fn pae(kind: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Checks the number in the body, which tells the status, and the message.
async fn refused(response: Response, code: u16, problem: &str) -> Value {
    let status = if code > 600 { 422 } else { code };
    let found = response.status();
    assert_eq!(header(&response, "content-type"), "application/json");
    let body = parse(&text(response).await);
    assert_eq!(found, status, "{body}");
    assert_eq!(body["code"], code, "{body}");
    let message = body["message"].as_str().expect("text");
    assert!(
        message.contains(problem),
        "expected {problem:?}, found {message:?}"
    );
    body
}

/// The one entry of an answer.
fn entry_in(answer: &Value) -> Value {
    let entries = answer.as_object().expect("an object");
    assert_eq!(entries.len(), 1);
    entries.values().next().expect("an entry").clone()
}

/// The names of the members, in their order.
fn members(object: &Value) -> Vec<&String> {
    object.as_object().expect("an object").keys().collect()
}

fn parse(json: impl AsRef<[u8]>) -> Value {
    serde_json::from_slice(json.as_ref()).expect("JSON")
}

fn decode(value: &Value) -> Vec<u8> {
    STANDARD
        .decode(value.as_str().expect("text"))
        .expect("base64")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(digits: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    for (place, byte) in hash.iter_mut().enumerate() {
        let digits = &digits[place * 2..place * 2 + 2];
        *byte = u8::from_str_radix(digits, 16).expect("digits");
    }
    hash
}

fn header(response: &Response, name: &str) -> String {
    let value = response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("no header {name}"));
    value.to_str().expect("a text header").to_owned()
}

async fn text(response: Response) -> String {
    response.text().await.expect("a body")
}

/// A file of the component's test data.
fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data");
    let path = folder.join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn data_json(name: &str) -> Value {
    parse(data(name))
}

fn data_key(name: &str) -> PublicKey {
    PublicKey::from_pem(&data(name)).expect("a key")
}

const ENTRIES: &str = "/api/v1/log/entries";
const RETRIEVE: &str = "/api/v1/log/entries/retrieve";
const INDEX: &str = "/api/v1/index/retrieve";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

/// reqwest is built without a TLS provider, and asks for one even where it speaks plain HTTP.
fn client_builder() -> reqwest::ClientBuilder {
    // It fails where another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
