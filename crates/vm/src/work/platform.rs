//! Processor, memory, chipset, firmware, UUID.

use pve_api::{BadOption, Cpu, Machine, Smbios};

use super::draft::{Batch, Draft};
use crate::{Argument, Firmware, Refusal};

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

    pub(super) fn platform(&mut self) -> Result<(), Refusal> {
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
        if let Some(bios) = shape.bios.filter(|_| self.differs(&[Argument::Bios])) {
            self.firmware(bios)?;
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

    fn firmware(&mut self, firmware: Firmware) -> Result<(), Refusal> {
        let word = match firmware {
            Firmware::SeaBios => "seabios",
            Firmware::Ovmf | Firmware::OvmfWithoutDisk => "ovmf",
        };
        if self.config.bios() != word {
            self.set(Batch::Plain, "bios", &word);
        }
        if firmware == Firmware::Ovmf && self.config.get("efidisk0").is_none() {
            let storage = self.wanted.shape.storage.as_ref();
            let storage = storage.or(self.actual.shape.storage.as_ref());
            let storage = storage.ok_or(Refusal::NoBootDisk)?;
            // Without the keys of others: Talos boots with none, or with its own.
            let disk = format!("{storage}:1,efitype=4m,pre-enrolled-keys=0");
            self.set(Batch::Checked, "efidisk0", &disk);
        }
        Ok(())
    }
}
