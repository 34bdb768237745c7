//! Looking at a simulated host over real HTTPS: what is found, and that nothing is written.

use std::time::Duration;

use contract::{Topology, example_values, topology};
use host::{
    Environment, Host, Names, Settings, creation, look, node_problem, reach, settle, survey, wanted,
};
use pve_api::vm::{CloneMode, CloneVm};
use pve_sim::{Config, Fault, FaultAction, Scenario, Sim};
use vm::marker::Found;
use vm::{Demand, Observed, Wanted};

async fn reached(sim: &Sim, token: &str) -> Host {
    let (id, secret) = sim.token(token).expect("a token of the scenario");
    let settings = Settings {
        endpoint: Some(sim.url()),
        token_id: Some(id),
        token_secret: Some(secret),
        fingerprint: Some(sim.fingerprint().to_owned()),
        ..Settings::default()
    };
    let access = settle(&settings, &Names::INPUTS, &Environment::default()).expect("an access");
    reach(access).await.expect("a host")
}

fn nodes(changed: &[(&str, &str)]) -> (Topology, Vec<Wanted>) {
    let host = [
        ("control_plane_template", r#""talos-v1.13-nocloud""#),
        ("disk_pool", r#""local""#),
    ];
    let values = example_values(&[&host, changed].concat());
    let topology = topology(&values).expect("good inputs");
    let all = topology
        .nodes
        .iter()
        .map(|node| wanted(&topology, node).expect("a VM"));
    let all = all.collect();
    (topology, all)
}

async fn judged(host: &Host, wanted: &[Wanted]) -> String {
    let mut demand = Demand::default();
    let mut said = Vec::new();
    for one in wanted {
        let node = node_problem(&host.facts, one).await.expect("readable");
        if let Some(problem) = node {
            said.push(format!("{}: {problem}", one.key));
            continue;
        }
        demand.add(one);
        let found = creation(&host.facts, one, &demand).await.expect("readable");
        said.extend(
            found
                .problems
                .iter()
                .map(|problem| format!("{}: {problem}", one.key)),
        );
        said.extend(
            found
                .may_only_read
                .then(|| format!("{}: may only read", one.key)),
        );
    }
    said.join("\n")
}

#[tokio::test]
async fn a_host_that_can_make_everything_has_nothing_to_say_and_is_only_read() {
    let sim = Sim::start(Config::real(Scenario::k3s_dev(), 1.0))
        .await
        .expect("a host");
    let host = reached(&sim, "terraform").await;
    let (_, wanted) = nodes(&[]);
    assert_eq!(judged(&host, &wanted).await, "");
    let guests = survey(&host.client, &host.facts, &wanted[0].key.node)
        .await
        .expect("readable");
    let seen: Vec<_> = guests
        .iter()
        .map(|guest| (guest.vmid.get(), guest.template, guest.marker()))
        .collect();
    assert_eq!(seen, [(9000, true, Some(Found::Nothing))]);
    let writes: Vec<_> = sim
        .journal()
        .into_iter()
        .filter(|entry| entry.write)
        .collect();
    assert!(writes.is_empty(), "{writes:?}");
    sim.shutdown().await;
}

#[tokio::test]
async fn a_clone_that_ends_between_two_looks_was_not_abandoned() {
    let sim = Sim::start(Config::real(Scenario::k3s_dev(), 100.0))
        .await
        .expect("a host");
    let host = reached(&sim, "terraform").await;
    let (_, wanted) = nodes(&[]);
    let key = &wanted[0].key;
    sim.edit(|world| world.slow_copies(Some(Duration::from_mins(1))));
    let late = FaultAction::Delay(Duration::from_mins(2));
    sim.fault(Fault::on("GET", "/nodes/pve/tasks", late).once());
    let clone = CloneVm {
        newid: key.vmid,
        name: key.name.parse().expect("a name"),
        description: String::new(),
        mode: CloneMode::Full { storage: None },
        pool: None,
    };
    let template = "9000".parse().expect("a VMID");
    let task = host.client.clone_vm(&key.node, template, &clone);
    task.await.expect("accepted");
    let seen = look(&host.client, key).await.expect("readable");
    assert!(matches!(seen, Observed::Present(_)), "{seen:?}");
    let asked = sim.journal();
    let tasks = asked
        .iter()
        .filter(|entry| entry.path == "/nodes/pve/tasks");
    assert_eq!(tasks.count(), 1, "it was seen in the middle");
}

#[tokio::test]
async fn each_misfit_is_said_with_the_way_out() {
    let sim = Sim::start(Config::real(Scenario::k3s_dev(), 1.0))
        .await
        .expect("a host");
    let host = reached(&sim, "terraform").await;
    let reader = reached(&sim, "readonly").await;
    let one = [("worker_count", "0")];
    let with = |name, value| nodes(&[one[0], (name, value)]).1;
    let said = [
        judged(&host, &with("node", r#""pve2""#)).await,
        judged(&host, &with("control_plane_template", r#""talos""#)).await,
        judged(&host, &with("disk_pool", r#""fast""#)).await,
        judged(&host, &with("network_bridge", r#""vmbr9""#)).await,
        judged(&reader, &nodes(&one).1).await,
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    VM 8001 k3s-dev-control-1: there is no node `pve2`. Nodes of this host: pve.
    VM 8001 k3s-dev-control-1: there is no template `talos`, or these credentials may not see it. Templates that they see: talos-v1.13-nocloud (9000). Seeing one needs VM.Audit and VM.Clone on /vms/VMID.
    VM 8001 k3s-dev-control-1: there is no storage `fast`, or these credentials lack Datastore.AllocateSpace on /storage/fast. Storages for disks of VMs: local, local-lvm.
    VM 8001 k3s-dev-control-1: there is no bridge `vmbr9`, or these credentials lack SDN.Use on /sdn/zones/localnetwork/vmbr9. Bridges that they see: vmbr0.
    VM 8001 k3s-dev-control-1: there is no bridge `vmbr0`, or these credentials lack SDN.Use on /sdn/zones/localnetwork/vmbr0. Bridges that they see: none.
    VM 8001 k3s-dev-control-1: may only read
    "#);
    sim.shutdown().await;
}
