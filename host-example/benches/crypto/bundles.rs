//! An image signed in a bundle, and such an image verified: what cosign 3 does. The registry is in this
//! process and answers from memory, natively and in the sandbox.

use async_trait::async_trait;
use criterion::Criterion;

use cosignet::imports;
use cosignet::oci::{self, Digest};
use cosignet::sign;
use cosignet::verify;
use cosignet_host::api::policy::{Formats, Rules};
use cosignet_host::api::signing::{Attachment, Form, Options};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::registry::{Descriptor, Manifest, Registry, RegistryError};
use cosignet_host::{Imports, Program, Session};

use crate::{Bench, NoRandom, data};

impl Bench {
    /// A statement made, signed, and put in a bundle.
    pub fn sign_bundle(&self, criterion: &mut Criterion, programs: &[(&str, Program)]) {
        let mut group = criterion.benchmark_group("sign-bundle");
        let images = [reference()];
        let key = self.native_key();
        let options = sign::Options {
            form: sign::Form::Bundle,
            attachment: sign::Attachment::None,
            ..sign::Options::default()
        };
        group.bench_function("native", |bencher| {
            bencher.iter(|| {
                let mut random = NoRandom;
                let mut signer = sign::Signer::private_key(&key, &mut random);
                sign::sign_images(&mut Stored::read(), &mut signer, &images, &options)
            });
        });
        let options = Options {
            form: Form::Bundle,
            attachment: Attachment::None,
            ..Options::default()
        };
        for (name, program) in programs {
            let mut session = self.lent(program);
            let key = self.open_in(&mut session);
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let signed = session.sign_images(key.signer(), &images, &options);
                    let mut signed = self.runtime.block_on(signed).expect("no trap");
                    signed.remove(0).outcome.expect("it is signed")
                });
            });
        }
    }

    /// A bundle that cosign 3.1.1 made: found by a list, read, and judged by a policy.
    pub fn verify_bundle(&self, criterion: &mut Criterion, programs: &[(&str, Program)]) {
        let mut group = criterion.benchmark_group("verify-bundle");
        let images = [reference()];
        let policy = verify::Policy::new(verify::Rules {
            keys: vec![self.public_key.clone().into()],
            threshold: verify::Threshold::Any,
            annotations: Default::default(),
            log: verify::LogRequirement::Ignore,
            identity: verify::Identity::Ignore,
            formats: verify::Formats::Bundles,
            limits: verify::Limits::CEILING,
        });
        let policy = policy.expect("one key is a policy");
        let mut stored = Stored::read();
        group.bench_function("native", |bencher| {
            bencher.iter(|| {
                let options = verify::Options::default();
                let mut verified = verify::verify_images(&mut stored, &policy, &images, &options);
                verified.remove(0).expect("it is signed")
            });
        });
        let rules = Rules {
            formats: Formats::Bundles,
            ..Rules::one_key(self.public_key.clone())
        };
        for (name, program) in programs {
            let mut session = self.lent(program);
            let policy = self.runtime.block_on(session.read_policy(&rules));
            let policy = policy.expect("one key is a policy");
            group.bench_function(*name, |bencher| {
                bencher.iter(|| {
                    let options = VerificationOptions::default();
                    let verified = session.verify_images(policy, &images, &options);
                    let mut verified = self.runtime.block_on(verified).expect("no trap");
                    verified.remove(0).expect("it is signed")
                });
            });
        }
    }

    fn lent(&self, program: &Program) -> Session {
        let started = Session::start(program, Imports::none().registry(Stored::read()));
        self.runtime
            .block_on(started)
            .expect("the component starts")
    }
}

/// What a registry has of an image that cosign 3 signed.
#[derive(Clone)]
struct Stored {
    list: Vec<u8>,
    manifest: Vec<u8>,
    bundle: Vec<u8>,
}

impl Stored {
    fn read() -> Self {
        Self {
            list: data("bundle-sig/v3.1.1-plain/referrers-fallback-index.json"),
            manifest: data("bundle-sig/v3.1.1-plain/manifest.json"),
            bundle: data("bundle-sig/v3.1.1-plain/bundle.sigstore.json"),
        }
    }
}

/// Natively.
impl imports::Registry for Stored {
    fn resolve(
        &mut self,
        requests: &[imports::TagRequest],
    ) -> Vec<Result<oci::Descriptor, imports::RegistryError>> {
        let absent = || Err(imports::RegistryError::NotFound("no tags here".into()));
        requests.iter().map(|_| absent()).collect()
    }

    fn fetch_manifests(
        &mut self,
        requests: &[imports::ManifestRequest],
    ) -> Vec<Result<imports::ServedManifest, imports::RegistryError>> {
        let served = || imports::ServedManifest {
            media_type: oci::media_type::OCI_MANIFEST.into(),
            content: self.manifest.clone(),
        };
        requests.iter().map(|_| Ok(served())).collect()
    }

    fn fetch_blobs(
        &mut self,
        requests: &[imports::BlobRequest],
    ) -> Vec<Result<Vec<u8>, imports::RegistryError>> {
        requests.iter().map(|_| Ok(self.bundle.clone())).collect()
    }

    fn list_referrers(
        &mut self,
        requests: &[imports::ReferrersRequest],
    ) -> Vec<Result<Vec<imports::ServedManifest>, imports::RegistryError>> {
        let page = || imports::ServedManifest {
            media_type: oci::media_type::OCI_INDEX.into(),
            content: self.list.clone(),
        };
        requests.iter().map(|_| Ok(vec![page()])).collect()
    }
}

/// Nothing is attached.
impl imports::RegistryPush for Stored {
    fn push_blobs(
        &mut self,
        blobs: Vec<imports::BlobPush>,
    ) -> Vec<Result<(), imports::RegistryError>> {
        blobs.iter().map(|_| refused()).collect()
    }

    fn push_manifests(
        &mut self,
        manifests: Vec<imports::ManifestPush>,
    ) -> Vec<Result<(), imports::RegistryError>> {
        manifests.iter().map(|_| refused()).collect()
    }

    fn delete_manifests(
        &mut self,
        manifests: &[imports::ManifestDeletion],
    ) -> Vec<Result<(), imports::RegistryError>> {
        manifests.iter().map(|_| refused()).collect()
    }
}

fn refused() -> Result<(), imports::RegistryError> {
    Err(imports::RegistryError::Denied("read only".into()))
}

/// In the sandbox.
#[async_trait]
impl Registry for Stored {
    async fn resolve(&self, _: &str, tag: &str) -> Result<Descriptor, RegistryError> {
        Err(RegistryError::NotFound(tag.into()))
    }

    async fn fetch_manifest(&self, _: &str, _: &str, _: u64) -> Result<Manifest, RegistryError> {
        Ok(Manifest {
            media_type: oci::media_type::OCI_MANIFEST.into(),
            content: self.manifest.clone(),
        })
    }

    async fn fetch_blob(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, RegistryError> {
        Ok(self.bundle.clone())
    }

    async fn list_referrers(
        &self,
        _: &str,
        _: &str,
        _: u64,
    ) -> Result<Vec<Manifest>, RegistryError> {
        Ok(vec![Manifest {
            media_type: oci::media_type::OCI_INDEX.into(),
            content: self.list.clone(),
        }])
    }
}

/// The image that cosign signed.
fn reference() -> String {
    format!("r.test/app@{}", Digest::of(&data("image/manifest.json")))
}
