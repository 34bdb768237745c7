//! The crash matrix: every API call of a life of five VMs fails, loses its answer, or is the last
//! thing that the provider or Terraform lives to see; then a plain rerun.
//!
//! `cargo test` runs a fixed sample. With `EM_INFRA_PROVE=full` every case runs, as
//! `cargo xtask prove survival --full` does. Each test prints its figures.

mod batches;
mod calls;
mod case;
mod environments;
mod idempotency;
mod run;
mod strangers;

use std::sync::Arc;

use testkit::proof::{Proof, figures};

use self::calls::calls_of;
use self::case::{Case, Disturbance};
use self::environments::{Phase, STRANGERS};
use self::run::Job;

/// A test of this program.
const fn proof(test: &'static str) -> Proof {
    Proof {
        package: "provider",
        program: "life",
        test,
    }
}

async fn survives(phase: Phase, test: &'static str, step: usize) {
    let calls = calls_of(phase).await;
    let count = calls.len();
    let mut cases = Vec::new();
    for call in calls.into_iter().map(Arc::new) {
        for disturbance in Disturbance::ALL {
            cases.push(Case::new(phase, Arc::clone(&call), disturbance));
        }
    }
    let (proof, of) = (proof(test), cases.len());
    let cases = proof.cases(cases, step);
    let jobs = cases.len();
    let job = |(number, case): (usize, Case)| Job {
        number,
        cases: 1,
        work: case.run(),
    };
    let survived = run::all(proof, jobs, cases.into_iter().map(job)).await;
    figures(format_args!(
        "survival {phase:?}: {count} calls, {of} cases, {survived}; strangers planted in each: {STRANGERS}"
    ));
    assert_eq!(survived.faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_create() {
    survives(Phase::Create, "matrix::survival_of_create", 37).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_update() {
    survives(Phase::Update, "matrix::survival_of_update", 37).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_delete() {
    survives(Phase::Delete, "matrix::survival_of_delete", 19).await;
}
