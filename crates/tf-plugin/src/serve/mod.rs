//! The life of a provider process: started by Terraform, one line on stdout, calls over one pinned connection,
//! an end when nobody is left.

mod connection;
mod environment;
mod handshake;
mod life;
mod panics;
mod server;
mod signals;
mod tls;

pub use environment::{Environment, MAGIC_COOKIE, Mode};
pub use life::Ended;
pub(crate) use life::Life;
pub use server::Server;

use std::io::Write;

use crate::hclog;
use crate::plugin::Plugin;

/// Why a provider was not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Started by hand.
    #[error(
        "this is a Terraform provider: Terraform starts it by itself. Name it in `required_providers` \
         and run `terraform init`"
    )]
    NotStartedByTerraform,
    /// Terraform and this provider have no protocol in common.
    #[error(
        "Terraform offers plugin protocol `{offered}`, this provider speaks 6: use Terraform 1.0 or newer"
    )]
    Protocol {
        /// The versions on offer.
        offered: String,
    },
    /// No client certificate to pin, and TLS not turned off.
    #[error(
        "Terraform sent no PLUGIN_CLIENT_CERT; to serve without TLS set TF_DISABLE_PLUGIN_TLS=1 for Terraform"
    )]
    NoClientCertificate,
    /// The client certificate is no certificate.
    #[error("PLUGIN_CLIENT_CERT holds no PEM certificate")]
    BadClientCertificate(#[source] rustls::pki_types::pem::Error),
    /// No server certificate could be made.
    #[error("failed to make a server certificate")]
    ServerCertificate(#[source] rcgen::Error),
    /// The TLS settings do not hold together.
    #[error("failed to set up TLS")]
    Tls(#[source] rustls::Error),
    /// The address could not be taken.
    #[error("failed to listen on 127.0.0.1")]
    Listen(#[source] std::io::Error),
    /// Signals could not be taken over.
    #[error("failed to take over signals")]
    Signals(#[source] std::io::Error),
    /// Nobody reads our stdout.
    #[error("failed to tell Terraform the address")]
    Announce(#[source] std::io::Error),
}

/// Serves the plugin until nobody needs it any more. Call it once per process, from its start: it takes over
/// signals, panics and logging.
///
/// It never ends the process; the caller decides the exit code. Nothing else may write to stdout.
pub async fn serve(plugin: Plugin, environment: Environment) -> Result<Ended, ServeError> {
    let security = environment.security()?;
    hclog::install(environment.log_level());
    panics::log_them();
    let signals = signals::Signals::take(environment.mode()).map_err(ServeError::Signals)?;
    let server = Server::bind(plugin, environment.mode(), security).await?;
    announce(&server.announcement()).map_err(ServeError::Announce)?;
    Ok(server.run(signals.end()).await)
}

fn announce(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
