//! The token service of a registry, as distribution documents it (`spec/auth/token.md`, `jwt.md`,
//! `oauth.md`): tokens for names and passwords, and for identity tokens, signed with a key that the
//! registry knows. On a free loopback port, gone when dropped.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::keys::Algorithm;
use crate::lab::Lab;
use crate::listener::Listener;
use crate::registry::Registry;

/// Who may push.
pub const WRITER: (&str, &str) = ("writer", "w:rite");
/// Who may pull and no more.
pub const READER: (&str, &str) = ("reader", "read");
/// What the writer's `docker login` would have left: a refresh token.
pub const IDENTITY_TOKEN: &str = "identity&token";

/// A running service.
pub struct TokenService {
    /// The realm.
    pub url: String,
    /// Path of the certificate that the registry is to trust.
    certificate: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// Listens as long as the service is there.
    _listener: Listener,
}

struct Issuer {
    key: SigningKey<Sha256>,
    /// Base64 of the certificate.
    certificate: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl TokenService {
    /// What the registry calls itself.
    const REGISTRY: &str = "registry.test";
    /// What the service calls itself.
    const ISSUER: &str = "issuer.test";

    /// Starts one, with a key and a certificate of its own.
    pub fn start(lab: &Lab) -> Self {
        let key = lab.private_key(Algorithm::Rsa2048);
        let certificate = lab.path();
        let config = lab.file("[req]\ndistinguished_name = name\n[name]\n");
        let make = ["req", "-x509", "-key", &key, "-config", &config];
        let rest = [
            "-subj",
            "/CN=issuer.test",
            "-days",
            "2",
            "-out",
            &certificate,
        ];
        lab.peer("openssl", &[&make[..], &rest].concat()).succeeds();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let key = SigningKey::new(
            rsa::RsaPrivateKey::from_pkcs8_der(&pem(&key)).expect("openssl writes PKCS#8"),
        );
        let issuer = Issuer {
            key,
            certificate: STANDARD.encode(pem(&certificate)),
            requests: Arc::clone(&requests),
        };
        let listener = Listener::start(move |stream| {
            // What breaks is the client's to tell.
            let _ = issuer.converse(stream);
        });
        Self {
            url: format!("http://{}/token", listener.address),
            certificate,
            requests,
            _listener: listener,
        }
    }

    /// Starts a registry that lets in whoever has a token of this service.
    pub fn registry(&self) -> Registry {
        self.registry_with_realm(&self.url)
    }

    /// The same, where the service is known by another URL.
    pub fn registry_with_realm(&self, realm: &str) -> Registry {
        Registry::with_auth(|_| {
            json!({ "token": {
                "realm": realm,
                "service": Self::REGISTRY,
                "issuer": Self::ISSUER,
                "rootcertbundle": self.certificate,
            }})
        })
    }

    /// The requests since the last time: `WHO by METHOD for SCOPE`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().expect("no request panics"))
    }
}

impl Issuer {
    fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let header = |name: &str| {
            lines.iter().find_map(|line| {
                let (key, value) = line.split_once(": ")?;
                key.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let length = header("content-length").and_then(|text| text.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body)?;
        let mut words = lines.first().map_or("", String::as_str).split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        let query = match method {
            "POST" => String::from_utf8_lossy(&body).into_owned(),
            _ => path
                .split_once('?')
                .map_or("", |(_, query)| query)
                .to_owned(),
        };
        let (status, answer) = self.answer(method, &form(&query), header("authorization"));
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        stream.get_mut().write_all((head + &answer).as_bytes())
    }

    fn answer(
        &self,
        method: &str,
        form: &[(String, String)],
        authorization: Option<String>,
    ) -> (u16, Value) {
        let get = |name: &str| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map_or("", |(_, value)| value)
        };
        let basic = |(name, password): (&str, &str)| {
            let pair = STANDARD.encode(format!("{name}:{password}"));
            authorization.as_deref() == Some(&format!("Basic {pair}"))
        };
        let is_refresh =
            get("grant_type") == "refresh_token" && get("refresh_token") == IDENTITY_TOKEN;
        let who = match method {
            "POST" if is_refresh => WRITER.0,
            "GET" if basic(WRITER) => WRITER.0,
            "GET" if basic(READER) => READER.0,
            "GET" if authorization.is_none() => "anonymous",
            _ => "nobody",
        };
        let scope = get("scope");
        let request = format!("{who} by {method} for {}", in_order(scope));
        self.requests
            .lock()
            .expect("no request panics")
            .push(request);
        if who == "nobody" || get("service") != TokenService::REGISTRY {
            return (401, json!({ "details": "incorrect username or password" }));
        }
        let token = self.token(who, scope);
        (
            200,
            json!({ "token": token, "access_token": token, "expires_in": 300 }),
        )
    }

    /// Of what is asked, what this one may do.
    fn token(&self, who: &str, scope: &str) -> String {
        let allowed: &[&str] = match who {
            "writer" => &["pull", "push", "delete"],
            "reader" => &["pull"],
            _ => &[],
        };
        let mut parts = scope.splitn(3, ':');
        let (kind, name, actions) = (parts.next(), parts.next(), parts.next().unwrap_or(""));
        let actions: Vec<_> = actions
            .split(',')
            .filter(|one| allowed.contains(one))
            .collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.expect("it is after 1970").as_secs();
        let header = json!({ "typ": "JWT", "alg": "RS256", "x5c": [self.certificate] });
        let claims = json!({
            "iss": TokenService::ISSUER,
            "sub": who,
            "aud": TokenService::REGISTRY,
            "exp": now + 300,
            "nbf": now - 10,
            "iat": now,
            "jti": format!("{who}-{now}"),
            "access": [{ "type": kind, "name": name, "actions": actions }],
        });
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(&claims));
        let signature = self.key.sign(signed.as_bytes()).to_vec();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// A scope with its actions in their order: the registry asks for them in any.
fn in_order(scope: &str) -> String {
    let Some((subject, actions)) = scope.rsplit_once(':') else {
        return scope.to_owned();
    };
    let mut actions: Vec<_> = actions.split(',').collect();
    actions.sort_unstable();
    format!("{subject}:{}", actions.join(","))
}

/// The bytes of a file in PEM.
fn pem(path: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(path).expect("openssl has written it");
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    let text: String = lines.collect();
    STANDARD.decode(text).expect("PEM is base64")
}

/// The pairs of a form.
pub fn form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(key, value)| (plain(key), plain(value)))
        .collect()
}

/// The text that was escaped in a form.
fn plain(escaped: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = escaped.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
                rest = tail;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).expect("forms are UTF-8")
}
