//! `variables.tf` of the environment and of the module.

use crate::generate::hcl::quoted;
use crate::input::{Input, Layer, Privacy, Section};
use crate::inputs::INPUTS;
use crate::kind::{Kind, attributes};

const HEADER: &str = "# Written by `cargo xtask generate` from the table of inputs in crates/contract; change it there.\n";

/// The declarations of one layer, section by section.
pub fn variables_tf(layer: Layer) -> String {
    let mut out = HEADER.to_owned();
    for section in Section::ALL {
        let variables: Vec<String> = INPUTS
            .iter()
            .filter(|input| input.section == section && is_declared(input, layer))
            .map(variable)
            .collect();
        if !variables.is_empty() {
            out.extend(["\n# ", section.title(), "\n\n", &variables.join("\n")]);
        }
    }
    out
}

fn is_declared(input: &Input, layer: Layer) -> bool {
    layer == Layer::Environment || input.layer == Layer::Module
}

fn variable(input: &Input) -> String {
    let mut lines = vec![
        ("description", quoted(input.description)),
        ("type", type_text(input.kind, 1)),
    ];
    if !input.is_required() {
        lines.push(("default", super::hcl(&input.default.value())));
    }
    if !input.is_nullable() {
        lines.push(("nullable", "false".to_owned()));
    }
    if input.privacy == Privacy::Secret {
        lines.push(("sensitive", "true".to_owned()));
    }
    if input.privacy != Privacy::Open {
        lines.push(("ephemeral", "true".to_owned()));
    }
    let validation = validation(input).unwrap_or_default();
    format!(
        "variable \"{}\" {{\n{}{validation}}}\n",
        input.name,
        aligned(&lines, 1)
    )
}

/// `name = value` lines as `terraform fmt` aligns them: a value of several lines stands alone.
fn aligned(lines: &[(&str, String)], depth: usize) -> String {
    let pad = "  ".repeat(depth);
    let is_long = |line: &(&str, String)| line.1.contains('\n');
    lines
        .chunk_by(|a, b| !is_long(a) && !is_long(b))
        .flat_map(|block| {
            let width = block
                .iter()
                .map(|(name, _)| name.len())
                .max()
                .unwrap_or_default();
            let pad = &pad;
            block
                .iter()
                .map(move |(name, value)| format_line(pad, name, width, value))
        })
        .collect()
}

fn format_line(pad: &str, name: &str, width: usize, value: &str) -> String {
    format!("{pad}{name:width$} = {value}\n")
}

/// A Terraform type; objects take a line for each attribute.
fn type_text(kind: Kind, depth: usize) -> String {
    match kind {
        Kind::Bool => "bool".to_owned(),
        Kind::Whole(_) => "number".to_owned(),
        Kind::Text(_) => "string".to_owned(),
        Kind::List(element) => format!("list({})", type_text(*element, depth)),
        Kind::Map(element) => format!("map({})", type_text(*element, depth)),
        Kind::Object(groups) => {
            let lines: Vec<(&str, String)> = attributes(groups)
                .map(|attribute| {
                    let inner = type_text(attribute.kind, depth + 1);
                    (attribute.name, format!("optional({inner})"))
                })
                .collect();
            format!(
                "object({{\n{}{}}})",
                aligned(&lines, depth + 1),
                "  ".repeat(depth)
            )
        }
    }
}

/// An input whose type says everything has no validation.
fn validation(input: &Input) -> Option<String> {
    if matches!(input.kind, Kind::Bool) && input.retired.is_none() {
        return None;
    }
    let call = format!(
        "provider::eminfra::input_error(\"{0}\", var.{0})",
        input.name
    );
    let message = match input.privacy {
        Privacy::Open => call.clone(),
        // Terraform refuses a message made from a sensitive or ephemeral value.
        Privacy::Ephemeral | Privacy::Secret => quoted(&fixed_message(input)),
    };
    let lines = [
        ("condition", format!("{call} == \"\"")),
        ("error_message", message),
    ];
    Some(format!("\n  validation {{\n{}  }}\n", aligned(&lines, 2)))
}

fn fixed_message(input: &Input) -> String {
    format!(
        "{} cannot be used as it is. Its value is not shown; `em-infra check` names the rule, and docs/reference/checks.md explains it.",
        input.name
    )
}
