//! The documented protocol against stand-ins of the directory and of a registry.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::*;
use crate::{
    http::test_server::{Seen, Server, TlsIdentity, ok, reply},
    registry::{
        OciRegistry, OciRegistryBuilder, Registry as _,
        provider::services::{stand_in, trusting},
    },
};

const REGISTRY: &str = "team.azurecr.io";
const DIRECTORY_TOKEN: &str = "directory-token";

async fn directory() -> Server {
    Server::start(|seen| match seen.path.as_str() {
        "/tenant.test/oauth2/v2.0/token" => {
            ok(r#"{"token_type":"Bearer","expires_in":3599,"access_token":"directory-token"}"#)
        }
        _ => reply(404),
    })
    .await
}

/// A registry as Azure documents it: `/oauth2/exchange`, `/oauth2/token`, and a bearer challenge.
async fn registry(identity: &TlsIdentity) -> Server {
    Server::start_tls(identity, |seen| {
        let body = String::from_utf8_lossy(&seen.body).into_owned();
        match (seen.path.as_str(), seen.authorization()) {
            ("/oauth2/exchange", _) if body.contains(DIRECTORY_TOKEN) => {
                ok(r#"{"refresh_token":"refresh"}"#)
            }
            ("/oauth2/token", _) if body.contains("refresh_token=refresh&") => {
                ok(r#"{"access_token":"access"}"#)
            }
            (_, "Bearer access") => ok("hello").header("Content-Type", "text/plain"),
            ("/oauth2/exchange" | "/oauth2/token", _) => reply(401),
            _ => challenge(seen),
        }
    })
    .await
}

fn challenge(seen: &Seen) -> crate::http::test_server::Reply {
    let realm = format!("https://{}/oauth2/token", seen.host());
    let challenge =
        format!(r#"Bearer realm="{realm}",service="{REGISTRY}",scope="repository:app:pull""#);
    reply(401).header("WWW-Authenticate", &challenge)
}

fn provider(identity: &TlsIdentity, directory: &Server, more: &[(&str, &str)]) -> Azure {
    provider_as(identity, directory, more, AzureLogin::Environment)
}

fn provider_as(
    identity: &TlsIdentity,
    directory: &Server,
    more: &[(&str, &str)],
    login: AzureLogin,
) -> Azure {
    let authority = format!("http://{}/", directory.host());
    let mut variables = vec![
        ("AZURE_AUTHORITY_HOST", authority.as_str()),
        ("AZURE_TENANT_ID", "tenant.test"),
        ("AZURE_CLIENT_ID", "client"),
    ];
    variables.extend(more);
    Azure::new(
        trusting(identity, &[REGISTRY, "evil.test"]),
        Environment::of(&variables),
        login,
    )
}

fn client(identity: &TlsIdentity) -> OciRegistryBuilder {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    OciRegistry::builder()
        .credential_files([] as [PathBuf; 0])
        .resolve_to(REGISTRY, here)
        .resolve_to("evil.test", here)
        .extra_ca(identity.ca_pem.clone())
}

#[tokio::test]
async fn from_a_secret_to_a_manifest() {
    let identity = TlsIdentity::new();
    let (directory, registry) = (directory().await, registry(&identity).await);
    let azure = provider(&identity, &directory, &[("AZURE_CLIENT_SECRET", "a&b")]);
    let client = client(&identity)
        .credential_provider(azure)
        .build()
        .unwrap();
    let repository = format!("{}/app", registry.named(REGISTRY));
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v2", 9).await.unwrap();
    assert_eq!(
        String::from_utf8_lossy(&directory.seen()[0].body),
        "grant_type=client_credentials&client_id=client\
         &scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default&client_secret=a%26b"
    );
    assert_eq!(
        registry.lines(),
        [
            "GET /v2/app/manifests/v1",
            "POST /oauth2/exchange",
            "POST /oauth2/token",
            "GET /v2/app/manifests/v1",
            "GET /v2/app/manifests/v2",
        ]
    );
    assert_eq!(
        String::from_utf8_lossy(&registry.seen()[1].body),
        "grant_type=access_token&service=team.azurecr.io&tenant=tenant.test\
         &access_token=directory-token"
    );
}

#[tokio::test]
async fn federated_tokens_are_assertions() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "jwt\n").unwrap();
    let identity = TlsIdentity::new();
    let (directory, registry) = (directory().await, registry(&identity).await);
    let path = file.path().to_str().unwrap();
    let azure = provider(&identity, &directory, &[(TOKEN_FILE, path)]);
    let issued = azure
        .credential(&registry.named(REGISTRY))
        .await
        .unwrap()
        .unwrap();
    assert!(issued.credential == Credential::identity_token("refresh"));
    let body = String::from_utf8_lossy(&directory.seen()[0].body).into_owned();
    assert!(
        body.ends_with(
            "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion=jwt"
        ),
        "{body}"
    );
}

/// CVE-2025-27403.
#[tokio::test]
async fn directory_tokens_go_to_no_other_host() {
    let identity = TlsIdentity::new();
    let (directory, evil) = (directory().await, registry(&identity).await);
    let secret = [("AZURE_CLIENT_SECRET", "secret")];
    // The attack: a registry that answers as Azure's do. By Azure's name it would get the token.
    let open = provider(&identity, &directory, &secret);
    assert!(
        open.credential(&evil.named(REGISTRY))
            .await
            .unwrap()
            .is_some()
    );
    let seen = evil.lines().len();

    let names = [
        evil.named("evil.test"),
        evil.host(),
        format!("{REGISTRY}.evil.test:{}", evil.port),
        "team.azurecr.evil.test".to_owned(),
    ];
    for name in &names {
        let azure = provider(&identity, &directory, &secret);
        assert!(azure.credential(name).await.unwrap().is_none(), "{name}");
        assert!(exchange_url(name).is_err(), "{name}");
    }
    // Nor where an image asks: the registry is spoken to, and nobody asks the directory.
    let asked = directory.lines().len();
    let azure = provider(&identity, &directory, &secret);
    let client = client(&identity)
        .credential_provider(azure)
        .build()
        .unwrap();
    let image = format!("{}/app", evil.named("evil.test"));
    assert!(client.fetch_manifest(&image, "v1", 9).await.is_err());
    assert_eq!(directory.lines().len(), asked);
    let secrets = evil.seen().split_off(seen).into_iter();
    let secrets =
        secrets.filter(|seen| String::from_utf8_lossy(&seen.body).contains(DIRECTORY_TOKEN));
    assert_eq!(secrets.count(), 0);
}

/// A registry that sends its exchange elsewhere gets the token to keep, and sends it nowhere.
#[tokio::test]
async fn exchanges_are_not_redirected() {
    let identity = TlsIdentity::new();
    let directory = directory().await;
    let evil = Server::start_tls(&identity, |_| reply(200)).await;
    let elsewhere = format!("https://{}/oauth2/exchange", evil.named("evil.test"));
    let registry = Server::start_tls(&identity, move |_| {
        reply(307).header("Location", &elsewhere)
    })
    .await;
    let azure = provider(&identity, &directory, &[("AZURE_CLIENT_SECRET", "s")]);
    let error = azure
        .credential(&registry.named(REGISTRY))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("redirect"), "{error}");
    assert!(evil.lines().is_empty());
}

#[tokio::test]
async fn nothing_to_go_on() {
    let environments: [&[(&str, &str)]; 3] = [
        &[],
        &[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_SECRET", "s")],
        &[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c")],
    ];
    for variables in environments {
        let azure = Azure::new(
            stand_in(),
            Environment::of(variables),
            AzureLogin::Environment,
        );
        assert!(azure.credential(REGISTRY).await.unwrap().is_none());
        assert!(azure.advice(REGISTRY).unwrap().contains("AZURE_TENANT_ID"));
    }
    let tenant = [
        ("AZURE_TENANT_ID", "../evil"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
    ];
    let error = Azure::new(
        stand_in(),
        Environment::of(&tenant),
        AzureLogin::Environment,
    )
    .credential(REGISTRY)
    .await;
    assert!(error.unwrap_err().to_string().contains("AZURE_TENANT_ID"));
}

/// The environment has another application.
#[tokio::test]
async fn a_login_comes_before_the_environment() {
    let identity = TlsIdentity::new();
    let directory = directory().await;
    let registry = registry(&identity).await;
    let environment = [
        ("AZURE_TENANT_ID", "other.test"),
        ("AZURE_CLIENT_SECRET", "other"),
    ];
    for (proof, sent) in [
        (
            AzureProof::Secret(LoginSecret::new("given")),
            "client_id=app&scope=https%3A%2F%2Fcontainerregistry.azure.net%2F.default&client_secret=given",
        ),
        (
            AzureProof::Token(LoginSecret::new("jwt")),
            "&client_assertion=jwt",
        ),
    ] {
        let login = AzureLogin::Application {
            tenant: "tenant.test".into(),
            client: "app".into(),
            proof,
        };
        let azure = provider_as(&identity, &directory, &environment, login);
        let issued = azure.credential(&registry.named(REGISTRY)).await.unwrap();
        assert!(issued.unwrap().credential == Credential::identity_token("refresh"));
        let asked = directory.seen().pop().unwrap();
        let asked = String::from_utf8_lossy(&asked.body);
        assert!(asked.ends_with(sent), "{asked}");
    }
    let login = AzureLogin::Application {
        tenant: "../evil".into(),
        client: "app".into(),
        proof: AzureProof::Secret(LoginSecret::new("hush")),
    };
    let azure = provider_as(&identity, &directory, &environment, login);
    let error = azure.credential(REGISTRY).await.unwrap_err().to_string();
    assert!(error.contains("the tenant: expected a UUID"), "{error}");
}

#[test]
fn each_cloud_has_its_directory() {
    assert_eq!(
        authority_of("team.azurecr.io"),
        "https://login.microsoftonline.com"
    );
    assert_eq!(
        authority_of("team.azurecr.cn"),
        "https://login.chinacloudapi.cn"
    );
    assert_eq!(
        authority_of("team.azurecr.us"),
        "https://login.microsoftonline.us"
    );
}
