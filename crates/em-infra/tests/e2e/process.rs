//! Programs that a test starts, and those that they start.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::lab::Said;

/// A program that runs beside the test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Sends a signal to all that it has started too, as a terminal does. Only for one with a process group of its own.
    pub(crate) fn signal_group(&self, signal: Signal) {
        killpg(self.pid(), signal).unwrap();
    }

    /// The one program that it waits for: Terraform.
    pub(crate) fn terraform(&self) -> Pid {
        only(processes().filter(|pid| parent(*pid) == Some(self.pid())))
    }

    /// Whether it has come to its end by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Whether SIGSTOP has reached it.
    pub(crate) fn is_held(&self) -> bool {
        stat(self.pid()).is_some_and(|stat| stat.starts_with(['T', 'Z']))
    }

    pub(crate) fn ended(self) -> Said {
        self.0.wait_with_output().unwrap().into()
    }
}

/// The processes whose program lies below `folder`.
pub(crate) fn started_from(folder: &Path) -> Vec<Pid> {
    let folder = folder.canonicalize().unwrap();
    let found = processes().filter(|pid| {
        let program = std::fs::read_link(format!("/proc/{pid}/exe"));
        program.is_ok_and(|program| program.starts_with(&folder))
    });
    found.collect()
}

/// Whether it still works or still holds its files and their locks. One that nobody has reaped does neither; but the
/// first thread of a killed process is dead before the others are, and the files are closed by the last.
pub(crate) fn is_alive(pid: Pid) -> bool {
    stat(pid).is_some_and(|stat| !stat.starts_with('Z') || threads(pid) > 1)
}

fn threads(pid: Pid) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

fn only(mut found: impl Iterator<Item = Pid>) -> Pid {
    match (found.next(), found.next()) {
        (Some(pid), None) => pid,
        other => panic!("one process was expected, not {other:?}"),
    }
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| {
        let name = entry.unwrap().file_name();
        Some(Pid::from_raw(name.to_str()?.parse().ok()?))
    })
}

fn parent(pid: Pid) -> Option<Pid> {
    let stat = stat(pid)?;
    let parent = stat.split(' ').nth(1).unwrap();
    Some(Pid::from_raw(parent.parse().unwrap()))
}

/// What the kernel says of it from its condition on; its name, which may hold anything, is left out.
fn stat(pid: Pid) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ").unwrap().1.to_owned())
}
