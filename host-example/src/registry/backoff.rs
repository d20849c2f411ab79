//! When to try again, and when to give up.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant, SystemTime},
};

use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::RegistryError;

/// Why one attempt failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may pass. `after`: the pause that the server asks for.
    Transient {
        error: RegistryError,
        after: Option<Duration>,
    },
    /// It will fail again.
    Final(RegistryError),
}

/// How often and how fast to try again.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// Attempts after the first.
    pub retries: u32,
    /// The first pause, about; each further one is about twice as long.
    pub pause: Duration,
}

/// The attempts of one operation.
#[derive(Debug)]
pub(super) struct Backoff {
    left: u32,
    pause: Duration,
    deadline: Instant,
}

impl Failure {
    /// A passing failure without a wish of the server's.
    pub fn transient(error: RegistryError) -> Self {
        Self::Transient { error, after: None }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        Self::Final(error)
    }
}

impl Backoff {
    pub fn new(policy: RetryPolicy, deadline: Instant) -> Self {
        Self {
            left: policy.retries,
            pause: policy.pause,
            deadline,
        }
    }

    /// Pauses before the next attempt; the failure's error when there is none.
    pub async fn wait(&mut self, failure: Failure) -> Result<(), RegistryError> {
        let (error, after) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Transient { error, after } => (error, after),
        };
        let pause = after.unwrap_or_else(|| jittered(self.pause));
        if self.left == 0 || Instant::now() + pause >= self.deadline {
            return Err(error);
        }
        self.left -= 1;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, capped.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            date.duration_since(now).unwrap_or_default()
        }
    };
    Some(pause.min(LONGEST_WISH))
}

/// Between half of it and all of it, so that clients that failed together come back apart.
fn jittered(pause: Duration) -> Duration {
    // The standard library's only source of randomness; nothing secret hangs on it.
    let random = RandomState::new().build_hasher().finish();
    let share = 0.5 + (random >> 40) as f64 / (1_u64 << 25) as f64;
    pause.mul_f64(share)
}

const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause that a server is granted.
const LONGEST_WISH: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn wish(text: &str) -> Option<Duration> {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
        retry_after(&headers, now)
    }

    #[test]
    fn wishes() {
        assert_eq!(wish("3"), Some(Duration::from_secs(3)));
        assert_eq!(
            wish("Wed, 21 Oct 2026 07:28:07 GMT"),
            Some(Duration::from_secs(7))
        );
        assert_eq!(wish("Wed, 21 Oct 2020 07:28:07 GMT"), Some(Duration::ZERO));
        assert_eq!(wish("86400"), Some(Duration::from_secs(60)));
        assert_eq!(
            wish("Wed, 21 Oct 2099 07:28:07 GMT"),
            Some(Duration::from_secs(60))
        );
        assert_eq!(wish("soon"), None);
        assert_eq!(wish("-1"), None);
    }

    #[test]
    fn jitter_keeps_to_half_and_whole() {
        let pause = Duration::from_millis(100);
        let all: Vec<_> = (0..200).map(|_| jittered(pause)).collect();
        assert!(
            all.iter().all(|one| (pause / 2..=pause).contains(one)),
            "{all:?}"
        );
        assert!(all.iter().any(|one| *one != all[0]));
    }

    fn busy(after: Option<Duration>) -> Failure {
        let error = RegistryError::Unavailable("busy".to_owned());
        Failure::Transient { error, after }
    }

    #[tokio::test]
    async fn gives_up_after_the_retries() {
        let policy = RetryPolicy {
            retries: 2,
            pause: Duration::from_millis(1),
        };
        let mut backoff = Backoff::new(policy, Instant::now() + Duration::from_secs(9));
        assert!(backoff.wait(busy(None)).await.is_ok());
        assert!(backoff.wait(busy(None)).await.is_ok());
        assert!(backoff.wait(busy(None)).await.is_err());
    }

    #[tokio::test]
    async fn does_not_wait_past_the_deadline_nor_for_final_failures() {
        let policy = RetryPolicy {
            retries: 9,
            pause: Duration::from_millis(1),
        };
        let start = Instant::now();
        let mut backoff = Backoff::new(policy, start + Duration::from_secs(9));
        assert!(
            backoff
                .wait(busy(Some(Duration::from_secs(10))))
                .await
                .is_err()
        );
        let failure = Failure::Final(RegistryError::NotFound("x".to_owned()));
        assert!(backoff.wait(failure).await.is_err());
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
