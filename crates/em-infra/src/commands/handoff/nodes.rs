//! `--verify`: each node's answer, and the way out where there is none.

use std::sync::Arc;
use std::time::Duration;

use contract::handoff::BootstrapContract;
use em_infra_core::handoff::{self as core, API_PORT, Heard, NodeReport, Seen, Timing};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};

/// One node, for `--format json`.
#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    address: &'a str,
    reachable: bool,
    state: &'static str,
    fingerprint: Option<String>,
    trouble: Option<String>,
    help: Option<&'a str>,
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

/// Tries every node and says what came of it.
pub(super) fn verify(
    document: &BootstrapContract,
    wait: Duration,
    ui: &Ui,
) -> Result<Exit, CommandError> {
    let runtime = Runtime::new()?;
    let activity = ui.activity(&format!(
        "Trying TCP {API_PORT} of {} nodes",
        document.nodes.len()
    ));
    let heard: Heard = Arc::new(|_| ());
    let reports = runtime.block_on(core::verify(
        document,
        API_PORT,
        Timing::waiting(wait),
        heard,
    ));
    drop(activity);
    match ui.format() {
        Format::Json => ui.json(&reports.iter().map(line).collect::<Vec<_>>())?,
        Format::Human => reports.iter().for_each(|report| show(report, ui)),
    }
    let missing = reports
        .iter()
        .filter(|report| report.outcome.is_err())
        .count();
    if missing == 0 {
        ui.good(&format!(
            "All {} nodes answer as Talos does.",
            reports.len()
        ));
        return Ok(Exit::Success);
    }
    ui.status(&format!(
        "{missing} of {} nodes do not answer as Talos does.",
        reports.len()
    ));
    Ok(Exit::Failure)
}

fn line(report: &NodeReport) -> Line<'_> {
    let (state, fingerprint) = match &report.outcome {
        Ok(Seen::Maintenance { fingerprint }) => ("maintenance", Some(fingerprint.to_string())),
        Ok(Seen::Configured) => ("configured", None),
        Err(_) => ("unknown", None),
    };
    Line {
        name: &report.name,
        address: &report.address,
        reachable: report.outcome.is_ok(),
        state,
        fingerprint,
        trouble: report.outcome.as_ref().err().map(ToString::to_string),
        help: report.help.as_deref(),
    }
}

fn show(report: &NodeReport, ui: &Ui) {
    let NodeReport {
        name,
        address,
        outcome,
        help,
    } = report;
    match outcome {
        Ok(Seen::Maintenance { fingerprint }) => {
            ui.data(&format!(
                "{name}  {address}  waits for its configuration (certificate {fingerprint})"
            ));
        }
        Ok(Seen::Configured) => ui.data(&format!("{name}  {address}  has a configuration")),
        Err(trouble) => {
            ui.data(&format!("{name}  {address}  {trouble}"));
            if let Some(help) = help {
                ui.status(&format!("  {help}"));
            }
        }
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
