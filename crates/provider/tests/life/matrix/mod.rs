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
mod strangers;

use std::sync::Arc;

use tokio::task::JoinSet;

use self::calls::{Call, calls_of};
use self::case::{Case, Disturbance, Figures};
use self::environments::{Phase, STRANGERS};
use crate::figures::{full, report};

/// Cases that run at the same time; each has a host of its own, and mostly waits for its tasks.
const AT_ONCE: usize = 8;

/// Takes every n-th of the cases, or all of them where that was asked for.
fn sample<T>(all: Vec<T>, every: usize) -> Vec<T> {
    let every = if full() { 1 } else { every };
    all.into_iter().step_by(every).collect()
}

async fn run_all(cases: Vec<Case>) -> Figures {
    let mut figures = Figures::default();
    let mut running = JoinSet::new();
    for case in cases {
        if running.len() >= AT_ONCE {
            figures += running
                .join_next()
                .await
                .expect("some run")
                .expect("no panic");
        }
        running.spawn(case.run());
    }
    while let Some(done) = running.join_next().await {
        figures += done.expect("no panic");
    }
    figures
}

async fn survives(phase: Phase, every: usize) {
    let calls: Vec<Call> = calls_of(phase).await;
    let mut cases = Vec::new();
    for call in calls.iter().map(|call| Arc::new(call.clone())) {
        for disturbance in Disturbance::ALL {
            cases.push(Case::new(phase, Arc::clone(&call), disturbance));
        }
    }
    let of = cases.len();
    let figures = run_all(sample(cases, every)).await;
    report(&format!(
        "survival {phase:?}: {} calls, {of} cases, {}; strangers planted in each: {STRANGERS}",
        calls.len(),
        figures
    ));
    assert_eq!(figures.faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_create() {
    survives(Phase::Create, 37).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_update() {
    survives(Phase::Update, 37).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_delete() {
    survives(Phase::Delete, 19).await;
}
