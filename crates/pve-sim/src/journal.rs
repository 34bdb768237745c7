//! What was asked: every request with who, when, how it ended.

use std::time::Duration;

use serde::Serialize;

use crate::clock::SimTime;

/// One request that was answered or cut off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// HTTP method.
    pub method: String,
    /// Path below `/api2/json`, without the query.
    pub path: String,
    /// Names and values of the parameters; those of passwords are `***`.
    pub parameters: Vec<(String, String)>,
    /// `user@realm` or `user@realm!token`; `None` when nobody was recognised.
    pub principal: Option<String>,
    /// Status of the answer; 0 when the connection was cut instead.
    pub status: u16,
    /// Whether the method may change something.
    pub write: bool,
    /// The task it started.
    pub upid: Option<String>,
    /// When it arrived, in simulated milliseconds since the epoch.
    pub at: SimTime,
    /// How long the answer took, in simulated time.
    #[serde(serialize_with = "as_duration")]
    pub duration: Duration,
}

impl Entry {
    /// One JSON object, for exporting as a line.
    pub fn to_json(&self) -> String {
        // Strings and numbers always serialise; should that change, the line is empty.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn as_duration<S: serde::Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(span.as_secs_f64())
}
