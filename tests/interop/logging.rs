//! Signing with a transparency log, both ways: Cosignet logs and the cosigns verify with their check
//! of the log on, and the other way round. All of it against the embedded log; and against a real
//! Rekor where `COSIGNET_REKOR` names its URL and `COSIGNET_REKOR_KEY` its public key.

use std::env;
use std::fs;

use serde_json::Value;

use crate::image::Image;
use crate::keys::{Algorithm, KeyPair};
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::rekor::Rekor;
use crate::tool::Tool;

const FAILED: i32 = 1;
const NO_MATCH: i32 = 12;

#[test]
fn ours_verify_everywhere() {
    for place in Place::all() {
        let key = place.lab.generate(Tool::Cosign2);
        let image = place.lab.image();
        let said = place
            .sign(&key, &image, &["-a", "env=prod"])
            .succeeds()
            .stderr;
        assert!(said.contains("tlog entry created with index: "), "{said}");
        let [ours, theirs, _] = Tool::ALL.map(|tool| {
            let printed = place.verify(tool, &key, &image).succeeds().stdout;
            serde_json::from_str::<Value>(&printed).expect("JSON")
        });
        assert_eq!(ours, theirs, "the entry is printed as cosign prints it");
        assert!(ours[0]["optional"]["Bundle"]["Payload"]["integratedTime"].is_u64());
    }
}

#[test]
fn theirs_verify_here_without_the_log() {
    for mut place in Place::all() {
        let stranger = Rekor::start(&place.lab);
        let mut kept = Vec::new();
        for tool in Tool::COSIGNS {
            let key = place.lab.generate(tool);
            let image = place.lab.image();
            place.sign_with(tool, &key, &image).succeeds();
            place.verify(Tool::Cosignet, &key, &image).succeeds();
            let verify = ["verify", "--key", &key.public, "--rekor-key"];
            let reference = image.reference();
            let verify = [&verify[..], &[&stranger.public_key, &reference]].concat();
            place.lab.run(Tool::Cosignet, &verify).exits_with(NO_MATCH);
            kept.push((key, image));
        }
        // The embedded one is stopped; the real one was not named either.
        place.embedded = None;
        for (key, image) in &kept {
            place.verify(Tool::Cosignet, key, image).succeeds();
        }
    }
}

/// What the annotation has no room for: both cosigns verify the payload with the bundle.
#[test]
fn bundle_files() {
    for place in Place::all() {
        let key = place.lab.generate(Tool::Cosign2);
        // cosign 2.5.0 takes index 0 for none.
        place.sign(&key, &place.lab.image(), &[]).succeeds();
        let (bundle, payload) = (place.lab.path(), place.lab.path());
        let files = [
            "--upload=false",
            "--bundle",
            &bundle,
            "--output-payload",
            &payload,
        ];
        place.sign(&key, &place.lab.image(), &files).succeeds();
        for verifier in Tool::COSIGNS {
            let verify = ["verify-blob", "--key", &key.public, "--bundle", &bundle];
            let trust = ["--new-bundle-format", "--trusted-root", &place.trusted_root];
            let verify = [&verify[..], &trust, &[&payload]].concat();
            place.lab.run(verifier, &verify).succeeds();
            let altered = place.lab.file(&(read(&payload) + " "));
            let verify = [&verify[..verify.len() - 1], &[&altered]].concat();
            place.lab.run(verifier, &verify).exits_with(FAILED);
        }
    }
}

#[test]
fn signing_again_uses_the_entry_and_writes_nothing() {
    for place in Place::all() {
        for algorithm in [Algorithm::P256, Algorithm::Rsa2048] {
            let key = place.lab.import(Tool::Cosign3, algorithm);
            let image = place.lab.image();
            place.sign(&key, &image, &[]).succeeds();
            let first = image.signed();
            let again = place.sign(&key, &image, &[]).succeeds().stderr;
            assert!(again.contains("Already signed"), "{again}");
            assert_eq!(image.signed(), first);
            place.verify(Tool::Cosign2, &key, &image).succeeds();
        }
    }
}

/// An entry that is not stored is looked up, by us as by cosign.
#[test]
fn entries_are_looked_up() {
    for place in Place::all() {
        let key = place.lab.generate(Tool::Cosign2);
        let image = place.lab.image();
        place
            .lab
            .sign(Tool::Cosignet, &key, &image.reference(), &[])
            .succeeds();
        let look_up = |tool| {
            let verify = ["verify", "--key", &key.public, "--rekor-url", &place.url];
            let image = image.reference();
            place.run(tool, &[&verify[..], &[&image]].concat())
        };
        for tool in [Tool::Cosignet, Tool::Cosign2] {
            look_up(tool).exits_with(NO_MATCH);
        }
        place.sign(&key, &image, &["--upload=false"]).succeeds();
        for tool in [Tool::Cosignet, Tool::Cosign2] {
            look_up(tool).succeeds();
        }
        // Without a log to ask it is not there.
        place
            .verify(Tool::Cosignet, &key, &image)
            .exits_with(NO_MATCH);
    }
}

/// Statements are logged as envelopes: in both forms, signed or attested, and cosign requires the entry.
#[test]
fn statements_verify_everywhere() {
    for place in Place::all() {
        let key = place.lab.generate(Tool::Cosign3);
        let image = place.lab.image();
        let reference = image.reference();
        place.sign(&key, &image, &["--format", "both"]).succeeds();
        let predicate = place.lab.file(r#"{"a": 1}"#);
        for format in ["simple", "bundle"] {
            let attest = ["attest", "--key", &key.private, "--rekor-url", &place.url];
            let what = ["--predicate", &predicate, "--format", format, &reference];
            place
                .run(Tool::Cosignet, &[&attest[..], &what].concat())
                .succeeds();
        }
        let root = ["--trusted-root", &place.trusted_root, &reference];
        let verify = ["verify", "--key", &key.public];
        let attested = [
            "verify-attestation",
            "--key",
            &key.public,
            "--type",
            "custom",
        ];
        for verify in [&verify[..], &attested] {
            for tool in [Tool::Cosignet, Tool::Cosign3] {
                place.lab.run(tool, &[verify, &root].concat()).succeeds();
            }
            let offline = ["--offline", &reference];
            let offline = [verify, &offline].concat();
            place.run(Tool::Cosign2, &offline).succeeds();
        }
    }
}

#[test]
fn keys_that_a_log_takes() {
    for place in Place::all() {
        for (algorithm, taken) in [
            (Algorithm::Rsa4096, true),
            // With SHA-256, as cosign 2 signs: Rekor 1.3.9 takes it, 1.5.3 and the embedded log do
            // not.
            (Algorithm::P384, place.embedded.is_none()),
            (Algorithm::Ed25519, false),
        ] {
            let key = place.lab.import(Tool::Cosign3, algorithm);
            let image = place.lab.image();
            let signed = place.sign(&key, &image, &[]);
            match taken {
                true => {
                    signed.succeeds();
                    place.verify(Tool::Cosign2, &key, &image).succeeds();
                }
                false => {
                    signed.exits_with(FAILED);
                    assert_eq!(image.signatures(), None, "nothing is attached");
                }
            }
        }
    }
}

#[test]
fn many_images_in_one_call() {
    for place in Place::all() {
        let key = place.lab.generate(Tool::Cosign2);
        let images: Vec<Image> = (0..20).map(|_| place.lab.image()).collect();
        let names: Vec<String> = images.iter().map(Image::reference).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sign = ["sign", "--key", &key.private, "--rekor-url", &place.url];
        place
            .run(Tool::Cosignet, &[&sign[..], &names].concat())
            .succeeds();
        let verify = ["verify", "--key", &key.public];
        place
            .run(Tool::Cosignet, &[&verify[..], &names].concat())
            .succeeds();
        place.verify(Tool::Cosign3, &key, &images[19]).succeeds();
    }
}

/// A log, and a world to sign in.
struct Place {
    lab: Lab,
    url: String,
    public_key: String,
    trusted_root: String,
    embedded: Option<Rekor>,
}

impl Place {
    /// The embedded log, and the real one if there is one.
    fn all() -> Vec<Self> {
        let lab = Lab::new();
        let embedded = Rekor::start(&lab);
        let mut all = vec![Self {
            url: embedded.url.clone(),
            public_key: embedded.public_key.clone(),
            trusted_root: embedded.trusted_root.clone(),
            embedded: Some(embedded),
            lab,
        }];
        if let Ok(url) = env::var("COSIGNET_REKOR") {
            let public_key = env::var("COSIGNET_REKOR_KEY").expect("the key of the real Rekor");
            let lab = Lab::new();
            println!("the real Rekor at {url} too");
            all.push(Self {
                trusted_root: lab.trusted_root(&url, &public_key),
                embedded: None,
                url,
                public_key,
                lab,
            });
        }
        all
    }

    /// Signs with Cosignet, and logs it.
    fn sign(&self, key: &KeyPair, image: &Image, more: &[&str]) -> Outcome {
        let sign = ["sign", "--key", &key.private, "--rekor-url", &self.url];
        let image = image.reference();
        self.run(Tool::Cosignet, &[&sign[..], more, &[&image]].concat())
    }

    /// Signs with a cosign, and logs it.
    fn sign_with(&self, tool: Tool, key: &KeyPair, image: &Image) -> Outcome {
        let sign = [
            "sign",
            "--yes",
            "--key",
            &key.private,
            "--rekor-url",
            &self.url,
        ];
        let legacy = match tool {
            Tool::Cosign3 => &["--use-signing-config=false", "--new-bundle-format=false"][..],
            _ => &[],
        };
        let image = image.reference();
        self.run(tool, &[&sign[..], legacy, &[&image]].concat())
    }

    /// Verifies what is attached, with the check of the log on and the log not named.
    fn verify(&self, tool: Tool, key: &KeyPair, image: &Image) -> Outcome {
        let image = image.reference();
        self.run(tool, &["verify", "--key", &key.public, &image])
    }

    fn run(&self, tool: Tool, args: &[&str]) -> Outcome {
        let mut command = self.lab.command(tool);
        command.env("SIGSTORE_REKOR_PUBLIC_KEY", &self.public_key);
        Outcome::of(command.args(args))
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).expect("the file")
}
