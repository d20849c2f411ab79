use super::*;
use crate::cli::lent::Access;
use crate::cli::step::model::Keep;
use cosignet_host::registry::Credential;
use cosignet_host::registry::login::{CloudLogin, GoogleLogin, LoginSecret};
use cosignet_host::registry::source::{Fields, SourceKind};

fn image(name: &str) -> Image {
    Image {
        name: name.into(),
        place: Place {
            kind: SourceKind::Docker,
            fields: Fields::default(),
        },
        access: Box::default(),
        allow_http: false,
    }
}

fn a() -> Artifact {
    Artifact::Image(image("a"))
}

fn to_sign() -> Sign {
    Sign {
        key: Key::Named("env://KEY".into()),
        password: None,
        attach: true,
        form: Form::Simple,
        annotations: Vec::new(),
        log: Log::default(),
        keep: Keep {
            store: None,
            folder: None,
        },
    }
}

fn to_verify() -> Verify {
    Verify {
        keys: vec![Key::Named("env://KEY".into())],
        annotations: Vec::new(),
        log: Log::default(),
        keep: to_sign().keep,
    }
}

fn files() -> Files {
    Files {
        signature: "S".into(),
        payload: "P".into(),
        bundle: "B".into(),
    }
}

fn line(command: &Command) -> String {
    let arguments = command.arguments.iter();
    let arguments = arguments.map(|argument| argument.to_str().unwrap());
    arguments.collect::<Vec<_>>().join(" ")
}

fn signs(artifact: &Artifact, task: &Sign) -> String {
    line(&sign(artifact, task, &files()))
}

fn verifies(artifact: &Artifact, task: &Verify) -> String {
    line(&verify(artifact, task, None, "R"))
}

const SIGN: &str = "sign --key=env://KEY --output-signature=S --bundle=B --format=simple --upload=true \
                    --output-payload=P --source=docker --";

#[test]
fn an_image_is_signed_and_verified_by_its_name() {
    let app = Artifact::Image(image("r.example/app"));
    assert_eq!(signs(&app, &to_sign()), format!("{SIGN} r.example/app"));
    assert_eq!(
        verifies(&app, &to_verify()),
        "verify --key=env://KEY --output-report=R --source=docker -- r.example/app"
    );
    assert_eq!(
        line(&verify(&app, &to_verify(), Some(&files()), "R")),
        "verify --key=env://KEY --output-report=R --bundle=B --payload=P --source=docker -- r.example/app"
    );
}

#[test]
fn each_field_of_a_place_has_its_flag() {
    let fields = Fields {
        region: Some("r".into()),
        account_id: Some("01".into()),
        host: Some("h".into()),
        project_id: Some("p".into()),
        subscription_id: Some("s".into()),
        digest: Some("sha256:0".into()),
    };
    for kind in SourceKind::ALL {
        let place = Place {
            kind,
            fields: fields.clone(),
        };
        let image = Image {
            place,
            ..image("app:1")
        };
        let expected = format!(
            "--source={kind} --region=r --account-id=01 --registry-host=h --project-id=p --subscription-id=s \
             --digest=sha256:0 -- app:1"
        );
        let line = signs(&Artifact::Image(image), &to_sign());
        assert!(line.ends_with(&expected), "{line}");
    }
}

#[test]
fn secrets_are_lent_and_stand_in_no_argument() {
    let key = Key::Given(Secret::new("hush"));
    let access = Access {
        credential: Some(Credential::basic("ada", "hush")),
        login: Some(CloudLogin::Google(GoogleLogin::Credentials(
            LoginSecret::new("hush"),
        ))),
        config: Some(Secret::new("hush")),
    }
    .into();
    let artifact = Artifact::Image(Image {
        access,
        ..image("a")
    });
    let task = Sign {
        key: key.clone(),
        password: Some(Secret::new("hush")),
        ..to_sign()
    };
    let command = sign(&artifact, &task, &files());
    assert!(line(&command).contains("--key=lent://0 ") && !line(&command).contains("hush"));
    assert_eq!(command.lent.password.unwrap().bytes(), b"hush");
    let access = command.lent.access;
    assert!(access.credential.is_some() && access.login.is_some() && access.config.is_some());
    // Nobody is asked for a password that was not said.
    let command = sign(&artifact, &to_sign(), &files());
    assert_eq!(command.lent.password.unwrap().bytes(), b"");
    let task = Verify {
        keys: vec![key.clone(), key, Key::Named("hashivault://k".into())],
        ..to_verify()
    };
    assert!(
        verifies(&artifact, &task).contains("--key=lent://0 --key=lent://1 --key=hashivault://k ")
    );
}

#[test]
fn logs_are_named_or_silent() {
    let named = Log {
        air_gap: false,
        url: Some("https://log".into()),
        key: Some("k".into()),
        trusted_root: Some("t".into()),
        public_good: true,
    };
    let trusted = "--rekor-key=k --trusted-root=t --rekor-public-good";
    for (log, signed, verified) in [
        (Log::default(), String::new(), String::new()),
        (
            named.clone(),
            format!("--rekor-url=https://log {trusted} "),
            format!("{trusted} --output-report=R --rekor-url=https://log "),
        ),
        (
            Log {
                air_gap: true,
                ..named
            },
            format!("--air-gap {trusted} "),
            format!("{trusted} --output-report=R --air-gap "),
        ),
    ] {
        let task = Sign {
            log: log.clone(),
            ..to_sign()
        };
        assert!(
            signs(&a(), &task).contains(&format!("--key=env://KEY {signed}--output-signature"))
        );
        let task = Verify { log, ..to_verify() };
        let verified = match verified.as_str() {
            "" => "--output-report=R ".to_owned(),
            _ => verified,
        };
        assert_eq!(
            verifies(&a(), &task),
            format!("verify --key=env://KEY {verified}--source=docker -- a")
        );
    }
}

#[test]
fn forms_claims_and_the_store_are_handed_on() {
    let store = Keep {
        store: Some("s.db".into()),
        folder: None,
    };
    let task = Sign {
        form: Form::Both,
        attach: false,
        annotations: vec![("env".into(), "a, \"b\"".into())],
        ..to_sign()
    };
    let line = signs(&a(), &task);
    assert!(
        line.contains("--format=simple --upload=false"),
        "files hold simple signing: {line}"
    );
    assert!(
        line.contains("--annotations=\"env=a, \"\"b\"\"\""),
        "{line}"
    );
    let task = Sign {
        keep: store.clone(),
        ..task
    };
    assert!(signs(&a(), &task).contains("--store=s.db --format=both --upload=false"));
    let task = Verify {
        keep: store,
        annotations: vec![("env".into(), "prod".into())],
        ..to_verify()
    };
    assert!(verifies(&a(), &task).contains("--store=s.db --annotations=\"env=prod\""));
}

#[test]
fn files_are_signed_and_verified_as_blobs() {
    let file = Artifact::File(File {
        path: "-odd name.jar".into(),
        kind: Some("jar".into()),
        name: Some("odd".into()),
        version: Some("1".into()),
    });
    let task = to_sign();
    let expected = "sign-blob --key=env://KEY --output-signature=S --bundle=B";
    assert_eq!(signs(&file, &task), format!("{expected} -- -odd name.jar"));
    let described = "--artifact-type=jar --artifact-name=odd --artifact-version=1 -- -odd name.jar";
    let task = Sign {
        keep: Keep {
            store: Some("s.db".into()),
            folder: None,
        },
        ..task
    };
    assert_eq!(
        signs(&file, &task),
        format!("{expected} --store=s.db {described}")
    );
    assert_eq!(
        line(&verify(&file, &to_verify(), Some(&files()), "R")),
        format!("verify-blob --key=env://KEY --output-report=R --bundle=B {described}")
    );
}

/// Every flag that this build has is one that the command line takes.
#[test]
fn the_command_line_takes_what_it_is_given() {
    use clap::Parser as _;
    let takes = |command: Command| {
        let line = [vec!["cosignet".into()], command.arguments].concat();
        crate::cli::Arguments::try_parse_from(line)
            .map(|_| ())
            .unwrap();
    };
    let log = Log {
        air_gap: true,
        url: None,
        key: Some("k".into()),
        trusted_root: Some("t".into()),
        public_good: true,
    };
    let image = Image {
        allow_http: true,
        ..image("a")
    };
    for artifact in [Artifact::Image(image), Artifact::File(File::default())] {
        let task = Sign {
            log: log.clone(),
            ..to_sign()
        };
        takes(sign(&artifact, &task, &files()));
        let task = Verify {
            log: log.clone(),
            ..to_verify()
        };
        takes(verify(&artifact, &task, Some(&files()), "R"));
    }
}
