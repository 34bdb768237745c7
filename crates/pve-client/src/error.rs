//! What can go wrong between a call and its answer.
//!
//! Policy: `Display` is one fragment that names the call or the host; causes are in `source`; the
//! next step for a person is [`Error::hint`]. What callers branch on has a predicate here, each of
//! which matches exact texts of Proxmox: a wide match would take a passing fault for an absence.

use std::io;

use pve_api::task::ExitStatus;
use pve_api::{Method, Upid};

use crate::endpoint::Endpoint;
use crate::fingerprint::Fingerprint;
use crate::refusal::{self, Refusal};

/// A call that did not give its answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The host was not reached; nothing was sent.
    #[error("failed to connect to {endpoint}")]
    Connect {
        /// Where it should be.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: ConnectFailure,
    },
    /// The host showed a certificate that is not trusted; nothing was sent.
    #[error("the certificate of {endpoint} is not trusted; its SHA-256 fingerprint is {seen}")]
    Untrusted {
        /// The host.
        endpoint: Endpoint,
        /// The fingerprint of what it showed.
        seen: Fingerprint,
        /// Why it is not trusted.
        #[source]
        source: Doubt,
    },
    /// The host does not accept who is calling (401).
    #[error("{endpoint} refused {who}: {reason}")]
    Unauthenticated {
        /// The host.
        endpoint: Endpoint,
        /// The token or the user.
        who: String,
        /// What the host said.
        reason: String,
    },
    /// The user needs a second factor, which nobody is there to give.
    #[error("{who} needs a second factor to log in")]
    SecondFactor {
        /// The user.
        who: String,
    },
    /// The host answered with an error.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The answer was lost. A write may have been done, done in part, or not at all.
    #[error("{method} {path}: the answer was lost")]
    Lost {
        /// The method of the call.
        method: Method,
        /// The path of the call.
        path: String,
        /// How it was lost.
        #[source]
        source: Loss,
    },
    /// The answer to a read is not what Proxmox answers.
    #[error("{method} {path}: the answer cannot be read")]
    Decode {
        /// The method of the call.
        method: Method,
        /// The path of the call.
        path: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A task failed.
    #[error(transparent)]
    Task(Box<TaskFailure>),
    /// A task was still running when the time for it was over; it goes on.
    #[error("task {upid} has not ended after {seconds} s")]
    TaskTooSlow {
        /// The task.
        upid: Box<Upid>,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Waiting was given up because of a request to stop; the task goes on.
    #[error("stopped waiting for task {upid}")]
    Stopped {
        /// The task.
        upid: Box<Upid>,
    },
}

/// Why a certificate is not trusted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Doubt {
    /// It is not the one certificate that the configuration names.
    #[error("the one that is trusted has {0}")]
    OtherThanPinned(Fingerprint),
    /// No authority that is trusted vouches for it, or it is not for this host, or not for today.
    #[error("no trusted authority vouches for it here and now")]
    Unvouched(#[source] Box<rustls::Error>),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectFailure {
    /// The name has no address.
    #[error("failed to resolve the host name")]
    Resolve(#[source] io::Error),
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// Nobody answered in time.
    #[error("no answer in time")]
    TimedOut,
    /// TLS could not be agreed on.
    #[error("no TLS connection could be made")]
    Tls(#[source] Box<rustls::Error>),
    /// The connection was closed before the call was sent.
    #[error("the connection was closed before anything was sent")]
    Closed,
    /// Anything else.
    #[error("the network failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// How an answer was lost.
#[derive(Debug, thiserror::Error)]
pub enum Loss {
    /// The connection broke.
    #[error("the connection broke")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer was not complete in time.
    #[error("no complete answer within {0} ms")]
    TimedOut(u128),
    /// Proxmox's front end lost its own service behind (596, 597, 599).
    #[error("{status} {reason}")]
    Behind {
        /// The pseudo status.
        status: u16,
        /// What the front end said.
        reason: String,
    },
    /// A write was accepted, but what it answered cannot be read.
    #[error("the write was accepted with an unreadable answer")]
    Unreadable(#[source] serde_json::Error),
}

/// A task that ended without success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("task {} of {} failed: {end}{}", upid.kind(), upid.id(), tail(log))]
pub struct TaskFailure {
    /// The task.
    pub upid: Upid,
    /// How it ended.
    pub end: ExitStatus,
    /// The last lines of its log, without the line that repeats the end.
    pub log: Vec<String>,
}

fn tail(log: &[String]) -> String {
    if log.is_empty() {
        String::new()
    } else {
        format!(" (log: {})", log.join(" | "))
    }
}

/// A client that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The CA file cannot be read as PEM.
    #[error("failed to read the certificates of the CA file")]
    CaFile(#[source] rustls::pki_types::pem::Error),
    /// The CA file has no certificate.
    #[error("the CA file holds no certificate")]
    NoCertificate,
    /// A certificate of the CA file cannot be used.
    #[error("a certificate of the CA file cannot be used")]
    BadCertificate(#[source] rustls::Error),
    /// This machine knows no certificate authority.
    #[error("this machine has no certificate authorities: give a CA file or a fingerprint")]
    NoSystemRoots,
    /// The TLS library refused its configuration.
    #[error("failed to set up TLS")]
    Tls(#[source] rustls::Error),
    /// The token's secret has characters that cannot be sent.
    #[error("the secret of token `{0}` holds characters that no token has")]
    BadSecret(String),
}

impl Error {
    /// Returns the text of Proxmox, if it is one that Proxmox made: of a refusal or a failed task.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => Some(refusal.reason()),
            Self::Task(failure) => match &failure.end {
                ExitStatus::Failed(text) => Some(text),
                ExitStatus::Ok | ExitStatus::Warnings(_) | ExitStatus::Unexpected => None,
            },
            Self::Connect { .. }
            | Self::Untrusted { .. }
            | Self::Unauthenticated { .. }
            | Self::SecondFactor { .. }
            | Self::Lost { .. }
            | Self::Decode { .. }
            | Self::TaskTooSlow { .. }
            | Self::Stopped { .. } => None,
        }
    }

    /// Returns whether the thing that the call was about does not exist. Absence of something the call
    /// only mentions (the storage of a clone) is not meant.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_not_found(),
            Self::Task(failure) => self.text().is_some_and(|text| {
                refusal::missing_vm(text).is_some_and(|vmid| vmid == failure.upid.id())
            }),
            _ => false,
        }
    }

    /// Returns whether the caller lacks a privilege, or is not root@pam where only root will do.
    pub fn is_permission_denied(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_permission_denied(),
            _ => self
                .text()
                .is_some_and(|text| text.starts_with("403 ") || refusal::needs_root(text)),
        }
    }

    /// Returns whether it is unknown if a write was done. Look before doing anything else.
    pub fn is_lost_answer(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    /// Returns what holds the VM, as in `clone`, when that is why the call was refused.
    pub fn lock(&self) -> Option<&str> {
        self.text()?
            .strip_prefix("VM is locked (")?
            .strip_suffix(')')
    }

    /// Returns whether the VM is held by something else, as a backup or a clone in progress.
    pub fn is_locked(&self) -> bool {
        self.lock().is_some()
    }

    /// Returns whether a change was refused because the configuration is not the one any more that
    /// it was meant for.
    pub fn is_outdated(&self) -> bool {
        self.text()
            .is_some_and(|text| text.starts_with("checksum mismatch"))
    }

    /// Returns whether a VM was not started, or not removed, because it runs.
    pub fn is_about_running(&self) -> bool {
        let ends = [" already running", " is running - destroy failed"];
        self.text().is_some_and(|text| {
            text.starts_with("VM ") && ends.iter().any(|end| text.ends_with(end))
        })
    }

    /// Returns whether the call did nothing and the same call may work a moment later. The client
    /// has then already repeated it as often as is useful, except for tasks: start those again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Task(_) => self.text().is_some_and(refusal::is_lock_timeout),
            Self::Connect { source, .. } => matches!(
                source,
                ConnectFailure::Refused | ConnectFailure::TimedOut | ConnectFailure::Closed
            ),
            _ => false,
        }
    }
}
