//! Paths and queries of Rekor's API, version 1.

use form_urlencoded::parse;

use super::error::ApiError;

/// The kinds of endpoint, for [faults](super::Fault) to be aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/api/v1/log`: the size of the tree and its checkpoint.
    Log,
    /// `/api/v1/log/publicKey`
    PublicKey,
    /// `/api/v1/log/proof`: consistency.
    Proof,
    /// `/api/v1/log/entries`: a new entry, or one by its index.
    Entries,
    /// `/api/v1/log/entries/<uuid>`
    Entry,
    /// `/api/v1/log/entries/retrieve`: some entries.
    Retrieve,
    /// `/api/v1/index/retrieve`: uuids by a hash or a key.
    Index,
}

impl Endpoint {
    /// The kind of endpoint that `path` has the shape of.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/api/v1/log" => Some(Self::Log),
            "/api/v1/log/publicKey" => Some(Self::PublicKey),
            "/api/v1/log/proof" => Some(Self::Proof),
            ENTRIES => Some(Self::Entries),
            "/api/v1/log/entries/retrieve" => Some(Self::Retrieve),
            "/api/v1/index/retrieve" => Some(Self::Index),
            _ => uuid_in(path).map(|_| Self::Entry),
        }
    }
}

/// The path of an entry.
pub(super) fn location(uuid: &str) -> String {
    format!("{ENTRIES}/{uuid}")
}

/// What stands in the place of the uuid in the path of an entry.
pub(super) fn uuid_in(path: &str) -> Option<&str> {
    let uuid = path.strip_prefix(ENTRIES)?.strip_prefix('/')?;
    (!uuid.is_empty() && !uuid.contains('/')).then_some(uuid)
}

/// A number in a query; `None` when it is not there.
///
/// # Errors
/// What is no number, or less than `least`.
pub(super) fn number(
    query: &str,
    name: &'static str,
    least: usize,
) -> Result<Option<usize>, ApiError> {
    let Some(found) = value(query, name) else {
        return Ok(None);
    };
    match found.parse() {
        Ok(number) if number >= least => Ok(Some(number)),
        Ok(_) => Err(ApiError::TooSmall { name, least }),
        Err(_) => Err(ApiError::NotANumber { name, found }),
    }
}

/// The first value of a name in a query.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    parse(query.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

const ENTRIES: &str = "/api/v1/log/entries";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint() {
        let uuid = "ab".repeat(40);
        for (path, endpoint) in [
            ("/api/v1/log", Some(Endpoint::Log)),
            ("/api/v1/log/publicKey", Some(Endpoint::PublicKey)),
            ("/api/v1/log/proof", Some(Endpoint::Proof)),
            ("/api/v1/log/entries", Some(Endpoint::Entries)),
            ("/api/v1/log/entries/retrieve", Some(Endpoint::Retrieve)),
            ("/api/v1/index/retrieve", Some(Endpoint::Index)),
            (location(&uuid).as_str(), Some(Endpoint::Entry)),
            ("/api/v1/log/entries/x", Some(Endpoint::Entry)),
            ("/api/v1/log/entries/", None),
            ("/api/v1/log/entries/x/y", None),
            ("/api/v1/log/entriesx", None),
            ("/api/v1/log/", None),
            ("/api/v1", None),
            ("/", None),
        ] {
            assert_eq!(Endpoint::of(path), endpoint, "{path}");
        }
        assert_eq!(uuid_in(&location(&uuid)), Some(uuid.as_str()));
    }

    #[test]
    fn numbers() {
        assert!(matches!(number("a=1&n=7", "n", 0), Ok(Some(7))));
        assert!(matches!(number("a=1", "n", 0), Ok(None)));
        for bad in ["n=", "n=-1", "n=x", "n=1.0", "n=99999999999999999999"] {
            assert!(number(bad, "n", 0).is_err(), "{bad}");
        }
        assert!(number("n=0", "n", 1).is_err());
    }
}
