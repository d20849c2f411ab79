//! The URL of a service, and those below it.

use reqwest::Url;

use super::quoted;

/// Where a service is: http or https, a host, perhaps a port and a path.
#[derive(Clone, Debug)]
pub(crate) struct BaseUrl(Url);

/// Why a text is not the URL of a service.
#[derive(Debug)]
pub(crate) struct InvalidBaseUrl {
    /// What was given, quoted, without what may be secret.
    pub found: String,
    /// What is wrong with it.
    pub problem: String,
}

impl BaseUrl {
    /// Takes no user info, query or fragment: they would be left out of the requests, or shown.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let refused = |problem: &str| {
            Err(InvalidBaseUrl {
                found: quoted(&without_secrets(text)),
                problem: problem.to_owned(),
            })
        };
        let mut url = match Url::parse(text) {
            Ok(url) => url,
            Err(_) if !text.contains("://") => return refused("neither http nor https"),
            Err(error) => return refused(&error.to_string()),
        };
        match () {
            _ if !matches!(url.scheme(), "http" | "https") => refused("neither http nor https"),
            // An empty user and password are not told apart from none, and are none.
            _ if !url.username().is_empty() || url.password().is_some() => {
                refused("a user or a password in it")
            }
            _ if url.query().is_some() => refused("a query in it"),
            _ if url.fragment().is_some() => refused("a fragment in it"),
            _ => {
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&path);
                Ok(Self(url))
            }
        }
    }

    /// The URL itself.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// This URL with a path more.
    pub fn below(&self, path: &str) -> Self {
        Self(self.join(path))
    }

    /// The URL of a path below this one, which begins without a slash.
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{path}"));
        url
    }
}

/// A URL as it was written, without user info, query and fragment, even where it is no URL.
fn without_secrets(text: &str) -> String {
    let shown = match text.rsplit_once('@') {
        Some((before, after)) => match before.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://…@{after}"),
            None => format!("…@{after}"),
        },
        None => text.to_owned(),
    };
    let end = shown.find(['?', '#']).unwrap_or(shown.len());
    shown[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_below_the_base() {
        for (base, joined) in [
            ("https://log.test", "https://log.test/checkpoint"),
            ("https://log.test/", "https://log.test/checkpoint"),
            ("http://[::1]:3000/", "http://[::1]:3000/checkpoint"),
            ("https://log.test/a/b", "https://log.test/a/b/checkpoint"),
            ("https://log.test/a/b//", "https://log.test/a/b/checkpoint"),
            (
                "HTTPS://LOG.test/a%2fb",
                "https://log.test/a%2fb/checkpoint",
            ),
        ] {
            let base = BaseUrl::parse(base).unwrap();
            assert_eq!(base.join("checkpoint").as_str(), joined);
        }
    }

    #[test]
    fn other_urls_are_refused_without_showing_secrets() {
        for (bad, problem) in [
            ("", "neither http nor https"),
            ("log.test", "neither http nor https"),
            ("log.test:3000", "neither http nor https"),
            ("ftp://log.test", "neither http nor https"),
            ("unix:///run/log", "neither http nor https"),
            ("https://", "empty host"),
            ("https://log.test:99999", "port"),
            ("https://secret@log.test", "a user or a password"),
            ("https://u:secret@log.test/x", "a user or a password"),
            ("https://:secret@log.test", "a user or a password"),
            ("https://u:secret?@log.test", "port"),
            ("https://log.test/?secret=1", "a query"),
            ("https://log.test/?", "a query"),
            ("https://log.test/#secret", "a fragment"),
        ] {
            let error = BaseUrl::parse(bad).unwrap_err();
            assert!(error.problem.contains(problem), "{bad}: {error:?}");
            assert!(!format!("{error:?}").contains("secret"), "{error:?}");
        }
    }
}
