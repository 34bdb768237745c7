//! Log lines as Terraform reads them from a provider's stderr: one JSON object each, shown under `TF_LOG`.
//!
//! Handlers log with the macros of `tracing`; fields of the event become fields of the line. Spans are not
//! recorded. Never log a secret: Terraform writes these lines to files that users attach to bug reports.

use std::fmt;
use std::io::Write;

use serde_json::{Map, Value as Json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Sends the events of this process to stderr, unless somebody took them before.
pub(crate) fn install(level: LevelFilter) {
    if tracing::subscriber::set_global_default(Hclog {
        level,
        sink: to_stderr,
    })
    .is_err()
    {
        tracing::debug!("another log subscriber is set already");
    }
}

fn to_stderr(line: &str) {
    if std::io::stderr().lock().write_all(line.as_bytes()).is_err() {
        // Terraform is gone, and with it the reader of this log.
    }
}

struct Hclog<Sink> {
    level: LevelFilter,
    sink: Sink,
}

impl<Sink: Fn(&str) + Send + Sync + 'static> Subscriber for Hclog<Sink> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // The HTTP/2 library tells about every frame.
        *metadata.level() <= self.level
            && metadata.is_event()
            && !metadata.target().starts_with("h2")
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        (self.sink)(&line(event, OffsetDateTime::now_utc()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The one spelling of a time that go-hclog reads.
const TIMESTAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

fn line(event: &Event<'_>, now: OffsetDateTime) -> String {
    let mut fields = Fields(Map::new());
    event.record(&mut fields);
    let mut put = |name: &str, value: &str| fields.0.insert(name.to_owned(), value.into());
    put("@level", level(*event.metadata().level()));
    put("@module", event.metadata().target());
    if let Ok(now) = now.format(TIMESTAMP) {
        put("@timestamp", &now);
    }
    format!("{}\n", Json::Object(fields.0))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

struct Fields(Map<String, Json>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Json>) {
        let name = match field.name() {
            "message" => "@message",
            name => name,
        };
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value as Json, json};

    use super::{Hclog, LevelFilter};

    fn logged(level: LevelFilter, log: impl FnOnce()) -> Vec<Json> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let sink = move |line: &str| kept.lock().expect("not poisoned").push(line.to_owned());
        tracing::subscriber::with_default(Hclog { level, sink }, log);
        let lines = lines.lock().expect("not poisoned");
        lines
            .iter()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    #[test]
    fn an_event_is_one_line_with_its_fields() {
        let mut lines = logged(LevelFilter::INFO, || {
            tracing::info!(vmid = 7, ok = true, reason = "a\nb", "cloning {}", "x");
            tracing::debug!("not wanted");
        });
        let timestamp = lines[0]["@timestamp"].take();
        assert_eq!(
            timestamp.as_str().map(str::len),
            Some("2026-11-23T11:50:37.567000Z".len())
        );
        let module = "tf_plugin::hclog::tests";
        assert_eq!(
            lines,
            [json!({
                "@level": "info", "@module": module, "@message": "cloning x", "@timestamp": null,
                "vmid": 7, "ok": true, "reason": "a\nb",
            })]
        );
    }
}
