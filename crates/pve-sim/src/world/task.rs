//! Tasks: worker processes with a log and an end, run on simulated time.

use std::time::Duration;

use super::World;
use crate::auth::Principal;
use crate::clock::SimTime;
use crate::fail::{ApiError, Fail};
use crate::job::{Job, Step};

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TaskState {
    Running,
    /// Ended by itself or by a stop request, with this exit status.
    Ended {
        at: SimTime,
        exit: String,
    },
    /// Its process vanished without a word.
    Lost {
        at: SimTime,
    },
}

/// A task and, while it runs, what it still has to do.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) upid: String,
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) principal: Principal,
    pub(crate) pid: u32,
    pub(crate) pstart: u64,
    pub(crate) start: SimTime,
    pub(crate) state: TaskState,
    /// The error it ended with, for a caller who waits for it.
    pub(super) failure: Option<ApiError>,
    pub(crate) log: Vec<String>,
    job: Option<Box<dyn Job>>,
    wake: SimTime,
    /// Waiting for something another one holds, until `wake` at the latest.
    blocked: bool,
    /// When a fault kills its worker.
    killed_at: Option<SimTime>,
}

/// A task as tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskView {
    /// Its unique id.
    pub upid: String,
    /// Such as `qmclone`.
    pub kind: &'static str,
    /// What it works on, usually a VMID.
    pub id: String,
    /// `None` while it runs.
    pub exitstatus: Option<String>,
    /// The lines of its log.
    pub log: Vec<String>,
}

/// What a worker that vanished leaves as its exit status.
pub(crate) const LOST: &str = "unexpected status";

impl Task {
    /// Whether the API shows it: neither the daemon's own work nor one that vanished.
    pub(crate) fn is_listed(&self) -> bool {
        !self.upid.is_empty()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.state == TaskState::Running
    }

    pub(crate) fn exit(&self) -> Option<&str> {
        match &self.state {
            TaskState::Running => None,
            TaskState::Ended { exit, .. } => Some(exit),
            TaskState::Lost { .. } => Some(LOST),
        }
    }

    pub(crate) fn end(&self) -> Option<SimTime> {
        match &self.state {
            TaskState::Running => None,
            TaskState::Ended { at, .. } | TaskState::Lost { at } => Some(*at),
        }
    }

    pub(crate) fn view(&self) -> TaskView {
        TaskView {
            upid: self.upid.clone(),
            kind: self.kind,
            id: self.id.clone(),
            exitstatus: self.exit().map(str::to_owned),
            log: self.log.clone(),
        }
    }
}

/// What a task is about: mostly a VMID.
pub(crate) struct TaskId(String);

impl From<u32> for TaskId {
    fn from(vmid: u32) -> Self {
        Self(vmid.to_string())
    }
}

impl From<String> for TaskId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

/// A task needs a moment to be forked before it does its first step.
const FORK: Duration = Duration::from_millis(10);

impl World {
    /// Forks a worker and returns its UPID.
    pub(crate) fn spawn(
        &mut self,
        kind: &'static str,
        id: impl Into<TaskId>,
        principal: &Principal,
        job: impl Job + 'static,
    ) -> String {
        let (TaskId(id), pid) = (id.into(), self.ids.pid());
        // The kernel counts in hundredths of a second since it started.
        let pstart = self.now.0.saturating_sub(self.booted.0) / 10;
        let upid = format!(
            "UPID:{}:{pid:08X}:{pstart:08X}:{:08X}:{kind}:{id}:{principal}:",
            self.node,
            self.now.secs()
        );
        let index = self.enlist(kind, principal, job);
        let wake = self.now.plus(FORK);
        let task = &mut self.tasks[index];
        (task.id, task.pid, task.pstart, task.wake) = (id, pid, pstart, wake);
        task.upid.clone_from(&upid);
        upid
    }

    /// Keeps work to be done from now on; without a UPID nobody is shown it.
    pub(super) fn enlist(
        &mut self,
        kind: &'static str,
        principal: &Principal,
        job: impl Job + 'static,
    ) -> usize {
        let index = self.tasks.len();
        self.active.push(index);
        self.tasks.push(Task {
            upid: String::new(),
            kind,
            id: String::new(),
            principal: principal.clone(),
            pid: 0,
            pstart: 0,
            start: self.now,
            state: TaskState::Running,
            failure: None,
            log: Vec::new(),
            job: Some(Box::new(job)),
            wake: self.now,
            blocked: false,
            killed_at: None,
        });
        index
    }

    pub(crate) fn task(&self, upid: &str) -> Option<&Task> {
        self.tasks.get(self.index_of(upid)?)
    }

    /// Where a task is that the API shows; the daemon's own work has no UPID to be found by.
    pub(crate) fn index_of(&self, upid: &str) -> Option<usize> {
        let fits = |task: &Task| task.is_listed() && task.upid == upid;
        self.tasks.iter().position(fits)
    }

    /// Adds a line to the log of a task.
    pub(crate) fn log(&mut self, task: usize, line: impl Into<String>) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.log.push(line.into());
        }
    }

    /// When the next task has something to do.
    pub(crate) fn next_event(&self) -> Option<SimTime> {
        self.active
            .iter()
            .filter_map(|index| self.tasks.get(*index))
            .map(Task::due)
            .min()
    }

    /// Lets time pass up to `now`, doing what tasks do in their order.
    pub(crate) fn run_until(&mut self, now: SimTime) {
        while let Some(index) = self.next_due(now) {
            let task = &self.tasks[index];
            self.now = self.now.max(task.due());
            if task.killed_at.is_some_and(|at| at <= self.now) {
                self.lose(index);
            } else {
                self.step(index);
            }
        }
        self.now = self.now.max(now);
    }

    fn next_due(&self, now: SimTime) -> Option<usize> {
        self.active
            .iter()
            .copied()
            .filter(|index| self.tasks[*index].due() <= now)
            .min_by_key(|index| (self.tasks[*index].due(), *index))
    }

    pub(super) fn step(&mut self, index: usize) {
        let Some(mut job) = self.tasks[index].job.take() else {
            return;
        };
        let outcome = job.step(self, index);
        let now = self.now;
        let task = &mut self.tasks[index];
        match outcome {
            Ok(Step::Sleep(until)) => {
                task.unblock();
                task.wake = until.max(now);
                task.job = Some(job);
            }
            Err(Fail::Wait(until)) => {
                task.block();
                task.wake = until.max(now.plus(Duration::from_millis(1)));
                task.job = Some(job);
            }
            Ok(Step::Done) => {
                task.unblock();
                self.finish(index, "OK", "TASK OK".to_owned());
            }
            Ok(Step::Warned(count)) => {
                task.unblock();
                let exit = format!("WARNINGS: {count}");
                self.finish(index, &exit, format!("TASK {exit}"));
            }
            Err(Fail::Error(error)) => self.fail(index, &error),
        }
    }

    fn fail(&mut self, index: usize, error: &ApiError) {
        let exit = error.exit_text();
        self.tasks[index].failure = Some(error.clone());
        self.finish(index, &exit, format!("TASK ERROR: {exit}"));
    }

    fn finish(&mut self, index: usize, exit: &str, line: String) {
        self.log(index, line);
        let at = self.now;
        self.tasks[index].state = TaskState::Ended {
            at,
            exit: exit.to_owned(),
        };
        self.tasks[index].job = None;
        self.let_go(index);
    }

    /// Gives back the locks of a task and lets those waiting try again.
    fn let_go(&mut self, index: usize) {
        self.active.retain(|active| *active != index);
        self.locks.release_all(index);
        self.wake_blocked();
    }

    /// Lets all tasks that wait for a lock try again now.
    pub(crate) fn wake_blocked(&mut self) {
        for index in &self.active {
            let task = &mut self.tasks[*index];
            if task.blocked {
                task.wake = task.wake.min(self.now);
            }
        }
    }

    /// Ends a running task as SIGTERM does: it cleans up and says so.
    pub(crate) fn stop_task(&mut self, upid: &str) {
        let Some(index) = self.index_of(upid) else {
            return;
        };
        let Some(mut job) = self.tasks[index].job.take() else {
            return;
        };
        let exit = job.interrupted(self, index);
        self.finish(index, &exit, format!("TASK ERROR: {exit}"));
    }

    /// Ends a running task as SIGKILL does: nothing is cleaned up.
    pub fn kill_worker(&mut self, upid: &str) -> bool {
        let Some(index) = self.index_of(upid) else {
            return false;
        };
        let runs = self.tasks[index].job.is_some();
        if runs {
            self.lose(index);
        }
        runs
    }

    fn lose(&mut self, index: usize) {
        self.tasks[index].job = None;
        self.tasks[index].state = TaskState::Lost { at: self.now };
        self.let_go(index);
    }

    /// Lets the worker of a task be killed at a moment to come.
    pub(crate) fn kill_worker_at(&mut self, upid: &str, at: SimTime) {
        if let Some(index) = self.index_of(upid) {
            self.tasks[index].killed_at = Some(at);
        }
    }

    /// Ends a running task with an error of somebody else's choice; its work stays half done.
    pub fn fail_task(&mut self, upid: &str, exit: &str) -> bool {
        let Some(index) = self.index_of(upid) else {
            return false;
        };
        if let Some(mut job) = self.tasks[index].job.take() {
            job.interrupted(self, index);
            self.finish(index, exit, format!("TASK ERROR: {exit}"));
            return true;
        }
        false
    }

    /// Makes a task disappear from index and log, whatever it was doing.
    pub fn forget_task(&mut self, upid: &str) -> bool {
        self.kill_worker(upid);
        let Some(index) = self.index_of(upid) else {
            return false;
        };
        // The slot stays: locks and jobs name tasks by their index.
        self.tasks[index].upid.clear();
        true
    }
}

impl Task {
    fn due(&self) -> SimTime {
        self.killed_at.map_or(self.wake, |at| at.min(self.wake))
    }

    fn block(&mut self) {
        if !self.blocked {
            self.blocked = true;
            self.log.push("trying to acquire lock...".to_owned());
        }
    }

    fn unblock(&mut self) {
        if std::mem::take(&mut self.blocked)
            && let Some(line) = self.log.iter_mut().rfind(|line| line.ends_with("lock..."))
        {
            line.push_str(" OK");
        }
    }
}

/// The parts of a UPID, or `None` when it is none.
pub(crate) fn parse_upid(upid: &str) -> Option<UpidParts<'_>> {
    let rest = upid.strip_prefix("UPID:")?.strip_suffix(':')?;
    let parts: Vec<&str> = rest.split(':').collect();
    let [node, pid, pstart, start, kind, id, user] = parts.as_slice() else {
        return None;
    };
    let hex = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    let ok = hex(pid, 8..=8)
        && hex(pstart, 8..=9)
        && hex(start, 8..=8)
        && plain(node)
        && plain(kind)
        && !id.contains(char::is_whitespace)
        && plain(user);
    ok.then_some(UpidParts { node, user })
}

/// What is needed of a UPID that names no known task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UpidParts<'a> {
    pub(crate) node: &'a str,
    pub(crate) user: &'a str,
}
