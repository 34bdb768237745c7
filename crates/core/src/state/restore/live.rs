//! The host against a state: is each VM that the state names the one that runs there?
//!
//! A VMID alone is no identity. An old state and a VMID that was used again make Terraform adopt, change and perhaps
//! destroy a stranger; so a difference blocks the restore.

use std::fmt;

use host::{Host, Unread, survey};

use crate::state::content::State;
use crate::state::instance::{Instance, Machine};

/// What is known of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// Nothing, for this reason.
    Unchecked(String),
    /// Its virtual machines.
    Machines(Vec<LiveMachine>),
}

/// A virtual machine on the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveMachine {
    /// Its number.
    pub vmid: u32,
    /// Its name.
    pub name: Option<String>,
    /// Its SMBIOS UUID.
    pub uuid: Option<String>,
}

/// A VM that the state to restore would make Terraform mistake for its own.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Block {
    /// The address in the state.
    pub address: String,
    /// The VM as the state knows it.
    pub machine: Machine,
    /// What the host says instead.
    pub host_says: String,
}

impl Live {
    /// Asks the host for every VM that these credentials see. Reads only.
    pub async fn of_host(host: &Host) -> Result<Self, Unread> {
        let nodes = host.facts.nodes().await.map_err(|error| Unread {
            what: "list the nodes",
            error,
        })?;
        let mut machines = Vec::new();
        for node in nodes.iter().filter(|node| node.is_online()) {
            let guests = survey(&host.client, &host.facts, &node.node).await?;
            machines.extend(guests.iter().map(LiveMachine::of));
        }
        Ok(Self::Machines(machines))
    }

    /// The VMs of `state` that are another VM on the host.
    pub fn strangers(&self, state: &State) -> Vec<Block> {
        let Self::Machines(machines) = self else {
            return Vec::new();
        };
        state
            .managed()
            .filter_map(|object| stranger(object, machines))
            .collect()
    }

    /// The VMs of `state` that the host does not have.
    pub fn gone(&self, state: &State) -> Vec<String> {
        let Self::Machines(machines) = self else {
            return Vec::new();
        };
        let here = |machine: &Machine| machines.iter().any(|live| live.vmid == machine.vmid);
        let gone = state
            .managed()
            .filter(|object| object.machine().is_some_and(|machine| !here(&machine)));
        gone.map(|object| object.address.clone()).collect()
    }
}

impl LiveMachine {
    fn of(guest: &host::Guest) -> Self {
        let uuid = guest.present.as_ref().and_then(|present| present.uuid());
        Self {
            vmid: guest.vmid.get(),
            name: Some(guest.name.clone()),
            uuid: uuid.map(|uuid| uuid.to_string()),
        }
    }
}

fn stranger(object: &Instance, machines: &[LiveMachine]) -> Option<Block> {
    let machine = object.machine()?;
    let live = machines.iter().find(|live| live.vmid == machine.vmid)?;
    let differs = match (&machine.uuid, &live.uuid) {
        (Some(remembered), Some(live)) => !remembered.eq_ignore_ascii_case(live),
        _ => machine.name.is_some() && machine.name != live.name,
    };
    differs.then(|| Block {
        address: object.address.clone(),
        machine,
        host_says: live.to_string(),
    })
}

impl fmt::Display for LiveMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".to_owned());
        write!(
            f,
            "VM {} is {} with the UUID {}",
            self.vmid,
            known(&self.name),
            known(&self.uuid)
        )
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let uuid = self.machine.uuid.as_deref().unwrap_or("(none)");
        write!(
            f,
            "{}: the state means {} with the UUID {uuid}, and on the host {}",
            self.address, self.machine, self.host_says
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::content::Content;

    fn live(vmid: u32, name: &str, uuid: Option<&str>) -> LiveMachine {
        LiveMachine {
            vmid,
            name: Some(name.to_owned()),
            uuid: uuid.map(str::to_owned),
        }
    }

    fn strangers(attributes: &str, machines: Vec<LiveMachine>) -> usize {
        let text = format!(
            r#"{{"version":4,"resources":[{{"mode":"managed","type":"t","name":"n","instances":[{{"attributes":{attributes}}}]}}]}}"#
        );
        let content = Content::new(text.into());
        Live::Machines(machines)
            .strangers(content.state().unwrap())
            .len()
    }

    #[test]
    fn a_vmid_under_another_identity_is_a_stranger() {
        let full = r#"{"vmid":8001,"name":"a","uuid":"AB-1"}"#;
        let without = r#"{"vmid":8001,"name":"a"}"#;
        let table = [
            (full, vec![live(8001, "a", Some("ab-1"))], 0),
            (full, vec![live(8001, "renamed", Some("ab-1"))], 0),
            (full, vec![live(8001, "a", Some("ab-2"))], 1),
            (full, vec![live(8001, "b", None)], 1),
            (without, vec![live(8001, "a", Some("ab-2"))], 0),
            (without, vec![live(8001, "b", Some("ab-2"))], 1),
            (full, vec![live(8002, "b", None)], 0),
            (full, vec![], 0),
        ];
        for (state, machines, expected) in table {
            assert_eq!(
                strangers(state, machines.clone()),
                expected,
                "{state} {machines:?}"
            );
        }
    }
}
