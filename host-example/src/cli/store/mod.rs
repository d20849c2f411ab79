//! What commands leave in a store: `--store`.

mod files;
mod images;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use cosignet_host::api::report::LoggedEntry;
use cosignet_host::store::{
    Action, Artifact, Entry, Event, LogFacts, Outcome, Run, Store, StoreError,
};

use super::failure::Failure;
use super::{lent, words};

pub use files::{Named, SignedFile};
pub use images::{image, named};

/// Where what is done is recorded, and as part of what.
#[derive(Args)]
pub struct StoreOptions {
    /// Record it in this store, which is made where it is missing; verifying reads signatures from it
    /// that are nowhere else.
    #[arg(long, value_name = "FILE", env = "COSIGNET_STORE")]
    store: Option<PathBuf>,
    /// The run of a pipeline that this is part of, for the store; otherwise the pipeline's own variables
    /// tell.
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// Where that run can be looked at.
    #[arg(long, value_name = "URL")]
    run_url: Option<String>,
}

/// The store that is read.
#[derive(Args)]
pub struct StoreFile {
    /// The store: what signing and verifying with --store wrote.
    #[arg(long, value_name = "FILE", env = "COSIGNET_STORE", global = true)]
    store: Option<PathBuf>,
}

impl StoreFile {
    /// Opens it. It must be there.
    pub fn open(&self) -> Result<Store, Failure> {
        match self.store.as_deref() {
            Some(path) if !path.as_os_str().is_empty() => Ok(Store::open_existing(path)?),
            _ => Err(Failure::other(
                "which store? Say --store FILE, or COSIGNET_STORE",
            )),
        }
    }
}

impl StoreOptions {
    /// Opens the store, if there is to be one, and sees that it can be written: nothing is to be done that
    /// could not be recorded.
    pub fn open(&self, action: Action) -> Result<Recorder, Failure> {
        let store = match self.path() {
            None => None,
            Some(path) => {
                let store = Store::open(path)?;
                store.check_writable()?;
                Some(store)
            }
        };
        Ok(Recorder {
            store,
            run: self.run()?,
            action,
            keys: Vec::new(),
            log_url: None,
            told: BTreeSet::new(),
        })
    }

    /// The file. An empty name is none, as an empty variable is.
    fn path(&self) -> Option<&Path> {
        let path = self.store.as_deref();
        path.filter(|path| !path.as_os_str().is_empty())
    }

    fn run(&self) -> Result<Option<Run>, Failure> {
        let url = self.run_url.as_deref().map(Run::link).transpose();
        let url = url.map_err(|why| Failure::other(format!("--run-url: {why}")))?;
        let said = self.run_id.is_some() || url.is_some();
        let told = || Run::of_environment(|name| std::env::var(name).ok());
        Ok(match said {
            true => Some(Run {
                id: self.run_id.clone(),
                url,
            }),
            false => told(),
        })
    }
}

/// Records what one command does. Where there is no store, nothing.
pub struct Recorder {
    store: Option<Store>,
    run: Option<Run>,
    action: Action,
    /// The keys: the one that signs, or those that are trusted.
    keys: Vec<Key>,
    log_url: Option<String>,
    /// What has an event already, as it was named.
    told: BTreeSet<String>,
}

/// A key, as far as it may be written down.
struct Key {
    /// `None` of one that is trusted: what counts says which it was.
    fingerprint: Option<String>,
    reference: String,
}

impl Recorder {
    /// The store, opened once more, to read from.
    pub fn lend(&self) -> Result<Option<Store>, Failure> {
        let path = self.store.as_ref().map(Store::path);
        Ok(path.map(Store::open_existing).transpose()?)
    }

    /// Whether anything is recorded.
    pub fn is_on(&self) -> bool {
        self.store.is_some()
    }

    /// What signs.
    pub fn signs_with(&mut self, fingerprint: String, reference: &str) {
        self.keys = vec![Key {
            fingerprint: Some(fingerprint),
            reference: shown(reference),
        }];
    }

    /// Whose signatures count, in their order.
    pub fn trusts(&mut self, references: &[String]) {
        let keys = references.iter().map(|reference| Key {
            fingerprint: None,
            reference: shown(reference),
        });
        self.keys = keys.collect();
    }

    /// The log whose entries have pages, if one was named.
    pub fn logs_at(&mut self, url: Option<&str>) {
        self.log_url = url.map(str::to_owned);
    }

    /// Records a failure of whatever has no event yet, and passes on what there was.
    pub fn conclude<T>(
        &mut self,
        subjects: impl Iterator<Item = (String, Artifact)>,
        done: Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Err(mut failure) = done else {
            return done;
        };
        for (named, artifact) in subjects {
            if let Err(why) = self.failed(named, artifact, &failure) {
                failure = failure.and(&format!("; and it was not recorded: {why}"));
                break;
            }
        }
        Err(failure)
    }

    /// Records a failure, unless there is an event.
    fn failed(
        &mut self,
        named: String,
        artifact: Artifact,
        failure: &Failure,
    ) -> Result<(), Failure> {
        if self.told.contains(&named) {
            return Ok(());
        }
        let event = Event {
            outcome: Outcome::Failed,
            reason: Some(cut(failure.words())),
            ..self.event(artifact)
        };
        self.record(named, event)
    }

    /// What is the same in all events of a command.
    fn event(&self, artifact: Artifact) -> Event {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Event {
            time: now.map_or(0, |now| now.as_millis().try_into().unwrap_or(u64::MAX)),
            action: self.action,
            artifact,
            outcome: Outcome::Passed,
            reason: None,
            source: None,
            signatures: Vec::new(),
            run: self.run.clone(),
        }
    }

    fn record(&mut self, named: String, event: Event) -> Result<(), Failure> {
        let signatures = Vec::new();
        self.record_entry(named, Entry { event, signatures })
    }

    fn record_entry(&mut self, named: String, entry: Entry) -> Result<(), Failure> {
        if let Some(store) = &mut self.store {
            store.record(entry)?;
        }
        self.told.insert(named);
        Ok(())
    }

    fn log_facts(&self, entry: &LoggedEntry) -> LogFacts {
        LogFacts::new(
            entry.log_id.clone(),
            entry.log_index,
            entry.integrated_time,
            self.log_url.as_deref(),
        )
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::other(error.to_string())
    }
}

/// How a key was named, without what may be a secret: user info, query and fragment of a URL, and the
/// arguments of a command.
fn shown(reference: &str) -> String {
    if let Some(line) = reference.strip_prefix("exec:") {
        let program = words::split(line).and_then(|words| words.into_iter().next());
        return cut(&format!("exec:{}", program.unwrap_or_default()));
    }
    let shown = match reference.split_once("://") {
        None if reference == "-" => "standard input".into(),
        None => reference.to_owned(),
        Some((lent::SCHEME, _)) => "a secret of the pipeline".into(),
        Some((scheme, rest)) => {
            let rest = rest.split(['?', '#']).next().unwrap_or_default();
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            match path {
                "" => format!("{scheme}://{host}"),
                path => format!("{scheme}://{host}/{path}"),
            }
        }
    };
    cut(&shown)
}

/// As much of words as an event has room for.
fn cut(words: &str) -> String {
    match words.char_indices().nth(LONGEST) {
        None => words.to_owned(),
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
    }
}

/// Characters of a reason: why some dozen signatures do not count.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_without_secrets() {
        for (reference, expected) in [
            ("cosign.key", "cosign.key"),
            ("env://COSIGN_KEY", "env://COSIGN_KEY"),
            ("hashivault://transit/k", "hashivault://transit/k"),
            (
                "kms://me:secret@h.example/k?token=secret",
                "kms://h.example/k",
            ),
            ("kms://secret@h", "kms://h"),
            ("exec:'a b' --token secret", "exec:a b"),
            ("-", "standard input"),
            ("lent://0", "a secret of the pipeline"),
        ] {
            assert_eq!(shown(reference), expected);
        }
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        let long = "é".repeat(LONGEST + 1);
        assert_eq!(cut(&long).chars().count(), LONGEST + 1);
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn what_is_said_of_a_run_counts() {
        let options = |id: Option<&str>, url: Option<&str>| StoreOptions {
            store: None,
            run_id: id.map(str::to_owned),
            run_url: url.map(str::to_owned),
        };
        let run = options(Some("7"), Some("https://u:p@ci.example/7")).run();
        let expected = Run {
            id: Some("7".into()),
            url: Some("https://ci.example/7".into()),
        };
        assert_eq!(run.unwrap(), Some(expected));
        assert!(options(None, Some("javascript:x")).run().is_err());
    }
}
