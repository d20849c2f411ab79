use super::settings::Settings;
use super::step::read;
use crate::cli::step::model::{Artifact, Form, Image, Key, Sign, Step, Task, Verify};
use crate::cli::step::variables::Environment;
use cosignet_host::registry::source::SourceKind;

const PRIVATE: &str = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nAAAA";

fn steps(settings: &[(&str, &str)]) -> Result<Vec<Step>, String> {
    let environment: Environment = settings.iter().copied().collect();
    read(&Settings::of(&environment).unwrap()).map_err(|fault| fault.to_string())
}

fn with(base: (&'static str, &'static str), more: &[(&str, &str)]) -> Result<Vec<Step>, String> {
    steps(&[&[base], more].concat())
}

const SIGN: (&str, &str) = ("PLUGIN_PRIVATE_KEY", PRIVATE);
const VERIFY: (&str, &str) = ("PLUGIN_PUBLIC_KEY", PUBLIC);

fn sign(more: &[(&str, &str)]) -> Sign {
    match with(SIGN, more).unwrap().remove(0).task {
        Task::Sign(sign) => sign,
        Task::Verify(_) => panic!("verifies"),
    }
}

fn verify(more: &[(&str, &str)]) -> Verify {
    match with(VERIFY, more).unwrap().remove(0).task {
        Task::Verify(verify) => verify,
        Task::Sign(_) => panic!("signs"),
    }
}

fn images(settings: &[(&str, &str)]) -> Vec<Image> {
    let steps = with(SIGN, settings).unwrap();
    let images = steps.into_iter().map(|step| match step.artifact {
        Artifact::Image(image) => image,
        other => panic!("{other:?}"),
    });
    images.collect()
}

#[test]
fn the_keys_tell_what_is_to_be_done_or_the_mode_does() {
    let signed = sign(&[("PLUGIN_IMAGE", "a"), ("PLUGIN_COSIGN_PASSWORD", "hush")]);
    assert!(matches!(&signed.key, Key::Given(key) if key.bytes() == PRIVATE.as_bytes()));
    assert_eq!(signed.password.unwrap().bytes(), b"hush");
    assert!(!signed.attach && signed.log.url.is_none() && signed.form == Form::Simple);
    let verified = verify(&[("PLUGIN_IMAGE", "a")]);
    assert!(matches!(&verified.keys[..], [Key::Given(key)] if key.bytes() == PUBLIC.as_bytes()));
    let both = [("PLUGIN_IMAGE", "a"), ("PLUGIN_KMS_KEY", "k")];
    assert!(steps(&both).unwrap_err().contains("say sign or verify"));
    for (mode, signs) in [("sign", true), ("verify", false)] {
        let found = steps(&[both[0], both[1], ("PLUGIN_TYPE", mode)]).unwrap();
        assert_eq!(matches!(found[0].task, Task::Sign(_)), signs);
    }
    // A key of the job's is not this step's.
    let found = with(
        VERIFY,
        &[("PLUGIN_IMAGE", "a"), ("COSIGN_PRIVATE_KEY", PRIVATE)],
    )
    .unwrap();
    assert!(matches!(found[0].task, Task::Verify(_)));
}

#[test]
fn images_are_named_with_their_tags_in_both_conventions() {
    let names = |settings: &[(&str, &str)]| {
        let images = images(settings).into_iter().map(|image| image.name);
        images.collect::<Vec<_>>()
    };
    for tags in ["1,latest", "[\"1\",\"latest\"]"] {
        let settings = [("PLUGIN_REPO", "r.example/app"), ("PLUGIN_TAGS", tags)];
        assert_eq!(
            names(&settings),
            ["r.example/app:1", "r.example/app:latest"]
        );
    }
    assert_eq!(names(&[("PLUGIN_IMAGES", "a:1,b:2")]), ["a:1", "b:2"]);
}

#[test]
fn what_was_pushed_before_is_signed_by_its_digest() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("artifact");
    let file = path.to_string_lossy().into_owned();
    let setting = ("PLUGIN_ARTIFACT_FILE", file.as_str());
    assert!(
        with(SIGN, &[setting])
            .unwrap_err()
            .contains("PLUGIN_IMAGE: missing")
    );
    let document = |digest: &str| {
        format!(
            r#"{{"kind":"docker/v1","data":{{"images":[{{"image":"a:1","digest":"{digest}"}}]}}}}"#
        )
    };
    let digest = format!("sha256:{}", "0".repeat(64));
    std::fs::write(&path, document(&digest)).unwrap();
    let pushed = images(&[setting]);
    assert_eq!(pushed.len(), 1);
    assert_eq!(
        (pushed[0].name.as_str(), &pushed[0].place.fields.digest),
        ("a:1", &Some(digest))
    );
    // A runner names the file to every plugin: what is said counts.
    assert_eq!(images(&[setting, ("PLUGIN_IMAGE", "b")])[0].name, "b");
    std::fs::write(&path, document("sha256:0")).unwrap();
    let odd = with(SIGN, &[setting]).unwrap_err();
    assert!(
        odd.starts_with("PLUGIN_ARTIFACT_FILE: source docker: digest \"sha256:0\""),
        "{odd}"
    );
    std::fs::write(&path, "{").unwrap();
    assert!(
        with(SIGN, &[setting])
            .unwrap_err()
            .contains("no artifact file")
    );
}

#[test]
fn registries_are_told_apart() {
    let one = |settings: &[(&str, &str)]| images(settings).remove(0);
    let image = ("PLUGIN_IMAGE", "app:1");
    let docker = one(&[image, ("PLUGIN_REGISTRY", "https://r.example/v1/")]);
    assert_eq!(docker.place.fields.host.as_deref(), Some("r.example"));
    let complete = ("PLUGIN_REPO", "r.example/app");
    assert!(
        one(&[complete, ("PLUGIN_REGISTRY", "r.example")])
            .place
            .kind
            == SourceKind::Docker
    );
    // What another step was told does not count against the image.
    let elsewhere = ("DOCKER_REGISTRY", "other.example");
    assert_eq!(one(&[complete, elsewhere]).place.fields.host, None);
    assert_eq!(
        one(&[image, elsewhere]).place.fields.host.as_deref(),
        Some("other.example")
    );
    let quay = one(&[image, ("PLUGIN_SOURCE", "quay")]);
    assert_eq!(
        (quay.place.kind, quay.place.fields.host),
        (SourceKind::Quay, None)
    );
    let source = ("PLUGIN_SOURCE", "ecr");
    let account = ("PLUGIN_ACCOUNT", "123456789012");
    let ecr = one(&[image, source, ("AWS_REGION", "eu-west-1"), account]).place;
    assert_eq!(ecr.kind, SourceKind::Ecr);
    assert_eq!(ecr.fields.region.as_deref(), Some("eu-west-1"));
    assert_eq!(ecr.fields.account_id.as_deref(), Some("123456789012"));
    // As drone-ecr has it.
    let registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    let ecr = one(&[
        ("PLUGIN_REPO", &format!("{registry}/app")),
        ("PLUGIN_REGISTRY", registry),
        source,
        ("AWS_REGION", "eu-west-1"),
    ]);
    assert_eq!(ecr.place.fields.host.as_deref(), Some(registry));
    assert_eq!(ecr.place.fields.region, None);
    for credential in [
        [("PLUGIN_USERNAME", "ada"), ("PLUGIN_PASSWORD", "hush")],
        [("DOCKER_USERNAME", "ada"), ("DOCKER_PASSWORD", "hush")],
        [
            ("PLUGIN_CLIENT_ID", "ada"),
            ("PLUGIN_CLIENT_SECRET", "hush"),
        ],
        [("PLUGIN_JSON_KEY", "{}"), ("PLUGIN_INSECURE", "true")],
    ] {
        let image = one(&[&[image], &credential[..]].concat());
        assert!(image.access.credential.is_some(), "{credential:?}");
        assert!(!format!("{image:?}").contains("hush"));
    }
    let half = with(SIGN, &[image, ("PLUGIN_USERNAME", "ada")]).unwrap_err();
    assert_eq!(
        half,
        "PLUGIN_REGISTRY_PASSWORD: missing: PLUGIN_USERNAME means nothing without it"
    );
}

#[test]
fn clouds_are_asked_as_settings_say() {
    let base = [
        ("PLUGIN_IMAGE", "app"),
        ("PLUGIN_SOURCE", "ecr"),
        (
            "PLUGIN_REGISTRY",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com",
        ),
    ];
    let key = ("PLUGIN_ACCESS_KEY", "AKIA");
    for secret in [
        "PLUGIN_SECRET_KEY",
        "PLUGIN_ECR_SECRET_KEY",
        "ECR_SECRET_KEY",
    ] {
        let image = images(&[&base[..], &[key, (secret, "hush")]].concat()).remove(0);
        assert!(image.access.login.is_some(), "{secret}");
        assert!(!format!("{image:?}").contains("hush"));
    }
    let half = with(SIGN, &[&base[..], &[key]].concat()).unwrap_err();
    assert_eq!(
        half,
        "PLUGIN_SECRET_KEY: missing: PLUGIN_ACCESS_KEY means nothing without it"
    );
    let half = with(SIGN, &[&base[..], &[("ECR_SECRET_KEY", "hush")]].concat()).unwrap_err();
    assert_eq!(
        half,
        "PLUGIN_ACCESS_KEY: missing: ECR_SECRET_KEY means nothing without it"
    );
    let location = [
        ("PLUGIN_IMAGE", "repo/app"),
        ("PLUGIN_SOURCE", "gar"),
        ("PLUGIN_LOCATION", "europe-west3"),
        ("PLUGIN_PROJECT", "my-project"),
    ];
    let host = images(&location).remove(0).place.fields.host;
    assert_eq!(host.as_deref(), Some("europe-west3-docker.pkg.dev"));
}

#[test]
fn what_a_registry_lacks_is_named_as_it_is_set() {
    let image = ("PLUGIN_IMAGE", "app:1");
    for (settings, expected) in [
        (
            &[("PLUGIN_SOURCE", "harbor")][..],
            "PLUGIN_REGISTRY: source harbor needs registry: the registry's host, unless the image begins with it",
        ),
        (
            &[("PLUGIN_SOURCE", "ecr"), ("AWS_REGION", "eu-west-1")],
            "PLUGIN_ACCOUNT_ID: source ecr needs account_id: twelve digits",
        ),
        (
            &[
                ("PLUGIN_SOURCE", "ecr"),
                ("AWS_REGION", "Europe"),
                ("PLUGIN_ACCOUNT", "1"),
            ],
            "AWS_REGION: source ecr: region \"Europe\": expected like eu-west-1",
        ),
        (
            &[("PLUGIN_SOURCE", "ghcr"), ("PLUGIN_PROJECT", "p")],
            "PLUGIN_PROJECT: source ghcr has no project_id; it takes registry, digest",
        ),
        (
            &[
                ("PLUGIN_SOURCE", "ghcr"),
                ("PLUGIN_REGISTRY", "https://quay.io"),
            ],
            "PLUGIN_REGISTRY: source ghcr: registry \"quay.io\": expected ghcr.io",
        ),
        (
            &[("PLUGIN_DIGEST", "sha256:1")],
            "PLUGIN_DIGEST: source docker: digest \"sha256:1\": expected sha256: and 64 lower-case hexadecimal digits",
        ),
    ] {
        assert_eq!(
            with(SIGN, &[&[image], settings].concat()).unwrap_err(),
            expected
        );
    }
    let other = [
        ("PLUGIN_REPO", "a.example/app"),
        ("PLUGIN_HOST", "b.example"),
    ];
    assert_eq!(
        with(SIGN, &other).unwrap_err(),
        "PLUGIN_REPO: source docker: image \"a.example/app\": expected IMAGE or b.example/IMAGE"
    );
}

#[test]
fn the_rest_is_read() {
    let sign = sign(&[
        ("PLUGIN_IMAGE", "a"),
        ("PLUGIN_UPLOAD", "true"),
        ("PLUGIN_FORMAT", "both"),
        ("PLUGIN_ANNOTATIONS", "{\"env\":\"prod\"}"),
        ("PLUGIN_REKOR_URL", "https://log"),
        ("PLUGIN_REKOR_KEY", "log.pub"),
        ("PLUGIN_STORE", "s.db"),
        ("PLUGIN_SIGNATURE_FOLDER", "out"),
    ]);
    assert!(sign.attach && sign.form == Form::Both);
    assert_eq!(sign.annotations, [("env".to_owned(), "prod".to_owned())]);
    assert_eq!(
        (sign.log.url.as_deref(), sign.log.key.as_deref()),
        (Some("https://log"), Some("log.pub"))
    );
    assert_eq!(
        (sign.keep.store.as_deref(), sign.keep.folder()),
        (Some("s.db"), "out")
    );
}

#[test]
fn a_file_is_never_attached() {
    let settings = [
        ("PLUGIN_WORKSPACE", "a-1.jar"),
        ("PLUGIN_ARTIFACT_TYPE", "jar"),
        // The product sets it for every step.
        ("UPLOAD_REGISTRY", "true"),
    ];
    assert!(!sign(&settings).attach);
    let file = with(SIGN, &settings).unwrap().remove(0).artifact;
    assert!(
        matches!(file, Artifact::File(file) if file.path == "a-1.jar" && file.kind.as_deref() == Some("jar"))
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    for (settings, said) in [
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_PATH", "b")][..],
            "PLUGIN_IMAGE: PLUGIN_PATH contradicts it",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), VERIFY, ("PLUGIN_MODE", "sign")],
            "PLUGIN_PUBLIC_KEY: PLUGIN_MODE contradicts it",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_KMS_KEY", "k")],
            "PLUGIN_KMS_KEY: PLUGIN_PRIVATE_KEY contradicts it",
        ),
        (
            &[("PLUGIN_PATH", "a"), ("PLUGIN_UPLOAD", "true")],
            "PLUGIN_UPLOAD: PLUGIN_PATH contradicts it",
        ),
        (
            &[
                ("PLUGIN_IMAGE", "a"),
                ("PLUGIN_AIR_GAP", "true"),
                ("PLUGIN_REKOR_URL", "u"),
            ],
            "PLUGIN_AIR_GAP: PLUGIN_REKOR_URL contradicts it",
        ),
        (
            &[
                ("PLUGIN_IMAGE", &format!("a@sha256:{}", "0".repeat(64))),
                ("PLUGIN_DIGEST", &format!("sha256:{}", "1".repeat(64))),
            ],
            "PLUGIN_DIGEST: digest is \"sha256:1",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_SOURCE", "svn")],
            "found \"svn\"",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_ANNOTATIONS", "hush")],
            "expected a map",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_FORMAT", "pgp")],
            "expected simple, bundle or both",
        ),
        (
            &[("PLUGIN_IMAGE", "a"), ("PLUGIN_PRIVAT_KEY", "hush")],
            "no setting of this plugin",
        ),
        (
            &[("PLUGIN_IMAGE", "[\"a\\n::warning::b\"]")],
            "PLUGIN_IMAGE: control characters",
        ),
        (
            &[("PLUGIN_PATH", "a\n::warning::b")],
            "PLUGIN_PATH: control characters",
        ),
        (
            &[
                ("PLUGIN_IMAGE", "a"),
                ("PLUGIN_ANNOTATIONS", "{\"a\":\"\\n\"}"),
            ],
            "PLUGIN_ANNOTATIONS: control characters",
        ),
    ] {
        let words = with(SIGN, settings).unwrap_err();
        assert!(
            words.contains(said) && !words.contains("hush"),
            "{settings:?}: {words}"
        );
    }
    let words = steps(&[("PLUGIN_IMAGE", "a"), ("PLUGIN_PRIVATE_KEY", "hush")]).unwrap_err();
    assert!(
        words.contains("neither a key in PEM") && !words.contains("hush"),
        "{words}"
    );
    let words = with(VERIFY, &[("PLUGIN_PATH", "a"), ("PLUGIN_REKOR_URL", "u")]).unwrap_err();
    assert!(words.contains("PLUGIN_REKOR_URL: PLUGIN_PATH"), "{words}");
}
