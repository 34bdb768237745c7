//! What Terraform does with a provider, without Terraform: refresh, plan, apply in processes of
//! their own, a state, and the rules that core enforces on every answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::Environment;
use provider::{Block, PciMapping, Session, TalosVm};
use tf_plugin::{
    ApplyRequest, ConfigureRequest, Diagnostics, ImportKey, ImportRequest, PlanRequest,
    PlanResponse, Provider, ReadRequest, Resource, Severity, Stop, ValidateRequest, Value,
};

const COMPUTED: [&str; 5] = ["id", "existing", "device_id", "subsystem_id", "iommu_group"];

/// A configuration: resource instances by key.
pub(crate) type Config = BTreeMap<String, Value>;

/// One environment with its state.
pub(crate) struct Terraform {
    block: Value,
    pub(crate) state: BTreeMap<String, Row>,
    /// Handed to every call of an apply.
    pub(crate) stop: Stop,
}

/// One object of the state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) object: Value,
    private: Vec<u8>,
    identity: Option<Value>,
}

/// What a plan wants to do with one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Create,
    Update,
    Replace,
    Delete,
}

/// The outcome of a plan or an apply.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) actions: BTreeMap<String, Action>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

impl Outcome {
    fn add(&mut self, diagnostics: impl IntoIterator<Item = tf_plugin::Diagnostic>) {
        for diagnostic in diagnostics {
            let place = diagnostic
                .path
                .map(|path| format!(" (at {path})"))
                .unwrap_or_default();
            let text = format!("{}{place}\n{}", diagnostic.summary, diagnostic.detail);
            match diagnostic.severity {
                Severity::Error => self.errors.push(text),
                // An apply plans once more, which says the same again.
                Severity::Warning if self.warnings.contains(&text) => {}
                Severity::Warning => self.warnings.push(text),
            }
        }
    }

    fn keep<T>(&mut self, result: Result<T, Diagnostics>) -> Option<T> {
        result.map_err(|diagnostics| self.add(diagnostics)).ok()
    }

    /// The actions that are more than nothing.
    pub(crate) fn changes(&self) -> BTreeMap<&str, Action> {
        let some = |(_, action): &(&String, &Action)| **action != Action::Nothing;
        self.actions
            .iter()
            .filter(some)
            .map(|(name, action)| (name.as_str(), *action))
            .collect()
    }

    pub(crate) fn assert_empty(&self) {
        assert_eq!(self.errors, Vec::<String>::new());
        assert_eq!(self.changes(), BTreeMap::new());
    }
}

/// Resources by key: `mapping/…` is a PCI mapping, all others are VMs. A mapping is made before the
/// VMs, as the keys sort, and removed after them.
fn is_mapping(key: &str) -> bool {
    key.starts_with("mapping/")
}

/// Calls a method of the resource that a key names.
macro_rules! of {
    ($process:expr, $key:expr, $method:ident($request:expr)) => {
        if is_mapping($key) {
            $process.mapping.$method($request).await
        } else {
            $process.vm.$method($request).await
        }
    };
}

/// One provider process.
struct Process {
    vm: TalosVm,
    mapping: PciMapping,
    outcome: Outcome,
}

impl Terraform {
    pub(crate) fn new(block: Value) -> Self {
        Self {
            block,
            state: BTreeMap::new(),
            stop: Stop::never(),
        }
    }

    pub(crate) fn set(&mut self, argument: &str, value: impl Into<Value>) {
        self.block.set(argument, value);
    }

    async fn process(&self) -> Process {
        let session = Arc::new(Session::new(Environment::default()));
        let block = Block::new(Arc::clone(&session));
        let mut process = Process {
            vm: TalosVm::new(Arc::clone(&session)),
            mapping: PciMapping::new(session),
            outcome: Outcome::default(),
        };
        let request = ConfigureRequest {
            config: self.block.clone(),
            ..ConfigureRequest::default()
        };
        process.outcome.keep(block.configure(request).await);
        for (key, row) in &self.state {
            if is_mapping(key) {
                process.mapping.seen(&row.object);
            } else {
                process.vm.seen(&row.object);
            }
        }
        process
    }

    /// Plans with refresh.
    pub(crate) async fn plan(&mut self, config: &Config) -> Outcome {
        let (outcome, _) = self.refresh_and_plan(config, true).await;
        outcome
    }

    /// Plans without refresh.
    pub(crate) async fn plan_only(&mut self, config: &Config) -> Outcome {
        let (outcome, _) = self.refresh_and_plan(config, false).await;
        outcome
    }

    async fn refresh_and_plan(
        &self,
        config: &Config,
        refresh: bool,
    ) -> (Outcome, BTreeMap<String, Row>) {
        let mut process = self.process().await;
        let mut state = self.state.clone();
        if !process.outcome.errors.is_empty() {
            return (process.outcome, state);
        }
        if refresh {
            state = process.refresh(state).await;
        }
        if process.outcome.errors.is_empty() {
            process.plan_all(config, &state).await;
        }
        (process.outcome, state)
    }

    /// Plans, and applies in another process when the plan has no error.
    pub(crate) async fn apply(&mut self, config: &Config) -> Outcome {
        let (planned, refreshed) = self.refresh_and_plan(config, true).await;
        if !planned.errors.is_empty() {
            return planned;
        }
        self.state = refreshed;
        let mut process = self.process().await;
        process.outcome.actions.clone_from(&planned.actions);
        process.outcome.warnings = planned.warnings;
        for (name, action) in in_order(&planned.actions) {
            self.apply_one(&mut process, name, action, config).await;
        }
        process.outcome
    }

    async fn apply_one(
        &mut self,
        process: &mut Process,
        name: &str,
        action: Action,
        config: &Config,
    ) {
        if matches!(action, Action::Delete | Action::Replace) {
            self.change(process, name, &Value::Null).await;
        }
        if matches!(action, Action::Create | Action::Update | Action::Replace)
            && process.outcome.errors.is_empty()
        {
            self.change(process, name, &config[name]).await;
        }
    }

    async fn change(&mut self, process: &mut Process, name: &str, config: &Value) {
        let row = self.state.get(name);
        let Some(planned) = process.plan(name, config, row).await else {
            return;
        };
        let request = ApplyRequest {
            config: config.clone(),
            prior: row.map(|row| row.object.clone()).unwrap_or_default(),
            planned: planned.planned.clone(),
            private: planned
                .private
                .or_else(|| row.map(|row| row.private.clone()))
                .unwrap_or_default(),
            identity: planned.identity,
            stop: self.stop.clone(),
        };
        let Some(answer) = process.outcome.keep(of!(process, name, apply(request))) else {
            return;
        };
        let failed = answer.diagnostics.has_errors();
        process.outcome.add(answer.diagnostics);
        let object = filled(&answer.state, name);
        if object.is_null() {
            self.state.remove(name);
            return;
        }
        assert!(
            object.is_wholly_known(),
            "an apply leaves nothing unknown: {object:?}"
        );
        if !failed {
            compatible(&planned.planned, &object, name);
        }
        assert!(
            answer.identity.is_some(),
            "an applied object has an identity"
        );
        let private = answer.private.unwrap_or_default();
        self.state.insert(
            name.to_owned(),
            Row {
                object,
                private,
                identity: answer.identity,
            },
        );
    }

    /// `terraform import`, and the read that follows it.
    pub(crate) async fn import(&mut self, name: &str, key: ImportKey) -> Outcome {
        let mut process = self.process().await;
        let request = ImportRequest {
            key,
            stop: Stop::never(),
        };
        let Some(imported) = process.outcome.keep(of!(process, name, import(request))) else {
            return process.outcome;
        };
        let row = Row {
            object: filled(&imported.state, name),
            private: imported.private.unwrap_or_default(),
            identity: imported.identity,
        };
        let state = BTreeMap::from([(name.to_owned(), row)]);
        let read = process.refresh(state).await;
        self.state.extend(read);
        process.outcome
    }
}

impl Process {
    async fn refresh(&mut self, state: BTreeMap<String, Row>) -> BTreeMap<String, Row> {
        let mut read = BTreeMap::new();
        for (name, row) in state {
            let request = ReadRequest {
                state: row.object.clone(),
                private: row.private.clone(),
                identity: row.identity.clone(),
                stop: Stop::never(),
            };
            let Some(answer) = self.outcome.keep(of!(self, &name, read(request))) else {
                read.insert(name, row);
                continue;
            };
            self.outcome.add(answer.diagnostics);
            let object = filled(&answer.state, &name);
            if !object.is_null() {
                let private = answer.private.unwrap_or(row.private);
                let identity = answer.identity.or(row.identity);
                read.insert(
                    name,
                    Row {
                        object,
                        private,
                        identity,
                    },
                );
            }
        }
        read
    }

    async fn plan_all(&mut self, config: &Config, state: &BTreeMap<String, Row>) {
        for name in state.keys().filter(|name| !config.contains_key(*name)) {
            if self
                .plan(name, &Value::Null, state.get(name))
                .await
                .is_some()
            {
                self.outcome.actions.insert(name.clone(), Action::Delete);
            }
        }
        for (name, wanted) in config {
            let request = ValidateRequest {
                config: filled(wanted, name),
                stop: Stop::never(),
            };
            if self
                .outcome
                .keep(of!(self, name, validate(request)))
                .is_none()
            {
                continue;
            }
            let row = state.get(name);
            let Some(planned) = self.plan(name, wanted, row).await else {
                continue;
            };
            let action = match row {
                None => Action::Create,
                Some(_) if !planned.requires_replace.is_empty() => {
                    // The second leg of a replacement is planned as a creation.
                    if self.plan(name, wanted, None).await.is_none() {
                        continue;
                    }
                    Action::Replace
                }
                Some(row) if row.object == planned.planned => Action::Nothing,
                Some(_) => Action::Update,
            };
            self.outcome.actions.insert(name.clone(), action);
        }
    }

    /// One call of the plan with what core checks of its answer.
    async fn plan(&mut self, key: &str, config: &Value, row: Option<&Row>) -> Option<PlanResponse> {
        let prior = row.map(|row| row.object.clone()).unwrap_or_default();
        let config = filled(config, key);
        let mut proposed = config.clone();
        if !proposed.is_null() {
            let names = attribute_names(key);
            for name in names
                .iter()
                .filter(|name| COMPUTED.contains(&name.as_str()))
            {
                proposed.set(name, prior.get(name).clone());
            }
        }
        let request = PlanRequest {
            config: config.clone(),
            prior: prior.clone(),
            proposed,
            private: row.map(|row| row.private.clone()).unwrap_or_default(),
            identity: row.and_then(|row| row.identity.clone()),
            stop: Stop::never(),
        };
        let mut response = self.outcome.keep(of!(self, key, plan(request)))?;
        self.outcome.add(std::mem::take(&mut response.diagnostics));
        response.planned = filled(&response.planned, key);
        valid_plan(&prior, &config, &response.planned, key);
        Some(response)
    }
}

/// What goes comes last, and of that the mappings, as Terraform orders what depends on each other.
fn in_order(actions: &BTreeMap<String, Action>) -> impl Iterator<Item = (&String, Action)> {
    let goes = |action: &Action| *action == Action::Delete;
    let first = actions.iter().filter(move |(_, action)| !goes(action));
    let last = actions.iter().rev().filter(move |(_, action)| goes(action));
    first.chain(last).map(|(key, action)| (key, *action))
}

/// Adds the attributes that an answer left out, as null.
fn filled(object: &Value, key: &str) -> Value {
    if object.is_null() {
        return Value::Null;
    }
    attribute_names(key)
        .iter()
        .fold(object.clone(), |object, name| {
            let value = object.get(name).clone();
            object.with(name, value)
        })
}

fn attribute_names(key: &str) -> Vec<String> {
    let session = Arc::new(Session::new(Environment::default()));
    let schema = if is_mapping(key) {
        PciMapping::new(session).schema()
    } else {
        TalosVm::new(session).schema()
    };
    schema
        .attributes()
        .iter()
        .map(|attribute| attribute.name().to_owned())
        .collect()
}

/// Core: a planned value is that of the configuration, or the prior one if both are set; a computed
/// one is free where the configuration has none.
fn valid_plan(prior: &Value, config: &Value, planned: &Value, key: &str) {
    assert_eq!(
        config.is_null(),
        planned.is_null(),
        "a plan is null exactly for a delete"
    );
    if planned.is_null() {
        return;
    }
    for name in attribute_names(key)
        .iter()
        .filter(|name| !COMPUTED.contains(&name.as_str()))
    {
        let (config, planned, prior) = (config.get(name), planned.get(name), prior.get(name));
        let suppressed = !config.is_null() && !prior.is_null() && planned == prior;
        assert!(
            planned == config || suppressed,
            "{name}: {config:?} is planned as {planned:?}"
        );
    }
}

/// Core: what was planned and known is what comes out.
fn compatible(planned: &Value, made: &Value, key: &str) {
    for name in &attribute_names(key) {
        let planned = planned.get(name);
        assert!(
            planned.is_unknown() || planned == made.get(name),
            "{name}: {planned:?} became {:?}",
            made.get(name)
        );
    }
}
