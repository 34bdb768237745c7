//! What a refused change of options left behind.
//!
//! Proxmox writes the options of one request one by one and stops at the first that it refuses.
//! Those before stay pending, look as if they were set, and come into force with the next start.

use pve_api::{ConfigChange, DiskSlot, PendingChange, PendingOption, VmConfig};

/// Returns the options of `change` that wait for the next start and did not before it, given the
/// configuration that was seen then.
pub fn leftovers(
    change: &ConfigChange,
    before: &VmConfig,
    pending: &[PendingOption],
) -> Vec<String> {
    let asked_for = |key: &str| {
        change.settings().any(|(set, _)| set == key)
            || change.deletions().any(|deleted| deleted == key)
    };
    let is_new = |option: &&PendingOption| match option.change() {
        Some(PendingChange::Set(value)) => before.get(&option.key) != Some(value),
        Some(PendingChange::Delete) => before.get(&option.key).is_some(),
        None => false,
    };
    pending
        .iter()
        .filter(is_new)
        .map(|option| option.key.clone())
        .filter(|key| asked_for(key))
        .collect()
}

/// Returns the change that drops leftovers; none where there are none.
///
/// A drive stays: its volume exists by now, and without the option nothing would name it any more.
pub fn dropping(leftovers: &[String]) -> Option<ConfigChange> {
    let options = leftovers
        .iter()
        .filter(|key| key.parse::<DiskSlot>().is_err());
    let change = options.fold(ConfigChange::default(), |change, key| change.revert(key));
    (!change.is_empty()).then_some(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_change_itself_left_is_dropped() {
        let before: VmConfig = [("cores", "2"), ("memory", "4096"), ("vga", "std")]
            .into_iter()
            .collect();
        let change = ConfigChange::default()
            .set("cores", 4)
            .set("memory", 4096)
            .set("tags", "a")
            .delete("vga")
            .delete("serial0");
        // `memory` was pending before with the same value, `balloon` is somebody else's, `tags` was
        // not written.
        let pending: Vec<PendingOption> = serde_json::from_str(
            r#"[{"key":"cores","value":2,"pending":4},{"key":"memory","value":2048,"pending":"4096"},
                {"key":"balloon","pending":0},{"key":"tags","value":"b"},{"key":"vga","value":"std","delete":1}]"#,
        )
        .expect("rows");
        let left = leftovers(&change, &before, &pending);
        assert_eq!(left, ["cores", "vga"]);
        let expected = ConfigChange::default().revert("cores").revert("vga");
        assert_eq!(dropping(&left), Some(expected));
        assert_eq!(dropping(&["ide2".to_owned(), "efidisk0".to_owned()]), None);
    }
}
