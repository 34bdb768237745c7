//! The provider block.

use crate::diagnostic::Diagnostics;
use crate::schema::Schema;
use crate::stop::Stop;
use crate::value::Value;

/// What the provider block configures.
///
/// What its resources need (a client, a cache) they share with it through an `Arc` given to both when the
/// [`Plugin`](crate::Plugin) is put together; `configure` fills it.
///
/// In every handler `Err` carries errors thrown with `?`; `Ok` carries warnings, or errors gathered on the way.
pub trait Provider: Send + Sync + 'static {
    /// The schema of the provider block.
    fn schema(&self) -> Schema;

    /// Checks the configuration. It is called without `configure`, and values may be unknown.
    fn validate(
        &self,
        request: ValidateRequest,
    ) -> impl Future<Output = Result<Diagnostics, Diagnostics>> + Send {
        drop(request);
        async { Ok(Diagnostics::new()) }
    }

    /// Takes the configuration over. Values may be unknown during plan: then this must not fail.
    fn configure(
        &self,
        request: ConfigureRequest,
    ) -> impl Future<Output = Result<Diagnostics, Diagnostics>> + Send;
}

/// A configuration to check.
#[derive(Debug, Clone, Default)]
pub struct ValidateRequest {
    /// The configuration as written; values may be unknown.
    pub config: Value,
    /// The wish to stop.
    pub stop: Stop,
}

/// A provider block to take over.
#[derive(Debug, Clone, Default)]
pub struct ConfigureRequest {
    /// The version of the Terraform that calls.
    pub terraform_version: String,
    /// The configuration; values may be unknown during plan.
    pub config: Value,
    /// The wish to stop.
    pub stop: Stop,
}
