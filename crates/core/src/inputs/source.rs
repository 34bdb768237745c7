//! Where inputs come from, and which one wins.
//!
//! Terraform's order, lowest first: `TF_VAR_*`, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and
//! `*.auto.tfvars.json` in the order of their names, then `-var` and `-var-file` in the order of the command line.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use contract::Code;

use super::fault::{Fault, char_at};
use super::hcl::Parsed;
use super::node::{Assignment, Key, Node, NodeKind};
use super::{hcl, json};

/// A text that inputs were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A variable file.
    File(PathBuf),
    /// The environment variable `TF_VAR_<name>`.
    Environment(String),
    /// `-var NAME=VALUE` on the command line.
    CommandLine,
}

/// Names one text of [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextId(usize);

impl TextId {
    /// The position of the text in the order of precedence.
    pub const fn index(self) -> usize {
        self.0
    }
}

/// One assignment, and the text that it stands in.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The text.
    pub text: TextId,
    /// What it says.
    pub assignment: Assignment,
}

/// A part of a text that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// The text.
    pub text: TextId,
    /// The rule of the text that is broken.
    pub code: Code,
    /// What is wrong, as a sentence.
    pub message: String,
    /// What to type instead.
    pub help: String,
    /// Where (bytes).
    pub span: Range<usize>,
    /// What was not read because of it (bytes): anything can stand there.
    pub unread: Range<usize>,
    /// Another place of the text that takes part, with its role.
    pub related: Option<(Range<usize>, &'static str)>,
}

/// A source that could not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or the directory could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// `-var` without `=`: its beginning, since a secret may follow.
    #[error("`-var {0}…` has no `=`")]
    NoEquals(String),
}

/// Every input that was given, from the lowest precedence to the highest.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    texts: Vec<(Origin, String)>,
    given: Vec<Given>,
    faults: Vec<SyntaxFault>,
}

/// How Terraform reads the text of `-var` and `TF_VAR_`, by the declared type of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// `string`: the text as it stands.
    Text,
    /// `number`.
    Number,
    /// `bool`.
    Bool,
    /// A list, a map or an object: an expression.
    Collection,
    /// Not declared at all.
    No,
}

/// Looks up how an input is declared.
pub type Declarations<'a> = &'a dyn Fn(&str) -> Declared;

impl Sources {
    /// The assignment that wins for each name.
    pub fn winners(&self) -> BTreeMap<&str, &Given> {
        // Of a name twice, the one that comes later stays.
        self.given
            .iter()
            .map(|given| (given.assignment.name.name.as_str(), given))
            .collect()
    }

    /// Every assignment that wins for its name, in the order of the sources.
    pub fn effective_all(&self) -> impl Iterator<Item = &Given> {
        let winners = self.winners();
        self.given.iter().filter(move |given| {
            let winner = winners.get(given.assignment.name.name.as_str());
            winner.is_some_and(|winner| std::ptr::eq(*winner, *given))
        })
    }

    /// Every assignment, also those that another one wins over.
    pub fn all(&self) -> impl Iterator<Item = &Given> {
        self.given.iter()
    }

    /// Every text, in the order of precedence.
    pub fn text_ids(&self) -> impl Iterator<Item = TextId> + use<> {
        (0..self.texts.len()).map(TextId)
    }

    /// What could not be understood.
    pub fn faults(&self) -> &[SyntaxFault] {
        &self.faults
    }

    /// The files that were read, in the order of precedence.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.texts.iter().filter_map(|(origin, _)| match origin {
            Origin::File(path) => Some(path.as_path()),
            Origin::Environment(_) | Origin::CommandLine => None,
        })
    }

    /// Where a text came from, and the text.
    pub fn text(&self, id: TextId) -> (&Origin, &str) {
        let (origin, text) = &self.texts[id.0];
        (origin, text)
    }

    fn add_text(&mut self, origin: Origin, text: String) -> TextId {
        self.texts.push((origin, text));
        TextId(self.texts.len() - 1)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), InputError> {
        let bytes = fs::read(path).map_err(|source| InputError::Read {
            path: path.to_owned(),
            source,
        })?;
        let (text, undecodable) = decoded(bytes);
        let Parsed {
            assignments,
            faults,
        } = if is_json(path) {
            json::parse(&text)
        } else {
            hcl::parse(&text)
        };
        let id = self.add_text(Origin::File(path.to_owned()), text);
        for fault in undecodable.into_iter().chain(faults) {
            self.add_fault(id, fault);
        }
        let given = |assignment| Given {
            text: id,
            assignment,
        };
        self.given.extend(assignments.into_iter().map(given));
        Ok(())
    }

    fn add_value(&mut self, origin: Origin, name: &str, value: &str, declared: Declared) {
        let id = self.add_text(origin, value.to_owned());
        let span = 0..value.len();
        let literal = |kind| {
            Ok(Node {
                kind,
                span: 0..value.len(),
            })
        };
        let text = || NodeKind::String(value.to_owned());
        let parsed = match (declared, value) {
            (Declared::Collection, _) => hcl::parse_value(value),
            (Declared::Bool, "true") => literal(NodeKind::Bool(true)),
            (Declared::Bool, "false") => literal(NodeKind::Bool(false)),
            (Declared::Number, _) => literal(number(value).unwrap_or_else(text)),
            (Declared::Text | Declared::Bool | Declared::No, _) => literal(text()),
        };
        match parsed {
            Ok(value) => self.given.push(Given {
                text: id,
                assignment: Assignment {
                    name: Key {
                        name: name.to_owned(),
                        span,
                    },
                    value,
                },
            }),
            Err(fault) => self.add_fault(id, fault),
        }
    }

    fn add_fault(&mut self, text: TextId, fault: Fault) {
        self.faults.push(SyntaxFault {
            text,
            code: fault.code,
            message: fault.message,
            help: fault.help,
            span: fault.span,
            unread: fault.unread,
            related: fault.related,
        });
    }
}

/// Reads `TF_VAR_*`. Terraform ignores those that are not declared, and so does this.
pub fn with_environment<'a>(
    mut sources: Sources,
    variables: impl Iterator<Item = (&'a str, &'a str)>,
    declarations: Declarations<'_>,
) -> Sources {
    for (variable, value) in variables {
        if let Some(name) = variable.strip_prefix("TF_VAR_")
            && declarations(name) != Declared::No
        {
            let origin = Origin::Environment(variable.to_owned());
            sources.add_value(origin, name, value, declarations(name));
        }
    }
    sources
}

/// Reads the variable files that Terraform loads by itself from a root directory.
pub fn read_directory(mut sources: Sources, root: &Path) -> Result<Sources, InputError> {
    for name in ["terraform.tfvars", "terraform.tfvars.json"] {
        let path = root.join(name);
        if path.exists() {
            sources.add_file(&path)?;
        }
    }
    for path in automatic_files(root)? {
        sources.add_file(&path)?;
    }
    Ok(sources)
}

/// One `-var` or `-var-file`, in the order of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLineInput {
    /// `-var NAME=VALUE`
    Var(String),
    /// `-var-file PATH`
    VarFile(PathBuf),
}

/// Reads `-var` and `-var-file`; a relative path is relative to `root`, as Terraform's `-chdir` makes it. A file that
/// was read already counts again at its new place.
pub fn with_command_line(
    mut sources: Sources,
    root: &Path,
    options: &[CommandLineInput],
    declarations: Declarations<'_>,
) -> Result<Sources, InputError> {
    for option in options {
        match option {
            CommandLineInput::VarFile(path) => sources.add_file(&root.join(path))?,
            CommandLineInput::Var(text) => {
                let (name, value) = text
                    .split_once('=')
                    .ok_or_else(|| InputError::NoEquals(beginning(text)))?;
                sources.add_value(
                    Origin::CommandLine,
                    name.trim(),
                    value,
                    declarations(name.trim()),
                );
            }
        }
    }
    Ok(sources)
}

fn automatic_files(root: &Path) -> Result<Vec<PathBuf>, InputError> {
    let failed = |source| InputError::Read {
        path: root.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(root).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Decodes a file; what is no UTF-8 is replaced, and the first such place is a fault.
fn decoded(bytes: Vec<u8>) -> (String, Option<Fault>) {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error.into_bytes(),
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = text.find(char::REPLACEMENT_CHARACTER).unwrap_or_default();
    let fault = Fault {
        code: Code::TextEncoding,
        message: "the file is not UTF-8: this byte is no character".to_owned(),
        help: "save the file as UTF-8".to_owned(),
        span: char_at(&text, at),
        unread: at..at,
        related: None,
    };
    (text, Some(fault))
}

/// As much of a `-var` as can only be a name.
fn beginning(text: &str) -> String {
    text.chars()
        .take_while(|char| char.is_ascii_alphabetic() || *char == '_')
        .collect()
}

fn number(text: &str) -> Option<NodeKind> {
    contract::Number::parse(text).map(|number| NodeKind::Number(number.as_str().to_owned()))
}

fn is_json(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        files::create_new(&root.join(name), text.as_bytes(), files::Mode::Private).unwrap();
    }

    fn everything_but_x_is_text(name: &str) -> Declared {
        if name == "x" {
            Declared::No
        } else {
            Declared::Text
        }
    }

    #[test]
    fn the_highest_source_wins_as_in_terraform() {
        let root = tempfile::tempdir().unwrap();
        write(
            root.path(),
            "terraform.tfvars",
            "node = \"tfvars\"\nenv_name = \"tfvars\"\n",
        );
        write(root.path(), "b.auto.tfvars", "node = \"b\"\n");
        write(root.path(), "a.auto.tfvars.json", "{\"node\": \"a\"}");
        let environment = [
            ("TF_VAR_node", "env"),
            ("TF_VAR_disk_pool", "env"),
            ("TF_VAR_x", "no"),
        ];

        let sources = with_environment(
            Sources::default(),
            environment.into_iter(),
            &everything_but_x_is_text,
        );
        let sources = read_directory(sources, root.path()).unwrap();
        let sources = with_command_line(
            sources,
            root.path(),
            &[CommandLineInput::Var("disk_pool=line".to_owned())],
            &everything_but_x_is_text,
        )
        .unwrap();

        let mut winners: Vec<_> = sources
            .effective_all()
            .map(|given| {
                (
                    given.assignment.name.name.as_str(),
                    &given.assignment.value.kind,
                )
            })
            .map(|(name, kind)| (name, format!("{kind:?}")))
            .collect();
        winners.sort();
        assert_eq!(
            winners,
            [
                ("disk_pool", "String(\"line\")".to_owned()),
                ("env_name", "String(\"tfvars\")".to_owned()),
                ("node", "String(\"b\")".to_owned()),
            ]
        );
    }

    #[test]
    fn one_broken_file_does_not_hide_the_others() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "terraform.tfvars", "node = \n");
        write(root.path(), "z.auto.tfvars", "env_name = \"z\"\n");

        let sources = read_directory(Sources::default(), root.path()).unwrap();

        assert_eq!(sources.faults().len(), 1);
        assert!(sources.winners().contains_key("env_name"));
    }
}
