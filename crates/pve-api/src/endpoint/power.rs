//! Starting and stopping a VM: `/nodes/{node}/qemu/{vmid}/status`.
//!
//! All but [`current`] answer a task, also for a VM that does not exist, is locked or is a template:
//! the error is in the task's end.

use serde::Deserialize;

use super::vm;
use crate::lenient;
use crate::request::{Method, Request};
use crate::{NodeName, Upid, VmId};

/// Whether a VM runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PowerState {
    /// Its process runs; the guest may be paused.
    Running,
    /// It does not run.
    Stopped,
    /// Proxmox does not say.
    #[serde(other)]
    Unknown,
}

/// The state of a VM now.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VmStatus {
    /// The VMID.
    pub vmid: VmId,
    /// Whether it runs.
    pub status: PowerState,
    /// What QEMU says, as in `paused`.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub qmpstatus: Option<String>,
    /// The name.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub name: Option<String>,
    /// What holds the VM.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub lock: Option<String>,
    /// Whether it is a template.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub template: bool,
    /// Seconds since it was started.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub uptime: u64,
    /// The process id; only when running.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub pid: Option<u64>,
}

impl VmStatus {
    /// Returns whether it runs.
    pub fn is_running(&self) -> bool {
        self.status == PowerState::Running
    }
}

/// Asks for the state.
pub fn current(node: &NodeName, vmid: VmId) -> Request<VmStatus> {
    vm::below(Method::Get, node, vmid, &["status", "current"])
}

/// Starts the VM; changes that are pending are applied first.
pub fn start(node: &NodeName, vmid: VmId) -> Request<Upid> {
    vm::below(Method::Post, node, vmid, &["status", "start"])
}

/// Pulls the plug. A stopped VM is fine.
pub fn stop(node: &NodeName, vmid: VmId) -> Request<Upid> {
    vm::below(Method::Post, node, vmid, &["status", "stop"])
}

/// What happens when the guest does not react to the power button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unresponsive {
    /// The task fails.
    Fail,
    /// The plug is pulled.
    ForceStop,
}

/// Presses the power button and waits for up to `seconds` (60 by default). A stopped VM is fine.
pub fn shutdown(
    node: &NodeName,
    vmid: VmId,
    seconds: Option<u32>,
    unresponsive: Unresponsive,
) -> Request<Upid> {
    let force = (unresponsive == Unresponsive::ForceStop).then_some(1);
    vm::below(Method::Post, node, vmid, &["status", "shutdown"])
        .with_some("timeout", seconds)
        .with_some("forceStop", force)
}

/// Shuts down and starts again, applying pending changes.
pub fn reboot(node: &NodeName, vmid: VmId, seconds: Option<u32>) -> Request<Upid> {
    vm::below(Method::Post, node, vmid, &["status", "reboot"]).with_some("timeout", seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_status_of_a_clone_in_progress() {
        let text = r#"{"cpu":0,"cpus":1,"disk":0,"ha":{"managed":0},"lock":"clone","maxdisk":0,
            "maxmem":536870912,"mem":0,"memhost":0,"name":"VM 203","netin":0,"netout":0,
            "qmpstatus":"stopped","status":"stopped","uptime":0,"vmid":203}"#;
        let status: VmStatus = serde_json::from_str(text).expect("a recorded answer");
        assert_eq!(
            (status.status, status.lock.as_deref()),
            (PowerState::Stopped, Some("clone"))
        );
        assert!(!status.is_running() && !status.template);
    }

    #[test]
    fn a_forced_shutdown_says_so() {
        let node = NodeName::new("pve").expect("a name");
        let request = shutdown(&node, VmId::MIN, Some(30), Unresponsive::ForceStop);
        assert_eq!(request.target(), "/nodes/pve/qemu/100/status/shutdown");
        assert_eq!(request.body().as_deref(), Some("timeout=30&forceStop=1"));
    }
}
