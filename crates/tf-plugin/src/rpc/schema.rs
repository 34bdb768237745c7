//! What this provider offers.

use std::collections::BTreeMap;

use super::Caller;
use crate::plugin::Part;
use crate::wire;

pub(super) async fn get_provider_schema(
    caller: Caller,
    _: wire::Empty,
) -> wire::GetProviderSchemaResponse {
    wire::GetProviderSchemaResponse {
        provider: Some(caller.plugin.provider.schema.to_wire()),
        resource_schemas: schemas(&caller.plugin.resources),
        data_source_schemas: schemas(&caller.plugin.data_sources),
        diagnostics: Vec::new(),
        server_capabilities: Some(wire::ServerCapabilities {
            plan_destroy: true,
            get_provider_schema_optional: true,
            move_resource_state: true,
        }),
        functions: functions(&caller),
    }
}

pub(super) async fn get_resource_identity_schemas(
    caller: Caller,
    _: wire::Empty,
) -> wire::GetResourceIdentitySchemasResponse {
    let resources = caller.plugin.resources.iter();
    wire::GetResourceIdentitySchemasResponse {
        identity_schemas: resources
            .filter_map(|(name, part)| Some((name.clone(), part.identity.as_ref()?.0.to_wire())))
            .collect(),
        diagnostics: Vec::new(),
    }
}

pub(super) async fn get_functions(caller: Caller, _: wire::Empty) -> wire::GetFunctionsResponse {
    wire::GetFunctionsResponse {
        functions: functions(&caller),
        diagnostics: Vec::new(),
    }
}

fn schemas<T: ?Sized>(parts: &BTreeMap<String, Part<T>>) -> BTreeMap<String, wire::Schema> {
    parts
        .iter()
        .map(|(name, part)| (name.clone(), part.schema.to_wire()))
        .collect()
}

fn functions(caller: &Caller) -> BTreeMap<String, wire::Function> {
    let functions = caller.plugin.functions.iter();
    functions
        .map(|(name, part)| (name.clone(), part.signature.to_wire()))
        .collect()
}
