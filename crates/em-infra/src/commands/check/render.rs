//! Findings and nodes as text for people.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Group, Level, Renderer};
use contract::{Severity, Topology};
use em_infra_core::check::{Located, Report};

use super::snippet;

/// One finding with the user's own line.
pub(super) fn finding(report: &Report, finding: &Located, colour: bool) -> String {
    let title = level(finding.severity)
        .primary_title(&finding.message)
        .id(finding.code.as_str());
    let group = Group::with_title(title)
        .elements(snippet::of(report, finding))
        .element(Level::HELP.message(&finding.help));
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    format!("{text}\n")
}

const fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The table of nodes: who gets which VMID and address.
pub(super) fn nodes(topology: &Topology) -> String {
    let header = [
        "NODE", "ROLE", "VMID", "ADDRESS", "MAC", "CORES", "MEMORY", "DISK", "GPU",
    ];
    let mut rows = vec![header.map(str::to_owned)];
    for node in &topology.nodes {
        rows.push([
            node.name.clone(),
            role(node.role).to_owned(),
            node.vmid.to_string(),
            node.address.clone(),
            node.mac.clone(),
            node.cores.to_string(),
            format!("{} MiB", node.memory),
            format!("{} GiB", node.disk_gb),
            node.gpus
                .iter()
                .filter_map(gpu)
                .collect::<Vec<_>>()
                .join(" "),
        ]);
    }
    align(&rows)
}

const fn role(role: contract::Role) -> &'static str {
    match role {
        contract::Role::Controlplane => "controlplane",
        contract::Role::Worker => "worker",
    }
}

fn gpu(gpu: &contract::Gpu) -> Option<String> {
    gpu.mapping.clone().or_else(|| gpu.bdf.clone())
}

fn align<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}", width = *width))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The last line: how many of what.
pub(super) fn summary(report: &Report) -> String {
    let count = |severity, word: &str| match report.count(severity) {
        0 => None,
        1 => Some(format!("1 {word}")),
        many => Some(format!("{many} {word}s")),
    };
    let counts: Vec<String> = [
        count(Severity::Error, "error"),
        count(Severity::Warning, "warning"),
        count(Severity::Note, "note"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if counts.is_empty() {
        return "The inputs hold. Nothing was asked of the host.".to_owned();
    }
    let heaviest = report
        .findings
        .iter()
        .min_by_key(|finding| finding.severity);
    let how = heaviest.map_or(String::new(), |finding| {
        format!("; `em-infra check --explain {}` says more", finding.code)
    });
    format!("{}{how}", counts.join(", "))
}
