//! The protocol against a scripted service; `tests/interop/amazon.rs` has one that verifies signatures.

use super::*;
use crate::{
    http::test_server::{Seen, Server, ok, reply},
    registry::{
        login::{AmazonIdentity, AmazonRole, LoginSecret},
        provider::services::stand_in,
    },
};

const REGISTRY: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

fn ecr(server: &Server, variables: &[(&str, &str)]) -> Ecr {
    ecr_as(server, variables, AmazonLogin::default())
}

fn ecr_as(server: &Server, variables: &[(&str, &str)], login: AmazonLogin) -> Ecr {
    let url = format!("http://{}", server.host());
    let mut all = vec![("AWS_ENDPOINT_URL", url.as_str())];
    all.extend(variables);
    Ecr::new(stand_in(), Environment::of(&all), login)
}

fn token(expires: &str) -> String {
    let token = STANDARD.encode("AWS:pass:word");
    format!(
        r#"{{"authorizationData":[{{"authorizationToken":"{token}","expiresAt":{expires},"proxyEndpoint":"x"}}]}}"#
    )
}

/// ECR, STS, and what serves a container its keys.
fn aws(seen: &Seen) -> crate::http::test_server::Reply {
    let keys = |id: &str| {
        format!(
            "<R xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Credentials>\
             <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>session</SessionToken></Credentials></R>"
        )
    };
    let body = String::from_utf8_lossy(&seen.body).into_owned();
    match seen.path.as_str() {
        "/container" => {
            ok(r#"{"AccessKeyId":"POD","SecretAccessKey":"s","Token":"t","Expiration":"x"}"#)
        }
        _ if seen.header("x-amz-target").is_some() => ok(&token("1780000000.5")),
        _ if body.contains("AssumeRoleWithWebIdentity") => ok(&keys("WEB")),
        _ if body.contains("AssumeRole&") => ok(&keys("ROLE")),
        _ => reply(400).body(r#"{"__type":"InvalidAction","message":"no such action"}"#),
    }
}

async fn password(ecr: &Ecr) -> Result<Option<Issued>, RegistryError> {
    ecr.credential(REGISTRY).await
}

#[tokio::test]
async fn keys_of_the_environment() {
    let server = Server::start(aws).await;
    let ecr = ecr(
        &server,
        &[
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_SESSION_TOKEN", "session"),
        ],
    );
    let issued = password(&ecr).await.unwrap().unwrap();
    assert!(issued.credential == Credential::basic("AWS", "pass:word"));
    assert_eq!(issued.expires, time_of(1_780_000_000.5));
    let seen = &server.seen()[0];
    assert_eq!(seen.line(), "POST /");
    assert_eq!(
        seen.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    assert_eq!(
        seen.header("x-amz-target"),
        Some("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken")
    );
    assert_eq!(seen.header("x-amz-security-token"), Some("session"));
    let authorization = seen.authorization();
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIA/"),
        "{authorization}"
    );
    assert!(
        authorization.contains("/eu-west-1/ecr/aws4_request"),
        "{authorization}"
    );
    assert_eq!(seen.body, b"{}");
}

#[tokio::test]
async fn web_identity_then_another_role() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, "jwt\n").unwrap();
    let server = Server::start(aws).await;
    let ecr = ecr(
        &server,
        &[
            ("AWS_WEB_IDENTITY_TOKEN_FILE", file.to_str().unwrap()),
            ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci"),
            (
                "COSIGNET_ECR_ROLE_ARN",
                "arn:aws:iam::123456789012:role/push",
            ),
            ("COSIGNET_ECR_EXTERNAL_ID", "ours"),
        ],
    );
    assert!(password(&ecr).await.unwrap().is_some());
    let seen = server.seen();
    let [web, role, ecr] = seen.as_slice() else {
        panic!("{:?}", server.lines());
    };
    assert_eq!(
        String::from_utf8_lossy(&web.body),
        "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fci\
         &RoleSessionName=cosignet&WebIdentityToken=jwt&Version=2011-06-15"
    );
    assert_eq!(web.authorization(), "");
    let body = String::from_utf8_lossy(&role.body);
    assert!(
        body.contains("role%2Fpush") && body.contains("ExternalId=ours"),
        "{body}"
    );
    assert!(
        role.authorization().contains("Credential=WEB/"),
        "{}",
        role.authorization()
    );
    assert!(
        role.authorization().contains("/sts/"),
        "{}",
        role.authorization()
    );
    assert!(
        ecr.authorization().contains("Credential=ROLE/"),
        "{}",
        ecr.authorization()
    );
    assert_eq!(ecr.header("x-amz-security-token"), Some("session"));
}

/// Of the environment only what the login leaves out.
#[tokio::test]
async fn a_login_comes_before_the_environment() {
    let server = Server::start(aws).await;
    let environment = [
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "session"),
    ];
    let keys = AmazonIdentity::Keys {
        id: "GIVEN".into(),
        secret: LoginSecret::new("s"),
        session_token: None,
    };
    let web = AmazonIdentity::WebIdentity {
        role: "arn:ci".into(),
        token: LoginSecret::new("jwt"),
    };
    let role = AmazonRole {
        arn: "arn:push".into(),
        external_id: Some("ours".into()),
    };
    for (identity, role, signers) in [
        (Some(keys.clone()), None, &["GIVEN"][..]),
        (Some(keys), Some(role.clone()), &["GIVEN", "ROLE"]),
        (None, Some(role), &["AKIA", "ROLE"]),
        (Some(web), None, &["", "WEB"]),
    ] {
        let earlier = server.seen().len();
        let ecr = ecr_as(&server, &environment, AmazonLogin { identity, role });
        assert!(password(&ecr).await.unwrap().is_some());
        let seen = server.seen().split_off(earlier);
        let found = seen.iter().map(|seen| {
            let credential = seen.authorization().split_once("Credential=");
            credential.map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""))
        });
        assert_eq!(found.collect::<Vec<_>>(), signers);
        let bodies: Vec<_> = seen
            .iter()
            .map(|seen| String::from_utf8_lossy(&seen.body))
            .collect();
        let has = |text| bodies.iter().any(|body| body.contains(text));
        assert_eq!(has("RoleArn=arn%3Apush"), signers.contains(&"ROLE"));
        assert_eq!(has("ExternalId=ours"), signers.contains(&"ROLE"));
        assert_eq!(has("WebIdentityToken=jwt"), signers.contains(&"WEB"));
        // The session is that of other keys.
        let is_given = seen[0].authorization().contains("GIVEN");
        assert!(!(is_given && seen[0].header("x-amz-security-token").is_some()));
    }
}

#[tokio::test]
async fn keys_of_a_container() {
    let server = Server::start(aws).await;
    let url = format!("http://{}/container", server.host());
    let ecr = ecr(
        &server,
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "pod"),
        ],
    );
    assert!(password(&ecr).await.unwrap().is_some());
    assert_eq!(server.seen()[0].authorization(), "pod");
    assert!(server.seen()[1].authorization().contains("Credential=POD/"));
}

#[tokio::test]
async fn nothing_to_go_on() {
    let server = Server::start(aws).await;
    assert!(password(&ecr(&server, &[])).await.unwrap().is_none());
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
    ];
    for other in ["ghcr.io", "123456789012.dkr.ecr.eu-west-1.evil.test"] {
        let found = ecr(&server, &keys).credential(other).await.unwrap();
        assert!(found.is_none(), "{other}");
    }
    assert!(server.lines().is_empty());
    let error = password(&ecr(&server, &keys[..1]))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("AWS_SECRET_ACCESS_KEY is not"), "{error}");
}

#[tokio::test]
async fn refusals_and_odd_answers_tell_no_secret() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ];
    for (status, body, expected) in [
        (400, r#"{"__type":"UnrecognizedClientException","message":"The security token is invalid."}"#.to_owned(), "security token is invalid"),
        (302, String::new(), "redirect"),
        (200, r#"{"authorizationData":[]}"#.to_owned(), "expected one authorizationToken"),
        (200, r#"{"authorizationData":[{"authorizationToken":"hunter2!"}]}"#.to_owned(), "expected one authorizationToken"),
        (200, "hunter2".to_owned(), "no JSON"),
        (200, "x".repeat(200_000), "longer than"),
    ] {
        let server = Server::start(move |_| reply(status).header("Location", "/elsewhere").body(&body)).await;
        let error = password(&ecr(&server, &keys)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        assert_eq!(server.lines().len(), 1);
    }
}

#[tokio::test]
async fn endpoints_are_https_or_here() {
    let server = Server::start(aws).await;
    for (variable, url) in [
        ("AWS_ENDPOINT_URL_ECR", "http://ecr.evil.test"),
        ("AWS_ENDPOINT_URL_ECR", "http://169.254.169.254"),
        ("AWS_ENDPOINT_URL_ECR", "https://user:pass@ecr.test"),
    ] {
        let keys = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            (variable, url),
        ];
        let error = password(&ecr(&server, &keys))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(variable) && !error.contains("pass"),
            "{error}"
        );
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn the_services_of_a_region() {
    let ecr = Ecr::new(stand_in(), Environment::of(&[]), AmazonLogin::default());
    for (host, expected) in [
        (REGISTRY, "https://api.ecr.eu-west-1.amazonaws.com/"),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "https://api.ecr.cn-north-1.amazonaws.com.cn/",
        ),
    ] {
        let registry = EcrRegistry::of_host(host).unwrap();
        let url = ecr
            .endpoint("AWS_ENDPOINT_URL_ECR", "api.ecr", &registry)
            .unwrap();
        assert_eq!(url.as_str(), expected);
    }
}
