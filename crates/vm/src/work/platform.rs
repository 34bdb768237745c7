//! Processor, memory, chipset, firmware, UUID.

use pve_api::{BadOption, Cpu, Machine, Smbios};

use super::draft::{Batch, Draft};
use crate::Argument;

impl Draft<'_> {
    pub(super) fn processor(&mut self) -> Result<(), BadOption> {
        let shape = &self.wanted.shape;
        if let Some(cores) = shape.cores.filter(|_| self.differs(&[Argument::Cores])) {
            self.set(Batch::Plain, "cores", &cores);
            // `cores` counts per socket; the argument counts all.
            self.delete(Batch::Plain, "sockets");
        }
        if let Some(kind) = shape
            .cpu_type
            .clone()
            .filter(|_| self.differs(&[Argument::CpuType]))
        {
            let settings = self
                .config
                .cpu()?
                .map(|cpu| cpu.settings)
                .unwrap_or_default();
            self.set(
                Batch::Plain,
                "cpu",
                &Cpu {
                    kind: Some(kind),
                    settings,
                },
            );
        }
        Ok(())
    }

    pub(super) fn memory(&mut self) {
        let differs = self.differs(&[Argument::Memory]);
        let Some(memory) = self.wanted.shape.memory.filter(|_| differs) else {
            return;
        };
        self.set(Batch::Plain, "memory", &memory.0);
        // Proxmox refuses a balloon above the memory, and Talos uses none.
        let balloon = self
            .config
            .get("balloon")
            .and_then(|balloon| balloon.parse::<u64>().ok());
        if balloon.is_some_and(|balloon| balloon > memory.0) {
            self.delete(Batch::Plain, "balloon");
        }
    }

    pub(super) fn platform(&mut self) -> Result<(), BadOption> {
        let shape = &self.wanted.shape;
        if let Some(kind) = shape
            .machine
            .clone()
            .filter(|_| self.differs(&[Argument::Machine]))
        {
            let current = self.config.machine()?;
            let settings = current.map(|machine| machine.settings).unwrap_or_default();
            self.set(
                Batch::Plain,
                "machine",
                &Machine {
                    kind: Some(kind),
                    settings,
                },
            );
        }
        if let Some(bios) = shape
            .bios
            .as_ref()
            .filter(|_| self.differs(&[Argument::Bios]))
        {
            self.set(Batch::Plain, "bios", &bios);
        }
        if let Some(uuid) = shape
            .uuid
            .clone()
            .filter(|_| self.differs(&[Argument::Uuid]))
        {
            let current = self.config.smbios()?.unwrap_or_default();
            self.set(
                Batch::Plain,
                "smbios1",
                &Smbios {
                    uuid: Some(uuid),
                    ..current
                },
            );
        }
        Ok(())
    }
}
