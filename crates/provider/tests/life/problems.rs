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
    let value = value.into();
    for vm in config.values_mut() {
        vm.set(argument, value.clone());
    }
    let outcome = bench.terraform.apply(&config).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    outcome.errors.join("\n---\n")
}

fn without_ports(text: &str, bench: &Bench) -> String {
    let fingerprint = bench.sim.fingerprint();
    text.replace(&bench.sim.url(), "https://HOST:8006")
        .replace(fingerprint, "FINGERPRINT")
}

#[tokio::test]
async fn a_wrong_token_is_one_error() {
    let mut bench = Bench::start().await;
    bench
        .terraform
        .set("api_token_secret", "00000000-0000-0000-0000-000000000000");
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(without_ports(&errors, &bench), @r#"
    The Proxmox VE host does not accept the credentials
    https://HOST:8006 refused em-infra@pve!terraform: Authentication failed! Check the token `em-infra@pve!terraform` and its secret: it may be mistyped, expired, deleted or of a disabled user (`pveum user token list em-infra@pve`).

    Called was https://HOST:8006 (from `endpoint` of the provider block) as em-infra@pve!terraform (from `api_token_id` of the provider block).
    "#);
}

#[tokio::test]
async fn an_untrusted_certificate_is_one_error() {
    let mut bench = Bench::start().await;
    bench
        .terraform
        .set("tls_fingerprint", vec!["00"; 32].join(":"));
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(without_ports(&errors, &bench), @r#"
    The certificate of the Proxmox VE host is not trusted
    The certificate of https://HOST:8006 is not trusted; its SHA-256 fingerprint is FINGERPRINT: the one that is trusted has 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00. Either the certificate of the host was renewed, or something else answers in its place: run `pvenode cert info` on the host, and only if it shows the fingerprint seen here, set `proxmox_tls_fingerprint = "FINGERPRINT"`; in a provider block of your own the name is `tls_fingerprint`.

    Called was https://HOST:8006 (from `endpoint` of the provider block) as em-infra@pve!terraform (from `api_token_id` of the provider block).
    "#);
}

#[tokio::test]
async fn an_unreachable_host_is_one_error() {
    let mut bench = Bench::start().await;
    // Port 1 of the loopback: nobody listens there.
    bench.terraform.set("endpoint", "https://127.0.0.1:1");
    let errors = refused(&mut bench).await;
    insta::assert_snapshot!(errors, @r#"
    The Proxmox VE host cannot be reached
    Failed to connect to https://127.0.0.1:1: connection refused. Nothing listens on port 1: check host and port, and `systemctl status pveproxy` on the host.

    Called was https://127.0.0.1:1 (from `endpoint` of the provider block) as em-infra@pve!terraform (from `api_token_id` of the provider block).
    "#);
}

#[tokio::test]
async fn an_unknown_node_is_named() {
    insta::assert_snapshot!(refused_with("node", "pve2").await, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at node)
    There is no node `pve2`. Nodes of this host: pve. This is said once for all VMs of this plan that ask for the same.
    "#);
}

#[tokio::test]
async fn a_missing_template_is_named() {
    insta::assert_snapshot!(refused_with("template", "talos-v9").await, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at template)
    There is no template `talos-v9`, or these credentials may not see it. Templates that they see: talos-v1.13-nocloud (9000). Seeing one needs VM.Audit and VM.Clone on /vms/VMID. This is said once for all VMs of this plan that ask for the same.
    "#);
}

#[tokio::test]
async fn a_missing_template_is_said_once_for_all_vms() {
    let mut bench = Bench::start().await;
    let mut config = workers(3);
    for vm in config.values_mut() {
        vm.set("template", "talos-v9");
    }
    let outcome = bench.terraform.apply(&config).await;
    assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_vm_that_is_no_template_is_named() {
    let mut bench = Bench::start().await;
    bench
        .sim
        .edit(|world| world.put_vm(500, [("name", "plain")]));
    let mut config = workers(1);
    for vm in config.values_mut() {
        vm.set("template", "plain");
    }
    let outcome = bench.terraform.apply(&config).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at template)
    VM 500 `plain` is not a template. Convert it (stopped, without snapshots) with `qm template 500`, or name another. This is said once for all VMs of this plan that ask for the same.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_storage_that_takes_no_disks_is_named() {
    insta::assert_snapshot!(refused_with("storage", "backup").await, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at storage)
    There is no storage `backup`, or these credentials lack Datastore.AllocateSpace on /storage/backup. Storages for disks of VMs: local, local-lvm. This is said once for all VMs of this plan that ask for the same.
    "#);
}

#[tokio::test]
async fn a_missing_bridge_is_named() {
    insta::assert_snapshot!(refused_with("bridge", "vmbr9").await, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at bridge)
    There is no bridge `vmbr9`, or these credentials lack SDN.Use on /sdn/zones/localnetwork/vmbr9. Bridges that they see: vmbr0. This is said once for all VMs of this plan that ask for the same.
    "#);
}

#[tokio::test]
async fn a_disk_below_the_template_is_named() {
    insta::assert_snapshot!(refused_with("disk_gb", 1).await, @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at disk_gb)
    The disk scsi0 of template `talos-v1.13-nocloud` has 1280M. Proxmox cannot shrink it: set disk_gb to at least 2.
    "#);
}

#[tokio::test]
async fn a_token_that_may_write_nothing_can_plan() {
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&workers(1)).await.errors,
        Vec::<String>::new()
    );
    let (id, secret) = bench
        .sim
        .token("readonly")
        .expect("a token of the scenario");
    bench.terraform.set("api_token_id", id);
    bench.terraform.set("api_token_secret", secret);
    bench.terraform.plan(&workers(1)).await.assert_empty();
}
