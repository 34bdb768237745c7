//! Who may call, what a call survives, and when the process ends.

use crate::client::{Client, Outcome};
use crate::identity::Identity;
use crate::message::Message;
use crate::running::{Running, soon};
use crate::thing::{Log, apply, plugin};
use tf_plugin::Ended;
use tokio::task::JoinHandle;

async fn started(log: &Log) -> (Running, Client) {
    let identity = Identity::new();
    let server = Running::managed(plugin(log), Some(identity.pem.clone())).await;
    let client = Client::tls(&server.handshake, Some(&identity))
        .await
        .expect("a connection");
    (server, client)
}

async fn schema(client: &Client) -> Outcome {
    client.call("GetFunctions", &Message::new()).await
}

#[tokio::test]
async fn the_pinned_client_gets_in() {
    let (server, client) = started(&Log::default()).await;
    assert_eq!(schema(&client).await.unwrap().inners(1).len(), 3);
    client.cut();
    assert_eq!(server.ended().await, Ended::LastConnectionClosed);
}

#[tokio::test]
async fn nobody_else_gets_in_and_nobody_else_ends_the_server() {
    let terraform = Identity::new();
    let server = Running::managed(plugin(&Log::default()), Some(terraform.pem.clone())).await;
    let line = &server.handshake;
    let (other, onlooker) = (Identity::new(), terraform.with_key_of(&Identity::new()));
    let refused = [
        is_refused(Client::tls(line, Some(&other)).await).await,
        is_refused(Client::tls(line, Some(&onlooker)).await).await,
        is_refused(Client::tls(line, None).await).await,
        is_refused(Client::plaintext(line).await).await,
    ];
    assert_eq!(refused, [true; 4]);
    assert!(!server.is_over());
    let client = Client::tls(line, Some(&terraform)).await.unwrap();
    assert!(schema(&client).await.is_ok());
}

/// With TLS 1.3 a client learns of the refusal only by its first call.
async fn is_refused(client: std::io::Result<Client>) -> bool {
    match client {
        Err(_) => true,
        Ok(client) => schema(&client).await.is_err(),
    }
}

#[tokio::test]
async fn without_tls_the_line_has_no_certificate() {
    let server = Running::managed(plugin(&Log::default()), None).await;
    assert!(server.handshake.ends_with("|grpc|"), "{}", server.handshake);
    let client = Client::plaintext(&server.handshake).await.unwrap();
    assert!(schema(&client).await.is_ok());
    client.cut();
    assert_eq!(server.ended().await, Ended::LastConnectionClosed);
}

#[tokio::test]
async fn a_message_of_twelve_megabytes_goes_both_ways() {
    let (_server, client) = started(&Log::default()).await;
    let name = "x".repeat(6 << 20);
    let answer = apply(&client, "", &name).await.unwrap().unwrap();
    // The name comes back twice: as itself and in the id.
    assert!(answer.msgpack(1).len() > 12 << 20);
}

#[tokio::test]
async fn a_damaged_message_ends_one_call_and_no_other() {
    let (_server, client) = started(&Log::default()).await;
    let damaged = Message::new().bytes(1, "test_thing").bytes(3, [0xff; 9]);
    let (code, message) = client
        .call("ApplyResourceChange", &damaged)
        .await
        .unwrap_err();
    assert_eq!(code, 13, "{message}");
    assert!(schema(&client).await.is_ok());
}

#[tokio::test]
async fn a_stop_reaches_the_running_apply_and_its_answer_goes_out() {
    let log = Log::default();
    let (server, client) = started(&log).await;
    let applied = apply(&client, "wait", "a");
    log.wait_for("waiting").await;
    client.call("StopProvider", &Message::new()).await.unwrap();
    let answer = soon(applied).await.unwrap().unwrap();
    assert_eq!(answer.diagnostics(3), ["warning at : Parked: Asked: "]);
    assert!(
        schema(&client).await.is_ok(),
        "a stopped provider still answers"
    );
    assert!(!server.is_over());
}

#[tokio::test]
async fn a_panic_ends_one_call_and_no_other() {
    let log = Log::default();
    let (_server, client) = started(&log).await;
    let running = apply(&client, "gate", "a");
    log.wait_for("at the gate").await;
    let (code, message) = apply(&client, "panic", "a").await.unwrap().unwrap_err();
    let wanted = "the provider crashed in ApplyResourceChange: no a. This is a fault of the provider. Its \
                  other calls go on; run again with TF_LOG=error to see the stack.";
    assert_eq!((code, message.as_str()), (13, wanted));
    log.open_gate();
    assert_eq!(
        soon(running).await.unwrap().unwrap().diagnostics(3),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_handler_outlives_its_connection_and_then_the_server_ends() {
    let log = Log::default();
    let (server, client) = started(&log).await;
    let applied = apply(&client, "gate", "a");
    log.wait_for("at the gate").await;
    client.cut();
    assert_eq!(soon(applied).await.unwrap().unwrap_err().0, 99);
    assert!(!server.is_over());
    log.open_gate();
    log.wait_for("finished, stop: Some(CallerGone)").await;
    assert_eq!(server.ended().await, Ended::LastConnectionClosed);
}

#[tokio::test]
async fn a_handler_learns_that_its_caller_is_gone() {
    let log = Log::default();
    let (server, client) = started(&log).await;
    drop(apply(&client, "wait", "a"));
    log.wait_for("waiting").await;
    client.cut();
    log.wait_for("stopped: CallerGone").await;
    assert_eq!(server.ended().await, Ended::LastConnectionClosed);
}

#[tokio::test]
async fn an_idle_server_answers_shutdown_and_ends() {
    let (server, client) = started(&Log::default()).await;
    let stream = open_stdio(&client);
    let answer = client
        .request("/plugin.GRPCController/Shutdown", &Message::new())
        .await;
    assert_eq!(answer, Ok(Message::new()));
    client.closed().await;
    assert_eq!(server.ended().await, Ended::Told);
    drop(stream);
}

#[tokio::test]
async fn a_busy_server_answers_shutdown_and_ends_after_its_handlers() {
    let log = Log::default();
    let (server, client) = started(&log).await;
    let applied = apply(&client, "gate", "a");
    log.wait_for("at the gate").await;
    let answer = client
        .request("/plugin.GRPCController/Shutdown", &Message::new())
        .await;
    assert_eq!(answer, Ok(Message::new()));
    assert!(!server.is_over());
    log.open_gate();
    assert!(soon(applied).await.unwrap().is_ok());
    assert_eq!(server.ended().await, Ended::Told);
    assert_eq!(
        log.lines(),
        ["at the gate", "finished, stop: Some(CallerGone)"]
    );
}

#[tokio::test]
async fn a_server_that_is_told_to_end_still_sends_the_last_answers() {
    let log = Log::default();
    let (server, client) = started(&log).await;
    let applied = apply(&client, "wait", "a");
    log.wait_for("waiting").await;
    let Running { tell, .. } = server;
    tell.send(()).unwrap();
    let answer = soon(applied).await.unwrap().unwrap();
    assert_eq!(answer.diagnostics(3), ["warning at : Parked: Asked: "]);
}

#[tokio::test]
async fn a_reattached_server_outlives_its_clients_and_their_stops() {
    let log = Log::default();
    let server = Running::reattach(plugin(&log)).await;
    let first = Client::plaintext(&server.handshake).await.unwrap();
    first.call("StopProvider", &Message::new()).await.unwrap();
    first
        .request("/plugin.GRPCController/Shutdown", &Message::new())
        .await
        .unwrap();
    first.cut();
    let second = Client::plaintext(&server.handshake).await.unwrap();
    let applied = apply(&second, "gate", "a");
    log.wait_for("at the gate").await;
    log.open_gate();
    assert!(soon(applied).await.unwrap().is_ok());
    assert_eq!(log.lines(), ["at the gate", "finished, stop: None"]);
    second.cut();
    let Running { tell, .. } = server;
    tell.send(()).unwrap();
}

/// The call that go-plugin's clients keep open all their life.
fn open_stdio(client: &Client) -> JoinHandle<Outcome> {
    let client = client.clone();
    tokio::spawn(async move {
        client
            .request("/plugin.GRPCStdio/StreamStdio", &Message::new())
            .await
    })
}
