//! The list of a manifest's referrers, page by page (distribution specification, "Listing
//! Referrers").

use reqwest::{Method, Url, header::LINK};

use super::{
    Manifest, RegistryError,
    client::media_type,
    session::{Call, Session, Target},
};
use crate::http::{Answer, display};

/// All pages, of at most `max_size` bytes together.
pub(super) async fn list(
    session: &Session<'_>,
    digest: &str,
    max_size: u64,
) -> Result<Vec<Manifest>, RegistryError> {
    let what = format!("list referrers of {}@{digest}", session.repository);
    let mut target = Target::Path(format!("referrers/{digest}"));
    let (mut pages, mut left) = (Vec::new(), max_size);
    for _ in 0..MAX_PAGES {
        let call = Call {
            accept: Some(INDEX),
            limit: left,
            ..Call::new(what.clone(), Method::GET, target)
        };
        let answer = session.send(&call).await?;
        // The specification asks for 404 of who has no such list; some proxies say it otherwise.
        if pages.is_empty() && matches!(answer.status.as_u16(), 400 | 404 | 405 | 406 | 501) {
            return Err(RegistryError::Unsupported(format!(
                "{what}: {} answered {}",
                display(&answer.url),
                answer.status
            )));
        }
        let answer = answer.into_success(&what, session.endpoint)?;
        let next = next(&what, &answer)?;
        left = left.saturating_sub(answer.body.len() as u64);
        let from = answer.url.clone();
        pages.push(Manifest {
            media_type: media_type(&what, &answer)?,
            content: answer.body,
        });
        match next {
            Some(url) => target = Target::Location { url, from },
            None => return Ok(pages),
        }
    }
    Err(RegistryError::Invalid(format!(
        "{what}: the list has more than {MAX_PAGES} pages"
    )))
}

/// Where the next page is: `Link: <URL>; rel="next"` (RFC 8288).
fn next(what: &str, answer: &Answer) -> Result<Option<Url>, RegistryError> {
    let links = answer.headers.get_all(LINK).iter();
    let Some(target) = links
        .filter_map(|value| value.to_str().ok())
        .find_map(next_in)
    else {
        return Ok(None);
    };
    let url = answer.url.join(target).map_err(|error| {
        RegistryError::Invalid(format!("{what}: malformed Link to the next page: {error}"))
    })?;
    Ok(Some(url))
}

/// The target with the relation `next` in one header.
fn next_in(header: &str) -> Option<&str> {
    let mut rest = header;
    loop {
        let (target, parameters) = rest.split_once('<')?.1.split_once('>')?;
        // Up to the next link; no parameter of this relation has a `<` in it.
        let (own, others) = parameters.split_once(",").unwrap_or((parameters, ""));
        let is_next = own.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let value = value.trim().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .split(' ')
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        rest = others;
    }
}

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// A thousand referrers, a few to a page.
const MAX_PAGES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page() {
        for (header, target) in [
            ("</v2/a?last=x>; rel=\"next\"", Some("/v2/a?last=x")),
            ("</v2/a>;rel=next", Some("/v2/a")),
            ("</p>; rel=\"prev\", </n>; REL=\"Next last\"", Some("/n")),
            ("</a,b>; rel=next", Some("/a,b")),
            ("</p>; rel=\"prev\"", None),
            ("</p>", None),
            ("next", None),
            ("<", None),
            ("", None),
        ] {
            assert_eq!(next_in(header), target, "{header}");
        }
    }
}
