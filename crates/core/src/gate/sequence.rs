//! The sequence itself.

use std::collections::BTreeMap;
use std::fs;

use files::Digest;
use tf_run::plan::{Counts, Plan, PlanExit, Refresh};
use tf_run::{ApplyArgs, Exit, Interrupt, Json, ReadObjects, RunError, Terraform};
use time::OffsetDateTime;

use super::assess::{Assessment, Evidence, PlanEvidence, assess};
use super::hearing::OnEvent;
use super::journal::{Journal, Outcome, in_words as time_in_words};
use super::plans::Seen;
use super::rows::DifferenceRow;
use super::rows::{EngineRow, Row, SCHEMA};
use super::{
    Approval, Checked, GateConfig, GateError, Hooks, Inputs, LiveRead, OutputFault, Reason, Source,
    Step, StepEnd, leftovers, output_check, secrets,
};
use crate::difference::{Context, Difference};
use crate::evidence::{Ledger, providers_at_last_pass};
use crate::provider_install::LockFile;
use crate::state::{self, ApplyJournal, Content, Place};

/// Why the sequence ends early.
pub(super) enum Stop {
    Because(Reason),
    Terraform(RunError),
    Gate(GateError),
}

impl From<GateError> for Stop {
    fn from(error: GateError) -> Self {
        Self::Gate(error)
    }
}

impl From<files::Error> for Stop {
    fn from(error: files::Error) -> Self {
        Self::Gate(error.into())
    }
}

impl From<RunError> for Stop {
    fn from(error: RunError) -> Self {
        Self::Terraform(error)
    }
}

/// A run of the gate.
pub(super) struct Gate<'a, 'h> {
    pub(super) config: &'a GateConfig,
    pub(super) terraform: &'a Terraform,
    check: Option<&'h mut dyn FnMut() -> Checked>,
    pub(super) live: Option<&'h mut (dyn FnMut() -> LiveRead + Send)>,
    approve: &'h mut dyn FnMut(&Plan) -> Approval,
    pub(super) journal: Journal<'h>,
    pub(super) ledger: Ledger,
    pub(super) not_checked: Vec<String>,
    pub(super) differences: Vec<(Source, Difference)>,
    pub(super) live_read: Option<LiveRead>,
    pub(super) applied: Option<Counts>,
    apply_began: bool,
    /// The journal of the apply that is going on.
    pub(super) applying: Option<ApplyJournal>,
    pub(super) refresh: Option<Refresh>,
}

impl<'a, 'h> Gate<'a, 'h> {
    pub(super) fn open(
        config: &'a GateConfig,
        terraform: &'a Terraform,
        hooks: Hooks<'h>,
    ) -> Result<Self, GateError> {
        let Hooks {
            now,
            on_event,
            check,
            live,
            approve,
        } = hooks;
        let directory = &config.directory;
        // The ledger first: a record that it does not know is a finding.
        let (base, time) = (directory.base(), time_in_words(now()));
        let ledger = Ledger::start(base, directory.id(), time, config.host, &config.tool)?;
        let journal = Journal::open(directory, now, on_event)?;
        let mut gate = Self {
            config,
            terraform,
            check,
            live,
            approve,
            journal,
            ledger,
            not_checked: Vec::new(),
            differences: Vec::new(),
            live_read: None,
            applied: None,
            apply_began: false,
            applying: None,
            refresh: None,
        };
        let (root, env) = (terraform.root(), terraform.env());
        gate.journal
            .learn(secrets::given(root, &config.var_files, env))?;
        gate.start()?;
        Ok(gate)
    }

    fn start(&mut self) -> Result<(), GateError> {
        let (config, terraform) = (self.config, self.terraform);
        let engine = terraform.engine();
        let names = terraform
            .env()
            .iter()
            .map(|(name, _)| name.to_string_lossy().into_owned());
        self.journal.row(&Row::Start {
            schema: SCHEMA,
            run: config.directory.id(),
            time: self.journal.time(),
            tool: &config.tool,
            host: config.host,
            engine: EngineRow {
                product: engine.release.product.to_string(),
                version: engine.release.version.to_string(),
                origin: format!("{:?}", engine.origin).to_lowercase(),
                program_sha256: Digest::of_file(&engine.program)?.to_string(),
                wheel_sha256: engine.wheel().map(|wheel| wheel.sha256),
            },
            root: terraform.root().display().to_string(),
            var_files: config
                .var_files
                .iter()
                .map(|path| path.display().to_string())
                .collect(),
            input_variables: names.filter(|name| name.starts_with("TF_VAR_")).collect(),
            scrubbed_variables: terraform.scrubbed(),
        })
    }

    pub(super) fn sequence(&mut self) -> Result<Assessment, Stop> {
        if !self.config.directory.is_locked() {
            return Err(Stop::Because(Reason::Busy));
        }
        self.sweep_leftovers()?;
        self.check()?;
        self.init()?;
        let before = self.inputs(Step::Plan)?;
        let first = self.make(self.planning(Step::Plan, ReadObjects::Yes))?;
        let first = self.read(first)?;
        self.apply(&first, &before)?;
        self.prove(&before, &first.into_plan())
    }

    /// A run that was killed leaves a saved plan and the output of a step, both with secrets in clear.
    fn sweep_leftovers(&mut self) -> Result<(), Stop> {
        let left = leftovers::of(self.config.directory.base(), self.config.directory.id());
        let removed = leftovers::remove(&left.plans)?;
        let swept = self.journal.adopt(left.logs)?;
        if !removed.is_empty() || !swept.is_empty() {
            let names = |paths: Vec<std::path::PathBuf>| leftovers::names(&paths);
            self.journal.row(&Row::Leftovers {
                removed: names(removed),
                swept: names(swept),
            })?;
        }
        Ok(())
    }

    /// Writes down what the caller's read of the host came to.
    pub(super) fn take_live(
        &mut self,
        read: LiveRead,
        span: (OffsetDateTime, OffsetDateTime),
    ) -> Result<(), Stop> {
        self.journal.headed(Step::LiveRead, None)?;
        let end = match &read {
            LiveRead::Done {
                machines,
                host,
                mismatches,
                beside,
            } => {
                let host = &self.journal.redactor().text(host);
                self.journal.row(&Row::Live {
                    host,
                    machines: *machines,
                    mismatches,
                    beside,
                })?;
                StepEnd::Done
            }
            LiveRead::NotPossible(why) => {
                let why = self.journal.redactor().text(why);
                self.not_checked.push(format!("live: {why}"));
                StepEnd::Failed
            }
        };
        self.journal
            .finished(Step::LiveRead, span, end, &Outcome::default())?;
        self.live_read = Some(read);
        Ok(())
    }

    /// What differences are judged by.
    fn context(&self) -> Context {
        let versions = self.providers();
        let before = providers_at_last_pass(self.config.directory.base());
        let upgraded = versions
            .iter()
            .filter(|(name, version)| {
                let before = before.get(*name);
                before.is_some_and(|before| *before != version.to_string())
            })
            .map(|(name, _)| name.clone());
        Context {
            upgraded: upgraded.collect(),
            versions,
            today: self.journal.today(),
        }
    }

    /// The locked versions; none where the lock file cannot be read, which Terraform itself complains about.
    fn providers(&self) -> BTreeMap<String, semver::Version> {
        LockFile::of(self.terraform.root())
            .versions()
            .unwrap_or_default()
    }

    fn check(&mut self) -> Result<(), Stop> {
        let Some(check) = self.check.take() else {
            self.not_checked
                .push("inputs: they were not checked before the run".into());
            return Ok(());
        };
        let began = self.journal.started(Step::Check, None)?;
        let found = check();
        let end = match found {
            Checked::Passed => StepEnd::Done,
            Checked::Errors(_) => StepEnd::Failed,
        };
        self.journal.finished(
            Step::Check,
            (began, self.journal.now()),
            end,
            &Outcome::default(),
        )?;
        match found {
            Checked::Passed => Ok(()),
            Checked::Errors(errors) => Err(Stop::Because(Reason::Findings { errors })),
        }
    }

    fn init(&mut self) -> Result<(), Stop> {
        let args = &self.config.init;
        let run = |terraform: &Terraform, label: &str, event: OnEvent<'_>| {
            terraform.init(args, label, event)
        };
        self.stream(Step::Init, args, run, |finished| finished)?;
        Ok(())
    }

    fn inputs(&mut self, before: Step) -> Result<Inputs, Stop> {
        let inputs = Inputs::read(self.terraform.root(), &self.config.var_files)?;
        self.journal.row(&Row::Inputs {
            before,
            configuration: inputs.configuration().to_string(),
            provider_lock: inputs.provider_lock().map(|digest| digest.to_string()),
            providers: in_words(&self.providers()),
            variables: inputs.variables().to_string(),
        })?;
        Ok(inputs)
    }

    /// Applies the plan, unless there is nothing in it: even an empty apply rewrites the state.
    fn apply(&mut self, first: &Seen, before: &Inputs) -> Result<(), Stop> {
        if first.exit == PlanExit::NoChanges {
            let began = self.journal.started(Step::Apply, None)?;
            self.journal.finished(
                Step::Apply,
                (began, self.journal.now()),
                StepEnd::Skipped,
                &Outcome::default(),
            )?;
            self.applied = Some(first.plan.counts());
            let content = self.live_state();
            let state = content.as_ref().and_then(|content| content.state().ok());
            return Ok(state::settle(self.terraform.root(), state)?);
        }
        match (self.approve)(&first.plan) {
            Approval::Apply => {}
            Approval::Stop => return Err(Stop::Because(Reason::NotApproved)),
        }
        let files = self.inputs(Step::Apply)?.changed_since(before);
        if !files.is_empty() {
            return Err(Stop::Because(Reason::InputsMoved { files }));
        }
        let (plan, var_files) = (first.file.path().to_owned(), self.config.var_files.clone());
        let args = ApplyArgs { plan, var_files };
        let run = |terraform: &Terraform, label: &str, event: OnEvent<'_>| {
            terraform.apply(&args, label, event)
        };
        self.apply_began = true;
        self.applying = Some(self.apply_journal()?);
        let applied = self.stream(Step::Apply, &args, run, |finished| finished);
        if let (Some(journal), true) = (self.applying.take(), has_saved(&applied)) {
            journal.end(self.journal.now())?;
        }
        applied?;
        self.applied = Some(first.plan.counts());
        Ok(())
    }

    /// What is in doubt if this apply is cut off.
    fn apply_journal(&self) -> Result<ApplyJournal, GateError> {
        let content = self.live_state();
        let state = content.as_ref().and_then(|content| content.state().ok());
        let (log, _) = self.terraform.log_files(Step::Apply.label());
        let root = self.terraform.root();
        Ok(ApplyJournal::begin(root, state, &log, self.journal.now())?)
    }

    fn live_state(&self) -> Option<Content> {
        let path = Place::of(self.terraform.root()).state().to_owned();
        fs::read(path).map(Content::new).ok()
    }

    /// The promised outputs, as the first plan says and as the second one found them in the state.
    fn output_faults(&mut self, planned: &Plan, second: &Plan) -> Vec<OutputFault> {
        let promised = &self.config.promised_outputs;
        if promised.is_empty() {
            self.not_checked
                .push("outputs: none was named as promised".into());
        }
        output_check::faults(promised, planned, second)
    }

    /// The second plan, the one that does not look, and what follows from both.
    fn prove(&mut self, before: &Inputs, first: &Plan) -> Result<Assessment, Stop> {
        let state = self.state("before-second-plan")?;
        let second = self.make_beside_live_read()?;
        let (second, unrefreshed) = self.read_beside_last_plan(second)?;
        let unrefreshed = self.read(unrefreshed)?;
        let output_faults = self.output_faults(first, &second.plan);
        let state_stayed = self.state("after-last-plan")? == state;
        if state.is_none() {
            self.not_checked
                .push("state: it is no file of this directory".into());
        }
        let inputs = Inputs::read(self.terraform.root(), &self.config.var_files)?;
        let assessment = assess(&Evidence {
            second: PlanEvidence {
                plan: &second.plan,
                exit: second.exit,
            },
            refresh: &second.refresh,
            unrefreshed: PlanEvidence {
                plan: &unrefreshed.plan,
                exit: unrefreshed.exit,
            },
            state_stayed,
            moved_inputs: inputs.changed_since(before),
            output_faults,
            live: self.live_read.as_ref(),
            context: &self.context(),
        });
        self.differences(&assessment)?;
        let undecided = assessment.undecided.iter();
        self.not_checked
            .extend(undecided.map(|check| format!("{check}: decided only by an apply")));
        let write_only = assessment.write_only.iter();
        self.not_checked.extend(
            write_only.map(|place| format!("{place}: write-only, no plan shows a change of it")),
        );
        self.refresh = Some(second.refresh);
        Ok(assessment)
    }

    /// Writes the differences down; values are for the caller, swept of secrets.
    fn differences(&mut self, assessment: &Assessment) -> Result<(), Stop> {
        let found = &assessment.differences;
        if !found.is_empty() {
            let rows = found.iter().map(|(source, difference)| DifferenceRow {
                source: *source,
                address: &difference.address,
                path: &difference.path,
                judged: &difference.judged,
            });
            self.journal.row(&Row::Differences {
                found: rows.collect(),
            })?;
        }
        let redactor = self.journal.redactor();
        let swept = found.iter().map(|(source, difference)| {
            let values = difference.values.as_ref();
            let values =
                values.map(|(before, after)| (redactor.text(before), redactor.text(after)));
            let difference = Difference {
                values,
                ..difference.clone()
            };
            (*source, difference)
        });
        self.differences = swept.collect();
        Ok(())
    }

    /// An apply can make secrets that no plan knew. The second plan tells them; where there is none,
    /// the state does, also after an interrupt, which the engine of the run would obey.
    pub(super) fn learn_from_state(&mut self) -> Result<(), GateError> {
        if !self.apply_began {
            return Ok(());
        }
        let terraform = self.terraform;
        let (engine, env) = (terraform.engine().clone(), terraform.env());
        let directory = self.config.directory.path();
        let reader = Terraform::new(
            engine,
            terraform.root(),
            directory,
            env,
            Interrupt::default(),
        );
        if let Ok(text) = reader.and_then(|reader| reader.state_json()) {
            return self.journal.learn(secrets::marked(&Json::parse(&text)?));
        }
        self.not_checked
            .push("secrets: the state could not be searched for new ones".into());
        Ok(())
    }

    fn state(&mut self, when: &'static str) -> Result<Option<Digest>, Stop> {
        let path = self.terraform.root().join("terraform.tfstate");
        let digest = path.is_file().then(|| Digest::of_file(&path)).transpose()?;
        self.journal.row(&Row::State {
            when,
            sha256: digest.map(|digest| digest.to_string()),
        })?;
        Ok(digest)
    }
}

/// Terraform that ends by itself has saved what it did, also where it failed.
fn has_saved<T>(applied: &Result<T, Stop>) -> bool {
    match applied {
        Ok(_) => true,
        Err(Stop::Terraform(RunError::Failed { exit, .. })) => matches!(exit, Exit::Code(_)),
        Err(Stop::Terraform(_) | Stop::Because(_) | Stop::Gate(_)) => false,
    }
}

fn in_words(versions: &BTreeMap<String, semver::Version>) -> BTreeMap<String, String> {
    let words = versions.iter();
    words
        .map(|(name, version)| (name.clone(), version.to_string()))
        .collect()
}
