//! The resource `eminfra_talos_vm`.

mod apply;
mod decode;
mod drive;
mod encode;
mod import;
mod mapped;
mod pending;
mod plan;
mod pool;
pub(crate) mod quorum;
mod read;
mod schema;

use std::sync::Arc;

use pve_api::{NodeName, VmId};
use tf_plugin::{
    ApplyRequest, ApplyResponse, Diagnostics, IdentitySchema, ImportRequest, Imported, PlanRequest,
    PlanResponse, ReadRequest, ReadResponse, Resource, Schema, ValidateRequest, Value,
};

use crate::session::Session;

/// The resource `eminfra_talos_vm`.
pub struct TalosVm {
    session: Arc<Session>,
}

impl TalosVm {
    /// The resource of a process.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

impl Resource for TalosVm {
    fn name(&self) -> String {
        "eminfra_talos_vm".to_owned()
    }

    fn schema(&self) -> Schema {
        schema::resource()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(schema::identity())
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        decode::config(&request.config).map(|_| Diagnostics::new())
    }

    fn seen(&self, state: &Value) {
        if let Some((node, vmid)) = place(state) {
            self.session.saw(node, vmid);
        }
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        read::read(&self.session, request).await
    }

    async fn plan(&self, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        plan::plan(&self.session, request).await
    }

    async fn apply(&self, request: ApplyRequest) -> Result<ApplyResponse, Diagnostics> {
        apply::apply(&self.session, request).await
    }

    async fn import(&self, request: ImportRequest) -> Result<Imported, Diagnostics> {
        import::import(&self.session, request).await
    }
}

/// Returns node and VMID of a state.
fn place(state: &Value) -> Option<(NodeName, VmId)> {
    let node = NodeName::new(state.get("node").as_str()?).ok()?;
    let vmid = u32::try_from(state.get("vmid").as_number()?.as_u64()?).ok()?;
    Some((node, VmId::new(vmid).ok()?))
}
