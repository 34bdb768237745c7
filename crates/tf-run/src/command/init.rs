//! `terraform init`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Argv, option, words};
use crate::{Event, Exit, Finished, RunError, Terraform};

/// Arguments of `init`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InitArgs {
    /// Whether locked provider versions may move.
    pub upgrade: Upgrade,
    /// Take providers from these directories only.
    pub plugin_dirs: Vec<PathBuf>,
}

/// Whether locked provider versions may move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Upgrade {
    /// Keep what the lock file names.
    #[default]
    Keep,
    /// Take the newest that the constraints allow.
    Newest,
}

impl Argv for InitArgs {
    fn subcommand(&self) -> &'static str {
        "init"
    }

    fn argv(&self) -> Vec<OsString> {
        let mut argv = words("init", &["-json", "-input=false", "-no-color"]);
        match self.upgrade {
            Upgrade::Keep => {}
            Upgrade::Newest => argv.push("-upgrade".into()),
        }
        argv.extend(
            self.plugin_dirs
                .iter()
                .map(|path| option("plugin-dir", path)),
        );
        argv
    }
}

impl Terraform {
    /// Prepares the root module: modules, providers, backend.
    pub fn init(
        &self,
        args: &InitArgs,
        label: &str,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Finished, RunError> {
        let finished = self.stream(args, label, on_event)?;
        match finished.exit {
            Exit::Code(0) => Ok(finished),
            Exit::Code(_) | Exit::Signal(_) => Err(finished.failure("init")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        let args = InitArgs {
            upgrade: Upgrade::Newest,
            plugin_dirs: vec!["/a b".into(), "/c".into()],
        };
        assert_eq!(
            InitArgs::default().argv(),
            ["init", "-json", "-input=false", "-no-color"]
        );
        assert_eq!(
            args.argv()[4..],
            ["-upgrade", "-plugin-dir=/a b", "-plugin-dir=/c"]
        );
    }
}
