//! Log lines as Terraform reads them from a provider's stderr: one JSON object each, shown under `TF_LOG`.
//!
//! Handlers log with the macros of `tracing`; fields of the event become fields of the line. Spans are not
//! recorded. Never log a secret: Terraform writes these lines to files that users attach to bug reports.

use std::fmt;
use std::io::Write;

use serde_json::{Map, Value as Json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Sends the events of this process to stderr, unless somebody took them before.
pub(crate) fn install(level: LevelFilter) {
    if tracing::subscriber::set_global_default(Hclog { level }).is_err() {
        tracing::debug!("another log subscriber is set already");
    }
}

struct Hclog {
    level: LevelFilter,
}

impl Subscriber for Hclog {
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
        let text = line(event);
        if std::io::stderr().lock().write_all(text.as_bytes()).is_err() {
            // Terraform is gone, and with it the reader of this log.
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn line(event: &Event<'_>) -> String {
    let mut fields = Fields(Map::new());
    event.record(&mut fields);
    fields
        .0
        .insert("@level".to_owned(), level(*event.metadata().level()).into());
    fields
        .0
        .insert("@module".to_owned(), event.metadata().target().into());
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
