//! Challenges, tokens, and who gets to see a password.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Barrier;

use super::{
    super::{Credential, Registry as _, RegistryError, RegistryPush as _},
    DIGEST, IMAGE, basic_challenge, bearer_challenge, builder, client, counted, named_hosts,
    server::{Reply, Seen, Server, TlsIdentity, ok, reply},
};

/// A registry that is its own token service: tokens are `t1`, `t2`, …, each good for what it
/// was granted; `valid` says which one is good now.
async fn bearer_registry(valid: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    let issued = AtomicUsize::new(0);
    Server::start(move |seen| match seen.path.starts_with("/token") {
        true => {
            let number = issued.fetch_add(1, Ordering::SeqCst) + 1;
            ok(&format!(r#"{{"token":"t{number}","expires_in":300}}"#))
        }
        false => content_for(seen, |token| valid(token)),
    })
    .await
}

fn content_for(seen: &Seen, valid: impl Fn(&str) -> bool) -> Reply {
    match seen.authorization().strip_prefix("Bearer ") {
        Some(token) if valid(token) => stored(seen),
        _ => bearer_challenge(&format!("http://{}/token", seen.host())),
    }
}

fn stored(seen: &Seen) -> Reply {
    match seen.method.as_str() {
        "POST" => reply(202).header("Location", "/upload"),
        "PUT" => reply(201),
        _ => ok("hello").header("Content-Type", IMAGE),
    }
}

#[tokio::test]
async fn anonymous_bearer_is_three_requests_then_one() {
    let server = bearer_registry(|_| true).await;
    let repository = format!("{}/a/b", server.host());
    let (client, log) = counted(builder());
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v2", 9).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v2/a/b/manifests/v1",
            "GET /token?service=test&scope=repository%3Aa%2Fb%3Apull",
            "GET /v2/a/b/manifests/v1",
            "GET /v2/a/b/manifests/v2",
        ]
    );
    assert_eq!(server.seen()[1].authorization(), "");
    assert_eq!(server.seen()[3].authorization(), "Bearer t1");
    assert!(log.lock().unwrap().iter().all(|line| !line.contains('?')));
}

#[tokio::test]
async fn one_token_for_a_whole_signing() {
    let server = bearer_registry(|_| true).await;
    let repository = format!("{}/a/b", server.host());
    let client = builder()
        .credential_for(server.host(), Credential::basic("u", "p"))
        .build()
        .unwrap()
        .for_push();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client
        .push_blob(&repository, DIGEST, b"hello".to_vec())
        .await
        .unwrap();
    client
        .push_manifest(&repository, "v2", IMAGE, b"{}".to_vec())
        .await
        .unwrap();
    let tokens: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|seen| seen.path.starts_with("/token"))
        .collect();
    assert_eq!(tokens.len(), 1);
    let scope = "scope=repository%3Aa%2Fb%3Apull%2Cpush";
    assert!(tokens[0].path.ends_with(scope), "{}", tokens[0].path);
    assert_eq!(tokens[0].authorization(), "Basic dTpw");
    assert_eq!(server.lines().len(), 3 + 2 + 1);
}

#[tokio::test]
async fn reads_fall_back_when_pushing_is_refused() {
    let server = Server::start(|seen| match seen.path.starts_with("/token") {
        true if seen.path.contains("push") => reply(403),
        true => ok(r#"{"access_token":"t"}"#),
        false => content_for(seen, |token| token == "t"),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = client().for_push();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(server.lines().len(), 5);
    let error = client
        .push_manifest(&repository, "v1", IMAGE, vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
}

#[tokio::test]
async fn a_revoked_token_is_refreshed_once() {
    let uses = AtomicUsize::new(0);
    let server = bearer_registry(move |token| match token {
        "t1" => uses.fetch_add(1, Ordering::SeqCst) == 0,
        _ => true,
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = client();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v2", 9).await.unwrap();
    let tokens = server
        .lines()
        .iter()
        .filter(|line| line.contains("/token"))
        .count();
    assert_eq!(tokens, 2);
    assert_eq!(server.seen().last().unwrap().authorization(), "Bearer t2");
}

#[tokio::test]
async fn tokens_that_never_help_end_in_denied() {
    let server = bearer_registry(|_| false).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_manifest(&repository, "v1", 9)
        .await
        .unwrap_err();
    assert!(matches!(&error, RegistryError::Denied(text) if text.contains("docker login")));
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn a_life_of_nothing_is_none_given() {
    let server = Server::start(|seen| match seen.path.starts_with("/token") {
        true => ok(r#"{"token":"t","expires_in":0}"#),
        false => content_for(seen, |_| true),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = client();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(server.lines().len(), 4, "a life of 0 stands for none given");
}

#[tokio::test]
async fn many_at_once_share_one_exchange() {
    const MANY: usize = 8;
    let barrier = Arc::new(Barrier::new(MANY));
    let hold = Arc::clone(&barrier);
    let server = Server::start(move |seen| match seen.path.starts_with("/token") {
        true => ok(r#"{"token":"t"}"#),
        // All have been refused before the first of them can ask for a token.
        false if seen.authorization().is_empty() => {
            bearer_challenge(&format!("http://{}/token", seen.host())).after(&hold)
        }
        false => stored(seen),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = client();
    let tasks: Vec<_> = (0..MANY)
        .map(|_| {
            let (client, repository) = (client.clone(), repository.clone());
            tokio::spawn(async move { client.fetch_manifest(&repository, "v1", 9).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let tokens = server
        .lines()
        .iter()
        .filter(|line| line.contains("/token"))
        .count();
    assert_eq!((tokens, server.lines().len()), (1, 2 * MANY + 1));
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_by_many() {
    const MANY: usize = 8;
    let barrier = Arc::new(Barrier::new(MANY));
    let server = Server::start(move |seen| match seen.path.starts_with("/token") {
        true => reply(401).body(r#"{"details":"incorrect username or password"}"#),
        false => bearer_challenge(&format!("http://{}/token", seen.host())).after(&barrier),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = builder()
        .credential(Credential::basic("u", "hunter2"))
        .build()
        .unwrap();
    let tasks: Vec<_> = (0..MANY)
        .map(|_| {
            let (client, repository) = (client.clone(), repository.clone());
            tokio::spawn(async move { client.fetch_manifest(&repository, "v1", 9).await })
        })
        .collect();
    for task in tasks {
        let error = task.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("incorrect username or password"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    // Those that came to the lock late may ask again; that none did is not promised.
    let tokens = server
        .lines()
        .iter()
        .filter(|line| line.contains("/token"))
        .count();
    assert!(tokens < MANY, "{tokens}");
}

#[tokio::test]
async fn identity_tokens_are_posted() {
    let server = Server::start(|seen| match seen.path.starts_with("/token") {
        true => ok(r#"{"access_token":"t","expires_in":60.5}"#),
        false => content_for(seen, |token| token == "t"),
    })
    .await;
    let client = builder()
        .credential_for(server.host(), Credential::identity_token("id&t"))
        .build()
        .unwrap();
    client
        .fetch_manifest(&format!("{}/a/b", server.host()), "v1", 9)
        .await
        .unwrap();
    let post = &server.seen()[1];
    assert_eq!(post.line(), "POST /token");
    assert_eq!(
        String::from_utf8_lossy(&post.body),
        "grant_type=refresh_token&client_id=cosignet&scope=repository%3Aa%2Fb%3Apull\
         &refresh_token=id%26t&service=test"
    );
    assert_eq!(post.authorization(), "");
}

#[tokio::test]
async fn basic_is_sent_upfront_once_asked_for() {
    let server = Server::start(|seen| match seen.authorization() {
        "Basic dTpw" => stored(seen),
        _ => basic_challenge(),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let client = builder()
        .credential(Credential::basic("u", "p"))
        .build()
        .unwrap();
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    client.fetch_manifest(&repository, "v2", 9).await.unwrap();
    assert_eq!(server.lines().len(), 3);
    // Never before it was asked for.
    assert_eq!(server.seen()[0].authorization(), "");
}

#[tokio::test]
async fn a_wrong_basic_password_is_sent_once() {
    let server = Server::start(|_| basic_challenge()).await;
    let repository = format!("{}/a/b", server.host());
    let client = builder()
        .credential(Credential::basic("u", "hunter2"))
        .build()
        .unwrap();
    for requests in [2, 3] {
        let error = client
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
        assert!(matches!(&error, RegistryError::Denied(text) if !text.contains("hunter2")));
        assert_eq!(server.lines().len(), requests);
    }
}

#[tokio::test]
async fn bearer_credentials_go_to_the_registry() {
    let server = bearer_registry(|token| token == "mine").await;
    let client = builder()
        .credential(Credential::bearer("mine"))
        .build()
        .unwrap();
    let repository = format!("{}/a/b", server.host());
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn odd_token_answers_are_refused_without_being_quoted() {
    for (answer, expected) in [
        ("{}", "something else than JSON with"),
        (
            r#"{"token":5,"secret":"hunter2"}"#,
            "something else than JSON with",
        ),
        (
            r#"{"token":"hunter2\r\nX-Evil: 1"}"#,
            "no HTTP header can hold",
        ),
    ] {
        let server = Server::start(move |seen| match seen.path.starts_with("/token") {
            true => ok(answer),
            false => content_for(seen, |_| true),
        })
        .await;
        let repository = format!("{}/a/b", server.host());
        let error = client()
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, RegistryError::Invalid(_)) && text.contains(expected),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn endless_token_answers_are_cut_off() {
    let server = Server::start(|seen| match seen.path.starts_with("/token") {
        true => reply(200).endless(),
        false => content_for(seen, |_| true),
    })
    .await;
    let error = client()
        .fetch_manifest(&format!("{}/a/b", server.host()), "v1", 9)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { .. }), "{error}");
}

/// A TLS registry at registry.corp.test and a token service at the name given.
async fn with_realm(realm_name: &'static str) -> (TlsIdentity, Server, Server) {
    let identity = TlsIdentity::new();
    let realm = Server::start_tls(&identity, |_| ok(r#"{"token":"t"}"#)).await;
    let url = format!("https://{}/token", realm.named(realm_name));
    let registry = Server::start_tls(&identity, move |seen| match seen.authorization() {
        "Bearer t" => stored(seen),
        _ => bearer_challenge(&url),
    })
    .await;
    (identity, registry, realm)
}

#[tokio::test]
async fn passwords_go_to_realms_of_the_same_site() {
    let (identity, registry, realm) = with_realm("auth.corp.test").await;
    let client = named_hosts(&identity)
        .credential(Credential::basic("u", "p"))
        .build()
        .unwrap();
    let repository = format!("{}/a/b", registry.named("registry.corp.test"));
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(realm.seen()[0].authorization(), "Basic dTpw");
}

#[tokio::test]
async fn passwords_do_not_go_to_foreign_realms() {
    for credential in [
        Credential::basic("u", "p"),
        Credential::identity_token("idt"),
    ] {
        let (identity, registry, realm) = with_realm("evil.test").await;
        let repository = format!("{}/a/b", registry.named("registry.corp.test"));
        // The attack: with the user's leave, the realm gets the secret.
        let open = named_hosts(&identity)
            .credential(credential.clone())
            .trusted_realm("evil.test")
            .build()
            .unwrap();
        open.fetch_manifest(&repository, "v1", 9).await.unwrap();
        let got = &realm.seen()[0];
        let body = String::from_utf8_lossy(&got.body).into_owned();
        assert!(got.authorization() == "Basic dTpw" || body.contains("idt"));

        let client = named_hosts(&identity)
            .credential(credential)
            .build()
            .unwrap();
        let error = client
            .fetch_manifest(&repository, "v1", 9)
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, RegistryError::Denied(_)), "{text}");
        assert!(text.contains("evil.test") && text.contains("--registry-trusted-realm"));
        assert_eq!(realm.seen().len(), 1, "asked nothing more");
    }
}

#[tokio::test]
async fn foreign_realms_are_asked_anonymously() {
    let (identity, registry, realm) = with_realm("evil.test").await;
    let client = named_hosts(&identity).build().unwrap();
    let repository = format!("{}/a/b", registry.named("registry.corp.test"));
    client.fetch_manifest(&repository, "v1", 9).await.unwrap();
    assert_eq!(realm.seen()[0].authorization(), "");
}

#[tokio::test]
async fn passwords_of_https_registries_do_not_go_to_http_realms() {
    let identity = TlsIdentity::new();
    let realm = Server::start(|_| ok(r#"{"token":"t"}"#)).await;
    let url = format!("http://{}/token", realm.named("auth.corp.test"));
    let registry = Server::start_tls(&identity, move |seen| match seen.authorization() {
        "Bearer t" => stored(seen),
        _ => bearer_challenge(&url),
    })
    .await;
    let repository = format!("{}/a/b", registry.named("registry.corp.test"));
    let allowed = super::super::AllowHttp::hosts(["auth.corp.test"]).unwrap();
    // The way is open: without a password, the realm is asked.
    let anonymous = named_hosts(&identity)
        .allow_http(allowed.clone())
        .build()
        .unwrap();
    anonymous
        .fetch_manifest(&repository, "v1", 9)
        .await
        .unwrap();
    assert_eq!(realm.seen().len(), 1);

    let password = Credential::basic("u", "p");
    let client = named_hosts(&identity)
        .allow_http(allowed)
        .credential(password)
        .build()
        .unwrap();
    let error = client
        .fetch_manifest(&repository, "v1", 9)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
    assert_eq!(realm.seen().len(), 1);
}

#[tokio::test]
async fn realms_on_this_machine_are_not_for_registries_elsewhere() {
    let identity = TlsIdentity::new();
    let realm = Server::start_tls(&identity, |_| ok(r#"{"token":"t"}"#)).await;
    let url = format!("https://{}/token", realm.host());
    let registry = Server::start_tls(&identity, move |seen| match seen.authorization() {
        "Bearer t" => stored(seen),
        _ => bearer_challenge(&url),
    })
    .await;
    let client = named_hosts(&identity).build().unwrap();
    // The way is open: a registry of this machine may name it.
    let here = format!("{}/a/b", registry.host());
    client.fetch_manifest(&here, "v1", 9).await.unwrap();
    assert_eq!(realm.seen().len(), 1);

    let named = format!("{}/a/b", registry.named("registry.corp.test"));
    let error = client.fetch_manifest(&named, "v1", 9).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
    assert_eq!(realm.seen().len(), 1);
}
