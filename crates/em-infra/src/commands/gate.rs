//! `em-infra gate`: init, plan, apply, plan, and the verdict.

mod approval;
pub(super) mod interruption;
mod live;
mod progress;
pub(super) mod provider_build;
mod recording;
mod report;
mod root;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use contract::Severity;
use em_infra_core::gate::{
    self, Checked, GateConfig, Hooks, HostKind, LiveRead, Report, RunDirectory, Tool,
};
use tf_run::{Engine, Env, InitArgs, Terraform};
use time::OffsetDateTime;

use self::recording::Kept;
use self::root::Contract;
use super::check::{self, DEFAULT_ROOT, InputArguments};
use super::engine::{self, EngineChoice};
use super::state::around;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::simulation::{Scenario, Simulation};
use crate::ui::{Reporting, Ui};

/// The outputs that the Talos bootstrap relies on: known at plan, never null, the same after the apply.
const PROMISED_OUTPUTS: [&str; 5] = [
    "talos_bootstrap_contract",
    "talos_bootstrap_nodes",
    "talos_control_plane_endpoints",
    "talos_node_ip_map",
    "talos_node_vmid_map",
];

/// Arguments of `em-infra gate`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra gate --simulate
  em-infra gate --simulate --scenario gpu
  em-infra gate terraform/environments/k3s-dev
  em-infra gate --yes --format json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root to work on.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT, conflicts_with = "simulate")]
    root: PathBuf,

    /// Works on a copy of the k3s-dev configuration against an embedded Proxmox VE; nothing of yours is touched.
    #[arg(long)]
    simulate: bool,

    /// With --simulate: what is built.
    #[arg(long, value_enum, default_value_t, requires = "simulate")]
    scenario: Scenario,

    /// With --simulate: keeps the copy, its state and the record of the run, and says where.
    #[arg(long, requires = "simulate")]
    keep: bool,

    /// Applies the plan without asking.
    #[arg(long)]
    yes: bool,

    /// Appends a row about this run to the evidence log of the Phase 2 tracker, or of FILE.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = recording::TRACKER)]
    record: Option<PathBuf>,

    /// Reads one more variable file; a relative path is relative to DIR, as with `terraform -chdir`, and with
    /// --simulate to where you are.
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,

    #[command(flatten)]
    engine: EngineChoice,
}

/// Where the gate works and on what.
struct Ground<'a> {
    root: &'a Path,
    environment: &'a Env,
    contract: Contract,
    host: HostKind,
    var_files: &'a [PathBuf],
    approval: approval::Policy,
}

/// Runs `em-infra gate`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if arguments.simulate {
        simulated(arguments, ui, environment)
    } else {
        on_a_root(arguments, ui, environment)
    }
}

fn simulated(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let tracker = recording::tracker(arguments)?;
    let engine = engine::find(&arguments.engine, ui, environment)?;
    let simulation = Simulation::start(arguments.scenario, &arguments.var_files)?;
    ui.status(&format!(
        "Host: {}. Nothing of yours is touched.",
        simulation.host()
    ));
    let root = simulation.root();
    let environment = simulation.environment(environment);
    let ground = Ground {
        root: &root,
        environment: &environment,
        contract: root::keeps_our_contract(&root)?,
        host: HostKind::Embedded,
        var_files: &[],
        approval: approval::Policy::Agreed,
    };
    let report = go(&ground, engine, ui)?;
    report::show(&report, ground.host, ui)?;
    let exit = Exit::of(report.verdict);
    let kept = if arguments.keep { Kept::Yes } else { Kept::No };
    if let Some(tracker) = &tracker {
        recording::record(tracker, arguments, &report, (ground.host, kept), ui)?;
    }
    if kept == Kept::Yes {
        ui.status(&format!("Kept: {}", simulation.keep().display()));
    } else {
        ui.faint("The copy and its record are gone with the host; --keep keeps them.");
    }
    Ok(exit)
}

fn on_a_root(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if !arguments.root.is_dir() {
        let message = format!("`{}` is not a directory", arguments.root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let tracker = recording::tracker(arguments)?;
    provider_build::require_own(&arguments.root, environment)?;
    let engine = engine::find(&arguments.engine, ui, environment)?;
    let state = around::before("gate", &arguments.root, ui, environment)?;
    let contract = root::keeps_our_contract(&arguments.root)?;
    let ground = Ground {
        root: &arguments.root,
        environment,
        contract,
        host: live::kind(contract, &arguments.root, &arguments.var_files, environment)?,
        var_files: &arguments.var_files,
        approval: approval::Policy::of(arguments.yes),
    };
    let report = go(&ground, engine, ui);
    state.after();
    let report = report?;
    report::show(&report, ground.host, ui)?;
    if let Some(tracker) = &tracker {
        recording::record(tracker, arguments, &report, (ground.host, Kept::Yes), ui)?;
    }
    Ok(Exit::of(report.verdict))
}

fn go(ground: &Ground<'_>, engine: Engine, ui: &Ui) -> Result<Report, CommandError> {
    ui.faint(&format!(
        "Engine: {}, {}",
        engine.release,
        engine.program.display()
    ));
    let contract = ground.contract;
    let directory = RunDirectory::create(&ground.root.join(".em-infra"), now())?;
    let interrupt = interruption::listen(ui.clone())?;
    let logs = directory.path().to_owned();
    let terraform = Terraform::new(engine, ground.root, logs, ground.environment, interrupt)?;
    let config = GateConfig {
        directory,
        init: InitArgs::default(),
        var_files: ground.var_files.to_vec(),
        promised_outputs: promised_outputs(contract),
        host: ground.host,
        tool: Tool {
            name: "em-infra".to_owned(),
            version: env!("EM_INFRA_VERSION").to_owned(),
        },
    };
    let found = inspect(contract, ground, ui)?;
    let mut check = || found;
    let mut read = || live::read(ground.root, ground.var_files, ground.environment);
    let mut progress = progress::Progress::new(ui);
    let progress = std::cell::RefCell::new(&mut progress);
    let report = gate::run(
        &config,
        &terraform,
        Hooks {
            now: &now,
            on_event: &mut |event| progress.borrow_mut().on(&event),
            check: (contract == Contract::Ours)
                .then_some(&mut check as &mut dyn FnMut() -> Checked),
            live: (contract == Contract::Ours)
                .then_some(&mut read as &mut (dyn FnMut() -> LiveRead + Send)),
            approve: &mut |plan| {
                progress.borrow_mut().pause();
                ground.approval.ask(plan, ui)
            },
        },
    )?;
    Ok(report)
}

fn promised_outputs(contract: Contract) -> BTreeSet<String> {
    match contract {
        Contract::Ours => PROMISED_OUTPUTS.map(str::to_owned).into(),
        Contract::Another => BTreeSet::new(),
    }
}

/// Looks at the inputs of our own configuration; of any other root we do not know what its inputs may be.
fn inspect(contract: Contract, ground: &Ground<'_>, ui: &Ui) -> Result<Checked, CommandError> {
    if contract == Contract::Another {
        return Ok(Checked::Passed);
    }
    let inputs = InputArguments::of_files(ground.var_files);
    let report = check::inspect(ground.root, &inputs, ground.environment)?;
    check::show_findings(&report, ui);
    Ok(match report.count(Severity::Error) {
        0 => Checked::Passed,
        errors => Checked::Errors(errors),
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge, where the clock is read"
)]
fn now() -> OffsetDateTime {
    OffsetDateTime::from(std::time::SystemTime::now())
}
