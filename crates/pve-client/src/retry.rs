//! What may be repeated. Nothing else in this crate sends a call twice, but for one new login when
//! the host refuses a ticket.

use std::time::Duration;

use crate::error::{ConnectFailure, Error, Loss};

/// What is known about a call that failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// How often it has been tried, this time included.
    pub(crate) number: u32,
    /// Whether it could change anything.
    pub(crate) is_write: bool,
    /// Whether the host has answered this client before.
    pub(crate) host_was_there: bool,
}

/// Why a call may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The front end could not hand the call to the service behind it (595): it did nothing. Happens
    /// for seconds while an update restarts `pvedaemon`.
    ServiceRestarting,
    /// The host answered a moment ago and now nobody listens: nothing was sent. Happens for seconds
    /// while an update restarts `pveproxy`. A host that never answered is reported at once.
    FrontEndRestarting,
    /// The connection was closed before anything was sent: the host closes idle connections after
    /// five seconds, every one after 100 calls or an error.
    ClosedBeforeSending,
    /// The VM's lock file was not free within ten seconds; the lock comes before any change.
    LockTimeout,
    /// The answer to a read was lost with the connection; reading again changes nothing.
    LostRead,
    /// The answer to a read did not come in time, so the host was busy for half a minute: once more,
    /// since waiting for a clone of many minutes should not fail on that.
    SlowRead,
}

impl Reason {
    /// How often a call is sent for this reason, the first time included.
    const fn attempts(self) -> u32 {
        match self {
            Self::ServiceRestarting | Self::FrontEndRestarting => 5,
            Self::ClosedBeforeSending | Self::LockTimeout | Self::LostRead => 3,
            Self::SlowRead => 2,
        }
    }

    const fn first_pause(self) -> Duration {
        match self {
            Self::ServiceRestarting | Self::FrontEndRestarting => Duration::from_secs(1),
            Self::LockTimeout | Self::LostRead | Self::SlowRead => Duration::from_millis(250),
            Self::ClosedBeforeSending => Duration::ZERO,
        }
    }
}

/// Returns why a failed call may be sent again, and after which pause; none is final.
pub(crate) fn next(attempt: Attempt, error: &Error) -> Option<(Reason, Duration)> {
    let reason = reason(attempt, error)?;
    let pause = reason.first_pause() * 2_u32.saturating_pow(attempt.number - 1);
    (attempt.number < reason.attempts()).then_some((reason, pause))
}

fn reason(attempt: Attempt, error: &Error) -> Option<Reason> {
    match error {
        Error::Refused(refusal) if refusal.status() == 595 => Some(Reason::ServiceRestarting),
        Error::Refused(refusal) if refusal.is_transient() => Some(Reason::LockTimeout),
        Error::Connect {
            source: ConnectFailure::Refused,
            ..
        } => attempt.host_was_there.then_some(Reason::FrontEndRestarting),
        Error::Connect {
            source: ConnectFailure::Closed,
            ..
        } => Some(Reason::ClosedBeforeSending),
        Error::Lost { source, .. } if !attempt.is_write => match source {
            Loss::Broken(_) => Some(Reason::LostRead),
            Loss::TimedOut(_) | Loss::Behind { .. } => Some(Reason::SlowRead),
            Loss::Unreadable(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pve_api::Method;

    use super::*;
    use crate::refusal::Refusal;

    fn refused(status: u16, reason: &str) -> Error {
        Error::Refused(Box::new(Refusal {
            method: Method::Put,
            path: "/nodes/pve/qemu/100/config".to_owned(),
            status,
            reason: reason.to_owned(),
            detail: None,
            errors: BTreeMap::new(),
        }))
    }

    fn connect(source: ConnectFailure) -> Error {
        Error::Connect {
            endpoint: "https://pve".parse().expect("an endpoint"),
            source,
        }
    }

    fn lost(source: Loss) -> Error {
        Error::Lost {
            method: Method::Put,
            path: "/x".to_owned(),
            source,
        }
    }

    const WRITE: Attempt = Attempt {
        number: 1,
        is_write: true,
        host_was_there: true,
    };
    const READ: Attempt = Attempt {
        is_write: false,
        ..WRITE
    };

    fn why(attempt: Attempt, error: &Error) -> Option<Reason> {
        next(attempt, error).map(|(reason, _)| reason)
    }

    #[test]
    fn what_did_nothing_is_sent_again() {
        let lock = refused(
            500,
            "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
        );
        assert_eq!(why(WRITE, &lock), Some(Reason::LockTimeout));
        assert_eq!(
            why(WRITE, &refused(595, "Connection refused")),
            Some(Reason::ServiceRestarting)
        );
        assert_eq!(
            why(WRITE, &connect(ConnectFailure::Closed)),
            Some(Reason::ClosedBeforeSending)
        );
    }

    #[test]
    fn a_write_that_may_have_been_done_is_not() {
        let broken = || lost(Loss::Broken("reset".into()));
        assert_eq!(why(WRITE, &broken()), None);
        assert_eq!(why(READ, &broken()), Some(Reason::LostRead));
        let late = || lost(Loss::TimedOut(40_000));
        assert_eq!(
            (why(WRITE, &late()), why(READ, &late())),
            (None, Some(Reason::SlowRead))
        );
        let behind = || {
            lost(Loss::Behind {
                status: 596,
                reason: "x".to_owned(),
            })
        };
        assert_eq!(
            (why(WRITE, &behind()), why(READ, &behind())),
            (None, Some(Reason::SlowRead))
        );
    }

    #[test]
    fn what_stays_wrong_is_not() {
        for error in [
            refused(500, "VM is locked (backup)"),
            refused(500, "checksum mismatch (file change by other user?)"),
            refused(403, "Permission check failed (/vms/100, VM.Audit)"),
            connect(ConnectFailure::TimedOut),
            connect(ConnectFailure::Tls(Box::new(rustls::Error::DecryptError))),
        ] {
            assert_eq!(why(WRITE, &error), None, "{error}");
        }
    }

    #[test]
    fn a_host_that_never_answered_is_reported_at_once() {
        let never = Attempt {
            host_was_there: false,
            ..WRITE
        };
        assert_eq!(why(never, &connect(ConnectFailure::Refused)), None);
        assert_eq!(
            why(WRITE, &connect(ConnectFailure::Refused)),
            Some(Reason::FrontEndRestarting)
        );
    }

    #[test]
    fn every_reason_has_an_end() {
        let error = refused(595, "Connection refused");
        let pauses: Vec<_> = (1..=5)
            .map(|number| {
                next(Attempt { number, ..WRITE }, &error).map(|(_, pause)| pause.as_secs())
            })
            .collect();
        assert_eq!(pauses, [Some(1), Some(2), Some(4), Some(8), None]);
    }
}
