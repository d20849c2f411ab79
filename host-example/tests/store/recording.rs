//! What is known of a signature: its log entry, its places, its manifests.

use cosignet_host::embedded::log::{EmbeddedLog, Options};
use cosignet_host::store::{Format, Outcome, Source, Which};
use serde_json::json;

use crate::site::{MANIFEST, STORE, Site, stderr, succeeds};

#[tokio::test(flavor = "multi_thread")]
async fn log_entries_are_kept_and_linked() {
    let site = Site::new().await;
    let log = EmbeddedLog::start(Options::default()).await.unwrap();
    site.write("rekor.pub", &log.public_key_pem());
    let (url, trust) = (log.url(), ["--rekor-key", "rekor.pub"]);
    for (place, format) in ["simple", "bundle"].into_iter().enumerate() {
        let image = site.image(&format!("app{place}"));
        let sign = [
            "sign",
            "--key",
            "cosign.key",
            "--upload=false",
            "--format",
            format,
        ];
        let logged = ["--rekor-url", &url, "--store", STORE, &image];
        succeeds(site.run(&[&sign[..], &trust, &logged].concat()));
        let verify = ["verify", "--key", "cosign.pub", "--store", STORE, &image];
        succeeds(site.run(&[&verify[..], &trust].concat()));
        let overview = site.json(&["overview", "--store", STORE, "-o", "json", &image]);
        let entry = &overview["signature"]["log"];
        let link = format!(
            "{}/api/v1/log/entries?logIndex={place}",
            url.trim_end_matches('/')
        );
        assert_eq!(entry["url"], link);
        assert_eq!(entry["logIndex"], place);
        // Who verified named no log, and so there is no link, but the entry is the same.
        let verified = &overview["verification"]["event"]["signatures"][0]["log"];
        assert_eq!(verified["logId"], entry["logId"]);
        assert_eq!(verified["url"], serde_json::Value::Null);
    }
    let unlogged = site.image("unlogged");
    let sign = [
        "sign",
        "--key",
        "cosign.key",
        "--upload=false",
        "--store",
        STORE,
    ];
    succeeds(site.run(&[&sign[..], &[&unlogged]].concat()));
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE, &unlogged];
    assert_eq!(site.code(&[&verify[..], &trust].concat()), Some(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_form_has_its_place() {
    let site = Site::new().await;
    let image = site.image("app");
    let both = [
        "--format",
        "both",
        "--key",
        "cosign.key",
        "--store",
        STORE,
        &image,
    ];
    succeeds(site.run(&[&["sign"][..], &both].concat()));
    site.write("predicate", "words");
    succeeds(site.run(&[&["attest", "--predicate", "predicate"][..], &both].concat()));
    let places: Vec<(Format, String)> = site
        .history(&image)
        .into_iter()
        .flat_map(|recorded| recorded.event.signatures)
        .map(|facts| (facts.format, facts.attached.unwrap()))
        .collect();
    let [signature, bundle, envelope, attestation] = &places[..] else {
        panic!("{places:?}")
    };
    assert!(
        signature.0 == Format::Simple && signature.1.ends_with(".sig"),
        "{places:?}"
    );
    assert!(
        envelope.0 == Format::Envelope && envelope.1.ends_with(".att"),
        "{places:?}"
    );
    for (format, place) in [bundle, attestation] {
        assert_eq!(*format, Format::Bundle);
        assert!(place.contains("@sha256:"), "{places:?}");
    }
    assert_ne!(bundle.1, attestation.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_manifest_of_an_index_has_its_events() {
    let site = Site::new().await;
    let child = site.image("app");
    let (name, digest) = child.split_once('@').unwrap();
    let size = site.registry.manifest("app", digest).unwrap().1.len();
    let index = json!({
        "schemaVersion": 2,
        "manifests": [{ "mediaType": MANIFEST, "size": size, "digest": digest }],
    });
    let index = site
        .registry
        .put_manifest("app", None, INDEX, index.to_string());
    let index = format!("{name}@{index}");
    let stored = ["-r", "--store", STORE, &index];
    succeeds(
        site.run(
            &[
                &["sign", "--key", "cosign.key", "--upload=false"][..],
                &stored,
            ]
            .concat(),
        ),
    );
    succeeds(site.run(&[&["verify", "--key", "cosign.pub"][..], &stored].concat()));
    assert_eq!(
        site.code(&[&["verify", "--key", "other.pub"][..], &stored].concat()),
        Some(12)
    );
    for image in [&index, &child] {
        let events = site.history(image).into_iter();
        let told: Vec<(Outcome, Option<Source>)> = events
            .map(|recorded| (recorded.event.outcome, recorded.event.source))
            .collect();
        let [signed, verified, refused] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(*signed, (Outcome::Passed, None));
        assert_eq!(*verified, (Outcome::Passed, Some(Source::Store)));
        assert_eq!(refused.0, Outcome::Failed);
    }
}

/// A directory is no reference, whatever its name could be.
#[tokio::test(flavor = "multi_thread")]
async fn directories_are_called_what_they_are() {
    let site = Site::new().await;
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE];
    assert_eq!(
        site.code(&[&verify[..], &["--local-image", "nowhere"]].concat()),
        Some(1)
    );
    let which = Which {
        digest: "",
        name: "nowhere",
        version: None,
    };
    let history = site.store().history(&which).unwrap();
    assert_eq!(history.len(), 1);
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Of a registry that takes connections and never answers.
#[tokio::test(flavor = "multi_thread")]
async fn running_out_of_time_is_recorded() {
    let site = Site::new().await;
    site.write("predicate", "words");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let digest = format!("sha256:{}", "0".repeat(64));
    let image = format!("{}/app@{digest}", silent.local_addr().unwrap());
    let commands: [&[&str]; 4] = [
        &["sign", "--key", "cosign.key"],
        &["attest", "--key", "cosign.key", "--predicate", "predicate"],
        &["verify", "--key", "cosign.pub"],
        &["verify-attestation", "--key", "cosign.pub"],
    ];
    for command in commands {
        let limited = ["--timeout", "200ms", "--store", STORE, &image];
        let output = site.run(&[command, &limited].concat());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let last = site.history(&image).pop().unwrap().event;
        assert_eq!(last.outcome, Outcome::Failed);
        assert_eq!(last.reason.as_deref(), Some("not finished after 200ms"));
    }
    assert_eq!(site.history(&image).len(), commands.len());
}
