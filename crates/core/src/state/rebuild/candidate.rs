//! What the configuration wants, and which object of the host each of it would be.

use std::fmt;

use serde::Serialize;
use tf_run::plan::{Actions, Mode, Plan, ResourceChange};

use super::kind::{Existence, Kind};

/// An object that may be on the host already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its address in the configuration.
    pub address: String,
    /// What an import names it by.
    pub import_id: String,
}

/// An object that is not taken over, and why. Nothing is guessed: with one of them nothing is rebuilt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// Its address in the configuration.
    pub address: String,
    /// What speaks against it.
    pub why: String,
}

impl Doubt {
    pub(super) fn new(address: &str, why: impl Into<String>) -> Self {
        Self {
            address: address.to_owned(),
            why: why.into(),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.address, self.why)
    }
}

/// Sorts what a plan without state would create into what is there, and what is in doubt.
pub(super) fn candidates(wanted: &Plan, kinds: &[Kind]) -> Result<Vec<Candidate>, Vec<Doubt>> {
    let (mut found, mut doubts) = (Vec::new(), Vec::new());
    let managed = wanted
        .resource_changes
        .iter()
        .filter(|change| change.mode != Mode::Data);
    for change in managed {
        match candidate(change, kinds) {
            Ok(candidate) => found.push(candidate),
            Err(doubt) => doubts.push(doubt),
        }
    }
    if doubts.is_empty() {
        Ok(found)
    } else {
        Err(doubts)
    }
}

fn candidate(planned: &ResourceChange, kinds: &[Kind]) -> Result<Candidate, Doubt> {
    let doubt = |why: String| Doubt::new(&planned.address, why);
    if planned.change.actions != Actions::Create {
        return Err(doubt(format!("{} is planned", planned.change.actions)));
    }
    let kind = kinds
        .iter()
        .find(|kind| kind.resource_type == planned.resource_type)
        .ok_or_else(|| {
            let kind = &planned.resource_type;
            doubt(format!("em-infra cannot take over a `{kind}`"))
        })?;
    match kind.exists(planned) {
        None | Some(Existence::There) => {}
        Some(Existence::Missing) => {
            return Err(doubt("it is not on the host and would be built".to_owned()));
        }
        Some(Existence::Unknown) => {
            return Err(doubt(
                "only an apply could tell whether it is there".to_owned(),
            ));
        }
    }
    let import_id = (kind.import_id)(planned)
        .ok_or_else(|| doubt("only an apply could tell which object it is".to_owned()))?;
    Ok(Candidate {
        address: planned.address.clone(),
        import_id,
    })
}

#[cfg(test)]
mod tests {
    use super::super::kind::OURS;
    use super::*;

    fn plan(changes: &str) -> Plan {
        let text = format!(r#"{{"format_version":"1.2","resource_changes":[{changes}]}}"#);
        Plan::parse(&text).unwrap()
    }

    fn change(kind: &str, mode: &str, action: &str, after: &str) -> String {
        format!(
            r#"{{"address":"{kind}.x","mode":"{mode}","type":"{kind}","change":{{"actions":["{action}"],"after":{after}}}}}"#
        )
    }

    #[test]
    fn what_is_there_is_a_candidate_and_what_is_read_is_none() {
        let changes = [
            change(
                "eminfra_talos_vm",
                "managed",
                "create",
                r#"{"existing":true,"id":"pve/8001"}"#,
            ),
            change(
                "eminfra_pci_mapping",
                "managed",
                "create",
                r#"{"name":"gpu-1"}"#,
            ),
            change("eminfra_notices", "data", "read", "{}"),
        ];
        let found = candidates(&plan(&changes.join(",")), &OURS).unwrap();
        let ids: Vec<_> = found
            .iter()
            .map(|found| (found.address.as_str(), found.import_id.as_str()))
            .collect();
        assert_eq!(
            ids,
            [
                ("eminfra_talos_vm.x", "pve/8001"),
                ("eminfra_pci_mapping.x", "gpu-1")
            ]
        );
    }

    #[test]
    fn what_is_not_surely_there_is_in_doubt() {
        let vm = |action, after| change("eminfra_talos_vm", "managed", action, after);
        let table = [
            (
                vm("create", r#"{"existing":false,"id":"pve/8001"}"#),
                "it is not on the host and would be built",
            ),
            (
                vm("create", r#"{"id":"pve/8001"}"#),
                "only an apply could tell whether it is there",
            ),
            (
                vm("create", r#"{"existing":true}"#),
                "only an apply could tell which object it is",
            ),
            (vm("delete", "null"), "delete is planned"),
            (
                change("random_id", "managed", "create", "{}"),
                "em-infra cannot take over a `random_id`",
            ),
        ];
        for (changes, why) in table {
            let doubts = candidates(&plan(&changes), &OURS).unwrap_err();
            assert_eq!(doubts[0].why, why, "{changes}");
        }
    }
}
