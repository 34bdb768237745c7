//! Every VM of a node with its options: what drift, rebuild and adoption start from.

use pve_api::vm_config::View;
use pve_api::{NodeName, VmId};
use pve_client::Client;
use vm::marker::Found;
use vm::{Power, Present};

use crate::facts::{Facts, Unread, need};
use crate::sight::power_of;

/// One VM of the node.
#[derive(Debug, Clone)]
pub struct Guest {
    /// Its VMID.
    pub vmid: VmId,
    /// Its name in the list.
    pub name: String,
    /// Whether it is a template.
    pub template: bool,
    /// Whether it runs.
    pub power: Power,
    /// Its options; none where these credentials may not read them or the VM went away meanwhile.
    pub present: Option<Box<Present>>,
}

impl Guest {
    /// What its notes say about em-infra; none where its options are not known.
    pub fn marker(&self) -> Option<Found> {
        self.present.as_ref().map(|present| present.marker())
    }
}

/// Reads every VM of a node that these credentials see, in the order of their VMIDs: one call for
/// the list and one for each VM.
pub async fn survey(client: &Client, facts: &Facts, node: &NodeName) -> Result<Vec<Guest>, Unread> {
    let listed = need("list the VMs", facts.vms(node).await)?;
    let mut guests = Vec::with_capacity(listed.len());
    for vm in listed.iter() {
        let power = power_of(vm);
        let present = match client.vm_config(node, vm.vmid, View::Pending).await {
            Ok(config) => Some(Box::new(Present {
                vmid: vm.vmid,
                node: node.clone(),
                config,
                power,
            })),
            Err(error) if error.is_not_found() || error.is_permission_denied() => None,
            Err(error) => {
                return Err(Unread {
                    what: "read a VM",
                    error: error.into(),
                });
            }
        };
        guests.push(Guest {
            vmid: vm.vmid,
            name: vm.name.clone(),
            template: vm.template,
            power,
            present,
        });
    }
    guests.sort_by_key(|guest| guest.vmid);
    Ok(guests)
}
