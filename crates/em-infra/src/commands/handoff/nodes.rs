//! `--verify`: the VM of each node as Proxmox VE sees it, Talos on it, and the way out where something is wrong.

use std::sync::Arc;
use std::time::Duration;

use contract::handoff::BootstrapContract;
use em_infra_core::handoff::{
    self as core, API_PORT, Heard, Inspection, Machine, NodeReport, Seen, Timing,
};
use serde::Serialize;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::asked::Asked;
use super::progress::Progress;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};

/// The report, for `--format json`.
#[derive(Serialize)]
struct Report<'a> {
    host: &'a Asked,
    nodes: Vec<Line<'a>>,
}

/// One node.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    address: &'a str,
    fine: bool,
    machine: &'static str,
    machine_troubles: Vec<String>,
    network: Option<String>,
    reachable: bool,
    state: &'static str,
    fingerprint: Option<String>,
    trouble: Option<String>,
    help: &'a [String],
}

/// Reads `90s`, `5m` or `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.chars().last().unwrap_or_default();
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err("write a number and its unit: 90s, 5m, 1h".to_owned()),
    };
    let number = text.strip_suffix(unit).unwrap_or_default().parse::<u32>();
    number
        .map(|number| Duration::from_secs(u64::from(number) * seconds))
        .map_err(|_| "write a number and its unit: 90s, 5m, 1h".to_owned())
}

/// Looks at every node and says what came of it.
pub(super) fn verify(
    document: &BootstrapContract,
    ask: impl Future<Output = Asked>,
    wait: Duration,
    ui: &Ui,
) -> Result<Exit, CommandError> {
    let runtime = Runtime::new()?;
    let (asked, reports) = runtime.block_on(async {
        let asked = ask.await;
        ui.status(&asked.to_string());
        let reports = look(document, &asked, wait, ui).await;
        (asked, reports)
    });
    match ui.format() {
        Format::Json => ui.json(&Report {
            host: &asked,
            nodes: reports.iter().map(line).collect(),
        })?,
        Format::Human => reports.iter().for_each(|report| show(report, ui)),
    }
    Ok(conclude(&asked, &reports, ui))
}

async fn look(
    document: &BootstrapContract,
    asked: &Asked,
    wait: Duration,
    ui: &Ui,
) -> Vec<NodeReport> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let heard: Heard = Arc::new(move |report: &NodeReport| {
        // Whoever stopped listening has all the reports that matter.
        drop(tell.send(report.clone()));
    });
    let mut progress = Progress::new(document.nodes.len(), wait, ui);
    let inspection = Inspection {
        host: asked.client().cloned(),
        port: API_PORT,
        timing: Timing::waiting(wait),
        heard,
    };
    let mut looking = std::pin::pin!(core::verify(document, inspection));
    loop {
        tokio::select! {
            biased;
            Some(report) = told.recv() => progress.take(report),
            reports = &mut looking => return reports,
        }
    }
}

fn conclude(asked: &Asked, reports: &[NodeReport], ui: &Ui) -> Exit {
    let wrong = reports.iter().filter(|report| !report.is_fine()).count();
    let all = reports.len();
    if wrong > 0 {
        ui.status(&format!("Something is wrong with {wrong} of {all} nodes."));
        return Exit::Failure;
    }
    match asked {
        Asked::Answers { .. } => {
            ui.good(&format!(
                "All {all} nodes answer as Talos does, and their VMs run with the right network card."
            ));
            Exit::Success
        }
        Asked::Nobody { .. } => {
            ui.good(&format!("All {all} nodes answer as Talos does."));
            Exit::Success
        }
        Asked::Fails { .. } => {
            ui.status(&format!(
                "All {all} nodes answer as Talos does; their VMs could not be looked at."
            ));
            Exit::Failure
        }
    }
}

fn line(report: &NodeReport) -> Line<'_> {
    let (state, fingerprint) = match &report.outcome {
        Ok(Seen::Maintenance { fingerprint }) => ("maintenance", Some(fingerprint.to_string())),
        Ok(Seen::Configured) => ("configured", None),
        Err(_) => ("unknown", None),
    };
    let (machine, network) = match &report.machine {
        Machine::NotAsked => ("not asked", None),
        Machine::Runs(card) => ("runs", Some(card.to_string())),
        Machine::Wrong(_) => ("wrong", None),
    };
    Line {
        name: &report.name,
        address: &report.address,
        fine: report.is_fine(),
        machine,
        machine_troubles: texts(report),
        network,
        reachable: report.outcome.is_ok(),
        state,
        fingerprint,
        trouble: report.outcome.as_ref().err().map(ToString::to_string),
        help: &report.help,
    }
}

fn texts(report: &NodeReport) -> Vec<String> {
    let troubles = report.machine.troubles().iter();
    troubles.map(ToString::to_string).collect()
}

/// What was found out about a node, in few words.
pub(super) fn brief(report: &NodeReport) -> String {
    let mut parts = texts(report);
    parts.push(match &report.outcome {
        Ok(Seen::Maintenance { fingerprint }) => {
            format!("waits for its configuration (certificate {fingerprint})")
        }
        Ok(Seen::Configured) => "has a configuration".to_owned(),
        Err(trouble) => trouble.to_string(),
    });
    parts.join("; ")
}

fn show(report: &NodeReport, ui: &Ui) {
    ui.data(&format!(
        "{}  {}  {}",
        report.name,
        report.address,
        brief(report)
    ));
    for help in &report.help {
        ui.status(&format!("  {help}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        let table = [
            ("90s", Some(90)),
            ("5m", Some(300)),
            ("1h", Some(3600)),
            ("0s", Some(0)),
            ("5", None),
            ("m", None),
            ("-1s", None),
            ("5ss", None),
            ("", None),
            ("1.5m", None),
        ];
        for (text, seconds) in table {
            assert_eq!(
                duration(text).ok(),
                seconds.map(Duration::from_secs),
                "{text}"
            );
        }
    }
}
