//! The nearest right text for a mistyped one.

/// The candidate that `text` was most likely meant to be, if one is near enough to be worth saying.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = text.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::osa_distance(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= reach(&wanted, candidate))
        .min()
        .map(|(_, candidate)| candidate)
}

/// A third of the longer word may differ: `wokers` is near `workers`, `node` is not near `pool`.
fn reach(text: &str, candidate: &str) -> usize {
    text.chars()
        .count()
        .max(candidate.chars().count())
        .div_ceil(3)
        .min(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_found_and_a_far_one_is_not() {
        let names = ["worker_count", "worker_cores", "node"];
        assert_eq!(nearest("worker_cuont", names), Some("worker_count"));
        assert_eq!(nearest("Worker_Count", names), Some("worker_count"));
        assert_eq!(nearest("nodes", names), Some("node"));
        assert_eq!(nearest("pool", names), None);
        assert_eq!(nearest("", names), None);
    }
}
