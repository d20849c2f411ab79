use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;

use cosignet_host::api::LogApi;
use cosignet_host::api::detached::DetachedSignature;
use cosignet_host::api::policy::{LogRequirement, LogTrust, Rules};
use cosignet_host::api::report::{Rejection, Verdict, VerificationError};
use cosignet_host::api::signing::{Attachment, EarlierSignatures, LogUpload, Options};
use cosignet_host::api::verification::VerificationOptions;
use cosignet_host::embedded::log::{EmbeddedLog, Options as LogOptions};
use cosignet_host::embedded::registry::{EmbeddedRegistry, Options as RegistryOptions};
use cosignet_host::registry::{RegistryPush as _, RequestEvent};
use cosignet_host::{Imports, OciRegistry, Rekor, Session, World};
use serde_json::Value;

use cosignet::oci::Digest;

use super::failure::Failure;
use super::options::Common;

#[derive(Args)]
pub struct Demo {
    /// Keep the registry and the log up until the process is ended.
    #[arg(long)]
    serve: bool,

    /// With --serve: let pages of any origin read and write through a browser
    #[arg(long, requires = "serve")]
    cors: bool,
}

impl Demo {
    pub async fn run(self, common: &Common) -> Result<(), Failure> {
        let registry = EmbeddedRegistry::start(RegistryOptions {
            cors: self.cors,
            ..RegistryOptions::default()
        })
        .await
        .map_err(|error| Failure::other(format!("the demo's registry: {error}")))?;
        let place = format!("{}/demo/app", registry.host());
        say(
            "registry",
            &format!(
                "OCI distribution over HTTP, in memory, at {}",
                registry.host()
            ),
        );

        let log = EmbeddedLog::start(LogOptions {
            cors: self.cors,
            ..LogOptions::default()
        })
        .await
        .map_err(|error| Failure::other(format!("the demo's log: {error}")))?;
        say(
            "log",
            &format!("a transparency log, Rekor v1, in memory, at {}", log.url()),
        );

        let wire = Wire::default();
        let client = wire.client()?;
        let digest = push_image(&client, &place).await?;
        let image = format!("{place}@{digest}");
        say("image", &format!("{image} pushed"));
        wire.forget();

        let program = common.program(World::Signer)?;
        say(
            "component",
            &format!("imports {}", program.imports().join(", ")),
        );
        let imports = Imports::none()
            .registry(client.clone())
            .registry_push(client.clone())
            .transparency_log(wire.rekor(log.url())?);
        let mut session = Session::start(&program, imports).await?;
        let password = b"correct horse battery staple";
        let pair = session.generate_key_pair(password).await?;
        say(
            "keys",
            "a P-256 pair was made inside the component; the private half is encrypted",
        );
        let key = session
            .open_key(pair.private_key.as_bytes(), password)
            .await?;
        say(
            "keys",
            "the private key was opened: it never crosses the component's edge",
        );

        let options = Options {
            log: Some(LogUpload {
                api: LogApi::RekorV1,
                trust: LogTrust::one_key(log.public_key_pem()),
            }),
            attachment: Attachment::BesideImage(EarlierSignatures::Replace),
            ..Options::default()
        };
        // So that a proof has something to prove.
        let others = ["one", "two", "three"].map(|other| format!("{place}@{}", digest_of(other)));
        let elsewhere = Options {
            attachment: Attachment::None,
            ..options.clone()
        };
        let logged = session
            .sign_images(key.signer(), &others, &elsewhere)
            .await?;
        for other in logged {
            other.outcome?;
        }
        say("log", "three other images were signed and logged");
        wire.forget();

        let images = [image.clone()];
        let signed = session.sign_images(key.signer(), &images, &options).await?;
        let [signed] = <[_; 1]>::try_from(signed)
            .map_err(|_| Failure::other("one image was to be signed, once"))?;
        let signed = signed.outcome?;
        session.close_key(key).await?;
        say(
            "sign",
            &format!("{} requests crossed the edge:", wire.count()),
        );
        wire.tell();
        let (entry, bundle) = signed
            .signatures
            .first()
            .and_then(|signature| signature.log.clone().zip(Some(signature.bundle.clone())))
            .ok_or_else(|| Failure::other("the signature was not logged"))?;
        say(
            "log",
            &format!(
                "entry {} was verified before anything was pushed: timestamp, inclusion proof, \
                 checkpoint",
                entry.proved.log_index
            ),
        );
        if signed.digest != digest {
            return Err(Failure::other(
                "another digest was signed than was asked for",
            ));
        }

        let url = log.url();
        let mut rules = Rules::one_key(pair.public_key.into_bytes());
        rules.log = LogRequirement::Require(LogTrust::one_key(log.public_key_pem()));
        let log = match self.serve {
            true => Some(log),
            false => {
                log.shutdown().await;
                say(
                    "log",
                    &format!("{url} was stopped: what follows is offline"),
                );
                None
            }
        };
        let policy = session.read_policy(&rules).await?;
        let options = VerificationOptions::default();
        let verify = session.verify_images(policy, &images, &options).await?;
        let verified = only(verify)?;
        say(
            "verify",
            &format!(
                "{} is signed by the key, and logged; {} requests:",
                verified.digest,
                wire.count()
            ),
        );
        wire.tell();

        let payload = signed
            .signatures
            .first()
            .map(|signature| signature.payload.clone())
            .unwrap_or_default();
        let bundled = |bundle: String| DetachedSignature {
            payload: payload.clone(),
            signature: bundle.into_bytes(),
            log_entry: None,
        };
        let with_proof = [bundled(bundle.clone())];
        session
            .verify_detached(policy, &image, &with_proof)
            .await??;
        say(
            "proof",
            "the bundle's inclusion proof leads to the root that the log signed; no request",
        );
        let proof = [bundled(forge_proof(&bundle)?)];
        match session.verify_detached(policy, &image, &proof).await? {
            Err(VerificationError::NoMatch(found))
                if rejected(&found.signatures, |why| {
                    matches!(why, Rejection::BadLogEntry(_))
                }) =>
            {
                say("forged proof", "refused: it leads to another root");
            }
            other => return Err(unexpected("a forged proof", &other)),
        }

        let stranger = session.generate_key_pair(password).await?;
        let wrong = session
            .read_policy(&Rules {
                keys: vec![stranger.public_key.into_bytes().into()],
                ..rules
            })
            .await?;
        match only(session.verify_images(wrong, &images, &options).await?) {
            Err(VerificationError::NoMatch(found))
                if rejected(&found.signatures, |why| *why == Rejection::NoTrustedKey) =>
            {
                say("wrong key", "refused: made by none of the trusted keys");
            }
            other => return Err(unexpected("a wrong key", &other)),
        }
        wire.forget();

        let mut forged = payload.clone();
        if let Some(byte) = forged.last_mut() {
            *byte ^= 1;
        }
        registry.store_raw_blob("demo/app", &Digest::of(&payload).to_string(), forged);
        match only(session.verify_images(policy, &images, &options).await?) {
            Err(VerificationError::NoMatch(found))
                if rejected(&found.signatures, |why| {
                    matches!(why, Rejection::PayloadAltered(_))
                }) =>
            {
                say(
                    "tampered payload",
                    "refused: its bytes are not those of its digest",
                );
            }
            other => return Err(unexpected("a tampered payload", &other)),
        }
        say("done", "every step did what it says");
        if self.serve {
            say(
                "serve",
                &format!(
                    "the registry stays up at {}, the log at {url} (its key: \
                     {url}/api/v1/log/publicKey); end them with Ctrl-C",
                    registry.host()
                ),
            );
            tokio::signal::ctrl_c()
                .await
                .map_err(|error| Failure::other(format!("waiting for Ctrl-C: {error}")))?;
        }
        registry.shutdown().await;
        if let Some(log) = log {
            log.shutdown().await;
        }
        Ok(())
    }
}

/// What crosses the component's edge to the registry.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<String>>>);

impl Wire {
    fn client(&self) -> Result<OciRegistry, Failure> {
        let seen = Arc::clone(&self.0);
        OciRegistry::builder()
            .credential_files([])
            .on_request(move |event| note(&seen, event))
            .build()
            .map_err(|error| Failure::other(error.to_string()))
    }

    fn rekor(&self, url: String) -> Result<Rekor, Failure> {
        let seen = Arc::clone(&self.0);
        let rekor = Rekor::builder(url).on_request(move |event| note(&seen, event));
        let built = rekor.build();
        built.map_err(|error| Failure::other(error.to_string()))
    }

    fn count(&self) -> usize {
        self.0.lock().map_or(0, |seen| seen.len())
    }

    fn tell(&self) {
        for line in self.take() {
            println!("                    {line}");
        }
    }

    fn forget(&self) {
        self.take();
    }

    fn take(&self) -> Vec<String> {
        self.0
            .lock()
            .map_or_else(|_| Vec::new(), |mut seen| std::mem::take(&mut *seen))
    }
}

fn note(seen: &Mutex<Vec<String>>, event: &RequestEvent<'_>) {
    let status = event.status.map_or("-".into(), |status| status.to_string());
    let line = format!("{:<5} {} {status}", event.method, event.url);
    if let Ok(mut seen) = seen.lock() {
        seen.push(line);
    }
}

/// The bundle with another root in its proof, and in the checkpoint that is to vouch for it.
fn forge_proof(bundle: &str) -> Result<String, Failure> {
    let no_proof = || Failure::other("the bundle has no proof");
    let parsed: Value = serde_json::from_str(bundle).map_err(|_| no_proof())?;
    let proof = &parsed["verificationMaterial"]["tlogEntries"][0]["inclusionProof"];
    let root = proof["rootHash"].as_str().ok_or_else(no_proof)?;
    let other = BASE64.encode(Digest::of(b"another root").as_bytes());
    Ok(bundle.replace(root, &other))
}

async fn push_image(client: &OciRegistry, place: &str) -> Result<String, Failure> {
    let failed = |error: cosignet_host::registry::RegistryError| Failure::other(error.to_string());
    let config =
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let config_digest = Digest::of(config).to_string();
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":{},"digest":"{config_digest}"}},"layers":[]}}"#,
        config.len()
    );
    let digest = Digest::of(manifest.as_bytes()).to_string();
    client
        .push_blob(place, &config_digest, config.to_vec())
        .await
        .map_err(failed)?;
    client
        .push_manifest(place, "latest", MANIFEST, manifest.into_bytes())
        .await
        .map_err(failed)?;
    Ok(digest)
}

fn digest_of(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn say(step: &str, words: &str) {
    println!("{step:>18}  {words}");
}

fn only<T>(results: Vec<Result<T, VerificationError>>) -> Result<T, VerificationError> {
    let none = || Err(VerificationError::Other("no result".into()));
    results.into_iter().next().unwrap_or_else(none)
}

fn rejected(
    signatures: &[cosignet_host::api::report::SignatureReport],
    expected: impl Fn(&Rejection) -> bool,
) -> bool {
    matches!(signatures, [only] if matches!(&only.verdict, Verdict::Rejected(why) if expected(why)))
}

fn unexpected<T: std::fmt::Debug>(what: &str, found: &Result<T, VerificationError>) -> Failure {
    Failure::other(format!(
        "{what} should have been refused for that, but: {found:?}"
    ))
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
