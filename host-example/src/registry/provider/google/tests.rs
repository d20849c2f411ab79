//! The documented protocols against stand-ins of Google's services.

use std::io::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rsa::{RsaPrivateKey, pkcs1v15, pkcs8::DecodePrivateKey as _, signature::Verifier as _};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::*;
use crate::{
    http::test_server::{Reply, Seen, Server, ok, reply},
    registry::{login::LoginSecret, provider::services::stand_in},
};

const REGISTRY: &str = "europe-west3-docker.pkg.dev";

fn google(variables: &[(&str, &str)]) -> Google {
    Google::new(
        stand_in(),
        Environment::of(variables),
        GoogleLogin::Environment,
    )
}

/// The provider with a file of application default credentials.
fn with_file(file: &Value) -> (Google, NamedTempFile) {
    let mut written = NamedTempFile::new().unwrap();
    written.write_all(file.to_string().as_bytes()).unwrap();
    let google = google(&[(FILE, written.path().to_str().unwrap())]);
    (google, written)
}

/// A key that opens nothing.
const KEY: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../tests/data/public/keys/import/validrsapkcs8.key"
));

fn service_account(token_uri: &str, key: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "my-project",
        "private_key_id": "kid1",
        "private_key": key,
        "client_email": "ci@my-project.iam.gserviceaccount.com",
        "token_uri": token_uri,
    })
}

fn federation(server: &Server, source: Value) -> Value {
    json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("http://{}/token", server.host()),
        "service_account_impersonation_url":
            format!("http://{}/v1/account:generateAccessToken", server.host()),
        "credential_source": source,
    })
}

fn services(seen: &Seen) -> Reply {
    match seen.path.as_str() {
        "/token" => ok(r#"{"access_token":"a1","expires_in":3599,"token_type":"Bearer"}"#),
        "/v1/account:generateAccessToken" => match seen.authorization() {
            "Bearer a1" => ok(r#"{"accessToken":"a2","expireTime":"2099-01-02T03:04:05Z"}"#),
            _ => reply(401),
        },
        "/subject" => ok(r#"{"id_token":"subject"}"#),
        "/computeMetadata/v1/instance/service-accounts/default/token" => {
            match seen.header("metadata-flavor") {
                Some("Google") => ok(r#"{"access_token":"m","expires_in":60}"#)
                    .header("Metadata-Flavor", "Google"),
                _ => reply(403),
            }
        }
        _ => reply(404),
    }
}

async fn password(google: &Google) -> Result<Option<Issued>, RegistryError> {
    google.credential(REGISTRY).await
}

fn is(issued: &Issued, token: &str) -> bool {
    issued.credential == Credential::basic("oauth2accesstoken", token)
}

#[tokio::test]
async fn given_tokens_are_passwords() {
    for name in TOKENS {
        let issued = password(&google(&[(name, "given")]))
            .await
            .unwrap()
            .unwrap();
        assert!(is(&issued, "given") && issued.expires.is_none(), "{name}");
    }
    let google = google(&[(TOKENS[0], "given")]);
    for other in ["ghcr.io", "gcr.io.evil.test", "us-docker.pkg.dev.evil.test"] {
        assert!(google.credential(other).await.unwrap().is_none(), "{other}");
        assert!(google.advice(other).is_none(), "{other}");
    }
}

#[tokio::test]
async fn service_accounts_sign_an_assertion() {
    let server = Server::start(services).await;
    let uri = format!("http://{}/token", server.host());
    let (google, _file) = with_file(&service_account(&uri, KEY));
    let issued = password(&google).await.unwrap().unwrap();
    assert!(is(&issued, "a1"));
    let life = issued
        .expires
        .unwrap()
        .duration_since(SystemTime::now())
        .unwrap();
    assert!((3500..=3599).contains(&life.as_secs()), "{life:?}");

    let form: Vec<_> = form_urlencoded::parse(&server.seen()[0].body)
        .into_owned()
        .collect();
    let [(_, grant), (name, token)] = form.as_slice() else {
        panic!("{form:?}");
    };
    assert_eq!(grant, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!(name, "assertion");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(
        read(header),
        json!({ "alg": "RS256", "typ": "JWT", "kid": "kid1" })
    );
    let claims = read(claims);
    assert_eq!(claims["iss"], "ci@my-project.iam.gserviceaccount.com");
    assert_eq!(claims["aud"], uri);
    assert_eq!(claims["scope"], SCOPE);
    let (issued, ends) = (
        claims["iat"].as_u64().unwrap(),
        claims["exp"].as_u64().unwrap(),
    );
    assert_eq!(ends - issued, 3600);

    // By another implementation of RSA than the one that signed.
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let key = RsaPrivateKey::from_pkcs8_der(key.secret_der()).unwrap();
    let verifier = pkcs1v15::VerifyingKey::<sha2::Sha256>::new(key.to_public_key());
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let signature = pkcs1v15::Signature::try_from(signature.as_slice()).unwrap();
    verifier.verify(signed.as_bytes(), &signature).unwrap();
    assert!(verifier.verify(b"other", &signature).is_err());
}

#[tokio::test]
async fn federations_exchange_and_impersonate() {
    let server = Server::start(services).await;
    let mut token = NamedTempFile::new().unwrap();
    token.write_all(b"subject\n").unwrap();
    let url = format!("http://{}/subject", server.host());
    let format = json!({ "type": "json", "subject_token_field_name": "id_token" });
    for source in [
        json!({ "file": token.path() }),
        json!({ "url": url, "headers": { "Authorization": "bearer job" }, "format": format }),
    ] {
        let before = server.seen().len();
        let (google, _file) = with_file(&federation(&server, source));
        let issued = password(&google).await.unwrap().unwrap();
        assert!(is(&issued, "a2"));
        assert_eq!(
            issued.expires,
            humantime::parse_rfc3339_weak("2099-01-02T03:04:05Z").ok()
        );
        let seen = server.seen().split_off(before);
        let subject = seen.iter().find(|seen| seen.path == "/subject");
        assert!(subject.is_none_or(|seen| seen.authorization() == "bearer job"));
        let exchange = seen.iter().find(|seen| seen.path == "/token").unwrap();
        let form: Vec<_> = form_urlencoded::parse(&exchange.body)
            .into_owned()
            .collect();
        for (name, value) in [
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
            ("subject_token", "subject"),
            ("scope", SCOPE),
        ] {
            assert!(
                form.contains(&(name.to_owned(), value.to_owned())),
                "{name}: {form:?}"
            );
        }
        assert_eq!(
            serde_json::from_slice::<Value>(&seen.last().unwrap().body).unwrap(),
            json!({ "scope": [SCOPE], "lifetime": "3600s" })
        );
    }
}

/// The environment has another token.
#[tokio::test]
async fn a_login_comes_before_the_environment() {
    let server = Server::start(services).await;
    let environment = [("CLOUDSDK_AUTH_ACCESS_TOKEN", "other")];
    let google = |login| Google::new(stand_in(), Environment::of(&environment), login);
    let file = service_account(&format!("http://{}/token", server.host()), KEY);
    let text = LoginSecret::new(file.to_string());
    let issued = password(&google(GoogleLogin::Credentials(text))).await;
    assert!(is(&issued.unwrap().unwrap(), "a1"));
    let odd = GoogleLogin::Credentials(LoginSecret::new(r#"{"type":"hunter2"}"#));
    let error = password(&google(odd)).await.unwrap_err().to_string();
    assert!(
        error.contains("credentials: expected JSON") && !error.contains("hunter2"),
        "{error}"
    );
    let elsewhere = GoogleLogin::Federation {
        project_number: "1".into(),
        pool: "pool".into(),
        provider: "issuer".into(),
        service_account: "evil.test/x?@".into(),
        token: LoginSecret::new("hunter2"),
    };
    let error = password(&google(elsewhere)).await.unwrap_err().to_string();
    assert!(
        error.contains("expected NAME@PROJECT") && !error.contains("hunter2"),
        "{error}"
    );
}

#[tokio::test]
async fn the_metadata_server() {
    let server = Server::start(services).await;
    let issued = password(&google(&[("GCE_METADATA_HOST", &server.host())])).await;
    assert!(is(&issued.unwrap().unwrap(), "m"));
    // Whoever does not say that it is Google's is not.
    let other = Server::start(|_| ok(r#"{"access_token":"m"}"#)).await;
    let error = password(&google(&[("GCE_METADATA_HOST", &other.host())]))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does not answer as Google's"),
        "{error}"
    );
}

/// A file that somebody else has made sends no assertion and no token anywhere but to Google.
#[tokio::test]
async fn assertions_and_tokens_go_to_google_alone() {
    let server = Server::start(services).await;
    let mut token = NamedTempFile::new().unwrap();
    token.write_all(b"hunter2").unwrap();
    let source = json!({ "file": token.path() });
    let mut elsewhere = federation(&server, source.clone());
    elsewhere["token_url"] = "https://sts.googleapis.com.evil.test/v1/token".into();
    let mut impersonation = federation(&server, source);
    impersonation["service_account_impersonation_url"] = "https://evil.test/generate".into();
    let mut plain = federation(&server, json!({ "url": "http://evil.test/subject" }));
    plain["token_url"] = "http://127.0.0.1:9/token".into();
    for (file, expected) in [
        (
            service_account("https://evil.test/token", KEY),
            "no host of Google's",
        ),
        (
            service_account("http://oauth2.googleapis.com/token", KEY),
            "expected https",
        ),
        (elsewhere, "no host of Google's"),
        (impersonation, "no host of Google's"),
        (plain, "expected https"),
    ] {
        let (google, _file) = with_file(&file);
        let error = password(&google).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(server.lines().is_empty());
    for url in [
        "https://oauth2.googleapis.com/token",
        "https://sts.googleapis.com/v1/token",
    ] {
        assert!(service_url("test", url).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn odd_files_are_named_and_not_quoted() {
    let server = Server::start(services).await;
    let uri = format!("http://{}/token", server.host());
    for (file, expected) in [
        (
            json!({ "type": "authorized_user", "refresh_token": "hunter2" }),
            "service_account or external_account",
        ),
        (
            json!({ "type": "service_account", "private_key": "hunter2" }),
            "service_account or external_account",
        ),
        (service_account(&uri, "hunter2"), "private key in PEM"),
        (
            federation(&server, json!({ "environment_id": "aws1" })),
            "`file` or `url`",
        ),
    ] {
        let (google, _file) = with_file(&file);
        let error = password(&google).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    assert!(server.lines().is_empty());
}
