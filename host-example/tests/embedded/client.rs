use reqwest::{Client, Response};

/// reqwest is built without a TLS provider, and asks for one even where it speaks plain HTTP.
pub fn client() -> Client {
    // It fails where another test was first, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder().no_proxy();
    builder.build().expect("a client")
}

pub fn header(response: &Response, name: &str) -> String {
    let value = response
        .headers()
        .get(name)
        .unwrap_or_else(|| panic!("no header {name}"));
    value.to_str().expect("a text header").to_owned()
}

pub async fn text(response: Response) -> String {
    response.text().await.expect("a body")
}
