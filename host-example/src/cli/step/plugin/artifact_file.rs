//! What a plugin that pushed images leaves for the next one: drone-docker's artifact file.

use std::path::Path;

use serde::Deserialize;

use crate::cli::failure::Failure;
use crate::cli::files;

/// An image that was pushed.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Pushed {
    /// Its name, with its tag.
    pub image: String,
    /// Its digest.
    pub digest: String,
}

impl Pushed {
    /// It is printed, and lines of a log may be commands to a runner.
    fn is_in_a_line(&self) -> bool {
        !(self.image.contains(char::is_control) || self.digest.contains(char::is_control))
    }
}

#[derive(Deserialize)]
struct Document {
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    images: Vec<Pushed>,
}

/// The images in the file; none where there is no such file, as a runner names one to every plugin.
pub fn read(path: &str) -> Result<Vec<Pushed>, Failure> {
    match Path::new(path).exists() {
        true => parse(&files::read(path)?),
        false => Ok(Vec::new()),
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<Pushed>, Failure> {
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| Failure::other(format!("no artifact file: {error}")))?;
    match document.kind.as_str() {
        "docker/v1" => match document
            .data
            .images
            .iter()
            .find(|pushed| !pushed.is_in_a_line())
        {
            None => Ok(document.data.images),
            Some(_) => Err(Failure::other(
                "the name of an image has control characters",
            )),
        },
        other => Err(Failure::other(format!(
            "an artifact file of kind {other:?}: expected docker/v1"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_read_with_their_digests() {
        let pushed = parse(
            br#"{"kind":"docker/v1","data":{"registryType":"Docker","registryUrl":"https://r.example",
                "images":[{"image":"r.example/app:v1","digest":"sha256:00"}]}}"#,
        );
        let expected = Pushed {
            image: "r.example/app:v1".into(),
            digest: "sha256:00".into(),
        };
        assert_eq!(pushed.unwrap(), [expected]);
        for bad in [
            &b"{}"[..],
            b"[",
            br#"{"kind":"fileUpload/v1","data":{"images":[]}}"#,
            br#"{"kind":"docker/v1","data":{"images":[{"image":"a"}]}}"#,
            br#"{"kind":"docker/v1","data":{"images":[{"image":"a\n::x::","digest":"b"}]}}"#,
        ] {
            assert!(parse(bad).is_err());
        }
        assert_eq!(read("/no/where").unwrap(), []);
    }
}
