//! Lost answers, failed steps and stops: a plain rerun ends where an undisturbed run would have.

use pve_sim::{Fault, FaultAction};
use tf_plugin::{StopReason, Stopper};

use crate::bench::{Bench, workers};

async fn converges(bench: &mut Bench) {
    let outcome = bench.terraform.apply(&workers(1)).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.terraform.plan(&workers(1)).await.assert_empty();
    bench.terraform.plan_only(&workers(1)).await.assert_empty();
    let vms: Vec<u32> = bench
        .sim
        .world(|world| world.vms().map(|(vmid, _)| vmid).collect());
    assert_eq!(vms, [8010, 9000]);
}

/// The writes of an undisturbed create, in order.
async fn writes_of_a_create() -> Vec<String> {
    let mut bench = Bench::start().await;
    converges(&mut bench).await;
    bench.writes()
}

fn split(write: &str) -> (String, String) {
    let (method, path) = write.split_once(' ').expect("method and path");
    (method.to_owned(), path.to_owned())
}

/// Every write of a create, each disturbed in its own host.
async fn disturbed(action: FaultAction) {
    let writes = writes_of_a_create().await;
    assert!(writes.len() >= 4, "{writes:?}");
    for (place, write) in writes.iter().enumerate() {
        let nth = writes[..place]
            .iter()
            .filter(|earlier| *earlier == write)
            .count()
            + 1;
        let (method, path) = split(write);
        let mut bench = Bench::start().await;
        let fault =
            Fault::on(&method, &path, action.clone()).nth(u64::try_from(nth).expect("small"));
        bench.sim.fault(fault.once());
        let outcome = bench.terraform.apply(&workers(1)).await;
        if !outcome.errors.is_empty() {
            assert!(
                bench.terraform.state.is_empty(),
                "a failed create leaves no tainted row"
            );
        }
        converges(&mut bench).await;
    }
}

#[tokio::test]
async fn the_answer_is_lost_before_the_work() {
    disturbed(FaultAction::CloseBefore).await;
}

#[tokio::test]
async fn the_answer_is_lost_after_the_work() {
    disturbed(FaultAction::CloseAfter).await;
}

#[tokio::test]
async fn the_proxy_times_out_after_the_work() {
    disturbed(FaultAction::StatusAfter(596, "Connection timed out".into())).await;
}

#[tokio::test]
async fn the_host_refuses() {
    disturbed(FaultAction::Status(500, "no".into())).await;
}

#[tokio::test]
async fn the_task_fails() {
    disturbed(FaultAction::TaskFails("the disk is on fire".into())).await;
}

#[tokio::test]
async fn a_stop_parks_and_the_next_run_finishes() {
    let mut bench = Bench::start().await;
    let stopper = Stopper::new();
    stopper.stop(StopReason::Asked);
    bench.terraform.stop = stopper.handle();
    let outcome = bench.terraform.apply(&workers(1)).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 was not built
    A stop came first; nothing was changed.
    "#);
    assert!(bench.terraform.state.is_empty());
    bench.terraform.stop = tf_plugin::Stop::never();
    converges(&mut bench).await;
}
