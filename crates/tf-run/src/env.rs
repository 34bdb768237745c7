//! The environment, as data: read once at the edge of the program and handed in.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Environment variables. An empty value counts as unset, as Terraform counts it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// The value of `name`, unless unset or empty.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of `name` as a path, unless unset or empty.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.get(name).map(Path::new)
    }

    /// Sets `name`.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Removes the variables that `unwanted` picks and answers their names.
    pub fn remove_where(&mut self, unwanted: impl Fn(&str, &OsStr) -> bool) -> Vec<String> {
        let mut removed = Vec::new();
        self.0.retain(|name, value| {
            let name = name.to_string_lossy();
            let keep = !unwanted(&name, value);
            if !keep {
                removed.push(name.into_owned());
            }
            keep
        });
        removed
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The first executable file called `program` in the directories of `PATH`.
    ///
    /// Relative entries are passed over: what they mean depends on where one stands.
    pub fn program(&self, program: &str) -> Option<PathBuf> {
        std::env::split_paths(self.get("PATH")?)
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(program))
            .find(|path| is_executable(path))
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

/// Shows the names only: values can be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn an_empty_value_is_unset() {
        let env = Env::from_iter([("A", ""), ("B", "b")]);
        assert_eq!(
            [env.get("A"), env.get("B"), env.get("C")],
            [None, Some("b".as_ref()), None]
        );
    }

    #[test]
    fn a_program_is_an_executable_file_in_an_absolute_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["plain", "directory", "good"] {
            files::create_private_dirs(&path(name)).unwrap();
        }
        files::create_new(&path("plain/tool"), b"", Mode::Private).unwrap();
        files::create_private_dirs(&path("directory/tool")).unwrap();
        files::create_new(&path("good/tool"), b"", Mode::PrivateProgram).unwrap();
        let search = [
            "relative".into(),
            path("plain"),
            path("directory"),
            path("good"),
        ];
        let env = Env::from_iter([("PATH", std::env::join_paths(search).unwrap())]);
        assert_eq!(env.program("tool"), Some(path("good/tool")));
        assert_eq!(env.program("other"), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let env = Env::from_iter([("TF_VAR_token", "canary")]);
        assert_eq!(format!("{env:?}"), r#"{"TF_VAR_token"}"#);
    }
}
