//! The network card, and the address that the cloud-init drive carries.

use core::net::IpAddr;

use pve_api::{IpConfig, Ipv4Setting, Ipv6Setting, NetDevice, NetModel};

use super::draft::{Batch, Draft};
use crate::{AddressMode, Argument, Refusal, hardware};

impl Draft<'_> {
    pub(super) fn network_card(&mut self) -> Result<(), Refusal> {
        if !self.differs(&[Argument::Bridge, Argument::Vlan, Argument::Mac]) {
            return Ok(());
        }
        let shape = &self.wanted.shape;
        let fresh = || {
            shape
                .bridge
                .clone()
                .map(|bridge| NetDevice::new(NetModel::VIRTIO, bridge))
        };
        let mut card = self
            .config
            .net(0)?
            .or_else(fresh)
            .ok_or(Refusal::NoNetworkCard)?;
        card.bridge = shape.bridge.clone().or(card.bridge);
        card.mac = shape.mac.or(card.mac);
        if self.differs(&[Argument::Vlan]) {
            card.vlan = shape.vlan;
        }
        self.set(Batch::Checked, "net0", &card);
        Ok(())
    }

    pub(super) fn address(&mut self) -> Result<(), Refusal> {
        use Argument::{Address, AddressMode as Mode, Gateway, PrefixLength};
        if !self.differs(&[Mode, Address, PrefixLength, Gateway]) {
            return Ok(());
        }
        let current = self.config.ip_config(0)?.unwrap_or_default();
        if self.wanted.shape.addressing.mode == Some(AddressMode::DhcpReserved) {
            self.leave_to_dhcp(current);
            return Ok(());
        }
        let carried = self.carried(current);
        if carried != current {
            self.set(Batch::Plain, "ipconfig0", &carried);
        }
        if self.wanted.shape.addressing.is_static() {
            self.cloud_init_drive()?;
        }
        Ok(())
    }

    pub(super) fn nameservers(&mut self) {
        let addressing = &self.wanted.shape.addressing;
        let carried = addressing.mode != Some(AddressMode::DhcpReserved);
        if !carried || !self.differs(&[Argument::Nameservers]) {
            return;
        }
        match addressing.nameservers.as_deref() {
            Some(servers) if !servers.is_empty() => {
                self.set(Batch::Plain, "nameserver", &servers.join(" "));
            }
            _ => self.delete(Batch::Plain, "nameserver"),
        }
    }

    /// An address on the drive would win over the one that the DHCP server assigns.
    fn leave_to_dhcp(&mut self, current: IpConfig) {
        let carries = matches!(current.ip, Some(Ipv4Setting::Static(..)))
            || matches!(current.ip6, Some(Ipv6Setting::Static(..)));
        if carries {
            let dhcp = IpConfig {
                ip: Some(Ipv4Setting::Dhcp),
                ..IpConfig::default()
            };
            self.set(Batch::Plain, "ipconfig0", &dhcp);
        }
    }

    fn carried(&self, current: IpConfig) -> IpConfig {
        let wanted = &self.wanted.shape.addressing;
        let is = &self.actual.shape.addressing;
        let address = wanted.address.or(is.address);
        let length = wanted.prefix_length.or(is.prefix_length);
        let gateway = if self.differs(&[Argument::Gateway]) {
            wanted.gateway
        } else {
            is.gateway
        };
        let (v4, v6) = match gateway {
            Some(IpAddr::V4(v4)) => (Some(v4), None),
            Some(IpAddr::V6(v6)) => (None, Some(v6)),
            None => (None, None),
        };
        match (address, length) {
            (Some(IpAddr::V4(address)), Some(length)) => {
                let ip = Some(Ipv4Setting::Static(address, length));
                let ip6 = current
                    .ip6
                    .filter(|ip6| !matches!(ip6, Ipv6Setting::Static(..)));
                IpConfig {
                    ip,
                    gateway: v4,
                    ip6,
                    gateway6: None,
                }
            }
            (Some(IpAddr::V6(address)), Some(length)) => {
                let ip6 = Some(Ipv6Setting::Static(address, length));
                let ip = current
                    .ip
                    .filter(|ip| !matches!(ip, Ipv4Setting::Static(..)));
                IpConfig {
                    ip,
                    gateway: None,
                    ip6,
                    gateway6: v6,
                }
            }
            _ => current,
        }
    }

    fn cloud_init_drive(&mut self) -> Result<(), Refusal> {
        if hardware::cloud_init_drive(self.config)?.is_some() {
            return Ok(());
        }
        let storage = self
            .wanted
            .shape
            .storage
            .as_ref()
            .or(self.actual.shape.storage.as_ref());
        let storage = storage.ok_or(Refusal::NoBootDisk)?;
        let slot = hardware::free_slot(self.config).ok_or(Refusal::NoFreeSlot)?;
        self.set(
            Batch::Checked,
            slot,
            &format!("{storage}:cloudinit,media=cdrom"),
        );
        Ok(())
    }
}
