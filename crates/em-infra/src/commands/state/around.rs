//! What every command that changes an environment does about its state: it refuses over a hazard, and keeps the state
//! before and after.

use std::path::Path;

use em_infra_core::state::vault::Pin;
use em_infra_core::state::{Inspection, Judgement, SnapshotRequest, Weight, snapshot};
use tf_run::Env;

use super::context::{Context, Where};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;

/// Whose state was kept before, and is to be kept after.
pub(crate) struct Around<'a> {
    context: Context<'a>,
    command: &'static str,
}

/// Refuses where the state of `root` is in danger; otherwise keeps it.
pub(crate) fn before<'a>(
    command: &'static str,
    root: &Path,
    ui: &'a Ui,
    environment: &'a Env,
) -> Result<Around<'a>, CommandError> {
    let context = Context::of(&Where::root(root), ui, environment)?;
    let inspection = Inspection::of(&context.place, &context.open_vault()?, environment)?;
    refuse(&inspection, &context)?;
    let around = Around { context, command };
    around.keep("before")?;
    Ok(around)
}

impl Around<'_> {
    /// Keeps what the command left, however it ended. What cannot be kept is said; the verdict stands.
    pub(crate) fn after(mut self) {
        self.context.tick();
        if let Err(error) = self.keep("after") {
            self.context
                .ui
                .warning("the state was not kept in the vault");
            self.context.ui.error(&error);
        }
    }

    fn keep(&self, when: &str) -> Result<(), CommandError> {
        let reason = format!("{when} {}", self.command);
        snapshot(&SnapshotRequest {
            place: &self.context.place,
            vault: &self.context.vault,
            who: &self.context.who,
            reason: &reason,
            judgement: Judgement::ByHistory,
            pin: Pin::Free,
        })?;
        Ok(())
    }
}

fn refuse(inspection: &Inspection, context: &Context<'_>) -> Result<(), CommandError> {
    let (blocks, warns): (Vec<_>, Vec<_>) = inspection
        .hazards
        .iter()
        .partition(|hazard| hazard.weight() == Weight::Blocks);
    for hazard in warns {
        context.ui.warning(&hazard.to_string());
    }
    let Some(first) = blocks.first() else {
        return Ok(());
    };
    let refused = CommandError::new(Exit::Refused, first.to_string());
    Err(blocks.iter().fold(refused, |refused, hazard| {
        refused.hint(format!(
            "[{}] {}",
            hazard.code(),
            hazard.mend(&context.options)
        ))
    }))
}
