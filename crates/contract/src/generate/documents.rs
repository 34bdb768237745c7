//! The two reference documents.

use crate::code::{Code, Example, Lines, Rule};
use crate::generate::hcl::{assign, hcl};
use crate::input::{Default, Input, Layer, Privacy, Section};
use crate::inputs::{GPU_SOURCE, GPUS, INPUTS, NODE};
use crate::kind::{Attribute, Kind};
use crate::value::Value;

const WRITTEN: &str =
    "<!-- Written by `cargo xtask generate` from crates/contract; change it there. -->\n";

const INPUTS_INTRO: &str = "\
# Inputs

Every input of an environment, as `terraform.tfvars` sets it. Required are those without a default. The rules that
an input has to keep are in [checks.md](checks.md); `em-infra check` applies all of them at once, and `terraform plan`
the same ones through the provider.

## Slots

A node's VMID and address follow from its slot: VMID = `vmid_start` + slot, address = `node_address_start` + slot.
Adding or removing a node moves no other.

| nodes | slot | with the defaults, in 192.168.1.0/24 |
|---|---|---|
| none: room for the VIP | 0 | 192.168.1.10 |
| `<env_name>-control-1` … `-9` | 1 … 9 | VMID 8001 …, 192.168.1.11 … |
| `<env_name>-worker-1` … `-90`, and `workers` by the number at the end of the name | 10 … 99 | VMID 8010 …, 192.168.1.20 … |
| `<env_name>-gpu-<bus><device>` of `gpu_worker_pci_bdfs` | 100 + bus | `0000:03:00.0`: VMID 8103, 192.168.1.113 |
| `gpu_workers` by the number at the end of the name; `gpu-0300` as in the list above | 100 + number | `trainer-1`: VMID 8101, 192.168.1.111 |

A node whose name ends in no number, or in one outside the range of its group, needs `slot`, or both `vmid` and
`address`. Two nodes in one place are an error; nothing is probed or moved. MAC address and UUID are derived from
`env_name` and the node's name and stay the same for ever.
";

/// `docs/reference/inputs.md`.
pub fn inputs_md() -> String {
    let mut out = format!("{WRITTEN}{INPUTS_INTRO}");
    for section in Section::ALL {
        out.extend(["\n## ", section.title(), "\n"]);
        let inputs = INPUTS.iter().filter(|input| input.section == section);
        inputs.for_each(|input| out.push_str(&input_section(input)));
    }
    out.push_str(&attributes_section());
    out
}

fn input_section(input: &Input) -> String {
    let example = match input.example_value() {
        Value::Null => String::new(),
        value => format!("\n```hcl\n{} = {}\n```\n", input.name, hcl(&value)),
    };
    format!(
        "\n### `{}`\n\n{}\n\n{}\n{example}",
        input.name,
        facts(input),
        input.description
    )
}

/// Type, default, range and where the input goes, on one line.
fn facts(input: &Input) -> String {
    let mut facts = vec![kind_words(input.kind)];
    facts.push(match input.default {
        Default::Required => "**required**".to_owned(),
        Default::Null => "left out by default".to_owned(),
        other => format!("default `{}`", hcl(&other.value())),
    });
    match input.privacy {
        Privacy::Open => {}
        Privacy::Ephemeral => {
            facts.push("ephemeral: given for each run, stored nowhere".to_owned());
        }
        Privacy::Secret => facts.push("secret: shown and stored nowhere".to_owned()),
    }
    if input.layer == Layer::Module {
        facts.push("handed to the module".to_owned());
    }
    if input.retired.is_some() {
        facts.push("deprecated".to_owned());
    }
    format!("_{}_", facts.join(" · "))
}

fn kind_words(kind: Kind) -> String {
    match kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Whole(whole) if whole.unit.is_empty() => {
            format!("whole number, {} to {}", whole.min, whole.max)
        }
        Kind::Whole(whole) => format!(
            "whole number, {} to {} {}",
            whole.min, whole.max, whole.unit
        ),
        Kind::Text(crate::text::Text::Choice(words)) => crate::text::listed(words),
        Kind::Text(_) => "text".to_owned(),
        Kind::List(element) => format!("list of {}", plural(*element)),
        Kind::Map(element) => format!("map of {}", plural(*element)),
        Kind::Object(_) => "object".to_owned(),
    }
}

fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Object(_) => "nodes, see [attributes of a node](#attributes-of-a-node)",
        _ => "texts",
    }
}

fn attributes_section() -> String {
    let mut out = "\n## Attributes of a node\n\nIn `workers`, `gpu_workers` and `node_overrides`; each may be left out.\n\n".to_owned();
    out.push_str(&attribute_table(NODE));
    out.push_str("\nIn `gpu_workers` and `node_overrides`:\n\n");
    out.push_str(&attribute_table(GPUS));
    out.push_str("\nIn each element of `gpus`, exactly one of:\n\n");
    out.push_str(&attribute_table(GPU_SOURCE));
    out
}

fn attribute_table(attributes: &[Attribute]) -> String {
    let row = |attribute: &Attribute| {
        let kind = match attribute.kind {
            Kind::List(Kind::Object(_)) => "list of devices".to_owned(),
            kind => kind_words(kind),
        };
        format!(
            "| `{}` | {kind} | {} |\n",
            attribute.name, attribute.description
        )
    };
    let rows: String = attributes.iter().map(row).collect();
    format!("| attribute | type | what it sets |\n|---|---|---|\n{rows}")
}

const CHECKS_INTRO: &str = "\
# Checks

Every rule that the inputs have to keep. An error stops before anything is made; a warning is about something to look
at; a note says what could not be checked. The examples stand on top of the smallest complete inputs:

";

/// `docs/reference/checks.md`.
pub fn checks_md() -> String {
    let base = code_block(crate::code::BASE);
    let sections: String = Code::ALL
        .iter()
        .map(|code| rule_section(code.rule()))
        .collect();
    format!("{WRITTEN}{CHECKS_INTRO}{base}{sections}")
}

/// One rule, as the document and `--explain` show it.
pub fn rule_section(rule: &Rule) -> String {
    let severity = rule.severity.as_str();
    let passes = match rule.passes {
        Example::Inputs([]) => "Passes: the line left out.\n".to_owned(),
        example => format!("Passes:\n\n{}", example_block(example)),
    };
    format!(
        "\n## {}\n\n_{severity}_ · {}\n\n{}\n\n**Mend it:** {}\n\nFails:\n\n{}\n{passes}",
        rule.code,
        rule.what,
        rule.why,
        rule.fix,
        example_block(rule.fails)
    )
}

fn example_block(example: Example) -> String {
    match example {
        Example::Inputs(lines) => code_block(lines),
        Example::Text(text) => format!("```hcl\n{text}```\n"),
    }
}

fn code_block(lines: Lines) -> String {
    let mut text = String::new();
    assign(&mut text, lines);
    format!("```hcl\n{text}```\n")
}
