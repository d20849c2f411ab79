//! `overview` and `custody`.

use serde_json::Value;

use crate::site::{STORE, Site, stderr, stdout, succeeds};

const UNGUARD: &str = "DROP TRIGGER events_stay_as_they_are; DROP TRIGGER events_stay;";

#[tokio::test(flavor = "multi_thread")]
async fn the_overview_is_of_the_newest_signature() {
    let site = Site::new().await;
    let image = site.image("app");
    let overview =
        |argument: &str| site.json(&["overview", "--store", STORE, "-o", "json", argument]);
    let run = |arguments: &[&str]| site.run(&[arguments, &["--store", STORE, &image]].concat());
    assert_eq!(
        site.code(&["overview", "--store", STORE, &image]),
        Some(1),
        "there is no store"
    );
    run(&["verify", "--key", "cosign.pub"]);
    let nothing = overview(&image);
    assert_eq!(nothing["signature"], Value::Null);
    assert_eq!(nothing["verification"]["status"], "failed");

    succeeds(run(&["sign", "--key", "cosign.key", "--run-id", "first"]));
    succeeds(run(&["verify", "--key", "cosign.pub"]));
    let first = overview(&image);
    assert_eq!(first["verification"]["status"], "passed");
    let tag = format!("{}.sig", image.split('@').nth(1).unwrap().replace(':', "-"));
    let attached = first["signature"]["attached"].as_str().unwrap();
    assert!(attached.ends_with(&tag), "{first}");
    assert_eq!(first["signature"]["keyReference"], "cosign.key");
    assert_eq!(first["digestFrom"], "given");

    succeeds(run(&["sign", "--key", "cosign.key", "--run-id", "second"]));
    let second = overview(&image);
    assert_eq!(second["signature"]["run"]["id"], "second");
    assert_eq!(
        second["otherSignatures"],
        Value::Array(Vec::new()),
        "it was overwritten"
    );
    assert_eq!(second["verification"]["status"], "not verified");
    let events = site.json(&["custody", "--store", STORE, "-o", "json", &image]);
    assert_eq!(
        events["events"].as_array().unwrap().len(),
        4,
        "and the history stays"
    );

    let words = stdout(&site.run(&["overview", "--store", STORE, &image]));
    for line in [
        "Signed by     cosign.key",
        "Verification  Not verified",
        "Run           second",
    ] {
        assert!(words.contains(line), "no \"{line}\" in:\n{words}");
    }
    let chain = stdout(&site.run(&["custody", "--store", STORE, &image]));
    let order = [
        "Verification              Failed",
        "Signed",
        "Passed",
        "Signed",
    ];
    let mut rest = chain.as_str();
    for word in order {
        rest = rest.split_once(word).unwrap_or_else(|| panic!("{chain}")).1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_what_the_registry_says_or_what_it_said_last() {
    let site = Site::new().await;
    let image = site.image("app");
    let digest = image.split('@').nth(1).unwrap();
    let tag = format!("{}/app:v1", site.registry.host());
    succeeds(site.run(&["sign", "--key", "cosign.key", "--store", STORE, &tag]));
    let overview = ["overview", "--store", STORE, "-o", "json", &tag];
    let found = site.json(&overview);
    assert_eq!(found["digestFrom"], "registry");
    assert_eq!(found["artifact"]["digest"], digest);
    let unknown = tag.replace(":v1", ":v2");
    let unknown = site.run(&["overview", "--store", STORE, &unknown]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        stderr(&unknown).contains("has no digest of"),
        "{}",
        stderr(&unknown)
    );
    site.registry.put_manifest(
        "app",
        Some("v1"),
        crate::site::MANIFEST,
        r#"{"schemaVersion":2}"#,
    );
    assert_eq!(
        site.json(&overview)["signature"],
        Value::Null,
        "the tag has moved"
    );
    let site = site.with_another_registry().await;
    let shown = site.run(&overview);
    let last: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(last["digestFrom"], "store");
    assert_eq!(last["artifact"]["digest"], digest);
    assert!(
        stderr(&shown).contains("recorded last"),
        "{}",
        stderr(&shown)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_have_an_overview() {
    let site = Site::new().await;
    site.write("shop-1.2.3.tgz", "a chart");
    let run = |arguments: &[&str]| succeeds(site.run(arguments));
    run(&[
        "sign-blob",
        "--key",
        "cosign.key",
        "--store",
        STORE,
        "shop-1.2.3.tgz",
    ]);
    run(&[
        "verify-blob",
        "--key",
        "cosign.pub",
        "--store",
        STORE,
        "shop-1.2.3.tgz",
    ]);
    // The variable names the store too.
    let mut overview = site.command(&["overview", "-o", "json", "shop-1.2.3.tgz"]);
    let overview = overview.env("COSIGNET_STORE", STORE).output().unwrap();
    let overview: Value = serde_json::from_slice(&overview.stdout).unwrap();
    assert_eq!(overview["digestFrom"], "file");
    assert_eq!(overview["verification"]["status"], "passed");
    let artifact = &overview["lastEvent"]["artifact"];
    assert_eq!(artifact["kind"], "helm");
    assert_eq!(artifact["name"], "shop");
    assert_eq!(artifact["version"], "1.2.3");
    let digest = artifact["digest"].as_str().unwrap();
    let by_digest = site.json(&["overview", "--store", STORE, "-o", "json", digest]);
    assert_eq!(by_digest["signature"], overview["signature"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_is_verified_as_written_in_the_manual() {
    let site = Site::new().await;
    let image = site.image("app");
    let verify = ["verify", "--key", "cosign.pub", "--store", STORE, &image];
    succeeds(site.run(&["sign", "--key", "cosign.key", "--store", STORE, &image]));
    assert_eq!(
        site.code(&["verify", "--key", "other.pub", "--store", STORE, &image]),
        Some(12)
    );
    succeeds(site.run(&verify));
    let audit = ["custody", "verify", "--store", STORE, "-o", "json"];
    let whole = site.json(&audit);
    assert_eq!(
        (&whole["intact"], &whole["events"]),
        (&true.into(), &3.into())
    );
    let head = whole["head"].as_str().unwrap().to_owned();
    succeeds(site.run(&verify));
    let later = site.json(&[&audit[..], &["--head", &head]].concat());
    assert_eq!(
        (&later["intact"], &later["found"]),
        (&true.into(), &3.into())
    );

    // Somebody makes a failure a success, and puts the guards back.
    let guards: String = {
        let database = rusqlite::Connection::open(site.path(STORE)).unwrap();
        let mut query = database
            .prepare("SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap();
        let rows = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    site.meddle(&format!(
        "{UNGUARD} UPDATE events SET body = replace(body, 'failed', 'passed') WHERE number = 2; {guards}"
    ));
    let edited = site.run(&["custody", "verify", "--store", STORE]);
    assert_eq!(edited.status.code(), Some(1));
    assert!(
        stderr(&edited).contains("event 2 was altered"),
        "{}",
        stderr(&edited)
    );
    assert_eq!(site.code(&["custody", "--store", STORE, &image]), Some(1));

    // The end is cut off: only who kept the head sees it.
    site.meddle(&format!(
        "{UNGUARD} UPDATE events SET body = replace(body, 'passed', 'failed') WHERE number = 2; \
         DELETE FROM events WHERE number >= 3; {guards}"
    ));
    succeeds(site.run(&["custody", "verify", "--store", STORE]));
    let cut = site.run(&["custody", "verify", "--store", STORE, "--head", &head]);
    assert_eq!(cut.status.code(), Some(1));
    assert!(
        stderr(&cut).contains("missing at the end"),
        "{}",
        stderr(&cut)
    );
    let both = site.run(&["custody", "--store", STORE, &image, "verify"]);
    assert_eq!(both.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_becomes_markup_or_steers_the_terminal() {
    let site = Site::new().await;
    let hostile = "<script>alert(1)<\u{1b}[2J>.yaml";
    site.write(hostile, "a: b");
    let key = "\"><img src=x onerror=alert(2)>.key";
    std::fs::copy(site.path("cosign.key"), site.path(key)).unwrap();
    let run = [
        "--run-id",
        "</a><svg onload=alert(3)>",
        "--run-url",
        "https://ci.example/\"'>",
    ];
    let sign = ["sign-blob", "--store", STORE, "--key", key];
    succeeds(site.run(&[&sign[..], &run, &[hostile]].concat()));
    let verify = [
        "verify-blob",
        "--key",
        "other.pub",
        "--store",
        STORE,
        hostile,
    ];
    assert_eq!(site.code(&verify), Some(1));
    for command in ["overview", "custody"] {
        let page = stdout(&succeeds(
            site.run(&[command, "--store", STORE, "-o", "html", hostile]),
        ));
        let body = page.split_once("<body>").unwrap().1;
        for markup in [
            "<script",
            "<img",
            "<svg",
            "onload=alert(3)>",
            "\u{1b}",
            "'>",
        ] {
            assert!(!body.contains(markup), "{markup} in:\n{body}");
        }
        for escaped in [
            "&lt;script&gt;alert(1)",
            "&quot;&gt;&lt;img src=x",
            "&lt;/a&gt;&lt;svg",
        ] {
            assert!(body.contains(escaped), "no {escaped} in:\n{body}");
        }
        assert!(page.contains("default-src 'none'"), "{page}");
        assert!(!page.contains("unsafe-inline") && !page.contains("http-equiv=\"refresh"));
        let words = stdout(&site.run(&[command, "--store", STORE, hostile]));
        assert!(!words.contains('\u{1b}'), "{words:?}");
        assert!(words.contains("\\u{1b}[2J"), "{words}");
    }
}
