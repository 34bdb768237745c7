//! What an apply would do, said beforehand. GET calls only.

mod consequences;
mod create;
mod devices;
mod update;

use tf_plugin::{Change, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value};
use vm::{Consent, Wanted};

use super::decode;
use crate::policy::Policy;
use crate::session::Session;

pub(super) async fn plan(
    session: &Session,
    request: PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    match request.change() {
        Change::Delete => delete(session, &request),
        Change::Create => create::create(session, request).await,
        Change::Update => update::update(session, request).await,
    }
}

fn delete(session: &Session, request: &PlanRequest) -> Result<PlanResponse, Diagnostics> {
    let held = decode::state(&request.prior)?;
    if let Some(run) = session.run()? {
        protect(run.policy, &held)?;
    }
    Ok(PlanResponse::new(Value::Null))
}

/// Refuses to destroy what the user protects.
pub(super) fn protect(policy: Policy, held: &Wanted) -> Result<(), Diagnostic> {
    let control_plane = held.origin.role == Some(vm::Role::ControlPlane);
    let protected = if control_plane {
        policy.destroy_control_planes == Consent::Withheld
    } else {
        held.shape.protection == Some(true)
    };
    if !protected {
        return Ok(());
    }
    let detail = if control_plane {
        "It is a control plane. Set protect_control_planes = false for this run to destroy it."
    } else {
        "Proxmox protects it from removal. Set protection = false for it and apply that first."
    };
    Err(Diagnostic::error(format!("{} is protected from removal", held.key)).detail(detail))
}
