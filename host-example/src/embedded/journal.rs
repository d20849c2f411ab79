//! What a server was asked, and how it answered.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hyper::Method;

/// A request and how it was answered. Headers are not kept: they may hold credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestRecord {
    /// The method.
    pub method: Method,
    /// The path as sent.
    pub path: String,
    /// The query as sent, without the question mark; empty when there was none.
    pub query: String,
    /// The status; `None` when a fault closed the connection before any answer.
    pub status: Option<u16>,
}

impl fmt::Display for RequestRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        match self.status {
            Some(status) => write!(f, " {status}"),
            None => f.write_str(" (dropped)"),
        }
    }
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

    pub(super) fn push(&self, record: RequestRecord) {
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

const MAX_RECORDS: usize = 16 << 10;
