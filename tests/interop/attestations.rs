//! What cosign 2 and 3 attest, verified by Cosignet: in envelopes under the tag `.att` and in bundles
//! that refer to the image, on registries with and without lists of referrers.

use serde_json::Value;

use crate::image::Image;
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::site::Site;
use crate::tool::Tool;

const NO_ATTESTATIONS: i32 = 10;
const NO_MATCH: i32 = 12;

/// Who attests, in which form.
#[derive(Clone, Copy, Debug)]
enum By {
    Cosign2,
    Cosign3InTag,
    Cosign3InBundle,
}

impl By {
    const ALL: [Self; 3] = [Self::Cosign2, Self::Cosign3InTag, Self::Cosign3InBundle];

    fn tool(self) -> Tool {
        match self {
            Self::Cosign2 => Tool::Cosign2,
            _ => Tool::Cosign3,
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Cosign2 => &[],
            Self::Cosign3InTag => &["--use-signing-config=false", "--new-bundle-format=false"],
            Self::Cosign3InBundle => &["--use-signing-config=false"],
        }
    }

    fn is_bundle(self) -> bool {
        matches!(self, Self::Cosign3InBundle)
    }
}

#[test]
fn what_either_cosign_attests_verifies() {
    let lab = Lab::new();
    let referring = Site::start(true);
    for by in By::ALL {
        for repository in [lab.repository("team/app"), referring.repository("team/app")] {
            let key = lab.generate(by.tool());
            let stranger = lab.generate(Tool::Cosign2);
            let image = repository.push_image();
            let reference = image.reference();
            verify(&lab, &key, &image, &[]).exits_with(NO_ATTESTATIONS);
            attest(&lab, by, &key, &image, "custom").succeeds();
            let ours = verify(&lab, &key, &image, &[]).succeeds().stdout;
            let theirs = [
                "verify-attestation",
                "--insecure-ignore-tlog",
                "--key",
                &key.public,
                "--type",
                "custom",
                &reference,
            ];
            let theirs = lab.run(by.tool(), &theirs).succeeds().stdout;
            assert_eq!(
                without_key_names(&ours),
                without_key_names(&theirs),
                "{by:?}"
            );
            if let By::Cosign2 = by {
                assert_eq!(ours, theirs);
            }
            verify(&lab, &key, &image, &["--identity", "repository"]).succeeds();
            verify(&lab, &stranger, &image, &[]).exits_with(NO_MATCH);
            for other in ["vuln", "https://x.example/p"] {
                verify(&lab, &key, &image, &["--type", other]).exits_with(NO_MATCH);
            }
            let (bundle, simple) = match by.is_bundle() {
                true => (0, NO_ATTESTATIONS),
                false => (NO_ATTESTATIONS, 0),
            };
            verify(&lab, &key, &image, &["--format", "bundle"]).exits_with(bundle);
            verify(&lab, &key, &image, &["--format", "simple"]).exits_with(simple);
            // It is no signature, whatever cosign 3.1.1 says.
            let signature = lab.verify(Tool::Cosignet, &key, &reference, &[]);
            signature.exits_with(match by.is_bundle() {
                true => NO_MATCH,
                false => 10,
            });
        }
    }
}

#[test]
fn every_type_by_its_name() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for by in [By::Cosign2, By::Cosign3InBundle] {
        let image = lab.image();
        for name in [
            "custom",
            "slsaprovenance",
            "slsaprovenance02",
            "slsaprovenance1",
            "spdx",
            "spdxjson",
            "cyclonedx",
            "link",
            "vuln",
            "openvex",
            "https://x.example/predicate/v1",
        ] {
            attest(&lab, by, &key, &image, name).succeeds();
            let attested = verify(&lab, &key, &image, &["--type", name]).succeeds();
            assert!(!attested.stdout.is_empty());
        }
        // By the same name they count the same ones.
        for (name, count) in [("slsaprovenance", 2), ("spdx", 2), ("vuln", 1)] {
            let ours = verify(&lab, &key, &image, &["--type", name]).succeeds();
            let key = ["--insecure-ignore-tlog", "--key", &key.public];
            let command = ["verify-attestation", "--type", name, &image.reference()];
            let theirs = lab
                .run(by.tool(), &[&command[..1], &key, &command[1..]].concat())
                .succeeds();
            assert_eq!(ours.stdout.lines().count(), count, "{name}");
            // cosign 3.1.1 does not see `spdx`, a predicate that is text, even if it made it.
            let blind = usize::from(name == "spdx" && by.tool() == Tool::Cosign3);
            assert_eq!(theirs.stdout.lines().count(), count - blind, "{name}");
        }
    }
}

#[test]
fn every_key_of_cosign_3() {
    for algorithm in Algorithm::KINDS {
        let lab = Lab::new();
        let key = lab.import(Tool::Cosign3, algorithm);
        for by in By::ALL {
            let image = lab.image();
            attest(&lab, by, &key, &image, "custom").succeeds();
            verify(&lab, &key, &image, &[]).succeeds();
        }
    }
}

/// Both forms, and two keys: what is counted is counted over all of it.
#[test]
fn both_forms_together() {
    let lab = Lab::new();
    let referring = Site::start(true);
    for repository in [lab.repository("team/app"), referring.repository("team/app")] {
        let (first, second) = (lab.generate(Tool::Cosign2), lab.generate(Tool::Cosign3));
        let image = repository.push_image();
        attest(&lab, By::Cosign2, &first, &image, "custom").succeeds();
        let two = ["--key", &second.public, "--threshold", "2"];
        verify(&lab, &first, &image, &two).exits_with(NO_MATCH);
        attest(&lab, By::Cosign3InBundle, &second, &image, "vuln").succeeds();
        verify(&lab, &first, &image, &two).exits_with(NO_MATCH);
        attest(&lab, By::Cosign3InBundle, &second, &image, "custom").succeeds();
        let both = verify(&lab, &first, &image, &two).succeeds();
        assert_eq!(both.stdout.lines().count(), 2);
    }
}

#[test]
fn downloads_are_cosigns() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    let reference = image.reference();
    let download = |tool, more: &[&str]| {
        lab.run(
            tool,
            &[&["download", "attestation", &reference], more].concat(),
        )
    };
    download(Tool::Cosignet, &[]).exits_with(NO_ATTESTATIONS);
    for by in [By::Cosign2, By::Cosign3InTag] {
        for kind in ["custom", "vuln"] {
            attest(&lab, by, &key, &image, kind).succeeds();
        }
    }
    // Either cosign prints them in any order.
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(String::from).collect();
        lines.sort();
        lines
    };
    let vuln = ["--predicate-type", "vuln"];
    for (more, count) in [(&[][..], 4), (&vuln, 2)] {
        let ours = download(Tool::Cosignet, more).succeeds().stdout;
        let theirs = download(Tool::Cosign2, more).succeeds().stdout;
        assert_eq!(theirs.lines().count(), count);
        assert_eq!(sorted(&ours), sorted(&theirs));
    }
    let in_tag = download(Tool::Cosign2, &[]).succeeds().stdout;
    for kind in ["custom", "vuln"] {
        attest(&lab, By::Cosign3InBundle, &key, &image, kind).succeeds();
    }
    // cosign 3 prints the bundles alone.
    let lines = |text: &str| {
        let mut lines: Vec<Value> = text.lines().map(json).collect();
        lines.sort_by_key(Value::to_string);
        lines
    };
    let ours = download(Tool::Cosignet, &[]).succeeds().stdout;
    let bundles = download(Tool::Cosign3, &[]).succeeds().stdout;
    assert_eq!(lines(&ours), lines(&(in_tag + &bundles)));
}

/// The entry lies beside the envelope, or in the bundle with its proof.
#[test]
fn logged_attestations() {
    let lab = Lab::new();
    let (rekor, other) = (Rekor::start(&lab), Rekor::start(&lab));
    for by in By::ALL {
        let key = lab.generate(by.tool());
        let image = lab.image();
        let reference = image.reference();
        let predicate = lab.file("{}");
        let attest = ["attest", "--yes", "--key", &key.private, "--predicate"];
        let rest = [&*predicate, "--rekor-url", &rekor.url, &reference];
        let command = [&attest[..], &rest[..1], by.flags(), &rest[1..]].concat();
        rekor.run(&lab, by.tool(), &command).succeeds();
        let trusting = |log: &Rekor, output| {
            let flags = ["--rekor-key", &log.public_key, "-o", output];
            verify(&lab, &key, &image, &flags)
        };
        let report = json(&trusting(&rekor, "report").succeeds().stdout);
        let found = &report["images"][0]["signatures"][0];
        let (format, evidence) = match by.is_bundle() {
            true => ("bundle", "signed entry timestamp and inclusion proof"),
            false => ("envelope", "signed entry timestamp"),
        };
        assert_eq!(found["format"], format, "{by:?}");
        assert_eq!(found["log"]["evidence"], evidence, "{by:?}");
        assert_eq!(
            found["predicateType"],
            "https://cosign.sigstore.dev/attestation/v1"
        );
        trusting(&other, "json").exits_with(NO_MATCH);
        verify(&lab, &key, &image, &[]).succeeds();
        // One that is not logged is not enough.
        let bare = lab.image();
        self::attest(&lab, by, &key, &bare, "custom").succeeds();
        verify(&lab, &key, &bare, &[]).succeeds();
        verify(&lab, &key, &bare, &["--rekor-key", &rekor.public_key]).exits_with(NO_MATCH);
    }
}

/// The same image elsewhere, with everything that is attached to it.
#[test]
fn copied_attestations() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    attest(&lab, By::Cosign2, &key, &image, "custom").succeeds();
    let elsewhere = lab.repository("team/copy").path();
    let copy = ["copy", &image.tag("v1"), &format!("{elsewhere}:v1")];
    lab.run(Tool::Cosign2, &copy).succeeds();
    let check = |more: &[&str]| {
        let key = ["verify-attestation", "--key", &key.public];
        let image = format!("{elsewhere}:v1");
        lab.run(Tool::Cosignet, &[&key, more, &[&image]].concat())
    };
    check(&[]).succeeds();
    check(&["--identity", "repository"]).exits_with(NO_MATCH);
    let mapping = format!("remap={elsewhere}={}", image.repository.path());
    check(&["--identity", &mapping]).succeeds();
}

/// Attests a predicate of the least that cosign takes.
fn attest(lab: &Lab, by: By, key: &KeyPair, image: &Image, kind: &str) -> Outcome {
    let predicate = lab.file(match kind {
        "slsaprovenance" | "slsaprovenance02" => {
            r#"{"builder": {"id": "https://b.example"}, "buildType": "https://t.example"}"#
        }
        "slsaprovenance1" => {
            r#"{"buildDefinition": {"buildType": "https://t.example", "externalParameters": {"a": 1}},
                "runDetails": {"builder": {"id": "https://b.example"}}}"#
        }
        "link" => {
            r#"{"_type": "link", "name": "n", "materials": {}, "products": {}, "byproducts": {},
                "command": [], "environment": {}}"#
        }
        _ => "{}",
    });
    let (attest, image) = (
        ["attest", "--yes", "--key", &key.private],
        image.reference(),
    );
    let rest = [
        "--tlog-upload=false",
        "--type",
        kind,
        "--predicate",
        &predicate,
        &image,
    ];
    lab.run(by.tool(), &[&attest[..], by.flags(), &rest].concat())
}

fn verify(lab: &Lab, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
    let image = image.reference();
    let verify = ["verify-attestation", "--key", &key.public];
    lab.run(Tool::Cosignet, &[&verify[..], more, &[&image]].concat())
}

/// A name of a key that is empty is as good as none.
fn without_key_names(lines: &str) -> Vec<Value> {
    let lines = lines.lines().map(|line| {
        let mut line = json(line);
        let signature = line["signatures"][0].as_object_mut();
        let name = signature.expect("a signature").remove("keyid");
        assert!(name.is_none_or(|name| name == ""));
        line
    });
    lines.collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}
