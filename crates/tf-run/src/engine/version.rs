//! What an engine says it is.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use semver::Version;

use super::EngineError;
use crate::Env;
use crate::scrub::scrub;

/// Who made the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Terraform itself.
    Terraform,
    /// OpenTofu.
    OpenTofu,
}

impl Product {
    /// The oldest release that can run the configuration: provider functions in variable
    /// validation and ephemeral values.
    pub fn minimum(self) -> Version {
        match self {
            Self::Terraform => Version::new(1, 10, 0),
            Self::OpenTofu => Version::new(1, 11, 0),
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Terraform => "Terraform",
            Self::OpenTofu => "OpenTofu",
        })
    }
}

/// A product in a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Who made it.
    pub product: Product,
    /// Its version.
    pub version: Version,
}

impl Release {
    /// Reads the first line of `terraform version`, e.g. `Terraform v1.15.5`.
    fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.lines().next()?.trim().split_once(" v")?;
        let product = match name {
            "Terraform" => Product::Terraform,
            "OpenTofu" => Product::OpenTofu,
            _ => return None,
        };
        Some(Self {
            product,
            version: Version::parse(version).ok()?,
        })
    }

    /// Whether it is new enough. A pre-release of the minimum is not.
    pub(super) fn is_new_enough(&self) -> bool {
        self.version >= self.product.minimum()
    }

    /// Asks the program at `path`.
    pub(super) fn ask(path: &Path, env: &Env) -> Result<Self, EngineError> {
        let output = Command::new(path)
            .arg("version")
            .env_clear()
            .envs(scrub(env).0.iter())
            .stdin(Stdio::null())
            .output()
            .map_err(|source| EngineError::NotRunnable {
                path: path.to_owned(),
                source,
            })?;
        let text = String::from_utf8_lossy(&output.stdout);
        Self::parse(&text).ok_or_else(|| EngineError::NotTerraform {
            path: path.to_owned(),
            said: first_line(&text, &String::from_utf8_lossy(&output.stderr)),
        })
    }
}

fn first_line(stdout: &str, stderr: &str) -> String {
    stdout
        .lines()
        .chain(stderr.lines())
        .find(|line| !line.trim().is_empty())
        .map_or_else(
            || "nothing".to_owned(),
            |line| format!("`{}`", line.trim().chars().take(200).collect::<String>()),
        )
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.product, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_product_and_version() {
        let table = [
            (
                "Terraform v1.15.5\non linux_amd64\n",
                Some("Terraform 1.15.5"),
            ),
            (
                "OpenTofu v1.11.0-beta1\non linux_amd64",
                Some("OpenTofu 1.11.0-beta1"),
            ),
            ("Terraform v1.15", None),
            ("Terragrunt v1.0.0", None),
            ("", None),
        ];
        for (text, expected) in table {
            let found = Release::parse(text).map(|release| release.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn new_enough_is_1_10_of_terraform_and_1_11_of_opentofu() {
        let table = [
            ("Terraform v1.9.8", false),
            ("Terraform v1.10.0-rc1", false),
            ("Terraform v1.10.0", true),
            ("Terraform v2.0.0", true),
            ("OpenTofu v1.10.9", false),
            ("OpenTofu v1.11.0", true),
        ];
        for (text, expected) in table {
            assert_eq!(
                Release::parse(text).unwrap().is_new_enough(),
                expected,
                "{text}"
            );
        }
    }
}
