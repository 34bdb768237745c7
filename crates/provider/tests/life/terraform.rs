//! What Terraform does with a provider, without Terraform: refresh, plan, apply in processes of
//! their own, a state, and the rules that core enforces on every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tf_plugin::client::{Client, Lost};
use tf_plugin::{
    ApplyRequest, Diagnostic, Diagnostics, ImportKey, PlanRequest, PlanResponse, ReadRequest,
    Severity, Value,
};
use tokio::task::JoinSet;

use crate::process::{Process, Working};

const COMPUTED: [&str; 5] = ["id", "existing", "device_id", "subsystem_id", "iommu_group"];

/// A configuration: resource instances by key.
pub(crate) type Config = BTreeMap<String, Value>;

/// One environment with its state.
pub(crate) struct Terraform {
    block: Value,
    pub(crate) state: BTreeMap<String, Row>,
    /// How many objects are changed at the same time.
    pub(crate) parallelism: usize,
    /// The provider that works just now.
    pub(crate) working: Working,
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
    planned: BTreeMap<String, Value>,
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// An answer that carries diagnostics.
trait Answer {
    fn diagnostics(&mut self) -> &mut Diagnostics;
}

macro_rules! answers {
    ($($answer:ident),*) => {
        $(impl Answer for tf_plugin::$answer {
            fn diagnostics(&mut self) -> &mut Diagnostics {
                &mut self.diagnostics
            }
        })*
    };
}

answers!(
    PlanResponse,
    ReadResponse,
    ApplyResponse,
    Imported,
    ReadDataResponse
);

impl Answer for Diagnostics {
    fn diagnostics(&mut self) -> &mut Diagnostics {
        self
    }
}

impl Outcome {
    fn add(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
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

    fn join(&mut self, other: Self) {
        self.actions.extend(other.actions);
        self.errors.extend(other.errors);
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// Takes what an answer says; gives the answer if there was one. One with an error may still
    /// carry an object.
    fn hear<T: Answer>(&mut self, answer: Result<T, Lost>) -> Option<T> {
        match answer {
            Ok(mut answer) => {
                self.add(std::mem::take(answer.diagnostics()));
                Some(answer)
            }
            Err(lost) => {
                self.errors.push(lost.to_string());
                None
            }
        }
    }

    /// The same for answers that count only without an error.
    fn keep<T: Answer>(&mut self, answer: Result<T, Lost>) -> Option<T> {
        let before = self.errors.len();
        let answer = self.hear(answer);
        answer.filter(|_| self.errors.len() == before)
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

/// Resources by key: `mapping/…` is a PCI mapping, all others are VMs. Mappings are made before the
/// VMs and removed after them.
fn is_mapping(key: &str) -> bool {
    key.starts_with("mapping/")
}

fn resource(key: &str) -> &'static str {
    if is_mapping(key) {
        "eminfra_pci_mapping"
    } else {
        "eminfra_talos_vm"
    }
}

/// What one apply does, in the order in which objects depend on each other: each group after the
/// one before.
fn in_order(actions: &BTreeMap<String, Action>) -> [Vec<(String, Action)>; 4] {
    let group = |mapping: bool, goes: bool| {
        let ours = actions.iter().filter(|(key, action)| {
            is_mapping(key) == mapping
                && (**action == Action::Delete) == goes
                && **action != Action::Nothing
        });
        ours.map(|(key, action)| (key.clone(), *action)).collect()
    };
    [
        group(true, false),
        group(false, false),
        group(false, true),
        group(true, true),
    ]
}

/// A plan with what it was made from, to be applied later.
pub(crate) struct Plan {
    pub(crate) outcome: Outcome,
    config: Config,
    refreshed: BTreeMap<String, Row>,
}

impl Terraform {
    pub(crate) fn new(block: Value) -> Self {
        Self {
            block,
            state: BTreeMap::new(),
            parallelism: 1,
            working: Working::default(),
        }
    }

    /// The same environment in the hands of somebody else.
    pub(crate) fn copy(&self) -> Self {
        Self {
            block: self.block.clone(),
            state: self.state.clone(),
            parallelism: self.parallelism,
            working: Working::default(),
        }
    }

    pub(crate) fn set(&mut self, argument: &str, value: impl Into<Value>) {
        self.block.set(argument, value);
    }

    /// Starts a provider, configures it and shows it the state.
    async fn process(&self, outcome: &mut Outcome) -> Client {
        let process = Arc::new(Process::start().await);
        let client = process.client.clone();
        self.working.set(Some(process));
        outcome.keep(client.configure(&self.block).await);
        for (key, row) in &self.state {
            outcome.keep(client.upgrade(resource(key), &row.object).await);
        }
        client
    }

    /// Plans with refresh.
    pub(crate) async fn plan(&mut self, config: &Config) -> Outcome {
        self.planned(config, true).await.outcome
    }

    /// Plans without refresh.
    pub(crate) async fn plan_only(&mut self, config: &Config) -> Outcome {
        self.planned(config, false).await.outcome
    }

    /// Plans with refresh, to apply it later.
    pub(crate) async fn saved_plan(&self, config: &Config) -> Plan {
        self.planned(config, true).await
    }

    async fn planned(&self, config: &Config, refresh: bool) -> Plan {
        let mut outcome = Outcome::default();
        let client = self.process(&mut outcome).await;
        let mut state = self.state.clone();
        if refresh && outcome.errors.is_empty() {
            state = refreshed(&client, state, &mut outcome).await;
        }
        if outcome.errors.is_empty() {
            plan_all(&client, config, &state, &mut outcome).await;
        }
        self.working.set(None);
        Plan {
            outcome,
            config: config.clone(),
            refreshed: state,
        }
    }

    /// Plans, and applies in another process when the plan has no error.
    pub(crate) async fn apply(&mut self, config: &Config) -> Outcome {
        let plan = self.planned(config, true).await;
        self.apply_plan(plan).await
    }

    /// Applies a plan.
    pub(crate) async fn apply_plan(&mut self, plan: Plan) -> Outcome {
        let Plan {
            mut outcome,
            config,
            refreshed,
        } = plan;
        if !outcome.errors.is_empty() {
            return outcome;
        }
        self.state = refreshed;
        let client = self.process(&mut outcome).await;
        for group in in_order(&outcome.actions) {
            // What depends on something that failed is not begun.
            if outcome.errors.is_empty() {
                self.apply_group(&client, group, &config, &mut outcome)
                    .await;
            }
        }
        self.working.set(None);
        outcome
    }

    async fn apply_group(
        &mut self,
        client: &Client,
        group: Vec<(String, Action)>,
        config: &Config,
        outcome: &mut Outcome,
    ) {
        let mut running = JoinSet::new();
        for (key, action) in group {
            if running.len() >= self.parallelism {
                self.take_in(one_of(&mut running).await, outcome);
            }
            let change = Change {
                client: client.clone(),
                config: config.get(&key).cloned().unwrap_or_default(),
                row: self.state.get(&key).cloned(),
                planned: outcome.planned.remove(&key),
                key,
                action,
            };
            running.spawn(change.carry_out());
        }
        while !running.is_empty() {
            self.take_in(one_of(&mut running).await, outcome);
        }
    }

    fn take_in(&mut self, (key, row, told): Changed, outcome: &mut Outcome) {
        outcome.join(told);
        match row {
            Some(row) => self.state.insert(key, row),
            None => self.state.remove(&key),
        };
    }

    /// `terraform import`, and the read that follows it.
    pub(crate) async fn import(&mut self, key: &str, by: ImportKey) -> Outcome {
        let mut outcome = Outcome::default();
        let client = self.process(&mut outcome).await;
        if let Some(imported) = outcome.keep(client.import(resource(key), by).await) {
            let row = Row {
                object: imported.state,
                private: imported.private.unwrap_or_default(),
                identity: imported.identity,
            };
            let state = BTreeMap::from([(key.to_owned(), row)]);
            let read = refreshed(&client, state, &mut outcome).await;
            self.state.extend(read);
        }
        self.working.set(None);
        outcome
    }

    /// Reads a data source.
    pub(crate) async fn data(&mut self, name: &str, config: Value) -> (Value, Outcome) {
        let mut outcome = Outcome::default();
        let client = self.process(&mut outcome).await;
        let read = outcome.keep(client.read_data(name, &config).await);
        self.working.set(None);
        (read.map(|read| read.state).unwrap_or_default(), outcome)
    }

    /// The attributes that a refresh finds changed, by key.
    pub(crate) async fn drift(&self, config: &Config) -> BTreeMap<String, BTreeSet<String>> {
        let refreshed = self.planned(config, true).await.refreshed;
        let changed = |(key, row): (&String, &Row)| {
            let now = refreshed.get(key)?.object.as_map()?;
            let before = row.object.as_map()?;
            let names = before
                .iter()
                .filter(|(name, is)| now.get(*name) != Some(*is));
            Some((key.clone(), names.map(|(name, _)| name.clone()).collect()))
        };
        self.state.iter().filter_map(changed).collect()
    }
}

/// An object, what the state holds of it now, and what was said.
type Changed = (String, Option<Row>, Outcome);

async fn one_of(running: &mut JoinSet<Changed>) -> Changed {
    let done = running.join_next().await;
    done.expect("one runs").expect("no panic")
}

/// One object on its way.
struct Change {
    client: Client,
    key: String,
    action: Action,
    config: Value,
    row: Option<Row>,
    /// What the plan said, where it is one plan for one call.
    planned: Option<Value>,
}

impl Change {
    async fn carry_out(self) -> Changed {
        let mut outcome = Outcome::default();
        let mut row = self.row.clone();
        if matches!(self.action, Action::Delete | Action::Replace) {
            row = self.once(&Value::Null, row, &mut outcome).await;
        }
        if self.action != Action::Delete && outcome.errors.is_empty() {
            row = self.once(&self.config, row, &mut outcome).await;
        }
        (self.key, row, outcome)
    }

    /// Plans once more and applies, as core does; gives what the state holds then.
    async fn once(&self, config: &Value, row: Option<Row>, outcome: &mut Outcome) -> Option<Row> {
        let planned = plan_one(&self.client, &self.key, config, row.as_ref(), outcome).await;
        let Some(planned) = planned else {
            return row;
        };
        if let Some(first) = self.planned.as_ref().filter(|_| !config.is_null())
            && !is_compatible(first, &planned.planned)
        {
            outcome.errors.push(format!(
                "Provider produced inconsistent final plan: {} is not as planned",
                self.key
            ));
            return row;
        }
        let private = row.as_ref().map(|row| row.private.clone());
        let request = ApplyRequest {
            config: config.clone(),
            prior: row
                .as_ref()
                .map(|row| row.object.clone())
                .unwrap_or_default(),
            planned: planned.planned.clone(),
            private: planned.private.or(private).unwrap_or_default(),
            identity: planned.identity,
            ..ApplyRequest::default()
        };
        let errors = outcome.errors.len();
        let answer = self.client.apply(resource(&self.key), request).await;
        let Some(answer) = outcome.hear(answer) else {
            return row;
        };
        let failed = outcome.errors.len() > errors;
        // Core: without an object and with an error, the prior one stays.
        if answer.state.is_null() {
            return row.filter(|_| failed);
        }
        assert!(
            answer.state.is_wholly_known(),
            "an apply leaves nothing unknown: {:?}",
            answer.state
        );
        if !failed {
            compatible(&planned.planned, &answer.state);
        }
        assert!(
            answer.identity.is_some(),
            "an applied object has an identity"
        );
        Some(Row {
            object: answer.state,
            private: answer.private.unwrap_or_default(),
            identity: answer.identity,
        })
    }
}

async fn refreshed(
    client: &Client,
    state: BTreeMap<String, Row>,
    outcome: &mut Outcome,
) -> BTreeMap<String, Row> {
    let mut read = BTreeMap::new();
    for (key, row) in state {
        let request = ReadRequest {
            state: row.object.clone(),
            private: row.private.clone(),
            identity: row.identity.clone(),
            ..ReadRequest::default()
        };
        match outcome.keep(client.read(resource(&key), request).await) {
            None => drop(read.insert(key, row)),
            Some(answer) if answer.state.is_null() => {}
            Some(answer) => {
                let row = Row {
                    object: answer.state,
                    private: answer.private.unwrap_or(row.private),
                    identity: answer.identity.or(row.identity),
                };
                read.insert(key, row);
            }
        }
    }
    read
}

async fn plan_all(
    client: &Client,
    config: &Config,
    state: &BTreeMap<String, Row>,
    outcome: &mut Outcome,
) {
    for key in state.keys().filter(|key| !config.contains_key(*key)) {
        let planned = plan_one(client, key, &Value::Null, state.get(key), outcome).await;
        if planned.is_some() {
            outcome.actions.insert(key.clone(), Action::Delete);
        }
    }
    for (key, wanted) in config {
        let valid = client.validate(resource(key), wanted).await;
        if outcome.keep(valid).is_none() {
            continue;
        }
        if let Some(action) = action(client, key, wanted, state.get(key), outcome).await {
            outcome.actions.insert(key.clone(), action);
        }
    }
}

async fn action(
    client: &Client,
    key: &str,
    wanted: &Value,
    row: Option<&Row>,
    outcome: &mut Outcome,
) -> Option<Action> {
    let planned = plan_one(client, key, wanted, row, outcome).await?;
    if planned.requires_replace.is_empty() {
        outcome
            .planned
            .insert(key.to_owned(), planned.planned.clone());
    }
    Some(match row {
        None => Action::Create,
        Some(_) if !planned.requires_replace.is_empty() => {
            // The second leg of a replacement is planned as a creation.
            drop(plan_one(client, key, wanted, None, outcome).await?);
            Action::Replace
        }
        Some(row) if row.object == planned.planned => Action::Nothing,
        Some(_) => Action::Update,
    })
}

/// One call of the plan with what core checks of its answer.
async fn plan_one(
    client: &Client,
    key: &str,
    config: &Value,
    row: Option<&Row>,
    outcome: &mut Outcome,
) -> Option<PlanResponse> {
    let prior = row.map(|row| row.object.clone()).unwrap_or_default();
    let config = client
        .completed(resource(key), config)
        .expect("a configuration that fits the schema");
    let mut proposed = config.clone();
    if let Value::Map(attributes) = &mut proposed {
        for name in COMPUTED {
            if let Some(value) = attributes.get_mut(name) {
                *value = prior.get(name).clone();
            }
        }
    }
    let request = PlanRequest {
        config: config.clone(),
        prior: prior.clone(),
        proposed,
        private: row.map(|row| row.private.clone()).unwrap_or_default(),
        identity: row.and_then(|row| row.identity.clone()),
        ..PlanRequest::default()
    };
    let response = outcome.keep(client.plan(resource(key), request).await)?;
    valid_plan(&prior, &config, &response.planned);
    Some(response)
}

/// Core: a planned value is that of the configuration, or the prior one if both are set; a computed
/// one is free where the configuration has none.
fn valid_plan(prior: &Value, config: &Value, planned: &Value) {
    assert_eq!(
        config.is_null(),
        planned.is_null(),
        "a plan is null exactly for a delete"
    );
    let attributes = config.as_map().into_iter().flatten();
    for (name, config) in attributes.filter(|(name, _)| !COMPUTED.contains(&name.as_str())) {
        let (planned, prior) = (planned.get(name), prior.get(name));
        let suppressed = !config.is_null() && !prior.is_null() && planned == prior;
        assert!(
            planned == config || suppressed,
            "{name}: {config:?} is planned as {planned:?}"
        );
    }
}

/// Core: what was planned and known stays so when it is planned once more before the apply.
fn is_compatible(first: &Value, again: &Value) -> bool {
    let mut attributes = first.as_map().into_iter().flatten();
    attributes.all(|(name, first)| first.is_unknown() || first == again.get(name))
}

/// Core: what was planned and known is what comes out.
fn compatible(planned: &Value, made: &Value) {
    for (name, planned) in planned.as_map().into_iter().flatten() {
        assert!(
            planned.is_unknown() || planned == made.get(name),
            "{name}: {planned:?} became {:?}",
            made.get(name)
        );
    }
}
