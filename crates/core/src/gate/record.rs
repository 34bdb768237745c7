//! The record of a run: `record.jsonl`, a row at a time, each on disk before the next thing happens.

use std::path::Path;

use files::Appender;

use super::GateError;
use super::rows::Row;

/// The open record.
#[derive(Debug)]
pub(super) struct Record(Appender);

impl Record {
    pub(super) fn create(directory: &Path) -> files::Result<Self> {
        Ok(Self(Appender::open(&directory.join("record.jsonl"))?))
    }

    pub(super) fn row(&mut self, row: &Row<'_>) -> Result<(), GateError> {
        Ok(self.0.durable_line(&serde_json::to_string(row)?)?)
    }
}
