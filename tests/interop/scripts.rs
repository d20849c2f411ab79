//! A script written for cosign works with the name replaced.

use std::fs;

use crate::image::Image;
use crate::lab::Lab;
use crate::tool::Tool;

/// cosign 2's own command lines, the flags that keep it offline included.
#[test]
fn the_same_command_lines_do_the_same() {
    let lab = Lab::new();
    let image = lab.image();
    let [ours, theirs] =
        [Tool::Cosignet, Tool::Cosign2].map(|tool| script_of_cosign_2(&lab, tool, &image));
    assert_eq!(ours, theirs);
}

/// What a signer's script prints and leaves behind, but for the key and the signature themselves.
fn script_of_cosign_2(lab: &Lab, tool: Tool, image: &Image) -> Vec<String> {
    let reference = image.tag("release");
    let prefix = lab.path();
    let (key, public) = (format!("{prefix}.key"), format!("{prefix}.pub"));
    let run = |args: &[&str]| lab.run(tool, args).succeeds().stdout;

    run(&["generate-key-pair", "--output-key-prefix", &prefix]);
    assert_eq!(
        run(&["public-key", "--key", &key]).trim_end(),
        fs::read_to_string(&public)
            .expect("the public key was written")
            .trim_end()
    );
    run(&[
        "sign",
        "--key",
        &key,
        "--tlog-upload=false",
        "-a",
        "env=prod",
        &reference,
    ]);
    let left = image.signed();
    let verified = run(&[
        "verify",
        "--key",
        &public,
        "--insecure-ignore-tlog=true",
        "-a",
        "env=prod",
        &reference,
    ]);
    let quiet = [
        "verify",
        "--key",
        &public,
        "--private-infrastructure",
        "-o",
        "text",
        &reference,
    ];
    let printed = vec![
        run(&["triangulate", &reference]),
        run(&["generate", "-a", "env=prod", &reference]),
        serde_json::from_str::<serde_json::Value>(&verified)
            .expect("JSON")
            .to_string(),
        run(&quiet),
        left.config.clone(),
        left.unsigned_manifest(),
    ];
    image.forget_signatures();
    printed
}
