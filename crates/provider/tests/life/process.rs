//! One provider process as Terraform starts it: a server on a runtime of its own, reached over gRPC.
//!
//! Killing it ends its runtime, and with it every task in the middle of whatever it does. A caller
//! that vanishes closes the connection, and the provider finishes the call in flight.

use std::sync::{Arc, Mutex};

use host::Environment;
use tf_plugin::client::Client;
use tf_plugin::{Ended, MAGIC_COOKIE, Mode, Server};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) struct Process {
    pub(crate) client: Client,
    runtime: Mutex<Option<Runtime>>,
    ended: Mutex<Option<JoinHandle<Ended>>>,
}

impl Process {
    pub(crate) async fn start() -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (tell, told) = oneshot::channel();
        let ended = runtime.spawn(async move {
            let server = Server::start(provider::plugin(Environment::default()), &as_terraform())
                .await
                .expect("a free port");
            tell.send(server.handshake_line()).expect("somebody waits");
            server.run(std::future::pending()).await
        });
        let line = told.await.expect("a handshake line");
        Self {
            client: Client::connect(&line).await.expect("a connection"),
            runtime: Mutex::new(Some(runtime)),
            ended: Mutex::new(Some(ended)),
        }
    }

    /// SIGKILL: nothing of it runs on.
    fn kill(&self) {
        if let Some(runtime) = self.runtime.lock().expect("no panic").take() {
            runtime.shutdown_background();
        }
    }

    /// Waits until the process has ended by itself.
    async fn left_alone(&self) {
        self.client.cut();
        let ended = self.ended.lock().expect("no panic").take();
        if let Some(ended) = ended {
            ended.await.expect("the server does not panic");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.client.cut();
        self.kill();
    }
}

fn as_terraform() -> tf_plugin::Environment {
    tf_plugin::Environment::read(Mode::Managed, |name| match name {
        "PLUGIN_PROTOCOL_VERSIONS" => Some("5,6".to_owned()),
        "TF_DISABLE_PLUGIN_TLS" => Some("1".to_owned()),
        name if name == MAGIC_COOKIE.0 => Some(MAGIC_COOKIE.1.to_owned()),
        _ => None,
    })
}

/// The process that works for an environment just now, to be disturbed from outside.
#[derive(Clone, Default)]
pub(crate) struct Working(Arc<Mutex<Option<Arc<Process>>>>);

impl Working {
    pub(crate) fn set(&self, process: Option<Arc<Process>>) {
        *self.0.lock().expect("no panic") = process;
    }

    fn get(&self) -> Arc<Process> {
        let process = self.0.lock().expect("no panic").clone();
        process.expect("a provider works")
    }

    /// The provider is killed.
    pub(crate) fn kill(&self) {
        self.get().kill();
    }

    /// Terraform is gone without a word; comes back when the provider has ended, too.
    pub(crate) async fn leave_alone(&self) {
        self.get().left_alone().await;
        self.set(None);
    }

    /// The user presses Ctrl-C once.
    pub(crate) async fn ask_to_stop(&self) {
        self.get().client.stop().await.expect("an answer");
    }
}
