//! The component, the client and a registry over HTTP, all in this process: how many requests
//! cross the wire, and what signers do to each other.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cosignet_host::api::keys::KeyPair;
use cosignet_host::api::policy::{Formats, Rules, Threshold};
use cosignet_host::api::report::{VerificationError, VerifiedImage};
use cosignet_host::api::signing::{
    AttachOutcome, Attachment, EarlierSignatures, Options, SignedImage, SigningError, SigningResult,
};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::embedded::registry::{
    Action, EmbeddedRegistry, Endpoint, Fault, Options as RegistryOptions,
};
use cosignet_host::{Imports, OciRegistry, PrivateKey, Program, Session, World};
use hyper::{Method, StatusCode};

/// DESIGN: a fresh signature by digest is written in 6 requests and read back in one; verifying
/// takes 2, one more to look for bundles too, and one more for a tag. The image itself is never
/// fetched.
#[tokio::test]
async fn requests_are_few() {
    let site = Site::start().await;
    let image = site.image("team/app");
    let mut signer = site.signer().await;
    // One request tells how this registry wants to be spoken to; later ones do without.
    let unsigned = signer.verify(&image).await;
    assert!(matches!(unsigned, Err(VerificationError::NoSignatures(_))));
    site.registry.take_requests();

    let attached = signer.sign(&image).await.unwrap().attached[0].clone();
    assert_eq!(attached.outcome, AttachOutcome::Added);
    let requests = site.requests();
    assert_eq!(requests.len(), 7, "{requests:#?}");
    let manifests = |method: &str| {
        let of = |line: &&String| line.starts_with(method) && line.contains("/manifests/");
        requests.iter().filter(of).count()
    };
    assert_eq!((manifests("GET"), manifests("PUT")), (2, 1));
    assert!(
        requests
            .iter()
            .all(|line| !line.contains("manifests/sha256:"))
    );

    signer.verify(&image).await.unwrap();
    assert_eq!(site.requests().len(), 3);
    signer.formats = Formats::SimpleSigning;
    signer.verify(&image).await.unwrap();
    assert_eq!(site.requests().len(), 2);
    let tag = image.split_once('@').unwrap().0.to_owned() + ":latest";
    let verified = signer.verify(&tag).await.unwrap();
    assert!(image.ends_with(&verified.digest));
    assert_eq!(site.requests().len(), 3);

    // Nothing to write: the tag is read, and the signature found equal.
    let attached = signer.sign(&image).await.unwrap().attached[0].clone();
    assert_eq!(attached.outcome, AttachOutcome::Unchanged);
    let writes = |line: &String| line.starts_with("PUT") && line.contains("/manifests/");
    assert!(!site.requests().iter().any(writes));
}

/// What cosign 3.1.1 signed, at a registry that lists referrers and at one that does not: one
/// request each for `.sig`, list, (kept list,) manifest and bundle.
#[tokio::test]
async fn bundles_take_few_requests() {
    let data = |name: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/cosign");
        fs::read(folder.join(name)).unwrap()
    };
    let case = |name: &str| data(&format!("bundle-sig/v3.1.1-plain/{name}"));
    for (referrers_api, any, restricted) in [(true, 4, 3), (false, 5, 4)] {
        let site = Site::with(RegistryOptions {
            referrers_api,
            ..RegistryOptions::default()
        })
        .await;
        let registry = &site.registry;
        registry.put_blob("app", case("bundle.sigstore.json"));
        registry.put_blob("app", "{}");
        registry.put_manifest("app", None, MANIFEST, case("manifest.json"));
        let kept = case("referrers-fallback-index.json");
        let tag = format!("sha256-{SIGNED}");
        registry.put_manifest("app", Some(&tag), INDEX, kept);
        let image = format!("{}/app@sha256:{SIGNED}", registry.host());

        let mut signer = site.signer().await;
        // The signer's own key signed nothing here.
        let stranger = signer.verify(&image).await;
        assert!(matches!(stranger, Err(VerificationError::NoMatch(_))));
        signer.pair.public_key = String::from_utf8(data("keys/cosign-v2.5.0.pub")).unwrap();
        for (formats, requests) in [(Formats::Any, any), (Formats::Bundles, restricted)] {
            site.requests();
            signer.formats = formats;
            let verified = signer.verify(&image).await.unwrap();
            assert_eq!(verified.signatures.len(), 1);
            let found = site.requests();
            assert_eq!(found.len(), requests, "{found:#?}");
        }
    }
}

/// Sixteen sessions without a lock between them, as on sixteen machines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_signers_at_once_lose_nothing() {
    let site = Site::start().await;
    let image = site.image("team/app");
    let mut signers = Vec::new();
    for _ in 0..16 {
        signers.push(site.signer().await);
    }
    let all = signers.into_iter().map(|mut signer| {
        let image = image.clone();
        tokio::spawn(async move {
            signer.sign(&image).await.unwrap();
            signer
        })
    });
    let signers = futures_util::future::join_all(all).await;
    let mut signers: Vec<Signer> = signers.into_iter().map(Result::unwrap).collect();
    let keys = signers
        .iter()
        .map(|signer| signer.pair.public_key.clone().into_bytes().into());
    let rules = Rules {
        keys: keys.collect(),
        threshold: Threshold::AtLeast(16),
        ..Rules::one_key(Vec::new())
    };
    let session = &mut signers[0].session;
    let policy = session.read_policy(&rules).await.unwrap();
    let options = VerificationOptions::default();
    let verified = session.verify_images(policy, &[image], &options).await;
    let verified = verified.unwrap();
    assert_eq!(
        verified
            .into_iter()
            .next()
            .unwrap()
            .unwrap()
            .signatures
            .len(),
        16
    );
}

/// Every request of a sign fails in turn: the registry's tags are then as they were.
#[tokio::test]
async fn a_failed_sign_leaves_the_registry_as_it_was() {
    let site = Site::start().await;
    let mut signer = site.signer().await;
    for request in 0..6 {
        let image = site.image(&format!("team/app{request}"));
        let refuse = Fault::new(Action::status(StatusCode::FORBIDDEN));
        site.registry
            .inject(refuse.path_contains("/team/").skip(request));
        let failed = signer.sign(&image).await;
        assert!(
            matches!(failed, Err(SigningError::Registry(_))),
            "{request}: {failed:?}"
        );
        site.registry.clear_faults();
        let found = signer.verify(&image).await;
        assert!(
            matches!(found, Err(VerificationError::NoSignatures(_))),
            "{request}: {found:?}"
        );
    }
}

/// A hundred images: one open key, requests side by side, one failure that hides nothing.
#[tokio::test]
async fn many_images_in_one_call() {
    let site = Site::start().await;
    let mut signer = site.signer().await;
    let images: Vec<String> = (0..100)
        .map(|n| site.image(&format!("team/app{n}")))
        .collect();
    let denied = Fault::new(Action::status(StatusCode::FORBIDDEN));
    let denied = denied.method(Method::PUT).endpoint(Endpoint::Manifest);
    site.registry.inject(denied.path_contains("/app42/"));
    let results = signer.sign_all(&images).await;
    let failed: Vec<u32> = results
        .iter()
        .filter(|result| result.outcome.is_err())
        .map(|result| result.reference_index)
        .collect();
    assert_eq!((results.len(), failed), (100, vec![42]));
    let verified = signer.verify_all(&images).await;
    let repositories: BTreeSet<_> = verified
        .into_iter()
        .flatten()
        .map(|image| image.repository)
        .collect();
    assert_eq!(repositories.len(), 99);
}

struct Site {
    registry: EmbeddedRegistry,
    program: Program,
}

impl Site {
    async fn start() -> Self {
        Self::with(RegistryOptions::default()).await
    }

    async fn with(options: RegistryOptions) -> Self {
        Self {
            registry: EmbeddedRegistry::start(options).await.unwrap(),
            program: Program::built_in(World::Signer).unwrap(),
        }
    }

    /// An image that is nobody else's, by its digest.
    fn image(&self, repository: &str) -> String {
        let config = self
            .registry
            .put_blob(repository, format!("{{\"for\":\"{repository}\"}}"));
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":{},"digest":"{config}"}},"layers":[]}}"#,
            "{\"for\":\"\"}".len() + repository.len(),
        );
        let digest = self
            .registry
            .put_manifest(repository, Some("latest"), MANIFEST, manifest);
        format!("{}/{repository}@{digest}", self.registry.host())
    }

    /// A session of its own, with an open key of its own.
    async fn signer(&self) -> Signer {
        let client = OciRegistry::builder()
            .credential_files([])
            .retries(0)
            .build()
            .unwrap()
            .for_push();
        let imports = Imports::none()
            .registry(client.clone())
            .registry_push(client);
        let mut session = Session::start(&self.program, imports).await.unwrap();
        let pair = session.generate_key_pair(b"").await.unwrap();
        let key = session.open_key(pair.private_key.as_bytes(), b"");
        let key = key.await.unwrap();
        Signer {
            session,
            pair,
            key,
            formats: Formats::Any,
        }
    }

    /// The requests since the last look.
    fn requests(&self) -> Vec<String> {
        let records = self.registry.take_requests();
        records.iter().map(ToString::to_string).collect()
    }
}

struct Signer {
    session: Session,
    pair: KeyPair,
    key: PrivateKey,
    formats: Formats,
}

impl Signer {
    async fn sign_all(&mut self, images: &[String]) -> Vec<SigningResult> {
        let (session, signer) = (&mut self.session, self.key.signer());
        let results = session.sign_images(signer, images, &attaching()).await;
        results.unwrap()
    }

    async fn sign(&mut self, image: &str) -> Result<SignedImage, SigningError> {
        self.sign_all(&[image.to_owned()]).await.remove(0).outcome
    }

    async fn verify_all(&mut self, images: &[String]) -> Vec<Verified> {
        let rules = Rules {
            formats: self.formats,
            ..Rules::one_key(self.pair.public_key.clone().into_bytes())
        };
        let policy = self.session.read_policy(&rules).await.unwrap();
        let options = VerificationOptions::default();
        let verified = self.session.verify_images(policy, images, &options).await;
        verified.unwrap()
    }

    async fn verify(&mut self, image: &str) -> Verified {
        self.verify_all(&[image.to_owned()]).await.remove(0)
    }
}

type Verified = Result<VerifiedImage, VerificationError>;

fn attaching() -> Options {
    Options {
        attachment: Attachment::BesideImage(EarlierSignatures::Replace),
        ..Options::default()
    }
}

/// The digest that the fixtures sign.
const SIGNED: &str = "0c20d44d219bf155f2a4808873d02bfed0405be5a0fea8ad978a2e27d53f9048";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
