//! The implied mirror `~/.terraform.d/plugins` and the builds in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;

use super::PROVIDER_SOURCE;

/// The folder of all installed builds of the provider below one mirror.
#[derive(Debug, Clone)]
pub struct Mirror {
    folder: PathBuf,
}

/// One installed build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The version that Terraform selects it by.
    pub version: Version,
    /// The executable.
    pub executable: PathBuf,
}

/// What [`Mirror::install`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The build that `terraform init` will select.
    pub installed: Installed,
    /// Whether it was there already.
    pub outcome: Outcome,
}

/// Whether an installation wrote anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A new build was written.
    Installed,
    /// The newest installed build has the same bytes.
    AlreadyThere,
}

/// A mirror that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The mirror or the executable could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// The new build could not be written.
    #[error("failed to install the provider as `{}`", path.display())]
    Write {
        /// What was written.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: files::Error,
    },
}

impl Mirror {
    /// The mirror that Terraform searches by itself below a home directory.
    pub fn below_home(home: &Path) -> Self {
        Self::at(&home.join(".terraform.d/plugins"))
    }

    /// A mirror at a folder of one's own, for a `filesystem_mirror` or `-plugin-dir`.
    pub fn at(root: &Path) -> Self {
        Self {
            folder: root.join(PROVIDER_SOURCE),
        }
    }

    /// The builds that are installed for this platform, oldest version first. A mirror that is not there is empty.
    pub fn installed(&self) -> Result<Vec<Installed>, InstallError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.unreadable(source)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(|source| self.unreadable(source))?.file_name();
            let Ok(version) = Version::parse(&name.to_string_lossy()) else {
                continue;
            };
            let executable = self.executable(&version);
            if executable.is_file() {
                found.push(Installed {
                    version,
                    executable,
                });
            }
        }
        found.sort_by(|one, other| one.version.cmp(&other.version));
        Ok(found)
    }

    /// Installs `executable` so that `terraform init` selects it: under `version`, or under the next patch version
    /// above all installed ones when `version` is not the highest or belongs to a build with other bytes.
    pub fn install(
        &self,
        executable: &Path,
        version: &Version,
    ) -> Result<Installation, InstallError> {
        let bytes = read(executable)?;
        let newest = self.installed()?.pop();
        if let Some(newest) = &newest
            && read(&newest.executable)? == bytes
        {
            return Ok(Installation {
                installed: newest.clone(),
                outcome: Outcome::AlreadyThere,
            });
        }
        let version = free_version(version, newest.map(|newest| newest.version));
        let path = self.executable(&version);
        files::create_private_dirs(path.parent().unwrap_or(&self.folder))
            .and_then(|()| files::create_atomic(&path, &bytes, files::Mode::PublicProgram))
            .map_err(|source| InstallError::Write {
                path: path.clone(),
                source,
            })?;
        Ok(Installation {
            installed: Installed {
                version,
                executable: path,
            },
            outcome: Outcome::Installed,
        })
    }

    /// Where a build's executable stands. Terraform takes any file whose name begins with the provider's type.
    pub fn executable(&self, version: &Version) -> PathBuf {
        self.folder
            .join(version.to_string())
            .join(platform())
            .join(format!("terraform-provider-eminfra_v{version}"))
    }

    fn unreadable(&self, source: io::Error) -> InstallError {
        InstallError::Read {
            path: self.folder.clone(),
            source,
        }
    }
}

fn free_version(wanted: &Version, newest: Option<Version>) -> Version {
    match newest {
        Some(newest) if newest >= *wanted => {
            Version::new(newest.major, newest.minor, newest.patch + 1)
        }
        _ => wanted.clone(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, InstallError> {
    fs::read(path).map_err(|source| InstallError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Terraform's name of the platform this program was built for, such as `linux_amd64`.
fn platform() -> String {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{system}_{architecture}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        files::create_atomic(&path, content.as_bytes(), files::Mode::PublicProgram).unwrap();
        path
    }

    fn installed(mirror: &Mirror) -> Vec<String> {
        mirror
            .installed()
            .unwrap()
            .into_iter()
            .map(|found| found.version.to_string())
            .collect()
    }

    #[test]
    fn a_rebuild_never_overwrites_a_version_that_a_lock_file_may_know() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::at(folder.path());
        let first = build(folder.path(), "first", "one");
        let second = build(folder.path(), "second", "two");
        let version = Version::new(0, 1, 7);

        assert_eq!(
            mirror.install(&first, &version).unwrap().outcome,
            Outcome::Installed
        );
        assert_eq!(
            mirror.install(&first, &version).unwrap().outcome,
            Outcome::AlreadyThere
        );
        let rebuilt = mirror.install(&second, &version).unwrap();

        assert_eq!(rebuilt.installed.version, Version::new(0, 1, 8));
        assert_eq!(installed(&mirror), ["0.1.7", "0.1.8"]);
        assert_eq!(read(&mirror.executable(&version)).unwrap(), b"one");
    }

    #[test]
    fn going_back_to_an_older_build_still_makes_it_the_one_that_init_selects() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::at(folder.path());
        let old = build(folder.path(), "old", "old");
        let new = build(folder.path(), "new", "new");
        mirror.install(&old, &Version::new(0, 1, 3)).unwrap();
        mirror.install(&new, &Version::new(0, 1, 9)).unwrap();

        let again = mirror.install(&old, &Version::new(0, 1, 3)).unwrap();

        assert_eq!(again.installed.version, Version::new(0, 1, 10));
    }

    #[test]
    fn what_is_no_build_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = Mirror::at(folder.path());
        files::create_private_dirs(&mirror.folder.join("not-a-version")).unwrap();
        files::create_private_dirs(&mirror.folder.join("1.2.3")).unwrap();

        assert_eq!(installed(&mirror), Vec::<String>::new());
    }
}
