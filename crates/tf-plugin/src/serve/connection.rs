//! One client's connection: TLS, HTTP/2, and telling its handlers when it is gone.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::time::Duration;

use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::rpc::Caller;
use crate::stop::StopReason;

/// A client on the same machine that takes longer than this does not mean it.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a client may take to close its side after the last answer. Terraform kills after 2 s.
const GOODBYE: Duration = Duration::from_secs(1);

/// Room for a large plan without waiting for the window: Terraform's messages reach tens of megabytes.
const WINDOW: u32 = 4 << 20;

pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) caller: Caller,
}

impl Connection {
    pub(super) async fn serve(self) {
        if let Err(error) = self.greet().await {
            tracing::warn!(%error, "refused a connection");
        }
    }

    async fn greet(self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        match self.tls {
            None => converse(self.stream, self.caller).await,
            Some(tls) => {
                let stream = timeout(TLS_HANDSHAKE, tls.accept(self.stream)).await??;
                converse(stream, self.caller).await;
            }
        }
        Ok(())
    }
}

/// The connection counts from here on: before, anybody could have opened it.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, caller: Caller) {
    let present = caller.life.connection();
    if let Err(error) = exchange(stream, &caller).await {
        tracing::trace!(%error, "a connection broke");
    }
    caller.stopper.stop(StopReason::CallerGone);
    drop(present);
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    caller: &Caller,
) -> hyper::Result<()> {
    let calls = caller.clone();
    let service = service_fn(move |request| {
        let call = calls.clone();
        async move { Ok::<_, Infallible>(call.answer(request).await) }
    });
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(4 * WINDOW);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        closed = &mut connection => return closed,
        reason = caller.life.ending() => caller.stopper.stop(reason),
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        closed = &mut connection => return closed,
        () = caller.life.quiet() => {}
    }
    // The answers of the last handlers are on their way; a client that keeps its end open is left behind.
    timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
}
