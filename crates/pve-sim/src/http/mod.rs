//! The HTTP server: connections, the way of a request through it, waiting, faults, the journal.

mod body;
mod reply;
mod request;
mod strike;
mod wait;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use self::body::ReplyBody;
use self::reply::Reply;
use self::request::{Head, read_params};
use self::strike::{before, harm, pseudo};
use self::wait::{wait_for_change, wait_until};
use crate::api::{self, Answer, Call};
use crate::auth::{Principal, authenticate};
use crate::clock::SimTime;
use crate::fail::{ApiError, Fail, bare};
use crate::fault::FaultAction;
use crate::journal::Entry;
use crate::schema::{Given, Params};
use crate::sim::{Shared, State};
use crate::world::Unfinished;

/// Proxmox closes an idle connection after this long.
const IDLE: Duration = Duration::from_secs(5);
/// Proxmox closes a connection after this many requests.
const PER_CONNECTION: u32 = 100;
/// A refused login is answered after this long, against guessing.
const REFUSAL: Duration = Duration::from_secs(3);

/// The proxy in front of the daemon gives up on an answer after this long; the daemon goes on.
const PROXY_PATIENCE: Duration = Duration::from_secs(30);

/// Accepts connections until told to stop.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    mut stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            // Finished connections are taken out as they end, so that the set stays small.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                // An error here is one of that peer (gone again) or passing (no descriptors).
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(Arc::clone(&shared), acceptor.clone(), stream));
                }
            }
        }
    }
    connections.shutdown().await;
}

async fn connection(shared: Arc<Shared>, acceptor: TlsAcceptor, stream: TcpStream) {
    // Small answers must not wait for more to come; where this fails they merely do.
    drop(stream.set_nodelay(true));
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let served = AtomicU32::new(0);
    let service = service_fn(move |request| {
        let ends = served.fetch_add(1, Ordering::Relaxed) + 1 >= PER_CONNECTION;
        let shared = Arc::clone(&shared);
        async move { handle(&shared, request, ends).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // Ends with an error when a fault cut it or the client went away: nothing to do in either case.
    drop(served);
}

/// The connection is to be cut without an answer.
#[derive(Debug, thiserror::Error)]
#[error("connection cut by a fault")]
struct Cut;

/// What became of a request, before it is put on the wire.
struct Outcome {
    result: Result<Answer, ApiError>,
    principal: Option<Principal>,
    parameters: Params,
}

async fn handle(
    shared: &Shared,
    request: Request<Incoming>,
    ends: bool,
) -> Result<Response<ReplyBody>, Cut> {
    let (head, body) = Head::split(request);
    let arrived = shared.lock().tick();
    let mut strikes = Vec::new();
    let outcome = answer(shared, &head, body, arrived, &mut strikes).await;
    let outcome = after(shared, outcome, &strikes);
    let cut = strikes
        .iter()
        .any(|s| matches!(s, FaultAction::CloseBefore | FaultAction::CloseAfter));
    let reply = Reply::new(&head, &outcome.result);
    record(
        shared,
        &head,
        &outcome,
        arrived,
        if cut { 0 } else { reply.status() },
    );
    shared.changed();
    if cut {
        Err(Cut)
    } else {
        Ok(reply.into_response(&strikes, ends))
    }
}

/// From the head of a request to its result, waiting where Proxmox waits.
async fn answer(
    shared: &Shared,
    head: &Head,
    body: Incoming,
    arrived: SimTime,
    strikes: &mut Vec<FaultAction>,
) -> Outcome {
    let nobody = |error| Outcome {
        result: Err(error),
        principal: None,
        parameters: Params::new(),
    };
    if let Err(error) = head.precheck() {
        return nobody(error);
    }
    let principal = match identify(shared, head) {
        Ok(principal) => principal,
        Err(error) => {
            wait_until(shared, arrived.plus(REFUSAL)).await;
            return nobody(error);
        }
    };
    let who = principal.as_ref().map(ToString::to_string);
    *strikes = shared
        .lock()
        .faults
        .strike(head.method(), head.path(), who.as_deref());
    let parameters = match read_params(head, body).await {
        Ok(parameters) => parameters,
        Err(error) => {
            return Outcome {
                principal,
                ..nobody(error)
            };
        }
    };
    if let Some(error) = before(shared, strikes).await {
        return Outcome {
            result: Err(error),
            principal,
            parameters,
        };
    }
    let call = Call {
        method: head.method().to_owned(),
        path: head.path().to_owned(),
        principal,
        arrived,
    };
    let result = dispatch(shared, &call, &parameters).await;
    if matches!(&result, Err(error) if error.status == 401) {
        wait_until(shared, arrived.plus(REFUSAL)).await;
    }
    Outcome {
        result,
        principal: call.principal,
        parameters,
    }
}

fn identify(shared: &Shared, head: &Head) -> Result<Option<Principal>, ApiError> {
    let state = shared.lock();
    let is_write = head.method() != "GET";
    let open = api::is_open(head.method(), head.path());
    if open && head.credentials.authorization.is_none() {
        return Ok(None);
    }
    match authenticate(&state.world, &shared.keys, &head.credentials, is_write) {
        Ok(principal) => Ok(Some(principal)),
        // A stale cookie must not hinder a new login.
        Err(_) if open => Ok(None),
        Err(error) => Err(error),
    }
}

/// Runs the handler, again and again while something it needs is held.
async fn dispatch(shared: &Shared, call: &Call, parameters: &Params) -> Result<Answer, ApiError> {
    let work = loop {
        let mut changes = shared.watch();
        changes.mark_unchanged();
        let waits = {
            let mut state = shared.lock();
            let now = state.tick();
            let State { world, .. } = &mut *state;
            let result = api::dispatch(world, &shared.keys, call, parameters.clone());
            world.run_until(now);
            match result {
                Ok(Answer {
                    after: Some(work), ..
                }) => break work,
                Ok(answer) => return Ok(answer),
                Err(Fail::Error(error)) => return Err(error),
                Err(Fail::Wait(until)) => until,
            }
        };
        wait_for_change(shared, &mut changes, waits).await;
    };
    outcome_of(shared, &work).await
}

/// The answer of work that goes on by itself, for as long as Proxmox's proxy waits for the daemon behind it.
async fn outcome_of(shared: &Shared, work: &Unfinished) -> Result<Answer, ApiError> {
    let patience = shared.lock().tick().plus(PROXY_PATIENCE);
    loop {
        let mut changes = shared.watch();
        changes.mark_unchanged();
        let (now, result) = {
            let mut state = shared.lock();
            (state.tick(), state.world.finished(work))
        };
        match result {
            Ok(answer) => return Ok(answer),
            Err(Fail::Error(error)) => return Err(error),
            Err(Fail::Wait(_)) if now >= patience => {
                return Err(bare(596, "Connection timed out"));
            }
            Err(Fail::Wait(until)) => {
                wait_for_change(shared, &mut changes, until.min(patience)).await;
            }
        }
    }
}

/// Faults that strike after the work.
fn after(shared: &Shared, mut outcome: Outcome, strikes: &[FaultAction]) -> Outcome {
    for strike in strikes {
        if let FaultAction::StatusAfter(code, text) = strike {
            outcome.result = Err(pseudo(*code, text));
        } else if let Some(upid) = started_task(&outcome) {
            harm(&mut shared.lock(), &upid, strike);
        }
    }
    outcome
}

fn started_task(outcome: &Outcome) -> Option<String> {
    let answer = outcome.result.as_ref().ok()?;
    answer
        .data
        .as_str()
        .filter(|text| text.starts_with("UPID:"))
        .map(str::to_owned)
}

fn record(shared: &Shared, head: &Head, outcome: &Outcome, arrived: SimTime, status: u16) {
    let mut state = shared.lock();
    let now = state.tick();
    state.journalise(Entry {
        method: head.method().to_owned(),
        path: head.path().to_owned(),
        parameters: outcome
            .parameters
            .iter()
            .map(|(k, v)| (k.clone(), shown(k, v)))
            .collect(),
        principal: outcome.principal.as_ref().map(ToString::to_string),
        status,
        write: head.method() != "GET",
        upid: started_task(outcome),
        at: arrived,
        duration: now.since(arrived),
    });
}

fn shown(key: &str, value: &Given) -> String {
    match value {
        _ if is_secret(key) => "***".to_owned(),
        Given::Text(text) => text.clone(),
        Given::List(items) => items.join(","),
        Given::Undef | Given::Object => String::new(),
    }
}

/// `password`, `cipassword`, `confirmation-password`, however they are spelt, and second factors.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.contains("password") || key.contains("secret") || matches!(&*key, "otp" | "tfa-challenge")
}
