//! The provider that Terraform would start must be this very executable: the rules that were checked are then the rules
//! that are applied.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use em_infra_core::provider_install::{Installed, LockFile};
use tf_run::Env;

use super::root;
use crate::commands::provider::{mirror, own_executable};
use crate::exit::Exit;
use crate::failure::CommandError;

/// How much of an executable is compared at once.
const PIECE: usize = 1 << 18;

/// Refuses when `terraform init` in `root` would select another build. A CLI configuration of the user's own decides
/// elsewhere where providers come from, so nothing can be said then.
pub(crate) fn require_own(root: &Path, environment: &Env) -> Result<(), CommandError> {
    if environment.get("TF_CLI_CONFIG_FILE").is_some() || !root::takes_our_provider(root)? {
        return Ok(());
    }
    let selected = selected(root, environment)?;
    let Some(selected) = selected else {
        return Err(refusal(
            root,
            "the provider eminfra is not installed".to_owned(),
        ));
    };
    if holds_the_same(&selected.executable, &own_executable()?)? {
        return Ok(());
    }
    let message = format!(
        "the installed provider eminfra {} is another build than this em-infra",
        selected.version
    );
    Err(refusal(root, message))
}

/// Compares two files piece by piece: most other builds differ in length already, and none is held in memory whole.
fn holds_the_same(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (File::open(one)?, File::open(other)?);
    if one.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (
        BufReader::with_capacity(PIECE, one),
        BufReader::with_capacity(PIECE, other),
    );
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if left[..length] != right[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(left.len() == right.len());
        }
        one.consume(length);
        other.consume(length);
    }
}

/// The locked build, or the newest one where nothing is locked.
fn selected(root: &Path, environment: &Env) -> Result<Option<Installed>, CommandError> {
    let mut installed = mirror(environment)?.installed()?;
    let locked = LockFile::of(root).locked_version()?;
    Ok(match locked {
        Some(version) => installed.into_iter().find(|build| build.version == version),
        None => installed.pop(),
    })
}

fn refusal(root: &Path, message: String) -> CommandError {
    CommandError::new(Exit::Refused, message).hint(format!(
        "type `em-infra provider install --env {}`",
        root.display()
    ))
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn builds_are_compared_to_their_last_byte() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            files::create_new(&path, bytes, Mode::Private).unwrap();
            path
        };
        let mut bytes = vec![7; 3 * PIECE + 5];
        let one = file("one", &bytes);
        let same = file("same", &bytes);
        *bytes.last_mut().unwrap() = 8;
        let last = file("last", &bytes);
        let longer = file("longer", &[bytes, vec![7]].concat());
        let empty = file("empty", b"");
        let table = [
            (&same, true),
            (&last, false),
            (&longer, false),
            (&empty, false),
        ];
        for (other, expected) in table {
            assert_eq!(holds_the_same(&one, other).unwrap(), expected);
        }
        assert!(holds_the_same(&empty, &file("none", b"")).unwrap());
    }
}
