use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Deserialize;

use super::{Descriptor, MAX_SIGNATURES, media_type};
use crate::json::Object;

/// What a reference can name: one image, or an index of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A manifest of an image, or of any artifact.
    Image,
    /// An index.
    Index(Index),
}

impl Subject {
    /// Reads a manifest by the media type it was served under.
    ///
    /// A document that could be read both ways, or that names another type than it was served
    /// under, is refused: CVE-2021-41190.
    pub fn parse(served_as: &str, bytes: &[u8]) -> Result<Self, MalformedManifest> {
        let mut object = open(served_as, bytes)?;
        if matches!(served_as, media_type::OCI_INDEX | media_type::DOCKER_LIST) {
            let manifests = object
                .require("manifests")
                .map_err(MalformedManifest::Content)?;
            Ok(Self::Index(Index { manifests }))
        } else {
            Ok(Self::Image)
        }
    }
}

/// The manifests of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// One for each platform; other artifacts, and further indexes, may be among them.
    pub manifests: Vec<ManifestEntry>,
}

/// One of the manifests that an index names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Object")]
pub struct ManifestEntry {
    /// The manifest.
    pub descriptor: Descriptor,
    /// For what platform the index says that it is: `linux/arm64/v8`. Words, and nothing to rely on.
    pub platform: Option<String>,
}

impl TryFrom<Object> for ManifestEntry {
    type Error = String;

    fn try_from(mut entry: Object) -> Result<Self, String> {
        // What cannot be read says nothing.
        let platform: Option<Object> = entry.take("platform").unwrap_or_default();
        Ok(Self {
            descriptor: Descriptor::take(&mut entry)?,
            platform: platform.and_then(platform_words),
        })
    }
}

fn platform_words(mut platform: Object) -> Option<String> {
    let mut take = |key| platform.take::<String>(key).ok().flatten();
    let mut words = format!("{}/{}", take("os")?, take("architecture")?);
    if let Some(variant) = take("variant") {
        words.extend(["/", &variant]);
    }
    Some(words.chars().take(SHOWN).collect())
}

/// Bytes that are no manifest of the type that they were served under.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedManifest {
    /// Served under a media type that is none of a manifest's.
    #[error("served as {0:?}, which is no type of a manifest or index")]
    MediaType(String),
    /// Not the content that the type demands.
    #[error("malformed manifest: {0}")]
    Content(String),
    /// More layers than signatures of an image are looked at.
    #[error("{0} signatures are attached; at most {MAX_SIGNATURES} are looked at")]
    TooManySignatures(usize),
}

/// Reads the members of a manifest and settles what it is.
pub(super) fn open(served_as: &str, bytes: &[u8]) -> Result<Object, MalformedManifest> {
    let foreign = match served_as {
        media_type::OCI_MANIFEST | media_type::DOCKER_MANIFEST => ["manifests", "fsLayers"],
        media_type::OCI_INDEX | media_type::DOCKER_LIST => ["layers", "config"],
        _ => {
            return Err(MalformedManifest::MediaType(
                served_as.chars().take(SHOWN).collect(),
            ));
        }
    };
    let mut object = Object::parse(bytes).map_err(MalformedManifest::Content)?;
    if let Some(member) = foreign.into_iter().find(|member| object.has(member)) {
        return Err(MalformedManifest::Content(format!(
            "{member}: does not belong into what was served as {served_as}"
        )));
    }
    let version: u64 = object
        .require("schemaVersion")
        .map_err(MalformedManifest::Content)?;
    if version != 2 {
        return Err(MalformedManifest::Content(format!(
            "schemaVersion: expected 2, found {version}"
        )));
    }
    match object
        .take::<String>("mediaType")
        .map_err(MalformedManifest::Content)?
    {
        Some(own) if own != served_as => Err(MalformedManifest::Content(format!(
            "mediaType: says {:?} but was served as {served_as}",
            own.chars().take(SHOWN).collect::<String>()
        ))),
        _ => Ok(object),
    }
}

/// How many characters of a bad media type an error shows.
const SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"{"schemaVersion":2,"manifests":[{"mediaType":"m","size":1,"digest":
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}]}"#;

    #[test]
    fn reads_an_index() {
        let Ok(Subject::Index(index)) = Subject::parse(media_type::OCI_INDEX, INDEX.as_bytes())
        else {
            panic!("not an index");
        };
        assert_eq!(index.manifests.len(), 1);
    }

    #[test]
    fn a_platform_is_what_can_be_read_of_it() {
        let platform = |platform: &str| {
            let index = INDEX.replace(r#""size":1"#, &format!(r#""size":1,"platform":{platform}"#));
            let read = Subject::parse(media_type::OCI_INDEX, index.as_bytes()).unwrap();
            let Subject::Index(index) = read else {
                panic!("not an index");
            };
            index.manifests[0].platform.clone()
        };
        for (json, words) in [
            (
                r#"{"architecture":"amd64","os":"linux"}"#,
                Some("linux/amd64"),
            ),
            (
                r#"{"architecture":"arm64","os":"linux","variant":"v8","os.version":"1"}"#,
                Some("linux/arm64/v8"),
            ),
            (r#"{"os":"linux"}"#, None),
            (r#"{"os":"linux","architecture":1}"#, None),
            ("[]", None),
            ("null", None),
        ] {
            assert_eq!(platform(json).as_deref(), words, "{json}");
        }
    }

    #[test]
    fn refuses_a_document_of_two_natures() {
        let image = br#"{"schemaVersion":2,"config":{},"layers":[]}"#;
        assert_eq!(
            Subject::parse(media_type::OCI_MANIFEST, image),
            Ok(Subject::Image)
        );
        assert!(Subject::parse(media_type::OCI_INDEX, image).is_err());
        assert!(Subject::parse(media_type::OCI_MANIFEST, INDEX.as_bytes()).is_err());
        let both = br#"{"schemaVersion":2,"config":{},"layers":[],"manifests":[]}"#;
        assert!(Subject::parse(media_type::OCI_MANIFEST, both).is_err());
        assert!(Subject::parse(media_type::OCI_INDEX, both).is_err());
    }

    #[test]
    fn refuses_another_media_type_than_it_was_served_under() {
        let bytes = format!(
            r#"{{"schemaVersion":2,"mediaType":"{}"}}"#,
            media_type::OCI_MANIFEST
        );
        assert!(Subject::parse(media_type::OCI_MANIFEST, bytes.as_bytes()).is_ok());
        assert!(Subject::parse(media_type::DOCKER_MANIFEST, bytes.as_bytes()).is_err());
        assert!(matches!(
            Subject::parse("text/html", bytes.as_bytes()),
            Err(MalformedManifest::MediaType(_))
        ));
    }

    #[test]
    fn refuses_other_schema_versions() {
        for bad in ["1", "\"2\"", "2.5", "null"] {
            let bytes = format!(r#"{{"schemaVersion":{bad}}}"#);
            assert!(
                Subject::parse(media_type::OCI_MANIFEST, bytes.as_bytes()).is_err(),
                "{bad}"
            );
        }
    }
}
