use super::judge::{Candidate, FoundEntry, Judged, VerifiedSignature};
use super::report::Rejection;
use crate::fetch::only;
use crate::imports::{SearchRequest, TransparencyLog};
use crate::log::{LogEntry, MAX_ENTRIES_SIZE};

pub(crate) type Judge<'a> = &'a dyn Fn(&Candidate<'_>) -> Result<VerifiedSignature, Rejection>;

/// Where an entry may come from that is required and is not stored with its signature.
pub(crate) trait LookUp {
    fn look_up(
        &mut self,
        judged: &Judged<'_>,
        found: Candidate<'_>,
        judge: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection>;
}

/// From nowhere: the code that asks is not even there.
pub(crate) struct Offline;

impl LookUp for Offline {
    fn look_up(
        &mut self,
        _: &Judged<'_>,
        _: Candidate<'_>,
        _: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        Err(Rejection::NotLogged)
    }
}

impl LookUp for Option<&mut dyn TransparencyLog> {
    /// One after the other: signatures that are logged and do not bear their entry are rare.
    fn look_up(
        &mut self,
        judged: &Judged<'_>,
        found: Candidate<'_>,
        judge: Judge<'_>,
    ) -> Result<VerifiedSignature, Rejection> {
        let (Some(log), Some(query)) = (self, judged.query(&found)) else {
            return Err(Rejection::NotLogged);
        };
        let request = SearchRequest {
            query: query.into_bytes(),
            max_size: MAX_ENTRIES_SIZE as u64,
        };
        let answer = only(log.search_entries(&[request])).map_err(Rejection::LogUnavailable)?;
        let entries = LogEntry::all_from_rekor_v1(&answer).map_err(Rejection::LogEntry)?;
        let mut verdict = Err(Rejection::NotLogged);
        for entry in &entries {
            verdict = judge(&Candidate {
                log_entry: Some(FoundEntry::LookedUp(entry)),
                ..found
            });
            if verdict.is_ok() {
                break;
            }
        }
        verdict
    }
}
