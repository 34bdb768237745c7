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
use crate::process::{Running, started_from};

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
}

/// One call disturbed in one way.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    call: Call,
    how: Disturbance,
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
            Self::KillProvider | Self::KillTerraform => FaultAction::SlowBody(ANSWER),
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
        let struck = self.call.is_in(&lab.sim.journal());
        let born = lab.sim.world(births);
        let mut faults = rerun(lab, phase);
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
            converged: usize::from(faults.is_empty()),
            faults: faults.into_iter().map(told).collect(),
        }
    }

    fn disturb(&self, lab: &Lab, phase: Phase) {
        lab.sim.fault(self.call.fault(self.how.action()));
        let mut terraform = lab.start_terraform(&phase.command());
        if matches!(
            self.how,
            Disturbance::KillProvider | Disturbance::KillTerraform
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
        if self.how == Disturbance::KillTerraform {
            return terraform.signal(Signal::SIGKILL);
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

fn rerun(lab: &Lab, phase: Phase) -> Vec<String> {
    let mut faults = Vec::new();
    let mut expect_success = |what: &str, said: Said| {
        if said.code != Some(0) {
            let Said {
                code,
                stdout,
                stderr,
            } = said;
            faults.push(format!("{what} ended with {code:?}: {stdout}{stderr}"));
        }
    };
    expect_success("the rerun", lab.terraform(&phase.command()));
    for plan in phase.second_plans() {
        expect_success("a second plan", lab.terraform(&plan));
    }
    let tainted = lab.state().into_values().flatten();
    faults.extend(tainted.map(|status| format!("a VM is {status} in the state")));
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
