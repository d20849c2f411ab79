//! From a request path to an endpoint of the distribution specification.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{
    error::ApiError,
    grammar::{Digest, Reference, is_repository},
};

/// The kinds of endpoint, for [faults](super::Fault) to be aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/v2/`
    Base,
    /// `/v2/<name>/blobs/<digest>`
    Blob,
    /// `/v2/<name>/blobs/uploads/` and `/v2/<name>/blobs/uploads/<id>`
    Upload,
    /// `/v2/<name>/manifests/<reference>`
    Manifest,
    /// `/v2/<name>/tags/list`
    Tags,
    /// `/v2/<name>/referrers/<digest>`
    Referrers,
}

impl Endpoint {
    /// The kind of endpoint that `path` has the shape of, whether or not its parts are valid.
    pub(super) fn of(path: &str) -> Option<Self> {
        let path = decode(path)?;
        match *segments(&path)?.as_slice() {
            [] | [""] => Some(Self::Base),
            [_, .., "blobs", "uploads"] | [_, .., "blobs", "uploads", _] => Some(Self::Upload),
            [_, .., "blobs", _] => Some(Self::Blob),
            [_, .., "manifests", _] => Some(Self::Manifest),
            [_, .., "tags", "list"] => Some(Self::Tags),
            [_, .., "referrers", _] => Some(Self::Referrers),
            _ => None,
        }
    }
}

/// A parsed path: every name, tag and digest in it follows its grammar.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Base,
    Blob {
        repository: String,
        digest: Digest,
    },
    Uploads {
        repository: String,
    },
    Upload {
        repository: String,
        id: String,
    },
    Manifest {
        repository: String,
        reference: Reference,
    },
    Tags {
        repository: String,
    },
    Referrers {
        repository: String,
        subject: Digest,
    },
}

impl Route {
    /// Reads the path from its end, because a repository name has any number of segments and
    /// any of them may be `blobs` or `manifests`.
    ///
    /// # Errors
    /// `NAME_INVALID`, `DIGEST_INVALID`, `TAG_INVALID` for parts outside their grammar, and
    /// `UNSUPPORTED` with status 404 for a path that is no endpoint.
    pub(super) fn parse(path: &str) -> Result<Self, ApiError> {
        let unknown = || ApiError::UnknownEndpoint {
            path: path.to_owned(),
        };
        let decoded = decode(path).ok_or_else(unknown)?;
        match segments(&decoded).ok_or_else(unknown)?.as_slice() {
            [] | [""] => Ok(Self::Base),
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads {
                    repository: repository(name)?,
                })
            }
            [name @ .., "blobs", "uploads", id] => Ok(Self::Upload {
                repository: repository(name)?,
                id: (*id).to_owned(),
            }),
            [name @ .., "blobs", digest] => Ok(Self::Blob {
                repository: repository(name)?,
                digest: parse_digest(digest)?,
            }),
            [name @ .., "manifests", reference] => {
                let repository = repository(name)?;
                let reference = if reference.contains(':') {
                    Reference::Digest(parse_digest(reference)?)
                } else {
                    Reference::parse(reference).ok_or_else(|| ApiError::TagInvalid {
                        found: (*reference).to_owned(),
                    })?
                };
                Ok(Self::Manifest {
                    repository,
                    reference,
                })
            }
            [name @ .., "tags", "list"] => Ok(Self::Tags {
                repository: repository(name)?,
            }),
            [name @ .., "referrers", digest] => Ok(Self::Referrers {
                repository: repository(name)?,
                subject: parse_digest(digest)?,
            }),
            _ => Err(unknown()),
        }
    }
}

/// The first value of `key` in a query string.
pub(super) fn query_value(query: &str, key: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.into_owned())
}

/// Parses a digest from a path or a query.
///
/// # Errors
/// `DIGEST_INVALID` when it is outside the grammar or of another algorithm.
pub(super) fn parse_digest(text: &str) -> Result<Digest, ApiError> {
    Digest::parse(text).ok_or_else(|| ApiError::DigestMalformed {
        found: text.to_owned(),
    })
}

fn decode(path: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(path).decode_utf8().ok()
}

/// What follows `/v2` in a path; `None` when it does not start so.
fn segments(path: &str) -> Option<Vec<&str>> {
    let mut segments = path.split('/');
    let versioned = segments.next() == Some("") && segments.next() == Some("v2");
    versioned.then(|| segments.collect())
}

fn repository(segments: &[&str]) -> Result<String, ApiError> {
    let name = segments.join("/");
    if is_repository(&name) {
        Ok(name)
    } else {
        Err(ApiError::NameInvalid { found: name })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn digest() -> Digest {
        Digest::parse(DIGEST).expect("a digest")
    }

    #[test]
    fn every_endpoint() {
        let repository = || "a/b/c".to_owned();
        for (path, route, endpoint) in [
            ("/v2".to_owned(), Route::Base, Endpoint::Base),
            ("/v2/".to_owned(), Route::Base, Endpoint::Base),
            (
                format!("/v2/a/b/c/blobs/{DIGEST}"),
                Route::Blob {
                    repository: repository(),
                    digest: digest(),
                },
                Endpoint::Blob,
            ),
            (
                "/v2/a/b/c/blobs/uploads".to_owned(),
                Route::Uploads {
                    repository: repository(),
                },
                Endpoint::Upload,
            ),
            (
                "/v2/a/b/c/blobs/uploads/".to_owned(),
                Route::Uploads {
                    repository: repository(),
                },
                Endpoint::Upload,
            ),
            (
                "/v2/a/b/c/blobs/uploads/7".to_owned(),
                Route::Upload {
                    repository: repository(),
                    id: "7".to_owned(),
                },
                Endpoint::Upload,
            ),
            (
                "/v2/a/b/c/manifests/latest".to_owned(),
                Route::Manifest {
                    repository: repository(),
                    reference: Reference::Tag("latest".to_owned()),
                },
                Endpoint::Manifest,
            ),
            (
                "/v2/a/b/c/tags/list".to_owned(),
                Route::Tags {
                    repository: repository(),
                },
                Endpoint::Tags,
            ),
            (
                format!("/v2/a/b/c/referrers/{}", DIGEST.replace(':', "%3A")),
                Route::Referrers {
                    repository: repository(),
                    subject: digest(),
                },
                Endpoint::Referrers,
            ),
        ] {
            assert_eq!(Route::parse(&path).expect("a route"), route, "{path}");
            assert_eq!(Endpoint::of(&path), Some(endpoint), "{path}");
        }
    }

    #[test]
    fn keywords_may_be_names() {
        let route = Route::parse("/v2/blobs/manifests/tags/manifests/list").expect("a route");
        let reference = Reference::Tag("list".to_owned());
        assert_eq!(
            route,
            Route::Manifest {
                repository: "blobs/manifests/tags".into(),
                reference
            }
        );
    }

    #[test]
    fn refused_paths() {
        for path in [
            "/",
            "/v1/",
            "/v2x",
            "/v2/a",
            "/v2/a/tags/all",
            "/v2/%ff/tags/list",
        ] {
            let error = Route::parse(path).expect_err(path);
            assert!(
                matches!(error, ApiError::UnknownEndpoint { .. }),
                "{path}: {error}"
            );
        }
        for path in [
            "/v2/blobs/uploads/",
            "/v2/A/tags/list",
            "/v2/a/../b/tags/list",
        ] {
            let error = Route::parse(path).expect_err(path);
            assert!(
                matches!(error, ApiError::NameInvalid { .. }),
                "{path}: {error}"
            );
        }
        let error = Route::parse("/v2/a/blobs/sha256:00").expect_err("a short digest");
        assert!(matches!(error, ApiError::DigestMalformed { .. }));
        let error = Route::parse("/v2/a/manifests/-").expect_err("a bad tag");
        assert!(matches!(error, ApiError::TagInvalid { .. }));
    }

    proptest! {
        #[test]
        fn any_path_is_answered(path in "(/v2)?[/a-z%0-9:.-]{0,40}") {
            if Route::parse(&path).is_ok() {
                prop_assert!(Endpoint::of(&path).is_some());
            }
        }
    }
}
