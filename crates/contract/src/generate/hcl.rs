//! Values as HCL, and the example of a `terraform.tfvars`.

use std::fmt::Write as _;

use crate::value::Value;

/// A value on one line, as Terraform reads it.
pub fn hcl(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(hcl).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{} = {}", key_text(key), hcl(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A quoted template without interpolation: `${` and `%{` are doubled.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if chars.peek() == Some(&'{') => out.extend([char, char]),
            _ => out.push(char),
        }
    }
    out.push('"');
    out
}

/// A key without quotes where HCL reads it as a name.
fn key_text(key: &str) -> String {
    let starts = key.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_');
    let plain = key
        .chars()
        .all(|char| char.is_ascii_alphanumeric() || "_-".contains(char));
    if starts && plain {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// What stands in the example: each paragraph's comment, and its inputs with their values as JSON.
const PARAGRAPHS: &[(&str, &[(&str, &str)])] = &[
    (
        "The smallest complete input of k3s-dev. Copy this file to terraform.tfvars and put your own values in.\n\
         Every input is described in docs/reference/inputs.md; `em-infra check` says what is wrong with yours.",
        &[],
    ),
    (
        "The host and its token come from the environment, so that they are in no file:\n\
         export PROXMOX_VE_ENDPOINT=https://pve.example:8006\n\
         export PROXMOX_VE_API_TOKEN='em-infra@pve!terraform=00000000-0000-0000-0000-000000000000'\n\
         The address may stand here as well: proxmox_api_url = \"https://pve.example:8006\"",
        &[],
    ),
    (
        "Where the VMs are put. VMIDs begin at vmid_start (8000 unless you say otherwise):\n\
         the first control plane is 8001, the first worker 8010.",
        &[
            ("env_name", r#""k3s-dev""#),
            ("node", r#""pve""#),
            ("disk_pool", r#""local-lvm""#),
        ],
    ),
    (
        "The template, by name or VMID: a Talos nocloud disk image of this version.",
        &[
            ("control_plane_template", r#""talos-v1.13-nocloud""#),
            ("talos_version", r#""v1.13.9""#),
        ],
    ),
    (
        "How many nodes. GPU workers need gpu_worker_template; a device is given by address or by mapping:\n\
         gpu_workers = { trainer-1 = { gpus = [{ mapping = \"gpu0\" }] } }",
        &[
            ("control_plane_count", "1"),
            ("worker_count", "2"),
            ("gpu_worker_pci_bdfs", "[]"),
        ],
    ),
    (
        "The network the VMs are in. Addresses begin at its tenth unless node_address_start says otherwise:\n\
         the first control plane is at .11, the first worker at .20. Keep them out of your DHCP range.",
        &[
            ("cluster_network_cidr", r#""192.168.1.0/24""#),
            ("network_gateway", r#""192.168.1.1""#),
        ],
    ),
];

/// `terraform.tfvars.example`.
pub fn tfvars_example() -> String {
    let mut out = String::new();
    for (comment, lines) in PARAGRAPHS {
        if !out.is_empty() {
            out.push('\n');
        }
        for line in comment.lines() {
            out.extend(["# ", line, "\n"]);
        }
        assign(&mut out, lines);
    }
    out
}

/// Aligned as `terraform fmt` aligns neighbouring lines; a `null` says that the line is left out.
pub(super) fn assign(out: &mut String, lines: &[(&str, &str)]) {
    let width = lines
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, json) in lines {
        let value = serde_json::from_str(json).map_or(Value::Null, Value::from_json);
        let written = match value {
            Value::Null => writeln!(out, "# without {name}"),
            value => writeln!(out, "{name:width$} = {}", hcl(&value)),
        };
        written.expect("writing to a String cannot fail");
    }
}

/// The values of the example, so that a test can check them.
#[cfg(test)]
fn example_inputs() -> crate::value::InputValues {
    let lines = PARAGRAPHS.iter().flat_map(|(_, lines)| lines.iter());
    lines
        .map(|(name, json)| {
            let json = serde_json::from_str(json).expect("the example is JSON");
            ((*name).to_owned(), Value::from_json(json))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::find;

    #[test]
    fn the_example_is_complete_and_without_any_finding() {
        assert_eq!(crate::check(&example_inputs()), []);
    }

    #[test]
    fn the_example_gives_every_required_input_and_names_only_inputs() {
        let given = example_inputs();
        for input in crate::inputs::INPUTS
            .iter()
            .filter(|input| input.is_required())
        {
            assert!(given.contains_key(input.name), "{}", input.name);
        }
        assert!(given.keys().all(|name| find(name).is_some()));
    }

    #[test]
    fn text_that_hcl_would_interpolate_is_escaped() {
        assert_eq!(
            quoted("a\"b\\c ${d} %{e} $f\n"),
            r#""a\"b\\c $${d} %%{e} $f\n""#
        );
    }
}
