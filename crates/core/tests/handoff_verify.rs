//! `handoff --verify` against real listeners: Talos as it waits, and everything else that can be at a node's address.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::handoff::{self, BootstrapContract};
use contract::{example_values, topology};
use em_infra_core::handoff::{
    Heard, Inspection, Machine, NodeReport, Seen, Timing, Trouble, probe, verify,
};
use rcgen::{CertificateParams, DnType, Issuer, KeyPair, PKCS_ED25519, PublicKeyData as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Long enough for a loaded machine to shake hands on the loopback, where an answer is expected.
const PATIENT: Duration = Duration::from_secs(20);

/// Where none is expected.
const SHORT: Duration = Duration::from_millis(300);

const MAINTENANCE: &str = "maintenance-service.talos.dev";

/// Whom a server shows itself as, and what it asks for.
#[derive(Clone, Copy)]
enum Client {
    Anybody,
    WithCertificate,
}

struct Identity {
    config: ServerConfig,
    key: KeyPair,
}

/// A certificate as Talos makes one: Ed25519, of an authority made on the spot.
fn identity(name: &str, protocol: &[u8], client: Client) -> Identity {
    let authority_key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let authority_params = CertificateParams::default();
    let authority = authority_params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority_params, authority_key);
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = server(authority.der(), leaf.der().clone(), private, client);
    let mut config = config;
    config.alpn_protocols = vec![protocol.to_vec()];
    Identity { config, key }
}

fn server(
    authority: &CertificateDer<'static>,
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    client: Client,
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        Client::Anybody => builder.with_no_client_auth(),
        Client::WithCertificate => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    builder.with_single_cert(vec![leaf], key).unwrap()
}

fn serve(listener: TcpListener, config: ServerConfig) -> JoinHandle<()> {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            // A client that hangs up after the handshake is what is being tested.
            tokio::spawn(async move { drop(acceptor.accept(stream).await) });
        }
    })
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[tokio::test]
async fn talos_in_maintenance_mode_is_seen_with_the_fingerprint_of_its_console() {
    let (listener, address) = listener().await;
    let Identity { config, key } = identity(MAINTENANCE, b"h2", Client::Anybody);
    let server = serve(listener, config);
    let Ok(Seen::Maintenance { fingerprint }) = probe(address, PATIENT).await else {
        panic!("Talos is there")
    };
    let expected = STANDARD.encode(Sha256::digest(key.subject_public_key_info()));
    assert_eq!(fingerprint.to_string(), expected);
    server.abort();
}

#[tokio::test]
async fn talos_with_a_configuration_is_told_apart() {
    let (listener, address) = listener().await;
    let identity = identity("k3s-dev-control-1", b"h2", Client::WithCertificate);
    let server = serve(listener, identity.config);
    assert_eq!(probe(address, PATIENT).await, Ok(Seen::Configured));
    server.abort();
}

#[tokio::test]
async fn another_certificate_is_not_talos() {
    let table = [
        ("nginx", b"h2".as_slice()),
        (MAINTENANCE, b"http/1.1"),
        ("pve", b"http/1.1"),
    ];
    for (name, protocol) in table {
        let (listener, address) = listener().await;
        let server = serve(listener, identity(name, protocol, Client::Anybody).config);
        assert_eq!(
            probe(address, PATIENT).await,
            Err(Trouble::OtherService),
            "{name}"
        );
        server.abort();
    }
}

#[tokio::test]
async fn plain_text_and_a_closed_connection_are_no_tls() {
    for said in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let (listener, address) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            // Closing with unread data would reset the connection before the text is read.
            let mut heard = [0; 4096];
            while stream.try_read(&mut heard).is_ok_and(|bytes| bytes > 0) {}
            stream.readable().await.unwrap();
            stream
        });
        let seen = probe(address, PATIENT).await;
        assert_eq!(seen, Err(Trouble::NotTls), "{said:?}");
        server.abort();
    }
}

#[tokio::test]
async fn a_machine_without_talos_refuses() {
    let (listener, address) = listener().await;
    drop(listener);
    assert_eq!(probe(address, PATIENT).await, Err(Trouble::Refused));
}

#[tokio::test]
async fn a_connection_that_is_taken_and_left_is_silence() {
    let (_listener, address) = listener().await;
    assert_eq!(probe(address, SHORT).await, Err(Trouble::Silent));
}

/// A listener whose queue is full drops further attempts, as a firewall would.
#[tokio::test]
async fn an_attempt_that_is_dropped_has_no_answer() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    assert_eq!(probe(address, SHORT).await, Err(Trouble::NoAnswer));
}

/// The small cluster, its nodes at 127.0.0.11, .20 and .21.
fn document() -> BootstrapContract {
    let values = example_values(&[
        ("worker_count", "2"),
        ("cluster_network_cidr", r#""192.168.1.0/24""#),
    ]);
    let mut document = handoff::of_topology(&topology(&values).unwrap());
    for node in &mut document.nodes {
        node.address = node.address.replace("192.168.1.", "127.0.0.");
    }
    document
}

fn at(last: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)), port)
}

fn nobody_listens() -> Heard {
    Arc::new(|_: &NodeReport| ())
}

#[tokio::test]
async fn all_nodes_are_tried_at_once_and_reported_in_order() {
    let first = TcpListener::bind(at(11, 0)).await.unwrap();
    let port = first.local_addr().unwrap().port();
    let talos = serve(first, identity(MAINTENANCE, b"h2", Client::Anybody).config);
    let nginx = serve(
        TcpListener::bind(at(20, port)).await.unwrap(),
        identity("nginx", b"h2", Client::Anybody).config,
    );
    let once = Timing {
        patience: PATIENT,
        pause: SHORT,
        wait: Duration::ZERO,
    };
    let reports = verify(&document(), network_alone(port, once, nobody_listens())).await;
    let told: Vec<String> = reports.iter().map(line).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    k3s-dev-control-1 127.0.0.11 maintenance: -
    k3s-dev-worker-1 127.0.0.20 the certificate is not that of Talos: another service answers at 127.0.0.20: find out who has the address (`ip neigh show 127.0.0.20` should say bc:24:11:c6:26:e5), or give the node another one
    k3s-dev-worker-2 127.0.0.21 refused: something has the address 127.0.0.21 and does not listen on TCP 50000: Talos still starts (`--wait 5m`), or the address is another machine's (`ip neigh show 127.0.0.21` should say bc:24:11:c0:78:1a)
    ");
    talos.abort();
    nginx.abort();
}

fn network_alone(port: u16, timing: Timing, heard: Heard) -> Inspection {
    Inspection {
        host: None,
        port,
        timing,
        heard,
    }
}

fn line(report: &NodeReport) -> String {
    assert_eq!(report.machine, Machine::NotAsked);
    let outcome = match &report.outcome {
        Ok(Seen::Maintenance { .. }) => "maintenance".to_owned(),
        Ok(Seen::Configured) => "configured".to_owned(),
        Err(trouble) => trouble.to_string(),
    };
    let help = match report.help.as_slice() {
        [] => "-".to_owned(),
        lines => lines.join("; "),
    };
    format!("{} {} {outcome}: {help}", report.name, report.address)
}

/// The node refuses until its first refusal was reported, and is Talos from then on.
#[tokio::test]
async fn a_late_node_is_waited_for() {
    let mut document = document();
    document.nodes.truncate(1);
    let placeholder = TcpListener::bind(at(11, 0)).await.unwrap();
    let address = placeholder.local_addr().unwrap();
    drop(placeholder);
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let heard: Heard = {
        let outcomes = Arc::clone(&outcomes);
        Arc::new(move |report: &NodeReport| {
            let mut outcomes = outcomes.lock().unwrap();
            if outcomes.is_empty() {
                let listener = std::net::TcpListener::bind(address).unwrap();
                listener.set_nonblocking(true).unwrap();
                let listener = TcpListener::from_std(listener).unwrap();
                let talos = identity(MAINTENANCE, b"h2", Client::Anybody);
                drop(serve(listener, talos.config));
            }
            outcomes.push(report.outcome.is_ok());
        })
    };
    let timing = Timing {
        patience: PATIENT,
        pause: Duration::from_millis(1),
        wait: PATIENT,
    };
    let reports = verify(&document, network_alone(address.port(), timing, heard)).await;
    assert!(reports[0].outcome.is_ok(), "{reports:?}");
    assert_eq!(*outcomes.lock().unwrap(), [false, true]);
}
