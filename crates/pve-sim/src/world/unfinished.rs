//! Answers that have to wait for work: what the daemon does itself, and tasks that a caller waits for.

use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use crate::api::Answer;
use crate::auth::Principal;
use crate::clock::SimTime;
use crate::fail::{Fail, Result, die};
use crate::job::Job;

/// Work that has to end before a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unfinished {
    /// The daemon's own, by its index: its end is the answer, and nobody is shown a task.
    Own(usize),
    /// A task: nothing is answered when it ended well, its exit status after `blame` when it did not, and its
    /// UPID when it still runs at `until`.
    Task {
        upid: String,
        until: SimTime,
        blame: String,
    },
}

impl World {
    /// Does work while its caller waits: what can be done at once is done, the rest goes on by itself.
    pub(crate) fn work(&mut self, who: &Principal, job: impl Job + 'static) -> Result<Answer> {
        let index = self.enlist("", who, job);
        self.step(index);
        let outcome = self.own_outcome(index);
        let is_last = index + 1 == self.tasks.len();
        match outcome {
            Err(Fail::Wait(_)) => Ok(Answer {
                after: Some(Unfinished::Own(index)),
                ..Value::Null.into()
            }),
            ended => {
                if is_last {
                    self.tasks.pop();
                }
                ended
            }
        }
    }

    /// The UPID of a task, or what it came to if the caller waits for it (`delay`, in seconds).
    pub(crate) fn answer_after(&self, upid: String, delay: Option<u64>, blame: String) -> Answer {
        let data = json!(upid);
        let after = delay.map(|seconds| Unfinished::Task {
            upid,
            until: self.now.plus(Duration::from_secs(seconds)),
            blame,
        });
        Answer {
            after,
            ..data.into()
        }
    }

    /// The answer once the work has ended; until then when to look again.
    pub(crate) fn finished(&self, work: &Unfinished) -> Result<Answer> {
        match work {
            Unfinished::Own(index) => self.own_outcome(*index),
            Unfinished::Task { upid, until, blame } => match self.exit_of(upid) {
                Some("OK") => Ok(Value::Null.into()),
                Some(exit) if exit.starts_with("WARNINGS: ") => Ok(Value::Null.into()),
                Some(exit) => Err(die(format!("{blame}{exit}"))),
                None if self.now >= *until => Ok(json!(upid).into()),
                None => Err(Fail::Wait(*until)),
            },
        }
    }

    fn own_outcome(&self, index: usize) -> Result<Answer> {
        let Some(task) = self.tasks.get(index) else {
            return Ok(Value::Null.into());
        };
        match &task.failure {
            Some(error) => Err(error.clone().into()),
            None if task.is_running() => Err(Fail::Wait(SimTime(u64::MAX))),
            None => Ok(Value::Null.into()),
        }
    }

    fn exit_of(&self, upid: &str) -> Option<&str> {
        match self.task(upid) {
            Some(task) => task.exit(),
            // Forgotten meanwhile: nothing tells how it ended.
            None => Some(super::LOST),
        }
    }
}
