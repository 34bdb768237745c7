//! Importing a VM that carries our marker.

use host::Sight;
use pve_api::{NodeName, VmId};
use tf_plugin::{Diagnostic, Diagnostics, ImportKey, ImportRequest, Imported, Value};
use vm::marker::Found;
use vm::{Actual, CloneTask, Observed, Origin, Refusal, Shape, VmKey, Wanted};

use super::encode;
use super::read::refused;
use crate::session::Session;
use crate::sight::look_when_cloned;

/// What an import names its VM by.
struct Named {
    node: NodeName,
    vmid: VmId,
    env_name: Option<String>,
}

/// Imports a VM that an apply made. Its marker says what it is managed by, so that nothing differs
/// afterwards; a VM without marker would be a stranger taken over by a typing error.
pub(super) async fn import(
    session: &Session,
    request: ImportRequest,
) -> Result<Imported, Diagnostics> {
    let run = session.need_run()?;
    let Named {
        node,
        vmid,
        env_name,
    } = named(request.key)?;
    let unknown = String::new();
    let mut key = VmKey {
        env_name: unknown.clone(),
        name: unknown,
        vmid,
        node,
    };
    let sight_key = key.clone();
    let mut sight = Sight::new(&run.client, &sight_key);
    let observed = look_when_cloned(&mut sight, &request.stop).await;
    let observed =
        observed.map_err(|error| run.report(&format!("Unable to import VM {vmid}"), &error))?;
    let present = match observed {
        Observed::Present(present) => present,
        Observed::Absent => return Err(missing(&key).into()),
        Observed::Hidden => return Err(refused(&bare(key), &Refusal::Hidden).into()),
        Observed::Cloning(CloneTask::Gone) => {
            return Err(refused(&bare(key), &Refusal::AbandonedClone).into());
        }
        Observed::Cloning(CloneTask::Running) => return Err(being_cloned(&key).into()),
    };
    let Found::Marker(marker) = present.marker() else {
        return Err(unmarked(&key, present.name()).into());
    };
    if marker.key.vmid != vmid {
        let refusal = Refusal::CloneOfOurs {
            original: marker.key.vmid,
        };
        return Err(refused(&bare(key), &refusal).into());
    }
    key.name.clone_from(&marker.key.name);
    key.env_name.clone_from(&marker.key.env_name);
    if env_name.is_some_and(|env_name| env_name != key.env_name) {
        return Err(of_another_environment(&key).into());
    }
    let actual =
        Actual::read(&present).map_err(|bad| refused(&bare(key.clone()), &Refusal::from(bad)))?;
    let state = encode::state(&key, &actual, &marker.managed, None).with("existing", true);
    Ok(Imported::new(state).with_identity(encode::identity(&key)))
}

fn named(key: ImportKey) -> Result<Named, Diagnostic> {
    match key {
        ImportKey::Id(id) => by_id(&id).ok_or_else(|| {
            Diagnostic::error("Invalid import id")
                .detail(format!("`{id}` is not NODE/VMID, as in pve/8001."))
        }),
        ImportKey::Identity(identity) => by_identity(&identity),
    }
}

fn by_id(id: &str) -> Option<Named> {
    let (node, vmid) = id.split_once('/')?;
    Some(Named {
        node: node.parse().ok()?,
        vmid: vmid.parse().ok()?,
        env_name: None,
    })
}

fn by_identity(identity: &Value) -> Result<Named, Diagnostic> {
    let at = identity.at();
    let invalid = |error: pve_api::Malformed| at.error("Invalid identity", format!("{error}."));
    Ok(Named {
        node: NodeName::new(at.get::<String>("node")?).map_err(invalid)?,
        vmid: VmId::new(at.get("vmid")?).map_err(invalid)?,
        env_name: at.get("env_name")?,
    })
}

/// A VM of which nothing but its place is known, for messages.
fn bare(key: VmKey) -> Wanted {
    let origin = Origin {
        template: String::new(),
        clone: None,
        pool: None,
        role: None,
        talos_version: None,
    };
    Wanted {
        key,
        origin,
        shape: Shape::default(),
    }
}

fn missing(key: &VmKey) -> Diagnostic {
    Diagnostic::error("No such VM").detail(format!("Node {} has no VM {}.", key.node, key.vmid))
}

fn being_cloned(key: &VmKey) -> Diagnostic {
    Diagnostic::error("The VM is not there yet").detail(format!(
        "VM {} is being made by a clone. Import it when that has ended.",
        key.vmid
    ))
}

fn unmarked(key: &VmKey, name: &str) -> Diagnostic {
    Diagnostic::error("The VM is not of em-infra").detail(format!(
        "VM {} ({name}) carries no em-infra marker, so it was not made by an apply. It is left \
         untouched.",
        key.vmid
    ))
}

fn of_another_environment(key: &VmKey) -> Diagnostic {
    Diagnostic::error("The VM is of another environment").detail(format!(
        "VM {} is {} of environment {}.",
        key.vmid, key.name, key.env_name
    ))
}
