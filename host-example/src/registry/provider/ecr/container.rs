//! The credentials that AWS serves to a container: ECS's by a relative URI, EKS's pod identities by
//! a full one.

use aws_credential_types::Credentials;
use reqwest::{Url, header::AUTHORIZATION};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::{
    environment::{Environment, read_token},
    services::{Question, Services},
};
use crate::{
    http::{Reach, display, reach},
    registry::RegistryError,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Served {
    access_key_id: Zeroizing<String>,
    secret_access_key: Zeroizing<String>,
    token: Option<Zeroizing<String>>,
}

/// The container's keys, if its environment says where they are.
pub(super) async fn keys(
    services: &Services,
    environment: &Environment,
) -> Result<Option<Credentials>, RegistryError> {
    let url = match (environment.get(RELATIVE), environment.get(FULL)) {
        (Some(path), _) => url_of(
            RELATIVE,
            &format!("http://{ECS}/{}", path.trim_start_matches('/')),
        )?,
        (None, Some(url)) => url_of(FULL, &url)?,
        (None, None) => return Ok(None),
    };
    let mut question = Question::get("AWS keys of this container", url);
    let token = match environment.get(TOKEN_FILE) {
        Some(file) => Some(read_token(TOKEN_FILE, &file)?),
        None => environment.get(TOKEN),
    };
    if let Some(token) = token {
        question = question.header(AUTHORIZATION, &token)?;
    }
    let served: Served = services.ask_json(&question).await?;
    let token = served.token.as_ref().map(|token| token.as_str());
    Ok(Some(super::keys::keys(
        &served.access_key_id,
        &served.secret_access_key,
        token,
    )))
}

/// Over plain HTTP the hosts that AWS's tools allow, and no others: this machine, ECS and EKS.
fn url_of(whence: &str, text: &str) -> Result<Url, RegistryError> {
    let refused = |why: String| RegistryError::Denied(format!("{whence}: {why}"));
    let url = Url::parse(text).map_err(|_| refused("expected a URL".to_owned()))?;
    let host = url.host_str().unwrap_or_default();
    let is_near = reach(host) == Reach::Loopback || PLAIN.contains(&host);
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_near => Ok(url),
        _ => Err(refused(format!(
            "{}: expected https, or http to this machine or to {}",
            display(&url),
            PLAIN.join(", ")
        ))),
    }
}

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
const ECS: &str = "169.254.170.2";
const PLAIN: [&str; 3] = [ECS, "169.254.170.23", "[fd00:ec2::23]"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_near() {
        for url in [
            "http://127.0.0.1:1/x",
            "http://[::1]/x",
            "http://localhost/x",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::23]/v1/credentials",
            "https://example.com/x",
        ] {
            assert!(url_of(FULL, url).is_ok(), "{url}");
        }
        for url in [
            "http://169.254.169.254/x",
            "http://169.254.170.2.evil.test/x",
            "http://169.254.170.2@evil.test/x",
            "http://10.0.0.1/x",
            "ftp://127.0.0.1/x",
            "/v2/credentials",
        ] {
            let error = url_of(FULL, url).unwrap_err().to_string();
            assert!(error.contains(FULL), "{error}");
        }
    }
}
