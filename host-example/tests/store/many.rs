//! Many at once, and some that are killed.

use std::process::Child;
use std::time::Duration;

use crate::site::{STORE, Site, succeeds};

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_processes_lose_nothing() {
    let site = Site::new().await;
    let image = site.image("app");
    succeeds(site.run(&["sign", "--key", "cosign.key", &image]));
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE, &image];
    let processes: Vec<Child> = (0..16)
        .map(|_| site.command(&verify).spawn().unwrap())
        .collect();
    for process in processes {
        succeeds(process.wait_with_output().unwrap());
    }
    let audit = site.store().audit(None).unwrap();
    assert_eq!((audit.count, audit.findings), (16, Vec::new()));
}

/// Processes are killed while they record dozens of verifications, each time a little later after the
/// first one that began to write: its journal is there then.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_the_store_whole() {
    let site = Site::new().await;
    let image = site.image("app");
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE];
    let verify = [&verify[..], &[image.as_str(); IMAGES]].concat();
    let journal = site.path(&format!("{STORE}-journal"));
    let (mut before, mut cut_short) = (0, 0);
    for round in 0..6 {
        let mut process = site.command(&verify).spawn().unwrap();
        while !journal.exists() && process.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        process.kill().unwrap();
        process.wait().unwrap();
        let audit = site.store().audit(None).unwrap();
        assert_eq!(audit.findings, []);
        assert!(audit.count >= before, "{audit:?} after {before}");
        cut_short += u64::from(audit.count < before + IMAGES as u64);
        before = audit.count;
    }
    assert!(cut_short > 0, "no process was killed while it was writing");
    assert_eq!(site.code(&verify), Some(10));
    let audit = site.store().audit(None).unwrap();
    let expected = (before + IMAGES as u64, Vec::new());
    assert_eq!((audit.count, audit.findings), expected);
}

const IMAGES: usize = 24;
