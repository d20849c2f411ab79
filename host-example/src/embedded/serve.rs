//! A server: accepts connections, passes requests through faults to its site, records them.

use std::{
    fmt::Debug,
    io,
    net::{Ipv4Addr, SocketAddr},
    ops::ControlFlow,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, Method, Request,
    body::{Body as _, Incoming},
    http::request::Parts,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    cors::Cors,
    fault::{self, Faults, RequestHead},
    journal::{Journal, RequestRecord},
    response::{Response, Severed},
};

/// What a server serves.
pub(super) trait Site: Send + Sync + 'static {
    /// The kinds of endpoint, for faults to be aimed at.
    type Endpoint: Copy + Debug + PartialEq + Send + Sync;

    /// The kind of endpoint that `path` has the shape of, whether or not its parts are valid.
    fn endpoint(path: &str) -> Option<Self::Endpoint>;

    /// Answers one request.
    fn answer(&self, request: &Parts, body: &mut Incoming)
    -> impl Future<Output = Response> + Send;

    /// Sets the headers that every answer has, an injected one too.
    fn mark(&self, _headers: &mut HeaderMap) {}

    /// What pages of other origins may do, if anything.
    fn cors(&self) -> Option<Cors> {
        None
    }
}

/// A running server. Dropping it stops it in the background.
pub(super) struct Server<S: Site> {
    address: SocketAddr,
    shared: Arc<Shared<S>>,
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

/// What the server and its handle share.
struct Shared<S: Site> {
    site: S,
    faults: Faults<S::Endpoint>,
    journal: Journal,
}

impl<S: Site> Server<S> {
    /// Starts to serve on a free port of 127.0.0.1, in the current tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub(super) async fn start(site: S) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            site,
            faults: Faults::new(),
            journal: Journal::default(),
        });
        let (stop, stopped) = watch::channel(());
        let task = tokio::spawn(run(listener, Arc::clone(&shared), stopped));
        Ok(Self {
            address,
            shared,
            stop,
            task,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn site(&self) -> &S {
        &self.shared.site
    }

    pub(super) fn faults(&self) -> &Faults<S::Endpoint> {
        &self.shared.faults
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.shared.journal
    }

    /// Stops listening, gives requests under way a second to finish, and ends.
    pub(super) async fn shutdown(self) {
        drop(self.stop);
        // The task can only fail by a panic of its own, which the runtime has reported.
        let _ = self.task.await;
    }
}

/// Serves until `stop` changes or its sender is gone, then gives requests a moment to finish.
async fn run<S: Site>(
    listener: TcpListener,
    shared: Arc<Shared<S>>,
    mut stop: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&shared), stop.clone()));
                }
                // Out of descriptors, most likely: some come back when connections end.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    // Past the moment of grace the rest is aborted, as the set is dropped.
    let _ = tokio::time::timeout(GRACE, ended).await;
}

async fn connection<S: Site>(
    stream: TcpStream,
    shared: Arc<Shared<S>>,
    mut stop: watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true); // a slow server is a server all the same
    let service = service_fn(|request| exchange(Arc::clone(&shared), request));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(IDLE_TIMEOUT)
            .max_buf_size(MAX_HEAD_SIZE)
            .serve_connection(TokioIo::new(stream), service)
    );
    // How a connection ended, by the client, by a fault or by a timeout, is the client's concern.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn exchange<S: Site>(
    shared: Arc<Shared<S>>,
    request: Request<Incoming>,
) -> Result<Response, Severed> {
    let (head, mut body) = request.into_parts();
    let response = respond(&shared, &head, &mut body).await;
    shared.journal.push(RequestRecord {
        path: shorten(head.uri.path()),
        query: shorten(head.uri.query().unwrap_or_default()),
        method: head.method,
        status: response.as_ref().map(|response| response.status().as_u16()),
    });
    let response = response.ok_or(Severed)?;
    // Who sends slower than that has to cope without.
    let _ = tokio::time::timeout(DRAIN_TIME, drain(&mut body)).await;
    Ok(response)
}

async fn respond<S: Site>(
    shared: &Shared<S>,
    head: &Parts,
    body: &mut Incoming,
) -> Option<Response> {
    let seen = RequestHead {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        endpoint: S::endpoint(head.uri.path()),
    };
    let actions = shared.faults.strike(&seen);
    let cors = shared.site.cors();
    let mut response = match fault::before(&actions, &seen).await {
        ControlFlow::Break(response) => response?,
        ControlFlow::Continue(()) => match cors {
            // Browsers send preflights without credentials.
            Some(cors) if head.method == Method::OPTIONS => cors.preflight(),
            _ => shared.site.answer(head, body).await,
        },
    };
    shared.site.mark(response.headers_mut());
    if let Some(cors) = cors {
        cors.mark(response.headers_mut());
    }
    fault::after(&actions, response)
}

/// Whether a request has a longer target than any that is looked at.
pub(super) fn is_target_too_long(request: &Parts) -> bool {
    let target = request.uri.path_and_query();
    target.is_some_and(|target| target.as_str().len() > MAX_TARGET_SIZE)
}

/// A longer target is refused; its record keeps no more of it than that.
fn shorten(target: &str) -> String {
    target.chars().take(MAX_TARGET_SIZE).collect()
}

/// Reads and forgets what is left of a request body, up to a bound: a client that is still
/// sending would otherwise see a reset connection in place of the response.
async fn drain(body: &mut Incoming) {
    let mut left = DRAIN_LIMIT;
    while !body.is_end_stream() {
        let Some(Ok(frame)) = body.frame().await else {
            return;
        };
        let length = frame.data_ref().map_or(0, bytes::Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

/// The most bytes of a path and query.
pub(super) const MAX_TARGET_SIZE: usize = 4 << 10;
const MAX_CONNECTIONS: usize = 1024;
const MAX_HEAD_SIZE: usize = 64 << 10;
const DRAIN_LIMIT: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(1);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longer than clients keep idle connections, lest they send into one that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(180);
const GRACE: Duration = Duration::from_secs(1);
