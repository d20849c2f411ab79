use cosignet_host::registry::Credential;

use super::artifact_file;
use super::settings::{Problem, SettingFault, Settings};
use super::table::{self, Setting};
use crate::cli::step::key::{KeyFault, key, service_key};
use crate::cli::step::model::{
    ARTIFACT_KINDS, Artifact, File, Form, Image, Keep, Key, Log, Sign, Step, Task, Verify, pinned,
};
use crate::cli::step::source::{Field, Kind, Source, host_of, is_complete};

/// The steps that the settings ask for: one for each image.
pub fn read(settings: &Settings<'_>) -> Result<Vec<Step>, SettingFault> {
    settings.check()?;
    let mode = mode(settings)?;
    let artifacts = artifacts(settings)?;
    let is_file = artifacts
        .iter()
        .any(|artifact| matches!(artifact, Artifact::File(_)));
    if is_file {
        refuse(settings, OF_IMAGES, &table::PATH)?;
    }
    let log = log(settings)?;
    let keep = Keep {
        store: settings.text(&table::STORE)?,
        folder: settings.text(&table::FOLDER)?,
    };
    let annotations = settings.map(&table::ANNOTATIONS)?;
    let timeout = settings.duration(&table::TIMEOUT)?;
    let task = match mode {
        Mode::Sign => {
            refuse(settings, &[&table::PUBLIC_KEYS], &table::MODE)?;
            let password = settings.find(&table::KEY_PASSWORD);
            Task::Sign(Sign {
                key: signing_key(settings)?,
                password: password.map(|found| found.secret()),
                // The product says so of files too.
                attach: settings.switch(&table::UPLOAD)? && !is_file,
                form: form(settings)?,
                annotations,
                log,
                keep,
            })
        }
        Mode::Verify => {
            refuse(settings, OF_SIGNING, &table::MODE)?;
            if is_file {
                refuse(settings, &[&table::REKOR_URL], &table::PATH)?;
            }
            Task::Verify(Verify {
                keys: trusted_keys(settings)?,
                annotations,
                log,
                keep,
            })
        }
    };
    let steps = artifacts.into_iter().map(|artifact| Step {
        name: mode.name().to_owned(),
        timeout,
        artifact,
        task: task.clone(),
    });
    Ok(steps.collect())
}

#[derive(Clone, Copy)]
enum Mode {
    Sign,
    Verify,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Verify => "verify",
        }
    }
}

/// What is said, or else what the keys are for.
fn mode(settings: &Settings<'_>) -> Result<Mode, SettingFault> {
    if let Some(found) = settings.find(&table::MODE) {
        return match found.text()? {
            "sign" => Ok(Mode::Sign),
            "verify" => Ok(Mode::Verify),
            _ => Err(found.unexpected("sign or verify")),
        };
    }
    let keys = [&table::PRIVATE_KEY, &table::PUBLIC_KEYS];
    let own = keys.map(|key| settings.own(key).is_some());
    match own {
        [false, false] => told(keys.map(|key| settings.find(key).is_some())),
        own => told(own),
    }
    .ok_or_else(|| settings.fault(&table::MODE, Problem::MissingFor("say sign or verify")))
}

fn told([private, public]: [bool; 2]) -> Option<Mode> {
    match (private, public) {
        (true, false) => Some(Mode::Sign),
        (false, true) => Some(Mode::Verify),
        (true, true) | (false, false) => None,
    }
}

/// Refuses settings that mean nothing beside this one.
fn refuse(
    settings: &Settings<'_>,
    others: &[&Setting],
    beside: &Setting,
) -> Result<(), SettingFault> {
    match others.iter().find_map(|setting| settings.own(setting)) {
        None => Ok(()),
        Some(found) => Err(found.fault(Problem::Conflict(settings.name(beside)))),
    }
}

fn artifacts(settings: &Settings<'_>) -> Result<Vec<Artifact>, SettingFault> {
    let source = settings.find(&table::SOURCE);
    let is_local = match &source {
        Some(found) => found.text()? == "local",
        None => settings.find(&table::PATH).is_some(),
    };
    if is_local {
        return Ok(vec![Artifact::File(file(settings)?)]);
    }
    let kind = match &source {
        None => Kind::Docker,
        Some(found) => Kind::named(found.text()?)
            .ok_or_else(|| found.unexpected(format!("local, {}", Kind::NAMES.join(", "))))?,
    };
    refuse(settings, OF_FILES, &table::IMAGE)?;
    let credential = credential(settings)?;
    let allow_http = settings.switch(&table::INSECURE)?;
    let images = images(settings)?.into_iter().map(|(name, digest)| {
        Ok(Artifact::Image(Image {
            source: place(settings, kind, &name)?,
            digest,
            credential: credential.clone(),
            allow_http,
            name,
        }))
    });
    images.collect()
}

fn file(settings: &Settings<'_>) -> Result<File, SettingFault> {
    let path = settings.find(&table::PATH);
    let path = path.ok_or_else(|| settings.fault(&table::PATH, Problem::Missing))?;
    if path.text()? == "-" {
        return Err(path.unexpected("the path of a file"));
    }
    if let Some(kind) = settings.find(&table::ARTIFACT_TYPE)
        && !ARTIFACT_KINDS.contains(&kind.text()?)
    {
        return Err(kind.unexpected(ARTIFACT_KINDS.join(", ")));
    }
    Ok(File {
        path: settings.text(&table::PATH)?.unwrap_or_default(),
        kind: settings.text(&table::ARTIFACT_TYPE)?,
        name: settings.text(&table::ARTIFACT_NAME)?,
        version: settings.text(&table::ARTIFACT_VERSION)?,
    })
}

/// The images, each with the digest that it must have: those that are named, or those that an earlier step
/// has pushed.
fn images(settings: &Settings<'_>) -> Result<Vec<(String, Option<String>)>, SettingFault> {
    let named = settings.names(&table::IMAGE)?;
    let tags = settings.names(&table::TAGS)?;
    if named.is_empty() {
        return pushed(settings);
    }
    let images: Vec<String> = match tags.is_empty() {
        true => named,
        false => named
            .iter()
            .flat_map(|name| tags.iter().map(move |tag| format!("{name}:{tag}")))
            .collect(),
    };
    let Some(digest) = settings.text(&table::DIGEST)? else {
        return Ok(images.into_iter().map(|name| (name, None)).collect());
    };
    let pinned = images.into_iter().map(|name| {
        let digest = pinned(&name, digest.clone()).map_err(|other| {
            settings.fault(&table::DIGEST, Problem::Conflict(other.to_string()))
        })?;
        Ok((name, digest))
    });
    pinned.collect()
}

fn pushed(settings: &Settings<'_>) -> Result<Vec<(String, Option<String>)>, SettingFault> {
    let missing = || settings.fault(&table::IMAGE, Problem::Missing);
    let file = settings.find(&table::ARTIFACT_FILE).ok_or_else(missing)?;
    let pushed = artifact_file::read(file.text()?)
        .map_err(|failure| file.fault(Problem::File(failure.to_string())))?;
    let images = pushed.into_iter().map(|pushed| {
        let digest = pinned(&pushed.image, pushed.digest)
            .map_err(|other| file.fault(Problem::File(other.to_string())))?;
        Ok((pushed.image, digest))
    });
    let images: Vec<_> = images.collect::<Result<_, SettingFault>>()?;
    match images.is_empty() {
        true => Err(missing()),
        false => Ok(images),
    }
}

/// What the kind of registry must be told.
fn place(settings: &Settings<'_>, kind: Kind, image: &str) -> Result<Option<Source>, SettingFault> {
    let mut source = Source::of(kind);
    for field in kind.takes() {
        let setting = match field {
            Field::Region => &table::REGION,
            Field::Account => &table::ACCOUNT,
            Field::Host => &table::REGISTRY,
            Field::Project => &table::PROJECT,
            Field::Subscription => &table::SUBSCRIPTION,
        };
        let mut text = settings.text(setting)?;
        if *field == Field::Host {
            text = text.map(|url| host_of(&url));
        }
        if text.is_none() && kind.needs().contains(field) {
            return Err(settings.fault(setting, Problem::Missing));
        }
        *source.field(*field) = text;
    }
    let is_plain = matches!(kind, Kind::Docker | Kind::Quay | Kind::Harbor);
    if is_plain && is_complete(image) {
        source.host = None;
    }
    let source = source.of_image(image);
    source.map_err(|_| {
        let instead = Problem::MissingFor("the image does not say its registry");
        settings.fault(&table::REGISTRY, instead)
    })
}

/// A user name and a password, or what a cloud has in place of them.
fn credential(settings: &Settings<'_>) -> Result<Option<Credential>, SettingFault> {
    let pairs = [
        (&table::USERNAME, &table::PASSWORD),
        (&table::CLIENT_ID, &table::CLIENT_SECRET),
    ];
    for (name, secret) in pairs {
        match (settings.find(name), settings.find(secret)) {
            (None, None) => {}
            (Some(name), Some(secret)) => {
                return Ok(Some(Credential::basic(name.text()?, secret.text()?)));
            }
            (Some(_), None) => return Err(settings.fault(secret, Problem::Missing)),
            (None, Some(_)) => return Err(settings.fault(name, Problem::Missing)),
        }
    }
    let json = settings.find(&table::JSON_KEY);
    json.map(|json| Ok(Credential::basic("_json_key", json.text()?)))
        .transpose()
}

fn signing_key(settings: &Settings<'_>) -> Result<Key, SettingFault> {
    let private = settings.find(&table::PRIVATE_KEY);
    match (private, settings.find(&table::KMS_KEY)) {
        (Some(found), None) => {
            let key = key(&found.secret());
            key.map_err(|fault| found.fault(Problem::Key(fault)))
        }
        (None, Some(found)) => {
            let key = service_key(found.text()?, settings.environment());
            key.map_err(|fault| found.fault(Problem::Key(fault)))
        }
        (Some(_), Some(found)) => {
            Err(found.fault(Problem::Conflict(settings.name(&table::PRIVATE_KEY))))
        }
        (None, None) => Err(settings.fault(
            &table::PRIVATE_KEY,
            Problem::MissingFor("signing needs it, or kms_key"),
        )),
    }
}

fn trusted_keys(settings: &Settings<'_>) -> Result<Vec<Key>, SettingFault> {
    let failed = |fault: KeyFault| settings.fault(&table::PUBLIC_KEYS, Problem::Key(fault));
    let mut keys = Vec::new();
    for public in settings.list(&table::PUBLIC_KEYS)? {
        keys.push(key(&crate::cli::lent::Secret::new(public)).map_err(failed)?);
    }
    if let Some(found) = settings.find(&table::KMS_KEY) {
        let key = service_key(found.text()?, settings.environment());
        keys.push(key.map_err(|fault| found.fault(Problem::Key(fault)))?);
    }
    match keys.is_empty() {
        false => Ok(keys),
        true => Err(settings.fault(
            &table::PUBLIC_KEYS,
            Problem::MissingFor("verifying needs it, or kms_key"),
        )),
    }
}

fn form(settings: &Settings<'_>) -> Result<Form, SettingFault> {
    let Some(found) = settings.find(&table::FORMAT) else {
        return Ok(Form::default());
    };
    let text = found.text()?;
    let form = Form::ALL.into_iter().find(|form| form.name() == text);
    form.ok_or_else(|| found.unexpected("simple, bundle or both"))
}

fn log(settings: &Settings<'_>) -> Result<Log, SettingFault> {
    let log = Log {
        air_gap: settings.switch(&table::AIR_GAP)?,
        url: settings.text(&table::REKOR_URL)?,
        key: settings.text(&table::REKOR_KEY)?,
        trusted_root: settings.text(&table::TRUSTED_ROOT)?,
        public_good: settings.switch(&table::PUBLIC_GOOD)?,
    };
    match log.air_gap && log.url.is_some() {
        false => Ok(log),
        true => {
            let other = Problem::Conflict(settings.name(&table::REKOR_URL));
            Err(settings.fault(&table::AIR_GAP, other))
        }
    }
}

const OF_FILES: &[&Setting] = &[
    &table::PATH,
    &table::ARTIFACT_TYPE,
    &table::ARTIFACT_NAME,
    &table::ARTIFACT_VERSION,
];
const OF_IMAGES: &[&Setting] = &[
    &table::IMAGE,
    &table::TAGS,
    &table::DIGEST,
    &table::UPLOAD,
    &table::FORMAT,
    &table::ANNOTATIONS,
];
const OF_SIGNING: &[&Setting] = &[
    &table::PRIVATE_KEY,
    &table::KEY_PASSWORD,
    &table::UPLOAD,
    &table::FORMAT,
];
