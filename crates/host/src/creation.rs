//! Whether the host can make a VM: every fact that `vm` judges, read and put together.

use std::sync::Arc;

use pve_api::VmId;
use pve_api::node::NodeStatus;
use pve_api::vm::VmSummary;
use vm::privileges::{Lack, lacking};
use vm::{Demand, HostFacts, Problem, Wanted, find_template, preflight, room};

use crate::facts::{Facts, Unread, need};

/// What speaks against making a VM.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Creation {
    /// What makes it fail.
    pub problems: Vec<Problem>,
    /// What goes well until the guests use what they were given.
    pub shortages: Vec<Problem>,
    /// Another VM of the same name. Names are not unique in Proxmox, and two VMs of one name are
    /// mixed up sooner or later.
    pub namesake: Option<VmId>,
    /// The credentials hold no privilege that writes.
    pub may_only_read: bool,
}

/// Judges the node of a VM, on which everything else depends.
pub async fn node_problem(facts: &Facts, wanted: &Wanted) -> Result<Option<Problem>, Unread> {
    let nodes = need("list the nodes", facts.nodes().await)?;
    let only_nodes = HostFacts {
        nodes: Some(&nodes),
        ..HostFacts::default()
    };
    Ok(preflight(wanted, &only_nodes).into_iter().next())
}

/// Judges everything else; `demand` is what all new VMs of the node take together.
pub async fn creation(facts: &Facts, wanted: &Wanted, demand: &Demand) -> Result<Creation, Unread> {
    let node = &wanted.key.node;
    let vms = need("list the VMs", facts.vms(node).await)?;
    let storages = need("list the storages", facts.storages(node).await)?;
    let bridges = need("list the bridges", facts.bridges(node).await)?;
    let source = find_template(&wanted.origin.template, &vms).ok();
    let template = match source {
        Some(vmid) => Some(need("read the template", facts.template(node, vmid).await)?),
        None => None,
    };
    let known = HostFacts {
        nodes: None,
        vms: Some(&vms),
        storages: Some(&storages),
        bridges: Some(&bridges),
        template: template.as_deref(),
    };
    let mut found = Creation {
        problems: preflight(wanted, &known),
        namesake: namesake(wanted, &vms),
        ..Creation::default()
    };
    let status = status(facts, wanted).await?;
    let shortage = room(wanted, demand, &storages, status.as_deref());
    found.problems.extend(shortage.problems);
    found.shortages = shortage.warnings;
    if let Some(source) = source {
        let permissions = need("read the privileges", facts.permissions().await)?;
        found.judge(lacking(&permissions, wanted, source));
    }
    Ok(found)
}

impl Creation {
    /// What cannot be seen has been said already.
    fn judge(&mut self, lack: Lack) {
        match lack {
            Lack::Nothing => {}
            Lack::MayOnlyRead => self.may_only_read = true,
            Lack::Some(problems) => {
                let said = std::mem::take(&mut self.problems);
                let new = problems
                    .into_iter()
                    .filter(|problem| !said.iter().any(|said| said.argument == problem.argument));
                self.problems = said.iter().cloned().chain(new).collect();
            }
        }
    }
}

/// The status of the node, if these credentials may see it.
async fn status(facts: &Facts, wanted: &Wanted) -> Result<Option<Arc<NodeStatus>>, Unread> {
    match facts.status(&wanted.key.node).await {
        Ok(status) => Ok(Some(status)),
        Err(error) if error.is_permission_denied() => Ok(None),
        Err(error) => Err(Unread {
            what: "read the status of the node",
            error,
        }),
    }
}

fn namesake(wanted: &Wanted, vms: &[VmSummary]) -> Option<VmId> {
    let key = &wanted.key;
    let same = |vm: &&VmSummary| vm.name == key.name && vm.vmid != key.vmid;
    vms.iter().find(same).map(|vm| vm.vmid)
}
