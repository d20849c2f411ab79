//! Pushing a blob: POST, then PUT; in pieces where a registry wants pieces.

use reqwest::{
    Method, StatusCode, Url,
    header::{HeaderName, HeaderValue},
};

use super::{
    Failure, RegistryError,
    session::{Call, Session, Target},
};
use crate::http::{Answer, Content};

/// Pushes a blob. An upload that failed is begun anew: its session may be half written.
pub(super) async fn push_blob(
    session: &Session<'_>,
    digest: &str,
    content: Content,
) -> Result<(), RegistryError> {
    let upload = Upload {
        session,
        what: format!("push blob {}@{digest}", session.repository),
        digest,
        content,
    };
    let mut backoff = session.backoff();
    let mut way = Way::Whole;
    loop {
        match upload.attempt(way).await {
            Ok(Outcome::Stored) => return Ok(()),
            Ok(Outcome::WantsPieces) => way = Way::InPieces,
            Err(failure) => backoff.wait(failure).await?,
        }
    }
}

struct Upload<'a> {
    session: &'a Session<'a>,
    what: String,
    digest: &'a str,
    content: Content,
}

#[derive(Clone, Copy)]
enum Way {
    Whole,
    InPieces,
}

enum Outcome {
    Stored,
    WantsPieces,
}

impl Upload<'_> {
    async fn attempt(&self, way: Way) -> Result<Outcome, Failure> {
        let begin = Target::Path("blobs/uploads/".to_owned());
        let begun = self
            .send(Method::POST, begin, self.content.part(0..0), None)
            .await?;
        let begun = begun.into_success(&self.what, self.session.endpoint)?;
        let mut location = begun.location()?;
        let mut from = begun.url.clone();
        let length = self.content.len();
        let mut start = 0;
        if let Way::InPieces = way {
            let size = piece_size(&begun);
            while start < length {
                let piece = self.content.part(start..start.saturating_add(size));
                let end = start + piece.len();
                let range = HeaderValue::from_str(&format!("{start}-{}", end - 1)).ok();
                let target = Target::Location {
                    url: location,
                    from,
                };
                let stored = self.send(Method::PATCH, target, piece, range).await?;
                let stored = stored.into_success(&self.what, self.session.endpoint)?;
                location = stored.location()?;
                from = stored.url.clone();
                start = end;
            }
        }
        let rest = self.content.part(start..length);
        self.finish(way, location, from, rest).await
    }

    async fn finish(
        &self,
        way: Way,
        mut location: Url,
        from: Url,
        rest: Content,
    ) -> Result<Outcome, Failure> {
        location
            .query_pairs_mut()
            .append_pair("digest", self.digest);
        let target = Target::Location {
            url: location,
            from,
        };
        let answer = self.send(Method::PUT, target, rest, None).await?;
        match (way, answer.status) {
            (Way::Whole, status) if wants_pieces(status) => Ok(Outcome::WantsPieces),
            _ => {
                answer.into_success(&self.what, self.session.endpoint)?;
                Ok(Outcome::Stored)
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        target: Target,
        body: Content,
        content_range: Option<HeaderValue>,
    ) -> Result<Answer, Failure> {
        let octets = HeaderValue::from_static("application/octet-stream");
        let call = Call {
            content_type: (method != Method::POST).then_some(octets),
            content_range,
            body: Some(body),
            ..Call::new(self.what.clone(), method, target)
        };
        self.session.attempt(&call).await
    }
}

fn wants_pieces(status: StatusCode) -> bool {
    matches!(status.as_u16(), 405 | 411 | 413 | 416 | 501)
}

/// The piece that most proxies let pass, or what the registry says is the least.
fn piece_size(begun: &Answer) -> u64 {
    begun
        .header(HeaderName::from_static("oci-chunk-min-length"))
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
        .max(PIECE)
}

const PIECE: u64 = 1024 * 1024;
