//! Rules about nodes: who they are, and what they were made from.

use std::collections::BTreeMap;

use super::{Breach, Rule, breach};
use crate::handoff::document::{AssignedBy, BootstrapContract, Image, NodeFacts, Platform};
use crate::handoff::schematic::{self, Schematic};
use crate::topology::Role;

pub(super) fn breaches(document: &BootstrapContract) -> Vec<Breach> {
    let mut found = Vec::from_iter(roles(document));
    found.extend(doubles(document));
    let version = &document.cluster.talos_version;
    let minor = document.cluster.talos_minor();
    for (index, node) in document.nodes.iter().enumerate() {
        let at = format!("/nodes/{index}");
        found.extend(addressing(node, &at));
        found.extend(link(node, &at));
        found.extend(installer(&node.image, version, &at));
        found.extend(extensions(&node.image, minor, &at));
    }
    found
}

fn roles(document: &BootstrapContract) -> Option<Breach> {
    let names: Vec<&str> = document
        .of_role(Role::Controlplane)
        .map(|node| node.name.as_str())
        .collect();
    let bootstrap = document.cluster.bootstrap_node.as_str();
    if names.is_empty() {
        return Some(breach(
            Rule::ControlPlane,
            "/nodes",
            "no node has the role `controlplane`".to_owned(),
            "a cluster needs one, or three for a quorum that survives the loss of one",
        ));
    }
    (!names.contains(&bootstrap)).then(|| {
        breach(
            Rule::BootstrapNode,
            "/cluster/bootstrap_node",
            format!("`{bootstrap}` is no control plane of the document"),
            format!("name one of {}", names.join(", ")),
        )
    })
}

/// A field below a node, and its value in one spelling.
type Identity = (&'static str, fn(&NodeFacts) -> String);

/// What tells one node from another.
const IDENTITIES: [Identity; 5] = [
    ("name", |node| node.name.clone()),
    ("address", |node| node.address.clone()),
    ("mac", |node| node.mac.to_ascii_uppercase()),
    ("identity/vmid", |node| node.identity.vmid.to_string()),
    ("identity/smbios_uuid", |node| {
        node.identity.smbios_uuid.to_ascii_lowercase()
    }),
];

fn doubles(document: &BootstrapContract) -> Vec<Breach> {
    let mut found = Vec::new();
    for (field, of) in IDENTITIES {
        let mut first: BTreeMap<String, &str> = BTreeMap::new();
        for (index, node) in document.nodes.iter().enumerate() {
            let value = of(node);
            if let Some(other) = first.get(&value) {
                found.push(breach(
                    Rule::Unique,
                    format!("/nodes/{index}/{field}"),
                    format!("`{value}` is that of `{other}` already"),
                    "give each node its own",
                ));
            } else {
                first.insert(value, &node.name);
            }
        }
    }
    found
}

fn addressing(node: &NodeFacts, at: &str) -> Vec<Breach> {
    let mut found = Vec::new();
    if node.assigned_by == AssignedBy::DhcpReservation {
        return found;
    }
    if node.gateway.is_none() {
        found.push(breach(
            Rule::Gateway,
            at,
            format!("`{}` has a static address and no gateway", node.name),
            "add `gateway`",
        ));
    }
    if node.image.platform != Platform::Nocloud {
        found.push(breach(
            Rule::StaticNeedsNocloud,
            format!("{at}/assigned_by"),
            format!(
                "the metal image of `{}` does not read the cloud-init drive",
                node.name
            ),
            "make the template from the nocloud image, or reserve the address in the DHCP server",
        ));
    }
    found
}

fn link(node: &NodeFacts, at: &str) -> Option<Breach> {
    let wrong = match (node.image.platform, &node.link) {
        (Platform::Nocloud, Some(_)) | (Platform::Metal, None) => return None,
        (Platform::Nocloud, None) => {
            "has no `link`, though nocloud names its cards `eth0` and so on"
        }
        (Platform::Metal, Some(_)) => "has a `link`, though names on metal depend on the PCI slot",
    };
    let help = match node.link {
        Some(_) => "leave `link` out: the MAC address is enough",
        None => "add `link`, normally `eth0`",
    };
    Some(breach(
        Rule::Link,
        at,
        format!("`{}` {wrong}", node.name),
        help,
    ))
}

/// Installers of the factory end in `<name>/<schematic>:<version>`; the registry in front may be anybody's.
fn installer(image: &Image, talos_version: &str, at: &str) -> Option<Breach> {
    let by_platform = format!("{}-installer", image.platform.as_str());
    let suffix = if image.secure_boot { "-secureboot" } else { "" };
    // Before Talos 1.10 there was one installer for all platforms.
    let names = [
        format!("{by_platform}{suffix}"),
        format!("installer{suffix}"),
    ];
    let names = if older_than_platform_installers(talos_version) {
        &names[1..]
    } else {
        &names[..1]
    };
    let end = |name: &String| format!("/{name}/{}:{talos_version}", image.schematic_id);
    let fits = names
        .iter()
        .any(|name| image.installer.ends_with(&end(name)));
    (!fits).then(|| {
        breach(
            Rule::Installer,
            format!("{at}/image/installer"),
            format!("`{}` is not the installer of this image", image.installer),
            format!(
                "it ends in `{}`",
                names.iter().map(end).collect::<Vec<_>>().join("` or `")
            ),
        )
    })
}

fn older_than_platform_installers(talos_version: &str) -> bool {
    crate::text::versions::version(talos_version)
        .is_ok_and(|version| version < semver::Version::new(1, 10, 0))
}

fn extensions(image: &Image, minor: u64, at: &str) -> Vec<Breach> {
    let Some(said) = &image.extensions else {
        return Vec::new();
    };
    let place = format!("{at}/image/extensions");
    let mut found = Vec::new();
    let names = said.iter().map(String::as_str);
    if Schematic::new(names).id() != image.schematic_id {
        found.push(breach(
            Rule::Extensions,
            place.clone(),
            "these extensions have another schematic id".to_owned(),
            "leave `extensions` out where the schematic holds more than extensions",
        ));
    }
    for name in said {
        if schematic::exists_in(name, minor) == Some(false) {
            found.push(breach(
                Rule::Extensions,
                place.clone(),
                format!("Talos 1.{minor} has no extension `{name}`"),
                "make the schematic anew with the names of this Talos version",
            ));
        }
    }
    found
}
