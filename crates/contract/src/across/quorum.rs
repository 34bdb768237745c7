//! How many control planes there are, and how they are reached.

use crate::across::AcrossRule;
use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;

const COUNT: &str = "control_plane_count";

pub(super) const RULES: &[AcrossRule] = &[
    AcrossRule {
        code: Code::ControlPlaneEven,
        reads: &[COUNT],
        check: odd,
    },
    AcrossRule {
        code: Code::ControlPlaneMany,
        reads: &[COUNT],
        check: few,
    },
    AcrossRule {
        code: Code::EndpointSingleNode,
        reads: &[COUNT, "cluster_vip"],
        check: shared,
    },
];

fn odd(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if let Some(count) = reading.whole(COUNT).filter(|count| count % 2 == 0) {
        let message = format!(
            "{count} control planes survive no more failures than {}, and fail more often",
            count - 1
        );
        let help = format!("write `{COUNT} = {}` or `{}`", count - 1, count + 1);
        findings.push(Finding::new(
            Code::ControlPlaneEven,
            Path::input(COUNT),
            message,
            help,
        ));
    }
}

fn few(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if let Some(count) = reading.whole(COUNT).filter(|count| *count > 5) {
        let message = format!("every write of etcd waits for a majority of {count} control planes");
        let help = format!("write `{COUNT} = 3` or `5`");
        findings.push(Finding::new(
            Code::ControlPlaneMany,
            Path::input(COUNT),
            message,
            help,
        ));
    }
}

fn shared(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let is_alone = reading.whole(COUNT) == Some(1);
    if !is_alone && !reading.is_set("cluster_vip") {
        let at = Path::input("cluster_vip");
        let message =
            "without a VIP the Kubernetes API is gone with the first control plane".to_owned();
        let help = "add `cluster_vip`: a free address of the node network";
        findings.push(Finding::new(Code::EndpointSingleNode, at, message, help));
    }
}
