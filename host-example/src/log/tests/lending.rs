//! A log that is lent to a component: lists, their order, and errors on the way.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tokio::sync::Barrier;

use super::super::{LogApi, LogError, Receipt, TransparencyLog};
use crate::{
    Imports,
    bindings::cosignet::signing::transparency_log::{
        self as wit, EntryRequest, Host as _, SearchRequest, Submission, TileRequest,
    },
};

/// Echoes, once as many requests are under way as the barrier wants.
struct Echo(Arc<Barrier>);

#[async_trait]
impl TransparencyLog for Echo {
    async fn submit(
        &self,
        api: LogApi,
        entry: Vec<u8>,
        max_size: u64,
    ) -> Result<Receipt, LogError> {
        self.0.wait().await;
        Ok(match api {
            LogApi::RekorV1 => Receipt::Logged(entry),
            LogApi::RekorV2 => Receipt::AlreadyLogged(max_size.to_string()),
        })
    }

    async fn fetch_entry(&self, uuid: &str, max_size: u64) -> Result<Vec<u8>, LogError> {
        self.0.wait().await;
        Ok(format!("{uuid} {max_size}").into())
    }

    async fn search_entries(&self, query: Vec<u8>, max_size: u64) -> Result<Vec<u8>, LogError> {
        self.0.wait().await;
        Ok([query, max_size.to_string().into()].concat())
    }

    async fn fetch_tile(&self, path: &str, max_size: u64) -> Result<Vec<u8>, LogError> {
        self.0.wait().await;
        Ok(format!("{path} {max_size}").into())
    }
}

fn submission(api: wit::LogApi, entry: &str, max_size: u64) -> Submission {
    let entry = entry.into();
    Submission {
        api,
        entry,
        max_size,
    }
}

#[tokio::test]
async fn a_list_is_served_side_by_side_and_in_order() {
    let echo = Echo(Arc::new(Barrier::new(3)));
    let mut imports = Imports::none().transparency_log(echo);
    let receipts = imports
        .submit(vec![
            submission(wit::LogApi::RekorV1, "a", 1),
            submission(wit::LogApi::RekorV2, "b", 2),
            submission(wit::LogApi::RekorV1, "c", 3),
        ])
        .await;
    assert_eq!(
        receipts,
        [
            Ok(wit::Receipt::Logged(b"a".to_vec())),
            Ok(wit::Receipt::AlreadyLogged("2".to_owned())),
            Ok(wit::Receipt::Logged(b"c".to_vec())),
        ]
    );

    let names = ["a", "b", "c"].map(str::to_owned);
    let entries = names.clone().map(|uuid| EntryRequest { uuid, max_size: 7 });
    let entries = imports.fetch_entries(entries.into()).await;
    let queries = names.clone().map(|query| SearchRequest {
        query: query.into(),
        max_size: 7,
    });
    let found = imports.search_entries(queries.into()).await;
    let tiles = names.map(|path| TileRequest { path, max_size: 7 });
    let tiles = imports.fetch_tiles(tiles.into()).await;
    for (answers, expected) in [
        (entries, ["a 7", "b 7", "c 7"]),
        (found, ["a7", "b7", "c7"]),
        (tiles, ["a 7", "b 7", "c 7"]),
    ] {
        assert_eq!(answers, expected.map(|text| Ok(text.into())));
    }
    assert_eq!(imports.submit(vec![]).await, []);
}

#[tokio::test]
async fn nothing_lent_is_unsupported() {
    let mut imports = Imports::none();
    let (max_size, path, uuid, query) = (7, String::new(), String::new(), vec![]);
    let submitted = imports
        .submit(vec![submission(wit::LogApi::RekorV1, "", 7)])
        .await;
    let [Err(error)] = submitted.as_slice() else {
        panic!("{submitted:?}");
    };
    assert!(
        matches!(error, wit::LogError::Unsupported(text) if text.contains("no transparency log"))
    );
    for answers in [
        imports
            .fetch_entries(vec![EntryRequest { uuid, max_size }])
            .await,
        imports
            .search_entries(vec![SearchRequest { query, max_size }])
            .await,
        imports
            .fetch_tiles(vec![TileRequest { path, max_size }])
            .await,
    ] {
        assert_eq!(answers, [Err(error.clone())]);
    }
}

/// Fails in each way there is, one after the other.
struct Failing(AtomicUsize);

#[async_trait]
impl TransparencyLog for Failing {
    async fn submit(&self, _: LogApi, _: Vec<u8>, _: u64) -> Result<Receipt, LogError> {
        Err(LogError::Refused("all".to_owned()))
    }

    async fn fetch_entry(&self, _: &str, _: u64) -> Result<Vec<u8>, LogError> {
        Err(LogError::Refused("all".to_owned()))
    }

    async fn search_entries(&self, _: Vec<u8>, _: u64) -> Result<Vec<u8>, LogError> {
        Err(LogError::Refused("all".to_owned()))
    }

    async fn fetch_tile(&self, path: &str, limit: u64) -> Result<Vec<u8>, LogError> {
        let words = path.to_owned();
        Err(match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => LogError::NotFound(words),
            1 => LogError::Denied(words),
            2 => LogError::Unavailable(words),
            3 => LogError::Refused(words),
            4 => LogError::TooLarge { what: words, limit },
            5 => LogError::Invalid(words),
            6 => LogError::Unsupported(words),
            _ => LogError::Other(words),
        })
    }
}

#[tokio::test]
async fn errors_keep_their_kind() {
    let failing = Failing(AtomicUsize::new(0));
    let imports = Imports::none().transparency_log(failing).side_by_side(1);
    let tiles = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|path| TileRequest {
        path: path.to_owned(),
        max_size: 7,
    });
    let errors = imports.clone().fetch_tiles(tiles.into()).await;
    let expected = [
        wit::LogError::NotFound("a".to_owned()),
        wit::LogError::Denied("b".to_owned()),
        wit::LogError::Unavailable("c".to_owned()),
        wit::LogError::Refused("d".to_owned()),
        wit::LogError::TooLarge("e is longer than the 7 bytes accepted".to_owned()),
        wit::LogError::Invalid("f".to_owned()),
        wit::LogError::Unsupported("g".to_owned()),
        wit::LogError::Other("h".to_owned()),
    ];
    assert_eq!(errors, expected.map(Err));
}
