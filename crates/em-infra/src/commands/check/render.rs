//! Findings and nodes as text for people.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use contract::{Severity, Topology};
use em_infra_core::check::{Located, Place, Report};

/// One finding with the user's own line.
pub(super) fn finding(report: &Report, finding: &Located, colour: bool) -> String {
    let title = level(finding.severity)
        .primary_title(&finding.message)
        .id(finding.code.as_str());
    let mut group = Group::with_title(title);
    if let Some(place) = &finding.place {
        for snippet in snippets(report, place, &finding.related) {
            group = group.element(snippet);
        }
    }
    let group = group.element(Level::HELP.message(&finding.help));
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let text = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    format!("{text}\n")
}

/// One snippet a text: the finding's own place first, related places of the same text in the same snippet.
fn snippets<'a>(
    report: &'a Report,
    place: &Place,
    related: &'a [(Place, String)],
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut texts = vec![place.text];
    for (other, _) in related {
        if !texts.contains(&other.text) {
            texts.push(other.text);
        }
    }
    texts
        .into_iter()
        .map(|index| {
            let checked = &report.texts[index];
            let mut snippet = Snippet::source(&checked.text).path(&checked.name);
            if place.text == index {
                snippet = snippet.annotation(AnnotationKind::Primary.span(span(place)));
            }
            for (other, role) in related.iter().filter(|(other, _)| other.text == index) {
                snippet = snippet.annotation(AnnotationKind::Context.span(span(other)).label(role));
            }
            snippet
        })
        .collect()
}

const fn span(place: &Place) -> std::ops::Range<usize> {
    place.span.0..place.span.1
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
