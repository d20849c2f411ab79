//! The engine behind HTTP: which request gets which answer.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use cosignet::{
    key::{Digests, Message},
    oci::Digest,
};
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Method, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{
    super::{
        response::{Reply, Response},
        serve::Site,
    },
    Options,
    error::ApiError,
    key::{KeyKind, Keys},
    route::{Endpoint, Route},
};

/// The keys, and who may use them.
pub(super) struct Api {
    pub(super) options: Options,
    keys: Mutex<Keys>,
    /// Tokens that logins have brought.
    logins: Mutex<HashSet<String>>,
}

/// What is to be signed, or was.
#[derive(Deserialize)]
struct Input {
    input: String,
    #[serde(default)]
    prehashed: bool,
    /// A number, or its digits, as cosign sends it.
    #[serde(default)]
    key_version: Option<Value>,
    #[serde(default)]
    hash_algorithm: Option<String>,
    #[serde(default)]
    signature: String,
}

impl Site for Api {
    type Endpoint = Endpoint;

    fn endpoint(path: &str) -> Option<Endpoint> {
        Route::of(path).map(|route| route.endpoint)
    }

    async fn answer(&self, request: &Parts, body: &mut Incoming) -> Response {
        match read(body).await {
            Ok(body) => match self.dispatch(request, &body) {
                Ok(answer) => wrapped(&answer),
                Err(error) => error.into_response(),
            },
            Err(error) => error.into_response(),
        }
    }
}

impl Api {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            keys: Mutex::default(),
            logins: Mutex::default(),
        }
    }

    pub(super) fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn revoke_logins(&self) {
        self.logins().clear();
    }

    fn logins(&self) -> MutexGuard<'_, HashSet<String>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn dispatch(&self, request: &Parts, body: &[u8]) -> Result<Value, ApiError> {
        let path = request.uri.path();
        let route = Route::of(path);
        if route.as_ref().map(|route| route.endpoint) != Some(Endpoint::LogIn) {
            self.check_token(request)?;
        }
        let Some(Route {
            endpoint,
            name,
            hash,
        }) = route
        else {
            let path = path.trim_start_matches("/v1/").to_owned();
            return Err(ApiError::NoRoute { path });
        };
        let writes = matches!(request.method, Method::POST | Method::PUT);
        match endpoint {
            Endpoint::LogIn if writes => self.log_in(body),
            Endpoint::Key if request.method == Method::GET => self.read_key(name),
            Endpoint::Key if writes => self.create_key(name, body),
            Endpoint::Rotate if writes => {
                self.keys().rotate(name).map_err(internal)?;
                self.read_key(name)
            }
            Endpoint::Sign if writes => self.sign(name, hash, body),
            Endpoint::Verify if writes => self.verify(name, hash, body),
            _ => Err(ApiError::Method),
        }
    }

    fn check_token(&self, request: &Parts) -> Result<(), ApiError> {
        let token = request.headers.get("x-vault-token");
        let token = token
            .and_then(|token| token.to_str().ok())
            .unwrap_or_default();
        match token == self.options.token || self.logins().contains(token) {
            true => Ok(()),
            false => Err(ApiError::Denied),
        }
    }

    fn log_in(&self, body: &[u8]) -> Result<Value, ApiError> {
        #[derive(Deserialize)]
        struct Login {
            role_id: String,
            #[serde(default)]
            secret_id: String,
        }
        let Login { role_id, secret_id } = parse(body)?;
        if (&role_id, &secret_id) != (&self.options.role_id, &self.options.secret_id) {
            return Err(ApiError::Login);
        }
        let token = format!("hvs.{:032x}", random()?);
        self.logins().insert(token.clone());
        Ok(json!({
            "auth": {
                "client_token": token,
                "lease_duration": self.options.lease,
                "renewable": true,
                "policies": ["default"],
            },
        }))
    }

    fn create_key(&self, name: &str, body: &[u8]) -> Result<Value, ApiError> {
        #[derive(Deserialize)]
        struct Wanted {
            #[serde(rename = "type")]
            kind: Option<String>,
        }
        let Wanted { kind } = match body {
            [] => Wanted { kind: None },
            body => parse(body)?,
        };
        let kind = kind.unwrap_or_else(|| KeyKind::Aes256Gcm96.name().to_owned());
        let kind = KeyKind::of(&kind).ok_or(ApiError::Kind(kind))?;
        self.keys().create(name, kind).map_err(internal)?;
        self.read_key(name)
    }

    fn read_key(&self, name: &str) -> Result<Value, ApiError> {
        let keys = self.keys();
        let key = keys.get(name).ok_or(ApiError::NoKey)?;
        Ok(json!({ "data": key.describe(name) }))
    }

    fn sign(&self, name: &str, hash: Option<&str>, body: &[u8]) -> Result<Value, ApiError> {
        let given: Input = parse(body)?;
        let keys = self.keys();
        let key = keys.get(name).ok_or(ApiError::NoSigningKey)?;
        let input = decoded(&given.input)?;
        let version = match &given.key_version {
            None => 0,
            Some(Value::String(digits)) => digits.parse().unwrap_or(0),
            Some(number) => number.as_u64().unwrap_or(0),
        };
        let hash = hash.or(given.hash_algorithm.as_deref());
        let input = match given.prehashed || key.kind == KeyKind::Ed25519 {
            true => input,
            false => hashed(hash.unwrap_or("sha2-256"), &input)?,
        };
        let (version, signature) = key.sign(version, &input)?;
        let signature = format!("vault:v{version}:{}", STANDARD.encode(signature));
        Ok(json!({ "data": { "key_version": version, "signature": signature } }))
    }

    /// Of ECDSA, over SHA-256 alone.
    fn verify(&self, name: &str, hash: Option<&str>, body: &[u8]) -> Result<Value, ApiError> {
        let given: Input = parse(body)?;
        let keys = self.keys();
        let key = keys.get(name).ok_or(ApiError::NoSigningKey)?;
        let hash = hash
            .or(given.hash_algorithm.as_deref())
            .unwrap_or("sha2-256");
        if hash != "sha2-256" {
            return Err(ApiError::Hash(hash.to_owned()));
        }
        let input = decoded(&given.input)?;
        let parts = given.signature.strip_prefix("vault:v");
        let parts = parts.and_then(|parts| parts.split_once(':'));
        let (version, encoded) = parts.ok_or(ApiError::BadSignature)?;
        let version = version.parse().map_err(|_| ApiError::BadSignature)?;
        let public = key.public_key(version).ok_or(ApiError::BadSignature)?;
        let signature = STANDARD.decode(encoded);
        let signature = signature.map_err(|_| ApiError::BadSignature)?;
        let verified = match given.prehashed {
            false => public.verify(&input, &signature),
            true => {
                let digest = <[u8; 32]>::try_from(input.as_slice());
                let digest = digest.map_err(|_| ApiError::Hash(hash.to_owned()))?;
                public.verify_message(Message::from(&Digests::from(digest)), &signature)
            }
        };
        Ok(json!({ "data": { "valid": verified.is_ok() } }))
    }
}

/// An answer as Vault wraps it.
fn wrapped(answer: &Value) -> Response {
    let id = Digest::of(answer.to_string().as_bytes()).hex().to_string();
    let body = json!({
        "request_id": id,
        "lease_id": "",
        "renewable": false,
        "lease_duration": 0,
        "data": answer.get("data"),
        "wrap_info": null,
        "warnings": null,
        "auth": answer.get("auth"),
    });
    Reply::new(StatusCode::OK)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .body(format!("{body}\n"))
}

async fn read(body: &mut Incoming) -> Result<Bytes, ApiError> {
    let limit = MAX_BODY_SIZE;
    let read = tokio::time::timeout(MAX_BODY_TIME, Limited::new(body, limit).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) | Err(_) => Err(ApiError::TooLarge { limit }),
    }
}

fn parse<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::Body(error.to_string()))
}

fn decoded(input: &str) -> Result<Vec<u8>, ApiError> {
    let decoded = STANDARD.decode(input);
    decoded.map_err(|error| ApiError::Input(error.to_string()))
}

fn hashed(hash: &str, input: &[u8]) -> Result<Vec<u8>, ApiError> {
    match hash {
        "sha2-256" => Ok(Sha256::digest(input).to_vec()),
        "sha2-384" => Ok(Sha384::digest(input).to_vec()),
        "sha2-512" => Ok(Sha512::digest(input).to_vec()),
        other => Err(ApiError::Hash(other.to_owned())),
    }
}

fn random() -> Result<u128, ApiError> {
    let mut bytes = [0; 16];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(u128::from_be_bytes(bytes))
}

fn internal(error: std::io::Error) -> ApiError {
    ApiError::Internal(error.to_string())
}

const MAX_BODY_SIZE: usize = 1 << 20;
const MAX_BODY_TIME: std::time::Duration = std::time::Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    macro_rules! real {
        ($name:literal) => {
            include_str!(concat!("../../../tests/data/vault/", $name, ".json"))
        };
    }

    const DIGEST: &str = "RcexH8vwfewWlK3s2MW4V3ChKmyN/c8lgKLbDEfDF3k=";

    /// An answer as it is sent.
    fn answer(api: &Api, token: &str, method: Method, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("x-vault-token", token).body(()).unwrap();
        let (request, ()) = request.into_parts();
        let answered = api.dispatch(&request, body.as_bytes());
        let response = match answered {
            Ok(answer) => wrapped(&answer),
            Err(error) => error.into_response(),
        };
        let bytes = response.body().bytes().unwrap();
        (
            response.status().as_u16(),
            serde_json::from_slice(bytes).unwrap(),
        )
    }

    /// The same but for what every run makes anew.
    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let members = members
                    .iter()
                    .map(|(name, value)| (name.clone(), shape(value)));
                let mut members: Vec<_> = members.collect();
                members.sort_by(|one, other| one.0.cmp(&other.0));
                Value::Object(members.into_iter().collect())
            }
            Value::Array(items) => items.iter().map(shape).collect(),
            Value::String(_) => "text".into(),
            Value::Number(_) => 0.into(),
            other => other.clone(),
        }
    }

    #[test]
    fn answers_have_the_shape_of_a_real_engines() {
        let api = Api::new(Options::default());
        let sign = format!(r#"{{"input":"{DIGEST}","prehashed":true}}"#);
        let ed = "/v1/transit/keys/ed";
        for (method, path, body, real) in [
            (
                Method::POST,
                "/v1/transit/keys/k",
                r#"{"type":"ecdsa-p256"}"#,
                real!("read-ecdsa-p256"),
            ),
            (
                Method::GET,
                "/v1/transit/keys/k",
                "",
                real!("read-ecdsa-p256"),
            ),
            (
                Method::POST,
                "/v1/transit/sign/k/sha2-256",
                &*sign,
                real!("sign-p256"),
            ),
            (
                Method::PUT,
                "/v1/transit/keys/k/rotate",
                "",
                real!("read-rotated"),
            ),
            (
                Method::PUT,
                "/v1/transit/sign/k/sha2-256",
                &*sign,
                real!("sign-v2"),
            ),
            (
                Method::POST,
                ed,
                r#"{"type":"ed25519"}"#,
                real!("read-ed25519"),
            ),
            (
                Method::POST,
                "/v1/transit/keys/aes",
                "{}",
                real!("sign-aes"),
            ),
        ] {
            let (status, found) = answer(&api, "embedded-root", method, path, body);
            let real: Value = serde_json::from_str(real).unwrap();
            assert_eq!((status, shape(&found)), (200, shape(&real)), "{path}");
        }
    }

    #[test]
    fn refusals_are_a_real_engines() {
        let api = Api::new(Options::default());
        api.keys().create("k", KeyKind::EcdsaP256).unwrap();
        api.keys().create("aes", KeyKind::Aes256Gcm96).unwrap();
        let sign = format!(r#"{{"input":"{DIGEST}","prehashed":true}}"#);
        let later = format!(r#"{{"input":"{DIGEST}","prehashed":true,"key_version":9}}"#);
        let root = "embedded-root";
        for (token, method, path, body, status, real) in [
            (
                "other",
                Method::GET,
                "/v1/transit/keys/k",
                "",
                403,
                real!("bad-token"),
            ),
            (
                root,
                Method::GET,
                "/v1/transit/keys/none",
                "",
                404,
                real!("missing-key"),
            ),
            (
                root,
                Method::GET,
                "/v1/other/keys/x",
                "",
                404,
                real!("no-mount"),
            ),
            (
                root,
                Method::POST,
                "/v1/transit/sign/none/sha2-256",
                &*sign,
                400,
                real!("sign-missing"),
            ),
            (
                root,
                Method::POST,
                "/v1/transit/sign/aes/sha2-256",
                &*sign,
                400,
                real!("sign-aes2"),
            ),
            (
                root,
                Method::POST,
                "/v1/transit/sign/k/sha2-256",
                &*later,
                500,
                real!("sign-badver"),
            ),
        ] {
            let real: Value = serde_json::from_str(real).unwrap();
            assert_eq!(
                answer(&api, token, method, path, body),
                (status, real),
                "{path}"
            );
        }
    }
}
