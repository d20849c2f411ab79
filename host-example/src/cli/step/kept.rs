use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cosignet::oci::Digest;
use serde_json::Value;

use super::model::{Artifact, Keep};
use crate::cli::failure::Failure;
use crate::cli::files;

/// The files of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub signature: String,
    pub payload: String,
    pub bundle: String,
}

impl Files {
    /// Those of an artifact in a folder. Of each name there is one: a new signature takes the place of the
    /// one before, and is found again by the artifact's name.
    pub fn of(folder: &str, artifact: &Artifact) -> Self {
        let name = artifact.name();
        let short = Path::new(name).file_name().and_then(|name| name.to_str());
        let short: String = short
            .unwrap_or("artifact")
            .chars()
            .take(LONGEST_NAME)
            .map(|character| match character {
                _ if character.is_ascii_alphanumeric() || ".-_".contains(character) => character,
                _ => '_',
            })
            .collect();
        let hash = Digest::of(name.as_bytes()).hex().to_string();
        let hash = hash.get(..16).unwrap_or(&hash);
        let path = |ending: &str| {
            let file = format!("{short}-{hash}.{ending}");
            Path::new(folder).join(file).to_string_lossy().into_owned()
        };
        Self {
            signature: path("sig"),
            payload: path("payload"),
            bundle: path("sigstore.json"),
        }
    }

    /// Those that are kept of an artifact, if there are any.
    pub fn kept(keep: &Keep, artifact: &Artifact) -> Option<Self> {
        let files = Self::of(keep.folder(), artifact);
        let payload = match artifact {
            Artifact::Image(_) => Path::new(&files.payload).is_file(),
            Artifact::File(_) => true,
        };
        (payload && Path::new(&files.bundle).is_file()).then_some(files)
    }

    /// Makes the folder that they are to be in.
    pub fn prepare(folder: &str) -> Result<(), Failure> {
        fs::create_dir_all(folder).map_err(|error| {
            Failure::other(format!(
                "make the folder {folder} for the signature: {error}; say another one, or store, or upload"
            ))
        })
    }

    /// What they say of the signature.
    pub fn read(&self, artifact: &Artifact) -> Result<Made, Failure> {
        let signature = String::from_utf8_lossy(&files::read(&self.signature)?).into_owned();
        let bundle: Value = json(&files::read_at_most(&self.bundle, LARGEST_BUNDLE)?);
        let digest = match artifact {
            Artifact::Image(_) => digest_in(&json(&files::read(&self.payload)?)),
            Artifact::File(_) => digest_of(&bundle),
        };
        Ok(Made {
            digest,
            signature: signature.trim().to_owned(),
            log_index: log_index(&bundle),
        })
    }
}

/// What was made.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    pub digest: Option<String>,
    /// In base64.
    pub signature: String,
    pub log_index: Option<u64>,
}

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

/// Of the log's entry in a bundle. protobuf's JSON writes long numbers as text, and leaves 0 out.
fn log_index(bundle: &Value) -> Option<u64> {
    let entry = bundle["verificationMaterial"]["tlogEntries"].get(0)?;
    match entry.get("logIndex") {
        None => Some(0),
        Some(Value::String(text)) => text.parse().ok(),
        Some(number) => number.as_u64(),
    }
}

/// The digest of the image that a payload names: of simple signing, or of a statement.
fn digest_in(payload: &Value) -> Option<String> {
    if let Some(digest) = payload["critical"]["image"]["docker-manifest-digest"].as_str() {
        return Some(digest.to_owned());
    }
    let hex = payload["subject"][0]["digest"]["sha256"].as_str()?;
    Some(format!("sha256:{hex}"))
}

/// The digest of the file that a bundle is of.
fn digest_of(bundle: &Value) -> Option<String> {
    let digest = &bundle["messageSignature"]["messageDigest"];
    if digest["algorithm"].as_str() != Some("SHA2_256") {
        return None;
    }
    let bytes = BASE64.decode(digest["digest"].as_str()?).ok()?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("sha256:{hex}"))
}

const LONGEST_NAME: usize = 100;
const LARGEST_BUNDLE: u64 = 20 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::super::model::File;
    use super::*;

    fn names(path: &str) -> Files {
        let file = File {
            path: path.into(),
            ..File::default()
        };
        Files::of("f", &Artifact::File(file))
    }

    #[test]
    fn bundles_tell_their_entry() {
        let bundle = |entries: &str| -> Value {
            let text = format!(r#"{{"verificationMaterial":{{"tlogEntries":{entries}}}}}"#);
            serde_json::from_str(&text).unwrap()
        };
        for (entries, expected) in [
            (r#"[{"logIndex":"12"}]"#, Some(12)),
            (r#"[{"logIndex":12}]"#, Some(12)),
            (r#"[{"logId":{}}]"#, Some(0)),
            ("[]", None),
            ("null", None),
        ] {
            assert_eq!(log_index(&bundle(entries)), expected, "{entries}");
        }
    }

    #[test]
    fn each_name_has_its_own_files_below_the_folder() {
        let app = names("r.example/app:v1");
        assert!(app.signature.starts_with("f/app_v1-") && app.signature.ends_with(".sig"));
        assert_eq!(names("r.example/app:v1"), app);
        for other in [
            "r.example/app_v1",
            "other/app:v1",
            "../../app:v1",
            "/",
            "..",
            &"a".repeat(999),
        ] {
            let files = names(other);
            assert_ne!(files, app, "{other}");
            for path in [files.signature, files.payload, files.bundle] {
                assert_eq!(Path::new(&path).parent(), Some(Path::new("f")), "{path}");
                assert!(path.len() < 160, "{path}");
            }
        }
    }
}
