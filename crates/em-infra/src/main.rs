//! The `em-infra` executable: a command line for people and scripts, and the provider `eminfra` when Terraform starts it.

mod cli;
mod commands;
mod exit;
mod failure;
mod simulation;
mod ui;

use std::process::ExitCode;

use tf_run::Env;

fn main() -> ExitCode {
    let environment: Env = std::env::vars_os().collect();
    cli::run(&environment).into()
}
