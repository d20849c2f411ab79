//! The metadata server that machines of Google's have.

use std::time::SystemTime;

use reqwest::{Url, header::HeaderName};

use super::{Google, Granted};
use crate::{
    http::{Reach, reach},
    registry::{
        RegistryError,
        provider::{Issued, services::Question},
    },
};

impl Google {
    /// The token of the machine's service account. Where no metadata server answers, there is none:
    /// most machines are not Google's.
    pub(super) async fn token_by_metadata(&self) -> Result<Option<Issued>, RegistryError> {
        let named = self.environment.get(HOST);
        let host = named.as_ref().map_or(ADDRESS, |host| host.as_str());
        let question = Question::get("access token of this machine", url_of(host)?);
        let question = question.header(FLAVOR, GOOGLE)?;
        let asked = SystemTime::now();
        let answer = match self.services.answer(&question).await {
            Ok(answer) => answer,
            Err(RegistryError::Unavailable(_)) if named.is_none() => return Ok(None),
            Err(error) => return Err(error),
        };
        // Others may answer at this address; Google's server says that it is it.
        let is_google = answer.header(FLAVOR) == Some(GOOGLE);
        let granted: Option<Granted> = serde_json::from_slice(&answer.body).ok();
        match granted.filter(|_| is_google) {
            Some(granted) => Ok(Some(granted.issued(asked))),
            None if named.is_none() => Ok(None),
            None => Err(RegistryError::Invalid(format!(
                "{}: {host} does not answer as Google's metadata server",
                question.what
            ))),
        }
    }
}

/// Plain HTTP, as it is on Google's machines: to an address or a name that only they have.
fn url_of(host: &str) -> Result<Url, RegistryError> {
    let refused = || {
        RegistryError::Denied(format!(
            "{HOST}: expected this machine, a link-local address or {NAME}"
        ))
    };
    let url = Url::parse(&format!("http://{host}{PATH}")).map_err(|_| refused())?;
    let name = url.host_str().unwrap_or_default();
    let is_near = name == NAME || reach(name) != Reach::Network;
    match is_near && url.path() == PATH && url.username().is_empty() {
        true => Ok(url),
        false => Err(refused()),
    }
}

const HOST: &str = "GCE_METADATA_HOST";
const ADDRESS: &str = "169.254.169.254";
const NAME: &str = "metadata.google.internal";
const PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const FLAVOR: HeaderName = HeaderName::from_static("metadata-flavor");
const GOOGLE: &str = "Google";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_near() {
        for host in [ADDRESS, NAME, "127.0.0.1:8080", "localhost:1"] {
            assert!(url_of(host).is_ok(), "{host}");
        }
        for host in [
            "evil.test",
            "10.0.0.1",
            "169.254.169.254/x?",
            "user@127.0.0.1",
            "a b",
        ] {
            assert!(url_of(host).is_err(), "{host}");
        }
    }
}
