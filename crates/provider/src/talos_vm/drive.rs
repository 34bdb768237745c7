//! Carrying out: look, ask for the next step, take it, look again.

use host::{Sight, Unchanged};
use pve_api::VmId;
use pve_client::Error;
use tf_plugin::{Diagnostic, Stop};
use tokio::sync::MutexGuard;
use vm::{
    Mandate, Next, Observed, Power, Present, Protection, Reconcile, Refusal, Step, Wait, Wanted,
};

use super::pending;
use super::quorum::others_answer;
use super::read::refused;
use crate::patience::{self, Pauses};
use crate::session::{Run, Session};
use crate::sight::{StepError, take};

/// Where to.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// To the wanted VM.
    Wanted {
        mandate: Mandate,
        /// What to clone, when the VM does not exist.
        template: Option<VmId>,
    },
    /// To no VM.
    Gone(Protection),
}

/// How it ended.
pub(super) enum End {
    /// As wanted; without a VM when that was the goal. With what the user should know of the way.
    Done {
        present: Option<Box<Present>>,
        notes: Vec<Diagnostic>,
    },
    /// A stop came in between; the VM may exist.
    Parked { touched: bool },
    /// It cannot go on.
    Failed { why: Diagnostic, touched: bool },
}

/// One VM on its way.
pub(super) struct Drive<'a> {
    pub(super) session: &'a Session,
    pub(super) run: &'a Run,
    pub(super) wanted: &'a Wanted,
    pub(super) stop: &'a Stop,
}

/// What the loop remembers from one round to the next.
struct Progress<'a> {
    sight: Sight<'a>,
    reconcile: Reconcile,
    waiting: Pauses,
    tries: u32,
    notes: Vec<Diagnostic>,
    /// Held from a shutdown on, until the VM runs again.
    restarting: Option<MutexGuard<'a, ()>>,
}

impl<'a> Drive<'a> {
    pub(super) async fn to(&self, goal: Goal) -> End {
        let mut progress = Progress {
            sight: Sight::new(&self.run.client, &self.wanted.key),
            reconcile: Reconcile::default(),
            waiting: Pauses::default(),
            tries: 0,
            notes: Vec::new(),
            restarting: None,
        };
        loop {
            let ended = match self.round(goal, &mut progress).await {
                Ok(None) => continue,
                Ok(Some(end)) => end,
                Err(why) => End::Failed {
                    why,
                    touched: !progress.reconcile.taken().is_empty(),
                },
            };
            return ended;
        }
    }

    async fn round(
        &self,
        goal: Goal,
        progress: &mut Progress<'a>,
    ) -> Result<Option<End>, Diagnostic> {
        let observed = progress
            .sight
            .look()
            .await
            .map_err(|error| self.failed("look at", &error))?;
        let touched = !progress.reconcile.taken().is_empty();
        match self.next(goal, &mut progress.reconcile, &observed) {
            Next::Done => Ok(Some(End::Done {
                present: present(observed),
                notes: std::mem::take(&mut progress.notes),
            })),
            Next::Refuse(refusal) => Err(refused(self.wanted, &refusal)),
            Next::Wait(_) | Next::Step(_) if self.stop.is_stopped() => {
                Ok(Some(End::Parked { touched }))
            }
            Next::Wait(wait) => self.wait(&wait, progress).await.map(|()| None),
            Next::Step(step) => self.take(goal, &step, &observed, progress).await,
        }
    }

    fn next(&self, goal: Goal, reconcile: &mut Reconcile, observed: &Observed) -> Next {
        match goal {
            Goal::Wanted { mandate, .. } => reconcile.next(self.wanted, observed, mandate),
            Goal::Gone(protection) => reconcile.next_removal(self.wanted, observed, protection),
        }
    }

    async fn wait(&self, wait: &Wait, progress: &mut Progress<'a>) -> Result<(), Diagnostic> {
        let (limit, refusal) = match wait {
            Wait::Clone => (patience::CLONE, Refusal::AbandonedClone),
            Wait::Lock(lock) => (patience::LOCK, Refusal::Locked(lock.clone())),
        };
        if progress.waiting.waited() >= limit {
            return Err(refused(self.wanted, &refusal));
        }
        progress.sight.forget_but(Unchanged::Nothing);
        progress.waiting.pause().await;
        Ok(())
    }

    async fn take(
        &self,
        goal: Goal,
        step: &Step,
        seen: &Observed,
        progress: &mut Progress<'a>,
    ) -> Result<Option<End>, Diagnostic> {
        if *step == Step::Shutdown && progress.restarting.is_none() {
            progress.restarting = Some(self.session.restarting.lock().await);
            let note = others_answer(self.session, self.run, self.wanted, self.stop).await;
            if note.is_err() {
                progress.reconcile.take_back();
            }
            progress.notes.extend(note?);
            if self.stop.is_stopped() {
                return Ok(Some(End::Parked { touched: true }));
            }
        }
        let template = match goal {
            Goal::Wanted { template, .. } => template,
            Goal::Gone(_) => None,
        };
        tracing::info!(vm = %self.wanted.key, %step, "step");
        let guarded = guarded(step, seen);
        match take(
            &mut progress.sight,
            &guarded,
            self.wanted,
            template,
            self.stop,
        )
        .await
        {
            Ok(()) => {
                (progress.tries, progress.waiting) = (0, Pauses::default());
                let note = self.not_in_force(step, seen).await;
                progress.notes.extend(note);
                Ok(None)
            }
            Err(StepError::Call(error)) if matches!(*error, Error::Stopped { .. }) => {
                Ok(Some(End::Parked { touched: true }))
            }
            Err(StepError::Call(error)) if is_worth_a_look(step, &error) => {
                self.look_again(step, *error, progress).await.map(|()| None)
            }
            Err(StepError::Call(error)) => Err(self.refused_step(step, seen, &error).await),
            Err(StepError::Argument(malformed)) => Err(refused(
                self.wanted,
                &Refusal::Unreadable(malformed.to_string()),
            )),
            Err(StepError::NoTemplate) => Err(refused(self.wanted, &Refusal::Vanished)),
        }
    }

    /// Says what a running VM did not take of a change that Proxmox accepted.
    async fn not_in_force(&self, step: &Step, seen: &Observed) -> Option<Diagnostic> {
        let (Step::SetConfig(change), Observed::Present(present)) = (step, seen) else {
            return None;
        };
        if present.power == Power::Stopped {
            return None;
        }
        let key = &self.wanted.key;
        let waiting = pending::waiting(self.run, key, change, &present.config).await;
        (!waiting.is_empty()).then(|| {
            Diagnostic::warning(format!("{key} takes a change only when it next starts")).detail(
                format!(
                    "Proxmox accepted {} and keeps it for the next start: the VM that runs goes on as it was. Restart \
                     it when that suits.",
                    waiting.join(", ")
                ),
            )
        })
    }

    /// Nobody knows whether the step was taken, or it certainly was not: look first, then decide
    /// anew.
    async fn look_again(
        &self,
        step: &Step,
        error: Error,
        progress: &mut Progress<'a>,
    ) -> Result<(), Diagnostic> {
        progress.tries += 1;
        if progress.tries > patience::TRIES {
            return Err(self.failed(&step.to_string(), &error));
        }
        tracing::warn!(vm = %self.wanted.key, %step, %error, "looking again");
        progress.reconcile.take_back();
        progress.sight.forget_but(Unchanged::Nothing);
        progress.waiting.pause().await;
        Ok(())
    }

    /// Reports a step that the host refused, when nothing of it is left there.
    async fn refused_step(&self, step: &Step, seen: &Observed, error: &Error) -> Diagnostic {
        let mut diagnostic = self.failed(&step.to_string(), error);
        if let (Step::SetConfig(change), Observed::Present(present)) = (step, seen) {
            let left = pending::undo(self.run, &self.wanted.key, change, &present.config).await;
            if !left.is_empty() {
                diagnostic.detail = format!(
                    "{}\n\nProxmox stored {} before it refused, and that comes into force with the \
                     next start. To drop it: VM, Hardware or Options, Revert.",
                    diagnostic.detail,
                    left.join(", ")
                );
            }
        }
        diagnostic
    }

    fn failed(&self, what: &str, error: &Error) -> Diagnostic {
        self.run
            .report(&format!("Unable to {what} {}", self.wanted.key), error)
    }
}

/// A change of options is for the configuration that was looked at: if another was put in its place
/// meanwhile, that of another VM even, Proxmox refuses it.
fn guarded(step: &Step, seen: &Observed) -> Step {
    match (step, seen) {
        (Step::SetConfig(change), Observed::Present(present)) => {
            let change = change.clone();
            Step::SetConfig(match present.config.digest() {
                Some(digest) => change.only_if(digest),
                None => change,
            })
        }
        _ => step.clone(),
    }
}

/// A clone that finds its VMID taken may have been beaten by our own first try, whose answer was
/// lost, or by another run, as a start may have been and a removal: only the VM itself can tell.
fn is_worth_a_look(step: &Step, error: &Error) -> bool {
    let overtaken = || match step {
        Step::Clone { .. } => error
            .text()
            .is_some_and(|text| text.contains("config file already exists")),
        Step::SetConfig(_) => error.is_outdated() || error.is_not_found(),
        Step::Start | Step::Destroy => error.is_about_running() || error.is_not_found(),
        Step::Resize { .. } | Step::Shutdown | Step::Stop => error.is_not_found(),
    };
    error.is_lost_answer() || error.is_transient() || error.is_locked() || overtaken()
}

fn present(observed: Observed) -> Option<Box<Present>> {
    match observed {
        Observed::Present(present) => Some(present),
        Observed::Absent | Observed::Hidden | Observed::Cloning(_) => None,
    }
}

/// Says that a VM was left half way and what happens next.
pub(super) fn half_way(wanted: &Wanted) -> String {
    host::sentence(&format!(
        "{} stays as far as it was built; the next plan and apply go on from there",
        wanted.key
    ))
}
