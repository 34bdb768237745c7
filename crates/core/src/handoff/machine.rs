//! What Proxmox VE says of the VM behind a node: whether it is the one, whether it runs, whether it has the node's
//! network card. Reads only.

use std::fmt;

use contract::handoff::{AssignedBy, NodeFacts};
use pve_api::vm_config::View;
use pve_api::{Ipv4Setting, NetDevice, NodeName, VlanTag, VmConfig, VmId};
use pve_client::{Client, Error};
use vm::{Observed, Power, Present, VmKey};

/// The VM behind a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Machine {
    /// Nobody was asked.
    NotAsked,
    /// It runs and has the node's network card.
    Runs(Card),
    /// Something is wrong with it.
    Wrong(Vec<MachineTrouble>),
}

/// Where a network card leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// None leads nowhere.
    pub bridge: Option<String>,
    /// VLAN on the bridge.
    pub vlan: Option<u16>,
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.bridge, self.vlan) {
            (Some(bridge), Some(vlan)) => write!(f, "{bridge} with VLAN {vlan}"),
            (Some(bridge), None) => write!(f, "{bridge} without VLAN"),
            (None, _) => f.write_str("no bridge"),
        }
    }
}

/// What is wrong with a VM.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MachineTrouble {
    /// Its VMID is free.
    #[error("there is no such VM")]
    Missing,
    /// These credentials may not see it.
    #[error("these credentials may not see the VM")]
    Hidden,
    /// A clone has not ended.
    #[error("the VM is being cloned")]
    Unfinished,
    /// The VMID is another VM's.
    #[error("the VM is another one with the name `{name}`")]
    Other {
        /// Its name.
        name: String,
    },
    /// No network card has the address of the document.
    #[error("{}", other_mac(found))]
    OtherMac {
        /// Those it has.
        found: Vec<String>,
    },
    /// The network card is switched off.
    #[error("the VM's network card is unplugged")]
    Unplugged,
    /// Its cloud-init drive says something else.
    #[error("the VM's cloud-init drive gives it {found}")]
    OtherAddress {
        /// What it says.
        found: String,
    },
    /// It does not run.
    #[error("the VM is stopped")]
    Stopped,
    /// Proxmox VE did not say, or not in a way that is understood.
    #[error("{0}")]
    Unread(String),
}

fn other_mac(found: &[String]) -> String {
    match found {
        [] => "the VM has no network card with a MAC address".to_owned(),
        [one] => format!("the VM has the MAC address {one}"),
        several => format!("the VM has the MAC addresses {}", several.join(", ")),
    }
}

impl Machine {
    fn wrong(trouble: MachineTrouble) -> Self {
        Self::Wrong(vec![trouble])
    }

    /// What is wrong with it; nothing where nobody was asked.
    pub fn troubles(&self) -> &[MachineTrouble] {
        match self {
            Self::Wrong(troubles) => troubles,
            Self::NotAsked | Self::Runs(_) => &[],
        }
    }
}

/// Asks for the VM behind a node.
pub(super) async fn ask(client: &Client, node: &NodeFacts) -> Machine {
    let Some(key) = key(node) else {
        return Machine::wrong(MachineTrouble::Unread(format!(
            "VM {} on `{}` cannot be asked for",
            node.identity.vmid, node.identity.proxmox_node
        )));
    };
    match seen(client, &key).await {
        Ok(Observed::Absent) => Machine::wrong(MachineTrouble::Missing),
        Ok(Observed::Hidden) => Machine::wrong(MachineTrouble::Hidden),
        Ok(Observed::Cloning(_)) => Machine::wrong(MachineTrouble::Unfinished),
        Ok(Observed::Present(present)) => judge(node, &present),
        Err(error) => Machine::wrong(MachineTrouble::Unread(host::explained(&error))),
    }
}

fn key(node: &NodeFacts) -> Option<VmKey> {
    Some(VmKey {
        env_name: String::new(),
        name: node.name.clone(),
        vmid: VmId::new(u32::try_from(node.identity.vmid).ok()?).ok()?,
        node: NodeName::new(&node.identity.proxmox_node).ok()?,
    })
}

/// A VM that runs keeps its network card until it is stopped, whatever is pending: its running configuration counts.
async fn seen(client: &Client, key: &VmKey) -> Result<Observed, Error> {
    let mut observed = host::look(client, key).await?;
    if let Observed::Present(present) = &mut observed
        && present.power == Power::Running
    {
        present.config = client.vm_config(&key.node, key.vmid, View::Current).await?;
    }
    Ok(observed)
}

fn judge(node: &NodeFacts, present: &Present) -> Machine {
    let uuid = present.uuid().map(|uuid| uuid.to_string());
    let wanted = &node.identity.smbios_uuid;
    if !uuid.is_some_and(|uuid| uuid.eq_ignore_ascii_case(wanted)) {
        let name = present.name().to_owned();
        return Machine::wrong(MachineTrouble::Other { name });
    }
    let nets = match present.config.nets() {
        Ok(nets) => nets,
        Err(error) => return Machine::wrong(MachineTrouble::Unread(error.to_string())),
    };
    let card = nets
        .values()
        .find(|card| mac(card).as_deref() == Some(&*node.hardware_address()));
    let mut troubles = Vec::new();
    match card {
        None => troubles.push(MachineTrouble::OtherMac {
            found: nets.values().filter_map(mac).collect(),
        }),
        Some(card) if card.link_down => troubles.push(MachineTrouble::Unplugged),
        Some(_) => {}
    }
    troubles.extend(other_address(node, &present.config));
    if present.power == Power::Stopped {
        troubles.push(MachineTrouble::Stopped);
    }
    match card {
        Some(card) if troubles.is_empty() => Machine::Runs(leads(card)),
        _ => Machine::Wrong(troubles),
    }
}

fn mac(card: &NetDevice) -> Option<String> {
    card.mac.map(|mac| mac.to_string().to_ascii_lowercase())
}

fn leads(card: &NetDevice) -> Card {
    Card {
        bridge: card.bridge.as_ref().map(ToString::to_string),
        vlan: card.vlan.map(VlanTag::get),
    }
}

/// Where Proxmox gives the address, it has to be that of the document.
fn other_address(node: &NodeFacts, config: &VmConfig) -> Option<MachineTrouble> {
    if node.assigned_by != AssignedBy::CloudInit {
        return None;
    }
    let settings = config.ip_config(0).ok().flatten().unwrap_or_default();
    let found = match (settings.ip, settings.ip6) {
        (Some(Ipv4Setting::Static(address, _)), _) => address.to_string(),
        (Some(Ipv4Setting::Dhcp), _) => "one from DHCP".to_owned(),
        // IPv6 is compared by nobody yet: no address of the topology is one.
        (None, Some(_)) => return None,
        (None, None) => "no address".to_owned(),
    };
    (found != node.address).then_some(MachineTrouble::OtherAddress { found })
}
