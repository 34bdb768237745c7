//! The client of the Proxmox VE API.
//!
//! Owns the connection: TLS trust, login, time limits, what may be repeated and what may not, and
//! the waiting for tasks. Knows nothing of Terraform or of what a VM is for. The promise callers
//! build on: **a write is sent at most once unless it is certain that it did nothing**; a write
//! whose answer was lost is [`Error::Lost`], and the caller looks before it acts again.
//!
//! Must be used on a Tokio runtime with time enabled.

mod answer;
mod calls;
mod client;
mod clock;
mod connection;
mod endpoint;
mod error;
mod fingerprint;
mod hint;
mod refusal;
mod retry;
mod secret;
mod session;
mod tls;
mod transport;
mod wait;

pub use client::Client;
pub use clock::Clock;
pub use connection::{Auth, Connection, TimeLimits, Tls};
pub use endpoint::{Endpoint, EndpointError};
pub use error::{ConnectFailure, Doubt, Error, Loss, SetupError, TaskFailure};
pub use fingerprint::Fingerprint;
pub use refusal::{MissingPrivilege, Refusal};
pub use secret::Secret;
