//! moto in place of AWS: IAM, STS and ECR on a free loopback port. Once some actions have been taken,
//! it verifies the signature of each further one, and what its keys may do.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::{env, thread};

/// The account that everything is in.
pub const ACCOUNT: &str = "123456789012";

/// A running server, gone when dropped.
pub struct Moto {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    child: Child,
}

/// The keys of a user.
pub struct Keys {
    /// The id.
    pub id: String,
    /// The secret.
    pub secret: String,
}

impl Moto {
    /// Starts one that lets so many actions pass unseen.
    pub fn start(unseen: usize) -> Self {
        let mut child = Command::new(program())
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", unseen.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto_server starts");
        let log = child.stderr.take().expect("standard error is piped");
        let mut log = BufReader::new(log).lines().map_while(Result::ok);
        let url = log.find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()));
        let Some(url) = url else {
            let status = child.wait();
            panic!("moto_server ended before it listened: {status:?}")
        };
        // Reads on, or the server would block on a full pipe.
        thread::spawn(move || log.for_each(drop));
        Self { url, child }
    }

    /// A user who may ask for ECR's tokens and take roles: three actions.
    pub fn user(&self) -> Keys {
        let policy = policy(r#"["ecr:GetAuthorizationToken", "sts:AssumeRole"]"#);
        self.iam(&[("Action", "CreateUser"), ("UserName", "ci")]);
        self.iam(&[
            ("Action", "PutUserPolicy"),
            ("UserName", "ci"),
            ("PolicyName", "ci"),
            ("PolicyDocument", &policy),
        ]);
        let made = self.iam(&[("Action", "CreateAccessKey"), ("UserName", "ci")]);
        Keys {
            id: element(&made, "AccessKeyId"),
            secret: element(&made, "SecretAccessKey"),
        }
    }

    /// A role that may ask for ECR's tokens, by its name: two actions.
    pub fn role(&self) -> String {
        let made = self.iam(&[
            ("Action", "CreateRole"),
            ("RoleName", "push"),
            ("AssumeRolePolicyDocument", &policy("\"sts:AssumeRole\"")),
        ]);
        self.iam(&[
            ("Action", "PutRolePolicy"),
            ("RoleName", "push"),
            ("PolicyName", "push"),
            ("PolicyDocument", &policy("\"ecr:GetAuthorizationToken\"")),
        ]);
        element(&made, "Arn")
    }

    fn iam(&self, action: &[(&str, &str)]) -> String {
        let action = [action, &[("Version", "2010-05-08")]].concat();
        // By the scope it finds the service; nobody signs yet.
        let authorization = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, \
                             SignedHeaders=host, Signature=x";
        let answer = ureq::post(&self.url)
            .header("Authorization", authorization)
            .send_form(action);
        let mut answer = answer.expect("moto does it");
        answer
            .body_mut()
            .read_to_string()
            .expect("moto answers text")
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself, which the test will have noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn policy(actions: &str) -> String {
    let statement = format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}"#);
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)
}

fn element(xml: &str, name: &str) -> String {
    let (_, rest) = xml
        .split_once(&format!("<{name}>"))
        .unwrap_or_else(|| panic!("no {name} in {xml}"));
    rest.split('<').next().unwrap_or_default().to_owned()
}

fn program() -> PathBuf {
    let program = env::var_os("COSIGNET_MOTO");
    let program = program.expect("COSIGNET_MOTO names no moto_server: `.ci/moto` brings one");
    PathBuf::from(program)
}
