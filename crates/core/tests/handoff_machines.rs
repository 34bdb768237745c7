//! `handoff --verify` against a simulated Proxmox VE: what it says of the VM behind a node.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::handoff::{self, BootstrapContract};
use contract::{example_values, topology};
use em_infra_core::handoff::{Card, Heard, Inspection, Machine, NodeReport, Timing, verify};
use pve_client::{Auth, Client, Connection, Tls};
use pve_sim::{Config, Scenario, Sim, World};

/// Nothing listens there, on any address of the loopback.
const NO_PORT: u16 = 1;

const ONCE: Timing = Timing {
    patience: Duration::from_secs(20),
    pause: Duration::from_millis(1),
    wait: Duration::ZERO,
};

/// One control plane, its address on the loopback.
fn document(inputs: &[(&str, &str)]) -> BootstrapContract {
    let alone = [("worker_count", "0"), ("node", r#""pve""#)];
    let values = example_values(&[&alone, inputs].concat());
    let mut document = handoff::of_topology(&topology(&values).unwrap());
    "127.0.0.11".clone_into(&mut document.nodes[0].address);
    document
}

/// The options of its VM as em-infra makes it.
fn options(document: &BootstrapContract) -> Vec<(&'static str, String)> {
    let node = &document.nodes[0];
    vec![
        ("name", node.name.clone()),
        ("smbios1", format!("uuid={}", node.identity.smbios_uuid)),
        ("net0", format!("virtio={},bridge=vmbr0,tag=20", node.mac)),
        ("ipconfig0", format!("ip={}/24", node.address)),
    ]
}

async fn host(change: impl FnOnce(&mut World)) -> Sim {
    let config = Config::real(Scenario::k3s_dev(), 100.0);
    let sim = Sim::start(config).await.unwrap();
    sim.edit(change);
    sim
}

fn client(sim: &Sim, token: &str) -> Client {
    let (id, secret) = sim.token(token).unwrap();
    let connection = Connection {
        endpoint: sim.url().parse().unwrap(),
        auth: Auth::Token {
            id: id.parse().unwrap(),
            secret: secret.into(),
        },
        tls: Tls::Fingerprint(sim.fingerprint().parse().unwrap()),
    };
    Client::new(&connection).unwrap()
}

fn inspection(sim: &Sim, timing: Timing, heard: Heard) -> Inspection {
    Inspection {
        host: Some(client(sim, "readonly")),
        port: NO_PORT,
        timing,
        heard,
    }
}

async fn report(sim: &Sim, document: &BootstrapContract) -> NodeReport {
    let nobody: Heard = Arc::new(|_: &NodeReport| ());
    verify(document, inspection(sim, ONCE, nobody))
        .await
        .remove(0)
}

fn told(report: &NodeReport) -> String {
    let troubles: Vec<String> = report
        .machine
        .troubles()
        .iter()
        .map(ToString::to_string)
        .collect();
    format!("{}\n  {}", troubles.join("; "), report.help.join("\n  "))
}

async fn start(sim: &Sim) {
    let client = client(sim, "root");
    let node = "pve".parse().unwrap();
    let vmid = "8001".parse().unwrap();
    let upid = client.start(&node, vmid).await.unwrap();
    while client.task_status(&upid).await.unwrap().end().is_none() {}
}

#[tokio::test]
async fn a_vm_that_runs_with_the_right_card_says_where_the_card_leads() {
    let document = document(&[]);
    let sim = host(|world| world.put_vm(8001, options(&document))).await;
    start(&sim).await;
    let card = Card {
        bridge: Some("vmbr0".to_owned()),
        vlan: Some(20),
    };
    let report = report(&sim, &document).await;
    assert_eq!(report.machine, Machine::Runs(card));
    assert!(
        sim.journal()
            .iter()
            .filter(|entry| entry.write)
            .all(|entry| entry.path.ends_with("/start"))
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_vm_is_named_with_the_way_out() {
    let document = document(&[]);
    let good = options(&document);
    let changed = |key: &'static str, value: &str| {
        let mut options = good.clone();
        options.retain(|(known, _)| *known != key);
        options.push((key, value.to_owned()));
        options
    };
    let cases: Vec<(&str, Vec<(&'static str, String)>)> = vec![
        ("stopped", good.clone()),
        (
            "another MAC",
            changed("net0", "virtio=BC:24:11:00:00:99,bridge=vmbr0"),
        ),
        ("no card", changed("net0", "virtio,bridge=vmbr0")),
        (
            "a cable pulled",
            changed(
                "net0",
                &format!("virtio={},bridge=vmbr0,link_down=1", document.nodes[0].mac),
            ),
        ),
        (
            "another address",
            changed("ipconfig0", "ip=192.168.1.99/24"),
        ),
        ("address from DHCP", changed("ipconfig0", "ip=dhcp")),
        (
            "another VM",
            changed("smbios1", "uuid=6f1d7c1e-0000-4000-8000-000000000001"),
        ),
        ("a clone under way", vec![("lock", "clone".to_owned())]),
    ];
    let mut all = Vec::new();
    for (what, options) in cases {
        let sim = host(|world| world.put_vm(8001, options)).await;
        all.push(format!("{what}: {}", told(&report(&sim, &document).await)));
    }
    let sim = host(|_| ()).await;
    all.push(format!("nothing: {}", told(&report(&sim, &document).await)));
    let sim = host(|world| world.put_container(8001)).await;
    all.push(format!(
        "a container: {}",
        told(&report(&sim, &document).await)
    ));
    insta::assert_snapshot!(all.join("\n"));
}

/// A card that a running VM gets at its next start is not there yet.
#[tokio::test]
async fn a_change_that_waits_for_the_next_start_does_not_count() {
    let document = document(&[]);
    let mut options = options(&document);
    let right = options[2].1.clone();
    options[2].1 = "virtio=BC:24:11:00:00:99,bridge=vmbr0".to_owned();
    options.push(("hotplug", "0".to_owned()));
    let sim = host(|world| world.put_vm(8001, options)).await;
    start(&sim).await;
    let client = client(&sim, "root");
    let change = pve_api::ConfigChange::default().set("net0", right);
    let (node, vmid) = ("pve".parse().unwrap(), "8001".parse().unwrap());
    client.set_config(&node, vmid, &change).await.unwrap();
    let troubles = report(&sim, &document).await.machine.troubles().len();
    assert_eq!(troubles, 1);
}

#[tokio::test]
async fn an_address_that_a_server_gives_is_not_looked_for_on_the_drive() {
    let document = document(&[("address_mode", r#""dhcp_reserved""#)]);
    let mut options = options(&document);
    options.pop();
    let sim = host(|world| world.put_vm(8001, options)).await;
    start(&sim).await;
    let report = report(&sim, &document).await;
    assert!(matches!(report.machine, Machine::Runs(_)), "{report:?}");
}

#[tokio::test]
async fn a_vm_that_starts_late_is_waited_for() {
    let document = document(&[]);
    let sim = Arc::new(host(|world| world.put_vm(8001, options(&document))).await);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard: Heard = {
        let (sim, seen) = (Arc::clone(&sim), Arc::clone(&seen));
        Arc::new(move |report: &NodeReport| {
            let mut seen = seen.lock().unwrap();
            if seen.is_empty() {
                let sim = Arc::clone(&sim);
                tokio::spawn(async move { start(&sim).await });
            }
            seen.push(matches!(report.machine, Machine::Runs(_)));
        })
    };
    let timing = Timing {
        wait: Duration::from_secs(20),
        pause: Duration::from_millis(20),
        ..ONCE
    };
    let (listener, port) = talos().await;
    let mut inspection = inspection(&sim, timing, heard);
    inspection.port = port;
    let reports = verify(&document, inspection).await;
    listener.abort();
    assert!(reports[0].is_fine(), "{reports:?}");
    let seen = seen.lock().unwrap();
    assert_eq!((seen.first(), seen.last()), (Some(&false), Some(&true)));
}

#[tokio::test]
async fn a_host_that_is_gone_is_said_of_every_vm() {
    let document = document(&[]);
    let sim = host(|_| ()).await;
    let nobody: Heard = Arc::new(|_: &NodeReport| ());
    let inspection = inspection(&sim, ONCE, nobody);
    sim.shutdown().await;
    let reports = verify(&document, inspection).await;
    let said = told(&reports[0]);
    assert!(said.contains("Proxmox VE has to answer"), "{said}");
}

/// A listener that shows itself as Talos does while it waits for its configuration.
async fn talos() -> (tokio::task::JoinHandle<()>, u16) {
    use rcgen::{CertificateParams, DnType, KeyPair};
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "maintenance-service.talos.dev");
    let certificate = params.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let private = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.11:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(acceptor.accept(stream).await);
        }
    });
    (serving, port)
}
