//! Transparency logs: which are trusted, which one is written to, and which one is asked.
//!
//! cosign writes to the public log unless it is told not to. No log is contacted here that was not
//! named: what is signed may be nobody's business.

use std::time::Duration;

use clap::{ArgAction, Args};

use cosignet_host::Rekor;
use cosignet_host::api::LogApi;
use cosignet_host::api::policy::{LogRequirement, LogTrust};
use cosignet_host::api::signing::LogUpload;

use super::failure::Failure;
use super::files;

/// Which transparency logs are trusted. Their keys never come from a log.
#[derive(Args)]
pub struct TrustOptions {
    /// A trusted log's public key, PEM; SIGSTORE_REKOR_PUBLIC_KEY names one too.
    #[arg(long, value_name = "FILE")]
    rekor_key: Vec<String>,
    /// A sigstore trusted_root.json: its logs are trusted.
    #[arg(long, value_name = "FILE")]
    trusted_root: Option<String>,
    /// Trust the logs of sigstore's public good, as they were in August 2026.
    #[arg(long)]
    rekor_public_good: bool,
    /// Count the cosignatures of this witness: a verifier key, C2SP signed-note.
    #[arg(long, value_name = "VKEY")]
    rekor_witness: Vec<String>,
    /// How many of the witnesses must have cosigned.
    #[arg(long, value_name = "N", default_value_t = 0)]
    rekor_witnesses: u32,
}

/// The log that a signature is written to, and where what it answers is kept.
#[derive(Args)]
pub struct UploadOptions {
    #[command(flatten)]
    log: LogOptions,
    /// Write a sigstore bundle there: the signature, the log's entry, its proof and the checkpoint.
    #[arg(long, value_name = "FILE")]
    bundle: Option<String>,
}

/// The log that a signature is written to.
#[derive(Args)]
pub struct LogOptions {
    /// Log the signatures: the default as soon as a log is named with --rekor-url. `false` never
    /// does.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        action = ArgAction::Set
    )]
    tlog_upload: Option<bool>,
    #[command(flatten)]
    service: ServiceOptions,
    /// Which API the log speaks: 1 or 2. Of 2, a bundle alone has room for the proof: keep it with
    /// --bundle.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    rekor_api_version: u8,
    /// Where a log of version 2 has its tiles, if not below its URL.
    #[arg(long, value_name = "URL", requires = "rekor_url")]
    rekor_tiles_url: Option<String>,
    #[command(flatten)]
    trust: TrustOptions,
}

/// The log that is asked for what is not stored with a signature.
#[derive(Args)]
pub struct RequirementOptions {
    #[command(flatten)]
    service: ServiceOptions,
    #[command(flatten)]
    trust: TrustOptions,
}

/// Where a log is, and whether it may be contacted.
#[derive(Args)]
struct ServiceOptions {
    /// The transparency log, Rekor. None is contacted that is not named.
    #[arg(long, value_name = "URL")]
    rekor_url: Option<String>,
    /// Certificates of further authorities to trust with the log, PEM.
    #[arg(long, value_name = "FILE", requires = "rekor_url")]
    rekor_cacert: Option<String>,
    /// Give up asking the log after this long, for each thing that it is asked.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    rekor_timeout: Duration,
    /// Contact no transparency log, whatever else is said.
    #[arg(long, visible_alias = "offline")]
    air_gap: bool,
}

impl TrustOptions {
    fn trust(&self) -> Result<Option<LogTrust>, Failure> {
        let named = std::env::var("SIGSTORE_REKOR_PUBLIC_KEY").ok();
        let named = named.filter(|file| !file.is_empty());
        let keys: Vec<Vec<u8>> = self
            .rekor_key
            .iter()
            .chain(&named)
            .map(|file| files::read(file))
            .collect::<Result<_, _>>()?;
        let trusted_root = self.trusted_root.as_deref().map(files::read).transpose()?;
        if keys.is_empty() && trusted_root.is_none() && !self.rekor_public_good {
            return match self.rekor_witness.is_empty() && self.rekor_witnesses == 0 {
                true => Ok(None),
                false => Err(Failure::other(format!(
                    "witnesses were given and no log: {TRUST_IT}"
                ))),
            };
        }
        Ok(Some(LogTrust {
            keys,
            trusted_root,
            public_good: self.rekor_public_good,
            witnesses: self.rekor_witness.clone(),
            required_witnesses: self.rekor_witnesses,
        }))
    }

    /// A log is required if one is trusted; none is asked.
    pub fn requirement(&self) -> Result<LogRequirement, Failure> {
        let trust = self.trust()?;
        Ok(trust.map_or(LogRequirement::Ignore, LogRequirement::Require))
    }

    /// Trust that there must be.
    fn require(&self) -> Result<LogTrust, Failure> {
        self.trust()?.ok_or_else(|| {
            Failure::other(format!(
                "a log was named and none is trusted, so its answers could not be verified: \
                 {TRUST_IT}"
            ))
        })
    }
}

impl ServiceOptions {
    /// The log, if one was named and may be contacted.
    fn url(&self) -> Option<&str> {
        self.rekor_url.as_deref().filter(|_| !self.air_gap)
    }

    fn client(&self, url: &str, tiles_url: Option<&str>) -> Result<Rekor, Failure> {
        let mut builder = Rekor::builder(url).timeout(self.rekor_timeout);
        if let Some(url) = tiles_url {
            builder = builder.tiles_url(url);
        }
        if let Some(file) = &self.rekor_cacert {
            builder = builder.extra_ca(files::read(file)?);
        }
        let client = builder.build();
        client.map_err(|error| Failure::other(error.to_string()))
    }
}

impl UploadOptions {
    /// The log to write to, and what to verify its answers with.
    /// `keeps_proofs` says whether what is attached has room for an inclusion proof.
    pub fn upload(&self, keeps_proofs: bool) -> Result<Option<(Rekor, LogUpload)>, Failure> {
        self.log.upload(keeps_proofs || self.bundle.is_some())
    }

    /// Where entries of the log have pages, if one is written to.
    pub fn url(&self) -> Option<&str> {
        self.log.url()
    }

    /// Where the bundle goes.
    pub fn bundle(&self) -> Option<&str> {
        self.bundle.as_deref()
    }
}

impl LogOptions {
    /// Where entries of the log have pages, if one is written to: a Rekor of version 1.
    pub fn url(&self) -> Option<&str> {
        let url = self
            .service
            .url()
            .filter(|_| self.tlog_upload != Some(false));
        url.filter(|_| self.rekor_api_version == 1)
    }

    /// The log to write to, and what to verify its answers with. The proof of a Rekor of version 2
    /// must be kept.
    pub fn upload(&self, keeps_proof: bool) -> Result<Option<(Rekor, LogUpload)>, Failure> {
        let asked = self.tlog_upload == Some(true);
        if asked && self.service.air_gap {
            return Err(Failure::other(
                "--tlog-upload and --air-gap contradict each other: leave one out",
            ));
        }
        if asked && self.service.rekor_url.is_none() {
            return Err(Failure::other(
                "--tlog-upload needs --rekor-url: no service is contacted that was not named",
            ));
        }
        let upload = match self.service.url() {
            Some(url) if self.tlog_upload != Some(false) => url,
            _ => return Ok(None),
        };
        let api = match self.rekor_api_version {
            1 => LogApi::RekorV1,
            _ if !keeps_proof => {
                return Err(Failure::other(
                    "a sigstore bundle alone has room for the proof of a Rekor of version 2: say \
                     --bundle FILE, or --format bundle for images",
                ));
            }
            _ => LogApi::RekorV2,
        };
        let trust = self.trust.require()?;
        let client = self
            .service
            .client(upload, self.rekor_tiles_url.as_deref())?;
        Ok(Some((client, LogUpload { api, trust })))
    }
}

impl RequirementOptions {
    /// A log is required if one is trusted.
    pub fn requirement(&self) -> Result<LogRequirement, Failure> {
        Ok(match (self.service.url(), self.trust.trust()?) {
            (Some(_), _) => LogRequirement::RequireOrLookUp(self.trust.require()?),
            (None, Some(trust)) => LogRequirement::Require(trust),
            (None, None) => LogRequirement::Ignore,
        })
    }

    /// Where entries of the log have pages, if one may be asked.
    pub fn url(&self) -> Option<&str> {
        self.service.url()
    }

    /// The log to ask.
    pub fn client(&self) -> Result<Option<Rekor>, Failure> {
        let url = self.service.url();
        url.map(|url| self.service.client(url, None)).transpose()
    }
}

const TRUST_IT: &str = "say --rekor-key, --trusted-root or --rekor-public-good";
