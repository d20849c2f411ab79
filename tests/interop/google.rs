//! An image of Google's registry, which lets in whoever has an access token. As in `amazon`, the
//! registry takes a request for any name as its own.

use crate::htpasswd;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::tool::Tool;

/// The user of access tokens and one of them, in bcrypt.
pub const HTPASSWD: &str =
    "oauth2accesstoken:$2a$04$Biy6DL0mNnJULCD01bE/wevjj58U2XjqjoxPPOb57gIZCKN2KZ./u\n";

#[test]
fn an_access_token_lets_in() {
    let lab = Lab::new();
    let registry = htpasswd::registry(HTPASSWD);
    let key = lab.generate(Tool::Cosignet);
    let sign = |token: &str| {
        let mut command = lab.command(Tool::Cosignet);
        command
            .env("HTTP_PROXY", format!("http://{}", registry.host))
            .env("CLOUDSDK_AUTH_ACCESS_TOKEN", token)
            .args(["sign", "--key", &key.private, "--allow-http-registry"])
            .args(["--source", "gar", "--project-id", "my-project"])
            .args(["--registry-host", "us-docker.pkg.dev"])
            .arg(format!("team/app@sha256:{}", "5".repeat(64)));
        Outcome::of(&mut command)
    };
    let refused = sign("ended-token").fails();
    let said = &refused.stderr;
    assert!(said.contains("GOOGLE_APPLICATION_CREDENTIALS"), "{said}");
    assert!(!said.contains("ended-token"), "{said}");
    let signed = sign("access-token").succeeds();
    let name = "us-docker.pkg.dev/my-project/team/app";
    assert!(signed.stderr.contains(name), "{}", signed.stderr);
}
