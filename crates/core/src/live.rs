//! The live host of an environment: where its own inputs say it is, else where the variables of the
//! process say.

use std::path::Path;

use contract::{InputValues, Value};
use host::{Access, AccessError, Environment, Host, Names, Settings, Unreachable};
use pve_api::cluster::EMBEDDED_REPOID;

use crate::check::{self, Request};
use crate::gate::HostKind;
use crate::inputs::InputError;

/// Why there is no live host to read.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The inputs cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// Nobody says where the host is, or what is said is wrong.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It cannot be used.
    #[error("{}. {}", .0.summary(), .0.detail())]
    Unreachable(Box<Unreachable>),
}

impl LiveError {
    /// Whether no access was given at all, so that there was nothing to try.
    pub fn is_without_access(&self) -> bool {
        matches!(self, Self::Access(error) if error.setting.is_none())
    }
}

/// What kind of host answers: embedded only where the host itself says so by what no real one says.
/// Everything else, one that cannot be asked included, counts as real.
pub async fn kind(host: &Host) -> HostKind {
    match host.client.version().await {
        Ok(version) if version.repoid == EMBEDDED_REPOID => HostKind::Embedded,
        Ok(_) | Err(_) => HostKind::Real,
    }
}

/// Settles which host an environment means; nothing is called yet.
pub fn access(request: Request<'_>, environment: &Environment) -> Result<Access, LiveError> {
    let values = check::input_values(request)?;
    let settings = settings(&values, request.root);
    Ok(host::settle(&settings, &Names::INPUTS, environment)?)
}

/// Reaches the host of an environment. Everything that follows reads.
pub async fn connect(request: Request<'_>, environment: &Environment) -> Result<Host, LiveError> {
    let access = access(request, environment)?;
    host::reach(access)
        .await
        .map_err(|error| LiveError::Unreachable(Box::new(error)))
}

fn settings(values: &InputValues, root: &Path) -> Settings {
    let text = |name: &str| match values.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let names = Names::INPUTS;
    Settings {
        endpoint: text(names.endpoint),
        token_id: text(names.token_id),
        token_secret: text(names.token_secret),
        username: text(names.username),
        password: text(names.password),
        // The provider runs in the directory of the environment.
        ca_file: text(names.ca_file).map(|file| root.join(file).display().to_string()),
        fingerprint: text(names.fingerprint),
        insecure: match values.get("proxmox_tls_insecure") {
            Some(Value::Bool(insecure)) => Some(*insecure),
            _ => None,
        },
    }
}
