//! The provider, when Terraform starts this executable.

use std::io::Write as _;

use tf_plugin::{Environment, Mode};
use tf_run::Env;

use crate::exit::Exit;

/// Whether go-plugin's cookie is in the environment: then stdout belongs to the handshake, and nothing else is parsed.
pub(crate) fn started_by_terraform(environment: &Env) -> bool {
    handshake(environment).is_started_by_terraform()
}

/// Serves the provider until Terraform is done with it.
pub(crate) fn serve(environment: &Env) -> Exit {
    // One thread: the provider waits for the host or for Terraform nearly always, and each thread would keep memory
    // of its own for the values of a large plan.
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| {
            let plugin = provider::plugin(host::Environment::read(|name| text(environment, name)));
            runtime
                .block_on(tf_plugin::serve(plugin, handshake(environment)))
                .map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        });
    match served {
        Ok(_ended) => Exit::Success,
        Err(error) => {
            // stderr is Terraform's log; there is nobody else to tell.
            drop(writeln!(
                std::io::stderr(),
                "em-infra cannot serve the provider: {error}"
            ));
            Exit::Failure
        }
    }
}

fn handshake(environment: &Env) -> Environment {
    Environment::read(Mode::Managed, |name| text(environment, name))
}

fn text(environment: &Env, name: &str) -> Option<String> {
    environment.get(name)?.to_str().map(str::to_owned)
}
