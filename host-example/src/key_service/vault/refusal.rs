//! What it means that Vault does not do what it was asked, and what to do then.

use reqwest::{StatusCode, Url};

use crate::api::KeyServiceError;
use crate::http::{
    Answer, Failure, Said, TransportError, TransportErrorKind, display, is_redirect, is_transient,
};
use crate::key_service::VaultKeyName;

/// What was asked.
pub(super) enum Operation<'a> {
    LogIn,
    Read(&'a VaultKeyName),
    Sign(&'a VaultKeyName),
    Create(&'a VaultKeyName),
}

impl Operation<'_> {
    fn words(&self) -> String {
        match self {
            Self::LogIn => "log in to Vault".to_owned(),
            Self::Read(key) => format!("read the key {key} of Vault"),
            Self::Sign(key) => format!("sign with the key {key} of Vault"),
            Self::Create(key) => format!("create the key {key} in Vault"),
        }
    }

    /// What a policy must allow, as Vault's policies have it.
    fn capability(&self, mount: &str) -> String {
        match self {
            Self::LogIn => "look at VAULT_ROLE_ID and VAULT_SECRET_ID".to_owned(),
            Self::Read(key) => may("read", &format!("{mount}/keys/{key}")),
            Self::Sign(key) => may("update", &format!("{mount}/sign/{key}/sha2-256")),
            Self::Create(key) => may("update", &format!("{mount}/keys/{key}")),
        }
    }

    /// Whether doing it twice is doing it once. What a login uses up may be used up by the first.
    fn is_repeatable(&self) -> bool {
        !matches!(self, Self::LogIn)
    }
}

fn may(capability: &str, path: &str) -> String {
    format!("look at the token, and whether its policies allow {capability} on {path}")
}

/// Whether the same may be answered otherwise in a moment. A sealed Vault waits for people, and 500
/// says that the engine itself refused.
pub(super) fn passes(answer: &Answer) -> bool {
    is_transient(answer.status)
        && answer.status != StatusCode::INTERNAL_SERVER_ERROR
        && !is_sealed(answer)
}

/// What there is instead of an answer.
pub(super) fn unreachable(
    operation: &Operation<'_>,
    url: &Url,
    error: TransportError,
) -> Failure<KeyServiceError> {
    let (what, url) = (operation.words(), display(url));
    let advice = match error.kind {
        TransportErrorKind::Certificate => "; name its authority in VAULT_CACERT",
        TransportErrorKind::Connect => "; look at VAULT_ADDR, and whether Vault runs",
        _ => "",
    };
    let text = format!("{what}: {url}: {}{advice}", error.text);
    let may_pass = match operation.is_repeatable() {
        true => error.kind.is_transient(),
        false => error.kind == TransportErrorKind::Connect,
    };
    match (error.kind, may_pass) {
        (TransportErrorKind::TooLarge, _) => Failure::Final(KeyServiceError::Other(text)),
        (_, true) => Failure::transient(KeyServiceError::Unavailable(text)),
        (_, false) => Failure::Final(KeyServiceError::Unavailable(text)),
    }
}

/// The error that a status stands for.
pub(super) fn refusal(operation: &Operation<'_>, mount: &str, answer: &Answer) -> KeyServiceError {
    let Answer {
        status, url, body, ..
    } = answer;
    let said = Said(body).to_string();
    let text = format!(
        "{}: {} answered {status}{said}",
        operation.words(),
        display(url)
    );
    let says = |words: &str| said.contains(words);
    match *status {
        _ if is_redirect(*status) => KeyServiceError::Other(format!(
            "{text}, a redirect, which is not followed: give the address of the active node"
        )),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            KeyServiceError::Denied(format!("{text}; {}", operation.capability(mount)))
        }
        StatusCode::BAD_REQUEST if matches!(operation, Operation::LogIn) => {
            KeyServiceError::Denied(format!("{text}; {}", operation.capability(mount)))
        }
        StatusCode::NOT_FOUND if says("no handler for route") => KeyServiceError::NotFound(
            format!("{text}; no engine is at {mount}: name its path in TRANSIT_SECRET_ENGINE_PATH"),
        ),
        StatusCode::NOT_FOUND => KeyServiceError::NotFound(format!("{text}; {NO_KEY}")),
        StatusCode::BAD_REQUEST if says("key not found") => {
            KeyServiceError::NotFound(format!("{text}; {NO_KEY}"))
        }
        StatusCode::INTERNAL_SERVER_ERROR if says("requested version") => {
            KeyServiceError::NotFound(format!("{text}; the key was changed meanwhile: try again"))
        }
        StatusCode::BAD_REQUEST if says("does not support signing") => {
            KeyServiceError::Unsupported(format!("{text}; {OTHER_KEY}"))
        }
        StatusCode::SERVICE_UNAVAILABLE if is_sealed(answer) => {
            KeyServiceError::Unavailable(format!("{text}; unseal it and try again"))
        }
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
            KeyServiceError::Unavailable(format!("{text}; try again later"))
        }
        status if status.is_server_error() => {
            KeyServiceError::Unavailable(format!("{text}; try again later"))
        }
        _ => KeyServiceError::Other(text),
    }
}

fn is_sealed(answer: &Answer) -> bool {
    let said = String::from_utf8_lossy(&answer.body);
    answer.status == StatusCode::SERVICE_UNAVAILABLE && said.contains("sealed")
}

const NO_KEY: &str = "there is no such key: make it with generate-key-pair --kms hashivault://KEY, \
                      or look at its name";
/// What to give instead of a key that cannot sign here.
pub(super) const OTHER_KEY: &str =
    "give a key of type ecdsa-p256, ecdsa-p384, ecdsa-p521, rsa-2048, rsa-3072 or rsa-4096";
