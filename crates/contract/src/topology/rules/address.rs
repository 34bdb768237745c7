//! Addresses of nodes: inside the node network, and nobody else's.

use core::net::Ipv4Addr;

use super::{NodeRule, duplicates};
use crate::across::network::misplaced;
use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;
use crate::topology::roster::Draft;

const NETWORK: &[&str] = &["cluster_network_cidr", "node_address_start"];

pub(super) const RULES: &[NodeRule] = &[
    NodeRule {
        code: Code::AddressOutsideNetwork,
        reads: NETWORK,
        check: inside,
    },
    NodeRule {
        code: Code::AddressTaken,
        reads: NETWORK,
        check: differ,
    },
    NodeRule {
        code: Code::AddressTaken,
        reads: &[
            "cluster_network_cidr",
            "node_address_start",
            "network_gateway",
        ],
        check: |drafts, reading, findings| {
            not_at(drafts, reading, "network_gateway", "the gateway", findings);
        },
    },
    NodeRule {
        code: Code::AddressTaken,
        reads: &["cluster_network_cidr", "node_address_start", "cluster_vip"],
        check: |drafts, reading, findings| {
            not_at(drafts, reading, "cluster_vip", "the VIP", findings);
        },
    },
    NodeRule {
        code: Code::PodNetworkTooSmall,
        reads: &["cluster_cidr"],
        check: pods_fit,
    },
];

fn inside(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some(net) = reading.network("cluster_network_cidr") else {
        return;
    };
    for draft in drafts {
        let Some(address) = draft.address else {
            continue;
        };
        let whose = format!("`{}` at ", draft.name);
        findings.extend(misplaced(address, net, &draft.place("address"), &whose));
    }
}

fn differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let say = |draft: &Draft, first: &Draft| {
        let address = draft
            .address
            .as_ref()
            .map(Ipv4Addr::to_string)
            .unwrap_or_default();
        let message = format!(
            "`{}` and `{}` would both be at `{address}`",
            draft.name, first.name
        );
        (message, super::override_line(draft, "address", "\"…\""))
    };
    duplicates(
        drafts,
        Code::AddressTaken,
        "address",
        |draft| draft.address,
        say,
        findings,
    );
}

fn not_at(
    drafts: &[Draft],
    reading: &Reading<'_>,
    input: &'static str,
    whose: &str,
    findings: &mut Vec<Finding>,
) {
    let Some(taken) = reading.address(input) else {
        return;
    };
    for draft in drafts.iter().filter(|draft| draft.address == Some(taken)) {
        let message = format!(
            "`{}` would be at `{taken}`, the address of {whose}",
            draft.name
        );
        let help = super::override_line(draft, "address", "\"…\"");
        let finding = Finding::new(Code::AddressTaken, draft.place("address"), message, help);
        findings.push(finding.with_related(Path::input(input), whose));
    }
}

fn pods_fit(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some(net) = reading.network("cluster_cidr") else {
        return;
    };
    let room = 1_usize << 24_u8.saturating_sub(net.prefix_len());
    if drafts.len() > room {
        let message = format!(
            "`{net}` has a /24 for {room} nodes, and there are {}",
            drafts.len()
        );
        let help = "use a larger network: a /16 has room for 256 nodes";
        let at = Path::input("cluster_cidr");
        findings.push(Finding::new(Code::PodNetworkTooSmall, at, message, help));
    }
}
