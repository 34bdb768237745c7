//! Asking the host which VMs it has, so that none is mistaken for another.

use em_infra_core::check::Request;
use em_infra_core::live;
use em_infra_core::state::restore::Live;
use host::Environment;
use tokio::runtime::Builder;

use super::Arguments;
use crate::commands::check::InputArguments;
use crate::commands::state::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;

/// The VMs of the host; refuses where it cannot be asked and nobody said to go without.
pub(super) fn ask(arguments: &Arguments, context: &Context<'_>) -> Result<Live, CommandError> {
    let _activity = context.ui.activity("Asking the host …");
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let host = reach(arguments, context).await.map_err(unasked)?;
        let live = Live::of_host(&host).await;
        live.map_err(|unread| unasked(format!("failed to {}: {}", unread.what, unread.error)))
    })
}

async fn reach(
    arguments: &Arguments,
    context: &Context<'_>,
) -> Result<host::Host, live::LiveError> {
    let variable = |name: &str| {
        let value = context.environment.get(name)?;
        value.to_str().map(str::to_owned)
    };
    let variables: Vec<(String, String)> = context
        .environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
        .collect();
    let inputs = InputArguments::of_files(&arguments.var_files).in_order();
    let request = Request {
        root: context.place.root(),
        environment: &variables,
        command_line: &inputs,
    };
    live::connect(request, &Environment::read(variable)).await
}

fn unasked(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CommandError {
    CommandError::new(Exit::Refused, error).hint(
        "nothing was restored: whether each VMID is still the VM that the state means could not be checked; --offline goes without",
    )
}
