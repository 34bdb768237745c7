//! How long a command takes, and the most memory that a provider below it had.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::interop::line_of;

/// What was seen of a command.
pub(super) struct Measured {
    pub(super) took: Duration,
    /// The most memory that one of the watched programs had, as the kernel keeps it.
    pub(super) peak_kib: u64,
}

/// Runs a command and watches the programs that it starts from below `folder`.
#[expect(clippy::disallowed_methods, reason = "it is the clock that is asked")]
pub(super) fn measured(mut command: Command, folder: &Path) -> Result<Measured, Failure> {
    let name = line_of(&command);
    let ended = AtomicBool::new(false);
    let started = Instant::now();
    let failed = |source| Failure::Start {
        command: name.clone(),
        source,
    };
    let mut child = command.spawn().map_err(failed)?;
    let (status, took, peak_kib) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| watch(folder, &ended));
        let status = child.wait();
        let took = started.elapsed();
        ended.store(true, Ordering::Relaxed);
        (status, took, watch.join().unwrap_or_default())
    });
    let status = status.map_err(failed)?;
    if !status.success() {
        return Err(Failure::Step {
            command: name,
            status,
        });
    }
    Ok(Measured { took, peak_kib })
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing says that another process has grown"
)]
fn watch(folder: &Path, ended: &AtomicBool) -> u64 {
    let mut peak = 0;
    while !ended.load(Ordering::Relaxed) {
        peak = programs(folder).fold(peak, u64::max);
        std::thread::sleep(Duration::from_millis(20));
    }
    peak
}

/// The peaks of the programs below a folder.
fn programs(folder: &Path) -> impl Iterator<Item = u64> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(move |entry| {
        let program = fs::read_link(entry.path().join("exe")).ok()?;
        if !program.starts_with(folder) {
            return None;
        }
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    })
}
