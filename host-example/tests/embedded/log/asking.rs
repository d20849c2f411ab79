//! What is asked for.

use super::*;

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
