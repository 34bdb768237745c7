//! The provider block, and the wish to stop.

use super::Caller;
use super::codec::decode;
use crate::diagnostic::Diagnostics;
use crate::provider::{ConfigureRequest, ValidateRequest};
use crate::stop::StopReason;
use crate::wire;

const CONFIG: &str = "the provider configuration";

pub(super) async fn validate(
    caller: Caller,
    request: wire::ValidateProviderConfigRequest,
) -> wire::ValidateProviderConfigResponse {
    let diagnostics = merged(try_validate(caller, request).await);
    wire::ValidateProviderConfigResponse {
        diagnostics: diagnostics.to_wire(),
    }
}

async fn try_validate(
    caller: Caller,
    request: wire::ValidateProviderConfigRequest,
) -> Result<Diagnostics, Diagnostics> {
    let part = &caller.plugin.provider;
    let config = decode(&part.ty, request.config, CONFIG)?;
    part.handler
        .validate(ValidateRequest {
            config,
            stop: caller.stop(),
        })
        .await
}

pub(super) async fn configure(
    caller: Caller,
    request: wire::ConfigureProviderRequest,
) -> wire::DiagnosticsResponse {
    let diagnostics = merged(try_configure(caller, request).await);
    wire::DiagnosticsResponse {
        diagnostics: diagnostics.to_wire(),
    }
}

async fn try_configure(
    caller: Caller,
    request: wire::ConfigureProviderRequest,
) -> Result<Diagnostics, Diagnostics> {
    let part = &caller.plugin.provider;
    let request = ConfigureRequest {
        terraform_version: request.terraform_version,
        config: decode(&part.ty, request.config, CONFIG)?,
        stop: caller.stop(),
    };
    part.handler.configure(request).await
}

pub(super) async fn stop(caller: Caller, _: wire::Empty) -> wire::StopProviderResponse {
    tracing::info!("Terraform asks to stop");
    caller.stopper.stop(StopReason::Asked);
    wire::StopProviderResponse::default()
}

pub(super) fn merged(result: Result<Diagnostics, Diagnostics>) -> Diagnostics {
    result.unwrap_or_else(|diagnostics| diagnostics)
}
