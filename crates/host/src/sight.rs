//! Looking at one VM by its own address.

use std::sync::Arc;

use pve_api::power::PowerState;
use pve_api::task::{TaskSource, TaskSummary};
use pve_api::vm::VmSummary;
use pve_api::vm_config::View;
use pve_api::{NodeName, VmConfig, VmId};
use pve_client::{Client, Error};
use vm::{CloneTask, Observed, Power, Present, VmKey};

use crate::facts::Facts;

/// What a step cannot have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged {
    /// Anything may have changed.
    Nothing,
    /// The power.
    Power,
    /// The options.
    Options,
}

/// One VM, with what was last seen of it.
///
/// What a step cannot have changed is not asked for again: after a change of options the power is
/// as it was, after a start the options are.
pub struct Sight<'a> {
    client: &'a Client,
    key: &'a VmKey,
    config: Option<VmConfig>,
    power: Option<Power>,
}

/// Looks at a VM once.
pub async fn look(client: &Client, key: &VmKey) -> Result<Observed, Error> {
    Sight::new(client, key).look().await
}

impl<'a> Sight<'a> {
    /// Nothing was seen of the VM yet.
    pub fn new(client: &'a Client, key: &'a VmKey) -> Self {
        Self {
            client,
            key,
            config: None,
            power: None,
        }
    }

    /// Takes the power from a list that was read a moment ago.
    #[must_use]
    pub fn with_power(mut self, power: Option<Power>) -> Self {
        self.power = power;
        self
    }

    /// Which VM this is.
    pub fn key(&self) -> &'a VmKey {
        self.key
    }

    /// The client that looks.
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// Forgets what was seen, but for what cannot have changed.
    pub fn forget_but(&mut self, unchanged: Unchanged) {
        if unchanged != Unchanged::Power {
            self.power = None;
        }
        if unchanged != Unchanged::Options {
            self.config = None;
        }
    }

    /// Notes the power, which a step is known to have left so.
    pub fn knows_power(&mut self, power: Power) {
        self.power = Some(power);
    }

    /// Looks at the VM by its own address, which alone can say that it does not exist.
    pub async fn look(&mut self) -> Result<Observed, Error> {
        match self.look_once().await? {
            // The clone may have ended between the look at the VM and the one at the tasks.
            Observed::Cloning(CloneTask::Gone) => self.look_once().await,
            observed => Ok(observed),
        }
    }

    async fn look_once(&mut self) -> Result<Observed, Error> {
        let VmKey { node, vmid, .. } = self.key;
        let config = match self.config.take() {
            Some(config) => config,
            None => match self.client.vm_config(node, *vmid, View::Pending).await {
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
        let power = match self.power().await {
            Ok(power) => power,
            // Removed since its options were read.
            Err(error) if error.is_not_found() => return Ok(Observed::Absent),
            Err(error) => return Err(error),
        };
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
        match self.client.is_vmid_free(self.key.vmid).await {
            Ok(true) => Ok(Observed::Absent),
            Ok(false) => Ok(Observed::Hidden),
            Err(_) => Err(error),
        }
    }

    async fn power(&mut self) -> Result<Power, Error> {
        if let Some(power) = self.power {
            return Ok(power);
        }
        let status = self.client.vm_status(&self.key.node, self.key.vmid).await?;
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
            .client
            .task_list(&self.key.node, TaskSource::Active, None)
            .await?;
        let clones = |task: &TaskSummary| task.upid.kind() == "qmclone" && task.end().is_none();
        Ok(if tasks.iter().any(clones) {
            CloneTask::Running
        } else {
            CloneTask::Gone
        })
    }
}

/// Returns what the shared list says about the power of a VM; none where it is not in the list.
pub async fn listed_power(
    facts: &Facts,
    node: &NodeName,
    vmid: VmId,
) -> Result<Option<Power>, Arc<Error>> {
    let vms = facts.vms(node).await?;
    let listed = vms.iter().find(|vm| vm.vmid == vmid);
    Ok(listed.map(power_of))
}

pub(crate) fn power_of(vm: &VmSummary) -> Power {
    match vm.status {
        PowerState::Running => Power::Running,
        PowerState::Stopped | PowerState::Unknown => Power::Stopped,
    }
}
