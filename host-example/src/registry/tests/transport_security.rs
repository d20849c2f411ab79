//! Plain HTTP, TLS, and finding out which.

use super::{
    super::{AllowHttp, OciRegistry, Registry as _, RegistryError},
    DIGEST, builder, client, counted, named_hosts,
    server::{Server, TlsIdentity, ok, raw, reply},
};

async fn fetch(client: &OciRegistry, host: &str) -> Result<Vec<u8>, RegistryError> {
    client.fetch_blob(&format!("{host}/a/b"), DIGEST, 9).await
}

#[tokio::test]
async fn an_authority_of_ones_own() {
    let identity = TlsIdentity::new();
    let server = Server::start_tls(&identity, |_| ok("blob")).await;
    let host = server.named("registry.corp.test");
    let (client, log) = counted(named_hosts(&identity));
    assert_eq!(fetch(&client, &host).await.unwrap(), b"blob");
    assert_eq!(log.lock().unwrap().len(), 1);
    assert!(log.lock().unwrap()[0].starts_with("GET https://"));
}

#[tokio::test]
async fn other_authorities_are_refused_at_once() {
    let (identity, other) = (TlsIdentity::new(), TlsIdentity::new());
    let server = Server::start_tls(&identity, |_| ok("blob")).await;
    let host = server.named("registry.corp.test");
    let (client, log) = counted(named_hosts(&other));
    let error = fetch(&client, &host).await.unwrap_err();
    let told = matches!(&error, RegistryError::Unavailable(text)
        if text.contains("invalid peer certificate") && text.contains("--registry-cacert"));
    assert!(told, "{error}");
    assert_eq!(
        log.lock().unwrap().len(),
        1,
        "a certificate does not get better"
    );
    assert!(server.seen().is_empty());

    let insecure = named_hosts(&other).insecure_tls(true).build().unwrap();
    assert_eq!(fetch(&insecure, &host).await.unwrap(), b"blob");
}

#[tokio::test]
async fn the_name_counts() {
    let identity = TlsIdentity::new();
    let server = Server::start_tls(&identity, |_| ok("blob")).await;
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let client = named_hosts(&identity)
        .resolve_to("unnamed.test", here)
        .build()
        .unwrap();
    let error = fetch(&client, &server.named("unnamed.test"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn malformed_authorities_are_told_at_once() {
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----\n",
    ] {
        let built = builder().extra_ca(pem).build();
        assert!(matches!(built, Err(RegistryError::Invalid(_))), "{pem:?}");
    }
}

#[tokio::test]
async fn loopback_turns_out_to_speak_tls() {
    // What the servers of Go and nginx say to plain HTTP, and what others do.
    let identity = TlsIdentity::new();
    let server = Server::start_tls(&identity, |_| ok("blob")).await;
    let (client, log) = counted(builder().extra_ca(identity.ca_pem.clone()));
    for _ in 0..2 {
        assert_eq!(fetch(&client, &server.host()).await.unwrap(), b"blob");
    }
    let schemes: Vec<_> = log
        .lock()
        .unwrap()
        .iter()
        .map(|line| line[4..9].to_owned())
        .collect();
    assert_eq!(schemes, ["http:", "https", "https"], "found out once");
}

#[tokio::test]
async fn a_word_on_https_counts_only_when_tls_is_there() {
    let said = "Client sent an HTTP request to an HTTPS server.\n";
    let server = Server::start(move |_| reply(400).body(said)).await;
    let client = builder().insecure_tls(true).build().unwrap();
    let error = fetch(&client, &server.host()).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Invalid(text) if text.contains("HTTPS server")));
}

#[tokio::test]
async fn plain_http_elsewhere_needs_leave() {
    let identity = TlsIdentity::new();
    let server = Server::start(|_| ok("blob")).await;
    let host = server.named("registry.corp.test");
    for allow in [
        AllowHttp::hosts(["registry.corp.test"]).unwrap(),
        AllowHttp::All,
    ] {
        let open = named_hosts(&identity).allow_http(allow).build().unwrap();
        assert_eq!(fetch(&open, &host).await.unwrap(), b"blob");
    }
    let seen = server.seen().len();
    for allow in [
        AllowHttp::Never,
        AllowHttp::hosts(["other.test", &server.host()]).unwrap(),
    ] {
        let closed = named_hosts(&identity)
            .allow_http(allow)
            .retries(0)
            .build()
            .unwrap();
        let error = fetch(&closed, &host).await.unwrap_err();
        assert!(matches!(error, RegistryError::Unavailable(_)), "{error}");
    }
    assert_eq!(server.seen().len(), seen);
}

#[tokio::test]
async fn all_prefers_tls() {
    let identity = TlsIdentity::new();
    let server = Server::start_tls(&identity, |_| ok("blob")).await;
    let (client, log) = counted(named_hosts(&identity).allow_http(AllowHttp::All));
    fetch(&client, &server.named("registry.corp.test"))
        .await
        .unwrap();
    assert_eq!(log.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let server = Server::start(|_| raw(b"\x15\x03\x01\x00\x02\x02\x46")).await;
    let client = builder().insecure_tls(true).retries(0).build().unwrap();
    let error = fetch(&client, &server.host()).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn several_names_of_loopback() {
    let server = Server::start(|_| ok("blob")).await;
    for name in ["127.0.0.1", "localhost"] {
        assert_eq!(
            fetch(&client(), &server.named(name)).await.unwrap(),
            b"blob"
        );
    }
}
