//! list_referrers: pages, limits, and what a registry without such a list answers.

use super::{
    super::{Registry as _, RegistryError},
    DIGEST, basic_challenge, builder, client,
    server::{Seen, Server, ok, reply},
};
use crate::registry::Credential;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn page(body: &str) -> super::server::Reply {
    ok(body).header("Content-Type", INDEX)
}

#[tokio::test]
async fn follows_pages_within_one_limit() {
    let server = Server::start(|seen: &Seen| match seen.path.split_once("last=") {
        None => page("one").header("Link", "</v2/a/b/referrers/x?last=1>; rel=\"next\""),
        Some((_, "1")) => page("two").header("Link", "<x?last=2>; rel=next"),
        Some(_) => page("three"),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let list = |limit| {
        let (client, repository) = (client(), repository.clone());
        async move { client.list_referrers(&repository, DIGEST, limit).await }
    };
    let pages = list(11).await.unwrap();
    let contents: Vec<&[u8]> = pages.iter().map(|page| page.content.as_slice()).collect();
    assert_eq!(contents, [&b"one"[..], b"two", b"three"]);
    assert!(pages.iter().all(|page| page.media_type == INDEX));
    assert_eq!(
        server.lines(),
        [
            format!("GET /v2/a/b/referrers/{DIGEST}"),
            "GET /v2/a/b/referrers/x?last=1".into(),
            "GET /v2/a/b/referrers/x?last=2".into(),
        ]
    );
    for limit in [0, 2, 5, 10] {
        let error = list(limit).await.unwrap_err();
        assert!(
            matches!(error, RegistryError::TooLarge { .. }),
            "{limit}: {error}"
        );
    }
}

#[tokio::test]
async fn tells_no_list_from_a_list_that_failed() {
    for (status, is_unsupported) in [
        (404, true),
        (405, true),
        (501, true),
        (400, true),
        (500, false),
        (403, false),
    ] {
        let server = Server::start(move |_| reply(status)).await;
        let repository = format!("{}/a/b", server.host());
        let error = client()
            .list_referrers(&repository, DIGEST, 99)
            .await
            .unwrap_err();
        let unsupported = matches!(error, RegistryError::Unsupported(_));
        assert_eq!(unsupported, is_unsupported, "{status}: {error}");
    }
    // In the middle of a list it is a failure.
    let server = Server::start(|seen: &Seen| match seen.path.contains("last=") {
        false => page("one").header("Link", "<x?last=1>; rel=next"),
        true => reply(404),
    })
    .await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .list_referrers(&repository, DIGEST, 99)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::NotFound(_)), "{error}");
}

#[tokio::test]
async fn a_list_without_end_is_left() {
    let server = Server::start(|_| page("").header("Link", "<x?last=1>; rel=next")).await;
    let repository = format!("{}/a/b", server.host());
    let error = client()
        .list_referrers(&repository, DIGEST, 99)
        .await
        .unwrap_err();
    assert!(matches!(error, RegistryError::Invalid(_)), "{error}");
    assert_eq!(server.lines().len(), 64);
}

/// A page elsewhere is fetched, and gets no credentials.
#[tokio::test]
async fn credentials_stay_with_the_registry() {
    let other = Server::start(|_| page("theirs")).await;
    let next = format!("<http://{}/page>; rel=next", other.host());
    let server = Server::start(move |seen: &Seen| match seen.authorization() {
        "" => basic_challenge(),
        _ => page("ours").header("Link", &next),
    })
    .await;
    let client = builder()
        .credential(Credential::basic("user", "secret"))
        .build()
        .unwrap();
    let repository = format!("{}/a/b", server.host());
    let pages = client
        .list_referrers(&repository, DIGEST, 99)
        .await
        .unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!(other.seen()[0].authorization(), "");
}
