//! JSON. Its shape is in `docs/store.md`; members are added, and none is changed.

use serde_json::{Value, json};

use cosignet_host::store::{
    CurrentSignature, Overview, Recorded, SignatureFacts, Status, Verification,
};

use super::{Presented, words};

/// All of it.
pub fn written(presented: &Presented<'_>) -> String {
    let mut document = json!({
        "artifact": presented.subject.artifact,
        "digestFrom": presented.subject.found.name(),
    });
    match presented.overview {
        Some(overview) => tell(&mut document, overview),
        None => document["events"] = presented.history.iter().map(event).collect(),
    }
    format!("{document:#}\n")
}

fn tell(document: &mut Value, overview: &Overview) {
    let mut signatures = overview.signatures.iter().map(current);
    document["signature"] = signatures.next().unwrap_or(Value::Null);
    document["otherSignatures"] = signatures.collect();
    document["verification"] = verification(&overview.verification);
    document["lastEvent"] = overview.last.as_ref().map_or(Value::Null, event);
}

fn verification(verification: &Verification) -> Value {
    json!({
        "status": match verification.status {
            Status::Passed => "passed",
            Status::Failed => "failed",
            Status::NotVerified => "not verified",
        },
        "reason": verification.reason,
        "event": verification.last.as_ref().map(event),
    })
}

fn current(current: &CurrentSignature) -> Value {
    let mut value = signature(&current.facts);
    let made = &current.made;
    value["event"] = made.number.into();
    value["time"] = words::rfc3339(made.event.time).into();
    value["action"] = made.event.action.name().into();
    value["run"] = json!(made.event.run);
    value
}

fn signature(facts: &SignatureFacts) -> Value {
    json!({
        "format": facts.format.name(),
        "claim": facts.claim,
        "keyFingerprint": facts.key_fingerprint,
        "keyReference": facts.key_reference,
        "attached": facts.attached,
        "log": facts.log,
    })
}

fn event(recorded: &Recorded) -> Value {
    let event = &recorded.event;
    json!({
        "number": recorded.number,
        "hash": recorded.hash,
        "time": words::rfc3339(event.time),
        "action": event.action.name(),
        "outcome": event.outcome.name(),
        "reason": event.reason,
        "artifact": event.artifact,
        "source": event.source.map(|source| source.name()),
        "signatures": event.signatures.iter().map(signature).collect::<Vec<_>>(),
        "run": event.run,
    })
}
