//! Data sources.

use crate::diagnostic::Diagnostics;
use crate::provider::ValidateRequest;
use crate::schema::Schema;
use crate::stop::Stop;
use crate::value::Value;

/// A data source.
pub trait DataSource: Send + Sync + 'static {
    /// The full name, as in `data "NAME" "x"`.
    fn name(&self) -> String;

    /// The schema.
    fn schema(&self) -> Schema;

    /// Checks a configuration. It is called without `configure`, and values may be unknown.
    fn validate(
        &self,
        request: ValidateRequest,
    ) -> impl Future<Output = Result<Diagnostics, Diagnostics>> + Send {
        drop(request);
        async { Ok(Diagnostics::new()) }
    }

    /// Reads it.
    fn read(
        &self,
        request: ReadDataRequest,
    ) -> impl Future<Output = Result<ReadDataResponse, Diagnostics>> + Send;
}

/// A data source to read.
#[derive(Debug, Clone, Default)]
pub struct ReadDataRequest {
    /// The configuration, wholly known.
    pub config: Value,
    /// The wish to stop.
    pub stop: Stop,
}

/// What a data source read.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ReadDataResponse {
    /// The value of every attribute. One that is left out is null.
    pub state: Value,
    /// Warnings and errors.
    pub diagnostics: Diagnostics,
}

impl ReadDataResponse {
    /// A value and nothing to say.
    pub fn new(state: Value) -> Self {
        Self {
            state,
            diagnostics: Diagnostics::new(),
        }
    }
}
