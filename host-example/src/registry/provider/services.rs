//! Requests to the services that issue credentials: https, or this machine; no redirects; short
//! answers, soon.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::http::{
    Answer, Backoff, Reach, Request, RetryPolicy, Said, Transport, deadline, display, is_redirect,
    is_transient, reach, retry_after,
};
use crate::registry::{Failure, RegistryError};

/// The way to token services. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Services {
    transport: Arc<Transport>,
    retry: RetryPolicy,
}

/// What a service is asked.
pub(super) struct Question {
    /// For error texts: the service and what it is asked for.
    pub what: String,
    pub url: Url,
    pub headers: HeaderMap,
    /// Posted if there is one.
    pub body: Option<Bytes>,
}

impl Services {
    /// By the way that the registry's client goes, but for its belief in certificates: who trusts any
    /// registry's does not mean those who are given keys and tokens of a cloud.
    pub fn new(transport: &Transport, retry: RetryPolicy) -> Self {
        Self {
            transport: Arc::new(transport.verifying()),
            retry,
        }
    }

    /// The body of a 2xx answer.
    pub async fn ask(&self, question: &Question) -> Result<Zeroizing<Vec<u8>>, RegistryError> {
        let answer = self.answer(question).await?;
        Ok(Zeroizing::new(answer.body))
    }

    /// A 2xx answer that is JSON of this form.
    pub async fn ask_json<T: DeserializeOwned>(
        &self,
        question: &Question,
    ) -> Result<T, RegistryError> {
        let body = self.ask(question).await?;
        // The parser's error would quote the answer.
        serde_json::from_slice(&body).map_err(|_| {
            let shown = display(&question.url);
            let what = &question.what;
            RegistryError::Invalid(format!("{what}: {shown} answered no JSON that grants one"))
        })
    }

    /// A 2xx answer.
    pub async fn answer(&self, question: &Question) -> Result<Answer, RegistryError> {
        let backoff = Backoff::new(self.retry, deadline(OPERATION));
        backoff.run(|| self.attempt(question)).await
    }

    async fn attempt(&self, question: &Question) -> Result<Answer, Failure> {
        let Question { what, url, .. } = question;
        let request = Request {
            method: match question.body {
                Some(_) => Method::POST,
                None => Method::GET,
            },
            url: url.clone(),
            headers: question.headers.clone(),
            body: question.body.clone().map(Into::into),
            sink: None,
            limit: MAX_ANSWER,
            timeout: REQUEST,
        };
        let answer = self.transport.exchange(request).await;
        let answer = answer.map_err(|error| error.into_failure(what, url, MAX_ANSWER))?;
        let status = answer.status;
        let text = format!(
            "{what}: {} answered {status}{}",
            display(url),
            Said(&answer.body)
        );
        if is_transient(status) {
            return Err(Failure::Transient {
                error: RegistryError::Unavailable(text),
                after: retry_after(&answer.headers, SystemTime::now()),
            });
        }
        if is_redirect(status) {
            let text = format!("{text}; secrets are not sent on to where a redirect points");
            return Err(RegistryError::Denied(text).into());
        }
        match status.is_success() {
            true => Ok(answer),
            false => Err(RegistryError::Denied(text).into()),
        }
    }
}

impl Question {
    /// A GET.
    pub fn get(what: impl Into<String>, url: Url) -> Self {
        Self {
            what: what.into(),
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    /// A POST of some bytes, which are wiped once they are sent.
    pub fn post(
        what: impl Into<String>,
        url: Url,
        content_type: &'static str,
        body: Zeroizing<Vec<u8>>,
    ) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self {
            headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
            body: Some(Bytes::from_owner(body)),
            ..Self::get(what, url)
        }
    }

    /// A POST of a form, which is wiped once it is sent.
    pub fn form(what: impl Into<String>, url: Url, pairs: &[(&str, &str)]) -> Self {
        // Escaped, a byte takes three; what is grown leaves copies behind.
        let length = pairs.iter().map(|(name, value)| name.len() + value.len());
        let room = String::with_capacity(length.sum::<usize>() * 3 + pairs.len() * 2);
        let mut form = form_urlencoded::Serializer::new(room);
        form.extend_pairs(pairs);
        let body = Zeroizing::new(form.finish().into_bytes());
        Self::post(what, url, "application/x-www-form-urlencoded", body)
    }

    /// The same with a header, which is taken for a secret.
    #[cfg(any(feature = "ecr", feature = "gcr"))]
    pub fn header(
        mut self,
        name: reqwest::header::HeaderName,
        value: &str,
    ) -> Result<Self, RegistryError> {
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            let what = &self.what;
            RegistryError::Denied(format!("{what}: characters that no HTTP header can hold"))
        })?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }
}

/// A service's URL that somebody has set: https, or plain HTTP on this machine.
pub(super) fn url_of(whence: &str, text: &str) -> Result<Url, RegistryError> {
    let refused = |why: &str| RegistryError::Denied(format!("{whence}: {why}"));
    let url = Url::parse(text).map_err(|_| refused("expected a URL"))?;
    let is_local = reach(url.host_str().unwrap_or_default()) == Reach::Loopback;
    if !(url.scheme() == "https" || url.scheme() == "http" && is_local) {
        let shown = display(&url);
        return Err(refused(&format!(
            "{shown}: expected https, or http to this machine"
        )));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("a URL with user info"));
    }
    Ok(url)
}

const OPERATION: Duration = Duration::from_secs(30);
const REQUEST: Duration = Duration::from_secs(10);
/// Tokens that list groups and roles take several kilobytes.
const MAX_ANSWER: u64 = 128 * 1024;

/// Services that see nothing of this machine's settings and retry without much ado.
#[cfg(test)]
pub(super) fn stand_in() -> Services {
    stand_in_with(Default::default())
}

/// Services for which these names are this machine, with certificates of that identity.
#[cfg(all(test, feature = "acr"))]
pub(super) fn trusting(
    identity: &crate::http::test_server::TlsIdentity,
    names: &[&str],
) -> Services {
    let here = std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, 0));
    let addresses = names.iter().map(|name| ((*name).to_owned(), here));
    stand_in_with(crate::http::Settings {
        extra_cas: vec![identity.ca_pem.clone().into()],
        addresses: addresses.collect(),
        ..Default::default()
    })
}

#[cfg(test)]
fn stand_in_with(settings: crate::http::Settings) -> Services {
    let transport = settings.transport().unwrap();
    let retry = RetryPolicy {
        retries: 1,
        pause: Duration::from_millis(1),
    };
    Services::new(&transport, retry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{
        Settings,
        test_server::{Server, TlsIdentity, ok},
    };

    #[tokio::test]
    async fn certificates_are_verified_where_those_of_registries_are_not() {
        let identity = TlsIdentity::new();
        let server = Server::start_tls(&identity, |_| ok("{}")).await;
        let url = Url::parse(&format!("https://{}/token", server.host())).unwrap();
        let insecure = Settings {
            insecure_tls: true,
            ..Settings::default()
        };
        let insecure = insecure.transport().unwrap();
        // The way is open: the registry's client believes the certificate.
        let request = Request {
            method: Method::GET,
            url: url.clone(),
            headers: HeaderMap::new(),
            body: None,
            sink: None,
            limit: 9,
            timeout: REQUEST,
        };
        assert!(insecure.exchange(request).await.is_ok());
        let retry = RetryPolicy {
            retries: 0,
            pause: Duration::ZERO,
        };
        let services = Services::new(&insecure, retry);
        let refused = services.ask(&Question::get("token", url)).await;
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("certificate is not trusted"), "{text}");
        assert_eq!(server.lines().len(), 1);
    }
}
