//! Writing the marker: the one write of an adoption.

use pve_api::ConfigChange;
use pve_client::{Client, Error};
use uuid::Uuid;
use vm::marker::{self, NotesTooLong};
use vm::{AttemptId, Observed};

use super::Adopted;

/// Why a VM was not marked. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The host did not do it, or did not answer: look again before another try.
    #[error("failed to mark VM {vmid}")]
    Call {
        /// The VM.
        vmid: u32,
        /// Why.
        #[source]
        error: Error,
    },
    /// Somebody changed it in the meantime.
    #[error("VM {0} is not as it was a moment ago")]
    Changed(u32),
    /// Its notes have no room.
    #[error("the notes of VM {vmid} would have {} characters with the marker, and Proxmox takes 8192", long.characters)]
    NoRoom {
        /// The VM.
        vmid: u32,
        /// By how much.
        long: NotesTooLong,
    },
}

/// Writes the marker into the notes of a VM, below what stands there. Nothing is written unless the VM is to the last
/// option as it was when it was looked at.
pub async fn mark(client: &Client, node: &Adopted) -> Result<(), MarkError> {
    let key = &node.wanted.key;
    let vmid = key.vmid.get();
    let call = |error| MarkError::Call { vmid, error };
    let seen = match host::look(client, key).await.map_err(call)? {
        Observed::Present(present) if present.config == node.present.config => present,
        _ => return Err(MarkError::Changed(vmid)),
    };
    let marker = node.wanted.marker(AttemptId(Uuid::new_v4()));
    let notes =
        marker::embed(seen.notes(), &marker).map_err(|long| MarkError::NoRoom { vmid, long })?;
    let change = ConfigChange::default().set("description", notes);
    let change = match seen.config.digest() {
        Some(digest) => change.only_if(digest),
        None => change,
    };
    let written = client.set_config(&key.node, key.vmid, &change).await;
    written.map_err(call)
}
