//! The client against the embedded Proxmox VE, whose clock moves when the client waits.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use pve_api::access::Permissions;
use pve_api::power::PowerState;
use pve_api::task::ExitStatus;
use pve_api::vm::{CloneMode, CloneVm};
use pve_api::vm_config::View;
use pve_api::{ConfigChange, DiskSize, DiskSlot, GiB, NodeName, Upid, VmConfig, VmId};
use pve_client::{Auth, Client, Clock, Connection, Error, TimeLimits, Tls};
use pve_sim::{Config, Fault, FaultAction, PveVersion, Scenario, Sim, World};

const TEMPLATE: u32 = 9000;
const NEW: u32 = 8001;

/// A simulated host and a client that calls it.
struct Host {
    sim: Arc<Sim>,
    client: Client,
}

fn vmid(number: u32) -> VmId {
    VmId::new(number).expect("a VMID")
}

fn node() -> NodeName {
    NodeName::new("pve").expect("a name")
}

fn token(sim: &Sim, name: &str) -> Auth {
    let (id, secret) = sim.token(name).expect("a token of the scenario");
    Auth::Token {
        id: id.parse().expect("a token id"),
        secret: secret.into(),
    }
}

/// Waiting moves the clock of the host on.
fn clock(sim: &Arc<Sim>) -> Clock {
    let (reader, stepper) = (Arc::clone(sim), Arc::clone(sim));
    let start = reader.world(World::now);
    let now = move || reader.world(World::now).since(start);
    Clock::new(now, move |span| {
        stepper.advance(span);
        ready(())
    })
}

fn client(sim: &Arc<Sim>, auth: Auth, tls: Tls) -> Client {
    let connection = Connection {
        endpoint: sim.url().parse().expect("an endpoint"),
        auth,
        tls,
    };
    Client::with(&connection, TimeLimits::default(), clock(sim)).expect("a client")
}

async fn host_with(scenario: Scenario) -> Host {
    let sim = Arc::new(
        Sim::start(Config::stepped(scenario))
            .await
            .expect("a free port"),
    );
    let pinned = Tls::Fingerprint(sim.fingerprint().parse().expect("a fingerprint"));
    let client = client(&sim, token(&sim, "terraform"), pinned);
    Host { sim, client }
}

async fn host() -> Host {
    host_with(Scenario::k3s_dev()).await
}

impl Host {
    async fn finish(&self, upid: &Upid) -> Result<ExitStatus, Error> {
        self.client
            .wait_task(upid, Duration::from_mins(10), pending())
            .await
    }

    async fn clone_of_template(&self, mode: CloneMode) -> Result<Upid, Error> {
        let clone = CloneVm {
            newid: vmid(NEW),
            name: "k3s-dev-control-1".parse().expect("a name"),
            description: "marker; a=b&c 100%\nzweite Zeile: ü".to_owned(),
            mode,
            pool: None,
        };
        self.client.clone_vm(&node(), vmid(TEMPLATE), &clone).await
    }

    async fn config(&self) -> Result<VmConfig, Error> {
        self.client
            .vm_config(&node(), vmid(NEW), View::Pending)
            .await
    }

    async fn status(&self) -> PowerState {
        self.client
            .vm_status(&node(), vmid(NEW))
            .await
            .expect("a VM")
            .status
    }

    async fn make_vm(&self) {
        let upid = self
            .clone_of_template(CloneMode::Linked)
            .await
            .expect("a task");
        self.finish(&upid).await.expect("a clone");
    }
}

fn whole_config() -> ConfigChange {
    ConfigChange::default()
        .set("cores", 4)
        .set("memory", 4096)
        .set("net0", "virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,tag=20")
        .set("smbios1", "uuid=0badc0de-0000-4000-8000-000000008001")
        .set("tags", "em-infra;k3s-dev")
        .set("boot", "order=scsi0;net0")
        .set("onboot", 1)
        .delete("serial0")
}

#[tokio::test]
async fn a_vm_lives_from_clone_to_delete() {
    for version in [PveVersion::V8_4, PveVersion::V9_2] {
        let host = host_with(Scenario::k3s_dev().with_version(version)).await;
        host.make_vm().await;
        host.client
            .set_config(&node(), vmid(NEW), &whole_config())
            .await
            .expect("a change");
        let config = host.config().await.expect("a configuration");
        for (key, value) in whole_config().settings() {
            assert!(config.has(key, value), "{key}: {:?}", config.get(key));
        }
        assert_eq!(config.get("serial0"), None);
        assert_eq!(
            config.description(),
            Some("marker; a=b&c 100%\nzweite Zeile: ü")
        );

        let size = DiskSize::from(GiB(20));
        let grown = host
            .client
            .resize(&node(), vmid(NEW), DiskSlot::SCSI0, size)
            .await
            .expect("a task");
        host.finish(&grown).await.expect("a grown disk");
        let disk = host
            .config()
            .await
            .expect("a configuration")
            .disk(DiskSlot::SCSI0);
        assert_eq!(disk.expect("readable").expect("a disk").size, Some(size));

        let started = host.client.start(&node(), vmid(NEW)).await.expect("a task");
        host.finish(&started).await.expect("a running VM");
        assert_eq!(host.status().await, PowerState::Running);
        let stopped = host.client.stop(&node(), vmid(NEW)).await.expect("a task");
        host.finish(&stopped).await.expect("a stopped VM");
        assert_eq!(host.status().await, PowerState::Stopped);

        let deleted = host
            .client
            .delete_vm(&node(), vmid(NEW))
            .await
            .expect("a task");
        host.finish(&deleted).await.expect("nothing left");
        assert!(
            host.config()
                .await
                .expect_err("nothing left")
                .is_not_found()
        );
    }
}

#[tokio::test]
async fn a_full_clone_shows_only_its_lock_until_it_is_done() {
    let host = host().await;
    let storage = Some("local-lvm".parse().expect("a name"));
    let upid = host
        .clone_of_template(CloneMode::Full { storage })
        .await
        .expect("a task");
    assert_eq!((upid.kind(), upid.id()), ("qmclone", "9000"));
    host.sim.advance(Duration::from_millis(100));
    let config = host.config().await.expect("a placeholder");
    assert!(config.is_being_cloned() && config.name().is_none());
    let change = ConfigChange::default().set("cores", 2);
    let refused = host
        .client
        .set_config(&node(), vmid(NEW), &change)
        .await
        .expect_err("a lock");
    assert_eq!(refused.lock(), Some("clone"));
    host.finish(&upid).await.expect("a clone");
    let config = host.config().await.expect("a configuration");
    assert_eq!(
        (config.lock(), config.name()),
        (None, Some("k3s-dev-control-1"))
    );
}

#[tokio::test]
async fn a_vmid_that_is_taken_is_refused_without_a_task() {
    let host = host().await;
    host.make_vm().await;
    let error = host
        .clone_of_template(CloneMode::Linked)
        .await
        .expect_err("a taken VMID");
    assert_eq!(
        error.text(),
        Some("unable to create VM 8001: config file already exists")
    );
    assert!(
        !host
            .client
            .is_vmid_free(vmid(NEW))
            .await
            .expect("an answer")
    );
    assert!(
        host.client
            .is_vmid_free(vmid(NEW + 1))
            .await
            .expect("an answer")
    );
}

#[tokio::test]
async fn starting_what_does_not_exist_fails_in_the_task() {
    let host = host().await;
    let upid = host.client.start(&node(), vmid(NEW)).await.expect("a task");
    let error = host.finish(&upid).await.expect_err("no VM");
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn a_token_that_may_only_read_is_told_what_is_missing() {
    let host = host().await;
    let pinned = Tls::Fingerprint(host.sim.fingerprint().parse().expect("a fingerprint"));
    let reader = client(&host.sim, token(&host.sim, "readonly"), pinned);
    reader
        .vm_config(&node(), vmid(TEMPLATE), View::Pending)
        .await
        .expect("a read");
    let change = ConfigChange::default().set("name", "mine");
    let error = reader
        .set_config(&node(), vmid(TEMPLATE), &change)
        .await
        .expect_err("no privilege");
    let Error::Refused(refusal) = &error else {
        panic!("{error:?}")
    };
    let missing = refusal.missing_privilege().expect("a privilege");
    assert_eq!(missing.path, "/vms/9000");
    assert!(
        missing
            .any_of
            .iter()
            .any(|privilege| privilege.starts_with("VM.Config.")),
        "{missing:?}"
    );
}

#[tokio::test]
async fn the_facts_of_a_host_are_read_by_the_least_privileged_token() {
    let host = host().await;
    let client = &host.client;
    assert_eq!(
        client.version().await.expect("a version").number(),
        Some((9, 2))
    );
    let nodes = client.nodes().await.expect("nodes");
    assert!(
        nodes
            .iter()
            .any(|seen| seen.node == node() && seen.is_online())
    );
    let storages = client.storage_list(&node()).await.expect("storages");
    assert!(
        storages
            .iter()
            .any(|storage| storage.takes_images() && storage.avail > 0)
    );
    let bridges = client.bridges(&node()).await.expect("bridges");
    assert!(
        bridges
            .iter()
            .any(|bridge| bridge.iface == "vmbr0" && bridge.bridge_vlan_aware)
    );
    let templates = client.vm_list(&node()).await.expect("VMs");
    assert!(
        templates
            .iter()
            .any(|vm| vm.vmid == vmid(TEMPLATE) && vm.template)
    );
    let permissions: Permissions = client
        .permissions_on("/vms/9000")
        .await
        .expect("permissions");
    assert!(
        permissions.has("/vms/9000", "VM.Clone") && !permissions.has("/vms/9000", "Sys.Modify")
    );
}

#[tokio::test]
async fn a_password_and_the_authority_of_the_host_do_as_well() {
    let host = host().await;
    let user = Auth::Ticket {
        user: "em-infra@pve".parse().expect("a user"),
        password: "em-infra".to_owned().into(),
    };
    let authority = Tls::CaFile(host.sim.ca_pem().as_bytes().to_vec());
    let client = client(&host.sim, user, authority);
    client.version().await.expect("an answer");
    client.vm_list(&node()).await.expect("an answer");
    let logins = host
        .sim
        .journal()
        .iter()
        .filter(|entry| entry.path.ends_with("/access/ticket"))
        .count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_clone_whose_answer_is_lost_is_asked_for_once() {
    let lost = [
        (FaultAction::CloseBefore, false),
        (FaultAction::Status(596, "Broken pipe".to_owned()), false),
        (FaultAction::CloseAfter, true),
        (
            FaultAction::StatusAfter(596, "Connection timed out".to_owned()),
            true,
        ),
        (FaultAction::TruncatedBody, true),
        (FaultAction::EmptyBody, true),
        (FaultAction::HtmlBody, true),
    ];
    for (action, done) in lost {
        let host = host().await;
        host.sim
            .fault(Fault::on("POST", "/nodes/*/qemu/*/clone", action.clone()).once());
        let error = host
            .clone_of_template(CloneMode::Linked)
            .await
            .expect_err("a lost answer");
        assert!(error.is_lost_answer(), "{action:?}: {error:?}");
        let writes = host
            .sim
            .journal()
            .iter()
            .filter(|entry| entry.write)
            .count();
        assert_eq!(writes, 1, "{action:?}");
        host.sim.advance(Duration::from_secs(1));
        let there = host.config().await;
        assert_eq!(there.is_ok(), done, "{action:?}");
        assert!(
            done || there.is_err_and(|error| error.is_not_found()),
            "{action:?}"
        );
    }
}

#[tokio::test]
async fn a_service_that_restarts_is_waited_for() {
    let host = host().await;
    let refused = FaultAction::Status(595, "Connection refused".to_owned());
    let mut fault = Fault::on("POST", "/nodes/*/qemu/*/clone", refused);
    fault.times = Some(3);
    host.sim.fault(fault);
    host.make_vm().await;
    assert!(host.config().await.is_ok());
}

#[tokio::test]
async fn a_lock_file_that_is_let_go_in_time_costs_one_repetition() {
    let host = host().await;
    host.make_vm().await;
    let held = FaultAction::LockHeld(NEW, Duration::from_secs(12));
    host.sim
        .fault(Fault::on("PUT", "/nodes/*/qemu/*/config", held).once());
    let (change, node) = (ConfigChange::default().set("cores", 3), node());
    let change = host.client.set_config(&node, vmid(NEW), &change);
    host.sim.drive(change).await.expect("a change");
    assert_eq!(host.config().await.expect("a configuration").cores(), Ok(3));
    let statuses: Vec<u16> = host
        .sim
        .journal()
        .iter()
        .filter(|entry| entry.method == "PUT")
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [500, 200]);
}

#[tokio::test]
async fn a_killed_worker_leaves_an_unexpected_end() {
    let host = host().await;
    let killed = FaultAction::WorkerKilled(Duration::from_millis(200));
    host.sim
        .fault(Fault::on("POST", "/nodes/*/qemu/*/clone", killed).once());
    let storage = Some("local-lvm".parse().expect("a name"));
    let upid = host
        .clone_of_template(CloneMode::Full { storage })
        .await
        .expect("a task");
    let Err(Error::Task(failure)) = host.finish(&upid).await else {
        panic!("a killed worker")
    };
    assert_eq!(failure.end, ExitStatus::Unexpected);
    assert!(
        host.config()
            .await
            .expect("a placeholder")
            .is_being_cloned()
    );
}
