//! The crash matrix through real Terraform: an apply or destroy of five VMs is disturbed at one API call, then the same
//! command is run again.
//!
//! `cargo test` runs two lives. With `EM_INFRA_PROVE=full` every kind of call is disturbed in every way, as
//! `cargo xtask prove survival --full` does.

mod call;
mod case;
mod phase;

use std::collections::VecDeque;
use std::fmt;
use std::ops::AddAssign;
use std::sync::Mutex;

use testkit::proof::{self, Extent, Proof};

use self::call::{Call, kinds};
use self::case::{Case, Disturbance};
use self::phase::Phase;
use crate::lab::Lab;

const PROOF: Proof = Proof {
    package: "em-infra",
    program: "e2e",
    test: "survival::a_disturbed_life_ends_as_one_without_disturbances",
};

/// Lives that are led at the same time, each beside a host of its own.
const AT_ONCE: usize = 2;

/// What happens to the apply of each phase; nothing where it runs undisturbed.
type Life = [Option<Case>; 3];

/// What came out of cases.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    run: usize,
    struck: usize,
    emptied: usize,
    converged: usize,
    faults: Vec<String>,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.run += other.run;
        self.struck += other.struck;
        self.emptied += other.emptied;
        self.converged += other.converged;
        self.faults.extend(other.faults);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} run, {} of them disturbed in the middle and {} left with an emptied state, {} converged with 0 orphans, \
             0 doubles, 0 rebuilt, 0 writes to strangers and empty second plans",
            self.run, self.struck, self.emptied, self.converged
        )
    }
}

/// Leads a life on a new host: create, update, delete.
fn lead(lab: &mut Lab, life: &Life) -> Figures {
    lab.start_over();
    phase::plant(lab);
    let mut figures = Figures::default();
    for (phase, case) in Phase::ALL.into_iter().zip(life) {
        lab.inputs(phase.inputs());
        match case {
            Some(case) => figures += case.run(lab, phase),
            None => drop(lab.terraform(&phase.command()).succeeded()),
        }
        if phase == Phase::Create {
            phase::plant_copy(lab);
        }
    }
    figures
}

/// What a life without disturbances asks of the host, a call of each kind.
fn undisturbed(lab: &mut Lab) -> [Vec<Call>; 3] {
    lab.start_over();
    Phase::ALL.map(|phase| {
        lab.inputs(phase.inputs());
        lab.sim.clear_journal();
        lab.terraform(&phase.command()).succeeded();
        kinds(&lab.sim.journal())
    })
}

/// Every call disturbed in every way, three to a life.
fn lives(calls: [Vec<Call>; 3]) -> Vec<Life> {
    let mut cases = calls.map(|calls| {
        let each = |call: Call| Disturbance::ANYWHERE.map(|how| Case::new(call.clone(), how));
        calls.into_iter().flat_map(each).collect::<VecDeque<_>>()
    });
    let mut lives = Vec::new();
    while cases.iter().any(|left| !left.is_empty()) {
        lives.push(cases.each_mut().map(VecDeque::pop_front));
    }
    lives
}

fn lead_all(lives: Vec<(usize, Life)>) -> Figures {
    let at_once = lives.len().min(AT_ONCE);
    let progress = PROOF.progress(lives.len());
    let lives = VecDeque::from(lives);
    let (left, figures) = (Mutex::new(lives), Mutex::new(Figures::default()));
    let work = || {
        let mut lab = Lab::initialised();
        loop {
            let Some((number, life)) = left.lock().unwrap().pop_front() else {
                break;
            };
            let mut done = lead(&mut lab, &life);
            for fault in &mut done.faults {
                *fault = format!("{fault}\nagain: {}", PROOF.again(number));
            }
            *figures.lock().unwrap() += done;
            progress.done(1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(work);
        }
    });
    figures.into_inner().unwrap()
}

/// A call of each phase that comes about in the middle.
fn middle() -> [Call; 3] {
    [
        Call::new("POST", "/nodes/pve/qemu/9000/clone", 3),
        Call::new("PUT", "/nodes/pve/qemu/8011/resize", 1),
        Call::new("DELETE", "/nodes/pve/qemu/8012", 1),
    ]
}

/// A life whose state is lost three times.
fn forgetful() -> Life {
    middle().map(|call| Some(Case::new(call, Disturbance::KillTerraformSaving)))
}

/// A life with little ado.
fn sample() -> Life {
    let [clone, _, delete] = middle();
    [
        Some(Case::new(clone, Disturbance::LoseAnswer)),
        None,
        Some(Case::new(delete, Disturbance::KillTerraform)),
    ]
}

#[test]
fn a_disturbed_life_ends_as_one_without_disturbances() {
    let mut all = vec![forgetful(), sample()];
    let lives = if proof::extent() == Extent::Sample {
        all.into_iter().enumerate().collect()
    } else {
        all.extend(lives(undisturbed(&mut Lab::initialised())));
        PROOF.cases(all, 1)
    };
    let figures = lead_all(lives);
    proof::figures(format_args!("survival with Terraform: {figures}"));
    assert_eq!(figures.faults, Vec::<String>::new());
    assert_eq!(figures.struck, figures.run, "a case was not disturbed");
}
