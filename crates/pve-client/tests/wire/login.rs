//! Tokens and tickets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pve_api::ConfigChange;
use pve_client::{Client, Clock, Error, TimeLimits};

use crate::peer::{CANARY, Peer, Step, answer, instant_clock, ok, password};
use crate::{node, vmid};

fn ticket(name: &str) -> Step {
    ok(&format!(
        r#"{{"CSRFPreventionToken":"csrf-{name}","cap":{{}},"ticket":"PVE:root@pam:{name}::sig=","username":"root@pam"}}"#
    ))
}

fn version() -> Step {
    ok(r#"{"release":"9.2","version":"9.2.11"}"#)
}

fn refused() -> Step {
    answer("401 Authentication failed!", "")
}

fn client(peer: &Peer) -> Client {
    peer.client_with(password(), TimeLimits::default(), instant_clock())
}

fn header(request: &str, name: &str) -> Option<String> {
    request.lines().find_map(|line| {
        line.strip_prefix(name)?
            .strip_prefix(": ")
            .map(str::to_owned)
    })
}

#[tokio::test]
async fn the_first_call_logs_in_and_the_next_ones_do_not() {
    let peer = Peer::start([ticket("a"), version(), ok("null")]).await;
    let client = client(&peer);
    client.version().await.expect("an answer");
    let change = ConfigChange::default().set("cores", 2);
    client
        .set_config(&node(), vmid(100), &change)
        .await
        .expect("an answer");
    let requests = peer.requests();
    assert!(requests[0].starts_with("POST /api2/json/access/ticket "));
    assert!(requests[0].ends_with(&format!("username=root%40pam&password={CANARY}")));
    let cookie = "PVEAuthCookie=PVE%3Aroot%40pam%3Aa%3A%3Asig%3D".to_owned();
    for request in &requests[1..] {
        assert_eq!(header(request, "cookie"), Some(cookie.clone()));
        assert_eq!(
            header(request, "csrfpreventiontoken"),
            Some("csrf-a".to_owned())
        );
        assert_eq!(header(request, "authorization"), None);
    }
    assert_eq!(requests.len(), 3);
}

#[tokio::test]
async fn a_refused_ticket_is_replaced_once() {
    let peer = Peer::start([ticket("a"), refused(), ticket("b"), version()]).await;
    client(&peer)
        .version()
        .await
        .expect("the answer to the second ticket");
    assert_eq!(
        peer.request_lines(),
        [
            "POST /access/ticket",
            "GET /version",
            "POST /access/ticket",
            "GET /version"
        ]
    );
}

#[tokio::test]
async fn a_host_that_refuses_every_ticket_is_not_asked_for_ever() {
    let peer = Peer::start([ticket("a"), refused(), ticket("b"), refused(), ticket("c")]).await;
    let error = client(&peer).version().await.expect_err("a refusal");
    assert!(
        matches!(&error, Error::Unauthenticated { who, .. } if who == "root@pam"),
        "{error:?}"
    );
    assert_eq!(peer.requests().len(), 4);
}

#[tokio::test]
async fn a_wrong_password_is_reported_after_one_login() {
    let body = r#"{"data":null,"message":"authentication failure\n"}"#;
    let peer = Peer::start([answer("401 authentication failure", body)]).await;
    let error = client(&peer).version().await.expect_err("a refusal");
    let endpoint = format!("https://127.0.0.1:{}", peer.port);
    assert_eq!(
        error.to_string(),
        format!("{endpoint} refused root@pam: authentication failure")
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("check user, realm (as in `root@pam`) and password")
    );
    assert_eq!(peer.request_lines(), ["POST /access/ticket"]);
}

#[tokio::test]
async fn a_wrong_token_is_reported_after_one_call() {
    let peer = Peer::start([refused(), version()]).await;
    let error = peer.client().version().await.expect_err("a refusal");
    let endpoint = format!("https://127.0.0.1:{}", peer.port);
    assert_eq!(
        error.to_string(),
        format!("{endpoint} refused em-infra@pve!terraform: Authentication failed!")
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("`pveum user token list em-infra@pve`"))
    );
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn an_old_ticket_is_replaced_before_it_ends() {
    let time = Arc::new(Mutex::new(Duration::ZERO));
    let shared = Arc::clone(&time);
    let now = move || *shared.lock().expect("no panic under the lock");
    let clock = Clock::new(now, |_| std::future::ready(()));
    let peer = Peer::start([ticket("a"), version(), version(), ticket("b"), version()]).await;
    let client = peer.client_with(password(), TimeLimits::default(), clock);
    for minutes in [0, 89, 90] {
        *time.lock().expect("no panic under the lock") = Duration::from_mins(minutes);
        client.version().await.expect("an answer");
    }
    let logins = peer
        .request_lines()
        .into_iter()
        .filter(|line| line == "POST /access/ticket")
        .count();
    assert_eq!((logins, peer.requests().len()), (2, 5));
}

#[tokio::test]
async fn calls_at_the_same_time_share_one_login() {
    let mut steps = vec![ticket("a")];
    steps.extend(vec![version(); 8]);
    let peer = Peer::start(steps).await;
    let client = client(&peer);
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.version().await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("an answer");
    }
    let logins = peer
        .request_lines()
        .into_iter()
        .filter(|line| line == "POST /access/ticket")
        .count();
    assert_eq!(logins, 1);
}

#[tokio::test]
async fn a_second_factor_is_asked_of_nobody() {
    let body =
        r#"{"NeedTFA":1,"CSRFPreventionToken":"c","ticket":"PVE:!tfa!x","username":"root@pam"}"#;
    let peer = Peer::start([ok(body)]).await;
    let error = client(&peer).version().await.expect_err("nobody is there");
    assert_eq!(
        error.to_string(),
        "root@pam needs a second factor to log in"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("use an API token: it needs no second factor")
    );
}
