//! Signatures that are nowhere but in the store.

use cosignet_host::store::{Action, Outcome, Source};

use crate::site::{STORE, Site, stderr, succeeds};

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_is_not_attached_verifies_from_the_store() {
    let site = Site::new().await;
    for (place, format) in ["simple", "bundle", "both"].into_iter().enumerate() {
        let image = site.image(&format!("app{place}"));
        let sign = ["sign", "--key", "cosign.key", "--upload=false"];
        let signed = [
            "--store", STORE, "--format", format, "-a", "env=prod", &image,
        ];
        succeeds(site.run(&[&sign[..], &signed].concat()));
        let verify = ["verify", "--key", "cosign.pub", "-a", "env=prod", &image];
        assert_eq!(site.code(&verify), Some(10), "it is not in the registry");
        let stored = [&verify[..], &["--store", STORE]].concat();
        let verified = succeeds(site.run(&stored));
        let said = stderr(&verified);
        assert!(said.contains("is from the store store.db"), "{said}");
        let report = site.json(&[&stored[..], &["--output", "report"]].concat());
        assert_eq!(report["images"][0]["source"], "store");
        // By tag, and with the rest of the policy.
        let tag = image.split('@').next().unwrap().to_owned() + ":v1";
        let by_tag = ["verify", "--key", "cosign.pub", "--store", STORE, &tag];
        succeeds(site.run(&by_tag));
        for (refused, why) in [
            (
                ["--key", "other.pub", "-a", "env=prod"],
                "none of the given keys",
            ),
            (["--key", "cosign.pub", "-a", "env=dev"], "annotation env"),
        ] {
            let refused = [&["verify", "--store", STORE], &refused[..], &[&image]].concat();
            let refused = site.run(&refused);
            assert_eq!(refused.status.code(), Some(12));
            assert!(stderr(&refused).contains(why), "{}", stderr(&refused));
        }
        let last = site.history(&image).pop().unwrap().event;
        assert_eq!(last.outcome, Outcome::Failed);
        assert!(last.reason.unwrap().contains("annotation env"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attestations_are_verified_from_the_store() {
    let site = Site::new().await;
    site.write("sbom", r#"{"a":1}"#);
    for (place, format) in ["simple", "bundle"].into_iter().enumerate() {
        let image = site.image(&format!("app{place}"));
        let attest = ["attest", "--key", "cosign.key", "--predicate", "sbom"];
        let aside = ["--type", "cyclonedx", "--no-upload", "--format", format];
        succeeds(site.run(&[&attest[..], &aside, &["--store", STORE, &image]].concat()));
        let verify = |kind: &str, key: &str| {
            let verify = ["verify-attestation", "--key", key, "--type", kind];
            site.code(&[&verify[..], &["--store", STORE, &image]].concat())
        };
        assert_eq!(verify("cyclonedx", "cosign.pub"), Some(0), "{format}");
        assert_eq!(verify("cyclonedx", "other.pub"), Some(12));
        assert_eq!(verify("vuln", "cosign.pub"), Some(12));
        // An attestation is no signature (CVE-2022-35930).
        let signed = ["verify", "--key", "cosign.pub", "--store", STORE, &image];
        assert_ne!(site.code(&signed), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_comes_first() {
    let site = Site::new().await;
    let image = site.image("app");
    let run =
        |arguments: &[&str]| succeeds(site.run(&[arguments, &["--store", STORE, &image]].concat()));
    run(&["sign", "--key", "cosign.key"]);
    run(&["verify", "--key", "cosign.pub"]);
    // Another key has signed in the store alone: what is attached by one does not hide it.
    run(&["sign", "--key", "other.key", "--upload=false"]);
    run(&["verify", "--key", "other.pub"]);
    let events = site.history(&image);
    let sources: Vec<Option<Source>> = events.iter().map(|event| event.event.source).collect();
    let expected = [None, Some(Source::Registry), None, Some(Source::Store)];
    assert_eq!(sources, expected);
    let attached = |place: usize| events[place].event.signatures[0].attached.clone();
    assert!(attached(0).unwrap().ends_with(".sig"));
    assert_eq!(attached(2), None);
    assert_eq!(
        events[3].event.signatures[0].key_fingerprint,
        events[2].event.signatures[0].key_fingerprint
    );
    assert_eq!(
        events[3].event.signatures[0].key_reference.as_deref(),
        Some("other.pub")
    );
}

/// Named by its digest, nothing of the image is needed.
#[tokio::test(flavor = "multi_thread")]
async fn the_store_answers_where_no_registry_does() {
    let site = Site::new().await;
    let image = "127.0.0.1:1/app@sha256:".to_owned() + &"5".repeat(64);
    let sign = ["sign", "--key", "cosign.key", "--upload=false"];
    succeeds(site.run(&[&sign[..], &["--store", STORE, &image]].concat()));
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE];
    let verified = succeeds(site.run(&[&verify[..], &[&image]].concat()));
    let said = stderr(&verified);
    assert!(said.contains("did not answer"), "{said}");
    let wrong = ["verify", "--key", "other.pub", "--store", STORE, &image];
    assert_eq!(site.code(&wrong), Some(1), "the registry's failure stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_verified_from_the_store() {
    let site = Site::new().await;
    site.write("shop-1.2.3.tgz", "a chart");
    site.write("predicate", "words");
    let store = ["--store", STORE, "shop-1.2.3.tgz"];
    let run = |arguments: &[&str]| site.run(&[arguments, &store].concat());
    let unknown = run(&["verify-blob", "--key", "cosign.pub"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("has no signature of sha256:"),
        "{}",
        stderr(&unknown)
    );
    succeeds(run(&["sign-blob", "--key", "cosign.key"]));
    succeeds(run(&["verify-blob", "--key", "cosign.pub"]));
    let wrong = run(&["verify-blob", "--key", "other.pub"]);
    assert_eq!(wrong.status.code(), Some(1));
    let attested = [
        "attest-blob",
        "--key",
        "cosign.key",
        "--predicate",
        "predicate",
    ];
    succeeds(run(&attested));
    succeeds(run(&["verify-blob-attestation", "--key", "cosign.pub"]));
    succeeds(run(&["verify-blob", "--key", "cosign.pub"]));
    // Another file of that name has no signature.
    site.write("shop-1.2.3.tgz", "another chart");
    assert_eq!(
        run(&["verify-blob", "--key", "cosign.pub"]).status.code(),
        Some(1)
    );
    let report = [
        &["verify-blob", "--key", "cosign.pub", "-o", "json"][..],
        &store,
    ]
    .concat();
    site.write("shop-1.2.3.tgz", "a chart");
    let report = site.json(&report);
    assert_eq!(report["source"], "store");
    assert_eq!(report["artifact"]["kind"], "helm");
    let missing = run(&["verify-blob"]);
    assert_eq!(missing.status.code(), Some(2), "a key is required as ever");
}

/// The store proves nothing: what is in it is judged.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_tampered_with_in_the_store_is_refused() {
    let site = Site::new().await;
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE];
    for (place, format) in ["simple", "bundle"].into_iter().enumerate() {
        let (image, other) = (site.image(&format!("app{place}")), site.image("other"));
        let sign = [
            "sign",
            "--key",
            "cosign.key",
            "--upload=false",
            "--format",
            format,
        ];
        succeeds(site.run(&[&sign[..], &["--store", STORE, &image]].concat()));
        // Moved to another image.
        let digest = |image: &str| image.split('@').nth(1).unwrap().to_owned();
        let (from, to) = (digest(&image), digest(&other));
        site.meddle(&format!(
            "UPDATE signatures SET digest = '{to}' WHERE digest = '{from}'"
        ));
        let moved = site.run(&[&verify[..], &[&other]].concat());
        assert_eq!(moved.status.code(), Some(12), "{}", stderr(&moved));
        assert!(
            stderr(&moved).contains("another image"),
            "{}",
            stderr(&moved)
        );
        // Written by nobody.
        site.meddle(&format!(
            "UPDATE signatures SET digest = '{from}', payload = cast(replace(cast(payload AS \
             TEXT), '{from}', '{from} ') AS BLOB), bundle = replace(bundle, 'a', 'b')"
        ));
        let forged = site.run(&[&verify[..], &[&image]].concat());
        assert_ne!(forged.status.code(), Some(0), "{}", stderr(&forged));
        let audit = site.store().audit(None).unwrap();
        assert!(!audit.findings.is_empty());
        // What cannot be read is told from nothing.
        site.meddle("UPDATE signatures SET format = 'odd'");
        let unreadable = site.run(&[&verify[..], &[&image]].concat());
        assert_eq!(unreadable.status.code(), Some(10));
        let said = stderr(&unreadable);
        assert!(said.contains("a form that nobody writes"), "{said}");
        site.meddle("DELETE FROM signatures");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_is_an_event_and_no_exit_code_changes() {
    let site = Site::new().await;
    let image = site.image("app");
    let stored = [
        "--store",
        STORE,
        "--run-id",
        "7",
        "--run-url",
        "https://ci.example/7",
        &image,
    ];
    let verify = |key: &str| site.code(&[&["verify", "--key", key][..], &stored].concat());
    assert_eq!(verify("cosign.pub"), Some(10));
    succeeds(site.run(&[&["sign", "--key", "cosign.key"][..], &stored].concat()));
    assert_eq!(verify("cosign.pub"), Some(0));
    assert_eq!(verify("other.pub"), Some(12));
    assert_eq!(verify("nowhere.pub"), Some(1));
    // Also what failed before an image was looked at.
    let mut wrong = site.command(&[&["sign", "--key", "cosign.key"][..], &stored].concat());
    let wrong = wrong.env("COSIGN_PASSWORD", "not it").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let events = site.history(&image);
    let told: Vec<(Action, Outcome)> = events
        .iter()
        .map(|event| (event.event.action, event.event.outcome))
        .collect();
    assert_eq!(
        told,
        [
            (Action::Verification, Outcome::Failed),
            (Action::Signing, Outcome::Passed),
            (Action::Verification, Outcome::Passed),
            (Action::Verification, Outcome::Failed),
            (Action::Verification, Outcome::Failed),
            (Action::Signing, Outcome::Failed),
        ]
    );
    let reason = |place: usize| events[place].event.reason.clone().unwrap();
    assert!(reason(0).contains("no signatures"), "{}", reason(0));
    assert!(
        reason(3).contains("none of the given keys"),
        "{}",
        reason(3)
    );
    assert!(reason(5).contains("wrong password"), "{}", reason(5));
    for event in events {
        let run = event.event.run.unwrap();
        assert_eq!(run.url.as_deref(), Some("https://ci.example/7"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_done() {
    let site = Site::new().await;
    let image = site.image("app");
    site.write("other.db", &"no database ".repeat(100));
    site.registry.take_requests();
    for store in ["no/where/store.db", "other.db", "."] {
        let sign = ["sign", "--key", "cosign.key", "--store", store, &image];
        let refused = site.run(&sign);
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains("store "), "{}", stderr(&refused));
        assert!(refused.stdout.is_empty());
    }
    assert_eq!(site.registry.take_requests(), []);
    succeeds(site.run(&["sign", "--key", "cosign.key", "--store", STORE, &image]));
}
