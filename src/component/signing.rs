use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Component;
use super::bindings::cosignet::signing::key_service as service;
use super::bindings::cosignet::signing::types::Predicate;
use super::bindings::exports::cosignet::signing::signing as wit;
use super::keys::OpenKey;
use super::log::HostLog;
use super::payload::claims;
use super::policy::trusted_logs;
use super::random::HostRandom;
use super::registry::HostRegistry;
use super::verification::invalid_repository;
use crate::imports::{KeyService, KeyServiceError};
use crate::oci::{Digest, Repository};
use crate::sign;

impl wit::Guest for Component {
    fn sign_images(
        signer: wit::Signer<'_>,
        references: Vec<String>,
        options: wit::Options,
    ) -> Vec<wit::SigningResult> {
        run(&signer, &references, options, |signer, options| {
            sign::sign_images(&mut HostRegistry, signer, &references, options)
        })
    }

    fn attest_images(
        signer: wit::Signer<'_>,
        references: Vec<String>,
        predicate: Predicate,
        options: wit::Options,
    ) -> Vec<wit::SigningResult> {
        let predicate = predicate.into();
        run(&signer, &references, options, |signer, options| {
            sign::attest_images(&mut HostRegistry, signer, &references, &predicate, options)
        })
    }

    fn attach_signature(
        signature: wit::ForeignSignature,
        signature_repository: Option<String>,
    ) -> Result<wit::Attached, wit::SigningError> {
        let place = signature_repository.map(repository).transpose()?;
        let attached = sign::attach_signature(
            &mut HostRegistry,
            &sign::ForeignSignature {
                reference: &signature.reference,
                payload: &signature.payload,
                signature: &signature.signature,
                log_entry: signature.log_entry.as_deref(),
            },
            place.as_ref(),
        )?;
        Ok(attached.into())
    }
}

/// Makes a signer of what the host names, and signs with it.
fn run(
    signer: &wit::Signer<'_>,
    references: &[String],
    mut options: wit::Options,
    sign: impl FnOnce(&mut sign::Signer<'_>, &sign::Options) -> Vec<sign::SigningResult>,
) -> Vec<wit::SigningResult> {
    let upload = options.log.take();
    let options = match sign::Options::try_from(options) {
        Ok(options) => options,
        Err(error) => return fail_all(references, &error),
    };
    let mut host = SigningHost::default();
    let mut signer = match host.signer(signer, upload.as_ref()) {
        Ok(signer) => signer,
        Err(error) => return fail_all(references, &error),
    };
    sign(&mut signer, &options)
        .into_iter()
        .map(|result| wit::SigningResult {
            reference_index: u32::try_from(result.reference_index).unwrap_or(u32::MAX),
            subject: result.subject,
            outcome: result.outcome.map(Into::into).map_err(Into::into),
            unattached: result.unattached.into_iter().map(Into::into).collect(),
        })
        .collect()
}

/// What the host lends to a signer.
#[derive(Default)]
pub(super) struct SigningHost {
    random: HostRandom,
    service: HostKeyService,
    log: HostLog,
}

impl SigningHost {
    /// What signs, and logs if that is asked for.
    pub(super) fn signer<'a>(
        &'a mut self,
        signer: &'a wit::Signer<'_>,
        upload: Option<&wit::LogUpload>,
    ) -> Result<sign::Signer<'a>, wit::SigningError> {
        let made = match signer {
            wit::Signer::PrivateKey(key) => {
                sign::Signer::private_key(&key.get::<OpenKey>().0, &mut self.random)
            }
            wit::Signer::KeyService(name) => sign::Signer::key_service(&mut self.service, name)?,
        };
        let Some(upload) = upload else {
            return Ok(made);
        };
        Ok(made.with_log(sign::Logging {
            service: &mut self.log,
            api: upload.api.into(),
            logs: trusted_logs(&upload.trust)
                .map_err(|error| wit::SigningError::InvalidOption(error.to_string()))?,
            witnesses: upload.trust.required_witnesses,
        }))
    }
}

/// The key service of the host.
#[derive(Default)]
struct HostKeyService;

impl KeyService for HostKeyService {
    fn public_key(&mut self, key: &str) -> Result<String, KeyServiceError> {
        Ok(service::public_key(key)?)
    }

    fn sign_digest(&mut self, key: &str, digest: &Digest) -> Result<Vec<u8>, KeyServiceError> {
        Ok(service::sign_digest(key, digest.as_bytes())?)
    }
}

fn fail_all(references: &[String], error: &wit::SigningError) -> Vec<wit::SigningResult> {
    references
        .iter()
        .enumerate()
        .map(|(place, reference)| wit::SigningResult {
            reference_index: u32::try_from(place).unwrap_or(u32::MAX),
            subject: reference.clone(),
            outcome: Err(error.clone()),
            unattached: Vec::new(),
        })
        .collect()
}

pub(super) fn repository(name: String) -> Result<Repository, wit::SigningError> {
    name.parse()
        .map_err(|error| wit::SigningError::InvalidOption(invalid_repository(&error)))
}

impl TryFrom<wit::Options> for sign::Options {
    type Error = wit::SigningError;

    fn try_from(options: wit::Options) -> Result<Self, wit::SigningError> {
        Ok(Self {
            annotations: claims(options.annotations),
            recursive: options.recursive,
            identities: options.identities,
            created: options.created,
            form: match options.form {
                wit::Form::Simple => sign::Form::Simple,
                wit::Form::Bundle => sign::Form::Bundle,
                wit::Form::Both => sign::Form::Both,
            },
            attachment: match options.attachment {
                wit::Attachment::None => sign::Attachment::None,
                wit::Attachment::BesideImage(earlier) => {
                    sign::Attachment::BesideImage(earlier.into())
                }
                wit::Attachment::Repository((name, earlier)) => {
                    sign::Attachment::Repository(repository(name)?, earlier.into())
                }
            },
        })
    }
}

impl From<wit::EarlierSignatures> for sign::Earlier {
    fn from(earlier: wit::EarlierSignatures) -> Self {
        match earlier {
            wit::EarlierSignatures::Replace => Self::Replace,
            wit::EarlierSignatures::Keep => Self::Keep,
        }
    }
}

impl From<sign::SignedImage> for wit::SignedImage {
    fn from(image: sign::SignedImage) -> Self {
        Self {
            repository: image.repository.to_string(),
            digest: image.digest.to_string(),
            signatures: image.signatures.into_iter().map(Into::into).collect(),
            attached: image.attached.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<sign::Signature> for wit::Signature {
    fn from(signature: sign::Signature) -> Self {
        Self {
            payload: signature.payload,
            payload_type: signature.payload_type.into(),
            signature: signature.signature,
            bundle: signature.bundle,
            log: signature.log.map(|log| wit::LogEntry {
                proved: (&log.entry).into(),
                annotation: log.annotation,
            }),
        }
    }
}

impl From<sign::Attached> for wit::Attached {
    fn from(attached: sign::Attached) -> Self {
        Self {
            repository: attached.repository.to_string(),
            tag: attached.tag,
            manifest_digest: attached.manifest_digest.to_string(),
            outcome: match attached.outcome {
                sign::AttachOutcome::Added => wit::AttachOutcome::Added,
                sign::AttachOutcome::Replaced => wit::AttachOutcome::Replaced,
                sign::AttachOutcome::Unchanged => wit::AttachOutcome::Unchanged,
            },
        }
    }
}

impl From<sign::SigningError> for wit::SigningError {
    fn from(error: sign::SigningError) -> Self {
        use sign::SigningError as Core;
        let words = error.to_string();
        match error {
            Core::InvalidReference(_) => Self::InvalidReference(words),
            Core::InvalidOption(_) => Self::InvalidOption(words),
            Core::ImageNotFound(_) => Self::ImageNotFound(words),
            Core::Registry(error) => Self::Registry(error.into()),
            Core::UntrustedAnswer(_) => Self::UntrustedAnswer(words),
            Core::Contended(_) => Self::Contended(words),
            Core::LimitExceeded(_) => Self::LimitExceeded(words),
            Core::KeyService(error) => Self::KeyService(error.into()),
            Core::BadSignature(_) => Self::BadSignature(words),
            Core::Log(error) => Self::Log(error.into()),
            Core::BadLogEntry(_) => Self::BadLogEntry(words),
        }
    }
}

impl From<service::KeyServiceError> for KeyServiceError {
    fn from(error: service::KeyServiceError) -> Self {
        use service::KeyServiceError as Wit;
        match error {
            Wit::NotFound(words) => Self::NotFound(words),
            Wit::Denied(words) => Self::Denied(words),
            Wit::Unavailable(words) => Self::Unavailable(words),
            Wit::Unsupported(words) => Self::Unsupported(words),
            Wit::Other(words) => Self::Other(words),
        }
    }
}

impl From<KeyServiceError> for service::KeyServiceError {
    fn from(error: KeyServiceError) -> Self {
        use KeyServiceError as Core;
        match error {
            Core::NotFound(words) => Self::NotFound(words),
            Core::Denied(words) => Self::Denied(words),
            Core::Unavailable(words) => Self::Unavailable(words),
            Core::Unsupported(words) => Self::Unsupported(words),
            Core::Other(words) => Self::Other(words),
        }
    }
}
