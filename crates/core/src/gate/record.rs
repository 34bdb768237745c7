//! The record of a run: `record.jsonl`, a chain of rows, each on disk before the next thing happens.

use std::path::Path;

use super::GateError;
use super::rows::Row;
use crate::evidence::Chain;

/// The open record.
#[derive(Debug)]
pub(super) struct Record(Chain);

impl Record {
    pub(super) fn create(directory: &Path) -> Result<Self, GateError> {
        Ok(Self(Chain::open(&directory.join("record.jsonl"))?))
    }

    pub(super) fn row(&mut self, row: &Row<'_>) -> Result<(), GateError> {
        Ok(self.0.append(row)?)
    }
}
