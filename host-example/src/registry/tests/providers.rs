//! Credentials that are issued for a while, in front of registries that tire of them.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;

use super::{
    super::{Credential, CredentialProvider, Issued, Registry as _, RegistryError},
    IMAGE, basic_challenge, bearer_challenge, builder,
    server::{Reply, Server, ok, reply},
};

/// Issues `1`, `2`, …, as passwords or as identity tokens.
struct Counter {
    issued: Arc<AtomicUsize>,
    make: fn(String) -> Credential,
}

#[async_trait]
impl CredentialProvider for Counter {
    async fn credential(&self, _: &str) -> Result<Option<Issued>, RegistryError> {
        let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(Some(Issued {
            credential: (self.make)(number.to_string()),
            expires: None,
        }))
    }

    fn advice(&self, _: &str) -> Option<String> {
        Some("ask the counter".to_owned())
    }
}

fn counter(make: fn(String) -> Credential) -> (Counter, Arc<AtomicUsize>) {
    let issued = Arc::new(AtomicUsize::new(0));
    let counter = Counter {
        issued: Arc::clone(&issued),
        make,
    };
    (counter, issued)
}

fn password(number: String) -> Credential {
    Credential::basic("u", number)
}

fn stored() -> Reply {
    ok("hello").header("Content-Type", IMAGE)
}

/// Takes `u` with these passwords, in this order; `u:1` is `dTox`, `u:2` is `dToy`.
async fn basic_registry(uses_of_first: usize) -> Server {
    let uses = AtomicUsize::new(0);
    Server::start(move |seen| match seen.authorization() {
        "Basic dTox" if uses.fetch_add(1, Ordering::SeqCst) < uses_of_first => stored(),
        "Basic dToy" => stored(),
        _ => basic_challenge(),
    })
    .await
}

#[tokio::test]
async fn a_password_that_ended_is_renewed_once() {
    let server = basic_registry(2).await;
    let repository = format!("{}/a/b", server.host());
    let (counter, issued) = counter(password);
    let client = builder().credential_provider(counter).renewing_at_once();
    let client = client.build().unwrap();
    for tag in ["v1", "v2", "v3", "v4"] {
        client.fetch_manifest(&repository, tag, 9).await.unwrap();
    }
    assert_eq!(issued.load(Ordering::SeqCst), 2);
    // The challenge, two with the first, one refused and again, one with the second.
    assert_eq!(server.lines().len(), 1 + 2 + 2 + 1);
}

#[tokio::test]
async fn passwords_that_never_help_are_asked_for_twice() {
    let server = Server::start(|_| basic_challenge()).await;
    let repository = format!("{}/a/b", server.host());
    let (counter, issued) = counter(password);
    let client = builder().credential_provider(counter).renewing_at_once();
    let client = client.build().unwrap();
    for asked in [1, 2] {
        let error = client
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
        assert!(matches!(&error, RegistryError::Denied(why) if why.contains("ask the counter")));
        assert_eq!(issued.load(Ordering::SeqCst), asked);
    }
}

#[tokio::test]
async fn what_was_just_issued_is_not_asked_for_again() {
    let server = Server::start(|_| basic_challenge()).await;
    let repository = format!("{}/a/b", server.host());
    let (counter, issued) = counter(password);
    let client = builder().credential_provider(counter).build().unwrap();
    for _ in 0..3 {
        client
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
    }
    assert_eq!(issued.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn identity_tokens_that_ended_are_renewed() {
    let server = Server::start(|seen| {
        let body = String::from_utf8_lossy(&seen.body);
        match (seen.path.as_str(), seen.authorization()) {
            ("/token", _) if body.contains("refresh_token=2") => ok(r#"{"access_token":"t"}"#),
            ("/token", _) => reply(400).body(r#"{"error":"invalid_grant"}"#),
            (_, "Bearer t") => stored(),
            _ => bearer_challenge(&format!("http://{}/token", seen.host())),
        }
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let (counter, issued) = counter(Credential::identity_token);
    let client = builder().credential_provider(counter).renewing_at_once();
    let client = client.build().unwrap();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_was_given_comes_before_what_is_issued() {
    let server = Server::start(|seen| match seen.authorization() {
        "Basic dTpw" => stored(),
        _ => basic_challenge(),
    })
    .await;
    let (counter, issued) = counter(password);
    let client = builder()
        .credential(Credential::basic("u", "p"))
        .credential_provider(counter);
    let client = client.build().unwrap();
    let repository = format!("{}/a/b", server.host());
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(issued.load(Ordering::SeqCst), 0);
}
