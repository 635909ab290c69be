//! What time it is, and waiting for a time.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use time::OffsetDateTime;

/// A clock. Production reads the system's; a test moves its own by hand.
#[derive(Clone)]
pub struct Clock {
    now: Arc<Now>,
    until: Arc<Until>,
}

type Now = dyn Fn() -> OffsetDateTime + Send + Sync;
type Until = dyn Fn(OffsetDateTime) -> Wait + Send + Sync;
/// What ends when a moment has come.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Clock {
    /// The system's clock, in UTC.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn system() -> Self {
        Self::new(OffsetDateTime::now_utc, |moment| {
            let left = (moment - OffsetDateTime::now_utc()).try_into().unwrap_or_default();
            Box::pin(tokio::time::sleep(left))
        })
    }

    /// A clock of one's own. `until` gives what ends when the moment it is given has come.
    pub fn new(
        now: impl Fn() -> OffsetDateTime + Send + Sync + 'static,
        until: impl Fn(OffsetDateTime) -> Wait + Send + Sync + 'static,
    ) -> Self {
        Self { now: Arc::new(now), until: Arc::new(until) }
    }

    /// Now, to the microsecond: what PostgreSQL stores, so that a stored time equals the one it came from.
    pub fn now(&self) -> OffsetDateTime {
        let now = (self.now)();
        now.replace_microsecond(now.microsecond()).unwrap_or(now)
    }

    /// Waits until `moment` has come; not at all when it has.
    pub fn until(&self, moment: OffsetDateTime) -> Wait {
        (self.until)(moment)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
