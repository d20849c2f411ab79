//! A registry that is being talked to, and what was learnt of it on the way.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::Url;

use super::{
    RegistryError,
    auth::{Access, Slot},
    name::Host,
};
use crate::http::Reach;

/// Which registries may be spoken to without TLS. Loopback ones always may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowHttp {
    /// No other than loopback ones.
    #[default]
    Never,
    /// These, on any port or on the one given: plain HTTP is tried first. See
    /// [`AllowHttp::hosts`].
    Hosts(Vec<(String, Option<u16>)>),
    /// Any: https is tried first, plain HTTP when no connection comes about. Whoever can block
    /// port 443 then reads the credentials.
    All,
}

/// How to speak to a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

/// A registry being talked to.
#[derive(Debug)]
pub(super) struct Endpoint {
    host: Host,
    /// What a user can do when it lets nobody in.
    advice: Option<String>,
    /// What to try, in this order, until one has answered.
    candidates: &'static [Scheme],
    spoken: OnceLock<Scheme>,
    /// Set once a request with the credentials themselves was asked for: they go first then.
    upfront: AtomicBool,
    slots: Mutex<HashMap<(String, Access), Arc<Slot>>>,
}

impl AllowHttp {
    /// Exactly these hosts, each `HOST` (any port) or `HOST:PORT`.
    ///
    /// # Errors
    /// [`RegistryError::Invalid`] when one is not of that form.
    pub fn hosts<T: AsRef<str>>(hosts: impl IntoIterator<Item = T>) -> Result<Self, RegistryError> {
        let parse = |text: T| {
            let text = text.as_ref();
            let host = Host::parse(text).ok_or_else(|| {
                RegistryError::Invalid(format!(
                    "host for plain HTTP {text:?}: expected HOST or HOST:PORT"
                ))
            })?;
            Ok(host.into_parts())
        };
        hosts
            .into_iter()
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self::Hosts)
    }

    /// Whether the user wants plain HTTP for the host of this URL.
    pub(super) fn permits(&self, url: &Url) -> bool {
        match self {
            Self::Never => false,
            Self::All => true,
            Self::Hosts(hosts) => hosts.iter().any(|(name, port)| {
                Some(name.as_str()) == url.host_str()
                    && (port.is_none() || *port == url.port_or_known_default())
            }),
        }
    }

    fn candidates(&self, host: &Host) -> &'static [Scheme] {
        let named = match self {
            Self::Hosts(hosts) => {
                let (name, port) = host.clone().into_parts();
                hosts.contains(&(name.clone(), port)) || hosts.contains(&(name, None))
            }
            _ => false,
        };
        match (host.reach() == Reach::Loopback || named, self) {
            (true, _) => &[Scheme::Http, Scheme::Https],
            (false, Self::All) => &[Scheme::Https, Scheme::Http],
            (false, _) => &[Scheme::Https],
        }
    }
}

impl Endpoint {
    pub fn new(host: Host, allow_http: &AllowHttp, advice: Option<String>) -> Self {
        Self {
            candidates: allow_http.candidates(&host),
            host,
            advice,
            spoken: OnceLock::new(),
            upfront: AtomicBool::new(false),
            slots: Mutex::default(),
        }
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    /// What a user can do about a refusal.
    pub fn advice(&self) -> String {
        self.advice.clone().unwrap_or_else(|| {
            let host = &self.host;
            format!(
                "run `docker login {host}`, or give --registry-username and --registry-password"
            )
        })
    }

    /// How to speak to it: what it has answered to, else the first thing to try.
    pub fn scheme(&self) -> Scheme {
        *self.spoken.get().unwrap_or(&self.candidates[0])
    }

    /// What else to try when `scheme` did not work; nothing once one has.
    pub fn alternative(&self) -> Option<Scheme> {
        match self.spoken.get() {
            Some(_) => None,
            None => self.candidates.get(1).copied(),
        }
    }

    /// It has answered to this.
    pub fn speaks(&self, scheme: Scheme) {
        self.spoken.get_or_init(|| scheme);
    }

    /// The URL of a path below this registry.
    pub fn url(&self, scheme: Scheme, path: &str) -> Result<Url, RegistryError> {
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        Url::parse(&format!("{scheme}://{}{path}", self.host.api())).map_err(|error| {
            RegistryError::Invalid(format!("registry host {}: {error}", self.host))
        })
    }

    /// Whether a URL is this registry itself, the only place for its authorization.
    pub fn is_origin_of(&self, url: &Url) -> bool {
        self.url(self.scheme(), "/")
            .is_ok_and(|own| own.origin() == url.origin())
    }

    pub fn takes_credentials_upfront(&self) -> bool {
        self.upfront.load(Ordering::Relaxed)
    }

    pub fn remember_upfront(&self) {
        self.upfront.store(true, Ordering::Relaxed);
    }

    /// The place of the token for a repository and what may be done there.
    pub fn slot(&self, path: &str, access: Access) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_SLOTS {
            // Slots in use live on in the hands of their users.
            slots.clear();
        }
        Arc::clone(slots.entry((path.to_owned(), access)).or_default())
    }
}

/// Tokens kept for one registry: far above what a run touches, and a bound for a server.
const MAX_SLOTS: usize = 4096;
