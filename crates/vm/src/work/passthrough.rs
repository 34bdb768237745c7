//! Passed-through devices.

use pve_api::{BadOption, Fields, HostPci, Machine};

use super::draft::{Batch, Draft};
use crate::{Argument, Gpu};

impl Draft<'_> {
    pub(super) fn gpus(&mut self) -> Result<(), BadOption> {
        if !self.differs(&[Argument::Gpus]) {
            return Ok(());
        }
        let mut current = self.config.host_pci()?;
        let wanted = self.wanted.shape.gpus.as_deref().unwrap_or_default();
        for (index, gpu) in (0_u8..).zip(wanted) {
            let is = current.remove(&index);
            let device = self.device(gpu, is.clone());
            if is.as_ref() != Some(&device) {
                self.set(Batch::Apart, &format!("hostpci{index}"), &device);
            }
        }
        for index in current.into_keys() {
            self.delete(Batch::Apart, &format!("hostpci{index}"));
        }
        Ok(())
    }

    /// A device keeps its settings when another one takes its place. A PCI Express device needs a
    /// q35 machine.
    fn device(&self, gpu: &Gpu, is: Option<HostPci>) -> HostPci {
        let kind = self
            .wanted
            .shape
            .machine
            .clone()
            .or(self.actual.shape.machine.clone());
        let pcie = Machine {
            kind,
            settings: Fields::default(),
        }
        .is_q35();
        let device = is.unwrap_or(HostPci {
            rombar: true,
            pcie,
            ..HostPci::default()
        });
        match gpu {
            Gpu::Mapping { id, .. } => HostPci {
                mapping: Some(id.clone()),
                host: Vec::new(),
                ..device
            },
            Gpu::Raw(address) => HostPci {
                mapping: None,
                host: vec![*address],
                ..device
            },
        }
    }
}
