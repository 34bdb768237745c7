//! What cannot work is said at plan, once, before anything is written.

use tf_plugin::Value;

use crate::bench::{Bench, workers};

async fn refused(bench: &mut Bench) -> String {
    let outcome = bench.terraform.apply(&workers(3)).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    outcome.errors.join("\n---\n")
}

async fn refused_with(argument: &str, value: impl Into<Value>) -> String {
    let mut bench = Bench::start().await;
    let mut config = workers(1);
    config.values_mut().for_each(|vm| vm.set(argument, Value::Null));
    let value = value.into();
    config.values_mut().for_each(|vm| vm.set(argument, value.clone()));
    let outcome = bench.terraform.apply(&config).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    outcome.errors.join("\n---\n")
}

fn without_ports(text: &str, bench: &Bench) -> String {
    let fingerprint = bench.sim.fingerprint();
    text.replace(&bench.sim.url(), "https://HOST:8006").replace(fingerprint, "FINGERPRINT")
}

#[tokio::test]
async fn a_wrong_token_is_one_error() {
    let mut bench = Bench::start().await;
    bench.terraform.set("api_token_secret", "00000000-0000-0000-0000-000000000000");
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(without_ports(&errors, &bench), @"");
}

#[tokio::test]
async fn an_untrusted_certificate_is_one_error() {
    let mut bench = Bench::start().await;
    bench.terraform.set("tls_fingerprint", vec!["00"; 32].join(":"));
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(without_ports(&errors, &bench), @"");
}

#[tokio::test]
async fn an_unreachable_host_is_one_error() {
    let mut bench = Bench::start().await;
    // Port 1 of the loopback: nobody listens there.
    bench.terraform.set("endpoint", "https://127.0.0.1:1");
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(errors, @"");
}

#[tokio::test]
async fn an_unknown_node_is_named() {
    insta::assert_snapshot!(refused_with("node", "pve2").await, @"");
}

#[tokio::test]
async fn a_missing_template_is_named() {
    insta::assert_snapshot!(refused_with("template", "talos-v9").await, @"");
}

#[tokio::test]
async fn a_vm_that_is_no_template_is_named() {
    let mut bench = Bench::start().await;
    bench.sim.edit(|world| world.put_vm(500, [("name", "plain")]));
    let mut config = workers(1);
    config.values_mut().for_each(|vm| vm.set("template", "plain"));
    let outcome = bench.terraform.apply(&config).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @"");
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_storage_that_takes_no_disks_is_named() {
    insta::assert_snapshot!(refused_with("storage", "backup").await, @"");
}

#[tokio::test]
async fn a_missing_bridge_is_named() {
    insta::assert_snapshot!(refused_with("bridge", "vmbr9").await, @"");
}

#[tokio::test]
async fn a_disk_below_the_template_is_named() {
    insta::assert_snapshot!(refused_with("disk_gb", 1).await, @"");
}

#[tokio::test]
async fn a_token_that_may_write_nothing_can_plan() {
    let mut bench = Bench::start().await;
    assert_eq!(bench.terraform.apply(&workers(1)).await.errors, Vec::<String>::new());
    let (id, secret) = bench.sim.token("readonly").expect("a token of the scenario");
    bench.terraform.set("api_token_id", id);
    bench.terraform.set("api_token_secret", secret);
    bench.terraform.plan(&workers(1)).await.assert_empty();
}
