//! The listening server.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::environment::{Mode, Security};
use super::life::{Ended, Life};
use super::tls::Tls;
use super::{Environment, ServeError, handshake};
use crate::plugin::Plugin;
use crate::rpc::Caller;
use crate::stop::{StopReason, Stopper};

/// How long to wait after the system refused to accept a connection, out of file descriptors for example.
const AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// A plugin that listens on 127.0.0.1. [`serve`](crate::serve) does all that a process needs; this is for
/// servers inside another program, such as a test.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    plugin: Arc<Plugin>,
    life: Life,
    mode: Mode,
}

impl Server {
    /// Listens as the environment asks for.
    pub async fn start(plugin: Plugin, environment: &Environment) -> Result<Self, ServeError> {
        Self::bind(plugin, environment.mode(), environment.security()?).await
    }

    pub(super) async fn bind(
        plugin: Plugin,
        mode: Mode,
        security: Security,
    ) -> Result<Self, ServeError> {
        let tls = match security {
            Security::Pinned(client) => Some(Tls::pinned_to(client)?),
            Security::Plaintext => None,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(ServeError::Listen)?;
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        Ok(Self {
            listener,
            address,
            tls,
            plugin: Arc::new(plugin),
            life: Life::new(),
            mode,
        })
    }

    /// The line by which a client finds and recognises this server.
    pub fn handshake_line(&self) -> String {
        handshake::line(self.address, self.certificate())
    }

    /// The entry of `TF_REATTACH_PROVIDERS`, as JSON, to be put under the provider's source address.
    pub fn reattach_entry(&self) -> String {
        handshake::reattach(self.address, std::process::id()).to_string()
    }

    pub(super) fn announcement(&self) -> String {
        match self.mode {
            Mode::Managed => self.handshake_line(),
            Mode::Reattach => self.reattach_entry(),
        }
    }

    fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.tls.as_ref().map(|tls| &tls.certificate)
    }

    /// Serves until nobody needs it any more, or until `told` and no handler runs.
    pub async fn run(self, told: impl Future<Output = ()>) -> Ended {
        let over = self.life.over(self.mode);
        let (mut over, mut told) = (pin!(over), pin!(told));
        let mut is_told = false;
        loop {
            tokio::select! {
                ended = &mut over => return ended,
                () = &mut told, if !is_told => {
                    is_told = true;
                    self.life.end(StopReason::Asked);
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.welcome(stream),
                    Err(error) => rest(&error).await,
                },
            }
        }
    }

    fn welcome(&self, stream: TcpStream) {
        let caller = Caller {
            plugin: Arc::clone(&self.plugin),
            life: self.life.clone(),
            stopper: Stopper::new(),
            mode: self.mode,
        };
        let tls = self
            .tls
            .as_ref()
            .map(|tls| TlsAcceptor::from(Arc::clone(&tls.config)));
        tokio::spawn(
            Connection {
                stream,
                tls,
                caller,
            }
            .serve(),
        );
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "nothing tells when the system can accept again"
)]
async fn rest(error: &std::io::Error) {
    tracing::warn!(%error, "failed to accept a connection");
    tokio::time::sleep(AFTER_REFUSAL).await;
}
