//! `em-infra sim`: the embedded Proxmox VE API, for trying things without a host.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use files::Appender;
use pve_sim::{Clock, Config, Entry, Fault, PveVersion, Scenario, ScenarioError, Sim};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra sim`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves a simulated host until Ctrl-C. It lives in memory: nothing outlasts the process.
    #[command(after_help = "Example:
  em-infra sim serve --listen 127.0.0.1:8006

  em-infra sim serve --fault 'POST /nodes/*/qemu/*/clone close-after times=1' --journal requests.jsonl

A fault is METHOD PATH ACTION [ARGUMENT] [times=N] [nth=N] [principal=WHO] [probability=P] [seed=N]; `*` is any method or any
part of a path. Actions: delay S, close-before, close-after, status CODE TEXT, status-after CODE TEXT, empty-body, html-body,
truncated-body, slow-body S, task-fails TEXT, task-vanishes, worker-killed S, storage-full NAME, storage-locked NAME S,
lock-held VMID S, clock-jump S, certificate-changed.

Paste the printed export lines into the terminal in which you run terraform or em-infra.")]
    Serve(Serve),
    /// Prints the built-in host as a scenario file, to start one of your own from.
    #[command(after_help = "Example:
  em-infra sim scenario > host.toml
  em-infra sim serve --scenario host.toml")]
    Scenario,
}

#[derive(Args)]
struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8006")]
    listen: String,

    /// A scenario file (TOML) instead of the built-in host with one Talos template.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// Which Proxmox VE answers, whatever the scenario says; 9.2 for the built-in host.
    #[arg(long, value_enum)]
    pve: Option<Pve>,

    /// How fast time passes on the host: 1 is real time, 10 makes tasks ten times as fast.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = speed)]
    speed: f64,

    /// Something that goes wrong on purpose, on top of the scenario's own faults; may be given often.
    #[arg(long = "fault", value_name = "RULE", value_parser = Fault::parse)]
    faults: Vec<Fault>,

    /// Appends every request to this file as it ends: a JSON object a line, passwords masked.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

/// Why a scenario file is of no use.
#[derive(Debug, thiserror::Error)]
enum ScenarioFileError {
    #[error("failed to read the scenario `{}`", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("failed to understand the scenario `{}`", path.display())]
    Understand {
        path: PathBuf,
        #[source]
        source: ScenarioError,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Pve {
    #[value(name = "8.4")]
    V8_4,
    #[value(name = "9.2")]
    V9_2,
}

/// How to reach the host, for `--format json`.
#[derive(Serialize)]
struct Reachable<'a> {
    url: String,
    pve: &'static str,
    fingerprint: &'a str,
    ca_pem: &'a str,
    tokens: Vec<Token>,
    faults: Vec<String>,
}

/// A token of the simulated host: worthless anywhere else, so it may be shown.
#[derive(Serialize)]
struct Token {
    name: String,
    id: String,
    secret: String,
}

/// Runs `em-infra sim`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit, CommandError> {
    match &arguments.command {
        Command::Serve(arguments) => {
            let runtime = tokio::runtime::Runtime::new()?;
            runtime.block_on(serve(arguments, ui))
        }
        Command::Scenario => {
            ui.data(Scenario::k3s_dev_toml().trim_end());
            Ok(Exit::Success)
        }
    }
}

async fn serve(arguments: &Serve, ui: &Ui) -> Result<Exit, CommandError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut journal = open_journal(arguments)?;
    let sim = Sim::start(Config {
        scenario: scenario(arguments)?,
        clock: Clock::Real {
            speed: arguments.speed,
        },
        listen: arguments.listen.clone(),
    })
    .await
    .map_err(|error| {
        CommandError::from(error).hint("--listen takes another address, such as 127.0.0.1:0")
    })?;
    for fault in &arguments.faults {
        sim.fault(fault.clone());
    }
    let mut entries = sim.follow_journal();
    introduce(&sim, &arguments.faults, ui)?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            Some(entry) = entries.recv() => keep(&mut journal, &entry)?,
        }
    }
    sim.shutdown().await;
    while let Ok(entry) = entries.try_recv() {
        keep(&mut journal, &entry)?;
    }
    ui.status("The simulated host is gone.");
    Ok(Exit::Success)
}

fn open_journal(arguments: &Serve) -> Result<Option<Appender>, CommandError> {
    let path = arguments.journal.as_deref();
    path.map(Appender::open).transpose().map_err(|error| {
        CommandError::new(Exit::Usage, error)
            .hint("--journal takes a file that can be written; its folder must exist")
    })
}

fn keep(journal: &mut Option<Appender>, entry: &Entry) -> Result<(), CommandError> {
    if let Some(journal) = journal {
        journal.line(&entry.to_json())?;
    }
    Ok(())
}

fn scenario(arguments: &Serve) -> Result<Scenario, CommandError> {
    let scenario = match &arguments.scenario {
        Some(path) => read_scenario(path).map_err(|error| {
            CommandError::new(Exit::Usage, error)
                .hint("`em-infra sim scenario` prints one that works, to start from")
        })?,
        None => Scenario::k3s_dev(),
    };
    Ok(match arguments.pve {
        Some(Pve::V8_4) => scenario.with_version(PveVersion::V8_4),
        Some(Pve::V9_2) => scenario.with_version(PveVersion::V9_2),
        None => scenario,
    })
}

fn read_scenario(path: &Path) -> Result<Scenario, ScenarioFileError> {
    let path_buf = || path.to_owned();
    let text = std::fs::read_to_string(path).map_err(|source| ScenarioFileError::Read {
        path: path_buf(),
        source,
    })?;
    Scenario::from_toml(&text).map_err(|source| ScenarioFileError::Understand {
        path: path_buf(),
        source,
    })
}

fn introduce(sim: &Sim, faults: &[Fault], ui: &Ui) -> Result<(), CommandError> {
    let tokens: Vec<Token> = sim
        .token_names()
        .filter_map(|name| {
            let (id, secret) = sim.token(name)?;
            Some(Token {
                name: name.to_owned(),
                id,
                secret,
            })
        })
        .collect();
    if ui.format() == Format::Json {
        return ui.json_line(&Reachable {
            url: sim.url(),
            pve: release(sim),
            fingerprint: sim.fingerprint(),
            ca_pem: sim.ca_pem(),
            tokens,
            faults: faults.iter().map(Fault::to_string).collect(),
        });
    }
    let release = release(sim);
    ui.status(&format!(
        "A simulated host with Proxmox VE {release}. It lives in memory; Ctrl-C ends it."
    ));
    ui.status(&format!("  address      {}", sim.url()));
    ui.status(&format!("  fingerprint  {}", sim.fingerprint()));
    for token in &tokens {
        ui.status(&format!("  token        {} ({})", token.id, token.name));
    }
    for fault in faults {
        ui.status(&format!("  fault        {fault}"));
    }
    ui.status("\nFor terraform and em-infra in another terminal:\n");
    if let Some(token) = tokens.iter().find(|token| token.name == "terraform") {
        ui.data(&format!("export TF_VAR_proxmox_api_url={}", sim.url()));
        ui.data(&format!(
            "export TF_VAR_proxmox_tls_fingerprint={}",
            sim.fingerprint()
        ));
        ui.data(&format!(
            "export TF_VAR_proxmox_api_token_id='{}'",
            token.id
        ));
        ui.data(&format!(
            "export TF_VAR_proxmox_api_token_secret={}",
            token.secret
        ));
    }
    Ok(())
}

fn release(sim: &Sim) -> &'static str {
    sim.world(|world| world.version().release())
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("it takes a number above 0, such as 10".to_owned()),
    }
}
