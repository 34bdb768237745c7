//! Whatever happens to the state, at most one restore or rebuild brings the environment back to "no changes", and no VM is
//! built anew.
//!
//! `cargo test` runs one round of each disaster. With `EM_INFRA_PROVE=full` it is two hundred drawn at random, as
//! `cargo xtask prove state --full` does.

use std::fmt;
use std::fs;
use std::ops::AddAssign;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use testkit::{proof, wait_until};

use crate::lab::{CHDIR, Lab};

/// Environments that live at the same time, each on a host of its own.
const AT_ONCE: u64 = 2;

/// Rounds of the whole proof.
const ROUNDS: usize = 200;

/// Built once and never again.
const LASTING: [u32; 3] = [8001, 8010, 8011];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disaster {
    KilledApply,
    Emptied,
    Truncated,
    Damaged,
    Deleted,
    OldCopy,
}

impl Disaster {
    const ALL: [Self; 6] = [
        Self::KilledApply,
        Self::Emptied,
        Self::Truncated,
        Self::Damaged,
        Self::Deleted,
        Self::OldCopy,
    ];

    /// Whether nothing is left that Terraform could work on.
    fn takes_all(self) -> bool {
        match self {
            Self::Emptied | Self::Deleted => true,
            Self::KilledApply | Self::Truncated | Self::Damaged | Self::OldCopy => false,
        }
    }
}

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// What came of the rounds.
#[derive(Debug, Default)]
struct Figures {
    rounds: usize,
    restored: usize,
    rebuilt: usize,
    without_help: usize,
    recovered: usize,
    vms_built_anew: usize,
    faults: Vec<String>,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.rounds += other.rounds;
        self.restored += other.restored;
        self.rebuilt += other.rebuilt;
        self.without_help += other.without_help;
        self.recovered += other.recovered;
        self.vms_built_anew += other.vms_built_anew;
        self.faults.extend(other.faults);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} disasters, {} recovered: {} by one restore, {} by one rebuild, {} by a plain rerun; {} VMs built anew",
            self.rounds,
            self.recovered,
            self.restored,
            self.rebuilt,
            self.without_help,
            self.vms_built_anew
        )
    }
}

/// What brought an environment back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Help {
    None,
    Restore,
    Rebuild,
}

/// An environment to which one disaster happens after the other.
struct Life {
    lab: Lab,
    dice: Dice,
    /// Copies of states from before.
    old: Vec<Vec<u8>>,
    /// The workers that the configuration wants; the third one comes and goes.
    workers: usize,
    arrivals: usize,
    departures: usize,
    an_apply_takes: Duration,
}

impl Life {
    fn begin(seed: u64) -> Self {
        let lab = Lab::initialised();
        lab.inputs("worker_count = 2\n");
        let mut life = Self {
            lab,
            dice: Dice(seed),
            old: Vec::new(),
            workers: 2,
            arrivals: 0,
            departures: 0,
            an_apply_takes: Duration::ZERO,
        };
        life.an_apply_takes = life.apply();
        life
    }

    fn round(&mut self, disaster: Disaster, figures: &mut Figures) {
        figures.rounds += 1;
        self.lab.em_infra(&["state", "snapshot"]).succeeded();
        self.old.push(fs::read(self.lab.state_path()).unwrap());
        let vault_is_lost = disaster.takes_all() && self.dice.below(3) == 0;
        if vault_is_lost {
            fs::remove_dir_all(self.lab.home().join(".local/state/em-infra/vault")).unwrap();
        }
        self.strike(disaster);
        match self.recover(disaster, vault_is_lost) {
            Ok(help) => {
                figures.recovered += 1;
                match help {
                    Help::None => figures.without_help += 1,
                    Help::Restore => figures.restored += 1,
                    Help::Rebuild => figures.rebuilt += 1,
                }
            }
            Err(why) => figures.faults.push(format!("{disaster:?}: {why}")),
        }
    }

    fn strike(&mut self, disaster: Disaster) {
        let mut bytes = fs::read(self.lab.state_path()).unwrap();
        match disaster {
            Disaster::KilledApply => self.kill_an_apply(),
            Disaster::Emptied => self.lab.set_live_state(Some(b"")),
            Disaster::Deleted => self.lab.set_live_state(None),
            Disaster::Truncated => {
                bytes.truncate(1 + self.dice.below(bytes.len() - 1));
                self.lab.set_live_state(Some(&bytes));
            }
            Disaster::Damaged => {
                for _ in 0..=self.dice.below(8) {
                    let at = self.dice.below(bytes.len());
                    bytes[at] = b' ' + u8::try_from(self.dice.below(95)).unwrap();
                }
                self.lab.set_live_state(Some(&bytes));
            }
            Disaster::OldCopy => {
                let copy = self.dice.below(self.old.len());
                let copy = self.old[copy].clone();
                self.lab.set_live_state(Some(&copy));
            }
        }
    }

    /// An apply that makes the third worker, or takes it away, ends in the middle.
    #[expect(
        clippy::disallowed_methods,
        reason = "the moment is drawn, so the clock is asked"
    )]
    fn kill_an_apply(&mut self) {
        self.workers = 5 - self.workers;
        self.arrivals += usize::from(self.workers == 3);
        self.departures += usize::from(self.workers == 2);
        self.lab
            .inputs(&format!("worker_count = {}\n", self.workers));
        let env = self.lab.env();
        let mut applying = self
            .lab
            .command(testkit::engine().program, &APPLY, &env)
            .process_group(0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let most = usize::try_from(self.an_apply_takes.as_millis()).unwrap();
        let moment = Duration::from_millis(self.dice.below(most) as u64);
        let started = Instant::now();
        wait_until("the moment has come", || {
            started.elapsed() >= moment || applying.try_wait().unwrap().is_some()
        });
        let group = Pid::from_raw(i32::try_from(applying.id()).unwrap());
        // Where the apply was faster there is nothing left to kill.
        killpg(group, Signal::SIGKILL).ok();
        applying.wait().unwrap();
    }

    /// What the guide says: where em-infra sees danger, or the plan is not empty, one command.
    fn recover(&mut self, disaster: Disaster, vault_is_lost: bool) -> Result<Help, String> {
        let status = self.lab.em_infra(&["state", "status"]);
        let mut help = match (status.code, vault_is_lost) {
            (Some(0), false) => Help::None,
            (Some(50), false) => self.restore()?,
            (Some(0 | 50), true) => self.rebuild()?,
            _ => return Err(format!("state status: {status:?}")),
        };
        if disaster == Disaster::KilledApply {
            self.apply();
        } else if help == Help::None && !self.rests() {
            help = self.restore()?;
        }
        if self.rests() {
            Ok(help)
        } else {
            Err(format!("changes are planned after {help:?}"))
        }
    }

    fn restore(&self) -> Result<Help, String> {
        let restore = |more: &[&str]| {
            let words = [
                "state",
                "restore",
                "latest",
                "--offline",
                "--format",
                "json",
            ];
            self.lab.em_infra(&[&words[..], more].concat())
        };
        let planned = restore(&["--dry-run"]);
        if planned.code != Some(0) {
            return Err(format!("{planned:?}"));
        }
        let done = restore(&["--confirm", &planned.json()["serial"].to_string()]);
        match done.code {
            Some(0) => Ok(Help::Restore),
            _ => Err(format!("{done:?}")),
        }
    }

    fn rebuild(&self) -> Result<Help, String> {
        let objects = (self.workers + 1).to_string();
        let done = self
            .lab
            .em_infra(&["state", "rebuild", "--confirm", &objects]);
        match done.code {
            Some(0) => Ok(Help::Rebuild),
            _ => Err(format!("{done:?}")),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long an apply takes is what is asked"
    )]
    fn apply(&self) -> Duration {
        let started = Instant::now();
        self.lab.terraform(&APPLY).succeeded();
        started.elapsed()
    }

    fn rests(&self) -> bool {
        let plan = [
            CHDIR,
            "plan",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
        ];
        self.lab.terraform(&plan).code == Some(0)
    }

    /// VMs that were cloned or deleted more often than the configuration asked for.
    fn built_anew(&self) -> usize {
        let writes = self.lab.writes();
        let clones = |vmid: u32| {
            let made = |write: &&pve_sim::Entry| {
                let newid = |(name, value): &(String, String)| {
                    name == "newid" && *value == vmid.to_string()
                };
                write.path.ends_with("/clone") && write.parameters.iter().any(newid)
            };
            writes.iter().filter(made).count()
        };
        let deletions = |vmid: u32| {
            let path = format!("/qemu/{vmid}");
            let gone =
                |write: &&pve_sim::Entry| write.method == "DELETE" && write.path.ends_with(&path);
            writes.iter().filter(gone).count()
        };
        let lasting = LASTING.map(|vmid| usize::from((clones(vmid), deletions(vmid)) != (1, 0)));
        let third = (clones(8012), deletions(8012)) != (self.arrivals, self.departures);
        lasting.iter().sum::<usize>() + usize::from(third)
    }
}

const APPLY: [&str; 5] = [CHDIR, "apply", "-input=false", "-no-color", "-auto-approve"];

fn live(seed: u64, disasters: &[Disaster]) -> Figures {
    let mut figures = Figures::default();
    let mut life = Life::begin(seed);
    for disaster in disasters {
        life.round(*disaster, &mut figures);
    }
    figures.vms_built_anew = life.built_anew();
    let verified = life.lab.em_infra(&["state", "verify"]);
    if verified.code != Some(0) {
        figures.faults.push(format!("the vault: {verified:?}"));
    }
    figures
}

fn drawn(seed: u64) -> Vec<Disaster> {
    let mut dice = Dice(seed ^ 0xd1ce);
    let rounds = ROUNDS / usize::try_from(AT_ONCE).unwrap();
    let draw = |_| Disaster::ALL[dice.below(Disaster::ALL.len())];
    (0..rounds).map(draw).collect()
}

#[test]
fn every_disaster_is_over_after_one_command() {
    let mut figures = Figures::default();
    if proof::is_full() {
        std::thread::scope(|scope| {
            let lives: Vec<_> = (0..AT_ONCE)
                .map(|seed| scope.spawn(move || live(seed, &drawn(seed))))
                .collect();
            for life in lives {
                figures += life.join().unwrap();
            }
        });
    } else {
        figures += live(0, &Disaster::ALL);
    }
    proof::figures(&figures);
    assert_eq!(figures.faults, Vec::<String>::new());
    assert_eq!(
        (figures.recovered, figures.vms_built_anew),
        (figures.rounds, 0)
    );
}
