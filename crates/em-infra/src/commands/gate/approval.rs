//! The one question before an apply.

use std::io::{self, BufRead as _, IsTerminal as _};

use em_infra_core::gate::Approval;
use tf_run::plan::Plan;

use crate::ui::Ui;

/// Who agrees to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// It was agreed to beforehand.
    Agreed,
    /// The person at the terminal is asked.
    Ask,
    /// Nobody can be asked.
    NobodyThere,
}

impl Policy {
    /// `--yes` agrees beforehand; else whoever sits at the terminal does.
    pub(super) fn of(yes: bool) -> Self {
        match (yes, io::stdin().is_terminal()) {
            (true, _) => Self::Agreed,
            (false, true) => Self::Ask,
            (false, false) => Self::NobodyThere,
        }
    }

    /// Shows what the plan does and finds out whether to apply it.
    pub(super) fn ask(self, plan: &Plan, ui: &Ui) -> Approval {
        for change in plan
            .resource_changes
            .iter()
            .filter(|change| !change.change.actions.is_no_op())
        {
            ui.status(&format!("    {} {}", change.change.actions, change.address));
        }
        match self {
            Self::Agreed => Approval::Apply,
            Self::Ask => answer(ui),
            Self::NobodyThere => {
                ui.status(
                    "Nobody can be asked here whether to apply this; --yes agrees beforehand.",
                );
                Approval::Stop
            }
        }
    }
}

fn answer(ui: &Ui) -> Approval {
    ui.status("Apply this plan? Only `yes` is taken as a yes:");
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(_) if line.trim() == "yes" => Approval::Apply,
        Ok(_) | Err(_) => Approval::Stop,
    }
}
