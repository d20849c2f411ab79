use alloc::string::String;
use alloc::vec::Vec;

use super::bindings::cosignet::signing::transparency_log as wit;
use super::bindings::cosignet::signing::types::LogError;
use super::shown;
use crate::imports::{
    EntryRequest, LogApi, LogServiceError, Receipt, SearchRequest, Submission, TileRequest,
    TransparencyLog,
};

/// The transparency log of the host.
#[derive(Default)]
pub(super) struct HostLog;

impl TransparencyLog for HostLog {
    fn submit(&mut self, submissions: Vec<Submission>) -> Vec<Result<Receipt, LogServiceError>> {
        let submissions: Vec<_> = submissions
            .into_iter()
            .map(|submission| wit::Submission {
                api: submission.api.into(),
                entry: submission.entry,
                max_size: submission.max_size,
            })
            .collect();
        let receipts = wit::submit(&submissions).into_iter();
        receipts
            .map(|receipt| match receipt? {
                wit::Receipt::Logged(answer) => Ok(Receipt::Logged(answer)),
                wit::Receipt::AlreadyLogged(place) => Ok(Receipt::AlreadyLogged(place)),
            })
            .collect()
    }

    fn fetch_entries(
        &mut self,
        requests: &[EntryRequest],
    ) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::EntryRequest {
                uuid: request.uuid.clone(),
                max_size: request.max_size,
            })
            .collect();
        bodies(wit::fetch_entries(&requests))
    }

    fn search_entries(
        &mut self,
        requests: &[SearchRequest],
    ) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::SearchRequest {
                query: request.query.clone(),
                max_size: request.max_size,
            })
            .collect();
        bodies(wit::search_entries(&requests))
    }

    fn fetch_tiles(&mut self, requests: &[TileRequest]) -> Vec<Result<Vec<u8>, LogServiceError>> {
        let requests: Vec<_> = requests
            .iter()
            .map(|request| wit::TileRequest {
                path: request.path.clone(),
                max_size: request.max_size,
            })
            .collect();
        bodies(wit::fetch_tiles(&requests))
    }
}

fn bodies(answers: Vec<Result<Vec<u8>, LogError>>) -> Vec<Result<Vec<u8>, LogServiceError>> {
    let answers = answers.into_iter();
    answers.map(|answer| Ok(answer?)).collect()
}

impl From<LogApi> for wit::LogApi {
    fn from(api: LogApi) -> Self {
        match api {
            LogApi::RekorV1 => Self::RekorV1,
            LogApi::RekorV2 => Self::RekorV2,
        }
    }
}

impl From<wit::LogApi> for LogApi {
    fn from(api: wit::LogApi) -> Self {
        match api {
            wit::LogApi::RekorV1 => Self::RekorV1,
            wit::LogApi::RekorV2 => Self::RekorV2,
        }
    }
}

impl From<LogError> for LogServiceError {
    fn from(error: LogError) -> Self {
        use LogError as Wit;
        let of: (fn(String) -> Self, String) = match error {
            Wit::NotFound(words) => (Self::NotFound, words),
            Wit::Denied(words) => (Self::Denied, words),
            Wit::Unavailable(words) => (Self::Unavailable, words),
            Wit::Refused(words) => (Self::Refused, words),
            Wit::TooLarge(words) => (Self::TooLarge, words),
            Wit::Invalid(words) => (Self::Invalid, words),
            Wit::Unsupported(words) => (Self::Unsupported, words),
            Wit::Other(words) => (Self::Other, words),
        };
        of.0(shown(of.1))
    }
}
