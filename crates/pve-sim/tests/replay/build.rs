//! From the world of a recording to a simulated host.

use pve_sim::{
    Agent, Bridge, Guest, PciDevice, PciMapping, Storage, StorageKind, Token, User, World,
};
use serde_json::Value;

/// The guests of the recordings without one of their own got this server from their host.
const RESOLVER: &str = "10.255.255.53";

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    optional(value, key).unwrap_or_default()
}

fn optional(value: &Value, key: &str) -> Option<String> {
    value[key].as_str().map(str::to_owned)
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_default()
}

/// A scalar as the configuration file holds it.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

pub(crate) fn world(given: &Value, world: &mut World) {
    let host = &given["host"];
    let cpus = u32::try_from(number(host, "cpus")).unwrap();
    world.set_host(cpus, host["iommu"].as_bool().unwrap_or(true));
    world.set_resolver(RESOLVER);
    for (key, value) in given["datacenter"].as_object().into_iter().flatten() {
        let parts = value.as_object().map(|map| {
            map.iter()
                .map(|(key, value)| format!("{key}={}", plain(value)))
                .collect::<Vec<_>>()
        });
        world.set_datacenter(
            key,
            &parts.map_or_else(|| plain(value), |parts| parts.join(",")),
        );
    }
    hardware(given, world);
    storages(given, world);
    access(given, world);
    machines(given, world);
}

fn hardware(given: &Value, world: &mut World) {
    for bridge in items(given, "bridges") {
        world.put_bridge(Bridge {
            iface: text(bridge, "iface"),
            cidr: optional(bridge, "cidr"),
            vlan_aware: number(bridge, "vlan_aware") == 1,
        });
    }
    for device in items(given, "pci_devices") {
        world.put_pci_device(PciDevice {
            id: text(device, "id"),
            class: text(device, "class"),
            vendor: text(device, "vendor"),
            device: text(device, "device"),
            subsystem_vendor: optional(device, "subsystem_vendor"),
            subsystem_device: optional(device, "subsystem_device"),
            iommugroup: device["iommugroup"].as_i64().unwrap_or(-1),
        });
    }
    for mapping in items(given, "pci_mappings") {
        let built = PciMapping {
            map: items(mapping, "map").map(plain).collect(),
            description: optional(mapping, "description"),
            ..PciMapping::default()
        };
        world.put_pci_mapping(&text(mapping, "id"), built);
    }
}

fn storages(given: &Value, world: &mut World) {
    for storage in items(given, "storages") {
        let kind = StorageKind::Dir {
            path: text(storage, "path"),
        };
        let mut built = Storage::new(kind, &text(storage, "content"));
        built.disabled = number(storage, "disable") == 1;
        world.put_storage(&text(storage, "storage"), built);
    }
    for volume in items(given, "volumes") {
        let volid = text(volume, "volid");
        let (storage, volname) = volid.split_once(':').unwrap();
        let storage = world.storage_mut(storage).unwrap();
        storage.put_volume(volname, &text(volume, "format"), number(volume, "size"));
    }
}

fn access(given: &Value, world: &mut World) {
    for user in items(given, "users") {
        let userid = text(user, "userid");
        let mut built = User {
            password: optional(user, "password"),
            enable: user["enable"].as_u64() != Some(0),
            expire: number(user, "expire"),
            ..User::default()
        };
        for token in items(given, "tokens") {
            let id = text(token, "tokenid");
            let Some((owner, name)) = id.split_once('!') else {
                continue;
            };
            if owner == userid {
                let token = Token {
                    secret: text(token, "secret"),
                    privsep: number(token, "privsep") == 1,
                    expire: number(token, "expire"),
                    comment: None,
                };
                built.tokens.insert(name.to_owned(), token);
            }
        }
        world.put_user(&userid, built);
    }
    for role in items(given, "roles") {
        world.put_role(
            &text(role, "roleid"),
            &items(role, "privs").map(plain).collect::<Vec<_>>(),
        );
    }
    for group in items(given, "groups") {
        let users: Vec<String> = items(group, "users").map(plain).collect();
        world.put_group(&text(group, "groupid"), &users);
    }
    for acl in items(given, "acls") {
        let ugid = text(acl, "ugid");
        let to = if acl["type"] == "group" {
            format!("@{ugid}")
        } else {
            ugid
        };
        world.grant(
            &text(acl, "path"),
            &to,
            &text(acl, "roleid"),
            number(acl, "propagate") == 1,
        );
    }
    for pool in items(given, "pools") {
        let vms: Vec<u32> = items(pool, "vms")
            .filter_map(|v| u32::try_from(v.as_u64()?).ok())
            .collect();
        let storages: Vec<String> = items(pool, "storage").map(plain).collect();
        let storages: Vec<&str> = storages.iter().map(String::as_str).collect();
        world.put_pool(&text(pool, "poolid"), &vms, &storages);
    }
}

fn machines(given: &Value, world: &mut World) {
    for container in items(given, "containers") {
        let vmid = container
            .as_u64()
            .unwrap_or_else(|| number(container, "vmid"));
        world.put_container(u32::try_from(vmid).unwrap());
    }
    for vm in items(given, "vms") {
        let vmid = u32::try_from(number(vm, "vmid")).unwrap();
        let options = vm["config"].as_object().unwrap();
        world.put_vm(
            vmid,
            options
                .iter()
                .map(|(key, value)| (key.as_str(), plain(value))),
        );
        world.set_guest(vmid, guest(&vm["guest"]));
    }
}

pub(crate) fn guest(given: &Value) -> Guest {
    let some = |key: &str| (!given[key].is_null()).then(|| given[key].clone());
    Guest {
        agent: if given["agent"] == "answering" {
            Agent::Answering
        } else {
            Agent::Silent
        },
        interfaces: some("interfaces"),
        error: some("error"),
        ignores_shutdown: given["ignores_shutdown"].as_bool().unwrap_or(false),
    }
}
