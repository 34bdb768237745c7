//! Waiting for tasks. No test sleeps: time passes only when the client asks for it.

use std::future::{pending, ready};
use std::time::Duration;

use pve_api::Upid;
use pve_api::task::ExitStatus;
use pve_client::Error;

use crate::peer::{Peer, Step, answer, ok};

const UPID: &str = "UPID:pve:00001201:0001EC94:68E7D2A0:qmclone:9000:em-infra@pve!terraform:";
const MINUTE: Duration = Duration::from_mins(1);

fn upid() -> Upid {
    UPID.parse().expect("a task id")
}

fn running() -> Step {
    ok(&format!(
        r#"{{"status":"running","upid":"{UPID}","pid":7}}"#
    ))
}

fn ended(exitstatus: &str) -> Step {
    ok(&format!(
        r#"{{"status":"stopped","exitstatus":"{exitstatus}","upid":"{UPID}","pid":7}}"#
    ))
}

fn log(lines: &[&str]) -> Step {
    let lines: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| format!(r#"{{"n":{},"t":"{line}"}}"#, at + 1))
        .collect();
    ok(&format!("[{}]", lines.join(",")))
}

async fn wait(peer: &Peer) -> Result<ExitStatus, Error> {
    peer.client().wait_task(&upid(), MINUTE, pending()).await
}

#[tokio::test]
async fn a_task_is_asked_until_it_has_ended() {
    let peer = Peer::start([running(), running(), running(), ended("WARNINGS: 1")]).await;
    assert_eq!(
        wait(&peer).await.expect("a success"),
        ExitStatus::Warnings(1)
    );
    assert_eq!(peer.requests().len(), 4);
}

#[tokio::test]
async fn a_failure_carries_the_end_of_the_log() {
    let end = "clone failed: copy failed: exit code 1";
    let lines = [
        "creating a clone",
        "",
        "No space left on device",
        "TASK ERROR: clone failed: copy failed: exit code 1",
    ];
    let peer = Peer::start([ended(end), log(&lines)]).await;
    let error = wait(&peer).await.expect_err("a failure");
    assert_eq!(
        error.to_string(),
        "task qmclone of 9000 failed: clone failed: copy failed: exit code 1 (log: creating a clone | No space left on device)"
    );
}

#[tokio::test]
async fn only_the_last_ten_lines_of_a_long_log_are_kept() {
    let lines: Vec<String> = (0..40).map(|at| format!("transferred {at}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let peer = Peer::start([ended("interrupted by signal"), log(&lines)]).await;
    let Err(Error::Task(failure)) = wait(&peer).await else {
        panic!("a failure was played")
    };
    assert_eq!(failure.log, &lines[30..]);
}

#[tokio::test]
async fn a_failure_without_a_log_is_still_that_failure() {
    let peer = Peer::start([ended("VM is locked (clone)"), answer("500 no log", "")]).await;
    let error = wait(&peer).await.expect_err("a failure");
    assert_eq!(error.lock(), Some("clone"));
}

#[tokio::test]
async fn a_missing_result_is_asked_for_once_more() {
    let peer = Peer::start([ended("unexpected status"), ended("OK")]).await;
    assert_eq!(wait(&peer).await.expect("a success"), ExitStatus::Ok);
    let peer = Peer::start([
        ended("unexpected status"),
        ended("unexpected status"),
        log(&["creating"]),
    ])
    .await;
    let Err(Error::Task(failure)) = wait(&peer).await else {
        panic!("a failure was played")
    };
    assert_eq!(
        (failure.end, peer.requests().len()),
        (ExitStatus::Unexpected, 3)
    );
}

#[tokio::test]
async fn a_lock_that_was_not_free_in_time_is_worth_another_start() {
    let end = "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout";
    let peer = Peer::start([ended(end), log(&["trying to acquire lock..."])]).await;
    let error = wait(&peer).await.expect_err("a failure");
    assert!(error.is_transient() && !error.is_locked() && !error.is_not_found());
}

#[tokio::test]
async fn the_missing_vm_of_a_start_is_found_missing() {
    let start = "UPID:pve:00001201:0001EC94:68E7D2A0:qmstart:777:em-infra@pve!terraform:";
    let stopped = format!(
        r#"{{"status":"stopped","exitstatus":"Configuration file 'nodes/pve/qemu-server/777.conf' does not exist","upid":"{start}"}}"#
    );
    let peer = Peer::start([ok(&stopped), log(&[])]).await;
    let start: Upid = start.parse().expect("a task id");
    let error = peer
        .client()
        .wait_task(&start, MINUTE, pending())
        .await
        .expect_err("a failure");
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_left_alone() {
    let peer = Peer::start(vec![running(); 200]).await;
    let error = wait(&peer).await.expect_err("a long task");
    assert_eq!(
        error.to_string(),
        format!("task {UPID} has not ended after 60 s")
    );
    let asked = peer.requests().len();
    assert!(
        (60..=70).contains(&asked),
        "asked {asked} times in a minute"
    );
    assert!(
        peer.request_lines()
            .iter()
            .all(|line| line.starts_with("GET "))
    );
}

#[tokio::test]
async fn a_request_to_stop_ends_the_waiting_but_not_the_task() {
    let peer = Peer::start(vec![running(); 5]).await;
    let error = peer
        .client()
        .wait_task(&upid(), MINUTE, ready(()))
        .await
        .expect_err("stopped");
    assert_eq!(
        error.to_string(),
        format!("stopped waiting for task {UPID}")
    );
    assert_eq!(peer.requests().len(), 1);
}
