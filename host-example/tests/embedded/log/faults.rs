//! Faults that are injected.

use super::*;

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
