//! Key files travel between the programs whatever their password.

use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

#[test]
fn any_password_opens_the_key_everywhere() {
    let lab = Lab::new();
    for password in ["", " ", "pässwörd 日本 e\u{301}", "a\"b'c\\d$e\n"] {
        for maker in Tool::ALL {
            let key = lab.generate_with(maker, password);
            for opener in Tool::ALL {
                let mut command = lab.command(opener);
                command.env("COSIGN_PASSWORD", password);
                command.args(["public-key", "--key", &key.private]);
                Outcome::of(&mut command).succeeds();
            }
        }
    }
}

#[test]
fn a_wrong_password_opens_nothing_and_is_not_told() {
    let lab = Lab::new();
    let image = lab.image();
    for maker in Tool::ALL {
        let key = lab.generate(maker);
        for wrong in ["", "Correct horse", "correct horse\n"] {
            for opener in Tool::ALL {
                let mut command = lab.command(opener);
                command
                    .env("COSIGN_PASSWORD", wrong)
                    .args(["sign", "--key", &key.private]);
                command.args(opener.sign_flags()).arg(image.reference());
                let outcome = Outcome::of(&mut command).exits_with(1);
                assert!(!outcome.stderr.contains("horse"), "{}", outcome.stderr);
            }
        }
    }
    assert_eq!(image.signatures(), None);
}
