//! Before a VM is built or stopped for its devices: do the mappings stand for them now?

use tf_plugin::{AttributePath, Diagnostic};
use vm::{Gpu, Wanted, misplaced};

use crate::session::Run;
use host::sentence;

/// Checks each mapping that is to stand for one device. The plan saw to it; since then somebody may
/// have changed the mapping, or its own change may have failed.
pub(super) async fn settled(run: &Run, wanted: &Wanted) -> Result<(), Diagnostic> {
    for gpu in wanted.shape.gpus.iter().flatten() {
        let Gpu::Mapping {
            id,
            stands_for: Some(address),
        } = gpu
        else {
            continue;
        };
        let held = match run.client.pci_mapping(id).await {
            Ok(held) => held,
            // Using a mapping takes no right to read it.
            Err(error) if error.is_permission_denied() => continue,
            Err(error) => {
                return Err(run.report(&format!("Unable to read PCI mapping {id}"), &error));
            }
        };
        let here = |device: &&pve_api::pci::MappedDevice| device.node == wanted.key.node;
        let devices: Vec<_> = held.map.iter().filter(here).cloned().collect();
        if let Some(problem) = misplaced(id, *address, &devices) {
            return Err(
                Diagnostic::error(format!("{} cannot have its devices", wanted.key))
                    .detail(sentence(&problem.to_string()))
                    .at(AttributePath::new("gpus")),
            );
        }
    }
    Ok(())
}
