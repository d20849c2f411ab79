//! The server: accepts connections, passes requests through faults to the registry, records them.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{
    Request, body::Incoming, http::request::Parts, server::conn::http1, service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    RequestRecord,
    api::{Api, MAX_TARGET_SIZE},
    budget::drain,
    fault::{self, Faults, RequestHead},
    response::{Response, Severed},
    route::Endpoint,
};

/// What the server and its handle share.
pub(super) struct Shared {
    pub(super) api: Api,
    pub(super) faults: Faults,
    pub(super) journal: Journal,
}

/// Serves until `stop` changes or its sender is gone, then gives requests a moment to finish.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<()>) {
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

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true); // a slow registry is a registry all the same
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

async fn exchange(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response, Severed> {
    let (head, mut body) = request.into_parts();
    let response = respond(&shared, &head, &mut body).await;
    shared.journal.push(RequestRecord {
        path: shorten(head.uri.path()),
        query: shorten(head.uri.query().unwrap_or_default()),
        method: head.method,
        status: response.as_ref().map(|response| response.status().as_u16()),
    });
    let response = response.ok_or(Severed)?;
    drain(&mut body).await;
    Ok(response)
}

async fn respond(shared: &Shared, head: &Parts, body: &mut Incoming) -> Option<Response> {
    let seen = RequestHead {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        endpoint: Endpoint::of(head.uri.path()),
    };
    let actions = shared.faults.strike(&seen);
    let mut response = match fault::before(&actions, &seen).await {
        ControlFlow::Break(response) => response?,
        ControlFlow::Continue(()) => shared.api.answer(head, body).await,
    };
    shared.api.mark(response.headers_mut());
    fault::after(&actions, response)
}

/// A longer target is refused; its record keeps no more of it than that.
fn shorten(target: &str) -> String {
    target.chars().take(MAX_TARGET_SIZE).collect()
}

/// The latest requests, in the order of their answers.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<VecDeque<RequestRecord>>);

impl Journal {
    pub(super) fn records(&self) -> Vec<RequestRecord> {
        self.lock().iter().cloned().collect()
    }

    pub(super) fn take(&self) -> Vec<RequestRecord> {
        std::mem::take(&mut *self.lock()).into()
    }

    fn push(&self, record: RequestRecord) {
        let mut records = self.lock();
        if records.len() == MAX_RECORDS {
            records.pop_front();
        }
        records.push_back(record);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<RequestRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MAX_CONNECTIONS: usize = 1024;
const MAX_HEAD_SIZE: usize = 64 << 10;
const MAX_RECORDS: usize = 16 << 10;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longer than clients keep idle connections, lest they send into one that is being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(180);
const GRACE: Duration = Duration::from_secs(1);
