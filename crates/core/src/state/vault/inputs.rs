//! Variable files as the vault keeps them: every value that is known to be no secret, nothing else.
//!
//! An allow-list: only inputs of the table that may be shown and stored are kept. Secrets become `null`; comments,
//! unknown names and files that cannot be read are left out, since anything can stand in them.

use std::fs;
use std::path::Path;

use contract::Privacy;
use serde_json::{Map, Value};

use crate::inputs::{
    Assignment, CommandLineInput, Declared, Node, NodeKind, Sources, with_command_line,
};

/// The variable files of `root` that Terraform reads by itself: name in the set, content.
pub(super) fn kept(root: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_variable_file(name))
        .collect();
    names.sort_unstable();
    names
        .into_iter()
        .filter_map(|name| {
            Some((
                format!("inputs/{}", kept_name(&name)),
                kept_file(&root.join(&name))?,
            ))
        })
        .collect()
}

fn is_variable_file(name: &str) -> bool {
    [".tfvars", ".tfvars.json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The copy is JSON whatever the original was, and Terraform reads JSON by this ending.
fn kept_name(name: &str) -> String {
    format!("{}.json", name.trim_end_matches(".json"))
}

fn kept_file(path: &Path) -> Option<Vec<u8>> {
    let file = [CommandLineInput::VarFile(path.to_owned())];
    let sources =
        with_command_line(Sources::default(), path.parent()?, &file, &|_| Declared::No).ok()?;
    // Where one statement cannot be read, the next one may be a part of it.
    if !sources.faults().is_empty() {
        return Some(b"{}".to_vec());
    }
    let members: Map<String, Value> = sources
        .all()
        .filter_map(|given| kept_input(&given.assignment))
        .collect();
    serde_json::to_vec_pretty(&members).ok()
}

fn kept_input(assignment: &Assignment) -> Option<(String, Value)> {
    let name = &assignment.name.name;
    let value = match contract::inputs::find(name)?.privacy {
        Privacy::Open => json(&assignment.value),
        Privacy::Ephemeral | Privacy::Secret => Value::Null,
    };
    Some((name.clone(), value))
}

fn json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null | NodeKind::NotLiteral => Value::Null,
        NodeKind::Bool(value) => Value::Bool(*value),
        NodeKind::Number(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        NodeKind::String(text) => Value::String(text.clone()),
        NodeKind::List(items) => items.iter().map(json).collect(),
        NodeKind::Map(items) => items
            .iter()
            .map(|(key, value)| (key.name.clone(), json(value)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    #[test]
    fn no_secret_reaches_the_copy_in_whatever_way_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            files::create_new(&dir.path().join(name), text.as_bytes(), Mode::Private).unwrap();
        };
        let hcl = "# CANARY\nnode = \"pve\" # CANARY\nproxmox_api_token_secret = \"CANARY\"\nproxmox_passwort = \"CANARY\"\n\
                   vmid_start = 8000\nnameservers = [\"1.1.1.1\", # CANARY\n]\nworkers = { worker-1 = { cores = 4 } }\n";
        write("terraform.tfvars", hcl);
        write(
            "broken.auto.tfvars",
            "node = \"CANARY\nproxmox_password = CANARY",
        );
        write(
            "more.auto.tfvars.json",
            r#"{"proxmox_password":"CANARY","worker_count":2}"#,
        );
        let kept: Vec<(String, Value)> = kept(dir.path())
            .into_iter()
            .map(|(name, bytes)| (name, serde_json::from_slice(&bytes).unwrap()))
            .collect();
        let expected = [
            ("inputs/broken.auto.tfvars.json", serde_json::json!({})),
            (
                "inputs/more.auto.tfvars.json",
                serde_json::json!({"proxmox_password": null, "worker_count": 2}),
            ),
            (
                "inputs/terraform.tfvars.json",
                serde_json::json!({
                    "node": "pve", "proxmox_api_token_secret": null, "vmid_start": 8000,
                    "nameservers": ["1.1.1.1"], "workers": {"worker-1": {"cores": 4}},
                }),
            ),
        ];
        assert_eq!(kept, expected.map(|(name, value)| (name.to_owned(), value)));
    }
}
