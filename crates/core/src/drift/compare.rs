//! Inputs, state and host, compared. Pure.

use std::collections::{BTreeMap, BTreeSet};

use host::Guest;
use pve_api::VmId;
use vm::{Actual, Identity, InState, Present, Wanted, identity_of};

use super::{Mismatch, Wrong};

/// The VMs that the state holds, by VMID, each with its address.
pub type Held = BTreeMap<VmId, String>;

/// Every disagreement, in the order of the inputs, then those that only the state has.
///
/// `held` is none where the state cannot be read here: then nothing is said about what it holds.
/// `hidden` are the VMIDs that are taken by what these credentials cannot see.
pub fn compare(
    wanted: &[Wanted],
    held: Option<&Held>,
    guests: &[Guest],
    hidden: &BTreeSet<VmId>,
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    for vm in wanted {
        let guest = guests.iter().find(|guest| guest.vmid == vm.key.vmid);
        let present = guest.and_then(|guest| guest.present.as_deref());
        let in_state = held.map(|held| held.contains_key(&vm.key.vmid));
        let wrongs = match (guest, present) {
            (None, _) if hidden.contains(&vm.key.vmid) => vec![Wrong::Hidden],
            (None, _) if in_state == Some(true) => vec![Wrong::Gone],
            (None, _) => vec![Wrong::NotMade],
            (Some(_), None) => vec![Wrong::Hidden],
            (Some(_), Some(present)) => of_vm(vm, present, in_state),
        };
        let machine = vm.key.to_string();
        found.extend(wrongs.into_iter().map(|what| Mismatch {
            vmid: vm.key.vmid.get(),
            machine: machine.clone(),
            what,
        }));
    }
    found.extend(held.into_iter().flatten().filter_map(|(vmid, address)| {
        let is_wanted = wanted.iter().any(|vm| vm.key.vmid == *vmid);
        (!is_wanted).then(|| Mismatch {
            vmid: vmid.get(),
            machine: format!("VM {vmid} ({address})"),
            what: Wrong::NotWanted,
        })
    }));
    found
}

fn of_vm(vm: &Wanted, present: &Present, in_state: Option<bool>) -> Vec<Wrong> {
    if present.config.is_being_cloned() {
        return vec![Wrong::Unfinished];
    }
    // Where the state is not known, a VM counts as held: only what Terraform would say of it can differ.
    let held = if in_state == Some(false) {
        InState::No
    } else {
        InState::Yes
    };
    let another = |why: String| vec![Wrong::Another { why }];
    let mut wrongs = match identity_of(present, vm, held) {
        Identity::Ours { .. } => Vec::new(),
        Identity::OursRepairMarker => vec![Wrong::MarkerLost],
        Identity::InterruptedCreate { .. } => return vec![Wrong::Unfinished],
        Identity::CloneOfOurs { original } => {
            return another(format!("a copy of VM {original}, with its marker"));
        }
        Identity::Stranger(why) => return another(why.to_string()),
    };
    if in_state == Some(false) {
        wrongs.push(Wrong::NotInState);
    }
    // What only the marker knew is not there to compare.
    let without_marker = wrongs.contains(&Wrong::MarkerLost);
    let told =
        |wrong: &Wrong| !(without_marker && matches!(wrong, Wrong::Differs { is: None, .. }));
    wrongs.extend(differences(vm, present).into_iter().filter(told));
    wrongs
}

fn differences(vm: &Wanted, present: &Present) -> Vec<Wrong> {
    match Actual::read(present) {
        Ok(actual) => {
            let differences = actual.differences(vm).into_iter();
            differences
                .map(|difference| Wrong::Differs {
                    argument: difference.argument.to_string(),
                    is: difference.is,
                    shall_be: difference.shall_be,
                })
                .collect()
        }
        Err(bad) => vec![Wrong::Unreadable {
            why: bad.to_string(),
        }],
    }
}
