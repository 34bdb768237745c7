//! `em-infra check` as a person sees it.

use crate::lab::Lab;

#[test]
fn the_example_holds() {
    let lab = Lab::new();
    let said = lab.em_infra(&["check"]).succeeded();
    insta::assert_snapshot!(said.stdout);
    assert_eq!(
        said.stderr,
        "The inputs hold. Nothing was asked of the host.\n"
    );
    assert_eq!(lab.sim.journal().len(), 0);
}

#[test]
fn every_fault_is_shown_at_the_users_own_line() {
    let lab = Lab::new();
    lab.inputs(
        "cluster_cidr = \"10.244.0.1/16\"\nworker_cout = 2\nworkers = { worker-1 = { coers = 2 } }\n\
         proxmox_api_token_secret = \"not-a-uuid\"\n",
    );
    let said = lab.em_infra(&["check"]).ended_with(50);
    assert!(!said.stderr.contains("not-a-uuid"), "{}", said.stderr);
    insta::assert_snapshot!(said.stderr);
}

#[test]
fn a_finding_can_be_explained() {
    let said = Lab::new()
        .em_infra(&["check", "--explain", "cidr-host-bits"])
        .succeeded();
    insta::assert_snapshot!(said.stdout);
}

#[test]
fn a_code_that_is_misspelt_names_the_nearest() {
    let said = Lab::new()
        .em_infra(&["check", "--explain", "cidr-hostbits"])
        .ended_with(2);
    assert!(
        said.stderr.contains("did you mean `cidr-host-bits`?"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let said = Lab::new().em_infra(&["check", "nowhere"]).ended_with(2);
    insta::assert_snapshot!(said.stderr);
}

#[test]
fn twelve_mistakes_are_shown_in_one_run_in_the_order_of_the_file() {
    let lab = Lab::new();
    let bad = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testkit/corpus/together/twelve-mistakes.tfvars"
    );
    let text = std::fs::read_to_string(bad).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    std::fs::remove_file(lab.root().join("terraform.tfvars")).unwrap();
    lab.inputs(&(lines.join("\n") + "\n"));
    let said = lab.em_infra(&["check"]).ended_with(50);
    insta::assert_snapshot!(said.stderr);
}

#[test]
fn a_host_that_can_make_the_nodes_has_nothing_against_them() {
    let lab = Lab::new();
    let said = lab.em_infra(&["check", "--live"]).succeeded();
    assert!(
        said.stderr
            .ends_with("3 nodes to make, 0 there already; the host has nothing against it.\n"),
        "{}",
        said.stderr
    );
    assert_reads_only(&lab);
}

#[test]
fn what_the_host_has_against_the_nodes_is_said_once_with_what_mends_it() {
    for pve in ["9.2", "8.4"] {
        let lab = on(pve);
        lab.inputs(
            "vmid_start = 8999\nworker_template = \"talos-v0-missing\"\nnode_overrides = { k3s-dev-worker-2 = \
             { disk_pool = \"nowhere\", network_bridge = \"vmbr9\" } }\n",
        );
        let said = lab
            .em_infra(&["check", "--live", "--format", "json"])
            .ended_with(50);
        let mut live = said.json()["live"].take();
        live["host"].take();
        live["version"].take();
        insta::assert_snapshot!(
            "the_host_has_against_the_nodes",
            serde_json::to_string_pretty(&live).unwrap()
        );
        assert_reads_only(&lab);
    }
}

/// What such a token may not see is said as such, and that an apply needs another.
#[test]
fn a_token_that_may_only_read_is_told_what_it_does_not_see() {
    let lab = Lab::new();
    let mut env = lab.env();
    let (id, secret) = lab.sim.token("readonly").unwrap();
    env.set("TF_VAR_proxmox_api_token_id", id);
    env.set("TF_VAR_proxmox_api_token_secret", secret);
    let said = lab.em_infra_with(&["check", "--live"], &env).ended_with(50);
    insta::assert_snapshot!(said.stderr.split("Asked").next().unwrap_or_default());
    assert_reads_only(&lab);
}

#[test]
fn with_wrong_inputs_the_host_is_not_asked() {
    let lab = Lab::new();
    lab.inputs("worker_count = -1\n");
    let said = lab.em_infra(&["check", "--live"]).ended_with(50);
    assert!(
        said.stderr
            .ends_with("The host was not asked: mend the inputs first.\n"),
        "{}",
        said.stderr
    );
    assert_eq!(lab.sim.journal().len(), 0);
}

fn on(pve: &str) -> Lab {
    let text =
        pve_sim::Scenario::k3s_dev_toml().replace("pve = \"9.2\"", &format!("pve = \"{pve}\""));
    let scenario = pve_sim::Scenario::from_toml(&text).unwrap();
    Lab::on(pve_sim::Config::real(scenario, 200.0))
}

#[track_caller]
fn assert_reads_only(lab: &Lab) {
    let journal = lab.sim.journal();
    assert!(!journal.is_empty());
    let others: Vec<_> = journal
        .iter()
        .filter(|entry| entry.method != "GET")
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// What SARIF 2.1.0 requires of what is written here, and that every place is one of the file.
#[test]
fn sarif_has_every_finding_with_its_rule_and_place() {
    let lab = Lab::new();
    lab.inputs("cluster_cidr = \"192.168.0.0/16\"\nworker_cout = 2\n");
    let said = lab.em_infra(&["check", "--format", "sarif"]).ended_with(50);
    let sarif = said.json();
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), contract::Code::ALL.len());
    let results = run["results"].as_array().unwrap();
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string());
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(results).unwrap());
}
