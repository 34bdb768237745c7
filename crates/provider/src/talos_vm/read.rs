//! Reading a VM back.

use std::collections::BTreeSet;

use host::{Sight, listed_power};
use pve_api::BadOption;
use tf_plugin::{Diagnostic, Diagnostics, ReadRequest, ReadResponse, Stop, Value};
use vm::{
    Actual, Argument, CloneTask, Identity, InState, Observed, Present, Refusal, Wanted, identity_of,
};

use super::decode;
use super::encode::{self, Spelling};
use super::pool::{self, Membership};
use super::schema::{PARKED, RENAMED};
use crate::session::{Run, Session};
use crate::sight::look_when_cloned;

/// Reads the VM of a state row. It is gone only when its own address says so.
pub(super) async fn read(
    session: &Session,
    request: ReadRequest,
) -> Result<ReadResponse, Diagnostics> {
    let run = session.need_run()?;
    let held = decode::state(&request.state)?;
    let present = match look(&run, &held, &request.stop).await? {
        Observed::Present(present) => present,
        Observed::Absent => return Ok(ReadResponse::gone()),
        Observed::Hidden => return Err(refused(&held, &Refusal::Hidden).into()),
        Observed::Cloning(CloneTask::Gone) => {
            return Err(refused(&held, &Refusal::AbandonedClone).into());
        }
        // Only a stop ends the wait before the clone does.
        Observed::Cloning(CloneTask::Running) => return Ok(ReadResponse::new(request.state)),
    };
    let mut warnings = own(&held, &present)?;
    let actual = actual(&held, &present)?;
    let is_renamed = actual.name != held.key.name;
    if is_renamed {
        warnings.push(renamed(&held, &actual.name));
    }
    let managed: BTreeSet<Argument> = held.managed().union(&actual.managed()).copied().collect();
    let spelling = Spelling {
        value: &request.state,
        means: &held,
    };
    let state = encode::state(&held.key, &actual, &managed, Some(&spelling))
        .with("existing", request.state.get("existing").clone());
    let mut response = ReadResponse::new(state).with_identity(encode::identity(&held.key));
    if managed.contains(&Argument::Pool) {
        match pool::shown(&run, &held.key).await? {
            Membership::Unknown => {}
            Membership::Alone => response.state.set("pool", Value::Null),
            Membership::In(pool) => response.state.set("pool", pool),
        }
    }
    response.private = noted(&request.private, is_renamed);
    response.diagnostics = warnings;
    Ok(response)
}

async fn look(run: &Run, held: &Wanted, stop: &Stop) -> Result<Observed, Diagnostic> {
    let key = &held.key;
    let summary = format!("Unable to read {key}");
    let power = listed_power(&run.facts, &key.node, key.vmid).await;
    let power = power.map_err(|error| run.report(&summary, &error))?;
    let mut sight = Sight::new(&run.client, key).with_power(power);
    look_when_cloned(&mut sight, stop)
        .await
        .map_err(|error| run.report(&summary, &error))
}

/// Checks that the VM is the one of the state row.
fn own(held: &Wanted, present: &Present) -> Result<Diagnostics, Diagnostic> {
    let refusal = match identity_of(present, held, InState::Yes) {
        Identity::Ours { .. } | Identity::InterruptedCreate { .. } => return Ok(Diagnostics::new()),
        Identity::OursRepairMarker => return Ok(unmarked(held).into()),
        Identity::CloneOfOurs { original } => Refusal::CloneOfOurs { original },
        Identity::Stranger(why) => Refusal::Stranger {
            name: present.name().to_owned(),
            why,
        },
    };
    let mut diagnostic = refused(held, &refusal);
    diagnostic.detail.push_str(
        "\n\nIf the VM of this environment is gone for good, make Terraform forget it: \
         terraform state rm ADDRESS.",
    );
    Err(diagnostic)
}

fn unmarked(held: &Wanted) -> Diagnostic {
    Diagnostic::warning(format!("{} lost its em-infra marker", held.key)).detail(
        "Its notes were edited in Proxmox. UUID and state say that it is this environment's; the \
         next apply writes the marker again.",
    )
}

fn renamed(held: &Wanted, name: &str) -> Diagnostic {
    Diagnostic::warning(format!("{} was renamed to {name} in Proxmox", held.key))
        .detail("The next apply gives it its name back.")
}

/// The name is what the VM is known by, so another one in Proxmox is no change of an argument: a
/// note beside the state makes the next plan an update.
fn noted(private: &[u8], is_renamed: bool) -> Option<Vec<u8>> {
    match (private, is_renamed) {
        (PARKED, _) => None,
        (_, true) => Some(RENAMED.to_vec()),
        (RENAMED, false) => Some(Vec::new()),
        (_, false) => None,
    }
}

pub(super) fn actual(held: &Wanted, present: &Present) -> Result<Actual, Diagnostic> {
    Actual::read(present).map_err(|bad: BadOption| refused(held, &Refusal::from(bad)))
}

/// Reports why a VM is left as it is.
pub(super) fn refused(held: &Wanted, refusal: &Refusal) -> Diagnostic {
    Diagnostic::error(refusal.summary(&held.key))
        .detail(host::sentence(&refusal.explain(&held.key)))
}
