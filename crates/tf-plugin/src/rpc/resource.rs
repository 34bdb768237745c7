//! Managed resources.

use super::Caller;
use super::codec::{decode, encode};
use super::provider::merged;
use crate::decode::DecodeError;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::json::{decode_json, prune};
use crate::path::AttributePath;
use crate::plugin::{Part, ServeResource};
use crate::provider::ValidateRequest;
use crate::resource::{
    ApplyRequest, ImportKey, ImportRequest, Imported, MoveRequest, PlanRequest, ReadRequest,
    UpgradeRequest,
};
use crate::value::Value;
use crate::wire;

type ResourcePart = Part<dyn ServeResource>;

/// Answers with what a handler returned, or with the diagnostics alone.
macro_rules! answer_with {
    ($($name:ident($request:ident) -> $response:ident = $attempt:ident;)*) => {$(
        pub(super) async fn $name(caller: Caller, request: wire::$request) -> wire::$response {
            $attempt(caller, request).await.unwrap_or_else(|diagnostics| wire::$response {
                diagnostics: diagnostics.to_wire(),
                ..wire::$response::default()
            })
        }
    )*};
}

answer_with! {
    upgrade(UpgradeRequest) -> StateResponse = try_upgrade;
    read(ReadResourceRequest) -> ReadResourceResponse = try_read;
    plan(PlanResourceChangeRequest) -> PlanResourceChangeResponse = try_plan;
    apply(ApplyResourceChangeRequest) -> ApplyResourceChangeResponse = try_apply;
    import(ImportResourceStateRequest) -> ImportResourceStateResponse = try_import;
    move_from(MoveResourceStateRequest) -> MoveResourceStateResponse = try_move;
}

pub(super) async fn validate(
    caller: Caller,
    request: wire::TypedConfigRequest,
) -> wire::DiagnosticsResponse {
    let diagnostics = merged(try_validate(caller, request).await);
    wire::DiagnosticsResponse {
        diagnostics: diagnostics.to_wire(),
    }
}

async fn try_validate(
    caller: Caller,
    request: wire::TypedConfigRequest,
) -> Result<Diagnostics, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let config = decode(&part.ty, request.config, "the configuration")?;
    part.handler
        .validate(ValidateRequest {
            config,
            stop: caller.stop(),
        })
        .await
}

async fn try_upgrade(
    caller: Caller,
    request: wire::UpgradeRequest,
) -> Result<wire::StateResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let json = request.raw.unwrap_or_default().json;
    if request.version == part.schema.current_version() {
        return current(part, json);
    }
    let stop = caller.stop();
    let request = UpgradeRequest {
        version: request.version,
        json: json.into(),
        stop,
    };
    let state = part.handler.upgrade(request).await?;
    part.handler.seen(&state);
    let mut diagnostics = Diagnostics::new();
    let state = encode(&part.ty, state, &mut diagnostics);
    Ok(wire::StateResponse {
        state: Some(state),
        diagnostics: diagnostics.to_wire(),
    })
}

/// A state of the current version goes back as it came, but for attributes that no longer exist: Terraform is
/// the better judge of its own JSON.
fn current(part: &ResourcePart, json: bytes::Bytes) -> Result<wire::StateResponse, Diagnostics> {
    let pruned = prune(&part.ty, &json).map_err(|error| unreadable(&error))?;
    let json = pruned.map_or(json, bytes::Bytes::from);
    match decode_json(&part.ty, &json) {
        Ok(state) => part.handler.seen(&state),
        Err(error) => tracing::warn!(%error, "a state does not fit its schema"),
    }
    let state = wire::DynamicValue {
        json,
        ..wire::DynamicValue::default()
    };
    Ok(wire::StateResponse {
        state: Some(state),
        diagnostics: Vec::new(),
    })
}

fn unreadable(error: &DecodeError) -> Diagnostics {
    let diagnostic = Diagnostic::error("Unable to decode the state");
    diagnostic
        .detail(format!("{error}."))
        .at(error.path().clone())
        .into()
}

pub(super) async fn upgrade_identity(
    caller: Caller,
    request: wire::UpgradeRequest,
) -> wire::UpgradeResourceIdentityResponse {
    current_identity(&caller, request).unwrap_or_else(|diagnostics| {
        wire::UpgradeResourceIdentityResponse {
            upgraded_identity: None,
            diagnostics: diagnostics.to_wire(),
        }
    })
}

fn current_identity(
    caller: &Caller,
    request: wire::UpgradeRequest,
) -> Result<wire::UpgradeResourceIdentityResponse, Diagnostics> {
    let part = part(caller, &request.type_name)?;
    let current = part
        .identity
        .as_ref()
        .map(|(schema, _)| schema.current_version());
    if current != Some(request.version) {
        let summary = format!("Unable to upgrade the identity of {}", request.type_name);
        let detail = format!(
            "This provider does not know identity version {}.",
            request.version
        );
        return Err(Diagnostic::error(summary).detail(detail).into());
    }
    let json = request.raw.unwrap_or_default().json;
    let data = Some(wire::DynamicValue {
        json,
        ..wire::DynamicValue::default()
    });
    Ok(wire::UpgradeResourceIdentityResponse {
        upgraded_identity: Some(wire::IdentityData { data }),
        diagnostics: Vec::new(),
    })
}

async fn try_read(
    caller: Caller,
    request: wire::ReadResourceRequest,
) -> Result<wire::ReadResourceResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let request = ReadRequest {
        state: decode(&part.ty, request.current_state, "the state")?,
        private: request.private,
        identity: part.decode_identity(request.current_identity)?,
        stop: caller.stop(),
    };
    let (private, identity) = (request.private.clone(), request.identity.clone());
    let read = part.handler.read(request).await?;
    let mut diagnostics = read.diagnostics;
    let identity = kept_identity(&read.state, read.identity, identity);
    Ok(wire::ReadResourceResponse {
        new_state: Some(encode(&part.ty, read.state, &mut diagnostics)),
        private: read.private.unwrap_or(private),
        new_identity: part.encode_identity(identity, &mut diagnostics),
        diagnostics: diagnostics.to_wire(),
    })
}

async fn try_plan(
    caller: Caller,
    request: wire::PlanResourceChangeRequest,
) -> Result<wire::PlanResourceChangeResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let request = PlanRequest {
        config: decode(&part.ty, request.config, "the configuration")?,
        prior: decode(&part.ty, request.prior_state, "the state")?,
        proposed: decode(&part.ty, request.proposed_new_state, "the proposed state")?,
        private: request.prior_private,
        identity: part.decode_identity(request.prior_identity)?,
        stop: caller.stop(),
    };
    let (private, identity) = (request.private.clone(), request.identity.clone());
    let plan = part.handler.plan(request).await?;
    let mut diagnostics = plan.diagnostics;
    let identity = kept_identity(&plan.planned, plan.identity, identity);
    Ok(wire::PlanResourceChangeResponse {
        planned_state: Some(encode(&part.ty, plan.planned, &mut diagnostics)),
        requires_replace: plan
            .requires_replace
            .iter()
            .map(AttributePath::to_wire)
            .collect(),
        planned_private: plan.private.unwrap_or(private),
        planned_identity: part.encode_identity(identity, &mut diagnostics),
        diagnostics: diagnostics.to_wire(),
    })
}

async fn try_apply(
    caller: Caller,
    request: wire::ApplyResourceChangeRequest,
) -> Result<wire::ApplyResourceChangeResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let request = ApplyRequest {
        config: decode(&part.ty, request.config, "the configuration")?,
        prior: decode(&part.ty, request.prior_state, "the state")?,
        planned: decode(&part.ty, request.planned_state, "the planned state")?,
        private: request.planned_private,
        identity: part.decode_identity(request.planned_identity)?,
        stop: caller.stop(),
    };
    let (private, identity) = (request.private.clone(), request.identity.clone());
    let applied = part.handler.apply(request).await?;
    let mut diagnostics = applied.diagnostics;
    let identity = kept_identity(&applied.state, applied.identity, identity);
    Ok(wire::ApplyResourceChangeResponse {
        new_state: Some(encode(&part.ty, applied.state, &mut diagnostics)),
        private: applied.private.unwrap_or(private),
        new_identity: part.encode_identity(identity, &mut diagnostics),
        diagnostics: diagnostics.to_wire(),
    })
}

async fn try_import(
    caller: Caller,
    request: wire::ImportResourceStateRequest,
) -> Result<wire::ImportResourceStateResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let identity = part.decode_identity(request.identity)?;
    let key = identity
        .clone()
        .map_or(ImportKey::Id(request.id), ImportKey::Identity);
    let imported = part
        .handler
        .import(ImportRequest {
            key,
            stop: caller.stop(),
        })
        .await?;
    let mut diagnostics = imported.diagnostics;
    let identity = kept_identity(&imported.state, imported.identity, identity);
    let resource = wire::ImportedResource {
        type_name: request.type_name,
        state: Some(encode(&part.ty, imported.state, &mut diagnostics)),
        private: imported.private.unwrap_or_default(),
        identity: part.encode_identity(identity, &mut diagnostics),
    };
    Ok(wire::ImportResourceStateResponse {
        imported_resources: vec![resource],
        diagnostics: diagnostics.to_wire(),
    })
}

async fn try_move(
    caller: Caller,
    request: wire::MoveResourceStateRequest,
) -> Result<wire::MoveResourceStateResponse, Diagnostics> {
    let part = part(&caller, &request.target_type_name)?;
    let request = MoveRequest {
        source_provider: request.source_provider_address,
        source_type: request.source_type_name,
        source_version: request.source_schema_version,
        source_json: request.source_state.unwrap_or_default().json.into(),
        source_private: request.source_private,
        stop: caller.stop(),
    };
    let Imported {
        state,
        private,
        identity,
        mut diagnostics,
    } = part.handler.move_from(request).await?;
    Ok(wire::MoveResourceStateResponse {
        target_state: Some(encode(&part.ty, state, &mut diagnostics)),
        target_private: private.unwrap_or_default(),
        target_identity: part.encode_identity(identity, &mut diagnostics),
        diagnostics: diagnostics.to_wire(),
    })
}

/// An object that is no more has no identity; otherwise the handler's word counts, then what there was.
fn kept_identity(state: &Value, said: Option<Value>, before: Option<Value>) -> Option<Value> {
    if state.is_null() {
        None
    } else {
        said.or(before)
    }
}

fn part<'a>(caller: &'a Caller, name: &str) -> Result<&'a ResourcePart, Diagnostics> {
    caller
        .plugin
        .resources
        .get(name)
        .ok_or_else(|| Diagnostic::error(format!("This provider has no resource `{name}`")).into())
}
