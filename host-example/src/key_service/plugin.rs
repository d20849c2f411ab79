//! Signer programs: sigstore's `sigstore-kms-NAME`, which cosign runs for `NAME://KEY`.
//!
//! Its protocol `v1`: the first argument is the version, the second what is asked, JSON; what is
//! answered is JSON on standard output. How a program ends says nothing; it has this one's
//! environment, where its own secrets are, and its words go to this one's standard error.

use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::KeyService;
use crate::api::KeyServiceError;
use crate::http::{escaped, quoted};
use crate::process::{Bounds, Call, ProcessError};

/// A program that holds keys, or knows who does. It is run once for each question.
#[derive(Clone, Debug)]
pub struct Plugin {
    program: String,
}

/// What a program answers. It fills in what it was asked, or says what is wrong.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Answer {
    error_message: String,
    default_algorithm: Option<DefaultAlgorithm>,
    create_key: Option<PublicKey>,
    public_key: Option<PublicKey>,
    sign_message: Option<Signature>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DefaultAlgorithm {
    default_algorithm: String,
}

#[derive(Deserialize)]
struct PublicKey {
    #[serde(rename = "publicKeyPEM")]
    pem: String,
}

#[derive(Deserialize)]
struct Signature {
    signature: String,
}

impl Plugin {
    /// The program `sigstore-kms-NAME`, which is looked for in `PATH`.
    pub fn new(name: &str) -> Self {
        Self {
            program: format!("sigstore-kms-{name}"),
        }
    }

    /// Has a key made, of the kind that the program makes unless it is told otherwise, and returns
    /// its public key in PEM.
    ///
    /// # Errors
    /// Those of [`KeyService`].
    pub async fn create_key(&self, key: &str) -> Result<String, KeyServiceError> {
        let answer = self.ask(key, "defaultAlgorithm", json!({})).await?;
        let default = self.part("defaultAlgorithm", answer.default_algorithm)?;
        let wanted = json!({ "algorithm": default.default_algorithm });
        let answer = self.ask(key, "createKey", wanted).await?;
        self.pem("createKey", answer.create_key)
    }

    async fn ask(
        &self,
        key: &str,
        method: &'static str,
        arguments: Value,
    ) -> Result<Answer, KeyServiceError> {
        let question = json!({
            "initOptions": {
                "protocolVersion": PROTOCOL,
                "keyResourceID": key,
                "hashFunc": SHA256,
                "rpcOptions": rpc_options(),
            },
            "methodName": method,
            method: arguments,
        });
        let arguments = [PROTOCOL.to_owned(), question.to_string()];
        let ran = Call::new(&self.program, arguments).run(BOUNDS).await?;
        let answer: Answer = serde_json::from_slice(&ran.output).map_err(|error| {
            let ended = match ran.succeeded {
                true => "",
                false => " and failed",
            };
            self.broken(method, &format!("no JSON of the protocol ({error}){ended}"))
        })?;
        if answer.error_message.is_empty() {
            return Ok(answer);
        }
        let mut said = String::new();
        let _ = escaped(&answer.error_message, MAX_SAID, &mut said);
        Err(KeyServiceError::Other(format!(
            "{}: {method} of {}: {said}",
            self.program,
            quoted(key)
        )))
    }

    fn part<T>(&self, method: &str, part: Option<T>) -> Result<T, KeyServiceError> {
        part.ok_or_else(|| self.broken(method, &format!("no \"{method}\"")))
    }

    fn pem(&self, method: &str, part: Option<PublicKey>) -> Result<String, KeyServiceError> {
        let encoded = self.part(method, part)?.pem;
        let pem = BASE64.decode(encoded).ok();
        let pem = pem.and_then(|pem| String::from_utf8(pem).ok());
        pem.ok_or_else(|| self.broken(method, "no public key in base64"))
    }

    fn broken(&self, method: &str, found: &str) -> KeyServiceError {
        KeyServiceError::Other(format!(
            "{}: expected an answer of sigstore's plugin protocol {PROTOCOL} to {method}, found \
             {found}",
            self.program
        ))
    }
}

#[async_trait]
impl KeyService for Plugin {
    async fn public_key(&self, key: &str) -> Result<String, KeyServiceError> {
        let options = json!({ "publicKeyOptions": { "rpcOptions": rpc_options() } });
        let answer = self.ask(key, "publicKey", options).await?;
        self.pem("publicKey", answer.public_key)
    }

    async fn sign_digest(&self, key: &str, digest: &[u8]) -> Result<Vec<u8>, KeyServiceError> {
        let message = json!({ "digest": BASE64.encode(digest), "hashFunc": SHA256 });
        let options = json!({
            "signOptions": { "rpcOptions": rpc_options(), "messageOptions": message },
        });
        let answer = self.ask(key, "signMessage", options).await?;
        let signature = self.part("signMessage", answer.sign_message)?.signature;
        let decoded = BASE64.decode(signature);
        decoded.map_err(|_| self.broken("signMessage", "no signature in base64"))
    }
}

impl From<ProcessError> for KeyServiceError {
    fn from(error: ProcessError) -> Self {
        let words = error.to_string();
        match error {
            ProcessError::NotFound(program) => Self::Unsupported(format!(
                "{program} is not in PATH: install it, or give a key of another kind"
            )),
            ProcessError::TooSlow { .. } => Self::Unavailable(words),
            ProcessError::NotRun { .. } | ProcessError::TooLong { .. } => Self::Other(words),
        }
    }
}

/// As cosign has them.
fn rpc_options() -> Value {
    json!({ "keyVersion": "", "remoteVerification": false })
}

const PROTOCOL: &str = "v1";
/// Its number in Go's `crypto`.
const SHA256: u8 = 5;
/// Somebody may have to touch a token, or a cloud to answer.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(60),
    output: 256 * 1024,
};
const MAX_SAID: usize = 512;
