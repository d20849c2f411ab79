//! One HTTP request and its answer: clients made when first needed, limits, timeouts.

use std::{
    error::Error,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use reqwest::{
    Client, Method, StatusCode, Url,
    header::{CONTENT_LENGTH, HeaderMap},
    redirect,
};

use super::{
    answer::Answer,
    stream::{Content, Sink},
    tls::{self, Trust},
    url::{Reach, display, reach},
};

/// One HTTP request that was made, for counting round trips and for logs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestEvent<'a> {
    /// `GET`, `PUT`, …
    pub method: &'a str,
    /// Scheme, host, port and path: no query, no user info.
    pub url: &'a str,
    /// `None` when no answer came.
    pub status: Option<u16>,
    /// From the first byte of the request to the last of the answer.
    pub duration: Duration,
}

/// What is told of each request.
pub(crate) type Observer = Arc<dyn Fn(&RequestEvent<'_>) + Send + Sync>;

/// A request ready to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Content>,
    /// Where the body of a 2xx answer goes, if not into the answer.
    pub sink: Option<Sink>,
    /// The most bytes of a 2xx answer.
    pub limit: u64,
    /// For everything, from connecting to the last byte.
    pub timeout: Duration,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) struct TransportError {
    pub kind: TransportErrorKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransportErrorKind {
    /// This side cannot speak TLS.
    Setup,
    /// No connection, or no TLS session.
    Connect,
    /// TLS came about, but the server's certificate is not believed.
    Certificate,
    /// Too slow.
    Timeout,
    /// Cut off, or not HTTP.
    Broken,
    /// The body is longer than the limit.
    TooLarge,
    /// The file that receives the body cannot be written.
    Sink,
}

/// The HTTP clients. One for each way out, so that speaking plain HTTP never loads
/// certificates, and what is local to this machine never asks a proxy.
pub(crate) struct Transport {
    pub trust: Trust,
    pub connect_timeout: Duration,
    /// Hosts whose addresses are not looked up.
    pub addresses: Vec<(String, SocketAddr)>,
    pub observer: Option<Observer>,
    pub clients: Clients,
}

#[derive(Debug, Default)]
pub(crate) struct Clients {
    local_http: OnceLock<Client>,
    local_https: OnceLock<Client>,
    network_http: OnceLock<Client>,
    network_https: OnceLock<Client>,
}

impl Transport {
    /// The same way, where every certificate is verified.
    #[cfg(any(feature = "ecr", feature = "gcr", feature = "acr"))]
    pub fn verifying(&self) -> Self {
        Self {
            trust: Trust {
                insecure: false,
                ..self.trust.clone()
            },
            connect_timeout: self.connect_timeout,
            addresses: self.addresses.clone(),
            observer: self.observer.clone(),
            clients: Clients::default(),
        }
    }

    /// Sends a request and reads its answer. Redirects are answers.
    pub async fn exchange(&self, request: Request) -> Result<Answer, TransportError> {
        let Some(observer) = &self.observer else {
            return self.send(request).await;
        };
        let method = request.method.clone();
        let url = display(&request.url);
        let start = Instant::now();
        let result = self.send(request).await;
        observer(&RequestEvent {
            method: method.as_str(),
            url: &url,
            status: result.as_ref().ok().map(|answer| answer.status.as_u16()),
            duration: start.elapsed(),
        });
        result
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let mut builder = self
            .client(&request.url)?
            .request(request.method.clone(), request.url)
            .headers(request.headers)
            .timeout(request.timeout);
        if let Some(body) = request.body {
            if body.len() == 0 {
                // Left out otherwise, which servers may answer with 411.
                builder = builder.header(CONTENT_LENGTH, 0);
            }
            builder = builder.body(body);
        }
        let mut response = builder.send().await?;
        let status = response.status();
        let mut answer = Answer {
            status,
            headers: std::mem::take(response.headers_mut()),
            url: response.url().clone(),
            body: Vec::new(),
        };
        if request.method == Method::HEAD {
            return Ok(answer);
        }
        // A refusal's body is for its error text: as much as fits is enough.
        let (limit, cut) = match status.is_success() {
            true => (request.limit, false),
            false => (MAX_REFUSAL, true),
        };
        if !cut
            && response
                .content_length()
                .is_some_and(|length| length > limit)
        {
            return Err(TransportError::too_large(status));
        }
        let sink = request.sink.filter(|_| !cut);
        if let Some(sink) = &sink {
            sink.restart()?;
        }
        let mut room = limit;
        // Grown with what comes, never by what is announced.
        while let Some(chunk) = response.chunk().await? {
            if let Some(left) = room.checked_sub(chunk.len() as u64) {
                room = left;
                match &sink {
                    Some(sink) => sink.write(&chunk)?,
                    None => answer.body.extend_from_slice(&chunk),
                }
            } else if cut {
                let room = usize::try_from(room).unwrap_or(chunk.len());
                answer
                    .body
                    .extend_from_slice(&chunk[..room.min(chunk.len())]);
                break;
            } else {
                return Err(TransportError::too_large(status));
            }
        }
        Ok(answer)
    }

    fn client(&self, url: &Url) -> Result<&Client, TransportError> {
        let is_tls = url.scheme() == "https";
        let is_local = reach(url.host_str().unwrap_or_default()) != Reach::Network;
        let cell = match (is_local, is_tls) {
            (true, false) => &self.clients.local_http,
            (true, true) => &self.clients.local_https,
            (false, false) => &self.clients.network_http,
            (false, true) => &self.clients.network_https,
        };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let client = self.build(is_local, is_tls)?;
        Ok(cell.get_or_init(|| client))
    }

    fn build(&self, is_local: bool, is_tls: bool) -> Result<Client, TransportError> {
        let tls = match is_tls {
            true => self.trust.client_config(),
            false => tls::no_tls(),
        };
        let tls = tls.map_err(|error| TransportError {
            kind: TransportErrorKind::Setup,
            text: format!("TLS cannot be set up: {error}"),
        })?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .connect_timeout(self.connect_timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // A digest is that of the bytes on the wire, and a limit counts them.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .user_agent(USER_AGENT);
        for (host, address) in &self.addresses {
            builder = builder.resolve(host, *address);
        }
        if is_local {
            builder = builder.no_proxy();
        }
        Ok(builder.build()?)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("trust", &self.trust)
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

impl TransportErrorKind {
    /// Whether the next request may fare better.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Connect | Self::Timeout | Self::Broken)
    }
}

impl TransportError {
    fn too_large(status: StatusCode) -> Self {
        Self {
            kind: TransportErrorKind::TooLarge,
            text: format!("answer ({status}) over its limit"),
        }
    }
}

impl From<io::Error> for TransportError {
    /// Of a sink: all else is reqwest's.
    fn from(error: io::Error) -> Self {
        Self {
            kind: TransportErrorKind::Sink,
            text: format!("what came cannot be written down: {error}"),
        }
    }
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let certificate = is_certificate_error(&error);
        let kind = match () {
            _ if certificate => TransportErrorKind::Certificate,
            // Before timeouts: one while connecting is a failure to connect.
            _ if error.is_connect() => TransportErrorKind::Connect,
            _ if error.is_timeout() => TransportErrorKind::Timeout,
            _ => TransportErrorKind::Broken,
        };
        let cause = innermost(&error);
        let text = match kind {
            TransportErrorKind::Certificate => format!("its certificate is not trusted: {cause}"),
            TransportErrorKind::Timeout => "no answer in time".to_owned(),
            TransportErrorKind::Connect => format!("cannot connect: {cause}"),
            _ => format!("the connection broke: {cause}"),
        };
        Self { kind, text }
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = match error.source() {
        Some(source) => source,
        // Only this level knows the URL, which must not be shown whole.
        None => return "request could not be sent".to_owned(),
    };
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn is_certificate_error(error: &(dyn Error + 'static)) -> bool {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return matches!(tls, rustls::Error::InvalidCertificate(_));
    }
    // An I/O error hides what it wraps from `source`.
    let wrapped = error.downcast_ref::<std::io::Error>();
    match wrapped.and_then(std::io::Error::get_ref) {
        Some(inner) => is_certificate_error(inner),
        None => error.source().is_some_and(is_certificate_error),
    }
}

/// Bytes of a refusal that are read.
const MAX_REFUSAL: u64 = 16 * 1024;
const USER_AGENT: &str = concat!("cosignet/", env!("CARGO_PKG_VERSION"));
