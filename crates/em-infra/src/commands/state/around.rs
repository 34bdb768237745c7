//! What every command that changes an environment does about its state: it refuses over a hazard, and keeps the state
//! before and after.

use std::path::Path;
use std::time::Duration;

use em_infra_core::state::vault::Pin;
use em_infra_core::state::{Holder, Inspection, Judgement, SnapshotRequest, Weight, snapshot};
use tf_run::Env;

use super::context::{Context, Where};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;

/// How long somebody else's apply is waited for; longer than clones on a slow host take.
const WAIT: Duration = Duration::from_mins(10);

const LOOK_EVERY: Duration = Duration::from_millis(200);

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
    wait_for_the_state(&context)?;
    let around = Around { context, command };
    around.keep("before")?;
    Ok(around)
}

/// A Terraform that outlived its em-infra finishes and saves; who reruns the command meanwhile waits for it, so that a
/// plain rerun is all that is ever needed. Nothing was begun yet, so that Ctrl-C ends the wait at once.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that waits for another process's lock; bounded"
)]
fn wait_for_the_state(context: &Context<'_>) -> Result<(), CommandError> {
    let mut waiting = None;
    for _ in 0..WAIT.as_millis() / LOOK_EVERY.as_millis() {
        let Some(holder) = Holder::of(&context.place)? else {
            return Ok(());
        };
        let line = format!("The state is in use by {holder}; waiting for it to finish.");
        waiting.get_or_insert_with(|| {
            context.ui.status(&line);
            context.ui.activity(&line)
        });
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
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
