//! The one place that knows the time and may sleep.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time since some start and waits. A test passes its own, so that no test sleeps.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> Sleep + Send + Sync>,
}

impl Clock {
    /// Makes the clock of this machine.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that polls: tasks of the host have no other way to say that they ended"
    )]
    pub fn system() -> Self {
        let start = tokio::time::Instant::now();
        Self::new(move || start.elapsed(), tokio::time::sleep)
    }

    /// Makes a clock of two functions: one that tells the time, one that waits.
    pub fn new<N, S, F>(now: N, sleep: S) -> Self
    where
        N: Fn() -> Duration + Send + Sync + 'static,
        S: Fn(Duration) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            now: Arc::new(now),
            sleep: Arc::new(move |time| Box::pin(sleep(time))),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        (self.now)()
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        (self.sleep)(time).await;
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Clock")
    }
}
