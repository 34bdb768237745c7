//! The loop as a whole, against a host that is one small function.

mod fake_host;
mod refusals;
mod tables;
mod worlds;

use std::collections::BTreeSet;

use proptest::prelude::*;
use vm::{
    Actual, Claim, Consent, Identity, InState, Mandate, Next, Observed, Power, Protection,
    Reconcile, Step, Wanted, identity_of,
};

use fake_host::{apply, attempt, finish_waiting};
use worlds::{mandate, observed, present, wanted};

/// More steps than any VM needs: clone, three kinds of changes, sixteen devices, power.
const BOUND: usize = 64;

/// How a run ended.
struct Ended {
    last: Next,
    observed: Observed,
    steps: Vec<Step>,
}

fn run(mut next: impl FnMut(&Observed) -> Next, wanted: &Wanted, from: Observed) -> Ended {
    let mut observed = from;
    let mut steps = Vec::new();
    for _ in 0..BOUND {
        match next(&observed) {
            Next::Step(step) => {
                let after = apply(&step, wanted, &observed);
                assert_ne!(after, observed, "{step:?} changed nothing");
                observed = after;
                steps.push(step);
            }
            Next::Wait(_) => observed = finish_waiting(observed),
            last @ (Next::Done | Next::Refuse(_)) => {
                return Ended {
                    last,
                    observed,
                    steps,
                };
            }
        }
    }
    panic!("the loop does not end: {steps:?}");
}

fn reconcile(wanted: &Wanted, from: Observed, mandate: Mandate) -> Ended {
    let mut reconcile = Reconcile::default();
    run(
        |observed| reconcile.next(wanted, observed, mandate),
        wanted,
        from,
    )
}

fn remove(held: &Wanted, from: Observed, protection: Protection) -> Ended {
    let mut reconcile = Reconcile::default();
    run(
        |observed| reconcile.next_removal(held, observed, protection),
        held,
        from,
    )
}

fn is_ours(observed: &Observed, wanted: &Wanted, claim: Claim) -> bool {
    let in_state = if claim == Claim::InState {
        InState::Yes
    } else {
        InState::No
    };
    match observed {
        Observed::Absent => true,
        Observed::Hidden | Observed::Cloning(_) => false,
        Observed::Present(present) => !matches!(
            identity_of(present, wanted, in_state),
            Identity::Stranger(_) | Identity::CloneOfOurs { .. }
        ),
    }
}

fn differing(observed: &Observed, wanted: &Wanted) -> BTreeSet<&'static str> {
    let Observed::Present(present) = observed else {
        panic!("{observed:?}")
    };
    let actual = Actual::read(present).expect("readable");
    actual
        .differences(wanted)
        .iter()
        .map(|difference| difference.argument.name())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_any_state_the_loop_ends_as_wanted_or_with_a_refusal(
        (wanted, observed, mandate) in (wanted(), observed(), mandate())
    ) {
        let ended = reconcile(&wanted, observed, mandate);
        match ended.last {
            Next::Done => prop_assert_eq!(differing(&ended.observed, &wanted), BTreeSet::new()),
            Next::Refuse(refusal) => {
                prop_assert!(refusal.explain(&wanted.key).contains("8010"), "{:?}", refusal);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn what_is_not_ours_gets_no_step(
        (wanted, observed, mandate) in (wanted(), observed(), mandate())
    ) {
        // What a clone in progress will turn out to be is not known yet.
        let known = !matches!(observed, Observed::Cloning(_));
        if known && !is_ours(&observed, &wanted, mandate.claim) {
            prop_assert_eq!(reconcile(&wanted, observed.clone(), mandate).steps, []);
        }
        if known && !is_ours(&observed, &wanted, Claim::InState) {
            prop_assert_eq!(remove(&wanted, observed, Protection::Lift).steps, []);
        }
    }

    #[test]
    fn a_second_run_takes_no_step(
        (wanted, observed, mandate) in (wanted(), observed(), mandate())
    ) {
        let first = reconcile(&wanted, observed, mandate);
        if first.last == Next::Done {
            let again = Mandate { claim: Claim::InState, attempt: attempt(99), ..mandate };
            let second = reconcile(&wanted, first.observed, again);
            prop_assert_eq!((second.last, second.steps), (Next::Done, vec![]));
        }
    }

    /// Interrupted after any number of steps, a rerun that takes over ends where an uninterrupted
    /// run would have ended.
    #[test]
    fn an_interrupted_create_is_finished_by_a_rerun(wanted in wanted(), stop_after in 1_usize..9) {
        let first = Mandate { claim: Claim::Create, attempt: attempt(1), restart: Consent::Withheld };
        let whole = reconcile(&wanted, Observed::Absent, first);
        prop_assume!(whole.last == Next::Done);
        let kept = whole.steps.iter().take(stop_after);
        let half = kept.fold(Observed::Absent, |seen, step| apply(step, &wanted, &seen));
        let rerun = Mandate { claim: Claim::TakeOver, attempt: attempt(2), ..first };
        let ended = reconcile(&wanted, half, rerun);
        prop_assert_eq!(ended.last, Next::Done);
        prop_assert_eq!(ended.observed, whole.observed);
    }

    #[test]
    fn without_consent_a_running_vm_keeps_running(
        mut wanted in wanted(), mut present in present(),
    ) {
        let running = |observed: &Observed| {
            matches!(observed, Observed::Present(present) if present.power == Power::Running)
        };
        present.power = Power::Running;
        let observed = Observed::Present(Box::new(present));
        wanted.shape.started = wanted.shape.started.filter(|started| *started);
        for claim in [Claim::Create, Claim::TakeOver, Claim::InState] {
            let mandate = Mandate { claim, attempt: attempt(1), restart: Consent::Withheld };
            let ended = reconcile(&wanted, observed.clone(), mandate);
            prop_assert!(running(&ended.observed), "{:?}", ended.steps);
        }
    }

    #[test]
    fn removal_ends_with_nothing_or_with_a_refusal(
        (held, observed) in (wanted(), observed()), lift in any::<bool>(),
    ) {
        let protection = if lift { Protection::Lift } else { Protection::Respect };
        let ended = remove(&held, observed, protection);
        match ended.last {
            Next::Done => prop_assert_eq!(ended.observed, Observed::Absent),
            Next::Refuse(refusal) => prop_assert!(!refusal.explain(&held.key).is_empty()),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
