//! The client against small servers in the same process. Each attack is first shown to work
//! where it is no attack.

mod authentication;
mod providers;
mod pushing;
mod reading;
mod redirects;
mod referrers;
mod retries;
mod streams;
mod transport_security;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{OciRegistry, OciRegistryBuilder};
use crate::http::test_server as server;

/// A builder that sees nothing of this machine and retries without much ado.
fn builder() -> OciRegistryBuilder {
    OciRegistry::builder()
        .credential_files([] as [PathBuf; 0])
        .retry_pause(Duration::from_millis(1))
        .request_timeout(Duration::from_secs(10))
}

/// A builder for the named hosts of `server::TlsIdentity`, which all are this machine.
fn named_hosts(identity: &server::TlsIdentity) -> OciRegistryBuilder {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    server::NAMES
        .iter()
        .fold(builder(), |builder, name| builder.resolve_to(*name, here))
        .extra_ca(identity.ca_pem.clone())
}

/// `METHOD URL STATUS` of all requests from now on.
fn counted(builder: OciRegistryBuilder) -> (OciRegistry, Arc<Mutex<Vec<String>>>) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = Arc::clone(&log);
    let client = builder
        .on_request(move |event| {
            let status = event
                .status
                .map_or("-".to_owned(), |status| status.to_string());
            let line = format!("{} {} {status}", event.method, event.url);
            writer.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    (client, log)
}

fn bearer_challenge(realm: &str) -> server::Reply {
    let value = format!(r#"Bearer realm="{realm}",service="test",scope="repository:a/b:pull""#);
    server::reply(401).header("WWW-Authenticate", &value)
}

fn basic_challenge() -> server::Reply {
    server::reply(401).header("WWW-Authenticate", r#"Basic realm="test""#)
}

fn client() -> OciRegistry {
    builder().build().unwrap()
}

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// Of `hello`.
const DIGEST: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
