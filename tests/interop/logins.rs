//! Registries that let in whoever can say who they are: by a password, and by a token service that
//! wants one. What docker, podman and a helper have stored is found, and real cosigns find it too.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::htpasswd;
use crate::keys::KeyPair;
use crate::lab::Lab;
use crate::outcome::Outcome;
use crate::registry::Registry;
use crate::token_service::{IDENTITY_TOKEN, READER, TokenService, WRITER};
use crate::tool::Tool;

/// `ci` and its password, in bcrypt.
pub const HTPASSWD: &str = "ci:$2a$04$nlaVfLbgr4Ac30c6IEGbQuP3h9h.UeHfBLK1YyPYT3pXu6W.dcw2C\n";
pub const CI: (&str, &str) = ("ci", "correct horse");

/// An image that nobody has pushed: by digest it is signed without a look.
fn image(registry: &Registry) -> String {
    format!("{}/team/app@sha256:{}", registry.host, "5".repeat(64))
}

/// An image that crane has pushed, by digest.
fn pushed(lab: &Lab, registry: &Registry) -> String {
    let tar = lab.file(&"\0".repeat(1024));
    let name = format!("{}/team/app:v1", registry.host);
    let appended = lab.peer("crane", &["append", "-f", &tar, "-t", &name]);
    appended.succeeds().stdout.trim().to_owned()
}

/// What `docker login` writes.
fn config(registry: &Registry, (name, password): (&str, &str)) -> String {
    let auth = STANDARD.encode(format!("{name}:{password}"));
    format!(r#"{{"auths":{{"{}":{{"auth":"{auth}"}}}}}}"#, registry.host)
}

/// `sign` with cosignet, the credentials in a folder of docker's configuration.
fn sign(lab: &Lab, key: &KeyPair, image: &str, config: &str) -> Command {
    let folder = lab.path();
    fs::create_dir(&folder).expect("a folder");
    fs::write(format!("{folder}/config.json"), config).expect("the configuration is written");
    let mut command = lab.command(Tool::Cosignet);
    command
        .env("DOCKER_CONFIG", folder)
        .args(["sign", "--key", &key.private, image]);
    command
}

#[test]
fn a_password_in_dockers_configuration_serves_every_tool() {
    let lab = Lab::new();
    let registry = htpasswd::registry(HTPASSWD);
    let key = lab.generate(Tool::Cosignet);
    lab.login(&config(&registry, CI));
    let image = pushed(&lab, &registry);
    for tool in Tool::ALL {
        lab.sign(tool, &key, &image, tool.append_flags()).succeeds();
    }
    lab.verified_by_all(&key, &image, &[]);

    lab.login(&config(&registry, ("ci", "wrong horse")));
    for tool in Tool::ALL {
        lab.sign(tool, &key, &image, &[]).fails();
    }
    let refused = lab.verify(Tool::Cosignet, &key, &image, &[]).fails();
    assert!(
        refused.stderr.contains("docker login"),
        "{}",
        refused.stderr
    );
    assert!(
        !refused.stderr.contains("wrong horse"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_helper_is_asked() {
    let lab = Lab::new();
    let registry = htpasswd::registry(HTPASSWD);
    let key = lab.generate(Tool::Cosignet);
    let folder = lab.path();
    fs::create_dir(&folder).expect("a folder");
    let program = format!("{folder}/docker-credential-test");
    let (name, password) = CI;
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = {} ] || exit 1\n\
         echo '{{\"ServerURL\":\"x\",\"Username\":\"{name}\",\"Secret\":\"{password}\"}}'\n",
        registry.host
    );
    fs::write(&program, script).expect("the helper is written");
    fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).expect("it can be run");
    let config = format!(r#"{{"credHelpers":{{"{}":"test"}}}}"#, registry.host);
    let mut command = sign(&lab, &key, &image(&registry), &config);
    Outcome::of(command.env("PATH", format!("{folder}:/usr/bin:/bin"))).succeeds();
}

#[test]
fn a_token_service_is_asked_once_for_a_signing() {
    let lab = Lab::new();
    let service = TokenService::start(&lab);
    let registry = service.registry();
    let key = lab.generate(Tool::Cosignet);
    let image = image(&registry);
    Outcome::of(&mut sign(&lab, &key, &image, &config(&registry, WRITER))).succeeds();
    let scope = "repository:team/app:pull,push";
    assert_eq!(service.requests(), [format!("writer by GET for {scope}")]);

    // The same by an identity token, which is posted.
    let auth = format!(
        r#"{{"auths":{{"{}":{{"auth":"","identitytoken":"{IDENTITY_TOKEN}"}}}}}}"#,
        registry.host
    );
    Outcome::of(&mut sign(&lab, &key, &image, &auth)).succeeds();
    assert_eq!(service.requests(), [format!("writer by POST for {scope}")]);
}

#[test]
fn who_may_only_read_verifies_and_does_not_sign() {
    let lab = Lab::new();
    let service = TokenService::start(&lab);
    let registry = service.registry();
    let key = lab.generate(Tool::Cosignet);
    let image = image(&registry);
    let refused = Outcome::of(&mut sign(&lab, &key, &image, &config(&registry, READER))).fails();
    assert!(refused.stderr.contains(" 401 "), "{}", refused.stderr);
    Outcome::of(&mut sign(&lab, &key, &image, &config(&registry, WRITER))).succeeds();

    service.requests();
    lab.login(&config(&registry, READER));
    lab.verify(Tool::Cosignet, &key, &image, &[]).succeeds();
    assert_eq!(
        service.requests(),
        ["reader by GET for repository:team/app:pull"]
    );

    lab.login(&config(&registry, ("reader", "hunter2")));
    let refused = lab.verify(Tool::Cosignet, &key, &image, &[]).fails();
    assert!(
        refused.stderr.contains("incorrect username or password"),
        "{}",
        refused.stderr
    );
    assert!(!refused.stderr.contains("hunter2"), "{}", refused.stderr);
}

#[test]
fn tokens_serve_every_tool() {
    let lab = Lab::new();
    let service = TokenService::start(&lab);
    let registry = service.registry();
    let key = lab.generate(Tool::Cosignet);
    lab.login(&config(&registry, WRITER));
    let image = pushed(&lab, &registry);
    for tool in Tool::ALL {
        lab.sign(tool, &key, &image, tool.append_flags()).succeeds();
    }
    lab.verified_by_all(&key, &image, &[]);
}
