//! The steps that are answered differently, and why. The README shows the same list.

use pve_sim::PveVersion;

/// Scenario, step, reason.
type Difference = (&'static str, usize, &'static str);

const VERSION: &str = "recorded under the version file of 9.2; a host of 8.4 says 8.4";

const BOTH: &[Difference] = &[];
const ONLY_9_2: &[Difference] = &[];
const ONLY_8_4: &[Difference] = &[
    ("01-version-nodes-reads", 0, VERSION),
    ("01-version-nodes-reads", 2, VERSION),
    ("01-version-nodes-reads", 9, VERSION),
    ("01-version-nodes-reads", 18, VERSION),
    ("01-version-nodes-reads", 28, VERSION),
    ("01-version-nodes-reads", 33, VERSION),
    ("02-authentication-failures", 9, VERSION),
    ("02-authentication-failures", 15, VERSION),
    ("02-authentication-failures", 19, VERSION),
];

pub(crate) fn of(version: PveVersion) -> impl Iterator<Item = &'static Difference> {
    let own = match version {
        PveVersion::V9_2 => ONLY_9_2,
        PveVersion::V8_4 => ONLY_8_4,
    };
    BOTH.iter().chain(own)
}
