//! Signers of one image on one machine take turns.
//!
//! A registry has no conditional write. Across machines the component reads, merges, pushes and
//! reads back; on one machine a lock costs nothing and leaves nothing to chance.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::path::PathBuf;

use cosignet::oci::Digest;

/// The locks of some images; they are let go when this is dropped.
pub struct Turns {
    _held: Vec<File>,
}

/// Waits for the turn to sign these images.
///
/// Where there is no private folder for locks there is no lock: it is a courtesy among signers,
/// and signing works without.
pub async fn take(images: &[String]) -> Turns {
    // In one order for everybody, so that nobody waits for somebody who waits.
    let names: BTreeSet<String> = images
        .iter()
        .map(|image| Digest::of(image.as_bytes()).hex().to_string())
        .collect();
    let held = tokio::task::spawn_blocking(move || {
        let folder = folder()?;
        fs::create_dir_all(&folder).ok()?;
        Some(
            names
                .iter()
                .filter_map(|name| lock(&folder.join(name)))
                .collect(),
        )
    });
    Turns {
        _held: held.await.ok().flatten().unwrap_or_default(),
    }
}

fn lock(path: &std::path::Path) -> Option<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .ok()?;
    file.lock().ok()?;
    Some(file)
}

fn folder() -> Option<PathBuf> {
    let private = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let cache = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    Some(private.or_else(cache)?.join("cosignet").join("turns"))
}
