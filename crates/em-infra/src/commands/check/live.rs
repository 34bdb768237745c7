//! `em-infra check --live`: the host is asked as well, by reading alone.

use std::fmt::Write as _;

use contract::{Severity, Topology};
use em_infra_core::check::{Live, Remark, preflight};
use em_infra_core::counted;
use em_infra_core::live;
use tokio::runtime::Runtime;

use super::Arguments;
use crate::commands::drift::Ground;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;
use tf_run::Env;

/// Asks the host of the environment about its nodes.
pub(super) fn ask(
    arguments: &Arguments,
    topology: &Topology,
    ui: &Ui,
    environment: &Env,
) -> Result<Live, CommandError> {
    let ground = Ground::of(&arguments.root, &arguments.inputs, environment);
    let activity = ui.activity("Reading the host …");
    let asked = Runtime::new()?.block_on(async {
        let host = live::connect(ground.request(), &ground.host_variables).await?;
        Ok(preflight(&host, topology).await)
    });
    drop(activity);
    asked.map_err(|error: live::LiveError| CommandError::new(Exit::Failure, error))
}

/// One remark as text for people.
pub(super) fn remark(remark: &Remark) -> String {
    let mut text = format!("{}: {}\n", remark.severity.as_str(), remark.message);
    let argument = remark
        .argument
        .map_or_else(String::new, |argument| format!(" ({argument})"));
    write!(
        text,
        "  for: {}{argument}\n  help: {}\n",
        nodes(remark),
        remark.help
    )
    .expect("writing to a String cannot fail");
    text
}

/// The first few by name.
fn nodes(remark: &Remark) -> String {
    const NAMED: usize = 3;
    let named = remark.nodes.iter().take(NAMED).cloned();
    let mut names: Vec<String> = named.collect();
    let others = remark.nodes.len().saturating_sub(NAMED);
    if others > 0 {
        names.push(format!("{others} more"));
    }
    names.join(", ")
}

/// The last line.
pub(super) fn summary(live: &Live) -> String {
    let (errors, warnings) = (live.count(Severity::Error), live.count(Severity::Warning));
    let said = match (errors, warnings) {
        (0, 0) => "the host has nothing against it".to_owned(),
        _ => format!(
            "{}, {}",
            counted(errors, "error"),
            counted(warnings, "warning")
        ),
    };
    format!(
        "Asked {} (Proxmox VE {}), reading only: {} nodes to make, {} there already; {said}.",
        live.host, live.version, live.new, live.existing
    )
}
