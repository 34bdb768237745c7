//! The stream of `-json` events that Terraform writes while it works.
//!
//! The stream's format is 1.x: new kinds and new members may come and are passed on as
//! [`Event::Message`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::plan::ChangeSummary;
use crate::{Diagnostic, Severity};

/// Something Terraform reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A warning or an error.
    Diagnostic(Diagnostic),
    /// A resource whose real object differs from what the state holds.
    Drift(ResourceEvent),
    /// What the plan does to a resource.
    Planned(ResourceEvent),
    /// The counts of a plan or of an apply.
    Summary(ChangeSummary),
    /// A resource is being read.
    RefreshStart(ResourceEvent),
    /// A resource was read.
    RefreshComplete(ResourceEvent),
    /// Work on a resource begins.
    ApplyStart(ResourceEvent),
    /// Work on a resource goes on.
    ApplyProgress(ResourceEvent),
    /// Work on a resource is done.
    ApplyComplete(ResourceEvent),
    /// Work on a resource failed; a diagnostic says why.
    ApplyErrored(ResourceEvent),
    /// Anything else, as the sentence Terraform prints for it.
    Message(String),
    /// A line that is no event, e.g. of a program that Terraform runs.
    Text(String),
}

/// One resource in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEvent {
    /// Its address, e.g. `module.cluster.terraform_data.node["worker-1"]`.
    pub address: String,
    /// What is done to it, as the stream names it: `create`, `update`, `read`…
    pub action: Option<String>,
    /// Why it is done, where Terraform says so.
    pub reason: Option<String>,
    /// The value of its id attribute, where Terraform knows one.
    pub id: Option<String>,
    /// How long the work took so far, in seconds.
    pub elapsed_seconds: Option<u64>,
    /// The sentence Terraform prints for it.
    pub message: String,
}

impl Event {
    /// Reads one line of the stream.
    pub fn parse(line: &str) -> Self {
        match serde_json::from_str::<Line>(line) {
            Ok(line) => line.into_event(),
            Err(_) => Self::Text(line.to_owned()),
        }
    }
}

/// The members of all kinds together; a kind has some of them, and other kinds use the same names
/// for other shapes. So each is read only where the kind is known.
#[derive(Deserialize)]
struct Line {
    #[serde(rename = "@message")]
    message: String,
    #[serde(rename = "type")]
    kind: String,
    hook: Option<Box<RawValue>>,
    change: Option<Box<RawValue>>,
    changes: Option<Box<RawValue>>,
    diagnostic: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Hook {
    resource: Resource,
    action: Option<String>,
    reason: Option<String>,
    id_value: Option<String>,
    elapsed_seconds: Option<f64>,
}

#[derive(Deserialize)]
struct Resource {
    addr: String,
}

impl Line {
    fn into_event(self) -> Event {
        let event = match self.kind.as_str() {
            "diagnostic" => read(self.diagnostic.as_deref()).map(Event::Diagnostic),
            "change_summary" => read(self.changes.as_deref()).map(Event::Summary),
            "resource_drift" => self.resource(Event::Drift),
            "planned_change" => self.resource(Event::Planned),
            "refresh_start" => self.resource(Event::RefreshStart),
            "refresh_complete" => self.resource(Event::RefreshComplete),
            "apply_start" => self.resource(Event::ApplyStart),
            "apply_progress" => self.resource(Event::ApplyProgress),
            "apply_complete" => self.resource(Event::ApplyComplete),
            "apply_errored" => self.resource(Event::ApplyErrored),
            _ => None,
        };
        event.unwrap_or(Event::Message(self.message))
    }

    fn resource(&self, event: fn(ResourceEvent) -> Event) -> Option<Event> {
        let hook: Hook = read(self.hook.as_deref().or(self.change.as_deref()))?;
        Some(event(hook.into_resource(self.message.clone())))
    }
}

fn read<T: DeserializeOwned>(member: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(member?.get()).ok()
}

impl Hook {
    fn into_resource(self, message: String) -> ResourceEvent {
        ResourceEvent {
            address: self.resource.addr,
            action: self.action,
            reason: self.reason,
            id: self.id_value,
            elapsed_seconds: self.elapsed_seconds.and_then(whole_seconds),
            message,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value was checked to be a small positive number"
)]
fn whole_seconds(seconds: f64) -> Option<u64> {
    (0.0..1e15).contains(&seconds).then_some(seconds as u64)
}

/// What a run of Terraform said, beyond the single events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Warnings and errors, in order.
    pub diagnostics: Vec<Diagnostic>,
    /// Addresses that were read from their real object, each with how often.
    pub refreshed: BTreeMap<String, u32>,
    /// The last counts.
    pub summary: Option<ChangeSummary>,
}

impl Heard {
    pub(crate) fn take_in(&mut self, event: &Event) {
        match event {
            Event::Diagnostic(diagnostic) => self.diagnostics.push(diagnostic.clone()),
            Event::Summary(summary) => self.summary = Some(summary.clone()),
            Event::RefreshComplete(resource) => {
                *self.refreshed.entry(resource.address.clone()).or_default() += 1;
            }
            Event::Drift(_)
            | Event::Planned(_)
            | Event::RefreshStart(_)
            | Event::ApplyStart(_)
            | Event::ApplyProgress(_)
            | Event::ApplyComplete(_)
            | Event::ApplyErrored(_)
            | Event::Message(_)
            | Event::Text(_) => {}
        }
    }

    /// The errors among the diagnostics.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(message: &str) -> ResourceEvent {
        ResourceEvent {
            address: "terraform_data.x[\"a\"]".to_owned(),
            action: None,
            reason: None,
            id: None,
            elapsed_seconds: None,
            message: message.to_owned(),
        }
    }

    #[test]
    fn each_line_becomes_its_event() {
        let addr = r#""resource":{"addr":"terraform_data.x[\"a\"]","module":""}"#;
        let table = [
            (
                format!(r#"{{"@message":"m","type":"refresh_complete","hook":{{{addr},"id_key":"id","id_value":"7"}}}}"#),
                Event::RefreshComplete(ResourceEvent { id: Some("7".into()), ..resource("m") }),
            ),
            (
                format!(r#"{{"@message":"m","type":"planned_change","change":{{{addr},"action":"replace","reason":"tainted"}}}}"#),
                Event::Planned(ResourceEvent {
                    action: Some("replace".into()),
                    reason: Some("tainted".into()),
                    ..resource("m")
                }),
            ),
            (
                format!(r#"{{"@message":"m","type":"apply_complete","hook":{{{addr},"action":"create","elapsed_seconds":3}}}}"#),
                Event::ApplyComplete(ResourceEvent {
                    action: Some("create".into()),
                    elapsed_seconds: Some(3),
                    ..resource("m")
                }),
            ),
            (
                r#"{"@message":"Invoke","type":"action_start","hook":{"action":{"addr":"action.x.y"}}}"#.into(),
                Event::Message("Invoke".into()),
            ),
            (
                r#"{"@message":"odd","type":"refresh_complete","hook":{"action":{}}}"#.into(),
                Event::Message("odd".into()),
            ),
            (
                r#"{"@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"d","snippet":{"code":"x = \"canary\""}}}"#.into(),
                Event::Diagnostic(Diagnostic {
                    severity: Severity::Error,
                    summary: "no".into(),
                    detail: "d".into(),
                    address: None,
                    range: None,
                }),
            ),
            ("\u{1b}[31mpanic".into(), Event::Text("\u{1b}[31mpanic".into())),
        ];
        for (line, expected) in table {
            assert_eq!(Event::parse(&line), expected, "{line}");
        }
    }

    #[test]
    fn what_was_heard_is_diagnostics_reads_and_the_last_counts() {
        let mut heard = Heard::default();
        for event in [
            Event::RefreshComplete(resource("first")),
            Event::RefreshComplete(resource("again")),
            Event::Summary(ChangeSummary {
                add: 1,
                ..ChangeSummary::default()
            }),
            Event::Summary(ChangeSummary::default()),
        ] {
            heard.take_in(&event);
        }
        let expected = Heard {
            diagnostics: Vec::new(),
            refreshed: [(resource("").address, 2)].into(),
            summary: Some(ChangeSummary::default()),
        };
        assert_eq!(heard, expected);
    }
}
