//! The exit codes of `em-infra`: a contract with scripts, so the list is closed and README's table is made from it.

use std::process::ExitCode;

use em_infra_core::gate::Verdict;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// It did what was asked.
    Success,
    /// Something outside em-infra failed: a file, a process, the network.
    Failure,
    /// The command line is wrong.
    Usage,
    /// There are differences, and a rule explains each of them.
    Explained,
    /// The second plan is not empty.
    Changed,
    /// Something was changed outside Terraform.
    Drift,
    /// A check fails, or an output is not what was promised.
    Unsettled,
    /// The evidence is not as it was written.
    Tampered,
    /// The second plan cannot be trusted: it did not look at everything.
    Blind,
    /// Terraform itself ended with an error.
    Terraform,
    /// The inputs were refused before anything was started.
    Refused,
    /// Ended by Ctrl-C.
    Interrupted,
}

impl Exit {
    /// Every way to end, in the order of the table in README.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 12] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::Explained,
        Self::Changed,
        Self::Drift,
        Self::Unsettled,
        Self::Tampered,
        Self::Blind,
        Self::Terraform,
        Self::Refused,
        Self::Interrupted,
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Explained => 10,
            Self::Changed => 20,
            Self::Drift => 21,
            Self::Unsettled => 22,
            Self::Tampered => 25,
            Self::Blind => 30,
            Self::Terraform => 40,
            Self::Refused => 50,
            Self::Interrupted => 130,
        }
    }

    /// What the number means, as README says it.
    #[cfg(test)]
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "done; for `gate`: passed",
            Self::Failure => "something outside em-infra failed: a file, a process, the network",
            Self::Usage => "the command line is wrong",
            Self::Explained => "`gate`: there are differences, and a rule explains each of them",
            Self::Changed => "`gate`: the second plan is not empty",
            Self::Drift => {
                "`gate`: something was changed outside Terraform; `drift`: something is not as it should be"
            }
            Self::Unsettled => "`gate`: a check fails, or an output is not what was promised",
            Self::Tampered => "`evidence verify`: the evidence is not as it was written",
            Self::Blind => {
                "`gate`: the second plan did not look at everything, so it proves nothing"
            }
            Self::Terraform => "Terraform ended with an error",
            Self::Refused => {
                "refused before anything was started: bad inputs, or a step that was not agreed to"
            }
            Self::Interrupted => "ended by Ctrl-C",
        }
    }
}

impl Exit {
    /// How `gate` ends with a verdict.
    pub(crate) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Success,
            Verdict::Explained => Self::Explained,
            Verdict::Changed => Self::Changed,
            Verdict::Drift => Self::Drift,
            Verdict::Unsettled => Self::Unsettled,
            Verdict::Blind => Self::Blind,
            Verdict::Failed => Self::Terraform,
            Verdict::Refused => Self::Refused,
            Verdict::Interrupted => Self::Interrupted,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_readme_is_the_list_in_the_code() {
        let readme = include_str!("../../../README.md");
        let rows = Exit::ALL.map(|exit| format!("| {} | {} |", exit.code(), exit.meaning()));
        let table = rows.join("\n");
        assert!(
            readme.contains(&table),
            "README.md lacks this table:\n{table}"
        );
    }

    #[test]
    fn the_record_and_the_shell_get_the_same_code() {
        for verdict in Verdict::ALL {
            assert_eq!(Exit::of(verdict).code(), verdict.exit_code());
        }
    }

    #[test]
    fn no_two_ways_to_end_share_a_code() {
        let mut codes = Exit::ALL.map(Exit::code).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Exit::ALL.len());
    }
}
