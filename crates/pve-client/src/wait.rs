//! Waiting until a task has ended.

use std::pin::pin;
use std::time::Duration;

use pve_api::Upid;
use pve_api::task::{ExitStatus, LogPart};

use crate::client::Client;
use crate::error::{Error, TaskFailure};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Between the end of a worker and the last line of its log there is an instant in which the task
/// has no result: it is asked for once more before that is believed.
const BEFORE_UNEXPECTED: Duration = Duration::from_secs(1);

/// So many last lines of a log go into an error.
const LOG_TAIL: usize = 10;

impl Client {
    /// Waits until a task has ended, for up to `limit`, or until `stop` is ready.
    ///
    /// Success, warnings included, is how it ended; else [`Error::Task`] with the end of its log.
    /// A task that is given up on goes on.
    pub async fn wait_task(
        &self,
        upid: &Upid,
        limit: Duration,
        stop: impl Future<Output = ()>,
    ) -> Result<ExitStatus, Error> {
        let mut stop = pin!(stop);
        let start = self.clock().now();
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(end) = self.task_status(upid).await?.end() {
                return self.conclude(upid, end).await;
            }
            let waited = self.clock().now().saturating_sub(start);
            if waited >= limit {
                return Err(Error::TaskTooSlow {
                    upid: Box::new(upid.clone()),
                    seconds: limit.as_secs(),
                });
            }
            tokio::select! {
                biased;
                () = &mut stop => return Err(Error::Stopped { upid: Box::new(upid.clone()) }),
                () = self.clock().sleep(pause.min(limit.saturating_sub(waited))) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn conclude(&self, upid: &Upid, end: ExitStatus) -> Result<ExitStatus, Error> {
        let end = match end {
            ExitStatus::Unexpected => self.ask_again(upid).await?,
            ExitStatus::Ok | ExitStatus::Warnings(_) | ExitStatus::Failed(_) => end,
        };
        if end.is_success() {
            return Ok(end);
        }
        let log = self.log_tail(upid).await;
        Err(Error::Task(Box::new(TaskFailure {
            upid: upid.clone(),
            end,
            log,
        })))
    }

    async fn ask_again(&self, upid: &Upid) -> Result<ExitStatus, Error> {
        self.clock().sleep(BEFORE_UNEXPECTED).await;
        Ok(self
            .task_status(upid)
            .await?
            .end()
            .unwrap_or(ExitStatus::Unexpected))
    }

    /// Returns the last lines of a log; none when the log cannot be had, since the error that they
    /// are for is worth more than theirs.
    async fn log_tail(&self, upid: &Upid) -> Vec<String> {
        let lines = self.task_log(upid, LogPart::All).await.unwrap_or_default();
        let worth_showing = |line: &String| !line.is_empty() && !line.starts_with("TASK ERROR: ");
        let mut lines: Vec<String> = lines.into_iter().filter(worth_showing).collect();
        lines.split_off(lines.len().saturating_sub(LOG_TAIL))
    }
}
