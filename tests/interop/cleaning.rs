//! What one key signed is taken away, by whatever program it was signed, and the real cosigns still
//! verify what others signed.

use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

const NO_SIGNATURES: i32 = 10;

#[test]
fn others_signatures_still_verify() {
    for lab in [Lab::new(), Lab::with_referrers_api()] {
        let (mine, theirs) = (lab.generate(Tool::Cosign2), lab.generate(Tool::Cosign3));
        let image = lab.image().reference();
        for key in [&mine, &theirs] {
            lab.sign(Tool::Cosign2, key, &image, &[]).succeeds();
            lab.sign_bundle(key, &image, &[]).succeeds();
            lab.attest(Tool::Cosign2, key, &image);
            lab.attest(Tool::Cosign3, key, &image);
        }
        lab.verify(Tool::Cosignet, &mine, &image, &["--format", "simple"])
            .succeeds();

        // Nobody was asked, so nothing is done.
        let refused = clean(&lab, &mine, &image, &[]);
        refused.exits_with(1);
        lab.verified_by_all(&mine, &image, &[]);

        let cleaned = clean(&lab, &mine, &image, &["--force"]).succeeds();
        let removed = cleaned
            .stderr
            .lines()
            .filter(|line| line.starts_with("Removed"));
        assert_eq!(removed.count(), 4, "{}", cleaned.stderr);
        for tool in Tool::ALL {
            assert_ne!(lab.verify(tool, &mine, &image, &[]).code, 0, "{tool:?}");
        }
        lab.verified_by_all(&theirs, &image, &[]);
        for tool in Tool::COSIGNS {
            lab.attested(tool, &theirs, &image);
        }

        clean(&lab, &theirs, &image, &["--force", "--type", "signature"]).succeeds();
        // cosign 3 takes an attestation for a signature.
        for tool in [Tool::Cosignet, Tool::Cosign2] {
            assert_ne!(lab.verify(tool, &theirs, &image, &[]).code, 0, "{tool:?}");
        }
        lab.attested(Tool::Cosign2, &theirs, &image);
        clean(&lab, &theirs, &image, &["--force"]).succeeds();
        for tool in [Tool::Cosignet, Tool::Cosign2] {
            let found = lab.verify(tool, &theirs, &image, &[]);
            found.exits_with(NO_SIGNATURES);
        }
        // Cleaned already.
        clean(&lab, &theirs, &image, &["--force"]).succeeds();
    }
}

fn clean(lab: &Lab, key: &KeyPair, image: &str, more: &[&str]) -> Outcome {
    let clean = ["clean", "--key", &key.public];
    lab.run(Tool::Cosignet, &[&clean[..], more, &[image]].concat())
}
