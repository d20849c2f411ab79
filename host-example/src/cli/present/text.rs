//! Words on a terminal.

use cosignet_host::store::{CurrentSignature, LogFacts, Overview, Recorded, Run, SignatureFacts};

use super::{Presented, words};
use crate::cli::terminal::{pad, wrap};

/// All of it, in lines of this width.
pub fn written(presented: &Presented<'_>, width: Option<usize>) -> String {
    let mut lines = Lines {
        text: String::new(),
        width,
    };
    lines.artifact(presented);
    match presented.overview {
        Some(overview) => lines.overview(overview),
        None => lines.history(presented.history),
    }
    lines.text
}

struct Lines {
    text: String,
    width: Option<usize>,
}

impl Lines {
    fn line(&mut self, text: &str) {
        self.text += text.trim_end();
        self.text.push('\n');
    }

    /// A name, and what goes with it: as many lines as it takes.
    fn field(&mut self, indent: usize, name: &str, value: &str) {
        let column = indent + FIELD;
        let width = self.width.map(|width| width.saturating_sub(column).max(16));
        for (place, part) in wrap(value, width).into_iter().enumerate() {
            let name = if place == 0 { name } else { "" };
            let start = " ".repeat(indent) + &pad(name, FIELD);
            self.line(&(start + &part));
        }
    }

    fn optional(&mut self, indent: usize, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.field(indent, name, value);
        }
    }

    fn artifact(&mut self, presented: &Presented<'_>) {
        let subject = presented.subject;
        // What was recorded tells more than a name does.
        let last = presented
            .overview
            .and_then(|overview| overview.last.as_ref());
        let last = last.or(presented.history.last());
        let artifact = last.map_or(&subject.artifact, |last| &last.event.artifact);
        self.field(0, "Artifact", &words::name(artifact));
        self.field(0, "Kind", artifact.kind.name());
        self.optional(0, "File", artifact.file.as_deref());
        self.field(0, "Digest", &subject.digest);
    }

    fn overview(&mut self, overview: &Overview) {
        let mut signatures = overview.signatures.iter();
        match signatures.next() {
            None => self.field(0, "Signature", "none is recorded"),
            Some(newest) => self.signature(newest),
        }
        let verification = &overview.verification;
        let mut status = verification.status.words().to_owned();
        if let Some(last) = &verification.last {
            let (number, time) = (last.number, words::time(last.event.time));
            status += &format!(" (event {number}, {time} UTC)");
        }
        self.field(0, "Verification", &status);
        self.optional(0, "Reason", verification.reason.as_deref());
        let run = verification.last.as_ref();
        self.run(0, run.and_then(|last| last.event.run.as_ref()));
        for other in signatures {
            self.line("");
            self.signature(other);
        }
    }

    fn signature(&mut self, current: &CurrentSignature) {
        let CurrentSignature { facts, made } = current;
        let (format, number) = (words::format(facts.format), made.number);
        let time = words::time(made.event.time);
        let made_at = format!("{format} (event {number}, {time} UTC)");
        self.field(0, words::action(made.event.action), &made_at);
        self.facts(0, facts);
        let attached = facts
            .attached
            .as_deref()
            .unwrap_or("no: it is in the store");
        self.field(0, "Attached", attached);
        self.run(0, made.event.run.as_ref());
    }

    fn facts(&mut self, indent: usize, facts: &SignatureFacts) {
        let reference = facts.key_reference.as_deref();
        self.optional(indent, "Signed by", reference);
        self.field(indent, "Key", &format!("sha256 {}", facts.key_fingerprint));
        self.optional(indent, words::claim(facts.format), facts.claim.as_deref());
        self.log(indent, facts.log.as_ref());
    }

    fn log(&mut self, indent: usize, log: Option<&LogFacts>) {
        if let Some(log) = log {
            self.field(indent, "Log entry", &words::entry(log));
            self.optional(indent, "", log.url.as_deref());
        }
    }

    fn run(&mut self, indent: usize, run: Option<&Run>) {
        if let Some(run) = run {
            self.field(indent, "Run", words::run(run));
            let url = run.url.as_deref();
            self.optional(indent, "", url.filter(|url| *url != words::run(run)));
        }
    }

    fn history(&mut self, history: &[Recorded]) {
        self.line("");
        if history.is_empty() {
            return self.line("nothing is recorded");
        }
        let head = format!(
            "{:>4}  {} {} Outcome",
            "#",
            pad("Time (UTC)", TIME),
            pad("Event", EVENT)
        );
        self.line(&head);
        for recorded in history {
            self.event(recorded);
        }
    }

    fn event(&mut self, recorded: &Recorded) {
        let event = &recorded.event;
        let (time, action) = (words::time(event.time), words::action(event.action));
        let (time, action) = (pad(&time, TIME), pad(action, EVENT));
        let outcome = words::outcome(event);
        self.line(&format!(
            "{:>4}  {time} {action} {outcome}",
            recorded.number
        ));
        self.optional(BELOW, "Reason", event.reason.as_deref());
        for facts in &event.signatures {
            self.facts(BELOW, facts);
            self.optional(BELOW, "Attached", facts.attached.as_deref());
        }
        self.optional(BELOW, "Looked in", event.source.map(words::source));
        self.run(BELOW, event.run.as_ref());
        self.field(BELOW, "Hash", &recorded.hash.to_string());
    }
}

const FIELD: usize = 14;
const TIME: usize = 20;
const EVENT: usize = 25;
/// Where what belongs to an event begins.
const BELOW: usize = 6;
