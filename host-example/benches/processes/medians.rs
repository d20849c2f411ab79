//! What the bench `crypto` found: criterion keeps it under `target/criterion`.

use std::fs;

use serde_json::Value;

use crate::sizes::target;

/// The median of a benchmark, in seconds.
pub fn median(group: &str, id: &str) -> f64 {
    let path = target().join("criterion").join(group).join(id);
    let path = path.join("new/estimates.json");
    let text = fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `.ci/bench` runs the bench `crypto` first, which writes it",
            path.display()
        )
    });
    let estimates: Value = serde_json::from_slice(&text).expect("criterion writes JSON");
    let nanoseconds = estimates["median"]["point_estimate"].as_f64();
    nanoseconds.expect("criterion writes a median") / 1e9
}
