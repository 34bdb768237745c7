//! `cargo xtask prove handoff`: what the bootstrap gets is complete, valid, stable, and read by parsers that are not ours.

use std::io::Write as _;
use std::process::{Command, Stdio};

use contract::handoff::{BootstrapContract, Rendering, Rule, render, validate};
use jsonschema::Validator;
use serde_json::Value as Json;

use crate::clusters::{self, Cluster};
use crate::failure::Failure;
use crate::tidy::root;

/// What was looked at.
#[derive(Default)]
struct Figures {
    clusters: usize,
    nodes: usize,
    renderings: usize,
    bytes: usize,
    scaled: usize,
    schema_checks: usize,
}

/// Looks at every cluster and prints the figures; the summary is the last line.
pub(crate) fn run() -> Result<(), Failure> {
    let mut figures = Figures::default();
    let schema = committed_schema()?;
    for cluster in clusters::all() {
        let document = cluster.document().map_err(Failure::Interop)?;
        figures.schema_checks += complete(&document, cluster, &schema)?;
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
        schema_checks,
    } = figures;
    let (renderers, rules) = (Rendering::ALL.len(), Rule::ALL.len());
    println!("{clusters} topologies with {nodes} nodes: no document holds a null");
    println!(
        "{schema_checks} schema checks against {SCHEMA}: every document keeps it and the {rules} rules, none keeps it \
         without one of its fields"
    );
    println!("{scaled} times a worker more or fewer: no other node's entry changed");
    println!(
        "{renderers} renderers, {renderings} renderings, {bytes} bytes: the same when made again, read by JSON, YAML and \
         shell parsers"
    );
    println!(
        "handoff holds: {clusters} topologies, {renderers} renderers, {schema_checks} schema checks, 0 faults"
    );
}

/// The schema that others validate against, as it is in the repository.
const SCHEMA: &str = "schemas/talos-bootstrap-contract.v1.schema.json";

fn committed_schema() -> Result<Validator, Failure> {
    let path = root().join(SCHEMA);
    let text = std::fs::read_to_string(&path).map_err(|source| Failure::Read { path, source })?;
    jsonschema::validator_for(&json(&text)?)
        .map_err(|error| Failure::Interop(format!("{SCHEMA}: {error}")))
}

/// How many documents were held against the schema: the cluster's own, and one for every field that could be missing.
fn complete(
    document: &BootstrapContract,
    cluster: Cluster,
    schema: &Validator,
) -> Result<usize, Failure> {
    let json = document.to_value().to_json();
    let breaches = validate(&json);
    if let Some(breach) = breaches.first() {
        return fault(cluster, &breach.to_string());
    }
    if has_null(&json) {
        return fault(cluster, "the document holds a null");
    }
    if let Some(error) = schema.iter_errors(&json).next() {
        return fault(cluster, &format!("{}: {error}", error.instance_path()));
    }
    let mut checks = 1;
    for field in ["schema_version", "cluster", "nodes"] {
        let mut damaged = json.clone();
        damaged
            .as_object_mut()
            .and_then(|fields| fields.remove(field));
        if schema.is_valid(&damaged) {
            return fault(
                cluster,
                &format!("{SCHEMA} takes a document without `{field}`"),
            );
        }
        checks += 1;
    }
    Ok(checks)
}

fn has_null(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(elements) => elements.iter().any(has_null),
        Json::Object(entries) => entries.values().any(has_null),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// One worker more or fewer leaves every other node as it was.
fn scaled(
    document: &BootstrapContract,
    cluster: Cluster,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let larger = Cluster {
        workers: cluster.workers + 1,
        ..cluster
    };
    contains(
        &larger.document().map_err(Failure::Interop)?,
        document,
        cluster,
    )?;
    figures.scaled += 1;
    if let Some(workers) = cluster.workers.checked_sub(1) {
        let smaller = Cluster { workers, ..cluster };
        contains(
            document,
            &smaller.document().map_err(Failure::Interop)?,
            cluster,
        )?;
        figures.scaled += 1;
    }
    Ok(())
}

fn contains(
    larger: &BootstrapContract,
    smaller: &BootstrapContract,
    cluster: Cluster,
) -> Result<(), Failure> {
    let kept = smaller.nodes.iter().all(|node| larger.nodes.contains(node));
    if kept && larger.nodes.len() == smaller.nodes.len() + 1 {
        return Ok(());
    }
    fault(cluster, "a worker more or fewer changes another node")
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

fn fault<T>(cluster: Cluster, what: &str) -> Result<T, Failure> {
    Err(Failure::Interop(format!("{cluster:?}: {what}")))
}
