//! What is logged.

use super::*;

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
