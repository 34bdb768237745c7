//! Secrets that are known before Terraform starts: those it is given.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hcl_edit::structure::Body;
use tf_run::Env;

use crate::inputs::{
    self, CommandLineInput, Declared, Node, NodeKind, Sources, read_directory, with_command_line,
    with_environment,
};

/// How names of secrets end, wherever they are not declared as such.
const ENDINGS: [&str; 10] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "_pass",
    "token",
    "private_key",
    "api_key",
    "access_key",
    "credentials",
];

/// Every value that is passed to Terraform as a secret: inputs that the root module declares sensitive or
/// ephemeral or that are called like one, and credentials in the environment.
pub(in crate::gate) fn given(root: &Path, var_files: &[PathBuf], env: &Env) -> Vec<String> {
    let declared = declared_secret(root);
    let is_secret = |name: &str| declared.contains(name) || is_called_like_a_secret(name);
    let variables: Vec<(&str, &str)> = env
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
        .collect();
    let mut found = credentials(&variables);
    for sources in sources(root, var_files, &variables) {
        for given in sources.all() {
            if is_secret(&given.assignment.name.name) {
                leaves(&given.assignment.value, &mut found);
            }
        }
        found.extend(in_broken_texts(&sources, &is_secret));
    }
    found
}

fn is_called_like_a_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Of `ID=SECRET`, as Proxmox VE writes a token, the secret alone is one too.
fn credentials(variables: &[(&str, &str)]) -> Vec<String> {
    let secret = variables
        .iter()
        .filter(|(name, _)| !name.starts_with("TF_VAR_") && is_called_like_a_secret(name));
    secret
        .flat_map(|(_, value)| {
            let part = value.split_once('=').map(|(_, secret)| secret);
            std::iter::once(*value).chain(part).map(str::to_owned)
        })
        .collect()
}

/// The same sources read twice: the text of a `TF_VAR_` is a string or an expression, by a type that
/// need not be known here. What cannot be read is Terraform's to complain about, and it has not read
/// a secret from it either.
fn sources(root: &Path, var_files: &[PathBuf], variables: &[(&str, &str)]) -> Vec<Sources> {
    let files: Vec<CommandLineInput> = var_files
        .iter()
        .cloned()
        .map(CommandLineInput::VarFile)
        .collect();
    let read = |declared: Declared| {
        let declarations: inputs::Declarations<'_> = &|_| declared;
        let sources = Sources::default();
        let sources = with_environment(sources, variables.iter().copied(), declarations);
        let sources = read_directory(sources.clone(), root).unwrap_or(sources);
        with_command_line(sources.clone(), root, &files, declarations).unwrap_or(sources)
    };
    vec![read(Declared::Text), read(Declared::Collection)]
}

/// Terraform quotes the line at which a file is broken, so the lines count as they stand.
fn in_broken_texts(sources: &Sources, is_secret: &dyn Fn(&str) -> bool) -> Vec<String> {
    let broken = sources
        .faults()
        .iter()
        .map(|fault| sources.text(fault.text));
    broken
        .flat_map(|(_, text)| text.lines())
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| is_secret(name.trim().trim_matches('"')))
        .map(|(_, value)| value.trim().trim_matches('"').to_owned())
        .collect()
}

fn leaves(node: &Node, found: &mut Vec<String>) {
    match &node.kind {
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::NotLiteral => {}
        NodeKind::Number(text) | NodeKind::String(text) => found.push(text.clone()),
        NodeKind::List(items) => items.iter().for_each(|item| leaves(item, found)),
        NodeKind::Map(members) => {
            for (_, member) in members {
                leaves(member, found);
            }
        }
    }
}

/// The variables of the root module that are declared sensitive or ephemeral.
fn declared_secret(root: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(root).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found = BTreeSet::new();
    // Asked before it is opened: opening a pipe would wait for its writer.
    for path in paths.filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let ends = |endings: [&str; 2]| endings.iter().any(|ending| name.ends_with(ending));
        let read = || fs::read_to_string(&path).unwrap_or_default();
        if ends([".tf", ".tofu"]) {
            found.extend(in_hcl(&read()));
        } else if ends([".tf.json", ".tofu.json"]) {
            found.extend(in_json(&read()));
        }
    }
    found
}

fn in_hcl(text: &str) -> Vec<String> {
    let body: Option<Body> = text.parse().ok();
    let mut found = Vec::new();
    for block in body.iter().flat_map(Body::blocks) {
        let is_set = |name: &str| {
            let attribute = block.body.get_attribute(name);
            attribute.is_some_and(|attribute| attribute.value.as_bool() == Some(true))
        };
        if block.ident.as_str() == "variable" && (is_set("sensitive") || is_set("ephemeral")) {
            found.extend(block.labels.first().map(|label| label.as_str().to_owned()));
        }
    }
    found
}

fn in_json(text: &str) -> Vec<String> {
    let document: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let variables = document
        .as_ref()
        .and_then(|document| document.get("variable")?.as_object());
    let is_set = |variable: &serde_json::Value, name: &str| {
        variable.get(name).and_then(serde_json::Value::as_bool) == Some(true)
    };
    variables
        .into_iter()
        .flatten()
        .filter(|(_, variable)| is_set(variable, "sensitive") || is_set(variable, "ephemeral"))
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn secrets_are_found_in_every_source() {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in [
            (
                "main.tf",
                "variable \"pin\" { sensitive = true }\nvariable \"open\" {}\nvariable \"once\" { ephemeral = true }",
            ),
            (
                "more.tf.json",
                r#"{"variable": {"map": {"sensitive": true}, "plain": {}}}"#,
            ),
            (
                "terraform.tfvars",
                "pin = \"from-tfvars\"\nopen = \"open-1\"\nmap = { a = [\"in-map\"] }\n",
            ),
            (
                "x.auto.tfvars.json",
                r#"{"db_password": "by-name", "plain": "open-2"}"#,
            ),
            (
                "broken.tfvars",
                "pin = \"quoted-by-terraform\"\nopen = = \"open-3\"\n",
            ),
        ] {
            files::create_new(&directory.path().join(name), text.as_bytes(), Mode::Private)
                .unwrap();
        }
        let env = Env::from_iter([
            ("TF_VAR_once", "from-env"),
            ("TF_VAR_map", "{b = \"in-env-map\"}"),
            ("TF_VAR_open", "open-4"),
            ("PROXMOX_VE_API_TOKEN", "me@pve!x=token-secret"),
            ("PM_PASS", "pm-pass"),
            ("HOME", "/home/open-5"),
        ]);
        let found: BTreeSet<String> = given(directory.path(), &["broken.tfvars".into()], &env)
            .into_iter()
            .collect();
        let expected = [
            "by-name",
            "from-env",
            "from-tfvars",
            "in-env-map",
            "in-map",
            "me@pve!x=token-secret",
            "pm-pass",
            "quoted-by-terraform",
            "token-secret",
            "{b = \"in-env-map\"}",
        ];
        assert_eq!(found, expected.map(str::to_owned).into());
    }
}
