//! Where a step's image is: what the step says of it, completed by what is said elsewhere.

use cosignet_host::registry::source::{Field, Fields, Source, SourceError, SourceKind};

/// The values of `--source` and its kin, which fit together and fit the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub kind: SourceKind,
    pub fields: Fields,
}

impl Place {
    /// Takes what the step says of an image, and from `elsewhere` only what is missing then.
    pub fn of(
        kind: SourceKind,
        mut fields: Fields,
        image: &str,
        elsewhere: &Fields,
    ) -> Result<Self, SourceError> {
        loop {
            let source = Source::from_fields(kind, fields.clone());
            let missing = match &source {
                Ok(source) => source.is_open(image).then_some(Field::Host),
                Err(SourceError::Missing { field, .. }) => Some(*field),
                Err(_) => None,
            };
            match missing.and_then(|field| Some((field, elsewhere.get(field)?))) {
                Some((field, text)) => fields.set(field, text),
                None => {
                    source?.reference(image)?;
                    return Ok(Self { kind, fields });
                }
            }
        }
    }
}

/// The host of a registry's URL: `https://r.example/v2/` is `r.example`.
pub fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Fields {
        Fields {
            host: Some(text.into()),
            ..Fields::default()
        }
    }

    fn host_of_place(kind: SourceKind, fields: Fields, image: &str) -> Option<String> {
        let place = Place::of(kind, fields, image, &host("else.example"));
        place.unwrap().fields.host
    }

    #[test]
    fn hosts_of_urls() {
        for url in [
            "r.example",
            "https://r.example",
            "https://r.example/v2/",
            "r.example/v1",
        ] {
            assert_eq!(host_of(url), "r.example");
        }
    }

    #[test]
    fn what_is_said_elsewhere_counts_where_nothing_else_says_it() {
        use SourceKind::{Docker, DockerHub, Harbor, Jfrog, Quay};
        for kind in [Docker, Quay, Harbor, Jfrog] {
            let found = |fields, image| host_of_place(kind, fields, image);
            assert_eq!(
                found(Fields::default(), "org/app").as_deref(),
                Some("else.example")
            );
            assert_eq!(found(Fields::default(), "r.example/app"), None);
            assert_eq!(
                found(host("r.example"), "app").as_deref(),
                Some("r.example")
            );
        }
        assert_eq!(host_of_place(DockerHub, Fields::default(), "app"), None);
        let everything = Fields {
            region: Some("eu-west-1".into()),
            account_id: Some("123456789012".into()),
            ..host("else.example")
        };
        let ecr = |fields| Place::of(SourceKind::Ecr, fields, "app", &everything).unwrap();
        assert_eq!(ecr(Fields::default()).fields.host, None);
        let registry = "210987654321.dkr.ecr.us-east-1.amazonaws.com";
        assert_eq!(ecr(host(registry)).fields, host(registry));
    }

    #[test]
    fn what_fits_nothing_is_an_error() {
        let nothing = &Fields::default();
        for (kind, fields, image, field) in [
            (SourceKind::Ecr, Fields::default(), "app", Field::Region),
            (SourceKind::Harbor, Fields::default(), "app", Field::Host),
            (
                SourceKind::Docker,
                host("r.example"),
                "other.example/app",
                Field::Image,
            ),
        ] {
            let error = Place::of(kind, fields, image, nothing).unwrap_err();
            assert_eq!(error.field(), field, "{error}");
        }
    }
}
