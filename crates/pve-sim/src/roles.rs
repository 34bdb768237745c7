//! Privileges and the roles built into Proxmox VE, per version.

use crate::world::PveVersion;

/// Privileges of both versions.
const COMMON: &[&str] = &[
    "Datastore.Allocate",
    "Datastore.AllocateSpace",
    "Datastore.AllocateTemplate",
    "Datastore.Audit",
    "Group.Allocate",
    "Mapping.Audit",
    "Mapping.Modify",
    "Mapping.Use",
    "Permissions.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "SDN.Allocate",
    "SDN.Audit",
    "SDN.Use",
    "Sys.AccessNetwork",
    "Sys.Audit",
    "Sys.Console",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
    "Sys.Syslog",
    "User.Modify",
    "VM.Allocate",
    "VM.Audit",
    "VM.Backup",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
    "VM.Console",
    "VM.Migrate",
    "VM.PowerMgmt",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
];
const ONLY_8: &[&str] = &["VM.Monitor"];
const ONLY_9: &[&str] = &[
    "VM.GuestAgent.Audit",
    "VM.GuestAgent.FileRead",
    "VM.GuestAgent.FileSystemMgmt",
    "VM.GuestAgent.FileWrite",
    "VM.GuestAgent.Unrestricted",
    "VM.Replicate",
];

/// Every privilege of a version, sorted.
pub(crate) fn privileges(version: PveVersion) -> Vec<&'static str> {
    let own = if version.is_9() { ONLY_9 } else { ONLY_8 };
    let mut all: Vec<_> = COMMON.iter().chain(own).copied().collect();
    all.sort_unstable();
    all
}

/// The names of the built-in roles.
pub(crate) const BUILT_IN: &[&str] = &[
    "Administrator",
    "NoAccess",
    "PVEAdmin",
    "PVEAuditor",
    "PVEDatastoreAdmin",
    "PVEDatastoreUser",
    "PVEMappingAdmin",
    "PVEMappingUser",
    "PVEPoolAdmin",
    "PVEPoolUser",
    "PVESDNAdmin",
    "PVESDNUser",
    "PVESysAdmin",
    "PVETemplateUser",
    "PVEUserAdmin",
    "PVEVMAdmin",
    "PVEVMUser",
];

/// The privileges of a built-in role, sorted; `None` for any other name.
pub(crate) fn built_in(version: PveVersion, role: &str) -> Option<Vec<&'static str>> {
    let all = || privileges(version).into_iter();
    let starting = |prefixes: &'static [&'static str]| {
        all().filter(move |p| prefixes.iter().any(|prefix| p.starts_with(prefix)))
    };
    Some(match role {
        "Administrator" => all().collect(),
        "NoAccess" => Vec::new(),
        "PVEAdmin" => all().filter(|p| !NOT_FOR_ADMINS.contains(p)).collect(),
        "PVEAuditor" => all().filter(|p| p.ends_with(".Audit")).collect(),
        "PVEDatastoreAdmin" => starting(&["Datastore."]).collect(),
        "PVEDatastoreUser" => vec!["Datastore.AllocateSpace", "Datastore.Audit"],
        "PVEMappingAdmin" => starting(&["Mapping."]).collect(),
        "PVEMappingUser" => vec!["Mapping.Audit", "Mapping.Use"],
        "PVEPoolAdmin" => starting(&["Pool."]).collect(),
        "PVEPoolUser" => vec!["Pool.Audit"],
        "PVESDNAdmin" => starting(&["SDN."]).collect(),
        "PVESDNUser" => vec!["SDN.Audit", "SDN.Use"],
        "PVESysAdmin" => vec!["Sys.Audit", "Sys.Console", "Sys.Syslog"],
        "PVETemplateUser" => vec!["VM.Audit", "VM.Clone"],
        "PVEUserAdmin" => vec!["Group.Allocate", "Realm.AllocateUser", "User.Modify"],
        "PVEVMAdmin" => starting(&["VM."]).collect(),
        "PVEVMUser" => all().filter(|p| FOR_VM_USERS.contains(p)).collect(),
        _ => return None,
    })
}

const NOT_FOR_ADMINS: &[&str] = &[
    "Mapping.Modify",
    "Permissions.Modify",
    "Realm.Allocate",
    "Sys.AccessNetwork",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
];
const FOR_VM_USERS: &[&str] = &[
    "VM.Audit",
    "VM.Backup",
    "VM.Config.CDROM",
    "VM.Config.Cloudinit",
    "VM.Console",
    "VM.GuestAgent.Audit",
    "VM.GuestAgent.FileRead",
    "VM.GuestAgent.FileSystemMgmt",
    "VM.GuestAgent.FileWrite",
    "VM.PowerMgmt",
];
