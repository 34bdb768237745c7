//! No usable state is left: it is made anew from the host, and nothing on the host is touched.

use std::fs;

use serde_json::{Value, json};

use crate::lab::{Lab, Said};
use crate::secrets::is_in_no_file;

impl Lab {
    fn rebuild(&self, arguments: &[&str]) -> Said {
        self.em_infra(&[&["state", "--format", "json", "rebuild"], arguments].concat())
    }

    /// Rebuilds, and the host has not been written to meanwhile.
    #[track_caller]
    fn rebuilds(&self, objects: usize) -> Value {
        let writes = self.writes().len();
        let planned = self.rebuild(&["--dry-run"]).succeeded().json();
        assert_eq!(planned["objects"].as_array().unwrap().len(), objects);
        let count = objects.to_string();
        let done = self.rebuild(&["--confirm", &count]).succeeded().json();
        assert_eq!(done["rebuilt"], json!(true));
        self.has_no_changes();
        assert_eq!(self.writes().len(), writes, "the host was written to");
        self.has_no_leftovers();
        done
    }

    #[track_caller]
    fn has_no_leftovers(&self) {
        assert!(!self.root().join("em-infra-rebuild.tf").exists());
        assert!(!self.root().join(".em-infra/rebuild").exists());
    }

    /// Refuses, names what it stumbled over, and leaves everything as it was.
    #[track_caller]
    fn refuses_to_rebuild(&self, arguments: &[&str], says: &[&str]) {
        let (state, writes) = (fs::read(self.state_path()).ok(), self.writes().len());
        let said = self.rebuild(arguments).ended_with(50);
        for text in says {
            assert!(said.stderr.contains(text), "{text} in:\n{}", said.stderr);
        }
        assert_eq!(fs::read(self.state_path()).ok(), state);
        assert_eq!(self.writes().len(), writes);
        self.has_no_leftovers();
    }

    fn set_option(&self, vmid: u32, key: &str, value: &str) {
        self.sim
            .edit(|world| world.vm_mut(vmid).unwrap().set_option(key, value));
    }
}

#[test]
fn a_lost_state_is_made_anew_and_no_vm_is_touched() {
    let lab = Lab::installed();
    lab.apply();
    let good = lab.state();
    for content in [None, Some(&b""[..]), Some(b"{\"version\": 4, ")] {
        lab.set_live_state(content);
        let done = lab.rebuilds(3);
        assert_eq!(done["replaced"].is_string(), content.is_some());
        assert_eq!(lab.state(), good);
        let status = lab.em_infra(&["state", "status"]).succeeded();
        assert!(status.stdout.contains("the live state is in it"));
        // From here on nothing is known but the host.
        fs::remove_dir_all(lab.home().join(".local/state/em-infra/vault")).unwrap();
    }
    let (_, secret) = lab.sim.token("terraform").unwrap();
    is_in_no_file(&secret, lab.folder());
    lab.em_infra(&["gate", "--yes"]).succeeded();
}

#[test]
fn the_mappings_of_gpus_are_taken_over_too() {
    let lab = Lab::installed();
    lab.inputs("worker_count = 0\ngpu_worker_template = \"talos-v1.13-nocloud\"\ngpu_worker_pci_bdfs = [\"0000:41:00\"]\n");
    lab.apply();
    lab.set_live_state(None);
    let done = lab.rebuilds(3);
    let ids: Vec<&str> = done["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["import_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["k3s-dev-gpu-4100", "pve/8001", "pve/8165"]);
}

#[test]
fn what_is_missing_or_differs_is_named_and_nothing_is_done() {
    let lab = Lab::installed();
    lab.apply();
    lab.set_live_state(None);
    lab.inputs("worker_count = 3\n");
    let missing = "node[\"k3s-dev-worker-3\"]: it is not on the host and would be built";
    lab.refuses_to_rebuild(
        &["--confirm", "4"],
        &[missing, "an object cannot be taken over"],
    );
    let cannot = "2 objects cannot be taken over as they are";
    lab.inputs("worker_count = 2\nworker_disk_gb = 64\n");
    let differs = "the host differs from the configuration in disk_gb";
    lab.refuses_to_rebuild(&["--confirm", "3"], &[differs, cannot]);
    lab.inputs("worker_count = 2\nworker_memory_mb = 16384\n");
    lab.refuses_to_rebuild(&["--confirm", "3"], &["memory 4096 -> 16384", cannot]);
    lab.inputs("worker_count = 2\n");
    lab.refuses_to_rebuild(&["--confirm", "4"], &["--confirm 3"]);
    lab.rebuilds(3);
}

#[test]
fn a_vm_that_is_not_surely_ours_is_named_and_not_taken() {
    let lab = Lab::installed();
    lab.apply();
    lab.set_live_state(None);
    lab.set_option(8010, "description", "somebody's notes");
    lab.set_option(8010, "smbios1", "uuid=00000000-0000-4000-8000-000000000001");
    lab.refuses_to_rebuild(
        &["--confirm", "3"],
        &["node[\"k3s-dev-worker-1\"]: ", "8010"],
    );
}

#[test]
fn a_state_that_can_be_used_or_restored_is_not_rebuilt() {
    let lab = Lab::installed();
    lab.apply();
    lab.refuses_to_rebuild(&[], &["the state can be used", "3 objects"]);
    lab.em_infra(&["state", "snapshot"]).succeeded();
    lab.set_live_state(Some(b""));
    lab.refuses_to_rebuild(&[], &["em-infra state restore latest", "--anyway"]);
    lab.rebuild(&["--anyway", "--confirm", "3"]).succeeded();
    lab.has_no_changes();
    lab.em_infra(&["state", "status"]).succeeded();
}
