//! The tests of a workshop as one program, and what it says of a mutant.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::weave::SWITCH;
use crate::failure::Failure;

/// These are slow, and asked only about what the others let pass.
const SLOW: &str = "layers::";

/// A mutant that goes on for so long has been noticed: it never ends.
const PATIENCE: Duration = Duration::from_mins(2);

/// Most memory of a mutant, in KiB: one that never ends may also grow.
const MEMORY: &str = "4194304";

/// The tests of one build.
pub(super) struct Program {
    path: PathBuf,
    /// The crate's folder, where tests run.
    folder: PathBuf,
}

impl Program {
    pub(super) const fn new(path: PathBuf, folder: PathBuf) -> Self {
        Self { path, folder }
    }

    /// Runs all tests and takes what they see for right, whether they pass otherwise.
    pub(super) fn writes_snapshots(&self) -> bool {
        let status = self.command(None).env("INSTA_UPDATE", "always").status();
        status.is_ok_and(|status| status.success())
    }

    /// Whether a test notices the mutant: the one with this number, or the one that the program was built with.
    pub(super) fn notices(&self, number: Option<usize>) -> Result<bool, Failure> {
        Ok(self.fails(number, &["--skip", SLOW])? || self.fails(number, &[SLOW])?)
    }

    fn fails(&self, number: Option<usize>, arguments: &[&str]) -> Result<bool, Failure> {
        let mut command = self.command(number);
        command.args(arguments).env("INSTA_UPDATE", "no");
        let failed = |source| Failure::Start {
            command: self.path.display().to_string(),
            source,
        };
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        let noticed = child.stdout.take().is_none_or(notices_early);
        if noticed {
            end(&mut child);
        }
        let status = child.wait().map_err(failed)?;
        Ok(noticed || !status.success())
    }

    fn command(&self, number: Option<usize>) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -v \"$0\"; exec \"$@\"", MEMORY])
            .arg(&self.path)
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("INSTA_WORKSPACE_ROOT", self.folder.join("../.."))
            .env_remove(SWITCH)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(number) = number {
            command.env(SWITCH, number.to_string());
        }
        command
    }
}

/// Whether a test fails, or none ends for too long: said as soon as it is known.
#[expect(
    clippy::disallowed_methods,
    reason = "who never ends is stopped by the clock"
)]
fn notices_early(output: ChildStdout) -> bool {
    let started = Instant::now();
    let lines = lines(output);
    loop {
        match lines.recv_timeout(PATIENCE.saturating_sub(started.elapsed())) {
            Ok(line) if line.ends_with("FAILED") => return true,
            Ok(_) => {}
            Err(error) => return error == std::sync::mpsc::RecvTimeoutError::Timeout,
        }
    }
}

/// The lines of an output as they come.
fn lines(output: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        // Nobody listens any more once a test has failed.
        lines
            .map(|line| sender.send(line))
            .take_while(Result::is_ok)
            .count()
    });
    receiver
}

/// A process that has ended by itself meanwhile is no error.
fn end(child: &mut Child) {
    drop(child.kill());
}
