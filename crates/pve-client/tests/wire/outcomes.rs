//! Answers that come late, broken or not at all: what is repeated, and what is reported as lost.

use std::time::Duration;

use pve_api::ConfigChange;
use pve_client::{Error, Loss, TimeLimits};

use crate::peer::{Peer, Step, answer, bytes, instant_clock, ok, token};
use crate::{node, vmid};

const LOCKED: &str = "500 can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";

async fn write(peer: &Peer) -> Result<(), Error> {
    peer.client()
        .set_config(&node(), vmid(100), &ConfigChange::default().set("cores", 2))
        .await
}

fn cut(status_line: &str, body: &str) -> Step {
    let mut bytes = bytes(status_line, body);
    bytes.truncate(bytes.len() - 3);
    Step::AnswerAndClose(bytes)
}

fn version() -> Step {
    ok(r#"{"release":"9.2","repoid":"x","version":"9.2.11"}"#)
}

#[tokio::test]
async fn a_write_that_did_nothing_is_repeated() {
    let restarting = answer("595 Connection refused", "");
    let locked = answer(LOCKED, r#"{"data":null}"#);
    let peer = Peer::start([
        restarting.clone(),
        restarting,
        ok("null"),
        locked.clone(),
        locked,
        ok("null"),
    ])
    .await;
    write(&peer).await.expect("the third answer");
    write(&peer).await.expect("the sixth answer");
    assert_eq!(peer.requests().len(), 6);
}

#[tokio::test]
async fn repeating_ends() {
    let peer = Peer::start(vec![answer(LOCKED, r#"{"data":null}"#); 9]).await;
    let error = write(&peer).await.expect_err("a lock that stays");
    assert!(error.is_transient() && !error.is_lost_answer());
    assert_eq!(peer.requests().len(), 3);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once() {
    for step in [
        answer("596 Connection timed out", ""),
        answer("596 Broken pipe", ""),
        answer("599 Too many redirections", ""),
        Step::AnswerAndClose(Vec::new()),
        Step::AnswerAndClose(b"HTTP/1.1 200 O".to_vec()),
        cut("200 OK", r#"{"data":"UPID:…"}"#),
        answer("200 OK", "<html>"),
    ] {
        let peer = Peer::start([step.clone(), ok("null")]).await;
        let error = write(&peer).await.expect_err("a lost answer");
        assert!(
            error.is_lost_answer() && !error.is_transient(),
            "{step:?}: {error:?}"
        );
        assert_eq!(
            error.to_string(),
            "PUT /nodes/pve/qemu/100/config: the answer was lost"
        );
        assert_eq!(peer.requests().len(), 1, "{step:?}");
    }
}

#[tokio::test]
async fn a_read_whose_answer_is_lost_is_repeated() {
    for step in [
        Step::AnswerAndClose(Vec::new()),
        Step::AnswerAndClose(b"HTTP/1.1 200 O".to_vec()),
        cut("200 OK", r#"{"data":{"version":"9.2.11"}}"#),
    ] {
        let peer = Peer::start([step, version()]).await;
        assert_eq!(
            peer.client()
                .version()
                .await
                .expect("the second answer")
                .number(),
            Some((9, 2))
        );
        assert_eq!(peer.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_error_whose_body_is_cut_off_is_still_that_error() {
    let peer = Peer::start([cut("500 VM is locked (backup)", r#"{"data":null}"#)]).await;
    let error = write(&peer).await.expect_err("an error was played");
    assert_eq!(error.lock(), Some("backup"));
}

#[tokio::test]
async fn a_host_that_is_silent_for_too_long_has_lost_the_answer() {
    let half = bytes("200 OK", r#"{"data":null}"#);
    for step in [
        Step::AnswerAndHang(Vec::new()),
        Step::AnswerAndHang(half[..half.len() - 4].to_vec()),
    ] {
        let peer = Peer::start([step, ok("null")]).await;
        let limits = TimeLimits {
            answer: Duration::from_millis(150),
            ..TimeLimits::default()
        };
        let client = peer.client_with(token(), limits, instant_clock());
        let change = ConfigChange::default().set("cores", 2);
        let error = client
            .set_config(&node(), vmid(100), &change)
            .await
            .expect_err("silence");
        assert!(
            matches!(
                &error,
                Error::Lost {
                    source: Loss::TimedOut(150),
                    ..
                }
            ),
            "{error:?}"
        );
        assert_eq!(peer.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_connection_that_the_host_has_closed_is_replaced() {
    let closed = Step::AnswerAndClose(bytes(
        "200 OK",
        r#"{"data":{"release":"9.2","version":"9.2.11"}}"#,
    ));
    let peer = Peer::start([closed.clone(), closed.clone(), closed]).await;
    let client = peer.client();
    for _ in 0..3 {
        client.version().await.expect("an answer");
    }
    assert_eq!(peer.requests().len(), 3);
}

#[tokio::test]
async fn a_connection_that_dies_on_arrival_is_tried_again_even_for_a_write() {
    let peer = Peer::start([Step::CloseOnArrival, ok("null")]).await;
    match write(&peer).await {
        // Whether the end of the connection was seen before or after the request was handed to the
        // socket is decided by the kernel; both are sound, a second request on the wire is not.
        Ok(()) => assert_eq!(peer.requests().len(), 1),
        Err(error) => assert!(
            error.is_lost_answer() && peer.requests().is_empty(),
            "{error:?}"
        ),
    }
}

#[tokio::test]
async fn many_calls_at_once_each_get_an_answer() {
    let peer = Peer::start(vec![version(); 20]).await;
    let client = peer.client();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.version().await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    assert_eq!(peer.requests().len(), 20);
}

#[tokio::test]
async fn no_garbage_passes_for_an_answer_or_makes_the_client_panic() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let many_headers = "X: y\r\n".repeat(500);
    for garbage in [
        "SSH-2.0-OpenSSH_10.0\r\n".to_owned(),
        "HTTP/2.0 200 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 9999 OK\r\n\r\n".to_owned(),
        "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
        "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
            .to_owned(),
        format!("{head}Content-Length: banana\r\n\r\n{{}}"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        format!("{head}Content-Length: 4\r\n\r\nnull"),
        format!("{head}Content-Length: 12\r\n\r\n{{\"data\":[[[["),
        format!("{head}{many_headers}\r\n"),
        format!("{head}\r\n{{\"data\":{}", "[".repeat(100_000)),
        "\0\0\0\0".to_owned(),
    ] {
        let peer = Peer::start(vec![Step::AnswerAndClose(garbage.clone().into_bytes()); 3]).await;
        let shown = &garbage[..garbage.len().min(60)];
        peer.client().version().await.expect_err(shown);
        let peer = Peer::start(vec![Step::AnswerAndClose(garbage.clone().into_bytes()); 3]).await;
        let error = peer
            .client()
            .start(&node(), vmid(100))
            .await
            .expect_err(shown);
        assert!(
            error.is_lost_answer() || error.text().is_some(),
            "{shown}: {error:?}"
        );
        assert_eq!(peer.requests().len(), 1, "{shown}");
    }
}
