use super::image;
use super::settings::{Problem, SettingFault, Settings};
use super::table::{self, Setting};
use crate::cli::step::key::{KeyFault, key, service_key};
use crate::cli::step::model::{
    ARTIFACT_KINDS, Artifact, File, Form, Keep, Key, Log, Sign, Step, Task, Verify,
};

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
    refuse(settings, OF_FILES, &table::IMAGE)?;
    let images = image::read(settings, source.as_ref())?;
    Ok(images.into_iter().map(Artifact::Image).collect())
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
