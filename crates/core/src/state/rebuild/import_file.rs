//! The `import` blocks by which Terraform is told which object is which.
//!
//! Terraform takes them from the root module alone, so for the time of one plan there is a file more in it. The saved plan
//! holds them from then on.

use std::path::{Path, PathBuf};

use files::Mode;

use super::candidate::Candidate;

/// The name of the file.
pub(super) const IMPORT_FILE: &str = "em-infra-rebuild.tf";

const HEAD: &str = "# Written by `em-infra state rebuild`, which takes it away again. Left over, it does nothing: remove it.\n";

/// The file, as long as the value lives.
#[derive(Debug)]
pub(super) struct ImportFile {
    path: PathBuf,
}

impl ImportFile {
    /// Removes what an earlier run left, and nothing else: a plan without it shows what is wanted.
    pub(super) fn clear(root: &Path) -> files::Result<()> {
        left_imports(root).map_or(Ok(()), |left| files::remove_file(&left))
    }

    /// Writes the blocks beside the configuration.
    pub(super) fn write(root: &Path, candidates: &[Candidate]) -> files::Result<Self> {
        let path = root.join(IMPORT_FILE);
        files::create_complete(&path, text(candidates).as_bytes(), Mode::Private)?;
        Ok(Self { path })
    }
}

impl Drop for ImportFile {
    fn drop(&mut self) {
        // What cannot be removed is named by `state status`.
        drop(files::remove_file(&self.path));
    }
}

/// The file of an earlier run that was killed, where there is one.
pub(in crate::state) fn left_imports(root: &Path) -> Option<PathBuf> {
    let path = root.join(IMPORT_FILE);
    let text = std::fs::read_to_string(&path).ok()?;
    text.starts_with(HEAD).then_some(path)
}

fn text(candidates: &[Candidate]) -> String {
    let block = |candidate: &Candidate| {
        let Candidate { address, import_id } = candidate;
        let id = quoted(import_id);
        format!("\nimport {{\n  to = {address}\n  id = {id}\n}}\n")
    };
    let blocks = candidates.iter().map(block);
    std::iter::once(HEAD.to_owned()).chain(blocks).collect()
}

/// A string of the configuration language that means `text` and holds no expression.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\n' => "\\n".to_owned(),
        '$' | '%' => format!("{c}{c}"),
        other => other.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn one() -> [Candidate; 1] {
        [Candidate {
            address: "module.a.t.n[\"x\"]".to_owned(),
            import_id: "pve/8001".to_owned(),
        }]
    }

    #[test]
    fn the_file_is_there_as_long_as_the_value() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(IMPORT_FILE);
        let file = ImportFile::write(dir.path(), &one()).unwrap();
        let block = "import {\n  to = module.a.t.n[\"x\"]\n  id = \"pve/8001\"\n}\n";
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            format!("{HEAD}\n{block}")
        );
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_of_others_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(IMPORT_FILE);
        std::mem::forget(ImportFile::write(dir.path(), &one()).unwrap());
        assert!(path.exists());
        ImportFile::clear(dir.path()).unwrap();
        assert!(!path.exists());
        files::create_new(&path, b"# mine", Mode::Private).unwrap();
        assert!(
            ImportFile::write(dir.path(), &one())
                .unwrap_err()
                .is_already_there()
        );
        ImportFile::clear(dir.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"# mine");
    }

    #[test]
    fn an_id_is_text_and_never_an_expression() {
        assert_eq!(quoted("a\"b\\c${d}%{e}"), r#""a\"b\\c$${d}%%{e}""#);
    }
}
