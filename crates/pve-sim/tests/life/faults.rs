//! Everything that can go wrong on purpose, over real HTTP.

use std::time::Duration;

use pve_sim::{Config, Fault, FaultAction, Scenario, Sim};

use crate::client::Client;
use crate::{CLONE, start};

fn strike(sim: &Sim, line: &str) {
    sim.fault(Fault::parse(line).unwrap());
}

/// The statuses of so many reads of the version.
async fn versions(client: &Client<'_>, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(client.get("/version").await.status);
    }
    statuses
}

#[tokio::test]
async fn a_connection_cut_after_the_effect_leaves_the_effect() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    sim.fault(Fault::on("POST", "/nodes/*/qemu/*/clone", FaultAction::CloseAfter).once());
    assert_eq!(client.call("POST", CLONE, "newid=8001").await, None);
    sim.advance(Duration::from_mins(1));
    assert!(sim.world(|world| world.vm(8001).is_some()));
    assert_eq!(
        sim.journal()
            .iter()
            .map(|entry| entry.status)
            .collect::<Vec<_>>(),
        [0]
    );
}

#[tokio::test]
async fn a_connection_cut_before_the_effect_leaves_none() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    sim.fault(Fault::on("POST", "/nodes/*/qemu/*/clone", FaultAction::CloseBefore).once());
    assert_eq!(client.call("POST", CLONE, "newid=8001").await, None);
    sim.advance(Duration::from_mins(1));
    assert!(sim.world(|world| world.vm(8001).is_none()));
}

#[tokio::test]
async fn faults_answer_in_the_proxys_or_nobodys_words() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let answers = [
        (
            FaultAction::Status(596, "Connection timed out".to_owned()),
            596,
            Some(String::new()),
        ),
        (FaultAction::EmptyBody, 200, Some(String::new())),
        (FaultAction::TruncatedBody, 0, None),
    ];
    for (action, status, text) in answers {
        sim.fault(Fault::on("GET", "/version", action).once());
        let reply = client.call("GET", "/version", "").await;
        assert_eq!(reply.as_ref().map(|r| r.text.clone()), text);
        assert_eq!(reply.map_or(0, |r| r.status), status);
    }
    sim.fault(Fault::on("GET", "/version", FaultAction::HtmlBody).once());
    assert!(client.get("/version").await.text.starts_with("<html>"));
    assert_eq!(client.get("/version").await.data()["release"], "9.2");
}

#[tokio::test]
async fn faults_of_tasks_fail_them_or_leave_their_work_half_done() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let clone = |action| sim.fault(Fault::on("POST", CLONE, action).once());
    clone(FaultAction::TaskFails("no quorum".to_owned()));
    assert_eq!(
        client.task("POST", CLONE, "newid=8001").await.as_deref(),
        Some("no quorum")
    );
    clone(FaultAction::WorkerKilled(Duration::from_millis(150)));
    let killed = client.task("POST", CLONE, "newid=8001&full=1").await;
    assert_eq!(killed.as_deref(), Some("unexpected status"));
    assert_eq!(
        sim.world(|world| world.option(8001, "lock")),
        Some("clone".to_owned())
    );
    clone(FaultAction::StorageFull("local".to_owned()));
    let full = client
        .task("POST", CLONE, "newid=8003&full=1")
        .await
        .unwrap();
    assert!(
        full.starts_with("clone failed: copy failed:") && full.ends_with("exit code 1"),
        "{full}"
    );
    assert!(sim.world(|world| world.vm(8003).is_none()));
}

#[tokio::test]
async fn a_held_lock_file_makes_a_change_wait_until_it_is_free() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let held = FaultAction::LockHeld(9000, Duration::from_secs(4));
    sim.fault(Fault::on("PUT", "/nodes/pve/qemu/9000/config", held).once());
    let changed = client
        .call("PUT", "/nodes/pve/qemu/9000/config", "cores=3")
        .await
        .unwrap();
    let took = sim.journal().last().unwrap().duration;
    assert_eq!((changed.status, took), (200, Duration::from_secs(4)));
}

#[tokio::test]
async fn a_certificate_changes_between_two_connections() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let shown = |sim: &Sim| sim.world(|world| world.fingerprint().to_owned());
    sim.fault(Fault::parse("GET /version certificate-changed times=1").unwrap());
    assert_eq!(shown(&sim), sim.fingerprint());
    // The client trusts the CA, so it goes on; one that pins the leaf would not.
    assert_eq!(client.get("/version").await.status, 200);
    let renewed = shown(&sim);
    assert_ne!(renewed, sim.fingerprint());
    assert_eq!(client.get("/version").await.status, 200);
    assert_eq!(shown(&sim), renewed);
}

#[tokio::test]
async fn the_faults_of_a_scenario_strike_and_every_request_is_told_as_it_ends() {
    let text = format!(
        "faults = [\"GET /version status 503 busy times=1\"]\n{}",
        Scenario::k3s_dev_toml()
    );
    let scenario = Scenario::from_toml(&text).unwrap();
    let sim = Sim::start(Config::stepped(scenario)).await.unwrap();
    let client = Client::new(&sim, "terraform");
    let mut told = sim.follow_journal();
    client.get("/version").await;
    client
        .call(
            "POST",
            "/access/ticket",
            "username=em-infra@pve&password=em-infra",
        )
        .await;
    let entries = [told.recv().await.unwrap(), told.recv().await.unwrap()];
    assert_eq!(entries.to_vec(), sim.journal());
    // A token may not log in; what it tried to log in with is still no reading matter.
    assert_eq!(entries.each_ref().map(|entry| entry.status), [503, 403]);
    assert!(!entries[1].to_json().contains("password\",\"em-infra"));
    assert!(entries[1].to_json().contains("password\",\"***"));
}

#[tokio::test]
async fn a_delay_is_waited_for_and_a_jump_of_the_clock_is_not() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    strike(&sim, "GET /version delay 40 times=1");
    let began = sim.world(pve_sim::World::now);
    client.get("/version").await;
    assert_eq!(sim.journal()[0].duration, Duration::from_secs(40));
    strike(&sim, "GET /version clock-jump 3600 times=1");
    client.get("/version").await;
    let now = sim.world(pve_sim::World::now);
    assert_eq!(now.since(began), Duration::from_secs(3640));
}

#[tokio::test]
async fn a_jump_of_the_clock_ends_a_ticket() {
    let sim = start().await;
    let (ticket, _) = sim.ticket("root@pam", Duration::from_mins(1));
    let client = Client::with_ticket(&sim, &ticket);
    assert_eq!(client.get("/version").await.status, 200);
    strike(&sim, "GET /nodes clock-jump 7200");
    client.get("/nodes").await;
    assert_eq!(client.get("/version").await.status, 401);
}

#[tokio::test]
async fn an_error_after_the_work_hides_that_it_was_done() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    strike(
        &sim,
        "POST /nodes/*/qemu/*/clone status-after 596 Connection timed out times=1",
    );
    let lost = client.call("POST", CLONE, "newid=8001").await.unwrap();
    assert_eq!((lost.status, &*lost.text), (596, ""));
    sim.advance(Duration::from_mins(1));
    assert!(sim.world(|world| world.vm(8001).is_some()));
}

#[tokio::test]
async fn a_slow_body_comes_whole() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    let quick = client.get("/version").await;
    strike(&sim, "GET /version slow-body 0.05 times=1");
    assert_eq!(client.get("/version").await, quick);
}

#[tokio::test]
async fn a_task_that_vanished_is_known_to_nobody() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    strike(&sim, "POST /nodes/*/qemu/*/clone task-vanishes times=1");
    let started = client.call("POST", CLONE, "newid=8001").await.unwrap();
    let upid = started.data().as_str().unwrap().to_owned();
    let status = client.get(&format!("/nodes/pve/tasks/{upid}/status")).await;
    assert_eq!(status.status, 400);
    assert!(sim.world(|world| world.tasks().is_empty()));
    let listed = client.get("/nodes/pve/tasks?source=all").await.data();
    assert_eq!(listed, serde_json::json!([]));
}

#[tokio::test]
async fn a_rule_picks_requests_by_number_principal_and_chance() {
    let sim = start().await;
    let client = Client::new(&sim, "terraform");
    strike(&sim, "GET /version status 500 second nth=2");
    assert_eq!(versions(&client, 3).await, [200, 500, 200]);
    sim.clear_faults();
    strike(
        &sim,
        "* /** status 503 busy principal=em-infra@pve!readonly",
    );
    assert_eq!(versions(&client, 1).await, [200]);
    assert_eq!(versions(&Client::new(&sim, "readonly"), 1).await, [503]);
    sim.clear_faults();
    let mut runs = Vec::new();
    for _ in 0..2 {
        strike(&sim, "GET /version status 503 busy probability=0.5 seed=11");
        runs.push(versions(&client, 20).await);
        sim.clear_faults();
    }
    let struck = runs[0].iter().filter(|status| **status == 503).count();
    assert!((4..=16).contains(&struck), "{struck}");
    assert_eq!(runs[0], runs[1], "the seed decides");
}

#[tokio::test]
async fn an_import_onto_a_full_storage_leaves_nothing() {
    let sim = start().await;
    let client = Client::new(&sim, "root");
    strike(&sim, "POST /nodes/*/qemu storage-full local-lvm times=1");
    let form = "vmid=8001&scsi0=local-lvm%3A0%2Cimport-from%3Dlocal%3A9000%2Fbase-9000-disk-0.raw";
    let exit = client.task("POST", "/nodes/pve/qemu", form).await.unwrap();
    let start = "unable to create VM 8001 - cannot import from 'local:9000/base-9000-disk-0.raw' - copy failed: ";
    assert!(
        exit.starts_with(start) && exit.ends_with("exit code 1"),
        "{exit}"
    );
    assert!(sim.world(|world| world.vm(8001).is_none()));
    assert_eq!(
        sim.world(pve_sim::World::volumes),
        ["9000/base-9000-disk-0.raw"]
    );
}
