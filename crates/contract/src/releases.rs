//! Which Kubernetes versions a Talos minor supports, as Talos' own compatibility tables say
//! (`pkg/machinery/compatibility` of siderolabs/talos, one table per minor).

use semver::Version;

/// One Talos minor.
pub(crate) struct Release {
    /// Talos 1.`minor`.
    minor: u64,
    /// The oldest and the newest Kubernetes minor it accepts.
    pub(crate) kubernetes: (u64, u64),
    /// The Kubernetes version its first release brought, where that release is known.
    pub(crate) brought: Option<Version>,
}

const fn release(minor: u64, oldest: u64, newest: u64, brought: Option<(u64, u64)>) -> Release {
    let brought = match brought {
        Some((minor, patch)) => Some(Version::new(1, minor, patch)),
        None => None,
    };
    Release {
        minor,
        kubernetes: (oldest, newest),
        brought,
    }
}

/// The first release of a minor decides the default, so that a newer build of em-infra cannot move it.
static RELEASES: [Release; 9] = [
    release(6, 24, 29, Some((29, 0))),
    release(7, 25, 30, Some((30, 0))),
    release(8, 26, 31, Some((31, 1))),
    release(9, 27, 32, Some((32, 0))),
    release(10, 28, 33, Some((33, 0))),
    release(11, 29, 34, Some((34, 0))),
    release(12, 30, 35, Some((35, 0))),
    release(13, 31, 36, Some((36, 0))),
    release(14, 32, 37, None),
];

/// The release that `talos` belongs to, if it is known here.
pub(crate) fn of(talos: &Version) -> Option<&'static Release> {
    RELEASES
        .iter()
        .find(|release| talos.major == 1 && release.minor == talos.minor)
}

/// The newest Talos minor known here.
pub(crate) fn newest() -> u64 {
    RELEASES
        .iter()
        .map(|release| release.minor)
        .max()
        .unwrap_or_default()
}

impl Release {
    /// Patch and pre-release do not count: `1.36.0-rc.0` is of the minor 1.36.
    pub(crate) fn supports(&self, kubernetes: &Version) -> bool {
        let (oldest, newest) = self.kubernetes;
        kubernetes.major == 1 && (oldest..=newest).contains(&kubernetes.minor)
    }
}

/// The form of the output contract: `v1.13.9`.
pub(crate) fn with_v(version: &Version) -> String {
    format!("v{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Talos moves its window by one Kubernetes minor with each of its own: six minors, the newest 23 above it.
    #[test]
    fn the_table_follows_the_rule_that_talos_follows() {
        for release in &RELEASES {
            let newest = release.minor + 23;
            assert_eq!(release.kubernetes, (release.minor + 18, newest));
            let expected = match release.minor {
                8 => Some(Version::new(1, 31, 1)),
                14 => None,
                _ => Some(Version::new(1, newest, 0)),
            };
            assert_eq!(release.brought, expected, "1.{}", release.minor);
        }
        assert_eq!(newest(), 14);
    }
}
