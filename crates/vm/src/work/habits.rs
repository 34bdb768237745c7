//! Tags, start with the host, protection.

use pve_api::{BadOption, Startup, bool01};

use super::draft::{Batch, Draft};
use crate::Argument;

impl Draft<'_> {
    pub(super) fn tags(&mut self) {
        if !self.differs(&[Argument::Tags]) {
            return;
        }
        match &self.wanted.shape.tags {
            Some(tags) if !tags.is_empty() => self.set(Batch::Checked, "tags", &tags),
            _ => self.delete(Batch::Checked, "tags"),
        }
    }

    pub(super) fn flags(&mut self) {
        let shape = &self.wanted.shape;
        let flags = [
            (Argument::Onboot, shape.onboot),
            (Argument::Protection, shape.protection),
        ];
        for (argument, value) in flags {
            match value {
                _ if !self.differs(&[argument]) => {}
                Some(value) => self.set(Batch::Plain, argument.name(), &bool01::print(value)),
                None => self.delete(Batch::Plain, argument.name()),
            }
        }
    }

    pub(super) fn startup(&mut self) -> Result<(), BadOption> {
        if !self.differs(&[Argument::StartupOrder]) {
            return Ok(());
        }
        let current = self.config.startup()?.unwrap_or_default();
        let startup = Startup {
            order: self.wanted.shape.startup_order,
            ..current
        };
        if startup == Startup::default() {
            self.delete(Batch::Apart, "startup");
        } else {
            self.set(Batch::Apart, "startup", &startup);
        }
        Ok(())
    }
}
