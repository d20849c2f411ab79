//! Answering challenges: credentials to whom they belong, tokens for as long as they live.

use std::{
    fmt,
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use reqwest::{
    Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::Deserialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    Failure, RegistryError,
    challenge::{self, BearerChallenge, Challenge},
    credentials::{Credential, Kind},
    hop, realm,
    session::Session,
};
use crate::http::{Answer, Request, Said, display, is_transient, retry_after};

/// What may be done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Access {
    Pull,
    PullPush,
    /// Only for what is deleted: few may do so, and who may not is to sign all the same.
    Delete,
}

/// The value of an `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Authorization(Zeroizing<String>);

/// The place of one token. Whoever exchanges holds the lock, so that others wait for the same
/// exchange instead of making their own.
pub(super) type Slot = Mutex<TokenState>;

/// What the last exchange came to.
#[derive(Debug, Default)]
pub(super) enum TokenState {
    #[default]
    None,
    Token {
        authorization: Authorization,
        expires: Instant,
    },
    /// Told to those who were waiting: a wrong password, tried by each, locks an account.
    Refused { at: Instant, why: String },
}

impl Access {
    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Pull => &["pull"],
            Self::PullPush => &["pull", "push"],
            Self::Delete => &["pull", "push", "delete"],
        }
    }
}

impl Authorization {
    /// For one request.
    pub fn header(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(&self.0).expect("`new` has tried it");
        value.set_sensitive(true);
        value
    }

    fn basic(username: &str, password: &str) -> Result<Self, RegistryError> {
        let pair = Zeroizing::new(format!("{username}:{password}"));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Self::new("Basic", &encoded)
    }

    fn bearer(token: &str) -> Result<Self, RegistryError> {
        Self::new("Bearer", token)
    }

    fn new(scheme: &str, text: &str) -> Result<Self, RegistryError> {
        let text = Zeroizing::new(format!("{scheme} {text}"));
        match HeaderValue::from_str(&text) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err(RegistryError::Invalid(format!(
                "{scheme} authorization: characters that no HTTP header can hold"
            ))),
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization(…)")
    }
}

impl TokenState {
    fn live(&self) -> Option<&Authorization> {
        match self {
            Self::Token {
                authorization,
                expires,
            } if Instant::now() < *expires => Some(authorization),
            _ => None,
        }
    }
}

impl Session<'_> {
    /// What this registry is known to want for this repository. Waits for an exchange under
    /// way.
    pub async fn known_authorization(&self) -> Result<Option<Authorization>, RegistryError> {
        if self.endpoint.takes_credentials_upfront() {
            let credential = self.shared.keychain.find(self.repository).await?;
            return match credential.map(|credential| credential.0) {
                Some(Kind::Basic { username, password }) => {
                    Authorization::basic(&username, &password).map(Some)
                }
                Some(Kind::Bearer(token)) => Authorization::bearer(&token).map(Some),
                Some(Kind::Identity(_)) | None => Ok(None),
            };
        }
        // A token for more serves for less.
        let accesses: &[Access] = match self.need {
            Access::Pull => &[Access::PullPush, Access::Pull],
            Access::PullPush => &[Access::PullPush],
            Access::Delete => &[Access::Delete],
        };
        for access in accesses {
            let slot = self.endpoint.slot(&self.repository.path, *access);
            if let Some(authorization) = slot.lock().await.live() {
                return Ok(Some(authorization.clone()));
            }
        }
        Ok(None)
    }

    /// Meets the challenge of a 401 that `used` did not prevent.
    pub async fn authorize(
        &self,
        what: &str,
        refusal: &Answer,
        used: Option<&Authorization>,
    ) -> Result<Authorization, Failure> {
        let Some(challenge) = challenge::choose(&refusal.headers) else {
            return Err(refusal.refusal(what, self.endpoint).into());
        };
        let keychain = &self.shared.keychain;
        let credential = keychain.find(self.repository).await?;
        let meet = |credential| self.meet(&challenge, credential, what, refusal, used);
        let met = meet(credential.as_ref()).await;
        let (Err(Failure::Final(RegistryError::Denied(_))), Some(refused)) = (&met, &credential)
        else {
            return met;
        };
        // What a cloud issued may have ended before its time.
        match keychain.renew(self.repository, refused).await? {
            Some(renewed) => meet(Some(&renewed)).await,
            None => met,
        }
    }

    /// Meets a challenge with this credential.
    async fn meet(
        &self,
        challenge: &Challenge,
        credential: Option<&Credential>,
        what: &str,
        refusal: &Answer,
        used: Option<&Authorization>,
    ) -> Result<Authorization, Failure> {
        let denied = || refusal.refusal(what, self.endpoint);
        let authorization = match (challenge, credential.map(|one| &one.0)) {
            (_, Some(Kind::Bearer(token))) => {
                self.endpoint.remember_upfront();
                Authorization::bearer(token)?
            }
            (Challenge::Basic, Some(Kind::Basic { username, password })) => {
                self.endpoint.remember_upfront();
                Authorization::basic(username, password)?
            }
            (Challenge::Basic, Some(Kind::Identity(_)) | None) => return Err(denied().into()),
            (Challenge::Bearer(challenge), _) => {
                let service = TokenService::new(self, &refusal.url, challenge, what)?;
                self.token(&service, credential, used).await?
            }
        };
        match used == Some(&authorization) {
            true => Err(denied().into()),
            false => Ok(authorization),
        }
    }

    /// The token for what is asked, or at least for what is needed.
    async fn token(
        &self,
        service: &TokenService<'_>,
        credential: Option<&Credential>,
        used: Option<&Authorization>,
    ) -> Result<Authorization, Failure> {
        match self.shared_token(service, credential, used, self.ask).await {
            // Whoever may only read can still read while somebody else may push.
            Err(Failure::Final(RegistryError::Denied(_))) if self.ask != self.need => {
                self.shared_token(service, credential, used, self.need)
                    .await
            }
            result => result,
        }
    }

    async fn shared_token(
        &self,
        service: &TokenService<'_>,
        credential: Option<&Credential>,
        used: Option<&Authorization>,
        access: Access,
    ) -> Result<Authorization, Failure> {
        let asked = Instant::now();
        let slot = self.endpoint.slot(&self.repository.path, access);
        let mut state = slot.lock().await;
        match &*state {
            TokenState::Refused { at, why } if *at >= asked => {
                return Err(RegistryError::Denied(why.clone()).into());
            }
            state => {
                if let Some(live) = state.live().filter(|live| used != Some(live)) {
                    return Ok(live.clone());
                }
            }
        }
        match service.exchange(self, credential, access).await {
            Ok((authorization, expires)) => {
                *state = TokenState::Token {
                    authorization: authorization.clone(),
                    expires,
                };
                Ok(authorization)
            }
            Err(failure) => {
                *state = match &failure {
                    Failure::Final(RegistryError::Denied(why)) => TokenState::Refused {
                        at: Instant::now(),
                        why: why.clone(),
                    },
                    _ => TokenState::None,
                };
                Err(failure)
            }
        }
    }
}

/// The token service that a registry names, and what it may be given.
struct TokenService<'a> {
    realm: Url,
    challenge: &'a BearerChallenge,
    what: String,
    /// Whether it may have the registry's credentials.
    trusted: bool,
}

impl<'a> TokenService<'a> {
    fn new(
        session: &Session<'_>,
        registry: &Url,
        challenge: &'a BearerChallenge,
        what: &str,
    ) -> Result<Self, RegistryError> {
        let shown = display(registry);
        let realm = Url::parse(&challenge.realm).map_err(|error| {
            RegistryError::Invalid(format!("{what}: {shown} names a malformed realm: {error}"))
        })?;
        hop::check(registry, &realm, &session.shared.allow_http).map_err(|why| {
            RegistryError::Denied(format!(
                "{what}: {shown} names a realm that may not be: {why}"
            ))
        })?;
        if !realm.username().is_empty() || realm.password().is_some() {
            return Err(RegistryError::Invalid(format!(
                "{what}: {shown} names a realm with user info"
            )));
        }
        Ok(Self {
            trusted: realm::may_have_credentials(registry, &realm, &session.shared.trusted_realms),
            realm,
            challenge,
            what: format!("{what}: token"),
        })
    }

    /// Gets a token: GET with Basic or with nothing, POST for identity tokens (distribution,
    /// `spec/auth/token.md` and `oauth.md`).
    async fn exchange(
        &self,
        session: &Session<'_>,
        credential: Option<&Credential>,
        access: Access,
    ) -> Result<(Authorization, Instant), Failure> {
        if credential.is_some() && !self.trusted {
            let host = self.realm.host_str().unwrap_or_default();
            return Err(RegistryError::Denied(format!(
                "{}: {} asks for its credentials to be sent to {}, which is not known to belong \
                 to it; if it does, allow it with --registry-trusted-realm {host}",
                self.what,
                session.endpoint.host(),
                display(&self.realm)
            ))
            .into());
        }
        let scopes = challenge::scopes(self.challenge, &session.repository.path, access.actions());
        let request = match credential.map(|credential| &credential.0) {
            Some(Kind::Identity(token)) => self.refresh(&scopes, token),
            Some(Kind::Basic { username, password }) => {
                self.get(&scopes, Some(Authorization::basic(username, password)?))
            }
            // A registry's own token is no credential of its token service.
            Some(Kind::Bearer(_)) | None => self.get(&scopes, None),
        };
        let request = Request {
            timeout: session.timeout(),
            ..request
        };
        let start = Instant::now();
        let answer = session
            .shared
            .transport
            .exchange(request)
            .await
            .map_err(|error| error.into_failure(&self.what, &self.realm, MAX_TOKEN_ANSWER))?;
        self.read(session, &answer, start)
    }

    fn get(&self, scopes: &[String], authorization: Option<Authorization>) -> Request {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = &self.challenge.service {
                query.append_pair("service", service);
            }
            for scope in scopes {
                query.append_pair("scope", scope);
            }
        }
        let authorization =
            authorization.map(|authorization| (AUTHORIZATION, authorization.header()));
        Request {
            method: Method::GET,
            url,
            headers: HeaderMap::from_iter(authorization),
            body: None,
            sink: None,
            limit: MAX_TOKEN_ANSWER,
            timeout: Duration::ZERO,
        }
    }

    fn refresh(&self, scopes: &[String], token: &str) -> Request {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "refresh_token")
            .append_pair("client_id", "cosignet")
            .append_pair("scope", &scopes.join(" "))
            .append_pair("refresh_token", token);
        if let Some(service) = &self.challenge.service {
            form.append_pair("service", service);
        }
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        Request {
            method: Method::POST,
            url: self.realm.clone(),
            headers: HeaderMap::from_iter([(CONTENT_TYPE, form_type)]),
            body: Some(Bytes::from(form.finish()).into()),
            sink: None,
            limit: MAX_TOKEN_ANSWER,
            timeout: Duration::ZERO,
        }
    }

    fn read(
        &self,
        session: &Session<'_>,
        answer: &Answer,
        start: Instant,
    ) -> Result<(Authorization, Instant), Failure> {
        let shown = display(&self.realm);
        let registry = session.endpoint;
        if is_transient(answer.status) {
            return Err(Failure::Transient {
                error: answer.refusal(&self.what, registry),
                after: retry_after(&answer.headers, SystemTime::now()),
            });
        }
        // OAuth 2 answers 400 to a refresh token that has expired (RFC 6749 section 5.2).
        if answer.status == StatusCode::BAD_REQUEST {
            let said = Said(&answer.body);
            let hint = registry.advice();
            let text = format!(
                "{}: {shown} answered {}{said}; {hint}",
                self.what, answer.status
            );
            return Err(RegistryError::Denied(text).into());
        }
        if !answer.status.is_success() {
            return Err(answer.refusal(&self.what, registry).into());
        }
        let invalid = || {
            RegistryError::Invalid(format!(
                "{}: {shown} answered something else than JSON with `token` or `access_token`",
                self.what
            ))
        };
        // The parser's error would quote the answer.
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| invalid())?;
        let nonempty = |token: Option<Zeroizing<String>>| token.filter(|token| !token.is_empty());
        let token = nonempty(granted.token)
            .or(nonempty(granted.access_token))
            .ok_or_else(invalid)?;
        let expires = expiry(start, granted.expires_in);
        Ok((Authorization::bearer(&token)?, expires))
    }
}

/// When to stop using a token that was asked for at `start` and lives so many seconds.
fn expiry(start: Instant, seconds: Option<f64>) -> Instant {
    let seconds = seconds.filter(|seconds| *seconds >= 1.0);
    let life = Duration::from_secs_f64(seconds.unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE));
    start + life - (life / 5).min(MARGIN)
}

#[derive(Deserialize)]
struct Granted {
    token: Option<Zeroizing<String>>,
    access_token: Option<Zeroizing<String>>,
    /// Seconds. Some services write a fraction.
    expires_in: Option<f64>,
}

/// Seconds that a token lives when its service does not say (distribution, `token.md`).
const DEFAULT_LIFE: f64 = 60.0;
const LONGEST_LIFE: f64 = 86_400.0;
/// A token is not used in its last seconds: the request has to arrive in time.
const MARGIN: Duration = Duration::from_secs(10);
/// Tokens of services that list each grant take several kilobytes.
const MAX_TOKEN_ANSWER: u64 = 128 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_end_before_they_expire() {
        let start = Instant::now();
        for (seconds, expected) in [
            (Some(300.0), 290.0),
            (Some(10.0), 8.0),
            (None, 50.0),
            (Some(0.0), 50.0),
            (Some(-5.0), 50.0),
            (Some(1e300), 86_390.0),
        ] {
            let life = expiry(start, seconds) - start;
            assert_eq!(life.as_secs_f64(), expected, "{seconds:?}");
        }
    }

    #[test]
    fn only_live_tokens_are_used() {
        let authorization = Authorization::bearer("t").unwrap();
        let state = |expires| TokenState::Token {
            authorization: authorization.clone(),
            expires,
        };
        let now = Instant::now();
        assert!(state(now + Duration::from_secs(60)).live().is_some());
        assert!(state(now).live().is_none());
    }

    #[test]
    fn authorization_is_not_shown() {
        let authorization = Authorization::basic("u", "p").unwrap();
        assert_eq!(*authorization.0, "Basic dTpw");
        assert!(!format!("{authorization:?} {:?}", authorization.header()).contains("dTpw"));
    }
}
