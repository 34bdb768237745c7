//! Terraform's side of the protocol, for tests that drive a provider as Terraform does: over a
//! connection, with every value encoded.
//!
//! It asks for no certificate and offers none, so it talks to a server that was started without TLS.

mod connection;
mod state_json;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::connection::Connection;
pub use self::connection::Lost;
use crate::conform::conform;
use crate::data_source::ReadDataResponse;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::msgpack::{decode_msgpack, encode_msgpack};
use crate::path::AttributePath;
use crate::resource::{
    ApplyRequest, ApplyResponse, ImportKey, Imported, PlanRequest, PlanResponse, ReadRequest,
    ReadResponse,
};
use crate::ty::Type;
use crate::value::Value;
use crate::wire;

/// A connection to a provider, with its schema.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    schema: Arc<Types>,
}

/// The types of everything that is sent.
struct Types {
    provider: Type,
    resources: BTreeMap<String, Type>,
    data_sources: BTreeMap<String, Type>,
    identities: BTreeMap<String, Type>,
}

impl Client {
    /// Connects to the address of a handshake line and asks for the schema.
    pub async fn connect(handshake_line: &str) -> Result<Self, Lost> {
        let connection = Connection::open(handshake_line).await?;
        let schema: wire::GetProviderSchemaResponse = connection
            .call("GetProviderSchema", &wire::Empty {})
            .await?;
        let identities: wire::GetResourceIdentitySchemasResponse = connection
            .call("GetResourceIdentitySchemas", &wire::Empty {})
            .await?;
        let of_all = |schemas: BTreeMap<String, wire::Schema>| {
            let typed = schemas
                .into_iter()
                .map(|(name, schema)| Ok((name, types::of_schema(schema)?)));
            typed.collect::<Result<_, Lost>>()
        };
        let identities = identities.identity_schemas.into_iter();
        let types = Types {
            provider: types::of_schema(schema.provider.unwrap_or_default())?,
            resources: of_all(schema.resource_schemas)?,
            data_sources: of_all(schema.data_source_schemas)?,
            identities: identities
                .map(|(name, schema)| Ok((name, types::of_identity(schema)?)))
                .collect::<Result<_, Lost>>()?,
        };
        Ok(Self {
            connection,
            schema: Arc::new(types),
        })
    }

    /// Returns a value as the schema of a resource has it: what was left out is null.
    pub fn completed(&self, resource: &str, value: &Value) -> Result<Value, Lost> {
        fitting(self.resource(resource)?, value)
    }

    /// Configures the provider.
    pub async fn configure(&self, config: &Value) -> Result<Diagnostics, Lost> {
        let request = wire::ConfigureProviderRequest {
            terraform_version: String::new(),
            config: Some(encoded(&self.schema.provider, config)?),
        };
        let answer: wire::DiagnosticsResponse =
            self.connection.call("ConfigureProvider", &request).await?;
        Ok(told(answer.diagnostics))
    }

    /// Checks the configuration of a resource.
    pub async fn validate(&self, resource: &str, config: &Value) -> Result<Diagnostics, Lost> {
        let request = wire::TypedConfigRequest {
            type_name: resource.to_owned(),
            config: Some(encoded(self.resource(resource)?, config)?),
        };
        let answer: wire::DiagnosticsResponse = self
            .connection
            .call("ValidateResourceConfig", &request)
            .await?;
        Ok(told(answer.diagnostics))
    }

    /// Shows a state to the provider, as Terraform does before anything else.
    pub async fn upgrade(&self, resource: &str, state: &Value) -> Result<Diagnostics, Lost> {
        let json = state_json::of(state).to_string().into_bytes();
        let request = wire::UpgradeRequest {
            type_name: resource.to_owned(),
            version: 0,
            raw: Some(wire::RawState { json: json.into() }),
        };
        let answer: wire::StateResponse = self
            .connection
            .call("UpgradeResourceState", &request)
            .await?;
        Ok(told(answer.diagnostics))
    }

    /// Reads an object back.
    pub async fn read(&self, resource: &str, request: ReadRequest) -> Result<ReadResponse, Lost> {
        let ty = self.resource(resource)?;
        let request = wire::ReadResourceRequest {
            type_name: resource.to_owned(),
            current_state: Some(encoded(ty, &request.state)?),
            private: request.private,
            current_identity: self.sent_identity(resource, request.identity)?,
        };
        let answer: wire::ReadResourceResponse =
            self.connection.call("ReadResource", &request).await?;
        Ok(ReadResponse {
            state: decoded(ty, answer.new_state)?,
            private: Some(answer.private),
            identity: self.identity(resource, answer.new_identity)?,
            diagnostics: told(answer.diagnostics),
        })
    }

    /// Plans a change.
    pub async fn plan(&self, resource: &str, request: PlanRequest) -> Result<PlanResponse, Lost> {
        let ty = self.resource(resource)?;
        let request = wire::PlanResourceChangeRequest {
            type_name: resource.to_owned(),
            prior_state: Some(encoded(ty, &request.prior)?),
            proposed_new_state: Some(encoded(ty, &request.proposed)?),
            config: Some(encoded(ty, &request.config)?),
            prior_private: request.private,
            prior_identity: self.sent_identity(resource, request.identity)?,
        };
        let answer: wire::PlanResourceChangeResponse =
            self.connection.call("PlanResourceChange", &request).await?;
        let paths = answer.requires_replace.into_iter();
        Ok(PlanResponse {
            planned: decoded(ty, answer.planned_state)?,
            requires_replace: paths.map(AttributePath::from_wire).collect(),
            private: Some(answer.planned_private),
            identity: self.identity(resource, answer.planned_identity)?,
            diagnostics: told(answer.diagnostics),
        })
    }

    /// Makes a change.
    pub async fn apply(
        &self,
        resource: &str,
        request: ApplyRequest,
    ) -> Result<ApplyResponse, Lost> {
        let ty = self.resource(resource)?;
        let request = wire::ApplyResourceChangeRequest {
            type_name: resource.to_owned(),
            prior_state: Some(encoded(ty, &request.prior)?),
            planned_state: Some(encoded(ty, &request.planned)?),
            config: Some(encoded(ty, &request.config)?),
            planned_private: request.private,
            planned_identity: self.sent_identity(resource, request.identity)?,
        };
        let answer: wire::ApplyResourceChangeResponse = self
            .connection
            .call("ApplyResourceChange", &request)
            .await?;
        Ok(ApplyResponse {
            state: decoded(ty, answer.new_state)?,
            private: Some(answer.private),
            identity: self.identity(resource, answer.new_identity)?,
            diagnostics: told(answer.diagnostics),
        })
    }

    /// Imports an object.
    pub async fn import(&self, resource: &str, key: ImportKey) -> Result<Imported, Lost> {
        let ty = self.resource(resource)?;
        let (id, identity) = match key {
            ImportKey::Id(id) => (id, None),
            ImportKey::Identity(identity) => (String::new(), Some(identity)),
        };
        let request = wire::ImportResourceStateRequest {
            type_name: resource.to_owned(),
            id,
            identity: self.sent_identity(resource, identity)?,
        };
        let answer: wire::ImportResourceStateResponse = self
            .connection
            .call("ImportResourceState", &request)
            .await?;
        let imported = answer.imported_resources.into_iter().next();
        let imported = imported.unwrap_or_default();
        Ok(Imported {
            state: decoded(ty, imported.state)?,
            private: Some(imported.private),
            identity: self.identity(resource, imported.identity)?,
            diagnostics: told(answer.diagnostics),
        })
    }

    /// Reads a data source.
    pub async fn read_data(&self, name: &str, config: &Value) -> Result<ReadDataResponse, Lost> {
        let ty = known(&self.schema.data_sources, name)?;
        let request = wire::TypedConfigRequest {
            type_name: name.to_owned(),
            config: Some(encoded(ty, config)?),
        };
        let answer: wire::StateResponse = self.connection.call("ReadDataSource", &request).await?;
        Ok(ReadDataResponse {
            state: decoded(ty, answer.state)?,
            diagnostics: told(answer.diagnostics),
        })
    }

    /// Asks the provider to stop, as Terraform does on the first Ctrl-C.
    pub async fn stop(&self) -> Result<(), Lost> {
        let answer = self.connection.call("StopProvider", &wire::Empty {});
        answer.await.map(|_: wire::StopProviderResponse| ())
    }

    /// Cuts the connection without a word, as a killed Terraform does.
    pub fn cut(&self) {
        self.connection.cut();
    }

    fn resource(&self, name: &str) -> Result<&Type, Lost> {
        known(&self.schema.resources, name)
    }

    fn sent_identity(
        &self,
        resource: &str,
        identity: Option<Value>,
    ) -> Result<Option<wire::IdentityData>, Lost> {
        let (Some(ty), Some(identity)) = (self.schema.identities.get(resource), identity) else {
            return Ok(None);
        };
        let data = Some(encoded(ty, &identity)?);
        Ok(Some(wire::IdentityData { data }))
    }

    fn identity(
        &self,
        resource: &str,
        sent: Option<wire::IdentityData>,
    ) -> Result<Option<Value>, Lost> {
        let (Some(ty), Some(sent)) = (self.schema.identities.get(resource), sent) else {
            return Ok(None);
        };
        let identity = decoded(ty, sent.data)?;
        Ok((!identity.is_null()).then_some(identity))
    }
}

fn known<'a>(types: &'a BTreeMap<String, Type>, name: &str) -> Result<&'a Type, Lost> {
    types
        .get(name)
        .ok_or_else(|| Lost::odd(format!("the schema has no `{name}`")))
}

fn encoded(ty: &Type, value: &Value) -> Result<wire::DynamicValue, Lost> {
    Ok(wire::DynamicValue {
        msgpack: encode_msgpack(&fitting(ty, value)?).into(),
        ..wire::DynamicValue::default()
    })
}

/// What core would refuse to send is refused here, too.
fn fitting(ty: &Type, value: &Value) -> Result<Value, Lost> {
    let (value, problems) = conform(ty, value.clone());
    match problems.into_iter().next() {
        Some(problem) => Err(Lost::odd(problem.detail)),
        None => Ok(value),
    }
}

fn decoded(ty: &Type, sent: Option<wire::DynamicValue>) -> Result<Value, Lost> {
    let sent = sent.unwrap_or_default();
    if sent.msgpack.is_empty() {
        return Ok(Value::Null);
    }
    decode_msgpack(ty, &sent.msgpack).map_err(|error| Lost::odd(error.to_string()))
}

fn told(diagnostics: Vec<wire::Diagnostic>) -> Diagnostics {
    diagnostics.into_iter().map(Diagnostic::from_wire).collect()
}
