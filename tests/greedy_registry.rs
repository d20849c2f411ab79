//! The component as it is shipped, and a registry that hands over as much as it may for many images at
//! once: each image gets an answer, and no session runs out of memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;

use async_trait::async_trait;
use cosignet_host::api::Predicate;
use cosignet_host::api::cleaning::Search;
use cosignet_host::api::policy::Rules;
use cosignet_host::api::signing::{Attachment, EarlierSignatures, Form, Options};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::registry::{Descriptor, Manifest, Registry, RegistryError, RegistryPush};
use cosignet_host::{Imports, Program, Session, World};

/// What it fills its answers with.
#[derive(Clone, Copy, Debug)]
enum Filling {
    /// A thousand layers or referrers with long annotations.
    Annotations,
    /// A member that nobody knows.
    Unknown,
}

#[derive(Clone, Copy)]
struct Greedy {
    filling: Filling,
    /// Whether it keeps lists of referrers.
    keeps_lists: bool,
}

#[tokio::test]
async fn nothing_runs_out_of_memory() {
    let program = Program::built_in(World::Signer).unwrap();
    let images: Vec<String> = (0..32)
        .map(|image| format!("r.test/app@sha256:{image:064x}"))
        .collect();
    for (filling, keeps_lists) in [(Filling::Annotations, false), (Filling::Unknown, true)] {
        let greedy = Greedy {
            filling,
            keeps_lists,
        };
        let imports = Imports::none().registry(greedy).registry_push(greedy);
        let mut session = Session::start(&program, imports).await.unwrap();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/cosign/keys");
        let public_key = fs::read(format!("{folder}/cosign-v2.5.0.pub")).unwrap();
        let file = fs::read(format!("{folder}/cosign-v2.5.0.key")).unwrap();
        let key = session.open_key(&file, b"hunter2").await.unwrap();

        let rules = Rules::one_key(public_key.clone());
        let policy = session.read_policy(&rules).await.unwrap();
        let options = VerificationOptions::default();
        let verified = session.verify_images(policy, &images, &options);
        let verified = verified.await.unwrap();
        assert_eq!(verified.len(), images.len());
        assert!(verified.iter().all(Result::is_err), "{filling:?}");

        let options = Options {
            form: Form::Both,
            attachment: Attachment::BesideImage(EarlierSignatures::Replace),
            ..Options::default()
        };
        let signed = session.sign_images(key.signer(), &images, &options).await;
        assert_eq!(signed.unwrap().len(), images.len());
        let predicate = Predicate {
            predicate_type: "https://a.test/v1".into(),
            content: b"{}".to_vec(),
        };
        let attested = session.attest_images(key.signer(), &images, &predicate, &options);
        assert_eq!(attested.await.unwrap().len(), images.len());
        let search = Search {
            reference: images[0].clone(),
            public_key,
            kind: None,
            signature_repository: None,
        };
        let _ = session.find_own(&search).await.unwrap();
    }
}

impl Greedy {
    /// A document of at most this size whose `name` is a list.
    fn document(self, name: &str, media_type: &str, max_size: u64) -> Manifest {
        let max_size = usize::try_from(max_size).unwrap();
        let room = max_size.saturating_sub(1000);
        let descriptor = |number: usize, padding: &str| {
            format!(
                r#"{{"mediaType":"{OCI_MANIFEST}","size":2048,"digest":"sha256:{number:064x}","annotations":{{"dev.cosignproject.cosign/signature":"AAAA","p":"{padding}"}}}}"#
            )
        };
        let (list, rest) = match self.filling {
            Filling::Annotations => {
                let padding = "x".repeat((room / 1000).saturating_sub(300));
                let elements: Vec<_> = (0..1000)
                    .map(|number| descriptor(number, &padding))
                    .collect();
                (elements.join(","), String::new())
            }
            Filling::Unknown => {
                let element = descriptor(0, "");
                let room = room.saturating_sub(element.len());
                (
                    element,
                    format!(r#","unknown":[{}0]"#, "0,".repeat(room / 2)),
                )
            }
        };
        Manifest {
            media_type: media_type.into(),
            content: format!(
                r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"sha256:{:064x}"}},"{name}":[{list}]{rest}}}"#,
                0
            )
            .into_bytes(),
        }
    }
}

#[async_trait]
impl Registry for Greedy {
    async fn resolve(&self, _: &str, reference: &str) -> Result<Descriptor, RegistryError> {
        Ok(Descriptor {
            media_type: OCI_MANIFEST.into(),
            digest: reference.into(),
            size: 2,
        })
    }

    async fn fetch_manifest(
        &self,
        _: &str,
        reference: &str,
        max_size: u64,
    ) -> Result<Manifest, RegistryError> {
        Ok(
            match reference.ends_with(".sig") || reference.ends_with(".att") {
                true => self.document("layers", OCI_MANIFEST, max_size),
                false => self.document("manifests", OCI_INDEX, max_size),
            },
        )
    }

    async fn fetch_blob(&self, _: &str, _: &str, max_size: u64) -> Result<Vec<u8>, RegistryError> {
        Ok(vec![b' '; usize::try_from(max_size).unwrap()])
    }

    async fn list_referrers(
        &self,
        _: &str,
        _: &str,
        max_size: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        match self.keeps_lists {
            true => Ok(vec![self.document("manifests", OCI_INDEX, max_size)]),
            false => Err(RegistryError::Unsupported("no lists here".into())),
        }
    }
}

#[async_trait]
impl RegistryPush for Greedy {
    async fn push_blob(&self, _: &str, _: &str, _: Vec<u8>) -> Result<(), RegistryError> {
        Ok(())
    }

    async fn push_manifest(
        &self,
        _: &str,
        _: &str,
        _: &str,
        _: Vec<u8>,
    ) -> Result<(), RegistryError> {
        Ok(())
    }
}

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
