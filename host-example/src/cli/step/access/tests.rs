use std::collections::HashMap;

use cosignet_host::registry::login::{
    AmazonIdentity, AmazonLogin, AmazonRole, AzureLogin, AzureProof, GoogleLogin, LoginSecret,
};

use super::*;

/// `NAME=VALUE` of a step, and what its environment has.
struct Items {
    own: HashMap<&'static str, &'static str>,
    environment: HashMap<&'static str, &'static str>,
}

impl Given for Items {
    fn own(&self, item: Item) -> Option<Secret> {
        self.own.get(item.name()).copied().map(Secret::new)
    }

    fn find(&self, item: Item) -> Option<Secret> {
        let elsewhere = || self.environment.get(item.name()).copied().map(Secret::new);
        self.own(item).or_else(elsewhere)
    }
}

fn items(text: &'static str) -> HashMap<&'static str, &'static str> {
    let words = text.split_whitespace();
    words.map(|word| word.split_once('=').unwrap()).collect()
}

fn access(kind: &str, own: &'static str, environment: &'static str) -> Result<Access, AccessFault> {
    let given = Items {
        own: items(own),
        environment: items(environment),
    };
    read(kind.parse().unwrap(), &given)
}

fn login(kind: &str, own: &'static str) -> CloudLogin {
    access(kind, own, "").unwrap().login.unwrap()
}

fn secret(text: &str) -> LoginSecret {
    LoginSecret::new(text)
}

#[test]
fn each_cloud_is_asked_with_what_is_given() {
    let keys = |session_token| AmazonIdentity::Keys {
        id: "A".into(),
        secret: secret("S"),
        session_token,
    };
    let role = |external_id: Option<&str>| AmazonRole {
        arn: "R".into(),
        external_id: external_id.map(Into::into),
    };
    for (own, identity, role) in [
        ("access_key=A secret_key=S", Some(keys(None)), None),
        (
            "access_key=A secret_key=S session_token=T",
            Some(keys(Some(secret("T")))),
            None,
        ),
        (
            "access_key=A secret_key=S assume_role=R external_id=X",
            Some(keys(None)),
            Some(role(Some("X"))),
        ),
        ("assume_role=R", None, Some(role(None))),
        (
            "assume_role=R oidc_token_id=T",
            Some(AmazonIdentity::WebIdentity {
                role: "R".into(),
                token: secret("T"),
            }),
            None,
        ),
    ] {
        let expected = CloudLogin::Amazon(AmazonLogin { identity, role });
        assert!(login("ecr", own) == expected, "{own}");
    }
    let federation = GoogleLogin::Federation {
        project_number: "1".into(),
        pool: "P".into(),
        provider: "I".into(),
        service_account: "E".into(),
        token: secret("T"),
    };
    let own = "oidc_token_id=T project_number=1 pool_id=P provider_id=I service_account_email=E";
    assert!(login("gar", own) == CloudLogin::Google(federation));
    let key = GoogleLogin::Credentials(secret("{}"));
    assert!(login("gcr", "json_key={} workload_identity=true") == CloudLogin::Google(key));
    for own in ["workload_identity=true", "workload_identity=false"] {
        assert!(login("gcr", own) == CloudLogin::Google(GoogleLogin::Environment));
    }
    for (own, proof) in [
        (
            "tenant_id=T client_id=C client_secret=S",
            AzureProof::Secret(secret("S")),
        ),
        (
            "tenant_id=T client_id=C oidc_token_id=J",
            AzureProof::Token(secret("J")),
        ),
        (
            "tenant_id=T client_id=C client_certificate=LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==",
            AzureProof::Certificate(secret("-----BEGIN CERTIFICATE-----\n")),
        ),
    ] {
        let expected = AzureLogin::Application {
            tenant: "T".into(),
            client: "C".into(),
            proof,
        };
        assert!(login("acr", own) == CloudLogin::Azure(expected), "{own}");
    }
}

#[test]
fn registries_are_told_users_and_passwords() {
    let basic = |name: &str, password: &str| Some(Credential::basic(name, password));
    for (kind, own, expected) in [
        ("docker", "username=u password=p", basic("u", "p")),
        ("ecr", "username=AWS password=p", basic("AWS", "p")),
        ("gcr", "json_key={}", basic("_json_key", "{}")),
        ("gar", "json_key=e30=", basic("_json_key", "{}")),
        ("acr", "client_id=c client_secret=s", basic("c", "s")),
        ("docker", "client_id=c client_secret=s", basic("c", "s")),
        ("docker", "config={}", None),
        ("docker", "", None),
    ] {
        let access = access(kind, own, "").unwrap();
        assert!(access.credential == expected, "{own}");
        assert!(access.login.is_none());
        assert_eq!(access.config.is_some(), own.contains("config"));
    }
}

#[test]
fn what_the_step_is_given_comes_before_its_environment() {
    for (kind, own, environment, expected) in [
        (
            "ecr",
            "username=u password=p",
            "access_key=A secret_key=S",
            Some(("u", "p")),
        ),
        (
            "ecr",
            "access_key=A secret_key=S",
            "username=u password=p",
            None,
        ),
        (
            "ecr",
            "",
            "access_key=A secret_key=S username=u password=p",
            None,
        ),
        ("docker", "username=u", "password=p", Some(("u", "p"))),
        ("gcr", "", "json_key={}", Some(("_json_key", "{}"))),
    ] {
        let access = access(kind, own, environment).unwrap();
        let expected = expected.map(|(name, password)| Credential::basic(name, password));
        assert!(access.credential == expected, "{kind} {own}");
        assert_eq!(access.login.is_some(), expected.is_none());
    }
    // Of a cloud it goes to no registry of others.
    for environment in ["json_key={}", "client_id=c client_secret=s", "access_key=A"] {
        let access = access("docker", "", environment).unwrap();
        assert!(access.credential.is_none() && access.login.is_none());
    }
}

#[test]
fn what_opens_nothing_is_named_and_not_shown() {
    for (kind, own, item, said) in [
        (
            "ecr",
            "access_key=hush",
            Item::SecretKey,
            "missing: ACCESS_KEY means nothing without it",
        ),
        (
            "ecr",
            "secret_key=hush",
            Item::AccessKey,
            "missing: SECRET_KEY",
        ),
        (
            "ecr",
            "session_token=hush",
            Item::AccessKey,
            "missing: SESSION_TOKEN",
        ),
        (
            "ecr",
            "external_id=hush",
            Item::AssumeRole,
            "missing: EXTERNAL_ID",
        ),
        (
            "ecr",
            "oidc_token_id=hush",
            Item::AssumeRole,
            "missing: OIDC_TOKEN_ID",
        ),
        (
            "ecr",
            "oidc_token_id=hush assume_role=R access_key=A secret_key=hush",
            Item::AccessKey,
            "OIDC_TOKEN_ID contradicts it",
        ),
        (
            "ecr",
            "oidc_token_id=hush assume_role=R external_id=X",
            Item::ExternalId,
            "OIDC_TOKEN_ID contradicts it",
        ),
        (
            "ecr",
            "username=u password=hush access_key=A secret_key=hush",
            Item::AccessKey,
            "PASSWORD contradicts it",
        ),
        (
            "docker",
            "access_key=A secret_key=hush",
            Item::AccessKey,
            "registries of source docker do not take it: expected source ecr",
        ),
        (
            "acr",
            "assume_role=R",
            Item::AssumeRole,
            "expected source ecr",
        ),
        (
            "jfrog",
            "oidc_token_id=hush",
            Item::OidcToken,
            "expected source ecr, gcr, gar, acr",
        ),
        (
            "gar",
            "oidc_token_id=hush project_number=1 pool_id=P provider_id=I",
            Item::ServiceAccount,
            "missing: OIDC_TOKEN_ID",
        ),
        ("gar", "pool_id=P", Item::ProjectNumber, "missing: POOL_ID"),
        (
            "gcr",
            "json_key=hush",
            Item::JsonKey,
            "expected a key file's JSON, or base64 of it",
        ),
        (
            "gcr",
            "workload_identity=hush",
            Item::WorkloadIdentity,
            "expected true or false",
        ),
        (
            "acr",
            "tenant_id=T client_id=C",
            Item::ClientSecret,
            "missing: TENANT_ID",
        ),
        (
            "acr",
            "tenant_id=T client_secret=hush",
            Item::ClientId,
            "missing: TENANT_ID",
        ),
        (
            "acr",
            "client_id=C oidc_token_id=hush",
            Item::TenantId,
            "missing: OIDC_TOKEN_ID",
        ),
        (
            "acr",
            "tenant_id=T client_id=C client_secret=hush oidc_token_id=hush",
            Item::ClientSecret,
            "OIDC_TOKEN_ID contradicts it",
        ),
        (
            "docker",
            "password=hush",
            Item::Username,
            "missing: PASSWORD",
        ),
    ] {
        let fault = access(kind, own, "").unwrap_err();
        assert_eq!(fault.item(), item, "{kind} {own}: {fault:?}");
        let words = fault.in_words(|item| item.name().to_uppercase());
        assert!(words.contains(said), "{kind} {own}: {words}");
        assert!(!words.contains("hush") && !format!("{fault:?}").contains("hush"));
    }
}
