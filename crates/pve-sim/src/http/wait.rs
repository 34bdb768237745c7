//! Waiting for simulated time, or for something to change.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::SimTime;
use crate::sim::Shared;

/// Waits until simulated time has come, whatever happens in between.
pub(super) async fn wait_until(shared: &Shared, until: SimTime) {
    let mut changes = shared.watch();
    while shared.lock().tick() < until {
        wait_for_change(shared, &mut changes, until).await;
    }
}

/// Waits until the clock reaches a moment, a task has something to do, or the world was changed.
pub(super) async fn wait_for_change(
    shared: &Shared,
    changes: &mut watch::Receiver<u64>,
    until: SimTime,
) {
    let (parked, nap) = {
        let mut state = shared.lock();
        let now = state.tick();
        let parked = state.park(until);
        let next = state
            .world
            .next_event()
            .map_or(until, |event| event.min(until));
        (parked, state.ticker.real(next.since(now)))
    };
    shared.changed();
    changes.mark_unchanged();
    match nap {
        // The margin lets the clock be past the moment, not just at it.
        Some(nap) => {
            let nap = nap + Duration::from_millis(1);
            let changed = tokio::time::timeout(nap, changes.changed()).await;
            drop(changed);
        }
        None => drop(changes.changed().await),
    }
    shared.lock().parked.remove(&parked);
}
