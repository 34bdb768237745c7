//! `cargo xtask prove handoff`: what the bootstrap gets is complete, valid, stable, and read by parsers that are not ours.

use std::io::Write as _;
use std::process::{Command, Stdio};

use contract::handoff::{BootstrapContract, Rendering, render, validate};
use serde_json::Value as Json;

use crate::clusters::{self, Cluster};
use crate::failure::Failure;

/// What was looked at.
#[derive(Default)]
struct Figures {
    clusters: usize,
    nodes: usize,
    renderings: usize,
    bytes: usize,
    scaled: usize,
}

/// Looks at every cluster and prints the figures; the summary is the last line.
pub(crate) fn run() -> Result<(), Failure> {
    let mut figures = Figures::default();
    for cluster in clusters::all() {
        let document = cluster.document().map_err(Failure::Interop)?;
        complete(&document, cluster)?;
        scaled(&document, cluster, &mut figures)?;
        for rendering in Rendering::ALL {
            let text = render(&document, rendering);
            stable(&document, rendering, &text, cluster)?;
            parsed(rendering, &text, &document)?;
            figures.renderings += 1;
            figures.bytes += text.len();
        }
        figures.clusters += 1;
        figures.nodes += document.nodes.len();
    }
    report(&figures);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of a development command")]
fn report(figures: &Figures) {
    let Figures {
        clusters,
        nodes,
        renderings,
        bytes,
        scaled,
    } = figures;
    println!("{clusters} clusters with {nodes} nodes: each document valid, without null");
    println!("{scaled} times a worker more: no other node's entry changed");
    println!(
        "{renderings} renderings, {bytes} bytes: the same when made again, read by JSON, YAML and shell parsers"
    );
    println!("handoff holds: {clusters} clusters, {renderings} renderings, 0 faults");
}

fn complete(document: &BootstrapContract, cluster: Cluster) -> Result<(), Failure> {
    let json = document.to_value().to_json();
    let breaches = validate(&json);
    if let Some(breach) = breaches.first() {
        return fault(cluster, &breach.to_string());
    }
    if has_null(&json) {
        return fault(cluster, "the document holds a null");
    }
    Ok(())
}

fn has_null(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(elements) => elements.iter().any(has_null),
        Json::Object(entries) => entries.values().any(has_null),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// One worker more leaves every other node as it was.
fn scaled(
    document: &BootstrapContract,
    cluster: Cluster,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let more = Cluster {
        workers: cluster.workers + 1,
        ..cluster
    };
    let larger = more.document().map_err(Failure::Interop)?;
    let kept = document
        .nodes
        .iter()
        .all(|node| larger.nodes.contains(node));
    if !kept || larger.nodes.len() != document.nodes.len() + 1 {
        return fault(cluster, "a worker more changes another node");
    }
    figures.scaled += 1;
    Ok(())
}

fn stable(
    document: &BootstrapContract,
    rendering: Rendering,
    text: &str,
    cluster: Cluster,
) -> Result<(), Failure> {
    let read = contract::handoff::read(&document.to_value().to_json());
    match read {
        Ok(again) if render(&again, rendering) == text => Ok(()),
        _ => fault(cluster, &format!("{rendering:?} differs when made again")),
    }
}

fn parsed(rendering: Rendering, text: &str, document: &BootstrapContract) -> Result<(), Failure> {
    match rendering {
        Rendering::Json | Rendering::DhcpKea => json(text).map(drop),
        Rendering::Yaml => {
            let same = yaml(text)? == document.to_value().to_json();
            if same {
                Ok(())
            } else {
                Err(Failure::Interop("YAML holds other data".to_owned()))
            }
        }
        Rendering::Talconfig => yaml(text).map(drop),
        Rendering::Talosctl => shell(text, &["-n"]).map(drop),
        Rendering::Env => assigned(text, document),
        Rendering::Hosts | Rendering::DhcpDnsmasq | Rendering::DhcpIsc => Ok(()),
    }
}

fn json(text: &str) -> Result<Json, Failure> {
    serde_json::from_str(text).map_err(|error| Failure::Interop(error.to_string()))
}

fn yaml(text: &str) -> Result<Json, Failure> {
    serde_saphyr::from_str(text).map_err(|error| Failure::Interop(format!("{error}\n{text}")))
}

/// The shell reads the assignments and says one of them back.
fn assigned(text: &str, document: &BootstrapContract) -> Result<(), Failure> {
    let script = format!("set -eu\n{text}printf %s \"$TALOS_CLUSTER_ENDPOINT\"\n");
    let said = shell(&script, &[])?;
    if said == document.cluster.endpoint {
        Ok(())
    } else {
        Err(Failure::Interop(format!("the shell read `{said}`")))
    }
}

fn shell(script: &str, options: &[&str]) -> Result<String, Failure> {
    let failed = |source| Failure::Start {
        command: "sh".to_owned(),
        source,
    };
    let mut child = Command::new("sh")
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Failure::Step {
            command: "sh".to_owned(),
            status: output.status,
        })
    }
}

fn fault(cluster: Cluster, what: &str) -> Result<(), Failure> {
    Err(Failure::Interop(format!("{cluster:?}: {what}")))
}
