//! One case: a run of Terraform that is disturbed at one call, the same run again, and what has to hold then.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use pve_sim::{FaultAction, World};
use testkit::wait_until;

use super::Figures;
use super::call::Call;
use super::phase::{OURS, Phase, STRANGE};
use crate::lab::{Lab, Said};
use crate::process::{Running, is_alive, started_from};

/// How long the answer takes during which somebody is killed: longer than it takes to notice the call.
const ANSWER: Duration = Duration::from_secs(2);

/// What happens at the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// The host answers with an error and does nothing.
    Fail,
    /// The host does it and the answer is lost.
    LoseAnswer,
    /// The provider is killed before the answer comes.
    KillProvider,
    /// So is Terraform; the rerun does not wait for the provider that was left alone.
    KillTerraform,
    /// The same in a moment in which Terraform saves: it empties its state before it writes it, so an empty file is left,
    /// which Terraform takes for no state at all.
    KillTerraformSaving,
}

/// One call disturbed in one way.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    call: Call,
    how: Disturbance,
}

impl Disturbance {
    /// What can be done at every call; that Terraform saves meanwhile is not sure at each.
    pub(crate) const ANYWHERE: [Self; 4] = [
        Self::Fail,
        Self::LoseAnswer,
        Self::KillProvider,
        Self::KillTerraform,
    ];

    fn action(self) -> FaultAction {
        match self {
            Self::Fail => FaultAction::Status(500, "out of order".to_owned()),
            Self::LoseAnswer => FaultAction::CloseAfter,
            Self::KillProvider | Self::KillTerraform | Self::KillTerraformSaving => {
                FaultAction::SlowBody(ANSWER)
            }
        }
    }
}

impl Case {
    pub(crate) const fn new(call: Call, how: Disturbance) -> Self {
        Self { call, how }
    }

    /// Disturbs the run of a phase, runs it again and looks.
    pub(crate) fn run(&self, lab: &Lab, phase: Phase) -> Figures {
        lab.sim.clear_journal();
        let strangers = lab.sim.world(strangers);
        self.disturb(lab, phase);
        let emptied = is_emptied(lab);
        let struck = self.call.is_in(&lab.sim.journal())
            && (emptied || self.how != Disturbance::KillTerraformSaving);
        let born = lab.sim.world(births);
        let mut faults = rerun(lab, phase, emptied);
        faults.extend(lab.sim.world(|world| wrong(world, phase)));
        faults.extend(rebuilt(&born, &lab.sim.world(births)));
        if lab.sim.world(self::strangers) != strangers {
            faults.push("a stranger was changed".to_owned());
        }
        faults.extend(foreign_writes(lab));
        let told = |fault| format!("{phase:?}, {:?} at {:?}: {fault}", self.how, self.call);
        Figures {
            run: 1,
            struck: usize::from(struck),
            emptied: usize::from(emptied),
            converged: usize::from(faults.is_empty()),
            faults: faults.into_iter().map(told).collect(),
        }
    }

    fn disturb(&self, lab: &Lab, phase: Phase) {
        lab.sim.fault(self.call.fault(self.how.action()));
        let mut terraform = lab.start_terraform(&phase.command());
        if matches!(
            self.how,
            Disturbance::KillProvider
                | Disturbance::KillTerraform
                | Disturbance::KillTerraformSaving
        ) {
            let called = || self.call.is_in(&lab.sim.journal()) || terraform.has_ended();
            wait_until("the call was made", called);
            self.kill(lab, &mut terraform);
        }
        terraform.ended();
        lab.sim.clear_faults();
    }

    fn kill(&self, lab: &Lab, terraform: &mut Running) {
        if terraform.has_ended() {
            return;
        }
        match self.how {
            Disturbance::KillTerraform => return terraform.signal(Signal::SIGKILL),
            Disturbance::KillTerraformSaving => return kill_saving(lab, terraform),
            Disturbance::Fail | Disturbance::LoseAnswer | Disturbance::KillProvider => {}
        }
        // Terraform runs one provider for the functions and one for the resources.
        for provider in started_from(&lab.home()) {
            let outcome = kill(provider, Signal::SIGKILL);
            assert!(
                matches!(outcome, Ok(()) | Err(Errno::ESRCH)),
                "one that has ended in the meantime is as good as killed: {outcome:?}"
            );
        }
    }
}

/// Holds Terraform still wherever its state is seen empty, and kills it if that still is so.
fn kill_saving(lab: &Lab, terraform: &mut Running) {
    while !terraform.has_ended() {
        if !is_emptied(lab) {
            continue;
        }
        terraform.signal(Signal::SIGSTOP);
        wait_until("Terraform holds still", || terraform.is_held());
        if is_emptied(lab) {
            return terraform.signal(Signal::SIGKILL);
        }
        terraform.signal(Signal::SIGCONT);
    }
}

fn is_emptied(lab: &Lab) -> bool {
    let state = std::fs::metadata(lab.root().join("terraform.tfstate"));
    state.is_ok_and(|state| state.len() == 0)
}

fn rerun(lab: &Lab, phase: Phase, emptied: bool) -> Vec<String> {
    let mut faults = unsuccessful("the rerun", &lab.terraform(&phase.command()));
    if emptied && phase == Phase::Delete {
        // An apply takes over what an emptied state has forgotten; a destroy has nothing to go by.
        faults.extend(tidy_up(lab));
    }
    for plan in phase.second_plans() {
        faults.extend(unsuccessful("a second plan", &lab.terraform(&plan)));
    }
    let tainted = lab.state().into_values().flatten();
    faults.extend(tainted.map(|status| format!("a VM is {status} in the state")));
    faults
}

fn unsuccessful(what: &str, said: &Said) -> Vec<String> {
    match said.code {
        Some(0) => Vec::new(),
        code => vec![format!(
            "{what} ended with {code:?}: {}{}",
            said.stdout, said.stderr
        )],
    }
}

/// What is left of the environment is named by `drift` and removed by `cleanup`, once the provider that was left alone has
/// ended.
fn tidy_up(lab: &Lab) -> Vec<String> {
    wait_until("the provider has ended", || {
        started_from(&lab.home())
            .into_iter()
            .all(|pid| !is_alive(pid))
    });
    wait_until("its tasks have ended", || {
        let is_over = |task: &pve_sim::TaskView| task.exitstatus.is_some();
        lab.sim.world(|world| world.tasks().iter().all(is_over))
    });
    let left: Vec<String> = lab
        .sim
        .world(births)
        .into_keys()
        .map(|vmid| vmid.to_string())
        .collect();
    let drift = lab.em_infra(&["drift"]);
    let is_unnamed =
        |vmid: &&String| !drift.stdout.contains(&format!("VM {vmid} ")) || drift.code != Some(21);
    let unnamed = left.iter().filter(is_unnamed);
    let mut faults: Vec<String> = unnamed
        .map(|vmid| format!("VM {vmid} is not named by drift: {drift:?}"))
        .collect();
    if !left.is_empty() {
        let cleanup = lab.em_infra(&["cleanup", "--confirm", &left.join(",")]);
        faults.extend(unsuccessful("cleanup", &cleanup));
    }
    faults
}

/// Whether exactly the VMs that are wanted and the strangers are there, those of ours run, and no volume is left over.
fn wrong(world: &World, phase: Phase) -> Vec<String> {
    let mut wanted: Vec<u32> = [9000].into_iter().chain(STRANGE).collect();
    if phase == Phase::Create {
        wanted.retain(|vmid| *vmid != 202);
    }
    wanted.extend(phase.leaves());
    wanted.sort_unstable();
    let there: Vec<u32> = world.vms().map(|(vmid, _)| vmid).collect();
    let mut faults = Vec::new();
    if there != wanted {
        faults.push(format!("VMs {there:?} instead of {wanted:?}"));
    }
    let is_still = |vmid: &u32| !world.vm(*vmid).is_some_and(pve_sim::Vm::is_running);
    faults.extend(
        phase
            .leaves()
            .iter()
            .copied()
            .filter(is_still)
            .map(|vmid| format!("VM {vmid} does not run")),
    );
    let is_owned = |volume: &String| {
        wanted
            .iter()
            .any(|vmid| volume.contains(&format!("-{vmid}-")))
    };
    let orphans = world.volumes().into_iter().filter(|one| !is_owned(one));
    faults.extend(orphans.map(|volume| format!("{volume} is left over")));
    faults
}

/// What Proxmox gave each VM of ours when it was made: another one means that it was made anew.
fn births(world: &World) -> BTreeMap<u32, String> {
    let made = |vmid: u32| Some((vmid, world.option(vmid, "vmgenid")?));
    OURS.into_iter().filter_map(made).collect()
}

fn rebuilt(before: &BTreeMap<u32, String>, after: &BTreeMap<u32, String>) -> Vec<String> {
    let is_another =
        |(vmid, made): &(&u32, &String)| after.get(vmid).is_some_and(|now| now != *made);
    let rebuilt = before.iter().filter(is_another);
    rebuilt
        .map(|(vmid, _)| format!("VM {vmid} was rebuilt"))
        .collect()
}

fn strangers(world: &World) -> BTreeMap<u32, BTreeMap<String, String>> {
    let options = |vmid: u32| Some((vmid, world.config(vmid)?));
    STRANGE.into_iter().filter_map(options).collect()
}

fn foreign_writes(lab: &Lab) -> Vec<String> {
    let is_foreign = |path: &str| {
        path.split('/')
            .any(|part| STRANGE.iter().any(|vmid| part == vmid.to_string()))
    };
    let writes = lab
        .writes()
        .into_iter()
        .filter(|write| is_foreign(&write.path));
    writes
        .map(|write| format!("{} {} was sent", write.method, write.path))
        .collect()
}
