//! Simulated time: when it is, and how it passes.

use std::time::{Duration, Instant};

/// A moment of simulated time in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct SimTime(pub u64);

impl SimTime {
    /// The moment `seconds` after the Unix epoch.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Whole seconds since the Unix epoch.
    pub const fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// The moment `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// The span since an `earlier` moment, zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// How simulated time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clock {
    /// With the host's clock, `speed` times as fast. For people, and for clients that poll.
    Real {
        /// Simulated seconds per real second; 1.0 is real time.
        speed: f64,
    },
    /// Only when [`crate::Sim::advance`] is called.
    Stepped,
}

/// The running clock of one simulator.
#[derive(Debug)]
pub(crate) struct Ticker {
    clock: Clock,
    epoch: SimTime,
    started: Instant,
    stepped: Duration,
}

impl Ticker {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator's clock is the edge that reads it"
    )]
    pub(crate) fn start(clock: Clock, epoch: SimTime) -> Self {
        Self {
            clock,
            epoch,
            started: Instant::now(),
            stepped: Duration::ZERO,
        }
    }

    pub(crate) fn now(&self) -> SimTime {
        let flowing = match self.clock {
            Clock::Real { speed } => self.started.elapsed().mul_f64(sane(speed)),
            Clock::Stepped => Duration::ZERO,
        };
        self.epoch.plus(flowing).plus(self.stepped)
    }

    /// Moves the clock forward; with a real clock this is a jump.
    pub(crate) fn advance(&mut self, span: Duration) {
        self.stepped = self.stepped.saturating_add(span);
    }

    /// How long to wait in real time for `span` of simulated time, `None` when only steps count.
    pub(crate) fn real(&self, span: Duration) -> Option<Duration> {
        match self.clock {
            Clock::Real { speed } => Some(span.div_f64(sane(speed))),
            Clock::Stepped => None,
        }
    }
}

/// A speed that neither stops the clock nor overflows it.
fn sane(speed: f64) -> f64 {
    if speed.is_finite() {
        speed.clamp(0.001, 100_000.0)
    } else {
        1.0
    }
}
