//! The embedded registry before real clients: what passes for a registry with our own client must
//! pass with oras, crane and both cosigns.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lab::Lab;
use crate::site::Site;
use crate::tool::Tool;

#[test]
fn oras_pushes_attaches_discovers_copies_and_deletes() {
    for referrers_api in [true, false] {
        let (lab, site) = (Lab::new(), Site::start(referrers_api));
        let app = site.name("team/app:v1");
        let oras = |args: &[&str]| lab.peer("oras", args).succeeds().stdout;
        let file = lab.file("what is in the layer");
        let name = format!("{file}:text/plain");
        let flags = ["--plain-http", "--disable-path-validation"];
        oras(&[&["push"][..], &flags, &[&app, &name]].concat());
        let digest = oras(&["resolve", "--plain-http", &app]).trim().to_owned();

        let kinds = ["example/sbom", "example/scan", "example/sbom"];
        for (number, kind) in kinds.iter().enumerate() {
            let attached = lab.file(&number.to_string());
            let attached = format!("{attached}:text/plain");
            let what = ["--artifact-type", kind, &app, &attached];
            oras(&[&["attach"][..], &flags, &what].concat());
        }
        let discovered = |image: &str, more: &[&str]| {
            let json = ["discover", "--plain-http", "--format", "json", image];
            let tree: Value =
                serde_json::from_str(&oras(&[&json[..], more].concat())).expect("JSON");
            let found = tree["referrers"].as_array().cloned().unwrap_or_default();
            let kinds = found
                .iter()
                .map(|one| one["artifactType"].as_str().map(String::from));
            let mut kinds: Vec<String> = kinds.map(|kind| kind.expect("a kind")).collect();
            kinds.sort();
            kinds
        };
        let all = ["example/sbom", "example/sbom", "example/scan"];
        assert_eq!(discovered(&app, &[]), all);
        let scans = discovered(&app, &["--artifact-type", "example/scan"]);
        assert_eq!(scans, ["example/scan"]);
        let tags = |repository: &str| {
            let name = site.name(repository);
            let tags = oras(&["repo", "tags", "--plain-http", &name]);
            tags.lines().map(String::from).collect::<Vec<_>>()
        };
        let mut expected = vec!["v1".to_owned()];
        if !referrers_api {
            expected.insert(0, digest.replace(':', "-"));
        }
        assert_eq!(tags("team/app"), expected);

        // Into another repository, mounted, and into another registry.
        let other = Site::start(!referrers_api);
        for copy in [site.name("copy/app:v2"), other.name("copy/app:v2")] {
            let flags = ["-r", "--from-plain-http", "--to-plain-http"];
            oras(&[&["copy"][..], &flags, &[&app, &copy]].concat());
            assert_eq!(discovered(&copy, &[]), all);
            let (folder, pull) = (lab.path(), ["pull", "--plain-http", "-o"]);
            let allow = ["--allow-path-traversal", &copy];
            oras(&[&pull[..], &[&folder], &allow].concat());
        }
        let mounts = site.registry.requests();
        let is_mount = |line: &String| line.contains("/copy/app/blobs/uploads/");
        assert!(
            mounts
                .iter()
                .map(ToString::to_string)
                .any(|line| is_mount(&line))
        );

        let delete = ["manifest", "delete", "--plain-http", "--force"];
        let by_digest = format!("{}@{digest}", site.name("team/app"));
        oras(&[&delete[..], &[&by_digest]].concat());
        let gone = lab.peer("oras", &["resolve", "--plain-http", &app]);
        assert_ne!(gone.code, 0, "{}", gone.stdout);
        let layer = site.name("team/app@") + &sha256_of(&file);
        oras(&["blob", "delete", "--plain-http", "--force", &layer]);
        let fetch = ["blob", "fetch", "--plain-http", "--descriptor", &layer];
        assert_ne!(lab.peer("oras", &fetch).code, 0);
    }
}

#[test]
fn crane_validates_copies_and_deletes() {
    let (lab, site) = (Lab::new(), Site::start(true));
    let crane = |args: &[&str]| lab.peer("crane", args).succeeds().stdout;
    let layer = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cosign/image/layer.tar.gz");
    let layer = layer.to_str().expect("the path is UTF-8");
    let empty = ["append", "--oci-empty-base", "-t"];
    for (number, tag) in ["v1", "v2", "v3"].iter().enumerate() {
        let (image, layers) = (
            site.name(&format!("app:{tag}")),
            ["-f", layer].repeat(number + 1),
        );
        crane(&[&empty[..], &[&image], &layers].concat());
        crane(&["validate", "--remote", &image]);
    }
    let index = site.name("app:all");
    let [one, two] = ["v1", "v2"].map(|tag| site.name(&format!("app:{tag}")));
    crane(&["index", "append", "-t", &index, "-m", &one, "-m", &two]);
    crane(&["validate", "--remote", &index]);
    assert_eq!(crane(&["ls", &site.name("app")]), "all\nv1\nv2\nv3\n");
    let copy = site.name("copy/app:all");
    crane(&["copy", &index, &copy]);
    assert_eq!(crane(&["digest", &copy]), crane(&["digest", &index]));
    let folder = lab.path();
    crane(&["pull", "--format=oci", &index, &folder]);
    let again = site.name("again/app:all");
    crane(&["push", "--index", &folder, &again]);
    crane(&["validate", "--remote", &again]);
    crane(&["delete", &one]);
    assert_eq!(crane(&["ls", &site.name("app")]), "all\nv2\nv3\n");
    let digest = crane(&["digest", &two]);
    let by_digest = format!("{}@{}", site.name("app"), digest.trim());
    crane(&["delete", &by_digest]);
    let gone = lab.peer("crane", &["digest", &by_digest]);
    assert_ne!(gone.code, 0, "{}", gone.stdout);
    assert_eq!(crane(&["ls", &site.name("app")]), "all\nv3\n");
}

#[test]
fn every_cosign_signs_and_verifies() {
    for referrers_api in [true, false] {
        let (lab, site) = (Lab::new(), Site::start(referrers_api));
        let key = lab.generate(Tool::Cosign3);
        for signer in Tool::ALL {
            let image = site.repository("team/app").push_image();
            let reference = image.tag("v1");
            lab.sign(signer, &key, &reference, &["-a", "a=1"])
                .succeeds();
            lab.verified_by_all(&key, &reference, &["-a", "a=1"]);
            assert_eq!(image.signed().layers.len(), 1);
        }
        // cosign 3's own format, and attestations, which 2 puts under a tag.
        let image = site.repository("team/bundled").push_image();
        lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
        lab.attest(Tool::Cosign2, &key, &image.reference());
        lab.attest(Tool::Cosign3, &key, &image.reference());
        let reference = image.reference();
        for tool in [Tool::Cosign3, Tool::Cosignet] {
            lab.verify(tool, &key, &reference, &[]).succeeds();
        }
        for tool in Tool::COSIGNS {
            lab.attested(tool, &key, &reference);
        }
        let tree = |tool| lab.run(tool, &["tree", &reference]).succeeds().stdout;
        assert!(tree(Tool::Cosign3).contains("artifacts via OCI referrer"));
        let lists = image.repository.has(&image.digest.replace(':', "-"));
        assert_eq!(lists, !referrers_api, "who keeps the list");

        // To disk, and into the other kind of registry.
        let other = Site::start(!referrers_api);
        let (directory, copy) = (lab.path(), other.name("copy:v1"));
        lab.run(Tool::Cosignet, &["save", "--dir", &directory, &reference])
            .succeeds();
        lab.run(Tool::Cosignet, &["load", "--dir", &directory, &copy])
            .succeeds();
        lab.verify(Tool::Cosign3, &key, &copy, &[]).succeeds();
        let tags = lab
            .peer("crane", &["ls", &other.name("copy")])
            .succeeds()
            .stdout;
        assert_eq!(
            tags.lines().count(),
            if referrers_api { 3 } else { 2 },
            "{tags}"
        );
    }
}

fn sha256_of(file: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let content = fs::read(Path::new(file)).expect("the file");
    let hex = Sha256::digest(content);
    let hex: String = hex.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
