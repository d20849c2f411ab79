//! Images of a registry that lets in whoever has ECR's token, and AWS, which gives it for signed
//! requests alone.
//!
//! ECR's names are nowhere on this machine. Plain HTTP to them goes to the registry as to a proxy; it
//! takes a request for any name as its own.

use std::process::Command;

use crate::htpasswd;
use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::moto::{ACCOUNT, Keys, Moto};
use crate::outcome::Outcome;
use crate::registry::Registry;
use crate::tool::Tool;

/// The user and the password of moto's token, in bcrypt.
pub const HTPASSWD: &str = "AWS:$2a$04$3mEP3Bi5GRcZbHbRTxfWyuUmTPW0q1rbAZrdiOw0KInbEeWRls5fm\n";

struct Amazon {
    lab: Lab,
    moto: Moto,
    registry: Registry,
    key: KeyPair,
}

impl Amazon {
    fn new(unseen: usize) -> Self {
        let lab = Lab::new();
        Self {
            key: lab.generate(Tool::Cosignet),
            moto: Moto::start(unseen),
            registry: htpasswd::registry(HTPASSWD),
            lab,
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.command(Tool::Cosignet);
        let registry = format!("http://{}", self.registry.host);
        command
            .env("HTTP_PROXY", registry)
            .env("AWS_ENDPOINT_URL", &self.moto.url)
            .args(args)
            .args([
                "--source",
                "ecr",
                "--region",
                "us-east-1",
                "--account-id",
                ACCOUNT,
            ])
            .arg("--allow-http-registry")
            .arg(format!("team/app@sha256:{}", "5".repeat(64)));
        command
    }

    fn sign(&self) -> Command {
        self.command(&["sign", "--key", &self.key.private])
    }

    fn verify(&self) -> Command {
        self.command(&["verify", "--key", &self.key.public])
    }
}

fn with_keys<'a>(command: &'a mut Command, keys: &Keys) -> &'a mut Command {
    command
        .env("AWS_ACCESS_KEY_ID", &keys.id)
        .env("AWS_SECRET_ACCESS_KEY", &keys.secret)
}

#[test]
fn keys_get_a_token_and_wrong_keys_get_none() {
    let amazon = Amazon::new(3);
    let keys = amazon.moto.user();
    // Nothing is there yet, but whoever may not look cannot know.
    let anonymous = Outcome::of(&mut amazon.verify()).fails();
    assert!(
        anonymous.stderr.contains("AWS_ACCESS_KEY_ID"),
        "{}",
        anonymous.stderr
    );

    let wrong = Keys {
        id: keys.id.clone(),
        secret: keys.secret.chars().rev().collect(),
    };
    let refused = Outcome::of(with_keys(&mut amazon.sign(), &wrong)).fails();
    assert!(
        refused.stderr.contains("SignatureDoesNotMatch"),
        "{}",
        refused.stderr
    );
    assert!(
        !refused.stderr.contains(&wrong.secret),
        "{}",
        refused.stderr
    );

    Outcome::of(with_keys(&mut amazon.sign(), &keys)).succeeds();
    let verified = Outcome::of(with_keys(&mut amazon.verify(), &keys)).succeeds();
    let name = format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/team/app");
    assert!(verified.stdout.contains(&name), "{}", verified.stdout);
}

#[test]
fn a_role_is_taken_by_keys() {
    let amazon = Amazon::new(5);
    let (keys, role) = (amazon.moto.user(), amazon.moto.role());
    let mut sign = amazon.sign();
    sign.env("COSIGNET_ECR_ROLE_ARN", &role)
        .env("COSIGNET_ECR_EXTERNAL_ID", "ours");
    Outcome::of(with_keys(&mut sign, &keys)).succeeds();
}

#[test]
fn a_role_is_taken_by_a_web_identity() {
    // The role, and the one action that nobody signs: taking it.
    let amazon = Amazon::new(3);
    let role = amazon.moto.role();
    let token = amazon.lab.file("a.b.c\n");
    let mut sign = amazon.sign();
    sign.env("AWS_ROLE_ARN", &role)
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", token);
    Outcome::of(&mut sign).succeeds();
}
