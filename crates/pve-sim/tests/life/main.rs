//! The built-in scenario over real HTTP: the life of a machine, faults, the journal, the clock.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

mod client;
mod faults;
mod storage_lock;

use pve_sim::{Config, PveVersion, Scenario, Sim};

use crate::client::Client;

const NODE: &str = "/nodes/pve";
const NEW: &str = "/nodes/pve/qemu/8001";
const CLONE: &str = "/nodes/pve/qemu/9000/clone";

async fn start() -> Sim {
    Sim::start(Config::stepped(Scenario::k3s_dev()))
        .await
        .unwrap()
}

#[tokio::test]
async fn the_minimal_token_takes_a_machine_from_clone_to_removal() {
    for version in [PveVersion::V8_4, PveVersion::V9_2] {
        let scenario = Scenario::k3s_dev().with_version(version);
        let sim = Sim::start(Config::stepped(scenario)).await.unwrap();
        let client = Client::new(&sim, "terraform");
        let ok = Some("OK".to_owned());
        assert_eq!(
            client
                .task("POST", CLONE, "newid=8001&name=cp&full=1")
                .await,
            ok
        );
        let set = "cores=4&memory=4096&onboot=1&hostpci0=mapping%3Dgpu0%2Cpcie%3D1&net0=virtio%2Cbridge%3Dvmbr0%2Ctag%3D7";
        assert_eq!(
            client
                .call("PUT", &format!("{NEW}/config"), set)
                .await
                .unwrap()
                .status,
            200
        );
        let grow = "disk=scsi0&size=20G";
        assert_eq!(client.task("PUT", &format!("{NEW}/resize"), grow).await, ok);
        assert_eq!(
            client
                .task("POST", &format!("{NEW}/status/start"), "")
                .await,
            ok
        );
        let state = client.get(&format!("{NEW}/status/current")).await.data();
        assert_eq!(state["status"], "running");
        assert_eq!(
            client.task("POST", &format!("{NEW}/status/stop"), "").await,
            ok
        );
        assert_eq!(
            client.task("DELETE", &format!("{NEW}?purge=1"), "").await,
            ok
        );
        assert_eq!(
            sim.world(pve_sim::World::volumes),
            ["9000/base-9000-disk-0.raw"]
        );
        sim.shutdown().await;
    }
}

#[tokio::test]
async fn a_linked_clone_on_lvmthin_hides_its_parent_and_keeps_it_alive() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    client
        .task("POST", CLONE, "newid=8001&full=1&storage=local-lvm")
        .await;
    client.task("POST", &format!("{NEW}/template"), "").await;
    client
        .task("POST", &format!("{NEW}/clone"), "newid=8002")
        .await;
    let disk = sim.world(|world| world.option(8002, "scsi0")).unwrap();
    assert!(disk.starts_with("local-lvm:vm-8002-disk-0,"), "{disk}");
    assert_eq!(
        client.task("DELETE", NEW, "").await.as_deref(),
        Some("base volume 'local-lvm:base-8001-disk-0' is still in use by linked cloned")
    );
}

#[tokio::test]
async fn the_readonly_token_reads_and_changes_nothing() {
    let sim = start().await;
    let client = Client::new(&sim, "readonly");
    assert_eq!(
        client.get(&format!("{NODE}/qemu/9000/config")).await.status,
        200
    );
    let refused = client.call("POST", CLONE, "newid=8001").await.unwrap();
    let reason = "Permission check failed (/vms/9000, VM.Clone)";
    assert_eq!((refused.status, refused.reason.as_str()), (403, reason));
}

#[tokio::test]
async fn what_is_not_modelled_says_so() {
    let sim = start().await;
    let client = Client::new(&sim, "root");
    let reply = client.get("/nodes/pve/qemu/9000/rrddata").await;
    let reason = "pve-sim does not model GET /nodes/pve/qemu/9000/rrddata";
    assert_eq!((reply.status, reply.reason.as_str()), (501, reason));
}

#[tokio::test]
async fn pending_changes_of_a_running_machine_wait_for_its_end() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    client.task("POST", CLONE, "newid=8001").await;
    client
        .task("POST", &format!("{NEW}/status/start"), "")
        .await;
    client
        .call("PUT", &format!("{NEW}/config"), "cores=4&name=renamed")
        .await;
    let now = client.get(&format!("{NEW}/config?current=1")).await.data();
    let next = client.get(&format!("{NEW}/config")).await.data();
    assert_eq!(
        (&now["cores"], &next["cores"], &now["name"]),
        (&2.into(), &4.into(), &"renamed".into())
    );
    client
        .task("POST", &format!("{NEW}/status/reboot"), "")
        .await;
    assert_eq!(
        sim.world(|world| world.vm(8001).unwrap().current("cores").map(str::to_owned)),
        Some("4".to_owned())
    );
}

#[tokio::test]
async fn the_journal_knows_who_asked_what_and_hides_passwords() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    client.get("/version").await;
    client
        .call("PUT", "/nodes/pve/qemu/9000/config", "cipassword=hush")
        .await;
    let seen: Vec<_> = sim
        .journal()
        .into_iter()
        .map(|e| {
            (
                e.method,
                e.path,
                e.principal,
                e.status,
                e.write,
                e.parameters,
            )
        })
        .collect();
    let who = Some("em-infra@pve!terraform".to_owned());
    let put = "/nodes/pve/qemu/9000/config".to_owned();
    let hidden = vec![("cipassword".to_owned(), "***".to_owned())];
    assert_eq!(
        seen,
        [
            (
                "GET".to_owned(),
                "/version".to_owned(),
                who.clone(),
                200,
                false,
                vec![]
            ),
            ("PUT".to_owned(), put, who, 200, true, hidden),
        ]
    );
}

#[tokio::test]
async fn a_real_clock_runs_tasks_by_itself() {
    let sim = Sim::start(Config::real(Scenario::k3s_dev(), 1000.0))
        .await
        .unwrap();
    let client = Client::new(&sim, "terraform");
    let upid = client
        .call("POST", CLONE, "newid=8001")
        .await
        .unwrap()
        .data();
    let path = format!("{NODE}/tasks/{}/status", upid.as_str().unwrap());
    let mut state = serde_json::Value::Null;
    for _ in 0..200 {
        state = client.get(&path).await.data();
        if state["status"] == "stopped" {
            break;
        }
    }
    assert_eq!(state["exitstatus"], "OK");
}

#[tokio::test]
async fn a_pool_takes_a_machine_once_and_moves_it_only_when_told_so() {
    let sim = start().await;
    let client = Client::new(&sim, "root");
    for pool in ["a", "b"] {
        client
            .call("POST", "/pools", &format!("poolid={pool}"))
            .await;
    }
    let mut reasons = Vec::new();
    for form in [
        "vms=9000",
        "vms=9000",
        "vms=9000&delete=1",
        "vms=9000&delete=1",
    ] {
        reasons.push(client.call("PUT", "/pools/a", form).await.unwrap().reason);
    }
    client.call("PUT", "/pools/a", "vms=9000").await;
    for form in ["vms=9000", "vms=9000&allow-move=1"] {
        reasons.push(client.call("PUT", "/pools/b", form).await.unwrap().reason);
    }
    reasons.push(client.call("DELETE", "/pools/b", "").await.unwrap().reason);
    assert_eq!(
        reasons,
        [
            "OK",
            "update pools failed: VM 9000 is already a pool member",
            "OK",
            "update pools failed: VM 9000 is not a pool member",
            "update pools failed: VM 9000 belongs already to pool 'a' and 'allow-move' is not set",
            "OK",
            "delete pool failed: pool 'b' is not empty (contains VM 9000)",
        ]
    );
}

#[tokio::test]
async fn of_two_clones_to_one_id_the_second_is_refused() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let first = client.call("POST", CLONE, "newid=8001").await.unwrap();
    let second = client.call("POST", CLONE, "newid=8001").await.unwrap();
    let reason = "unable to create VM 8001: config file already exists";
    assert_eq!(
        (first.status, second.status, second.reason.as_str()),
        (200, 500, reason)
    );
}

#[tokio::test]
async fn a_renewed_certificate_has_another_fingerprint_and_the_same_ca() {
    let sim = start().await;
    let before = sim.fingerprint().to_owned();
    let after = sim.renew_certificate().unwrap();
    assert_ne!(before, after);
    let client = Client::new(&sim, "root");
    assert_eq!(
        client.get("/nodes").await.data()[0]["ssl_fingerprint"],
        after
    );
}

#[tokio::test]
async fn sizes_beyond_all_measure_are_taken_as_they_come() {
    let sim = start().await;
    let client = Client::new(&sim, "root");
    client.task("POST", CLONE, "newid=8001").await;
    let grow = "disk=scsi0&size=18446744073709551615";
    assert_eq!(
        client
            .task("PUT", &format!("{NEW}/resize"), grow)
            .await
            .as_deref(),
        Some("OK")
    );
    sim.edit(|world| world.storage_mut("local").unwrap().total = 1);
    for path in [
        "/nodes/pve/storage",
        "/nodes/pve/qemu",
        "/nodes/pve/storage/local/content",
    ] {
        assert_eq!(client.get(path).await.status, 200);
    }
}

#[tokio::test]
async fn the_guest_of_a_template_comes_along_and_reports_its_own_addresses() {
    let sim = start().await;
    let client = Client::new(&sim, "root");
    let inside = pve_sim::Guest {
        agent: pve_sim::Agent::Answering,
        ..Default::default()
    };
    sim.edit(|world| world.set_guest(9000, inside));
    client.task("POST", CLONE, "newid=8001").await;
    let set = "net0=virtio%3DBC%3A24%3A11%3A00%3A00%3A01%2Cbridge%3Dvmbr0&ipconfig0=ip%3D192.168.50.11%2F24";
    client.call("PUT", &format!("{NEW}/config"), set).await;
    client
        .task("POST", &format!("{NEW}/status/start"), "")
        .await;
    let answer = client
        .get(&format!("{NEW}/agent/network-get-interfaces"))
        .await
        .data();
    assert_eq!(
        answer["result"][1],
        serde_json::json!({
            "name": "eth0",
            "hardware-address": "bc:24:11:00:00:01",
            "ip-addresses": [
                { "ip-address": "192.168.50.11", "ip-address-type": "ipv4", "prefix": 24 },
            ],
        })
    );
}
