//! Which logs are trusted: PEM files and trusted roots.

use cosignet::log::{LogEntry, TrustError, TrustedLog, TrustedLogs};
use serde_json::{Value, json};

use super::{
    data::{Bundle, PUBLIC_GOOD, REKOR, base64, case_of, json as read_json, key, read, root, text},
    lab::Lab,
};

/// The root that is built in is that of sigstore's repository, and its first log has the key that
/// stands beside it.
#[test]
fn the_public_good_is_built_in() {
    let whole = root("public/trust/trusted_root_public_good.json");
    assert_eq!(PUBLIC_GOOD.logs(), whole.logs());
    let [v1, v2] = PUBLIC_GOOD.logs() else {
        panic!("two logs");
    };
    assert_eq!(*v1.key(), key("public/trust/rekor_public_good.pub"));
    let id = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d";
    assert_eq!(v1.id().to_string(), id);
    assert_eq!(v1.id().0, v1.key().fingerprint());
    let id = "cf1199155bddd051268d1f16ac5c0c75c009f6fb5a63f4177f8e18d7051e3fa0";
    assert_eq!(v2.id().to_string(), id);
    // It begins before the first entry that cosign made, and the key alone has the same id.
    let alone = TrustedLog::from_pem(&read("public/trust/rekor_public_good.pub")).unwrap();
    assert_eq!(alone.id(), v1.id());
}

#[test]
fn a_log_is_trusted_by_its_pem() {
    let trust =
        |name: &str| TrustedLogs::new(vec![TrustedLog::from_pem(&read(name)).unwrap()]).unwrap();
    for (bundle, pem) in [
        (
            "rekor/v1/blob/cosign3-p256.sigstore.json",
            "rekor/v1/rekor.pub",
        ),
        (
            "rekor/v2/blob/cosign3-p256.sigstore.json",
            "rekor/v2/rekor-tiles.pub",
        ),
        (
            "rekor/v2-ecdsa-log/cosign3-2.sigstore.json",
            "rekor/v2-ecdsa-log/rekor-tiles.pub",
        ),
        (
            "cosign/blob/v3-tlog-new.sigstore.json",
            "cosign/rekor/rekor.pub",
        ),
    ] {
        Bundle::read(bundle).case().verify(&trust(pem)).unwrap();
        let error = Bundle::read(bundle)
            .case()
            .verify(&trust("rekor/other-log.pub"))
            .unwrap_err();
        assert_eq!(case_of(&error), "UnknownLog", "{bundle}");
    }
    // Ed25519 by name: the right one and another.
    let bundle = Bundle::read("rekor/v2/blob/cosign3-p256.sigstore.json");
    for (origin, counts) in [
        ("rekor-tiles.local.test", true),
        ("rekor.local.test", false),
    ] {
        let log = TrustedLog::from_pem(&read("rekor/v2/rekor-tiles.pub")).unwrap();
        let logs = TrustedLogs::new(vec![log.with_origin(origin)]).unwrap();
        assert_eq!(bundle.case().verify(&logs).is_ok(), counts, "{origin}");
    }
    for pem in [
        &b""[..],
        b"log",
        &read("rekor/keys/rsa2048.pub"),
        &read("cosign/keys/cosign-v2.5.0.key"),
    ] {
        let error = TrustedLog::from_pem(pem).unwrap_err();
        assert!(matches!(error, TrustError::UnusableKey(_)), "{error}");
    }
}

#[test]
fn something_is_trusted_always() {
    assert!(matches!(
        TrustedLogs::new(vec![]),
        Err(TrustError::NoLogs(_))
    ));
    let empty = TrustedLogs::from_trusted_root(&read("cosign/rekor/trusted_root.empty.json"));
    assert!(matches!(empty, Err(TrustError::NoLogs(_))));
    let log = Lab::p256("log.test").trusted();
    assert_eq!(
        TrustedLogs::new(vec![log.clone(), log.clone()])
            .unwrap()
            .logs()
            .len(),
        1
    );
    let narrower = log.clone().with_validity(Some(1), None);
    let ambiguous = TrustedLogs::new(vec![log.clone(), narrower]);
    assert!(matches!(ambiguous, Err(TrustError::Ambiguous(id)) if id == log.id()));
    let error = TrustedLogs::new(vec![log; 65]).unwrap_err();
    assert!(
        matches!(
            error,
            TrustError::TooLarge {
                limit: 64,
                found: 65,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn trusted_roots_are_read_as_far_as_needed() {
    let whole = read_json("public/trust/trusted_root_public_good.json");
    let read = |root: &Value| TrustedLogs::from_trusted_root(root.to_string().as_bytes());
    assert_eq!(read(&whole).unwrap().logs(), PUBLIC_GOOD.logs());
    let edited = |place: &str, value: Value| {
        let mut root = whole.clone();
        *root.pointer_mut(place).unwrap() = value;
        root
    };

    for media_type in [
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    ] {
        let root = edited("/mediaType", media_type.into());
        assert_eq!(
            read(&root).unwrap().logs(),
            PUBLIC_GOOD.logs(),
            "{media_type}"
        );
    }
    // The rest of a root is not looked at.
    let root = edited("/certificateAuthorities", "none".into());
    assert_eq!(read(&root).unwrap().logs(), PUBLIC_GOOD.logs());

    // A log that cannot be used here is not trusted, and leaves the others alone.
    for (place, value) in [
        ("/tlogs/0/publicKey/keyDetails", "PKIX_ML_DSA_65".into()),
        ("/tlogs/0/publicKey/keyDetails", "PKCS1_RSA_PKCS1V5".into()),
        ("/tlogs/0/publicKey/keyDetails", Value::Null),
        ("/tlogs/0/hashAlgorithm", "SHA3_256".into()),
        ("/tlogs/0/hashAlgorithm", Value::Null),
    ] {
        let logs = read(&edited(place, value)).unwrap();
        assert_eq!(logs.logs(), &PUBLIC_GOOD.logs()[1..], "{place}");
    }
    let mut root = edited("/tlogs/0/hashAlgorithm", "SHA3_256".into());
    root["tlogs"][1]["hashAlgorithm"] = "SHA3_256".into();
    assert!(matches!(read(&root), Err(TrustError::NoLogs(_))));

    for (place, value) in [
        (
            "/mediaType",
            "application/vnd.dev.sigstore.trustedroot+json;version=0.9".into(),
        ),
        ("/mediaType", Value::Null),
        ("/tlogs", json!({})),
        ("/tlogs/0", json!([])),
        ("/tlogs/0/publicKey", Value::Null),
        ("/tlogs/0/publicKey/rawBytes", "AAAA".into()),
        ("/tlogs/0/publicKey/rawBytes", Value::Null),
        ("/tlogs/0/publicKey/keyDetails", "PKIX_ED25519".into()),
        ("/tlogs/0/publicKey/keyDetails", 5.into()),
        ("/tlogs/0/publicKey/validFor/start", "yesterday".into()),
        ("/tlogs/0/publicKey/validFor/start", 7.into()),
        ("/tlogs/0/logId", Value::Null),
        ("/tlogs/0/logId/keyId", base64([0; 31])),
        ("/tlogs/0/logId/keyId", "zz".into()),
    ] {
        let error = read(&edited(place, value)).unwrap_err();
        assert!(
            matches!(error, TrustError::MalformedRoot(_)),
            "{place}: {error}"
        );
    }
    let mut twice = whole.clone();
    let log = twice["tlogs"][0].clone();
    twice["tlogs"].as_array_mut().unwrap().push(log);
    assert_eq!(read(&twice).unwrap().logs(), PUBLIC_GOOD.logs());
    twice["tlogs"][2]["publicKey"]["validFor"]["start"] = "2020-01-01T00:00:00Z".into();
    assert!(matches!(read(&twice), Err(TrustError::Ambiguous(_))));
    let mut many = whole.clone();
    many["tlogs"] = vec![json!({}); 65].into();
    assert!(matches!(
        read(&many),
        Err(TrustError::TooLarge { found: 65, .. })
    ));
    let large = TrustedLogs::from_trusted_root(" ".repeat(1024 * 1024 + 1).as_bytes());
    assert!(matches!(large, Err(TrustError::TooLarge { .. })));
    for text in ["", "{}", "[]", "{\"mediaType\":1}"] {
        assert!(
            TrustedLogs::from_trusted_root(text.as_bytes()).is_err(),
            "{text}"
        );
    }
}

/// The window of a root, over a real entry of 2026-11-22T14:13:30Z.
#[test]
fn the_window_of_a_root_bounds_the_time_that_a_log_signed() {
    let bundle = Bundle::read("rekor/v1/blob/cosign3-p256.sigstore.json");
    let whole = read_json("rekor/trusted-root.json");
    for (start, end, counts) in [
        ("2026-11-22T14:13:30Z", None, true),
        ("2026-11-22T14:13:31Z", None, false),
        ("2026-11-22T14:13:29.5Z", None, true),
        ("2026-11-22T14:13:30.5Z", None, false),
        ("2026-01-01T00:00:00Z", Some("2026-11-22T14:13:30Z"), true),
        ("2026-01-01T00:00:00Z", Some("2026-11-22T14:13:30.5Z"), true),
        (
            "2026-01-01T00:00:00Z",
            Some("2026-11-22T14:13:29.5Z"),
            false,
        ),
        ("2026-01-01T00:00:00Z", Some("2026-11-22T14:13:29Z"), false),
    ] {
        let mut root = whole.clone();
        root["tlogs"][0]["publicKey"]["validFor"] = json!({"start": start, "end": end});
        let logs = TrustedLogs::from_trusted_root(root.to_string().as_bytes()).unwrap();
        match bundle.case().verify(&logs) {
            Ok(_) => assert!(counts, "{start} to {end:?}"),
            Err(error) => {
                assert!(!counts, "{start} to {end:?}: {error}");
                assert_eq!(case_of(&error), "OutsideValidity");
            }
        }
    }
}

/// A root may say where a log is, what its checkpoints' key id is, and nothing of it.
#[test]
fn address_and_key_id_of_a_root_are_used() {
    let v1 = Bundle::read("rekor/v1/blob/cosign3-p256.sigstore.json");
    let v2 = Bundle::read("rekor/v2/blob/cosign3-p256.sigstore.json");
    let with = |place: usize, name: &str, value: Value| {
        let mut root = read_json("rekor/trusted-root.json");
        root["tlogs"][place][name] = value;
        TrustedLogs::from_trusted_root(root.to_string().as_bytes()).unwrap()
    };
    let refusal =
        |bundle: &Bundle, logs: &TrustedLogs| case_of(&bundle.case().verify(logs).unwrap_err());
    for address in [
        "https://rekor-tiles.local.test",
        "https://rekor-tiles.local.test/",
        "http://rekor-tiles.local.test:3003/path?query",
        "rekor-tiles.local.test",
    ] {
        v2.case()
            .verify(&with(1, "baseUrl", address.into()))
            .unwrap();
    }
    v2.case().verify(&with(1, "baseUrl", Value::Null)).unwrap();
    let elsewhere = with(1, "baseUrl", "https://elsewhere.test".into());
    assert_eq!(refusal(&v2, &elsewhere), "UnknownOrigin");
    // Of a Rekor v1 cosign does not compare it, and this real server is at 127.0.0.1.
    assert!(
        text(&read_json("rekor/trusted-root.json")["tlogs"][0]["baseUrl"]).contains("127.0.0.1")
    );
    v1.case()
        .verify(&with(0, "baseUrl", "https://elsewhere.test".into()))
        .unwrap();

    let id = |bytes: &[u8]| json!({"keyId": base64(bytes)});
    let v1_id = REKOR.logs()[0].id().0;
    v1.case()
        .verify(&with(0, "checkpointKeyId", id(&v1_id[..4])))
        .unwrap();
    v1.case()
        .verify(&with(0, "checkpointKeyId", id(&v1_id)))
        .unwrap();
    let other = with(0, "checkpointKeyId", id(&[0; 4]));
    assert_eq!(refusal(&v1, &other), "CheckpointUnsigned");
}

/// An id that a root gives is the only one: no other is computed from the key.
#[test]
fn a_given_id_is_the_only_one() {
    let mut root = read_json("rekor/trusted-root.json");
    root["tlogs"][1]["logId"]["keyId"] = base64([9; 32]);
    let logs = TrustedLogs::from_trusted_root(root.to_string().as_bytes()).unwrap();
    let bundle = Bundle::read("rekor/v2/blob/cosign3-p256.sigstore.json");
    assert_eq!(
        case_of(&bundle.case().verify(&logs).unwrap_err()),
        "UnknownLog"
    );
}

/// CVE-2026-49834: two entries of one log are told by its id.
#[test]
fn entries_of_one_log_have_one_id() {
    let id = |name: &str| Bundle::read(name).case().verify(&REKOR).unwrap().log_id();
    let v1 = id("rekor/v1/blob/cosign3-p256.sigstore.json");
    assert_eq!(v1, id("rekor/v1/blob/cosign3-rsa2048.sigstore.json"));
    assert_ne!(v1, id("rekor/v2/blob/cosign3-p256.sigstore.json"));
    let entry = LogEntry::from_rekor_v1(&read("rekor/v1/entries/000.json")).unwrap();
    assert_eq!(entry.log_id(), v1);
}
