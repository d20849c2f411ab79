use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};

use cosignet_host::api::Predicate;
use cosignet_host::api::signing::{
    AttachOutcome, Attached, Attachment, EarlierSignatures, Form, Options, Signature, SignedImage,
    SigningResult,
};
use cosignet_host::store::{Action, Source};
use cosignet_host::{Imports, Session, World};

use super::failure::Failure;
use super::log::UploadOptions;
use super::options::{Common, RegistryOptions, SigningConfigSwitch, signature_repository};
use super::progress::{self, Progress};
use super::secrets::StandardInput;
use super::signer::SignerOptions;
use super::store::{Recorder, StoreOptions, named};
use super::{files, turns};

/// What signing and attesting images have in common.
#[derive(Args)]
pub struct SigningOptions {
    #[command(flatten)]
    signer: SignerOptions,
    /// The manifests of an index too.
    #[arg(short, long)]
    recursive: bool,
    /// In which form: in an image under a tag, which cosign 2, podman and most verifiers read; in a
    /// bundle that refers to the image, which cosign 3 writes; or both.
    #[arg(long, value_enum, default_value_t = Format::Simple)]
    format: Format,
    /// cosign's word for `--format bundle`; with `=false`, for `--format simple`.
    #[arg(
        long, num_args = 0..=1, require_equals = true, default_missing_value = "true",
        conflicts_with = "format"
    )]
    new_bundle_format: Option<bool>,
    /// Record the time (or SOURCE_DATE_EPOCH) as creation time of what is attached.
    #[arg(long)]
    record_creation_timestamp: bool,
    /// Taken for the sake of scripts; nothing is asked.
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    log: UploadOptions,
    #[command(flatten)]
    switch: SigningConfigSwitch,
    #[command(flatten)]
    registry: RegistryOptions,
    #[command(flatten)]
    store: StoreOptions,
    /// Images: [HOST/]REPOSITORY[:TAG][@DIGEST].
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Simple,
    Bundle,
    Both,
}

impl SigningOptions {
    /// The forms.
    pub fn form(&self) -> Form {
        match (self.new_bundle_format, self.format) {
            (Some(true), _) | (None, Format::Bundle) => Form::Bundle,
            (Some(false), _) | (None, Format::Simple) => Form::Simple,
            (None, Format::Both) => Form::Both,
        }
    }

    /// What the component is asked for, but for what is signed.
    pub fn options(&self, attach: bool, earlier: EarlierSignatures) -> Result<Options, Failure> {
        let created = self.record_creation_timestamp.then(creation_time);
        Ok(Options {
            recursive: self.recursive,
            created: created.transpose()?,
            form: self.form(),
            attachment: match (attach, signature_repository()) {
                (false, _) => Attachment::None,
                (true, None) => Attachment::BesideImage(earlier),
                (true, Some(repository)) => Attachment::Repository((repository, earlier)),
            },
            ..Options::default()
        })
    }

    /// Signs all images, or attests something of them, and concludes each that was.
    pub async fn run(
        &self,
        common: &Common,
        standard_input: StandardInput,
        predicate: Option<&Predicate>,
        options: Options,
        conclude: impl Fn(&SignedImage) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let action = predicate.map_or(Action::Signing, |_| Action::Attesting);
        let mut record = self.store.open(action)?;
        let images = self.registry.references(&self.images)?;
        let what = (images.as_slice(), predicate);
        let done = self.run_recorded(common, standard_input, what, options, conclude, &mut record);
        let done = common.in_time(done).await;
        record.conclude(named(&images, Source::Registry), done)
    }

    async fn run_recorded(
        &self,
        common: &Common,
        standard_input: StandardInput,
        (images, predicate): (&[String], Option<&Predicate>),
        mut options: Options,
        conclude: impl Fn(&SignedImage) -> Result<(), Failure>,
        record: &mut Recorder,
    ) -> Result<(), Failure> {
        self.switch.check()?;
        let attaches = !matches!(options.attachment, Attachment::None);
        let upload = self.log.upload(attaches && options.form == Form::Bundle)?;
        let key = self.signer.read(standard_input).await?;
        let client = self.registry.client()?.for_push();
        let bar = progress::bar(images.len());
        let mut imports = Imports::none()
            .registry(client.clone())
            .registry_push(Progress::watch(client, bar.clone()));
        if let Some((rekor, upload)) = upload {
            imports = imports.transparency_log(rekor);
            options.log = Some(upload);
        }
        let imports = key.lend(imports);
        let mut session = Session::start(&common.program(World::Signer)?, imports).await?;
        let key = key.open(&mut session).await?;
        record.signs_with(
            key.fingerprint(&mut session).await?,
            self.signer.reference(),
        );
        record.logs_at(self.log.url());
        let (mut failures, mut total) = (Vec::new(), 0);
        for group in images.chunks(GROUP) {
            let _turns = match attaches {
                true => Some(turns::take(group).await),
                false => None,
            };
            let signer = key.signer();
            let results = match predicate {
                None => session.sign_images(signer, group, &options).await?,
                Some(predicate) => {
                    let attested = session.attest_images(signer, group, predicate, &options);
                    attested.await?
                }
            };
            let is_alone = images.len() == 1 && results.len() == 1;
            for result in results {
                total += 1;
                let place = usize::try_from(result.reference_index).unwrap_or(usize::MAX);
                let named = group.get(place).unwrap_or(&result.subject);
                let recorded = record.signed(named, &result, options.form);
                let told = bar.suspend(|| self.conclude(result, &conclude));
                if let Err(failure) = told.and(recorded) {
                    if !is_alone {
                        bar.suspend(|| eprintln!("{failure}"));
                    }
                    failures.push(failure);
                }
            }
        }
        bar.finish_and_clear();
        key.close(&mut session).await?;
        if total > 1 {
            eprintln!("{} of {total} signed", total - failures.len());
        }
        Failure::of_many(failures, total)
    }

    fn conclude(
        &self,
        result: SigningResult,
        conclude: impl Fn(&SignedImage) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = |failure: Failure| failure.about(&format!("signing {}", result.subject));
        let signed = result.outcome.map_err(|error| {
            let failure = Failure::from(error).and(&logged_words(&result.unattached));
            failed(failure)
        })?;
        if let (Some(path), Some(last)) = (self.log.bundle(), signed.signatures.last()) {
            let path = self.file_name(path, &signed);
            files::write(&path, last.bundle.as_bytes(), 0o644).map_err(failed)?;
        }
        let logged = signed.signatures.iter();
        for entry in logged.filter_map(|made| made.log.as_ref()) {
            let index = entry.proved.log_index;
            eprintln!("tlog entry created with index: {index}");
        }
        conclude(&signed).map_err(failed)
    }

    /// The name of a file for one of perhaps many images, as cosign makes it.
    pub fn file_name(&self, path: &str, signed: &SignedImage) -> String {
        match self.recursive || self.images.len() > 1 {
            true => format!("{path}-{}", signed.digest.replace(':', "-")),
            false => path.to_owned(),
        }
    }
}

/// Says what was done at each place.
pub fn tell_places(signed: &SignedImage, done: impl Fn(AttachOutcome) -> &'static str) {
    let (repository, digest) = (&signed.repository, &signed.digest);
    for attached in &signed.attached {
        let (done, place) = (done(attached.outcome), place_words(attached));
        eprintln!("{done} {repository}@{digest} {place}");
    }
}

/// Where something was attached, in words.
pub fn place_words(attached: &Attached) -> String {
    let place = place(attached);
    match attached.tag {
        Some(_) => format!("at {place}"),
        None => format!("by {place}, which refers to it"),
    }
}

/// A reference to where something is attached.
pub fn place(attached: &Attached) -> String {
    let Attached {
        repository,
        tag,
        manifest_digest,
        ..
    } = attached;
    match tag {
        Some(tag) => format!("{repository}:{tag}"),
        None => format!("{repository}@{manifest_digest}"),
    }
}

/// What a log took before the failure.
fn logged_words(unattached: &[Signature]) -> String {
    let entries = unattached.iter().filter_map(|made| made.log.as_ref());
    let mut words = String::new();
    for entry in entries {
        words += &format!(
            "; the log has the signature all the same, as entry {}: signing again uses it",
            entry.proved.log_index
        );
    }
    words
}

/// Now, or what `SOURCE_DATE_EPOCH` says: seconds since 1970.
fn creation_time() -> Result<String, Failure> {
    Ok(humantime::format_rfc3339(now()?).to_string())
}

/// Now, or what `SOURCE_DATE_EPOCH` says.
pub fn now() -> Result<SystemTime, Failure> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Err(_) => Ok(SystemTime::now()),
        Ok(seconds) => seconds
            .parse()
            .ok()
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)))
            .filter(|time| *time < SystemTime::UNIX_EPOCH + YEAR_9999)
            .ok_or_else(|| Failure::other("SOURCE_DATE_EPOCH is no number of seconds")),
    }
}

/// Images that are signed in one call, each with a lock of its own: programs may often have no more
/// than 1024 files open. Requests run 16 at a time.
const GROUP: usize = 256;
const YEAR_9999: Duration = Duration::from_secs(253_370_764_800);
