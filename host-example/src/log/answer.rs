//! What a log's answer means: a receipt, content, a refusal.

use reqwest::{
    StatusCode, Url,
    header::{HeaderName, LOCATION},
};

use super::{LogApi, LogError, Receipt, name::is_written_uuid};
use crate::http::{Answer, Said, display, is_redirect, origin, quoted};

/// What a log says to an entry.
pub(super) fn receipt(what: &str, api: LogApi, answer: Answer) -> Result<Receipt, LogError> {
    match answer.status {
        StatusCode::OK | StatusCode::CREATED => Ok(Receipt::Logged(answer.body)),
        StatusCode::CONFLICT => {
            let name = match api {
                LogApi::RekorV1 => uuid(&answer),
                LogApi::RekorV2 => index(&answer),
            };
            name.map(Receipt::AlreadyLogged).map_err(|problem| {
                let url = display(&answer.url);
                LogError::Invalid(format!(
                    "{what}: {url} answered {}, {problem}",
                    answer.status
                ))
            })
        }
        _ => Err(refusal(what, &answer)),
    }
}

/// The bytes of an answer to a request that stores nothing.
pub(super) fn content(what: &str, answer: Answer) -> Result<Vec<u8>, LogError> {
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        _ => Err(refusal(what, &answer)),
    }
}

/// The error that any other status stands for.
pub(super) fn refusal(what: &str, answer: &Answer) -> LogError {
    let Answer { status, url, .. } = answer;
    let mut text = format!("{what}: {} answered {status}", display(url));
    if is_redirect(*status) {
        text.push_str(&format!(
            ", a redirect to {}, which is not followed; give the URL of the log itself",
            target(answer)
        ));
        return LogError::Invalid(text);
    }
    text.push_str(&Said(&answer.body).to_string());
    match *status {
        StatusCode::NOT_FOUND => LogError::NotFound(text),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => LogError::Denied(text),
        // It passes by waiting, though it is no 5xx.
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => LogError::Unavailable(text),
        StatusCode::NOT_IMPLEMENTED => LogError::Unsupported(text),
        status if status.is_server_error() => LogError::Unavailable(text),
        status if status.is_client_error() => LogError::Refused(text),
        _ => LogError::Invalid(format!("{text}, which is no answer to that")),
    }
}

/// The UUID that ends `Location`.
fn uuid(conflict: &Answer) -> Result<String, String> {
    let expected = "expected a Location that ends with a UUID of 64 or 80 lower-case hexadecimal \
                    digits";
    let Some(location) = conflict.header(LOCATION) else {
        return Err(format!("{expected}, found none"));
    };
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let path = &location[..end];
    let last = path.rsplit('/').next().unwrap_or(path);
    match is_written_uuid(last) {
        true => Ok(last.to_owned()),
        false => Err(format!(
            "{expected}, found one that ends with {}",
            quoted(last)
        )),
    }
}

/// The number in `X-Log-Index`.
fn index(conflict: &Answer) -> Result<String, String> {
    let expected = "expected X-Log-Index with a decimal number below 2^64";
    let Some(text) = conflict.header(LOG_INDEX) else {
        return Err(format!("{expected}, found none"));
    };
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(index) if is_decimal => Ok(index.to_string()),
        _ => Err(format!("{expected}, found {}", quoted(text))),
    }
}

/// Where a redirect points to: no more than scheme, host and port, since the rest may be secret.
fn target(redirect: &Answer) -> String {
    let location = redirect.header(LOCATION);
    let to = location.and_then(|text| redirect.url.join(text).ok());
    match to.filter(Url::has_host) {
        Some(to) => origin(&to),
        None => "nowhere (its Location is no URL with a host)".to_owned(),
    }
}

const LOG_INDEX: HeaderName = HeaderName::from_static("x-log-index");
