//! What Terraform makes of the restored state. The restore is done: nothing here can fail it.

use em_infra_core::state::{Outlook, OutlookRequest};
use serde::Serialize;

use super::Arguments;
use crate::commands::engine;
use crate::commands::gate::interruption;
use crate::commands::state::context::Context;
use crate::failure::CommandError;

/// Terraform's word on the restored state.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Look {
    /// Its two plans.
    Plans(Outlook),
    /// Why there are none.
    NotTaken(String),
}

/// Makes a refresh-only plan and a normal one.
pub(super) fn ahead(arguments: &Arguments, context: &Context<'_>) -> Look {
    if arguments.offline {
        return Look::NotTaken("--offline".to_owned());
    }
    match plans(arguments, context) {
        Ok(Some(outlook)) => Look::Plans(outlook),
        Ok(None) => Look::NotTaken("there is no Terraform on this machine".to_owned()),
        Err(error) => Look::NotTaken(error.chain().join(": ")),
    }
}

fn plans(arguments: &Arguments, context: &Context<'_>) -> Result<Option<Outlook>, CommandError> {
    let Some(engine) = engine::find_local(&arguments.engine, context.ui, context.environment)?
    else {
        return Ok(None);
    };
    let interrupt = interruption::listen(context.ui.clone())?;
    let _activity = context
        .ui
        .activity("Asking Terraform what it makes of it …");
    let outlook = Outlook::of(&OutlookRequest {
        place: &context.place,
        engine: &engine,
        env: context.environment,
        interrupt: &interrupt,
        var_files: &arguments.var_files,
    })?;
    Ok(Some(outlook))
}
