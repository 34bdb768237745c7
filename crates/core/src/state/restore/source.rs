//! Where a state to restore comes from.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::state::content::Content;
use crate::state::place::Place;
use crate::state::vault::{Vault, VaultError};

/// Where a state to restore comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Source {
    /// A snapshot of the vault.
    Snapshot {
        /// Its id.
        id: String,
    },
    /// What Terraform left because it could not save it.
    Errored,
    /// Another file.
    File {
        /// Its path.
        path: PathBuf,
    },
}

impl Source {
    /// Finds what `name` means: `errored.tfstate`, a path (with a slash in it), `latest`, or an id or its beginning.
    pub fn find(name: &str, place: &Place, vault: &Vault) -> Result<(Self, Content), VaultError> {
        if name == "errored.tfstate" {
            return Ok((Self::Errored, read(&place.errored())?));
        }
        if name.contains('/') {
            let path = PathBuf::from(name);
            let content = read(&path)?;
            return Ok((Self::File { path }, content));
        }
        let snapshot = vault.find(name)?;
        let content = vault.content(snapshot)?;
        let id = snapshot.id.clone();
        Ok((Self::Snapshot { id }, content))
    }
}

fn read(path: &Path) -> Result<Content, VaultError> {
    let bytes = std::fs::read(path).map_err(|source| VaultError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Content::new(bytes))
}

/// What can be typed to mean it again.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Snapshot { id } => f.write_str(id),
            Self::Errored => f.write_str("errored.tfstate"),
            Self::File { path } => write!(f, "{}", path.display()),
        }
    }
}
