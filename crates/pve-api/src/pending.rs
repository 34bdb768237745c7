//! What waits for the next stop of a VM.

use serde::de::{self, Deserialize, Deserializer};

use crate::Malformed;
use crate::lenient::{self, Scalar};

/// What is to happen to an option when the VM next stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PendingChange<'a> {
    /// It gets this value.
    Set(&'a str),
    /// It is removed.
    Delete,
}

/// One row of `GET …/pending`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct PendingOption {
    /// The option's name.
    pub key: String,
    /// The value now.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub value: Option<String>,
    #[serde(default, deserialize_with = "lenient::maybe")]
    pending: Option<String>,
    #[serde(default, deserialize_with = "deletion")]
    delete: bool,
}

impl PendingOption {
    /// Returns what is waiting for the next stop, if anything is.
    pub fn change(&self) -> Option<PendingChange<'_>> {
        if self.delete {
            Some(PendingChange::Delete)
        } else {
            self.pending.as_deref().map(PendingChange::Set)
        }
    }
}

/// 1 is a deletion, 2 a forced one.
fn deletion<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Option::<Scalar>::deserialize(deserializer)?
        .as_ref()
        .map(|scalar| scalar.0.as_str())
    {
        None | Some("0" | "") => Ok(false),
        Some("1" | "2") => Ok(true),
        Some(other) => Err(de::Error::custom(Malformed::new(
            "a deletion mark",
            other,
            "expected 0, 1 or 2",
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_rows_tell_set_from_delete() {
        let rows: Vec<PendingOption> = serde_json::from_str(
            r#"[{"key":"cores","value":2,"pending":4},{"delete":1,"key":"serial0","value":"socket"},
                {"key":"name","value":"web"},{"key":"balloon","pending":0}]"#,
        )
        .expect("rows");
        let changes: Vec<_> = rows
            .iter()
            .map(|row| (row.key.as_str(), row.change()))
            .collect();
        assert_eq!(
            changes,
            [
                ("cores", Some(PendingChange::Set("4"))),
                ("serial0", Some(PendingChange::Delete)),
                ("name", None),
                ("balloon", Some(PendingChange::Set("0"))),
            ]
        );
    }
}
