//! The command line: what can be typed, and which function does it.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};
use tf_run::Env;

/// Provisions Talos Linux VMs on a Proxmox VE host with Terraform, predictably and safe to rerun.
#[derive(Parser)]
#[command(name = "em-infra", version = env!("EM_INFRA_VERSION"))]
#[command(after_help = "Examples:
  em-infra gate --simulate   the whole job on an embedded Proxmox VE
  em-infra check             look at the inputs before Terraform does
  em-infra gate              init, plan, apply, plan, and a verdict

Without a directory, commands work on terraform/environments/k3s-dev.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs init, plan, apply, plan and says whether the second plan is empty.
    Gate(commands::gate::Arguments),
    /// What earlier runs of the gate left behind, and whether it is still as it was written.
    Evidence(commands::evidence::Arguments),
    /// What differs between inputs, state and host, and which VMs stand beside them; nothing is written.
    Drift(commands::drift::Arguments),
    /// Hands over to the Talos bootstrap: writes what it needs, checks such a document, or tries the nodes.
    Handoff(commands::handoff::Arguments),
    /// Writes a first `terraform.tfvars`, or shows what an old one needs.
    Init(commands::init::Arguments),
    /// Checks the inputs of an environment without starting Terraform.
    Check(commands::check::Arguments),
    /// Makes nodes of VMs that somebody else made, as they are.
    Adopt(commands::adopt::Arguments),
    /// Removes VMs that this environment made and forgot, once somebody names them.
    Cleanup(commands::cleanup::Arguments),
    /// Local state: its hazards, a vault of snapshots, and restoring.
    State(commands::state::Arguments),
    /// Prints the lines that give an API token what em-infra needs, and nothing else.
    Token(commands::token::Arguments),
    /// The embedded Proxmox VE API.
    Sim(commands::sim::Arguments),
    /// The Terraform provider in this executable.
    Provider(commands::provider::Arguments),
    /// The Terraform that em-infra drives.
    Engine(commands::engine::Arguments),
}

impl Command {
    fn format(&self) -> Format {
        let reporting = match self {
            Self::Gate(arguments) => &arguments.reporting,
            Self::Drift(arguments) => &arguments.reporting,
            Self::Evidence(arguments) => &arguments.reporting,
            Self::Handoff(arguments) => return arguments.reporting(),
            Self::Init(arguments) => &arguments.reporting,
            Self::Check(arguments) => return arguments.reporting(),
            Self::Adopt(arguments) => &arguments.reporting,
            Self::Cleanup(arguments) => &arguments.reporting,
            Self::State(arguments) => &arguments.reporting,
            Self::Token(arguments) => &arguments.reporting,
            Self::Sim(arguments) => &arguments.reporting,
            Self::Provider(arguments) => &arguments.reporting,
            Self::Engine(arguments) => &arguments.reporting,
        };
        reporting.format
    }
}

/// Parses the command line, runs the command and reports how it ended.
pub(crate) fn run(environment: &Env) -> Exit {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let ui = Ui::new(arguments.command.format(), environment);
    let done = match arguments.command {
        Command::Gate(arguments) => commands::gate::run(&arguments, &ui, environment),
        Command::Drift(arguments) => commands::drift::run(&arguments, &ui, environment),
        Command::Evidence(arguments) => commands::evidence::run(&arguments, &ui),
        Command::Handoff(arguments) => commands::handoff::run(&arguments, &ui, environment),
        Command::Init(arguments) => commands::init::run(&arguments, &ui, environment),
        Command::Check(arguments) => commands::check::run(&arguments, &ui, environment),
        Command::Adopt(arguments) => commands::adopt::run(&arguments, &ui, environment),
        Command::Cleanup(arguments) => commands::cleanup::run(&arguments, &ui, environment),
        Command::State(arguments) => commands::state::run(&arguments, &ui, environment),
        Command::Token(arguments) => commands::token::run(&arguments, &ui),
        Command::Sim(arguments) => commands::sim::run(&arguments, &ui),
        Command::Provider(arguments) => commands::provider::run(&arguments, &ui, environment),
        Command::Engine(arguments) => commands::engine::run(&arguments, &ui, environment),
    };
    match done {
        Ok(exit) => exit,
        Err(error) => report(&ui, &error),
    }
}

fn report(ui: &Ui, error: &CommandError) -> Exit {
    ui.error(error);
    error.exit
}

/// clap prints help and version to stdout and mistakes to stderr; a reader that is gone is no error.
fn usage(error: &clap::Error) -> Exit {
    drop(error.print());
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Arguments::command().debug_assert();
    }
}
