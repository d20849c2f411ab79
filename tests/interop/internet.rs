//! The names of registries and clouds on this machine: a proxy that answers for them over TLS, with
//! certificates of an authority of its own, and asks a server here, or a script, for the answers. A program
//! that is told of the proxy and of the authority speaks to the real names, as it is.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::lab::Lab;
use crate::listener::Listener;

/// A running proxy.
pub struct Internet {
    listener: Listener,
    /// Path of the authority's certificate.
    authority: String,
    requests: Arc<Mutex<Vec<Asked>>>,
}

/// Who answers for a host, below a path.
pub struct Route {
    host: &'static str,
    path: &'static str,
    backend: Backend,
}

enum Backend {
    /// A server here, `127.0.0.1:PORT`.
    Server(String),
    Script(Box<Script>),
}

type Script = dyn Fn(&Asked) -> (u16, Value) + Send + Sync;
type Headers = Vec<(String, String)>;

/// A request.
#[derive(Clone)]
pub struct Asked {
    /// `POST https://HOST/PATH`, without the query.
    pub line: String,
    /// With the query.
    target: String,
    headers: Headers,
    /// The body.
    pub body: String,
    bytes: Vec<u8>,
}

struct World {
    routes: Vec<Route>,
    tls: Arc<ServerConfig>,
    requests: Arc<Mutex<Vec<Asked>>>,
}

impl Route {
    /// A server here, by `127.0.0.1:PORT` or its URL.
    pub fn server(host: &'static str, path: &'static str, address: &str) -> Self {
        let address = address.strip_prefix("http://").unwrap_or(address);
        let backend = Backend::Server(address.to_owned());
        Self {
            host,
            path,
            backend,
        }
    }

    /// What answers with a status and JSON.
    pub fn script(
        host: &'static str,
        path: &'static str,
        script: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        let backend = Backend::Script(Box::new(script));
        Self {
            host,
            path,
            backend,
        }
    }
}

impl Asked {
    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        let mut all = self.headers.iter();
        let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

impl Internet {
    /// Starts one; of the routes of a host the first whose path begins a request's is taken.
    pub fn start(lab: &Lab, routes: Vec<Route>) -> Self {
        let names: Vec<_> = routes.iter().map(|route| route.host.to_owned()).collect();
        let (authority, tls) = identity(names);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let world = Arc::new(World {
            routes,
            tls,
            requests: Arc::clone(&requests),
        });
        let listener = Listener::start(move |stream| {
            let world = Arc::clone(&world);
            // What breaks is the client's to tell.
            thread::spawn(move || world.converse(stream));
        });
        Self {
            listener,
            authority: lab.file(&authority),
            requests,
        }
    }

    /// The program with this as its way out, and no other.
    pub fn reach<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("HTTPS_PROXY", format!("http://{}", self.listener.address))
            .env("SSL_CERT_FILE", &self.authority)
    }

    /// The requests since the last time.
    pub fn requests(&self) -> Vec<Asked> {
        std::mem::take(&mut self.requests.lock().expect("no request panics"))
    }
}

impl World {
    /// One request of one connection: `CONNECT`, TLS, and what is asked there.
    fn converse(&self, stream: TcpStream) -> io::Result<()> {
        let mut plain = BufReader::new(stream);
        let (line, _) = head(&mut plain)?;
        let host = line.split(' ').nth(1).unwrap_or_default();
        let host = host.strip_suffix(":443").unwrap_or(host).to_owned();
        if !self.routes.iter().any(|route| route.host == host) {
            let refusal = b"HTTP/1.1 502 No such host\r\nContent-Length: 0\r\n\r\n";
            return plain.get_mut().write_all(refusal);
        }
        plain
            .get_mut()
            .write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        let tls = ServerConnection::new(Arc::clone(&self.tls)).map_err(io::Error::other)?;
        let mut stream = BufReader::new(StreamOwned::new(tls, plain.into_inner()));
        let asked = Asked::read(&host, &mut stream)?;
        self.requests
            .lock()
            .expect("no request panics")
            .push(asked.clone());
        let path = asked.line.split_once(&host).map_or("", |(_, path)| path);
        let mut routes = self.routes.iter();
        let route = routes.find(|route| route.host == host && path.starts_with(route.path));
        let stream = stream.get_mut();
        match route.map(|route| &route.backend) {
            Some(Backend::Server(address)) => asked.forward(&host, address, stream)?,
            Some(Backend::Script(script)) => answer(stream, script(&asked))?,
            None => answer(stream, (404, Value::Null))?,
        }
        stream.conn.send_close_notify();
        stream.flush()
    }
}

impl Asked {
    fn read(host: &str, stream: &mut impl BufRead) -> io::Result<Self> {
        let (line, headers) = head(stream)?;
        let mut words = line.split(' ').map(str::to_owned);
        let (method, target) = (words.next(), words.next());
        let (method, target) = (method.unwrap_or_default(), target.unwrap_or_default());
        let path = target.split('?').next().unwrap_or_default();
        let mut asked = Self {
            line: format!("{method} https://{host}{path}"),
            target,
            headers,
            body: String::new(),
            bytes: Vec::new(),
        };
        assert_eq!(asked.header("transfer-encoding"), "", "{}", asked.line);
        let length = asked.header("content-length").parse().unwrap_or(0);
        asked.bytes.resize(length, 0);
        stream.read_exact(&mut asked.bytes)?;
        asked.body = String::from_utf8_lossy(&asked.bytes).into_owned();
        Ok(asked)
    }

    /// Asks a server here the same, and hands on what it answers.
    fn forward(&self, host: &str, address: &str, to: &mut impl Write) -> io::Result<()> {
        let mut server = TcpStream::connect(address)?;
        let method = self.line.split(' ').next().unwrap_or_default();
        let mut head = format!("{method} {} HTTP/1.1\r\n", self.target);
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("connection") {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        assert_eq!(self.header("host"), host);
        head.push_str("Connection: close\r\nX-Forwarded-Proto: https\r\n\r\n");
        server.write_all(head.as_bytes())?;
        server.write_all(&self.bytes)?;
        io::copy(&mut server, to).map(|_| ())
    }
}

fn answer(stream: &mut impl Write, (status, answer): (u16, Value)) -> io::Result<()> {
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all((head + &answer).as_bytes())
}

/// The first line, and the headers.
fn head(stream: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    let headers = lines.filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    });
    Ok((first, headers.collect()))
}

/// An authority in PEM, and what speaks TLS for these names.
fn identity(names: Vec<String>) -> (String, Arc<ServerConfig>) {
    let authority_key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new([]).expect("no names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signed = authority.self_signed(&authority_key);
    let pem = signed.expect("a certificate").pem();
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(names).expect("names");
    let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key));
    let chain = vec![leaf.expect("a certificate").der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("the key is the certificate's");
    (pem, Arc::new(tls))
}
