//! What the user consented to for this run.

use tf_plugin::{Diagnostic, Known, Value};
use vm::Consent;

/// Consents of the provider block. One that is not known yet counts as withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// To restarting a running VM.
    pub(crate) restart: Consent,
    /// To destroying a VM and making it anew.
    pub(crate) rebuild: Consent,
    /// To destroying a control plane.
    pub(crate) destroy_control_planes: Consent,
    /// To taking over a VM of this environment that no state holds.
    pub(crate) take_over: Consent,
}

impl Policy {
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostic> {
        let flag = |name, unset: bool| match config.at().get::<Known<Option<bool>>>(name) {
            Ok(known) => Ok(known.now().map(|value| value.unwrap_or(unset))),
            Err(diagnostic) => Err(diagnostic),
        };
        let given = |value: Option<bool>, consenting: bool| match value {
            Some(value) if value == consenting => Consent::Given,
            Some(_) | None => Consent::Withheld,
        };
        Ok(Self {
            restart: given(flag("allow_restart", false)?, true),
            rebuild: given(flag("allow_rebuild", false)?, true),
            destroy_control_planes: given(flag("protect_control_planes", true)?, false),
            take_over: given(flag("take_over", true)?, true),
        })
    }
}
