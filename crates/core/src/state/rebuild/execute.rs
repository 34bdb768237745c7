//! Carrying out a rebuild.

use std::collections::BTreeSet;

use tf_run::plan::{PlanExit, noise};
use tf_run::{ApplyArgs, PlanArgs};

use super::plan::{OnEvent, RebuildError, RebuildPlan, RebuildRequest};
use crate::state::content::{Content, State};
use crate::state::restore::{self, Live, RestoreRequest, Restored, Source};
use crate::state::vault::{Keys, NewSet, Pin, Standing, Vault, VaultError, VaultWriter};

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many objects the state has.
    pub objects: usize,
    /// How it came to its place.
    pub restored: Restored,
}

impl RebuildPlan {
    /// Makes the state and puts it in place, if `typed` is the number of objects that the plan says.
    pub fn confirm(
        self,
        typed: &str,
        request: &RebuildRequest<'_>,
        on_event: OnEvent<'_>,
    ) -> Option<Result<Rebuilt, RebuildError>> {
        let agreed = typed.trim() == self.objects.len().to_string();
        agreed.then(|| self.execute(request, on_event))
    }

    fn execute(
        self,
        request: &RebuildRequest<'_>,
        on_event: OnEvent<'_>,
    ) -> Result<Rebuilt, RebuildError> {
        self.apply(request, on_event)?;
        let made = self.made()?;
        self.must_rest(request, on_event)?;
        let restored = self.put_in_place(request, &made)?;
        Ok(Rebuilt {
            objects: self.objects.len(),
            restored,
        })
    }

    /// Calls no provider: the plan imports and changes nothing.
    fn apply(
        &self,
        request: &RebuildRequest<'_>,
        on_event: OnEvent<'_>,
    ) -> Result<(), RebuildError> {
        let args = ApplyArgs {
            plan: self.saved.clone(),
            var_files: request.var_files.to_vec(),
        };
        self.terraform.apply(&args, "apply", on_event)?;
        Ok(())
    }

    /// The state that Terraform made, if it has the objects that were planned and no other.
    fn made(&self) -> Result<Content, RebuildError> {
        let path = self.scratch.state();
        let bytes = std::fs::read(&path).map_err(|source| VaultError::Read { path, source })?;
        let content = Content::new(bytes);
        let wrong = match content.state() {
            Ok(state) => self.difference(state),
            Err(why) => Some(why.to_string()),
        };
        wrong.map_or(Ok(content), |why| Err(RebuildError::NotAsPlanned(why)))
    }

    fn difference(&self, state: &State) -> Option<String> {
        let planned: BTreeSet<&str> = self
            .objects
            .iter()
            .map(|one| one.address.as_str())
            .collect();
        let made: BTreeSet<&str> = state.managed().map(|one| one.address.as_str()).collect();
        let differs = planned.symmetric_difference(&made).next()?;
        Some(format!("it differs in {differs}"))
    }

    /// Terraform finds nothing to do with the new state.
    fn must_rest(
        &self,
        request: &RebuildRequest<'_>,
        on_event: OnEvent<'_>,
    ) -> Result<(), RebuildError> {
        let saved = self.scratch.plan("rest");
        let args = PlanArgs {
            var_files: request.var_files.to_vec(),
            ..PlanArgs::to_file(&saved)
        };
        let planned = self.terraform.plan(&args, "rest", on_event)?;
        let plan = self.terraform.show_plan(&saved)?;
        let found = noise(&plan, planned.exit);
        match (found.first(), planned.exit) {
            (None, PlanExit::NoChanges) => Ok(()),
            (first, _) => Err(RebuildError::NotAsPlanned(
                first.map_or_else(|| "a plan is not empty".to_owned(), ToString::to_string),
            )),
        }
    }

    /// First the vault, then the place: from then on `state restore latest` ends what a crash cut off.
    fn put_in_place(
        &self,
        request: &RebuildRequest<'_>,
        made: &Content,
    ) -> Result<Restored, RebuildError> {
        let new = NewSet {
            content: made,
            standing: Standing::Good,
            reason: "rebuilt from the host",
            pin: Pin::Pinned,
            place: request.place,
            who: request.who,
        };
        let kept = VaultWriter::open(request.vault)?
            .store(&new)?
            .snapshot()
            .clone();
        let restore = RestoreRequest {
            place: request.place,
            vault: request.vault,
            who: request.who,
            source: &kept.id,
            accept_lineage: None,
            live: Live::Unchecked("Terraform just read it".to_owned()),
            keys: &Keys::default(),
        };
        let source = Source::Snapshot {
            id: kept.id.clone(),
        };
        let plan = restore::plan_of(&restore, &Vault::open(request.vault)?, source, made)?;
        let serial = plan.serial.to_string();
        let fits = plan.before == self.before;
        let confirmed = fits.then(|| plan.confirm(&serial)).flatten();
        let confirmed = confirmed.ok_or(restore::RestoreError::Changed)?;
        Ok(confirmed.execute_under(&self.run, &restore)?)
    }
}
