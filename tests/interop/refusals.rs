//! What must not verify, and the exit code that says why: the same from every program.

use crate::image::Image;
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::tool::Tool;

const FAILED: i32 = 1;
const NO_SIGNATURES: i32 = 10;
const TAG_NOT_FOUND: i32 = 11;
const NO_MATCH: i32 = 12;

#[test]
fn an_unsigned_image() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    all_refuse(&lab, &key, &image.reference(), &[], NO_SIGNATURES);
    all_refuse(&lab, &key, &image.tag("v1"), &[], NO_SIGNATURES);
}

#[test]
fn a_signature_image_without_signatures() {
    let (lab, key, image) = signed();
    let mut emptied = image.signed();
    let mut manifest: serde_json::Value = serde_json::from_str(&emptied.manifest).expect("JSON");
    manifest["layers"] = serde_json::json!([]);
    emptied.manifest = manifest.to_string();
    image.replace_signatures(&emptied);
    all_refuse(&lab, &key, &image.reference(), &[], NO_SIGNATURES);
}

#[test]
fn a_missing_tag_or_repository() {
    let (lab, key, image) = signed();
    all_refuse(
        &lab,
        &key,
        &format!("{}:absent", image.repository.path()),
        &[],
        TAG_NOT_FOUND,
    );
    let elsewhere = format!("{}:v1", lab.repository("no/where").path());
    all_refuse(&lab, &key, &elsewhere, &[], TAG_NOT_FOUND);
}

#[test]
fn another_key() {
    let (lab, _, image) = signed();
    for key in [
        lab.generate(Tool::Cosign2),
        lab.import(Tool::Cosign3, Algorithm::P384),
        lab.import(Tool::Cosign3, Algorithm::Rsa2048),
        lab.import(Tool::Cosign3, Algorithm::Ed25519),
    ] {
        all_refuse(&lab, &key, &image.reference(), &[], NO_MATCH);
    }
}

#[test]
fn annotations_that_were_not_signed() {
    let (lab, key, image) = signed();
    for wanted in ["a=2", "b=1", "A=1", "a=", "a=1,b=2"] {
        all_refuse(&lab, &key, &image.reference(), &["-a", wanted], NO_MATCH);
    }
    lab.verified_by_all(&key, &image.reference(), &["-a", "a=1"]);
}

#[test]
fn a_changed_payload() {
    let (lab, key, image) = signed();
    let good = image.signed();
    let payload = &good.layers[0].payload;
    for changed in [
        payload.replace("\"a\":\"1\"", "\"a\":\"2\""),
        payload.replace("cosign container", "cosign  container"),
        format!("{payload}\n"),
        String::new(),
    ] {
        assert_ne!(&changed, payload);
        image.replace_signatures(&good.with_payload(0, &changed));
        all_refuse(&lab, &key, &image.reference(), &[], NO_MATCH);
    }
}

#[test]
fn a_changed_signature() {
    let (lab, key, image) = signed();
    let good = image.signed();
    let signature = &good.layers[0].signature;
    let shortened = &signature[..signature.len() - 4];
    for changed in [
        Some(""),
        Some("not base64"),
        Some(shortened),
        Some("AAAA"),
        None,
    ] {
        image.replace_signatures(&good.with_signature(0, changed));
        all_refuse(&lab, &key, &image.reference(), &[], NO_MATCH);
    }
    image.replace_signatures(&good);
    lab.verified_by_all(&key, &image.reference(), &[]);
}

/// Good bytes, but about another image.
#[test]
fn a_signature_of_another_image() {
    let (lab, key, image) = signed();
    let other = lab.image();
    other.replace_signatures(&image.signed());
    all_refuse(&lab, &key, &other.reference(), &[], NO_MATCH);
}

#[test]
fn a_bad_neighbour_hides_no_good_signature() {
    let (lab, key, image) = signed();
    let second = lab.generate(Tool::Cosign3);
    lab.sign(Tool::Cosignet, &second, &image.reference(), &[])
        .succeeds();
    let good = image.signed();
    for bad in [
        good.with_payload(0, "{}"),
        good.with_signature(0, Some("not base64")),
        good.with_signature(0, None),
    ] {
        image.replace_signatures(&bad);
        all_refuse(&lab, &key, &image.reference(), &[], NO_MATCH);
        for tool in Tool::ALL {
            lab.verify(tool, &second, &image.reference(), &[])
                .succeeds();
        }
    }
}

/// A copy keeps its signatures: cosign does not look at the repository named in the payload.
#[test]
fn a_copied_image_still_verifies() {
    let (lab, key, image) = signed();
    let copy = lab.repository("mirror/app").path();
    let tag = image.signature_tag();
    for (from, to) in [
        (image.reference(), format!("{copy}:v1")),
        (
            format!("{}:{tag}", image.repository.path()),
            format!("{copy}:{tag}"),
        ),
    ] {
        lab.peer("crane", &["copy", "--insecure", &from, &to])
            .succeeds();
    }
    lab.verified_by_all(&key, &format!("{copy}:v1"), &[]);
    lab.verified_by_all(&key, &format!("{copy}@{}", image.digest), &[]);
}

/// Not an image at all, but a manifest like any other.
#[test]
fn an_artifact_pushed_by_oras_is_signed_and_verified() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosignet);
    let artifact = format!("{}:v1", lab.repository("team/artifact").path());
    let file = lab.file("content");
    let push = [
        "push",
        "--plain-http",
        "--disable-path-validation",
        &artifact,
        &file,
    ];
    lab.peer("oras", &push).succeeds();
    lab.sign(Tool::Cosignet, &key, &artifact, &[]).succeeds();
    lab.verified_by_all(&key, &artifact, &[]);
}

#[test]
fn mistakes_of_the_caller() {
    let (lab, key, image) = signed();
    let reference = image.reference();
    let missing = KeyPair::with_prefix(&lab.path());
    let plain = lab.private_key(Algorithm::P256);
    let plain = KeyPair {
        public: plain.clone(),
        private: plain,
    };
    let swapped = KeyPair {
        private: key.public.clone(),
        public: key.private.clone(),
    };
    for wrong in [&missing, &plain, &swapped] {
        all_refuse(&lab, wrong, &reference, &[], FAILED);
        for tool in Tool::ALL {
            lab.sign(tool, wrong, &reference, &[]).exits_with(FAILED);
        }
    }

    let absent = format!("{}:absent", image.repository.path());
    for image in ["UPPER/Case:tag", "127.0.0.1:1/nobody/listens:v1", &absent] {
        for tool in Tool::ALL {
            lab.sign(tool, &key, image, &[]).exits_with(FAILED);
        }
    }
    for image in ["UPPER/Case:tag", "127.0.0.1:1/nobody/listens:v1"] {
        all_refuse(&lab, &key, image, &[], FAILED);
    }
}

/// A world with an image that cosign 2 has signed with the annotation `a=1`.
fn signed() -> (Lab, KeyPair, Image) {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let image = lab.image();
    lab.sign(Tool::Cosign2, &key, &image.reference(), &["-a", "a=1"])
        .succeeds();
    (lab, key, image)
}

#[track_caller]
fn all_refuse(lab: &Lab, key: &KeyPair, image: &str, more: &[&str], code: i32) {
    for tool in Tool::ALL {
        let outcome = lab.verify(tool, key, image, more).exits_with(code);
        assert_eq!(
            outcome.stdout, "",
            "{tool:?} printed a claim that it refused"
        );
    }
}
