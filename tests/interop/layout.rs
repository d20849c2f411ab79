//! Images on disk: what one program saves the others verify and load.

use std::fs;
use std::path::Path;

use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

const NO_SIGNATURES: i32 = 10;
const NO_MATCH: i32 = 12;

#[test]
fn what_cosign_saves_is_verified_and_loaded() {
    for saver in Tool::COSIGNS {
        let lab = Lab::new();
        let (key, stranger) = (lab.generate(saver), lab.generate(saver));
        let image = lab.image();
        let directory = lab.path();
        save(&lab, saver, &directory, &image.tag("v1"));
        on_disk(&lab, Tool::Cosignet, &key, &directory).exits_with(NO_SIGNATURES);

        lab.sign(saver, &key, &image.reference(), &["-a", "a=1"])
            .succeeds();
        lab.attest(Tool::Cosign2, &key, &image.reference());
        save(&lab, saver, &directory, &image.tag("v1"));
        on_disk(&lab, Tool::Cosignet, &stranger, &directory).exits_with(NO_MATCH);
        let theirs = on_disk(&lab, saver, &key, &directory).succeeds();
        let ours = on_disk(&lab, Tool::Cosignet, &key, &directory).succeeds();
        assert_eq!(ours.stdout.trim(), theirs.stdout.trim());

        let copy = loaded(&lab, Tool::Cosignet, &directory, "copy/by-cosignet");
        lab.verified_by_all(&key, &copy, &["-a", "a=1"]);
        for tool in Tool::COSIGNS {
            lab.attested(tool, &key, &copy);
        }
    }
}

#[test]
fn what_cosignet_saves_cosign_verifies_and_loads() {
    for reader in Tool::COSIGNS {
        let lab = Lab::new();
        let (key, stranger) = (lab.generate(reader), lab.generate(reader));
        let image = lab.image();
        lab.sign(Tool::Cosignet, &key, &image.reference(), &[])
            .succeeds();
        lab.attest(Tool::Cosign2, &key, &image.reference());
        let directory = lab.path();
        save(&lab, Tool::Cosignet, &directory, &image.tag("v1"));
        on_disk(&lab, reader, &key, &directory).succeeds();
        let refused = on_disk(&lab, reader, &stranger, &directory);
        assert_ne!(refused.code, 0, "{}", refused.stdout);
        let copy = loaded(&lab, reader, &directory, "copy/by-cosign");
        lab.verified_by_all(&key, &copy, &[]);
    }
}

#[test]
fn indexes_with_what_is_attached_to_their_children() {
    for tool in Tool::COSIGNS {
        let lab = Lab::new();
        let key = lab.generate(tool);
        let repository = lab.repository("team/multi");
        let children = [repository.push_image(), repository.push_image()];
        let index = repository.push_index(&children);
        lab.sign(tool, &key, &index.reference(), &["-r"]).succeeds();

        let theirs = lab.path();
        save(&lab, tool, &theirs, &index.tag("v1"));
        on_disk(&lab, Tool::Cosignet, &key, &theirs).succeeds();
        let copy = loaded(&lab, Tool::Cosignet, &theirs, "copy/of-theirs");
        lab.verified_by_all(&key, &copy, &[]);

        let ours = lab.path();
        save(&lab, Tool::Cosignet, &ours, &index.tag("v1"));
        on_disk(&lab, tool, &key, &ours).succeeds();
        let copy = loaded(&lab, tool, &ours, "copy/by-cosign");
        lab.verified_by_all(&key, &copy, &[]);
        let copy = loaded(&lab, Tool::Cosignet, &ours, "copy/of-ours");
        lab.verified_by_all(&key, &copy, &[]);
        // cosign leaves the signatures of the children behind; here they come along.
        let (copy, _) = copy.rsplit_once(':').expect("a tag");
        for child in &children {
            lab.verified_by_all(&key, &format!("{copy}@{}", child.digest), &[]);
            let of_theirs = format!("{}/copy/of-theirs@{}", host(copy), child.digest);
            lab.verify(Tool::Cosignet, &key, &of_theirs, &[])
                .exits_with(NO_SIGNATURES);
        }
    }
}

/// cosign 3's own format, at a registry that keeps no lists of referrers.
#[test]
fn bundles() {
    let lab = Lab::new();
    let (key, stranger) = (lab.generate(Tool::Cosign3), lab.generate(Tool::Cosign3));
    let image = lab.image();
    lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
    let (theirs, ours) = (lab.path(), lab.path());
    save(&lab, Tool::Cosign3, &theirs, &image.tag("v1"));
    save(&lab, Tool::Cosignet, &ours, &image.tag("v1"));
    for (place, directory) in [("copy/of-theirs", &theirs), ("copy/of-ours", &ours)] {
        for tool in [Tool::Cosignet, Tool::Cosign3] {
            on_disk(&lab, tool, &key, directory).succeeds();
            let refused = on_disk(&lab, tool, &stranger, directory);
            assert_ne!(refused.code, 0, "{tool:?}: {}", refused.stdout);
        }
        let copy = loaded(&lab, Tool::Cosignet, directory, place);
        lab.verify(Tool::Cosign3, &key, &copy, &[]).succeeds();
        lab.verify(Tool::Cosignet, &key, &copy, &["--format", "bundle"])
            .succeeds();
        // cosign 3.1.1 cannot load what it saved: it pushes the referrer without its bundle.
        let place = lab.repository(&format!("{place}-by-cosign"));
        let load = ["load", "--dir", directory, &format!("{}:v1", place.path())];
        let refused = lab.run(Tool::Cosign3, &load);
        assert!(
            refused.stderr.contains("MANIFEST_BLOB_UNKNOWN"),
            "{}",
            refused.stderr
        );
    }
}

#[test]
fn oras_and_crane() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    lab.sign_bundle(&key, &image.reference(), &[]).succeeds();
    let tag = image.tag("v1");
    // Two images in one directory, told apart by their tags; the bundle comes along.
    let directory = lab.path();
    let copy = ["copy", "-r", "--from-plain-http", "--to-oci-layout"];
    let to_disk = |image: &str, name: &str| {
        let to = format!("{directory}:{name}");
        lab.peer("oras", &[&copy[..], &[image, &to]].concat())
            .succeeds();
    };
    to_disk(&tag, "signed");
    on_disk(&lab, Tool::Cosignet, &key, &directory).succeeds();
    to_disk(&lab.image().tag("v2"), "unsigned");
    on_disk(&lab, Tool::Cosignet, &key, &format!("{directory}:signed")).succeeds();
    on_disk(&lab, Tool::Cosignet, &key, &format!("{directory}:unsigned")).exits_with(NO_SIGNATURES);
    on_disk(&lab, Tool::Cosignet, &key, &directory).exits_with(1);
    let named = format!("{directory}@{}", image.digest);
    let copied = loaded(&lab, Tool::Cosignet, &named, "copy/of-oras");
    lab.verify(Tool::Cosign3, &key, &copied, &[]).succeeds();

    // And back: oras finds what refers to the image.
    let ours = lab.path();
    save(&lab, Tool::Cosignet, &ours, &tag);
    let place = format!("{}:v1", lab.repository("copy/by-oras").path());
    let from = format!("{ours}:v1");
    let copy = ["copy", "-r", "--from-oci-layout", "--to-plain-http"];
    lab.peer("oras", &[&copy[..], &[&from, &place]].concat())
        .succeeds();
    lab.verify(Tool::Cosign3, &key, &place, &[]).succeeds();

    // crane pulls the image alone, and pushes what was saved.
    let alone = lab.path();
    lab.peer("crane", &["pull", "--format=oci", &tag, &alone])
        .succeeds();
    on_disk(&lab, Tool::Cosignet, &key, &alone).exits_with(NO_SIGNATURES);
    let copied = loaded(&lab, Tool::Cosignet, &alone, "copy/of-crane");
    let digest = lab.peer("crane", &["digest", &copied]).succeeds().stdout;
    assert_eq!(digest.trim(), image.digest);
}

/// A directory that is there already, be it an older image's or nobody's: as cosign does.
#[test]
fn directories_that_are_there() {
    for tool in Tool::ALL {
        let lab = Lab::new();
        let key = lab.generate(tool);
        let directory = lab.path();
        fs::create_dir(&directory).expect("a folder");
        let other = Path::new(&directory).join("other");
        fs::write(&other, "kept").expect("a file");
        let (first, second) = (lab.image(), lab.image());
        lab.sign(tool, &key, &first.reference(), &[]).succeeds();
        save(&lab, tool, &directory, &first.tag("v1"));
        on_disk(&lab, Tool::Cosignet, &key, &directory).succeeds();
        save(&lab, tool, &directory, &second.tag("v2"));
        for reader in Tool::ALL {
            let refused = on_disk(&lab, reader, &key, &directory);
            assert_ne!(refused.code, 0, "{reader:?}: {}", refused.stdout);
        }
        assert_eq!(fs::read(&other).expect("the file"), b"kept");
        // Its blobs are still there.
        let named = format!("{directory}@{}", first.digest);
        let copy = loaded(&lab, Tool::Cosignet, &named, "copy/of-first");
        let digest = lab.peer("crane", &["digest", &copy]).succeeds().stdout;
        assert_eq!(digest.trim(), first.digest);
    }
}

fn save(lab: &Lab, tool: Tool, directory: &str, image: &str) {
    lab.run(tool, &["save", "--dir", directory, image])
        .succeeds();
}

/// Loads it as `v1` into a repository.
fn loaded(lab: &Lab, tool: Tool, directory: &str, repository: &str) -> String {
    let image = format!("{}:v1", lab.repository(repository).path());
    lab.run(tool, &["load", "--dir", directory, &image])
        .succeeds();
    image
}

fn on_disk(lab: &Lab, tool: Tool, key: &KeyPair, directory: &str) -> Outcome {
    lab.verify(tool, key, directory, &["--local-image"])
}

fn host(repository: &str) -> &str {
    repository.split('/').next().unwrap_or_default()
}
