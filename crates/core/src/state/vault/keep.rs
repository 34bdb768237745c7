//! Which sets stay: rules per lineage, as a plan that says why.
//!
//! Whatever the rules: pinned sets stay, and so does the newest good one of each lineage. No rule at all is refused.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::snapshot::{Snapshot, Standing};

/// Keep rules. A set stays when one of them wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// The newest so many.
    pub last: Option<usize>,
    /// All that were seen within so many days.
    pub within_days: Option<u32>,
    /// The newest of each of the newest so many days that have one.
    pub daily: Option<usize>,
    /// The same with weeks.
    pub weekly: Option<usize>,
    /// The same with months.
    pub monthly: Option<usize>,
}

/// The policy has no rule, so everything would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no keep rule was given, so every snapshot would be removed")]
pub struct NoPolicy;

/// What stays and what goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PrunePlan {
    /// What stays.
    pub keep: Vec<Kept>,
    /// What goes.
    pub remove: Vec<Removed>,
}

/// A set that stays.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// Why it stays.
    pub reasons: Vec<&'static str>,
}

/// A set that goes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Removed {
    /// Its id.
    pub id: String,
    /// Why it was taken.
    pub reason: String,
}

impl PrunePlan {
    /// Applies `policy` to `snapshots`, which are in the order in which they were stored.
    pub fn of(
        snapshots: &[Snapshot],
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Result<Self, NoPolicy> {
        if *policy == Policy::default() {
            return Err(NoPolicy);
        }
        let mut reasons: Vec<Vec<&'static str>> = vec![Vec::new(); snapshots.len()];
        for group in groups(snapshots) {
            policy.choose(snapshots, &group, now, &mut reasons);
        }
        let mut plan = Self {
            keep: Vec::new(),
            remove: Vec::new(),
        };
        for (snapshot, reasons) in snapshots.iter().zip(reasons) {
            let id = snapshot.id.clone();
            if reasons.is_empty() {
                let reason = snapshot.reason.clone();
                plan.remove.push(Removed { id, reason });
            } else {
                plan.keep.push(Kept { id, reasons });
            }
        }
        Ok(plan)
    }
}

/// Positions of the sets of each lineage, newest first. States without one are a group too, so that they never push out
/// others.
fn groups(snapshots: &[Snapshot]) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    for (position, snapshot) in snapshots.iter().enumerate().rev() {
        let good = snapshot.standing == Standing::Good;
        groups
            .entry((good, &snapshot.lineage))
            .or_default()
            .push(position);
    }
    groups.into_values().collect()
}

impl Policy {
    fn choose(
        &self,
        all: &[Snapshot],
        group: &[usize],
        now: OffsetDateTime,
        reasons: &mut [Vec<&'static str>],
    ) {
        let mut mark = |at: usize, reason| reasons[at].push(reason);
        if let Some(at) = group.iter().find(|at| all[**at].standing == Standing::Good) {
            mark(*at, "the newest good one");
        }
        let since = self
            .within_days
            .map(|days| now.saturating_sub(Duration::days(days.into())));
        for (rank, at) in group.iter().enumerate() {
            if all[*at].pinned {
                mark(*at, "pinned");
            }
            if self.last.is_some_and(|last| rank < last) {
                mark(*at, "last");
            }
            if since.is_some_and(|since| all[*at].seen >= since) {
                mark(*at, "within");
            }
        }
        let rules: [(Option<usize>, &'static str, Period); 3] = [
            (self.daily, "daily", |time| (time.year(), time.ordinal())),
            (self.weekly, "weekly", |time| {
                let (year, week, _) = time.to_iso_week_date();
                (year, week.into())
            }),
            (self.monthly, "monthly", |time| {
                (time.year(), u8::from(time.month()).into())
            }),
        ];
        for (count, name, period) in rules {
            for at in newest_of_each(all, group, count.unwrap_or(0), period) {
                mark(at, name);
            }
        }
    }
}

type Period = fn(OffsetDateTime) -> (i32, u16);

fn newest_of_each(all: &[Snapshot], group: &[usize], count: usize, period: Period) -> Vec<usize> {
    let mut seen = BTreeSet::new();
    let is_first = |at: &usize| seen.len() < count && seen.insert(period(all[*at].time));
    group.iter().copied().filter(is_first).collect()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

    fn snapshot(days_ago: i64, lineage: &str, standing: Standing) -> Snapshot {
        let time = NOW - Duration::days(days_ago);
        Snapshot {
            id: format!("{days_ago}{lineage}"),
            time,
            seen: time,
            reason: "test".to_owned(),
            standing,
            lineage: lineage.to_owned(),
            serial: Some(1),
            managed: 0,
            pinned: false,
            state: String::new(),
            manifest: String::new(),
        }
    }

    fn kept(snapshots: &[Snapshot], policy: Policy) -> Vec<(String, Vec<&'static str>)> {
        let plan = PrunePlan::of(snapshots, &policy, NOW).unwrap();
        plan.keep
            .into_iter()
            .map(|kept| (kept.id, kept.reasons))
            .collect()
    }

    #[test]
    fn an_empty_policy_is_refused() {
        let all = [snapshot(1, "a", Standing::Good)];
        assert_eq!(PrunePlan::of(&all, &Policy::default(), NOW), Err(NoPolicy));
    }

    /// An id, and why it stays.
    type Expected = (&'static str, Vec<&'static str>);

    #[test]
    fn each_rule_keeps_what_it_says() {
        let all: Vec<Snapshot> = [400, 40, 33, 9, 2, 2, 1]
            .map(|days| snapshot(days, "a", Standing::Good))
            .into();
        let newest = "the newest good one";
        let table: [(Policy, Vec<Expected>); 5] = [
            (
                Policy {
                    last: Some(2),
                    ..Policy::default()
                },
                vec![("2a", vec!["last"]), ("1a", vec![newest, "last"])],
            ),
            (
                Policy {
                    within_days: Some(9),
                    ..Policy::default()
                },
                vec![
                    ("9a", vec!["within"]),
                    ("2a", vec!["within"]),
                    ("2a", vec!["within"]),
                    ("1a", vec![newest, "within"]),
                ],
            ),
            (
                Policy {
                    daily: Some(3),
                    ..Policy::default()
                },
                vec![
                    ("9a", vec!["daily"]),
                    ("2a", vec!["daily"]),
                    ("1a", vec![newest, "daily"]),
                ],
            ),
            (
                Policy {
                    weekly: Some(2),
                    ..Policy::default()
                },
                vec![("9a", vec!["weekly"]), ("1a", vec![newest, "weekly"])],
            ),
            (
                Policy {
                    monthly: Some(9),
                    ..Policy::default()
                },
                vec![
                    ("400a", vec!["monthly"]),
                    ("33a", vec!["monthly"]),
                    ("1a", vec![newest, "monthly"]),
                ],
            ),
        ];
        for (policy, expected) in table {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(id, why)| (id.to_owned(), why))
                .collect();
            assert_eq!(kept(&all, policy), expected, "{policy:?}");
        }
    }

    #[test]
    fn the_newest_good_one_of_each_lineage_and_pinned_ones_always_stay() {
        let mut all = vec![
            snapshot(9, "a", Standing::Good),
            snapshot(8, "a", Standing::Good),
            snapshot(7, "b", Standing::Good),
            snapshot(6, "", Standing::Unusable),
            snapshot(5, "a", Standing::Behind),
            snapshot(4, "", Standing::Unusable),
        ];
        all[3].pinned = true;
        let policy = Policy {
            within_days: Some(0),
            ..Policy::default()
        };
        let expected = [
            ("8a", "the newest good one"),
            ("7b", "the newest good one"),
            ("6", "pinned"),
        ];
        assert_eq!(
            kept(&all, policy),
            expected.map(|(id, why)| (id.to_owned(), vec![why]))
        );
    }
}
