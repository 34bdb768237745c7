//! A number and its noun, as people write them.

/// `1 snapshot`, `2 snapshots`, `0 snapshots`: for nouns that take an `s`.
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_has_no_ending() {
        let all = [0, 1, 2].map(|count| counted(count, "VM"));
        assert_eq!(all, ["0 VMs", "1 VM", "2 VMs"]);
    }
}
