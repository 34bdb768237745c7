//! One root module and the engine that works on it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use files::Mode;

use crate::child::{self, Program, nameless};
use crate::command::{Argv, StateUse, option};
use crate::tail::Tail;
use crate::{Diagnostic, Engine, Env, Event, Exit, Heard, Interrupt, RunError, scrub};

/// The root module, the engine, and the directory for the output of its commands.
#[derive(Debug, Clone)]
pub struct Terraform {
    engine: Engine,
    root: PathBuf,
    logs: PathBuf,
    /// Where the state is, instead of where the backend keeps it.
    state: Option<PathBuf>,
    env: Env,
    scrubbed: Vec<String>,
    interrupt: Interrupt,
}

/// A command that Terraform finished, whatever the exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// What its stream said.
    pub heard: Heard,
    /// The file with everything it wrote to standard output.
    pub stdout: PathBuf,
    /// The file with everything it wrote to standard error.
    pub stderr: PathBuf,
}

/// Output that was captured without a file that has a name.
pub(crate) struct Captured {
    pub(crate) exit: Exit,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Terraform {
    /// `logs` gets the output of the commands: an existing directory that nobody else can read.
    pub fn new(
        engine: Engine,
        root: impl AsRef<Path>,
        logs: impl AsRef<Path>,
        env: &Env,
        interrupt: Interrupt,
    ) -> Result<Self, RunError> {
        let absolute = |path: &Path| {
            let failed = |source| RunError::NotRun {
                program: engine.program.clone(),
                source,
            };
            std::path::absolute(path).map_err(failed)
        };
        let (root, logs) = (absolute(root.as_ref())?, absolute(logs.as_ref())?);
        let (env, scrubbed) = scrub(env);
        Ok(Self {
            engine,
            root,
            logs,
            state: None,
            env,
            scrubbed,
            interrupt,
        })
    }

    /// The same with another state file: plans and applies read and write the one at `path`, which must be absolute, and
    /// leave the environment's own alone. Terraform warns that the option is deprecated.
    #[must_use]
    pub fn with_state(mut self, path: &Path) -> Self {
        self.state = Some(path.to_owned());
        self
    }

    /// Sets a variable for Terraform after the scrubbing.
    pub fn set_env(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.env.set(name, value);
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The root module's directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The environment Terraform gets.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Names of variables that were set and do not reach Terraform.
    pub fn scrubbed(&self) -> &[String] {
        &self.scrubbed
    }

    /// The handle that stops it.
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// The whole command line of a subcommand, for people: it can be pasted into a shell.
    pub fn command_line(&self, command: &dyn Argv) -> String {
        let program = self.engine.program.as_os_str();
        let argv = self.argv(command);
        let words = std::iter::once(program).chain(argv.iter().map(OsString::as_os_str));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// The files that get standard output and standard error of the command with this label.
    pub fn log_files(&self, label: &str) -> (PathBuf, PathBuf) {
        let file = |ending: &str| self.logs.join(format!("{label}.{ending}"));
        (file("stdout.jsonl"), file("stderr.txt"))
    }

    fn argv(&self, command: &dyn Argv) -> Vec<OsString> {
        let mut chdir = OsString::from("-chdir=");
        chdir.push(&self.root);
        let mut argv = vec![chdir];
        argv.extend(command.argv());
        if let (Some(state), StateUse::Takes) = (&self.state, command.state_use()) {
            // Flags go before the plan that `apply` ends with: after `-chdir` and the subcommand.
            argv.insert(2, option("state", state));
        }
        argv
    }

    fn program(&self, command: &dyn Argv) -> Program {
        let (path, argv) = (self.engine.program.clone(), self.argv(command));
        Program {
            path,
            argv,
            env: self.env.clone(),
        }
    }

    /// Runs a subcommand that prints the event stream. Its output stays in the logs, so a label is
    /// used once.
    pub(crate) fn stream(
        &self,
        command: &dyn Argv,
        label: &str,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Finished, RunError> {
        let program = self.program(command);
        let (stdout, stderr) = self.log_files(label);
        let streams = (
            files::new_file(&stdout, Mode::Private)?,
            files::new_file(&stderr, Mode::Private)?,
        );
        let failed = |source| RunError::NotRun {
            program: program.path.clone(),
            source,
        };
        let mut tail = Tail::open(&stdout).map_err(failed)?;
        let mut heard = Heard::default();
        let mut line = |text: &str| {
            let event = Event::parse(text);
            heard.take_in(&event);
            on_event(&event);
        };
        let mut broken = None;
        let mut follow = || {
            if let Err(error) = tail.read(&mut line) {
                broken.get_or_insert(error);
            }
        };
        let exit = child::run(&program, streams, &self.interrupt, &mut follow).map_err(failed)?;
        let exit = exit.ok_or(RunError::Interrupted {
            subcommand: command.subcommand(),
        })?;
        tail.finish(&mut line).map_err(failed)?;
        broken.map_or(
            Ok(Finished {
                exit,
                heard,
                stdout,
                stderr,
            }),
            |error| Err(failed(error)),
        )
    }

    /// Runs a subcommand that only reads and prints one document, which may hold secrets.
    pub(crate) fn capture(&self, command: &dyn Argv) -> Result<Captured, RunError> {
        let program = self.program(command);
        let failed = |source| RunError::NotRun {
            program: program.path.clone(),
            source,
        };
        let file = || nameless(&self.logs).map_err(failed);
        let (mut stdout, mut stderr) = (file()?, file()?);
        let streams = (
            stdout.try_clone().map_err(failed)?,
            stderr.try_clone().map_err(failed)?,
        );
        let exit = child::run(&program, streams, &self.interrupt, &mut || ()).map_err(failed)?;
        let exit = exit.ok_or(RunError::Interrupted {
            subcommand: command.subcommand(),
        })?;
        let read = |file: &mut fs::File| {
            let mut bytes = Vec::new();
            file.rewind()?;
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let stdout = read(&mut stdout).map_err(failed)?;
        Ok(Captured {
            exit,
            stdout,
            stderr: read(&mut stderr).map_err(failed)?,
        })
    }
}

impl Finished {
    /// The failure of a subcommand, with what was heard of its reasons.
    pub(crate) fn failure(self, subcommand: &'static str) -> RunError {
        let stderr = fs::read(&self.stderr).unwrap_or_default();
        let stderr = last_lines(&String::from_utf8_lossy(&stderr));
        let diagnostics = self.heard.diagnostics;
        RunError::Failed {
            subcommand,
            exit: self.exit,
            diagnostics,
            stderr,
        }
    }
}

impl Captured {
    /// The failure of a subcommand. Its document is not quoted, only standard error.
    pub(crate) fn failure(
        self,
        subcommand: &'static str,
        diagnostics: Vec<Diagnostic>,
    ) -> RunError {
        let stderr = last_lines(&self.stderr);
        RunError::Failed {
            subcommand,
            exit: self.exit,
            diagnostics,
            stderr,
        }
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_state_is_named_where_terraform_takes_one() {
        let engine = Engine {
            release: crate::Release {
                product: crate::Product::Terraform,
                version: semver::Version::new(1, 15, 5),
            },
            program: "terraform".into(),
            origin: crate::Origin::Argument,
        };
        let terraform = Terraform::new(engine, "/r", "/l", &Env::default(), Interrupt::default());
        let terraform = terraform.unwrap().with_state("/s".as_ref());
        let apply = crate::ApplyArgs {
            plan: "/p".into(),
            var_files: Vec::new(),
        };
        let argv = terraform.argv(&apply);
        assert_eq!(argv[..3], ["-chdir=/r", "apply", "-state=/s"]);
        assert_eq!(argv.last().unwrap(), "/p");
        let init = terraform.argv(&crate::InitArgs::default());
        assert!(!init.contains(&OsString::from("-state=/s")));
    }

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        let table = [
            ("-out=/a/b", "-out=/a/b"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ];
        for (word, expected) in table {
            assert_eq!(quoted(OsStr::new(word)), expected);
        }
    }

    #[test]
    fn only_the_last_lines_of_a_long_complaint_are_kept() {
        let text: Vec<String> = (0..30).map(|n| format!("line {n}\n\n")).collect();
        let kept = last_lines(&text.concat());
        assert_eq!(
            (kept.lines().count(), kept.lines().next()),
            (20, Some("line 10"))
        );
    }
}
