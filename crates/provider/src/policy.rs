//! What the user consented to for this run.

use tf_plugin::{Diagnostic, Known, Value};

/// Consents of the provider block. One that is not known yet counts as not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policy {
    /// A running VM may be restarted.
    pub(crate) allow_restart: bool,
    /// A VM may be destroyed and made anew.
    pub(crate) allow_rebuild: bool,
    /// Control planes are not destroyed.
    pub(crate) protect_control_planes: bool,
    /// VMs of this environment that no state holds are taken over.
    pub(crate) take_over: bool,
}

impl Policy {
    pub(crate) fn read(config: &Value) -> Result<Self, Diagnostic> {
        let config = config.at();
        let flag = |name, unset, unknown| {
            Ok(match config.get::<Known<Option<bool>>>(name)? {
                Known::Now(value) => value.unwrap_or(unset),
                Known::Later => unknown,
            })
        };
        Ok(Self {
            allow_restart: flag("allow_restart", false, false)?,
            allow_rebuild: flag("allow_rebuild", false, false)?,
            protect_control_planes: flag("protect_control_planes", true, true)?,
            take_over: flag("take_over", true, false)?,
        })
    }
}
