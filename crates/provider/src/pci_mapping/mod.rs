//! The resource `eminfra_pci_mapping`: a name for a PCI device, by which an API token may pass it to
//! a VM.
//!
//! A mapping has no identity but its name, so its description says whose it is, from the one call
//! that makes it on. One without that mark is never changed or removed.

mod apply;
mod mapping;
mod plan;
mod read;

use std::sync::Arc;

use tf_plugin::{
    ApplyRequest, ApplyResponse, Attribute, Diagnostics, IdentityAttribute, IdentitySchema,
    ImportRequest, Imported, PlanRequest, PlanResponse, ReadRequest, ReadResponse, Resource,
    Schema, Type, ValidateRequest, Value,
};

use crate::session::Session;

/// The resource `eminfra_pci_mapping`.
pub struct PciMapping {
    session: Arc<Session>,
}

impl PciMapping {
    /// The resource of a process.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

impl Resource for PciMapping {
    fn name(&self) -> String {
        "eminfra_pci_mapping".to_owned()
    }

    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("name")
                .required()
                .describe("The name of the mapping, unique on the host. Another name is another mapping."),
            Attribute::string("env_name")
                .required()
                .describe("The environment that the mapping belongs to."),
            Attribute::string("node")
                .required()
                .describe("The node that has the device."),
            Attribute::string("bdf").required().describe(
                "The PCI address, as in `0000:01:00.0`; without a function, as in `0000:01:00`, all \
                 functions of the device.",
            ),
            Attribute::string("device_id")
                .computed()
                .describe("Vendor and device, as in `10de:2204`: Proxmox compares them at each start."),
            Attribute::string("subsystem_id")
                .computed()
                .describe("Vendor and number of the board, if the device has them."),
            Attribute::string("iommu_group")
                .computed()
                .describe("The IOMMU group of the device."),
        ])
        .describe(
            "A PCI resource mapping for one device. An API token cannot pass a device through by its \
             address; by a mapping it can.",
        )
    }

    fn identity(&self) -> Option<IdentitySchema> {
        let name = IdentityAttribute::required("name", Type::String);
        Some(IdentitySchema::new([
            name.describe("The name of the mapping.")
        ]))
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        mapping::config(&request.config).map(|_| Diagnostics::new())
    }

    fn seen(&self, state: &Value) {
        if let Some(Ok(id)) = state.get("name").as_str().map(str::parse) {
            self.session.saw_mapping(id);
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
        read::import(&self.session, request).await
    }
}
