//! One case: an apply disturbed at one call, a plain rerun, and what has to hold then.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::time::Duration;

use pve_sim::FaultAction;

use super::calls::Call;
use super::environments::{Phase, STRANGE, plant};
use crate::bench::Bench;
use crate::terraform::{Config, Row};

/// What happens at the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The host answers with an error and does nothing.
    Fail,
    /// The host does it and the answer is lost.
    LoseAnswer,
    /// The provider is killed before the answer comes; Terraform keeps the rows that were finished.
    KillProvider,
    /// Terraform is killed and saved nothing; the provider ends when it sees that.
    KillTerraform,
}

impl Disturbance {
    pub(crate) const ALL: [Self; 4] = [
        Self::Fail,
        Self::LoseAnswer,
        Self::KillProvider,
        Self::KillTerraform,
    ];

    fn action(self) -> FaultAction {
        match self {
            Self::Fail => FaultAction::Status(500, "out of order".to_owned()),
            Self::LoseAnswer => FaultAction::CloseAfter,
            Self::KillProvider => FaultAction::SlowBody(Duration::from_hours(1)),
            // Long enough to be gone before the answer comes.
            Self::KillTerraform => FaultAction::SlowBody(Duration::from_millis(20)),
        }
    }
}

/// What came out of cases.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    cases: usize,
    converged: usize,
    foreign_writes: usize,
    pub(crate) faults: Vec<String>,
}

impl Figures {
    /// Cases with what was wrong in them, at most one fault in each.
    pub(crate) fn of(cases: usize, foreign_writes: usize, faults: Vec<String>) -> Self {
        Self {
            cases,
            converged: cases.saturating_sub(faults.len()),
            foreign_writes,
            faults,
        }
    }

    pub(crate) fn cases(&self) -> usize {
        self.cases
    }

    pub(crate) fn foreign_writes(&self) -> usize {
        self.foreign_writes
    }

    pub(crate) fn converged(&self) -> usize {
        self.converged
    }

    /// Says with each fault how to see it again.
    pub(crate) fn with_hint(mut self, again: &str) -> Self {
        for fault in &mut self.faults {
            *fault = format!("{fault}\nagain: {again}");
        }
        self
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.converged += other.converged;
        self.foreign_writes += other.foreign_writes;
        self.faults.extend(other.faults);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} run, {} converged with 0 orphans, 0 doubles, 0 rebuilt and an empty second plan; \
             {} writes to strangers",
            self.cases, self.converged, self.foreign_writes
        )
    }
}

/// One case of the matrix.
pub(crate) struct Case {
    phase: Phase,
    call: Arc<Call>,
    disturbance: Disturbance,
}

impl Case {
    pub(crate) fn new(phase: Phase, call: Arc<Call>, disturbance: Disturbance) -> Self {
        Self {
            phase,
            call,
            disturbance,
        }
    }

    pub(crate) async fn run(self) -> Figures {
        let mut bench = begun(self.phase).await;
        let strangers = strangers(&bench);
        let made = births(&bench);
        bench.sim.clear_journal();
        self.disturb(&mut bench).await;
        let after = self.phase.after();
        let mut faults = rerun(&mut bench, &after).await;
        faults.extend(wrong_vms(&bench, &after));
        faults.extend(rebuilt(&made, &births(&bench)));
        if strangers != self::strangers(&bench) {
            faults.push("a stranger was changed".to_owned());
        }
        let foreign_writes = foreign_writes(&bench);
        if foreign_writes > 0 {
            faults.push(format!("{foreign_writes} writes to strangers"));
        }
        let Self {
            phase,
            call,
            disturbance,
        } = self;
        let told = |fault| {
            let Call {
                method,
                pattern,
                nth,
            } = &*call;
            format!("{phase:?}, {disturbance:?} at {method} {pattern} no. {nth}: {fault}")
        };
        Figures {
            cases: 1,
            converged: usize::from(faults.is_empty()),
            foreign_writes,
            faults: faults.into_iter().map(told).collect(),
        }
    }

    /// Applies with the call disturbed.
    async fn disturb(&self, bench: &mut Bench) {
        bench.sim.fault(self.call.fault(self.disturbance.action()));
        let after = self.phase.after();
        let before: BTreeMap<String, Row> = bench.terraform.state.clone();
        let Bench { sim, terraform } = bench;
        let working = terraform.working.clone();
        let struck = self.call.made(sim.follow_journal());
        match self.disturbance {
            Disturbance::Fail | Disturbance::LoseAnswer => drop(terraform.apply(&after).await),
            Disturbance::KillProvider => {
                let killed = async {
                    struck.await;
                    working.kill();
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    _ = terraform.apply(&after) => {}
                    () = killed => {}
                }
            }
            Disturbance::KillTerraform => {
                tokio::select! {
                    _ = terraform.apply(&after) => {}
                    () = struck => working.leave_alone().await,
                }
                terraform.state = before;
            }
        }
        sim.clear_faults();
    }
}

/// A host with strangers, on which what comes before was applied, with every consent.
pub(crate) async fn begun(phase: Phase) -> Bench {
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    let outcome = bench.terraform.apply(&phase.before()).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.sim.edit(|world| {
        let marker = world.option(8010, "description");
        plant(world, marker.as_deref());
    });
    bench
}

async fn rerun(bench: &mut Bench, after: &Config) -> Vec<String> {
    let outcome = bench.terraform.apply(after).await;
    let mut faults = outcome.errors;
    for planned in [
        bench.terraform.plan(after).await,
        bench.terraform.plan_only(after).await,
    ] {
        faults.extend(planned.errors.iter().cloned());
        if !planned.changes().is_empty() {
            faults.push(format!("not empty: {:?}", planned.changes()));
        }
    }
    faults
}

/// Exactly the wanted VMs, PCI mappings and the strangers are there, and no volume is left over.
fn wrong_vms(bench: &Bench, after: &Config) -> Vec<String> {
    let wanted = after
        .values()
        .filter_map(|vm| u32::try_from(vm.get("vmid").as_number()?.as_u64()?).ok());
    let mut wanted: Vec<u32> = wanted.chain([9000]).chain(STRANGE).collect();
    wanted.sort_unstable();
    let (vms, volumes, mappings) = bench.sim.world(|world| {
        let vms: Vec<u32> = world.vms().map(|(vmid, _)| vmid).collect();
        let made = world.pci_mappings().map(|(id, _)| id.to_owned());
        let mappings: Vec<String> = made.filter(|id| id.starts_with("k3s-dev")).collect();
        (vms, world.volumes(), mappings)
    });
    let wanted_mappings = after.values().filter(|object| !object.get("bdf").is_null());
    let owned = |volume: &&String| {
        wanted
            .iter()
            .any(|vmid| volume.contains(&format!("-{vmid}-")))
    };
    let orphans: Vec<&String> = volumes.iter().filter(|volume| !owned(volume)).collect();
    let mut faults = Vec::new();
    if vms != wanted {
        faults.push(format!("VMs {vms:?} instead of {wanted:?}"));
    }
    if !orphans.is_empty() {
        faults.push(format!("orphaned volumes {orphans:?}"));
    }
    if mappings.len() != wanted_mappings.count() {
        faults.push(format!("PCI mappings {mappings:?}"));
    }
    faults
}

/// By which attempt each VM was made: another one means that it was made anew.
fn births(bench: &Bench) -> BTreeMap<u32, String> {
    let generation = |vmid| {
        let made = bench.sim.world(|world| world.option(vmid, "vmgenid"))?;
        Some((vmid, made))
    };
    (8010..8015).filter_map(generation).collect()
}

fn rebuilt(before: &BTreeMap<u32, String>, after: &BTreeMap<u32, String>) -> Vec<String> {
    before
        .iter()
        .filter(|(vmid, made)| after.get(vmid).is_some_and(|now| now != *made))
        .map(|(vmid, _)| format!("VM {vmid} was rebuilt"))
        .collect()
}

fn strangers(bench: &Bench) -> Vec<Option<BTreeMap<String, String>>> {
    bench
        .sim
        .world(|world| STRANGE.map(|vmid| world.config(vmid)).to_vec())
}

fn foreign_writes(bench: &Bench) -> usize {
    let strange = |path: &str| {
        path.split('/')
            .any(|part| STRANGE.iter().any(|vmid| part == vmid.to_string()))
    };
    let journal = bench.sim.journal();
    let writes = journal.iter().filter(|entry| entry.write);
    writes.filter(|entry| strange(&entry.path)).count()
}
