//! The cloud-init drive and the data on it.

use serde_json::{Value, json};

use super::super::{Answer, Context, Endpoint, Permit};
use super::hotplug::cloudinit_values;
use super::options::to_json;
use crate::fail::Result;
use crate::schema::split_list;
use crate::world::{Options, World};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/cloudinit",
        permit: Permit::All("/vms/{vmid}", &["VM.Audit"]),
        params: &[],
        handler: values,
    },
    Endpoint {
        method: "PUT",
        path: "/nodes/{node}/qemu/{vmid}/cloudinit",
        permit: Permit::All("/vms/{vmid}", &["VM.Config.Cloudinit"]),
        params: &[],
        handler: regenerate,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/cloudinit/dump",
        permit: Permit::All("/vms/{vmid}", &["VM.Audit"]),
        params: &["type enum:user|network|meta"],
        handler: dump,
    },
];

/// Options that are listed; those with a number are not.
const LISTED: [&str; 7] = [
    "cicustom",
    "cipassword",
    "ciupgrade",
    "ciuser",
    "nameserver",
    "searchdomain",
    "sshkeys",
];

fn values(context: &mut Context<'_>) -> Result<Answer> {
    let vm = context.world.require_vm(context.vmid())?;
    let mut entries: Vec<Value> = Vec::new();
    for key in LISTED {
        let (now, next) = (vm.config.get(key), vm.pending.get(key));
        let mut entry = json!({ "key": key });
        if let Some(value) = now {
            entry["value"] = to_json(key, value);
        }
        if let Some(value) = next {
            entry["pending"] = to_json(key, value);
        }
        if vm.deletions.contains_key(key) {
            entry["delete"] = json!(1);
        }
        if now.or(next).is_some() {
            entries.push(entry);
        }
    }
    Ok(json!(entries).into())
}

fn regenerate(context: &mut Context<'_>) -> Result<Answer> {
    let vmid = context.vmid();
    context.world.check_config_lock(vmid, false)?;
    let vm = context.world.require_vm_mut(vmid)?;
    vm.cloudinit = Some(cloudinit_values(&vm.config));
    Ok(Value::Null.into())
}

fn dump(context: &mut Context<'_>) -> Result<Answer> {
    let vm = context.world.require_vm(context.vmid())?;
    let user = user_data(context.vmid(), &vm.config);
    let network = network_data(context.world, &vm.config);
    let text = match context.args.required("type") {
        "user" => user,
        "network" => network,
        _ => {
            let digest = sha1_smol::Sha1::from(format!("{user}{network}")).digest();
            format!("instance-id: {digest}\n")
        }
    };
    Ok(json!(text).into())
}

fn user_data(vmid: u32, options: &Options) -> String {
    let fqdn = options
        .get("name")
        .map_or_else(|| format!("VM{vmid}"), str::to_owned);
    let host = fqdn.split('.').next().unwrap_or_default();
    let mut text =
        format!("#cloud-config\nhostname: {host}\nmanage_etc_hosts: true\nfqdn: {fqdn}\n");
    let mut line = |key: &str, value: &str| {
        text.push_str(key);
        text.push_str(value);
        text.push('\n');
    };
    if let Some(user) = options.get("ciuser") {
        line("user: ", user);
    }
    if let Some(password) = options.get("cipassword") {
        line("password: ", password);
    }
    if let Some(keys) = options.get("sshkeys") {
        let keys = percent_encoding::percent_decode_str(keys).decode_utf8_lossy();
        line("ssh_authorized_keys:", "");
        keys.lines()
            .filter(|key| !key.trim().is_empty())
            .for_each(|key| line("  - ", key));
    }
    line("chpasswd:\n  expire: False\nusers:\n  - default", "");
    if options.get("ciupgrade") != Some("0") {
        line("package_upgrade: true", "");
    }
    text
}

fn network_data(world: &World, options: &Options) -> String {
    let mut text = "version: 1\nconfig:\n".to_owned();
    let nets = options.iter().filter_map(|(key, value)| {
        let number: u8 = key.strip_prefix("net")?.parse().ok()?;
        Some((number, value))
    });
    for (number, net) in nets {
        let mac = world
            .properties("net", net)
            .get("macaddr")
            .cloned()
            .unwrap_or_default();
        let config = options.get(&format!("ipconfig{number}"));
        push_interface(world, &mut text, number, &mac.to_lowercase(), config);
    }
    let servers = options.get("nameserver").unwrap_or(&world.host.resolver);
    text.push_str("    - type: nameserver\n      address:\n");
    split_list(servers).for_each(|server| push_quoted(&mut text, server));
    if let Some(domains) = options.get("searchdomain") {
        text.push_str("      search:\n");
        split_list(domains).for_each(|domain| push_quoted(&mut text, domain));
    }
    text
}

fn push_quoted(text: &mut String, item: &str) {
    text.push_str("      - '");
    text.push_str(item);
    text.push_str("'\n");
}

fn push_interface(world: &World, text: &mut String, number: u8, mac: &str, config: Option<&str>) {
    let header = format!(
        "    - type: physical\n      name: eth{number}\n      mac_address: '{mac}'\n      subnets:\n"
    );
    text.push_str(&header);
    let ip = world.properties("ipconfig", config.unwrap_or_default());
    for (address, gateway, dhcp, fixed) in [
        ("ip", "gw", "dhcp4", "static"),
        ("ip6", "gw6", "dhcp6", "static6"),
    ] {
        match ip.get(address).map(String::as_str) {
            None => {}
            Some("dhcp") => push_line(text, &format!("- type: {dhcp}")),
            Some("auto") => push_line(text, "- type: ipv6_slaac"),
            Some(cidr) => {
                let (host, prefix) = cidr.split_once('/').unwrap_or((cidr, "32"));
                push_line(text, &format!("- type: {fixed}"));
                if fixed == "static" {
                    push_line(text, &format!("  address: '{host}'"));
                    push_line(text, &format!("  netmask: '{}'", netmask(prefix)));
                } else {
                    push_line(text, &format!("  address: '{cidr}'"));
                }
                if let Some(gateway) = ip.get(gateway) {
                    push_line(text, &format!("  gateway: '{gateway}'"));
                }
            }
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str("      ");
    text.push_str(line);
    text.push('\n');
}

fn netmask(prefix: &str) -> std::net::Ipv4Addr {
    let bits: u32 = prefix.parse().unwrap_or(32).min(32);
    std::net::Ipv4Addr::from(u32::MAX.checked_shl(32 - bits).unwrap_or(0))
}
