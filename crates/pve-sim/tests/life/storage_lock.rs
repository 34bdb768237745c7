//! The allocation lock of a storage: who waits for it, for how long, and what is left behind.

use std::time::Duration;

use pve_sim::{Fault, FaultAction, Sim};
use serde_json::json;

use crate::client::Client;
use crate::{CLONE, NEW, start};

const TIMEOUT: &str = "can't lock file '/var/lock/pve-manager/pve-storage-local' - got timeout";

fn config() -> String {
    format!("{NEW}/config")
}

/// A host with a stopped machine 8001 whose disk is on `local`.
async fn with_machine() -> Sim {
    let sim = start().await;
    let cloned = Client::new(&sim, "root")
        .task("POST", CLONE, "newid=8001&full=1")
        .await;
    assert_eq!(cloned.as_deref(), Some("OK"));
    sim
}

fn hold(sim: &Sim, held: bool) {
    sim.edit(|world| world.hold_storage_lock("local", held));
}

fn hold_once(sim: &Sim, method: &str, path: &str, seconds: u64) {
    let action = FaultAction::StorageLocked("local".to_owned(), Duration::from_secs(seconds));
    sim.fault(Fault::on(method, path, action).once());
}

fn took(sim: &Sim) -> u64 {
    sim.journal().last().unwrap().duration.as_secs()
}

fn option(sim: &Sim, key: &str) -> Option<String> {
    sim.world(|world| world.option(8001, key))
}

fn has_volume(sim: &Sim, volid: &str) -> bool {
    let (_, volname) = volid.split_once(':').unwrap();
    sim.world(|world| world.volumes().iter().any(|known| known == volname))
}

#[tokio::test]
async fn an_allocation_waits_for_the_lock_of_its_storage_and_gives_up_after_ten_seconds() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let locked = |span| FaultAction::StorageLocked("local".to_owned(), Duration::from_secs(span));
    sim.fault(Fault::on("POST", CLONE, locked(4)).once());
    let waited = client.task("POST", CLONE, "newid=8001&full=1").await;
    assert_eq!(waited.as_deref(), Some("OK"));
    sim.edit(|world| world.hold_storage_lock("local", true));
    let given_up = client.task("POST", CLONE, "newid=8002&full=1").await;
    let text =
        "clone failed: can't lock file '/var/lock/pve-manager/pve-storage-local' - got timeout";
    assert_eq!(given_up.as_deref(), Some(text));
    assert!(sim.world(|world| world.vm(8002).is_none()));
    let elsewhere = client
        .task("POST", CLONE, "newid=8002&full=1&storage=local-lvm")
        .await;
    assert_eq!(elsewhere.as_deref(), Some("OK"));
    sim.edit(|world| world.hold_storage_lock("local", false));
    let freed = client.task("POST", CLONE, "newid=8003&full=1").await;
    assert_eq!(freed.as_deref(), Some("OK"));
}

#[tokio::test]
async fn a_change_that_allocates_waits_for_the_storage() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "terraform");
    for set in [
        "ide2=local%3Acloudinit",
        "scsi1=local%3A1",
        "efidisk0=local%3A1",
    ] {
        hold_once(&sim, "PUT", &config(), 4);
        let changed = client.call("PUT", &config(), set).await.unwrap();
        assert_eq!((changed.status, took(&sim)), (200, 4), "{set}");
    }
    hold(&sim, true);
    for set in ["cores=3", "scsi2=local-lvm%3A1"] {
        let changed = client.call("PUT", &config(), set).await.unwrap();
        assert_eq!((changed.status, took(&sim)), (200, 0), "{set}");
    }
}

#[tokio::test]
async fn a_change_that_gives_up_on_a_storage_leaves_pending_what_came_before() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "terraform");
    client.call("PUT", &config(), "onboot=1").await;
    hold(&sim, true);
    let refused = client
        .call("PUT", &config(), "delete=onboot&scsi1=local%3A1")
        .await
        .unwrap();
    assert_eq!(
        (refused.status, &*refused.reason, took(&sim)),
        (500, TIMEOUT, 10)
    );
    assert_eq!(
        (option(&sim, "onboot"), option(&sim, "scsi1")),
        (None, None)
    );
    let current = sim.world(|w| w.vm(8001).unwrap().current("onboot").map(str::to_owned));
    assert_eq!(current.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_change_that_waits_for_a_storage_keeps_others_from_its_machine() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "terraform");
    hold(&sim, true);
    let (path, other) = (config(), config());
    let first = client.call("PUT", &path, "scsi1=local%3A1");
    let second = client.call("PUT", &other, "delete=scsi1");
    let (first, second) = tokio::join!(first, second);
    assert_eq!(
        [first, second].map(|reply| reply.unwrap().status),
        [500, 200]
    );
    let waits: Vec<u64> = sim.journal()[1..]
        .iter()
        .map(|e| e.duration.as_secs())
        .collect();
    assert_eq!(waits, [10, 10]);
}

#[tokio::test]
async fn a_change_by_a_worker_waits_in_the_worker() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "terraform");
    hold_once(&sim, "POST", &config(), 4);
    let waited = client.task("POST", &config(), "scsi1=local%3A1").await;
    assert_eq!((waited.as_deref(), took(&sim)), (Some("OK"), 0));

    hold_once(&sim, "POST", &config(), 4);
    let ended = client
        .call("POST", &config(), "scsi2=local%3A1&background_delay=8")
        .await
        .unwrap();
    assert_eq!(
        (ended.status, ended.data(), took(&sim)),
        (200, json!(null), 4)
    );

    hold(&sim, true);
    let running = client
        .call("POST", &config(), "scsi3=local%3A1&background_delay=2")
        .await
        .unwrap();
    assert_eq!(took(&sim), 2);
    let exit = sim.finish_task(running.data().as_str().unwrap());
    assert_eq!(exit.as_deref(), Some(TIMEOUT));

    let failed = client
        .call("POST", &config(), "scsi3=local%3A1&background_delay=30")
        .await
        .unwrap();
    let reason = format!("failed to update VM 8001: {TIMEOUT}");
    assert_eq!(
        (failed.status, failed.reason, took(&sim)),
        (500, reason, 10)
    );
}

#[tokio::test]
async fn a_volume_that_goes_waits_for_its_storage() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "root");
    let set = "ide2=local%3Acloudinit&scsi1=local%3A1&scsi2=local%3A1";
    client.call("PUT", &config(), set).await;
    client.call("PUT", &config(), "delete=scsi2").await;
    let unused = option(&sim, "unused0").unwrap();
    hold_once(&sim, "PUT", &config(), 4);
    let freed = client
        .call("PUT", &config(), "delete=unused0")
        .await
        .unwrap();
    assert_eq!((freed.status, took(&sim)), (200, 4));
    assert!(!has_volume(&sim, &unused), "{unused}");

    hold(&sim, true);
    let forced = client
        .call("PUT", &config(), "delete=scsi1&force=1")
        .await
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(&forced.text).unwrap();
    let why = format!("unable to apply pending change scsi1 : {TIMEOUT}\n");
    assert_eq!(
        (forced.status, &body["errors"]),
        (400, &json!({ "scsi1": why }))
    );

    // A cloud-init drive goes all the same, and leaves its volume behind.
    let seed = "local:8001/vm-8001-cloudinit.qcow2";
    let dropped = client.call("PUT", &config(), "delete=ide2").await.unwrap();
    assert_eq!((dropped.status, option(&sim, "ide2")), (400, None));
    assert!(has_volume(&sim, seed));
}

#[tokio::test]
async fn the_proxy_gives_up_on_a_long_change_and_the_daemon_goes_on() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "root");
    let set = "scsi1=local%3A1&scsi2=local%3A1&scsi3=local%3A1&scsi4=local%3A1";
    client.call("PUT", &config(), set).await;
    hold(&sim, true);
    let lost = client
        .call(
            "PUT",
            &config(),
            "delete=scsi1,scsi2,scsi3,scsi4&force=1&cores=3",
        )
        .await
        .unwrap();
    let reason = "Connection timed out";
    assert_eq!(
        (lost.status, &*lost.reason, &*lost.text, took(&sim)),
        (596, reason, "", 30)
    );
    let cores = |sim: &Sim| sim.world(|w| w.vm(8001).unwrap().current("cores").map(str::to_owned));
    assert_eq!(cores(&sim).as_deref(), Some("2"));
    sim.advance(Duration::from_secs(10));
    assert_eq!(cores(&sim).as_deref(), Some("3"));
}

#[tokio::test]
async fn a_machine_that_goes_leaves_a_volume_behind_that_cannot_be_freed() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "terraform");
    hold(&sim, true);
    let warned = client.task("DELETE", NEW, "").await;
    assert_eq!(warned.as_deref(), Some("WARNINGS: 1"));
    let disk = "local:8001/vm-8001-disk-0.raw";
    let said = sim.world(|world| world.tasks().last().unwrap().log.clone());
    let warning = format!("WARN: Could not remove disk '{disk}', check manually: {TIMEOUT}");
    assert!(said.contains(&warning), "{said:?}");
    assert!(has_volume(&sim, disk));
    assert!(sim.world(|world| world.vm(8001).is_none()));
}

#[tokio::test]
async fn a_removed_volume_and_a_new_template_wait_too_and_a_grown_disk_does_not() {
    let sim = with_machine().await;
    let client = Client::new(&sim, "root");
    let stray = "/nodes/pve/storage/local/content/local%3A8001%2Fvm-8001-disk-7.raw";
    sim.edit(|world| {
        let storage = world.storage_mut("local").unwrap();
        storage.put_volume("8001/vm-8001-disk-7.raw", "raw", 1 << 20);
    });
    hold_once(&sim, "DELETE", "/nodes/pve/storage/**", 4);
    let removed = client
        .call("DELETE", &format!("{stray}?delay=9"), "")
        .await
        .unwrap();
    assert_eq!(
        (removed.status, removed.data(), took(&sim)),
        (200, json!(null), 4)
    );

    hold(&sim, true);
    let grown = client
        .task("PUT", &format!("{NEW}/resize"), "disk=scsi0&size=%2B1G")
        .await;
    assert_eq!(grown.as_deref(), Some("OK"));
    let converted = client.task("POST", &format!("{NEW}/template"), "").await;
    assert_eq!(converted.as_deref(), Some(TIMEOUT));
}
