//! When to try again, and when to give up.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant, SystemTime},
};

use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Why one attempt failed.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// It may pass. `after`: the pause that the server asks for.
    Transient { error: E, after: Option<Duration> },
    /// It will fail again.
    Final(E),
}

/// How often and how fast to try again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetryPolicy {
    /// Attempts after the first.
    pub retries: u32,
    /// The first pause, about; each further one is about twice as long.
    pub pause: Duration,
}

/// The attempts of one operation.
#[derive(Debug)]
pub(crate) struct Backoff {
    left: u32,
    pause: Duration,
    deadline: Instant,
}

impl<E> Failure<E> {
    /// A passing failure without a wish of the server's.
    pub fn transient(error: E) -> Self {
        Self::Transient { error, after: None }
    }
}

impl<E> From<E> for Failure<E> {
    fn from(error: E) -> Self {
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

    /// Attempts until one succeeds, fails for good, or is the last.
    pub async fn run<T, E, F>(mut self, attempt: impl Fn() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, Failure<E>>>,
    {
        loop {
            match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) => self.wait(failure).await?,
            }
        }
    }

    /// Pauses before the next attempt; the failure's error when there is none.
    pub async fn wait<E>(&mut self, failure: Failure<E>) -> Result<(), E> {
        let (error, after) = match failure {
            Failure::Final(error) => return Err(error),
            Failure::Transient { error, after } => (error, after),
        };
        let pause = after.unwrap_or_else(|| jittered(self.pause));
        let next = Instant::now().checked_add(pause);
        if self.left == 0 || next.is_none_or(|next| next >= self.deadline) {
            return Err(error);
        }
        self.left -= 1;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// When an operation that begins now must have ended.
pub(crate) fn deadline(limit: Duration) -> Instant {
    Instant::now() + limit.min(LONGEST_OPERATION)
}

/// `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, capped.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
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
/// As good as for ever, and no overflow.
const LONGEST_OPERATION: Duration = Duration::from_secs(366 * 24 * 60 * 60);
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

    #[tokio::test]
    async fn no_length_of_time_is_too_long() {
        let policy = RetryPolicy {
            retries: 9,
            pause: Duration::MAX,
        };
        let mut backoff = Backoff::new(policy, deadline(Duration::MAX));
        assert!(backoff.wait(busy(None)).await.is_err());
        assert!(backoff.wait(busy(Some(Duration::MAX))).await.is_err());
    }

    #[tokio::test]
    async fn runs_until_it_is_done() {
        let policy = RetryPolicy {
            retries: 2,
            pause: Duration::from_millis(1),
        };
        for (fails, expected) in [(2, Ok(3)), (3, Err("busy"))] {
            let count = std::cell::Cell::new(0);
            let attempt = || async {
                count.set(count.get() + 1);
                match count.get() <= fails {
                    true => Err(busy(None)),
                    false => Ok(count.get()),
                }
            };
            let backoff = Backoff::new(policy, deadline(Duration::from_secs(9)));
            assert_eq!(backoff.run(attempt).await, expected);
        }
    }

    fn busy(after: Option<Duration>) -> Failure<&'static str> {
        let error = "busy";
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
        let failure = Failure::Final("not found");
        assert!(backoff.wait(failure).await.is_err());
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
