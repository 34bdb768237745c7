//! Faults as people write them: one line each, in scenarios and on the command line.

use std::fmt;
use std::time::Duration;

use super::{Fault, FaultAction};

/// Every action by its name, with its arguments.
pub const ACTIONS: [(&str, &str); 17] = [
    ("delay", "S"),
    ("close-before", ""),
    ("close-after", ""),
    ("status", "CODE TEXT"),
    ("status-after", "CODE TEXT"),
    ("empty-body", ""),
    ("html-body", ""),
    ("truncated-body", ""),
    ("slow-body", "S"),
    ("task-fails", "TEXT"),
    ("task-vanishes", ""),
    ("worker-killed", "S"),
    ("storage-full", "NAME"),
    ("storage-locked", "NAME S"),
    ("lock-held", "VMID S"),
    ("clock-jump", "S"),
    ("certificate-changed", ""),
];

/// A fault that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault `{text}`: {why}; write `METHOD PATH ACTION [ARGUMENT] [times=N]`")]
pub struct FaultError {
    text: String,
    why: String,
}

const SETTINGS: [&str; 5] = ["times=", "nth=", "seed=", "principal=", "probability="];

impl Fault {
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
        if method != "*" && !method.bytes().all(|b| b.is_ascii_alphabetic()) {
            return Err(unclear(&format!("`{method}` is no method")));
        }
        if !path.starts_with(['/', '*']) {
            return Err(unclear(&format!("`{path}` is no path; it starts with `/`")));
        }
        let (settings, arguments): (Vec<&str>, Vec<&str>) =
            words.partition(|word| SETTINGS.iter().any(|name| word.starts_with(name)));
        let action = Words { action, arguments }
            .action()
            .map_err(|why| unclear(&why))?;
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
            _ => self.rule.probability = Some(probability(setting, value)?),
        }
        Ok(())
    }
}

fn probability(setting: &str, value: &str) -> Result<f64, String> {
    value
        .parse()
        .ok()
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| format!("`{setting}` needs a number from 0 to 1"))
}

/// The words of an action that are no settings.
struct Words<'a> {
    action: &'a str,
    arguments: Vec<&'a str>,
}

impl Words<'_> {
    fn action(&self) -> Result<FaultAction, String> {
        let action = match self.action {
            "delay" => FaultAction::Delay(self.seconds(0)?),
            "close-before" => FaultAction::CloseBefore,
            "close-after" => FaultAction::CloseAfter,
            "status" => return Ok(FaultAction::Status(self.code()?, self.text(1))),
            "status-after" => return Ok(FaultAction::StatusAfter(self.code()?, self.text(1))),
            "empty-body" => FaultAction::EmptyBody,
            "html-body" => FaultAction::HtmlBody,
            "truncated-body" => FaultAction::TruncatedBody,
            "slow-body" => FaultAction::SlowBody(self.seconds(0)?),
            "task-fails" => return Ok(FaultAction::TaskFails(self.text(0))),
            "task-vanishes" => FaultAction::TaskVanishes,
            "worker-killed" => FaultAction::WorkerKilled(self.seconds(0)?),
            "storage-full" => FaultAction::StorageFull(self.first()?.to_owned()),
            "storage-locked" => {
                FaultAction::StorageLocked(self.first()?.to_owned(), self.seconds(1)?)
            }
            "lock-held" => FaultAction::LockHeld(self.vmid()?, self.seconds(1)?),
            "clock-jump" => FaultAction::ClockJump(self.seconds(0)?),
            "certificate-changed" => FaultAction::CertificateChanged,
            unknown => return Err(format!("`{unknown}` is no action")),
        };
        self.nothing_more(&action)?;
        Ok(action)
    }

    /// Arguments that nobody reads are a mistake of whoever wrote them.
    fn nothing_more(&self, action: &FaultAction) -> Result<(), String> {
        let taken = action.arguments().split_whitespace().count();
        match self.arguments.get(taken) {
            None => Ok(()),
            Some(word) => Err(format!(
                "`{word}` is one word too many for `{}`",
                self.action
            )),
        }
    }

    fn first(&self) -> Result<&str, String> {
        let first = self.arguments.first().copied();
        first.ok_or_else(|| format!("`{}` needs an argument", self.action))
    }

    fn text(&self, from: usize) -> String {
        self.arguments.get(from..).unwrap_or_default().join(" ")
    }

    fn seconds(&self, index: usize) -> Result<Duration, String> {
        let text = self
            .arguments
            .get(index)
            .ok_or_else(|| format!("`{}` needs seconds", self.action))?;
        let seconds = text.parse().ok();
        seconds
            .and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| format!("`{text}` is no number of seconds"))
    }

    fn vmid(&self) -> Result<u32, String> {
        let vmid = self.first()?.parse();
        vmid.map_err(|_| format!("`{}` needs a VMID", self.action))
    }

    fn code(&self) -> Result<u16, String> {
        let text = self.first()?;
        text.parse()
            .ok()
            .filter(|code| (400..=599).contains(code))
            .ok_or_else(|| format!("`{text}` is no status between 400 and 599"))
    }
}

impl FaultAction {
    /// Its name in a line.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Delay(_) => "delay",
            Self::CloseBefore => "close-before",
            Self::CloseAfter => "close-after",
            Self::Status(..) => "status",
            Self::StatusAfter(..) => "status-after",
            Self::EmptyBody => "empty-body",
            Self::HtmlBody => "html-body",
            Self::TruncatedBody => "truncated-body",
            Self::SlowBody(_) => "slow-body",
            Self::TaskFails(_) => "task-fails",
            Self::TaskVanishes => "task-vanishes",
            Self::WorkerKilled(_) => "worker-killed",
            Self::StorageFull(_) => "storage-full",
            Self::StorageLocked(..) => "storage-locked",
            Self::LockHeld(..) => "lock-held",
            Self::ClockJump(_) => "clock-jump",
            Self::CertificateChanged => "certificate-changed",
        }
    }

    /// Its arguments in a line.
    fn arguments(&self) -> String {
        match self {
            Self::Delay(span)
            | Self::SlowBody(span)
            | Self::WorkerKilled(span)
            | Self::ClockJump(span) => span.as_secs_f64().to_string(),
            Self::Status(code, text) | Self::StatusAfter(code, text) => format!("{code} {text}"),
            Self::TaskFails(text) | Self::StorageFull(text) => text.clone(),
            Self::StorageLocked(name, span) => format!("{name} {}", span.as_secs_f64()),
            Self::LockHeld(vmid, span) => format!("{vmid} {}", span.as_secs_f64()),
            Self::CloseBefore
            | Self::CloseAfter
            | Self::EmptyBody
            | Self::HtmlBody
            | Self::TruncatedBody
            | Self::TaskVanishes
            | Self::CertificateChanged => String::new(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = &self.rule;
        let method = rule.method.as_deref().unwrap_or("*");
        let path = rule.path.as_deref().unwrap_or("**");
        write!(f, "{method} {path} {}", self.action.name())?;
        let arguments = self.action.arguments();
        if !arguments.trim().is_empty() {
            write!(f, " {}", arguments.trim_end())?;
        }
        let settings = [
            ("times", self.times.map(|times| times.to_string())),
            ("nth", rule.nth.map(|nth| nth.to_string())),
            ("principal", rule.principal.clone()),
            ("probability", rule.probability.map(|p| p.to_string())),
            ("seed", (rule.seed != 0).then(|| rule.seed.to_string())),
        ];
        for (name, value) in settings {
            if let Some(value) = value {
                write!(f, " {name}={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line for every action.
    fn lines() -> impl Iterator<Item = String> {
        ACTIONS.iter().map(|(name, arguments)| {
            let arguments = arguments
                .replace("CODE", "503")
                .replace("TEXT", "no space left")
                .replace("NAME", "local")
                .replace("VMID", "8001")
                .replace('S', "1.5");
            format!("POST /nodes/*/qemu {name} {arguments}")
                .trim_end()
                .to_owned()
        })
    }

    #[test]
    fn every_action_can_be_written_and_is_printed_as_it_was() {
        let settings = "times=2 nth=3 principal=root@pam probability=0.5 seed=7";
        for line in lines().flat_map(|line| [format!("{line} {settings}"), line]) {
            let fault = Fault::parse(&line).unwrap();
            assert_eq!(fault.to_string(), line);
        }
    }

    #[test]
    fn the_readme_explains_every_action() {
        let readme = include_str!("../../README.md");
        let (_, table) = readme.split_once("| action | effect |").unwrap();
        let explained: Vec<&str> = table
            .split('`')
            .skip(1)
            .step_by(2)
            .take(ACTIONS.len())
            .collect();
        let mut explained: Vec<String> = explained.into_iter().map(str::to_owned).collect();
        let mut known: Vec<String> = ACTIONS
            .iter()
            .map(|(name, arguments)| format!("{name} {arguments}").trim_end().to_owned())
            .collect();
        explained.sort();
        known.sort();
        assert_eq!(explained, known);
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let cases = [
            ("", "a method is missing"),
            ("GET", "a path is missing"),
            ("GET /version", "an action is missing"),
            ("3 /version delay 1", "`3` is no method"),
            (
                "GET version delay 1",
                "`version` is no path; it starts with `/`",
            ),
            ("GET /version explode", "`explode` is no action"),
            ("GET /version delay", "`delay` needs seconds"),
            ("GET /version delay -1", "`-1` is no number of seconds"),
            (
                "GET /version delay 1 2",
                "`2` is one word too many for `delay`",
            ),
            (
                "GET /version close-after once",
                "`once` is one word too many for `close-after`",
            ),
            (
                "GET /version status 200 OK",
                "`200` is no status between 400 and 599",
            ),
            ("GET /version lock-held x 1", "`lock-held` needs a VMID"),
            (
                "GET /version storage-full",
                "`storage-full` needs an argument",
            ),
            ("GET /version delay 1 times=x", "`times=x` needs a number"),
            (
                "GET /version delay 1 probability=2",
                "`probability=2` needs a number from 0 to 1",
            ),
        ];
        for (text, why) in cases {
            let error = Fault::parse(text).map_err(|e| e.to_string());
            let expected =
                format!("fault `{text}`: {why}; write `METHOD PATH ACTION [ARGUMENT] [times=N]`");
            assert_eq!(error, Err(expected));
        }
    }
}
