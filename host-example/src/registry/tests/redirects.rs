//! Redirects and upload locations: followed, without credentials to strangers.

use super::{
    super::{AllowHttp, Credential, Registry as _, RegistryError, RegistryPush as _},
    DIGEST, basic_challenge, builder, client, named_hosts,
    server::{Reply, Seen, Server, TlsIdentity, ok, reply},
};

/// Asks for Basic, then redirects to the URL.
fn redirecting(to: String) -> impl Fn(&Seen) -> Reply + Send + Sync + 'static {
    move |seen| match (seen.authorization(), seen.path.as_str()) {
        ("", _) => basic_challenge(),
        (_, "/moved") => ok("blob"),
        _ => reply(307).header("Location", &to),
    }
}

fn with_password() -> Credential {
    Credential::basic("u", "p")
}

#[tokio::test]
async fn authorization_stays_with_its_origin() {
    // On the same origin it goes along: this is what a stranger would get.
    let same = Server::start(redirecting("/moved".to_owned())).await;
    let client = builder().credential(with_password()).build().unwrap();
    let blob = client
        .fetch_blob(&format!("{}/a/b", same.host()), DIGEST, 9)
        .await
        .unwrap();
    assert_eq!(blob, b"blob");
    assert_eq!(same.seen().last().unwrap().authorization(), "Basic dTpw");

    // Another port is another origin.
    let storage = Server::start(|_| ok("blob")).await;
    let url = format!("http://{}/blob?X-Signature=s", storage.host());
    let registry = Server::start(redirecting(url)).await;
    let repository = format!("{}/a/b", registry.host());
    assert_eq!(
        client.fetch_blob(&repository, DIGEST, 9).await.unwrap(),
        b"blob"
    );
    assert_eq!(storage.seen()[0].authorization(), "");
    assert_eq!(storage.lines(), ["GET /blob?X-Signature=s"]);
}

#[tokio::test]
async fn authorization_does_not_come_back() {
    // registry -> stranger -> registry: the stranger chose that last request.
    let registry_port = std::sync::Arc::new(std::sync::OnceLock::new());
    let port = std::sync::Arc::clone(&registry_port);
    let stranger = Server::start(move |_| {
        let port: &u16 = port.get().unwrap();
        reply(307).header("Location", &format!("http://127.0.0.1:{port}/chosen"))
    })
    .await;
    let url = format!("http://{}/x", stranger.host());
    let registry = Server::start(
        move |seen| match (seen.path.as_str(), seen.authorization()) {
            ("/chosen", _) => ok("blob"),
            (_, "") => basic_challenge(),
            _ => reply(307).header("Location", &url),
        },
    )
    .await;
    registry_port.set(registry.port).unwrap();
    let client = builder().credential(with_password()).build().unwrap();
    client
        .fetch_blob(&format!("{}/a/b", registry.host()), DIGEST, 9)
        .await
        .unwrap();
    let last = registry.seen().pop().unwrap();
    assert_eq!((last.path.as_str(), last.authorization()), ("/chosen", ""));
}

#[tokio::test]
async fn storage_on_another_host_is_followed() {
    let identity = TlsIdentity::new();
    let storage = Server::start_tls(&identity, |_| ok("blob")).await;
    let url = format!("https://{}/blob", storage.named("storage.test"));
    let registry = Server::start_tls(&identity, redirecting(url)).await;
    let client = named_hosts(&identity)
        .credential(with_password())
        .build()
        .unwrap();
    let repository = format!("{}/a/b", registry.named("registry.corp.test"));
    assert_eq!(
        client.fetch_blob(&repository, DIGEST, 9).await.unwrap(),
        b"blob"
    );
    assert_eq!(storage.seen()[0].authorization(), "");
}

#[tokio::test]
async fn a_401_of_the_storage_is_no_challenge_for_the_registry() {
    let storage = Server::start(|_| basic_challenge()).await;
    let registry = Server::start(redirecting(format!("http://{}/x", storage.host()))).await;
    let client = builder().credential(with_password()).build().unwrap();
    let repository = format!("{}/a/b", registry.host());
    let error = client.fetch_blob(&repository, DIGEST, 9).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
    assert!(
        storage
            .seen()
            .iter()
            .all(|seen| seen.authorization().is_empty())
    );
}

#[tokio::test]
async fn https_does_not_go_on_to_http() {
    let identity = TlsIdentity::new();
    let storage = Server::start(|_| ok("blob")).await;
    let url = format!("http://{}/blob", storage.named("storage.test"));
    let registry = Server::start_tls(&identity, redirecting(url)).await;
    let repository = format!("{}/a/b", registry.named("registry.corp.test"));
    let base = || named_hosts(&identity).credential(with_password());
    // The way is open: with the user's leave it is followed.
    let allowed = AllowHttp::hosts(["storage.test"]).unwrap();
    let open = base().allow_http(allowed).build().unwrap();
    assert_eq!(
        open.fetch_blob(&repository, DIGEST, 9).await.unwrap(),
        b"blob"
    );

    let error = base()
        .build()
        .unwrap()
        .fetch_blob(&repository, DIGEST, 9)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
    assert_eq!(storage.seen().len(), 1);
}

#[tokio::test]
async fn this_machine_is_not_for_registries_elsewhere() {
    let identity = TlsIdentity::new();
    let local = Server::start_tls(&identity, |_| ok("blob")).await;
    let url = format!("https://{}/blob", local.host());
    let registry = Server::start_tls(&identity, redirecting(url)).await;
    let client = named_hosts(&identity)
        .credential(with_password())
        .build()
        .unwrap();
    // The way is open: a registry on this machine may use it.
    let here = format!("{}/a/b", registry.host());
    assert_eq!(client.fetch_blob(&here, DIGEST, 9).await.unwrap(), b"blob");

    let named = format!("{}/a/b", registry.named("registry.corp.test"));
    let error = client.fetch_blob(&named, DIGEST, 9).await.unwrap_err();
    assert!(matches!(error, RegistryError::Denied(_)), "{error}");
    assert_eq!(local.seen().len(), 1);
}

#[tokio::test]
async fn circles_end() {
    let server = Server::start(|seen| reply(302).header("Location", &seen.path)).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .fetch_blob(&repository, DIGEST, 9)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
    assert_eq!(server.lines().len(), 6);
}

#[tokio::test]
async fn user_info_of_a_location_is_not_sent() {
    let storage = Server::start(|_| ok("blob")).await;
    let url = format!("http://evil:secret@{}/blob", storage.host());
    let registry = Server::start(move |_| reply(307).header("Location", &url)).await;
    let repository = format!("{}/a/b", registry.host());
    client().fetch_blob(&repository, DIGEST, 9).await.unwrap();
    assert_eq!(storage.seen()[0].authorization(), "");
}

#[tokio::test]
async fn uploads_elsewhere_get_no_credentials() {
    let run = async |to_self: bool| {
        let storage = Server::start(|_| reply(201)).await;
        let elsewhere = format!("http://{}/up", storage.host());
        let registry = Server::start(move |seen| match (seen.authorization(), to_self) {
            ("", _) => basic_challenge(),
            _ if seen.method == "PUT" => reply(201),
            (_, true) => reply(202).header("Location", "/up"),
            (_, false) => reply(202).header("Location", &elsewhere),
        })
        .await;
        let client = builder().credential(with_password()).build().unwrap();
        let repository = format!("{}/a/b", registry.host());
        client
            .push_blob(&repository, DIGEST, b"hello".to_vec())
            .await
            .unwrap();
        let mut all = registry.seen();
        all.extend(storage.seen());
        all.into_iter().find(|seen| seen.method == "PUT").unwrap()
    };
    // The attack: a PUT to the registry itself bears the password.
    assert_eq!(run(true).await.authorization(), "Basic dTpw");
    let put = run(false).await;
    assert_eq!(put.authorization(), "");
    assert_eq!(put.body, b"hello");
}

#[tokio::test]
async fn writes_are_not_repeated_as_something_else() {
    let server = Server::start(|_| reply(302).header("Location", "/elsewhere")).await;
    let repository = format!("{}/a/b", server.host());
    let pushed = client()
        .push_manifest(&repository, "v1", super::IMAGE, vec![])
        .await;
    assert!(
        matches!(pushed, Err(RegistryError::Invalid(_))),
        "{pushed:?}"
    );
    assert_eq!(server.lines().len(), 1);
}
