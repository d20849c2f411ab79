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

/// A process is killed while it records dozens of verifications, each time a little later.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_the_store_whole() {
    let site = Site::new().await;
    let image = site.image("app");
    let images = vec![image.as_str(); IMAGES];
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE];
    let verify = [&verify[..], &images].concat();
    let count = || match site.path(STORE).exists() {
        true => site.store().audit(None).unwrap().count,
        false => 0,
    };
    let mut cut_short = 0;
    for round in 0..6 {
        let before = count();
        let mut process = site.command(&verify).spawn().unwrap();
        while count() == before && process.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(round));
        process.kill().unwrap();
        process.wait().unwrap();
        let audit = site.store().audit(None).unwrap();
        assert_eq!(audit.findings, []);
        assert!(audit.count > before, "{audit:?} after {before}");
        cut_short += u64::from(audit.count < before + IMAGES as u64);
    }
    assert!(cut_short > 0, "no process was killed while it was writing");
}

const IMAGES: usize = 40;
