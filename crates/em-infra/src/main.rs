//! The `em-infra` executable: a command line for people and scripts, and the provider `eminfra` when Terraform starts it.

mod cli;
mod commands;
mod exit;
mod failure;
mod plugin;
mod simulation;
mod ui;

use std::process::ExitCode;

use tf_run::Env;

fn main() -> ExitCode {
    let environment: Env = std::env::vars_os().collect();
    if plugin::started_by_terraform(&environment) {
        return plugin::serve(&environment).into();
    }
    cli::run(&environment).into()
}
