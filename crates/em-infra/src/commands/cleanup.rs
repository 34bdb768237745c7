//! `em-infra cleanup`: removes VMs that this environment made and forgot, once somebody names them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use em_infra_core::cleanup::{CleanupError, Leftover, look, remove};
use em_infra_core::drift::DriftError;
use serde::Serialize;
use tf_run::Env;
use tokio::runtime::Runtime;

use super::check::{DEFAULT_ROOT, InputArguments};
use super::drift::Ground;
use super::state::context::who;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra cleanup`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra cleanup
  em-infra cleanup --confirm 8010,8011

A VM is a leftover when its marker and its UUID say that this environment made it, and no row of the state holds it: its
creation was cut off, and then the environment was destroyed, or no longer wants that node. Only the VMs whose VMIDs are
typed are removed, with their disks. VMs of others, and copies of ours, never are.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    /// Which to remove, instead of being asked: their VMIDs, with commas between.
    #[arg(long, value_name = "VMIDS", value_delimiter = ',')]
    confirm: Vec<u32>,

    #[command(flatten)]
    inputs: InputArguments,
}

/// The result. Fields are only ever added.
#[derive(Serialize)]
struct Report<'a> {
    leftovers: &'a [Leftover],
    removed: Vec<u32>,
}

/// Runs `em-infra cleanup`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if !arguments.root.is_dir() {
        let message = format!("`{}` is not a directory", arguments.root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let site = Site {
        ground: Ground::of(&arguments.root, &arguments.inputs, environment),
        runtime: Runtime::new()?,
        root: &arguments.root,
        ui,
    };
    // Who says beforehand what to remove gets no list: what is being made meanwhile would be on it.
    let found = if arguments.confirm.is_empty() {
        site.look()?
    } else {
        Vec::new()
    };
    let chosen = choose(arguments, &found, ui)?;
    let removed = if chosen.is_empty() {
        Vec::new()
    } else {
        site.remove(&chosen, environment)?
    };
    if ui.format() == Format::Json {
        ui.json(&Report {
            leftovers: &found,
            removed,
        })?;
    }
    Ok(Exit::Success)
}

/// An environment, and where to talk about it.
struct Site<'a> {
    ground: Ground,
    runtime: Runtime,
    root: &'a Path,
    ui: &'a Ui,
}

impl Site<'_> {
    fn look(&self) -> Result<Vec<Leftover>, CommandError> {
        let activity = self.ui.activity("Reading the host …");
        let found = look(self.ground.request(), &self.ground.host_variables);
        let found = self.runtime.block_on(found);
        drop(activity);
        let found = found.map_err(|error| failed(error, self.root))?;
        if self.ui.format() == Format::Human {
            show(&found, self.ui);
        }
        Ok(found)
    }

    fn remove(&self, vmids: &BTreeSet<u32>, environment: &Env) -> Result<Vec<u32>, CommandError> {
        let mut removed = Vec::new();
        let mut gone = |one: &Leftover| {
            let text = format!("VM {} {} is gone.", one.vm.vmid, one.vm.name);
            self.ui.status(&text);
            removed.push(one.vm.vmid);
        };
        let (request, variables) = (self.ground.request(), &self.ground.host_variables);
        let who = who(environment);
        let removal = remove(request, variables, &who, vmids, &mut gone);
        let outcome = self.runtime.block_on(removal);
        outcome.map_err(|error| failed(error, self.root))?;
        Ok(removed)
    }
}

fn show(found: &[Leftover], ui: &Ui) {
    for Leftover { vm, wanted } in found {
        let power = if vm.running { "running" } else { "stopped" };
        let outlook = if *wanted {
            "; the next apply takes it over"
        } else {
            ""
        };
        ui.data(&format!(
            "VM {} {} ({power}): {}{outlook}",
            vm.vmid, vm.name, vm.kind
        ));
    }
    if found.is_empty() {
        ui.good("Nothing is left over: every VM that this environment made is in its state.");
    }
}

/// What to remove. Scripts say it beforehand and are never asked.
fn choose(
    arguments: &Arguments,
    found: &[Leftover],
    ui: &Ui,
) -> Result<BTreeSet<u32>, CommandError> {
    if !arguments.confirm.is_empty() {
        return Ok(arguments.confirm.iter().copied().collect());
    }
    if found.is_empty() || ui.format() == Format::Json {
        return Ok(BTreeSet::new());
    }
    ui.status(
        "Type the VMIDs of those to remove with their disks, with commas between; nothing to remove none:",
    );
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let words = line
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.parse().map_err(|_| {
                let message = format!("`{word}` is no VMID; nothing was removed");
                CommandError::new(Exit::Refused, message)
            })
        })
        .collect()
}

fn failed(error: CleanupError, root: &Path) -> CommandError {
    let root = root.display();
    let refused = |error: CleanupError| CommandError::new(Exit::Refused, error);
    match error {
        CleanupError::NoLeftover(_) => {
            refused(error).hint(format!("`em-infra cleanup {root}` lists them"))
        }
        CleanupError::StateElsewhere => refused(error)
            .hint("`terraform state list` says what it holds; remove the VM in Proxmox yourself"),
        CleanupError::RunLock(_) | CleanupError::Lock(_) => refused(error)
            .hint("wait until that has ended: a VM that is being made looks like a leftover"),
        CleanupError::Ground(DriftError::Faulty(_)) => refused(error).hint(format!(
            "`em-infra check {root}` says what is wrong with them"
        )),
        CleanupError::Ground(DriftError::State { .. } | DriftError::Unread { .. }) => {
            refused(error).hint(format!(
                "`em-infra state status --env {root}` says what to do"
            ))
        }
        CleanupError::Remove { .. } => CommandError::from(error)
            .hint("those before it are gone, this one and those after it are left; run it again"),
        CleanupError::Ground(_) | CleanupError::Live(_) | CleanupError::Host(_) => {
            CommandError::from(error)
        }
    }
}
