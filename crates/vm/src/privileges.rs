//! The privileges that the life of a VM takes: which, where, for what.

use pve_api::VmId;
use pve_api::access::Permissions;

use crate::{Argument, Gpu, Problem, Wanted};

/// Privileges that go together on one path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The role that holds them.
    pub role: &'static str,
    /// The path, with what lies below it.
    pub path: &'static str,
    /// The privileges; their names are the same in Proxmox VE 8 and 9.
    pub privileges: &'static [&'static str],
    /// What they are for.
    pub purpose: &'static str,
}

/// The least that making, changing and removing VMs takes.
pub const APPLY: &[Grant] = &[
    Grant {
        role: "EmInfraGuests",
        path: "/vms",
        privileges: &[
            "VM.Allocate",
            "VM.Audit",
            "VM.Clone",
            "VM.Config.CDROM",
            "VM.Config.CPU",
            "VM.Config.Cloudinit",
            "VM.Config.Disk",
            "VM.Config.HWType",
            "VM.Config.Memory",
            "VM.Config.Network",
            "VM.Config.Options",
            "VM.PowerMgmt",
        ],
        purpose: "cloning the template; changing, starting, stopping and removing VMs",
    },
    Grant {
        role: "EmInfraStorage",
        path: "/storage",
        privileges: &["Datastore.AllocateSpace", "Datastore.Audit"],
        purpose: "the disks of the VMs",
    },
    Grant {
        role: "EmInfraNetwork",
        path: "/sdn/zones/localnetwork",
        privileges: &["SDN.Use"],
        purpose: "network cards on the bridges",
    },
    Grant {
        role: "EmInfraDevices",
        path: "/mapping/pci",
        privileges: &["Mapping.Modify", "Mapping.Use"],
        purpose: "GPUs only: resource mappings",
    },
    Grant {
        role: "EmInfraHost",
        path: "/",
        privileges: &["Sys.Audit"],
        purpose: "checks at plan: CPU, memory and PCI devices of the host, tasks of others",
    },
];

/// Only where a start order is set.
pub const STARTUP_ORDER: Grant = Grant {
    role: "EmInfraStartup",
    path: "/",
    privileges: &["Sys.Modify"],
    purpose: "startup_order only",
};

/// Only where VMs are put into a pool, or into another one, after they were made. A clone goes into its
/// pool without them.
pub const POOL: &[Grant] = &[
    Grant {
        role: "EmInfraPools",
        path: "/pool",
        privileges: &["Pool.Allocate", "Pool.Audit"],
        purpose: "proxmox_pool only: VMs that change their pool",
    },
    Grant {
        role: "EmInfraPoolMembers",
        path: "/vms",
        privileges: &["Permissions.Modify"],
        purpose: "the same; Proxmox asks for it since a pool passes its permissions on, and it lets the token change \
                  those of the VMs",
    },
];

/// What plan, drift and check take. `PVEAuditor` is a role of Proxmox.
pub const READ: Grant = Grant {
    role: "PVEAuditor",
    path: "/",
    privileges: &[],
    purpose: "plan, drift and check",
};

/// What a caller lacks for creating a VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// Nothing.
    Nothing,
    /// Every privilege that writes: the caller only looks.
    MayOnlyRead,
    /// Some.
    Some(Vec<Problem>),
}

/// Compares the privileges of a caller with what creating the wanted VM takes.
///
/// The privileges of members of a pool do not show before they are members, so a VM of a pool is not
/// judged.
pub fn lacking(permissions: &Permissions, wanted: &Wanted, template: VmId) -> Lack {
    if wanted.origin.pool.is_some() {
        return Lack::Nothing;
    }
    let needs = needs(wanted, template);
    let missing: Vec<&Need> = needs
        .iter()
        .filter(|need| !has(permissions, &need.path, need.privilege))
        .collect();
    if missing.is_empty() {
        Lack::Nothing
    } else if missing.len() == needs.len() {
        Lack::MayOnlyRead
    } else {
        Lack::Some(missing.into_iter().map(Need::problem).collect())
    }
}

struct Need {
    argument: Argument,
    path: String,
    privilege: &'static str,
    role: &'static str,
}

fn needs(wanted: &Wanted, template: VmId) -> Vec<Need> {
    let [guests, storage, network, devices, ..] = APPLY else {
        return Vec::new();
    };
    let need = |argument, path: String, grant: &Grant, privilege| Need {
        argument,
        path,
        privilege,
        role: grant.role,
    };
    let own = guests.privileges.iter().filter(|name| **name != "VM.Audit");
    let mut needs: Vec<Need> = own
        .map(|name| match *name {
            "VM.Clone" => need(
                Argument::Template,
                format!("/vms/{template}"),
                guests,
                *name,
            ),
            _ => need(
                Argument::Vmid,
                format!("/vms/{}", wanted.key.vmid),
                guests,
                *name,
            ),
        })
        .collect();
    if let Some(id) = &wanted.shape.storage {
        let path = format!("/storage/{id}");
        needs.push(need(
            Argument::Storage,
            path,
            storage,
            "Datastore.AllocateSpace",
        ));
    }
    if let Some(bridge) = &wanted.shape.bridge {
        let path = format!("/sdn/zones/localnetwork/{bridge}");
        needs.push(need(Argument::Bridge, path, network, "SDN.Use"));
    }
    for gpu in wanted.shape.gpus.iter().flatten() {
        if let Gpu::Mapping { id, .. } = gpu {
            let path = format!("/mapping/pci/{id}");
            needs.push(need(Argument::Gpus, path, devices, "Mapping.Use"));
        }
    }
    if wanted.shape.startup_order.is_some() {
        let order = Argument::StartupOrder;
        needs.push(need(order, "/".to_owned(), &STARTUP_ORDER, "Sys.Modify"));
    }
    needs
}

impl Need {
    fn problem(&self) -> Problem {
        let Self {
            path,
            privilege,
            role,
            ..
        } = self;
        Problem::new(
            self.argument,
            format!("the credentials lack {privilege} on {path}"),
            format!(
                "For a token with privilege separation its user needs it as well: `pveum acl modify {path} \
                 --roles {role} --users USER --tokens USER!TOKEN`; `em-infra token` prints the roles."
            ),
        )
    }
}

/// Proxmox lists the paths that have entries; what lies below inherits from the nearest one.
fn has(permissions: &Permissions, path: &str, privilege: &str) -> bool {
    if permissions.has(path, privilege) {
        return true;
    }
    let listed = |path: &str| permissions.iter().find(|(listed, _)| *listed == path);
    let mut above = path;
    while let Some((parent, _)) = above.rsplit_once('/').filter(|_| above != "/") {
        if listed(above).is_some() {
            // The nearest entry decides, and it was asked for above or does not propagate.
            return above != path && propagates(permissions, above, privilege);
        }
        above = if parent.is_empty() { "/" } else { parent };
    }
    propagates(permissions, "/", privilege)
}

fn propagates(permissions: &Permissions, path: &str, privilege: &str) -> bool {
    permissions
        .iter()
        .any(|(listed, privileges)| listed == path && privileges.get(privilege) == Some(&true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_listed_path_decides() {
        let permissions: Permissions = serde_json::from_str(
            r#"{"/":{"Sys.Audit":1},"/vms":{"VM.Audit":1,"VM.Clone":0},"/vms/9000":{"VM.Clone":1}}"#,
        )
        .expect("permissions");
        let asked = [
            ("/vms/100", "VM.Audit", true),
            ("/vms/100", "VM.Clone", false),
            ("/vms", "VM.Clone", true),
            ("/vms/9000", "VM.Clone", true),
            ("/vms/9000", "VM.Audit", false),
            ("/storage/local", "Sys.Audit", true),
            ("/storage/local", "VM.Audit", false),
            ("/", "Sys.Audit", true),
        ];
        for (path, privilege, expected) in asked {
            assert_eq!(
                has(&permissions, path, privilege),
                expected,
                "{path} {privilege}"
            );
        }
    }
}
