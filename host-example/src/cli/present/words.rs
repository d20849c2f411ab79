//! The words that text and page share.

use std::time::{Duration, UNIX_EPOCH};

use cosignet_host::store::{Action, Artifact, Event, Format, LogFacts, Outcome, Run, Source};

/// `2026-11-28 06:35:00`, in UTC.
pub fn time(milliseconds: u64) -> String {
    rfc3339(milliseconds).map_or_else(
        || format!("{milliseconds} ms"),
        |time| time.replace('T', " ").trim_end_matches('Z').to_owned(),
    )
}

/// `2026-11-28T06:35:00Z`; nothing of a time that no calendar has.
pub fn rfc3339(milliseconds: u64) -> Option<String> {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds))?;
    (milliseconds < YEAR_10000).then(|| humantime::format_rfc3339_seconds(time).to_string())
}

/// What an artifact is called.
pub fn name(artifact: &Artifact) -> String {
    match &artifact.version {
        None => artifact.name.clone(),
        Some(version) => format!("{}:{version}", artifact.name),
    }
}

/// What was done.
pub fn action(action: Action) -> &'static str {
    match action {
        Action::Signing => "Signing",
        Action::Attesting => "Attestation",
        Action::Verification => "Verification",
        Action::AttestationVerification => "Attestation verification",
    }
}

/// What came of it.
pub fn outcome(event: &Event) -> &'static str {
    match (event.action, event.outcome) {
        (_, Outcome::Failed) => "Failed",
        (Action::Signing, Outcome::Passed) => "Signed",
        (Action::Attesting, Outcome::Passed) => "Attested",
        (_, Outcome::Passed) => "Passed",
    }
}

/// The form of a signature.
pub fn format(format: Format) -> &'static str {
    match format {
        Format::Simple => "simple signing",
        Format::Envelope => "attestation in an envelope",
        Format::Bundle => "sigstore bundle",
        Format::Detached => "detached signature",
    }
}

/// What tells a signature from others: a repository, or a type.
pub fn claim(format: Format) -> &'static str {
    match format {
        Format::Simple | Format::Detached => "Identity",
        Format::Envelope | Format::Bundle => "Predicate",
    }
}

/// Where signatures were looked for.
pub fn source(source: Source) -> &'static str {
    match source {
        Source::Registry => "the registry",
        Source::Store => "the store",
        Source::Directory => "the directory of the image",
        Source::Given => "what was given",
    }
}

/// Which entry of which log.
pub fn entry(log: &LogFacts) -> String {
    format!("{} of log {}", log.log_index, short(&log.log_id))
}

/// What a run is called.
pub fn run(run: &Run) -> &str {
    let url = run.url.as_deref();
    run.id.as_deref().or(url).unwrap_or("unnamed")
}

/// The beginning of a fingerprint, where the whole of it stands elsewhere.
pub fn short(hexadecimal: &str) -> String {
    hexadecimal.chars().take(12).collect()
}

const YEAR_10000: u64 = 253_402_300_800_000;
