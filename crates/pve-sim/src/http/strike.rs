//! What faults do to a request, its host and its task.

use super::wait::wait_until;
use crate::fail::{ApiError, bare};
use crate::fault::FaultAction;
use crate::sim::{Shared, State};

/// Faults that strike before the work; an error replaces it.
pub(super) async fn before(shared: &Shared, strikes: &[FaultAction]) -> Option<ApiError> {
    for strike in strikes {
        match strike {
            FaultAction::Delay(span) => {
                let until = shared.lock().tick().plus(*span);
                wait_until(shared, until).await;
            }
            FaultAction::Status(code, text) => return Some(pseudo(*code, text)),
            FaultAction::CloseBefore => return Some(bare(500, "cut")),
            FaultAction::CertificateChanged => {
                if let Err(error) = shared.renew_certificate() {
                    return Some(bare(500, format!("pve-sim: {error}")));
                }
            }
            _ => prepare(&mut shared.lock(), strike),
        }
    }
    None
}

/// Changes of the host that a fault makes before a request is handled.
fn prepare(state: &mut State, strike: &FaultAction) {
    match strike {
        FaultAction::StorageFull(name) => {
            if let Some(storage) = state.world.storage_mut(name) {
                storage.total = storage.used();
            }
        }
        FaultAction::LockHeld(vmid, span) => {
            let until = state.world.now.plus(*span);
            state.world.locks.hold_outside_until(*vmid, until);
        }
        FaultAction::StorageLocked(name, span) => {
            let until = state.world.now.plus(*span);
            state.world.locks.hold_storage(name, Some(until));
        }
        FaultAction::ClockJump(span) => state.ticker.advance(*span),
        _ => {}
    }
}

/// 595 and 596 are the proxy's own and come without a body.
pub(super) fn pseudo(code: u16, text: &str) -> ApiError {
    if matches!(code, 595..=599) {
        return bare(code, text);
    }
    ApiError {
        bare: false,
        ..bare(code, text)
    }
}

/// What a fault does to the task a request started.
pub(super) fn harm(state: &mut State, upid: &str, strike: &FaultAction) {
    match strike {
        FaultAction::TaskFails(text) => {
            state.world.fail_task(upid, text);
        }
        FaultAction::TaskVanishes => {
            state.world.forget_task(upid);
        }
        FaultAction::WorkerKilled(span) => {
            let at = state.world.now.plus(*span);
            state.world.kill_worker_at(upid, at);
        }
        _ => {}
    }
}
