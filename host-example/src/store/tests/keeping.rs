use super::*;

#[test]
fn signing_again_overwrites_and_leaves_the_event() {
    let place = Place::new();
    let mut store = place.store();
    store.record(signing("a", "first")).unwrap();
    store.record(signing("b", "other key")).unwrap();
    store.record(signing("a", "second")).unwrap();
    let kept = store.kept(DIGEST).unwrap().into_iter();
    let payloads: Vec<Vec<u8>> = kept.map(|kept| kept.signature.payload).collect();
    assert_eq!(payloads, [&b"other key"[..], b"second"]);
    let overview = store.overview(&WHICH).unwrap();
    let keys = overview.signatures.iter();
    let keys: Vec<(&str, u64)> = keys
        .map(|current| (current.facts.key_fingerprint.as_str(), current.made.number))
        .collect();
    assert_eq!(keys, [("a", 3), ("b", 2)], "the newest first");
    assert_eq!(store.history(&WHICH).unwrap().len(), 3);
}

#[test]
fn the_last_verification_is_of_what_was_signed_before_it() {
    let place = Place::new();
    let mut store = place.store();
    let status = |store: &Store| store.overview(&WHICH).unwrap().verification;
    assert_eq!(status(&store).status, Status::NotVerified);
    store.record(signing("a", "p")).unwrap();
    assert_eq!(status(&store).status, Status::NotVerified);
    store.record(verification(Outcome::Passed)).unwrap();
    assert_eq!(status(&store).status, Status::Passed);
    store.record(signing("a", "p")).unwrap();
    let again = status(&store);
    assert_eq!(again.status, Status::NotVerified);
    assert!(again.reason.unwrap().contains("signed again"));
    store.record(verification(Outcome::Failed)).unwrap();
    let failed = status(&store);
    assert_eq!(
        (failed.status, failed.reason.as_deref()),
        (Status::Failed, Some("no"))
    );
    // A signing that failed made nothing that could be verified.
    store.record(verification(Outcome::Passed)).unwrap();
    let tried = Entry {
        event: event(Action::Signing, Outcome::Failed, image(DIGEST)),
        signatures: Vec::new(),
    };
    store.record(tried).unwrap();
    assert_eq!(status(&store).status, Status::Passed);
}

#[test]
fn what_failed_before_the_digest_was_known_is_found_by_name() {
    let place = Place::new();
    let mut store = place.store();
    let unknown = |version: &str| Entry {
        event: event(
            Action::Signing,
            Outcome::Failed,
            Artifact {
                digest: None,
                version: Some(version.into()),
                ..image(DIGEST)
            },
        ),
        signatures: Vec::new(),
    };
    store.record(unknown("v1")).unwrap();
    store.record(unknown("v2")).unwrap();
    store.record(verification(Outcome::Passed)).unwrap();
    let numbers = |which: &Which<'_>| -> Vec<u64> {
        let events = store.history(which).unwrap().into_iter();
        events.map(|recorded| recorded.number).collect()
    };
    assert_eq!(numbers(&WHICH), [1, 3]);
    let other = Which {
        name: "r.example/other",
        ..WHICH
    };
    assert_eq!(numbers(&other), [3]);
    let last = store.last_digest("r.example/app", "v1").unwrap();
    assert_eq!(last.as_deref(), Some(DIGEST));
    assert_eq!(store.last_digest("r.example/app", "v2").unwrap(), None);
}

#[test]
fn what_is_too_much_is_refused_and_nothing_is_written() {
    let place = Place::new();
    let mut store = place.store();
    let mut long = verification(Outcome::Failed);
    long.event.reason = Some("x".repeat(300 * 1024));
    let refused = store.record(long).unwrap_err();
    assert!(matches!(refused, StoreError::TooMuch { .. }), "{refused}");
    let mut long = signing("a", "p");
    long.signatures[0].bundle = "x".repeat(65 * 1024 * 1024);
    store.record(long).unwrap_err();
    assert_eq!(store.audit(None).unwrap().count, 0, "all or nothing");
}

/// Each with a connection of its own, which is all that processes are to SQLite.
#[test]
fn sixteen_at_once_lose_nothing() {
    let place = Place::new();
    let path = place.path();
    std::thread::scope(|scope| {
        for key in 0..16 {
            let path = &path;
            scope.spawn(move || {
                let mut store = Store::open(path).unwrap();
                for _ in 0..4 {
                    store.record(signing(&key.to_string(), "p")).unwrap();
                }
            });
        }
    });
    let store = place.store();
    let audit = store.audit(None).unwrap();
    assert_eq!((audit.count, audit.findings), (64, Vec::new()));
    assert_eq!(store.kept(DIGEST).unwrap().len(), 16);
}
