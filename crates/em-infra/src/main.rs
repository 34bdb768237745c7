//! The `em-infra` executable: a command line for people and scripts, and the provider `eminfra` when Terraform starts it.

mod cli;
mod commands;
mod environment;
mod exit;
mod failure;
mod plugin;
mod ui;

use std::process::ExitCode;

use crate::environment::Environment;

fn main() -> ExitCode {
    let environment = Environment::read();
    if plugin::started_by_terraform(&environment) {
        return plugin::serve(environment).into();
    }
    cli::run(&environment).into()
}
