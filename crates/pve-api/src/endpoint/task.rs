//! Tasks: `/nodes/{node}/tasks`.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::lenient::{self, Scalar};
use crate::request::{Method, Nothing, Request};
use crate::{NodeName, Upid, VmId};

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExitStatus {
    /// It did what it was to do.
    Ok,
    /// It did, with so many warnings in its log.
    Warnings(u32),
    /// Its log has no last line: it was killed, the host went down, or the log is still being
    /// written. Says nothing about what it did.
    Unexpected,
    /// It failed, and why; line breaks have become blanks.
    Failed(String),
}

impl ExitStatus {
    /// Reads the text of Proxmox.
    pub fn from_text(text: &str) -> Self {
        match (
            text,
            text.strip_prefix("WARNINGS: ")
                .and_then(|count| count.trim().parse().ok()),
        ) {
            ("OK", _) => Self::Ok,
            ("unexpected status", _) => Self::Unexpected,
            (_, Some(count)) => Self::Warnings(count),
            _ => Self::Failed(text.to_owned()),
        }
    }

    /// Returns whether the task did what it was to do.
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Ok | Self::Warnings(_))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => out.write_str("OK"),
            Self::Warnings(count) => write!(out, "WARNINGS: {count}"),
            Self::Unexpected => out.write_str("unexpected status"),
            Self::Failed(why) => out.write_str(why),
        }
    }
}

impl<'de> Deserialize<'de> for ExitStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Scalar::deserialize(deserializer).map(|text| Self::from_text(&text.0))
    }
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskStatus {
    /// The identifier.
    pub upid: Upid,
    status: String,
    exitstatus: Option<ExitStatus>,
}

impl TaskStatus {
    /// Returns how it ended; none while it runs.
    pub fn end(&self) -> Option<ExitStatus> {
        let stopped = self.status == "stopped";
        stopped.then(|| self.exitstatus.clone().unwrap_or(ExitStatus::Unexpected))
    }
}

fn below<R>(method: Method, upid: &Upid, rest: Option<&str>) -> Request<R> {
    let path = ["nodes", upid.node().as_str(), "tasks", upid.as_str()];
    Request::new(method, path.into_iter().chain(rest))
}

/// Asks how a task is doing. The caller's own tasks need no privilege.
pub fn status(upid: &Upid) -> Request<TaskStatus> {
    below(Method::Get, upid, Some("status"))
}

#[derive(Deserialize)]
struct LogLine {
    #[serde(rename = "t", default, deserialize_with = "lenient::text")]
    text: String,
}

/// The lines of a task's log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskLog(pub Vec<String>);

struct LogVisitor;

impl<'de> Visitor<'de> for LogVisitor {
    type Value = TaskLog;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of lines")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<TaskLog, A::Error> {
        let mut lines = Vec::new();
        while let Some(line) = list.next_element::<LogLine>()? {
            lines.push(line.text);
        }
        Ok(TaskLog(lines))
    }

    // PVE 8: the one line that says that there is no log is not in a list; recording 19-tasks.json.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TaskLog, A::Error> {
        let line = LogLine::deserialize(MapAccessDeserializer::new(map))?;
        Ok(TaskLog(vec![line.text]))
    }
}

impl<'de> Deserialize<'de> for TaskLog {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LogVisitor)
    }
}

/// Which lines of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogPart {
    /// All of them.
    All,
    /// `limit` lines after the first `start`.
    Page {
        /// Lines to leave out.
        start: u32,
        /// Lines to answer.
        limit: u32,
    },
}

/// Asks for a task's log. For an unknown task Proxmox answers one line that says so.
pub fn log(upid: &Upid, part: LogPart) -> Request<TaskLog> {
    let request = below(Method::Get, upid, Some("log"));
    match part {
        // PVE: a limit of 0 is all lines; recording 19-tasks.json.
        LogPart::All => request.with("limit", 0),
        LogPart::Page { start, limit } => request.with("start", start).with("limit", limit),
    }
}

/// Asks a task to end; a finished one is left alone. The answer comes before it has ended.
pub fn stop(upid: &Upid) -> Request<Nothing> {
    below(Method::Delete, upid, None)
}

/// A task in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskSummary {
    /// The identifier.
    pub upid: Upid,
    /// When it started, in seconds of the epoch.
    #[serde(deserialize_with = "lenient::value")]
    pub starttime: u64,
    /// When it ended; none while it runs.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub endtime: Option<u64>,
    #[serde(default, deserialize_with = "lenient::maybe")]
    status: Option<String>,
}

impl TaskSummary {
    /// Returns how it ended; none while it runs.
    pub fn end(&self) -> Option<ExitStatus> {
        let status = self.status.as_deref().filter(|status| *status != "RUNNING");
        status.map(ExitStatus::from_text)
    }
}

/// Which tasks of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskSource {
    /// Those that run.
    Active,
    /// Those that have ended.
    Archive,
    /// Both.
    All,
}

impl TaskSource {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Archive => "archive",
            Self::All => "all",
        }
    }
}

/// Asks for tasks, newest first. A token sees only its own, unless it has Sys.Audit on the node.
pub fn tasks(node: &NodeName, source: TaskSource, vmid: Option<VmId>) -> Request<Vec<TaskSummary>> {
    Request::new(Method::Get, ["nodes", node.as_str(), "tasks"])
        .with("source", source.as_str())
        .with_some("vmid", vmid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPID: &str = "UPID:pve:00001201:0001EC94:68E7D2A0:qmclone:9000:talos@pve!tk:";

    #[test]
    fn ends_are_told_apart() {
        let table = [
            ("OK", ExitStatus::Ok, true),
            ("WARNINGS: 2", ExitStatus::Warnings(2), true),
            ("unexpected status", ExitStatus::Unexpected, false),
            (
                "VM is locked (clone)",
                ExitStatus::Failed("VM is locked (clone)".to_owned()),
                false,
            ),
            (
                "WARNINGS: many",
                ExitStatus::Failed("WARNINGS: many".to_owned()),
                false,
            ),
        ];
        for (text, expected, success) in table {
            let end = ExitStatus::from_text(text);
            assert_eq!(
                (end.is_success(), end.to_string()),
                (success, text.to_owned())
            );
            assert_eq!(end, expected);
        }
    }

    #[test]
    fn a_running_task_has_no_end() {
        let read = |rest: &str| {
            let text = format!(
                r#"{{"id":"9000","node":"pve","pid":7,"pstart":9,"starttime":1,"type":"qmclone","upid":"{UPID}","user":"talos@pve",{rest}}}"#
            );
            serde_json::from_str::<TaskStatus>(&text)
                .expect("a recorded answer")
                .end()
        };
        assert_eq!(read(r#""status":"running","tokenid":"tk""#), None);
        assert_eq!(
            read(r#""status":"stopped","exitstatus":"OK""#),
            Some(ExitStatus::Ok)
        );
        assert_eq!(read(r#""status":"stopped""#), Some(ExitStatus::Unexpected));
    }

    #[test]
    fn a_log_is_a_list_or_on_old_hosts_one_line() {
        let read = |text| {
            serde_json::from_str::<TaskLog>(text)
                .expect("a recorded answer")
                .0
        };
        assert_eq!(
            read(r#"[{"n":1,"t":"creating a clone"},{"n":2,"t":"TASK OK"}]"#),
            ["creating a clone", "TASK OK"]
        );
        let missing = "unable to open file - No such file or directory";
        assert_eq!(read(&format!(r#"{{"n":1,"t":"{missing}"}}"#)), [missing]);
    }

    #[test]
    fn the_identifier_is_encoded_in_the_path() {
        let upid: Upid = UPID.parse().expect("well formed");
        assert_eq!(
            stop(&upid).target(),
            "/nodes/pve/tasks/UPID%3Apve%3A00001201%3A0001EC94%3A68E7D2A0%3Aqmclone%3A9000%3Atalos%40pve%21tk%3A"
        );
        assert!(log(&upid, LogPart::All).target().ends_with("/log?limit=0"));
    }

    #[test]
    fn an_active_task_in_a_list_is_running() {
        let text = format!(
            r#"[{{"id":"9000","node":"pve","pid":7,"pstart":9,"saved":"0","starttime":1,"status":"RUNNING","type":"qmclone","upid":"{UPID}","user":"talos@pve!tk"}},
                {{"endtime":5,"starttime":"1","status":"OK","upid":"{UPID}"}}]"#
        );
        let tasks: Vec<TaskSummary> = serde_json::from_str(&text).expect("a recorded answer");
        assert_eq!(tasks[0].end(), None);
        assert_eq!(
            (tasks[1].end(), tasks[1].endtime),
            (Some(ExitStatus::Ok), Some(5))
        );
    }
}
