//! `em-infra adopt`: VMs that somebody else made become nodes, as they are.

mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use contract::Value;
use contract::generate::hcl;
use em_infra_core::adopt::{AdoptError, Adoption, Inputs, Mapping, MarkError, look, mark};
use files::Mode;
use tf_run::Env;
use tokio::runtime::Runtime;

use self::report::Report;
use super::check::{DEFAULT_ROOT, InputArguments};
use super::drift::Ground;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra adopt`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra adopt
  em-infra adopt --map k3s-dev-worker-1=101 --map k3s-dev-worker-2=102
  em-infra adopt --map k3s-dev-worker-1=101 --write terraform/environments/k3s-dev/adopted.auto.tfvars
  em-infra adopt --mark

Without --map it is about the VMs that have the name of a node, or the VMID and UUID that the inputs give one. The
first three read only. The last writes em-infra's marker into the notes of the VMs, and nothing else: from then on
they are this environment's, and the next plan and apply take them over.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    /// Which VM becomes which node; once for each.
    #[arg(long = "map", value_name = "NODE=VMID")]
    mappings: Vec<Mapping>,

    /// Writes what the inputs have to say into a new variable file. One that is there is left alone.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,

    /// Writes the marker into the notes of the VMs.
    #[arg(long)]
    mark: bool,

    /// Agrees to --mark beforehand: the VMIDs, with commas between.
    #[arg(long, value_name = "VMIDS", requires = "mark")]
    confirm: Option<String>,

    #[command(flatten)]
    inputs: InputArguments,
}

/// Runs `em-infra adopt`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if !arguments.root.is_dir() {
        let message = format!("`{}` is not a directory", arguments.root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let runtime = Runtime::new()?;
    let ground = Ground::of(&arguments.root, &arguments.inputs, environment);
    let mut adoption = survey(&ground, arguments, &runtime, ui)?;
    let human = ui.format() == Format::Human;
    if human {
        report::show(&adoption, ui);
    }
    if let Some(file) = &arguments.write {
        write(file, &adoption)?;
        adoption = survey(&ground, arguments, &runtime, ui)?;
        fits(&adoption, file)?;
        ui.status(&format!("Written: {}", file.display()));
    } else if human && adoption.inputs == Inputs::LackOverrides {
        ui.data(&text(&adoption));
    }
    if arguments.mark {
        mark_all(arguments, &adoption, &runtime, ui)?;
    }
    if !human {
        ui.json(&Report::of(&adoption, arguments.mark))?;
    }
    Ok(Exit::Success)
}

fn survey(
    ground: &Ground,
    arguments: &Arguments,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<Adoption, CommandError> {
    let activity = ui.activity("Reading the host …");
    let looked = look(
        ground.request(),
        &ground.host_variables,
        &arguments.mappings,
    );
    let looked = runtime.block_on(looked);
    drop(activity);
    looked.map_err(|error| failed(error, &arguments.root))
}

fn failed(error: AdoptError, root: &Path) -> CommandError {
    let refused = |error: AdoptError| CommandError::new(Exit::Refused, error);
    match error {
        AdoptError::Faulty(_) => refused(error).hint(format!(
            "`em-infra check {}` shows where",
            root.display()
        )),
        AdoptError::Obstacles(_) => refused(error),
        AdoptError::DoNotFit(_) => refused(error).hint(
            "change the inputs of the environment, such as cluster_network_cidr, so that the VMs fit, or the VMs",
        ),
        AdoptError::Inputs(_)
        | AdoptError::NotAVm(_)
        | AdoptError::Live(_)
        | AdoptError::Host(_) => CommandError::from(error),
    }
}

/// What a variable file has to say, as `terraform fmt` leaves it.
fn text(adoption: &Adoption) -> String {
    let nodes = adoption.overrides.as_map().into_iter().flatten();
    let nodes: Vec<String> = nodes
        .map(|(name, attributes)| format!("  {name} = {}\n", block(attributes)))
        .collect();
    format!("node_overrides = {{\n{}}}\n", nodes.concat())
}

fn block(attributes: &Value) -> String {
    let Some(attributes) = attributes.as_map() else {
        return hcl(attributes);
    };
    let width = attributes.keys().map(String::len).max().unwrap_or_default();
    let lines: Vec<String> = attributes
        .iter()
        .map(|(name, value)| format!("    {name:width$} = {}\n", hcl(value)))
        .collect();
    format!("{{\n{}  }}", lines.concat())
}

fn write(file: &Path, adoption: &Adoption) -> Result<(), CommandError> {
    let text = format!(
        "# VMs that were there before, as they are.\n{}",
        text(adoption)
    );
    files::create_new(file, text.as_bytes(), Mode::Private).map_err(|error| {
        CommandError::from(error)
            .hint("--write makes a new file: name another, or add the lines to that one yourself")
    })
}

fn fits(adoption: &Adoption, file: &Path) -> Result<(), CommandError> {
    match adoption.inputs {
        Inputs::Fit => Ok(()),
        Inputs::LackOverrides => Err(lacking(&format!(
            "the inputs do not say what `{}` says",
            file.display()
        ))
        .hint(
            "Terraform reads terraform.tfvars and *.auto.tfvars of the environment by itself, the last in the alphabet \
             counts; --var-file names any other",
        )),
    }
}

fn lacking(message: &str) -> CommandError {
    CommandError::new(Exit::Refused, message.to_owned())
}

fn mark_all(
    arguments: &Arguments,
    adoption: &Adoption,
    runtime: &Runtime,
    ui: &Ui,
) -> Result<(), CommandError> {
    if adoption.inputs == Inputs::LackOverrides {
        return Err(lacking(
            "no VM was marked: the inputs do not describe the VMs as they are yet",
        )
        .hint("--write FILE makes a variable file that does"));
    }
    agreed(arguments, adoption, ui)?;
    for node in &adoption.nodes {
        runtime
            .block_on(mark(&adoption.host.client, node))
            .map_err(not_marked)?;
        ui.status(&format!("{} is marked.", node.wanted.key));
    }
    ui.good("Plan and apply take them over: em-infra gate");
    Ok(())
}

fn not_marked(error: MarkError) -> CommandError {
    CommandError::from(error)
        .hint("run it again: a VM that is marked already is this environment's and is left alone")
}

fn agreed(arguments: &Arguments, adoption: &Adoption, ui: &Ui) -> Result<(), CommandError> {
    let vmids: Vec<String> = adoption
        .nodes
        .iter()
        .map(|node| node.wanted.key.vmid.to_string())
        .collect();
    let vmids = vmids.join(",");
    let typed = match &arguments.confirm {
        Some(typed) => typed.clone(),
        None => ask(&vmids, ui)?,
    };
    if typed.trim() == vmids {
        return Ok(());
    }
    Err(
        lacking("no VM was marked: their VMIDs were not typed").hint(format!(
            "em-infra adopt {} --mark --confirm {vmids}",
            arguments.root.display()
        )),
    )
}

/// Reads a line. At the end of the input nothing was agreed to.
fn ask(vmids: &str, ui: &Ui) -> Result<String, CommandError> {
    ui.status(&format!(
        "Type the VMIDs, {vmids}, to write the marker into their notes, anything else not to:"
    ));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}
