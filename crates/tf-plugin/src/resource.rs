//! Managed resources.

use crate::decode::DecodeError;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::identity::IdentitySchema;
use crate::json::decode_json;
use crate::path::AttributePath;
use crate::provider::ValidateRequest;
use crate::schema::Schema;
use crate::stop::Stop;
use crate::ty::Type;
use crate::value::Value;

/// A managed resource.
///
/// States and plans are objects with the attributes of the schema; one that is left out of an answer is null.
/// Handlers run to their end even when Terraform is gone: [`Stop`] tells them.
pub trait Resource: Send + Sync + 'static {
    /// The full name, as in `resource "NAME" "x"`.
    fn name(&self) -> String;

    /// The schema.
    fn schema(&self) -> Schema;

    /// The schema of its identity, if it has one. Then every answer that carries a state should carry an
    /// identity.
    fn identity(&self) -> Option<IdentitySchema> {
        None
    }

    /// Checks a configuration. It is called without `configure`, and values may be unknown.
    fn validate(
        &self,
        request: ValidateRequest,
    ) -> impl Future<Output = Result<Diagnostics, Diagnostics>> + Send {
        drop(request);
        async { Ok(Diagnostics::new()) }
    }

    /// Sees each object of the state before anything else happens to it, also with `-refresh=false`.
    ///
    /// Terraform sends every one of them through the schema upgrade; this is the only call from which a provider
    /// can learn what the state holds.
    fn seen(&self, state: &Value) {
        let _: &Value = state;
    }

    /// Brings a state of another schema version to the current one. States of the current version never come
    /// here: they are answered as they are.
    fn upgrade(
        &self,
        request: UpgradeRequest,
    ) -> impl Future<Output = Result<Value, Diagnostics>> + Send {
        let current = self.schema().current_version();
        let summary = format!("Unable to upgrade the state of {}", self.name());
        let detail = format!(
            "The state has schema version {}, this provider knows version {current} alone. Use the \
             provider version that wrote the state, or a newer one.",
            request.version
        );
        async { Err(Diagnostic::error(summary).detail(detail).into()) }
    }

    /// Reads the object of a state. A null state in the answer says that it is gone.
    fn read(
        &self,
        request: ReadRequest,
    ) -> impl Future<Output = Result<ReadResponse, Diagnostics>> + Send;

    /// Says what an apply would do. It is called twice for each change, the second time in the process that
    /// applies, and the second answer may only turn unknown values into known ones.
    fn plan(
        &self,
        request: PlanRequest,
    ) -> impl Future<Output = Result<PlanResponse, Diagnostics>> + Send;

    /// Makes the change. After `Err` Terraform keeps the prior state: whatever was made is lost to it. To
    /// keep a part, answer `Ok` with the state of that part and errors beside it (then a new object is
    /// tainted) or warnings (then the next plan goes on from there).
    fn apply(
        &self,
        request: ApplyRequest,
    ) -> impl Future<Output = Result<ApplyResponse, Diagnostics>> + Send;

    /// Finds an existing object. A read follows.
    fn import(
        &self,
        request: ImportRequest,
    ) -> impl Future<Output = Result<Imported, Diagnostics>> + Send {
        drop(request);
        let summary = format!("{} cannot be imported", self.name());
        async { Err(Diagnostic::error(summary).into()) }
    }

    /// Takes over the state of another resource type (`moved { … }`).
    fn move_from(
        &self,
        request: MoveRequest,
    ) -> impl Future<Output = Result<Imported, Diagnostics>> + Send {
        let summary = format!("{} cannot be moved to {}", request.source_type, self.name());
        async { Err(Diagnostic::error(summary).into()) }
    }
}

/// What a plan or an apply is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// There is no object yet, or this is the second leg of a replacement.
    Create,
    /// There is one.
    Update,
    /// It is to go.
    Delete,
}

/// A state of another schema version.
#[derive(Debug, Clone, Default)]
pub struct UpgradeRequest {
    /// The schema version of the state.
    pub version: i64,
    /// The state as JSON.
    pub json: Vec<u8>,
    /// The wish to stop.
    pub stop: Stop,
}

/// An object to read.
#[derive(Debug, Clone, Default)]
pub struct ReadRequest {
    /// What the state knows.
    pub state: Value,
    /// What the provider kept beside the state.
    pub private: Vec<u8>,
    /// The identity, if the state has one.
    pub identity: Option<Value>,
    /// The wish to stop.
    pub stop: Stop,
}

/// An object as it is.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ReadResponse {
    /// The object; null if it is gone.
    pub state: Value,
    /// What to keep beside the state; `None` keeps what there was.
    pub private: Option<Vec<u8>>,
    /// The identity; `None` keeps what there was.
    pub identity: Option<Value>,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// A change to plan.
#[derive(Debug, Clone, Default)]
pub struct PlanRequest {
    /// The configuration; null for a delete. Values may be unknown.
    pub config: Value,
    /// The state before; null for a create.
    pub prior: Value,
    /// The configuration merged with the prior values of computed attributes; null for a delete.
    pub proposed: Value,
    /// What the provider kept beside the state.
    pub private: Vec<u8>,
    /// The identity, if the state has one.
    pub identity: Option<Value>,
    /// The wish to stop.
    pub stop: Stop,
}

/// A planned change.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct PlanResponse {
    /// The state after. What the provider does not know yet must be [`Value::Unknown`].
    pub planned: Value,
    /// The attributes whose change needs a new object.
    pub requires_replace: Vec<AttributePath>,
    /// What the apply gets as [`ApplyRequest::private`]; `None` hands on what there was.
    pub private: Option<Vec<u8>>,
    /// The identity, as far as known; `None` keeps what there was.
    pub identity: Option<Value>,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// A change to make.
#[derive(Debug, Clone, Default)]
pub struct ApplyRequest {
    /// The configuration; null for a delete. Wholly known.
    pub config: Value,
    /// The state before; null for a create.
    pub prior: Value,
    /// The planned state; null for a delete. Unknown where the plan left it to the apply.
    pub planned: Value,
    /// What the plan handed over.
    pub private: Vec<u8>,
    /// The planned identity, if there is one.
    pub identity: Option<Value>,
    /// The wish to stop.
    pub stop: Stop,
}

/// A change that was made, wholly or in part.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ApplyResponse {
    /// The state after; null when there is no object.
    pub state: Value,
    /// What to keep beside the state; `None` keeps what there was.
    pub private: Option<Vec<u8>>,
    /// The identity; `None` keeps what there was.
    pub identity: Option<Value>,
    /// Warnings and errors; a state beside an error is kept.
    pub diagnostics: Diagnostics,
}

/// What an import names its object by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportKey {
    /// The text of `terraform import ADDRESS TEXT` or `import { id = … }`.
    Id(String),
    /// The object of `import { identity = { … } }`.
    Identity(Value),
}

/// An object to import.
#[derive(Debug, Clone)]
pub struct ImportRequest {
    /// Its name.
    pub key: ImportKey,
    /// The wish to stop.
    pub stop: Stop,
}

/// An imported or moved object.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Imported {
    /// The object, as far as needed to read it.
    pub state: Value,
    /// What to keep beside the state; `None` keeps what there was.
    pub private: Option<Vec<u8>>,
    /// The identity; `None` keeps what there was.
    pub identity: Option<Value>,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

/// The state of another resource type.
#[derive(Debug, Clone, Default)]
pub struct MoveRequest {
    /// The address of its provider, as in `terraform.io/builtin/terraform`.
    pub source_provider: String,
    /// Its type.
    pub source_type: String,
    /// Its schema version.
    pub source_version: i64,
    /// Its state as JSON.
    pub source_json: Vec<u8>,
    /// What its provider kept beside the state.
    pub source_private: Vec<u8>,
    /// The wish to stop.
    pub stop: Stop,
}

impl UpgradeRequest {
    /// Reads the state by the type that its version had.
    pub fn state(&self, ty: &Type) -> Result<Value, DecodeError> {
        decode_json(ty, &self.json)
    }
}

impl PlanRequest {
    /// What it is about.
    pub fn change(&self) -> Change {
        change(&self.prior, &self.proposed)
    }
}

impl ApplyRequest {
    /// What it is about.
    pub fn change(&self) -> Change {
        change(&self.prior, &self.planned)
    }
}

fn change(prior: &Value, after: &Value) -> Change {
    match (prior.is_null(), after.is_null()) {
        (_, true) => Change::Delete,
        (true, false) => Change::Create,
        (false, false) => Change::Update,
    }
}

impl ReadResponse {
    /// An object with nothing beside it.
    pub fn new(state: Value) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }

    /// The object is gone: Terraform drops it from the state.
    pub fn gone() -> Self {
        Self::default()
    }
}

impl PlanResponse {
    /// A plan with nothing beside it.
    pub fn new(planned: Value) -> Self {
        Self {
            planned,
            ..Self::default()
        }
    }
}

impl ApplyResponse {
    /// A state with nothing beside it.
    pub fn new(state: Value) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }

    /// The object was deleted.
    pub fn deleted() -> Self {
        Self::default()
    }
}

impl Imported {
    /// A state with nothing beside it.
    pub fn new(state: Value) -> Self {
        Self {
            state,
            ..Self::default()
        }
    }
}

macro_rules! answers {
    ($($answer:ident)*) => {$(
        impl $answer {
            /// Sets the identity.
            pub fn with_identity(mut self, identity: Value) -> Self {
                self.identity = Some(identity);
                self
            }

            /// Sets what to keep beside the state.
            pub fn with_private(mut self, private: impl Into<Vec<u8>>) -> Self {
                self.private = Some(private.into());
                self
            }

            /// Adds a message.
            pub fn with_diagnostic(mut self, diagnostic: Diagnostic) -> Self {
                self.diagnostics.push(diagnostic);
                self
            }
        }
    )*};
}

answers! { ReadResponse PlanResponse ApplyResponse Imported }
