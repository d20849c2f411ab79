use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::value::RawValue;

use crate::json::{Elements, Object, read};
use crate::oci::Digest;

/// An in-toto statement (`in-toto/attestation`, v1 and v0.1): what is claimed of which artifacts.
/// Whoever reads one has verified its envelope before.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The type of the predicate, a URI.
    pub predicate_type: String,
    /// The predicate as it stands, JSON.
    pub predicate: String,
    subjects: Vec<Subject>,
}

/// What a statement says of its subjects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predicate {
    /// Its type, a URI.
    pub predicate_type: String,
    /// JSON.
    pub content: Vec<u8>,
}

/// An artifact that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// A name; a repository, where cosign attests an image.
    pub name: Option<String>,
    /// Digests by their algorithm, in hexadecimal.
    pub digests: BTreeMap<String, String>,
    /// What the signer claims of it, cosign's `-a`: the members that are strings.
    pub annotations: BTreeMap<String, String>,
}

impl Statement {
    /// Reads a statement.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(statement: &[u8]) -> Result<Self, String> {
        let mut statement = Object::parse(statement)?;
        let kind: String = statement.require("_type")?;
        if !TYPES.contains(&kind.as_str()) {
            let found: String = kind.chars().take(120).collect();
            return Err(format!(
                "_type: expected {} or {}, found {found:?}",
                TYPES[0], TYPES[1]
            ));
        }
        let subjects: Elements<MAX_SUBJECTS> = statement.require("subject")?;
        if subjects.count == 0 || subjects.count > MAX_SUBJECTS {
            let found = subjects.count;
            return Err(format!(
                "subject: expected 1 to {MAX_SUBJECTS}, found {found}"
            ));
        }
        let predicate: Option<Box<RawValue>> = statement.take("predicate")?;
        let predicate_type = statement.require("predicateType")?;
        statement.finish()?;
        Ok(Self {
            predicate_type,
            predicate: predicate.map_or_else(|| "null".into(), |raw| raw.get().into()),
            subjects: subjects
                .first
                .iter()
                .map(|subject| Subject::parse(subject.get().as_bytes()))
                .collect::<Result<_, _>>()?,
        })
    }

    /// What it says.
    pub fn into_predicate(self) -> Predicate {
        Predicate {
            predicate_type: self.predicate_type,
            content: self.predicate.into_bytes(),
        }
    }

    /// The subject with this SHA-256 digest. Digests are compared with their algorithm: one under
    /// another name is another digest.
    pub fn subject(&self, digest: &Digest) -> Option<&Subject> {
        let hex = format!("{}", digest.hex());
        let is_it = |subject: &&Subject| subject.digests.get("sha256").is_some_and(|it| *it == hex);
        self.subjects.iter().find(is_it)
    }

    /// All subjects.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// The bytes of the statement that signs an image, as cosign 3 writes it.
    ///
    /// # Errors
    /// None that can happen: strings can be written.
    pub fn of_image(
        digest: &Digest,
        annotations: &BTreeMap<String, String>,
    ) -> Result<Vec<u8>, String> {
        // Of Go's `protojson`, which escapes no HTML.
        let annotations = serde_json::to_string(annotations);
        let annotations = annotations.map_err(|error| format!("annotations: {error}"))?;
        let (kind, hex) = (TYPES[0], digest.hex());
        let statement = format!(
            r#"{{"_type":"{kind}","subject":[{{"digest":{{"sha256":"{hex}"}},"annotations":{annotations}}}],"predicateType":"{IMAGE_SIGNATURE}","predicate":{{}}}}"#
        );
        Ok(statement.into_bytes())
    }

    /// The bytes of a statement about a blob, as cosign writes it: of version 0.1, the members in
    /// cosign 3's order. The predicate stands in it as it was given.
    ///
    /// # Errors
    /// Says what is wrong with the predicate: it must be JSON, and a statement with it one that is
    /// read here.
    pub fn of_artifact(
        digest: &Digest,
        name: Option<&str>,
        predicate: &Predicate,
    ) -> Result<Vec<u8>, String> {
        let quoted = |text: &str| {
            serde_json::to_string(text).map_err(|error| format!("it cannot be written: {error}"))
        };
        let content: &RawValue = read(&predicate.content)
            .map_err(|error| format!("the predicate must be JSON: {error}"))?;
        let name = match name {
            Some(name) => format!(r#""name":{},"#, quoted(name)?),
            None => String::new(),
        };
        let (kind, hex) = (TYPES[1], digest.hex());
        let (predicate_type, content) = (quoted(&predicate.predicate_type)?, content.get());
        let statement = format!(
            r#"{{"_type":"{kind}","subject":[{{{name}"digest":{{"sha256":"{hex}"}}}}],"predicateType":{predicate_type},"predicate":{content}}}"#
        )
        .into_bytes();
        Self::parse(&statement)?;
        Ok(statement)
    }
}

impl Subject {
    /// Its SHA-256 digest, if it has one.
    pub fn sha256(&self) -> Option<Digest> {
        let hex = self.digests.get("sha256")?;
        format!("sha256:{hex}").parse().ok()
    }

    fn parse(subject: &[u8]) -> Result<Self, String> {
        let mut subject = Object::parse(subject)?;
        let digest: Object = subject.require("digest")?;
        let annotations: Option<Object> = subject.take("annotations")?;
        // Others (`uri`, `downloadLocation`, ...) say nothing that is judged here.
        Ok(Self {
            name: subject.take("name")?,
            digests: digest.into_strings()?,
            annotations: annotations
                .map(Object::into_strings)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

/// The type of payload of statements in envelopes.
pub const STATEMENT_TYPE: &str = "application/vnd.in-toto+json";
/// The predicate by which cosign 3 signs an image.
pub const IMAGE_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
const TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
/// Subjects that are looked at, as in sigstore-go.
const MAX_SUBJECTS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";

    fn statement(subjects: &str) -> String {
        format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{subjects}],"predicateType":"t","predicate":{{"a":[1, 2]}}}}"#
        )
    }

    fn digest() -> Digest {
        format!("sha256:{HEX}").parse().unwrap()
    }

    #[test]
    fn finds_the_subject_among_others() {
        let other = r#"{"name":"x","digest":{"sha256":"00","sha512":"11"}},"#;
        let subject =
            format!(r#"{other}{{"digest":{{"sha256":"{HEX}"}},"annotations":{{"a":"1","b":2}}}}"#);
        let read = Statement::parse(statement(&subject).as_bytes()).unwrap();
        assert_eq!(read.predicate_type, "t");
        assert_eq!(read.predicate, r#"{"a":[1, 2]}"#);
        let found = read.subject(&digest()).unwrap();
        assert_eq!(found.annotations.len(), 1);
        assert_eq!(read.subjects().len(), 2);
        assert_eq!(read.subjects()[0].name.as_deref(), Some("x"));
    }

    /// GHSA-mhg6-2q2v-9h2c: the algorithm is part of a digest.
    #[test]
    fn a_digest_under_another_name_is_another() {
        for wrong in ["sha512", "SHA256", "sha-256", "gitCommit"] {
            let subject = format!(r#"{{"digest":{{"{wrong}":"{HEX}"}}}}"#);
            let read = Statement::parse(statement(&subject).as_bytes()).unwrap();
            assert_eq!(read.subject(&digest()), None);
        }
        for close in [HEX.to_uppercase(), format!("{HEX}0"), HEX[1..].into()] {
            let subject = format!(r#"{{"digest":{{"sha256":"{close}"}}}}"#);
            let read = Statement::parse(statement(&subject).as_bytes()).unwrap();
            assert_eq!(read.subject(&digest()), None);
        }
    }

    #[test]
    fn refuses_what_is_no_statement() {
        let subject = format!(r#"{{"digest":{{"sha256":"{HEX}"}}}}"#);
        let good = statement(&subject);
        let many = vec![subject.as_str(); 1025].join(",");
        for (bad, said) in [
            ("[]".into(), ""),
            (good.replace("Statement/v1", "Statement/v2"), "_type"),
            (statement(""), "subject: expected 1"),
            (statement(&many), "found 1025"),
            (statement("{}"), "digest"),
            (good.replace(r#""predicateType":"t","#, ""), "predicateType"),
            (good.replace(r#""_type""#, r#""more":1,"_type""#), "more"),
            (good.clone() + "x", ""),
        ] {
            let why = Statement::parse(bad.as_bytes()).unwrap_err();
            assert!(why.contains(said), "{bad:.200}: {why}");
        }
    }
}
