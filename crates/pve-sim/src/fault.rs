//! Things that go wrong on purpose: which requests, and what happens to them.

use std::time::Duration;

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

    /// Reads `METHOD PATH ACTION [ARGUMENT] [times=N] [nth=N] [principal=WHO] [probability=P]
    /// [seed=N]`; `*` stands for any method.
    pub fn parse(text: &str) -> Result<Self, FaultError> {
        let unclear = |why: &str| FaultError {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let mut words = text.split_whitespace();
        let method = words.next().ok_or_else(|| unclear("a method is missing"))?;
        let path = words.next().ok_or_else(|| unclear("a path is missing"))?;
        let action = words
            .next()
            .ok_or_else(|| unclear("an action is missing"))?;
        let (settings, arguments): (Vec<&str>, Vec<&str>) =
            words.partition(|word| SETTINGS.iter().any(|name| word.starts_with(name)));
        let action = parse_action(action, &arguments).map_err(|why| unclear(&why))?;
        let mut fault = Self::on(method, path, action);
        if method == "*" {
            fault.rule.method = None;
        }
        for setting in settings {
            fault.set(setting).map_err(|why| unclear(&why))?;
        }
        Ok(fault)
    }

    fn set(&mut self, setting: &str) -> Result<(), String> {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("`{setting}` needs a number"))
        };
        match name {
            "times" => self.times = Some(number()?),
            "nth" => self.rule.nth = Some(number()?),
            "seed" => self.rule.seed = number()?,
            "principal" => self.rule.principal = Some(value.to_owned()),
            _ => {
                let probability = value
                    .parse()
                    .map_err(|_| format!("`{setting}` needs a number"))?;
                self.rule.probability = Some(probability);
            }
        }
        Ok(())
    }
}

const SETTINGS: [&str; 5] = ["times=", "nth=", "seed=", "principal=", "probability="];

/// A fault that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault `{text}`: {why}; write `METHOD PATH ACTION [ARGUMENT] [times=N]`")]
pub struct FaultError {
    text: String,
    why: String,
}

fn parse_action(name: &str, arguments: &[&str]) -> Result<FaultAction, String> {
    let seconds = |index: usize| -> Result<Duration, String> {
        let text = arguments
            .get(index)
            .ok_or_else(|| format!("`{name}` needs seconds"))?;
        let number: f64 = text
            .parse()
            .map_err(|_| format!("`{text}` is no number of seconds"))?;
        Duration::try_from_secs_f64(number).map_err(|_| format!("`{text}` is no number of seconds"))
    };
    let first = || {
        arguments
            .first()
            .ok_or_else(|| format!("`{name}` needs an argument"))
    };
    let rest = |from: usize| arguments.get(from..).unwrap_or_default().join(" ");
    let code = || -> Result<u16, String> {
        let text = first()?;
        text.parse()
            .ok()
            .filter(|code| (400..=599).contains(code))
            .ok_or_else(|| format!("`{text}` is no status between 400 and 599"))
    };
    Ok(match name {
        "delay" => FaultAction::Delay(seconds(0)?),
        "close-before" => FaultAction::CloseBefore,
        "close-after" => FaultAction::CloseAfter,
        "status" => FaultAction::Status(code()?, rest(1)),
        "status-after" => FaultAction::StatusAfter(code()?, rest(1)),
        "empty-body" => FaultAction::EmptyBody,
        "html-body" => FaultAction::HtmlBody,
        "truncated-body" => FaultAction::TruncatedBody,
        "slow-body" => FaultAction::SlowBody(seconds(0)?),
        "task-fails" => FaultAction::TaskFails(rest(0)),
        "task-vanishes" => FaultAction::TaskVanishes,
        "worker-killed" => FaultAction::WorkerKilled(seconds(0)?),
        "storage-full" => FaultAction::StorageFull((*first()?).to_owned()),
        "lock-held" => {
            let vmid = first()?
                .parse()
                .map_err(|_| format!("`{name}` needs a VMID"))?;
            FaultAction::LockHeld(vmid, seconds(1)?)
        }
        "storage-locked" => FaultAction::StorageLocked((*first()?).to_owned(), seconds(1)?),
        "certificate-changed" => FaultAction::CertificateChanged,
        "clock-jump" => FaultAction::ClockJump(seconds(0)?),
        _ => return Err(format!("`{name}` is no action")),
    })
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

    #[test]
    fn a_fault_is_read_from_one_line() {
        let fault = Fault::parse("POST /nodes/*/qemu/*/clone task-fails no space left times=2");
        let mut expected = Fault::on(
            "POST",
            "/nodes/*/qemu/*/clone",
            FaultAction::TaskFails("no space left".to_owned()),
        );
        expected.times = Some(2);
        assert_eq!(fault, Ok(expected));
    }

    #[test]
    fn an_unknown_action_is_named_in_the_error() {
        let error = Fault::parse("GET /version explode").map_err(|e| e.to_string());
        let expected = "fault `GET /version explode`: `explode` is no action; \
                        write `METHOD PATH ACTION [ARGUMENT] [times=N]`";
        assert_eq!(error, Err(expected.to_owned()));
    }
}
