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
    #[serde(serialize_with = "as_millis")]
    pub at: SimTime,
    /// How long the answer took, in simulated time.
    #[serde(serialize_with = "as_duration")]
    pub duration: Duration,
}

impl Entry {
    /// One JSON object, for exporting as a line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers always serialise")
    }
}

fn as_millis<S: serde::Serializer>(at: &SimTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(at.0)
}

fn as_duration<S: serde::Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(span.as_secs_f64())
}
