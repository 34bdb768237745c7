//! Waiting for a clone, and taking one step on a VM: the only writes about a single VM.

use std::time::Duration;

use host::{Sight, Unchanged};
use pve_api::power::Unresponsive;
use pve_api::vm::{CloneMode as DiskMode, CloneVm};
use pve_api::{Malformed, PoolId, Upid, VmId, VmName};
use pve_client::{Client, Error};
use tf_plugin::Stop;
use vm::{CloneMode, CloneTask, Observed, Power, Step, VmKey, Wanted};

use crate::patience::{self, Pauses, abandoned};

/// Waits while a clone that runs makes the VM; gives what is there then.
///
/// A clone that cannot be seen gets some time before it counts as gone, since its task may
/// belong to somebody else.
pub(crate) async fn look_when_cloned(
    sight: &mut Sight<'_>,
    stop: &Stop,
) -> Result<Observed, Error> {
    let mut pauses = Pauses::default();
    let mut unseen = Pauses::default();
    loop {
        let observed = sight.look().await?;
        let waiter = match observed {
            Observed::Cloning(CloneTask::Running) => &mut pauses,
            Observed::Cloning(CloneTask::Gone) => &mut unseen,
            Observed::Absent | Observed::Hidden | Observed::Present(_) => return Ok(observed),
        };
        let limit = match observed {
            Observed::Cloning(CloneTask::Gone) => patience::UNSEEN_CLONE,
            _ => patience::CLONE,
        };
        if waiter.waited() >= limit || stop.is_stopped() {
            return Ok(observed);
        }
        waiter.pause().await;
    }
}

/// Takes a step and waits for its task. What the step may have changed is forgotten.
pub(crate) async fn take(
    sight: &mut Sight<'_>,
    step: &Step,
    wanted: &Wanted,
    template: Option<VmId>,
    stop: &Stop,
) -> Result<(), StepError> {
    sight.forget_but(unchanged(step));
    let VmKey { node, vmid, .. } = sight.key();
    let client = sight.client();
    let task = match step {
        Step::Clone { notes } => {
            let source = template.ok_or(StepError::NoTemplate)?;
            let clone = clone_call(wanted, notes)?;
            let task = client.clone_vm(node, source, &clone).await?;
            wait(client, &task, patience::CLONE, stop).await?;
            sight.knows_power(Power::Stopped);
            return Ok(());
        }
        Step::SetConfig(change) => {
            client.set_config(node, *vmid, change).await?;
            return Ok(());
        }
        Step::Resize { slot, size } => client.resize(node, *vmid, *slot, *size).await?,
        Step::Start => client.start(node, *vmid).await?,
        Step::Shutdown => {
            let seconds = Some(patience::SHUTDOWN_SECONDS);
            let asked = client.shutdown(node, *vmid, seconds, Unresponsive::ForceStop);
            asked.await?
        }
        Step::Stop => client.stop(node, *vmid).await?,
        Step::Destroy => client.delete_vm(node, *vmid).await?,
    };
    wait(client, &task, patience::TASK, stop).await
}

/// What a step leaves as it was.
fn unchanged(step: &Step) -> Unchanged {
    match step {
        Step::SetConfig(_) | Step::Resize { .. } => Unchanged::Power,
        Step::Start => Unchanged::Options,
        Step::Clone { .. } | Step::Shutdown | Step::Stop | Step::Destroy => Unchanged::Nothing,
    }
}

async fn wait(client: &Client, task: &Upid, limit: Duration, stop: &Stop) -> Result<(), StepError> {
    client
        .wait_task(task, limit, abandoned(stop.clone()))
        .await?;
    Ok(())
}

/// Why a step was not taken, or may not have been.
#[derive(Debug)]
pub(crate) enum StepError {
    /// The host said so, or said nothing.
    Call(Box<Error>),
    /// An argument that Proxmox has no word for; `validate` refuses it before.
    Argument(Malformed),
    /// The template was not looked up.
    NoTemplate,
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::Call(Box::new(error))
    }
}

impl From<Malformed> for StepError {
    fn from(malformed: Malformed) -> Self {
        Self::Argument(malformed)
    }
}

fn clone_call(wanted: &Wanted, notes: &str) -> Result<CloneVm, Malformed> {
    let storage = wanted.shape.storage.clone();
    let full = match wanted.origin.clone {
        Some(mode) => mode == CloneMode::Full,
        // What Proxmox does with a template when nothing is said.
        None => storage.is_some(),
    };
    Ok(CloneVm {
        newid: wanted.key.vmid,
        name: VmName::new(&wanted.key.name)?,
        description: notes.to_owned(),
        mode: if full {
            DiskMode::Full { storage }
        } else {
            DiskMode::Linked
        },
        pool: wanted.origin.pool.as_deref().map(PoolId::new).transpose()?,
    })
}
