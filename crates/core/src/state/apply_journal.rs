//! What Terraform reports during an apply, each line on disk before the next: after a crash it names the objects whose fate no
//! state tells.
//!
//! `.em-infra/apply.jsonl` holds the last apply, and what is still in doubt of those before. Terraform outlives em-infra and
//! reports on into its own log, so that one is read as well. A line holds an address, an action and an id; never a value.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use files::{Appender, Mode};
use serde::{Deserialize, Serialize};
use tf_run::{Event, ResourceEvent};
use time::OffsetDateTime;

use super::content::State;
use super::stamp;
use crate::own_directory;

/// An apply that is being written down.
#[derive(Debug)]
pub struct ApplyJournal {
    file: Appender,
}

/// An object of which nobody knows what the apply that was cut off made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDoubt {
    /// Its address.
    pub address: String,
    /// What was done to it, in Terraform's word.
    pub action: String,
    /// Its id, where Terraform reported one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
enum Row {
    /// Still in doubt of an earlier apply.
    Carried(InDoubt),
    Begun {
        #[serde(with = "stamp")]
        time: OffsetDateTime,
        /// Where Terraform reports to.
        log: PathBuf,
    },
    Started(InDoubt),
    Done(InDoubt),
    Failed(InDoubt),
    Ended {
        #[serde(with = "stamp")]
        time: OffsetDateTime,
    },
    /// Of a newer em-infra.
    #[serde(other)]
    Unknown,
}

impl ApplyJournal {
    /// Begins the journal of an apply in `root` that reports to `log`. What is in doubt against `state`, the state before it, is
    /// carried over.
    pub fn begin(
        root: &Path,
        state: Option<&State>,
        log: &Path,
        now: OffsetDateTime,
    ) -> files::Result<Self> {
        own_directory::make(&own_directory::of(root))?;
        let path = place(root);
        let carried = in_doubt(root, state).into_iter().map(Row::Carried);
        let log = log.to_owned();
        let rows = carried.chain([Row::Begun { time: now, log }]);
        let text: String = rows.map(|row| row.line() + "\n").collect();
        files::create_atomic(&path, text.as_bytes(), Mode::Private)?;
        let file = Appender::open(&path)?;
        Ok(Self { file })
    }

    /// Writes down what Terraform reports about an object.
    pub fn hear(&mut self, event: &Event) -> files::Result<()> {
        match Row::of(event) {
            Some(row) => self.file.durable_line(&row.line()),
            None => Ok(()),
        }
    }

    /// Terraform has ended by itself, and saved.
    pub fn end(mut self, now: OffsetDateTime) -> files::Result<()> {
        self.file.durable_line(&Row::Ended { time: now }.line())
    }
}

/// A plan looked at every object of the configuration and of `state` and found nothing to do. What is left in doubt is what was
/// being made and is in neither.
pub fn settle(root: &Path, state: Option<&State>) -> files::Result<()> {
    let left = in_doubt(root, state).into_iter();
    let text: String = left
        .filter(|object| object.action == "create")
        .map(|object| Row::Carried(object).line() + "\n")
        .collect();
    if text.is_empty() {
        files::remove_file(&place(root))
    } else {
        files::create_atomic(&place(root), text.as_bytes(), Mode::Private)
    }
}

/// The objects in doubt, given the live state. To be asked only while no apply runs.
pub fn in_doubt(root: &Path, state: Option<&State>) -> Vec<InDoubt> {
    let text = std::fs::read_to_string(place(root)).unwrap_or_default();
    let mut fates = Fates::default();
    // The last line may be torn.
    let rows = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    fates.take_all(rows);
    if let (Some(log), false) = (&fates.log, fates.ended) {
        let log = std::fs::read_to_string(log).unwrap_or_default();
        fates.take_all(log.lines().filter_map(|line| Row::of(&Event::parse(line))));
    }
    fates.in_doubt(state)
}

fn place(root: &Path) -> PathBuf {
    own_directory::of(root).join("apply.jsonl")
}

impl Row {
    fn of(event: &Event) -> Option<Self> {
        let object = |resource: &ResourceEvent| {
            let action = resource.action.clone().filter(|action| action != "read")?;
            Some(InDoubt {
                address: resource.address.clone(),
                action,
                id: resource.id.clone(),
            })
        };
        match event {
            Event::ApplyStart(resource) => object(resource).map(Self::Started),
            Event::ApplyComplete(resource) => object(resource).map(Self::Done),
            Event::ApplyErrored(resource) => object(resource).map(Self::Failed),
            Event::Diagnostic(_)
            | Event::Drift(_)
            | Event::Planned(_)
            | Event::Summary(_)
            | Event::RefreshStart(_)
            | Event::RefreshComplete(_)
            | Event::ApplyProgress(_)
            | Event::Message(_)
            | Event::Text(_) => None,
        }
    }

    fn line(&self) -> String {
        serde_json::to_string(self).expect("rows are text and times")
    }
}

/// What is known of each object that the apply touched, by address and action: a replacement is two.
#[derive(Default)]
struct Fates {
    log: Option<PathBuf>,
    ended: bool,
    objects: BTreeMap<(String, String), (InDoubt, Fate)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Carried,
    Started,
    Reported,
}

impl Fates {
    fn take_all(&mut self, rows: impl Iterator<Item = Row>) {
        for row in rows {
            self.take_in(row);
        }
    }

    fn take_in(&mut self, row: Row) {
        match row {
            Row::Begun { log, .. } => self.log = Some(log),
            Row::Carried(object) => self.note(object, Fate::Carried),
            Row::Started(object) => self.note(object, Fate::Started),
            Row::Done(object) | Row::Failed(object) => self.note(object, Fate::Reported),
            Row::Ended { .. } => self.ended = true,
            Row::Unknown => {}
        }
    }

    fn note(&mut self, object: InDoubt, fate: Fate) {
        let key = (object.address.clone(), object.action.clone());
        let known = self.objects.remove(&key);
        let id = object.id.clone().or(known.and_then(|(known, _)| known.id));
        self.objects.insert(key, (InDoubt { id, ..object }, fate));
    }

    /// An apply that ended has saved what it did. One that was cut off has told the state some of it.
    fn in_doubt(self, state: Option<&State>) -> Vec<InDoubt> {
        let ended = self.ended;
        let open = self.objects.into_values().filter(|(object, fate)| {
            let is_open = !ended || *fate == Fate::Carried;
            is_open && !object.is_told_by(state, *fate)
        });
        open.map(|(object, _)| object).collect()
    }
}

impl InDoubt {
    /// Whether the state tells what became of the object: it has what was made, and has no more what was deleted.
    fn is_told_by(&self, state: Option<&State>, fate: Fate) -> bool {
        let Some(state) = state else {
            return false;
        };
        let mut rows = state.managed().filter(|row| row.address == self.address);
        match self.action.as_str() {
            "create" => rows.any(|row| !row.is_tainted() && row.deposed.is_none()),
            "delete" => rows.next().is_none(),
            _ => fate == Fate::Reported,
        }
    }
}

impl fmt::Display for InDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.address, self.action)?;
        match &self.id {
            Some(id) => write!(f, ", {id})"),
            None => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::Content;
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-11-23 12:00 UTC);

    fn event(kind: &str, name: &str, action: &str) -> String {
        format!(
            r#"{{"@message":"m","type":"{kind}","hook":{{"resource":{{"addr":"t.{name}"}},"action":"{action}","id_value":"id-{name}"}}}}"#
        )
    }

    fn begun(root: &Path, state: Option<&State>) -> ApplyJournal {
        ApplyJournal::begin(root, state, &root.join("log"), NOW).unwrap()
    }

    fn state(rows: &[(&str, &str)]) -> Content {
        let rows: Vec<String> = rows
            .iter()
            .map(|(name, status)| {
                format!(r#"{{"type":"t","name":"{name}","instances":[{{"status":{status}}}]}}"#)
            })
            .collect();
        Content::new(format!(r#"{{"version":4,"resources":[{}]}}"#, rows.join(",")).into())
    }

    fn names(root: &Path, content: &Content) -> Vec<String> {
        let found = in_doubt(root, content.state().ok());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_was_begun_and_what_no_state_tells_is_in_doubt() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = begun(dir.path(), None);
        for (kind, name, action) in [
            ("apply_start", "made", "create"),
            ("apply_complete", "made", "create"),
            ("apply_start", "begun", "create"),
            ("apply_start", "tainted", "create"),
            ("apply_start", "gone", "delete"),
            ("apply_start", "still", "delete"),
            ("apply_start", "changed", "update"),
            ("apply_complete", "changed", "update"),
            ("apply_start", "changing", "update"),
            ("apply_start", "looked-at", "read"),
        ] {
            journal
                .hear(&Event::parse(&event(kind, name, action)))
                .unwrap();
        }
        drop(journal);
        let saved = state(&[
            ("made", "null"),
            ("tainted", "\"tainted\""),
            ("still", "null"),
            ("changed", "null"),
            ("changing", "null"),
        ]);
        let expected = [
            "t.begun (create, id-begun)",
            "t.changing (update, id-changing)",
            "t.still (delete, id-still)",
            "t.tainted (create, id-tainted)",
        ];
        assert_eq!(names(dir.path(), &saved), expected);
        let lost = names(dir.path(), &Content::new(Vec::new()));
        assert!(
            lost.contains(&"t.made (create, id-made)".to_owned()),
            "{lost:?}"
        );
    }

    #[test]
    fn terraforms_own_log_tells_what_happened_after_em_infra_died() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = begun(dir.path(), None);
        for name in ["a", "b"] {
            let start = event("apply_start", name, "update");
            journal.hear(&Event::parse(&start)).unwrap();
        }
        drop(journal);
        let log = format!("{}\nno event\n", event("apply_complete", "a", "update"));
        files::create_new(&dir.path().join("log"), log.as_bytes(), Mode::Private).unwrap();
        let saved = state(&[("a", "null"), ("b", "null")]);
        assert_eq!(names(dir.path(), &saved), ["t.b (update, id-b)"]);
    }

    #[test]
    fn an_apply_that_ended_leaves_no_doubt_but_those_from_before() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = state(&[]);
        let start = |journal: &mut ApplyJournal, name| {
            let event = Event::parse(&event("apply_start", name, "create"));
            journal.hear(&event).unwrap();
        };
        start(&mut begun(dir.path(), nothing.state().ok()), "lost");
        let mut second = begun(dir.path(), nothing.state().ok());
        start(&mut second, "fine");
        second.end(NOW).unwrap();
        assert_eq!(names(dir.path(), &nothing), ["t.lost (create, id-lost)"]);
        settle(dir.path(), nothing.state().ok()).unwrap();
        assert_eq!(names(dir.path(), &nothing), ["t.lost (create, id-lost)"]);
        let found = state(&[("lost", "null")]);
        assert_eq!(names(dir.path(), &found), Vec::<String>::new());
        settle(dir.path(), found.state().ok()).unwrap();
        assert!(!place(dir.path()).exists());
    }

    #[test]
    fn a_torn_line_and_no_journal_are_no_doubt() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(names(dir.path(), &state(&[])), Vec::<String>::new());
        begun(dir.path(), None)
            .file
            .line("{\"row\":\"started\",\"addr")
            .unwrap();
        assert_eq!(names(dir.path(), &state(&[])), Vec::<String>::new());
    }
}
