//! A stored set, as the index tells of it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::state::content::Content;
use crate::state::stamp;

/// One stored set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its name: time, serial, beginning of the digest.
    pub id: String,
    /// When it was taken.
    #[serde(with = "stamp")]
    pub time: OffsetDateTime,
    /// When the live state was last found to be this one.
    #[serde(with = "stamp")]
    pub seen: OffsetDateTime,
    /// Why it was taken.
    pub reason: String,
    /// Whether it can be built on.
    pub standing: Standing,
    /// The lineage of its state.
    pub lineage: String,
    /// The serial of its state, where that is usable.
    pub serial: Option<u64>,
    /// How many objects Terraform manages in it.
    pub managed: usize,
    /// Whether it is kept whatever the keep rules say.
    pub pinned: bool,
    /// The digest of its state.
    pub state: String,
    /// The digest of its manifest.
    pub manifest: String,
}

/// Whether a stored state can be built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It can.
    Good,
    /// It is no state; kept as evidence.
    Unusable,
    /// Its lineage is not the one before it.
    Foreign,
    /// Its serial is lower than the one before it.
    Behind,
    /// A restore put another one in its place: somebody decided against it.
    Replaced,
}

impl Standing {
    /// Judges a live state by the last good one.
    pub fn judge(live: &Content, last: Option<&Snapshot>) -> Self {
        let (Ok(state), Some(last)) = (live.state(), last) else {
            return live.state().map_or(Self::Unusable, |_| Self::Good);
        };
        if state.lineage != last.lineage {
            Self::Foreign
        } else if Some(state.serial) < last.serial {
            Self::Behind
        } else {
            Self::Good
        }
    }

    /// The same of a state that a restore is about to replace: whatever it was, it is not what to go back to.
    pub fn judge_replaced(live: &Content, last: Option<&Snapshot>) -> Self {
        match Self::judge(live, last) {
            Self::Good => Self::Replaced,
            other => other,
        }
    }

    /// One word for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Unusable => "unusable",
            Self::Foreign => "foreign lineage",
            Self::Behind => "older serial",
            Self::Replaced => "replaced",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(lineage: &str, serial: u64) -> Content {
        Content::new(format!(r#"{{"version":4,"lineage":"{lineage}","serial":{serial}}}"#).into())
    }

    #[test]
    fn a_state_is_judged_by_the_last_good_one() {
        let last = Snapshot {
            id: String::new(),
            time: OffsetDateTime::UNIX_EPOCH,
            seen: OffsetDateTime::UNIX_EPOCH,
            reason: String::new(),
            standing: Standing::Good,
            lineage: "a".to_owned(),
            serial: Some(5),
            managed: 0,
            pinned: false,
            state: String::new(),
            manifest: String::new(),
        };
        let table = [
            (state("a", 5), Some(&last), Standing::Good),
            (state("a", 6), Some(&last), Standing::Good),
            (state("a", 4), Some(&last), Standing::Behind),
            (state("b", 9), Some(&last), Standing::Foreign),
            (state("b", 1), None, Standing::Good),
            (Content::new(Vec::new()), None, Standing::Unusable),
            (Content::new(b"{".to_vec()), Some(&last), Standing::Unusable),
        ];
        for (content, last, expected) in table {
            assert_eq!(Standing::judge(&content, last), expected);
        }
    }
}
