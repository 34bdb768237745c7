//! The data source `eminfra_host`.

use tf_plugin::Value;

use crate::bench::Bench;

async fn read(bench: &mut Bench, node: Value) -> (Value, Vec<String>) {
    let config = Value::object([("node", node)]);
    let (state, outcome) = bench.terraform.data("eminfra_host", config).await;
    (state, outcome.errors)
}

fn told(state: &Value, name: &str, fields: &[&str]) -> Vec<String> {
    let rows = state.get(name).as_list().unwrap_or_default();
    let field = |row: &Value, field: &str| match row.get(field) {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => "none".to_owned(),
    };
    rows.iter()
        .map(|row| {
            let fields: Vec<String> = fields.iter().map(|name| field(row, name)).collect();
            fields.join(" ")
        })
        .collect()
}

#[tokio::test]
async fn it_says_what_a_node_offers_and_only_reads() {
    let mut bench = Bench::with_token("root").await;
    let (state, errors) = read(&mut bench, Value::Null).await;
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(bench.writes(), Vec::<String>::new());
    let lines = [
        vec![format!(
            "{:?} {:?}",
            state.get("node").as_str(),
            state.get("version").as_str()
        )],
        told(&state, "nodes", &["name", "online"]),
        told(&state, "templates", &["name", "vmid"]),
        told(&state, "storages", &["name", "type", "takes_disks"]),
        told(&state, "gpus", &["bdf", "name", "iommu_group", "mapping"]),
    ];
    insta::assert_snapshot!(lines.concat().join("\n"), @r#"
    Some("pve") Some("9.2.11")
    pve true
    talos-v1.13-nocloud 9000
    local dir true
    local-lvm lvmthin true
    0000:01:00.0 GA102 [GeForce RTX 3090] 14 gpu0
    0000:02:00.0 GA102 [GeForce RTX 3090] 15 gpu1
    0000:41:00.0 AD102 [GeForce RTX 4090] 21 none
    0000:42:00.0 AD102 [GeForce RTX 4090] 22 none
    "#);
    assert_eq!(state.get("bridges"), &Value::list(["vmbr0"]));
}

#[tokio::test]
async fn an_unknown_node_is_an_error_with_the_known_ones() {
    let mut bench = Bench::start().await;
    let (_, errors) = read(&mut bench, "pve2".into()).await;
    insta::assert_snapshot!(errors.join("\n"), @r#"
    There is no node `pve2` (at node)
    Nodes of this host: pve.
    "#);
}

#[tokio::test]
async fn hardware_that_may_not_be_seen_is_null_and_not_empty() {
    let mut bench = Bench::with_token("readonly").await;
    let (id, secret) = bench
        .sim
        .token("readonly")
        .expect("a token of the scenario");
    bench.terraform.set("api_token_id", id);
    bench.terraform.set("api_token_secret", secret);
    bench.sim.fault(
        pve_sim::Fault::on(
            "GET",
            "/nodes/*/hardware/pci",
            pve_sim::FaultAction::Status(
                403,
                "Permission check failed (/, Sys.Audit|Sys.Modify)".into(),
            ),
        )
        .once(),
    );
    let (state, errors) = read(&mut bench, "pve".into()).await;
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(state.get("gpus"), &Value::Null);
}
