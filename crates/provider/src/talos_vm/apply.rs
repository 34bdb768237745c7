//! Making a change: the only place from which the host is written to.

use pve_api::VmId;
use tf_plugin::{ApplyRequest, ApplyResponse, Change, Diagnostic, Diagnostics, Value};
use uuid::Uuid;
use vm::{AttemptId, Claim, Mandate, Present, Protection, Role, Wanted, find_template};

use super::decode;
use super::drive::{Drive, End, Goal, half_way};
use super::encode::{self, Spelling};
use super::mapped::settled;
use super::plan::protect;
use super::pool;
use super::read::actual;
use super::schema::PARKED;
use crate::policy::Policy;
use crate::session::{Run, Session};

pub(super) async fn apply(
    session: &Session,
    request: ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let run = session.need_run()?;
    match request.change() {
        Change::Delete => delete(session, &run, &request).await,
        Change::Create => create(session, &run, &request).await,
        Change::Update => update(session, &run, &request).await,
    }
}

async fn create(
    session: &Session,
    run: &Run,
    request: &ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let wanted = decode::state(&request.planned)?;
    if let Some(other) = session.refused(wanted.key.vmid) {
        return Err(
            Diagnostic::error(format!("{} cannot be created", wanted.key))
                .detail(format!("The reason is that of {other}."))
                .into(),
        );
    }
    settled(run, &wanted).await?;
    let existing = request.planned.get("existing").as_bool() == Some(true);
    let template = if existing {
        None
    } else {
        Some(template(run, &wanted).await?)
    };
    let claim = if existing {
        Claim::TakeOver
    } else {
        Claim::Create
    };
    let drive = Drive {
        session,
        run,
        wanted: &wanted,
        stop: &request.stop,
    };
    match drive
        .to(Goal::Wanted {
            mandate: mandate(run.policy, claim),
            template,
        })
        .await
    {
        End::Done { present, notes } => {
            pool::settle(run, &wanted).await?;
            finished(&wanted, present.as_deref(), &request.planned, existing)
                .map(|response| told(response, notes))
        }
        End::Parked { touched: true } => Ok(parked(&wanted, &request.planned, existing)),
        End::Parked { touched: false } => {
            Err(Diagnostic::error(format!("{} was not built", wanted.key))
                .detail("A stop came first; nothing was changed.")
                .into())
        }
        // No state beside the error: Terraform would taint the VM and rebuild it. Without a row, the
        // next plan finds its marker and goes on.
        End::Failed { why, touched } => Err(with_outlook(why, touched, &wanted).into()),
    }
}

async fn update(
    session: &Session,
    run: &Run,
    request: &ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let wanted = decode::state(&request.planned)?;
    settled(run, &wanted).await?;
    let existing = request.prior.get("existing").as_bool() == Some(true);
    let drive = Drive {
        session,
        run,
        wanted: &wanted,
        stop: &request.stop,
    };
    let mandate = mandate(run.policy, Claim::InState);
    match drive
        .to(Goal::Wanted {
            mandate,
            template: None,
        })
        .await
    {
        End::Done { present, notes } => {
            pool::settle(run, &wanted).await?;
            finished(&wanted, present.as_deref(), &request.planned, existing)
                .map(|response| told(response, notes))
        }
        End::Parked { .. } => Ok(parked(&wanted, &request.planned, existing)),
        End::Failed { why, touched } => Err(with_outlook(why, touched, &wanted).into()),
    }
}

async fn delete(
    session: &Session,
    run: &Run,
    request: &ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let held = decode::state(&request.prior)?;
    protect(run.policy, &held)?;
    let protection = match held.origin.role {
        Some(Role::ControlPlane) => Protection::Lift,
        Some(Role::Worker) | None => Protection::Respect,
    };
    let drive = Drive {
        session,
        run,
        wanted: &held,
        stop: &request.stop,
    };
    match drive.to(Goal::Gone(protection)).await {
        End::Done { .. } => Ok(ApplyResponse::deleted()),
        End::Parked { .. } => Err(Diagnostic::error(format!("{} was not removed", held.key))
            .detail("A stop came first. Run again to remove it.")
            .into()),
        End::Failed { why, .. } => Err(why.into()),
    }
}

fn mandate(policy: Policy, claim: Claim) -> Mandate {
    Mandate {
        claim,
        attempt: AttemptId(Uuid::new_v4()),
        restart: policy.restart,
    }
}

async fn template(run: &Run, wanted: &Wanted) -> Result<VmId, Diagnostic> {
    let vms = run.facts.vms(&wanted.key.node).await;
    let vms = vms.map_err(|error| run.report("Unable to list the VMs", &error))?;
    find_template(&wanted.origin.template, &vms).map_err(|problem| {
        Diagnostic::error(format!("{} cannot be created", wanted.key))
            .detail(host::sentence(&problem.to_string()))
    })
}

/// Reads back: what the state gets is what the host holds, not what was asked for.
fn finished(
    wanted: &Wanted,
    present: Option<&Present>,
    planned: &Value,
    existing: bool,
) -> Result<ApplyResponse, Diagnostics> {
    let Some(present) = present else {
        return Err(Diagnostic::error(format!("{} vanished", wanted.key))
            .detail("It was there a moment ago. Plan again.")
            .into());
    };
    let actual = actual(wanted, present)?;
    let spelling = Spelling {
        value: planned,
        means: wanted,
    };
    let state = encode::state(&wanted.key, &actual, &wanted.managed(), Some(&spelling))
        .with("existing", existing);
    Ok(ApplyResponse::new(state)
        .with_identity(encode::identity(&wanted.key))
        .with_private(Vec::new()))
}

fn told(mut response: ApplyResponse, notes: Vec<Diagnostic>) -> ApplyResponse {
    response.diagnostics.extend(notes);
    response
}

/// Without an error Terraform does not taint the VM; the next plan sees the note and goes on.
fn parked(wanted: &Wanted, planned: &Value, existing: bool) -> ApplyResponse {
    let state = planned
        .clone()
        .with("existing", existing)
        .with("id", encode::id(&wanted.key));
    ApplyResponse::new(state)
        .with_identity(encode::identity(&wanted.key))
        .with_private(PARKED)
        .with_diagnostic(
            Diagnostic::warning(format!("{} is not finished", wanted.key))
                .detail(format!("A stop came first. {}", half_way(wanted))),
        )
}

fn with_outlook(mut why: Diagnostic, touched: bool, wanted: &Wanted) -> Diagnostic {
    if touched {
        why.detail = format!("{}\n\n{}", why.detail, half_way(wanted));
    }
    why
}
