//! Looking at one VM and taking one step on it: the only calls about a single VM.

use pve_api::power::Unresponsive;
use pve_api::task::TaskSource;
use pve_api::vm::{CloneMode as DiskMode, CloneVm};
use pve_api::vm_config::View;
use pve_api::{Malformed, NodeName, PoolId, Upid, VmConfig, VmId, VmName};
use pve_client::{Client, Error};
use tf_plugin::Stop;
use vm::{CloneMode, CloneTask, Observed, Power, Present, Step, VmKey, Wanted};

use crate::patience::{self, Pauses, abandoned};
use crate::session::Run;

/// One VM of one run, with what was last seen of it.
///
/// What a step cannot have changed is not asked for again: after a change of options the power is
/// as it was, after a start the options are.
pub(crate) struct Sight<'a> {
    run: &'a Run,
    key: &'a VmKey,
    config: Option<VmConfig>,
    power: Option<Power>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(run: &'a Run, key: &'a VmKey) -> Self {
        Self {
            run,
            key,
            config: None,
            power: None,
        }
    }

    /// Takes the power from a list that was read a moment ago.
    pub(crate) fn with_power(mut self, power: Option<Power>) -> Self {
        self.power = power;
        self
    }

    /// Forgets what was seen: somebody else may have changed it.
    pub(crate) fn forget(&mut self) {
        (self.config, self.power) = (None, None);
    }

    fn client(&self) -> &'a Client {
        &self.run.client
    }

    /// Looks at the VM by its own address, which alone can say that it does not exist.
    pub(crate) async fn look(&mut self) -> Result<Observed, Error> {
        let VmKey { node, vmid, .. } = self.key;
        let config = match self.config.take() {
            Some(config) => config,
            None => match self.client().vm_config(node, *vmid, View::Pending).await {
                Ok(config) => config,
                Err(error) if error.is_not_found() => return Ok(Observed::Absent),
                Err(error) if error.is_permission_denied() => {
                    return self.out_of_sight(error).await;
                }
                Err(error) => return Err(error),
            },
        };
        if config.is_being_cloned() {
            return Ok(Observed::Cloning(self.clone_task().await?));
        }
        let power = self.power().await?;
        self.config = Some(config.clone());
        Ok(Observed::Present(Box::new(Present {
            vmid: *vmid,
            node: node.clone(),
            config,
            power,
        })))
    }

    /// Without VM.Audit, Proxmox refuses whether or not the VM exists; whether the VMID is free it
    /// says to everybody.
    async fn out_of_sight(&self, error: Error) -> Result<Observed, Error> {
        match self.client().is_vmid_free(self.key.vmid).await {
            Ok(true) => Ok(Observed::Absent),
            Ok(false) => Ok(Observed::Hidden),
            Err(_) => Err(error),
        }
    }

    async fn power(&mut self) -> Result<Power, Error> {
        if let Some(power) = self.power {
            return Ok(power);
        }
        let status = self
            .client()
            .vm_status(&self.key.node, self.key.vmid)
            .await?;
        let power = if status.is_running() {
            Power::Running
        } else {
            Power::Stopped
        };
        self.power = Some(power);
        Ok(power)
    }

    /// The task of a clone names the source, not the VM that is being made: any clone that runs may
    /// be the one.
    async fn clone_task(&self) -> Result<CloneTask, Error> {
        let tasks = self
            .client()
            .task_list(&self.key.node, TaskSource::Active, None)
            .await?;
        let clones = |task: &pve_api::task::TaskSummary| {
            task.upid.kind() == "qmclone" && task.end().is_none()
        };
        Ok(if tasks.iter().any(clones) {
            CloneTask::Running
        } else {
            CloneTask::Gone
        })
    }

    /// Waits while a clone that runs makes the VM; gives what is there then.
    ///
    /// A clone that cannot be seen gets some time before it counts as gone, since its task may
    /// belong to somebody else.
    pub(crate) async fn look_when_cloned(&mut self, stop: &Stop) -> Result<Observed, Error> {
        let mut pauses = Pauses::default();
        let mut unseen = Pauses::default();
        loop {
            let observed = self.look().await?;
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
        &mut self,
        step: &Step,
        wanted: &Wanted,
        template: Option<VmId>,
        stop: &Stop,
    ) -> Result<(), StepError> {
        let power_before = self.power.take();
        let config_before = self.config.take();
        let VmKey { node, vmid, .. } = self.key;
        let client = self.client();
        match step {
            Step::Clone { notes } => {
                let source = template.ok_or(StepError::NoTemplate)?;
                let clone = clone_call(wanted, notes)?;
                let task = client.clone_vm(node, source, &clone).await?;
                self.wait(&task, patience::CLONE, stop).await?;
                self.power = Some(Power::Stopped);
            }
            Step::SetConfig(change) => {
                self.power = power_before;
                client.set_config(node, *vmid, change).await?;
            }
            Step::Resize { slot, size } => {
                self.power = power_before;
                let task = client.resize(node, *vmid, *slot, *size).await?;
                self.wait(&task, patience::TASK, stop).await?;
            }
            Step::Start => {
                let task = client.start(node, *vmid).await?;
                self.wait(&task, patience::TASK, stop).await?;
                self.config = config_before;
            }
            Step::Shutdown => {
                let seconds = Some(patience::SHUTDOWN_SECONDS);
                let task = client
                    .shutdown(node, *vmid, seconds, Unresponsive::ForceStop)
                    .await?;
                self.wait(&task, patience::TASK, stop).await?;
            }
            Step::Stop => {
                let task = client.stop(node, *vmid).await?;
                self.wait(&task, patience::TASK, stop).await?;
            }
            Step::Destroy => {
                let task = client.delete_vm(node, *vmid).await?;
                self.wait(&task, patience::TASK, stop).await?;
            }
        }
        Ok(())
    }

    async fn wait(
        &self,
        task: &Upid,
        limit: std::time::Duration,
        stop: &Stop,
    ) -> Result<(), StepError> {
        self.client()
            .wait_task(task, limit, abandoned(stop.clone()))
            .await?;
        Ok(())
    }
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

/// Returns what the shared list says about the power of a VM.
pub(crate) async fn listed_power(
    run: &Run,
    node: &NodeName,
    vmid: VmId,
) -> Result<Option<Power>, std::sync::Arc<Error>> {
    let vms = run.facts.vms(node).await?;
    Ok(vms
        .iter()
        .find(|vm| vm.vmid == vmid)
        .map(|vm| match vm.status {
            pve_api::power::PowerState::Running => Power::Running,
            pve_api::power::PowerState::Stopped | pve_api::power::PowerState::Unknown => {
                Power::Stopped
            }
        }))
}
