//! Prints how many configurations per second the simulator serves over TLS, and what 1,000 machines weigh.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pve_sim::{Config, Scenario, Sim};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const MACHINES: u32 = 1000;
const CONNECTIONS: usize = 8;
const SPAN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
async fn main() -> Result<(), Failure> {
    let before = resident_kib()?;
    let sim = Sim::start(Config::real(Scenario::k3s_dev(), 1.0)).await?;
    sim.edit(|world| {
        for number in 0..MACHINES {
            let mut options = world.config(9000).unwrap_or_default();
            options.insert("name".to_owned(), format!("worker-{number}"));
            options.remove("template");
            world.put_vm(10_000 + number, options);
        }
    });
    let weight = resident_kib()?.saturating_sub(before);
    println!(
        "{MACHINES} machines: {} MiB over an empty process",
        weight.div_ceil(1024)
    );
    let sim = Arc::new(sim);
    let tls = connector(&sim)?;
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|number| tokio::spawn(read_configs(Arc::clone(&sim), tls.clone(), number)))
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    let rate = total / SPAN.as_secs();
    println!("{rate} config reads/s over TLS with {CONNECTIONS} connections, client included");
    Ok(())
}

fn resident_kib() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .ok_or("no VmRSS")?;
    let number = line.split_whitespace().nth(1).ok_or("no number")?;
    Ok(number.parse()?)
}

fn connector(sim: &Sim) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(sim.ca_pem().as_bytes())?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
async fn read_configs(sim: Arc<Sim>, tls: TlsConnector, first: usize) -> Result<u64, Failure> {
    let (id, secret) = sim.token("terraform").ok_or("no token")?;
    let ends = Instant::now() + SPAN;
    let (mut done, mut buffer) = (0_u64, vec![0; 16 * 1024]);
    while Instant::now() < ends {
        let stream = TcpStream::connect(sim.address()).await?;
        stream.set_nodelay(true)?;
        let mut stream = tls
            .connect(ServerName::try_from("localhost")?, stream)
            .await?;
        // A connection serves a hundred requests, as with Proxmox.
        for _ in 0..100 {
            let vmid = 10_000 + (first as u64 * 125 + done) % u64::from(MACHINES);
            let request = format!(
                "GET /api2/json/nodes/pve/qemu/{vmid}/config HTTP/1.1\r\nHost: x\r\n\
                 Authorization: PVEAPIToken={id}={secret}\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await?;
            read_answer(&mut stream, &mut buffer).await?;
            done += 1;
            if Instant::now() >= ends {
                break;
            }
        }
    }
    Ok(done)
}

/// Reads one answer: its head, then as much as it announces.
async fn read_answer(
    stream: &mut tokio_rustls::client::TlsStream<TcpStream>,
    buffer: &mut [u8],
) -> Result<(), Failure> {
    let mut filled = 0;
    loop {
        filled += match stream.read(&mut buffer[filled..]).await? {
            0 => return Err("the connection was closed".into()),
            count => count,
        };
        let text = std::str::from_utf8(&buffer[..filled])?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.ok_or("no length")?.parse::<usize>()? {
            return if head.starts_with("HTTP/1.1 200") {
                Ok(())
            } else {
                Err(head.into())
            };
        }
    }
}
