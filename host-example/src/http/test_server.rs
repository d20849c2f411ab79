//! A scripted HTTP/1.1 server, with or without TLS, that remembers what it was asked.

use std::{
    io,
    sync::{Arc, Mutex},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::Barrier,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// With query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    wait: Option<Arc<Barrier>>,
}

enum Body {
    /// With `Content-Length`, unless the headers have one.
    Whole(Vec<u8>),
    /// Chunked, for ever.
    Endless,
    /// Instead of everything, then the connection is closed.
    Raw(Vec<u8>),
}

/// A certificate for all `NAMES`, and its authority.
pub struct TlsIdentity {
    pub ca_pem: String,
    acceptor: TlsAcceptor,
}

pub const NAMES: [&str; 5] = [
    "registry.corp.test",
    "team.azurecr.io",
    "auth.corp.test",
    "evil.test",
    "storage.test",
];

pub fn reply(status: u16) -> Reply {
    Reply {
        status,
        headers: Vec::new(),
        body: Body::Whole(Vec::new()),
        wait: None,
    }
}

pub fn ok(body: &str) -> Reply {
    reply(200).body(body)
}

/// Cuts the connection after these bytes.
pub fn raw(bytes: &[u8]) -> Reply {
    Reply {
        body: Body::Raw(bytes.to_vec()),
        ..reply(0)
    }
}

impl Reply {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(self, body: &str) -> Self {
        Self {
            body: Body::Whole(body.as_bytes().to_vec()),
            ..self
        }
    }

    pub fn endless(self) -> Self {
        Self {
            body: Body::Endless,
            ..self
        }
    }

    /// Holds it back until as many replies wait as the barrier wants.
    pub fn after(self, barrier: &Arc<Barrier>) -> Self {
        Self {
            wait: Some(Arc::clone(barrier)),
            ..self
        }
    }
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn authorization(&self) -> &str {
        self.header("authorization").unwrap_or("")
    }

    pub fn host(&self) -> &str {
        self.header("host").unwrap()
    }
}

impl Server {
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(None, answer).await
    }

    pub async fn start_tls(
        identity: &TlsIdentity,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(identity.acceptor.clone()), answer).await
    }

    async fn serve(
        acceptor: Option<TlsAcceptor>,
        answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, log) = (acceptor.clone(), Arc::clone(&log));
                let answer = Arc::clone(&answer);
                // Ends with its connection; errors are the client's to tell.
                tokio::spawn(async move {
                    match acceptor {
                        None => converse(stream, &log, &*answer).await,
                        Some(acceptor) => {
                            converse(acceptor.accept(stream).await?, &log, &*answer).await
                        }
                    }
                });
            }
        });
        Self { port, seen, task }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn named(&self, name: &str) -> String {
        format!("{name}:{}", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(Seen::line).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TlsIdentity {
    pub fn new() -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
        let key = KeyPair::generate().unwrap();
        let mut names = NAMES.map(str::to_owned).to_vec();
        names.extend(["127.0.0.1".to_owned(), "localhost".to_owned()]);
        let leaf = CertificateParams::new(names).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key)).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        Self {
            ca_pem,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    log: &Mutex<Vec<Seen>>,
    answer: &(impl Fn(&Seen) -> Reply + ?Sized),
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(seen) = read_request(&mut stream).await? {
        log.lock().unwrap().push(seen.clone());
        let reply = answer(&seen);
        if let Some(barrier) = &reply.wait {
            barrier.wait().await;
        }
        let mut head = format!("HTTP/1.1 {} Status\r\n", reply.status);
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        match reply.body {
            Body::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await?;
                return Ok(());
            }
            Body::Whole(body) => {
                if !reply
                    .headers
                    .iter()
                    .any(|(name, _)| name == "Content-Length")
                {
                    head.push_str(&format!("Content-Length: {}\r\n", body.len()));
                }
                stream.write_all(format!("{head}\r\n").as_bytes()).await?;
                if seen.method != "HEAD" {
                    stream.write_all(&body).await?;
                }
            }
            Body::Endless => {
                head.push_str("Transfer-Encoding: chunked\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                loop {
                    stream.write_all(b"400\r\n").await?;
                    stream.write_all(&[b'x'; 0x400]).await?;
                    stream.write_all(b"\r\n").await?;
                }
            }
        }
        stream.flush().await?;
    }
    Ok(())
}

async fn read_request(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    let mut seen = Seen {
        method,
        path,
        headers: Vec::new(),
        body: Vec::new(),
    };
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) => seen.headers.push((name.to_owned(), value.to_owned())),
            None => break,
        }
    }
    let length = seen
        .header("content-length")
        .map_or(0, |text| text.parse().unwrap());
    seen.body.resize(length, 0);
    stream.read_exact(&mut seen.body).await?;
    Ok(Some(seen))
}
