//! Things that go wrong on purpose: which requests, and what happens to them.

mod line;

use std::time::Duration;

pub use self::line::{ACTIONS, FaultError};

use crate::world::Ids;

/// Which requests a fault is for. All conditions that are set must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultRule {
    /// HTTP method; any when unset.
    pub method: Option<String>,
    /// Path below `/api2/json`; `*` stands for one part of it, `**` at the end for the rest.
    pub path: Option<String>,
    /// Only the n-th request that fits otherwise, counted from 1.
    pub nth: Option<u64>,
    /// Only requests of this `user@realm` or `user@realm!token`.
    pub principal: Option<String>,
    /// Only with this probability, 0 to 1; drawn from `seed`.
    pub probability: Option<f64>,
    /// Seed of the draws.
    pub seed: u64,
}

/// What happens to a request the rule fits.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultAction {
    /// The answer comes later, by this much simulated time.
    Delay(Duration),
    /// The connection is closed and nothing was done.
    CloseBefore,
    /// The connection is closed after the work was done.
    CloseAfter,
    /// Nothing is done; this status and text are answered. 595 and 596 have no body, as when
    /// Proxmox's proxy cannot reach or loses its worker.
    Status(u16, String),
    /// The work is done, and then this status is answered.
    StatusAfter(u16, String),
    /// The work is done; the answer has no body.
    EmptyBody,
    /// The work is done; the answer is a page of a reverse proxy.
    HtmlBody,
    /// The work is done; the body ends in the middle and the connection closes.
    TruncatedBody,
    /// The work is done; the body takes this much real time.
    SlowBody(Duration),
    /// The task the request starts ends at once with this text.
    TaskFails(String),
    /// The task the request starts is soon known to nobody.
    TaskVanishes,
    /// The worker of the task the request starts is killed after this much simulated time.
    WorkerKilled(Duration),
    /// Before the request is handled, this storage has no room left.
    StorageFull(String),
    /// Another process takes the lock file of this VM before the request is handled; a real
    /// one lets go after this much simulated time.
    LockHeld(u32, Duration),
    /// Another process allocates on this storage; it is done after this much simulated time.
    StorageLocked(String, Duration),
    /// Connections made after this request meet another certificate of the same CA.
    CertificateChanged,
    /// The clock jumps forward before the request is handled.
    ClockJump(Duration),
}

/// A rule and its effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Which requests.
    pub rule: FaultRule,
    /// What happens.
    pub action: FaultAction,
    /// How often at most; unset for always.
    pub times: Option<u64>,
}

impl Fault {
    /// A fault for requests of a method on a path.
    pub fn on(method: &str, path: &str, action: FaultAction) -> Self {
        let rule = FaultRule {
            method: Some(method.to_owned()),
            path: Some(path.to_owned()),
            ..FaultRule::default()
        };
        Self {
            rule,
            action,
            times: None,
        }
    }

    /// Only the first request that fits.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.times = Some(1);
        self
    }

    /// Only the n-th request that fits, counted from 1.
    #[must_use]
    pub fn nth(mut self, n: u64) -> Self {
        self.rule.nth = Some(n);
        self
    }
}

/// The faults in force, with what they have counted.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    seen: u64,
    done: u64,
    draws: Ids,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        let draws = Ids::new(fault.rule.seed);
        self.0.push(Armed {
            fault,
            seen: 0,
            done: 0,
            draws,
        });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// What happens to this request.
    pub(crate) fn strike(
        &mut self,
        method: &str,
        path: &str,
        principal: Option<&str>,
    ) -> Vec<FaultAction> {
        self.0
            .iter_mut()
            .filter_map(|armed| armed.strike(method, path, principal))
            .collect()
    }
}

impl Armed {
    fn strike(&mut self, method: &str, path: &str, who: Option<&str>) -> Option<FaultAction> {
        let rule = &self.fault.rule;
        let fits = rule
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && rule
                .path
                .as_deref()
                .is_none_or(|pattern| path_fits(pattern, path))
            && rule
                .principal
                .as_deref()
                .is_none_or(|wanted| who == Some(wanted));
        if !fits {
            return None;
        }
        self.seen += 1;
        let now = rule.nth.is_none_or(|n| n == self.seen)
            && rule
                .probability
                .is_none_or(|p| fraction(self.draws.next()) < p)
            && self.fault.times.is_none_or(|times| self.done < times);
        if !now {
            return None;
        }
        self.done += 1;
        Some(self.fault.action.clone())
    }
}

/// A number in 0..1 from the upper bits of a draw.
fn fraction(draw: u64) -> f64 {
    f64::from(u32::try_from(draw >> 32).unwrap_or_default()) / 4_294_967_296.0
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut wanted = pattern.split('/');
    let mut given = path.split('/');
    loop {
        match (wanted.next(), given.next()) {
            (None, None) | (Some("**"), Some(_)) => return true,
            (Some("*"), Some(_)) => {}
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_fits_one_part_and_two_stars_the_rest() {
        let fits = [
            ("/nodes/*/qemu", "/nodes/pve/qemu", true),
            ("/nodes/*/qemu", "/nodes/pve/qemu/100", false),
            ("/nodes/**", "/nodes/pve/qemu/100", true),
            ("/version", "/version", true),
            ("/version", "/nodes", false),
        ];
        for (pattern, path, expected) in fits {
            assert_eq!(path_fits(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn only_the_nth_request_is_struck() {
        let mut faults = Faults::default();
        faults.add(Fault::on("GET", "/version", FaultAction::CloseBefore).nth(2));
        let struck: Vec<usize> = (0..3)
            .map(|_| faults.strike("GET", "/version", None).len())
            .collect();
        assert_eq!(struck, [0, 1, 0]);
    }
}
