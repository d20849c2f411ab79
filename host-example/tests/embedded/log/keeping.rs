//! Entries that outlive the log.

use super::*;

#[tokio::test]
async fn a_log_in_a_folder_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("log");
    let kept = || Options {
        folder: Some(place.clone()),
        ..Options::default()
    };
    let signer = Signer::new(1);
    let site = Site::start(kept()).await;
    let mut answers = Vec::new();
    for number in 0..3 {
        answers.push(site.log_text(&signer, &format!("text {number}")).await);
    }
    let (entries, origin, pem) = (
        site.log.entries(),
        site.log.origin(),
        site.log.public_key_pem(),
    );
    let head = site.check_head().await;
    let busy = EmbeddedLog::start(kept())
        .await
        .expect_err("the folder is taken");
    assert_eq!(busy.kind(), io::ErrorKind::WouldBlock, "{busy}");
    site.log.shutdown().await;

    let site = Site::start(kept()).await;
    assert_eq!(site.log.dropped_record(), None);
    assert_eq!(site.log.entries(), entries);
    assert_eq!(
        (site.log.origin(), site.log.public_key_pem()),
        (origin, pem)
    );
    assert_eq!(site.check_head().await, head);
    for (number, answer) in answers.iter().enumerate() {
        let text = format!("text {number}");
        signer
            .verify(answer, text.as_bytes(), &site.logs)
            .expect("of the same log");
    }
    let again = site.post_json(&signer.hashedrekord(b"text 1")).await;
    assert_eq!(again.status(), 409);
    let answer = site.log_text(&signer, "text 3").await;
    assert_eq!(entry_in(&parse(&answer))["logIndex"], 3);
    let query = json!({ "hash": hex(&Sha256::digest(b"text 0")) }).to_string();
    let found = text(site.post(INDEX, query.as_bytes()).await).await;
    assert_eq!(parse(&found), json!([entries[0].uuid]));
    site.log.shutdown().await;

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(place.join("log.key"))
            .expect("the key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let other = Options {
        key: Some(Signer::new(5).private_pem()),
        ..kept()
    };
    let error = EmbeddedLog::start(other).await.expect_err("another key");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
}

#[tokio::test]
async fn a_record_that_is_cut_off_was_never_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = || Options {
        folder: Some(folder.path().to_owned()),
        ..Options::default()
    };
    let signer = Signer::new(1);
    let site = Site::start(kept()).await;
    site.log_text(&signer, "text 0").await;
    let head = site.check_head().await;
    site.log_text(&signer, "text 1").await;
    site.log.shutdown().await;

    let file = folder.path().join("entries.jsonl");
    let bytes = fs::read(&file).expect("the entries");
    fs::write(&file, &bytes[..bytes.len() - 9]).expect("cut");
    let site = Site::start(kept()).await;
    let dropped = site.log.dropped_record().expect("a word on it");
    assert!(dropped.to_string().contains("written in part"), "{dropped}");
    assert_eq!(site.check_head().await, head);
    let answer = site.log_text(&signer, "text 1").await;
    signer
        .verify(&answer, b"text 1", &site.logs)
        .expect("verified");
    site.log.shutdown().await;
    let site = Site::start(kept()).await;
    assert_eq!(
        (site.log.dropped_record(), site.log.entries().len()),
        (None, 2)
    );
    site.log.shutdown().await;

    let spoiled =
        String::from_utf8(bytes)
            .expect("text")
            .replacen("hashedrekord", "hashedrekorD", 1);
    fs::write(&file, spoiled).expect("spoiled");
    let error = EmbeddedLog::start(kept()).await.expect_err("spoiled");
    assert!(error.to_string().contains("line 2"), "{error}");
}

#[tokio::test]
async fn key_tree_and_name_are_what_they_are_told_to_be() {
    let signer = Signer::new(5);
    let site = Site::start(Options {
        hostname: "rekor.local.test".to_owned(),
        tree_id: Some(375_632_915_539_729_557),
        key: Some(signer.private_pem()),
        ..Options::default()
    })
    .await;
    assert_eq!(site.log.origin(), "rekor.local.test - 375632915539729557");
    assert_eq!(site.log.public_key_pem(), signer.public.to_pem());
    site.log_text(&signer, "text").await;
    assert!(site.log.entries()[0].uuid.starts_with("0536842580b09c95"));
    let debug = format!(
        "{:?} {:?}",
        site.log,
        Options {
            key: Some(signer.private_pem()),
            ..Options::default()
        }
    );
    assert!(!debug.contains("PRIVATE"), "{debug}");

    for bad in [
        Options {
            hostname: "a b".to_owned(),
            ..Options::default()
        },
        Options {
            hostname: String::new(),
            ..Options::default()
        },
        Options {
            tree_id: Some(0),
            ..Options::default()
        },
        Options {
            tree_id: Some(1 << 63),
            ..Options::default()
        },
        Options {
            key: Some(PrivateKeyPem::new(String::new())),
            ..Options::default()
        },
    ] {
        let error = EmbeddedLog::start(bad)
            .await
            .expect_err("no log can have these");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
    }
}
