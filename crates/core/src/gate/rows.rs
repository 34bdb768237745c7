//! The rows of a record. Addresses, names, counts and digests; never a value of a resource, an
//! input or an output.

use std::collections::BTreeMap;

use serde::Serialize;
use tf_run::plan::{Counts, Refresh};

use super::{HostKind, Level, Source, Step, Tool, Verdict};
use crate::difference::Judged;
use crate::drift::{Mismatch, Unmanaged};

/// The format of the record; a reader refuses another major number.
pub(super) const SCHEMA: &str = "em-infra-gate/1.0";

/// One row.
#[derive(Debug, Serialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub(super) enum Row<'a> {
    /// A run begins. Without an end row the run was cut off, which is a finding of its own.
    Start {
        schema: &'static str,
        run: &'a str,
        time: String,
        tool: &'a Tool,
        host: HostKind,
        engine: EngineRow,
        root: String,
        var_files: Vec<String>,
        input_variables: Vec<String>,
        scrubbed_variables: &'a [String],
    },
    /// Digests of what the run rests on.
    Inputs {
        before: Step,
        configuration: String,
        provider_lock: Option<String>,
        /// The locked version of each provider.
        providers: BTreeMap<String, String>,
        variables: String,
    },
    /// What runs before this one left half done.
    Leftovers {
        /// Saved plans that were removed.
        removed: Vec<String>,
        /// Output that was swept of secrets now.
        swept: Vec<String>,
    },
    /// The real objects were read without Terraform.
    Live {
        host: &'a str,
        machines: usize,
        mismatches: &'a [Mismatch],
        beside: &'a [Unmanaged],
    },
    /// A step begins.
    Step {
        step: Step,
        time: String,
        command: Option<&'a str>,
    },
    /// A plan was read.
    Plan {
        step: Step,
        format: String,
        sha256: String,
        counts: Counts,
        applyable: Option<bool>,
        complete: Option<bool>,
        errored: bool,
        refresh: Option<&'a Refresh>,
        drift: Vec<String>,
        noise: Vec<String>,
    },
    /// What is known about each difference. No values.
    Differences { found: Vec<DifferenceRow<'a>> },
    /// A step ended.
    Done {
        step: Step,
        end: &'static str,
        exit: Option<String>,
        milliseconds: u64,
        warnings: Vec<String>,
        errors: Vec<String>,
        files: BTreeMap<String, String>,
    },
    /// Secrets came up that were not known when these files were written; this is what they are now.
    Swept { files: BTreeMap<String, String> },
    /// The state file, where it is a file of the root module.
    State {
        when: &'static str,
        sha256: Option<String>,
    },
    /// The run ends.
    End {
        time: String,
        verdict: Verdict,
        exit_code: u8,
        level: Option<Level>,
        reasons: Vec<String>,
        not_checked: &'a [String],
        masked_values: usize,
        transcript_sha256: String,
    },
}

/// One difference.
#[derive(Debug, Serialize)]
pub(super) struct DifferenceRow<'a> {
    pub(super) source: Source,
    pub(super) address: &'a str,
    pub(super) path: &'a str,
    #[serde(flatten)]
    pub(super) judged: &'a Judged,
}

/// The engine of a run.
#[derive(Debug, Serialize)]
pub(super) struct EngineRow {
    pub(super) product: String,
    pub(super) version: String,
    pub(super) origin: String,
    pub(super) program_sha256: String,
    /// What the program was unpacked from, where em-infra fetched it: the program itself only starts a library.
    pub(super) wheel_sha256: Option<&'static str>,
}
