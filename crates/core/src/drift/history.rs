//! What the host's task log says about a VM.

use pve_api::task::{TaskSource, TaskSummary};
use pve_api::{NodeName, VmId};
use pve_client::{Client, Error};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How many tasks of a VM are told.
const LATEST: usize = 3;

/// A task of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// Its type, as in `qmstop`.
    pub kind: String,
    /// The user or token that started it.
    pub user: String,
    /// When it started, by the host's clock.
    pub started: String,
    /// How it ended; none while it runs.
    pub end: Option<String>,
}

impl Task {
    fn of(summary: &TaskSummary) -> Self {
        Self {
            kind: summary.upid.kind().to_owned(),
            user: summary.upid.user().to_owned(),
            started: in_words(summary.starttime),
            end: summary.end().map(|end| end.to_string()),
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = self.end.as_deref().unwrap_or("runs");
        write!(
            f,
            "{} by {} at {}: {end}",
            self.kind, self.user, self.started
        )
    }
}

/// The latest tasks of a VM, newest first. Without Sys.Audit on the node a token is told of its own only,
/// and a change of options leaves no task: what the log does not say, somebody may have done all the same.
pub(super) async fn of(client: &Client, node: &NodeName, vmid: VmId) -> Result<Vec<Task>, Error> {
    let tasks = client.task_list(node, TaskSource::All, Some(vmid)).await?;
    Ok(tasks.iter().take(LATEST).map(Task::of).collect())
}

fn in_words(seconds: u64) -> String {
    let moment = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    let text = moment.and_then(|moment| moment.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("second {seconds} of the epoch"))
}
