//! Serves a scenario until interrupted: `serve [FILE]`; the built-in one without a file.

use pve_sim::{Config, Scenario, Sim};

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "the caller needs to know where to connect"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = match std::env::args().nth(1) {
        Some(file) => Scenario::from_toml(&std::fs::read_to_string(file)?)?,
        None => Scenario::k3s_dev(),
    };
    let sim = Sim::start(Config::real(scenario, 10.0)).await?;
    println!("endpoint {}", sim.url());
    println!("fingerprint {}", sim.fingerprint());
    for name in sim.token_names() {
        if let Some((id, secret)) = sim.token(name) {
            println!("token {name} {id}={secret}");
        }
    }
    tokio::signal::ctrl_c().await?;
    sim.shutdown().await;
    Ok(())
}
