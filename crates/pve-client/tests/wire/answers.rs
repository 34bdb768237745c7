//! What the client makes of recorded answers, and what it sends.

use pve_api::vm_config::View;
use pve_api::{ConfigChange, MiB};
use pve_client::Error;

use crate::peer::{CANARY, Peer, Step, answer, ok};
use crate::{node, vmid};

const MISSING: &str = "Configuration file 'nodes/pve/qemu-server/101.conf' does not exist";

async fn config_error(step: Step) -> Error {
    let peer = Peer::start([step]).await;
    let config = peer
        .client()
        .vm_config(&node(), vmid(101), View::Pending)
        .await;
    config.expect_err("an error was played")
}

#[tokio::test]
async fn a_missing_vm_is_known_by_the_reason_phrase_of_old_and_new_hosts() {
    let new_body = format!(r#"{{"data":null,"message":"{MISSING}\n"}}"#);
    for body in [r#"{"data":null}"#, &new_body] {
        let error = config_error(answer(&format!("500 {MISSING}"), body)).await;
        assert!(error.is_not_found() && !error.is_permission_denied() && !error.is_transient());
        assert_eq!(
            error.to_string(),
            format!("GET /nodes/pve/qemu/101/config: 500 {MISSING}")
        );
    }
}

#[tokio::test]
async fn a_reason_beyond_ascii_comes_from_the_body() {
    let error = config_error(answer(
        "500 kein Plätzchen",
        r#"{"data":null,"message":"kein Plätzchen\n"}"#,
    ))
    .await;
    assert_eq!(error.text(), Some("kein Plätzchen"));
}

#[tokio::test]
async fn a_missing_privilege_is_named_with_its_path_and_the_next_step() {
    let reason = "Permission check failed (/vms/101, VM.Audit)";
    let error = config_error(answer(&format!("403 {reason}"), r#"{"data":null}"#)).await;
    assert!(error.is_permission_denied() && !error.is_not_found());
    assert_eq!(
        error.hint().expect("a next step"),
        "grant VM.Audit on `/vms/101` (`pveum acl modify /vms/101 …`); a token with privilege separation \
         needs it for itself and for its user"
    );
}

#[tokio::test]
async fn a_locked_vm_names_its_lock() {
    let error = config_error(answer("500 VM is locked (clone)", r#"{"data":null}"#)).await;
    assert!(error.is_locked() && !error.is_transient());
    assert_eq!(error.lock(), Some("clone"));
}

#[tokio::test]
async fn a_page_of_another_server_is_not_an_answer() {
    let error = config_error(answer("200 OK", "<html>It works!</html>")).await;
    assert!(matches!(error, Error::Decode { .. }), "{error:?}");
    assert_eq!(
        error.hint().as_deref(),
        Some("check that the address is that of a Proxmox VE API")
    );
}

#[tokio::test]
async fn a_vmid_that_is_taken_is_an_answer_and_not_an_error() {
    let taken = r#"{"data":null,"errors":{"vmid":"VM 203 already exists"},"message":"Parameter verification failed.\n"}"#;
    let other = r#"{"data":null,"errors":{"vmid":"invalid format"}}"#;
    let peer = Peer::start([
        answer("400 Parameter verification failed.", taken),
        ok("\"204\""),
        answer("400 Parameter verification failed.", other),
    ])
    .await;
    let client = peer.client();
    assert!(!client.is_vmid_free(vmid(203)).await.expect("an answer"));
    assert!(client.is_vmid_free(vmid(204)).await.expect("an answer"));
    let error = client
        .is_vmid_free(vmid(205))
        .await
        .expect_err("another error");
    assert_eq!(
        error.to_string(),
        "GET /cluster/nextid: 400 Parameter verification failed.; vmid: invalid format"
    );
}

#[tokio::test]
async fn a_recorded_configuration_is_read() {
    let body = r#"{"agent":"1","cores":2,"digest":"d","memory":"2048","net0":"virtio=BC:24:11:00:00:64,bridge=vmbr0"}"#;
    let peer = Peer::start([ok(body)]).await;
    let config = peer
        .client()
        .vm_config(&node(), vmid(100), View::Current)
        .await
        .expect("a configuration");
    assert_eq!(
        (config.memory(), config.digest()),
        (Ok(MiB(2048)), Some("d"))
    );
    assert_eq!(
        peer.request_lines(),
        ["GET /nodes/pve/qemu/100/config?current=1"]
    );
}

#[tokio::test]
async fn a_write_is_a_form_with_every_separator_encoded_and_the_token_in_a_header() {
    let peer = Peer::start([ok("null")]).await;
    let change = ConfigChange::default()
        .set("boot", "order=scsi0;net0")
        .set("description", "a&b=c");
    peer.client()
        .set_config(&node(), vmid(100), &change)
        .await
        .expect("an answer");
    let requests = peer.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").expect("a whole request");
    assert_eq!(body, "boot=order%3Dscsi0%3Bnet0&description=a%26b%3Dc");
    let mut headers: Vec<&str> = head.lines().collect();
    headers[1..].sort_unstable();
    assert_eq!(
        headers,
        [
            "PUT /api2/json/nodes/pve/qemu/100/config HTTP/1.1",
            "accept: application/json",
            &format!("authorization: PVEAPIToken=em-infra@pve!terraform={CANARY}"),
            "content-length: 47",
            "content-type: application/x-www-form-urlencoded",
            &format!("host: 127.0.0.1:{}", peer.port),
            &format!("user-agent: em-infra/{}", env!("CARGO_PKG_VERSION")),
        ]
    );
}

#[tokio::test]
async fn a_deletion_has_no_body_and_its_parameters_in_the_query() {
    let upid = "UPID:pve:00001201:0001EC94:68E7D2A0:qmdestroy:100:em-infra@pve!terraform:";
    let peer = Peer::start([ok(&format!("\"{upid}\""))]).await;
    let task = peer
        .client()
        .delete_vm(&node(), vmid(100))
        .await
        .expect("a task");
    assert_eq!(task.as_str(), upid);
    let requests = peer.requests();
    assert!(requests[0].starts_with(
        "DELETE /api2/json/nodes/pve/qemu/100?purge=1&destroy-unreferenced-disks=1 HTTP/1.1"
    ));
    assert!(requests[0].ends_with("\r\n\r\n") && !requests[0].contains("content-"));
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_secret() {
    let peer = Peer::start([answer("401 Authentication failed!", "")]).await;
    let client = peer.client();
    let error = client.version().await.expect_err("a refusal was played");
    let connection = peer.connection(crate::peer::token(), pve_client::Tls::Insecure);
    for text in [
        format!("{client:?}"),
        format!("{error:?} {error} {:?}", error.hint()),
        format!("{connection:?}"),
    ] {
        assert!(!text.contains("canary"), "{text}");
    }
}
