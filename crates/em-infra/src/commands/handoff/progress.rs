//! Where the waiting for nodes is: a line on a terminal, and a note whenever something about a node changed.

use std::collections::BTreeMap;
use std::time::Duration;

use em_infra_core::counted;
use em_infra_core::handoff::NodeReport;

use super::nodes::brief;
use crate::ui::{Activity, Ui};

/// What is known of the nodes so far.
pub(super) struct Progress<'ui> {
    activity: Activity<'ui>,
    nodes: usize,
    waits: bool,
    seen: BTreeMap<String, NodeReport>,
}

impl<'ui> Progress<'ui> {
    pub(super) fn new(nodes: usize, wait: Duration, ui: &'ui Ui) -> Self {
        Self {
            activity: ui.activity(&format!("Looking at {}", counted(nodes, "node"))),
            nodes,
            waits: !wait.is_zero(),
            seen: BTreeMap::new(),
        }
    }

    /// Takes what one try came to.
    pub(super) fn take(&mut self, report: NodeReport) {
        let is_new = self
            .seen
            .get(&report.name)
            .is_none_or(|before| brief(before) != brief(&report));
        if self.waits && is_new {
            self.activity
                .note(&format!("{}: {}", report.name, brief(&report)));
        }
        self.seen.insert(report.name.clone(), report);
        self.activity.live(&self.line());
    }

    fn line(&self) -> String {
        let (fine, late): (Vec<_>, Vec<_>) = self.seen.values().partition(|seen| seen.is_fine());
        let late: Vec<&str> = late.iter().map(|report| &*report.name).collect();
        let count = format!("{} of {} nodes are there", fine.len(), self.nodes);
        if late.is_empty() {
            return count;
        }
        format!("{count}; waiting for {}", late.join(", "))
    }
}
