use super::{Session, exported};
use crate::HostError;
use crate::api::cleaning::{OwnWork, Search};
use crate::api::signing::SigningError;

impl Session {
    /// Finds what one key has signed for an image. Nothing is written.
    pub async fn find_own(
        &mut self,
        search: &Search,
    ) -> Result<Result<Vec<OwnWork>, SigningError>, HostError> {
        let cleaning = exported(&self.cleaning, "cleaning")?;
        let answer = cleaning.call_find(&mut self.store, search).await;
        answer.map_err(HostError::trap)
    }

    /// Takes away what one key has signed for an image, and nothing of others'.
    pub async fn remove_own(
        &mut self,
        search: &Search,
    ) -> Result<Result<Vec<OwnWork>, SigningError>, HostError> {
        let cleaning = exported(&self.cleaning, "cleaning")?;
        let answer = cleaning.call_remove(&mut self.store, search).await;
        answer.map_err(HostError::trap)
    }
}
