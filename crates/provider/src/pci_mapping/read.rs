//! Reading a mapping back, and importing one.

use pve_api::MappingId;
use tf_plugin::{
    Diagnostic, Diagnostics, ImportKey, ImportRequest, Imported, ReadRequest, ReadResponse, Value,
};

use super::mapping::{Key, env_name_in, foreign, held_key, identity, state};
use crate::session::Session;

pub(super) async fn read(
    session: &Session,
    request: ReadRequest,
) -> Result<ReadResponse, Diagnostics> {
    let run = session.need_run()?;
    let key = held_key(&request.state)?;
    let held = match run.client.pci_mapping(&key.id).await {
        Ok(held) => held,
        Err(error) if error.is_not_found() => return Ok(ReadResponse::gone()),
        Err(error) => return Err(run.report(&format!("Unable to read {key}"), &error).into()),
    };
    if !key.owns(&held) {
        let mut diagnostic = foreign(&key);
        diagnostic.detail.push_str(
            "\n\nIf the one of this environment is gone for good, make Terraform forget it: \
             terraform state rm ADDRESS.",
        );
        return Err(diagnostic.into());
    }
    Ok(ReadResponse::new(state(&key, &held.map, &request.state)).with_identity(identity(&key)))
}

pub(super) async fn import(
    session: &Session,
    request: ImportRequest,
) -> Result<Imported, Diagnostics> {
    let run = session.need_run()?;
    let id = named(&request.key)?;
    let held = match run.client.pci_mapping(&id).await {
        Ok(held) => held,
        Err(error) if error.is_not_found() => {
            return Err(Diagnostic::error("No such PCI mapping")
                .detail(format!("The host has no PCI mapping {id}."))
                .into());
        }
        Err(error) => {
            let summary = format!("Unable to import PCI mapping {id}");
            return Err(run.report(&summary, &error).into());
        }
    };
    let Some(env_name) = env_name_in(&held, &id) else {
        return Err(Diagnostic::error("The PCI mapping is not of em-infra")
            .detail(format!(
                "The description of {id} does not say that an apply made it. It is left untouched."
            ))
            .into());
    };
    let key = Key { id, env_name };
    Ok(Imported::new(state(&key, &held.map, &Value::Null)).with_identity(identity(&key)))
}

fn named(key: &ImportKey) -> Result<MappingId, Diagnostic> {
    let text = match key {
        ImportKey::Id(id) => id.clone(),
        ImportKey::Identity(identity) => identity.at().get("name")?,
    };
    text.parse()
        .map_err(|error| Diagnostic::error("Invalid import id").detail(format!("{error}.")))
}
