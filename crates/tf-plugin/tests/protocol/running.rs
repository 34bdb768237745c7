//! Servers in this process, and waiting for them.

use std::time::Duration;

use tf_plugin::{Ended, Environment, MAGIC_COOKIE, Mode, Plugin, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Everything here takes milliseconds; a test that waits this long hangs.
pub(crate) const BOUND: Duration = Duration::from_secs(20);

/// Waits for something that must happen.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(BOUND, what)
        .await
        .expect("this should have happened by now")
}

/// A server in this process.
pub(crate) struct Running {
    pub(crate) handshake: String,
    pub(crate) tell: oneshot::Sender<()>,
    task: JoinHandle<Ended>,
}

impl Running {
    /// Starts a server that Terraform with this client certificate could have started.
    pub(crate) async fn managed(plugin: Plugin, client_certificate: Option<String>) -> Self {
        let environment = Environment::read(Mode::Managed, |name| match name {
            "PLUGIN_CLIENT_CERT" => client_certificate.clone(),
            "PLUGIN_PROTOCOL_VERSIONS" => Some("5,6".to_owned()),
            "TF_DISABLE_PLUGIN_TLS" if client_certificate.is_none() => Some("1".to_owned()),
            name if name == MAGIC_COOKIE.0 => Some(MAGIC_COOKIE.1.to_owned()),
            _ => None,
        });
        Self::start(plugin, &environment).await
    }

    pub(crate) async fn reattach(plugin: Plugin) -> Self {
        Self::start(plugin, &Environment::read(Mode::Reattach, |_| None)).await
    }

    async fn start(plugin: Plugin, environment: &Environment) -> Self {
        let server = Server::start(plugin, environment)
            .await
            .expect("the server starts");
        let handshake = server.handshake_line();
        let (tell, told) = oneshot::channel();
        let task = tokio::spawn(server.run(async move {
            if told.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        Self {
            handshake,
            tell,
            task,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.task.is_finished()
    }

    pub(crate) async fn ended(self) -> Ended {
        soon(self.task).await.expect("the server does not panic")
    }
}
