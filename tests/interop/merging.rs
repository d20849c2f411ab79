//! Adding to what is signed already: nobody's signature is lost, nobody's piles up.

use std::thread;

use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::tool::Tool;

#[test]
fn signatures_of_all_programs_live_side_by_side() {
    let lab = Lab::new();
    for order in [
        [Tool::Cosign2, Tool::Cosignet, Tool::Cosign3],
        [Tool::Cosign3, Tool::Cosign2, Tool::Cosignet],
        [Tool::Cosignet, Tool::Cosign3, Tool::Cosign2],
    ] {
        let image = lab.image();
        let keys = order.map(|signer| {
            let key = lab.generate(signer);
            lab.sign(signer, &key, &image.reference(), &[]).succeeds();
            key
        });
        assert_eq!(image.signed().layers.len(), 3);
        for key in &keys {
            lab.verified_by_all(key, &image.reference(), &[]);
        }
    }
}

#[test]
fn signing_again_replaces_ones_own_signature_and_keeps_the_others() {
    let lab = Lab::new();
    let (mine, other) = (lab.generate(Tool::Cosignet), lab.generate(Tool::Cosign2));
    for other_signer in Tool::ALL {
        let image = lab.image();
        lab.sign(Tool::Cosignet, &mine, &image.reference(), &["-a", "a=1"])
            .succeeds();
        lab.sign(other_signer, &other, &image.reference(), &["-a", "a=1"])
            .succeeds();
        lab.sign(Tool::Cosignet, &mine, &image.reference(), &["-a", "a=1"])
            .succeeds();
        assert_eq!(image.signed().layers.len(), 2);
        lab.verified_by_all(&mine, &image.reference(), &["-a", "a=1"]);
        lab.verified_by_all(&other, &image.reference(), &["-a", "a=1"]);
    }
}

/// The same key by another program: still one signer.
#[test]
fn a_signature_that_cosign_made_with_the_same_key_is_ones_own() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    for (first, second) in [
        (Tool::Cosign2, Tool::Cosignet),
        (Tool::Cosign3, Tool::Cosignet),
        (Tool::Cosignet, Tool::Cosign2),
        (Tool::Cosignet, Tool::Cosign3),
    ] {
        let image = lab.image();
        lab.sign(first, &key, &image.reference(), &[]).succeeds();
        lab.sign(second, &key, &image.reference(), &[]).succeeds();
        assert_eq!(image.signed().layers.len(), 1, "{first:?}, then {second:?}");
        lab.verified_by_all(&key, &image.reference(), &[]);
    }
}

#[test]
fn append_keeps_other_claims_of_the_same_key() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign3);
    let image = lab.image();
    lab.sign(
        Tool::Cosignet,
        &key,
        &image.reference(),
        &["-a", "stage=test"],
    )
    .succeeds();
    lab.sign(
        Tool::Cosignet,
        &key,
        &image.reference(),
        &["--append", "-a", "stage=release"],
    )
    .succeeds();
    assert_eq!(image.signed().layers.len(), 2);
    lab.verified_by_all(&key, &image.reference(), &["-a", "stage=test"]);
    lab.verified_by_all(&key, &image.reference(), &["-a", "stage=release"]);
}

/// cosign 2 and 3 keep about half of them: no registry offers a conditional push.
#[test]
fn sixteen_signers_at_once_all_end_in_the_registry() {
    let lab = Lab::new();
    let keys: Vec<KeyPair> = (0..16).map(|_| lab.generate(Tool::Cosignet)).collect();
    for _ in 0..3 {
        let image = lab.image();
        let reference = image.reference();
        thread::scope(|scope| {
            for key in &keys {
                scope.spawn(|| lab.sign(Tool::Cosignet, key, &reference, &[]).succeeds());
            }
        });
        assert_eq!(image.signed().layers.len(), 16);
        for key in &keys {
            lab.verify(Tool::Cosignet, key, &reference, &[]).succeeds();
            lab.verify(Tool::Cosign2, key, &reference, &[]).succeeds();
        }
    }
}

#[test]
fn several_keys_and_a_threshold() {
    let lab = Lab::new();
    let [a, b, absent] = [Tool::Cosign2, Tool::Cosign3, Tool::Cosignet].map(|t| lab.generate(t));
    let image = lab.image().reference();
    lab.sign(Tool::Cosign2, &a, &image, &[]).succeeds();
    lab.sign(Tool::Cosign3, &b, &image, &[]).succeeds();
    let verify = |keys: &[&KeyPair], threshold: &str| {
        let mut args = vec!["verify", "--threshold", threshold];
        args.extend(keys.iter().flat_map(|key| ["--key", &key.public]));
        args.push(&image);
        lab.run(Tool::Cosignet, &args)
    };
    verify(&[&a, &b], "2").succeeds();
    verify(&[&a, &b, &absent], "2").succeeds();
    verify(&[&absent, &b], "1").succeeds();
    verify(&[&a, &absent], "2").exits_with(12);
    verify(&[&a, &b, &absent], "3").exits_with(12);
    // One key given twice is one signer.
    let outcome = verify(&[&a, &a], "2");
    assert_ne!(outcome.code, 0, "{}", outcome.stdout);
}

#[test]
fn many_images_in_one_call() {
    let lab = Lab::new();
    let key = lab.generate(Tool::Cosign2);
    let images: Vec<String> = (0..5).map(|_| lab.image().reference()).collect();
    let more: Vec<&str> = images[1..].iter().map(String::as_str).collect();
    lab.sign(Tool::Cosignet, &key, &images[0], &more).succeeds();
    for tool in Tool::ALL {
        lab.verify(tool, &key, &images[0], &more).succeeds();
    }
}
