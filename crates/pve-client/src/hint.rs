//! What a person can do about an error.

use crate::error::{ConnectFailure, Doubt, Error, Loss};
use crate::refusal::{Refusal, needs_root};

impl Error {
    /// Returns the next step for a person, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Connect { source, endpoint } => Some(match source {
                ConnectFailure::Resolve(_) => {
                    format!(
                        "check the host name `{}`, or use the host's IP address",
                        endpoint.host()
                    )
                }
                ConnectFailure::Refused => format!(
                    "nothing listens on port {}: check host and port, and `systemctl status pveproxy` on the host",
                    endpoint.port()
                ),
                ConnectFailure::TimedOut => {
                    "check that the host is up and that no firewall is between".to_owned()
                }
                ConnectFailure::Tls(_) | ConnectFailure::Closed | ConnectFailure::Other(_) => {
                    format!("check that {endpoint} is the API of a Proxmox VE host")
                }
            }),
            Self::Untrusted {
                seen,
                source: Doubt::OtherThanPinned(_),
                ..
            } => Some(format!(
                "either the certificate of the host was renewed, or something else answers in its place: \
                 run `pvenode cert info` on the host, and only if it shows the fingerprint seen here, set \
                 `proxmox_tls_fingerprint = \"{seen}\"`; in a provider block of your own the name is \
                 `tls_fingerprint`"
            )),
            Self::Untrusted { seen, .. } => Some(format!(
                "compare the fingerprint with `pvenode cert info` on the host; if it is the same, set \
                 `proxmox_tls_fingerprint = \"{seen}\"`, or give Proxmox's own authority \
                 (/etc/pve/pve-root-ca.pem) as `proxmox_tls_ca_file`; in a provider block of your own \
                 the names are `tls_fingerprint` and `tls_ca_file`"
            )),
            Self::Unauthenticated { who, .. } if who.contains('!') => Some(format!(
                "check the token `{who}` and its secret: it may be mistyped, expired, deleted or of a \
                 disabled user (`pveum user token list {}`)",
                who.split('!').next().unwrap_or(who)
            )),
            Self::Unauthenticated { .. } => {
                Some("check user, realm (as in `root@pam`) and password".to_owned())
            }
            Self::SecondFactor { .. } => {
                Some("use an API token: it needs no second factor".to_owned())
            }
            Self::Refused(refusal) => refusal.hint(),
            Self::Lost { source, .. } => Some(lost(source)),
            Self::Decode { .. } => {
                Some("check that the address is that of a Proxmox VE API".to_owned())
            }
            Self::Task(failure) => Some(format!(
                "the whole log: `pvenode task log '{}'`",
                failure.upid
            )),
            Self::TaskTooSlow { .. } | Self::Stopped { .. } => Some(
                "it goes on without us; the next run picks up from where it is then".to_owned(),
            ),
        }
    }
}

fn lost(loss: &Loss) -> String {
    match loss {
        Loss::Behind { .. } => {
            "check `systemctl status pvedaemon` on the host, then run again".to_owned()
        }
        Loss::Broken(_) | Loss::TimedOut(_) | Loss::Unreadable(_) => {
            "run again: what is there is read first, and nothing is made twice".to_owned()
        }
    }
}

impl Refusal {
    /// Returns the next step for a person, where there is one.
    pub fn hint(&self) -> Option<String> {
        if let Some(missing) = self.missing_privilege() {
            return Some(format!(
                "grant {} on `{}` (`pveum acl modify {} …`); a token with privilege separation needs it for \
                 itself and for its user",
                missing.any_of.join(" or "),
                missing.path,
                missing.path
            ));
        }
        if needs_root(self.reason()) {
            return Some(
                "no API token may do this: use a PCI mapping instead of an address, or log in as root@pam \
                 with a password"
                    .to_owned(),
            );
        }
        (self.status() == 595).then(|| "check `systemctl status pvedaemon` on the host".to_owned())
    }
}
