//! Pages of other origins.

use super::*;

#[tokio::test]
async fn cross_origin_headers_are_an_option() {
    let open = Options {
        cors: true,
        ..Options::default()
    };
    let site = Site::start(open).await;
    let preflight = site.client.request(Method::OPTIONS, site.url(ENTRIES));
    let preflight = preflight.send().await.expect("an answer");
    assert_eq!(preflight.status(), 204);
    assert!(header(&preflight, "access-control-allow-methods").contains("POST"));
    assert!(header(&preflight, "access-control-allow-headers").contains("Content-Type"));
    let refused = site.post(ENTRIES, b"{}").await;
    assert_eq!(header(&refused, "access-control-allow-origin"), "*");
    assert!(header(&refused, "access-control-expose-headers").contains("Location"));

    let closed = Site::start(Options::default()).await;
    let preflight = closed.client.request(Method::OPTIONS, closed.url(ENTRIES));
    let preflight = preflight.send().await.expect("an answer");
    assert_eq!(preflight.status(), 405);
    let refused = closed.post(ENTRIES, b"{}").await;
    assert!(
        !refused
            .headers()
            .contains_key("access-control-allow-origin")
    );
}
