use proptest::prelude::*;

use super::*;

const HEX: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// Fields from `name=value` words.
fn fields(words: &str) -> Fields {
    let mut fields = Fields::default();
    for word in words.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        let field = match name {
            "region" => &mut fields.region,
            "account" => &mut fields.account_id,
            "host" => &mut fields.host,
            "project" => &mut fields.project_id,
            "subscription" => &mut fields.subscription_id,
            "digest" => &mut fields.digest,
            _ => panic!("{name}"),
        };
        *field = Some(value.to_owned());
    }
    fields
}

fn source(kind: &str, words: &str) -> Result<Source, SourceError> {
    Source::from_fields(kind.parse().unwrap(), fields(words))
}

fn reference(kind: &str, words: &str, image: &str) -> Result<String, SourceError> {
    Ok(source(kind, words)?.reference(image)?.to_string())
}

#[test]
fn full_references() {
    let ecr = "region=eu-west-1 account=123456789012";
    let gcr = "host=eu.gcr.io project=my-project";
    let gar = "host=europe-west3-docker.pkg.dev project=my-project";
    for (kind, words, image, expected) in [
        (
            "dockerhub",
            "",
            "ubuntu",
            "index.docker.io/library/ubuntu:latest",
        ),
        ("dockerhub", "", "me/app:v1", "index.docker.io/me/app:v1"),
        (
            "dockerhub",
            "",
            "docker.io/me/app",
            "index.docker.io/me/app:latest",
        ),
        (
            "dockerhub",
            "",
            "registry-1.docker.io/ubuntu:v1",
            "index.docker.io/library/ubuntu:v1",
        ),
        ("docker", "", "me/app", "index.docker.io/me/app:latest"),
        (
            "docker",
            "",
            "reg.corp:5000/me/app:v1",
            "reg.corp:5000/me/app:v1",
        ),
        (
            "docker",
            "host=reg.corp:5000",
            "me/app:v1",
            "reg.corp:5000/me/app:v1",
        ),
        (
            "quay",
            "host=quay.io",
            "quay.io/me/app:v1",
            "quay.io/me/app:v1",
        ),
        ("quay", "", "me/app:v1", "quay.io/me/app:v1"),
        ("Quay", "", "quay.corp/me/app:v1", "quay.corp/me/app:v1"),
        (
            "harbor",
            "host=harbor.corp",
            "me/app:v1",
            "harbor.corp/me/app:v1",
        ),
        (
            "harbor",
            "",
            "harbor.corp/me/app:v1",
            "harbor.corp/me/app:v1",
        ),
        (
            "ecr",
            "host=123456789012.dkr.ecr.eu-west-1.amazonaws.com region=eu-west-1",
            "team/app:v1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1",
        ),
        (
            "ecr",
            ecr,
            "team/app:v1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1",
        ),
        (
            "ecr",
            ecr,
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1",
        ),
        (
            "ecr",
            "region=cn-north-1 account=123456789012",
            "app:v1",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/app:v1",
        ),
        ("gcr", gcr, "app:v1", "eu.gcr.io/my-project/app:v1"),
        (
            "gcr",
            gcr,
            "eu.gcr.io/my-project/app:v1",
            "eu.gcr.io/my-project/app:v1",
        ),
        (
            "gcr",
            "host=gcr.io project=example.com:my-project",
            "app:v1",
            "gcr.io/example.com/my-project/app:v1",
        ),
        (
            "gar",
            gar,
            "repo/app:v1",
            "europe-west3-docker.pkg.dev/my-project/repo/app:v1",
        ),
        (
            "gar",
            gar,
            "europe-west3-docker.pkg.dev/my-project/repo/app:v1",
            "europe-west3-docker.pkg.dev/my-project/repo/app:v1",
        ),
        (
            "acr",
            "",
            "team.azurecr.io/app:v1",
            "team.azurecr.io/app:v1",
        ),
        (
            "acr",
            "host=team.azurecr.us subscription=0b1f6471-1bf0-4dda-aec3-cb9272f09590",
            "app:v1",
            "team.azurecr.us/app:v1",
        ),
        (
            "har",
            "",
            "account/registry/app:v1",
            "pkg.harness.io/account/registry/app:v1",
        ),
        (
            "har",
            "host=pkg.corp",
            "account/registry/app:v1",
            "pkg.corp/account/registry/app:v1",
        ),
        (
            "jfrog",
            "host=team.jfrog.io",
            "repo/app:v1",
            "team.jfrog.io/repo/app:v1",
        ),
        (
            "har",
            "",
            "pkg.corp/account/registry/app:v1",
            "pkg.corp/account/registry/app:v1",
        ),
        (
            "jfrog",
            "",
            "team.jfrog.io/repo/app:v1",
            "team.jfrog.io/repo/app:v1",
        ),
        ("ghcr", "", "team/app:v1", "ghcr.io/team/app:v1"),
        (
            "dockerhub",
            "host=docker.io",
            "me/app:v1",
            "index.docker.io/me/app:v1",
        ),
        (
            "ghcr",
            "host=",
            "GHCR.io/team/app:v1",
            "ghcr.io/team/app:v1",
        ),
    ] {
        assert_eq!(
            reference(kind, words, image).as_deref(),
            Ok(expected),
            "{kind} {words} {image}"
        );
    }
}

#[test]
fn digests() {
    let said = format!("digest=sha256:{HEX}");
    for image in ["me/app", "me/app:v1", &format!("me/app@sha256:{HEX}")] {
        let expected = format!("index.docker.io/me/app@sha256:{HEX}");
        assert_eq!(reference("docker", &said, image), Ok(expected));
    }
    let name = |words: &str, image: &str| source("docker", words).unwrap().name(image);
    for (words, image, expected) in [
        (said.as_str(), "me/app:v1", ":v1@sha256:"),
        (&said, "r.example:5000/me/app", "app@sha256:"),
        ("", &format!("app:v1@sha256:{HEX}"), ":v1@sha256:"),
        ("", "r.example:5000/me/app:v1", "r.example:5000/me/app:v1"),
    ] {
        let name = name(words, image).unwrap();
        assert!(name.contains(expected), "{name}");
        assert!(name.parse::<Reference>().is_ok(), "{name}");
    }
    let other = format!("me/app@sha256:{}", "0".repeat(64));
    let error = reference("docker", &said, &other).unwrap_err();
    assert_eq!(error.field(), Field::Digest);
    assert!(
        error.to_string().contains(HEX) && error.to_string().contains(&other),
        "{error}"
    );
    for digest in ["v1", "sha256:00", HEX] {
        let error = source("docker", &format!("digest={digest}")).unwrap_err();
        assert_eq!(error.field(), Field::Digest, "{error}");
    }
}

#[test]
fn wrong_combinations_name_the_field() {
    for (kind, words, field, expected) in [
        ("ecr", "region=eu-west-1", Field::AccountId, "twelve digits"),
        (
            "ecr",
            "account=123456789012",
            Field::Region,
            "like eu-west-1",
        ),
        ("ecr", "", Field::Region, "like eu-west-1"),
        (
            "ecr",
            "region=Europe account=123456789012",
            Field::Region,
            "\"Europe\"",
        ),
        (
            "ecr",
            "region=eu-west-1 account=1234",
            Field::AccountId,
            "\"1234\"",
        ),
        (
            "ecr",
            "region=eu-west-1 account=123456789012 host=r.io",
            Field::Host,
            "ACCOUNT.dkr.ecr.REGION",
        ),
        (
            "ecr",
            "region=eu-west-2 host=123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            Field::Region,
            "expected eu-west-1, as the host has it",
        ),
        (
            "ecr",
            "project=my-project",
            Field::ProjectId,
            "region, account id, host, digest",
        ),
        (
            "gcr",
            "host=gcr.evil.test project=my-project",
            Field::Host,
            "eu.gcr.io",
        ),
        (
            "gcr",
            "host=eu.gcr.io:444 project=my-project",
            Field::Host,
            "eu.gcr.io",
        ),
        ("gcr", "host=gcr.io", Field::ProjectId, "project"),
        ("gcr", "project=my-project", Field::Host, "gcr.io"),
        (
            "gar",
            "host=gcr.io project=my-project",
            Field::Host,
            "docker.pkg.dev",
        ),
        (
            "gar",
            "host=us-docker.pkg.dev project=My/Project",
            Field::ProjectId,
            "my-project",
        ),
        (
            "acr",
            "host=team.azurecr.evil.test",
            Field::Host,
            ".azurecr.io",
        ),
        ("acr", "subscription=mine", Field::SubscriptionId, "UUID"),
        (
            "acr",
            "region=eu-west-1",
            Field::Region,
            "host, subscription id, digest",
        ),
        ("har", "host=a/b", Field::Host, "HOST:PORT"),
        ("dockerhub", "host=r.io", Field::Host, "index.docker.io"),
        (
            "ghcr",
            "project=my-project",
            Field::ProjectId,
            "it takes host, digest",
        ),
        (
            "docker",
            "account=123456789012",
            Field::AccountId,
            "it takes host, digest",
        ),
    ] {
        let error = source(kind, words).unwrap_err();
        assert_eq!(error.field(), field, "{kind} {words}: {error}");
        let text = error.to_string();
        assert!(text.contains(expected), "{kind} {words}: {text}");
        assert!(text.contains(&field.to_string()), "{text}");
    }
}

#[test]
fn images_of_other_registries_are_refused() {
    let ecr = "region=eu-west-1 account=123456789012";
    let gar = "host=us-docker.pkg.dev project=my-project";
    for (kind, words, image) in [
        ("dockerhub", "", "ghcr.io/me/app"),
        ("ghcr", "", "docker.io/me/app"),
        ("ghcr", "", "ghcr.io:444/me/app"),
        (
            "ecr",
            ecr,
            "210987654321.dkr.ecr.eu-west-1.amazonaws.com/app",
        ),
        (
            "gcr",
            "host=gcr.io project=my-project",
            "gcr.io/other-project/app",
        ),
        (
            "gcr",
            "host=gcr.io project=my-project",
            "gcr.io/my-project2/app",
        ),
        ("gar", gar, "app"),
        ("acr", "", "team.azurecr.evil.test/app"),
        ("docker", "host=reg.corp", "reg.corp/"),
        ("docker", "host=reg.corp", "https://reg.corp/app"),
        ("docker", "", "Me/App"),
    ] {
        let error = reference(kind, words, image).unwrap_err();
        assert_eq!(error.field(), Field::Image, "{kind} {image}: {error}");
        assert!(error.to_string().contains(image), "{error}");
    }
}

/// Neither a field nor the image says the registry.
#[test]
fn registries_that_nobody_names() {
    for kind in ["harbor", "jfrog", "acr"] {
        let source = source(kind, "").unwrap();
        assert!(source.is_open("me/app") && !source.is_open("r.example/me/app"));
        let error = source.reference("me/app").unwrap_err();
        assert_eq!(error.field(), Field::Host, "{kind}: {error}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("source {kind} needs host")),
            "{error}"
        );
    }
    for kind in ["docker", "quay", "har"] {
        assert!(source(kind, "").unwrap().is_open("me/app"), "{kind}");
        assert!(!source(kind, "host=r.io").unwrap().is_open("me/app"));
    }
    assert!(!source("ghcr", "").unwrap().is_open("me/app"));
}

#[test]
fn front_ends_say_their_own_names() {
    let error = source("ecr", "region=eu-west-1").unwrap_err();
    let flag = |field| match field {
        Field::AccountId => "--account-id",
        _ => "another",
    };
    assert_eq!(
        error.in_words(flag),
        "source ecr needs --account-id: twelve digits"
    );
}

#[test]
fn kinds_by_name() {
    for kind in SourceKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
        assert_eq!(kind.name().to_uppercase().parse(), Ok(kind));
    }
    let error = "nexus".parse::<SourceKind>().unwrap_err().to_string();
    assert!(
        error.contains("nexus") && error.contains("dockerhub, docker, ecr"),
        "{error}"
    );
}

proptest! {
    /// Whatever the image is called, what comes out lies in the source's registry, and saying it
    /// again changes nothing.
    #[test]
    fn references_stay_in_their_registry(image in "[a-z0-9./:@_-]{1,30}") {
        let source = source("gcr", "host=gcr.io project=my-project").unwrap();
        if let Ok(reference) = source.reference(&image) {
            prop_assert!(reference.repository.as_str().starts_with("gcr.io/my-project/"));
            let again = source.reference(&reference.to_string());
            prop_assert_eq!(again, Ok(reference));
        }
    }
}
