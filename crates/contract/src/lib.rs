//! The contracts of em-infra, pure: which inputs there are, what each may hold, which nodes follow from them, and
//! what the bootstrap step is handed.
//!
//! Everything here is a function of its arguments: no I/O, no clock, no environment. Terraform reaches it through
//! the provider's functions and the command line calls it directly, so that no two layers can disagree.

mod across;
mod code;
mod finding;
pub mod generate;
pub mod handoff;
mod input;
pub mod inputs;
mod kind;
mod path;
mod reading;
mod releases;
mod suggest;
mod text;
mod topology;
mod value;

pub use code::{BASE, Code, Example, Lines, RULES, Rule, example_values};
pub use finding::{Finding, Severity, Subject, report};
pub use handoff::{BootstrapContract, MadeNode, bootstrap_contract};
pub use input::{Default, Input, Layer, Privacy, Section};
pub use inputs::{Replacement, replacement};
pub use kind::{Attribute, Kind, Whole};
pub use path::{Path, Step};
pub use suggest::nearest;
pub use text::{Network, Text};
pub use topology::{
    Cluster, Gpu, Group, Node, Role, Topology, check, evaluate, mac, topology, uuid,
};
pub use value::{InputValues, Number, Value};

/// The Terraform types of the provider's functions, as plain data.
pub mod shape {
    pub use crate::topology::{CLUSTER, Field, MADE_NODE, NODE, Shape, TOPOLOGY};
}

/// What is wrong with one input on its own, as the text of a Terraform `validation` block; nothing when it can
/// be used. Retired inputs without effect can be used: Terraform knows no warnings here.
pub fn input_error(name: &str, value: &Value) -> Option<String> {
    let Some(input) = inputs::find(name) else {
        return Some(format!("`{name}` is no input of em-infra"));
    };
    let mut findings = Vec::new();
    input.check(value, &mut findings);
    let lines: Vec<String> = findings
        .iter()
        .filter(|finding| finding.is_error())
        .map(|finding| line(name, finding))
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// Terraform names the variable itself, so the place is said only where it lies inside the value.
fn line(name: &str, finding: &Finding) -> String {
    let Finding {
        code,
        message,
        help,
        path,
        ..
    } = finding;
    match path.to_string() {
        place if place == name => format!("{message}; {help} ({code})"),
        place => format!("{place}: {message}; {help} ({code})"),
    }
}
