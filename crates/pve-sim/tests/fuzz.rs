//! No request makes the simulator panic or hang up: whatever comes is answered.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::sync::Arc;

use proptest::prelude::*;
use pve_sim::{Config, Scenario, Sim};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Paths that lead somewhere, with holes for anything.
const PATHS: &[&str] = &[
    "/version",
    "/nodes",
    "/nodes/pve/qemu",
    "/nodes/pve/qemu/{}",
    "/nodes/pve/qemu/9000/config",
    "/nodes/pve/qemu/{}/config",
    "/nodes/pve/qemu/9000/clone",
    "/nodes/pve/qemu/9000/resize",
    "/nodes/pve/qemu/9000/status/{}",
    "/nodes/pve/qemu/9000/cloudinit/dump",
    "/nodes/pve/tasks/{}/log",
    "/nodes/pve/tasks",
    "/nodes/pve/storage/local/content/{}",
    "/nodes/pve/storage/{}/status",
    "/cluster/mapping/pci/{}",
    "/access/permissions",
    "/access/ticket",
    "/access/acl",
    "/pools/{}",
    "/cluster/nextid",
    "/{}",
];
const KEYS: &[&str] = &[
    "vmid",
    "newid",
    "scsi0",
    "efidisk0",
    "net0",
    "hostpci0",
    "boot",
    "tags",
    "description",
    "delete",
    "revert",
    "size",
    "disk",
    "memory",
    "cpu",
    "ipconfig0",
    "smbios1",
    "path",
    "roles",
    "users",
    "limit",
    "start",
    "digest",
    "storage",
    "full",
    "name",
    "username",
    "password",
    "map",
];

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[0-9]{1,20}",
        "[a-z]{1,8}[:=,/;]{0,3}[a-z0-9./:=,;+%-]{0,40}",
        Just("local:1".to_owned()),
        Just("virtio,bridge=vmbr0".to_owned()),
        Just("UPID:pve:00000001:00000001:00000001:a:b:c:".to_owned()),
    ]
}

fn request() -> impl Strategy<Value = (String, String, Vec<(String, String)>, u8)> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]);
    let path = (prop::sample::select(PATHS.to_vec()), anything());
    let pair = (prop::sample::select(KEYS.to_vec()), anything());
    let pairs = prop::collection::vec(pair, 0..4);
    (method, path, pairs, 0_u8..4).prop_map(|(method, (path, hole), pairs, shape)| {
        let pairs = pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        (
            method.to_owned(),
            path.replace("{}", &encoded(&hole)),
            pairs,
            shape,
        )
    })
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn bytes_of((method, path, pairs, shape): &(String, String, Vec<(String, String)>, u8)) -> Vec<u8> {
    let form: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}={}", encoded(value)))
        .collect();
    let (kind, body) = match shape {
        0 => ("application/x-www-form-urlencoded", form.join("&")),
        1 => ("application/json", serde_json::json!(pairs).to_string()),
        2 => {
            let map: std::collections::BTreeMap<_, _> = pairs.iter().cloned().collect();
            ("application/json", serde_json::json!(map).to_string())
        }
        _ => (
            "application/x-www-form-urlencoded",
            pairs.iter().map(|p| p.1.clone()).collect(),
        ),
    };
    let token = "PVEAPIToken=root@pam!root=7e57ab1e-0000-4000-8000-000000000003";
    format!(
        "{method} /api2/json{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn status_of(sim: &Sim, tls: &TlsConnector, request: &[u8]) -> String {
    let stream = TcpStream::connect(sim.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = tls.connect(name, stream).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // An answer may come before the whole request was read; the rest of the stream is then cut.
    let read = sim.drive(stream.read_to_end(&mut answer)).await;
    drop(read);
    String::from_utf8_lossy(&answer)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn connector(sim: &Sim) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(sim.ca_pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[test]
fn every_request_gets_an_answer() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let sim = runtime
        .block_on(Sim::start(Config::stepped(Scenario::k3s_dev())))
        .unwrap();
    let tls = connector(&sim);
    // PROPTEST_CASES asks for more.
    let cases = ProptestConfig::with_cases(ProptestConfig::default().cases.max(400));
    proptest!(cases, |(request in request())| {
        let status = runtime.block_on(status_of(&sim, &tls, &bytes_of(&request)));
        prop_assert!(status.starts_with("HTTP/1.1 "), "no answer to {request:?}: {status}");
    });
    runtime.block_on(sim.shutdown());
}
