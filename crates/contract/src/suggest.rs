//! The nearest right text for a mistyped one.

/// The candidate that `text` was most likely meant to be, if one is near enough to be worth saying.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = text.to_lowercase();
    let length = wanted.chars().count();
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let reach = reach(length, candidate.chars().count());
            // Each character more is a difference, which costs less to see than the distance.
            if length.abs_diff(other.chars().count()) > reach {
                return None;
            }
            let distance = strsim::osa_distance(&wanted, &other);
            (distance <= reach).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// A third of the longer word may differ: `wokers` is near `workers`, `node` is not near `pool`.
fn reach(length: usize, other: usize) -> usize {
    length.max(other).div_ceil(3).min(4)
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
