//! How long a snapshot of a state of 1 MiB takes, in clear and sealed, and how much memory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use files::{Mode, create_atomic};

use super::plan::{median, missed};
use crate::failure::Failure;
use crate::interop::run_step;
use crate::tidy::root;

/// Each takes a state that the vault does not have yet.
const ROUNDS: usize = 15;

const TIME: Duration = Duration::from_millis(100);
const PEAK_MIB: u64 = 40;

/// The public key of a pair of which nobody has the private one.
const RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// Prints the figures of the release build that the other figures come from.
#[expect(clippy::print_stdout, reason = "figures are data")]
pub(super) fn run() -> Result<(), Failure> {
    let bench = Bench::prepare()?;
    println!("{}", bench.figures("in clear", 0)?);
    let mut seal = bench.command("seal");
    seal.arg(RECIPIENT)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    run_step(seal)?;
    println!("{}", bench.figures("sealed", ROUNDS)?);
    Ok(())
}

struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn prepare() -> Result<Self, Failure> {
        let folder = root().join("target/bench/snapshot");
        files::remove_tree(&folder).map_err(Failure::Write)?;
        files::create_private_dirs(&folder.join("environment")).map_err(Failure::Write)?;
        Ok(Self { folder })
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new(root().join("target/release/em-infra"));
        command
            .args(["state", what, "--env"])
            .arg(self.folder.join("environment"))
            .arg("--vault")
            .arg(self.folder.join("vault"));
        command
    }

    fn figures(&self, how: &str, first: usize) -> Result<String, Failure> {
        let (mut times, mut peak) = (Vec::new(), 0);
        for serial in first..first + ROUNDS {
            let state = self.folder.join("environment/terraform.tfstate");
            create_atomic(&state, state_of(serial).as_bytes(), Mode::Private)
                .map_err(Failure::Write)?;
            let (took, kib) = timed(self.command("snapshot"))?;
            times.push(took);
            peak = peak.max(kib);
        }
        let (median, mib) = (median(&mut times), peak.div_ceil(1024));
        Ok(format!(
            "snapshot of a state of 1 MiB, {how}: {median:?}, bound {TIME:?}{}; {mib} MiB, bound {PEAK_MIB} MiB{}",
            missed(median <= TIME),
            missed(mib <= PEAK_MIB)
        ))
    }
}

/// Runs a command that lives for milliseconds; its memory is read as often as the system lets us.
#[expect(clippy::disallowed_methods, reason = "it is the clock that is asked")]
fn timed(mut command: Command) -> Result<(Duration, u64), Failure> {
    let name = format!("{command:?}");
    let failed = |source| Failure::Start {
        command: name.clone(),
        source,
    };
    let started = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_of(&status));
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status;
        }
    };
    let took = started.elapsed();
    if status.success() {
        Ok((took, peak))
    } else {
        Err(Failure::Step {
            command: name,
            status,
        })
    }
}

/// The most memory that a program had so far, in KiB; 0 where it is gone.
fn peak_of(status: &Path) -> u64 {
    let text = std::fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}

/// A state of a little more than 1 MiB that Terraform could have written.
fn state_of(serial: usize) -> String {
    let rows: Vec<String> = (0..256)
        .map(|number| {
            format!(
                r#"    {{"mode": "managed", "type": "eminfra_talos_vm", "name": "n{number}", "provider": "provider[\"p\"]", "instances": [
      {{"schema_version": 0, "attributes": {{"vmid": {}, "name": "n{number}", "notes": "{}"}}}}]}}"#,
                8000 + number,
                "x".repeat(4096)
            )
        })
        .collect();
    format!(
        "{{\n  \"version\": 4,\n  \"serial\": {serial},\n  \"lineage\": \"0f6d99d7-0000-4000-8000-000000000001\",\n  \"resources\": [\n{}\n  ]\n}}\n",
        rows.join(",\n")
    )
}
