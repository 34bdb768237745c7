//! Data sources.

use super::Caller;
use super::codec::{decode, encode};
use super::provider::merged;
use crate::data_source::ReadDataRequest;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plugin::{Part, ServeDataSource};
use crate::provider::ValidateRequest;
use crate::wire;

const CONFIG: &str = "the configuration";

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
    let config = decode(&part.ty, request.config, CONFIG)?;
    part.handler
        .validate(ValidateRequest {
            config,
            stop: caller.stop(),
        })
        .await
}

pub(super) async fn read(caller: Caller, request: wire::TypedConfigRequest) -> wire::StateResponse {
    try_read(caller, request)
        .await
        .unwrap_or_else(|diagnostics| wire::StateResponse {
            state: None,
            diagnostics: diagnostics.to_wire(),
        })
}

async fn try_read(
    caller: Caller,
    request: wire::TypedConfigRequest,
) -> Result<wire::StateResponse, Diagnostics> {
    let part = part(&caller, &request.type_name)?;
    let config = decode(&part.ty, request.config, CONFIG)?;
    let read = part
        .handler
        .read(ReadDataRequest {
            config,
            stop: caller.stop(),
        })
        .await?;
    let mut diagnostics = read.diagnostics;
    let state = encode(&part.ty, read.state, &mut diagnostics);
    Ok(wire::StateResponse {
        state: Some(state),
        diagnostics: diagnostics.to_wire(),
    })
}

fn part<'a>(caller: &'a Caller, name: &str) -> Result<&'a Part<dyn ServeDataSource>, Diagnostics> {
    caller.plugin.data_sources.get(name).ok_or_else(|| {
        Diagnostic::error(format!("This provider has no data source `{name}`")).into()
    })
}
