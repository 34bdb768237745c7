//! One file per subcommand: its arguments as data, its argument vector, its result.

mod apply;
mod destroy;
mod init;
mod output;
mod plan;
mod show;
mod validate;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use apply::ApplyArgs;
pub use destroy::DestroyArgs;
pub use init::{InitArgs, Upgrade};
pub use output::{OutputArgs, OutputValue};
pub use plan::{PlanArgs, PlanKind, Planned, ReadObjects};
pub use show::ShowArgs;
pub use validate::{ValidateArgs, Validation};

/// The argument vector of a subcommand, after `-chdir`.
pub trait Argv {
    /// The subcommand.
    fn subcommand(&self) -> &'static str;
    /// The subcommand and its arguments.
    fn argv(&self) -> Vec<OsString>;
    /// Whether it takes `-state`.
    fn state_use(&self) -> StateUse {
        StateUse::Refuses
    }
}

/// Whether a subcommand can be given another state file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateUse {
    /// It can.
    Takes,
    /// It cannot.
    Refuses,
}

/// How long Terraform waits for a state that another one has locked.
const LOCK_TIMEOUT: &str = "-lock-timeout=60s";

/// `command`, then `words`.
fn words(command: &str, words: &[&str]) -> Vec<OsString> {
    std::iter::once(command)
        .chain(words.iter().copied())
        .map(OsString::from)
        .collect()
}

/// `-name=path`.
pub(crate) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(format!("-{name}="));
    option.push(path);
    option
}

fn var_files(paths: &[PathBuf]) -> impl Iterator<Item = OsString> {
    paths.iter().map(|path| option("var-file", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a lock Terraform says "Apply complete!" over a state that it could not save.
    #[test]
    fn no_command_goes_without_the_lock() {
        let plan = PlanArgs::to_file("/p".as_ref());
        let apply = ApplyArgs {
            plan: "/p".into(),
            var_files: Vec::new(),
        };
        let commands: [&dyn Argv; 7] = [
            &InitArgs::default(),
            &plan,
            &apply,
            &DestroyArgs::default(),
            &ShowArgs::default(),
            &OutputArgs,
            &ValidateArgs,
        ];
        for command in commands {
            let argv = command.argv();
            let unlocked = argv
                .iter()
                .any(|word| word.to_string_lossy().starts_with("-lock="));
            assert!(!unlocked, "{argv:?}");
            let waits = argv.contains(&LOCK_TIMEOUT.into());
            assert_eq!(
                waits,
                ["plan", "apply", "destroy"].contains(&command.subcommand())
            );
        }
    }
}
