use std::time::Duration;

use proptest::prelude::*;

use super::read;
use crate::cli::step::model::{Artifact, Form, Image, Key, Sign, Step, Task, Verify};
use crate::cli::step::variables::{Environment, Variables};
use cosignet_host::registry::source::{Field, SourceKind};

/// The shape that the product's own documents show.
const PIPELINE: &str = r#"
pipeline:
  name: Release
  identifier: release
  stages:
    - stage:
        name: Build
        type: CI
        spec:
          cloneCodebase: true
          execution:
            steps:
              - step:
                  type: BuildAndPushDockerRegistry
                  name: Build
                  spec:
                    repo: <+input>
                    anything: [at, all]
              - step:
                  type: SscaArtifactSigning
                  name: Sign
                  identifier: sign
                  spec:
                    source:
                      type: docker
                      spec:
                        connector: account.hub
                        image: org/app:<+pipeline.sequenceId>
                    signing:
                      type: cosign
                      spec:
                        private_key: account.Cosign_Private_Key
                        password: <+secrets.getValue("account.Cosign_Password")>
                    uploadSignature:
                      upload: true
                  timeout: 15m
                  failureStrategies: []
                  when:
                    stageStatus: Success
    - parallel:
        - stage:
            name: Deploy
            type: Deployment
            spec:
              execution:
                steps:
                  - stepGroup:
                      name: before
                      steps:
                        - parallel:
                            - step:
                                type: SscaArtifactVerification
                                identifier: verify
                                spec:
                                  source:
                                    type: docker
                                    spec:
                                      connector: account.hub
                                      image: <+artifact.image>
                                  verifySign:
                                    type: cosign
                                    spec:
                                      public_key: account.cosign_public_key
                rollbackSteps:
                  - step:
                      type: SscaArtifactSigning
                      spec: never read
"#;

const KEY: &str = "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA";
const ALL: &[&str] = &[
    "pipeline.sequenceId=7",
    "artifact.image=r.example/org/app:7",
    "account.Cosign_Password=hush",
    "connector.account.hub.username=ada",
    "connector.account.hub.password=secret",
];

fn steps(text: &str, set: &[&str]) -> Result<Vec<Step>, String> {
    let environment = Environment::from([
        ("COSIGNET_SECRET_ACCOUNT_COSIGN_PRIVATE_KEY", KEY),
        (
            "COSIGNET_SECRET_ACCOUNT_COSIGN_PUBLIC_KEY",
            "-----BEGIN PUBLIC KEY-----\nAAAA",
        ),
    ]);
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    let variables = Variables::read(&set, &environment).unwrap();
    read(text, &variables).map_err(|fault| fault.to_string())
}

/// A signing step with this source, and `more` of its spec.
fn signing(source: &str, more: &str) -> String {
    format!(
        "type: SscaArtifactSigning\nspec:\n  source: {source}\n  signing: {{ type: cosign, spec: {{ \
         private_key: account.Cosign_Private_Key, password: account.Cosign_Password }} }}\n{more}"
    )
}

fn sign(text: &str) -> Sign {
    match steps(text, ALL).unwrap().remove(0).task {
        Task::Sign(sign) => sign,
        Task::Verify(_) => panic!("verifies"),
    }
}

fn verify(text: &str) -> Verify {
    match steps(text, ALL).unwrap().remove(0).task {
        Task::Verify(verify) => verify,
        Task::Sign(_) => panic!("signs"),
    }
}

fn artifact(source: &str) -> Artifact {
    steps(&signing(source, ""), ALL).unwrap().remove(0).artifact
}

fn image(source: &str) -> Image {
    match artifact(source) {
        Artifact::Image(image) => image,
        Artifact::File(_) => panic!("a file"),
    }
}

fn fails(text: &str) -> String {
    steps(text, ALL).unwrap_err()
}

#[test]
fn steps_are_found_wherever_a_pipeline_has_them() {
    let found = steps(PIPELINE, ALL).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].name.as_str(), found[1].name.as_str()),
        ("Sign", "verify")
    );
    assert_eq!(found[0].timeout, Some(Duration::from_secs(900)));
    let Task::Sign(sign) = &found[0].task else {
        panic!("{found:?}");
    };
    assert!(sign.attach && sign.form == Form::Simple && sign.log.url.is_none());
    assert_eq!(sign.password.as_ref().unwrap().bytes(), b"hush");
    assert!(matches!(&sign.key, Key::Given(key) if key.bytes() == KEY.as_bytes()));
    let Artifact::Image(image) = &found[0].artifact else {
        panic!("{sign:?}");
    };
    assert_eq!(
        (image.name.as_str(), image.place.kind),
        ("org/app:7", SourceKind::Docker)
    );
    assert!(image.access.credential.is_some());
    let Task::Verify(verify) = &found[1].task else {
        panic!("{found:?}");
    };
    assert!(verify.annotations.is_empty());
    assert_eq!(found[1].artifact.name(), "r.example/org/app:7");
    let shown = format!("{found:?}");
    assert!(
        !shown.contains("hush") && !shown.contains("secret\""),
        "{shown}"
    );
}

#[test]
fn a_step_or_a_list_of_steps_is_enough() {
    let one = signing("{ type: docker, spec: { image: a } }", "");
    assert_eq!(steps(&one, ALL).unwrap().len(), 1);
    let indented = one.replace('\n', "\n    ");
    for text in [
        format!("step:\n    {indented}"),
        format!("- step:\n    {indented}\n- step: {{ type: Run }}\n"),
        format!("steps:\n  - step:\n    {indented}\n").replace("  - step:\n    ", "  -\n    "),
        format!("- parallel:\n  - step:\n    {indented}\n").replace("  - step:\n    ", "  -\n    "),
    ] {
        assert_eq!(steps(&text, ALL).unwrap().len(), 1, "{text}");
    }
    for text in [
        "pipeline: {}\n",
        "- step: { type: Run }\n",
        "text\n",
        "a: b\n",
    ] {
        assert!(fails(text).starts_with("1:1: no step of type"), "{text}");
    }
    for text in [
        PIPELINE.replace("stepGroup", "stepGruop"),
        PIPELINE.replace("- parallel:", "- paralel:"),
        format!("template:\n    {indented}"),
        format!(
            "- step: {{ type: Run, spec:\n    {{ {} }} }}",
            "type: SscaArtifactSigning"
        ),
    ] {
        let words = fails(&text);
        assert!(
            words.contains("a step where none is run"),
            "{words}: {text}"
        );
    }
    assert_eq!(
        fails("pipeline:\n  stages: <+input>\n"),
        "2:11: pipeline.stages: expected a list, found text"
    );
}

#[test]
fn every_source_has_its_fields_in_every_spelling() {
    let told = |source: &str| {
        let image = image(source);
        let all = Field::ALL.map(|field| image.place.fields.get(field).map(ToOwned::to_owned));
        let all: Vec<String> = all.into_iter().flatten().collect();
        (image.name, image.place.kind, all.join(" "))
    };
    let expect = |name: &str, kind, all: &str| (name.to_owned(), kind, all.to_owned());
    let digest = format!("sha256:{}", "0".repeat(64));
    let ecr = format!(
        "{{ type: ecr, spec: {{ image: app:1, region: us-east-1, account: 012345678901, digest: '{digest}' }} }}"
    );
    let subscription = "0b1f6471-1bf0-4dda-aec3-cb9272f09590";
    let acr = format!(
        "{{ type: acr, spec: {{ repository: r.azurecr.io/app, subscriptionId: {subscription} }} }}"
    );
    for (source, expected) in [
        (
            ecr.as_str(),
            expect(
                "app:1",
                SourceKind::Ecr,
                &format!("us-east-1 012345678901 {digest}"),
            ),
        ),
        (
            "{ type: gcr, spec: { connector: g, host: gcr.io, projectID: my-project, imageName: app } }",
            expect("app", SourceKind::Gcr, "gcr.io my-project"),
        ),
        (
            "{ type: gar, spec: { connector: g, host: us-docker.pkg.dev, project_id: my-project, image: r/app } }",
            expect("r/app", SourceKind::Gar, "us-docker.pkg.dev my-project"),
        ),
        (
            &acr,
            expect("r.azurecr.io/app", SourceKind::Acr, subscription),
        ),
        (
            "{ type: ghcr, spec: { image: o/app } }",
            expect("o/app", SourceKind::Ghcr, ""),
        ),
        (
            "{ type: docker, spec: { image: app, host: r.example } }",
            expect("app", SourceKind::Docker, "r.example"),
        ),
        (
            "{ type: dockerhub, spec: { image: org/app } }",
            expect("org/app", SourceKind::DockerHub, ""),
        ),
        (
            "{ type: jfrog, spec: { image: team.jfrog.io/repo/app } }",
            expect("team.jfrog.io/repo/app", SourceKind::Jfrog, ""),
        ),
        (
            "{ type: quay, spec: { image: org/app } }",
            expect("org/app", SourceKind::Quay, ""),
        ),
        (
            "{ type: harbor, spec: { image: r.example/app } }",
            expect("r.example/app", SourceKind::Harbor, ""),
        ),
    ] {
        assert_eq!(told(source), expected, "{source}");
    }
}

#[test]
fn the_products_own_registry_has_the_account_in_its_path() {
    let text = signing(
        "{ type: har, spec: { registry: account.Prod, image: app:1 } }",
        "",
    );
    assert!(
        fails(&text).contains("COSIGNET_VARIABLE_ACCOUNT_IDENTIFIER"),
        "{}",
        fails(&text)
    );
    let set = [ALL, &["account.identifier=AbC"]].concat();
    let found = steps(&text, &set).unwrap();
    assert_eq!(found[0].artifact.name(), "abc/prod/app:1");
}

#[test]
fn connectors_are_a_credential_and_a_host() {
    let with = |set: &[&str], source: &str| -> Result<Image, String> {
        let set = [ALL, set].concat();
        let found = steps(&signing(source, ""), &set)?;
        match found.into_iter().next().map(|step| step.artifact) {
            Some(Artifact::Image(image)) => Ok(image),
            other => panic!("{other:?}"),
        }
    };
    let docker = "{ type: docker, spec: { connector: c, image: org/app } }";
    let plain = with(&[], docker).unwrap();
    assert!(plain.access.credential.is_none() && plain.place.fields.host.is_none());
    let hosted = with(&["connector.c.url=https://r.example/v2/"], docker).unwrap();
    assert_eq!(hosted.place.fields.host.as_deref(), Some("r.example"));
    let complete = "{ type: docker, spec: { connector: c, image: other.example/app } }";
    let complete = with(&["connector.c.url=https://r.example"], complete).unwrap();
    assert!(complete.place.fields.host.is_none(), "the name says it");
    let harbor = docker.replace("docker", "harbor");
    let nowhere = with(&[], &harbor).unwrap_err();
    assert!(
        nowhere.contains(
            "spec.source.spec: source harbor needs host, or its connector's url: the registry's host"
        ),
        "{nowhere}"
    );
    assert!(with(&["connector.c.url=https://r.example"], &harbor).is_ok());
    let odd = with(&["connector.c.url=https://a b/"], docker).unwrap_err();
    assert!(
        odd.contains("spec.source.spec.connector: source docker: host \"a b\": expected HOST"),
        "{odd}"
    );
    let half = with(&["connector.c.username=ada"], docker).unwrap_err();
    assert!(
        half.contains("no password") && half.contains("COSIGNET_CONNECTOR_C_PASSWORD"),
        "{half}"
    );
}

#[test]
fn connectors_ask_clouds() {
    let with = |set: &[&str], kind: &str| -> Result<Image, String> {
        let source = format!(
            "{{ type: {kind}, spec: {{ connector: aws, host: 123456789012.dkr.ecr.us-east-1.amazonaws.com, \
             image: app }} }}"
        );
        let found = steps(&signing(&source, ""), &[ALL, set].concat())?;
        match found.into_iter().next().map(|step| step.artifact) {
            Some(Artifact::Image(image)) => Ok(image),
            other => panic!("{other:?}"),
        }
    };
    let keys = [
        "connector.aws.access_key=AKIA",
        "connector.aws.secret_key=hush",
        "connector.aws.assume_role=arn",
    ];
    let image = with(&keys, "ecr").unwrap();
    assert!(image.access.login.is_some() && image.access.credential.is_none());
    assert!(!format!("{image:?}").contains("hush"));
    let half = with(&keys[..1], "ecr").unwrap_err();
    assert!(half.contains("COSIGNET_CONNECTOR_AWS_SECRET_KEY"), "{half}");
    let other = with(&keys, "docker").unwrap_err();
    assert!(
        other.contains(
            "spec.source.spec.connector: connector.aws.access_key: registries of source docker do not take it"
        ),
        "{other}"
    );
}

#[test]
fn keys_may_stay_in_a_secret_manager() {
    for (method, expected) in [
        (
            "cosign_with_secret_manager, spec: { connector: v, key: cosign }",
            "hashivault://cosign",
        ),
        (
            "secret-manager, spec: { connector: v, keyName: transit/cosign }",
            "hashivault://cosign",
        ),
        (
            "cosign, spec: { connector: v, key: 'awskms:///alias/k' }",
            "awskms:///alias/k",
        ),
    ] {
        let text = format!(
            "type: SscaArtifactSigning\nspec:\n  source: {{ type: docker, spec: {{ image: a }} }}\n  \
             signing: {{ type: {method} }}\n"
        );
        let signed = sign(&text);
        assert!(
            matches!(&signed.key, Key::Named(name) if name == expected),
            "{signed:?}"
        );
        assert!(signed.password.is_none());
        let text = text
            .replace("signing:", "verifySign:")
            .replace("Signing", "Verification");
        let verified = verify(&text);
        assert!(matches!(&verified.keys[..], [Key::Named(name)] if name == expected));
    }
}

/// What cannot run without a Vault is at least read.
#[test]
fn the_example_with_vault_is_read() {
    let text = include_str!("../../../../examples/vault.yaml");
    let found = steps(text, ALL).unwrap();
    assert_eq!(found.len(), 4);
    for step in &found {
        let (keys, store) = match &step.task {
            Task::Sign(sign) => (std::slice::from_ref(&sign.key), &sign.keep.store),
            Task::Verify(verify) => (verify.keys.as_slice(), &verify.keep.store),
        };
        assert!(matches!(keys, [Key::Named(name)] if name == "hashivault://cosign"));
        assert_eq!(store.as_deref(), Some("cosignet.db"));
    }
}

#[test]
fn what_is_cosignets_own_is_read() {
    let more = "  annotations: { env: prod, n: 012 }\n  format: both\n  store: s.db\n  signatureFolder: out\n  \
                rekor: { url: 'https://log', publicKey: log.pub, trustedRoot: r.json, publicGood: true }\n";
    let sign = sign(&signing("{ type: docker, spec: { image: a } }", more));
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(sign.annotations, [pair("env", "prod"), pair("n", "012")]);
    assert_eq!(sign.form, Form::Both);
    assert_eq!(
        (sign.keep.store.as_deref(), sign.keep.folder()),
        (Some("s.db"), "out")
    );
    assert_eq!(sign.log.url.as_deref(), Some("https://log"));
    assert_eq!(sign.log.key.as_deref(), Some("log.pub"));
    assert!(sign.log.public_good && !sign.log.air_gap && !sign.attach);
}

#[test]
fn files_of_the_workspace_are_artifacts() {
    let source = "{ type: local, spec: { workspace: target/app.jar, type: manual, artifact_name: app, version: 1.0 } }";
    let Artifact::File(file) = artifact(source) else {
        panic!("an image");
    };
    assert_eq!(file.path, "target/app.jar");
    assert_eq!(
        (file.name.as_deref(), file.version.as_deref()),
        (Some("app"), Some("1.0"))
    );
    for (spec, said) in [
        (
            "workspace: a, type: manual, version: 1",
            "artifact_name is missing",
        ),
        (
            "workspace: a, type: manual, artifact_name: b",
            "version is missing",
        ),
        ("workspace: a, type: auto, version: 1", "say type: manual"),
        (
            "workspace: a, type: guess",
            "expected auto or manual, found \"guess\"",
        ),
        (
            "workspace: a, artifact_type: elf",
            "expected helm, yaml, jar, war, unknown",
        ),
        ("workspace: '-'", "expected the path of a file"),
    ] {
        let words = fails(&signing(
            &format!("{{ type: local, spec: {{ {spec} }} }}"),
            "",
        ));
        assert!(words.contains(said), "{spec}: {words}");
    }
    let source = "{ type: local, spec: { workspace: a } }";
    for more in [
        "  uploadSignature: { upload: true }\n",
        "  annotations: { a: b }\n",
        "  format: both\n",
    ] {
        steps(&signing(source, more), ALL).unwrap_err();
    }
    assert!(
        steps(
            &signing(source, "  uploadSignature: { upload: false }\n"),
            ALL
        )
        .is_ok()
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let [named, other] = ["0", "1"].map(|digit| format!("sha256:{}", digit.repeat(64)));
    let docker = "{ type: docker, spec: { image: a } }";
    for (text, at, expected) in [
        (
            signing("{ type: docker, spec: { image: a, regoin: b } }", ""),
            "regoin: b", "spec.source.spec: unknown field \"regoin\": expected one of connector, image, digest, host",
        ),
        (
            signing("{ type: docker, spec: { connector: c } }", ""),
            "{ connector: c }", "spec.source.spec: image is missing",
        ),
        (
            signing("{ type: ecr, spec: { image: a, region: us-east-1, account: 12 } }", ""),
            "12 } }", "spec.source.spec.account: source ecr: account \"12\": expected twelve digits",
        ),
        (
            signing("{ type: gcr, spec: { image: a, host: r.io, projectID: my-project } }", ""),
            "r.io", "spec.source.spec.host: source gcr: host \"r.io\": expected gcr.io, us.gcr.io, eu.gcr.io or \
             asia.gcr.io",
        ),
        (
            signing("{ type: ghcr, spec: { image: r.io/a } }", ""),
            "r.io", "spec.source.spec.image: source ghcr: image \"r.io/a\": expected IMAGE or ghcr.io/IMAGE",
        ),
        (
            signing("{ type: ecr, spec: { image: a, region: b } }", ""),
            "{ image: a, region", "spec.source.spec: source ecr needs account: twelve digits",
        ),
        (
            signing("{ type: docker, spec: { image: [a] } }", ""),
            "[a]", "spec.source.spec.image: expected text, found a list",
        ),
        (
            signing("{ type: docker, spec: { image: } }", ""),
            ": } }", "spec.source.spec.image: expected text, found nothing",
        ),
        (
            signing("{ type: gar, spec: { host: h, projectID: p, project: q, image: i } }", ""),
            "project: q", "spec.source.spec: projectID and project are two spellings of one field: keep one",
        ),
        (
            signing("{ type: svn, spec: {} }", ""),
            "svn", "spec.source.type: expected local, dockerhub, docker, ecr, gcr, gar, acr, har, jfrog, ghcr, \
             quay, harbor, found \"svn\"",
        ),
        (
            signing("{ type: docker, spec: { image: <+nowhere> } }", ""),
            "<+nowhere>", "spec.source.spec.image: <+nowhere> stands for nothing: say --set 'nowhere=…', or set \
             COSIGNET_VARIABLE_NOWHERE",
        ),
        (
            signing("{ type: docker, spec: { image: '<+secrets.getValue(\"account.Cosign_Password\")>' } }", ""),
            "'<+secrets", "spec.source.spec.image: a secret stands where it would be shown: expected text or a variable",
        ),
        (
            signing("{ type: docker, spec: { image: a, digest: 'sha256:1' } }", ""),
            "'sha256:1'", "spec.source.spec.digest: source docker: digest \"sha256:1\": expected sha256: and 64 \
             lower-case hexadecimal digits",
        ),
        (
            signing(&format!("{{ type: docker, spec: {{ image: 'a@{named}', digest: '{other}' }} }}"), ""),
            "'sha256:1", &format!("spec.source.spec.digest: digest is \"{other}\", but the image is \"a@{named}\": \
             leave one of them out"),
        ),
        (
            signing(docker, "  uploadSignature: { upload: maybe }\n"),
            "maybe", "spec.uploadSignature.upload: expected true or false, found \"maybe\"",
        ),
        (
            signing(docker, "  airGap: true\n  rekor: { url: 'http://log' }\n"),
            "{ url: 'http", "spec.rekor: airGap and rekor.url contradict each other: leave one out",
        ),
        (
            signing(docker, "  format: pgp\n"),
            "pgp", "spec.format: expected simple, bundle or both, found \"pgp\"",
        ),
        (
            signing(docker, "when: { stageStatus: All }\n"),
            "{ stageStatus", "when: conditions are not evaluated here, but for stageStatus: Success: leave it out",
        ),
        (
            signing(docker, "strategy: { repeat: 2 }\n"),
            "{ repeat", "strategy: not evaluated here: leave it out, or run this step where it is",
        ),
        (
            signing(docker, "timeout: soon\n"),
            "soon", "timeout: expected a time such as 10m, found \"soon\"",
        ),
        (
            signing(docker, "").replace("type: cosign,", "type: keyless,"),
            "keyless", "spec.signing.type: signing without a key is not done here: say cosign or \
             cosign_with_secret_manager",
        ),
        (
            signing(docker, "").replace("account.Cosign_Private_Key", "account.other"),
            "account.other", "spec.signing.spec.private_key: expected the name of a secret, and there is none of this \
             name: say --set 'NAME=@FILE', or set COSIGNET_SECRET_NAME",
        ),
        (
            signing(docker, "").replace("account.Cosign_Private_Key", "'<+secrets.getValue(\"a.b\")>'"),
            "'<+secrets", "spec.signing.spec.private_key: there is no secret \"a.b\": say --set 'a.b=@FILE', or set \
             COSIGNET_SECRET_A_B",
        ),
        (
            signing("{ type: docker, spec: { image: \"a\\n::warning::b\" } }", ""),
            "\"a\\n", "spec.source.spec.image: control characters: expected text in a line",
        ),
        (
            "type: SscaArtifactSigning\n".into(),
            "type: Ssca", "spec is missing",
        ),
        (
            "type: SscaArtifactSigning\ntype: Run\n".into(),
            "type: Run", "the key \"type\" stands here a second time",
        ),
        (
            "type: SscaArtifactVerification\nspec:\n  source: { type: local, spec: { workspace: a } }\n  \
             verifySign: { type: cosign, spec: { public_key: account.cosign_public_key } }\n  rekor: { url: u }\n"
                .into(),
            "source: {", "spec: a file is verified by the log entry that is kept with its signature, and no log is \
             asked: leave rekor.url out",
        ),
    ] {
        let before = text.split_once(at).unwrap_or_else(|| panic!("{at}: {text}")).0;
        let line = before.lines().count().max(1) + usize::from(before.ends_with('\n'));
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!(fails(&text), format!("{line}:{column}: {expected}"), "{text}");
    }
}

#[test]
fn a_secret_that_is_no_key_is_not_repeated() {
    let text = signing("{ type: docker, spec: { image: a } }", "");
    let text = text.replace("account.Cosign_Private_Key", "account.Cosign_Password");
    let words = fails(&text);
    assert!(
        words.contains("neither a key in PEM") && !words.contains("hush"),
        "{words}"
    );
}

/// Pieces of pipelines, joined at random.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "pipeline:",
        "stages:",
        "- stage:",
        "spec:",
        "execution:",
        "steps:",
        "- step:",
        "type: SscaArtifactSigning",
        "source:",
        "type: docker",
        "image: a",
        "signing:",
        "type: cosign",
        "private_key: k",
        "\n",
        "  ",
        "    ",
        "- ",
        ": ",
        "{",
        "}",
        "[",
        "]",
        "<+a>",
        "'",
        "\"",
        "&a",
        "*a",
        "!t",
        "|\n",
        "# c",
        "~",
        "é",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_pipeline_makes_it_panic(text in pieces()) {
        let _ = steps(&text, ALL);
    }

    #[test]
    fn no_cut_makes_it_panic(end in 0..PIPELINE.len(), junk in "[ :\\-\n<>+a]{0,4}") {
        let cut = PIPELINE.get(..end).unwrap_or_default();
        let _ = steps(&format!("{cut}{junk}"), ALL);
    }
}
