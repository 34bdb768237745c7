//! `em-infra state diff`.

use clap::Args;
use em_infra_core::state::restore::Source;
use em_infra_core::state::vault::{Vault, VaultError};
use em_infra_core::state::{Change, Content, Difference, State, difference};
use serde::Serialize;

use super::context::{Context, Identity, not_found, sealed};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// The older state: `latest`, an id, `live`, `errored.tfstate`, or a path with a slash in it.
    #[arg(value_name = "FROM", default_value = "latest")]
    from: String,

    /// The newer state, named in the same way.
    #[arg(value_name = "TO", default_value = "live")]
    to: String,

    #[command(flatten)]
    identity: Identity,
}

#[derive(Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    differences: Vec<Difference>,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let vault = context.open_vault()?.with_keys(arguments.identity.keys()?);
    let (from, to) = (
        read(&arguments.from, context, &vault)?,
        read(&arguments.to, context, &vault)?,
    );
    let report = Report {
        from: &arguments.from,
        to: &arguments.to,
        differences: difference(usable(&from, &arguments.from)?, usable(&to, &arguments.to)?),
    };
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context),
    }
    Ok(Exit::Success)
}

fn show(report: &Report<'_>, context: &Context<'_>) {
    for line in lines(&report.differences) {
        context.ui.data(&line);
    }
    if report.differences.is_empty() {
        context.ui.status("No managed object differs.");
    }
}

/// A line per object, and one per attribute.
pub(super) fn lines(differences: &[Difference]) -> Vec<String> {
    differences.iter().flat_map(of_one).collect()
}

fn of_one(difference: &Difference) -> Vec<String> {
    let vm = difference
        .machine
        .as_ref()
        .map_or(String::new(), |machine| format!(" ({machine})"));
    let line = |sign: char| format!("{sign} {}{vm}", difference.address);
    match &difference.change {
        Change::Added => vec![line('+')],
        Change::Removed => vec![line('-')],
        Change::Changed { paths } => {
            let paths = paths.iter().map(|path| format!("    {path}"));
            std::iter::once(line('~')).chain(paths).collect()
        }
    }
}

fn read(name: &str, context: &Context<'_>, vault: &Vault) -> Result<Content, CommandError> {
    let live = context.place.state().display().to_string();
    let name = if name == "live" { &live } else { name };
    match Source::find(name, &context.place, vault) {
        Ok((_, content)) => Ok(content),
        Err(VaultError::NotFound(error)) => Err(not_found(error, context)),
        Err(error @ VaultError::Sealed(_)) => Err(sealed(error)),
        Err(error) => Err(error.into()),
    }
}

fn usable<'a>(content: &'a Content, name: &str) -> Result<&'a State, CommandError> {
    content.state().map_err(|why| {
        CommandError::new(Exit::Refused, format!("`{name}` cannot be compared: {why}"))
    })
}
