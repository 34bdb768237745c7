//! Where an environment keeps its state, and what Terraform puts beside it.

use std::fs;
use std::path::{Path, PathBuf};

use tf_run::Json;

/// The files of one environment's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
    state: PathBuf,
    backend: Backend,
}

/// What `terraform init` recorded about where states live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A file on this machine.
    Local,
    /// Anything else, by Terraform's name for it.
    Elsewhere(String),
}

impl Place {
    /// The files of the Terraform root `root`, which should be absolute.
    pub fn of(root: &Path) -> Self {
        let record = fs::read_to_string(root.join(".terraform/terraform.tfstate"));
        let record = record.ok().and_then(|text| Json::parse(&text).ok());
        let backend = record.as_ref().and_then(|record| record.get("backend"));
        let kind = backend.and_then(|backend| backend.get("type")?.as_str());
        let path = backend.and_then(|backend| backend.get("config")?.get("path")?.as_str());
        Self {
            root: root.to_owned(),
            state: root.join(path.unwrap_or("terraform.tfstate")),
            backend: match kind {
                None | Some("local") => Backend::Local,
                Some(other) => Backend::Elsewhere(other.to_owned()),
            },
        }
    }

    /// The Terraform root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The state file.
    pub fn state(&self) -> &Path {
        &self.state
    }

    /// What `terraform init` recorded.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Where Terraform puts the state from before its last change; overwritten by the next one.
    pub fn backup(&self) -> PathBuf {
        let mut path = self.state.clone().into_os_string();
        path.push(".backup");
        path.into()
    }

    /// Where Terraform puts a state that it could not save.
    pub fn errored(&self) -> PathBuf {
        self.root.join("errored.tfstate")
    }

    /// Where the holder of the lock says who it is.
    pub fn lock_info(&self) -> PathBuf {
        let name = self.state.file_name().unwrap_or_default();
        self.state
            .with_file_name(format!(".{}.lock.info", name.to_string_lossy()))
    }

    /// The providers that the configuration is locked to.
    pub fn provider_lock(&self) -> PathBuf {
        self.root.join(".terraform.lock.hcl")
    }

    /// A short name for the environment, its own for each place on this machine.
    pub fn environment_id(&self) -> String {
        let name = self.root.file_name().unwrap_or_default().to_string_lossy();
        let digest = files::Digest::of_bytes(self.root.as_os_str().as_encoded_bytes()).to_string();
        format!("{name}-{}", &digest[..8])
    }
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn the_recorded_backend_says_where_the_state_is() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert_eq!(Place::of(root).state(), root.join("terraform.tfstate"));
        assert_eq!(
            Place::of(root).lock_info(),
            root.join(".terraform.tfstate.lock.info")
        );

        files::create_private_dir(&root.join(".terraform")).unwrap();
        let record = |text: &str| {
            let path = root.join(".terraform/terraform.tfstate");
            files::create_atomic(&path, text.as_bytes(), Mode::Private).unwrap();
            Place::of(root)
        };
        let local =
            record(r#"{"version":3,"backend":{"type":"local","config":{"path":"s/k.tfstate"}}}"#);
        assert_eq!(
            (local.state(), local.backend()),
            (root.join("s/k.tfstate").as_path(), &Backend::Local)
        );
        let remote = record(r#"{"version":3,"backend":{"type":"s3","config":{"bucket":"b"}}}"#);
        assert_eq!(remote.backend(), &Backend::Elsewhere("s3".to_owned()));
    }
}
