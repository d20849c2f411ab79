//! What was issued, kept for its life.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use super::{CredentialProvider, Issued};
use crate::registry::{Credential, RegistryError, name::Host};

/// The providers, in the order in which they are asked, and what they have issued.
pub(in crate::registry) struct Providers {
    all: Vec<Arc<dyn CredentialProvider>>,
    kept: Mutex<HashMap<Host, Arc<Slot>>>,
    /// One that was refused so soon would be refused again.
    young: Duration,
}

/// Of one registry. Whoever asks holds the lock, so that others wait for the same answer.
type Slot = tokio::sync::Mutex<Kept>;

#[derive(Default)]
enum Kept {
    #[default]
    Unasked,
    /// No provider had anything to ask with.
    Nothing,
    Issued {
        issued: Issued,
        at: Instant,
    },
}

impl Providers {
    /// Credentials that were issued less than `young` ago are not renewed.
    pub fn new(all: Vec<Arc<dyn CredentialProvider>>, young: Duration) -> Self {
        Self {
            all,
            kept: Mutex::default(),
            young,
        }
    }

    /// What is issued for a registry.
    pub async fn find(&self, registry: &Host) -> Result<Option<Credential>, RegistryError> {
        if self.all.is_empty() {
            return Ok(None);
        }
        let slot = self.slot(registry);
        let mut kept = slot.lock().await;
        match &*kept {
            Kept::Nothing => return Ok(None),
            Kept::Issued { issued, .. } if is_live(issued) => {
                return Ok(Some(issued.credential.clone()));
            }
            Kept::Issued { .. } | Kept::Unasked => {}
        }
        self.issue(registry, &mut kept).await
    }

    /// Another one in place of one that was refused; `None` if it was not issued here, or was
    /// issued a moment ago.
    pub async fn renew(
        &self,
        registry: &Host,
        refused: &Credential,
    ) -> Result<Option<Credential>, RegistryError> {
        if self.all.is_empty() {
            return Ok(None);
        }
        let slot = self.slot(registry);
        let mut kept = slot.lock().await;
        match &*kept {
            Kept::Unasked | Kept::Nothing => Ok(None),
            // Somebody else has renewed it in the meantime.
            Kept::Issued { issued, .. } if issued.credential != *refused => {
                Ok(Some(issued.credential.clone()))
            }
            Kept::Issued { at, .. } if at.elapsed() < self.young => Ok(None),
            Kept::Issued { .. } => self.issue(registry, &mut kept).await,
        }
    }

    /// What a user can do when this registry lets nobody in.
    pub fn advice(&self, registry: &Host) -> Option<String> {
        let registry = registry.to_string();
        self.all.iter().find_map(|one| one.advice(&registry))
    }

    async fn issue(
        &self,
        registry: &Host,
        kept: &mut Kept,
    ) -> Result<Option<Credential>, RegistryError> {
        // Should asking fail, the next one asks again.
        *kept = Kept::Unasked;
        let name = registry.to_string();
        for provider in &self.all {
            if let Some(mut issued) = provider.credential(&name).await? {
                // Nobody issues what has ended: a clock is wrong, and the registry is to say.
                issued.expires = issued.expires.filter(|end| SystemTime::now() < *end);
                let credential = issued.credential.clone();
                let at = Instant::now();
                *kept = Kept::Issued { issued, at };
                return Ok(Some(credential));
            }
        }
        *kept = Kept::Nothing;
        Ok(None)
    }

    fn slot(&self, registry: &Host) -> Arc<Slot> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(kept.entry(registry.clone()).or_default())
    }
}

impl Default for Providers {
    fn default() -> Self {
        Self::new(Vec::new(), YOUNG)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.all.len();
        f.debug_struct("Providers").field("count", &count).finish()
    }
}

fn is_live(issued: &Issued) -> bool {
    let end = issued.expires;
    end.is_none_or(|end| SystemTime::now() + MARGIN < end)
}

/// What ends within it is not used any more: a push may take a while.
const MARGIN: Duration = Duration::from_secs(60);
/// How long a credential is young.
pub(in crate::registry) const YOUNG: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;

    use super::*;

    /// Issues `1`, `2`, … to `registry.test`.
    struct Counter {
        issued: Arc<AtomicUsize>,
        life: Option<Duration>,
    }

    #[async_trait]
    impl CredentialProvider for Counter {
        async fn credential(&self, registry: &str) -> Result<Option<Issued>, RegistryError> {
            let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            Ok((registry == "registry.test").then(|| Issued {
                credential: Credential::bearer(number.to_string()),
                expires: self.life.map(|life| SystemTime::now() + life),
            }))
        }

        fn advice(&self, registry: &str) -> Option<String> {
            (registry == "registry.test").then(|| "count".to_owned())
        }
    }

    fn counter(life: Option<Duration>, young: Duration) -> (Providers, Arc<AtomicUsize>) {
        let issued = Arc::new(AtomicUsize::new(0));
        let counter = Counter {
            issued: Arc::clone(&issued),
            life,
        };
        (Providers::new(vec![Arc::new(counter)], young), issued)
    }

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    fn bearer(number: usize) -> Option<Credential> {
        Some(Credential::bearer(number.to_string()))
    }

    #[tokio::test]
    async fn many_at_once_ask_once() {
        let (providers, issued) = counter(Some(Duration::from_secs(3600)), YOUNG);
        let registry = host("registry.test");
        let all = futures_util::future::join_all((0..8).map(|_| providers.find(&registry))).await;
        assert!(all.into_iter().all(|found| found.unwrap() == bearer(1)));
        assert_eq!(issued.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn what_ends_soon_is_asked_for_again() {
        let (providers, _) = counter(Some(MARGIN / 2), YOUNG);
        let registry = host("registry.test");
        assert_eq!(providers.find(&registry).await.unwrap(), bearer(1));
        assert_eq!(providers.find(&registry).await.unwrap(), bearer(2));
    }

    #[tokio::test]
    async fn what_ended_before_it_was_issued_is_kept() {
        let (providers, _) = counter(Some(Duration::ZERO), YOUNG);
        let registry = host("registry.test");
        assert_eq!(providers.find(&registry).await.unwrap(), bearer(1));
        assert_eq!(providers.find(&registry).await.unwrap(), bearer(1));
    }

    #[tokio::test]
    async fn what_is_refused_is_renewed_once() {
        let (providers, _) = counter(None, Duration::ZERO);
        let registry = host("registry.test");
        let first = providers.find(&registry).await.unwrap().unwrap();
        assert_eq!(providers.renew(&registry, &first).await.unwrap(), bearer(2));
        // Whoever was refused with the first one too gets what there is.
        assert_eq!(providers.renew(&registry, &first).await.unwrap(), bearer(2));
        assert_eq!(providers.find(&registry).await.unwrap(), bearer(2));
    }

    #[tokio::test]
    async fn what_was_just_issued_is_not_renewed() {
        let (providers, issued) = counter(None, YOUNG);
        let registry = host("registry.test");
        let first = providers.find(&registry).await.unwrap().unwrap();
        assert_eq!(providers.renew(&registry, &first).await.unwrap(), None);
        assert_eq!(issued.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn nothing_is_asked_for_once() {
        let (providers, issued) = counter(None, YOUNG);
        let registry = host("other.test");
        assert_eq!(providers.find(&registry).await.unwrap(), None);
        assert_eq!(providers.find(&registry).await.unwrap(), None);
        assert_eq!(issued.load(Ordering::SeqCst), 1);
        let given = Credential::bearer("given");
        assert_eq!(providers.renew(&registry, &given).await.unwrap(), None);
        assert_eq!(providers.advice(&registry), None);
        assert_eq!(
            providers.advice(&host("registry.test")).as_deref(),
            Some("count")
        );
    }
}
