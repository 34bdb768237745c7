//! Making plans and reading them.
//!
//! Terraform reads a saved plan without the lock on the state, and the host can be read while it plans. So two things go on at
//! a time where neither needs the other; never two that take the lock.

use std::thread::{self, ScopedJoinHandle};

use files::Digest;
use tf_run::plan::{Plan, PlanExit, Refresh};
use tf_run::{Json, PlanArgs, Planned, ReadObjects, RunError, Terraform};

use super::hearing::{Hearing, OnEvent};
use super::plan_file::PlanFile;
use super::sequence::{Gate, Stop};
use super::{GateError, Step, secrets};

/// A plan that is to be made.
pub(super) struct Planning {
    step: Step,
    args: PlanArgs,
    file: PlanFile,
}

/// A plan that was made, and is not read yet.
pub(super) struct Made {
    step: Step,
    planned: Planned,
    file: PlanFile,
}

/// A plan that was made and read.
pub(super) struct Seen {
    pub(super) exit: PlanExit,
    pub(super) plan: Plan,
    pub(super) refresh: Refresh,
    pub(super) file: PlanFile,
}

impl Seen {
    /// What the plan says; its file is removed.
    pub(super) fn into_plan(self) -> Plan {
        self.plan
    }
}

impl Gate<'_, '_> {
    pub(super) fn planning(&self, step: Step, objects: ReadObjects) -> Planning {
        let name = format!("{}.tfplan", step.label());
        let file = PlanFile::at(self.config.directory.path().join(name));
        let args = PlanArgs {
            objects,
            var_files: self.config.var_files.clone(),
            ..PlanArgs::to_file(file.path())
        };
        Planning { step, args, file }
    }

    pub(super) fn make(&mut self, planning: Planning) -> Result<Made, Stop> {
        let Planning { step, args, file } = planning;
        let run = |terraform: &Terraform, label: &str, event: OnEvent<'_>| {
            terraform.plan(&args, label, event)
        };
        let planned = self.stream(step, &args, run, |planned| &planned.finished)?;
        Ok(Made {
            step,
            planned,
            file,
        })
    }

    pub(super) fn read(&mut self, made: Made) -> Result<Seen, Stop> {
        let Made {
            step,
            planned,
            file,
        } = made;
        let text = self.terraform.plan_json(file.path())?;
        let plan = Plan::parse(&text).map_err(RunError::from)?;
        let mut json = Json::parse(&text).map_err(GateError::from)?;
        self.journal.learn(secrets::marked(&json))?;
        let seen = Seen {
            exit: planned.exit,
            refresh: Refresh::of(&plan, &planned.finished.heard.refreshed),
            plan,
            file,
        };
        self.journal
            .planned(step, &seen, &canonical_digest(&mut json))?;
        Ok(seen)
    }

    /// Makes the second plan while the caller reads the host: neither changes what the other one sees.
    pub(super) fn make_beside_live_read(&mut self) -> Result<Made, Stop> {
        let planning = self.planning(Step::SecondPlan, ReadObjects::Yes);
        let Some(live) = self.live.take() else {
            self.not_checked
                .push("live: no one but the provider read the real objects".to_owned());
            return self.make(planning);
        };
        let began = self.journal.began(Step::LiveRead, None)?;
        let now = self.journal.clock();
        let (made, (read, ended)) = thread::scope(|scope| {
            let reading = scope.spawn(move || (live(), now()));
            (self.make(planning), joined(reading))
        });
        self.take_live(read, (began, ended))?;
        made
    }

    /// Reads the second plan while the one is made that does not look at the real objects. What is said about that one is told
    /// after the reading, which can bring secrets up.
    pub(super) fn read_beside_last_plan(&mut self, second: Made) -> Result<(Seen, Made), Stop> {
        let Planning { step, args, file } =
            self.planning(Step::PlanWithoutRefresh, ReadObjects::No);
        let line = self.terraform.command_line(&args);
        let began = self.journal.began(step, Some(&line))?;
        let (terraform, now) = (self.terraform, self.journal.clock());
        let (second, (planned, events, ended)) = thread::scope(|scope| {
            let planning = scope.spawn(move || {
                let mut events = Vec::new();
                let mut take = |event: &tf_run::Event| events.push(event.clone());
                let planned = terraform.plan(&args, step.label(), &mut take);
                (planned, events, now())
            });
            (self.read(second), joined(planning))
        });
        self.journal.headed(step, Some(&line))?;
        let mut hearing = Hearing::default();
        for event in &events {
            hearing.take_in(step, event, &mut self.journal, None);
        }
        let finished = |planned: &Planned| planned.finished.exit;
        let planned = self.conclude(step, (began, ended), planned, finished, hearing);
        let made = Made {
            step,
            planned: planned?,
            file,
        };
        Ok((second?, made))
    }
}

fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Two plans of the same thing differ in their timestamp alone.
fn canonical_digest(plan: &mut Json) -> Digest {
    if let Json::Object(members) = plan {
        members.remove("timestamp");
    }
    Digest::of_bytes(plan.to_string().as_bytes())
}
