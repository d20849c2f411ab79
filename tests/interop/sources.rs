//! Steps and plugins against registries of every kind by their real names, over TLS: the unchanged program,
//! a real registry behind each name, and the clouds' own logins with what connectors and settings say.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::htpasswd;
use crate::internet::{Asked, Internet, Route};
use crate::keys::{Algorithm, KeyPair};
use crate::lab::{Lab, PASSWORD};
use crate::logins::CI;
use crate::moto::{ACCOUNT, Moto};
use crate::outcome::Outcome;
use crate::registry::Registry;
use crate::token_service::{IDENTITY_TOKEN, TokenService, WRITER, form};
use crate::tool::Tool;
use crate::{amazon, google, logins};

const ECR: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
const GAR: &str = "us-docker.pkg.dev";
const ACR: &str = "team.azurecr.io";
const HARBOR: &str = "harbor.corp.example";
const JFROG: &str = "team.jfrog.io";
const OWN: &str = "registry.corp.example";
/// A service account's key, as far as a registry that knows it by its text looks at it.
const JSON_KEY: &str = r#"{"type":"service_account"}"#;
/// Its user, and this key in bcrypt.
const JSON_KEY_HTPASSWD: &str =
    "_json_key:$2b$04$abcdefghijklmnopqrstuuDt9JS4PYLFE1243a4ylPkU5J7EJhfP.\n";

/// Those that let in by a user and a password, or by a token that these are good for.
#[test]
fn every_kind_of_registry_takes_a_password() {
    let lab = Lab::new();
    let service = TokenService::start(&lab);
    let [hub, ghcr] = [
        service.registry_with_realm("https://auth.docker.io/token"),
        service.registry_with_realm("https://ghcr.io/token"),
    ];
    let plain = htpasswd::registry(logins::HTPASSWD);
    let world = World::new(
        lab,
        vec![
            Route::server("registry-1.docker.io", "/", &hub.host),
            Route::server(
                "auth.docker.io",
                "/token",
                &service.url.replace("/token", ""),
            ),
            Route::server("ghcr.io", "/token", &service.url.replace("/token", "")),
            Route::server("ghcr.io", "/", &ghcr.host),
            Route::server("quay.io", "/", &plain.host),
            Route::server(HARBOR, "/", &plain.host),
            Route::server("pkg.harness.io", "/", &plain.host),
            Route::server(JFROG, "/", &plain.host),
            Route::server(OWN, "/", &plain.host),
        ],
    );
    let harbor = format!("image: {HARBOR}/team/app");
    for (kind, spec, who, more, place) in [
        (
            "docker",
            "image: team/app",
            WRITER,
            &[][..],
            "registry-1.docker.io/v2/team/app",
        ),
        (
            "dockerhub",
            "image: app",
            WRITER,
            &[],
            "registry-1.docker.io/v2/library/app",
        ),
        (
            "ghcr",
            "image: team/app",
            WRITER,
            &[],
            "ghcr.io/v2/team/app",
        ),
        ("quay", "image: team/app", CI, &[], "quay.io/v2/team/app"),
        (
            "harbor",
            &harbor,
            CI,
            &[],
            "harbor.corp.example/v2/team/app",
        ),
        (
            "har",
            "image: app, registry: account.Prod",
            CI,
            &[("COSIGNET_VARIABLE_ACCOUNT_IDENTIFIER", "AbC")],
            "pkg.harness.io/v2/abc/prod/app",
        ),
        (
            "jfrog",
            "image: docker-local/app",
            CI,
            &[(
                "COSIGNET_CONNECTOR_REG_URL",
                "https://team.jfrog.io/artifactory",
            )],
            "team.jfrog.io/v2/docker-local/app",
        ),
        (
            "docker",
            "image: team/own",
            CI,
            &[(
                "COSIGNET_CONNECTOR_REG_URL",
                "https://registry.corp.example/v2/",
            )],
            "registry.corp.example/v2/team/own",
        ),
    ] {
        let (name, password) = who;
        let connector = [
            ("COSIGNET_CONNECTOR_REG_USERNAME", name),
            ("COSIGNET_CONNECTOR_REG_PASSWORD", password),
        ];
        world
            .step(kind, spec, &[&connector, more].concat())
            .succeeds();
        world.has_signed(place);
        let wrong = [connector[0], ("COSIGNET_CONNECTOR_REG_PASSWORD", "wrong")];
        world.step(kind, spec, &[&wrong, more].concat()).fails();
        world.internet.requests();
    }
    for (kind, image, registry, (name, password), place) in [
        (
            "dockerhub",
            "app",
            "",
            WRITER,
            "registry-1.docker.io/v2/library/app",
        ),
        (
            "ghcr",
            "ghcr.io/team/app",
            "ghcr.io",
            WRITER,
            "ghcr.io/v2/team/app",
        ),
        ("quay", "team/app", "", CI, "quay.io/v2/team/app"),
        (
            "harbor",
            "team/app",
            HARBOR,
            CI,
            "harbor.corp.example/v2/team/app",
        ),
        (
            "har",
            "abc/prod/app",
            "",
            CI,
            "pkg.harness.io/v2/abc/prod/app",
        ),
        (
            "jfrog",
            "docker-local/app",
            JFROG,
            CI,
            "team.jfrog.io/v2/docker-local/app",
        ),
        (
            "docker",
            "team/own",
            "https://registry.corp.example/v2/",
            CI,
            "registry.corp.example/v2/team/own",
        ),
    ] {
        let settings = [
            ("PLUGIN_SOURCE", kind),
            ("PLUGIN_IMAGE", image),
            ("PLUGIN_REGISTRY", registry),
            ("PLUGIN_USERNAME", name),
            ("PLUGIN_PASSWORD", password),
        ];
        world.plugin(&settings);
        world.has_signed(place);
    }
    // What `docker login` has written, as text.
    let config = json!({ "auths": { OWN: { "username": CI.0, "password": CI.1 } } }).to_string();
    let image = format!("{OWN}/team/own");
    world.plugin(&[("PLUGIN_IMAGE", &image), ("PLUGIN_CONFIG", &config)]);
    world.has_signed("registry.corp.example/v2/team/own");
}

#[test]
fn ecr_by_keys_and_by_a_role_with_an_external_id() {
    // A user, a role.
    let moto = Moto::start(5);
    let registry = htpasswd::registry(amazon::HTPASSWD);
    let world = World::of_amazon(&moto, &registry);
    let (keys, role) = (moto.user(), moto.role());
    let spec = format!("image: team/app, region: us-east-1, account: {ACCOUNT}");
    let connector = [
        ("COSIGNET_CONNECTOR_REG_ACCESS_KEY", &*keys.id),
        ("COSIGNET_CONNECTOR_REG_SECRET_KEY", &keys.secret),
    ];
    world.step("ecr", &spec, &connector).succeeds();
    world.has_signed(&format!("{ECR}/v2/team/app"));
    // A key of the environment's is another's.
    let other = [
        ("AWS_ACCESS_KEY_ID", "AKIAOTHER"),
        ("AWS_SECRET_ACCESS_KEY", "other"),
    ];
    let taken = [
        ("COSIGNET_CONNECTOR_REG_ASSUME_ROLE", &*role),
        ("COSIGNET_CONNECTOR_REG_EXTERNAL_ID", "ours"),
    ];
    let all = [&connector[..], &taken, &other].concat();
    world.step("ecr", &spec, &all).succeeds();
    world.has_taken(&role, &keys.id);

    let settings = [
        ("PLUGIN_SOURCE", "ecr"),
        ("PLUGIN_REGISTRY", ECR),
        ("PLUGIN_REPO", "team/app"),
        ("PLUGIN_ACCESS_KEY", &keys.id),
        ("PLUGIN_SECRET_KEY", &keys.secret),
    ];
    world.plugin(&settings);
    world.has_signed(&format!("{ECR}/v2/team/app"));
    let taken = [
        ("PLUGIN_ASSUME_ROLE", &*role),
        ("PLUGIN_EXTERNAL_ID", "ours"),
    ];
    world.plugin(&[&settings[..], &taken, &other].concat());
    world.has_taken(&role, &keys.id);

    // A wrong secret, and half of a key.
    let wrong: String = keys.secret.chars().rev().collect();
    let settings = [
        settings[0],
        settings[1],
        settings[2],
        settings[3],
        ("PLUGIN_SECRET_KEY", &wrong),
    ];
    let refused = world.sign(&settings).fails();
    assert!(
        refused.stderr.contains("SignatureDoesNotMatch"),
        "{}",
        refused.stderr
    );
    world.internet.requests();
    let half = world.sign(&settings[..4]).fails();
    assert!(
        half.stderr.contains("PLUGIN_SECRET_KEY: missing"),
        "{}",
        half.stderr
    );
    assert_eq!(world.internet.requests().len(), 0);
}

#[test]
fn ecr_by_the_runners_token() {
    // A role, the one action that nobody signs, taking it, twice, and what is signed in between.
    let moto = Moto::start(5);
    let registry = htpasswd::registry(amazon::HTPASSWD);
    let world = World::of_amazon(&moto, &registry);
    let role = moto.role();
    world.plugin(&[
        ("PLUGIN_SOURCE", "ecr"),
        ("PLUGIN_REGION", "us-east-1"),
        ("PLUGIN_ACCOUNT_ID", ACCOUNT),
        ("PLUGIN_IMAGE", "team/app"),
        ("PLUGIN_ASSUME_ROLE", &role),
        ("PLUGIN_OIDC_TOKEN_ID", "a.b.c"),
    ]);
    let requests = world.internet.requests();
    assert!(
        requests
            .iter()
            .any(|asked| asked.body.contains("WebIdentityToken=a.b.c"))
    );
}

#[test]
fn google_by_a_key_and_by_the_runners_token() {
    let lab = Lab::new();
    let registry = htpasswd::registry(&[google::HTPASSWD, JSON_KEY_HTPASSWD].concat());
    let email = "ci@my-project.iam.gserviceaccount.com";
    let world = World::new(
        lab,
        vec![
            Route::server(GAR, "/", &registry.host),
            Route::server("gcr.io", "/", &registry.host),
            Route::script("oauth2.googleapis.com", "/token", |asked| {
                match asked.body.contains("assertion=ey") {
                    true => (
                        200,
                        json!({ "access_token": "access-token", "expires_in": 3599 }),
                    ),
                    false => (400, json!({ "error": "invalid_grant" })),
                }
            }),
            Route::script("sts.googleapis.com", "/v1/token", |asked| {
                let is = |name: &str, value: &str| {
                    form(&asked.body).contains(&(name.into(), value.into()))
                };
                let audience = "//iam.googleapis.com/projects/7/locations/global/\
                                workloadIdentityPools/ci/providers/runner";
                match is("subject_token", "job.token") && is("audience", audience) {
                    true => (
                        200,
                        json!({ "access_token": "federal", "expires_in": 3599 }),
                    ),
                    false => (400, json!({ "error": "invalid_grant" })),
                }
            }),
            Route::script("iamcredentials.googleapis.com", "/v1", move |asked| {
                let path = format!("/v1/projects/-/serviceAccounts/{email}:generateAccessToken");
                match asked.line.ends_with(&path)
                    && asked.header("authorization") == "Bearer federal"
                {
                    true => (
                        200,
                        json!({ "accessToken": "access-token", "expireTime": "2099-01-02T03:04:05Z" }),
                    ),
                    false => (403, json!({ "error": "denied" })),
                }
            }),
        ],
    );
    let gar = format!("image: repo/app, host: {GAR}, projectID: my-project");
    let gcr = "imageName: app, host: gcr.io, projectID: my-project";
    let key = [("COSIGNET_CONNECTOR_REG_JSON_KEY", JSON_KEY)];
    world.step("gcr", gcr, &key).succeeds();
    world.has_signed("gcr.io/v2/my-project/app");
    world.step("gar", &gar, &key).succeeds();
    world.has_signed("us-docker.pkg.dev/v2/my-project/repo/app");
    let federation = [
        ("COSIGNET_CONNECTOR_REG_OIDC_TOKEN_ID", "job.token"),
        ("COSIGNET_CONNECTOR_REG_PROJECT_NUMBER", "7"),
        ("COSIGNET_CONNECTOR_REG_POOL_ID", "ci"),
        ("COSIGNET_CONNECTOR_REG_PROVIDER_ID", "runner"),
        ("COSIGNET_CONNECTOR_REG_SERVICE_ACCOUNT_EMAIL", email),
    ];
    world.step("gar", &gar, &federation).succeeds();
    world.has_asked("POST https://sts.googleapis.com/v1/token");

    let image = [
        ("PLUGIN_SOURCE", "gar"),
        ("PLUGIN_LOCATION", "us"),
        ("PLUGIN_PROJECT_ID", "my-project"),
        ("PLUGIN_IMAGE", "repo/app"),
    ];
    world.plugin(&[&image[..], &[("PLUGIN_JSON_KEY", JSON_KEY)]].concat());
    world.has_signed("us-docker.pkg.dev/v2/my-project/repo/app");
    let private = world.lab.private_key(Algorithm::Rsa2048);
    let account = json!({
        "type": "service_account",
        "client_email": email,
        "private_key": fs::read_to_string(private).expect("a key"),
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    let account = STANDARD.encode(account.to_string());
    let asks = [
        ("PLUGIN_JSON_KEY", account.as_str()),
        ("PLUGIN_WORKLOAD_IDENTITY", "true"),
    ];
    world.plugin(&[&image[..], &asks].concat());
    world.has_asked("POST https://oauth2.googleapis.com/token");
    let federation = [
        ("PLUGIN_OIDC_TOKEN_ID", "job.token"),
        ("PLUGIN_PROJECT_NUMBER", "7"),
        ("PLUGIN_POOL_ID", "ci"),
        ("PLUGIN_PROVIDER_ID", "runner"),
        ("PLUGIN_SERVICE_ACCOUNT_EMAIL", email),
    ];
    world.plugin(&[&image[..], &federation].concat());
    world.has_asked("POST https://sts.googleapis.com/v1/token");
    let less = world.sign(&[&image[..], &federation[..4]].concat()).fails();
    let said = "PLUGIN_SERVICE_ACCOUNT_EMAIL: missing";
    assert!(less.stderr.contains(said), "{}", less.stderr);
}

/// The directory and the exchange as Azure documents them; the registry is a real one behind the tokens.
#[test]
fn acr_by_a_service_principal() {
    let lab = Lab::new();
    let service = TokenService::start(&lab);
    let registry = service.registry_with_realm("https://team.azurecr.io/oauth2/token");
    let directory = |asked: &Asked| {
        let is = |name: &str, value: &str| form(&asked.body).contains(&(name.into(), value.into()));
        let proves = is("client_secret", "its secret")
            || is("client_assertion", "job.token")
            || form(&asked.body)
                .iter()
                .any(|(name, value)| name == "client_assertion" && is_signed(value));
        match is("client_id", "app") && proves {
            true => (
                200,
                json!({ "access_token": "directory", "expires_in": 3599 }),
            ),
            false => (401, json!({ "error": "invalid_client" })),
        }
    };
    let exchange = |asked: &Asked| {
        let is = |name: &str, value: &str| form(&asked.body).contains(&(name.into(), value.into()));
        match is("access_token", "directory") && is("service", ACR) && is("tenant", "corp.example")
        {
            true => (200, json!({ "refresh_token": IDENTITY_TOKEN })),
            false => (401, Value::Null),
        }
    };
    let world = World::new(
        lab,
        vec![
            Route::script(
                "login.microsoftonline.com",
                "/corp.example/oauth2/v2.0/token",
                directory,
            ),
            Route::script(ACR, "/oauth2/exchange", exchange),
            Route::server(ACR, "/oauth2/token", &service.url.replace("/token", "")),
            Route::server(ACR, "/", &registry.host),
        ],
    );
    let spec = format!("image: {ACR}/app");
    for proof in [
        ("COSIGNET_CONNECTOR_REG_CLIENT_SECRET", "its secret"),
        ("COSIGNET_CONNECTOR_REG_OIDC_TOKEN_ID", "job.token"),
    ] {
        let connector = [
            ("COSIGNET_CONNECTOR_REG_TENANT_ID", "corp.example"),
            ("COSIGNET_CONNECTOR_REG_CLIENT_ID", "app"),
            proof,
        ];
        world.step("acr", &spec, &connector).succeeds();
        world.has_signed("team.azurecr.io/v2/app");
    }
    let key = world.lab.private_key(Algorithm::Rsa2048);
    let certificate = world.lab.path();
    let config = world.lab.file("[req]\ndistinguished_name = name\n[name]\n");
    let make = ["req", "-x509", "-key", &key, "-config", &config];
    let rest = ["-subj", "/CN=app", "-days", "2", "-out", &certificate];
    world.lab.peer("openssl", &[make, rest].concat()).succeeds();
    let read = |path: &str| fs::read_to_string(path).expect("openssl has written it");
    let pem = STANDARD.encode(read(&certificate) + &read(&key));
    for proof in [
        ("PLUGIN_CLIENT_SECRET", "its secret"),
        ("PLUGIN_OIDC_TOKEN_ID", "job.token"),
        ("PLUGIN_CLIENT_CERTIFICATE", &pem),
    ] {
        world.plugin(&[
            ("PLUGIN_SOURCE", "acr"),
            ("PLUGIN_REGISTRY", ACR),
            ("PLUGIN_IMAGE", "app"),
            ("PLUGIN_TENANT_ID", "corp.example"),
            ("PLUGIN_CLIENT_ID", "app"),
            proof,
        ]);
        world.has_asked("POST https://team.azurecr.io/oauth2/exchange");
    }
    // Without a directory they are a user and a password, which this registry does not know.
    let refused = world.sign(&[
        ("PLUGIN_SOURCE", "acr"),
        ("PLUGIN_IMAGE", "team.azurecr.io/app"),
        ("PLUGIN_CLIENT_ID", "app"),
        ("PLUGIN_CLIENT_SECRET", "its secret"),
    ]);
    refused.fails();
    let requests = world.internet.requests();
    assert!(
        requests
            .iter()
            .all(|asked| !asked.line.contains("exchange"))
    );
}

/// Whether an assertion says which certificate signs it: whether it does is seen in the provider's own test.
fn is_signed(assertion: &str) -> bool {
    let header = assertion.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Value = serde_json::from_slice(&header).unwrap_or_default();
    header["alg"] == "PS256" && header["x5t#S256"].is_string()
}

/// An internet of few names, a key pair, and the digest of an image that nobody has pushed: it is signed
/// without a look.
struct World {
    lab: Lab,
    internet: Internet,
    key: KeyPair,
    digest: String,
}

impl World {
    /// AWS, and a registry of ECR's.
    fn of_amazon(moto: &Moto, registry: &Registry) -> Self {
        let routes = vec![
            Route::server(ECR, "/", &registry.host),
            Route::server("api.ecr.us-east-1.amazonaws.com", "/", &moto.url),
            Route::server("sts.us-east-1.amazonaws.com", "/", &moto.url),
        ];
        Self::new(Lab::new(), routes)
    }

    fn new(lab: Lab, routes: Vec<Route>) -> Self {
        Self {
            internet: Internet::start(&lab, routes),
            key: lab.generate(Tool::Cosignet),
            digest: format!("sha256:{}", "5".repeat(64)),
            lab,
        }
    }

    fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = self.lab.command(Tool::Cosignet);
        command.args(arguments).envs(environment.iter().copied());
        self.internet.reach(&mut command);
        command
    }

    /// A pipeline that signs the image and verifies it.
    fn step(&self, kind: &str, spec: &str, environment: &[(&str, &str)]) -> Outcome {
        let source = format!(
            "{{ type: {kind}, spec: {{ connector: reg, digest: '{}', {spec} }} }}",
            self.digest
        );
        let pipeline = self.lab.file(&format!(
            "- step:\n    type: SscaArtifactSigning\n    spec:\n      source: {source}\n      signing: {{ type: \
             cosign, spec: {{ private_key: private, password: password }} }}\n      uploadSignature: {{ upload: \
             true }}\n\
             - step:\n    type: SscaArtifactVerification\n    spec:\n      source: {source}\n      verifySign: {{ \
             type: cosign, spec: {{ public_key: public }} }}\n"
        ));
        let private = format!("private=@{}", self.key.private);
        let public = format!("public=@{}", self.key.public);
        let mut command = self.command(
            &["step", "--set", &private, "--set", &public, &pipeline],
            environment,
        );
        command.env("COSIGNET_SECRET_PASSWORD", PASSWORD);
        shows_nothing(Outcome::of(&mut command), environment)
    }

    /// A plugin that signs the image.
    fn sign(&self, settings: &[(&str, &str)]) -> Outcome {
        let private = fs::read_to_string(&self.key.private).expect("a key");
        let mut command = self.command(&[], settings);
        command
            .env("PLUGIN_DIGEST", &self.digest)
            .env("PLUGIN_PRIVATE_KEY", private)
            .env("PLUGIN_COSIGN_PASSWORD", PASSWORD)
            .env("PLUGIN_UPLOAD", "true");
        shows_nothing(Outcome::of(&mut command), settings)
    }

    /// A plugin that signs the image, and one that verifies it.
    #[track_caller]
    fn plugin(&self, settings: &[(&str, &str)]) {
        self.sign(settings).succeeds();
        let mut command = self.command(&[], settings);
        command
            .env("PLUGIN_DIGEST", &self.digest)
            .env("PLUGIN_PUBLIC_KEY", &self.key.public);
        shows_nothing(Outcome::of(&mut command), settings).succeeds();
    }

    /// Insists that the signature has gone to this repository and that nothing else was written.
    #[track_caller]
    fn has_signed(&self, repository: &str) {
        let requests = self.internet.requests();
        let lines: Vec<_> = requests.iter().map(|asked| asked.line.as_str()).collect();
        let tag = self.digest.replace(':', "-");
        let manifest = format!("PUT https://{repository}/manifests/{tag}.sig");
        let mut written = lines
            .iter()
            .filter(|line| line.starts_with("PUT ") && line.contains("/manifests/"));
        assert!(written.all(|line| *line == manifest), "{lines:?}");
        let verified = format!("GET https://{repository}/manifests/{tag}.sig");
        assert!(lines.contains(&verified.as_str()), "{lines:?}");
    }

    #[track_caller]
    fn has_asked(&self, line: &str) {
        let requests = self.internet.requests();
        assert!(requests.iter().any(|asked| asked.line == line), "{line}");
    }

    /// Insists that this role was taken, by this key and with the external id.
    #[track_caller]
    fn has_taken(&self, role: &str, key: &str) {
        let requests = self.internet.requests();
        let taken = requests
            .iter()
            .find(|asked| asked.body.contains("AssumeRole"));
        let taken = taken.expect("a role was taken");
        let is = |name: &str, value: &str| form(&taken.body).contains(&(name.into(), value.into()));
        assert!(
            is("RoleArn", role) && is("ExternalId", "ours"),
            "{}",
            taken.body
        );
        let credential = format!("Credential={key}/");
        assert!(taken.header("authorization").contains(&credential));
    }
}

/// Insists that nothing shows a secret that was handed over.
#[track_caller]
fn shows_nothing(outcome: Outcome, environment: &[(&str, &str)]) -> Outcome {
    const SECRETS: [&str; 6] = [
        "PASSWORD",
        "SECRET",
        "JSON_KEY",
        "OIDC_TOKEN",
        "CONFIG",
        "TOKEN_ID",
    ];
    for (name, value) in environment {
        let is_secret = SECRETS.iter().any(|secret| name.contains(secret));
        let shown = outcome.stdout.contains(value) || outcome.stderr.contains(value);
        assert!(
            !(is_secret && shown),
            "{name} in {}{}",
            outcome.stdout,
            outcome.stderr
        );
    }
    outcome
}
